"""Fewer nodes, the same times: against networkx on random graphs, and by hand."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.roads.graph import MAX_METRES, MAX_MS, Roads, fastest, to_networkx
from siting.roads.parts import reachable, strong_part, subgraph
from siting.roads.simplify import simplify

Rows = list[tuple[int, int, int, int, int]]
"""Tail, head, ms, class and metres of edges."""


def graph(size: int, rows: Rows) -> Roads:
    """A graph of any edges; loops go, and of parallel edges all but the fastest."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).astype(np.int32)
    columns = columns[columns[:, 0] != columns[:, 1]]
    tail, head, ms, klass, metres = columns.T
    keep = fastest(tail, head, ms)
    return Roads(
        np.array([f"n{k}" for k in range(size)], dtype=object),
        np.linspace(0, 1, size),
        np.linspace(5, 6, size),
        tail[keep],
        head[keep],
        ms[keep],
        ("a", "b"),
        klass[keep].astype(np.int16),
        metres[keep],
    )


def both(one: int, two: int, ms: int = 10, klass: int = 0, metres: int = 100) -> Rows:
    return [(one, two, ms, klass, metres), (two, one, ms, klass, metres)]


def kept(size: int, *nodes: int) -> np.ndarray:
    return np.isin(np.arange(size), nodes)


def rows(roads: Roads) -> list[tuple[str, str, int, int, int]]:
    ids = roads.ids
    columns = ids[roads.tail], ids[roads.head], roads.ms, roads.klass, roads.metres
    return [(str(a), str(b), int(c), int(d), int(e)) for a, b, c, d, e in zip(*columns, strict=True)]


def assert_sound(roads: Roads) -> None:
    """Sorted, no loops, none parallel, the types of the contract."""
    keys = roads.tail.astype(np.int64) * (len(roads.ids) + 1) + roads.head
    assert (np.diff(keys) > 0).all()
    assert (roads.tail != roads.head).all()
    assert (roads.ms > 0).all()
    for name in ("tail", "head", "ms", "metres"):
        assert getattr(roads, name).dtype == np.int32
    assert roads.klass.dtype == np.int16
    assert len({len(getattr(roads, name)) for name in ("tail", "head", "ms", "klass", "metres")}) == 1
    assert len(roads.ids) == len(roads.lat) == len(roads.lon)


@st.composite
def chained(draw: st.DrawFn) -> tuple[Roads, np.ndarray]:
    """A random graph whose edges, one-way, two-way, parallel or loops, are chains of nodes."""
    crossings = draw(st.integers(1, 6))
    node = st.integers(0, crossings - 1)
    size, found = crossings, []
    for _ in range(draw(st.integers(0, 12))):
        links = draw(st.integers(1, 5))
        path = [draw(node), *range(size, size + links - 1), draw(node)]
        size += links - 1
        oneway, klass = draw(st.booleans()), draw(st.integers(-1, 1))
        for one, two in pairwise(path):
            piece = draw(st.integers(0, 9))
            ms, metres = draw(st.integers(1, 20)), draw(st.integers(-1, 30))
            klass = draw(st.integers(-1, 1)) if piece == 0 else klass
            found.append((one, two, ms, klass, metres))
            if oneway == (piece == 1):
                found.append((two, one, draw(st.integers(1, 20)), klass, metres))
    size += draw(st.integers(0, 2))
    # Shuffled, so that chains do not run along the order of the nodes.
    names = np.array(draw(st.permutations(range(size))))
    found = [(int(names[a]), int(names[b]), *rest) for a, b, *rest in found]
    keep = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    return graph(size, found), keep & (draw(st.integers(0, 2)) > 0)


@settings(deadline=None, max_examples=400)
@given(chained())
def test_shortest_times_stay(drawn: tuple[Roads, np.ndarray]) -> None:
    roads, keep = drawn
    less = simplify(roads, keep)
    assert_sound(less)
    assert set(roads.ids[keep]) <= set(less.ids)
    assert list(less.ids) == [name for name in roads.ids if name in set(less.ids)]
    where = {name: number for number, name in enumerate(roads.ids)}
    assert less.lat.tolist() == [roads.lat[where[name]] for name in less.ids]
    times = dict(nx.all_pairs_dijkstra_path_length(to_networkx(roads), weight="ms"))
    after = dict(nx.all_pairs_dijkstra_path_length(to_networkx(less), weight="ms"))
    left = set(less.ids)
    for name in less.ids:
        assert after[name] == {other: ms for other, ms in times[name].items() if other in left}
    _assert_no_more_to_merge(less, keep[[where[name] for name in less.ids]])


def _assert_no_more_to_merge(less: Roads, keep: np.ndarray) -> None:
    """What is left outside ``keep`` has an edge."""
    has = np.zeros(len(less.ids), dtype=bool)
    has[less.tail] = has[less.head] = True
    assert (has | keep).all()


def test_two_way_road() -> None:
    """Different times each way; an unknown length makes the whole unknown; a class begins anew."""
    found = [*both(0, 1, 5), (1, 2, 7, 0, 50), (2, 1, 9, 0, -1), *both(2, 3, 4, 1), *both(3, 4, 6, 1)]
    less = simplify(graph(6, found), kept(6, 0, 4))
    assert rows(less) == [
        ("n0", "n2", 12, 0, 150), ("n2", "n0", 14, 0, -1), ("n2", "n4", 10, 1, 200), ("n4", "n2", 10, 1, 200)
    ]  # fmt: skip


