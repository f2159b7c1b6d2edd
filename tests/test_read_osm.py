"""OpenStreetMap: small maps drawn by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

import siting
from siting.errors import InstanceError
from siting.readers.osm import read_osm
from siting.readers.osm.speeds import CLASSES
from siting.roads.graph import to_networkx
from tests.osm_files import Way, convert, line, metres, road, square, village, write

osmium = pytest.importorskip("osmium")


def read(folder: Path, *objects: Any, **options: Any) -> siting.Instance:
    return read_osm(write(folder, *objects), **options)


def edges(instance: siting.Instance) -> set[tuple[str, str]]:
    """Pairs of road nodes with an edge, without the links of places."""
    roads = instance.roads
    assert roads is not None
    link = np.array([name == "walk-in" for name in roads.classes] + [False])[roads.klass]
    return {(roads.ids[a], roads.ids[b]) for a, b in zip(roads.tail[~link], roads.head[~link], strict=True)}


def test_times_are_those_of_segments(tmp_path: Path) -> None:
    nodes = [(1, 47.0, 9.0, {}), (2, 47.003, 9.001, {}), (3, 47.004, 9.004, {}), (4, 47.01, 9.004, {})]
    instance = read(
        tmp_path,
        [*nodes, village(11, 47.0, 9.0), village(12, 47.01, 9.004)],
        [road(1, [1, 2, 3], maxspeed="50"), road(2, [3, 4], highway="residential")],
    )
    ends = [node[1:3] for node in nodes]
    expected = [
        round(3.6e3 * metres(a, b) / kmh) for a, b, kmh in zip(ends[:-1], ends[1:], (45, 45, 30), strict=True)
    ]
    graph = to_networkx(instance.roads)
    assert nx.dijkstra_path_length(graph, "1", "4", weight="ms") == sum(expected)
    assert nx.dijkstra_path_length(graph, "n11", "n12", weight="ms") == sum(expected) + 2
    assert instance.places.ids.tolist() == ["n11", "n12"]
    assert instance.places.population.tolist() == [100, 100]


def test_oneway_and_roundabout(tmp_path: Path) -> None:
    ring = square(1, 47.0, 9.0, 0.002)
    arms = [(10 + k, 47.0 + y, 9.0 + x, {}) for k, (y, x) in enumerate(((-0.02, -0.02), (0.02, 0.02)))]
    instance = read(
        tmp_path,
        [*ring, *arms, village(21, -0.02 + 47, 8.98), village(22, 47.02, 9.02)],
        [
            road(1, [1, 2, 3, 4, 1], junction="roundabout"),
            road(2, [10, 1], oneway="no"),
            road(3, [3, 11]),
            road(4, [10, 11], oneway="-1"),
        ],
    )
    graph = to_networkx(instance.roads)
    assert edges(instance) == {
        ("1", "3"), ("3", "1"), ("10", "1"), ("1", "10"), ("3", "11"), ("11", "3"), ("11", "10")
    }  # fmt: skip
    assert graph["1"]["3"]["ms"] == graph["3"]["1"]["ms"]  # half of the ring each, and never backwards
    assert graph["1"]["3"]["length"] == pytest.approx(
        metres(ring[0][1:3], ring[1][1:3]) + metres(ring[1][1:3], ring[2][1:3]), abs=2
    )


def test_small_parts_and_traps_are_left_out(tmp_path: Path) -> None:
    island = line(50, 2, lat=47.5)
    nodes = [*line(), *island, (60, 47.01, 9.0, {}), village(71, 47.0, 9.0), village(72, 47.0, 9.04)]
    ways = [road(1, [1, 2, 3, 4, 5]), road(2, [50, 51]), road(3, [3, 60], oneway="yes")]
    instance = read(tmp_path, nodes, ways)
    assert "60" not in instance.roads.ids
    assert "50" not in instance.roads.ids
    km = (2 * metres(island[0][1:3], island[1][1:3]) + metres((47, 9.02), (47.01, 9.0))) / 2000
    words = next(text for text in instance.warnings if "strongly" in text)
    assert words.startswith(f"roads: 3 nodes and {km:,.1f} km")


def test_points_join_the_nearest_road_not_the_nearest_node(tmp_path: Path) -> None:
    nodes = [*line(1, 2, step=0.1), *line(5, 2, lat=47.03, lon=9.05, step=0.001)]
    ways = [road(1, [1, 2]), road(2, [2, 6, 5, 1])]
    place = village(9, 47.01, 9.05)
    instance = read(tmp_path, [*nodes, place, village(10, 47.0, 9.0)], ways)
    graph = to_networkx(instance.roads)
    links = [data["length"] for *_, data in graph.out_edges("n9", data=True)]
    # The line between the two nodes is a great circle, which bows a few metres to the north.
    assert links == [pytest.approx(metres((47.01, 9.05), (47.0, 9.05)), abs=5)]
    along = nx.dijkstra_path_length(graph, "n9", "1", weight="ms") - next(iter(graph["n9"].values()))["ms"]
    assert along == pytest.approx(3.6e3 * metres((47, 9), (47, 9.05)) / 65, rel=1e-3)
    assert next(iter(graph["n9"].values()))["highway"] == "walk-in"


def test_far_points(tmp_path: Path) -> None:
    nodes = [*line(), village(11, 47.0, 9.0), village(12, 47.03, 9.0, name="Far"), village(13, 49.0, 9.0)]
    instance = read(tmp_path, nodes, [road(1, [1, 2, 3, 4, 5])])
    assert instance.places.ids.tolist() == ["n11", "n12"]
    assert any("Far 3.3 km" in text for text in instance.warnings)
    assert any("V13 222" in text and "left out" in text for text in instance.warnings)
    with pytest.raises(InstanceError, match="every settlement is more than 50 km"):
        read(tmp_path, [*line(), village(13, 49.0, 9.0)], [road(1, [1, 2, 3])])


def test_settlements(tmp_path: Path) -> None:
    """People, kinds, names; an area counts once with the point inside it, and gives it its people."""
    nodes = [
        *line(), *square(20, 47.0, 9.0, 0.01), *square(30, 47.0, 9.03, 0.01), *square(40, 47.0, 9.04, 0.004),
        village(51, 47.001, 9.001, name="Київ", **{"name:en": "Kyiv"}, population="1 234"),
        (52, 47.0, 9.02, {"place": "town", "name": "T"}), (53, 47.0, 9.03, {"place": "hamlet"}),
        (54, 47.0, 9.04, {"place": "isolated_dwelling", "name": "Same"}),
        (55, 47.0, 9.0, {"place": "suburb", "name": "S"}),
        (56, 47.0, 9.0, {"place": "locality", "name": "L"}),
        (57, 47.0, 9.02, {"place": "village", "name": "Gone", "abandoned": "yes"}),
    ]  # fmt: skip
    areas: list[Way] = [
        (2, [20, 21, 22, 23, 20], {"place": "village", "name": "київ", "population": "9"}),
        (3, [40, 41, 42, 43, 40], {"place": "hamlet", "name": "Same", "population": "77"}),
        (4, [30, 31, 32, 33, 30], {"place": "village", "name": "Area", "population": "5"}),
        (5, [30, 31, 32, 33, 30], {"place": "village"}),
    ]
    relations = [
        (
            7,
            [("w", 2, "outer"), ("n", 52, "label")],
            {"type": "boundary", "place": "town", "name": "Else", "population": "20000"},
        ),
        (8, [("w", 4, "outer")], {"type": "multipolygon", "place": "village", "name": "area"}),
        (9, [("w", 99, "outer")], {"type": "multipolygon", "place": "village", "name": "Elsewhere"}),
        (10, [("w", 4, "outer")], {"type": "route", "place": "village", "name": "No area"}),
    ]
    instance = read(tmp_path, nodes, [road(1, [1, 2, 3, 4, 5]), *areas], relations)
    places = instance.places
    assert dict(zip(places.ids, places.population, strict=True)) == {
        "n51": 1234, "n52": 20000, "n53": 50, "n54": 77, "w4": 5
    }  # fmt: skip
    assert places.names.tolist() == ["Kyiv", "T", "Hamlet n53", "Same", "Area"]
    assert places.names_local.tolist() == ["Київ", "", "", "", ""]
    assert [places.kinds[kind] for kind in places.kind] == [
        "village",
        "city",
        "village",
        "village",
        "village",
    ]
    assert (places.lat[4], places.lon[4]) == pytest.approx((47.0, 9.03))
    assert any("people of 1 of 5 are assumed" in text and "Hamlet n53" in text for text in instance.warnings)
    assert any("not in the file" in text and "Elsewhere" in text for text in instance.warnings)


def test_facilities_count_once(tmp_path: Path) -> None:
    """A point in its area, two buildings of one site, and a multipolygon of two ways with a hole."""
    outer = square(20, 47.0, 9.01, 0.01)
    nodes = [
        *line(), village(9, 47, 9.0), *outer, *square(30, 47.0, 9.01, 0.002),
        *square(40, 47.01, 9.03, 0.0002), *square(50, 47.0105, 9.03, 0.0002),
        *square(60, 47.003, 9.0, 0.0004), (70, 47.003, 9.0, {"amenity": "police", "name": "P"}),
        (71, 47.0, 9.04, {"amenity": "fire_station", "disused": "yes"}),
        (72, 47.0, 9.04, {"disused:amenity": "fire_station"}),
        (73, 47.003, 9.0001, {"amenity": "fire_station"}),
    ]  # fmt: skip
    ways: list[Way] = [
        road(1, [1, 2, 3, 4, 5]),
        (2, [20, 21, 22], {}), (3, [20, 23, 22], {}), (4, [30, 31, 32, 33, 30], {}),
        (5, [40, 41, 42, 43, 40], {"amenity": "fire_station", "building": "yes"}),
        (6, [50, 51, 52, 53, 50], {"amenity": "fire_station", "name": "Depot, east=1"}),
        (7, [60, 61, 62, 63, 60], {"amenity": "police"}),
    ]  # fmt: skip
    hospital = {"type": "multipolygon", "amenity": "hospital", "name": "H"}
    relations = [(8, [("w", 2, "outer"), ("w", 4, "inner"), ("w", 3, "outer")], hospital)]
    instance = read(tmp_path, nodes, ways, relations)
    facilities = instance.facilities
    assert dict(zip(facilities.ids, facilities.names, strict=True)) == {
        "n73": "Fire station n73", "w6": "Depot, east=1", "n70": "P", "r8": "H"
    }  # fmt: skip
    at = {id_: instance.sites.ids[site] for id_, site in zip(facilities.ids, facilities.site, strict=True)}
    assert all(id_ == site for id_, site in at.items())
    site = facilities.site[facilities.ids.tolist().index("r8")]
    assert (instance.sites.lat[site], instance.sites.lon[site]) == pytest.approx((47.0, 9.01))
    assert instance.sites.names[site] == "H"
    assert any(text.startswith("fire_department: 3 on the map are 2") for text in instance.warnings)
    assert any(text.startswith("police_station: 2 on the map are 1") for text in instance.warnings)


OWN: dict[str, Any] = {
    "currency": "EUR",
    "services": {"fire": {"standard": {"village": 15, "hamlet": 30}}},
    "types": {"fire_department": {"provides": {"fire": 2}, "cost": 1, "new": 1}},
}


def test_own_settings(tmp_path: Path) -> None:
    nodes = [
        *line(), village(9, 47, 9.0), (10, 47.0, 9.03, {"place": "hamlet", "name": "H"}),
        (70, 47.0, 9.0, {"amenity": "police"}), (71, 47.0, 9.02, {"amenity": "fire_station"}),
    ]  # fmt: skip
    instance = read(tmp_path, nodes, [road(1, [1, 2, 3, 4, 5])], settings=OWN, name="mine")
    assert instance.settings.name == "mine"
    assert [instance.places.kinds[kind] for kind in instance.places.kind] == ["village", "hamlet"]
    assert instance.facilities.ids.tolist() == ["n71"]
    assert any("1 with amenity=police" in text for text in instance.warnings)
    with pytest.raises(InstanceError, match="no service has a standard for place=town"):
        read(tmp_path, [*nodes, (11, 47, 9, {"place": "town"})], [road(1, [1, 2, 3])], settings=OWN)
    only = read(
        tmp_path,
        [*nodes, (11, 47, 9, {"place": "town"})],
        [road(1, [1, 2, 3])],
        settings=OWN,
        places="hamlet",
    )
    assert only.places.ids.tolist() == ["n10"]


def test_candidates_at_buildings(tmp_path: Path) -> None:
    nodes = [
        *line(), village(9, 47, 9.0), (70, 47.0, 9.01, {"amenity": "townhall", "name": "Hall"}),
        (71, 47.0, 9.02, {"amenity": "fire_station"}), (72, 47.0, 9.03, {"office": "government"}),
    ]  # fmt: skip
    path = write(tmp_path, nodes, [road(1, [1, 2, 3, 4, 5])])

    def sites(*candidates: str) -> set[str]:
        instance = read_osm(path, candidates=candidates)
        return {instance.sites.ids[site] for site in instance.candidates.site}

    assert sites("townhall", "government") == {"n70", "n72"}
    assert sites("settlements", "fire_station") == {"n9", "n71"}
    instance = read_osm(path, candidates="townhall")
    assert instance.sites.names[instance.candidates.site].tolist() == ["Hall", "Hall"]
    assert any("no school" in text for text in read_osm(path, candidates=["townhall", "school"]).warnings)
    with pytest.raises(InstanceError, match="'scool' is not known; did you mean 'school'"):
        sites("scool")
    with pytest.raises(InstanceError, match="no school or library for candidates"):
        sites("school", "library")
    with pytest.raises(InstanceError, match="is empty"):
        sites()
    with pytest.raises(InstanceError, match="'vilage' is not known; did you mean 'village'"):
        read_osm(path, places=["vilage"])


def test_across_the_antimeridian(tmp_path: Path) -> None:
    nodes = [(k, -17.0, lon, {}) for k, lon in enumerate((179.98, 179.99, -179.99, -179.98), 1)]
    instance = read(
        tmp_path, [*nodes, village(9, -17, 179.98), village(10, -17.001, 180.0)], [road(1, [1, 2, 3, 4])]
    )
    graph = to_networkx(instance.roads)
    kmh = CLASSES["primary"].usual
    straight = 3.6e3 * metres((-17, 0), (-17, 0.04)) / kmh
    assert nx.dijkstra_path_length(graph, "1", "4", weight="ms") == pytest.approx(straight, rel=1e-4)
    assert instance.sites.snap_m.max() == pytest.approx(metres((-17.001, 0), (-17, 0)), rel=0.01)


def test_missing_and_repeated_nodes(tmp_path: Path) -> None:
    """An extract cut at its border, a node twice in a row, and coordinates that are nowhere."""
    nodes = [*line(), (6, 95.0, 9.0, {"place": "village", "name": "Nowhere"}), village(9, 47, 9.0)]
    ways = [road(1, [1, 2, 2, 3, 4]), road(2, [4, 5, 999]), road(3, [4, 6, 5]), road(4, [777, 888])]
    instance = read(tmp_path, nodes, ways)
    assert edges(instance) == {("1", "5"), ("5", "1")}
    assert any("4 segments are left out" in text for text in instance.warnings)
    assert instance.places.ids.tolist() == ["n9"]


FORMATS = ("small.osm.pbf", "small.osm.bz2", "small.osm.gz")


@pytest.mark.parametrize("name", FORMATS)
def test_formats(tmp_path: Path, name: str) -> None:
    nodes = [*line(), village(9, 47, 9.0, name="A, b=c%20% d\nx"), village(10, 47, 9.04)]
    path = write(tmp_path, nodes, [road(1, [1, 2, 3, 4, 5], name="1,oneway=yes, x")])
    one, two = read_osm(path), read_osm(convert(path, name))
    assert two.settings.name == "small"
    assert (one.places.names == two.places.names).all()
    assert (one.roads.ids == two.roads.ids).all()
    assert (one.roads.ms == two.roads.ms).all()
    assert len(one.roads.tail) == len(two.roads.tail) == 2 + 4


def test_steps_are_reported(tmp_path: Path) -> None:
    heard: list[str] = []
    read(tmp_path, [*line(), village(9, 47, 9)], [road(1, [1, 2, 3])], report=heard.append)
    assert len(heard) >= 6
    assert all(heard)
