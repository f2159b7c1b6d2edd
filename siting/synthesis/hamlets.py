"""More demand points than the country has: villages are split into hamlets around them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from siting.synthesis.chance import stream
from siting.synthesis.places import GOLDEN_ANGLE, city_radius_km
from siting.synthesis.plane import DECIMALS, Flags, Floats, Longs, Points, to_degrees, to_plane
from siting.synthesis.villages import Land, spaced


def with_hamlets(
    places: pd.DataFrame, programme: Flags, count: int, km: float, land: Land, seed: int
) -> tuple[pd.DataFrame, str]:
    """Split villages until there are ``count`` demand points of the programme.

    The parts go one after another to the village with the most people per part. The village itself
    stays where it is as the first part. Its hamlets follow on a sunflower spiral around it, turned
    at random; a spot too near to another place, inside a split city, beyond the region's border or in
    the sea is skipped.
    All parts of a split village count as synthetic.

    Args:
        places: all places.
        programme: (P,) which of them count; the others stay as they are.
        count: more than the programme has.
        km: least distance of a hamlet from every other place.
        land: which points belong to which region.
        seed: of the turns.

    Returns:
        the places, sorted by town and sector, and a sentence about what was done.
    """
    village = np.flatnonzero(programme & (places["kind"] == "village").to_numpy())
    people = places["population"].to_numpy()[village]
    parts = divided(people, len(village) + count - int(programme.sum()))
    turn = 2 * np.pi * stream(seed, "hamlets").random(len(village))
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    region = places["region"].to_numpy()[village]
    cities = _cities(places, points)

    def allowed(spots: Points, parent: Longs) -> Flags:
        return land.belongs(spots, region[parent]) & _outside(spots, *cities)

    parent, spots = _spots(parts - 1, turn, points, points[village], allowed, km)
    hamlets = _frame(places.iloc[village[parent]], parent, spots)
    # The first people % parts of the parts hold one person more; the village is part 0.
    size, more = np.divmod(people, parts)
    hamlets["population"] = size[parent] + (hamlets["sector"].to_numpy() < more[parent])
    population, origin = places["population"].to_numpy(copy=True), places["origin"].to_numpy(copy=True)
    population[village] = size + (more > 0)
    origin[village[parts > 1]] = "synthetic"
    whole = places.assign(population=population, origin=origin)
    away = np.linalg.norm(spots - points[village[parent]], axis=1)
    said = (
        f"Split: {int((parts > 1).sum()):,} villages got {len(parent):,} hamlets, so that none of either has "
        f"more than {int(population[village].max()):,} people. Hamlets lie at least {km:.2f} km from every "
        f"other place, and {away.mean():.1f} km from their village on average, {away.max():.1f} km at most."
    )
    table = pd.concat([whole, hamlets], ignore_index=True)
    return table.sort_values(["town", "sector"], ignore_index=True), said


def divided(people: Longs, total: int) -> Longs:
    """How many parts each of M villages gets, (M,), ``total`` in all.

    Each has as few parts of at most t people as it can, for the least t that ``total`` allows;
    what is left goes to the villages with the most people per part.

    Source: Adams's divisor method, as in Balinski, Young (1982), Fair Representation.
    """
    low, high = 0, int(people.max())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if (-(-people // middle)).sum() <= total else (middle, high)
    parts: Longs = -(-people // high)
    order = np.argsort(-people / parts, kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return parts


def _spots(
    needed: Longs,
    turn: Floats,
    taken: Points,
    center: Points,
    allowed: Callable[[Points, Longs], Flags],
    km: float,
) -> tuple[Longs, Points]:
    """Spots of the hamlets: number of the village of each, ascending, and its point; inner ones first.

    Args:
        needed: (M,) hamlets of each village.
        turn: (M,) angle of each village's spiral.
        taken: (P, 2) points from which all keep their distance.
        center: (M, 2) point of each village.
        allowed: whether spots (K, 2) may be hamlets of villages (K,), apart from the distance.
        km: the distance.
    """
    needed, tried = needed.copy(), np.zeros(len(needed), dtype=np.int64)
    parents, spots = [np.empty(0, dtype=np.int64)], [np.empty((0, 2))]
    ahead = 1
    while needed.any():
        # What is crowded looks farther ahead every time.
        looks, ahead = ahead * needed, 2 * ahead
        parent = np.repeat(np.arange(len(needed)), looks)
        number = _ranks(parent) + 1 + tried[parent]
        tried += looks
        inner = np.argsort(number, kind="stable")
        parent, number = parent[inner], number[inner]
        angle = turn[parent] + GOLDEN_ANGLE * number
        # The spots of a spiral r = km sqrt(n) with golden angles lie at least km apart.
        away = km * np.sqrt(number + 0.5)
        ring = np.column_stack([away * np.cos(angle), away * np.sin(angle)])
        lat, lon = to_degrees(center[parent] + ring)
        points = to_plane(np.round(lat, DECIMALS), np.round(lon, DECIMALS))
        free = allowed(points, parent)
        free &= cKDTree(np.vstack([taken, *spots])).query(points)[0] >= km
        parent, points = parent[free], points[free]
        stays = spaced(points, km)
        parent, points = parent[stays], points[stays]
        order = np.argsort(parent, kind="stable")
        order = order[_ranks(parent[order]) < needed[parent[order]]]
        parents.append(parent[order])
        spots.append(points[order])
        needed -= np.bincount(parent[order], minlength=len(needed))
    order = np.argsort(np.concatenate(parents), kind="stable")
    return np.concatenate(parents)[order], np.vstack(spots)[order]


def _cities(places: pd.DataFrame, points: Points) -> tuple[Points, Floats]:
    """Center (K, 2) and radius in km (K,) of each city that is split into sectors."""
    first = (places["sector"] == 1).to_numpy() & (places["city"] != "").to_numpy()
    people = places.groupby("city")["population"].sum()
    return points[first], city_radius_km(people[places.loc[first, "city"]].to_numpy())


def _outside(points: Points, center: Points, radius: Floats) -> Flags:
    """Whether each point lies outside all discs, (N,)."""
    outside = np.ones(len(points), dtype=bool)
    for x, y, km in np.column_stack([center, radius]).tolist():
        outside &= np.hypot(points[:, 0] - x, points[:, 1] - y) > km
    return outside


def _ranks(ascending: Longs) -> Longs:
    """0, 1, 2 ... within each run of equal numbers."""
    ranks: Longs = np.arange(len(ascending)) - np.searchsorted(ascending, ascending)
    return ranks


def _frame(village: pd.DataFrame, parent: Longs, spots: Points) -> pd.DataFrame:
    """Rows of hamlets out of the rows of their villages; ``sector`` counts the hamlets of each."""
    number = _ranks(parent) + 1
    lat, lon = to_degrees(spots)
    text = number.astype(str).astype(object)
    return village.assign(
        place_id=village["place_id"].to_numpy() + "-" + text,
        name=village["name"].to_numpy() + ", hamlet " + text,
        name_local="",
        lat=np.round(lat, DECIMALS),
        lon=np.round(lon, DECIMALS),
        origin="synthetic",
        sector=number,
    )
