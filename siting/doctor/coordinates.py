"""Coordinates: swapped, of another unit, left at zero; and places that are there twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from siting.doctor.case import Case
from siting.doctor.findings import Finding, Severity
from siting.doctor.lengths import Lengths
from siting.doctor.words import distance, many, named, share
from siting.instance.arrays import Flags, Floats, Longs
from siting.roads.snap import EARTH_M, metres

STRAY_M = 50_000
"""A swap must bring a point at least this much nearer to the middle of all before it is suspected."""

ZERO_M = 1_000
"""Nearer than this to latitude 0, longitude 0 coordinates were probably never filled in."""

TOGETHER_M = 10
"""Two places nearer to each other than this are one place, or one of them is misplaced."""

NAMESAKE_M = 1_000
"""Two places with the same name and population nearer than this are probably one place."""

TOO_LONG, TOO_SHORT = 0.1, 3.0
"""Straight line over length of a road is 0.5 to 1 on real roads; a median beyond these is a wrong unit."""


def swapped_coordinates(case: Case) -> Iterator[Finding]:
    """Latitude and longitude swapped in the whole table or in single rows."""
    lengths = case.lengths
    if lengths is not None and lengths.all_swapped:
        yield Finding(
            "swapped_coordinates",
            Severity.ERROR,
            f"latitude and longitude look swapped everywhere: {lengths.short.sum():,} of {len(lengths.km):,} "
            f"roads are shorter than the straight line between their ends, with the two swapped "
            f"{lengths.swapped:,}",
            "distances between places are wrong, and so is every link to the road network",
            "swap the columns lat and lon",
        )
        return
    stray = np.flatnonzero(_out_of_box(case) | _at_odds(case, lengths))
    if len(stray):
        sites = case.instance.sites
        rows = case.rows(
            stray,
            lambda one: case.site_row(one, note=f"lat {sites.lat[one]:g}, lon {sites.lon[one]:g}"),
        )
        yield Finding(
            "swapped_coordinates",
            Severity.WARNING,
            f"latitude and longitude look swapped at {many(len(rows), 'place')}: {named(rows)}",
            "they are drawn in the wrong country, and linked to the wrong roads unless roads.csv names them",
            "swap lat and lon in these rows",
            rows,
        )


def _out_of_box(case: Case) -> Flags:
    """(S,) sites far outside the box of the others that fall into it once swapped."""
    sites = case.instance.sites
    if case.located.sum() < 4:
        return np.zeros(len(sites.ids), dtype=bool)
    both = np.column_stack((sites.lat, sites.lon))
    low, high = np.quantile(both[case.located], (0.25, 0.75), axis=0)
    reach = 2 * (high - low) + 0.5
    with np.errstate(invalid="ignore"):
        outside = ((both < low - reach) | (both > high + reach)).any(axis=1)
        inside = ((both[:, ::-1] >= low - reach) & (both[:, ::-1] <= high + reach)).all(axis=1)
    return np.asarray(outside & inside & _nearer_swapped(case))


def _nearer_swapped(case: Case) -> Flags:
    """(S,) sites that a swap brings much nearer to the middle of all."""
    sites = case.instance.sites
    if not case.located.any():
        return np.zeros(len(sites.ids), dtype=bool)
    lat, lon = np.median(sites.lat[case.located]), np.median(sites.lon[case.located])
    middle = np.full(len(sites.lat), lat), np.full(len(sites.lon), lon)
    away = metres(sites.lat, sites.lon, *middle) - metres(sites.lon, sites.lat, *middle)
    return np.asarray(np.nan_to_num(away) > STRAY_M)


def _at_odds(case: Case, lengths: Lengths | None) -> Flags:
    """(S,) sites whose roads are all too short for where they lie, and all fit once they are swapped."""
    sites = case.instance.sites
    if lengths is None or not lengths.short.any():
        return np.zeros(len(sites.ids), dtype=bool)
    one, other = np.concatenate((lengths.tail, lengths.head)), np.concatenate((lengths.head, lengths.tail))
    limit, lat, lon = np.tile(lengths.limit, 2), lengths.lat, lengths.lon
    odd = np.zeros(len(lat) + 1, dtype=bool)  # the last one is for sites off the network
    odd[one] = True
    odd[one[~np.tile(lengths.short, 2)]] = False
    check = np.flatnonzero(odd[one])
    a, b = one[check], other[check]
    odd[a[metres(lon[a], lat[a], lat[b], lon[b]) > limit[check]]] = False
    return np.asarray(odd[sites.node] & _nearer_swapped(case))


def wrong_scale(case: Case) -> Iterator[Finding]:
    """Coordinates that are not degrees, or lengths that are not kilometres."""
    lengths = case.lengths
    if lengths is None:
        return
    used = (lengths.straight > 200) & (lengths.km > 0)
    if used.sum() < 3:
        return
    ratio = float(np.median(lengths.straight[used] / (1000 * lengths.km[used])))
    if TOO_LONG <= ratio <= TOO_SHORT or lengths.all_swapped:
        return
    what = (
        f"the straight line between the ends of a road is {ratio:.3g} times its length (median of "
        f"{many(int(used.sum()), 'road')}; 0.5 to 1 is usual)"
    )
    if ratio < TOO_LONG:
        remedy = "give km in kilometres (not metres), and lat and lon in degrees WGS 84 (EPSG:4326)"
    else:
        remedy = "give lat and lon in degrees WGS 84 (EPSG:4326): reproject them; and km in kilometres"
    effect = (
        "either the lengths are wrong by this factor, and with them travel times and standards in km, or the "
        "coordinates are, and with them snap distances and maps"
    )
    yield Finding("wrong_scale", Severity.WARNING, what, effect, remedy)


def zero_coordinates(case: Case) -> Iterator[Finding]:
    """Sites at latitude 0, longitude 0 where the others are elsewhere."""
    sites = case.instance.sites
    zero = np.zeros(len(sites.lat))
    with np.errstate(invalid="ignore"):
        there = case.located & (metres(sites.lat, sites.lon, zero, zero) < ZERO_M)
    found = np.flatnonzero(there)
    if not len(found) or 2 * len(found) > case.located.sum():
        return
    rows = case.rows(found, case.site_row)
    yield Finding(
        "zero_coordinates",
        Severity.WARNING,
        f"{many(len(rows), 'place')} at latitude 0, longitude 0, in the Atlantic: {named(rows)}",
        "they are drawn off the map, and linked to the wrong roads unless roads.csv names them",
        "fill in lat and lon, or leave the rows out",
        rows,
    )


def coincident_places(case: Case) -> Iterator[Finding]:
    """Places within 10 m of each other, or namesakes of the same population within 1 km."""
    places = case.instance.places
    chosen = np.flatnonzero(case.needed & case.located[: len(case.needed)])
    if len(chosen) < 2:
        return
    other, away = _neighbours(case, chosen, np.zeros(len(chosen), dtype=np.int64), TOGETHER_M)
    named_ = chosen[(places.names[chosen] != "") & (places.population[chosen] > 0)]
    keys = pd.DataFrame({"name": places.names[named_], "people": places.population[named_]})
    again = keys.duplicated(keep=False).to_numpy()
    twins = named_[again]
    group = keys[again].groupby(["name", "people"], sort=False).ngroup().to_numpy().astype(np.int64)
    if len(twins):
        mate, apart = _neighbours(case, twins, group, NAMESAKE_M)
        new = (other[twins] < 0) & (mate[twins] >= 0)
        other[twins[new]], away[twins[new]] = mate[twins[new]], apart[twins[new]]
    found = np.flatnonzero(other >= 0)
    if not len(found):
        return
    rows = case.rows(
        found,
        lambda p: case.place_row(
            p, float(away[p]), "m", f"from {places.names[other[p]]} ({places.ids[other[p]]})"
        ),
    )
    doubled = int(np.minimum(places.population[found], places.population[other[found]]).sum()) // 2
    yield Finding(
        "coincident_places",
        Severity.WARNING,
        f"{many(len(rows), 'place')} that may be there twice (within {TOGETHER_M} m of another, or within "
        f"{distance(NAMESAKE_M)} of one with the same name and population): {named(rows)}",
        f"about {doubled:,} people ({share(doubled, case.total)}) may be counted twice and pull facilities "
        "towards them",
        "keep one row of each, or correct the coordinates",
        rows,
    )


def _neighbours(case: Case, chosen: Longs, group: Longs, limit_m: float) -> tuple[Longs, Floats]:
    """Nearest other place of the same group within a distance.

    Args:
        chosen: (N,) places, at least one.
        group: (N,) number of the group of each.
        limit_m: metres.

    Returns:
        (P,) the other place, -1 for none; (P,) metres to it.
    """
    places = case.instance.places
    other, away = np.full(len(places.ids), -1, dtype=np.int64), np.zeros(len(places.ids))
    # Equal points first: a tree of many of them would be searched in quadratic time.
    points = pd.DataFrame({"lat": places.lat[chosen], "lon": places.lon[chosen], "group": group})
    code = points.groupby(["lat", "lon", "group"], sort=False).ngroup().to_numpy().astype(np.int64)
    first = np.full(int(code.max()) + 1, -1, dtype=np.int64)
    first[code[::-1]] = chosen[::-1]
    last = first.copy()
    last[code] = chosen
    same = np.where(first[code] == chosen, last[code], first[code])
    shared = same != chosen
    other[chosen[shared]] = same[shared]
    if len(first) == 1:
        return other, away
    a, b = np.radians(places.lat[first]), np.radians(places.lon[first])
    apart = np.empty(len(first))
    apart[code] = group  # whole groups lie farther from each other than any limit
    xyz = np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a), apart))
    found = cKDTree(xyz).query(xyz, k=2, distance_upper_bound=1.1 * limit_m / EARTH_M)
    far, near = np.asarray(found[0]), np.asarray(found[1])
    own = np.arange(len(first))
    second = np.where(near[:, 0] == own, near[:, 1], near[:, 0])
    hit = np.flatnonzero(np.isfinite(far[:, 1]) & (second < len(first)))
    mate = first[second[hit]]
    gap = metres(places.lat[first[hit]], places.lon[first[hit]], places.lat[mate], places.lon[mate])
    kept = (gap <= limit_m) & (other[first[hit]] < 0)
    other[first[hit[kept]]], away[first[hit[kept]]] = mate[kept], gap[kept]
    return other, away
