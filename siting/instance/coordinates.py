"""Coordinates that look swapped or wrong though every number is in range."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.instance.raw import Report
from siting.instance.references import Ids
from siting.instance.tables import Checked, place
from siting.roads.graph import Roads
from siting.roads.snap import metres

FAR_M = 500_000
"""Points must be this far apart before a swap is suspected."""

NEAR_M = 50_000
"""A point this near to a node of a graph is no stray."""

SLACK = 1.02
"""A road this much shorter than the straight line between its ends is still put down to rounding."""


def report_short_roads(
    table: Checked, tail: Ints, head: Ints, lat: Floats, lon: Floats, places: str, report: Report
) -> None:
    """Warn about roads shorter than the straight line between their ends.

    If that is so for a fifth of them or more, but not with latitude and longitude swapped, complain
    that these are swapped.

    Args:
        table: rows of roads.
        tail, head: (N,) index of the ends, -1 where unknown.
        lat, lon: (V,) degrees.
        places: table of the places, to which a swap is put down.
        report: receives the complaint or warning.
    """
    km = table.number("km")
    used = np.flatnonzero((tail >= 0) & (head >= 0) & np.isfinite(km))
    a, b, limit_m = tail[used], head[used], 1000 * SLACK * km[used] + 100
    straight = metres(lat[a], lon[a], lat[b], lon[b])
    short = straight > limit_m
    count = int(short.sum())
    if not count:
        return
    swapped = metres(lon[a], lat[a], lon[b], lat[b]) > limit_m
    say = f"{count:,} of {len(used):,} roads are shorter than the straight line between their ends"
    if count >= 3 and count >= len(used) / 5 and swapped.sum() <= count / 5:
        what = f"latitude and longitude look swapped: {say}, with the two swapped {int(swapped.sum()):,}"
        report.add(places, what, column="lat, lon")
        return
    worst = np.argmax(straight - limit_m)
    report.warnings.append(
        f"{table.raw.where}: {say}; the worst is {place(table.raw, int(used[worst]))}, "
        f"{km[used[worst]]:g} km where the straight line is {straight[worst] / 1000:,.1f} km"
    )


def report_swaps(checked: Mapping[str, Checked], roads: Roads | None, report: Report) -> None:
    """Complain where swapping latitude and longitude would bring far points together.

    Single rows are compared with the rest of their table, but for points whose roads are long enough
    to lead there, or that a graph has a node near; places as a whole with the junctions or with the
    nodes of the road graph.

    Args:
        checked: the tables.
        roads: the road graph, made from the tables or given; None without one.
        report: receives the complaints.
    """
    for name, key in (("places", "place_id"), ("junctions", "junction_id")):
        if name in checked:
            _stray_rows(checked[name], key, roads, "roads" not in checked, report)
    places = checked["places"]
    lat, lon = places.number("lat"), places.number("lon")
    if "junctions" in checked:
        table = checked["junctions"]
        if _fits_swapped(table.number("lat"), table.number("lon"), lat, lon):
            report.add(table.raw.where, _WHOLE, table.raw.header(), "lat, lon")
    elif "roads" not in checked and roads is not None and _fits_swapped(lat, lon, roads.lat, roads.lon):
        report.add(places.raw.where, _WHOLE, places.raw.header(), "lat, lon")


_WHOLE = (
    "latitude and longitude look swapped: as they are, the table lies more than 500 km "
    "from the rest of the network; swapped, it lies within"
)


def _stray_rows(table: Checked, key: str, roads: Roads | None, graph: bool, report: Report) -> None:
    """Rows far outside the box of their table that fall into it once swapped.

    Args:
        table: places or junctions.
        key: their column of ids.
        roads: the road graph, if there is one.
        graph: it has nodes of its own, so that being near one says something.
        report: receives the complaints.
    """
    lat, lon = table.number("lat"), table.number("lon")
    fine = np.isfinite(lat) & np.isfinite(lon)
    if fine.sum() < 4:
        return
    low = np.quantile(np.column_stack((lat, lon))[fine], 0.25, axis=0)
    high = np.quantile(np.column_stack((lat, lon))[fine], 0.75, axis=0)
    reach = 2 * (high - low) + 0.5
    (south, west), (north, east) = low - reach, high + reach
    outside = (lat < south) | (lat > north) | (lon < west) | (lon > east)
    inside = (lon >= south) & (lon <= north) & (lat >= west) & (lat <= east)
    middle = np.median(lat[fine]), np.median(lon[fine])
    away = metres(lat, lon, np.full_like(lat, middle[0]), np.full_like(lon, middle[1]))
    stray = fine & outside & inside & (away > FAR_M)
    if roads is not None and stray.any():
        rows = np.flatnonzero(stray)
        node = Ids(roads.ids).find(table.text(key)[rows])
        stray[rows] = ~np.append(_reached(roads), False)[node]
        for row in np.flatnonzero(stray) if graph else ():
            here = np.full(len(roads.lat), lat[row]), np.full(len(roads.lat), lon[row])
            stray[row] = not (metres(*here, roads.lat, roads.lon) <= NEAR_M).any()

    def say(row: int) -> str:
        return (
            f"({lat[row]:g}, {lon[row]:g}) is {away[row] / 1000:,.0f} km from the middle of the "
            "table; swapped it lies among the other rows: lat and lon look swapped"
        )

    report.rows(table.raw, stray, "lat, lon", say)


def _reached(roads: Roads) -> Flags:
    """Nodes with roads of known length, none of them too short for the way to its other end, (V,)."""
    known = roads.metres >= 0
    tail, head = roads.tail[known], roads.head[known]
    straight = metres(roads.lat[tail], roads.lon[tail], roads.lat[head], roads.lon[head])
    short = straight > SLACK * roads.metres[known] + 100
    reached = np.zeros(len(roads.lat), dtype=bool)
    reached[tail], reached[head] = True, True
    reached[tail[short]], reached[head[short]] = False, False
    return reached


def _fits_swapped(lat: Floats, lon: Floats, other_lat: Floats, other_lon: Floats) -> bool:
    """Whether one set of points is far from another and meets it once swapped."""
    fine, known = np.isfinite(lat) & np.isfinite(lon), np.isfinite(other_lat) & np.isfinite(other_lon)
    if not fine.any() or not known.any():
        return False
    box, other = _box(lat[fine], lon[fine]), _box(other_lat[known], other_lon[known])
    swapped = box[2], box[3], box[0], box[1]
    return _apart(box, other) > FAR_M and _apart(swapped, other) == 0


def _box(lat: Floats, lon: Floats) -> tuple[float, float, float, float]:
    """South, north, west, east without the outermost tenths, which may be strays."""
    (south, north), (west, east) = np.quantile(lat, (0.1, 0.9)), np.quantile(lon, (0.1, 0.9))
    return float(south), float(north), float(west), float(east)


def _apart(one: tuple[float, float, float, float], two: tuple[float, float, float, float]) -> float:
    """Metres between the nearest latitudes and longitudes of two boxes; 0 if they overlap."""
    south = max(one[0], two[0]) - min(one[1], two[1])
    west = max(one[2], two[2]) - min(one[3], two[3])
    step = 111_195.0
    middle = np.radians((one[0] + one[1] + two[0] + two[1]) / 4)
    return float(np.hypot(max(0.0, south) * step, max(0.0, west) * step * np.cos(middle)))
