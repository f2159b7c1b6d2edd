"""Where points beside the roads meet them: the nearest edge or junction of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siting.compiled import kernel
from siting.roads.graph import Roads
from siting.roads.nearest import between, nearest_segment
from siting.roads.parts import starts
from siting.roads.snap import Floats, degrees, metres, unit

Nodes = NDArray[np.int32]
Flags = NDArray[np.bool_]

WALK_IN = "walk-in"
"""Class of the edges that link a point to the roads; nothing else is ever joined to these."""

AT_END_M = 1.0
"""A foot this near to an end of its edge is that end."""


@dataclass(frozen=True)
class Feet:
    """Where on a graph the points nearest to N points are.

    Attributes:
        edge: (N,) int32 edge the foot is on, -1 where it is a node.
        back: (N,) int32 edge the other way, -1 where there is none.
        node: (N,) int32 node that is the foot, -1 where it is on an edge.
        share: (N,) how far along ``edge`` the foot is, 0 to 1.
        lat, lon: (N,) degrees of the foot.
        metres: (N,) straight line to it, on the sphere.
    """

    edge: Nodes
    back: Nodes
    node: Nodes
    share: Floats
    lat: Floats
    lon: Floats
    metres: Floats

    def take(self, rows: NDArray[np.intp]) -> Feet:
        """Those of some of the points."""
        return Feet(**{name: column[rows] for name, column in vars(self).items()})


def find_feet(roads: Roads, lat: Floats, lon: Floats, usable: Flags, drawn: Flags | None = None) -> Feet:
    """The nearest point of the roads to each point, on an edge or at a node.

    Every edge is the straight line between its ends. Links of points joined before are no roads.

    Args:
        roads: edges sorted by (tail, head), none from a node to itself, none parallel.
        lat, lon: (N,) degrees, finite.
        usable: (V,) nodes between which to look; those without an edge or without coordinates
            never count.
        drawn: (E,) edges that are straight lines; of others only the ends count. None: all are.

    Returns:
        The feet; where there is no usable node, no edge and no node, infinitely far.
    """
    back = np.full(len(roads.tail), -1, dtype=np.int32)
    _find_back(starts(roads), roads.tail, roads.head, back)
    one, two, edge = _segments(roads, usable, drawn, back)
    if not len(one):
        none, far = np.full(len(lat), -1, dtype=np.int32), np.full(len(lat), np.inf)
        return Feet(none, none, none, far, far, far, far)
    found, along = nearest_segment(lat, lon, roads.lat, roads.lon, one, two)
    one, two, edge = one[found], two[found], edge[found]
    start, end = unit(roads.lat[one], roads.lon[one]), unit(roads.lat[two], roads.lon[two])
    at_lat, at_lon = degrees(between(start, end, along))
    before = metres(at_lat, at_lon, roads.lat[one], roads.lon[one])
    after = metres(at_lat, at_lon, roads.lat[two], roads.lon[two])
    first = before <= after
    back = np.where(edge >= 0, back[edge], -1).astype(np.int32)
    brief = (roads.ms[edge] < 2) | ((back >= 0) & (roads.ms[back] < 2))
    at_end = (edge < 0) | brief | (np.minimum(before, after) <= AT_END_M)
    node = np.where(at_end, np.where(first, one, two), -1).astype(np.int32)
    at_lat, at_lon = np.where(at_end, roads.lat[node], at_lat), np.where(at_end, roads.lon[node], at_lon)
    return Feet(
        edge=np.where(at_end, -1, edge).astype(np.int32),
        back=np.where(at_end, -1, back).astype(np.int32),
        node=node,
        share=np.where(at_end, 0.0, before / np.where(at_end, 1.0, before + after)),
        lat=at_lat,
        lon=at_lon,
        metres=metres(lat, lon, at_lat, at_lon),
    )


def off_links(roads: Roads) -> Flags:
    """Edges that are roads, not links of points joined before, (E,)."""
    if WALK_IN not in roads.classes:
        return np.ones(len(roads.tail), dtype=bool)
    return np.asarray(roads.klass != roads.classes.index(WALK_IN), dtype=np.bool_)


def _segments(roads: Roads, usable: Flags, drawn: Flags | None, back: Nodes) -> tuple[Nodes, Nodes, Nodes]:
    """The ends of all lines to look at, and the edge each is; (K,).

    Edges there and back are one line. The nodes between which there is none are lines of no length
    and of edge -1.
    """
    road = off_links(roads)
    has = np.zeros(len(roads.ids), dtype=bool)
    has[roads.tail[road]] = True
    has[roads.head[road]] = True
    has &= usable & np.isfinite(roads.lat) & np.isfinite(roads.lon)
    line = road & has[roads.tail] & has[roads.head]
    if drawn is not None:
        line &= drawn
    twice = np.flatnonzero(back >= 0)
    line[twice[~line[back[twice]]]] = False
    line[twice[roads.tail[twice] > roads.head[twice]]] = False
    edge = np.flatnonzero(line).astype(np.int32)
    has[roads.tail[edge]] = False
    has[roads.head[edge]] = False
    alone = np.flatnonzero(has).astype(np.int32)
    return (
        np.concatenate((roads.tail[edge], alone)),
        np.concatenate((roads.head[edge], alone)),
        np.concatenate((edge, np.full(len(alone), -1, dtype=np.int32))),
    )


@kernel
def _find_back(start, tail, head, back):  # type: ignore[no-untyped-def]
    """Set back[edge] to the edge the other way, if there is one."""
    for edge in range(len(head)):
        goal = tail[edge]
        low = start[head[edge]]
        high = start[head[edge] + 1]
        while low < high:
            middle = (low + high) >> 1
            if head[middle] < goal:
                low = middle + 1
            else:
                high = middle
        if low < start[head[edge] + 1] and head[low] == goal:
            back[edge] = low
