"""Travel times against networkx, to the millisecond, on random directed graphs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.instance import Instance
from siting.roads import times
from siting.roads.graph import MAX_MS, Roads
from siting.roads.times import NEVER, Network, nearest, network, within

Edges = dict[tuple[int, int], int]
Found = list[dict[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges]:
    """Number of nodes, and ms of directed edges; few distinct times, so that ties are common."""
    nodes = draw(st.integers(1, 9))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)).filter(lambda e: e[0] != e[1])
    if nodes == 1:
        return 1, {}
    longest = draw(st.sampled_from([2, 5, 1000]))
    return nodes, draw(st.dictionaries(ends, st.integers(1, longest), max_size=30))


@st.composite
def searches(draw: st.DrawFn) -> tuple[int, Edges, list[int], list[int]]:
    """A graph with sources, several of which may share a node, and their offsets."""
    nodes, edges = draw(graphs())
    source = draw(st.lists(st.integers(0, nodes - 1), max_size=6))
    offset = draw(st.lists(st.integers(0, 4), min_size=len(source), max_size=len(source)))
    return nodes, edges, source, offset


def roads_of(nodes: int, edges: Edges) -> Roads:
    tail, head = np.array(list(edges), dtype=np.int32).reshape(-1, 2).T
    return Roads(
        ids=np.array([str(node) for node in range(nodes)], dtype=object),
        lat=np.zeros(nodes),
        lon=np.zeros(nodes),
        tail=tail,
        head=head,
        ms=np.array(list(edges.values()), dtype=np.int32),
        classes=(),
        klass=np.full(len(edges), -1, dtype=np.int16),
        metres=np.full(len(edges), -1, dtype=np.int32),
    )


def net_of(nodes: int, edges: Edges) -> Network:
    return network(roads_of(nodes, edges), 1.0)


def ints(values: Any) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def reached(nodes: int, edges: Edges, source: list[int], offset: list[int]) -> Found:
    """Per source the arrival at every node it reaches."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from((a, b, ms) for (a, b), ms in edges.items())
    return [
        {v: ms + late for v, ms in nx.single_source_dijkstra_path_length(graph, node).items()}
        for node, late in zip(source, offset, strict=True)
    ]


