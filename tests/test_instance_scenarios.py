"""Units, capacities, upgrades, payers, distances, periods and scenarios of an instance."""

from __future__ import annotations

import copy
import io
import tomllib
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from siting.errors import InstanceError
from siting.instance import Chance, Instance, Period, Scenario
from siting.instance.decisions import decide
from siting.instance.settings import as_dict, numbers, parse_settings, unbalanced, with_number
from siting.readers import read
from siting.roads.graph import from_networkx, to_networkx

SETTINGS: dict[str, Any] = {
    "name": "test",
    "currency": "EUR",
    "services": {
        "fire": {"standard": {"city": 10, "village": 20}, "distance": {"city": 3, "village": 10.5}},
        "police": {"standard": {"city": 8, "village": 15}},
    },
    "types": {
        "station": {"provides": {"fire": 2}, "cost": 3, "capacity": 500, "saving": 1.5, "units": 4},
        "center": {
            "provides": {"fire": 2, "police": 1.5},
            "cost": 9,
            "payers": {"state": 0.5, "community": 0.3, "partners": 0.2},
        },
    },
    "parameters": {"budget": 10, "new": {"y2026": 100, "y2027": 50}},
    "scenarios": {"usual": {"probability": 0.7}, "snow": {"title": "Heavy snow", "probability": 0.3}},
    "periods": {"y2026": {}, "y2027": {"title": "Next year", "weight": 0.5}},
}

ROWS = ["scenario", "from", "to", "class", "factor", "site"]


def frames(**changed: pd.DataFrame | None) -> dict[str, Any]:
    """A road a - b - j - c with a place d beside it; None removes a table."""
    tables = {
        "places": pd.DataFrame(
            {
                "place_id": ["a", "b", "c", "d"],
                "name": ["Alder", "Birch", "Cedar", "Dale"],
                "lat": [49.6, 49.6, 49.6, 49.61],
                "lon": [33.0, 33.1, 33.2, 33.2],
                "population": 100,
                "kind": "village",
                "region": ["r1", "r1", "r2", "r2"],
                "fires": [1.5, None, 0, 12],
            }
        ),
        "areas": pd.DataFrame(
            {"level": "region", "area_id": ["r1", "r2"], "name": ["One", "Two"], "means": [7.5, None]}
        ),
        "candidates": pd.DataFrame(
            {
                "site": ["b", "b", "j", "a"],
                "type": ["station", "center", "station", "center"],
                "capacity": [None, 40, 60, None],
                "units": [None, 3, 1, None],
                "replaces": ["", "", "", "F1"],
            }
        ),
        "facilities": pd.DataFrame(
            {
                "facility_id": ["F1", "F2", "F3"],
                "name": "Old",
                "type": ["station", "station", "center"],
                "site": ["a", "c", "c"],
                "units": [2, None, None],
                "capacity": [None, 80, None],
                "closable": [1, 0, None],
                "saving": [None, 2, None],
            }
        ),
        "junctions": pd.DataFrame({"junction_id": ["j", "k"], "lat": 49.6, "lon": [33.15, 33.25]}),
        "roads": pd.DataFrame(
            {
                "from": ["a", "b", "b", "j", "c"],
                "to": ["b", "j", "j", "c", "k"],
                "km": [7.5, 4, 4.2, np.nan, 4],
                "kmh": [60, 40, 60, np.nan, np.nan],
                "minutes": [np.nan, np.nan, np.nan, 5, 6],
                "oneway": [0, 0, 0, 1, 0],
                "class": ["main", "local", "main", "", "local"],
            }
        ),
    }
    return {name: frame for name, frame in {**tables, **changed}.items() if frame is not None}


def build(toml: dict[str, Any] = SETTINGS, graph: Any = None, **changed: Any) -> Instance:
    return Instance.from_frames(**frames(**changed), settings=toml, graph=graph)


def complaints(**arguments: Any) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        build(**arguments)
    return [str(one) for one in caught.value.complaints]


def changes(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=ROWS)


