"""What the page's script needs to draw the map: columns packed as base64, and words."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.instance.arrays import Texts
from siting.report import colours, sentences
from siting.report.language import Language
from siting.report.scene import EXCLUDED, NOBODY, WHEN, Scene, ServiceScene, area_names, place_names

if TYPE_CHECKING:
    from siting.result import Result

DECIMALS = 3
"""Of kilometres: a metre."""

LONGEST = 120
"""Letters of a name that the map shows."""

LINES_UPTO = 3000
"""Places up to which the lines to whoever serves are there from the start."""

_TYPES = {"f": "<f4", "I": "<i4", "H": "<u2", "B": "<u1"}
"""Kinds of columns, as the script names them, and their layout."""


def packed(values: Any, kind: str) -> list[str]:
    """A column: its kind and its bytes."""
    return [kind, base64.b64encode(np.asarray(values).astype(_TYPES[kind]).tobytes()).decode()]


def payload(result: Result, scene: Scene, language: Language) -> dict[str, Any]:
    """Everything on the map as plain JSON values; see ``map.js``."""
    instance, settings = result.problem.instance, result.problem.responses.settings
    names = place_names(instance, language)
    other = np.where(names == instance.places.names, instance.places.names_local, instance.places.names)
    titles = [kind.title for kind in settings.types]
    return {
        "places": {
            "x": packed(np.round(scene.x, DECIMALS), "f"),
            "y": packed(np.round(scene.y, DECIMALS), "f"),
            "people": packed(np.minimum(scene.people, 2**31 - 1), "I"),
            "region": packed(scene.region, "I"),
            "name": _short(np.where(names.astype(bool), names, instance.places.ids)),
            "other": _short(np.where(other == names, "", other)),
        },
        "facilities": {
            "x": packed(np.round(scene.fx, DECIMALS), "f"),
            "y": packed(np.round(scene.fy, DECIMALS), "f"),
            "type": packed(scene.type, "B"),
            "state": packed(scene.state, "B"),
            "name": _short(scene.names),
        },
        "roads": _roads(scene),
        "services": [_service(one, language) for one in scene.services],
        "types": titles,
        "regions": _short(area_names(instance, "region", language)),
        "nobody": NOBODY,
        "excluded": EXCLUDED,
        "lines": len(scene.x) <= LINES_UPTO,
        "colours": {
            "new": colours.NEW,
            "nobody": colours.NOBODY,
            "excluded": colours.EXCLUDED,
            "road": colours.ROAD,
        },
        "words": _words(result, language),
    }


def _short(names: Texts) -> list[str]:
    """Names as texts, cut where they are very long."""
    return [str(one) if len(str(one)) <= LONGEST else f"{str(one)[:LONGEST]}…" for one in names]


def _roads(scene: Scene) -> list[dict[str, list[str]]]:
    """Minor roads, then major ones."""
    if scene.roads is None:
        return []
    roads = scene.roads
    ends = {"x0": roads.x0, "y0": roads.y0, "x1": roads.x1, "y1": roads.y1}
    return [
        {end: packed(np.round(values[mine], DECIMALS), "f") for end, values in ends.items()}
        for mine in (~roads.major, roads.major)
    ]


def _service(service: ServiceScene, language: Language) -> dict[str, Any]:
    ends, shades = colours.bins(service.standards)
    standards = "; ".join(f"{kind} {language.number(value)}" for kind, value in service.standards.items())
    return {
        "title": service.title,
        "types": list(service.types),
        "ends": ends,
        "colours": shades,
        "standard": language.word("legend.standard", standards=standards),
        "answered": {
            when: {
                "tenths": packed(service.answered[when].tenths, "H"),
                "by": packed(service.answered[when].by, "I"),
                "within": packed(service.answered[when].within, "B"),
            }
            for when in WHEN
        },
    }


def _words(result: Result, language: Language) -> dict[str, str]:
    """The words and marks the script puts together; fields in braces are left to it."""
    keys = (
        "legend.below", "legend.between", "legend.above", "legend.within", "legend.beyond", "legend.nobody",
        "legend.excluded", "legend.existing", "legend.new", "legend.closed", "hover.served",
        "hover.beyond", "hover.nobody", "state.existing", "state.new", "state.closed", "search.none",
        "search.found",
    )  # fmt: skip
    fields = {name: f"{{{name}}}" for name in ("low", "high", "title", "minutes", "facility", "count")}
    unit = sentences.unit(result.summary, language)
    words = {key: language.word(key, unit=unit, **fields) for key in keys}
    return {**words, "code": language.code, "point": language.decimal(0.5)[1]}
