"""Every figure of summary.json once more, from recomputed response times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.check.audit import Audit
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.instance.decisions import decisions
from siting.instance.settings import numbers as settings_numbers

NAMED = 20
"""Unreachable places the summary names per service."""

PROVED = 1e-9
"""Relative gap up to which a plan counts as proved optimal."""


@dataclass(frozen=True)
class Rounded:
    """A recomputed figure that is written with so many decimals."""

    value: float
    decimals: int

    def agrees(self, written: object) -> bool:
        """Whether a number is this figure rounded; a figure halfway between may go either way."""
        if isinstance(written, bool) or not isinstance(written, int | float):
            return False
        if not math.isfinite(written) or round(written, self.decimals) != written:
            return False
        unit = 10.0**-self.decimals
        return abs(written - self.value) <= unit / 2 + 1e-12 * max(1.0, abs(self.value))

    def __repr__(self) -> str:
        return f"{self.value:.{self.decimals}f}"


@dataclass(frozen=True, eq=False)
class _Rows:
    """Needs, or some of them: all (N,).

    Attributes:
        place, service, kind, region: indices; region is -1 where unknown.
        people, weight: people, and people x weight of the service.
        minutes: per outcome (before, after) the response, NaN where nobody answers.
        covered: per outcome whether it is within the standard.
    """

    place: Ints
    service: Ints
    kind: Ints
    region: Ints
    people: Longs
    weight: Floats
    minutes: Mapping[str, Floats]
    covered: Mapping[str, Flags]

    def where(self, which: Flags) -> _Rows:
        """The needs marked in ``which`` (N,)."""
        return _Rows(
            self.place[which],
            self.service[which],
            self.kind[which],
            self.region[which],
            self.people[which],
            self.weight[which],
            {when: minutes[which] for when, minutes in self.minutes.items()},
            {when: covered[which] for when, covered in self.covered.items()},
        )


def _rows(audit: Audit) -> _Rows:
    needs, places = audit.ground.needs, audit.ground.instance.places
    outcomes = {"before": audit.before, "after": audit.told}
    return _Rows(
        needs.place,
        needs.service,
        places.kind[needs.place],
        places.area["region"][needs.place],
        needs.people,
        needs.weight,
        {when: answers.ms / 60_000 for when, answers in outcomes.items()},
        {when: answers.ms <= needs.standard_ms for when, answers in outcomes.items()},
    )


def expected_summary(audit: Audit, claims: Sequence[Any]) -> dict[str, Any]:
    """The part of summary.json that can be recomputed.

    Args:
        audit: the plan, recomputed.
        claims: ``objectives`` of the file, of which the bounds are taken.
    """
    problem, instance = audit.problem, audit.ground.instance
    settings, model = instance.settings, problem.model
    objectives = _objectives(audit, claims)
    first = objectives[0]
    return {
        "objective": first["value"],
        "bound": first["bound"],
        "gap": first["gap"],
        "status": _status(objectives),
        "instance": {"name": settings.name, "title": settings.title},
        "model": {
            "name": model.name,
            "title": model.title,
            "question": model.question,
            "file": model.file,
        },
        "numbers": _numbers(audit),
        "decisions": decisions(instance),
        "objectives": objectives,
        "limits": _limits(audit),
        "clashes": [],
        **_response(audit, _rows(audit)),
        "unreachable": _unreachable(audit),
        "excluded": _excluded(audit),
        "facilities": _facilities(audit),
        "money": _money(audit),
        "synthetic": _synthetic(audit),
        "warnings": list(instance.warnings),
    }


def finite(value: float) -> float | None:
    """The number as the summary writes it: None for what is infinite or undefined."""
    return value if math.isfinite(value) else None


def _objectives(audit: Audit, claims: Sequence[Any]) -> list[dict[str, Any]]:
    result = []
    for number, goal in enumerate(audit.problem.objectives):
        claim = claims[number] if number < len(claims) else None
        bound = claim.get("bound") if isinstance(claim, Mapping) else None
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            bound = None
        value, before = audit.value(goal.term), audit.value_before(goal.term)
        gap = of_gain = None
        if bound is not None:
            off, gain = abs(bound - value), abs(value - before)
            gap = off / abs(value) if value else (math.inf if off else 0.0)
            of_gain = off / gain if gain else (math.inf if off else 0.0)
            of_gain = None if math.isnan(before) else finite(of_gain)
        result.append(
            {
                "measure": goal.term.label,
                "sense": "maximize" if goal.maximize else "minimize",
                "unit": goal.term.unit,
                "value": finite(value),
                "bound": bound,
                "gap": None if gap is None else finite(gap),
                "gap_of_gain": of_gain,
                "before": finite(before),
            }
        )
    return result


def _status(objectives: Sequence[Mapping[str, Any]]) -> str:
    if all(one["gap"] is not None and one["gap"] <= PROVED for one in objectives):
        return "optimal"
    return "heuristic" if objectives[0]["bound"] is None else "bounded"


def _numbers(audit: Audit) -> dict[str, float | None]:
    """Parameters in force, and numbers of the instance that differ from its file."""
    given = settings_numbers(audit.ground.instance.settings)
    force = settings_numbers(audit.ground.settings)
    changed = {name: value for name, value in force.items() if given.get(name) != value}
    return {name: finite(value) for name, value in {**audit.problem.numbers, **changed}.items()}


def _limits(audit: Audit) -> list[dict[str, Any]]:
    return [
        {
            "label": limit.label,
            "value": finite(audit.value(limit.term)),
            "at_least": finite(limit.low),
            "at_most": finite(limit.high),
            "unit": limit.term.unit,
        }
        for limit in audit.problem.limits
    ]


def _response(audit: Audit, rows: _Rows) -> dict[str, Any]:
    """Before and after in all, per service by kind, and per region."""
    places, settings = audit.ground.instance.places, audit.ground.settings
    services = {}
    for number, service in enumerate(settings.services):
        mine = rows.where(rows.service == number)
        services[service.id] = {
            "title": service.title,
            "weight": service.weight,
            "standard_minutes": {kind: ms / 60_000 for kind, ms in service.standard_ms.items()},
            **_both(mine, mine.people),
            "kinds": {
                kind: _both(part := mine.where(mine.kind == k), part.people)
                for k, kind in enumerate(places.kinds)
            },
        }
    return {
        "in_all": {
            **_both(rows, rows.weight),
            "population": int(places.population[~places.excluded].sum()),
            "population_within_every_standard": {
                when: _within_every(audit, rows, covered) for when, covered in rows.covered.items()
            },
        },
        "services": services,
        "regions": [_region(audit, rows, number) for number in np.unique(rows.region) if number >= 0],
    }


def _region(audit: Audit, rows: _Rows, number: int) -> dict[str, Any]:
    regions = audit.ground.instance.areas["region"]
    inside = rows.where(rows.region == number)
    return {
        "id": regions.ids[number],
        "name": regions.names[number],
        "in_all": _both(inside, inside.weight),
        "services": {
            service.id: _both(part := inside.where(inside.service == s), part.people)
            for s, service in enumerate(audit.ground.settings.services)
        },
    }


def _within_every(audit: Audit, rows: _Rows, covered: Flags) -> int:
    """People of the places of which every need is covered."""
    places = audit.ground.instance.places
    met = np.bincount(rows.place[covered], minlength=len(places.ids)) == len(audit.ground.settings.services)
    return int(places.population[met & ~places.excluded].sum())


def _both(rows: _Rows, weight: Longs | Floats) -> dict[str, Any]:
    return {when: _figures(weight, rows.minutes[when], rows.covered[when]) for when in rows.minutes}


def _figures(weight: Longs | Floats, minutes: Floats, covered: Flags) -> dict[str, Any]:
    """Response figures of needs (N,) by their weights; minutes are NaN where nobody answers."""
    served = ~np.isnan(minutes)
    total, within, reached = weight.sum(), weight[covered].sum(), weight[served].sum()
    waited = math.fsum(weight[served] * minutes[served])
    worst = minutes[served & (weight > 0)]
    return {
        "people": _sum(total),
        "people_within": _sum(within),
        "share": Rounded(float(within / total), 6) if total else None,
        "people_served": _sum(reached),
        "mean_minutes": Rounded(waited / float(reached), 3) if reached else None,
        "worst_minutes": Rounded(float(worst.max()), 3) if len(worst) else None,
    }


def _sum(value: Any) -> int | Rounded:
    return int(value) if np.issubdtype(type(value), np.integer) else Rounded(float(value), 2)


def _unreachable(audit: Audit) -> dict[str, Any]:
    """Per service the needs nothing can reach, and the places with most people among them."""
    needs, places = audit.ground.needs, audit.ground.instance.places
    lost = audit.responses.unreachable
    result = {}
    for number, service in enumerate(audit.ground.settings.services):
        place = needs.place[lost[needs.service[lost] == number]]
        people = places.population[place]
        result[service.id] = {
            "places": len(place),
            "people": int(people.sum()),
            "largest": list(places.names[place[np.lexsort((place, -people))][:NAMED]]),
        }
    return result


def _excluded(audit: Audit) -> dict[str, Any]:
    instance = audit.ground.instance
    places = instance.places

    def sums(where: Flags) -> dict[str, int]:
        return {"places": int(where.sum()), "people": int(places.population[where].sum())}

    areas: dict[str, dict[str, dict[str, int]]] = {}
    for level, ids in instance.settings.exclude.items():
        known = [str(one) for one in instance.areas[level].ids]
        at = {one: known.index(one) for one in ids}
        areas[level] = {
            one: {"name": instance.areas[level].names[number], **sums(places.area[level] == number)}
            for one, number in at.items()
        }
    return {**sums(places.excluded), "areas": areas}


def _facilities(audit: Audit) -> dict[str, Any]:
    options = audit.ground.options
    existing = options.type[audit.ground.standing]
    return {
        kind.id: {
            "title": kind.title,
            "existing": int((existing == number).sum()),
            "new": int((options.type[audit.opened] == number).sum()),
            "allowed": _allowed(audit, "sites_open", options.type == number),
        }
        for number, kind in enumerate(audit.ground.settings.types)
    }


def _money(audit: Audit) -> dict[str, Any]:
    options, opened = audit.ground.options, audit.opened
    cost, kind = options.cost[opened], options.type[opened]
    return {
        "currency": audit.ground.settings.currency,
        "spent": math.fsum(cost),
        "budget": _allowed(audit, "cost", np.ones(len(options.site), dtype=bool)),
        "by_type": {t.id: math.fsum(cost[kind == n]) for n, t in enumerate(audit.ground.settings.types)},
    }


def _allowed(audit: Audit, measure: str, scope: Flags) -> float | None:
    """The lowest finite upper limit on a measure of exactly these options."""
    limits = [one for one in audit.problem.limits if one.term.measure.name == measure]
    highs = [one.high for one in limits if np.array_equal(one.term.scope, scope)]
    return min((high for high in highs if math.isfinite(high)), default=None)


def _synthetic(audit: Audit) -> dict[str, Any]:
    places = audit.ground.instance.places
    inside = ~places.excluded
    made = inside & places.synthetic
    people, generated = int(places.population[inside].sum()), int(places.population[made].sum())
    return {
        "places": int(made.sum()),
        "of_places": int(inside.sum()),
        "people": generated,
        "share": Rounded(generated / people, 6) if people else None,
    }