def test_numbers_of_tables() -> None:
    """What a table does not say is taken from the type, and from the default after that."""
    instance = build()
    np.testing.assert_array_equal(instance.places.fires, [1.5, 0, 0, 12])
    np.testing.assert_array_equal(instance.areas["region"].means, [7.5, np.nan])
    there = instance.facilities
    np.testing.assert_array_equal(there.units, [2, 1, 1])
    np.testing.assert_array_equal(there.capacity, [500, 80, np.nan])
    np.testing.assert_array_equal(there.closable, [True, False, False])
    np.testing.assert_array_equal(there.saving, [1.5, 2, 0])
    new = instance.candidates
    np.testing.assert_array_equal(new.capacity, [500, 60, np.nan, 40])  # by type, then by site
    np.testing.assert_array_equal(new.units, [4, 1, 1, 3])
    np.testing.assert_array_equal(new.replaces, [-1, -1, 0, -1])
    assert there.units.dtype == new.units.dtype == new.replaces.dtype == np.int32
    assert there.closable.dtype == bool


def test_old_tables_mean_what_they_meant() -> None:
    """No new column, no new key: one unit each, no limits, nothing closable, no scenarios."""
    old = {name: frame.copy() for name, frame in frames().items()}
    for name, columns in {
        "places": ["fires"],
        "areas": ["means"],
        "candidates": ["capacity", "units", "replaces"],
        "facilities": ["units", "capacity", "closable", "saving"],
    }.items():
        old[name] = old[name].drop(columns=columns)
    toml = {key: SETTINGS[key] for key in ("name", "currency")}
    toml["services"] = {"fire": {"standard": {"village": 20}}}
    toml["types"] = {name: {"provides": {"fire": 2}, "cost": 1} for name in ("station", "center")}
    instance = Instance.from_frames(**old, settings=toml)
    assert not instance.places.fires.any()
    assert np.isnan(instance.areas["region"].means).all()
    for options in (instance.facilities, instance.candidates):
        assert (options.units == 1).all()
        assert np.isnan(options.capacity).all()
    assert not instance.facilities.closable.any()
    assert not instance.facilities.saving.any()
    assert (instance.candidates.replaces == -1).all()
    assert instance.scenarios == instance.settings.scenarios == instance.settings.periods == ()
    assert instance.settings.services[0].distance_m is None
    bare = build(toml, facilities=None, candidates=frames()["candidates"][:3].drop(columns="replaces"))
    assert all(len(column) == 0 for column in vars(bare.facilities).values())


def test_metres() -> None:
    """Of parallel edges those of the fastest, -1 for minutes alone, the straight line beside the road."""
    instance = build()
    assert instance.roads is not None
    assert instance.roads.metres.dtype == np.int32
    straight = round(float(instance.sites.snap_m[3]))
    assert straight == pytest.approx(1112, abs=1)
    graph = to_networkx(instance.roads)
    assert {(a, b): length for a, b, length in graph.edges(data="length")} == {
        ("a", "b"): 7500, ("b", "a"): 7500, ("b", "j"): 4200, ("j", "b"): 4200, ("j", "c"): None,
        ("c", "k"): 4000, ("k", "c"): 4000, ("c", "d"): straight, ("d", "c"): straight,
    }  # fmt: skip
    np.testing.assert_array_equal(from_networkx(graph).metres, instance.roads.metres)


def test_lengths_of_a_graph() -> None:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_nodes_from(range(3), y=49.6, x=33.0)
    graph.add_edge(0, 1, travel_time=60, length=1000.4)
    graph.add_edge(0, 1, travel_time=50)
    graph.add_edge(1, 0, travel_time=60, length=np.float32(999.6))
    graph.add_edge(1, 2, travel_time=50, length=0)
    graph.add_edge(2, 2, travel_time=50, length=7)
    assert list(from_networkx(graph).metres) == [-1, 1000, 0]
    assert list(from_networkx(nx.Graph(graph.to_undirected())).metres) == [1000, 1000, 0, 0]
    for value in (-1, float("nan"), "1000", 3e9):
        graph.add_edge(0, 2, travel_time=1, length=value)
    with pytest.raises(InstanceError) as caught:
        from_networkx(graph)
    assert [str(one) for one in caught.value.complaints] == [
        f"graph length: edge (0, 2): {value}; must be metres between 0 and 2,147,483,647, or left out"
        for value in ("-1", "nan", "'1000'", "3000000000.0")
    ]


def test_settings() -> None:
    parsed, wrong = parse_settings(SETTINGS)
    assert not wrong
    assert [service.distance_m for service in parsed.services] == [{"city": 3000, "village": 10_500}, None]
    station, center = parsed.types
    assert (station.units, station.capacity, station.saving, station.payers) == (4, 500, 1.5, {})
    assert (center.units, center.capacity, center.saving) == (1, None, None)
    assert center.payers == {"state": 0.5, "community": 0.3, "partners": 0.2}
    assert parsed.parameters == {"budget": 10, "new.y2026": 100, "new.y2027": 50}
    assert parsed.scenarios == (Chance("usual", "Usual", 0.7), Chance("snow", "Heavy snow", 0.3))
    assert parsed.periods == (Period("y2026", "Y2026", 1), Period("y2027", "Next year", 0.5))
    assert parse_settings(as_dict(parsed)) == (parsed, [])


