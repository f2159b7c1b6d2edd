"""Travel times between 30,000 places on a road graph of three million nodes, 20 minutes at most.

Ours is the forward star, the contraction and the search; rivals are the same search on the whole
graph and scipy, both over a sample of the sources and without the seconds of their own preparation.
Road-like graphs: a jittered grid of crossings with main roads, bends on the streets, and dead ends,
numbered piece of land by piece of land. Medians of five, CPU seconds of one core; answers are
compared before anything is timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.roads.contract import Contracted, contract
from siting.roads.graph import Roads
from siting.roads.times import Network, network, within
from tests.benchmarks.process import Tell, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

SHAPES = {"town": (3_000_000, 1_000_000), "country": (3_000_000, 450_000)}
"""Nodes, and how many of them are crossings."""

QUICK = (300_000, 100_000)
PER_PLACE = 100
"""Nodes per place."""

CUTOFF_MS = 20 * 60_000
REACH_S = 4.0
REPEATS = 5
SAMPLE = {"whole": 1500, "scipy": 20}
KM = 0.8
"""Between crossings."""


def main(settings: Settings) -> Iterator[Line]:
    """Two lines per shape."""
    shapes = {"town": QUICK} if settings.quick else SHAPES
    for name, (nodes, crossings) in shapes.items():
        path = str(settings.work / f"{name}.npz")
        run("bench_contract:make", 600.0, path=path, nodes=nodes, crossings=crossings)
        ours = run("bench_contract:ours", 600.0, path=path)
        rivals = run("bench_contract:rivals", 600.0, path=path)
        words = (
            f"{ours['build']:.1f} star, {ours['contract']:.1f} contraction, {ours['search']:.1f} search; "
            f"{ours['left']:,} nodes and {ours['edges']:,} edges left; {ours['pairs']:,} pairs"
        )
        seconds = ours["build"] + ours["contract"] + ours["search"]
        mine = Side("siting", seconds, words, True, mb=ours["mb"])
        work = (
            f"{name}: {nodes / 1e6:g} M nodes, {ours['before'] / 1e6:.1f} M edges, {ours['places']:,} places"
        )
        for rival in SAMPLE:
            theirs = Side(rival, rivals[rival], f"scaled up from {SAMPLE[rival]:,} sources", True)
            yield Line(work, mine, f"{REACH_S:g} s", seconds <= REACH_S, theirs)


def make(tell: Tell, path: str, nodes: int, crossings: int) -> None:
    """Job: write a road graph."""
    tail, head, ms = road_graph(nodes, crossings)
    np.savez(path, tail=tail, head=head, ms=ms, nodes=nodes)
    tell(done=True)


def ours(tell: Tell, path: str) -> None:
    """Job: build, contract and search, each by itself."""
    roads, terminal, source = _case(path)
    net, small = _both(roads, terminal)
    tell(
        build=_median(lambda: network(roads, 1.0)),
        contract=_median(lambda: contract(net, terminal)),
        search=_median(lambda: _searched(small, terminal, source)),
        pairs=int(_searched(small, terminal, source)[0][-1]),
        left=small.net.nodes, edges=len(small.net.head), before=len(net.head), places=len(source),
    )  # fmt: skip


def rivals(tell: Tell, path: str) -> None:
    """Job: the whole graph by our search, and by scipy; seconds scaled up to all sources."""
    roads, terminal, source = _case(path)
    net, small = _both(roads, terminal)
    matrix = csr_array((net.ms.astype(float), net.head, net.indptr), shape=(net.nodes, net.nodes))
    sample = np.random.default_rng(1).permutation(source)

    def whole(some: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        limit, none = np.full(net.nodes, CUTOFF_MS, dtype=np.int32), np.zeros(len(some), dtype=np.int32)
        return within(net, some, none, limit, terminal, threads=1)

    def scipy(some: np.ndarray) -> list[np.ndarray]:
        return [dijkstra(matrix, indices=int(node), limit=CUTOFF_MS) for node in some]

    few = sample[: SAMPLE["scipy"]]
    indptr, node, ms = _searched(small, terminal, few)
    for mine, theirs in zip((indptr, small.node[node], ms), whole(few), strict=True):
        assert np.array_equal(mine, theirs)
    for k, row in enumerate(scipy(few)):
        reached = np.flatnonzero(np.isfinite(row) & terminal)
        mine = slice(indptr[k], indptr[k + 1])
        order = np.argsort(small.node[node[mine]])
        assert np.array_equal(small.node[node[mine]][order], reached)
        assert np.array_equal(ms[mine][order], row[reached])
    for name, work in (("whole", whole), ("scipy", scipy)):
        some = sample[: SAMPLE[name]]
        tell(**{name: _median(lambda work=work, some=some: work(some)) * len(source) / len(some)})


def _case(path: str) -> tuple[Roads, np.ndarray, np.ndarray]:
    """Roads, terminals (V,) and the places they are at."""
    with np.load(Path(path)) as file:
        tail, head, ms, nodes = file["tail"], file["head"], file["ms"], int(file["nodes"])
    ids, nowhere = np.empty(nodes, dtype=object), np.zeros(nodes)
    unknown = np.full(len(tail), -1, dtype=np.int16)
    roads = Roads(ids, nowhere, nowhere, tail, head, ms, (), unknown, unknown.astype(np.int32))
    source = np.sort(np.random.default_rng(0).permutation(nodes)[: nodes // PER_PLACE]).astype(np.int32)
    terminal = np.zeros(nodes, dtype=bool)
    terminal[source] = True
    return roads, terminal, source


def _both(roads: Roads, terminal: np.ndarray) -> tuple[Network, Contracted]:
    """The network before and after; compiles, too."""
    net = network(roads, 1.0)
    small = contract(net, terminal)
    _searched(small, terminal, small.node[:1])
    return net, small


def _searched(
    small: Contracted, terminal: np.ndarray, source: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    limit = np.full(small.net.nodes, CUTOFF_MS, dtype=np.int32)
    none = np.zeros(len(source), dtype=np.int32)
    return within(small.net, small.place[source], none, limit, terminal[small.node], threads=1)


def _median(work: Callable[[], object]) -> float:
    """Median CPU seconds of this process."""
    found = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def road_graph(nodes: int, crossings: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tail, head and ms of directed edges, sorted; of the other nodes half are bends, half dead ends."""
    rng = np.random.default_rng(seed)
    side = int(crossings**0.5)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    spot = np.column_stack((x, y)) * KM + rng.uniform(-0.3, 0.3, (side * side, 2)) * KM
    one, two, kmh = _streets(rng, side)
    dead = (nodes - len(spot)) // 2
    anchor, place = _dead_ends(rng, spot, dead)
    one, two = np.concatenate((one, anchor)), np.concatenate((two, len(spot) + np.arange(dead)))
    kmh, spot = np.concatenate((kmh, np.full(dead, 30.0))), np.concatenate((spot, place))
    one, two, kmh, spot = _bent(rng, one, two, kmh, spot, nodes - len(spot))
    number = _numbered(rng, spot)
    ms = np.rint(3.6e6 * (1.2 * np.hypot(*(spot[one] - spot[two]).T) + 0.01) / kmh)
    both = rng.random(len(one)) > 0.05
    tail = np.concatenate((number[one], number[two[both]]))
    head = np.concatenate((number[two], number[one[both]]))
    ms = np.concatenate((ms, ms[both])).astype(np.int32)
    order = np.lexsort((head, tail))
    return tail[order].astype(np.int32), head[order].astype(np.int32), ms[order]


