"""Building instances from frames: arrays, snapping, graphs, exclusion, overrides, random damage."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from siting.errors import InstanceError, did_you_mean
from siting.instance import CandidateStatus, Instance
from siting.instance.schema import TABLES, markdown
from siting.instance.settings import as_dict, numbers, parse_settings, with_number
from siting.instance.toml_lines import key_lines
from siting.roads.graph import from_networkx, to_networkx

README = Path(__file__).parent.parent / "instances" / "README.md"

SETTINGS: dict[str, Any] = {
    "name": "test",
    "currency": "EUR",
    "services": {
        "fire_rescue": {"standard": {"city": 10, "village": 20}},
        "police": {"weight": 0.5, "vehicle_factor": 1.2, "standard": {"city": 8, "village": 15}},
    },
    "types": {
        "fire_department": {"provides": {"fire_rescue": 2}, "cost": 3},
        "center": {"provides": {"fire_rescue": 2, "police": 1.5}, "new": 1},
    },
    "parameters": {"budget": 10},
}


def frames(**changed: pd.DataFrame | None) -> dict[str, Any]:
    """A small instance; keyword arguments replace tables, None removes one."""
    tables = {
        "places": pd.DataFrame(
            {
                "place_id": ["a", "b", "c"],
                "name": ["Alder", "Birch", "Cedar"],
                "lat": [49.6, 49.6, 49.6],
                "lon": [33.0, 33.1, 33.2],
                "population": [100, 200, 300],
                "kind": ["city", "village", "village"],
                "region": ["r1", "r1", "r2"],
            }
        ),
        "candidates": pd.DataFrame(
            {"site": ["b", "j", "c"], "type": ["center", "center", "fire_department"], "cost": [8.5, 7, None]}
        ),
        "facilities": pd.DataFrame({"facility_id": [1.0], "name": ["Old"], "type": "center", "site": ["a"]}),
        "junctions": pd.DataFrame({"junction_id": ["j", "k"], "lat": [49.7, 49.7], "lon": [33.1, 33.2]}),
        "roads": pd.DataFrame(
            {
                "from": ["a", "a", "j", "b", "b", "b"],
                "to": ["j", "j", "b", "j", "c", "b"],
                "km": [15, 15, 20, 20, np.nan, 1],
                "kmh": [60, 90, 60, 40, np.nan, 60],
                "minutes": [np.nan, np.nan, np.nan, np.nan, 8.5, np.nan],
                "oneway": [False, False, True, True, False, False],
                "class": ["local", "trunk", "", "", "", "local"],
            }
        ),
    }
    return {name: frame for name, frame in {**tables, **changed}.items() if frame is not None}


def build(settings: dict[str, Any] = SETTINGS, graph: Any = None, **changed: Any) -> Instance:
    return Instance.from_frames(**frames(**changed), settings=settings, graph=graph)


def complaints(**arguments: Any) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        build(**arguments)
    return [str(one) for one in caught.value.complaints]


def test_arrays() -> None:
    instance = build()
    assert list(instance.sites.ids) == ["a", "b", "c", "j"]
    assert list(instance.sites.names) == ["Alder", "Birch", "Cedar", "j"]
    assert list(instance.sites.node) == [0, 1, 2, 3]
    assert list(instance.facilities.ids) == ["1"]
    assert list(instance.candidates.type) == [0, 1, 1]  # by type, then by site
    assert list(instance.candidates.site) == [2, 1, 3]
    assert list(instance.candidates.cost) == [3, 8.5, 7]  # the unit cost where none is given
    assert np.isnan(instance.candidates.capacity).all()
    assert list(instance.places.kind) == [0, 1, 1]
    assert instance.places.kinds == ("city", "village")
    assert list(instance.areas["region"].ids) == ["r1", "r2"]
    assert list(instance.places.area["region"]) == [0, 0, 1]
    assert list(instance.places.area["district"]) == [-1, -1, -1]
    assert instance.needed().all()
    assert instance.od is None


def test_roads() -> None:
    """The faster parallel edge, one-way pairs, minutes, no loop, the class of the edge kept."""
    instance = build()
    roads = instance.roads
    assert roads is not None
    edges = zip(roads.ids[roads.tail], roads.ids[roads.head], roads.ms, strict=True)
    assert {(a, b): int(ms) for a, b, ms in edges} == {
        ("a", "j"): 600_000, ("j", "a"): 600_000,
        ("j", "b"): 1_200_000, ("b", "j"): 1_800_000,
        ("b", "c"): 510_000, ("c", "b"): 510_000,
    }  # fmt: skip
    assert [roads.classes[k] if k >= 0 else "" for k in roads.klass] == ["trunk", "", "", "", "trunk", ""]
    assert roads.tail.dtype == roads.head.dtype == roads.ms.dtype == np.int32
    assert instance.warnings == ("roads: rows from a node to itself are left out: 1",)


def test_places_off_the_network_are_snapped() -> None:
    places = frames()["places"]
    extra = pd.DataFrame(
        {"place_id": ["d"], "name": "Dale", "lat": 49.57, "lon": 33.2, "population": 5, "kind": "city"}
    )
    instance = build(places=pd.concat([places, extra], ignore_index=True))
    assert list(instance.sites.node) == [0, 1, 2, 3, 4]
    metres = 0.03 * 111_195.08
    assert instance.sites.snap_m.tolist() == [0, 0, 0, pytest.approx(metres, rel=1e-6), 0]
    assert instance.roads is not None
    links = to_networkx(instance.roads).edges("d", data="ms")
    assert list(links) == [("d", "c", round(metres / 30 * 3600))]
    assert to_networkx(instance.roads).edges["c", "d"] == to_networkx(instance.roads).edges["d", "c"]
    _consistent(instance)
    assert "the farthest is 'Dale', 3.3 km" in instance.warnings[-1]
    assert "1 sites, 1 of them over more than 2 km" in instance.warnings[-1]


def test_islands_are_told() -> None:
    roads = pd.DataFrame({"from": ["a", "c", "j"], "to": ["b", "k", "a"], "minutes": [5.0, 5.0, 5.0]})
    assert build(roads=roads).warnings == (
        "places: no road links to the main network: 1 places with 300 people on 1 road islands; "
        "the largest is 'Cedar'",
    )


def test_short_roads_are_told() -> None:
    roads = frames()["roads"].assign(km=[15, 15, 5, 20, np.nan, 1])
    assert build(roads=roads).warnings[0] == (
        "roads: 1 of 5 roads are shorter than the straight line between their ends; the worst is in "
        "roads.iloc[2], 5 km where the straight line is 11.1 km"
    )


def test_ids_of_any_type() -> None:
    """12, 12.0, '12', categories, nullable and object columns name the same place."""
    places = frames()["places"].assign(place_id=[12, 13, 14], population=pd.array([1, 2, 3], dtype="Int64"))
    roads = pd.DataFrame({"from": ["12", " 13"], "to": [13.0, 14.0], "minutes": ["5", 6]})
    candidates = pd.DataFrame(
        {"site": pd.Categorical([12, 14]), "type": "fire_department", "status": ["required", None]}
    )
    facilities = pd.DataFrame(
        {"facility_id": [2**60], "name": [7], "type": ["center"], "site": pd.array([13], dtype="Int32")}
    )
    instance = build(places=places, roads=roads, candidates=candidates, facilities=facilities, junctions=None)
    assert list(instance.sites.ids) == ["12", "13", "14"]
    assert list(instance.candidates.site) == [0, 2]
    assert list(instance.candidates.status) == [CandidateStatus.REQUIRED, CandidateStatus.CANDIDATE]
    assert list(instance.facilities.ids) == [str(2**60)]
    assert list(instance.facilities.site) == [1]


def test_od_table() -> None:
    od = pd.DataFrame(
        {
            "from": ["a", "b", "b", "b", "c", "depot", "unused"],
            "to": ["a", "a", "b", "c", "b", "c", "c"],
            "minutes": [0, 10, 0, np.nan, 12.5, 1, 2],
        }
    )
    candidates = pd.DataFrame({"site": ["b", "depot", "c"], "type": "fire_department"})
    instance = build(od=od, roads=None, junctions=None, candidates=candidates)
    assert instance.roads is None
    assert instance.od is not None
    assert list(instance.sites.ids) == ["a", "b", "c", "depot"]
    assert np.isnan(instance.sites.lat[3])
    assert list(instance.sites.node) == [-1, -1, -1, -1]
    rows = zip(instance.od.site, instance.od.place, instance.od.ms, strict=True)
    assert list(rows) == [(0, 0, 0), (1, 0, 600_000), (1, 1, 0), (2, 1, 750_000), (3, 2, 60_000)]
    assert instance.warnings == (
        "od: rows from sites without a facility or candidate are left out: 1",
        "od: sites without a row to their own place, which they therefore do not reach: 1, e.g. 'c'",
    )
    silent = build(
        od=od[od["from"] != "b"], roads=None, junctions=None, candidates=candidates[:2].replace("depot", "a")
    )
    assert silent.warnings[1] == "od: sites of facilities or candidates that reach no place: 1, e.g. 'b'"


def osmnx_graph() -> nx.MultiDiGraph[int]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for node, x in ((1, 33.0), (2, 33.1), (3, 33.2)):
        graph.add_node(node, y=49.6, x=x)
    graph.add_edge(1, 2, travel_time=300, highway="primary")
    graph.add_edge(1, 2, travel_time=240.5, highway=["residential", "tertiary"])
    graph.add_edge(2, 1, travel_time=np.float32(300))
    graph.add_edge(2, 3, travel_time=60)
    graph.add_edge(3, 3, travel_time=60)
    return graph


def test_graph() -> None:
    places = frames()["places"].assign(place_id=["1", "b", "c"], lon=[33.0, 33.11, 33.2])
    candidates = pd.DataFrame({"site": ["b", 3], "type": "fire_department"})
    instance = build(
        graph=osmnx_graph(), roads=None, junctions=None, facilities=None, places=places, candidates=candidates
    )
    assert list(instance.sites.ids) == ["1", "b", "c", "3"]
    assert list(instance.sites.node) == [0, 3, 4, 2]
    assert list(instance.candidates.site) == [3, 1]  # '3' comes before 'b'
    _consistent(instance)
    # The parallel leaves the great circle from 2 to 3 by half a metre.
    assert instance.sites.snap_m.tolist() == [0, pytest.approx(0.43, abs=0.01), 0, 0]
    roads = instance.roads
    assert roads is not None
    assert list(roads.ids) == ["1", "2", "3", "b", "c", "b@road"]
    link = round(instance.sites.snap_m[1] / 30 * 3600)
    assert list(zip(roads.tail, roads.head, roads.ms, strict=True)) == [
        (0, 1, 240_500), (1, 0, 300_000), (1, 5, 6_000), (2, 4, 1), (3, 5, link), (4, 2, 1),
        (5, 2, 54_000), (5, 3, link),
    ]  # fmt: skip
    assert [roads.classes[k] if k >= 0 else "" for k in roads.klass] == [
        "residential", "", "", "walk-in", "walk-in", "walk-in", "", "walk-in",
    ]  # fmt: skip


def test_place_named_after_a_far_node() -> None:
    """Nodes numbered 0, 1, ... are not the places numbered 0, 1, ..."""
    places = frames()["places"].assign(place_id=[1, 3, "c"])
    assert complaints(
        graph=osmnx_graph(), roads=None, junctions=None, facilities=None, places=places,
        candidates=pd.DataFrame({"site": [1], "type": "fire_department"}),
    ) == [
        "places.iloc[1] place_id: '3' is the id of a node of the graph 7.2 km away; a place stands at the "
        "node that has its id: rename it, or move it within 2 km"
    ]  # fmt: skip


def test_place_named_after_a_node_without_edges() -> None:
    graph = osmnx_graph()
    graph.add_node("b", y=49.6, x=33.1)
    instance = build(
        graph=graph, roads=None, junctions=None, facilities=None, candidates=frames()["candidates"][::2]
    )
    assert instance.roads is not None
    assert list(instance.roads.ids) == ["1", "2", "3", "b", "a", "c"]
    assert list(instance.sites.node) == [4, 3, 5]
    assert to_networkx(instance.roads).edges["b", "2"]["ms"] == 1


def test_excluded_places_may_be_off_the_network() -> None:
    places = frames()["places"].assign(lat=[49.6, 49.6, 45.0])
    roads = frames()["roads"][:4]
    instance = build(
        settings={**SETTINGS, "exclude": {"region": ["r2"]}}, places=places, roads=roads,
        candidates=frames()["candidates"][:2],
    )  # fmt: skip
    assert instance.roads is not None
    assert 2 not in instance.roads.tail
    assert not any("island" in warning for warning in instance.warnings)


def test_graph_round_trip() -> None:
    roads = build().roads
    assert roads is not None
    graph = to_networkx(roads)
    assert graph.edges["a", "j"] == {
        "ms": 600_000, "travel_time": 600.0, "highway": "trunk", "length": 15_000,
    }  # fmt: skip
    back = from_networkx(graph)
    for name in ("ids", "lat", "lon", "tail", "head", "ms", "metres"):
        np.testing.assert_array_equal(getattr(back, name), getattr(roads, name))


def test_undirected_graph_is_two_way() -> None:
    roads = from_networkx(nx.Graph(osmnx_graph().to_undirected()))
    assert list(zip(roads.tail, roads.head, strict=True)) == [(0, 1), (1, 0), (1, 2), (2, 1)]


def test_broken_graph() -> None:
    graph = osmnx_graph()
    graph.add_node("1", y=49.6, x=None)
    graph.nodes[2]["y"] = 5_500_000.0
    for value in (None, "60", 0, -1, float("nan"), float("inf"), True, 3e6):
        graph.add_edge(1, 3, travel_time=value)
    limit = "must be seconds between 0.001 and 2,147,483"
    assert complaints(graph=graph, roads=None, junctions=None, facilities=None) == [
        "graph: two nodes have the same id once written as text",
        "graph y: node 2: 5500000.0; must be degrees between -90 and 90; reproject the graph to EPSG:4326",
        "graph x: node '1': missing; must be degrees between -180 and 180; reproject the graph to EPSG:4326",
        f"graph travel_time: edge (1, 3): missing; {limit}",
        *(
            f"graph travel_time: edge (1, 3): {value}; {limit}"
            for value in ("'60'", "0", "-1", "nan", "inf", "True", "3000000.0")
        ),
    ]
    assert complaints(graph=[1], roads=None, junctions=None) == ["graph: must be a networkx graph, not list"]
    assert complaints(graph=nx.Graph(), roads=None, junctions=None) == [
        "graph: has no edge between two different nodes"
    ]
    many = nx.path_graph(30)
    assert complaints(graph=many, roads=None, junctions=None)[-1] == (
        "graph travel_time: ... and 9 more like these"
    )


def test_graph_beside_other_roads() -> None:
    assert complaints(graph=osmnx_graph(), od=pd.DataFrame({"from": ["a"], "to": ["a"], "minutes": [0]})) == [
        "instance: roads and od and graph are both given; exactly one is expected",
        "junctions: must be left out: the graph brings its own nodes",
    ]


def test_swapped_graph() -> None:
    graph = osmnx_graph()
    for _, data in graph.nodes(data=True):
        data["y"], data["x"] = data["x"], data["y"]
    found = complaints(
        graph=graph, roads=None, junctions=None, facilities=None, candidates=frames()["candidates"][::2]
    )
    assert found[0].startswith("places lat, lon: latitude and longitude look swapped")


def test_frame_complaints_name_the_row() -> None:
    broken = frames()["places"].assign(population=[100, -5, np.nan], lat=["49.6", "x", None])
    assert complaints(places=broken, roads=[1]) == [
        "roads: must be a pandas DataFrame, not list",
        "places.iloc[2] lat: the cell is empty; a number is expected (degrees)",
        "places.iloc[1] lat: 'x' is not a number (degrees)",
        "places.iloc[2] population: the cell is empty; a number is expected (people)",
        "places.iloc[1] population: '-5' must be >= 0 (people)",
    ]
    doubled = pd.concat([frames()["places"], frames()["places"][["name"]]], axis=1)
    assert complaints(places=doubled) == ["places name: the column occurs more than once"]


def test_excluded_areas() -> None:
    instance = build(settings={**SETTINGS, "exclude": {"region": ["r2"]}})
    assert list(instance.places.excluded) == [False, False, True]
    assert list(instance.needed()) == [True, True, False]
    assert list(instance.candidates.status) == [CandidateStatus.FORBIDDEN, 0, 0]


def test_numbers_by_dotted_name() -> None:
    parsed, wrong = parse_settings(SETTINGS)
    assert not wrong
    assert numbers(parsed) == {
        "parameters.budget": 10,
        "services.fire_rescue.weight": 1,
        "services.fire_rescue.vehicle_factor": 1,
        "services.fire_rescue.standard.city": 10,
        "services.fire_rescue.standard.village": 20,
        "services.police.weight": 0.5,
        "services.police.vehicle_factor": 1.2,
        "services.police.standard.city": 8,
        "services.police.standard.village": 15,
        "types.fire_department.provides.fire_rescue": 2,
        "types.center.new": 1,
        "types.center.provides.fire_rescue": 2,
        "types.center.provides.police": 1.5,
    }
    for name in [*numbers(parsed), "types.fire_department.new"]:
        changed = with_number(parsed, name, 7)
        assert numbers(changed) == {**numbers(parsed), name: 7}
    assert parse_settings(as_dict(parsed)) == (parsed, [])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("types.center.nw", 1, "settings types.center.nw: no such number; did you mean 'types.center.new'?"),
        ("types.fire_department.cost", 1, "settings types.fire_department.cost: no such number; did you "),
        ("types.center.new", 1.5, "settings types.center.new: 1.5 must be a whole number"),
        ("services.police.weight", -1, "settings services.police.weight: -1 must be >= 0"),
        ("parameters.budget", float("nan"), "settings parameters.budget: nan must be a finite number"),
    ],
)
def test_bad_number(name: str, value: float, message: str) -> None:
    with pytest.raises(InstanceError) as caught:
        with_number(parse_settings(SETTINGS)[0], name, value)
    assert str(caught.value).startswith(message)


def test_levels_of_types() -> None:
    levels = copy.deepcopy(SETTINGS)
    levels["types"]["fire_department"] |= {"under": "center", "within": 12.5}
    parsed, wrong = parse_settings(levels)
    assert not wrong
    department, center = parsed.types
    assert (department.under, department.reach_ms) == ("center", 750_000)
    assert (center.under, center.reach_ms) == (None, 0)
    assert numbers(parsed)["types.fire_department.within"] == 12.5
    assert "types.center.within" not in numbers(parsed)
    assert with_number(parsed, "types.fire_department.within", 20).types[0].reach_ms == 1_200_000
    assert parse_settings(as_dict(parsed)) == (parsed, [])
    with pytest.raises(InstanceError, match=r"types\.fire_department\.within: 0 must be > 0"):
        with_number(parsed, "types.fire_department.within", 0)
    with pytest.raises(InstanceError, match=r"types\.center\.within: no such number"):
        with_number(parsed, "types.center.within", 5)


def test_lines_of_toml_keys() -> None:
    text = 'a = 1\n[b."c"] # x\nd.e = 2\nf = """\n[no]\ng = 1\n"""\n[[s]]\nw = 1\n[[s]]\nw = 2\n'
    assert key_lines(text) == {
        "a": 1, "b": 2, "b.c": 2, "b.c.d.e": 3, "b.c.f": 4,
        "s": 8, "s.1": 8, "s.1.w": 9, "s.2": 10, "s.2.w": 11,
    }  # fmt: skip


def test_suggestions_skip_long_lists() -> None:
    assert did_you_mean("Fire", ["fire", "police"]) == "; did you mean 'fire'?"
    assert did_you_mean("x1", [f"x{n}" for n in range(3000)]) == ""


def test_readme_tables_are_the_schema() -> None:
    text = README.read_text(encoding="utf-8")
    between = text.split("schema.py -->\n")[1].split("<!-- end of columns -->")[0]
    assert between.strip() == markdown().strip()


def test_readme_example_of_settings_is_valid() -> None:
    text = README.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    assert parse_settings(tomllib.loads(text))[1] == []


HASHABLE_JUNK = st.one_of(
    st.none(),
    st.text(max_size=4),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.sampled_from(["a", "b", "nan", "inf", "1e400", "-1", "required", "r1", "1_000", "\0", "center"]),
)
JUNK = st.one_of(HASHABLE_JUNK, st.lists(st.integers(), max_size=2))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_raises_only_instance_errors(data: st.DataObject) -> None:
    """Cells, columns and settings replaced by junk: built, or a complete list of complaints."""
    tables = {name: frame.copy() for name, frame in frames().items()}
    name = data.draw(st.sampled_from(sorted(tables)))
    frame = tables[name].astype(object)
    columns = [column.name for column in TABLES[name].columns]
    column = data.draw(st.sampled_from(columns))
    rows = len(frame)
    match data.draw(st.sampled_from(["cells", "drop", "rename", "rows"])):
        case "cells":
            frame[column] = pd.Series(data.draw(st.lists(JUNK, min_size=rows, max_size=rows)), dtype=object)
        case "drop":
            frame = frame.drop(columns=column, errors="ignore")
        case "rename":
            frame = frame.rename(columns={column: data.draw(HASHABLE_JUNK)})
        case "rows":
            frame = frame.iloc[data.draw(st.lists(st.integers(0, rows - 1), max_size=4))]
    tables[name] = frame
    _built_or_refused(tables, SETTINGS)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damaged_settings_raise_only_instance_errors(data: st.DataObject) -> None:
    damaged = copy.deepcopy(SETTINGS)
    table: Any = damaged
    key = data.draw(st.sampled_from(sorted(table)))
    while isinstance(table[key], dict) and data.draw(st.booleans()):
        table = table[key]
        key = data.draw(st.sampled_from(sorted(table)))
    if data.draw(st.booleans()):
        table[key] = data.draw(JUNK)
    else:
        table[data.draw(HASHABLE_JUNK)] = table.pop(key)
    _built_or_refused(frames(), damaged)


def _built_or_refused(tables: dict[str, Any], toml: dict[str, Any]) -> None:
    try:
        instance = Instance.from_frames(**tables, settings=toml)
    except InstanceError:
        return
    _consistent(instance)


@settings(max_examples=40, deadline=None)
@given(
    places=st.integers(1, 6),
    edges=st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.floats(0.001, 100), st.booleans()), min_size=1
    ),
    sites=st.lists(st.integers(0, 7), min_size=1, unique=True),
)
def test_random_frames_give_consistent_arrays(
    places: int, edges: list[tuple[int, int, float, bool]], sites: list[int]
) -> None:
    """Ids 0 to places-1 are places, the rest up to 7 junctions; shortest times equal networkx's."""
    table = pd.DataFrame({"place_id": range(places), "name": "x", "lat": 49.0, "lon": 33.0, "kind": "city"})
    table["population"] = range(places)
    rest = range(places, 8)
    roads = pd.DataFrame(edges, columns=["from", "to", "minutes", "oneway"])
    if (roads["from"] == roads["to"]).all():
        return
    instance = Instance.from_frames(
        places=table,
        junctions=pd.DataFrame({"junction_id": list(rest), "lat": 49.0, "lon": 33.0}),
        candidates=pd.DataFrame({"site": sites, "type": "fire_department"}),
        roads=roads,
        settings=SETTINGS,
    )
    _consistent(instance)
    expected: nx.DiGraph[str] = nx.DiGraph()
    for tail, head, minutes, oneway in edges:
        for a, b in ((tail, head),) if oneway else ((tail, head), (head, tail)):
            ms = round(60_000 * minutes)
            if a != b and ms < expected.get_edge_data(str(a), str(b), {"ms": ms + 1})["ms"]:
                expected.add_edge(str(a), str(b), ms=ms)
    assert instance.roads is not None
    got = to_networkx(instance.roads)
    linked = set(instance.sites.ids) - set(expected)
    assert {(a, b): ms for a, b, ms in got.edges(data="ms") if not linked & {a, b}} == {
        (a, b): ms for a, b, ms in expected.edges(data="ms")
    }
    for node in linked:  # everything stands on one spot
        assert [ms for *_, ms in [*got.in_edges(node, "ms"), *got.out_edges(node, "ms")]] == [1, 1]
    used = [str(site) for site in sorted(sites) if site >= places]
    assert sorted(instance.sites.ids[places:]) == used


def _consistent(instance: Instance) -> None:
    """Every index is in range, every length agrees, and no NaN is where none may be."""
    places, sites = instance.places, instance.sites
    size, count = len(places.ids), len(sites.ids)
    assert list(sites.ids[:size]) == list(places.ids)
    assert len(set(sites.ids)) == count
    assert (places.population >= 0).all()
    assert np.isfinite(places.lat).all()
    assert ((places.kind >= 0) & (places.kind < len(places.kinds))).all()
    for level, index in places.area.items():
        assert (index < len(instance.areas[level].ids)).all()
    for options in (instance.facilities, instance.candidates):
        assert len(options.site) == len(options.type)
        assert ((options.site >= 0) & (options.site < count)).all()
        assert ((options.type >= 0) & (options.type < len(instance.settings.types))).all()
    assert (instance.candidates.cost >= 0).all()
    roads = instance.roads
    assert roads is not None
    assert ((sites.node >= 0) & (sites.node < len(roads.ids))).all()
    assert (roads.ms > 0).all()
    assert (roads.tail != roads.head).all()
    pairs = list(zip(roads.tail, roads.head, strict=True))
    assert pairs == sorted(set(pairs))
