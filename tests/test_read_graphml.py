"""Graphs of networkx and osmnx in: files and objects, and what is wrong with them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from siting.errors import InstanceError
from siting.instance.core import Instance
from siting.readers.geo import read_geo
from siting.readers.graphml import read_graphml
from siting.readers.vector.maxspeed import first_word, kmh_of, several
from siting.roads.times import network, within


def city(seed: int = 1, size: int = 5) -> nx.MultiDiGraph[int]:
    """A graph as osmnx makes it, with people at some nodes."""
    numbers = np.random.default_rng(seed)
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="epsg:4326", simplified=True, created_with="by hand")
    for node in range(size * size):
        lat, lon = 50 + node // size / 100, 30 + node % size / 100
        graph.add_node(node + 100, y=lat, x=lon, street_count=4)
        if node % 3 == 0:
            graph.nodes[node + 100]["population"] = int(numbers.integers(1, 20_000))
    for node in range(size * size):
        for other in (node + 1, node + size):
            if other >= size * size or (other == node + 1 and other % size == 0):
                continue
            length, kmh = float(numbers.uniform(500, 2000)), float(numbers.choice([30, 50, 60]))
            known: dict[str, Any] = {
                "osmid": [node, other] if node % 4 == 0 else node,
                "highway": ["residential", "tertiary"] if node % 5 == 0 else "residential",
                "oneway": bool(numbers.random() < 0.2),
                "length": length,
                "speed_kph": kmh,
                "travel_time": 3.6 * length / kmh,
            }
            graph.add_edge(node + 100, other + 100, reversed=False, **known)
            if not known["oneway"]:
                graph.add_edge(other + 100, node + 100, reversed=True, **known)
    tail, head, found = next(iter(graph.edges(data=True)))
    graph.add_edge(tail, head, **found | {"travel_time": found["travel_time"] * 0.7})
    return graph


def saved(graph: nx.Graph[Any], path: Path) -> Path:
    """Write a graph as osmnx.save_graphml does: every attribute as text."""
    copy = graph.copy()
    holders = [copy.graph, *(found for _, found in copy.nodes(data=True))]
    holders += [found for _, _, found in copy.edges(data=True)]
    for found in holders:
        for key, value in found.items():
            found[key] = str(value)
    nx.write_graphml(copy, path)
    return path


def times(instance: Instance) -> dict[tuple[str, str], int]:
    """Milliseconds from every place to every place it reaches."""
    node = instance.sites.node[: len(instance.places.ids)]
    net = network(instance.roads, 1.0)
    limit = np.full(net.nodes, 2**30, dtype=np.int32)
    terminal = np.isin(np.arange(net.nodes), node)
    ends, nodes, ms = within(net, node, np.zeros(len(node), dtype=np.int32), limit, terminal)
    names = dict(zip(node.tolist(), instance.places.ids, strict=True))
    return {
        (names[one], names[nodes[at]]): int(ms[at])
        for number, one in enumerate(node.tolist())
        for at in range(ends[number], ends[number + 1])
    }


def shortest(graph: nx.Graph[Any]) -> dict[tuple[str, str], int]:
    """The same by networkx on the graph as it is, between the nodes with people."""
    people = [node for node, found in graph.nodes(data="population", default=0) if found]

    def ms(tail: Any, head: Any, found: Any) -> int:
        return min(round(1000 * one["travel_time"]) for one in found.values())

    found = {}
    for one in people:
        reached = nx.single_source_dijkstra_path_length(graph, one, weight=ms)
        found.update({(str(one), str(other)): reached[other] for other in people if other in reached})
    return found


def complaints(*args: object, **options: object) -> str:
    with pytest.raises(InstanceError) as caught:
        read_graphml(*args, **options)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize("seed", range(4))
def test_times_are_those_of_networkx_to_the_millisecond(tmp_path: Path, seed: int) -> None:
    graph = city(seed)
    wanted = shortest(graph)
    assert len(wanted) > 20
    assert times(read_graphml(graph)) == wanted
    path = saved(graph, tmp_path / "city.graphml")
    assert times(read_graphml(path)) == wanted
    assert times(read_graphml(nx.read_graphml(path))) == wanted  # text for numbers in the graph itself


def test_what_the_nodes_say(tmp_path: Path) -> None:
    graph = city()
    graph.nodes[100]["name"] = "Київ"
    found = read_graphml(saved(graph, tmp_path / "city.graphml"))
    people = {str(node): value for node, value in graph.nodes(data="population") if value}
    assert dict(zip(found.places.ids, found.places.population.tolist(), strict=True)) == people
    assert found.places.names[0] == "Київ"
    assert found.settings.name == "city"
    assert "25 nodes" in found.settings.notes
    assert set(found.roads.classes) == {"residential"}
    assert (found.roads.metres > 400).all()
    assert not found.warnings


def test_osmnx_writes_and_reads_the_same(tmp_path: Path) -> None:
    osmnx = pytest.importorskip("osmnx")
    graph = city()
    osmnx.io.save_graphml(graph, tmp_path / "osmnx.graphml")
    loaded = osmnx.io.load_graphml(tmp_path / "osmnx.graphml")
    wanted = shortest(graph)
    assert times(read_graphml(tmp_path / "osmnx.graphml")) == wanted == times(read_graphml(loaded))


def test_projected_graphs_are_reprojected(tmp_path: Path) -> None:
    pyproj = pytest.importorskip("pyproj")
    graph = city()
    turn = pyproj.Transformer.from_crs(4326, 32636, always_xy=True)
    for _, found in graph.nodes(data=True):
        found["x"], found["y"] = turn.transform(found["x"], found["y"])
    for crs in ("epsg:32636", pyproj.CRS.from_epsg(32636).to_wkt(), pyproj.CRS.from_epsg(32636)):
        graph.graph["crs"] = crs
        wanted = read_graphml(city())
        for found in (read_graphml(graph), read_graphml(saved(graph, tmp_path / "utm.graphml"))):
            np.testing.assert_allclose(found.places.lat, wanted.places.lat, atol=1e-9)
            np.testing.assert_allclose(found.places.lon, wanted.places.lon, atol=1e-9)
            assert times(found) == times(wanted)
            assert "reprojected from WGS 84 / UTM zone 36N" in found.settings.notes
    assert next(iter(graph.nodes(data="x")))[1] > 180  # the graph given is left as it was
    del graph.graph["crs"]
    assert "is no longitude and latitude" in complaints(graph)
    graph.graph["crs"] = "epsg:0"
    assert "is no known coordinate reference system" in complaints(graph)


def test_times_are_worked_out_from_length_and_speed() -> None:
    graph = city()
    tail, head = next(iter(graph.edges()))
    graph.remove_edge(tail, head, 1)  # parallel, with a time of its own
    wanted = shortest(graph)
    for _, _, found in graph.edges(data=True):
        del found["travel_time"]
    found = times(read_graphml(graph))
    assert found.keys() == wanted.keys()
    assert max(abs(found[pair] - wanted[pair]) for pair in wanted) <= 10
    assert "worked out from length and speed" in read_graphml(graph).settings.notes
    for _, _, edge in graph.edges(data=True):
        edge["maxspeed"] = ["50", "30"]
        edge["highway"] = "primary"
        del edge["speed_kph"]
    _, _, edge = next(iter(graph.edges(data=True)))
    roads = read_graphml(graph).roads
    assert roads is not None
    at = (roads.tail == list(roads.ids).index(str(tail))) & (roads.head == list(roads.ids).index(str(head)))
    assert roads.ms[at][0] == round(3600 * edge["length"] / 27)  # nine tenths of the lower limit


def test_no_times_says_how_to_get_them() -> None:
    graph = city()
    for _, _, found in graph.edges(data=True):
        del found["travel_time"], found["speed_kph"]
    said = complaints(graph)
    assert "ox.add_edge_speeds(G)" in said
    assert f"{graph.number_of_edges()} of {graph.number_of_edges()} edges have neither" in said


def test_undirected_graphs_lead_both_ways(tmp_path: Path) -> None:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_node("a", x=30.0, y=50.0, population=5)
    graph.add_node("b", x=30.1, y=50.0, population=6)
    graph.add_edge("a", "b", travel_time=60.5, length=1000)
    nx.write_graphml(graph, tmp_path / "x.graphml")
    for source in (graph, tmp_path / "x.graphml"):
        found = times(read_graphml(source))
        assert found == {("a", "a"): 0, ("a", "b"): 60_500, ("b", "a"): 60_500, ("b", "b"): 0}


def test_layers_on_a_graph(tmp_path: Path) -> None:
    graph = city()
    places = pd.DataFrame({"id": ["u", "v"], "pop": [50, 60], "lat": [50.0, 50.04], "lon": [30.0, 30.0405]})
    stations = pd.DataFrame({"name": ["s"], "type": ["fire_department"], "lat": [50.02], "lon": [30.02]})
    candidates = pd.DataFrame({"site": ["104", "110"], "type": "fire_department"})
    found = read_graphml(graph, places=places, facilities=stations, candidates=candidates)
    assert list(found.places.ids) == ["u", "v"]
    assert list(found.sites.ids[found.candidates.site]) == ["104", "110"]  # nodes of the graph
    assert found.sites.snap_m[1] == pytest.approx(35.7, abs=0.1)
    path = saved(graph, tmp_path / "city.graphml")
    again = read_geo(places, facilities=stations, candidates=candidates, roads=path)
    assert times(again) == times(found)
    taken = read_graphml(
        graph, places=places.assign(id=["100", "101"], lat=[50.0, 50.001], lon=[30.0, 30.01])
    )
    assert any("'101'" in warning and "m from its own coordinates" in warning for warning in taken.warnings)


GRAPH = """<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="x" for="node" attr.name="x" attr.type="string"/>
<key id="y" for="node" attr.name="y" attr.type="double"/>
<key id="p" for="node" attr.name="population" attr.type="string"><default>7</default></key>
<key id="t" for="edge" attr.name="travel_time" attr.type="string"/>
<graph edgedefault="directed">
<node id="1"><data key="x">30</data><data key="y">50</data></node>
<node id="2"><data key="x">30.1</data><data key="y">50</data><data key="p">9</data></node>
<edge source="1" target="2"><data key="t">60</data></edge>
<edge source="2" target="1"><data key="t">61</data></edge>
</graph></graphml>
"""


def test_plain_graphml(tmp_path: Path) -> None:
    path = tmp_path / "x.graphml"
    prefixed = GRAPH.replace("<", "<g:").replace("<g:/", "</g:").replace("<g:?", "<?")
    for text in (GRAPH, prefixed.replace("xmlns=", "xmlns:g=")):
        path.write_text(text)
        found = read_graphml(path)
        assert list(found.places.population) == [7, 9]
        assert times(found)["2", "1"] == 61_000
    path.write_text(GRAPH.replace('"1.0"?', '"1.0" encoding="utf-16"?'), encoding="utf-16")
    assert times(read_graphml(path))["1", "2"] == 60_000


BOMB = '<!DOCTYPE g [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<graphml", f"{BOMB}]><graphml", ":2: has a document type"),
        ("<graphml", '<!DOCTYPE g SYSTEM "file:///etc/passwd"><graphml', ":2: has a document type"),
        (">60<", ">60,5<", ":10 travel_time: edge ('1', '2'): '60,5' is no number"),
        (">60<", ">soon<", ":10 travel_time"),
        (">60<", "><", "1 of 2 edges have neither travel_time"),
        (">60<", ">-5<", "must be seconds"),
        (">60<", ">inf<", "must be seconds"),
        (">60<", ">1e400<", "must be seconds"),
        (">30<", ">x<", ":8 x: node '1'"),
        (">30<", ">nan<", "must be degrees"),
        (">30<", ">712000<", "is no longitude and latitude"),
        (">9<", ">many<", ":9 population"),
        ('id="2"', 'id="1"', ":9: the node '1' is there already"),
        ('id="2"', 'id=""', ":9: a <node> has no id"),
        ('target="2"', 'target="5"', ":10: the edge leads to '5', which is no node of the file"),
        ('target="2"', "", ":10: an <edge> has no source or no target"),
        ('target="2"', 'target="2" directed="false"', "directed and undirected edges"),
        ("</graph></graphml>", "", "no element found"),
        ("</graph>", "", "mismatched tag"),
        ("<edge", "<edge \x01", "not well-formed"),
        ("</graph>", '</graph><graph edgedefault="directed"></graph>', "a second <graph>"),
        ('<data key="y">50</data></node>\n<node id="2">', "</node>\n<node id='2'>", "must be degrees"),
        ("</graph>", "<hyperedge/></graph>", "<hyperedge>"),
        ("<graph ", "<node id='0'/><graph ", ":7: has a <node> outside of <graph>"),
        ('<data key="t">60</data>', '<data key="t">60<key id="z"/></data>', "1 of 2 edges have neither"),
        ("graphml", "gpx", ":2: is an XML file of <gpx>"),
        (GRAPH, '<graphml xmlns="x"></graphml>', "holds no <graph>"),
        (GRAPH, "<graphml><graph></graph></graphml>", "has no nodes"),
        (GRAPH, "{}", ":1: not valid XML"),
        (GRAPH, "", "not valid XML"),
        ('"1.0"?', '"1.0" encoding="martian"?', "unknown encoding"),
    ],
)  # fmt: skip
def test_broken_files(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "x.graphml"
    assert old in GRAPH
    path.write_text(GRAPH.replace(old, new))
    said = complaints(path)
    assert str(path) in said
    assert words in said


def test_damaged_files_never_end_in_a_traceback(tmp_path: Path) -> None:
    path, numbers = tmp_path / "x.graphml", random.Random(3)
    whole = GRAPH.encode()
    for number in range(300):
        broken = bytearray(whole)
        if number % 3 == 0:
            del broken[numbers.randrange(len(broken)) :]
        for _ in range(numbers.randint(1, 4)):
            if broken:
                broken[numbers.randrange(len(broken))] = numbers.randrange(256)
        path.write_bytes(broken)
        try:
            found = read_graphml(path)
        except InstanceError as error:
            said = error.complaints
        else:
            said = found.places.ids
        assert len(said)


def test_other_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "must be a path or a networkx graph" in complaints(17)
    assert "is a folder" in complaints(tmp_path)
    (tmp_path / "city.graphml").write_text(GRAPH)
    assert "did you mean 'city.graphml'" in complaints(tmp_path / "cty.graphml")
    monkeypatch.setattr("siting.readers.vector.graphml_file.MOST_BYTES", 100)
    assert "bytes are more than the 100" in complaints(tmp_path / "city.graphml")
    graph = city()
    for _, found in graph.nodes(data=True):
        found.pop("population", None)
    assert "give the demand points" in complaints(graph)
    assert "has no nodes" in complaints(nx.DiGraph())
    far = pd.DataFrame({"pop": [5], "lat": [10.0], "lon": [10.0]})
    assert "km from the nearest place" in complaints(graph, places=far)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("50", ["50"]), (50, ["50"]), (["a", "b"], ["a", "b"]), ("['a', 'b']", ["a", "b"]), ("[]", []),
        ("", []),
        ("30;50", ["30", "50"]), ("30|50", ["30", "50"]),
    ],
)  # fmt: skip
def test_several_words(value: object, words: list[str]) -> None:
    assert several(value) == words
    assert first_word(value) == (words[0] if words else "")


def test_speeds_from_class_and_limit() -> None:
    assert kmh_of("", "50") == 45
    assert kmh_of("", "['30 mph', '50']") == pytest.approx(0.9 * 30 * 1.609344)
    assert kmh_of("residential", "") == 30
    assert np.isnan(kmh_of("", "walkies"))
    assert np.isnan(kmh_of("footway", ""))
