"""Vector layers in: where they lie, what their columns mean, what is wrong with them."""

from __future__ import annotations

import json
import random
import sys
import zipfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from siting.errors import Complaint, InstanceError
from siting.instance.core import Instance
from siting.roads.graph import to_networkx
from siting.roads.snap import metres
from tests.benchmarks.formats import DATA

gpd = pytest.importorskip("geopandas")
pytest.importorskip("pyogrio")
pytest.importorskip("pyarrow")
pyproj = pytest.importorskip("pyproj")
shapely = pytest.importorskip("shapely")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from siting.readers.geo import read_geo  # noqa: E402
from siting.readers.vector.lines import MEET_DEGREES, _meeting  # noqa: E402

TOWNS = pd.DataFrame(
    {
        "place_id": ["a", "b", "c", "d"],
        "name": ["Lypa", "Dub", "Verba", "Київ"],
        "population": [12_000, 900, 400, 250],
        "lat": [50.0, 50.05, 50.1, 50.02],
        "lon": [30.0, 30.1, 30.0, 30.2],
    }
)
STREETS = [
    [(30.0, 50.0), (30.05, 50.03), (30.1, 50.05)],
    [(30.1, 50.05), (30.0, 50.1)],
    [(30.05, 50.03), (30.2, 50.02)],
]


def layer(frame: pd.DataFrame = TOWNS, crs: int | None = 4326) -> gpd.GeoDataFrame:
    points = gpd.points_from_xy(frame["lon"], frame["lat"])
    found = gpd.GeoDataFrame(frame.drop(columns=["lat", "lon"]), geometry=points, crs=4326)
    return found.set_crs(None, allow_override=True) if crs is None else found.to_crs(crs)


def streets(crs: int = 4326, **columns: object) -> gpd.GeoDataFrame:
    lines = [shapely.LineString(line) for line in STREETS]
    return gpd.GeoDataFrame({"kmh": [60, 60, 60]} | columns, geometry=lines, crs=4326).to_crs(crs)


def lines_at(kmh: float, *shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"kmh": [kmh] * len(shapes)}, geometry=list(shapes), crs=4326)


def times(instance: Instance) -> dict[tuple[str, str], int]:
    """Milliseconds between all places, by networkx."""
    graph = to_networkx(instance.roads)
    ids = list(instance.places.ids)
    found = {}
    for one in ids:
        reached = nx.single_source_dijkstra_path_length(graph, one, weight="ms")
        found.update({(one, other): reached[other] for other in ids if other in reached})
    return found


def complaints(*args: object, **options: object) -> str:
    with pytest.raises(InstanceError) as caught:
        read_geo(*args, **options)
    assert all(isinstance(one, Complaint | str) for one in caught.value.complaints)
    return str(caught.value)


def test_the_reference_system_makes_no_difference() -> None:
    plain = read_geo(TOWNS, roads=streets())
    for crs in (3857, 32635, 5564):
        turned = read_geo(layer(crs=crs), roads=streets(crs=32636))
        np.testing.assert_allclose(turned.places.lat, plain.places.lat, atol=1e-8)
        np.testing.assert_allclose(turned.places.lon, plain.places.lon, atol=1e-8)
        one, other = times(plain), times(turned)
        assert one.keys() == other.keys()
        # Each of at most four edges on the way may round the other way.
        assert all(abs(one[pair] - other[pair]) <= 4 for pair in one)
        assert "reprojected from" in turned.settings.notes


