"""Regions, districts and communities of places: against exact geometry, and real outlines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import siting
from siting.errors import InstanceError
from siting.instance import Instance
from siting.readers.areas import Assigned, assign_areas, katottg
from tests.benchmarks.formats import DATA
from tests.same_instance import assert_same

gpd = pytest.importorskip("geopandas")
shapely = pytest.importorskip("shapely")

SETTINGS: dict[str, Any] = {
    "name": "test",
    "currency": "EUR",
    "services": {"fire": {"standard": {"village": 20}}},
    "types": {"station": {"provides": {"fire": 2}, "cost": 3}},
}

UKRAINE = DATA / "ukraine"


def build(points: list[tuple[float, float]], changes: dict[str, Any] | None = None, **more: Any) -> Instance:
    """Places p0, p1, ... at (lon, lat); ``more`` are columns of places."""
    ids = [f"p{number}" for number in range(len(points))]
    places = pd.DataFrame(
        {
            "place_id": ids,
            "name": [one.upper() for one in ids],
            "lat": [lat for _, lat in points],
            "lon": [lon for lon, _ in points],
            "population": range(100, 100 + len(ids)),
            "kind": "village",
            **more,
        }
    )
    return Instance.from_frames(
        places=places,
        candidates=pd.DataFrame({"site": ["p0"], "type": "station"}),
        od=pd.DataFrame({"from": "p0", "to": ids, "minutes": 1}),
        areas=pd.DataFrame(
            [("district", "old", "Old Town", "Альт", 7.5), ("district", "west", "Western", "", 2)],
            columns=["level", "area_id", "name", "name_local", "means"],
        ),
        settings={**SETTINGS, **(changes or {})},
    )


def outlines(shapes: list[Any], crs: object = 4326, **columns: list[Any]) -> Any:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def found(assigned: Assigned | Instance, level: str = "community") -> list[str]:
    """Area id of each place, empty for none."""
    instance = assigned.instance if isinstance(assigned, Assigned) else assigned
    ids = np.append(instance.areas[level].ids, "")
    return list(ids[instance.places.area[level]])


def complaints(source: Any, levels: Any, instance: Instance | None = None, **more: Any) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        assign_areas(instance or build([(1, 1)]), source, levels, **more)
    return str(caught.value).splitlines()


WEST = shapely.box(0, 0, 10, 10)
EAST = shapely.box(10, 0, 20, 10)
TOWN = shapely.box(8, 4, 12, 6)


def test_outlines_by_level() -> None:
    """Several levels of one file; rows may speak of some levels only; the smallest outline counts."""
    frame = outlines(
        [WEST, EAST, TOWN, shapely.box(30, 30, 31, 31)],
        region=["r1", "r1", "", "r2"],
        district=["west", "east", None, "far"],
        code=["", "c1", "c2", "c3"],
        title=["", "Eastern", "Town", ""],
    )
    instance = build([(1, 1), (9, 5), (10, 1), (15, 5), (25, 5)], district="old", community="lost")
    got = assign_areas(
        instance, frame, {"region": "region", "district": "district", "community": ("code", "title")}
    )
    assert found(got, "region") == ["r1", "r1", "r1", "r1", ""]
    assert found(got, "district") == ["west", "west", "west", "east", ""]
    assert found(got) == ["", "c2", "c1", "c1", ""]
    areas = got.instance.areas["community"]
    assert dict(zip(areas.ids, areas.names, strict=True)) == {"c1": "Eastern", "c2": "Town"}
    left = got.unmatched_places
    assert list(zip(left.level, left.place_id, left.why, strict=True)) == [
        ("region", "p4", "lies in no outline"),
        ("district", "p4", "lies in no outline"),
        ("community", "p0", "lies in no outline"),
        ("community", "p4", "lies in no outline"),
    ]
    assert left.iloc[3][["name", "lat", "lon", "population"]].tolist() == ["P4", 5.0, 25.0, 104]
    assert got.unmatched_areas.to_numpy().tolist() == [
        ["region", "r2", "r2"], ["district", "far", "far"], ["community", "c3", "c3"],
    ]  # fmt: skip
    assert got.instance.warnings[:7] == (
        "areas: places in more than one outline of a region, of which the smallest counts: 1, e.g. 'P2'",
        "areas: places in more than one outline of a district, of which the smallest counts: 1, e.g. 'P2'",
        "areas: places without a region: 1, e.g. 'P4'",
        "areas: regions without a place: 1, e.g. 'r2'",
        "areas: places without a district: 1, e.g. 'P4'",
        "areas: districts without a place: 1, e.g. 'far'",
        "areas: places without a community: 2, e.g. 'P0', 'P4'",
    )


def test_other_levels_and_what_is_known_of_areas_stay(tmp_path: Path) -> None:
    instance = build([(1, 1), (15, 5)], district=["old", "old"], community=["c2", "c1"])
    frame = outlines([WEST, EAST], id=["old", "new"], title=["Older", "Newer"])
    got = assign_areas(instance, frame, {"district": ("id", "title")}).instance
    assert found(got) == ["c2", "c1"]
    district = got.areas["district"]
    # Whatever the order of the outlines, areas stand by id: the written folder gives the same numbering.
    assert (district.ids.tolist(), district.names.tolist()) == (["new", "old"], ["Newer", "Older"])
    assert district.names_local.tolist() == ["", "Альт"]
    np.testing.assert_array_equal(district.means, [np.nan, 7.5])
    assert found(got, "district") == ["old", "new"]
    assert got.settings == instance.settings
    siting.write_instance(got, tmp_path / "out")
    assert_same(siting.read(tmp_path / "out"), got)


def test_several_names() -> None:
    frame = pd.DataFrame({"key": ["p0", "p1", "p2"], "id": ["a", "a", "b"], "name": ["", "A", "B"]})
    instance = build([(1, 1), (2, 2), (3, 3)])
    got = assign_areas(instance, frame, {"region": ("id", "name")}, key="key").instance
    assert got.areas["region"].names.tolist() == ["A", "B"]
    frame.loc[0, "name"] = "Aa"
    got = assign_areas(instance, frame, {"region": ("id", "name")}, key="key").instance
    assert got.areas["region"].names.tolist() == ["Aa", "B"]
    assert got.warnings[0] == "areas: regions with more than one name, of which the first counts: 1, e.g. 'a'"


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp"])
def test_files_and_other_reference_systems(tmp_path: Path, suffix: str) -> None:
    frame = outlines([shapely.box(30, 48, 32, 50), shapely.box(32, 48, 34, 50)], code=["u1", "u2"])
    if suffix != ".geojson":
        frame = frame.to_crs(32636)
    path = tmp_path / f"areas{suffix}"
    frame.to_file(path)
    got = assign_areas(build([(31, 49), (33, 49), (35, 49)]), path, {"community": "code"})
    assert found(got) == ["u1", "u2", ""]
    assert got.instance.warnings[0] == f"{path}: places without a community: 1, e.g. 'P2'"


def test_places_without_coordinates() -> None:
    instance = build([(1, 1), (15, 5)])
    lat = np.array([np.nan, 5.0])
    lost = replace(instance, places=replace(instance.places, lat=lat))
    got = assign_areas(lost, outlines([WEST, EAST], code=["w", "e"]), {"community": "code"})
    assert found(got) == ["", "e"]
    assert got.unmatched_places.why.tolist() == ["has no coordinates"]
    none = replace(instance, places=replace(instance.places, lat=np.full(2, np.nan)))
    assert found(assign_areas(none, outlines([WEST], code=["w"]), {"community": "code"})) == ["", ""]


def test_broken_and_empty_outlines() -> None:
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    frame = outlines([bow, None, shapely.MultiPolygon()], code=["bow", "none", "empty"])
    got = assign_areas(build([(2, 5), (8, 5), (5, 1)]), frame, {"community": "code"})
    assert found(got) == ["bow", "bow", ""]
    assert got.instance.warnings[:2] == (
        "areas: rows without an outline: 2",
        "areas: outlines that crossed themselves and were repaired: 1",
    )


@pytest.mark.parametrize(
    "fiji",
    [
        shapely.box(176, -20, 184, -15),
        shapely.box(-184, -20, -176, -15),
        shapely.MultiPolygon([shapely.box(176, -20, 180, -15), shapely.box(-180, -20, -176, -15)]),
    ],
)
def test_antimeridian(fiji: Any) -> None:
    rest = shapely.box(-180, -90, 180, 90)
    points: list[tuple[float, float]] = [
        (177, -17),
        (-177, -17),
        (180, -17),
        (-180, -17),
        (170, -17),
        (0, 89.9),
    ]
    got = assign_areas(build(points), outlines([fiji, rest], code=["fj", "rest"]), {"community": "code"})
    assert found(got) == ["fj"] * 4 + ["rest"] * 2


def test_outlines_that_are_refused() -> None:
    leap = shapely.Polygon([(176, -20), (-176, -20), (-176, -15), (176, -15)])
    frame = outlines([WEST, leap, shapely.Point(1, 1)], code=["w", "leap", "point"])
    assert complaints(frame, {"community": "code"}) == [
        "areas.iloc[2] geometry: is a Point; the outline of an area is a Polygon or MultiPolygon",
        "areas.iloc[1] geometry: leaps from one side of the map to the other; cut it at the antimeridian "
        "(ogr2ogr -wrapdateline), or write longitudes beyond 180",
    ]
    frame = outlines([None, shapely.Polygon()], code=["a", "b"])
    assert complaints(frame, {"community": "code"}) == [
        "areas: there are no outlines in it; expected: a polygon for every area"
    ]
    metres = outlines([WEST, shapely.box(5e6, 6e6, 5.1e6, 6.1e6)], code=["a", "b"])
    (only,) = complaints(metres, {"community": "code"})
    assert only.startswith("areas.iloc[1] geometry: (5100000, 6000000) is no longitude and latitude")
    (only,) = complaints(outlines([WEST], crs=None, code=["a"]), {"community": "code"})
    assert only.startswith("areas: has no coordinate reference system")


def test_files_that_are_refused(tmp_path: Path) -> None:
    levels = {"community": "code"}
    assert complaints(tmp_path, levels) == [f"{tmp_path}: is a folder; a file is expected"]
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [{"ty')
    (only,) = complaints(path, levels)
    assert only.startswith(f"{path}: cannot be read; ")
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    assert len(complaints(path, levels)) == 1
    path = tmp_path / "a.csv"
    path.write_text("code,name\nc1,One\n")
    assert complaints(path, {"community": ("codes", "name")}) == [
        f"{path}: has no outlines; give a boundaries file, or say which of its columns holds the key of a "
        "place (key=...)",
        f"{path}:1 codes: there is no such column; did you mean 'code'?",
    ]


def test_what_was_asked_for_is_refused() -> None:
    frame = pd.DataFrame({"key": ["p0"], "id": ["a"]})
    excluding = build([(1, 1)], {"exclude": {"district": ["old"]}}, district=["west"])
    assert complaints(
        frame, {"distrct": "id", "district": "id", "region": ("id",)}, excluding, key="keys", by="nam"
    ) == [
        "levels: 'distrct' is no level; expected: region, district, community; did you mean 'district'?",
        "settings exclude.district: the settings exclude areas of the district level by their ids, which "
        "would be replaced; take them out of exclude, assign, and exclude areas by the new ids",
        "levels region: ('id',) must be the column of the ids, or the columns of ids and names",
        "by: 'nam' must be one of place_id, name, name_local, region, district, community; did you mean "
        "'name'?",
        "areas keys: there is no such column; did you mean 'key'?",
    ]
    assert complaints(frame, {}, key="key") == [
        "levels: is empty; expected: some of region, district, community"
    ]
    (only,) = complaints(outlines([WEST], id=["a"]), {"region": "id"}, by="name")
    assert only == "by: is for tables; name the column of the key as well (key)"
    assert found(assign_areas(excluding, frame, {"region": "id"}, key="key"), "region") == ["a"]


def test_table_by_key(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code,region,name\np1,r1,North\np0,r2,South\np9,r3,East\np2,,\np1,r1,North\n")
    got = assign_areas(build([(1, 1)] * 4), path, {"region": ("region", "name")}, key="code")
    assert found(got, "region") == ["r2", "r1", "", ""]
    assert got.instance.areas["region"].names.tolist() == ["North", "South"]
    assert got.unmatched_places.why.tolist() == ["its row names none", "no row has its place_id 'p3'"]
    assert got.unmatched_areas.to_numpy().tolist() == [["region", "r3", "East"]]
    path.write_text("code,region,name\np1,r1,North\np1,r2,South\n")
    assert complaints(path, {"region": "region"}, key="code") == [
        f"{path}:3 region: 'p1' has the region 'r2' here and 'r1' on line 2"
    ]


def test_table_by_other_columns() -> None:
    instance = build([(1, 1), (2, 2), (3, 3)], community=["c1", "c2", None], name_local=["Ä", "", "Ü"])
    by_area = pd.DataFrame({"community": ["c1", "c2", ""], "region": ["r1", "r2", "r3"]})
    got = assign_areas(instance, by_area, {"region": "region"}, key="community", by="community")
    assert found(got, "region") == ["r1", "r2", ""]
    assert got.unmatched_places.why.tolist() == ["has no community"]
    by_name = pd.DataFrame({"n": ["P1", "Ü"], "r": [1, 2]})
    assert found(assign_areas(instance, by_name, {"region": "r"}, key="n", by="name"), "region") == [
        "",
        "1",
        "",
    ]
    got = assign_areas(instance, by_name, {"region": "r"}, key="n", by="name_local")
    assert found(got, "region") == ["", "", "2"]


def test_outlines_joined_by_key() -> None:
    """A boundaries file is a table as well."""
    frame = outlines([EAST], code=["p0"], region=["r"])
    assert found(assign_areas(build([(1, 1)]), frame, {"region": "region"}, key="code"), "region") == ["r"]


def test_katottg() -> None:
    codes = [
        "UA05020010000053508",
        " UA80000000000126643",
        "UA0502001000005350",
        "Київ",
        "UA14000000000091971",
    ]
    assert katottg(codes).to_numpy().tolist() == [
        ["UA05020010000053508", "UA05", "UA0502", "UA0502001"],
        ["UA80000000000126643", "UA80", "", ""],
        ["UA0502001000005350", "", "", ""],
        ["Київ", "", "", ""],
        ["UA14000000000091971", "UA14", "", ""],
    ]


corner = st.tuples(st.integers(-8, 8), st.integers(-8, 8))
triangle = st.tuples(corner, corner, corner).filter(lambda three: turn(*three) != 0)


def turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    """Twice the signed area of a triangle, exact."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def in_triangle(point: tuple[int, int], corners: tuple[tuple[int, int], ...]) -> bool:
    a, b, c = corners
    sides = [turn(a, b, point), turn(b, c, point), turn(c, a, point)]
    return all(side >= 0 for side in sides) or all(side <= 0 for side in sides)


