"""Models and instances as content for JSON, for tools that choose among them."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from siting.instance import Instance
from siting.model import Model
from siting.terminal.algebra import algebra
from siting.terminal.proved import PROVED
from siting.terminal.specimen import methods

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def model_content(model: Model, *, math_too: bool = False) -> dict[str, Any]:
    """A model with its parameters.

    Returns:
        Keys ``name``, ``title``, ``question``, ``source``, ``methods`` (in the order in which they
        are chosen), ``measured`` (words, or null), ``parameters`` (by name: ``unit``, ``about``,
        ``each``, ``required``, ``default``, null for no limit or none) and, if asked for, ``math``.
    """
    parameters = {
        name: {
            "unit": one.unit,
            "about": one.about,
            "each": one.each,
            "required": one.default is None,
            "default": None if one.default is None else _finite(one.default),
        }
        for name, one in model.parameters.items()
    }
    found = {
        "name": model.name,
        "title": model.title,
        "question": model.question,
        "source": model.source,
        "methods": methods(model),
        "measured": PROVED.get(model.name),
        "parameters": parameters,
    }
    return {**found, "math": algebra(model)} if math_too else found


def instance_content(instance: Instance) -> dict[str, Any]:
    """What an instance holds.

    Returns:
        Keys ``name``, ``title``, ``currency``, ``places``, ``people`` (all places, the excluded
        ones among them), ``kinds`` (places by kind), ``generated`` and ``excluded`` (``places``,
        ``people``), ``areas`` (number by level), ``travel`` (``nodes`` and ``edges``, or
        ``pairs``), ``types`` (by id: ``title``, ``existing``, ``planned``, ``candidates``,
        ``turnout_minutes``), ``services`` (by id: ``title``, ``weight``, ``vehicle_factor``,
        ``standard_minutes``), ``parameters`` (null: no limit), ``sources`` and ``warnings``.
    """
    places, settings = instance.places, instance.settings
    return {
        "name": settings.name,
        "title": settings.title,
        "currency": settings.currency,
        "places": len(places.population),
        "people": int(places.population.sum()),
        "kinds": {kind: int((places.kind == number).sum()) for number, kind in enumerate(places.kinds)},
        "generated": _some(instance, places.synthetic),
        "excluded": _some(instance, places.excluded),
        "areas": {level: len(areas.ids) for level, areas in instance.areas.items()},
        "travel": _travel(instance),
        "types": _types(instance),
        "services": _services(instance),
        "parameters": {name: _finite(value) for name, value in settings.parameters.items()},
        "sources": [asdict(source) for source in settings.sources],
        "warnings": [str(warning) for warning in instance.warnings],
    }


def _finite(value: float) -> float | None:
    """A number, or None where there is no limit."""
    return None if math.isinf(value) else value


def _some(instance: Instance, mask: NDArray[np.bool_]) -> dict[str, int]:
    return {"places": int(mask.sum()), "people": int(instance.places.population[mask].sum())}


def _travel(instance: Instance) -> dict[str, int]:
    if instance.od is not None:
        return {"pairs": len(instance.od.ms)}
    roads = instance.roads
    return {} if roads is None else {"nodes": len(roads.ids), "edges": len(roads.tail)}


def _types(instance: Instance) -> dict[str, Any]:
    return {
        kind.id: {
            "title": kind.title,
            "existing": int((instance.facilities.type == number).sum()),
            "planned": kind.new,
            "candidates": int((instance.candidates.type == number).sum()),
            "turnout_minutes": {service: ms / 60_000 for service, ms in kind.turnout_ms.items()},
        }
        for number, kind in enumerate(instance.settings.types)
    }


def _services(instance: Instance) -> dict[str, Any]:
    return {
        service.id: {
            "title": service.title,
            "weight": service.weight,
            "vehicle_factor": service.vehicle_factor,
            "standard_minutes": {kind: ms / 60_000 for kind, ms in service.standard_ms.items()},
        }
        for service in instance.settings.services
    }
