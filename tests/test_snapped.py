"""Places beside the road network: times against networkx on a graph that is linked by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from plans import achieved_by, plan_of, problem_of, random_opening

from siting.check import verify
from siting.errors import InstanceError
from siting.instance import Instance
from siting.problem import Problem

KMH = 30
FACTORS = {"fire": 1.37, "police": 1.0}
TURNOUT = {"station": {"fire": 2}, "center": {"fire": 1, "police": 0}}
SETTINGS = {
    "name": "beside",
    "currency": "EUR",
    "travel": {"snap_kmh": KMH},
    "services": {
        name: {"standard": {"town": 6}, "vehicle_factor": factor} for name, factor in FACTORS.items()
    },
    "types": {name: {"provides": turnout, "new": 2} for name, turnout in TURNOUT.items()},
}
ON, OFF, CROSSINGS, LONELY = ["p0", "p1", "p2"], ["p3", "p4"], ["x0", "x1"], ["x2"]
Spots = dict[str, tuple[float, float]]
"""Latitude and longitude of every node."""

Edges = list[tuple[str, str, float]]
"""From, to, car minutes; one way."""

NODES = [*ON, *OFF, *CROSSINGS, *LONELY]


def spots(rng: np.random.Generator) -> Spots:
    return {name: (50 + 0.1 * rng.random(), 30 + 0.1 * rng.random()) for name in NODES}


def edges(rng: np.random.Generator) -> Edges:
    """One-way minutes between nodes on the network, each of which has an edge; some in parallel."""
    names = [*ON, *CROSSINGS]
    rows = [(one, names[k - 1], float(rng.integers(1, 5))) for k, one in enumerate(names)]
    return rows + [
        (one, other, float(rng.integers(1, 9)))
        for one in names
        for other in names
        if one != other and rng.random() < 0.4
    ]


def direction(spot: tuple[float, float]) -> np.ndarray:
    """The spot on the unit sphere."""
    lat, lon = np.radians(spot)
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


def angle(one: np.ndarray, other: np.ndarray) -> float:
    return math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other))


def foot(at: Spots, name: str, one: str, other: str) -> tuple[float, float]:
    """Metres from a node to the great circle between two others, and the share of it before its foot."""
    point, start, end = (direction(at[node]) for node in (name, one, other))
    normal = np.cross(start, end) / np.linalg.norm(np.cross(start, end))
    below = point - (point @ normal) * normal
    below /= np.linalg.norm(below)
    whole = angle(start, end)
    if angle(start, below) > whole or angle(below, end) > whole:  # beyond an end
        share = float(angle(start, point) > angle(end, point))
        return 6_371_008.8 * angle((start, end)[int(share)], point), share
    return 6_371_008.8 * angle(point, below), angle(start, below) / whole


def linked(at: Spots, car: nx.DiGraph) -> nx.DiGraph:
    """The graph with its links, car ms on all edges: each point to the nearest of all edges."""
    cuts: dict[tuple[str, str], dict[int, str]] = {}
    links = []
    for name in [*OFF, *LONELY]:
        pairs = [(one, other) for one, other in car.edges if (other, one) not in car.edges or one < other]
        away, share, edge = min((*foot(at, name, *pair), pair) for pair in pairs)
        whole = min(car.edges[ends]["ms"] for ends in (edge, edge[::-1]) if ends in car.edges)
        to = edge[int(share)]
        if 0 < share < 1:
            to = cuts.setdefault(edge, {}).setdefault(round(share * whole), f"{name}@road")
        links.append((name, to, max(1, round(away / KMH * 3600))))
    for edge, feet in cuts.items():
        slots = sorted(feet)
        whole = min(car.edges[ends]["ms"] for ends in (edge, edge[::-1]) if ends in car.edges)
        path = [edge[0], *(feet[slot] for slot in slots), edge[1]]
        for ends, nodes, done in (
            (edge, path, slots),
            (edge[::-1], path[::-1], [whole - k for k in slots[::-1]]),
        ):
            if ends in car.edges:
                ms = car.edges[ends]["ms"]
                times = [0, *((2 * slot * ms + whole) // (2 * whole) for slot in done), ms]
                car.remove_edge(*ends)
                for one, other, before, after in zip(nodes, nodes[1:], times, times[1:], strict=False):
                    car.add_edge(one, other, ms=after - before)
    for name, to, ms in links:
        car.add_edge(name, to, ms=ms)
        car.add_edge(to, name, ms=ms)
    return car


def by_hand(at: Spots, rows: Edges, factor: float) -> nx.DiGraph:
    """The graph with its links, and the ms of a vehicle."""
    car = nx.DiGraph()
    for one, other, minutes in rows:
        ms = round(60_000 * minutes)
        if ms < car.get_edge_data(one, other, {"ms": math.inf})["ms"]:
            car.add_edge(one, other, ms=ms)
    graph = nx.DiGraph()
    for one, other, ms in linked(at, car).edges(data="ms"):
        graph.add_edge(one, other, ms=max(1, round(ms * factor)))
    return graph


def tables(rng: np.random.Generator, at: Spots) -> dict[str, Any]:
    names = [*ON, *OFF]
    places = pd.DataFrame(
        {
            "place_id": names,
            "name": names,
            "lat": [at[name][0] for name in names],
            "lon": [at[name][1] for name in names],
            "population": rng.integers(1, 99, len(names)),
            "kind": "town",
        }
    )
    pairs = [(site, kind, 1.0) for site in NODES for kind in TURNOUT]
    facilities = [("f0", "F", "station", rng.choice(OFF)), ("f1", "F", "center", rng.choice(NODES))]
    return {
        "places": places,
        "candidates": pd.DataFrame(pairs, columns=["site", "type", "cost"]),
        "facilities": pd.DataFrame(facilities, columns=["facility_id", "name", "type", "site"]),
        "settings": SETTINGS,
    }


def from_tables(rng: np.random.Generator) -> tuple[Instance, dict[str, nx.DiGraph]]:
    at, rows = spots(rng), edges(rng)
    junctions = [*CROSSINGS, *LONELY]
    instance = Instance.from_frames(
        **tables(rng, at),
        junctions=pd.DataFrame(
            [(name, *at[name]) for name in junctions], columns=["junction_id", "lat", "lon"]
        ),
        roads=pd.DataFrame(rows, columns=["from", "to", "minutes"]).assign(oneway=1),
    )
    return instance, {name: by_hand(at, rows, factor) for name, factor in FACTORS.items()}


def from_osmnx(rng: np.random.Generator) -> tuple[Instance, dict[str, nx.DiGraph]]:
    """Places p3 and p4 are no nodes of the graph; node x2 has no edge."""
    at, rows = spots(rng), edges(rng)
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for name in [*LONELY, *ON, *CROSSINGS]:
        graph.add_node(name, y=at[name][0], x=at[name][1])
    for one, other, minutes in rows:
        graph.add_edge(one, other, travel_time=60 * minutes, highway="residential")
    instance = Instance.from_frames(**tables(rng, at), graph=graph)
    return instance, {name: by_hand(at, rows, factor) for name, factor in FACTORS.items()}


def expected_ms(problem: Problem, graphs: dict[str, nx.DiGraph], is_open: np.ndarray) -> list[float]:
    """Earliest response of every need, by one search per open option."""
    responses, found = problem.responses, []
    settings, ids = responses.settings, responses.instance.sites.ids
    for place, number in zip(responses.needs.place, responses.needs.service, strict=True):
        service = settings.services[number].id
        found.append(
            min(
                settings.types[kind].turnout_ms[service]
                + nx.shortest_path_length(graphs[service], ids[site], ids[place], weight="ms")
                for site, kind in zip(
                    responses.options.site[is_open], responses.options.type[is_open], strict=True
                )
                if service in settings.types[kind].turnout_ms
            )
        )
    return found


@pytest.mark.parametrize("source", [from_tables, from_osmnx])
@pytest.mark.parametrize("seed", range(8))
def test_times_and_verification(source: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    instance, graphs = source(rng)
    assert set(instance.sites.ids[instance.sites.snap_m > 0]) == {*OFF, *LONELY}
    problem = problem_of(instance, "min_travel_time")
    options = problem.responses.options
    for _ in range(3):
        plan = plan_of(problem, random_opening(problem, rng))
        assert verify(problem, plan, achieved_by(problem, plan)) == []
        is_open = np.arange(len(options.site)) < options.existing
        is_open[plan.opened] = True
        assert plan.response_ms.tolist() == expected_ms(problem, graphs, is_open)


@pytest.mark.parametrize("source", [from_tables, from_osmnx])
def test_own_place_is_served_at_turnout(source: Any) -> None:
    instance, _ = source(np.random.default_rng(1))
    problem = problem_of(instance, "min_travel_time")
    options, needs = problem.responses.options, problem.responses.needs
    centers = [
        number
        for number in range(options.existing, len(options.site))
        if options.type[number] == 1 and instance.sites.ids[options.site[number]] in OFF
    ]
    plan = plan_of(problem, centers)
    own = np.isin(instance.places.ids[needs.place], OFF)
    assert plan.response_ms[own & (needs.service == 0)].tolist() == [60_000, 60_000]
    assert plan.response_ms[own & (needs.service == 1)].tolist() == [0, 0]


def town(roads: pd.DataFrame, beside: Spots, **more: Any) -> dict[str, Any]:
    """Places A, B and C five km apart on a parallel and others beside them; arguments of from_frames."""
    at = {"A": (0.0, 30.0), "B": (0.0, 30.045), "C": (0.0, 30.09), **beside}
    places = pd.DataFrame([(name, name, *spot, 5, "town") for name, spot in at.items()])
    places.columns = pd.Index(["place_id", "name", "lat", "lon", "population", "kind"])
    candidates = pd.DataFrame([(name, "station", 1.0) for name in at], columns=["site", "type", "cost"])
    return {"places": places, "candidates": candidates, "roads": roads, "settings": SETTINGS, **more}


def two_roads(**columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame([("A", "B", 10.0, 5.004), ("B", "C", 10.0, 5.004)])
    return rows.set_axis(["from", "to", "minutes", "km"], axis=1).assign(**columns)


def by_names(instance: Instance, values: Any) -> dict[tuple[str, str], float]:
    roads = instance.roads
    assert roads is not None
    ends = zip(roads.ids[roads.tail], roads.ids[roads.head], strict=True)
    return dict(zip(ends, values.tolist(), strict=True))


def test_factors_and_closures_go_to_all_parts() -> None:
    settings = {**SETTINGS, "scenarios": {"flood": {"probability": 1}}}
    change = pd.DataFrame([("flood", "A", "B", 3.0)], columns=["scenario", "from", "to", "factor"])
    beside = {"P": (0.01, 30.01), "Q": (0.01, 30.06)}
    given = town(two_roads(), beside, scenarios=change) | {"settings": settings}
    instance = Instance.from_frames(**given)
    factor = by_names(instance, instance.scenarios[0].factor)
    changed = {("A", "P@road"), ("P@road", "A"), ("P@road", "B"), ("B", "P@road")}
    assert factor == {edge: 3.0 if edge in changed else 1.0 for edge in factor}
    assert ("Q", "Q@road") in factor
    edits = pd.DataFrame([("close", "A", "B")], columns=["action", "from", "to"])
    closed = Instance.from_frames(**given, edits=edits)
    assert closed.sites.snap_m.tolist() == instance.sites.snap_m.tolist()
    factor = by_names(closed, closed.scenarios[0].factor)
    assert not changed & set(factor)
    assert set(factor.values()) == {1.0}


def test_only_straight_roads_are_joined_in_between() -> None:
    """One more than a tenth longer than the line between its ends runs elsewhere; unknown is straight."""
    beside = {"P": (0.01, 30.02)}
    for km, to in ((5.004, "P@road"), (5.5, "P@road"), (5.6, "A"), (math.nan, "P@road")):
        instance = Instance.from_frames(**town(two_roads(km=[km, 5.004]), beside))
        assert ("P", to) in by_names(instance, instance.roads.ms)  # type: ignore[union-attr]


def test_islands_and_traps_are_passed_over() -> None:
    """A stub near the point, one of 150 nodes' worth of a town, is not what it is joined to."""
    chain = [f"j{k}" for k in range(150)]
    junctions = pd.DataFrame(
        [(name, 0.0, 30.09 + 0.001 * k) for k, name in enumerate(chain)] + [("trap", 0.02, 30.02)],
        columns=["junction_id", "lat", "lon"],
    )
    rows = [("C", "j0"), *pairwise(chain)]
    more = pd.DataFrame(rows, columns=["from", "to"]).assign(minutes=1.0)
    trap = pd.DataFrame([("A", "trap", 5.0, 1)], columns=["from", "to", "minutes", "oneway"])
    roads = pd.concat((two_roads(), more, trap), ignore_index=True)
    instance = Instance.from_frames(**town(roads, {"P": (0.019, 30.02)}, junctions=junctions))
    assert ("P", "P@road") in by_names(instance, instance.roads.ms)  # type: ignore[union-attr]
    assert instance.sites.snap_m[3] == pytest.approx(2112.7, abs=0.1)


