"""Road graphs as sparse matrices, and searches on them by scipy.

The numbers are integers far below 2**53, which float64 holds exactly.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.errors import InstanceError
from siting.instance import Instance
from siting.instance.arrays import Floats, Ints, Longs
from siting.roads.graph import MAX_MS

_WHOLE = 1 << 20
"""Numbers of one search up to which the graph is searched as it is."""

_HELD = 1 << 25
"""Numbers that the searches from some nodes may hold at a time, 8 bytes each."""


class Graphs:
    """The road graph per vehicle and scenario in ms, and per scenario in metres; each made once."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._made: dict[tuple[float, int], csr_array] = {}
        self._metres: dict[int, csr_array] = {}

    def vehicle(self, factor: float, scenario: int = -1) -> csr_array:
        """Travel ms of a vehicle in a scenario, -1 for the roads as they are; (V, V)."""
        key = (factor, scenario)
        if key not in self._made:
            roads = self._instance.roads
            assert roads is not None
            tail, head, car = roads.tail, roads.head, roads.ms.astype(np.float64)
            edits = None if scenario < 0 else self._instance.scenarios[scenario].factor
            if edits is not None:
                passable = edits < np.inf
                tail, head = tail[passable], head[passable]
                car = np.minimum(np.maximum(np.rint(car[passable] * edits[passable]), 1.0), MAX_MS)
            self._made[key] = _matrix(len(roads.ids), tail, head, np.maximum(1.0, np.rint(car * factor)))
        return self._made[key]

    def metres(self, scenario: int = -1) -> csr_array:
        """Length of every road that a scenario leaves open, in metres, at least 1; (V, V).

        Raises:
            InstanceError: there is a road without a length.
        """
        if scenario not in self._metres:
            roads = self._instance.roads
            if roads is None or (roads.metres < 0).any():
                raise InstanceError("the model asks for distances, but not every road has km")
            length = np.maximum(1.0, roads.metres.astype(np.float64))
            edits = None if scenario < 0 else self._instance.scenarios[scenario].factor
            there = np.ones(len(length), dtype=bool) if edits is None else edits < np.inf
            tail, head = roads.tail[there], roads.head[there]
            self._metres[scenario] = _matrix(len(roads.ids), tail, head, length[there])
        return self._metres[scenario]


def _matrix(size: int, tail: Ints, head: Ints, weight: Floats) -> csr_array:
    """A sparse (size, size) matrix of edges, of parallel ones the least."""
    if not np.all(np.diff(tail.astype(np.int64) * size + head) > 0):
        order = np.lexsort((weight, head, tail))
        tail, head, weight = tail[order], head[order], weight[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        tail, head, weight = tail[first], head[first], weight[first]
    return csr_array((weight, (tail, head)), shape=(size, size))


def ways(graph: csr_array, source: Ints, target: Ints, limit: float) -> Floats:
    """Shortest ways from nodes (K,) to nodes (L,), inf where longer than the limit; (K, L).

    A search takes time and memory for every node, reached or not: of a large graph only what is
    within the limit of some source is looked at. It is quickest where sources lie close together.
    """
    size = graph.shape[0]
    start, end = source.astype(np.int64), target.astype(np.int64)
    if len(source) * size > _WHOLE:
        node = np.flatnonzero(np.isfinite(dijkstra(graph, indices=source, limit=limit, min_only=True)))
        number = np.full(size, -1, dtype=np.int64)
        number[node] = np.arange(len(node))
        graph, start, end = graph[node][:, node], number[source], number[target]
    found = np.full((len(start), len(end)), np.inf)
    there = np.flatnonzero(end >= 0)
    step = max(1, _HELD // max(1, graph.shape[0]))
    for first in range(0, len(start), step):
        some = dijkstra(graph, indices=start[first : first + step], limit=limit)
        found[first : first + step, there] = some[:, end[there]]
    return found


def spread(graph: csr_array, node: Ints, offset: Longs, number: Longs) -> tuple[Floats, Longs]:
    """Earliest time at every node from sources that start late, and the source it is due to.

    Args:
        graph: (V, V) travel ms.
        node, offset, number: (K,) where each source stands, its start in ms, and its number.

    Returns:
        (V,) ms, inf where unreached, and (V,) the lowest number of equally early sources, -1.
    """
    size = graph.shape[0]
    order = np.lexsort((number, offset, node))
    node, offset, number = node[order], offset[order], number[order]
    first = np.ones(len(node), dtype=bool)
    first[1:] = np.diff(node) != 0
    node, offset, number = node[first], offset[first], number[first]
    # scipy takes an explicit zero for a missing edge, so every start is 1 ms later meanwhile.
    joined = csr_array(
        (
            np.concatenate([graph.data, offset + 1]),
            np.concatenate([graph.indices, node], dtype=np.int32),
            np.concatenate([graph.indptr, [graph.indptr[-1] + len(node)]], dtype=np.int32),
        ),
        shape=(size + 1, size + 1),
    )
    labels, parents = dijkstra(joined, indices=[size], return_predecessors=True)
    label, before = labels[0, :size] - 1, parents[0, :size].astype(np.int64)
    parent = np.where((before < 0) | (before == size), np.arange(size), before)
    while not np.array_equal(parent, jumped := parent[parent]):
        parent = jumped
    own = np.full(size, np.iinfo(np.int64).max)
    own[node[offset == label[node]]] = number[offset == label[node]]
    owner = own[parent]
    np.minimum(owner, own, out=owner)
    settle_ties(graph, label, owner)
    return label, np.where(np.isfinite(label), owner, -1)


def settle_ties(graph: csr_array, label: Floats, owner: Longs) -> None:
    """Hand the lowest number along every edge that is part of some shortest path, in place."""
    tail = np.repeat(np.arange(len(label)), np.diff(graph.indptr))
    head = graph.indices
    reached = np.isfinite(label[tail])
    tight = np.flatnonzero(reached & (label[tail] + graph.data == label[head]))
    tail, head = tail[tight], head[tight]
    while True:
        lower = owner[tail] < owner[head]
        if not lower.any():
            return
        np.minimum.at(owner, head[lower], owner[tail[lower]])


class Search(Protocol):
    """A way to search the graphs, see :func:`ways` and :func:`spread`."""

    def ways(self, graph: csr_array, source: Ints, target: Ints, limit: float) -> Floats:
        """Shortest ways from nodes to nodes."""

    def spread(self, graph: csr_array, node: Ints, offset: Longs, number: Longs) -> tuple[Floats, Longs]:
        """Earliest time at every node."""


class _Scipy:
    """Searches by scipy."""

    ways = staticmethod(ways)
    spread = staticmethod(spread)


SCIPY: Search = _Scipy()
