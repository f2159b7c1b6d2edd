"""Needs and options: places, services, scenarios and periods as one numbering, sites and types as another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.errors import InstanceError
from siting.instance import CandidateStatus, Instance, Settings
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.response.layout import Layout


@dataclass(frozen=True, eq=False)
class Needs:
    """N needs: scenario by scenario, period by period, service by service, places in instance order.

    Attributes:
        place: (N,) index into places.
        service: (N,) index into ``settings.services``.
        scenario: (N,) index into ``instance.scenarios``, 0 where the model knows none.
        period: (N,) index into ``settings.periods``, 0 where the model knows none.
        people: (N,) people of the place.
        factor: (N,) probability of the scenario x weight of the period.
        weight: (N,) people x weight of the service x factor.
        standard_ms: (N,) coverage standard.
    """

    place: Ints
    service: Ints
    scenario: Ints
    period: Ints
    people: Longs
    factor: Floats
    weight: Floats
    standard_ms: Ints


@dataclass(frozen=True, eq=False)
class Options:
    """M options: the F existing facilities, then the C candidates, period by period.

    Attributes:
        existing: number F of existing facilities.
        site, type: (M,) indices into sites and types.
        cost: (M,) cost of opening one unit, 0 for existing facilities.
        usable: (M,) False for forbidden candidates, for whatever stands at an excluded place, and for
            upgrades where every facility in reach counts.
        required: (M,) True for candidates that must be opened; with periods, in the first.
        units: (M,) units that stand there, or that may be opened at most.
        capacity: (M,) people one unit can serve, per service; NaN without limit.
        closable: (M,) True for existing facilities that may be closed.
        saving: (M,) what closing an existing facility saves.
        listed: (M,) True for existing facilities that stand in the table like candidates.
        period: (M,) period in which it is opened; 0 for existing ones.
        candidate: (M,) row of candidates.csv, -1 for existing facilities.
        replaces: (M,) existing facility that it replaces, -1 for none.
    """

    existing: int
    site: Ints
    type: Ints
    cost: Floats
    usable: Flags
    required: Flags
    units: Ints
    capacity: Floats
    closable: Flags
    saving: Floats
    listed: Flags
    period: Ints
    candidate: Ints
    replaces: Ints

    @property
    def free(self) -> Flags:
        """(M,) what a plan decides about: usable candidates, and facilities that may be closed."""
        candidates = self.usable & (np.arange(len(self.site)) >= self.existing)
        return np.asarray(candidates | self.closable)

    def open_units(self, opened: Ints, units: Ints, closed: Ints) -> Ints:
        """(M,) units open under a plan; existing facilities stay open unless they are closed."""
        amount = np.zeros(len(self.site), dtype=np.int32)
        amount[: self.existing] = np.where(self.usable[: self.existing], self.units[: self.existing], 0)
        amount[closed] = 0
        amount[opened] = units
        return amount


def build_needs(instance: Instance, settings: Settings, layout: Layout) -> Needs:
    """Needs of every place that is not excluded.

    Raises:
        InstanceError: the model asks for scenarios or periods, and the instance has none.
    """
    places = instance.places
    kept = np.flatnonzero(~places.excluded).astype(np.int32)
    weights = layout.weights(settings)
    scenarios = [1.0]
    if layout.scenarios:
        scenarios = [one.probability for one in settings.scenarios]
    periods = [one.weight for one in settings.periods] if layout.periods else [1.0]
    missing = [word for word, found in (("scenario", scenarios), ("period", periods)) if not found]
    if missing:
        raise InstanceError(
            [
                f"the model looks at every {word}, but the instance has none: "
                f"add [{word}s.NAME] to instance.toml"
                for word in missing
            ]
        )
    blocks = [(s, p, v) for s in range(len(scenarios)) for p in range(len(periods)) for v in weights]
    scenario, period, service = (np.repeat(x, len(kept)) for x in np.array(blocks, dtype=np.int32).T)
    place = np.tile(kept, len(blocks))
    people = places.population[place]
    factor = np.array(scenarios)[scenario] * np.array(periods)[period]
    standards = np.array([[s.standard_ms[kind] for kind in places.kinds] for s in settings.services])
    of_service = np.zeros(len(settings.services))
    of_service[list(weights)] = list(weights.values())
    return Needs(
        place,
        service.astype(np.int32),
        scenario.astype(np.int32),
        period.astype(np.int32),
        people,
        factor,
        people * of_service[service] * factor,
        standards[service, places.kind[place]].astype(np.int32),
    )


def build_options(instance: Instance, settings: Settings, layout: Layout) -> Options:
    """Existing facilities, then candidates, as one numbering; the latter once per period."""
    old, new = instance.facilities, instance.candidates
    existing, count = len(old.site), len(new.site)
    periods = len(settings.periods) if layout.periods else 1
    which = np.tile(np.arange(count), periods)
    period = np.repeat(np.arange(periods), count)
    site = np.concatenate([old.site, new.site[which]]).astype(np.int32)
    kind = np.concatenate([old.type, new.type[which]]).astype(np.int32)
    excluded = np.zeros(len(instance.sites.ids), dtype=bool)
    excluded[: len(instance.places.ids)] = instance.places.excluded
    usable = ~excluded[site]
    wanted = np.array(layout.type_counts(settings), dtype=bool)
    usable[existing:] &= (new.status[which] != CandidateStatus.FORBIDDEN) & wanted[kind[existing:]]
    if layout.every:  # what replaces a facility would count beside it
        usable[existing:] &= new.replaces[which] < 0
    required = np.zeros(len(site), dtype=bool)
    required[existing:] = usable[existing:] & (new.status[which] == CandidateStatus.REQUIRED) & (period == 0)
    closable = np.zeros(len(site), dtype=bool)
    closable[:existing] = layout.closing & old.closable & usable[:existing]
    listed = closable.copy()
    if layout.every:
        listed[:existing] = usable[:existing]
    nothing = np.full(existing, -1)
    units = np.concatenate([old.units, new.units[which] if layout.units else np.ones(len(which))])
    return Options(
        existing,
        site,
        kind,
        np.concatenate([np.zeros(existing), new.cost[which]]),
        usable,
        required,
        units.astype(np.int32),
        np.concatenate([old.capacity, new.capacity[which]]),
        closable,
        np.concatenate([old.saving, np.zeros(len(which))]),
        listed,
        np.concatenate([np.zeros(existing), period]).astype(np.int32),
        np.concatenate([nothing, which]).astype(np.int32),
        np.concatenate([nothing, new.replaces[which]]).astype(np.int32),
    )
