"""The summary of a result: every figure a planner or a program may ask for, as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.figures.dimensions import layout_keys, load, periods, scenarios
from siting.figures.money import facilities, money
from siting.figures.outcome import Outcome, after, before, figures, wholly_covered
from siting.figures.view import View, view
from siting.instance.arrays import Flags, Ints
from siting.instance.decisions import decisions
from siting.instance.settings import numbers as settings_numbers
from siting.plan import Achieved
from siting.problem import Problem, published
from siting.response import Layout, Responses

if TYPE_CHECKING:
    from siting.result import Result

FORMAT = "siting-plan-1"
"""Value of ``format`` in summary.json, by which a plan folder is recognised."""

NAMES_LISTED = 20
"""Unreachable places named at most; all are counted."""


def summary(result: Result) -> dict[str, Any]:
    """All figures of a result, as in summary.json.

    Numbers are finite; None stands for infinite (no limit) and for undefined. Minutes are response
    times, weighted by people over the people who are served; ``in_all`` adds up the services with
    their weights, so one person counts once per service. With scenarios or periods all figures about
    people but those per scenario and period are of the first scenario and the last period.
    """
    problem = result.problem
    responses, instance = problem.responses, problem.instance
    outcomes = {"before": before(responses)}
    if result.plan is not None:
        outcomes["after"] = after(responses, result.plan)
    tables = {
        "objective": result.objective,
        "bound": result.bound,
        "gap": result.gap,
        "status": result.status.name.lower(),
        "termination": result.termination.name.lower(),
        "repeatable": result.repeatable,
        "format": FORMAT,
        "instance": {"name": instance.settings.name, "title": instance.settings.title},
        "origin": instance.origin,
        "model": {
            key: getattr(problem.model, key) for key in ("name", "title", "question", "file", "sha256")
        },
        "layout": layout_keys(responses),
        "numbers": _numbers(problem),
        "decisions": decisions(instance),
        "objectives": [_objective(one) for one in result.achieved],
        "published": _published(result),
        "limits": _limits(result),
        "clashes": list(result.clashes),
        **({} if result.conflict is None else {"conflict": result.conflict.as_dict()}),
        "method": result.method,
        "why": result.why,
        **_response(responses, outcomes),
        **scenarios(responses, outcomes),
        **periods(result, outcomes),
        **load(result),
        "unreachable": _unreachable(responses),
        "excluded": _excluded(responses),
        "facilities": facilities(result),
        "money": money(result),
        "full_coverage": None if _beyond_nearest(responses.layout) else result.full_coverage,
        "synthetic": _synthetic(responses),
        "warnings": list(instance.warnings),
        "seed": result.seed,
        "seconds": dict(result.seconds),
        "versions": dict(result.versions),
        "files": dict(sorted(instance.files.items())),
    }
    return {key: _plain(value) for key, value in tables.items()}


def _beyond_nearest(layout: Layout) -> bool:
    """Whether more decides who is covered than which facility is nearest, once and for all."""
    several = layout.scenarios or layout.periods or layout.every
    return several or layout.closing or layout.serve != "nearest"


def _numbers(problem: Problem) -> dict[str, float]:
    """Every model parameter, and the numbers of the instance that the caller changed."""
    ours = settings_numbers(problem.instance.settings)
    now = settings_numbers(problem.responses.settings)
    changed = {name: value for name, value in now.items() if ours.get(name) != value}
    return {**problem.numbers, **changed}


def _published(result: Result) -> dict[str, float | None] | None:
    """Best value known elsewhere, and by what share of it this plan is worse; below 0 where it is better."""
    known = published(result.problem)
    if known is None:
        return None
    if not result.achieved:
        return {"value": known, "worse_by": None}
    first = result.achieved[0]
    short = known - first.value if first.maximize else first.value - known
    return {"value": known, "worse_by": 0.0 if short == 0 else short / abs(known) if known else None}


def _objective(one: Achieved) -> dict[str, Any]:
    gained = None if one.before is None else abs(one.value - one.before)
    missing = None if one.bound is None else abs(one.bound - one.value)
    of_gain = None
    if gained is not None and missing is not None:
        of_gain = 0.0 if missing == 0 else missing / gained if gained else None
    return {
        "measure": one.measure,
        "sense": "maximize" if one.maximize else "minimize",
        "unit": one.unit,
        "value": one.value,
        "bound": one.bound,
        "gap": one.gap,
        "gap_of_gain": of_gain,
        "before": one.before,
    }


def _limits(result: Result) -> list[dict[str, Any]]:
    return [
        {
            "label": limit.label,
            "value": None if result.plan is None else limit.term.value(result.plan),
            "at_least": limit.low,
            "at_most": limit.high,
            "unit": limit.term.unit,
        }
        for limit in result.problem.limits
    ]


def _response(responses: Responses, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Response figures before and after: in all, and per service in all, by kind and by region."""
    seen, settings = view(responses), responses.settings
    outcomes = {when: outcome.of(seen, len(responses.needs.place)) for when, outcome in outcomes.items()}
    places, regions = responses.instance.places, responses.instance.areas["region"]
    kind, region = places.kind[seen.place], places.area["region"][seen.place]
    kinds, count = len(places.kinds), len(regions.ids)

    def grouped(group: Ints, size: int) -> list[dict[str, Any]]:
        return figures(seen.people, outcomes, group, size)

    by_service = grouped(seen.service, len(settings.services))
    by_kind = grouped(seen.service * kinds + kind, len(settings.services) * kinds)
    located = np.where(region >= 0, seen.service * count + region, -1)
    by_region = grouped(located, len(settings.services) * count)
    region_in_all = figures(seen.weight, outcomes, region, count)
    everyone = np.zeros(len(seen.place), dtype=np.int32)
    counted = [(s, settings.services[s]) for s in responses.layout.weights(settings)]
    return {
        "in_all": {
            **figures(seen.weight, outcomes, everyone, 1)[0],
            "population": int(places.population[~places.excluded].sum()),
            "population_within_every_standard": {
                when: _within_every(responses, seen, outcome) for when, outcome in outcomes.items()
            },
        },
        "services": {
            service.id: {
                "title": service.title,
                "weight": service.weight,
                "standard_minutes": {name: ms / 60_000 for name, ms in service.standard_ms.items()},
                **by_service[s],
                "kinds": {name: by_kind[s * kinds + k] for k, name in enumerate(places.kinds)},
            }
            for s, service in counted
        },
        "regions": [
            {
                "id": regions.ids[r],
                "name": regions.names[r],
                "in_all": region_in_all[r],
                "services": {service.id: by_region[s * count + r] for s, service in counted},
            }
            for r in np.flatnonzero(np.bincount(region[region >= 0], minlength=count))
        ],
    }


