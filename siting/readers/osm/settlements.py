"""Settlements: names, people, and one place for what is mapped both as a point and as an area."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Settings
from siting.readers.osm.objects import Thing

ASSUMED: dict[str, int] = {
    "city": 100_000,
    "town": 15_000,
    "village": 700,
    "hamlet": 50,
    "isolated_dwelling": 5,
}
"""Values of ``place`` that are settlements, each with the people assumed where the map gives no
number: round numbers within what OpenStreetMap's own definitions of the values say."""

KIND: dict[str, tuple[str, ...]] = {
    "city": ("city",),
    "town": ("town", "city"),
    "village": ("village",),
    "hamlet": ("hamlet", "village"),
    "isolated_dwelling": ("isolated_dwelling", "hamlet", "village"),
}
"""Kind of place by value of ``place``: the first that the settings have a standard for."""

MOST_PEOPLE = 50_000_000
"""No settlement has more; such numbers are mistakes."""

_GROUPED = re.compile(r"\d{1,3}(?:[\s.,'\u2019_]\d{3})+(?!\d)")
_NUMBER = re.compile(r"(?<![\d-])\d")


@dataclass(frozen=True)
class Settlement:
    """A place with people.

    Attributes:
        thing: on the map.
        population: people as the map says, None where it does not.
    """

    thing: Thing
    population: int | None


def people(text: str | None) -> int | None:
    """The number in a ``population``, e.g. ``1 234``, ``1,234``, ``~500`` or ``500 (2011)``; else None."""
    begin = _NUMBER.search(text or "")
    if text is None or begin is None:
        return None
    grouped = _GROUPED.match(text, begin.start())
    plain = re.match(r"\d+", text[begin.start() :])
    digits = re.sub(r"\D", "", grouped[0] if grouped else plain[0] if plain else "")
    return int(digits) if len(digits) < 10 and int(digits) <= MOST_PEOPLE else None


def names(thing: Thing) -> tuple[str, str]:
    """Name in Latin letters where there is one, and the local name where it is another."""
    local = thing.tags.get("name", "").strip()
    name = (thing.tags.get("int_name") or thing.tags.get("name:en") or local).strip()
    return name, local if local != name else ""


def settlements(things: Sequence[Thing]) -> list[Settlement]:
    """One settlement for each, from points and areas with ``place``.

    An area is another view of a point if that is its label or administrative centre, or lies inside
    and has the same name; the point then takes the area's number of people if it has none. The same
    holds between areas; areas without a name are parts of something and left out.
    """
    points = [one for one in things if one.ring is None]
    areas = [one for one in things if one.ring is not None and names(one)[0]]
    found = [Settlement(one, people(one.tags.get("population"))) for one in points]
    by_id = {one.thing.id: row for row, one in enumerate(found)}
    by_name: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(points):
        for name in _folded(one):
            by_name[name].append(row)
    for area in areas:
        same = _same(area, found, by_id, by_name)
        number = people(area.tags.get("population"))
        if same is not None:
            if found[same].population is None:
                found[same] = replace(found[same], population=number)
            continue
        for name in _folded(area):
            by_name[name].append(len(found))
        found.append(Settlement(area, number))
    return found


def _folded(thing: Thing) -> set[str]:
    return {name.casefold() for name in names(thing) if name}


def _same(
    area: Thing, found: Sequence[Settlement], by_id: Mapping[str, int], by_name: Mapping[str, list[int]]
) -> int | None:
    """Row of the settlement that an area shows too."""
    for label in area.label:
        if label in by_id:
            return by_id[label]
    for name in sorted(_folded(area)):
        for row in by_name.get(name, ()):
            other = found[row].thing
            if area.ring is not None and area.ring.holds(other.lat, other.lon):
                return row
    return None


def place_rows(found: Sequence[Settlement], settings: Settings) -> pd.DataFrame:
    """places.csv: where the map has no number of people, that of :data:`ASSUMED`.

    Raises:
        InstanceError: the settings have no kind of place for some settlements.
    """
    values = [one.thing.tags["place"] for one in found]
    kind = _kinds(sorted(set(values), key=list(ASSUMED).index), settings)
    rows = []
    for value, one in zip(values, found, strict=True):
        name, local = names(one.thing)
        number = ASSUMED[value] if one.population is None else one.population
        label = name or f"{value.replace('_', ' ').capitalize()} {one.thing.id}"
        rows.append((one.thing.id, label, local, one.thing.lat, one.thing.lon, number, kind[value]))
    columns = ["place_id", "name", "name_local", "lat", "lon", "population", "kind"]
    return pd.DataFrame(rows, columns=columns)


def _kinds(values: Sequence[str], settings: Settings) -> dict[str, str]:
    """Kind of place for every value of ``place`` that occurs."""
    known = dict.fromkeys(kind for service in settings.services for kind in service.standard_ms)
    kinds = {value: next((kind for kind in KIND[value] if kind in known), "") for value in values}
    lost = [
        Complaint(
            "settings",
            f"no service has a standard for place={value}; expected: one of {', '.join(KIND[value])} among "
            f"the kinds, which are {', '.join(known)}; or leave place={value} out",
            column="services",
        )
        for value, kind in kinds.items()
        if not kind
    ]
    if lost:
        raise InstanceError(lost)
    return kinds
