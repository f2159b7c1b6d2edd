"""Every figure of summary.json once more, from recomputed response times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from siting.check.audit import Audit
from siting.check.means import by_dimension, facilities, layout_words, money
from siting.check.needs import services_of, viewed
from siting.check.rounded import Rounded
from siting.check.rows import Rows, both, in_all, rows_of
from siting.instance.arrays import Flags
from siting.instance.decisions import decisions
from siting.instance.settings import numbers as settings_numbers
from siting.measures import Term
from siting.problem import published

NAMED = 20
"""Unreachable places the summary names per service."""

PROVED = 1e-9
"""Relative gap up to which a plan counts as proved optimal."""


def expected_summary(audit: Audit, claims: Sequence[Any], told: Sequence[Any] = ()) -> dict[str, Any]:
    """The part of summary.json that can be recomputed.

    Args:
        audit: the plan, recomputed.
        claims: ``objectives`` of the file, of which the bounds are taken.
        told: ``limits`` of the file, of whose values the decimals are taken that rounded shares leave open.
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
        "layout": layout_words(audit.ground.settings, problem.responses.layout),
        "numbers": _numbers(audit),
        "decisions": decisions(instance),
        "objectives": objectives,
        "published": _published(audit, first),
        "limits": _limits(audit, told),
        "clashes": [],
        **_response(audit, rows_of(audit)),
        **by_dimension(audit, lambda scenario, period: in_all(rows_of(audit, scenario, period))),
        "unreachable": _unreachable(audit),
        "excluded": _excluded(audit),
        "facilities": facilities(audit),
        "money": money(audit),
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
        value, before = _value(audit, goal.term, claim), audit.value_before(goal.term)
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


def _published(audit: Audit, first: Mapping[str, Any]) -> dict[str, float | None] | None:
    """How far the first objective is from the best value known elsewhere, by its share."""
    known = published(audit.problem)
    if known is None:
        return None
    worse = (first["value"] - known) * (1 if first["sense"] == "minimize" else -1)
    return {"value": known, "worse_by": worse / abs(known) if worse and known else None if worse else 0.0}


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


def _limits(audit: Audit, told: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": limit.label,
            "value": finite(_value(audit, limit.term, told[number] if number < len(told) else None)),
            "at_least": finite(limit.low),
            "at_most": finite(limit.high),
            "unit": limit.term.unit,
        }
        for number, limit in enumerate(audit.problem.limits)
    ]


def _value(audit: Audit, term: Term, claim: object) -> float:
    """A term's value; the claimed one where that is as close as rounded shares can tell."""
    value = audit.value(term)
    written = claim.get("value") if isinstance(claim, Mapping) else None
    if isinstance(written, int | float) and abs(written - value) <= audit.off(term):
        return float(written)
    return value


def _response(audit: Audit, rows: Rows) -> dict[str, Any]:
    """Before and after in all, per service by kind, and per region."""
    places, settings = audit.ground.instance.places, audit.ground.settings
    services = {}
    for number, _ in services_of(settings, audit.ground.layout):
        service = settings.services[number]
        mine = rows.where(rows.service == number)
        services[service.id] = {
            "title": service.title,
            "weight": service.weight,
            "standard_minutes": {kind: ms / 60_000 for kind, ms in service.standard_ms.items()},
            **both(mine, mine.people),
            "kinds": {
                kind: both(part := mine.where(mine.kind == k), part.people)
                for k, kind in enumerate(places.kinds)
            },
        }
    return {
        "in_all": {
            **in_all(rows),
            "population": int(places.population[~places.excluded].sum()),
            "population_within_every_standard": {
                when: _within_every(audit, rows, when) for when in rows.outcomes
            },
        },
        "services": services,
        "regions": [_region(audit, rows, number) for number in np.unique(rows.region) if number >= 0],
    }


def _region(audit: Audit, rows: Rows, number: int) -> dict[str, Any]:
    regions, settings = audit.ground.instance.areas["region"], audit.ground.settings
    inside = rows.where(rows.region == number)
    return {
        "id": regions.ids[number],
        "name": regions.names[number],
        "in_all": in_all(inside),
        "services": {
            settings.services[s].id: both(part := inside.where(inside.service == s), part.people)
            for s, _ in services_of(settings, audit.ground.layout)
        },
    }


def _within_every(audit: Audit, rows: Rows, when: str) -> int:
    """People of the places of which every need is covered, by all who share it."""
    places, counted = audit.ground.instance.places, services_of(audit.ground.settings, audit.ground.layout)
    met = np.bincount(rows.place[rows.outcomes[when].whole()], minlength=len(places.ids)) == len(counted)
    return int(places.population[met & ~places.excluded].sum())


def _unreachable(audit: Audit) -> dict[str, Any]:
    """Per service the needs nothing can reach, and the places with most people among them."""
    needs, places = audit.ground.needs, audit.ground.instance.places
    lost = np.intersect1d(audit.responses.unreachable, viewed(needs))
    result = {}
    for number, _ in services_of(audit.ground.settings, audit.ground.layout):
        service = audit.ground.settings.services[number]
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
