"""OpenStreetMap: times against an independent reading, and two real extracts end to end."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

import siting
from siting.errors import InstanceError
from siting.readers.osm import read_osm
from siting.readers.osm.rules import rule
from siting.roads.graph import to_networkx
from tests.benchmarks.formats import DATA
from tests.osm_files import metres, village, write

osmium = pytest.importorskip("osmium")

REAL = {name: DATA / "osm" / f"{name}.osm.pbf" for name in ("liechtenstein", "andorra")}


def raw_graph(path: Path) -> nx.DiGraph:
    """The uncontracted graph of segments, by pyosmium's objects."""
    graph: nx.DiGraph = nx.DiGraph()
    for way in osmium.FileProcessor(str(path)).with_locations():
        if not way.is_way() or "highway" not in way.tags:
            continue
        found = rule(dict(way.tags))
        if found is None:
            continue
        points = [(n.ref, (n.lat, n.lon) if n.location.valid() else None) for n in way.nodes]
        for (a, at), (b, to) in pairwise(points):
            if at is None or to is None:
                continue
            for tail, head, kmh in ((a, b, found.forward), (b, a, found.backward)):
                if kmh and tail != head:
                    ms = max(1, round(3_600 * metres(at, to) / kmh))
                    old = graph.get_edge_data(str(tail), str(head), {"ms": ms})["ms"]
                    graph.add_edge(str(tail), str(head), ms=min(ms, old))
    return graph


def matrix(graph: nx.DiGraph, nodes: list[str]) -> csr_array:
    """Edges between nodes, in ms."""
    number = {node: k for k, node in enumerate(nodes)}
    rows = [(number[a], number[b], ms) for a, b, ms in graph.edges(data="ms") if a in number and b in number]
    tail, head, ms = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return csr_array((ms.astype(float), (tail, head)), shape=(len(nodes), len(nodes)))


def same_times(graph: nx.DiGraph, instance: siting.Instance) -> int:
    """Compare the times between all junctions of an instance with those of a graph; how many pairs."""
    mine = to_networkx(instance.roads)
    shared = [node for node in mine if node.isdigit()]
    place = np.arange(len(shared))
    others = [node for node in mine if not node.isdigit()]
    ours = dijkstra(matrix(mine, shared + others), indices=place)[:, place]
    whole = shared + sorted(set(graph) - set(shared))
    theirs = dijkstra(matrix(graph, whole), indices=place)[:, place]
    assert np.isfinite(ours).all()
    assert (ours == theirs).all()
    return ours.size


SOME_TAGS = st.fixed_dictionaries(
    {"highway": st.sampled_from(["primary", "residential", "track", "service", "motorway"])},
    optional={
        "oneway": st.sampled_from(["yes", "-1", "no"]),
        "maxspeed": st.sampled_from(["30", "50 mph", "RU:urban"]),
        "access": st.sampled_from(["no", "yes"]),
        "junction": st.just("roundabout"),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=6, max_size=14),
    st.lists(
        st.tuples(st.lists(st.integers(0, 13), min_size=1, max_size=6), SOME_TAGS), min_size=1, max_size=9
    ),
)
def test_any_map(
    tmp_path: Path, points: list[tuple[int, int]], drawn: list[tuple[list[int], dict[str, str]]]
) -> None:
    nodes = [(k + 1, 47 + y / 1000, 9 + x / 1000, {}) for k, (y, x) in enumerate(points)]
    ways = [(k + 1, [ref + 1 for ref in refs], tags) for k, (refs, tags) in enumerate(drawn)]
    path = write(tmp_path, [*nodes, village(99, 47.015, 9.015), village(98, 47.0, 9.03)], ways)
    graph = raw_graph(path)
    largest = max(map(len, nx.strongly_connected_components(graph)), default=0)
    if largest < 2:
        with pytest.raises(InstanceError, match="no road"):
            read_osm(path)
        return
    instance = read_osm(path)
    same_times(graph, instance)
    assert nx.is_strongly_connected(to_networkx(instance.roads))


@pytest.fixture(scope="module")
def liechtenstein() -> siting.Instance:
    if not REAL["liechtenstein"].exists():
        pytest.skip("the public file is not there")
    return read_osm(REAL["liechtenstein"])


