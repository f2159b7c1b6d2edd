"""Searches on road graphs by networkx, for checks that share no search with any solve.

Slower than scipy's by a factor of ten, and the reference that everybody can read.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import csr_array

from siting.check.graphs import settle_ties
from siting.instance.arrays import Floats, Ints, Longs


class Walks:
    """The searches of :mod:`siting.check.graphs` by networkx; graphs are made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, bool], tuple[csr_array, nx.DiGraph[int]]] = {}

    def _of(self, graph: csr_array, backwards: bool = False) -> nx.DiGraph[int]:
        """The graph as one of networkx."""
        key = (id(graph), backwards)
        if key not in self._made:
            made: nx.DiGraph[int] = nx.DiGraph()
            made.add_nodes_from(range(graph.shape[0]))
            tail = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
            ends = (graph.indices, tail) if backwards else (tail, graph.indices)
            columns = (*ends, graph.data.astype(np.int64))
            made.add_weighted_edges_from(zip(*(column.tolist() for column in columns), strict=True), "ms")
            self._made[key] = (graph, made)  # the matrix stays, so that its id stays its own
        return self._made[key][1]

    def ways(self, graph: csr_array, source: Ints, target: Ints, limit: float) -> Floats:
        """Shortest ways, see :func:`siting.check.graphs.ways`."""
        roads, end = self._of(graph), target.tolist()
        found = np.full((len(source), len(end)), np.inf)
        for row, node in enumerate(source.tolist()):
            cutoff = limit if np.isfinite(limit) else None
            reached = nx.single_source_dijkstra_path_length(roads, node, cutoff, weight="ms")
            found[row] = [reached.get(one, np.inf) for one in end]
        return found

    def spread(self, graph: csr_array, node: Ints, offset: Longs, number: Longs) -> tuple[Floats, Longs]:
        """Earliest time at every node, see :func:`siting.check.graphs.spread`."""
        size = graph.shape[0]
        label, owner = np.full(size, np.inf), np.full(size, np.iinfo(np.int64).max)
        roads, start = self._of(graph), size
        best: dict[int, int] = {}
        for at, late in zip(node.tolist(), offset.tolist(), strict=True):
            best[at] = min(late, best.get(at, late))
        roads.add_weighted_edges_from([(start, at, late) for at, late in best.items()], "ms")
        try:
            reached = nx.single_source_dijkstra_path_length(roads, start, weight="ms") if best else {start: 0}
        finally:
            if best:
                roads.remove_node(start)
        del reached[start]
        label[list(reached)] = list(reached.values())
        first = np.isin(node, list(reached)) & (label[node] == offset)
        np.minimum.at(owner, node[first], number[first])
        settle_ties(graph, label, owner)
        return label, np.where(np.isfinite(label), owner, -1)

    def back(self, graph: csr_array, target: int, limit: float) -> dict[int, int]:
        """Nodes from which a node is reached within a limit, and the ms that takes."""
        roads = self._of(graph, backwards=True)
        reached = nx.single_source_dijkstra_path_length(roads, target, limit, weight="ms")
        return {node: int(ms) for node, ms in reached.items()}
