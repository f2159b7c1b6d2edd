"""The doctor: every fault is found with its rows, what is mended is clean, and nothing makes it fall over."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from operator import setitem
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

import siting
from siting.doctor import CHECKS, SNAP_EDGES_M, Diagnosis, Finding, Severity, diagnose, examine
from siting.doctor.complaints import findings_of
from siting.errors import Complaint
from siting.instance import Instance
from siting.roads.graph import to_networkx
from siting.roads.snap import metres
from siting.terminal.doctor import SHOWN, brief_lines, print_diagnosis

REPOSITORY = Path(__file__).parent.parent
BROKEN = sorted(folder for folder in (REPOSITORY / "tests" / "broken").iterdir() if folder.is_dir())

Data = dict[str, Any]

COLUMNS, LINES = 4, 3


def healthy() -> Data:
    """A grid of 12 places with roads of 1.2 times the straight line, everything in order."""
    places = pd.DataFrame(
        [
            (
                f"p{i}{j}",
                f"Place {i}{j}",
                49 + 0.05 * i,
                33 + 0.08 * j,
                1000 + 10 * i + j,
                "village",
                "r",
                "d",
            )
            for i in range(LINES)
            for j in range(COLUMNS)
        ],
        columns=["place_id", "name", "lat", "lon", "population", "kind", "region", "district"],
    )
    places.loc[0, "kind"] = "city"
    spot = places.set_index("place_id")
    links = [(f"p{i}{j}", f"p{i}{j + 1}") for i in range(LINES) for j in range(COLUMNS - 1)]
    links += [(f"p{i}{j}", f"p{i + 1}{j}") for i in range(LINES - 1) for j in range(COLUMNS)]
    rows = []
    for a, b in links:
        ends = (np.array([spot.loc[one, key]]) for one in (a, b) for key in ("lat", "lon"))
        rows.append((a, b, round(1.2 * metres(*ends)[0] / 1000, 2), 60.0, 0))
    candidates = [(site, kind) for kind in ("station", "center") for site in places["place_id"]]
    return {
        "places": places,
        "roads": pd.DataFrame(rows, columns=["from", "to", "km", "kmh", "oneway"]),
        "facilities": pd.DataFrame(
            [("f1", "Old station", "station", "p00")], columns=["facility_id", "name", "type", "site"]
        ),
        "candidates": pd.DataFrame(candidates, columns=["site", "type"]).assign(cost=3.0, status="candidate"),
        "settings": {
            "name": "grid",
            "currency": "million UAH",
            "parameters": {"budget": 10},
            "services": {
                "fire": {"title": "Fire", "standard": {"city": 10, "village": 20}},
                "police": {"title": "Police", "weight": 0.5, "standard": {"city": 15, "village": 30}},
            },
            "types": {
                "station": {"title": "Station", "provides": {"fire": 2}, "new": 2},
                "center": {"title": "Center", "provides": {"fire": 2, "police": 3}, "new": 1},
            },
        },
    }


def build(data: Data) -> Instance:
    return Instance.from_frames(**data)


def with_od(data: Data) -> Data:
    """The same with a table of all pairs in place of roads."""
    instance = build(data)
    graph = to_networkx(instance.roads)
    rows = [
        (a, b, ms / 60_000)
        for a, reached in nx.all_pairs_dijkstra_path_length(graph, weight="ms")
        for b, ms in reached.items()
    ]
    od = pd.DataFrame(rows, columns=["from", "to", "minutes"])
    return {**{key: value for key, value in data.items() if key != "roads"}, "od": od}


def place(data: Data, name: str, /, **cells: object) -> None:
    for column, value in cells.items():
        data["places"].loc[data["places"]["place_id"] == name, column] = value


def road(data: Data, a: str, b: str, **cells: object) -> None:
    for column, value in cells.items():
        chosen = (data["roads"]["from"] == a) & (data["roads"]["to"] == b)
        assert chosen.any()
        data["roads"].loc[chosen, column] = value


def cut(data: Data, *names: str) -> None:
    """Drop every road at some places."""
    roads = data["roads"]
    data["roads"] = roads[~roads["from"].isin(names) & ~roads["to"].isin(names)]


def only(data: Data, **kinds: list[str]) -> None:
    """Leave candidates of a type at some sites only."""
    rows = data["candidates"]
    for kind, sites in kinds.items():
        rows = rows[(rows["type"] != kind) | rows["site"].isin(sites)]
    data["candidates"] = rows.reset_index(drop=True)


def candidate(data: Data, site: str, kind: str, **cells: object) -> None:
    for column, value in cells.items():
        rows = data["candidates"]
        rows.loc[(rows["site"] == site) & (rows["type"] == kind), column] = value


def without_lengths(data: Data) -> None:
    """All roads are known by minutes only, so that no length gives anything away."""
    roads = data["roads"]
    data["roads"] = roads.assign(minutes=60 * roads["km"] / roads["kmh"]).drop(columns=["km", "kmh"])


def lengths_wanted(data: Data) -> None:
    without_lengths(data)
    setting("services.fire.distance", {"city": 3, "village": 15})(data)


def swap(data: Data, *names: str) -> None:
    for name in names:
        row = data["places"].set_index("place_id").loc[name]
        place(data, name, lat=row["lon"], lon=row["lat"])


def moved(data: Data) -> None:
    """The whole grid to 41 degrees north, 40.5 east, where a swap moves things by less than 500 km."""
    data["places"]["lat"] += 41 - 49
    data["places"]["lon"] += 40.5 - 33


def row_swapped(data: Data) -> None:
    moved(data)
    swap(data, "p12")


def row_swapped_without_lengths(data: Data) -> None:
    without_lengths(data)
    data["places"]["lon"] += 13
    swap(data, "p12")


def all_swapped(data: Data) -> Instance:
    """Given as arrays, whose lengths nobody looks at when an instance is built."""
    instance = build(data)
    roads, places, sites = instance.roads, instance.places, instance.sites
    assert roads is not None
    return replace(
        instance,
        roads=replace(roads, lat=roads.lon, lon=roads.lat),
        places=replace(places, lat=places.lon, lon=places.lat),
        sites=replace(sites, lat=sites.lon, lon=sites.lat),
    )


def island(data: Data) -> None:
    """p23 and p22 with a road of their own and a station."""
    cut(data, "p22", "p23")
    data["roads"].loc[1000] = ["p22", "p23", 8.0, 60.0, 0]


def dead_end(data: Data) -> None:
    """p23 can be reached, not left; its own candidates are left out."""
    cut(data, "p23")
    data["roads"].loc[1000] = ["p22", "p23", 8.0, 60.0, 1]


def source_only(data: Data) -> None:
    cut(data, "p23")
    data["roads"].loc[1000] = ["p23", "p22", 8.0, 60.0, 1]


def unreachable(data: Data) -> None:
    source_only(data)
    only(
        data,
        **{
            kind: [f"p{i}{j}" for i in range(3) for j in range(4) if i + j < 5]
            for kind in ("station", "center")
        },
    )


def far_places(data: Data) -> None:
    """The only candidate with police is three roads, 21 minutes, from the city p00, whose standard is 15."""
    only(data, center=["p12"])


def lonely(data: Data) -> None:
    """A junction far along a slow road is a candidate."""
    data["junctions"] = pd.DataFrame(
        [("hut", "Hut", 49.1, 33.6)], columns=["junction_id", "name", "lat", "lon"]
    )
    data["roads"].loc[1000] = ["p23", "hut", 30.0, 40.0, 0]
    data["candidates"].loc[1000] = ["hut", "station", 3.0, "candidate"]


def snapped_far(data: Data) -> None:
    cut(data, "p23")
    place(data, "p23", lat=49.1, lon=33.2)


def excluded(data: Data, *, facility: bool) -> None:
    place(data, "p23", district="out")
    data["settings"]["exclude"] = {"district": ["out"]}
    if facility:
        only(
            data,
            **{
                kind: [f"p{i}{j}" for i in range(3) for j in range(4) if i + j < 5]
                for kind in ("station", "center")
            },
        )
        data["facilities"]["site"] = "p23"


def outside(data: Data) -> None:
    data["junctions"] = pd.DataFrame(
        [("away", "Away", 49.1, 34.3)], columns=["junction_id", "name", "lat", "lon"]
    )
    data["roads"].loc[1000] = ["p23", "away", 90.0, 90.0, 0]
    data["facilities"]["site"] = "away"


def zeroed(data: Data) -> None:
    without_lengths(data)
    place(data, "p21", lat=0.0, lon=0.0)


def scale(data: Data) -> None:
    """Metres where kilometres are asked for, beside minutes that are right."""
    roads = data["roads"]
    data["roads"] = roads.assign(minutes=roads["km"], km=1000 * roads["km"]).drop(columns="kmh")


def twins(data: Data) -> None:
    row = data["places"].set_index("place_id").loc["p11"]
    place(data, "p12", lat=row["lat"] + 0.005, lon=row["lon"], name=row["name"], population=row["population"])


def on_top(data: Data) -> None:
    row = data["places"].set_index("place_id").loc["p11"]
    place(data, "p12", lat=row["lat"] + 0.00005, lon=row["lon"])


def no_own_row(data: Data) -> None:
    data.update(with_od(data))
    del data["roads"]
    od = data["od"]
    data["od"] = od[(od["from"] != "p11") | (od["to"] != "p11")]


def mute_site(data: Data) -> None:
    data.update(with_od(data))
    del data["roads"]
    data["od"] = data["od"][data["od"]["from"] != "p11"]


def setting(path: str, value: object) -> Callable[[Data], None]:
    """A fault in instance.toml."""

    def put(data: Data) -> None:
        table = data["settings"]
        *keys, last = path.split(".")
        for key in keys:
            table = table.setdefault(key, {})
        table[last] = value

    return put


def cell(name: str, /, **cells: object) -> Callable[[Data], None]:
    return lambda data: place(data, name, **cells)


def of_candidate(name: str, **cells: object) -> Callable[[Data], None]:
    return lambda data: candidate(data, *name.split(":"), **cells)


ALL = [f"p{i}{j}" for i in range(LINES) for j in range(COLUMNS)]
EVERYWHERE = [f"{site}:{kind}" for kind in ("station", "center") for site in ALL]

FAULTS: dict[str, tuple[Callable[[Data], Any], str, str, list[str] | None, str]] = {
    # name: what goes wrong, check, severity, ids of the rows, words in what, effect or remedy
    "row swapped": (row_swapped, "swapped_coordinates", "warning", ["p12"], "swap lat and lon"),
    "swapped, no km": (row_swapped_without_lengths, "swapped_coordinates", "warning", ["p12"], "Place 12"),
    "all swapped": (all_swapped, "swapped_coordinates", "error", [], "swap the columns"),
    "metres for km": (scale, "wrong_scale", "warning", [], "not metres"),
    "zero": (zeroed, "zero_coordinates", "warning", ["p21"], "fill in lat and lon"),
    "namesakes": (twins, "coincident_places", "warning", ["p11", "p12"], "1,011 people"),
    "on top": (on_top, "coincident_places", "warning", ["p11", "p12"], "within 10 m"),
    "island": (island, "road_islands", "warning", ["p23", "p22"], "2,045 people on 1 road island"),
    "dead end": (dead_end, "one_way_traps", "warning", ["p23"], "no road leads out"),
    "source": (source_only, "one_way_traps", "warning", ["p23"], "no facility on the main network"),
    "snapped far": (snapped_far, "far_snaps", "warning", ["p23"], "30 km/h"),
    "facility excluded": (
        lambda data: excluded(data, facility=True), "facilities_off_the_map", "warning", ["f1"], "excluded"),
    "facility outside": (outside, "facilities_off_the_map", "warning", ["f1"], "1 existing facility"),
    "too fast": (
        lambda data: road(data, "p00", "p01", kmh=199), "odd_speeds", "warning",
        ["p00 -> p01"], "1 faster than 160 km/h"),
    "too slow": (
        lambda data: road(data, "p00", "p01", kmh=2), "odd_speeds", "warning",
        ["p00 -> p01"], "1 slower than 3 km/h"),
    "short road": (
        lambda data: road(data, "p00", "p01", km=2.0), "short_roads", "warning",
        ["p00 -> p01"], "2.0 km where the straight line is 5.8 km"),
    "nobody": (lambda data: setitem(data["places"], "population", 0), "no_people", "error", ALL, "0 people"),
    "one empty": (cell("p12", population=0), "no_people", "warning", ["p12"], "1 place of 12"),
    "giant": (cell("p12", population=90_000), "giant_place", "warning", ["p12"], "90,000 of 101"),
    "no area": (cell("p12", district=""), "places_without_area", "warning", ["p12"], "district"),
    "no provider": (
        lambda data: only(data, center=[]), "services_without_provider", "warning",
        ["services.police"], "Police"),
    "unreachable": (unreachable, "unreachable_demand", "warning", ["p23"], "1,023 people"),
    "turnout": (
        setting("services.police.standard", {"city": 2, "village": 30}), "turnout_beyond_standard", "warning",
        ["services.police.standard.city"], "at least 3 min"),
    "standard": (far_places, "standards_out_of_reach", "warning", ["p00"], "100 % cannot be had"),
    "lonely": (lonely, "candidates_with_no_one_near", "warning", ["hut:station"], "nobody within"),
    "all forbidden": (
        lambda data: setitem(data["candidates"], "status", "forbidden"), "no_candidates", "error",
        EVERYWHERE, "none of 24 candidates"),
    "none of a type": (
        lambda data: only(data, station=[]), "no_candidates", "warning", ["types.station.new"], "Station"),
    "too many new": (
        setting("types.station.new", 13), "more_new_than_candidates", "warning", ["types.station.new"], "12"),
    "required": (
        lambda data: [candidate(data, p, "center", status="required") for p in ("p11", "p12")],
        "more_required_than_new", "warning", ["p11:center", "p12:center"], "2 candidates"),
    "candidate excluded": (
        lambda data: excluded(data, facility=False), "candidates_at_excluded_places", "warning",
        ["p23:station", "p23:center"], "they stay closed"),
    "factor": (
        setting("services.fire.vehicle_factor", 6), "odd_weights", "warning",
        ["services.fire.vehicle_factor"], "0.5 to 5"),
    "weight": (
        setting("services.police.weight", 1e-4), "odd_weights", "warning",
        ["services.police.weight"], "decides"),
    "costs": (
        of_candidate("p12:station", cost=3000.0), "mixed_costs", "warning", ["p12:station"], "million UAH"),
    "budget": (
        setting("parameters.budget", 1), "small_budget", "warning", ["p00:station"], "open nothing"),
    "budget of a type": (
        lambda data: setitem(data["candidates"], "cost", [3.0] * 12 + [11.0] * 12), "small_budget", "warning",
        ["p00:center"], "cheapest site of Center"),
    "no km": (
        lengths_wanted, "missing_lengths", "warning", None, "without a length"),
    "no own row": (no_own_row, "od_rows_missing", "warning", ["p11"], "own place"),
    "mute": (mute_site, "od_rows_missing", "warning", ["p11"], "serves nobody"),
}  # fmt: skip

CONSEQUENCES = {
    "row swapped": {"short_roads"},
    "swapped, no km": {"odd_speeds"},
    "zero": {"odd_speeds"},
    "on top": {"short_roads"},
    "namesakes": {"short_roads"},
    "mute": {"candidates_with_no_one_near"},
    "all forbidden": {"services_without_provider", "standards_out_of_reach"},
    "metres for km": {"odd_speeds"},
    "no provider": {"no_candidates"},
    "unreachable": {"one_way_traps"},
}


def found_in(data: Data, fault: Callable[[Data], Any]) -> Diagnosis:
    made = fault(data)
    return diagnose(made if isinstance(made, Instance) else build(data))


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found_with_its_rows(name: str) -> None:
    fault, check, severity, ids, words = FAULTS[name]
    diagnosis = found_in(healthy(), fault)
    checks = {finding.check for finding in diagnosis.findings}
    assert check in checks
    assert checks - {check} <= CONSEQUENCES.get(name, set()), [one.what for one in diagnosis.findings]
    finding = next(one for one in diagnosis.findings if one.check == check)
    assert finding.severity == severity
    if ids is not None:
        assert [row.id for row in finding.rows] == ids
    assert words in f"{finding.what} {finding.effect} {finding.remedy}"
    for text in (finding.what, finding.effect, finding.remedy):
        assert text
        assert "\n" not in text
        assert not text.endswith(".")
    worst = {one.severity for one in diagnosis.findings}
    assert diagnosis.exit_code == (2 if Severity.ERROR in worst else 1)


def test_every_check_has_a_fault() -> None:
    kinds = {check for _, check, *_ in FAULTS.values()}
    assert kinds == set(CHECKS)


@pytest.mark.parametrize("travel", ["roads", "od"])
def test_healthy_instance_is_clean(travel: str) -> None:
    data = healthy() if travel == "roads" else with_od(healthy())
    diagnosis = diagnose(build(data))
    assert diagnosis.findings == ()
    assert diagnosis.exit_code == 0
    assert (diagnosis.snaps is None) == (travel == "od")
    assert brief_lines(diagnosis) == []
    assert tuple(CHECKS) == diagnosis.checks


def test_bundled_instances_have_no_noise() -> None:
    """What remains is true: candidates for police and officers are few, so that some are far from any."""
    assert examine("three_towns").findings == ()
    for name in ("poltava", "ukraine"):
        instance = siting.read(name)
        assert [one.check for one in diagnose(instance).findings] == ["standards_out_of_reach"]
        assert diagnose(instance, brief=True).findings == ()


def test_numbers_of_the_caller_count() -> None:
    instance = build(healthy())
    for numbers, check in (
        ({"budget": 1.0}, "small_budget"),
        ({"new": {"station": 13}}, "more_new_than_candidates"),
        ({"new.station": 13}, "more_new_than_candidates"),
        ({"types.station.new": 13}, "more_new_than_candidates"),
        ({"services.fire.vehicle_factor": 6}, "odd_weights"),
        ({"services.fire.vehicle_factor": -1}, "unreadable"),
    ):
        assert [one.check for one in diagnose(instance, numbers=numbers).findings] == [check]
    assert diagnose(instance, numbers={"budget": 100.0, "known_to_a_model": 1.0}).exit_code == 0


def row_ids(diagnosis: Diagnosis, check: str) -> set[str]:
    return {row.id for finding in diagnosis.findings if finding.check == check for row in finding.rows}


@pytest.mark.parametrize("seed", range(30))
def test_reachability_is_that_of_networkx(tiny: Callable[..., Instance], seed: int) -> None:
    """Islands, traps, unreachable demand, late places and lonely candidates, found by other means."""
    instance = tiny(np.random.default_rng(seed))
    diagnosis = diagnose(instance)
    graph = to_networkx(instance.roads)
    new, old, sites, places = instance.candidates, instance.facilities, instance.sites, instance.places
    out = {str(places.ids[p]) for p in np.flatnonzero(places.excluded)}
    size = len(places.ids)
    homes = [str(one) for one in places.ids if one not in out]
    people = dict(zip(places.ids, places.population.tolist(), strict=True))
    options = [(str(sites.ids[s]), t) for s, t in zip(old.site, old.type, strict=True)]
    fresh = [
        (str(sites.ids[s]), t)
        for s, t, status in zip(new.site, new.type, new.status, strict=True)
        if status != 2 and sites.ids[s] not in out
    ]
    options = [one for one in options if one[0] not in out] + fresh
    active = {*homes, *(site for site, _ in options)}
    core = max(
        nx.strongly_connected_components(graph),
        key=lambda nodes: sum(people[one] + 1 for one in nodes if one in homes),
    )
    weak = next(nodes for nodes in nx.weakly_connected_components(graph) if nodes & core)
    assert row_ids(diagnosis, "road_islands") == active - weak
    assert row_ids(diagnosis, "one_way_traps") == (active & weak) - core
    cut, late, lonely = set(), set(), set()
    for service in instance.settings.services:
        turnout = {
            n: t.turnout_ms[service.id]
            for n, t in enumerate(instance.settings.types)
            if service.id in t.turnout_ms
        }
        for *_, data in graph.edges(data=True):
            data["way"] = max(1, int(np.rint(data["ms"] * service.vehicle_factor)))
        way = dict(nx.all_pairs_dijkstra_path_length(graph, weight="way"))
        standard = {
            one: service.standard_ms[places.kinds[places.kind[p]]] for p, one in enumerate(places.ids)
        }
        providers = [(site, turnout[t]) for site, t in options if t in turnout]
        if not providers:
            continue
        for home in homes:
            times = [way[site][home] + wait for site, wait in providers if home in way[site]]
            if not times:
                cut.add(home)
            elif min(times) > standard[home] >= min(wait for _, wait in providers) and people[home]:
                late.add(home)
        longest = max((standard[home] for home in homes if people[home]), default=0)
        for site, t in fresh:
            if t in turnout and turnout[t] <= longest:
                near = [
                    h for h in homes if people[h] and way[site].get(h, 10**12) + turnout[t] <= standard[h]
                ]
                if not near:
                    lonely.add(f"{site}:{instance.settings.types[t].id}")
    assert row_ids(diagnosis, "unreachable_demand") == cut
    assert row_ids(diagnosis, "standards_out_of_reach") == late
    assert row_ids(diagnosis, "candidates_with_no_one_near") == (
        lonely if sum(people[h] for h in homes) else set()
    )
    assert size == len(people)


def test_misplaced_place_is_named() -> None:
    """A place whose roads are all too short is where to look first."""
    data = healthy()
    place(data, "p12", lon=35.0)
    (finding,) = diagnose(build(data)).findings
    assert {row.id for row in finding.rows} == {"p11 -> p12", "p12 -> p13", "p02 -> p12", "p12 -> p22"}
    assert "all roads are too short at Place 12: look there first" in finding.remedy


def test_one_way_of_a_road_may_be_odd() -> None:
    data = healthy()
    roads = data["roads"]
    roads.loc[0, ["kmh", "oneway"]] = [190.0, 1]
    data["roads"] = pd.concat([roads, roads.iloc[[0]].assign(**{"from": "p01", "to": "p00", "kmh": 60.0})])
    (finding,) = diagnose(build(data)).findings
    assert [(row.id, row.value) for row in finding.rows] == [("p00 -> p01", pytest.approx(190, rel=1e-3))]


def test_od_table_gives_what_roads_give() -> None:
    """The same times as a table: the same places late, unreachable and lonely."""
    for fault in (far_places, unreachable):
        data = healthy()
        fault(data)
        roads, table = diagnose(build(data)), diagnose(build(with_od(data)))
        for check in ("unreachable_demand", "standards_out_of_reach", "candidates_with_no_one_near"):
            assert row_ids(roads, check) == row_ids(table, check)


def test_histogram_counts_every_site_once() -> None:
    data = healthy()
    cut(data, "p23", "p22")
    place(data, "p22", lat=49.1005, lon=33.08)  # 56 m from p21
    instance = build(data)
    snaps = diagnose(instance).snaps
    assert snaps is not None
    linked = instance.sites.snap_m[instance.sites.snap_m > 0]
    expected, _ = np.histogram(linked, [*SNAP_EDGES_M, np.inf])
    assert list(snaps.counts) == expected.tolist()
    assert sum(snaps.counts) == 2
    assert snaps.on_network == 10


def test_lines_are_those_of_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "towns"
    shutil.copytree(REPOSITORY / "instances" / "three_towns", folder)
    text = (folder / "places.csv").read_text(encoding="utf-8").splitlines()
    text[2] = text[2].replace(",1000,", ",0,")
    (folder / "places.csv").write_text("\n".join([text[0], "", *text[1:]]) + "\n", encoding="utf-8")
    roads = (
        (folder / "roads.csv")
        .read_text(encoding="utf-8")
        .replace("kalyna,malva,10,60", "kalyna,malva,10,190")
    )
    (folder / "roads.csv").write_text(roads, encoding="utf-8")
    found = {one.check: one for one in examine(folder).findings}
    assert set(found) == {"no_people", "odd_speeds"}
    (row,) = found["no_people"].rows
    assert (row.id, row.file, row.line) == ("malva", f"{folder}/places.csv", 4)
    assert [(row.id, row.line) for row in found["odd_speeds"].rows] == [("kalyna -> malva", 2)]
    instance = siting.read(folder)
    (folder / "places.csv").write_text("changed since", encoding="utf-8")
    (row,) = next(one for one in diagnose(instance).findings if one.check == "no_people").rows
    assert (row.file, row.line) == (None, None)


@pytest.mark.parametrize("folder", BROKEN, ids=lambda folder: folder.name)
def test_examine_never_raises_and_keeps_every_complaint(folder: Path) -> None:
    diagnosis = examine(folder)
    assert diagnosis.exit_code == 2
    assert diagnosis.checks == ()
    lines = (folder / "expected.txt").read_text(encoding="utf-8").replace("{dir}", str(folder)).splitlines()
    rows = [
        f"{row.file}{f':{row.line}' if row.line else ''}{f' {row.column}' if row.column else ''}: {row.note}"
        for finding in diagnosis.findings
        for row in finding.rows
    ]
    more = [line for line in lines if ": ... and " in line]
    assert sorted(rows) == sorted(set(lines) - set(more))
    counted = sum(int(line.split("... and ")[1].split()[0].replace(",", "")) for line in more)
    assert sum(one.unlisted for one in diagnosis.findings) == counted


def test_examine_groups_by_kind() -> None:
    over = examine(REPOSITORY / "tests" / "broken" / "rows_over_twenty")
    assert [(one.check, len(one.rows), one.unlisted) for one in over.findings] == [("unreadable", 20, 3)]
    for name, check in (
        ("swapped_one_row", "swapped_coordinates"),
        ("swapped_all", "swapped_coordinates"),
        ("off_the_network", "far_snaps"),
    ):
        assert {one.check for one in examine(REPOSITORY / "tests" / "broken" / name).findings} == {check}
    assert examine("no such folder").exit_code == 2


def test_projected_coordinates_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "metres"
    shutil.copytree(REPOSITORY / "instances" / "three_towns", folder)
    frame = pd.read_csv(folder / "places.csv")
    frame["lat"], frame["lon"] = 5_500_000 + 1000 * frame.index, 400_000 + 1000 * frame.index
    frame.to_csv(folder / "places.csv", index=False)
    (finding,) = examine(folder).findings
    assert finding.check == "wrong_scale"
    assert "EPSG:4326" in finding.remedy
    assert len(finding.rows) == 2 * len(frame)


def test_json_is_complete() -> None:
    data = healthy()
    data["places"]["population"] = [0] * 11 + [5]
    diagnosis = diagnose(build(data))
    found = json.loads(json.dumps(diagnosis.as_dict(), allow_nan=False))
    assert set(found) == {
        "format", "instance", "origin", "exit_code", "errors", "warnings", "checks", "findings", "snaps",
        "notes",
    }  # fmt: skip
    assert (found["format"], found["instance"], found["exit_code"]) == (1, "grid", 1)
    assert found["snaps"] == {
        "on_network": 12,
        "from_m": list(SNAP_EDGES_M),
        "counts": [0] * len(SNAP_EDGES_M),
    }
    empty = next(one for one in found["findings"] if one["check"] == "no_people")
    assert empty["count"] == len(empty["rows"]) == 11 > SHOWN
    assert empty["rows"][0] == {
        "id": "p00", "name": "Place 00", "value": None, "unit": "", "note": "", "file": None, "line": None,
        "column": None,
    }  # fmt: skip


def printed(diagnosis: Diagnosis) -> str:
    stream = io.StringIO()
    print_diagnosis(Console(file=stream, width=120, highlight=False), diagnosis)
    return stream.getvalue()


def test_what_a_planner_reads() -> None:
    data = healthy()
    data["places"]["population"] = [0] * 11 + [5]
    data["places"]["name"] = "[red]x[/]"
    cut(data, "p23")
    text = printed(diagnose(build(data)))
    assert "warning: 11 places of 12 with 0 people: [red]x[/], [red]x[/], [red]x[/] and 8 more" in text
    assert "  Effect: " in text
    assert "  Remedy: fill in population in places.csv" in text
    assert "... and 1 more" in text
    assert "5 km to 10 km" in text
    assert "█" * 40 in text
    assert text.splitlines()[-1].startswith("grid: ")
    assert text.splitlines()[-1].endswith(f"({len(CHECKS)} checks)")
    assert printed(diagnose(build(healthy()))) == f"grid: nothing found ({len(CHECKS)} checks)\n"


def test_brief_lines_are_few() -> None:
    many = [Finding("odd_speeds", Severity.WARNING, f"fault {n}", "", "") for n in range(9)]
    lines = brief_lines(Diagnosis("grid", "data/grid", tuple(many)))
    assert lines[0] == "warning: fault 0"
    assert lines[-1] == "5 more; siting doctor data/grid tells more"
    assert len(lines) == 5


def test_coincident_places_in_their_thousands() -> None:
    """All at one point, and all namesakes: no quadratic time."""
    data = healthy()
    base = data["places"].iloc[[0] * 20_000].reset_index(drop=True)
    base["place_id"] = [f"q{n}" for n in range(20_000)]
    base["lat"] += np.linspace(0, 1e-6, 20_000)
    data["places"] = pd.concat([data["places"], base], ignore_index=True)
    finding = next(one for one in diagnose(build(data)).findings if one.check == "coincident_places")
    assert len(finding.rows) == 20_001


WORDS = st.sampled_from(
    [
        "'x' must be >= 0 (people)",
        "'7' must be >= 0 (people)",
        "... and 3 more rows like these",
        "look swapped",
        "",
    ]
)


@given(
    st.lists(
        st.one_of(
            WORDS,
            st.builds(
                Complaint, st.sampled_from(["a.csv", "b.csv", ""]), WORDS, st.none() | st.integers(1, 9),
                st.sampled_from([None, "lat", "population"]),
            ),
        ),
        min_size=1,
    )
)  # fmt: skip
def test_every_complaint_is_in_one_finding(complaints: list[str | Complaint]) -> None:
    findings = findings_of(complaints)
    counted = sum(3 if "... and" in str(one) else 1 for one in complaints)
    assert sum(len(one.rows) + one.unlisted for one in findings) == counted
    assert all(one.severity is Severity.ERROR and one.effect and one.remedy for one in findings)
    assert printed(Diagnosis("x", "x", findings))


COORDINATE = st.one_of(st.sampled_from([0.0, 90.0, -90.0, 179.999, -180.0, 49.0]), st.floats(-90, 90))


@st.composite
def patients(draw: st.DrawFn) -> Instance | None:
    """Small instances with anything in them that a reader accepts; None where it refuses."""
    count = draw(st.integers(1, 6))
    data = healthy()
    kept = ALL[:count]
    frame = data["places"].iloc[:count].copy()
    frame["lat"] = [draw(COORDINATE) for _ in kept]
    frame["lon"] = [draw(COORDINATE) for _ in kept]
    frame["population"] = [draw(st.sampled_from([0, 1, 10**6, 10**12])) for _ in kept]
    frame["name"] = [draw(st.sampled_from(["A", "B", "[x]"])) for _ in kept]
    frame["region"] = [draw(st.sampled_from(["", "r", "s"])) for _ in kept]
    data["places"] = frame
    ends = st.sampled_from(kept)
    minutes = st.floats(0.001, 30_000)
    rows = draw(st.lists(st.tuples(ends, ends, minutes, st.integers(0, 1)), min_size=1, max_size=8))
    table = pd.DataFrame(rows, columns=["from", "to", "minutes", "oneway"])
    if draw(st.booleans()):
        table["km"] = [draw(st.floats(0, 90_000)) for _ in rows]
    data["roads"] = table
    if draw(st.booleans()):
        del data["roads"]
        if draw(st.booleans()):
            data["places"] = frame.drop(columns=["lat", "lon"])
        data["od"] = table[["from", "to", "minutes"]].drop_duplicates(["from", "to"])
    chosen = data["candidates"][data["candidates"]["site"].isin(kept)].copy()
    size = len(chosen)
    chosen["status"] = [draw(st.sampled_from(["candidate", "required", "forbidden"])) for _ in range(size)]
    chosen["cost"] = [draw(st.sampled_from([0.0, 1.0, 1e-9, 1e12])) for _ in range(size)]
    data["candidates"] = chosen
    if draw(st.booleans()):
        del data["facilities"]
    data["settings"]["services"]["fire"]["vehicle_factor"] = draw(st.sampled_from([0.01, 1.0, 100.0]))
    data["settings"]["services"]["fire"]["standard"]["city"] = draw(st.sampled_from([0.5, 10, 30_000]))
    try:
        return build(data)
    except siting.InstanceError:
        return None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(patients())
def test_nothing_makes_it_fall_over(instance: Instance | None) -> None:
    if instance is None:
        return
    diagnosis = diagnose(instance)
    json.dumps(diagnosis.as_dict(), allow_nan=False)
    assert printed(diagnosis)
    assert "nan" not in "".join(f"{one.what}{one.effect}{one.remedy}" for one in diagnosis.findings)
    brief = {one.check for one in diagnose(instance, brief=True).findings}
    assert brief <= {one.check for one in diagnosis.findings}
