"""Road edits: closures, factors and links against the same edits made by hand on a networkx graph."""

from __future__ import annotations

import io
import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import siting
from siting.errors import InstanceError
from siting.instance import Instance
from siting.readers import read
from siting.roads.graph import from_networkx, to_networkx
from tests.same_instance import assert_same

THREE_TOWNS = Path(__file__).parent.parent / "instances" / "three_towns"
README = THREE_TOWNS.parent / "README.md"
COLUMNS = ["action", "from", "to", "class", "area", "factor", "km", "kmh", "minutes", "oneway", "note"]
CLASSES = ("main", "local", "dirt")

SETTINGS: dict[str, Any] = {
    "name": "test",
    "currency": "EUR",
    "services": {"fire": {"standard": {"city": 10, "village": 20}}},
    "types": {"station": {"provides": {"fire": 2}, "cost": 3}},
    "scenarios": {"usual": {"probability": 0.5}, "snow": {"probability": 0.5}},
}


def edits(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def places(nodes: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Places at (lat, lon)."""
    return pd.DataFrame(
        {
            "place_id": list(nodes),
            "name": [name.title() for name in nodes],
            "lat": [lat for lat, _ in nodes.values()],
            "lon": [lon for _, lon in nodes.values()],
            "population": 100,
            "kind": "village",
        }
    )


def build(nodes: dict[str, tuple[float, float]], **tables: Any) -> Instance:
    candidates = pd.DataFrame({"site": list(nodes)[:1], "type": "station"})
    return Instance.from_frames(places=places(nodes), candidates=candidates, settings=SETTINGS, **tables)


CHAIN = {"a": (49.6, 33.0), "b": (49.6, 33.1), "c": (49.6, 33.2), "d": (49.6, 33.3)}
ROADS = pd.DataFrame(
    {
        "from": ["a", "b", "c"],
        "to": ["b", "c", "d"],
        "km": [8.0, 8.0, 8.0],
        "kmh": [60, 48, 48],
        "class": ["main", "local", "local"],
    }
)


def times(instance: Instance) -> dict[tuple[str, str], int]:
    """Car ms of every edge."""
    assert instance.roads is not None
    graph = to_networkx(instance.roads)
    return {(one, other): ms for one, other, ms in graph.edges(data="ms")}


def both(found: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """The same times there and back."""
    return {**found, **{(other, one): ms for (one, other), ms in found.items()}}


def test_example_of_the_readme(tmp_path: Path) -> None:
    pytest.importorskip("shapely")
    shutil.copytree(THREE_TOWNS, tmp_path, dirs_exist_ok=True)
    section = README.read_text(encoding="utf-8").split("### Road edits")[1]
    (tmp_path / "edits.csv").write_text(section.split("```\n")[1], encoding="utf-8")
    instance = read(tmp_path)
    minute = 60_000
    assert times(instance) == both(
        {
            ("kalyna", "malva"): 15 * minute,
            ("malva", "lypa"): 15 * minute,
            ("lypa", "dub"): 12 * minute,
            ("dub", "verba"): 8 * minute,
            ("dub", "sosna"): 50 * minute,
        }
    )
    assert instance.warnings == (f"{tmp_path}/edits.csv: roads edited: closed 1 (15.0 km), slower 2, new 1",)
    assert "edits.csv" in instance.files


def test_lengths_stay() -> None:
    slow = build(CHAIN, roads=ROADS, edits=edits({"action": "factor", "class": "local", "factor": 2.5}))
    plain = build(CHAIN, roads=ROADS)
    assert slow.roads is not None
    assert plain.roads is not None
    np.testing.assert_array_equal(slow.roads.metres, plain.roads.metres)
    minute = 60_000
    assert times(slow) == both({("a", "b"): 8 * minute, ("b", "c"): 25 * minute, ("c", "d"): 25 * minute})


def test_factors_are_rounded_once_and_order_is_of_no_account() -> None:
    rows = [
        {"action": "close", "from": "a", "to": "b", "oneway": 1},
        {"action": "factor", "class": "new", "factor": 1.3},
        {"action": "factor", "from": "a", "to": "c", "factor": 1.7},
        {"action": "link", "from": "a", "to": "c", "class": "new", "km": 1.234, "kmh": 37},
    ]
    link = round(1.234 / 37 * 3_600_000)
    expected = {("b", "a"): 480_000, ("a", "c"): round(link * 1.3 * 1.7)}
    expected |= both({("b", "c"): 600_000, ("c", "d"): 600_000}) | {("c", "a"): expected["a", "c"]}
    for order in (rows, rows[::-1]):
        instance = build(CHAIN, roads=ROADS, edits=edits(*order))
        assert times(instance) == expected
        assert instance.roads is not None
        graph = to_networkx(instance.roads)
        assert graph.edges["a", "c"]["highway"] == "new"
        assert graph.edges["a", "c"]["length"] == 1234


def test_fastest_of_parallel_links_counts() -> None:
    rows = [
        {"action": "link", "from": "a", "to": "b", "minutes": 9},
        {"action": "link", "from": "b", "to": "c", "minutes": 7, "oneway": 1},
        {"action": "link", "from": "b", "to": "c", "minutes": 6, "oneway": 1, "class": "ferry"},
    ]
    instance = build(CHAIN, roads=ROADS, edits=edits(*rows))
    plain = times(build(CHAIN, roads=ROADS))
    assert times(instance) == plain | {("b", "c"): 360_000}
    assert instance.warnings == (
        "edits: links no faster than the road that is there already, which change nothing: 2, "
        "e.g. 'a' to 'b'",
        "edits: roads edited: faster 1",
    )


def test_cut_off_places_are_named_and_not_snapped() -> None:
    roads = ROADS.drop(columns="km").assign(minutes=5).drop(columns="kmh")
    rows = [{"action": "close", "from": "c", "to": "d"}, {"action": "close", "from": "b", "to": "a"}]
    instance = build(CHAIN, roads=roads, edits=edits(*rows))
    assert times(instance) == both({("b", "c"): 300_000})
    assert not instance.sites.snap_m.any()
    assert instance.warnings[:2] == (
        "edits: roads edited: closed 2 (2 of unknown length)",
        "edits: places that closures cut off from the main network, one way or both: 2 with 200 people: "
        "'A', 'D'",
    )


def test_one_way_closure_cuts_off() -> None:
    row = {"action": "close", "from": "c", "to": "d", "oneway": "1"}
    instance = build(CHAIN, roads=ROADS, edits=edits(row))
    assert ("d", "c") in times(instance)
    assert ("c", "d") not in times(instance)
    assert instance.warnings[1].endswith("one way or both: 1 with 100 people: 'D'")


def test_many_cut_off_places_are_counted() -> None:
    nodes = {f"n{number:02}": (49.6, 33 + number / 100) for number in range(20)}
    names = list(nodes)
    roads = pd.DataFrame({"from": names[:-1], "to": names[1:], "minutes": 2})
    instance = build(nodes, roads=roads, edits=edits({"action": "close", "from": "n06", "to": "n05"}))
    assert instance.warnings[1].endswith("6 with 600 people: 'N00', 'N01', 'N02', 'N03', 'N04', 'N05'")
    instance = build(nodes, roads=roads, edits=edits({"action": "close", "from": "n12", "to": "n11"}))
    assert instance.warnings[1].endswith("8 with 800 people: " + ", ".join(f"'N{n}'" for n in range(12, 20)))
    many = [{"action": "close", "from": one, "to": other} for one, other in pairwise(names[:13])]
    instance = build(nodes, roads=roads, edits=edits(*many))
    assert instance.warnings[1].endswith("'N08', 'N09' and 2 more")


def test_snapped_site_keeps_its_node() -> None:
    """Off the roads, nearest to b: with b's roads closed it stays with b instead of going to c."""
    nodes = {**CHAIN, "x": (49.61, 33.11)}
    plain = build(nodes, roads=ROADS)
    rows = [{"action": "close", "from": "a", "to": "b"}, {"action": "close", "from": "b", "to": "c"}]
    instance = build(nodes, roads=ROADS, edits=edits(*rows))
    np.testing.assert_array_equal(instance.sites.snap_m, plain.sites.snap_m)
    expected = {pair: ms for pair, ms in times(plain).items() if set(pair) not in ({"a", "b"}, {"b", "c"})}
    assert times(instance) == expected
    linked = build(nodes, roads=ROADS, edits=edits({"action": "link", "from": "x", "to": "d", "minutes": 3}))
    assert not linked.sites.snap_m.any()
    assert times(linked) == times(build(CHAIN, roads=ROADS)) | both({("x", "d"): 180_000})


def test_closed_edge_with_a_site_on_it() -> None:
    """A site linked to a point of the edge a - b: both parts of the edge are closed with it."""
    nodes = {**CHAIN, "x": (49.601, 33.04)}
    roads = ROADS.assign(km=7.3)
    plain, row = build(nodes, roads=roads), {"action": "close", "from": "b", "to": "a"}
    assert "x@road" in {end for edge in times(plain) for end in edge}
    closed = times(build(nodes, roads=roads, edits=edits(row)))
    assert set(closed) == both(dict.fromkeys((("x", "x@road"), ("b", "c"), ("c", "d")), 0)).keys()
    slowed = build(nodes, roads=roads, edits=edits({"action": "factor", "from": "a", "to": "b", "factor": 3}))
    found = times(slowed)
    assert found["a", "x@road"] + found["x@road", "b"] == 3 * 438_000


def osm_graph() -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    for number, (lat, lon) in enumerate(CHAIN.values()):
        graph.add_node(number, y=lat, x=lon)
    for one in range(3):
        graph.add_edge(one, one + 1, travel_time=300.0, highway="primary", length=8000.0)
        graph.add_edge(one + 1, one, travel_time=300.0, highway="primary", length=8000.0)
    return graph


def test_graph_with_a_place_beside_it() -> None:
    """A place that is no node becomes one through its link."""
    rows = [
        {"action": "link", "from": "home", "to": 3, "minutes": 2, "class": "track"},
        {"action": "close", "from": 0, "to": 1},
    ]
    for graph in (osm_graph(), from_networkx(osm_graph())):
        instance = build({"home": (49.7, 33.3)}, graph=graph, edits=edits(*rows))
        found = times(instance)
        assert found["home", "3"] == found["3", "home"] == 120_000
        assert ("0", "1") not in found
        assert ("1", "2") in found
        assert instance.sites.snap_m.tolist() == [0.0]


def test_scenarios_are_about_the_edited_roads() -> None:
    scenarios = pd.DataFrame(
        [("snow", "a", "b", None, 2), ("snow", "c", "d", None, 2), ("snow", None, None, "new", 3)],
        columns=["scenario", "from", "to", "class", "factor"],
    )
    rows = [
        {"action": "close", "from": "c", "to": "d"},
        {"action": "factor", "from": "a", "to": "b", "factor": 1.5},
        {"action": "link", "from": "b", "to": "d", "minutes": 4, "class": "new"},
    ]
    instance = build(CHAIN, roads=ROADS, edits=edits(*rows), scenarios=scenarios)
    assert instance.roads is not None
    slower = instance.scenarios[1].factor
    assert slower is not None
    ends = zip(instance.roads.ids[instance.roads.tail], instance.roads.ids[instance.roads.head], strict=True)
    assert dict(zip(ends, slower.tolist(), strict=True)) == both(
        {("a", "b"): 2.0, ("b", "c"): 1.0, ("b", "d"): 3.0}
    )
    assert times(instance)["a", "b"] == 720_000
    assert (
        "scenarios: rows about edges that the edits close already, which change nothing: 1, e.g. 'c' to 'd'"
        in instance.warnings
    )


def test_areas_without_roads_and_roads_without_coordinates() -> None:
    pytest.importorskip("shapely")
    far = "POLYGON((40 10, 41 10, 41 11, 40 11, 40 10))"
    idle = "edits: areas in which no road lies: 1, e.g. edits.iloc[0]"
    rows = edits({"action": "close", "area": far})
    assert build(CHAIN, roads=ROADS, edits=rows).warnings[0] == idle
    instance = Instance.from_frames(
        places=places(CHAIN).drop(columns=["lat", "lon"]),
        candidates=pd.DataFrame({"site": ["a"], "type": "station"}),
        roads=ROADS,
        edits=rows,
        settings=SETTINGS,
    )
    assert instance.warnings[:2] == (
        idle,
        "edits: road edges with an end of unknown coordinates, which lie in no area: 6",
    )


@pytest.mark.parametrize(
    ("area", "inside"),
    [
        ("POLYGON((179.2 -17, 179.4 -17, 179.4 -16, 179.2 -16, 179.2 -17))", True),
        ("POLYGON((-179.4 -17, -179.2 -17, -179.2 -16, -179.4 -16, -179.4 -17))", True),
        ("POLYGON((10 -17, 11 -17, 11 -16, 10 -16, 10 -17))", False),
        ("MULTIPOLYGON(((1 1, 2 1, 2 2, 1 1)), ((179.9 -17, 180 -17, 180 -16, 179.9 -17)))", True),
    ],
)
def test_area_and_edge_at_the_antimeridian(area: str, inside: bool) -> None:
    """The edge goes the short way, over 180 degrees."""
    pytest.importorskip("shapely")
    nodes = {"west": (-16.5, 179.0), "east": (-16.5, -179.0), "far": (-16.5, -178.5)}
    roads = pd.DataFrame({"from": ["west", "east"], "to": ["east", "far"], "minutes": 200})
    instance = build(nodes, roads=roads, edits=edits({"action": "close", "area": area}))
    assert (("west", "east") not in times(instance)) == inside
    assert ("east", "far") in times(instance)


def test_without_shapely_only_areas_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shapely", None)
    row = {"action": "close", "from": "a", "to": "b"}
    assert ("a", "b") not in times(build(CHAIN, roads=ROADS, edits=edits(row)))
    area = {"action": "close", "area": "POLYGON((0 0, 1 0, 1 1, 0 0))"}
    with pytest.raises(InstanceError, match=re.escape("edits.iloc[1] area: areas need the library shapely")):
        build(CHAIN, roads=ROADS, edits=edits(row, area))


def test_edited_roads_come_back(tmp_path: Path) -> None:
    """What is written are the roads as edited, so that nothing is edited twice."""
    rows = [
        {"action": "factor", "class": "local", "factor": 1.7},
        {"action": "link", "from": "a", "to": "c", "km": 3, "kmh": 40, "oneway": 1, "class": "new"},
        {"action": "close", "from": "b", "to": "a"},
    ]
    instance = build(CHAIN, roads=ROADS, edits=edits(*rows))
    siting.write_instance(instance, tmp_path / "out")
    assert_same(siting.read(tmp_path / "out"), instance)
    assert not (tmp_path / "out" / "edits.csv").exists()


def test_wrong_rows_are_called_by_position() -> None:
    with pytest.raises(InstanceError) as caught:
        build(CHAIN, roads=ROADS, edits=edits({"action": "close", "from": "a", "to": "c"}))
    assert str(caught.value).startswith("edits.iloc[0] from, to: no edge of the roads joins 'a' and 'c'")


def test_no_rows_change_nothing() -> None:
    plain = build(CHAIN, roads=ROADS)
    empty = build(CHAIN, roads=ROADS, edits=edits())
    assert times(empty) == times(plain)
    assert empty.warnings == plain.warnings


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], pd.DataFrame, pd.DataFrame]:
    """Random roads, and edits that name what is there."""
    grid = st.integers(0, 6)
    count = draw(st.integers(2, 7))
    nodes = {f"n{number}": (48 + draw(grid) / 64, 33 + draw(grid) / 64) for number in range(count)}
    pair = st.permutations(list(nodes)).map(lambda order: (order[0], order[1]))
    pairs = draw(st.lists(pair, min_size=1, max_size=12))
    minutes = st.integers(1, 30_000).map(lambda number: number / 1000)
    roads = pd.DataFrame(
        [(*ends, draw(minutes), draw(st.integers(0, 1)), draw(st.sampled_from(CLASSES))) for ends in pairs],
        columns=["from", "to", "minutes", "oneway", "class"],
    )
    rows = []
    factor = st.integers(2, 800).map(lambda number: number / 100)
    for action in draw(st.lists(st.sampled_from(("close", "factor", "factor", "link")), max_size=6)):
        row: dict[str, object] = {"action": action}
        if action == "link":
            one, other = draw(pair)
            row |= {"from": one, "to": other, "minutes": draw(minutes), "oneway": draw(st.integers(0, 1))}
            row["class"] = draw(st.sampled_from((*CLASSES, "new", None)))
        else:
            row |= draw(targets(roads))
        if action == "factor":
            row["factor"] = draw(factor)
        rows.append(row)
    return nodes, roads, edits(*rows)