def found_by(result: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Found:
    """The answer of ``within`` per source, after its promises about the arrays are checked."""
    indptr, nodes, ms = result
    assert indptr.dtype == np.int64
    assert nodes.dtype == ms.dtype == np.int32
    assert indptr[0] == 0
    assert indptr[-1] == len(nodes) == len(ms)
    found = []
    for first, last in pairwise(indptr):
        assert np.all(np.diff(ms[first:last]) >= 0)
        assert len(set(nodes[first:last].tolist())) == last - first
        found.append(dict(zip(nodes[first:last].tolist(), ms[first:last].tolist(), strict=True)))
    return found


def limited(nodes: int, edges: Edges, source: list[int], offset: list[int], limit: np.ndarray) -> Found:
    """Arrivals over the nodes entered in time: label correcting until nothing changes."""
    found: Found = []
    for node, late in zip(source, offset, strict=True):
        at = {node: late} if late <= limit[node] else {}
        changed = True
        while changed:
            changed = False
            for (a, b), ms in edges.items():
                after = at.get(a, MAX_MS) + ms
                if a in at and after <= limit[b] and after < at.get(b, MAX_MS):
                    at[b], changed = after, True
        found.append(at)
    return found


@settings(deadline=None, max_examples=150)
@given(searches())
def test_nearest_is_the_least_of_all_searches_and_ties_go_to_the_lowest_source(
    search: tuple[int, Edges, list[int], list[int]],
) -> None:
    nodes, edges, source, offset = search
    label, owner = nearest(net_of(nodes, edges), ints(source), ints(offset))
    assert label.dtype == owner.dtype == np.int32
    each = reached(nodes, edges, source, offset)
    for node in range(nodes):
        arrivals = [(at[node], number) for number, at in enumerate(each) if node in at]
        assert (label[node], owner[node]) == min(arrivals, default=(NEVER, -1))


@settings(deadline=None, max_examples=150)
@given(searches(), st.data())
def test_within_a_common_cutoff_reports_every_terminal(
    search: tuple[int, Edges, list[int], list[int]], data: st.DataObject
) -> None:
    nodes, edges, source, offset = search
    cutoff = data.draw(st.integers(-1, 12) | st.just(int(NEVER) - 1))
    terminal = np.array(data.draw(st.lists(st.booleans(), min_size=nodes, max_size=nodes)), dtype=bool)
    limit = np.full(nodes, cutoff, dtype=np.int32)
    result = within(net_of(nodes, edges), ints(source), ints(offset), limit, terminal)
    assert found_by(result) == [
        {node: ms for node, ms in at.items() if ms <= cutoff and terminal[node]}
        for at in reached(nodes, edges, source, offset)
    ]


@settings(deadline=None, max_examples=150)
@given(searches(), st.data())
def test_within_enters_a_node_only_in_time(
    search: tuple[int, Edges, list[int], list[int]], data: st.DataObject
) -> None:
    nodes, edges, source, offset = search
    limit = ints(data.draw(st.lists(st.integers(-2, 12), min_size=nodes, max_size=nodes)))
    everywhere = np.ones(nodes, dtype=bool)
    result = within(net_of(nodes, edges), ints(source), ints(offset), limit, everywhere)
    assert found_by(result) == limited(nodes, edges, source, offset, limit)


@settings(deadline=None, max_examples=150)
@given(searches(), st.integers(0, 6))
def test_pruning_by_what_is_open_anyway_loses_nothing(
    search: tuple[int, Edges, list[int], list[int]], existing: int
) -> None:
    """Sources that answer strictly before the nearest existing one are all found, with their time."""
    nodes, edges, source, offset = search
    net = net_of(nodes, edges)
    label, _ = nearest(net, ints(source[:existing]), ints(offset[:existing]))
    fresh, late = source[existing:], offset[existing:]
    everywhere = np.ones(nodes, dtype=bool)
    result = within(net, ints(fresh), ints(late), (label - 1).astype(np.int32), everywhere)
    assert found_by(result) == [
        {node: ms for node, ms in at.items() if ms < label[node]} for at in reached(nodes, edges, fresh, late)
    ]


def random_search(seed: int, nodes: int = 120) -> tuple[int, Edges, list[int], list[int]]:
    rng = np.random.default_rng(seed)
    edges = {
        (int(a), int(b)): int(rng.integers(1, 60_000))
        for a, b in rng.integers(0, nodes, (3 * nodes, 2))
        if a != b
    }
    source = rng.integers(0, nodes, 40)
    return nodes, edges, source.tolist(), rng.integers(0, 180_000, 40).tolist()


@pytest.mark.parametrize("block", [1, 130, 500, 1 << 20])
def test_blocks_of_output_join_seamlessly(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks hold at least one source's answers, so 40 sources on 120 nodes fill many of them."""
    nodes, edges, source, offset = random_search(3)
    calls = []
    search = times._within

    def counted(*args: Any) -> int:
        calls.append(int(args[7]))
        return int(search(*args))

    monkeypatch.setattr(times, "_PAIRS_PER_BLOCK", block)
    monkeypatch.setattr(times, "_within", counted)
    limit = np.full(nodes, 250_000, dtype=np.int32)
    result = within(net_of(nodes, edges), ints(source), ints(offset), limit, np.ones(nodes, dtype=bool))
    assert found_by(result) == [
        {node: ms for node, ms in at.items() if ms <= 250_000} for at in reached(nodes, edges, source, offset)
    ]
    assert calls == sorted(set(calls))
    assert len(calls) == 1 if block == 1 << 20 else len(calls) > 3


@pytest.mark.parametrize("seed", range(5))
def test_larger_graphs(seed: int) -> None:
    nodes, edges, source, offset = random_search(seed, 300)
    net = net_of(nodes, edges)
    each = reached(nodes, edges, source, offset)
    label, owner = nearest(net, ints(source), ints(offset))
    for node in range(nodes):
        arrivals = [(at[node], number) for number, at in enumerate(each) if node in at]
        assert (label[node], owner[node]) == min(arrivals, default=(NEVER, -1))
    never = np.full(nodes, NEVER - 1, dtype=np.int32)
    assert found_by(within(net, ints(source), ints(offset), never, np.ones(nodes, dtype=bool))) == each


def test_no_sources() -> None:
    net = net_of(3, {(0, 1): 5})
    nobody = ints([])
    label, owner = nearest(net, nobody, nobody)
    assert label.tolist() == [NEVER] * 3
    assert owner.tolist() == [-1] * 3
    limit = np.full(3, 10, dtype=np.int32)
    assert found_by(within(net, nobody, nobody, limit, np.ones(3, dtype=bool))) == []


def test_network_multiplies_rounds_and_keeps_at_least_a_millisecond() -> None:
    edges = {(0, 1): 1, (2, 0): 5, (0, 2): 1000, (1, 2): 15}
    net = network(roads_of(3, edges), 0.3)
    assert net.nodes == 3
    assert net.indptr.tolist() == [0, 2, 3, 4]
    assert net.head.tolist() == [1, 2, 2, 0]
    # 0.3 -> at least 1; 300; 4.5 -> 4 and 1.5 -> 2: halves go to the even number, as in numpy.
    assert net.ms.tolist() == [1, 300, 4, 2]
    assert net.ms.dtype == net.head.dtype == np.int32
    assert network(roads_of(3, edges), 1.0).ms.tolist() == [1, 1000, 15, 5]


def test_times_beyond_int32_are_unreachable_not_negative() -> None:
    """35,000 minutes by car are 70,000 by a vehicle twice as slow: more than int32 ms hold."""
    net = network(roads_of(3, {(0, 1): 35_000 * 60_000, (1, 2): 60_000}), 2.0)
    assert np.all(net.ms > 0)
    label, owner = nearest(net, ints([0]), ints([0]))
    assert label.tolist() == [0, NEVER, NEVER]
    assert owner.tolist() == [0, -1, -1]
    never = np.full(3, NEVER - 1, dtype=np.int32)
    assert found_by(within(net, ints([0]), ints([0]), never, np.ones(3, dtype=bool))) == [{0: 0}]


def test_times_along_the_hand_made_road(three_towns: Instance) -> None:
    """The towns lie 10, 20, 32, 40 and 55 minutes from its first town."""
    assert three_towns.roads is not None
    net = network(three_towns.roads, 1.0)
    towns = ["kalyna", "malva", "lypa", "dub", "verba", "sosna"]
    node = [three_towns.sites.node[three_towns.sites.ids.tolist().index(town)] for town in towns]
    label, _ = nearest(net, ints([node[0]]), ints([90_000]))
    assert ((label[node] - 90_000) / 60_000).tolist() == [0, 10, 20, 32, 40, 55]