def test_numbers_by_dotted_name() -> None:
    parsed, _ = parse_settings(SETTINGS)
    new = {
        "parameters.new.y2026": 100,
        "parameters.new.y2027": 50,
        "services.fire.distance.city": 3,
        "services.fire.distance.village": 10.5,
        "types.center.payers.state": 0.5,
        "types.center.payers.community": 0.3,
        "types.center.payers.partners": 0.2,
        "scenarios.usual.probability": 0.7,
        "scenarios.snow.probability": 0.3,
        "periods.y2026.weight": 1,
        "periods.y2027.weight": 0.5,
    }
    assert {name: value for name, value in numbers(parsed).items() if name in new} == new
    for name in new:
        assert numbers(with_number(parsed, name, 0.25)) == {**numbers(parsed), name: 0.25}


def test_sums_are_asked_for_when_all_numbers_are_set() -> None:
    parsed, _ = parse_settings(SETTINGS)
    assert unbalanced(parsed) == []
    half = with_number(parsed, "scenarios.usual.probability", 0.4)
    half = with_number(half, "types.center.payers.state", 0.4)
    assert [str(one) for one in unbalanced(half)] == [
        "settings types.center.payers: the shares sum to 0.9 and must sum to 1",
        "settings scenarios: the probabilities sum to 0.7 and must sum to 1",
    ]
    whole = with_number(half, "scenarios.snow.probability", 0.6)
    assert unbalanced(with_number(whole, "types.center.payers.partners", 0.3)) == []
    with pytest.raises(InstanceError, match=r"scenarios\.snow\.probability: 0 must be > 0"):
        with_number(parsed, "scenarios.snow.probability", 0)
    with pytest.raises(InstanceError, match=r"periods\.y2026\.weight: -1 must be >= 0"):
        with_number(parsed, "periods.y2026.weight", -1)
    with pytest.raises(InstanceError, match=r"did you mean 'scenarios\.snow\.probability'"):
        with_number(parsed, "scenarios.snow.probabilty", 1)


def test_sums_may_be_off_by_rounding() -> None:
    toml = copy.deepcopy(SETTINGS)
    toml["scenarios"] = {f"s{number}": {"probability": 0.1} for number in range(10)}
    toml["types"]["center"]["payers"] = {f"p{number}": 1 / 3 for number in range(3)}
    assert parse_settings(toml)[1] == []


def test_scenarios() -> None:
    """Classes, edges both ways and lost sites; several rows multiply; snapped edges stay as they are."""
    rows = changes(
        ("snow", "", "", "main", 2, ""),
        ("snow", "b", "a", "", 1.5, ""),
        ("snow", "c", "j", "", None, ""),
        ("snow", "", "", "", None, "j"),
        ("snow", "", "", "", None, "c"),
    )
    instance = build(scenarios=rows)
    usual, snow = instance.scenarios
    assert (usual.id, usual.title, usual.probability, usual.factor) == ("usual", "Usual", 0.7, None)
    assert (snow.id, snow.title, snow.probability) == ("snow", "Heavy snow", 0.3)
    assert not usual.lost.any()
    assert list(instance.sites.ids) == ["a", "b", "c", "d", "j"]
    assert list(snow.lost) == [False, False, True, False, True]
    assert _by_edge(instance, snow) == {
        ("a", "b"): 3, ("b", "a"): 3, ("b", "j"): 2, ("j", "b"): 2, ("j", "c"): np.inf,
        ("c", "k"): 1, ("k", "c"): 1, ("c", "d"): 1, ("d", "c"): 1,
    }  # fmt: skip
    assert decide(instance, require=["j"]).scenarios is instance.scenarios


def _by_edge(instance: Instance, scenario: Scenario) -> dict[tuple[str, str], float]:
    assert instance.roads is not None
    assert scenario.factor is not None
    ids, roads = instance.roads.ids, instance.roads
    ends = zip(ids[roads.tail], ids[roads.head], scenario.factor, strict=True)
    return {(str(a), str(b)): float(factor) for a, b, factor in ends}


