"""What the page's script needs to draw the map: columns packed as base64, and words."""

from __future__ import annotations

import base64
from collections.abc import Mapping
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
    unit = sentences.unit(result.summary, language)
    titles = [language.say(kind.title) for kind in settings.types]
    return {
        "places": {
            "x": packed(np.round(scene.x, DECIMALS), "f"),
            "y": packed(np.round(scene.y, DECIMALS), "f"),
            "people": packed(np.minimum(scene.people, 2**31 - 1), "I"),
            "region": packed(scene.region, "I"),
            "name": short(np.where(names.astype(bool), names, instance.places.ids)),
            "other": short(np.where(other == names, "", other)),
        },
        "facilities": {
            "x": packed(np.round(scene.fx, DECIMALS), "f"),
            "y": packed(np.round(scene.fy, DECIMALS), "f"),
            "type": packed(scene.type, "B"),
            "state": packed(scene.state, "B"),
            "name": short(scene.names),
        },
        "roads": _roads(scene),
        "services": [_service(one, unit, language) for one in scene.services],
        "types": titles,
        "regions": short(area_names(instance, "region", language)),
        "lines": len(scene.x) <= LINES_UPTO,
        **constants(unit, language),
    }


def short(names: Texts) -> list[str]:
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


def service_words(
    title: str, standards: Mapping[str, float], unit: str, language: Language
) -> dict[str, Any]:
    """What a service is called, its standards in words, and the bins of response times these make."""
    ends, shades = colours.bins(standards)
    kinds = (
        language.word(
            "legend.standard.kind", kind=language.say(kind), standard=language.number(value), unit=unit
        )
        for kind, value in standards.items()
    )
    said = language.word("legend.standard", standards="; ".join(kinds))
    return {"title": title, "ends": ends, "colours": shades, "standard": said}


def _service(service: ServiceScene, unit: str, language: Language) -> dict[str, Any]:
    return {
        **service_words(service.title, service.standards, unit, language),
        "types": list(service.types),
        "answered": {
            when: {
                "tenths": packed(service.answered[when].tenths, "H"),
                "by": packed(service.answered[when].by, "I"),
                "within": packed(service.answered[when].within, "B"),
            }
            for when in WHEN
        },
    }


def constants(unit: str, language: Language) -> dict[str, Any]:
    """What the script needs on any page: marks for what has no minutes, colours and words."""
    return {
        "nobody": NOBODY,
        "excluded": EXCLUDED,
        "colours": {
            "nobody": colours.NOBODY,
            "excluded": colours.EXCLUDED,
            "states": colours.STATES,
            "changes": colours.CHANGES,
        },
        "words": _words(unit, language),
    }


def _words(unit: str, language: Language) -> dict[str, str]:
    """The words and marks the script puts together; fields in braces are left to it."""
    keys = (
        "legend.below", "legend.between", "legend.above", "legend.within", "legend.beyond", "legend.nobody",
        "legend.excluded", "legend.existing", "legend.new", "legend.closed", "hover.served",
        "hover.beyond", "hover.nobody", "state.existing", "state.new", "state.closed", "search.none",
        "search.found", "hover.minutes", "change.gains", "change.loses", "change.sooner", "change.later",
        "change.same", "change.new", "change.gone", "state.facility", "state.kept", "state.dropped",
        "state.added",
    )  # fmt: skip
    fields = {name: f"{{{name}}}" for name in ("low", "high", "title", "minutes", "facility", "count")}
    words = {key: language.word(key, unit=unit, **fields) for key in keys}
    return {**words, "code": language.code, "point": language.decimal(0.5)[1]}
