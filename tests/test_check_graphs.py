"""Searches of the checker on large graphs, cut to what is near, against the same on the whole graph."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.check import graphs
from siting.check.graphs import ways


def random_graph(seed: int, nodes: int) -> csr_array:
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, nodes, (2, 2 * nodes))
    key = np.unique(tail * nodes + head).astype(np.int32)
    weight = rng.integers(1, 60, len(key)).astype(float)
    return csr_array((weight, (key // nodes, key % nodes)), shape=(nodes, nodes))


@pytest.mark.parametrize("limit", [0.0, 50.0, 150.0, np.inf])
@pytest.mark.parametrize("held", [1, 100, 1 << 25])
def test_ways_in_pieces_are_those_of_one_search(
    held: int, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        graph = random_graph(seed, 90)
        rng = np.random.default_rng(seed)
        source, target = rng.integers(0, 90, 7).astype(np.int32), rng.integers(0, 90, 40).astype(np.int32)
        whole = dijkstra(graph, indices=source)[:, target]
        whole[whole > limit] = np.inf
        assert np.array_equal(ways(graph, source, target, limit), whole)
        with monkeypatch.context() as small:
            small.setattr(graphs, "_WHOLE", 0)
            small.setattr(graphs, "_HELD", held)
            assert np.array_equal(ways(graph, source, target, limit), whole)
            nobody = np.zeros(0, dtype=np.int32)
            assert ways(graph, source, nobody, limit).shape == (7, 0)