def test_without_rows_the_roads_are_as_they_are() -> None:
    for rows in (None, changes(), changes(("usual", "", "", "", None, "j"))):
        instance = build(scenarios=rows)
        assert [one.factor for one in instance.scenarios] == [None, None]
        assert [one.lost.any() for one in instance.scenarios] == [rows is not None and len(rows) > 0, False]


def test_lost_sites_without_anything_to_lose() -> None:
    instance = build(scenarios=changes(("snow", "", "", "", None, "k"), ("snow", "", "", "", None, "d")))
    assert list(instance.scenarios[1].lost) == [False, False, False, True, False]
    assert instance.warnings[-1] == (
        "scenarios: lost sites at which nothing stands or may be opened: 2, e.g. 'd'"
    )


def test_scenarios_of_a_graph() -> None:
    graph: nx.DiGraph[str] = nx.DiGraph()
    for node, x in (("a", 33.0), ("b", 33.1), ("n", 33.2)):
        graph.add_node(node, y=49.6, x=x)
    graph.add_edge("a", "b", travel_time=60, highway="primary")
    graph.add_edge("b", "n", travel_time=60, highway="trunk")
    graph.add_edge("n", "b", travel_time=60)
    rows = changes(("snow", "b", "a", "", 3, ""), ("snow", "", "", "trunk", 2, ""))
    candidates = frames()["candidates"][:2]
    instance = build(graph=graph, scenarios=rows, roads=None, junctions=None, candidates=candidates)
    factors = _by_edge(instance, instance.scenarios[1])
    assert {edge: factor for edge, factor in factors.items() if factor != 1} == {("a", "b"): 3, ("b", "n"): 2}
    assert ("c", "n") in factors
    link = changes(("snow", "c", "n", "", 3, ""))
    assert complaints(graph=graph, scenarios=link, roads=None, junctions=None, candidates=candidates) == [
        "scenarios.iloc[0] from, to: no edge of the roads joins 'c' and 'n'; every edge on the way takes a "
        "row of its own"
    ]


def test_scenarios_of_an_od_table() -> None:
    od = pd.DataFrame({"from": ["b", "b", "depot"], "to": ["a", "b", "c"], "minutes": [5, 0, 7]})
    candidates = pd.DataFrame({"site": ["b", "depot"], "type": "station"})
    given: dict[str, Any] = {"od": od, "candidates": candidates, "roads": None, "junctions": None}
    instance = build(**given, scenarios=changes(("snow", "", "", "", None, "depot")))
    assert instance.scenarios[1].factor is None
    assert list(instance.sites.ids[instance.scenarios[1].lost]) == ["depot"]
    assert complaints(**given, scenarios=changes(("snow", "", "", "main", 2, ""))) == [
        "scenarios.iloc[0]: an od table has no roads to change; only lost sites are expected (column site)"
    ]


def test_every_complaint_names_its_row() -> None:
    rows = changes(
        ("snow", "a", "c", "", 2, ""), ("storm", "", "", "mian", 0, ""), ("snow", "a", "", "", 2, "x")
    )
    assert complaints(scenarios=rows) == [
        "scenarios.iloc[1] factor: '0' must be >= 0.01",
        "scenarios.iloc[1] scenario: 'storm' is no scenario of instance.toml; known: usual, snow",
        "scenarios.iloc[2] from, to: one end is empty; an edge has both, from and to",
        "scenarios.iloc[2]: the row names more than one thing; expected exactly one of: an edge (from and "
        "to), a road class, a lost site",
        "scenarios.iloc[2] site: 'x' is no place or junction; known: a, b, c, d, j, k",
        "scenarios.iloc[1] class: 'mian' is no road class; did you mean 'main'?",
        "scenarios.iloc[0] from, to: no edge of the roads joins 'a' and 'c'; every edge on the way takes a "
        "row of its own",
    ]


@pytest.mark.parametrize(
    ("site", "kind", "replaces", "words"),
    [
        ("b", "center", "F1", "'F1' does not stand at 'b'; a candidate may only replace"),
        ("c", "station", "F3", "'F3' cannot be replaced by this type: police is not provided; what"),
        ("c", "station", "f2", "'f2' is no existing facility; did you mean 'F2'?"),
    ],
)
def test_no_upgrade(site: str, kind: str, replaces: str, words: str) -> None:
    candidates = pd.DataFrame({"site": [site], "type": [kind], "replaces": [replaces]})
    (found,) = complaints(candidates=candidates)
    assert found.startswith(f"candidates.iloc[0] replaces: {words}")


