"""Contracted networks: the same times between terminals as on the whole graph, by networkx and scipy."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich_instance import build_rich
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.instance import Instance
from siting.instance.arrays import Scenario
from siting.response import Layout, build_responses, parts
from siting.roads import contract as contract_module
from siting.roads.contract import Contracted, contract
from siting.roads.graph import Roads
from siting.roads.times import NEVER, Network, nearest, network, within

Edges = list[tuple[int, int, int]]
"""From, to and ms; also in parallel, and from a node to itself."""


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, np.ndarray, Edges]:
    """A network with more nodes than edges lead to, so that contraction pays, and its terminals."""
    nodes = draw(st.integers(2, 14))
    longest = draw(st.sampled_from([2, 9, 60_000, int(NEVER) // 2, int(NEVER)]))
    end = st.integers(0, nodes - 1)
    edges = draw(st.lists(st.tuples(end, end, st.integers(1, longest)), max_size=60))
    if draw(st.booleans()):
        edges += [(b, a, ms) for a, b, ms in edges]
    terminals = draw(st.sets(end, max_size=6))
    terminal = np.zeros(2 * nodes, dtype=bool)
    terminal[list(terminals)] = True
    return net_of(2 * nodes, edges), terminal, edges


def net_of(nodes: int, edges: Edges) -> Network:
    tail, head, ms = np.array(sorted(edges), dtype=np.int64).reshape(-1, 3).T
    indptr = np.searchsorted(tail, np.arange(nodes + 1)).astype(np.int64)
    return Network(indptr, head.astype(np.int32), ms.astype(np.int32))


def sound(net: Network, terminal: np.ndarray, small: Contracted) -> None:
    """What the answer promises about its arrays."""
    assert np.all(np.diff(small.node) > 0)
    assert set(np.flatnonzero(terminal)) <= set(small.node.tolist())
    back = np.full(net.nodes, -1)
    back[small.node] = np.arange(len(small.node))
    assert small.place.tolist() == back.tolist()
    assert small.node.dtype == small.place.dtype == np.int32
    assert small.net.nodes == len(small.node)
    assert len(small.net.head) == len(small.net.ms) == small.net.indptr[-1]
    assert np.all((small.net.ms > 0) & (small.net.ms < NEVER))
    tail = np.repeat(np.arange(small.net.nodes), np.diff(small.net.indptr))
    pair = tail * small.net.nodes + small.net.head
    assert np.all(np.diff(pair) > 0)
    assert np.all(tail != small.net.head)


def table(net: Network, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Shortest ways by scipy, infinite from ``NEVER`` on; (K, L)."""
    matrix = csr_array((net.ms.astype(float), net.head, net.indptr), shape=(net.nodes, net.nodes))
    found = dijkstra(matrix, indices=source)[:, target]
    found[found >= NEVER] = np.inf
    return np.asarray(found)


@settings(deadline=None, max_examples=300)
@given(cases())
def test_times_between_terminals_are_those_of_networkx(case: tuple[Network, np.ndarray, Edges]) -> None:
    net, terminal, edges = case
    small = contract(net, terminal)
    sound(net, terminal, small)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(net.nodes))
    for a, b, ms in sorted(edges, reverse=True):
        graph.add_edge(a, b, weight=ms)  # of parallel ones the fastest is added last
    stays = np.flatnonzero(terminal).astype(np.int32)
    never = np.full(small.net.nodes, NEVER - 1, dtype=np.int32)
    zero = np.zeros(len(stays), dtype=np.int32)
    indptr, nodes, ms = within(small.net, small.place[stays], zero, never, terminal[small.node])
    for k, one in enumerate(stays.tolist()):
        mine = slice(indptr[k], indptr[k + 1])
        found = dict(zip(small.node[nodes[mine]].tolist(), ms[mine].tolist(), strict=True))
        known = nx.single_source_dijkstra_path_length(graph, one)
        assert found == {b: far for b, far in known.items() if terminal[b] and far < NEVER}


@settings(deadline=None, max_examples=300)
@given(cases(), st.data())
def test_who_is_nearest_does_not_change_ties_included(
    case: tuple[Network, np.ndarray, Edges], data: st.DataObject
) -> None:
    net, terminal, _ = case
    stays = np.flatnonzero(terminal).astype(np.int32)
    if not len(stays):
        return
    source = np.array(data.draw(st.lists(st.sampled_from(stays.tolist()), max_size=8)), dtype=np.int32)
    offset = np.array([data.draw(st.integers(0, 3)) for _ in source], dtype=np.int32)
    small = contract(net, terminal)
    whole, part = nearest(net, source, offset), nearest(small.net, small.place[source], offset)
    for one, other in zip(whole, part, strict=True):
        assert one[stays].tolist() == other[small.place[stays]].tolist()
    # Limits of the form "sooner than what is open" close the same ways.
    fresh = np.repeat(stays, 2)
    late = np.arange(len(fresh), dtype=np.int32) % 3
    before = within(net, fresh, late, (whole[0] - 1).astype(np.int32), terminal)
    after = within(small.net, small.place[fresh], late, (part[0] - 1).astype(np.int32), terminal[small.node])
    assert before[0].tolist() == after[0].tolist()
    assert before[1].tolist() == small.node[after[1]].tolist()
    assert before[2].tolist() == after[2].tolist()


