"""Regions, districts and communities, and the place each of them is named after."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from siting.errors import InstanceError
from siting.roads.graph import Roads
from siting.synthesis.facts import Facts
from siting.synthesis.names import plain
from siting.synthesis.paths import nearest_center
from siting.synthesis.plane import Flags, Points, to_plane

SPREAD_KM = 8.0
"""Centers of communities that are chosen by population keep this distance, if they can."""


def find_town(towns: pd.DataFrame, region: str, name: str) -> str:
    """Id of the most populous named place of a region with this Ukrainian name.

    Raises:
        InstanceError: there is none.
    """
    key = plain(name)
    here = towns[towns["region"] == region]
    found = here[[key in keys for keys in here["keys"]]]
    if found.empty:
        raise InstanceError(f"no place of {region} is called {name}: correct the fact tables")
    return str(found.sort_values(["population", "place_id"], ascending=[False, True])["place_id"].iloc[0])


def capitals(towns: pd.DataFrame, facts: Facts) -> dict[str, str]:
    """Place id of the center of every region; of Kyiv Oblast it is Kyiv city."""
    where = {"kyiv": "kyiv-city"}
    return {
        oblast.region: find_town(towns, where.get(oblast.region, oblast.region), oblast.center_uk)
        for oblast in facts.oblasts
    }


def district_centers(towns: pd.DataFrame, facts: Facts) -> dict[str, str]:
    """Place id of the center of every district, by district."""
    return {
        district.id: find_town(towns, district.region, district.center_uk) for district in facts.districts
    }


def community_centers(towns: pd.DataFrame, facts: Facts, seats: set[str]) -> list[str]:
    """Place ids of the centers of communities, the official number in every oblast, sorted.

    Centers of districts (seats) and places with an imputed population come first, then the most
    populous named places at least 8 km from those before (less, where the number is not reached).
    """
    centers: list[str] = []
    for oblast in facts.oblasts:
        if oblast.communities == 0:
            continue
        here = towns[towns["region"] == oblast.region]
        here = here.assign(certain=here["place_id"].isin(seats) | here["imputed"])
        here = here.sort_values(["certain", "population", "place_id"], ascending=[False, False, True])
        points = to_plane(here["lat"].to_numpy(), here["lon"].to_numpy())
        chosen = _spread(points, int(here["certain"].sum()), oblast.communities)
        centers += here["place_id"].iloc[chosen].to_list()
    return sorted(centers)


def _spread(points: Points, certain: int, count: int) -> list[int]:
    """The first ``certain`` points and then others in order, far apart, until there are count."""
    chosen = list(range(min(certain, count)))
    apart = SPREAD_KM
    while len(chosen) < min(count, len(points)):
        for n in range(len(points)):
            if len(chosen) < count and np.linalg.norm(points[chosen] - points[n], axis=1).min() >= apart:
                chosen.append(n)
        apart /= 2
    return chosen


def with_areas(
    places: pd.DataFrame, graph: Roads, towns: list[tuple[str, str]], communities: list[str]
) -> pd.DataFrame:
    """Give each place the district of the nearest known town, and the community of the nearest center.

    Nearest is meant by road. Roads outside the oblast do not count for the district, roads outside
    the district not for the community. Regions without districts (Kyiv city, Sevastopol) leave both
    empty, Crimea has no communities of the programme.

    Args:
        places: all places, with ``town``.
        graph: roads, node n is place n.
        towns: (district, place id) of the towns whose district is known, the centers among them.
        communities: place ids of the centers, which are the ids of the communities too.
    """
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    node = {town: n for n, town in reversed(list(enumerate(places["town"])))}
    region = places["region"].factorize()[0].astype(np.int64)
    known = np.array([node[town] for _, town in towns])
    # The empty name comes last, so that index -1 finds it.
    names = np.array([*(name for name, _ in towns), ""], dtype=object)
    # All sectors of a city go where its first one goes.
    first = np.array([node[town] for town in places["town"]])
    districts = names[nearest_center(graph, points, region, known)][first]
    centers = np.array([node[town] for town in communities])
    community = nearest_center(graph, points, pd.factorize(districts)[0].astype(np.int64), centers)[first]
    return places.assign(district=districts, community=np.array([*communities, ""], dtype=object)[community])


def excluded(places: pd.DataFrame, exclude: Mapping[str, Collection[str]]) -> Flags:
    """Whether each place lies in an excluded area, (N,); areas come per level, as in instance.toml."""
    out = np.zeros(len(places), dtype=bool)
    for level, ids in exclude.items():
        out |= places[level].isin(ids).to_numpy()
    return out


def area_table(towns: pd.DataFrame, facts: Facts, communities: list[str]) -> pd.DataFrame:
    """areas.csv: level, area_id, name, name_local; a community is called after its center."""
    rows = []
    for oblast in facts.oblasts:
        ordinary = oblast.name_uk.endswith("ька")
        latin, local = (" Oblast", " область") if ordinary else ("", "")
        rows.append(("region", oblast.region, oblast.name + latin, oblast.name_uk + local))
    for district in facts.districts:
        rows.append(("district", district.id, f"{district.name} district", f"{district.name_uk} район"))
    seats = towns.set_index("place_id")
    for key in communities:
        rows.append(("community", key, str(seats.at[key, "name"]), str(seats.at[key, "name_local"])))
    return pd.DataFrame(rows, columns=["level", "area_id", "name", "name_local"])
