"""What stands already and what may be opened: facilities.csv and candidates.csv of the national instance."""

from __future__ import annotations

import pandas as pd

from siting.synthesis.costs import candidate_table, site_factor
from siting.synthesis.facilities import facility_table
from siting.synthesis.facts import Facts
from siting.synthesis.officers import officer_candidates, officer_stations
from siting.synthesis.police import police_candidates
from siting.synthesis.upgrades import WHOLE, upgrade_candidates, without_offices

CLOSABLE = ("local_brigade", "volunteer_brigade")
"""Types of facilities that a model may close."""


def existing_and_candidates(
    places: pd.DataFrame,
    centers: dict[str, str],
    seats: set[str],
    communities: set[str],
    rural: dict[str, float],
    facts: Facts,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """facilities.csv and candidates.csv.

    Args:
        places: all places in the programme.
        centers: town that is the center of each region.
        seats: towns with police departments and service centers.
        communities: towns that are centers of communities.
        rural: rural people of each region that has brigades.
        facts: Security Centers, and where the mountains are.
        seed: of what is drawn.
    """
    first = places.drop_duplicates("town")
    sites = set(first.loc[first["town"].isin(communities), "place_id"])
    standing = facility_table(places, seats, sites, rural, facts, seed)
    taken = set(standing.loc[standing["type"] == WHOLE, "site"])
    standing = without_offices(standing, seed)
    stations = officer_stations(places, communities, seed)
    facilities = pd.concat([standing.assign(units=1), stations], ignore_index=True)
    facilities["closable"] = facilities["type"].isin(CLOSABLE).astype(int)
    factor = pd.Series(site_factor(places, centers, facts), index=places["place_id"])
    candidates = [
        candidate_table(places, centers, sites - taken, facts),
        upgrade_candidates(facilities, factor),
        police_candidates(places, seats, communities, factor),
        officer_candidates(places, communities, stations),
    ]
    return facilities, with_blanks(pd.concat(candidates, ignore_index=True))


def with_blanks(candidates: pd.DataFrame) -> pd.DataFrame:
    """Candidates with whole numbers or nothing under ``units``, and text under ``replaces``."""
    return candidates.assign(
        units=candidates["units"].astype("Int64"), replaces=candidates["replaces"].fillna("")
    )


def kept(candidates: pd.DataFrame, places: pd.DataFrame, facilities: pd.DataFrame) -> pd.DataFrame:
    """The candidates whose site is among the places, and what they replace among the facilities."""
    there = {"", *facilities["facility_id"]}
    return candidates[candidates["site"].isin(places["place_id"]) & candidates["replaces"].isin(there)]