def _within_every(responses: Responses, seen: View, outcome: Outcome) -> int:
    """People of places of which every need is within its standard."""
    places = responses.instance.places
    missed = np.zeros(len(places.ids), dtype=bool)
    missed[seen.place[~wholly_covered(outcome, len(seen.place))]] = True
    return int(places.population[~missed & ~places.excluded].sum())


def _unreachable(responses: Responses) -> dict[str, Any]:
    """Per service: needs that no existing facility and no candidate that may be opened reaches."""
    seen, instance, settings = view(responses), responses.instance, responses.settings
    lost = np.isin(seen.need, responses.unreachable)
    found = {}
    for number in responses.layout.weights(settings):
        place = seen.place[lost & (seen.service == number)]
        largest = place[np.argsort(-instance.places.population[place], kind="stable")][:NAMES_LISTED]
        found[settings.services[number].id] = {
            "places": len(place),
            "people": int(instance.places.population[place].sum()),
            "largest": list(instance.places.names[largest]),
        }
    return found


def _excluded(responses: Responses) -> dict[str, Any]:
    """Places the instance keeps out of siting: they have no needs and are in no other figure."""
    instance = responses.instance
    places = instance.places

    def sums(where: Flags) -> dict[str, int]:
        return {"places": int(where.sum()), "people": int(places.population[where].sum())}

    areas = {
        level: {
            instance.areas[level].ids[a]: {
                "name": instance.areas[level].names[a],
                **sums(places.area[level] == a),
            }
            for a in np.flatnonzero(np.isin(instance.areas[level].ids.astype(str), ids))
        }
        for level, ids in instance.settings.exclude.items()
    }
    return {**sums(places.excluded), "areas": areas}


def _synthetic(responses: Responses) -> dict[str, Any]:
    """How much of the demand stands at generated places."""
    places = responses.instance.places
    used = ~places.excluded
    people, made = int(places.population[used].sum()), used & places.synthetic
    synthetic = int(places.population[made].sum())
    return {
        "places": int(made.sum()),
        "of_places": int(used.sum()),
        "people": synthetic,
        "share": round(synthetic / people, 6) if people else None,
    }


def _plain(value: Any) -> Any:
    """Plain JSON values: no arrays, no numpy scalars, None for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
