"""The checker's response times against networkx, on graphs with every oddity."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from rich_instance import build_rich

from siting.check.times import Ground
from siting.instance import Instance
from siting.response import Layout
from siting.roads.graph import to_networkx

SETTINGS = {
    "name": "odd",
    "currency": "EUR",
    "services": {
        "fire": {"standard": {"town": 10}, "vehicle_factor": 1.37},
        "police": {"standard": {"town": 8}},
    },
    "types": {
        "station": {"provides": {"fire": 0}},
        "center": {"provides": {"fire": 2, "police": 0}},
        "post": {"provides": {"police": 1.5}},
    },
}


def oracle(ground: Ground, is_open: np.ndarray) -> tuple[list[float], list[set[int]]]:
    """Earliest response of every need and all options that achieve it, one search per option."""
    instance, options, needs = ground.instance, ground.options, ground.needs
    best = [math.inf] * len(needs.place)
    who: list[set[int]] = [set() for _ in best]
    for number, service in enumerate(ground.settings.services):
        for option in np.flatnonzero(is_open):
            turnout = ground.settings.types[options.type[option]].turnout_ms.get(service.id)
            if turnout is None:
                continue
            reach = travel(instance, int(options.site[option]), service.vehicle_factor)
            for need in np.flatnonzero(needs.service == number):
                ms = turnout + reach.get(int(needs.place[need]), math.inf)
                if ms < best[need]:
                    best[need], who[need] = ms, set()
                if ms == best[need] < math.inf:
                    who[need].add(int(option))
    return best, who


def travel(instance: Instance, site: int, factor: float) -> dict[int, float]:
    """Travel ms from a site to every place it reaches."""
    if instance.od is not None:
        rows = zip(instance.od.site, instance.od.place, instance.od.ms, strict=True)
        return {int(place): round(ms * factor) for start, place, ms in rows if start == site}
    graph = to_networkx(instance.roads)
    for *_, edge in graph.edges(data=True):
        edge["scaled"] = max(1, round(edge["ms"] * factor))
    length = nx.single_source_dijkstra_path_length(graph, instance.sites.ids[site], weight="scaled")
    return {number: length[place] for number, place in enumerate(instance.places.ids) if place in length}


def agree(ground: Ground, is_open: np.ndarray) -> None:
    answers = ground.answers(is_open)
    best, who = oracle(ground, is_open)
    for need, ms in enumerate(best):
        if math.isinf(ms):
            assert np.isnan(answers.ms[need])
            assert answers.option[need] == -1
        else:
            assert answers.ms[need] == ms
            assert answers.option[need] == min(who[need])


def openings(ground: Ground, rng: np.random.Generator) -> list[np.ndarray]:
    count, existing = len(ground.options.site), ground.options.existing
    return [np.arange(count) < existing, rng.random(count) < 0.4, np.ones(count, dtype=bool)]


@pytest.mark.parametrize("seed", range(25))
def test_random_roads(tiny, seed):
    rng = np.random.default_rng(seed)
    instance = tiny(rng)
    ground = Ground(instance, instance.settings)
    for is_open in openings(ground, rng):
        agree(ground, is_open)


def odd(rng: np.random.Generator, **tables: object) -> Instance:
    """Places p0..p5, of which p5 may be off the network, every type at many sites, no turnout."""
    ids = [f"p{n}" for n in range(6)]
    places = pd.DataFrame(
        {
            "place_id": ids,
            "name": ids,
            "lat": 50 + 0.01 * np.arange(6),
            "lon": 30.0,
            "population": 10,
            "kind": "town",
        }
    )
    pairs = [(site, kind) for site in ids for kind in SETTINGS["types"] if rng.random() < 0.7]
    candidates = pd.DataFrame([*pairs, ("p5", "station")], columns=["site", "type"]).drop_duplicates()
    candidates["cost"] = 1.0
    facilities = pd.DataFrame(
        [(f"f{n}", "F", rng.choice(list(SETTINGS["types"])), rng.choice(ids)) for n in range(3)],
        columns=["facility_id", "name", "type", "site"],
    )
    return Instance.from_frames(
        places=places, candidates=candidates, facilities=facilities, settings=SETTINGS, **tables
    )


def grid(rng: np.random.Generator) -> nx.MultiDiGraph:
    """A one-way-ish graph as osmnx makes it, full of ties; p4 and p5 are not on it."""
    graph = nx.MultiDiGraph()
    for n in range(4):
        graph.add_node(f"p{n}", y=50 + 0.01 * n, x=30.0)
    graph.add_node("x", y=50.02, x=30.01)
    nodes = list(graph)
    for one in nodes:
        for other in nodes:
            if one != other and rng.random() < 0.45:
                graph.add_edge(one, other, travel_time=float(rng.integers(1, 4) * 60))
    graph.add_edge("p0", "x", travel_time=60.0)
    return graph


@pytest.mark.parametrize("seed", range(15))
def test_snapped_places_ties_and_no_turnout(seed):
    rng = np.random.default_rng(seed)
    instance = odd(rng, graph=grid(rng))
    assert (instance.sites.snap_m > 0).sum() == 2
    ground = Ground(instance, instance.settings)
    for is_open in openings(ground, rng):
        agree(ground, is_open)


@pytest.mark.parametrize("seed", range(15))
def test_origin_destination_table(seed):
    rng = np.random.default_rng(seed)
    ids = [f"p{n}" for n in range(6)]
    rows = [(a, b, float(rng.integers(0, 9))) for a in ids for b in ids if rng.random() < 0.6]
    instance = odd(rng, od=pd.DataFrame(rows, columns=["from", "to", "minutes"]))
    ground = Ground(instance, instance.settings)
    for is_open in openings(ground, rng):
        agree(ground, is_open)
        one = int(rng.integers(len(is_open)))
        only = np.arange(len(is_open)) == one
        needs = np.arange(len(ground.needs.place))
        pairs = ground.between(np.full(len(needs), one), needs, np.full(len(needs), np.inf))
        np.testing.assert_array_equal(pairs, ground.answers(only).ms)


def ways(instance: Instance, option_site: int, scenario: int, factor: float | None) -> dict[int, float]:
    """Ms of a vehicle, or metres without a factor, from a site to every place it reaches."""
    graph = to_networkx(instance.roads)
    edits = instance.scenarios[scenario].factor
    for n, (tail, head) in enumerate(zip(instance.roads.tail, instance.roads.head, strict=True)):
        one, other = instance.roads.ids[tail], instance.roads.ids[head]
        edge = graph.edges[one, other]
        times = 1.0 if edits is None else edits[n]
        if math.isinf(times):
            graph.remove_edge(one, other)
        elif factor is None:
            edge["way"] = max(1, edge["length"])
        else:
            edge["way"] = max(1, round(max(1, round(edge["ms"] * times)) * factor))
    node = instance.roads.ids[instance.sites.node[option_site]]
    length = nx.single_source_dijkstra_path_length(graph, node, weight="way")
    return {n: length[place] for n, place in enumerate(instance.places.ids) if place in length}


def equivalent(ground: Ground, option: int, need: int) -> float:
    """Ms of an option to a need by the rule of the layout, looked up one by one; inf where none."""
    instance, options, needs = ground.instance, ground.options, ground.needs
    service, scenario = ground.settings.services[needs.service[need]], int(needs.scenario[need])
    turnout = ground.settings.types[options.type[option]].turnout_ms.get(service.id)
    lost = instance.scenarios[scenario].lost[options.site[option]]
    if turnout is None or lost or options.period[option] > needs.period[need]:
        return math.inf
    place, site = int(needs.place[need]), int(options.site[option])
    ms = ways(instance, site, scenario, service.vehicle_factor).get(place, math.inf) + turnout
    metres = ways(instance, site, scenario, None).get(place, math.inf)
    kind = instance.places.kinds[instance.places.kind[place]]
    per_metre = service.standard_ms[kind] / service.distance_m[kind]
    far = math.inf if math.isinf(metres) else round(metres * per_metre)
    return {"minutes": ms, "km": far, "both": max(ms, far), "either": min(ms, far)}[ground.layout.standard]


@pytest.mark.parametrize("standard", ["minutes", "km", "both", "either"])
@pytest.mark.parametrize("seed", range(3))
def test_scenarios_periods_and_distances(seed, standard):
    rng = np.random.default_rng(seed)
    instance = build_rich(rng)
    layout = Layout(scenarios=True, periods=True, standard=standard, every=True)
    ground = Ground(instance, instance.settings, layout)
    count, size = len(ground.options.site), len(ground.needs.place)
    table = np.array([[equivalent(ground, j, i) for j in range(count)] for i in range(size)])
    is_open = rng.random(count) < 0.5
    least = np.where(is_open, table, np.inf).min(axis=1, initial=np.inf)
    answers = ground.answers(is_open)
    assert np.array_equal(np.nan_to_num(answers.ms, nan=np.inf), least)
    served = np.flatnonzero(answers.option >= 0)
    assert np.array_equal(table[served, answers.option[served]], least[served])
    need, option = np.repeat(np.arange(size), count), np.tile(np.arange(count), size)
    pairs = ground.between(option, need, np.full(len(need), np.inf))
    assert np.array_equal(np.nan_to_num(pairs, nan=np.inf).reshape(size, count), table)
    amount, classes = rng.integers(0, 3, count).astype(np.int32), np.arange(count, dtype=np.int32) % 2
    limit = ground.needs.standard_ms
    inside = (table <= limit[:, None]) * amount
    wanted = np.column_stack([inside[:, classes == c].sum(axis=1) for c in (0, 1)])
    assert np.array_equal(ground.coverers(amount, limit, classes, 2), wanted)
