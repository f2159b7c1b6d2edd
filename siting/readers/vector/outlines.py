"""Which outline of a boundaries file each place lies in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.instance.raw import Report
from siting.readers.extras import extra
from siting.readers.vector.layers import Opened, degrees, off_words

Shapes = NDArray[np.object_]


def hits(opened: Opened, lat: Floats, lon: Floats, report: Report) -> tuple[Ints, Ints, Floats]:
    """Every pair of a place and an outline it lies in, on the border included.

    Outlines that cross themselves are repaired. Those cut at the antimeridian, and those that go on
    beyond 180 degrees, are understood; those that leap from one side of the map to the other are not.

    Args:
        opened: the layer of outlines, N rows.
        lat, lon: (P,) degrees, NaN where unknown.
        report: receives complaints about outlines that are no polygons on the map, and warnings about
            those that were repaired or are empty.

    Returns:
        Place and outline of each pair, (M,) each, and the size of every outline in square radians,
        (N,). Nothing that counts after a complaint.
    """
    shapely = extra("shapely", "geo")
    shapes, empty = _outlines(opened, report)
    shapes = _on_the_map(opened, shapes, report)
    if report.complaints:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(len(shapes))
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    for count, what in (
        (int(empty.sum()), "rows without an outline"),
        (int(broken.sum()), "outlines that crossed themselves and were repaired"),
    ):
        if count:
            report.warnings.append(f"{opened.raw.where}: {what}: {count:,}")
    place, outline = _inside(shapes, lat, lon)
    return place, outline, _sizes(shapes)


def _outlines(opened: Opened, report: Report) -> tuple[Shapes, Flags]:
    """The polygons of a layer, and which of them are empty or missing, (N,) each."""
    shapely = extra("shapely", "geo")
    assert opened.geometry is not None
    shapes = opened.geometry.copy()
    empty = np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes), dtype=np.bool_)
    shapes[empty] = shapely.Polygon()
    wrong = ~np.isin(shapely.get_type_id(shapes), (3, 6))  # Polygon, MultiPolygon
    report.rows(
        opened.raw,
        wrong,
        "geometry",
        lambda row: f"is a {shapes[row].geom_type}; the outline of an area is a Polygon or MultiPolygon",
    )
    if len(shapes) == 0 or empty.all():
        report.add(opened.raw.where, "there are no outlines in it; expected: a polygon for every area")
    shapes[wrong] = shapely.Polygon()
    return shapes, empty


def _on_the_map(opened: Opened, shapes: Shapes, report: Report) -> Shapes:
    """The outlines in degrees WGS 84."""
    shapely = extra("shapely", "geo")
    points, outline = shapely.get_coordinates(shapes, return_index=True)
    turned = degrees(opened, points[:, 0], points[:, 1], report)
    if turned is None:
        return shapes
    lon, lat = turned
    off = ~((np.abs(lon) <= 360) & (np.abs(lat) <= 90))
    first = np.zeros(len(shapes), dtype=np.int64)
    rows, at = np.unique(outline[off], return_index=True)
    first[rows] = np.flatnonzero(off)[at]
    say = off_words(opened, lon, lat)
    bad = np.isin(np.arange(len(shapes)), rows)
    report.rows(opened.raw, bad, "geometry", lambda row: say(int(first[row])))
    shapes = shapely.set_coordinates(shapes, np.column_stack((lon, lat)))
    report.rows(
        opened.raw,
        _leaping(shapes) & ~bad,
        "geometry",
        lambda row: (
            "leaps from one side of the map to the other; cut it at the antimeridian (ogr2ogr "
            "-wrapdateline), or write longitudes beyond 180"
        ),
    )
    return np.asarray(shapes, dtype=object)


def _leaping(shapes: Shapes) -> Flags:
    """Outlines with a side of more than half a turn, but for those all along the edge of the map, (N,)."""
    shapely = extra("shapely", "geo")
    parts, outline = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    side = np.abs(np.diff(points[:, 0]))
    leaps = (ring[1:] == ring[:-1]) & (side > 180) & (side < 360 - 1e-6)
    found = np.zeros(len(shapes), dtype=bool)
    found[outline[part[ring[1:][leaps]]]] = True
    return found


def _inside(shapes: Shapes, lat: Floats, lon: Floats) -> tuple[Ints, Ints]:
    """Pairs (place, outline) of the places in or on each outline, also a turn farther east or west."""
    shapely = extra("shapely", "geo")
    known = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
    west, east = np.nanmin(shapely.bounds(shapes)[:, 0]), np.nanmax(shapely.bounds(shapes)[:, 2])
    turns = [0.0, *([360.0] if east > 180 else []), *([-360.0] if west < -180 else [])]
    points = np.concatenate([shapely.points(lon[known] + turn, lat[known]) for turn in turns])
    outline, point = shapely.STRtree(points).query(shapes, predicate="intersects")  # prepares each outline
    pairs = np.unique(np.stack((known[point % max(1, len(known))], outline), axis=1), axis=0)
    return pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)


def _sizes(shapes: Shapes) -> Floats:
    """Areas on the sphere in square radians, by Lambert's cylindrical equal-area projection, (N,)."""
    shapely = extra("shapely", "geo")

    def project(points: Any) -> Any:
        turned = np.radians(points)
        return np.column_stack((turned[:, 0], np.sin(turned[:, 1])))

    return np.asarray(shapely.area(shapely.transform(shapes, project)), dtype=np.float64)


def smallest(places: int, pairs: tuple[Ints, Ints], size: Floats, has: Flags) -> tuple[Ints, Longs]:
    """The smallest outline each place lies in, of equals the first.

    Args:
        places: number P of places.
        pairs: place and outline of each pair, (M,) each.
        size: (N,) of every outline.
        has: (N,) outlines that count.

    Returns:
        (P,) outline, -1 for none; and (P,) how many outlines there were.
    """
    place, outline = (column[has[pairs[1]]] for column in pairs)
    order = np.lexsort((outline, size[outline], place))
    place, outline = place[order], outline[order]
    row = np.full(places, -1, dtype=np.int32)
    row[place[::-1]] = outline[::-1]
    return row, np.bincount(place, minlength=places)
