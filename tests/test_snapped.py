"""Places beside the road network: times against networkx on a graph that is linked by hand."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from plans import achieved_by, plan_of, problem_of, random_opening

from siting.check import verify
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


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance by the spherical law of cosines, fine for kilometres."""
    (a, b), (c, d) = np.radians(one), np.radians(other)
    cosine = math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(d - b)
    return 6_371_008.8 * math.acos(min(1.0, cosine))


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


def by_hand(at: Spots, rows: Edges, factor: float) -> nx.DiGraph:
    """The graph with its links, and the ms of a vehicle."""
    graph = nx.DiGraph()
    for one, other, minutes in rows:
        if minutes < graph.get_edge_data(one, other, {"minutes": math.inf})["minutes"]:
            graph.add_edge(one, other, minutes=minutes, ms=max(1, round(60_000 * minutes * factor)))
    for name in [*OFF, *LONELY]:
        near = min([*ON, *CROSSINGS], key=lambda node: metres(at[name], at[node]))
        car = max(1, round(metres(at[name], at[near]) / KMH * 3600))
        graph.add_edge(name, near, ms=max(1, round(car * factor)))
        graph.add_edge(near, name, ms=max(1, round(car * factor)))
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