def test_times_are_those_of_all_segments_by_networkx() -> None:
    random.seed(5)
    numbers = np.random.default_rng(5)
    spots = [(30 + x / 50, 50 + y / 50) for x in range(6) for y in range(6)]
    lines, oneway, speed = [], [], []
    for x in range(6):
        for y in range(6):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < 6 and y + dy < 6 and numbers.random() < 0.8:
                    start, end = spots[6 * x + y], spots[6 * (x + dx) + y + dy]
                    middle = [
                        tuple(np.array(start) + (np.array(end) - start) * share + numbers.normal(0, 0.003, 2))
                        for share in (0.25, 0.5, 0.75)
                    ]
                    lines.append([start, *middle, end])
                    oneway.append(str(numbers.choice(["yes", "no", "-1"], p=[0.2, 0.7, 0.1])))
                    speed.append(int(numbers.integers(20, 90)))
    lines.append([lines[0][2], lines[5][1], lines[9][2]])  # meets others at vertices inside them
    oneway.append("")
    speed.append(50)
    roads = gpd.GeoDataFrame(
        {"kmh": speed, "oneway": oneway}, geometry=[shapely.LineString(line) for line in lines], crs=4326
    )
    graph, geod = nx.DiGraph(), pyproj.Geod(ellps="WGS84")
    for line, way, kmh in zip(lines, oneway, speed, strict=True):
        for a, b in pairwise(line):
            ms = 3600 * geod.inv(*a, *b)[2] / kmh
            for tail, head, blocked in ((a, b, "-1"), (b, a, "yes")):
                old = graph.get_edge_data(tail, head, {"ms": np.inf})["ms"]
                if way != blocked and ms < old:
                    graph.add_edge(tail, head, ms=ms)
    places = pd.DataFrame({"id": range(36), "pop": 100})
    places["lon"], places["lat"] = zip(*spots, strict=True)
    places = places[[spot in graph for spot in spots]]
    found = times(read_geo(places, roads=roads))
    assert len(found) > 300
    for number, start in zip(places["id"], places[["lon", "lat"]].itertuples(index=False), strict=True):
        reached = nx.single_source_dijkstra_path_length(graph, tuple(start), weight="ms")
        for other, end in zip(places["id"], places[["lon", "lat"]].itertuples(index=False), strict=True):
            pair = (str(number), str(other))
            assert (tuple(end) in reached) == (pair in found)
            if pair in found:
                assert abs(found[pair] - reached[tuple(end)]) <= 0.5 * 5 * 40