@st.composite
def targets(draw: st.DrawFn, roads: pd.DataFrame) -> dict[str, object]:
    """An edge, a class or a box whose borders may meet nodes."""
    what = draw(st.sampled_from(("edge", "class", "area")))
    road = roads.iloc[draw(st.integers(0, len(roads) - 1))]
    if what == "edge":
        return {"from": road["from"], "to": road["to"], "oneway": draw(st.sampled_from((None, 0, 1)))}
    if what == "class":
        return {"class": road["class"]}
    side = st.integers(-1, 13).map(lambda number: number / 128)
    (south, north), (west, east) = (sorted((draw(side), draw(side) + 1 / 256)) for _ in range(2))
    south, north, west, east = 48 + south, 48 + north, 33 + west, 33 + east
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return {"area": f"POLYGON(({', '.join(f'{x!r} {y!r}' for x, y in corners)}))"}


def in_box(one: tuple[float, float], other: tuple[float, float], box: tuple[float, ...]) -> bool:
    """Whether a segment between (lat, lon) points meets a box: Liang and Barsky's clipping (1984)."""
    (y, x), (to_y, to_x) = one, other
    west, south, east, north = box
    enter, leave = 0.0, 1.0
    for step, room in (
        (x - to_x, x - west),
        (to_x - x, east - x),
        (y - to_y, y - south),
        (to_y - y, north - y),
    ):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            enter = max(enter, room / step)
        else:
            leave = min(leave, room / step)
    return enter <= leave