def streets(side: int, seed: int) -> tuple[int, Edges]:
    """Crossings in rows, some streets missing or one way, bends on every street, and dead ends."""
    rng = np.random.default_rng(seed)
    count = side * side
    number = np.arange(count).reshape(side, side)
    ends = [*zip(number[:, :-1].flat, number[:, 1:].flat), *zip(number[:-1].flat, number[1:].flat)]  # noqa: B905
    edges: Edges = []
    for a, b in ends:
        if rng.random() < 0.15:
            continue
        bends = int(rng.integers(0, 4))
        stops = [int(a), *range(count, count + bends), int(b)]
        count += bends
        oneway = rng.random() < 0.1
        for one, other in pairwise(stops):
            edges.append((one, other, int(rng.integers(1, 9000))))
            if not oneway:
                edges.append((other, one, int(rng.integers(1, 9000))))
    for _ in range(count // 3):
        at, ms = int(rng.integers(count)), int(rng.integers(1, 9000))
        edges += [(at, count, ms), (count, at, ms)]
        count += 1
    return count, edges


@pytest.mark.parametrize("seed", range(4))
def test_a_town_shrinks_and_keeps_its_times(seed: int) -> None:
    nodes, edges = streets(40, seed)
    net = net_of(nodes, edges)
    terminal = np.random.default_rng(seed).random(nodes) < 0.01
    stays = np.flatnonzero(terminal)
    small = contract(net, terminal)
    sound(net, terminal, small)
    assert small.net.nodes < nodes / 5
    assert len(small.net.head) < len(net.head) / 2
    place = small.place[stays]
    assert np.array_equal(table(net, stays, stays), table(small.net, place, place))
    again = contract(net, terminal)
    assert again.place.tolist() == small.place.tolist()
    assert again.net.ms.tolist() == small.net.ms.tolist()


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 6])
def test_nodes_stay_where_neighbours_have_no_room(slots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With less room fewer nodes go, and no side is written over."""
    nodes, edges = streets(25, slots)
    net = net_of(nodes, edges)
    terminal = np.random.default_rng(slots).random(nodes) < 0.02
    stays, roomy = np.flatnonzero(terminal), contract(net, terminal)
    monkeypatch.setattr(contract_module, "_SLOTS", slots)
    small = contract(net, terminal)
    sound(net, terminal, small)
    assert roomy.net.nodes <= small.net.nodes < nodes / 2
    place = small.place[stays]
    assert np.array_equal(table(net, stays, stays), table(small.net, place, place))


def test_a_road_becomes_one_edge_each_way() -> None:
    edges = [(n, n + 1, n + 1) for n in range(999)] + [(n + 1, n, 2) for n in range(999)]
    terminal = np.zeros(1000, dtype=bool)
    terminal[[0, 999]] = True
    small = contract(net_of(1000, edges), terminal)
    assert small.node.tolist() == [0, 999]
    assert small.net.indptr.tolist() == [0, 1, 2]
    assert small.net.head.tolist() == [1, 0]
    assert small.net.ms.tolist() == [999 * 1000 // 2, 2 * 999]


def test_ways_too_long_for_int32_are_none() -> None:
    half = int(NEVER) // 2
    edges = [(0, 1, half), (1, 2, half), (2, 1, half), (1, 0, half + 1), (0, 3, 1), (3, 4, int(NEVER))]
    terminal = np.array([True, False, True, False, True] + [False] * 5)
    small = contract(net_of(10, edges), terminal)
    assert small.node.tolist() == [0, 2, 4]
    assert (small.net.indptr.tolist(), small.net.head.tolist()) == ([0, 1, 1, 1], [1])
    assert small.net.ms.tolist() == [2 * half]  # one less than NEVER; the way back is just too long


def test_where_most_nodes_are_terminals_all_stay() -> None:
    nodes, edges = streets(5, 0)
    net = net_of(nodes, edges)
    small = contract(net, np.arange(nodes) % 4 != 0)
    assert small.net is net
    assert small.place.tolist() == small.node.tolist() == list(range(nodes))


def test_islands_without_a_terminal_vanish() -> None:
    square = [(10, 11, 5), (11, 12, 5), (12, 13, 5), (13, 10, 5)]
    nobody = contract(net_of(20, square), np.zeros(20, dtype=bool))
    assert (nobody.net.nodes, len(nobody.net.head)) == (0, 0)
    terminal = np.arange(20) < 2
    small = contract(net_of(20, [*square, (0, 1, 7)]), terminal)
    assert small.node.tolist() == [0, 1]
    assert small.net.ms.tolist() == [7]


@pytest.mark.parametrize("rays", [9, 30, 300])
def test_squares_with_very_many_streets(rays: int) -> None:
    """A hub has more neighbours than are looked through, or than there is room for."""
    rng = np.random.default_rng(rays)
    edges: Edges = []
    for ray in range(rays):
        middle, end = 2 + 2 * ray, 3 + 2 * ray
        for a, b in [(0, middle), (middle, end), (end, 1), (middle, 1)]:
            edges += [(a, b, int(rng.integers(1, 99))), (b, a, int(rng.integers(1, 99)))]
    nodes = 2 + 2 * rays
    net, terminal = net_of(nodes, edges), np.zeros(nodes, dtype=bool)
    terminal[[0, *range(3, nodes, 10)]] = True
    small = contract(net, terminal)
    sound(net, terminal, small)
    stays = np.flatnonzero(terminal)
    place = small.place[stays]
    assert np.array_equal(table(net, stays, stays), table(small.net, place, place))


def crossed(instance: Instance, rng: np.random.Generator) -> Instance:
    """The same places on a random graph of many more nodes; whole seconds, so that ties are common."""
    count, edges = 60, 170
    tail, head = rng.integers(0, count, (2, edges)).astype(np.int32)
    tail, head = (
        np.r_[np.arange(count - 1, dtype=np.int32), tail],
        np.r_[np.arange(1, count, dtype=np.int32), head],
    )
    pair = np.unique(np.r_[tail * count + head, (head * count + tail)[::2]])
    pair = pair[pair // count != pair % count]
    size = len(pair)
    roads = Roads(
        np.array([f"n{n}" for n in range(count)], dtype=object), rng.uniform(48, 49, count),
        rng.uniform(33, 34, count), (pair // count).astype(np.int32), (pair % count).astype(np.int32),
        (1000 * rng.integers(1, 90, size)).astype(np.int32), (), np.full(size, -1, dtype=np.int16),
        (100 * rng.integers(1, 9, size)).astype(np.int32),
    )  # fmt: skip
    node = rng.integers(0, count, len(instance.sites.node)).astype(np.int32)
    scenarios = tuple(edited(scenario, size, rng) for scenario in instance.scenarios)
    return replace(instance, roads=roads, sites=replace(instance.sites, node=node), scenarios=scenarios)


def edited(scenario: Scenario, size: int, rng: np.random.Generator) -> Scenario:
    """The scenario with factors of so many edges, some of which are closed."""
    factor = np.where(rng.random(size) < 0.1, np.inf, rng.choice([0.7, 1.0, 2.0], size))
    return replace(scenario, factor=factor)


LAYOUTS = {
    "first": Layout(),
    "closing": Layout(closing=True),
    "every": Layout(every=True),
    "scenarios": Layout(scenarios=True),
    "periods": Layout(periods=True, scenarios=True),
    "km": Layout(standard="km"),
    "both": Layout(standard="both", scenarios=True),
    "either": Layout(standard="either"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_table_is_the_same_with_and_without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk = []

    def counted(net: Network, terminal: np.ndarray) -> Contracted:
        shrunk.append(contract(net, terminal).net.nodes < net.nodes)
        return contract(net, terminal)

    def whole(net: Network, terminal: np.ndarray) -> Contracted:
        every = np.arange(net.nodes, dtype=np.int32)
        return Contracted(net, every, every)

    for seed in range(12):
        rng = np.random.default_rng(seed)
        instance = crossed(build_rich(rng), rng)
        horizon = None if seed % 2 and LAYOUTS[name].standard == "minutes" else [400_000] * 3
        found: list[Any] = []
        for how in (counted, whole):
            monkeypatch.setattr(parts, "contract", how)
            ahead = None if horizon is None else dict(enumerate(horizon))
            table = build_responses(instance, instance.settings, ahead, LAYOUTS[name])
            every = np.arange(len(table.options.site), dtype=np.int32)
            near = table.near(every, every, np.full(len(every), 150_000, dtype=np.int32))
            arrays = (table.indptr, table.option, table.ms, table.base_option, table.base_ms, *near)
            found.append([array.tolist() for array in arrays])
        assert found[0] == found[1]
    assert all(shrunk)


def test_roads_in_any_order_make_the_same_network() -> None:
    rng = np.random.default_rng(0)
    instance = crossed(build_rich(rng), rng)
    roads = instance.roads
    assert roads is not None
    order = rng.permutation(len(roads.ms))
    mixed = replace(roads, tail=roads.tail[order], head=roads.head[order], ms=roads.ms[order])
    one, other = network(roads, 1.3), network(mixed, 1.3)
    assert one.indptr.tolist() == other.indptr.tolist()
    assert one.head.tolist() == other.head.tolist()
    assert one.ms.tolist() == other.ms.tolist()