def test_upgrades_must_not_be_slower() -> None:
    toml = copy.deepcopy(SETTINGS)
    toml["types"]["center"]["provides"]["fire"] = 2.5
    assert complaints(toml=toml)[0].startswith(
        "candidates.iloc[3] replaces: 'F1' cannot be replaced by this type: the turnout of fire is 2.5 "
        "minutes instead of 2; "
    )


FACTORS = st.sampled_from([2, 0.5, None])
SCENARIO = st.sampled_from(["snow", "usual"])
BLANK = st.just("")
EDGES = st.sampled_from([("a", "b"), ("b", "a"), ("b", "j"), ("c", "j"), ("k", "c")])
FINE = st.one_of(
    st.tuples(SCENARIO, EDGES, FACTORS).map(lambda row: (row[0], *row[1], "", row[2], "")),
    st.tuples(SCENARIO, BLANK, BLANK, st.sampled_from(["main", "local"]), FACTORS, BLANK),
    st.tuples(SCENARIO, BLANK, BLANK, BLANK, st.none(), st.sampled_from(["a", "j", "c"])),
)
JUNK = st.tuples(
    st.sampled_from(["snow", "storm", ""]),
    st.sampled_from(["a", "d", "x", ""]),
    st.sampled_from(["c", "j", ""]),
    st.sampled_from(["main", "mian", ""]),
    st.sampled_from([2, None, 0, "x", float("inf")]),
    st.sampled_from(["a", "k", "x", ""]),
)


@settings(max_examples=80, deadline=None)
@given(rows=st.one_of(st.lists(FINE, max_size=6), st.lists(FINE | JUNK, max_size=6)))
def test_random_rows(rows: list[tuple[object, ...]]) -> None:
    """Every table is read or refused, and what is read is what a row by row reading gives."""
    try:
        instance = build(scenarios=changes(*rows))
    except InstanceError:
        return
    assert instance.roads is not None
    roads = instance.roads
    for one in instance.scenarios:
        lost = {row[5] for row in rows if row[0] == one.id and row[5]}
        assert set(instance.sites.ids[one.lost]) == lost
        expected = dict.fromkeys(zip(roads.ids[roads.tail], roads.ids[roads.head], strict=True), 1.0)
        for scenario, start, end, klass, given_factor, site in rows:
            if scenario != one.id or site:
                continue
            factor = np.inf if given_factor is None else given_factor
            for (a, b), number in zip(expected, roads.klass, strict=True):
                if {a, b} == {start, end} or (klass and number >= 0 and roads.classes[number] == klass):
                    expected[a, b] *= factor
        if one.factor is None:
            assert set(expected.values()) <= {1.0}
        else:
            assert _by_edge(instance, one) == expected


def test_readme_example_of_scenarios() -> None:
    """The rows in instances/README.md fit the bundled instance they are about."""
    home = Path(__file__).parent.parent / "instances"
    example = (
        home.joinpath("README.md").read_text(encoding="utf-8").split("```\nscenario,")[1].split("```")[0]
    )
    toml = tomllib.loads((home / "three_towns" / "instance.toml").read_text(encoding="utf-8"))
    toml["scenarios"] = {"snow": {"probability": 1}}
    tables: dict[str, Any] = {
        path.stem: pd.read_csv(path, dtype=str) for path in (home / "three_towns").glob("*.csv")
    }
    tables["roads"]["class"] = "local"
    tables["scenarios"] = pd.read_csv(io.StringIO(f"scenario,{example}"), dtype=str)
    instance = Instance.from_frames(**tables, settings=toml)
    factors = _by_edge(instance, instance.scenarios[0])
    assert factors["lypa", "malva"] == factors["malva", "lypa"] == 3
    assert factors["dub", "lypa"] == np.inf
    assert factors["dub", "verba"] == 1.5
    assert list(instance.sites.ids[instance.scenarios[0].lost]) == ["verba"]


def test_scenarios_from_a_folder(tmp_path: Path) -> None:
    """scenarios.csv is read and hashed like every other table."""
    broken = Path(__file__).parent / "broken" / "scenario_unknown"
    for path in broken.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "scenarios.csv").write_text("scenario,from,to,factor,site\nwinter,a,b,2,\nwinter,,,,b\n")
    instance = read(tmp_path)
    assert "scenarios.csv" in instance.files
    assert _by_edge(instance, instance.scenarios[1])["a", "b"] == 2
    assert list(instance.scenarios[1].lost) == [False, True, False]
