"""Needs and options once more, from the data alone, by another route than the engine's."""

from __future__ import annotations

import numpy as np

from siting.errors import InstanceError
from siting.instance import CandidateStatus, Instance, Settings
from siting.instance.arrays import Ints, Longs
from siting.response import Layout, Needs, Options


def services_of(settings: Settings, layout: Layout) -> list[tuple[int, float]]:
    """Number and weight of every service that counts.

    Those that the model names, else those with a weight, else all. A named one without a weight has 1.
    """
    if layout.services:
        named = [(n, one) for n, one in enumerate(settings.services) if one.id in layout.services]
        return [(n, one.weight if one.weight else 1.0) for n, one in named]
    heavy = [(n, one.weight) for n, one in enumerate(settings.services) if one.weight > 0]
    return heavy or [(n, 0.0) for n in range(len(settings.services))]


def chances(settings: Settings, layout: Layout) -> list[float]:
    """Probability of every scenario the model looks at.

    Raises:
        InstanceError: it looks at scenarios, and the instance has none.
    """
    if layout.scenarios and not settings.scenarios:
        raise InstanceError("the model looks at every scenario, but the instance has none")
    return [one.probability for one in settings.scenarios] if layout.scenarios else [1.0]


def stages(settings: Settings, layout: Layout) -> list[float]:
    """Weight of every period the model looks at.

    Raises:
        InstanceError: it looks at periods, and the instance has none.
    """
    if layout.periods and not settings.periods:
        raise InstanceError("the model looks at every period, but the instance has none")
    return [one.weight for one in settings.periods] if layout.periods else [1.0]


def needs_of(instance: Instance, settings: Settings, layout: Layout) -> Needs:
    """Every service of every place that is not excluded, in every scenario and period."""
    places = instance.places
    kept = np.flatnonzero(~places.excluded)
    people = places.population[kept]
    columns: list[tuple[np.ndarray, ...]] = []
    for scenario, chance in enumerate(chances(settings, layout)):
        for period, weight in enumerate(stages(settings, layout)):
            for number, of_service in services_of(settings, layout):
                standard = settings.services[number].standard_ms
                limits = np.array([standard[kind] for kind in places.kinds], dtype=np.int32)
                factor = np.full(len(kept), chance * weight)
                numbers = (np.full(len(kept), one, dtype=np.int32) for one in (number, scenario, period))
                columns.append(
                    (kept.astype(np.int32), *numbers, people, factor, people * of_service * factor,
                     limits[places.kind[kept]])
                )  # fmt: skip
    return Needs(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def options_of(instance: Instance, settings: Settings, layout: Layout) -> Options:
    """Existing facilities, then candidates; of the latter all again for every further period."""
    old, new = instance.facilities, instance.candidates
    existing, fresh = len(old.site), len(new.site)
    periods = len(stages(settings, layout))
    outside = np.flatnonzero(instance.places.excluded)
    inside = ~np.isin(old.site, outside)
    may = (new.status != CandidateStatus.FORBIDDEN) & ~np.isin(new.site, outside)
    may &= np.array(_wanted(settings, layout), dtype=bool)[new.type]
    may &= (new.replaces < 0) | (not layout.every)
    must = may & (new.status == CandidateStatus.REQUIRED)
    closable = inside & old.closable if layout.closing else np.zeros(existing, dtype=bool)
    off, none = np.zeros(fresh, dtype=bool), np.full(existing, -1, dtype=np.int32)
    zero, row = np.zeros(existing, dtype=np.int32), np.arange(fresh, dtype=np.int32)
    units = new.units if layout.every else np.ones(fresh, dtype=np.int32)

    def joined(first: np.ndarray, *later: np.ndarray) -> np.ndarray:
        """Of existing facilities, and of candidates in the first and in every further period."""
        again = [later[min(period, len(later) - 1)] for period in range(periods)]
        return np.concatenate([first, *again])

    return Options(
        existing,
        joined(old.site, new.site),
        joined(old.type, new.type),
        joined(np.zeros(existing), new.cost),
        joined(inside, may),
        joined(np.zeros(existing, dtype=bool), must, off),
        joined(old.units, units).astype(np.int32),
        joined(old.capacity, new.capacity),
        joined(closable, off),
        joined(old.saving, np.zeros(fresh)),
        joined(inside if layout.every else closable, off),
        joined(zero, *_numbered(fresh, periods)),
        joined(none, row),
        joined(none, new.replaces).astype(np.int32),
    )


def _wanted(settings: Settings, layout: Layout) -> list[bool]:
    """Per facility type whether it may be opened: the model allows it, and it provides what counts."""
    counted = [settings.services[number].id for number, _ in services_of(settings, layout)]
    allowed = layout.types or [kind.id for kind in settings.types]
    return [
        kind.id in allowed and any(service in kind.turnout_ms for service in counted)
        for kind in settings.types
    ]


def _numbered(fresh: int, periods: int) -> list[Ints]:
    """Per period its number, once for every candidate."""
    return [np.full(fresh, period, dtype=np.int32) for period in range(periods)]


def viewed(needs: Needs, scenario: int = 0, period: int | None = None) -> Longs:
    """Needs that figures look at: of one scenario, and of one period, by default the last."""
    last = needs.period.max(initial=0) if period is None else period
    return np.flatnonzero((needs.scenario == scenario) & (needs.period == last))