def size(corners: tuple[tuple[int, int], ...]) -> float:
    """Area once longitude and the sine of latitude are the coordinates: that on the sphere."""
    (ax, ay), (bx, by), (cx, cy) = ((np.radians(x / 8), np.sin(np.radians(y / 8))) for x, y in corners)
    return float(abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) / 2)


@settings(max_examples=150, deadline=None)
@given(st.lists(triangle, min_size=1, max_size=8), st.lists(corner, min_size=1, max_size=8))
def test_against_exact_geometry(
    triangles: list[tuple[tuple[int, int], ...]], points: list[tuple[int, int]]
) -> None:
    """Points in, on and beside triangles of eighths of degrees, by exact orientation tests."""
    names = [f"t{number}" for number in range(len(triangles))]
    frame = outlines([shapely.Polygon([(x / 8, y / 8) for x, y in one]) for one in triangles], code=names)
    instance = build([(x / 8, y / 8) for x, y in points])
    got = found(assign_areas(instance, frame, {"community": "code"}))
    for point, area in zip(points, got, strict=True):
        sizes = {
            name: size(one) for name, one in zip(names, triangles, strict=True) if in_triangle(point, one)
        }
        if sizes:
            assert sizes[area] <= min(sizes.values()) * (1 + 1e-9)
        else:
            assert area == ""