def test_every_kind_of_file_is_read_alike(tmp_path: Path) -> None:
    wanted = read_geo(TOWNS, roads=streets())
    frame, roads = layer(crs=32635), streets(crs=3857)
    frame.to_file(tmp_path / "one.gpkg")
    frame.to_file(tmp_path / "two.gpkg", layer="towns")
    roads.to_file(tmp_path / "two.gpkg", layer="roads")
    layer().to_file(tmp_path / "towns.geojson")
    roads.to_file(tmp_path / "old.geojson", driver="GeoJSON", RFC7946="NO")
    frame.to_parquet(tmp_path / "towns.parquet")
    TOWNS.to_parquet(tmp_path / "plain.parquet")
    TOWNS.to_csv(tmp_path / "towns.csv", index=False)
    folder = tmp_path / "shp"
    folder.mkdir()
    frame.to_file(folder / "towns.shp", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "towns.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    assert '"crs"' in (tmp_path / "old.geojson").read_text()
    names = (
        "one.gpkg", "two.gpkg:towns", "towns.geojson", "towns.parquet", "plain.parquet", "towns.csv",
        "shp/towns.shp", "towns.zip",
    )  # fmt: skip
    for name in names:
        for lines in (f"{tmp_path}/two.gpkg:roads", tmp_path / "old.geojson"):
            found = read_geo(f"{tmp_path}/{name}", roads=lines)
            assert list(found.places.names) == list(wanted.places.names), name
            assert list(found.places.population) == list(wanted.places.population)
            np.testing.assert_allclose(found.places.lat, wanted.places.lat, atol=1e-7)
            one, other = times(wanted), times(found)
            assert all(abs(one[pair] - other[pair]) <= 10 for pair in one)
    assert read_geo(tmp_path / "one.gpkg").settings.name == "one"
    assert read_geo(f"{tmp_path}/two.gpkg:towns", name="x").settings.name == "x"


def test_columns_of_other_names_are_recognised_and_said() -> None:
    frame = TOWNS.rename(columns={"place_id": "KATOTTG", "name": "NAME", "population": "POP2020"})
    found = read_geo(frame.rename(columns={"lat": "Latitude", "lon": "LNG"}))
    assert list(found.places.ids) == list("abcd")
    assert list(found.places.names) == list(TOWNS["name"])
    for words in ("KATOTTG as place_id", "NAME as name", "POP2020 as population", "10,000"):
        assert words in found.settings.notes
    assert [found.places.kinds[kind] for kind in found.places.kind] == ["city", *["village"] * 3]
    assert "proxy" in found.settings.notes
    assert any("proxy roads" in warning for warning in found.warnings)


def test_columns_say_what_is_what() -> None:
    frame = TOWNS.assign(people=1, POP2010=5, POP2020=7).drop(columns="population")
    assert list(read_geo(frame).places.population) == [1] * 4
    assert list(read_geo(frame, columns={"population": "POP2010"}).places.population) == [5] * 4
    assert list(read_geo(frame, columns={"places.population": "POP2020"}).places.population) == [7] * 4
    said = complaints(frame.drop(columns="people"))
    assert "POP2010, POP2020" in said
    assert "say which" in said
    assert "did you mean 'POP2010'" in complaints(frame, columns={"population": "POP2011"})
    assert "did you mean 'population'" in complaints(frame, columns={"populaton": "POP2010"})
    assert "the columns are" in complaints(TOWNS.drop(columns="population"))


def test_populations_are_rounded_and_rows_named_by_themselves() -> None:
    frame = TOWNS.drop(columns=["place_id", "name"]).assign(population=[1.4, 2.6, 3, 4])
    found = read_geo(frame)
    assert list(found.places.population) == [1, 3, 3, 4]
    assert list(found.places.ids) == ["p1", "p2", "p3", "p4"] == list(found.places.names)
    assert "2 populations were rounded" in found.settings.notes


def test_areas_stand_at_a_point_inside() -> None:
    ring = shapely.Polygon([(30, 50), (30.3, 50), (30.3, 50.3), (30.28, 50.02), (30, 50.01)])
    bow = shapely.Polygon([(31, 50), (31.1, 50.1), (31.1, 50), (31, 50.1)])  # crosses itself
    both = shapely.MultiPolygon([shapely.box(30, 51, 30.1, 51.1), shapely.box(30.2, 51, 30.9, 51.1)])
    shapes = [ring, bow, both, shapely.MultiPoint([(30.5, 50.5)])]
    frame = gpd.GeoDataFrame({"id": range(4), "pop": 10}, geometry=shapes, crs=4326)
    found = read_geo(frame)
    for number, shape in enumerate(shapes[:3]):
        point = shapely.Point(found.places.lon[number], found.places.lat[number])
        assert shapely.make_valid(shape).contains(point)
    assert (found.places.lon[3], found.places.lat[3]) == (30.5, 50.5)
    assert "a point inside each of 3 polygons" in found.settings.notes


def test_facilities_and_candidates_stand_where_they_are() -> None:
    facilities = pd.DataFrame(
        {"id": ["a", "2"], "type": "fire_department", "lat": [50.05, 50.06], "lon": [30.1, 30.06]}
    )
    candidates = pd.DataFrame(
        {"id": [1, 2, 3], "name": ["x", "y", "z"], "lat": [50.1, 50.06, 50.03], "lon": [30.0, 30.06, 30.05]}
    )
    found = read_geo(TOWNS, facilities=facilities, candidates=candidates, roads=streets())
    sites = found.sites.ids
    at_place = {"a": "b", "2": "2"}  # at the place b, and on its own
    assert dict(zip(found.facilities.ids, sites[found.facilities.site], strict=True)) == at_place
    # Every type that is planned, at a place, at the facility, and at a crossing of its own.
    kinds = np.unique(found.candidates.type)
    pairs = zip(found.candidates.type, sites[found.candidates.site], strict=True)
    assert sorted(pairs) == [(kind, site) for kind in kinds for site in ("2", "3", "c")]
    assert len(kinds) == 2
    at = list(sites).index("3")
    assert (found.sites.lat[at], found.sites.lon[at]) == (50.03, 30.05)
    assert found.sites.snap_m[at] == 0
    proxy = read_geo(TOWNS, facilities=facilities, candidates=candidates)
    assert proxy.sites.names[list(proxy.sites.ids).index("3")] == "z"
    assert dict(zip(proxy.facilities.ids, proxy.sites.ids[proxy.facilities.site], strict=True)) == at_place


def test_a_site_may_be_named() -> None:
    facilities = pd.DataFrame({"site": ["a", "d"], "type": "police_station"})
    found = read_geo(TOWNS, facilities=facilities)
    assert list(found.sites.ids[found.facilities.site]) == ["a", "d"]
    facilities.loc[1, "site"] = "e"
    assert "places" not in complaints(TOWNS, facilities=facilities)
    assert "facilities.iloc[1] site: 'e' is no place or node" in complaints(TOWNS, facilities=facilities)


def test_ids_of_sites_do_not_clash() -> None:
    places = TOWNS.assign(place_id=range(4))
    candidates = pd.DataFrame({"id": [0, 0, 1], "lat": [50.01, 50.03, 50.04], "lon": 30.05})
    found = read_geo(places, candidates=candidates)
    assert list(found.sites.ids[4:]) == ["candidate 0", "candidate 0 (2)", "candidate 1"]


def test_ids_of_places_are_no_nodes_of_lines() -> None:
    places = TOWNS.assign(place_id=["node 4", "node 3", "node 2", "node 1"])
    wanted = times(read_geo(TOWNS, roads=streets()))
    new = dict(zip("abcd", places["place_id"], strict=True))
    found = times(read_geo(places, roads=streets()))
    assert found == {(new[one], new[other]): ms for (one, other), ms in wanted.items()}


def test_types_of_facilities() -> None:
    stations = TOWNS[["lat", "lon"]].head(2)
    assert "one type for all, '=fire_department'" in complaints(TOWNS, facilities=stations)
    found = read_geo(TOWNS, facilities=stations, columns={"facilities.type": "=police_station"})
    assert {found.settings.types[one].id for one in found.facilities.type} == {"police_station"}
    service = {"title": "s", "standard": {"city": 10, "village": 20}}
    only = {"title": "t", "provides": {"s": 1}, "cost": 1, "new": 2}
    asked = {"currency": "x", "services": {"s": service}, "types": {"t": only}}
    assert list(read_geo(TOWNS, facilities=stations, settings=asked).facilities.type) == [0, 0]
    bad = stations.assign(type="fire_departmnt")
    assert "did you mean 'fire_department'" in complaints(TOWNS, facilities=bad)


def test_the_words_of_esri() -> None:
    kinds = pd.DataFrame(
        {"Name": list("wxyz"), "FacilityType": [0, 1, 2, 3], "lat": TOWNS["lat"], "lon": TOWNS["lon"]}
    )
    found = read_geo(
        TOWNS.rename(columns={"population": "Weight"}),
        facilities=kinds,
        candidates=kinds,
        columns={"type": "=fire_department"},
    )
    assert list(found.facilities.names) == ["x", "z"]
    assert list(found.sites.ids[found.candidates.site]) == ["a", "b", "d"]
    assert list(found.candidates.status) == [0, 1, 0]
    assert "1 competitors" in found.settings.notes
    wrong = kinds.assign(FacilityType=[0, 1, 2, 5])
    assert "'5' must be 0 (candidate)" in complaints(TOWNS, candidates=wrong)


def test_an_origin_destination_table_names_the_sites() -> None:
    table = pd.DataFrame(
        {"from": ["s1", "s1", "s2", "a"], "to": ["a", "b", "c", "a"], "minutes": [1.5, 2, 3, 0]}
    )
    candidates = pd.DataFrame({"id": ["s1", "a"], "type": "fire_department"})
    facilities = pd.DataFrame({"id": ["s2"], "type": "fire_department"})
    found = read_geo(
        TOWNS.drop(columns=["lat", "lon"]), facilities=facilities, candidates=candidates, od=table
    )
    assert sorted(found.sites.ids[found.candidates.site]) == ["a", "s1"]
    assert dict(zip(found.facilities.ids, found.sites.ids[found.facilities.site], strict=True)) == {
        "s2": "s2"
    }
    pairs = zip(found.sites.ids[found.od.site], found.places.ids[found.od.place], found.od.ms, strict=True)
    assert sorted(pairs) == [("a", "a", 0), ("s1", "a", 90_000), ("s1", "b", 120_000), ("s2", "c", 180_000)]
    located = read_geo(TOWNS, candidates=candidates.assign(lat=50.5, lon=[30.5, 31], name="x"), od=table)
    at = list(located.sites.ids).index("s1")
    assert (located.sites.names[at], located.sites.lat[at], located.sites.lon[at]) == ("x", 50.5, 30.5)
    candidates.loc[0, "id"] = "s9"
    assert "'s9' is no origin" in complaints(TOWNS, candidates=candidates, od=table)
    assert "both given" in complaints(TOWNS, roads=streets(), od=table)


def _pacific(lines: list[list[tuple[float, float]]]) -> Instance:
    places = pd.DataFrame({"id": ["w", "e"], "pop": 100, "lat": 0.0, "lon": [179.9, -179.9]})
    return read_geo(places, roads=lines_at(60, *map(shapely.LineString, lines)))


@pytest.mark.parametrize(
    "lines",
    [
        [[(179.9, 0), (-179.9, 0)]],
        [[(179.9, 0), (180, 0)], [(-180, 0), (-179.9, 0)]],
    ],
)
def test_the_antimeridian_is_a_line_like_any_other(lines: list[list[tuple[float, float]]]) -> None:
    found = _pacific(lines)
    ms = times(found)["w", "e"]
    assert abs(ms - 22_263.9 / 60 * 3600) < 10  # 0.2 degrees of the equator at 60 km/h
    places = pd.DataFrame({"id": ["w", "e"], "pop": 100, "lat": 0.0, "lon": [179.9, -179.9]})
    assert 22_000 < read_geo(places).roads.metres.max() < 40_000


def test_polar_places() -> None:
    around = [0.0, 120.0, -120.0]
    places = pd.DataFrame({"id": list("xyz"), "pop": 10, "lat": 89.9, "lon": around})
    # Three roads to the pole, which has every longitude.
    lines = [shapely.LineString([(lon, 89.9), (lon, 90)]) for lon in around]
    found = read_geo(places, roads=lines_at(60, *lines))
    assert all(
        abs(found_ms - 2 * 11_169 / 60 * 3600) < 2_000
        for pair, found_ms in times(found).items()
        if pair[0] != pair[1]
    )
    polar = gpd.GeoDataFrame(places, geometry=gpd.points_from_xy(around, [89.9] * 3), crs=4326).to_crs(3995)
    turned = read_geo(polar.drop(columns=["lat", "lon"]))
    np.testing.assert_allclose(
        metres(turned.places.lat, turned.places.lon, np.full(3, 89.9), np.array(around)), 0, atol=0.01
    )


def test_lines_meet_at_vertices_and_not_where_they_cross() -> None:
    places = pd.DataFrame(
        {"id": list("abcd"), "pop": 5, "lat": [50, 50, 49.9, 50.1], "lon": [30, 30.2, 30.1, 30.1]}
    )
    bridge = [shapely.LineString([(30, 50), (30.2, 50)]), shapely.LineString([(30.1, 49.9), (30.1, 50.1)])]
    apart = times(read_geo(places, roads=lines_at(60, *bridge)))
    assert ("a", "b") in apart
    assert ("a", "c") not in apart
    close = 1e-7  # a centimetre: noise of another reference system
    met = [
        shapely.LineString([(30, 50), (30.1, 50), (30.2, 50)]),
        shapely.LineString([(30.1, 49.9), (30.1 + close, 50 - close), (30.1, 50.1)]),
    ]
    joined = times(read_geo(places, roads=lines_at(60, *met)))
    assert ("a", "c") in joined
    ring = shapely.MultiLineString([[(30, 50), (30.1, 50.05), (30.2, 50), (30.1, 49.95), (30, 50)]])
    found = read_geo(places.head(2), roads=lines_at(60, ring))
    assert ("a", "b") in times(found)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12))
