"""The raw road graph: every two consecutive nodes of a way are a segment, open one way or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.compiled import kernel
from siting.readers.osm.nodes import Located, degrees
from siting.readers.osm.rules import Rule
from siting.readers.osm.ways import Ways
from siting.roads.graph import MAX_MS, Roads
from siting.roads.snap import metres

_STEP = 1 << 21
"""Segments measured at a time, so that the trigonometry takes little memory."""


@dataclass(frozen=True)
class Chains:
    """The nodes of W ways one after another, N of them, numbered from 0 to V.

    Attributes:
        ids: (V,) int64 node ids, in the order in which they first occur.
        node: (N,) int32 index into ``ids``.
        size: (W,) nodes of each way.
        rule: (W,) int32 index of the rule of each way.
    """

    ids: NDArray[np.int64]
    node: NDArray[np.int32]
    size: NDArray[np.int64]
    rule: NDArray[np.int32]


@dataclass(frozen=True)
class Segments:
    """S segments between V nodes.

    Attributes:
        ids: (V,) int64 node ids, in the order in which they first occur.
        lat, lon: (V,) degrees; 0 of nodes that the file does not hold.
        a, b: (S,) int32 nodes at the ends, in the direction of the way.
        rule: (S,) int32 index of the rule of the way.
        cut: segments that are left out since the file does not hold both ends.
    """

    ids: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    rule: NDArray[np.int32]
    cut: int


def chains(ways: Ways) -> Chains:
    """The nodes of all ways, numbered; those of ``ways`` are given up, so that memory holds them once."""
    refs, size, rule = _joined(ways.refs), _joined(ways.size), _joined(ways.rule)
    node, ids = pd.factorize(refs)
    return Chains(ids, node.astype(np.int32), size, rule.astype(np.int32))


def segments(roads: Chains, nodes: Located) -> Segments:
    """The segments of all ways between nodes that are located."""
    row, known = nodes.find(roads.ids)
    lat, lon = np.zeros(len(row)), np.zeros(len(row))
    lat[known], lon[known] = degrees(nodes.y[row[known]]), degrees(nodes.x[row[known]])
    inside = np.ones(len(roads.node), dtype=bool)
    inside[np.cumsum(roads.size) - 1] = False  # no segment begins at the last node of a way
    first = np.flatnonzero(inside)
    a, b = roads.node[first], roads.node[first + 1]
    rule = np.repeat(roads.rule, roads.size)[first]
    whole = known[a] & known[b]
    kept = whole & (a != b)
    return Segments(roads.ids, lat, lon, a[kept], b[kept], rule[kept], int((~whole).sum()))


def raw_roads(found: Segments, rules: list[Rule]) -> Roads:
    """The raw graph.

    An edge's length is the great circle between its ends in whole metres, its time the car's over
    the exact length in whole ms, at least 1. Of parallel edges the fastest counts.

    Returns:
        The graph with int64 ids; edges sorted by (tail, head).
    """
    classes = tuple(sorted({one.klass for one in rules}))
    klass = np.array([classes.index(one.klass) for one in rules], dtype=np.int16)
    kmh = np.array([(one.forward, one.backward) for one in rules], dtype=np.float64).reshape(-1, 2)
    ms, whole_m = _measured(found, kmh)
    start = np.zeros(len(found.ids) + 1, dtype=np.int64)
    _count(found.a, found.b, ms, start)
    np.cumsum(start, out=start)
    edges = int(start[-1])
    head, time, segment = (np.empty(edges, dtype=np.int32) for _ in range(3))
    size = _sort_out(found.a, found.b, ms, start, head, time, segment)
    of, tail = segment[:size], np.repeat(np.arange(len(found.ids), dtype=np.int32), np.diff(start))
    return Roads(
        ids=cast(Any, found.ids),
        lat=found.lat,
        lon=found.lon,
        tail=tail,
        head=head[:size],
        ms=time[:size],
        classes=classes,
        klass=klass[found.rule[of]],
        metres=whole_m[of],
    )


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """All batches as one array; the list is emptied."""
    whole = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    parts.clear()
    return whole


def _measured(found: Segments, kmh: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Car ms each way, (S, 2), 0 where closed, and length in metres, (S,)."""
    ms, length = np.zeros((len(found.a), 2), dtype=np.int32), np.zeros(len(found.a), dtype=np.int32)
    for begin in range(0, len(found.a), _STEP):
        part = slice(begin, begin + _STEP)
        a, b = found.a[part], found.b[part]
        exact = metres(found.lat[a], found.lon[a], found.lat[b], found.lon[b])
        length[part] = np.rint(exact)
        speed = kmh[found.rule[part]]
        time = 3_600 * exact[:, None] / np.where(speed > 0, speed, 1)
        ms[part] = np.where(speed > 0, np.clip(np.rint(time), 1, MAX_MS), 0)
    return ms, length


@kernel
def _count(a, b, ms, start):  # type: ignore[no-untyped-def]
    """start[v + 1] becomes the number of edges out of node v."""
    for s in range(len(a)):
        start[a[s] + 1] += ms[s, 0] > 0
        start[b[s] + 1] += ms[s, 1] > 0


@kernel
def _sort_out(a, b, ms, start, head, time, segment):  # type: ignore[no-untyped-def]
    """Write the edges sorted by (tail, head), of parallel ones the fastest; returns how many.

    ``start`` (V+1,), where the edges out of every node begin, becomes what it is without the
    parallel ones.
    """
    last = start[:-1].copy()
    for s in range(len(a)):
        for back in range(2):
            if ms[s, back] > 0:
                tail = b[s] if back else a[s]
                to = a[s] if back else b[s]
                place = last[tail]
                while place > start[tail] and head[place - 1] > to:
                    place -= 1
                if place > start[tail] and head[place - 1] == to:
                    if ms[s, back] < time[place - 1]:
                        time[place - 1] = ms[s, back]
                        segment[place - 1] = s
                    continue
                for k in range(last[tail], place, -1):
                    head[k] = head[k - 1]
                    time[k] = time[k - 1]
                    segment[k] = segment[k - 1]
                head[place] = to
                time[place] = ms[s, back]
                segment[place] = s
                last[tail] += 1
    size = 0
    for node in range(len(last)):
        begin = start[node]
        start[node] = size
        for k in range(begin, last[node]):
            head[size] = head[k]
            time[size] = time[k]
            segment[size] = segment[k]
            size += 1
    start[len(last)] = size
    return size