def by_hand(nodes: dict[str, tuple[float, float]], roads: pd.DataFrame, rows: pd.DataFrame) -> nx.DiGraph:
    """The roads under the edits, row by row on a networkx graph."""
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)

    def add(frame: pd.DataFrame) -> None:
        ends = [(row["from"], row["to"], row) for row in frame.to_dict("records")]
        ends += [(other, one, row) for one, other, row in ends if row["oneway"] != 1]
        for one, other, row in ends:
            ms = round(row["minutes"] * 60_000)
            if not graph.has_edge(one, other) or graph.edges[one, other]["ms"] > ms:
                graph.add_edge(one, other, ms=ms, klass=row["class"])

    def named(row: dict[str, Any]) -> list[tuple[str, str]]:
        if isinstance(row["area"], str):
            x, y = zip(*(map(float, two.split()) for two in row["area"][9:-2].split(", ")), strict=True)
            box = min(x), min(y), max(x), max(y)
            return [(one, other) for one, other in graph.edges if in_box(nodes[one], nodes[other], box)]
        if isinstance(row["from"], str):
            ends = [(row["from"], row["to"])]
            ends += [] if row["oneway"] == 1 else [(row["to"], row["from"])]
            return [edge for edge in ends if graph.has_edge(*edge)]
        return [(one, other) for one, other, klass in graph.edges(data="klass") if klass == row["class"]]

    add(roads)
    add(rows[rows.action == "link"])
    changes = dict.fromkeys(graph.edges, 1.0)
    for row in rows[rows.action == "factor"].to_dict("records"):
        for edge in named(row):
            changes[edge] *= row["factor"]
    closed = [edge for row in rows[rows.action == "close"].to_dict("records") for edge in named(row)]
    for edge, factor in changes.items():
        graph.edges[edge]["ms"] = max(1, round(graph.edges[edge]["ms"] * factor))
    graph.remove_edges_from(closed)
    return graph