def test_vertices_within_half_a_cell_are_one(steps: list[tuple[int, int]]) -> None:
    """Whatever is half a cell apart or less is one, with all that this links; nothing a cell apart is."""
    x, y = (MEET_DEGREES / 4 * np.array(side) for side in zip(*steps, strict=True))
    first = _meeting(179.999999 + x, 50 + y)
    near, may = nx.Graph(), nx.Graph()
    near.add_nodes_from(range(len(x)))
    may.add_nodes_from(range(len(x)))
    for one in range(len(x)):
        for other in range(one):
            apart = max(abs(x[one] - x[other]), abs(y[one] - y[other])) / MEET_DEGREES
            near.add_edges_from([(one, other)] if apart < 0.49 else [])
            may.add_edges_from([(one, other)] if apart < 1.01 else [])
    for group in nx.connected_components(near):
        assert len({first[one] for one in group}) == 1
    for group in nx.connected_components(may):
        assert {first[one] for one in group} <= group


def test_speeds_of_lines() -> None:
    def ms(**columns: object) -> int:
        line = [shapely.LineString([(30, 50), (30.05, 50.025), (30.1, 50.05)])]
        roads = gpd.GeoDataFrame({key: [value] for key, value in columns.items()}, geometry=line, crs=4326)
        return times(read_geo(TOWNS.head(2), roads=roads))["a", "b"]

    metres_long = pyproj.Geod(ellps="WGS84").line_length([30, 30.05, 30.1], [50, 50.025, 50.05])
    for columns, kmh in (
        ({"kmh": 50}, 50),
        ({"speed": "50"}, 50),
        ({"maxspeed": "50"}, 45),  # nine tenths of the limit, as with OpenStreetMap
        ({"maxspeed": "30 mph"}, 0.9 * 30 * 1.609344),
        ({"maxspeed": 0, "fclass": "residential"}, 30),
        ({"maxspeed": None, "highway": "['residential', 'track']"}, 30),
        ({"kmh": 50, "maxspeed": "90", "highway": "primary"}, 50),
    ):
        assert abs(ms(**columns) - 3600 * metres_long / kmh) <= 1, columns
    assert abs(ms(minutes=7.5) - 450_000) <= 1
    assert abs(ms(minutes=7.5, kmh=10) - 450_000) <= 1


