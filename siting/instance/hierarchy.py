"""Levels of a hierarchy: facility types that stand under another type, within a travel standard of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from siting.errors import did_you_mean
from siting.instance.arrays import FacilityType
from siting.instance.toml_access import Toml
from siting.roads.graph import MAX_MS


def with_levels(
    toml: Toml, tables: Mapping[str, Any], types: Iterable[FacilityType]
) -> tuple[FacilityType, ...]:
    """The types with the type each stands under and how far from it.

    Args:
        toml: receives complaints about half a level, an unknown type, and types that stand under
            themselves, directly or through others.
        tables: the tables of the types.
        types: one of each table, as far as it is read.
    """
    found = list(types)
    known = [one.id for one in found]
    levels = [_level(toml, one.id, raw, known) for one, raw in zip(found, tables.values(), strict=True)]
    above = {id_: level[0] for id_, level in zip(known, levels, strict=True) if level}
    for number, id_ in enumerate(known):
        loop = _loop(id_, above)
        if loop:
            ways = " under ".join(repr(one) for one in [*loop, id_])
            toml.complain(f"types.{id_}.under", f"goes round in a circle: {ways}; a level needs a top")
            # Opened here, so that it is told once.
            levels[number] = None
            del above[id_]
    return tuple(
        replace(one, under=level[0], reach_ms=level[1]) if level else one
        for one, level in zip(found, levels, strict=True)
    )


def _level(toml: Toml, id_: str, raw: object, known: list[str]) -> tuple[str, int] | None:
    """The type above and the ms of a car to it; None where there is none or something is wrong."""
    dotted = f"types.{id_}"
    table = raw if isinstance(raw, Mapping) else {}
    if "under" not in table and "within" not in table:
        return None
    for key, what in (("under", "the type above is"), ("within", "minutes of a car to the type above are")):
        if key not in table:
            toml.complain(f"{dotted}.{key}", f"is missing; {what} expected, as the other one is given")
            return None
    above = toml.text(table, dotted, "under")
    minutes = toml.number(table, dotted, "within", unit="minutes", most=MAX_MS // 60_000, positive=True)
    if above and above not in known:
        guess = did_you_mean(above, known) or f"; types are {', '.join(known)}"
        toml.complain(f"{dotted}.under", f"{above!r} is an unknown type{guess}")
    return (above, round(60_000 * minutes)) if above in known else None


def _loop(start: str, above: Mapping[str, str]) -> list[str]:
    """The types from one up to itself again; empty if the way ends elsewhere."""
    way = [start]
    while way[-1] in above and above[way[-1]] not in way:
        way.append(above[way[-1]])
    return way if above.get(way[-1]) == start else []
