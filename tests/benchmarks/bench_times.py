"""Seconds of one core for many-to-many travel times with a 20-minute cutoff, ours and others'.

A grid of about 30,000 nodes and 83,000 directed edges, every node of which is searched from: once
with minutes as between villages, once with shorter ones, as between crossings. Ours is timed over
all sources; networkx and scipy, both row by row, over a sample, since all would take minutes. The
answers are compared before anything is timed. Medians of five, CPU seconds of this process.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.roads.times import Network, within
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

SIDE = 173
EDGES = 83_000
CUTOFF_MS = 20 * 60_000
REPEATS = 5
SAMPLE = {"networkx": 300, "scipy": 300}
PACES = {"villages": (60_000, 360_000), "crossings": (30_000, 180_000)}
"""Least and most ms of an edge."""


def grid(pace: tuple[int, int], seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tail, head and ms of directed edges between neighbours, some of which are not linked."""
    rng = np.random.default_rng(seed)
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    east = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    south = np.stack([number[:-1].ravel(), number[1:].ravel()])
    ends = np.concatenate([east, south], axis=1)
    kept = np.sort(rng.permutation(ends.shape[1])[: EDGES // 2])
    ends = ends[:, kept]
    ms = rng.integers(*pace, ends.shape[1])
    tail, head, ms = np.r_[ends[0], ends[1]], np.r_[ends[1], ends[0]], np.r_[ms, ms]
    order = np.lexsort((head, tail))
    return tail[order], head[order], ms[order]


def median_seconds(work: Callable[[], object]) -> float:
    """Median CPU seconds of this process; one core, since nothing here uses threads."""
    found = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def main(settings: Settings) -> Iterator[Line]:
    """One line per graph and rival."""
    for name in settings.some(list(PACES), 1):
        yield from compare(name, *grid(PACES[name]))


def compare(name: str, tail: np.ndarray, head: np.ndarray, ms: np.ndarray) -> list[Line]:
    """Time everyone on one graph."""
    nodes = SIDE * SIDE
    indptr = np.r_[0, np.cumsum(np.bincount(tail, minlength=nodes))].astype(np.int64)
    net = Network(indptr, head.astype(np.int32), ms.astype(np.int32))
    everyone = np.arange(nodes, dtype=np.int32)
    limit = np.full(nodes, CUTOFF_MS, dtype=np.int32)
    terminal = np.ones(nodes, dtype=bool)

    def ours(source: np.ndarray = everyone) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return within(net, source, np.zeros(len(source), dtype=np.int32), limit, terminal)

    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), ms.tolist(), strict=True))
    matrix = csr_array((ms.astype(float), (tail, head)), shape=(nodes, nodes))
    sample = np.random.default_rng(1).permutation(nodes).astype(np.int32)

    def by_networkx(source: np.ndarray) -> list[dict[int, int]]:
        single = nx.single_source_dijkstra_path_length
        return [single(graph, node, cutoff=CUTOFF_MS) for node in source.tolist()]

    def by_scipy(source: np.ndarray) -> list[np.ndarray]:
        return [dijkstra(matrix, indices=int(node), limit=CUTOFF_MS) for node in source]

    few = sample[:5]
    ends, reached, found = ours(few)
    for k, (known, row) in enumerate(zip(by_networkx(few), by_scipy(few), strict=True)):
        mine = dict(zip(*(part[ends[k] : ends[k + 1]].tolist() for part in (reached, found)), strict=True))
        assert mine == known == {int(v): int(row[v]) for v in np.flatnonzero(np.isfinite(row))}

    pairs = int(ours()[0][-1])
    mine = Side("siting", median_seconds(ours), f"{pairs:,} pairs", True)
    lines = []
    for rival, work in (("scipy", by_scipy), ("networkx", by_networkx)):
        count = SAMPLE[rival]
        seconds = median_seconds(lambda work=work, count=count: work(sample[:count])) * nodes / count
        theirs = Side(f"{rival}, row by row", seconds, f"scaled up from {count:,} sources", True)
        lines.append(Line(f"travel times, {name}, {nodes:,} sources", mine, rival=theirs))
    return lines