@pytest.mark.parametrize(
    ("word", "there", "back"),
    [
        ("yes", 1, 0),
        (True, 1, 0),
        ("F", 1, 0),
        (1, 1, 0),
        ("-1", 0, 1),
        ("T", 0, 1),
        (None, 1, 1),
        (False, 1, 1),
        ("B", 1, 1),
    ],
)
def test_one_way_words(word: object, there: int, back: int) -> None:
    line = [shapely.LineString([(30, 50), (30.1, 50.05)])]
    found = times(
        read_geo(
            TOWNS.head(2), roads=gpd.GeoDataFrame({"kmh": [9], "oneway": [word]}, geometry=line, crs=4326)
        )
    )
    assert (("a", "b") in found, ("b", "a") in found) == (bool(there), bool(back))


def test_bent_roads_are_cut_so_that_places_meet_them() -> None:
    """Half way along a hairpin, a place is 100 m off the road, not kilometres."""
    line = shapely.LineString([(30, 50), (30.05, 50.1), (30.1, 50.2), (30.15, 50.1), (30.2, 50)])
    places = pd.DataFrame({"id": list("abc"), "pop": 5, "lat": [50, 50, 50.201], "lon": [30, 30.2, 30.1]})
    found = read_geo(places, roads=lines_at(60, line))
    assert 100 < found.sites.snap_m[2] < 120


