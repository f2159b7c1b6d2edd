"""Many-to-many travel times on integer milliseconds, by numba kernels on arrays.

The searches are Dijkstra's (1959) with a binary heap of (time, node) packed into one int64, so
that ties are settled by node number and every run gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siting.compiled import kernel, part
from siting.parallel import in_blocks
from siting.roads.graph import Roads

NEVER = np.int32(2**31 - 1)
"""Node label of a search: not reached. It stays inside the search; results leave it out."""

_SOURCES_PER_BLOCK = 1024
"""Sources that one thread searches from at a time; small enough to share out evenly."""

_PAIRS_PER_BLOCK = 1 << 20


@dataclass(frozen=True)
class Network:
    """Forward star of a road graph for one vehicle: edges of node v are indptr[v]:indptr[v+1], by head.

    Attributes:
        indptr: (V+1,) int64.
        head: (E,) int32 node at the end of each edge.
        ms: (E,) int32 travel time of this vehicle in ms, > 0.
    """

    indptr: NDArray[np.int64]
    head: NDArray[np.int32]
    ms: NDArray[np.int32]

    @property
    def nodes(self) -> int:
        """Number of nodes V."""
        return len(self.indptr) - 1


def network(roads: Roads, vehicle_factor: float) -> Network:
    """The road graph with every edge's car time multiplied and rounded to ms (at least 1).

    What int32 cannot hold becomes ``NEVER``, which no search enters.
    """
    tail, head, car = roads.tail, roads.head, roads.ms
    pair = tail.astype(np.int64) * len(roads.ids) + head
    if np.any(pair[1:] < pair[:-1]):  # roads as they are read are in order already
        order = np.argsort(pair, kind="stable")
        tail, head, car = tail[order], head[order], car[order]
    indptr = np.zeros(len(roads.ids) + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=len(roads.ids)), out=indptr[1:])
    ms = np.clip(np.rint(car * vehicle_factor), 1, NEVER).astype(np.int32)
    return Network(indptr, head.astype(np.int32, copy=False), ms)


@part
def _push(heap, size, key):  # type: ignore[no-untyped-def]
    position = size
    while position > 0:
        parent = (position - 1) >> 1
        if heap[parent] <= key:
            break
        heap[position] = heap[parent]
        position = parent
    heap[position] = key
    return size + 1


@part
def _pop(heap, size):  # type: ignore[no-untyped-def]
    """Remove the smallest key; returns (key, new size)."""
    top = heap[0]
    size -= 1
    key = heap[size]
    position = 0
    while True:
        child = 2 * position + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[position] = heap[child]
        position = child
    heap[position] = key
    return top, size


@kernel
def _nearest(indptr, head, ms, source, offset, label, owner, heap):  # type: ignore[no-untyped-def]
    """Fill label and owner (V,), which begin as ``NEVER`` and -1."""
    size = 0
    for s in range(len(source)):
        node = source[s]
        # Strict: of equally fast sources at one node the first keeps it.
        if offset[s] < label[node]:
            label[node] = offset[s]
            owner[node] = s
            size = _push(heap, size, (np.int64(offset[s]) << 32) | node)
    while size > 0:
        key, size = _pop(heap, size)
        time = key >> 32
        node = key & 0xFFFFFFFF
        if time > label[node]:
            continue
        for edge in range(indptr[node], indptr[node + 1]):
            after = time + ms[edge]
            other = head[edge]
            if after < label[other]:
                label[other] = after
                owner[other] = owner[node]
                size = _push(heap, size, (after << 32) | other)
            elif after == label[other] and owner[node] < owner[other]:
                owner[other] = owner[node]


def nearest(
    net: Network, source: NDArray[np.int32], offset_ms: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Time of the nearest source to every node, in one search from all sources.

    Args:
        net: the network.
        source: (K,) nodes searched from.
        offset_ms: (K,) ms added at each source (turnout).

    Returns:
        (V,) int32 ms (``NEVER`` where no source reaches) and (V,) int32 number of the source,
        the lowest of equally fast ones, -1 where none reaches.
    """
    label, owner = np.full(net.nodes, NEVER, dtype=np.int32), np.full(net.nodes, -1, dtype=np.int32)
    heap = np.empty(len(net.head) + len(source) + 1, dtype=np.int64)
    _nearest(net.indptr, net.head, net.ms, source, offset_ms, label, owner, heap)
    return label, owner


