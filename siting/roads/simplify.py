"""Fewer nodes, the same times: nodes that merely continue a road are merged away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siting.compiled import kernel
from siting.roads.graph import MAX_METRES, MAX_MS, Roads
from siting.roads.parts import starts

_STAYS, _MERGES, _CUTS = 0, 1, 2
"""What becomes of a node; one that cuts would be merged if the sum of its road did not run over."""


def simplify(roads: Roads, keep: NDArray[np.bool_]) -> Roads:
    """Merge the nodes that merely continue a road, and drop nodes without edges.

    A node outside ``keep`` continues a road if it has exactly two neighbours, its edges are all of
    one class, and they lead through it both ways or one way. The edges along such nodes become one,
    its ms and metres their sums (metres -1 if any are unknown); where that makes parallel edges the
    fastest stays, and an edge back to where it began goes. A road is not merged on past what int32
    holds. Shortest times between all nodes that remain are exactly what they were.

    Args:
        roads: V nodes and E edges, these sorted by (tail, head), none from a node to itself, none
            parallel.
        keep: (V,) nodes that must remain: the ends of all searches.

    Returns:
        The graph of what remains; nodes in their order, edges sorted by (tail, head).
    """
    start = starts(roads)
    fate = np.zeros(len(roads.ids), dtype=np.int8)
    entry = np.zeros(2 * len(fate), dtype=np.int32)
    entries = np.zeros(len(fate), dtype=np.int8)
    _find_through(start, roads.tail, roads.head, roads.klass, keep, entry, entries, fate)
    _cut_long(start, roads.head, roads.ms, roads.metres, fate)
    most = int(np.diff(start)[fate != _MERGES].sum())
    tail, head, edge = (np.empty(most, dtype=np.int32) for _ in range(3))
    ms, metres = (np.empty(most, dtype=np.int32) for _ in range(2))
    size = _merge(start, roads.head, roads.ms, roads.metres, fate, tail, head, edge, ms, metres)
    tail, head = tail[:size], head[:size]
    left = keep.copy()
    left[tail] = True
    left[head] = True
    number = np.cumsum(left, dtype=np.int32) - np.int32(1)
    return replace(
        roads,
        ids=roads.ids[left],
        lat=roads.lat[left],
        lon=roads.lon[left],
        tail=number[tail],
        head=number[head],
        ms=ms[:size].copy(),
        klass=roads.klass[edge[:size]],
        metres=metres[:size].copy(),
    )


@kernel
def _find_through(start, tail, head, klass, keep, entry, entries, fate):  # type: ignore[no-untyped-def]
    """Set fate[node] of nodes that merely continue a road.

    ``entry`` (2 V,) receives up to two edges into every node, ``entries`` (V,) their number, 3 for
    any more.
    """
    for edge in range(len(head)):
        node = head[edge]
        if entries[node] < 2:
            entry[2 * node + entries[node]] = edge
        if entries[node] < 3:
            entries[node] += 1
    for node in range(len(fate)):
        first = start[node]
        ways = start[node + 1] - first
        if keep[node] or ways != entries[node] or ways < 1 or ways > 2:
            continue
        one = entry[2 * node]
        if klass[one] != klass[first]:
            continue
        if ways == 1:
            if tail[one] != head[first]:
                fate[node] = _MERGES
            continue
        other = entry[2 * node + 1]
        if klass[other] != klass[first] or klass[first + 1] != klass[first]:
            continue
        # Edges are sorted: those out by head, and those in, found in order, by tail.
        if tail[one] == head[first] and tail[other] == head[first + 1]:
            fate[node] = _MERGES


@kernel
def _cut_long(start, head, ms, metres, fate):  # type: ignore[no-untyped-def]
    """Let nodes cut roads whose sum int32 does not hold; a cut for one direction is one for both."""
    for source in range(len(fate)):
        if fate[source] != _STAYS:
            continue
        for first in range(start[source], start[source + 1]):
            before = source
            edge = first
            node = head[edge]
            time = np.int64(ms[edge])
            length = np.int64(metres[edge])
            while fate[node] != _STAYS:
                edge = start[node]
                if head[edge] == before:
                    edge += 1
                before = node
                time += ms[edge]
                length += metres[edge]
                if fate[node] == _CUTS or time > MAX_MS or length > MAX_METRES:
                    fate[node] = _CUTS
                    time = np.int64(ms[edge])
                    length = np.int64(metres[edge])
                node = head[edge]


@kernel
def _merge(  # type: ignore[no-untyped-def]
    start, head, ms, metres, fate, tail_out, head_out, edge_out, ms_out, metres_out
):
    """Write the edges between nodes that stay, sorted by (tail, head); returns how many.

    ``edge_out`` receives the first of the edges each is made of.
    """
    size = 0
    for source in range(len(fate)):
        if fate[source] == _MERGES:
            continue
        row = size
        for first in range(start[source], start[source + 1]):
            before = source
            edge = first
            node = head[edge]
            time = ms[edge]
            length = metres[edge]
            while fate[node] == _MERGES:
                edge = start[node]
                if head[edge] == before:
                    edge += 1
                before = node
                time += ms[edge]
                length = length + metres[edge] if length >= 0 and metres[edge] >= 0 else -1
                node = head[edge]
            if node == source:
                continue
            place = size
            while place > row and head_out[place - 1] > node:
                place -= 1
            if place > row and head_out[place - 1] == node:
                place -= 1
                if time >= ms_out[place]:
                    continue
            else:
                for k in range(size, place, -1):
                    head_out[k] = head_out[k - 1]
                    edge_out[k] = edge_out[k - 1]
                    ms_out[k] = ms_out[k - 1]
                    metres_out[k] = metres_out[k - 1]
                tail_out[size] = source
                size += 1
            head_out[place] = node
            edge_out[place] = first
            ms_out[place] = time
            metres_out[place] = length
    return size