def _streets(rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both ends and km/h of streets between neighbours: all main roads, four in five of the others."""
    number = np.arange(side * side).reshape(side, side)
    one = np.concatenate((number[:, :-1].ravel(), number[:-1].ravel()))
    two = np.concatenate((number[:, 1:].ravel(), number[1:].ravel()))
    line = np.concatenate((np.repeat(np.arange(side), side - 1), np.tile(np.arange(side), side - 1)))
    main = line % 8 == 0
    there = main | (rng.random(len(one)) < 0.8)
    kmh = np.where(main, 80.0, rng.choice([35.0, 50.0], len(one), p=[0.7, 0.3]))
    return one[there], two[there], kmh[there]


def _dead_ends(rng: np.random.Generator, spot: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where dead ends begin, and their places; a third go on from the dead end before."""
    first = rng.random(count) < 0.65
    first[0] = True
    head = np.maximum.accumulate(np.where(first, np.arange(count), 0))
    depth = np.arange(count) - head + 1
    base = rng.integers(0, len(spot), count)[head]
    way = rng.normal(0, 0.15 * KM, (count, 2))[head]
    return np.where(first, base, len(spot) + np.arange(count) - 1), spot[base] + way * depth[:, None]


def _bent(
    rng: np.random.Generator, one: np.ndarray, two: np.ndarray, kmh: np.ndarray, spot: np.ndarray, bends: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same with so many more nodes along the streets."""
    count = np.bincount(rng.integers(0, len(one), bends), minlength=len(one))
    start = np.cumsum(count) - count
    street = np.repeat(np.arange(len(one)), count)
    step = np.arange(bends) - start[street]
    share = ((step + 1) / (count[street] + 1))[:, None]
    place = spot[one[street]] * (1 - share) + spot[two[street]] * share
    bend = len(spot) + np.arange(bends)
    before = np.where(step == 0, one[street], bend - 1)
    last = np.where(count == 0, one, len(spot) + start + count - 1)
    place += rng.normal(0, 0.05 * KM, (bends, 2))
    return (
        np.concatenate((before, last)), np.concatenate((bend, two)),
        np.concatenate((kmh[street], kmh)), np.concatenate((spot, place)),
    )  # fmt: skip


def _numbered(rng: np.random.Generator, spot: np.ndarray) -> np.ndarray:
    """New numbers: pieces of land of 25 km in any order, and the nodes of a piece in any order."""
    column, row = ((axis - axis.min()) // 25 for axis in spot.T)
    piece = (column * (row.max() + 1) + row).astype(np.int64)
    order = np.lexsort((rng.random(len(spot)), rng.permutation(piece.max() + 1)[piece]))
    number = np.empty(len(spot), dtype=np.int64)
    number[order] = np.arange(len(spot))
    return number
