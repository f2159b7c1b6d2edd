"""Facilities and public buildings: from points and areas, each counted once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.readers.osm.objects import Thing
from siting.readers.osm.settlements import names
from siting.roads.snap import EARTH_M

Tag = tuple[str, str]

FACILITIES: dict[str, str] = {
    "fire_station": "fire_department",
    "police": "police_station",
    "hospital": "hospital",
}
"""Facility type by value of ``amenity``."""

BUILDINGS: dict[str, Tag] = {
    **{
        value: ("amenity", value)
        for value in (
            "townhall", "community_centre", "school", "kindergarten", "college", "university", "library",
            "clinic", "hospital", "fire_station", "police", "post_office", "courthouse", "social_facility",
            "public_building", "bus_station",
        )
    },
    "ambulance_station": ("emergency", "ambulance_station"),
    "government": ("office", "government"),
}  # fmt: skip
"""Public buildings that candidates may be asked for at, each with its tag."""

SETTLEMENTS = "settlements"
"""The rule of candidates: at every settlement."""

SAME_M = 75.0
"""Things of one kind this near to each other are parts of one site."""


@dataclass(frozen=True)
class Site:
    """One building or site of a kind.

    Attributes:
        thing: that stands for it: a named one before others, a point before an area.
        name: its name, or words for what it is.
        others: how many more things on the map show the same.
    """

    thing: Thing
    name: str
    others: int


def candidate_rules(candidates: str | Sequence[str]) -> list[str]:
    """Rules of candidates, each once.

    Raises:
        InstanceError: some of them are not known; names the nearest.
    """
    rules = list(dict.fromkeys([candidates] if isinstance(candidates, str) else candidates))
    known = [SETTLEMENTS, *BUILDINGS]
    wrong = [
        Complaint(
            "candidates",
            f"{one!r} is not known{did_you_mean(str(one), known) or ''}; expected: {', '.join(known)}",
        )
        for one in rules
        if one not in known
    ]
    if not rules:
        wrong = [Complaint("candidates", f"is empty; expected some of {', '.join(known)}")]
    if wrong:
        raise InstanceError(wrong)
    return rules


def sites_of(things: Iterable[Thing], tag: Tag) -> list[Site]:
    """The sites of one kind.

    Things of the kind are one site if one lies inside the outline of the other or within
    :data:`SAME_M` of it.
    """
    kind = [one for one in things if one.tags.get(tag[0]) == tag[1]]
    if not kind:
        return []
    members: dict[int, list[Thing]] = {}
    for one, group in zip(kind, _groups(kind), strict=True):
        members.setdefault(group, []).append(one)
    return [_site(group, tag) for group in members.values()]


def _site(group: Sequence[Thing], tag: Tag) -> Site:
    """The site that several things show."""
    order = {"n": 0, "w": 1, "r": 2}
    first = min(group, key=lambda one: (not names(one)[0], order[one.id[0]], int(one.id[1:])))
    words = f"{tag[1].replace('_', ' ')} {first.id}"
    return Site(first, names(first)[0] or words[0].upper() + words[1:], len(group) - 1)


def _groups(kind: Sequence[Thing]) -> list[int]:
    """Group of each thing."""
    lat = np.radians([one.lat for one in kind])
    lon = np.radians([one.lon for one in kind])
    points = EARTH_M * np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    tree = cKDTree(points)
    pairs = [tuple(pair) for pair in tree.query_pairs(SAME_M)]
    for row, one in enumerate(kind):
        if one.ring is not None:
            near = tree.query_ball_point(points[row], one.ring.reach(one.lat, one.lon))
            pairs += [(row, k) for k in near if k != row and one.ring.holds(kind[k].lat, kind[k].lon)]
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    matrix = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(len(kind), len(kind)))
    return [int(group) for group in connected_components(matrix, directed=False)[1]]
