"""Which links belong to which class of road: named national routes, and ways between towns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.synthesis.facts import Facts
from siting.synthesis.links import Links, gabriel, lengths
from siting.synthesis.names import plain
from siting.synthesis.plane import Floats, to_plane

CLASSES = ("trunk", "regional", "district", "local", "street")
KMH = {"trunk": 85.0, "regional": 71.0, "district": 61.0, "local": 47.0, "street": 32.0}
"""Car speeds; of a street along the straight line, of others along the road."""
DETOUR = 1.2
"""Road km per straight km outside cities."""
TOWNS = (("regional", 15_000, 150.0), ("district", 3_000, 80.0))
"""Class, least people of the towns it joins, and longest way in straight km."""

Classes = NDArray[np.object_]
"""(E,) class of each link."""
Stop = tuple[int, float, float]
"""Node, and its km east and north."""


@dataclass(frozen=True)
class Way:
    """A search graph of the links at the speeds of their present classes.

    Attributes:
        minutes: (V, V) minutes of a car.
        number: link number of each pair (low, high) of nodes.
    """

    minutes: csr_array
    number: dict[tuple[int, int], int]


def link_classes(places: pd.DataFrame, links: Links, towns: pd.DataFrame, facts: Facts) -> Classes:
    """Class of each link, (E,).

    Args:
        places: all places, in the order of the links' indices, with ``city``.
        links: (E, 2).
        towns: named places: place_id, population, keys, lat, lon, node (index of the place,
            or of the first sector of a split city).
    """
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    city = places["city"].to_numpy()
    street = (city[links[:, 0]] == city[links[:, 1]]) & (city[links[:, 0]] != "")
    classes = np.where(street, "street", "local").astype(object)
    km = lengths(points, links)
    node = _nodes_by_name(towns)
    for letter, name in (("M", "trunk"), ("H", "regional"), ("P", "district")):
        ways = [_stops(route, node) for kind, route in facts.corridors if kind == letter]
        stages = np.array([pair for way in ways for pair in pairwise(way)])
        _raise(classes, links, km, stages, name, len(places))
    for name, people, longest in TOWNS:
        big = towns.loc[towns["population"] >= people, "node"].to_numpy()
        pairs = gabriel(points[big])
        pairs = pairs[lengths(points[big], pairs) <= longest]
        _raise(classes, links, km, big[pairs], name, len(places))
    return classes


def _raise(classes: Classes, links: Links, km: Floats, pairs: Links, name: str, size: int) -> None:
    """Raise the links of the fastest ways between pairs of nodes to a class, in place."""
    way = _way(classes, links, km, size)
    rank = CLASSES.index(name)
    for start in np.unique(pairs[:, 0]):
        ends = pairs[pairs[:, 0] == start, 1]
        before = dijkstra(way.minutes, indices=start, return_predecessors=True)[1]
        for end in ends:
            step = int(end)
            while step != start and before[step] >= 0:
                last = int(before[step])
                link = way.number[min(last, step), max(last, step)]
                if classes[link] != "street" and CLASSES.index(classes[link]) > rank:
                    classes[link] = name
                step = last


def _way(classes: Classes, links: Links, km: Floats, size: int) -> Way:
    minutes = km / np.array([KMH[name] for name in classes])
    both = np.concatenate([links, links[:, ::-1]])
    graph = csr_array((np.tile(minutes, 2), (both[:, 0], both[:, 1])), shape=(size, size))
    return Way(graph, {(low, high): n for n, (low, high) in enumerate(links.tolist())})


def _nodes_by_name(towns: pd.DataFrame) -> dict[str, list[Stop]]:
    """The towns of each plain Ukrainian name."""
    points = to_plane(towns["lat"].to_numpy(), towns["lon"].to_numpy())
    found: dict[str, list[Stop]] = {}
    for keys, node, (x, y) in zip(towns["keys"], towns["node"], points.tolist(), strict=True):
        for name in keys:
            found.setdefault(name, []).append((int(node), x, y))
    return found


def _stops(route: tuple[str, ...], node: dict[str, list[Stop]]) -> list[int]:
    """Nodes along a route; of several towns of one name those that make the shortest route."""
    best = {option: (0.0, [option]) for option in node[plain(route[0])]}
    for name in route[1:]:
        longer = {}
        for option in node[plain(name)]:
            longer[option] = min(
                (total + float(np.hypot(option[1] - last[1], option[2] - last[2])), [*stops, option])
                for last, (total, stops) in best.items()
            )
        best = longer
    return [option[0] for option in min(best.values())[1]]
