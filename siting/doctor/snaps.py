"""How far sites are from the roads, and existing facilities that are off the map."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial import cKDTree

from siting.doctor.case import Case, largest_first
from siting.doctor.findings import SNAP_EDGES_M, Finding, Row, Severity, Snaps
from siting.doctor.words import distance, listed, many, named
from siting.instance.arrays import Floats, Ints
from siting.instance.locations import FAR_M
from siting.roads.snap import EARTH_M, unit

AWAY_M = 50_000
"""A facility farther than this from every place with needs is outside the map."""


def find_snaps(case: Case) -> Snaps | None:
    """The histogram of snap distances of the sites that take part; None without roads."""
    if case.instance.roads is None:
        return None
    snap_m = case.instance.sites.snap_m[case.active]
    linked = snap_m[snap_m > 0]
    bins = np.searchsorted(SNAP_EDGES_M, linked, side="left") - 1
    counts = np.bincount(bins, minlength=len(SNAP_EDGES_M))
    return Snaps(int((snap_m == 0).sum()), tuple(counts.tolist()))


def far_snaps(case: Case) -> Iterator[Finding]:
    """Sites linked to the road network over more than 2 km."""
    sites = case.instance.sites
    wanted = np.zeros(len(sites.ids), dtype=bool)  # existing facilities have a check of their own
    wanted[np.flatnonzero(case.needed)] = True
    wanted[case.instance.candidates.site[case.usable]] = True
    found = largest_first(np.flatnonzero(wanted & (sites.snap_m > FAR_M)), sites.snap_m)
    if not len(found):
        return
    rows = case.rows(found, lambda one: case.site_row(one, round(float(sites.snap_m[one])), "m"))
    minutes = sites.snap_m[found[0]] / 1000 / case.settings.snap_kmh * 60
    yield Finding(
        "far_snaps",
        Severity.WARNING,
        f"{many(len(rows), 'site')} farther than {distance(FAR_M)} from the nearest road, the farthest "
        f"{distance(float(sites.snap_m[found[0]]))}: {named(rows)}",
        f"a straight line at {case.settings.snap_kmh:g} km/h links them to it, up to {minutes:,.0f} minutes "
        "of every way there",
        "add the roads that lead there, or correct lat and lon",
        rows,
    )


def facilities_off_the_map(case: Case) -> Iterator[Finding]:
    """Existing facilities at excluded places, far from any road, or far from every place."""
    old, sites = case.instance.facilities, case.instance.sites
    away = _to_nearest_place(case, old.site)
    excluded, snapped, outside = ~case.standing, sites.snap_m[old.site] > FAR_M, away > AWAY_M
    found = np.flatnonzero(excluded | snapped | outside)
    if not len(found):
        return

    def row(one: int) -> Row:
        if excluded[one]:
            return case.facility_row(one, note="at an excluded place")
        if outside[one]:
            return case.facility_row(one, round(float(away[one])), "m", "from the nearest place with needs")
        return case.facility_row(one, round(float(sites.snap_m[old.site[one]])), "m", "from the nearest road")

    rows = case.rows(found, row)
    far = int((~excluded[found]).sum())
    parts = [f"{int(excluded.sum()):,} at excluded places"] * bool(excluded.any())
    parts += [
        f"{far:,} more than {FAR_M // 1000} km from any road or {AWAY_M // 1000} km from any place"
    ] * bool(far)
    yield Finding(
        "facilities_off_the_map",
        Severity.WARNING,
        f"{many(len(rows), 'existing facility', 'existing facilities')} of {len(old.site):,} off the map "
        f"({listed(parts)}): {named(rows)}",
        "they serve nobody, or later than they do in truth, so new facilities may be placed where none is "
        "needed",
        "correct their site, leave them out of facilities.csv, or add the roads and places that are missing",
        rows,
    )


def _to_nearest_place(case: Case, site: Ints) -> Floats:
    """(F,) metres from sites to the nearest place with needs; 0 where coordinates are unknown."""
    sites = case.instance.sites
    home = np.flatnonzero(case.needed & case.located[: len(case.needed)])
    away = np.zeros(len(site))
    there = np.flatnonzero(case.located[site])
    if len(home) and len(there):
        chord, _ = cKDTree(unit(sites.lat[home], sites.lon[home])).query(
            unit(sites.lat[site[there]], sites.lon[site[there]])
        )
        away[there] = 2 * EARTH_M * np.arcsin(np.clip(chord / 2, 0, 1))
    return away
