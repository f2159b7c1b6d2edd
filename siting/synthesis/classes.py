"""Which links belong to which class of road: named national routes, and ways between towns."""

from __future__ import annotations

from collections.abc import Iterator
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
from siting.synthesis.plane import Flags, Floats, Longs, Points, to_plane

CLASSES = ("trunk", "regional", "district", "local", "street")
KMH = {"trunk": 85.0, "regional": 71.0, "district": 61.0, "local": 47.0, "street": 32.0, "crossing": 35.0}
"""Car speeds; of a street or crossing along the straight line, of others along the road. A crossing
is a link over more than 40 km of water or empty land: a ferry of 19 knots, or a slow local road."""
DETOUR = 1.2
"""Road km per straight km."""
STRAIGHT = ("street", "crossing")
"""Classes whose speed is along the straight line; a way between towns leaves them what they are."""
TOWNS = (("regional", 15_000, 150.0), ("district", 3_000, 80.0))
"""Class, least people of the towns it joins, and longest way in straight km."""
BATCH = 32
"""Starts searched at a time: the answer for one start is as long as the table of places."""

Classes = NDArray[np.object_]
"""(E,) class of each link."""
Stop = tuple[int, float, float]
"""Node, and its km east and north."""


@dataclass(frozen=True)
class Ways:
    """A search graph of the links at the speeds of their present classes.

    Attributes:
        hours: (V, V) hours of a car, both ways.
        keys: (E,) low * V + high of the ends of each link, ascending.
    """

    hours: csr_array
    keys: Longs

    def links(self, pairs: Links, limit: float) -> tuple[Longs, Flags]:
        """The links of the fastest way of each pair (start, end) of nodes.

        Args:
            pairs: (P, 2).
            limit: hours at which the search stops.

        Returns:
            numbers of the links, and which pairs are joined within the limit, (P,).
        """
        starts, row = np.unique(pairs[:, 0], return_inverse=True)
        before = dijkstra(self.hours, indices=starts, return_predecessors=True, limit=limit)[1]
        joined = before[row, pairs[:, 1]] >= 0
        row, step = row[joined], pairs[joined, 1]
        found = [np.empty(0, dtype=np.int64)]
        while len(step):
            last = before[row, step].astype(np.int64)
            keys = np.minimum(last, step) * self.hours.shape[0] + np.maximum(last, step)
            found.append(np.searchsorted(self.keys, keys))
            under_way = last != starts[row]
            row, step = row[under_way], last[under_way]
        return np.concatenate(found), joined


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
    routes = route_nodes(towns, facts)
    for letter, name in (("M", "trunk"), ("H", "regional"), ("P", "district")):
        stages = np.array([pair for kind, way in routes if kind == letter for pair in pairwise(way)])
        _raise(classes, points, links, stages, name)
    join_towns(classes, points, links, towns["node"].to_numpy(), towns["population"].to_numpy())
    return classes


def join_towns(classes: Classes, points: Points, links: Links, node: Longs, population: Longs) -> None:
    """Raise the ways between neighbouring towns to the class their size asks for, in place.

    Args:
        classes: (E,) class of each link.
        points: (V, 2) on the plane or (V, 3) on the globe.
        links: (E, 2), sorted, all nodes connected.
        node, population: (T,) node and people of each town.
    """
    for name, people, longest in TOWNS:
        big = node[population >= people]
        if len(big) < 2:
            continue
        pairs = gabriel(points[big])
        pairs = pairs[lengths(points[big], pairs) <= longest]
        _raise(classes, points, links, big[pairs], name)


def road_km(straight: Floats, classes: Classes) -> Floats:
    """Km along the road of links of each class, (E,), to the nearest 10 m.

    Two places GeoNames puts at one spot are 10 m apart, or the road between them takes no time.
    """
    detour = np.where(np.isin(classes, STRAIGHT), 1.0, DETOUR)
    return np.asarray(np.round(straight * detour, 2).clip(min=0.01))


def route_nodes(towns: pd.DataFrame, facts: Facts) -> list[tuple[str, list[int]]]:
    """Letter (M, H or P) and nodes of each national route; towns as in :func:`link_classes`."""
    node = _nodes_by_name(towns)
    return [(letter, _stops(route, node)) for letter, route in facts.corridors]


def _raise(classes: Classes, points: Points, links: Links, pairs: Links, name: str) -> None:
    """Raise the links of the fastest ways between pairs of nodes to a class, in place."""
    ways = _ways(classes, points, links)
    used = np.zeros(len(links), dtype=bool)
    left = pairs[pairs[:, 0] != pairs[:, 1]]
    # Most ways are faster than a straight local road, and far fewer nodes than all are searched.
    reach = np.maximum(lengths(points, left), 1.0) / KMH["local"]
    while len(left):
        far = np.zeros(len(left), dtype=bool)
        for batch in _batches(left[:, 0], reach):
            found, joined = ways.links(left[batch], reach[batch].max())
            used[found] = True
            far[batch] = ~joined
        left, reach = left[far], 2 * reach[far]
    lower = CLASSES[CLASSES.index(name) + 1 :]
    classes[used & np.isin(classes, lower) & ~np.isin(classes, STRAIGHT)] = name


def _batches(start: Longs, reach: Floats) -> Iterator[Longs]:
    """Numbers of the pairs of some starts of like reach at a time."""
    row = np.unique(start, return_inverse=True)[1]
    longest = np.zeros(row.max() + 1)
    np.maximum.at(longest, row, reach)
    rank = np.empty(len(longest), dtype=np.int64)
    rank[np.argsort(longest, kind="stable")] = np.arange(len(longest))
    for first in range(0, len(longest), BATCH):
        yield np.flatnonzero((rank[row] >= first) & (rank[row] < first + BATCH))


def _ways(classes: Classes, points: Points, links: Links) -> Ways:
    size = len(points)
    hours = lengths(points, links) / np.array([KMH[name] for name in classes])
    both = np.concatenate([links, links[:, ::-1]])
    graph = csr_array((np.tile(hours, 2), (both[:, 0], both[:, 1])), shape=(size, size))
    return Ways(graph, links[:, 0] * size + links[:, 1])


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