def ukraine() -> tuple[Instance, pd.DataFrame]:
    """The centers of the communities as places."""
    if not UKRAINE.is_dir():
        pytest.skip("no files to test against")
    table = pd.read_csv(UKRAINE / "hromadas.csv")
    points = list(zip(table.lon_center, table.lat_center, strict=True))
    instance = build(points, name_local=table.hromada_name)
    places = replace(instance.places, ids=table.hromada_code.to_numpy(dtype=object))
    return replace(instance, places=places), table


def test_communities_of_ukraine_by_outline() -> None:
    """Every pair by brute force; 1,463 of 1,469 centers lie in their own community."""
    instance, table = ukraine()
    path = UKRAINE / "hromada_boundaries.geojson"
    got = assign_areas(instance, path, {"community": ("katottg", "name")})
    frame = gpd.read_file(path)
    shapes = frame.geometry.make_valid()
    expected = []
    for lon, lat in zip(table.lon_center, table.lat_center, strict=True):
        inside = np.flatnonzero(shapely.intersects_xy(shapes.values, lon, lat))
        assert len(inside) <= 1
        expected.append(frame.katottg[inside[0]] if len(inside) else "")
    assert found(got) == expected
    assert sum(one != "" for one in expected) == 1466
    assert sum(np.array(expected) == table.hromada_code) == 1463
    assert got.unmatched_places.place_id.tolist() == [
        "UA21100270000015047", "UA32120070000050717", "UA51080010000087690",
    ]  # fmt: skip
    kyiv = got.unmatched_areas.area_id.str.startswith("UA80")
    assert (len(kyiv), kyiv.sum()) == (13, 10)
    assert got.instance.warnings[0].endswith("outlines that crossed themselves and were repaired: 1")


def test_communities_of_ukraine_by_code() -> None:
    """1,466 of 1,469 codes join; of all of them the district and region can be read."""
    instance, table = ukraine()
    path = UKRAINE / "hromada_boundaries.geojson"
    got = assign_areas(instance, path, {"community": ("katottg", "name")}, key="katottg")
    assert (len(got.unmatched_places), len(got.unmatched_areas)) == (3, 10)
    read = pd.concat((table, katottg(table.hromada_code)), axis=1)
    levels = {"region": ("region", "oblast_name"), "district": ("district", "raion_name")}
    got = assign_areas(instance, read, {**levels, "community": ("community", "hromada_name")}, key="code")
    assert [len(got.instance.areas[level].ids) for level in got.instance.areas] == [24, 126, 1469]
    assert not len(got.unmatched_places) + len(got.unmatched_areas)
    for level, column in (("region", "oblast_name"), ("district", "raion_name")):
        area = got.instance.areas[level]
        assert area.names[got.instance.places.area[level]].tolist() == table[column].tolist()
