"""Existing facilities: assumed positions, published numbers where there are any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from siting.synthesis.chance import draw, share_out, stream
from siting.synthesis.facts import Facts
from siting.synthesis.plane import Points, to_plane

STATE_FROM = 8_000
"""A place of so many people has a state fire unit."""
PEOPLE_PER_STATE_UNIT = 85_000
PEOPLE_PER_OFFICE = 150_000
"""People of a district center per police department, and per service center for citizens."""
LOCAL, VOLUNTEER = 1_200, 1_180
"""Published national numbers of brigades."""
BRIGADE_FROM = 150
"""Settlements of so many people may have a brigade."""


def facility_table(
    places: pd.DataFrame,
    seats: Iterable[str],
    communities: set[str],
    rural: Mapping[str, float],
    facts: Facts,
    seed: int,
) -> pd.DataFrame:
    """facilities.csv: facility_id, name (that of its place), type, site, origin.

    Args:
        places: all places in the programme, with ``town`` and ``district``.
        seats: towns with police departments and service centers.
        communities: places that are centers of communities.
        rural: rural people of each region that has brigades.
        facts: Security Centers.
        seed: of the drawn places.
    """
    people = places.groupby("town", sort=True)["population"].sum()
    state = _units(places, people[people >= STATE_FROM].index, PEOPLE_PER_STATE_UNIT)
    local, volunteer = _brigades(places, set(state), rural, seed)
    known = [site for _, site in facts.centers if site]
    assumed = _security_centers(places, communities - {*state, *known}, facts)
    offices = _units(places, seats, PEOPLE_PER_OFFICE)
    name = dict(zip(places["place_id"], places["name"], strict=True))
    parts = (
        ("s", "state_fire_unit", "synthetic", state),
        ("l", "local_brigade", "synthetic", local),
        ("b", "volunteer_brigade", "synthetic", volunteer),
        ("k", "security_center", "", known),
        ("c", "security_center", "synthetic", assumed),
        ("p", "police_department", "synthetic", offices),
        ("a", "service_center", "synthetic", offices),
    )
    rows = [
        (f"{letter}{number:04d}", name[site], kind, site, origin)
        for letter, kind, origin, sites in parts
        for number, site in enumerate(sites, start=1)
    ]
    return pd.DataFrame(rows, columns=["facility_id", "name", "type", "site", "origin"])


def _units(places: pd.DataFrame, towns: Iterable[str], people: int) -> list[str]:
    """Sites of units in some towns: one, or one per so many people spread over the sectors."""
    groups = places.groupby("town", sort=True)
    sites: list[str] = []
    for town in sorted(set(towns)):
        parts = groups.get_group(town)
        count = max(1, round(int(parts["population"].sum()) / people))
        points = to_plane(parts["lat"].to_numpy(), parts["lon"].to_numpy())
        sites += parts["place_id"].iloc[_spread(points, count)].to_list()
    return sites


def _spread(points: Points, count: int) -> list[int]:
    """Indices of points with a small mean distance to the nearest one, chosen one after another."""
    away = np.linalg.norm(points[:, None] - points, axis=2)
    nearest = np.full(len(points), away.max() + 1.0)
    chosen: list[int] = []
    for _ in range(count):
        # Rounded, so that the last bits of a machine's arithmetic cannot decide a tie.
        chosen.append(int(np.minimum(away, nearest).sum(axis=1).round(6).argmin()))
        nearest = np.minimum(nearest, away[chosen[-1]])
    return sorted(chosen)


def _brigades(
    places: pd.DataFrame, state: set[str], rural: Mapping[str, float], seed: int
) -> tuple[list[str], list[str]]:
    """Sites of local and of volunteer brigades: settlements drawn in proportion to population.

    The numbers per region are in proportion to its rural people.
    """
    protected = places.loc[places["place_id"].isin(state), "town"]
    eligible = places[(places["population"] >= BRIGADE_FROM) & ~places["town"].isin(protected)]
    weight = np.array(list(rural.values()))
    local: list[str] = []
    volunteer: list[str] = []
    for region, locals_, both in zip(
        rural, share_out(LOCAL, weight), share_out(LOCAL + VOLUNTEER, weight), strict=True
    ):
        here = eligible[eligible["region"] == region]
        chance = stream(seed, f"brigades of {region}")
        drawn = draw(chance, here["population"].to_numpy(dtype=float), int(both))
        # Parted at random: neither kind of brigade stands in the larger settlements.
        order = draw(chance, np.ones(len(drawn)), int(locals_))
        local += here["place_id"].iloc[drawn[order]].to_list()
        volunteer += here["place_id"].iloc[np.delete(drawn, order)].to_list()
    return local, volunteer


def _security_centers(places: pd.DataFrame, free: set[str], facts: Facts) -> list[str]:
    """Sites of the Security Centers whose place is not reported.

    They stand in the most populous free community centers of their oblast, each in a district of
    its own.
    """
    here = places[places["place_id"].isin(free)]
    here = here.sort_values(["population", "place_id"], ascending=[False, True])
    sites: list[str] = []
    for region, count in sorted(Counter(region for region, site in facts.centers if not site).items()):
        options = here[here["region"] == region].drop_duplicates("district")
        sites += options["place_id"].head(count).to_list()
    return sites