def test_liechtenstein(liechtenstein: siting.Instance) -> None:
    """Counts of the file; the six fire stations are five points and an area."""
    assert len(liechtenstein.places.ids) == 19
    types = [liechtenstein.settings.types[type_].id for type_ in liechtenstein.facilities.type]
    assert {type_: types.count(type_) for type_ in types} == {
        "fire_department": 6, "police_station": 1, "hospital": 1
    }  # fmt: skip
    assert sum(id_.startswith("w") for id_ in liechtenstein.facilities.ids) == 1
    assert "16,775 nodes and 33,844 edges" in liechtenstein.settings.notes
    found = siting.solve(liechtenstein, "max_coverage", seconds=20)
    assert found.plan is not None
    assert siting.solve(liechtenstein, "min_travel_time", seconds=20).plan is not None


def test_liechtenstein_raw_graph(liechtenstein: siting.Instance) -> None:
    """The main part as an independent reading has it, and the times of a few hundred pairs of it."""
    graph = raw_graph(REAL["liechtenstein"])
    main = graph.subgraph(max(nx.strongly_connected_components(graph), key=len))
    assert (len(main), main.number_of_edges()) == (16_775, 33_844)
    mine = to_networkx(liechtenstein.roads)
    shared = [node for node in mine if node.isdigit()]
    assert set(shared) <= set(main)
    for source in shared[::400]:
        theirs = nx.single_source_dijkstra_path_length(main, source, weight="ms")
        ours = nx.single_source_dijkstra_path_length(mine, source, weight="ms")
        assert all(ours[node] == theirs[node] for node in shared)


def test_liechtenstein_sites(liechtenstein: siting.Instance) -> None:
    """Times between every site and place: out to a junction, through the raw graph, and in again."""
    graph = raw_graph(REAL["liechtenstein"])
    junctions = set(graph)
    roads = to_networkx(liechtenstein.roads)
    ahead = {site: _ends(roads, site, junctions) for site in liechtenstein.sites.ids}
    back = {place: _ends(roads.reverse(), place, junctions)[1] for place in liechtenstein.places.ids}
    nodes = sorted(junctions)
    number = {node: k for k, node in enumerate(nodes)}
    starts = sorted({number[node] for _, ends in ahead.values() for node in ends})
    between = dict(zip(starts, dijkstra(matrix(graph, nodes), indices=starts), strict=True))
    for site, (inside, ends) in ahead.items():
        reached = nx.single_source_dijkstra_path_length(roads, site, weight="ms")
        for place in liechtenstein.places.ids:
            best = min(
                away + between[number[a]][number[b]] + home
                for a, away in ends.items()
                for b, home in back[place].items()
            )
            assert reached[place] == min(best, inside.get(place, math.inf))


def _ends(roads: nx.DiGraph, site: str, junctions: set[str]) -> tuple[dict[str, int], dict[str, int]]:
    """What can be reached from a site without passing a junction, and the first junctions, with their ms."""
    inside = nx.single_source_dijkstra_path_length(
        roads.subgraph([node for node in roads if node not in junctions]), site, weight="ms"
    )
    ends: dict[str, int] = {}
    for node, ms in inside.items():
        for to, data in roads[node].items():
            if to in junctions:
                ends[to] = min(ends.get(to, 2**40), ms + data["ms"])
    return inside, ends


@pytest.mark.slow
@pytest.mark.parametrize("name", list(REAL))
def test_every_pair_of_junctions(name: str) -> None:
    if not REAL[name].exists():
        pytest.skip("the public file is not there")
    assert same_times(raw_graph(REAL[name]), read_osm(REAL[name])) > 1_000_000


def test_andorra() -> None:
    if not REAL["andorra"].exists():
        pytest.skip("the public file is not there")
    instance = read_osm(REAL["andorra"])
    types = [instance.settings.types[type_].id for type_ in instance.facilities.type]
    assert "fire_department" not in types
    assert types.count("police_station") == 1  # a point and an area around it
    for model in ("max_coverage", "min_travel_time"):
        assert siting.solve(instance, model, seconds=20).plan is not None