def test_one_way_road() -> None:
    found = [(0, 3, 5, 0, 1), (3, 1, 6, 0, 2), (1, 2, 7, 0, 3), (2, 0, 1, 0, 4)]
    less = simplify(graph(4, found), kept(4, 0, 2))
    assert rows(less) == [("n0", "n2", 18, 0, 6), ("n2", "n0", 1, 0, 4)]


def test_one_way_meets_two_way() -> None:
    """A node into which one more edge leads than out of it, or where a street turns one-way, stays."""
    found = [*both(0, 1), (1, 2, 3, 0, 3), (2, 0, 4, 0, 4)]
    less = simplify(graph(3, found), kept(3, 0))
    assert rows(less) == [("n0", "n1", 10, 0, 100), ("n1", "n0", 7, 0, 7)]


def test_dead_ends_stay_and_isolated_nodes_go() -> None:
    less = simplify(graph(5, both(0, 1) + both(1, 2)), kept(5, 0, 4))
    assert list(less.ids) == ["n0", "n2", "n4"]
    assert len(less.tail) == 2


def test_loops_disappear() -> None:
    """One back to a node that stays, and one with none that must."""
    found = both(0, 1) + both(1, 2) + both(2, 0) + both(3, 4) + both(4, 5) + both(5, 3)
    less = simplify(graph(6, found), kept(6, 0))
    assert list(less.ids) == ["n0"]
    assert not len(less.tail)


def test_of_parallel_roads_the_fastest_stays() -> None:
    """With its own class and length; each direction by itself."""
    found = [
        *both(0, 1, 9, 1, 5),
        (0, 2, 4, 0, 70), (2, 0, 5, 0, 70), (2, 1, 4, 0, 80), (1, 2, 5, 0, 80),
    ]  # fmt: skip
    less = simplify(graph(3, found), kept(3, 0, 1))
    assert rows(less) == [("n0", "n1", 8, 0, 150), ("n1", "n0", 9, 1, 5)]


@pytest.mark.parametrize(("ms", "metres"), [(MAX_MS // 3, 1), (1, MAX_METRES // 3)])
def test_sums_beyond_int32_are_not_merged(ms: int, metres: int) -> None:
    """Nine edges of a third of the most each: every three make one, the same both ways."""
    size = 10
    found = [row for k in range(size - 1) for row in both(k, k + 1, ms, 0, metres)]
    less = simplify(graph(size, found), kept(size, 0, 9))
    assert list(less.ids) == ["n0", "n3", "n6", "n9"]
    assert set(less.ms) == {3 * ms}
    assert set(less.metres) == {3 * metres}
    uneven = [row for k in range(size - 1) for row in both(k, k + 1, ms * (1 + k % 2), 0, metres)]
    roads = graph(size, uneven)
    less = simplify(roads, kept(size, 0, 9))
    assert (less.ms > 0).all()
    assert nx.shortest_path_length(to_networkx(less), "n9", "n0", weight="ms") == 13 * ms


def test_walk_in_links_are_not_merged_with_roads() -> None:
    """Another class: the end of a lane to which a point is linked stays."""
    found = both(0, 1) + both(1, 2, klass=1)
    assert list(simplify(graph(3, found), kept(3, 0, 2)).ids) == ["n0", "n1", "n2"]


def test_nothing_there() -> None:
    less = simplify(graph(3, []), kept(3, 1))
    assert list(less.ids) == ["n1"]
    assert_sound(less)


def test_whole_number_ids() -> None:
    roads = graph(3, both(0, 1) + both(1, 2))
    whole = Roads(np.array([7, 2**40, -3]), *list(vars(roads).values())[1:])
    assert simplify(whole, kept(3, 0, 2)).ids.tolist() == [7, -3]


@settings(deadline=None)
@given(chained())
def test_parts(drawn: tuple[Roads, np.ndarray]) -> None:
    roads, keep = drawn
    parts = list(nx.strongly_connected_components(to_networkx(roads)))
    largest = set(roads.ids[strong_part(roads)])
    assert largest in parts
    assert len(largest) == max(map(len, parts))
    assert set(roads.ids[reachable(roads)]) == set(roads.ids[roads.tail]) | set(roads.ids[roads.head])
    less = subgraph(roads, keep)
    assert_sound(less)
    assert nx.utils.graphs_equal(to_networkx(less), to_networkx(roads).subgraph(roads.ids[keep]))


def test_small_parts_are_not_reachable() -> None:
    """Of a thousand connected nodes a part takes ten; one-way traps are parts of their own."""
    found = [row for k in range(985) for row in both(k, k + 1)]
    found += [row for k in range(990, 999) for row in both(k, k + 1)]
    found += [(0, 1000, 5, 0, 5), *both(1001, 1002), *both(1002, 1003)]
    mask = reachable(graph(1005, found))
    assert mask[:986].all()
    assert mask[990:1000].all()
    assert not mask[986:990].any()
    assert not mask[1000:].any()


def test_a_graph_of_one_ways_keeps_every_node() -> None:
    """Where no part is larger than one node none is preferred."""
    found = [(k, k + 1, 5, 0, 5) for k in range(500)]
    assert reachable(graph(501, found)).all()
    assert strong_part(graph(501, found)).sum() == 1
