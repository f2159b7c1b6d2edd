"""Which methods can answer a model: they are asked about a specimen, a tiny instance made to fit it."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from siting.instance import LEVELS, Instance
from siting.methods import METHODS, refusal
from siting.model import Model
from siting.problem import Problem, bind

_MINUTES = 5.0


def methods(model: Model) -> list[str]:
    """Names of the methods that can answer a model, in the order in which they are chosen."""
    problem = _problem(model)
    return [name for name in METHODS if refusal(name, problem, "highs") is None]


def _problem(model: Model) -> Problem:
    """The model bound to its specimen, with numbers within the ranges that measures demand."""
    numbers = dict.fromkeys(model.parameters, 1.0)
    for use in model.uses:
        for key, value in use.arguments.items():
            if isinstance(value, str) and value.startswith("$"):
                argument = use.measure.arguments[key]
                numbers[value[1:]] = min(max(1.0, argument.low), argument.high)
    return bind(specimen(model), model, numbers)


def specimen(model: Model) -> Instance:
    """Two places a road apart, with a member of every group and whatever else the model names."""
    named = _named(model)
    kinds, services, types = named["kind"], named["service"], named["type"]
    areas = [(level, one, one) for level in LEVELS for one in named[level]]
    candidates = itertools.product(["a", "b"], types, [1.0])
    places = pd.DataFrame(
        {"place_id": ["a", "b"], "name": ["A", "B"], "lat": [49.0, 49.1], "lon": [31.0, 31.1]}
    ).assign(population=100, kind=kinds[0], **{level: named[level][0] for level in LEVELS})
    minutes, payers = dict.fromkeys(kinds, _MINUTES), named["payer"]
    return Instance.from_frames(
        places=places,
        areas=pd.DataFrame(areas, columns=["level", "area_id", "name"]),
        candidates=pd.DataFrame(candidates, columns=["site", "type", "cost"]),
        facilities=pd.DataFrame(
            {"facility_id": ["f"], "name": ["F"], "type": [types[0]], "site": ["a"], "closable": [1]}
        ),
        roads=pd.DataFrame({"from": ["a"], "to": ["b"], "km": [5.0], "kmh": [60.0]}),
        settings={
            "name": "specimen",
            "currency": "-",
            "services": {one: {"standard": minutes, "distance": minutes} for one in services},
            "types": {
                one: {
                    "provides": dict.fromkeys(services, 1),
                    "payers": {payer: 1 / len(payers) for payer in payers},
                }
                for one in types
            },
            "scenarios": {one: {"probability": 1 / len(named["scenario"])} for one in named["scenario"]},
            "periods": {one: {} for one in named["period"]},
        },
    )


def _named(model: Model) -> dict[str, list[str]]:
    """Per group the ids that the model names, or one."""
    found: dict[str, Any] = {
        group: {} for group in ("service", "type", "kind", "payer", "scenario", "period", *LEVELS)
    }
    found["service"].update(dict.fromkeys(model.layout.services))
    found["type"].update(dict.fromkeys(model.layout.types))
    for use in model.uses:
        for group, ids in use.filters.items():
            found[group].update(dict.fromkeys(ids))
    return {group: list(ids) or [group] for group, ids in found.items()}