@kernel
def _within(  # type: ignore[no-untyped-def]
    indptr, head, ms, source, offset, limit, terminal, first, ends, nodes_out, ms_out, label, touched, heap
):
    """Search from source[first], source[first+1], ... until the output might overflow.

    Returns the first source not searched. Arrays are preallocated by the caller: a kernel that
    grows its arrays runs several times slower.
    """
    used = 0
    for s in range(first, len(source)):
        if used + len(label) > len(nodes_out):
            return s
        size = 0
        count = 0
        node = source[s]
        if offset[s] <= limit[node]:
            label[node] = offset[s]
            touched[0] = node
            count = 1
            size = _push(heap, size, (np.int64(offset[s]) << 32) | node)
        while size > 0:
            key, size = _pop(heap, size)
            time = key >> 32
            node = key & 0xFFFFFFFF
            if time > label[node]:
                continue
            if terminal[node]:
                nodes_out[used] = node
                ms_out[used] = time
                used += 1
            for edge in range(indptr[node], indptr[node + 1]):
                after = time + ms[edge]
                other = head[edge]
                if after <= limit[other] and after < label[other]:
                    if label[other] == NEVER:
                        touched[count] = other
                        count += 1
                    label[other] = after
                    size = _push(heap, size, (after << 32) | other)
        for t in range(count):
            label[touched[t]] = NEVER
        ends[s] = used
    return len(source)


@dataclass(frozen=True, eq=False)
class Reached:
    """What the sources of one block reach.

    Attributes:
        first: number of the block's first source.
        ends: (k,) int64 source first + i reached nodes[ends[i - 1]:ends[i]], from 0 on.
        nodes: (m,) int32 nodes, per source in order of time.
        ms: (m,) int32 arrival at each.
    """

    first: int
    ends: NDArray[np.int64]
    nodes: NDArray[np.int32]
    ms: NDArray[np.int32]


def search(
    net: Network,
    source: NDArray[np.int32],
    offset_ms: NDArray[np.int32],
    limit_ms: NDArray[np.int32],
    terminal: NDArray[np.bool_],
    threads: int | None = None,
) -> list[Reached]:
    """As :func:`within`, block by block of sources.

    Args:
        net, source, offset_ms, limit_ms, terminal: see there.
        threads: see :func:`siting.parallel.cores`; the answer is the same for any number.
    """

    def one(first: int) -> Reached:
        last = first + _SOURCES_PER_BLOCK
        return _search_block(net, source[first:last], offset_ms[first:last], limit_ms, terminal, first)

    return in_blocks(one, range(0, len(source), _SOURCES_PER_BLOCK), threads, _within)


def _search_block(
    net: Network,
    source: NDArray[np.int32],
    offset_ms: NDArray[np.int32],
    limit_ms: NDArray[np.int32],
    terminal: NDArray[np.bool_],
    number: int,
) -> Reached:
    """The searches of one block, whose first source has the given number."""
    count = net.nodes
    label = np.full(count, NEVER, dtype=np.int32)
    touched = np.empty(count, dtype=np.int32)
    heap = np.empty(len(net.head) + 1, dtype=np.int64)
    room = max(_PAIRS_PER_BLOCK, count)
    nodes_out = np.empty(room, dtype=np.int32)
    ms_out = np.empty(room, dtype=np.int32)
    ends = np.zeros(len(source), dtype=np.int64)
    parts: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
    done, found = 0, 0
    while done < len(source):
        last = _within(
            net.indptr, net.head, net.ms, source, offset_ms, limit_ms, terminal,
            done, ends, nodes_out, ms_out, label, touched, heap,
        )  # fmt: skip
        used = int(ends[last - 1])
        parts.append((nodes_out[:used].copy(), ms_out[:used].copy()))
        ends[done:last] += found
        found += used
        done = last
    if len(parts) == 1:
        return Reached(number, ends, *parts[0])
    nodes, ms = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Reached(number, ends, nodes, ms)


def within(
    net: Network,
    source: NDArray[np.int32],
    offset_ms: NDArray[np.int32],
    limit_ms: NDArray[np.int32],
    terminal: NDArray[np.bool_],
    threads: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Every terminal node each source reaches in time, searching no farther than the limits.

    A node v is entered only at a time <= limit_ms[v]. This is exact for a common cutoff, and also
    for limits of the form "earlier than facilities that are open anyway": where those are at
    least as early at v, they are at least as early at every node beyond v.

    Args:
        net: the network.
        source: (K,) nodes searched from.
        offset_ms: (K,) ms added at each source (turnout).
        limit_ms: (V,) latest ms at which a node may be entered; negative closes it.
        terminal: (V,) nodes to report.
        threads: see :func:`siting.parallel.cores`; the answer is the same for any number.

    Returns:
        indptr (K+1,) int64, nodes (M,) int32 and ms (M,) int32: source k reaches
        nodes[indptr[k]:indptr[k+1]], in order of time.
    """
    blocks = search(net, source, offset_ms, limit_ms, terminal, threads)
    indptr = np.zeros(len(source) + 1, dtype=np.int64)
    if not blocks:
        empty = np.zeros(0, dtype=np.int32)
        return indptr, empty, empty
    starts = np.cumsum([0] + [len(block.nodes) for block in blocks])
    for block, start in zip(blocks, starts, strict=False):
        indptr[block.first + 1 : block.first + 1 + len(block.ends)] = block.ends + start
    return (
        indptr,
        np.concatenate([block.nodes for block in blocks]),
        np.concatenate([block.ms for block in blocks]),
    )