class TestBadInput:
    def test_no_reference_system(self, tmp_path: Path) -> None:
        assert "no coordinate reference system" in complaints(layer(crs=None))
        layer().to_file(tmp_path / "x.shp")
        (tmp_path / "x.prj").unlink()
        assert ".prj" in complaints(tmp_path / "x.shp")
        assert "roads: has no coordinate" in complaints(
            TOWNS, roads=streets().set_crs(None, allow_override=True)
        )

    def test_wrong_reference_system(self) -> None:
        metric = layer(crs=32635).set_crs(4326, allow_override=True)
        assert "in metres perhaps" in complaints(metric)
        assert "in metres perhaps" in complaints(
            TOWNS, roads=streets(32635).set_crs(4326, allow_override=True)
        )
        far = layer().set_crs(32635, allow_override=True)  # degrees taken for metres: off Africa
        said = complaints(TOWNS, candidates=far.drop(columns="population"))
        assert "km from the nearest place" in said
        assert "reference system" in said
        assert "km from the nearest place" in complaints(
            TOWNS, roads=streets().set_crs(32635, allow_override=True)
        )
        assert "look swapped" in complaints(TOWNS.assign(lat=130, lon=50.0))
        assert "write its longitude as -170" in complaints(TOWNS.assign(lon=190.0))

    def test_a_reference_system_that_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "x.geojson"
        layer().to_file(path)
        found = json.loads(path.read_text())
        for name, words in (("EPSG:999999", "is not known"), ("nonsense", "is not known")):
            path.write_text(json.dumps(found | {"crs": {"type": "name", "properties": {"name": name}}}))
            assert words in complaints(path)
        local = (
            'ENGCRS["here",EDATUM["here"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["m",1]]'
        )
        assert "leads to no place on Earth" in complaints(layer().set_crs(local, allow_override=True))

    def test_geometries_that_are_no_points(self, tmp_path: Path) -> None:
        frame = layer()
        frame.loc[0, "geometry"] = None
        frame.loc[1, "geometry"] = shapely.Point()
        frame.loc[2, "geometry"] = shapely.MultiPoint([(30, 50), (31, 50)])
        frame.loc[3, "geometry"] = shapely.LineString([(30, 50), (31, 50)])
        said = complaints(frame).splitlines()
        assert [line.split(" ")[0] for line in said] == [f"places.iloc[{row}]" for row in range(4)]
        assert "is a MultiPoint" in said[2]
        frame.to_file(tmp_path / "x.gpkg")
        assert f"{tmp_path}/x.gpkg feature 1 geometry: has no geometry" in complaints(tmp_path / "x.gpkg")
        assert "is a Point, but a road is a line" in complaints(TOWNS, roads=layer())

    def test_cells_are_named_by_file_and_line(self, tmp_path: Path) -> None:
        path = tmp_path / "towns.csv"
        text = "ID,Town,POP2020,lat,lon\n1,A,12,50,30\n1,B,many,50.1,30\n3,C,,50.2,30\n"
        path.write_text(text)
        said = complaints(path)
        assert f"{path}:3 ID: '1' is there already" in said
        assert f"{path}:3 POP2020: 'many' is not a number" in said
        assert f"{path}:4 POP2020: the cell is empty" in said
        path.write_text(text.replace("50.1", "50,1").replace(",", ";"))
        assert "separated by a semicolon" in complaints(path)
        path.write_text(text.replace("50.1", "x"))
        assert f"{path}:3 lat: 'x' is not a number (degrees)" in complaints(path)
        path.write_bytes(text.replace("B", "Біла").encode("cp1251"))
        assert "is not UTF-8" in complaints(path)

    @pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".zip", ".parquet", ".csv", ".xlsx", ""])
    def test_what_is_no_such_file(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"towns{suffix}"
        assert "there is no such file" in complaints(path)
        path.write_bytes(b"")
        assert str(path) in complaints(path)
        path.write_bytes(
            b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource>"
        )
        assert str(path) in complaints(path)
        path.write_bytes(random.Random(1).randbytes(5000))
        assert str(path) in complaints(path)
        path.unlink()
        path.mkdir()
        assert "is a folder" in complaints(path)

    def test_truncated_files(self, tmp_path: Path) -> None:
        for name in ("x.gpkg", "x.geojson", "x.shp"):
            layer().to_file(tmp_path / name)
        layer().to_parquet(tmp_path / "x.parquet")
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.write(tmp_path / "x.shp", "x.shp")
        for name in ("x.gpkg", "x.geojson", "x.shp", "x.parquet", "x.zip"):
            path = tmp_path / name
            whole = path.read_bytes()
            for share in (0.1, 0.5, 0.9):
                path.write_bytes(whole[: int(share * len(whole))])
                if name != "x.shp" or share < 0.9:
                    assert str(path) in complaints(path), (name, share)
            path.write_bytes(whole)
        (tmp_path / "x.prj").write_bytes(b"GEOGCS[\xff\xfe")
        assert "cannot be read" in complaints(tmp_path / "x.shp")
        (tmp_path / "x.prj").write_text("GEOGCS[")
        assert "missing ]" in complaints(tmp_path / "x.shp")
        layer().to_file(tmp_path / "x.shp")
        (tmp_path / "x.dbf").unlink()
        assert "population" in complaints(tmp_path / "x.shp")

    def test_damaged_files_never_end_in_a_traceback(self, tmp_path: Path) -> None:
        numbers = random.Random(7)
        layer().to_file(tmp_path / "x.geojson")
        layer().to_file(tmp_path / "x.gpkg")
        layer().to_parquet(tmp_path / "x.parquet")
        for name in ("x.geojson", "x.gpkg", "x.parquet"):
            path = tmp_path / name
            whole = path.read_bytes()
            for _ in range(25):
                broken = bytearray(whole)
                for _ in range(numbers.randint(1, 8)):
                    broken[numbers.randrange(len(broken))] = numbers.randrange(256)
                path.write_bytes(broken)
                with suppress(InstanceError):
                    read_geo(path)

    def test_layers_and_archives(self, tmp_path: Path) -> None:
        path = tmp_path / "x.gpkg"
        layer().to_file(path, layer="towns")
        layer().to_file(path, layer="others")
        assert "the layers are" in complaints(path)
        assert "did you mean 'towns'" in complaints(f"{path}:town")
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("readme.txt", "nothing")
        assert "holds no layer" in complaints(tmp_path / "x.zip")

    def test_absurd_sizes_are_refused_before_reading(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        layer().to_file(tmp_path / "x.gpkg")
        layer().to_parquet(tmp_path / "x.parquet")
        with (tmp_path / "x.csv").open("wb") as file:
            file.truncate(1_000_000_001)
        assert "bytes are more than" in complaints(tmp_path / "x.csv")
        monkeypatch.setattr("siting.readers.vector.layers.MOST_FEATURES", 3)
        for name in ("x.gpkg", "x.parquet"):
            assert "4 features are more than the 3" in complaints(tmp_path / name)
        with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.geojson", " " * 100_000)
        monkeypatch.setattr("siting.readers.vector.layers.MOST_BYTES", 20_000)
        assert "unpacks to" in complaints(tmp_path / "x.zip")

    def test_roads_that_are_none(self) -> None:
        assert "no speed" in complaints(TOWNS, roads=streets().drop(columns="kmh"))
        some = streets(kmh=[50, None, 50], highway=["primary", "path", None])
        assert "roads.iloc[1]: has neither minutes nor a speed" in complaints(TOWNS, roads=some)
        assert "at most 200" in complaints(TOWNS, roads=streets(kmh=[50, 500, 50]))
        assert "says no direction" in complaints(TOWNS, roads=streets(oneway=["yes", "maybe", "no"]))
        assert "has no geometry" in complaints(TOWNS, roads=pd.DataFrame({"from": ["a"], "to": ["b"]}))
        point = shapely.LineString([(30, 50), (30, 50)])
        flat = lines_at(5, point)
        assert "leads from one place to another" in complaints(TOWNS, roads=flat)

    def test_letters_of_a_shapefile(self, tmp_path: Path) -> None:
        layer().to_file(tmp_path / "x.shp", encoding="cp1251")
        assert read_geo(tmp_path / "x.shp").places.names[3] == "Київ"
        (tmp_path / "x.cpg").unlink()
        dbf = tmp_path / "x.dbf"
        whole = bytearray(dbf.read_bytes())
        whole[29] = 0  # the mark of the code page
        dbf.write_bytes(whole)
        found = read_geo(tmp_path / "x.shp")
        assert any(".cpg" in warning and found.places.names[3] in warning for warning in found.warnings)

    def test_kinds_of_place(self) -> None:
        service = {"title": "s", "standard": {"a": 10, "b": 20}}
        only = {"title": "t", "provides": {"s": 1}, "cost": 1, "new": 2}
        asked: dict[str, Any] = {"currency": "x", "services": {"s": service}, "types": {"t": only}}
        assert "of which kind each place is (a, b)" in complaints(TOWNS, settings=asked)
        assert read_geo(TOWNS.assign(kind=list("abab")), settings=asked).places.kinds == ("a", "b")
        service["standard"] = {"a": 10}
        assert read_geo(TOWNS, settings=asked).places.kinds == ("a",)

    def test_libraries_that_are_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        frame = layer(crs=32635)
        frame.to_file(tmp_path / "x.gpkg")
        monkeypatch.setitem(sys.modules, "pyproj", None)
        assert "pip install 'siting[geo]'" in complaints(frame)
        monkeypatch.setitem(sys.modules, "pyogrio", None)
        assert "pip install 'siting[geo]'" in complaints(tmp_path / "x.gpkg")
        assert len(read_geo(TOWNS).places.ids) == 4  # a plain table needs none of them

    def test_other_things(self) -> None:
        assert "must be a path" in complaints(17)
        assert "has no rows" in complaints(TOWNS.head(0))
        assert "lat and lon" in complaints(TOWNS.drop(columns="lat"))
        assert "types" in complaints(TOWNS, settings={"currency": "x", "services": {}, "types": []})
        assert "must be the text of a header" in complaints(TOWNS, columns={"population": 3})
        assert "no layer has a column" in complaints(TOWNS, columns={"units": "x"})


def test_communities_of_ukraine() -> None:
    path = DATA / "ukraine" / "hromadas.csv"
    if not path.exists():
        pytest.skip("needs ../shared/data/ukraine")
    table = pd.read_csv(path)
    columns = {
        "place_id": "hromada_code", "name": "hromada_center", "lat": "lat_center", "lon": "lon_center",
        "population": "total_population_2022",
    }  # fmt: skip
    found = read_geo(path, columns=columns)
    assert len(found.places.ids) == 1469
    assert found.places.population.sum() == table["total_population_2022"].sum()
    outlines = gpd.read_file(path.with_name("hromada_boundaries.geojson")).drop_duplicates("katottg")
    areas = read_geo(outlines.assign(population=1))
    inside = shapely.contains_xy(shapely.make_valid(outlines.geometry), areas.places.lon, areas.places.lat)
    assert inside.all()


def test_stations_of_san_francisco() -> None:
    home = DATA / "sf_fire"
    if not home.exists():
        pytest.skip("needs ../shared/data/sf_fire")
    demand = pd.read_csv(home / "demand.csv").groupby("zone_idx", as_index=False)["value"].sum()
    zones = gpd.read_file(home / "grid_definitions.geojson").merge(demand)
    found = read_geo(
        zones,
        facilities=home / "current_fire_stations.geojson",
        columns={
            "place_id": "zone_idx",
            "population": "value",
            "name": "common_name",
            "type": "=fire_department",
        },
    )
    assert len(found.places.ids) == len(zones)
    stations = gpd.read_file(home / "current_fire_stations.geojson")
    assert stations["common_name"][0] == "Fire Station #15"
    names = dict(zip(found.facilities.ids, found.facilities.names, strict=True))
    assert len(names) == len(stations)
    assert names["697"] == "Fire Station #15"
