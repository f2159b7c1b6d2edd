"""The synthetic layer: villages GeoNames does not list, official in number and people per oblast."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree
from scipy.special import ndtri

from siting.synthesis.chance import share_out, stream
from siting.synthesis.facts import Facts, Oblast
from siting.synthesis.places import city_radius_km
from siting.synthesis.plane import DECIMALS, Flags, Floats, Longs, Points, to_degrees, to_plane

SPACING_KM = 1.6
"""Least distance between two villages, and between a village and the edge of a named place."""
REACH_KM = 14.0
"""A village lies this near to a named place of its oblast, which is the nearest of all places."""
SHORE_KM = 60.0
"""A village lies between three places no farther apart than this: not in the sea."""
SMALLEST, LARGEST = 12, 2500
"""Sizes of villages before scaling to the oblast's total."""
FLOOR = 40
"""People per village where listed places leave the villages of an oblast (nearly) nobody."""
TOO_FEW = 25
"""Below so many people per village the floor is used instead of the remainder."""


class Land:
    """Which points are dry land of which region, judged by the places around them.

    Attributes:
        places: (N, 2) places of Ukraine and abroad on the plane.
        region: (N,) region of each, empty abroad.
    """

    def __init__(self, places: Points, region: NDArray[np.object_]) -> None:
        self.places, self.region = places, region
        self._tree = cKDTree(places)
        self._triangles = Delaunay(places)
        corners = places[self._triangles.simplices]
        sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
        # Index -1, outside of all triangles, finds the last entry: it is not dry.
        self._dry = np.append(sides.max(axis=1) <= SHORE_KM, False)

    def belongs(self, points: Points, region: str | NDArray[np.object_]) -> Flags:
        """Whether points lie on land nearest to a place of the region, within reach of it, (M,).

        Args:
            points: (M, 2).
            region: of all points, or (M,) of each.
        """
        away, nearest = self._tree.query(points)
        dry = self._dry[self._triangles.find_simplex(points)]
        return np.asarray(dry & (self.region[nearest] == region) & (away <= REACH_KM))


def dry_land(places: pd.DataFrame, abroad: Points) -> Land:
    """The land around named places.

    Args:
        places: named places.
        abroad: (N, 2) places of other countries on the plane; what is nearest to one of them is
            not in Ukraine.
    """
    own = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    region = np.concatenate([places["region"].to_numpy(), np.full(len(abroad), "")])
    return Land(np.vstack([own, abroad]), region)


def village_layer(places: pd.DataFrame, facts: Facts, land: Land, seed: int) -> pd.DataFrame:
    """Villages of all oblasts.

    Args:
        places: named places with imputed populations, before the split into sectors.
        facts: official people and settlements of each oblast.
        land: around these places.
        seed: of the random positions and sizes.

    Returns:
        The columns of :func:`siting.synthesis.places.with_sectors`.
    """
    people = places.groupby("region")["population"].sum().to_dict()
    settlements = places["region"].value_counts().to_dict()
    taken = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    clearance = np.maximum(SPACING_KM, city_radius_km(places["population"].to_numpy()))
    layers: list[pd.DataFrame] = []
    numbered = 0
    for oblast in facts.oblasts:
        if oblast.population == 0:
            continue
        count = oblast.settlements - settlements[oblast.region]
        remainder = oblast.population - int(people[oblast.region])
        chance = stream(seed, f"villages of {oblast.region}")
        points = _scatter(chance, count, oblast.region, land, (taken, clearance))
        taken = np.vstack([taken, points])
        clearance = np.concatenate([clearance, np.full(count, SPACING_KM)])
        sizes = village_sizes(chance, count, remainder if remainder >= TOO_FEW * count else FLOOR * count)
        layers.append(_frame(oblast, points, sizes, numbered))
        numbered += count
    return pd.concat(layers, ignore_index=True)


def village_sizes(chance: np.random.Generator, count: int, total: int) -> Longs:
    """Lognormal sizes (sigma 1) between 12 and 2,500 people, (count,), that add up to total."""
    normal = ndtri(chance.random(count))
    low, high = 0.0, np.log(LARGEST) + 6
    for _ in range(60):
        middle = (low + high) / 2
        sizes = np.clip(np.exp(middle + normal), SMALLEST, LARGEST)
        low, high = (middle, high) if sizes.sum() < total else (low, middle)
    return share_out(total, sizes)


def _scatter(
    chance: np.random.Generator, count: int, region: str, land: Land, taken: tuple[Points, Floats]
) -> Points:
    """Random points of a region that keep their distance from each other and from what is taken."""
    mine = land.places[land.region == region]
    low, size = mine.min(axis=0) - REACH_KM, np.ptp(mine, axis=0) + 2 * REACH_KM
    kept = np.empty((0, 2))
    while len(kept) < count:
        lat, lon = to_degrees(low + size * chance.random((4 * count, 2)))
        points = to_plane(np.round(lat, DECIMALS), np.round(lon, DECIMALS))
        points = points[land.belongs(points, region)]
        points = points[_clear(points, *taken)]
        kept = np.vstack([kept, points])
        kept = kept[spaced(kept, SPACING_KM)]
    return kept[:count]


def _clear(points: Points, taken: Points, clearance: Floats) -> Flags:
    """Whether each point keeps the clearance of everything taken, (N,)."""
    clear = np.ones(len(points), dtype=bool)
    for radius in np.unique(clearance):
        clear &= cKDTree(taken[clearance == radius]).query(points)[0] >= radius
    return clear


def spaced(points: Points, km: float) -> Flags:
    """Which points stay, in order of arrival: those not so near to an earlier one that stays, (N,)."""
    stays = np.ones(len(points), dtype=bool)
    pairs = cKDTree(points).query_pairs(km, output_type="ndarray")
    for early, late in pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))].tolist():
        if stays[early]:
            stays[late] = False
    return stays


def _frame(oblast: Oblast, points: Points, sizes: Longs, numbered: int) -> pd.DataFrame:
    lat, lon = to_degrees(points)
    numbers = range(numbered + 1, numbered + len(points) + 1)
    ids = [f"v{n}" for n in numbers]
    return pd.DataFrame(
        {
            "place_id": ids,
            "name": [f"v. {n}" for n in numbers],
            "name_local": "",
            "lat": np.round(lat, DECIMALS),
            "lon": np.round(lon, DECIMALS),
            "population": sizes,
            "region": oblast.region,
            "imputed": False,
            "origin": "synthetic",
            "kind": "village",
            "city": "",
            "town": ids,
            "sector": 0,
        }
    )