def test_links_that_are_there_already() -> None:
    """Read again with its links, nothing is linked anew and the distances are the same."""
    beside = {"P": (0.01, 30.02), "Q": (0.001, 30.09), "R": (-0.03, 30.02)}
    first = Instance.from_frames(**town(two_roads(), beside))
    roads = first.roads
    assert roads is not None
    again = Instance.from_frames(**town(two_roads(), beside) | {"roads": None}, graph=roads)
    assert again.roads is not None
    assert again.sites.snap_m.tolist() == first.sites.snap_m.tolist()
    assert (first.sites.snap_m > 0).sum() == 3
    assert by_names(again, again.roads.ms) == by_names(first, roads.ms)
    assert again.warnings == first.warnings
    assert (
        "linked to the nearest road or junction: 3 sites, 1 of them over more than 2 km" in first.warnings[0]
    )
    new = Instance.from_frames(
        **town(two_roads(), {**beside, "S": (0.0099, 30.02)}) | {"roads": None}, graph=roads
    )
    assert ("S", "P@road") in by_names(new, new.roads.ms)  # type: ignore[union-attr]


def test_places_without_coordinates() -> None:
    """They stand on the roads that name them, or nowhere."""
    given = town(two_roads(), {})
    given["places"] = given["places"].drop(columns=["lat", "lon"])
    assert not Instance.from_frames(**given).sites.snap_m.any()
    given["roads"] = given["roads"][:1]
    with pytest.raises(InstanceError) as caught:
        Instance.from_frames(**given)
    assert [str(one) for one in caught.value.complaints] == [
        "places.iloc[2] place_id: 'C' (C) is on no road, and without lat and lon it cannot be linked to one; "
        "add a road that leads to it, or the columns lat and lon"
    ]
