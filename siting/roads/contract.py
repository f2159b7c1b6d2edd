"""Road graphs without the nodes that nobody asks about: shorter searches, the same times.

A node that is no terminal and has few neighbours is removed, and every way through it becomes an
edge from its one neighbour to its other, unless there is one as fast: vertex elimination, as in
solving sparse equations, over (min, +). Between the nodes that stay no time changes by a
millisecond, since all are whole numbers; so who is nearest does not change either, ties included.

One thread. A road graph of three million nodes takes about a second, three if its numbers say nothing
about where nodes are, and 90 bytes per node beside the network itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siting.compiled import inner, kernel
from siting.roads.times import NEVER, Network

_WORTHWHILE = 1.5
"""Nodes per terminal from which on contraction pays."""

_LEVELS = (3, 4)
"""Neighbours of the nodes that are removed, after those with no more than two. To go on with five
takes as long as the search becomes shorter."""

_SLOTS = 12
"""Neighbours for which every node has room; whoever would have more keeps a node beside it."""

_HUB = 64
"""Neighbours of a node beside which nothing is removed, since each is looked for one by one."""

_FEW = 200
"""A sweep that removes less than one node in so many is the last of its kind."""

_OTHER, _OUT, _BACK = 0, 1, 2
"""Columns of a side: the neighbour, ms to it and ms back, ``NEVER`` where there is no edge."""


@dataclass(frozen=True, eq=False)
class Contracted:
    """A network with fewer nodes.

    Attributes:
        net: V' nodes, in the order of the ones they were; within a node edges in order of head.
        node: (V',) int32 what each was before.
        place: (V,) int32 what each has become, -1 where it was removed.
    """

    net: Network
    node: NDArray[np.int32]
    place: NDArray[np.int32]


def contract(net: Network, terminal: NDArray[np.bool_]) -> Contracted:
    """Remove what is no terminal and has at most four neighbours, over and over.

    Args:
        net: the network.
        terminal: (V,) nodes that must stay. Where most nodes are terminals, all stay.

    Returns:
        A network with the same times between any two of its nodes; a way of ``NEVER`` or more is none.
    """
    count = net.nodes
    if count <= _WORTHWHILE * np.count_nonzero(terminal):
        every = np.arange(count, dtype=np.int32)
        return Contracted(net, every, every)
    free = ~terminal
    start, sides = _both_ways(net)
    size = np.diff(start).astype(np.int32)
    _sweep(start, size, sides, free, 2)
    node = np.flatnonzero(size >= 0).astype(np.int32)
    start, size, sides = _packed(start, size, sides, node)
    free = free[node]
    for most in _LEVELS:
        _sweep(start, size, sides, free, most)
    stays = np.flatnonzero(size >= 0).astype(np.int32)
    node = node[stays]
    place = np.full(count, -1, dtype=np.int32)
    place[node] = np.arange(len(node), dtype=np.int32)
    return Contracted(_one_way(start, size, sides, stays), node, place)


def _both_ways(net: Network) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Neighbours of node v in either direction: sides[start[v]:start[v+1]], in order of number."""
    edges = len(net.head)
    back_start = np.zeros(net.nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(net.head, minlength=net.nodes), out=back_start[1:])
    tail, back_ms = np.empty(edges, dtype=np.int32), np.empty(edges, dtype=np.int32)
    _reverse(net.indptr, net.head, net.ms, back_start[:-1].copy(), tail, back_ms)
    start = np.empty(net.nodes + 1, dtype=np.int64)
    sides = np.empty((2 * edges, 3), dtype=np.int32)  # what is not written to takes no memory
    _join(net.indptr, net.head, net.ms, back_start, tail, back_ms, start, sides)
    return start, sides


def _sweep(
    start: NDArray[np.int64], size: NDArray[np.int32], sides: NDArray[np.int32], free: NDArray[np.bool_],
    most: int,
) -> None:  # fmt: skip
    """Remove free nodes with at most so many neighbours, until hardly any is left; size becomes -1."""
    found = np.empty((most, most), dtype=np.int64)
    few = len(size) // _FEW
    while _remove_all(start, size, sides, free, most, found) > few:
        pass


def _packed(
    start: NDArray[np.int64], size: NDArray[np.int32], sides: NDArray[np.int32], node: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Start, size and sides of some nodes alone, renumbered, with room for more."""
    place = np.empty(len(size), dtype=np.int32)
    place[node] = np.arange(len(node), dtype=np.int32)
    begin = np.zeros(len(node) + 1, dtype=np.int64)
    np.cumsum(np.maximum(size[node], _SLOTS), out=begin[1:])
    packed = np.empty((begin[-1], 3), dtype=np.int32)
    _pack(start, size, sides, node, place, begin, packed)
    return begin, size[node], packed


def _one_way(
    start: NDArray[np.int64], size: NDArray[np.int32], sides: NDArray[np.int32], stays: NDArray[np.int32]
) -> Network:
    """The forward star of the nodes that stay."""
    place = np.empty(len(size), dtype=np.int32)
    place[stays] = np.arange(len(stays), dtype=np.int32)
    indptr = np.zeros(len(stays) + 1, dtype=np.int64)
    room = int(size[stays].sum(dtype=np.int64))
    head, ms = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    used = _forward(start, size, sides, stays, place, indptr, head, ms)
    return Network(indptr, head[:used].copy(), ms[:used].copy())


@kernel
def _reverse(indptr, head, ms, place, tail_out, ms_out):  # type: ignore[no-untyped-def]
    """Edges by head, within a head by tail; ``place`` is where each head's begin."""
    for node in range(len(indptr) - 1):
        for edge in range(indptr[node], indptr[node + 1]):
            to = place[head[edge]]
            tail_out[to] = node
            ms_out[to] = ms[edge]
            place[head[edge]] = to + 1


@kernel
def _join(indptr, head, ms, back_ptr, tail, back_ms, start, sides):  # type: ignore[no-untyped-def]
    """Merge edges out of and into every node, each sorted by the node at the other end."""
    count = len(indptr) - 1
    used = 0
    for node in range(count):
        start[node] = used
        i = indptr[node]
        j = back_ptr[node]
        while i < indptr[node + 1] or j < back_ptr[node + 1]:
            other = count
            if i < indptr[node + 1]:
                other = head[i]
            if j < back_ptr[node + 1]:
                other = min(other, tail[j])
            out = np.int64(NEVER)
            back = np.int64(NEVER)
            while i < indptr[node + 1] and head[i] == other:
                out = min(out, ms[i])
                i += 1
            while j < back_ptr[node + 1] and tail[j] == other:
                back = min(back, back_ms[j])
                j += 1
            if other != node and min(out, back) < NEVER:
                sides[used, _OTHER] = other
                sides[used, _OUT] = out
                sides[used, _BACK] = back
                used += 1
    start[count] = used


@inner
def _position(start, size, sides, node, other):  # type: ignore[no-untyped-def]
    """Where ``other`` stands among the sides of a node, -1 if it does not."""
    for position in range(start[node], start[node] + size[node]):
        if sides[position, _OTHER] == other:
            return position
    return np.int64(-1)


@inner
def _has_room(start, size, sides, node, found):  # type: ignore[no-untyped-def]
    """Whether a node may go; found[i, j] becomes the position of its neighbour j beside neighbour i."""
    begin = start[node]
    for i in range(size[node]):
        one = sides[begin + i, _OTHER]
        if size[one] > _HUB:
            return False
        after = size[one] - 1
        for j in range(size[node]):
            if i == j:
                continue
            found[i, j] = _position(start, size, sides, one, sides[begin + j, _OTHER])
            if found[i, j] < 0:
                after += 1
        if start[one] + after > start[one + 1]:
            return False
    return True


@inner
def _bypass(start, size, sides, node, i, found):  # type: ignore[no-untyped-def]
    """Replace a node, among the sides of its neighbour i, by its other neighbours."""
    begin = start[node]
    one = sides[begin + i, _OTHER]
    hole = _position(start, size, sides, one, node)
    for j in range(size[node]):
        out = np.int64(sides[begin + i, _BACK]) + sides[begin + j, _OUT]
        back = np.int64(sides[begin + j, _BACK]) + sides[begin + i, _OUT]
        if i == j or min(out, back) >= NEVER:
            continue
        to = found[i, j]
        if to < 0:
            to = hole
            if hole < 0:
                to = start[one] + size[one]
                size[one] += 1
            hole = np.int64(-1)
            sides[to, _OTHER] = sides[begin + j, _OTHER]
            sides[to, _OUT] = NEVER
            sides[to, _BACK] = NEVER
        sides[to, _OUT] = min(out, sides[to, _OUT])
        sides[to, _BACK] = min(back, sides[to, _BACK])
    if hole >= 0:
        size[one] -= 1
        last = start[one] + size[one]
        for column in range(3):
            sides[hole, column] = sides[last, column]


@kernel
def _remove_all(start, size, sides, free, most, found):  # type: ignore[no-untyped-def]
    """Go through all nodes once and remove what may go; returns how many."""
    removed = 0
    for first in range(len(size)):
        node = first
        # Behind a dead end that is gone its neighbour may be one.
        while free[node] and 0 <= size[node] <= most and _has_room(start, size, sides, node, found):
            for i in range(size[node]):
                _bypass(start, size, sides, node, i, found)
            alone = size[node] == 1
            size[node] = -1
            removed += 1
            if not alone:
                break
            node = sides[start[node], _OTHER]
    return removed


@kernel
def _pack(start, size, sides, nodes, place, begin, packed):  # type: ignore[no-untyped-def]
    """Copy the sides of some nodes, under their new numbers."""
    for k in range(len(nodes)):
        to = begin[k]
        for position in range(start[nodes[k]], start[nodes[k]] + size[nodes[k]]):
            packed[to, _OTHER] = place[sides[position, _OTHER]]
            packed[to, _OUT] = sides[position, _OUT]
            packed[to, _BACK] = sides[position, _BACK]
            to += 1


@kernel
def _forward(start, size, sides, nodes, place, indptr, head, ms):  # type: ignore[no-untyped-def]
    """Edges out of some nodes, under new numbers and sorted by head; returns how many."""
    used = 0
    for k in range(len(nodes)):
        for position in range(start[nodes[k]], start[nodes[k]] + size[nodes[k]]):
            if sides[position, _OUT] == NEVER:
                continue
            other = place[sides[position, _OTHER]]
            to = used
            while to > indptr[k] and head[to - 1] > other:
                head[to] = head[to - 1]
                ms[to] = ms[to - 1]
                to -= 1
            head[to] = other
            ms[to] = sides[position, _OUT]
            used += 1
        indptr[k + 1] = used
    return used