def as_graph(nodes: dict[str, tuple[float, float]], roads: pd.DataFrame) -> nx.MultiDiGraph:
    """The roads as osmnx would make them."""
    graph = nx.MultiDiGraph()
    for name, (lat, lon) in nodes.items():
        graph.add_node(name, y=lat, x=lon)
    ends = [(row["from"], row["to"], row) for row in roads.to_dict("records")]
    ends += [(other, one, row) for one, other, row in ends if row["oneway"] != 1]
    for one, other, row in ends:
        graph.add_edge(one, other, travel_time=60 * row["minutes"], highway=row["class"])
    return graph


@settings(max_examples=150, deadline=None)
@given(cases(), st.booleans())
def test_same_times_as_by_hand(
    case: tuple[dict[str, tuple[float, float]], pd.DataFrame, pd.DataFrame], as_table: bool
) -> None:
    """Every pair of nodes, to the millisecond, from a table or a graph."""
    pytest.importorskip("shapely")
    nodes, roads, rows = case
    graph = by_hand(nodes, roads, rows)
    given_roads = {"roads": roads} if as_table else {"graph": as_graph(nodes, roads)}
    try:
        instance = build(nodes, edits=rows, **given_roads)
    except InstanceError as error:
        said = {re.sub(r"'n\d'", "it", str(one).partition(": ")[2]) for one in error.complaints}
        gone = "no edge of the roads leads from it to it; every edge on the way takes a row of its own"
        assert said <= {gone, "every road is closed; at least one must stay open"}
        assert gone in said or not graph.edges
        return
    links = rows[rows.action == "link"]
    ends = {*roads["from"], *roads["to"], *links["from"], *links["to"]}  # the others are snapped
    ours = nx.DiGraph()
    ours.add_nodes_from(ends)
    ours.add_edges_from((one, other, {"ms": ms}) for (one, other), ms in times(instance).items())
    expected = dict(nx.all_pairs_dijkstra_path_length(graph, weight="ms"))
    for start, found in nx.all_pairs_dijkstra_path_length(ours, weight="ms"):
        if start in ends:
            assert {end: ms for end, ms in found.items() if end in ends} == expected[start]


def test_rows_of_a_file_with_quoted_polygons() -> None:
    """The columns may come in any order and most may be left out."""
    pytest.importorskip("shapely")
    text = 'area,action\n"POLYGON((33.05 49.5,33.06 49.5,33.06 49.7,33.05 49.7,33.05 49.5))",close\n'
    instance = build(CHAIN, roads=ROADS, edits=pd.read_csv(io.StringIO(text)))
    assert ("a", "b") not in times(instance)
    assert len(times(instance)) == 4
