"""Polygons drawn on the map by hand, and the road edges that lie in them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.roads.graph import Roads

Floats = NDArray[np.float64]

EXPECTED = "POLYGON((lon lat, ...)) or MULTIPOLYGON(((lon lat, ...)), ...) in degrees, WGS 84"
"""What the text of a polygon looks like."""

_SHOWN = 40


def parse_polygon(text: str) -> tuple[Any, str]:
    """A polygon from well-known text (OGC 06-103r4), longitude first.

    Returns:
        The shapely geometry and empty text; or None and what is wrong with the text.
    """
    try:
        shapely = _shapely()
    except ModuleNotFoundError:
        return None, "areas need the library shapely, which is not installed: pip install 'siting[geo]'"
    found = shapely.from_wkt(text, on_invalid="ignore")
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    if found is None:
        what = f"expected: {EXPECTED}, every ring ending where it begins"
        return None, f"{shown!r} cannot be read as a polygon; {what}"
    if found.geom_type not in ("Polygon", "MultiPolygon") or found.is_empty:
        word = "empty" if found.is_empty else f"a {found.geom_type}"
        return None, f"{shown!r} is {word}; expected: {EXPECTED}"
    west, south, east, north = found.bounds
    if min(west + 180, 180 - east, south + 90, 90 - north) < 0:
        what = f"reaches from ({west:g}, {south:g}) to ({east:g}, {north:g}); longitudes must be between "
        across = "-180 and 180 and latitudes between -90 and 90; write an area across the antimeridian"
        return None, f"the area {what}{across} as two polygons of a MULTIPOLYGON"
    if not found.is_valid:
        return None, f"{shown!r} is no simple polygon: {shapely.is_valid_reason(found)}"
    return found, ""


def swapped(polygon: Any) -> Any:
    """The polygon with longitude and latitude exchanged."""
    shapely = _shapely()
    return shapely.transform(polygon, lambda points: points[:, ::-1])


@dataclass(frozen=True)
class Lines:
    """The edges of a graph as straight lines on the map of longitude and latitude.

    An edge goes the short way round the earth; one over the antimeridian is two lines, as seen from
    either side of it.

    Attributes:
        edge: (M,) position of the edge each line is.
        lon, lat, to_lon, to_lat: (M,) degrees of its ends, NaN where unknown.
    """

    edge: NDArray[np.int64]
    lon: Floats
    lat: Floats
    to_lon: Floats
    to_lat: Floats


def lines_of(roads: Roads) -> Lines:
    """The edges of a graph as lines."""
    lon, to_lon = roads.lon[roads.tail], roads.lon[roads.head]
    turn = np.where(np.abs(to_lon - lon) > 180, 360 * np.sign(to_lon - lon), 0.0)
    across = np.flatnonzero(turn)
    edge = np.concatenate((np.arange(len(lon)), across))
    return Lines(
        edge,
        np.concatenate((lon, (lon + turn)[across])),
        roads.lat[roads.tail[edge]],
        np.concatenate((to_lon - turn, to_lon[across])),
        roads.lat[roads.head[edge]],
    )


def edges_in(lines: Lines, polygon: Any) -> NDArray[np.int64]:
    """Positions of the edges any part of which lies in a polygon, its border included.

    Edges with an end of unknown coordinates lie nowhere.

    Args:
        lines: the edges.
        polygon: shapely geometry of degrees between -180 and 180, see :func:`parse_polygon`.
    """
    shapely = _shapely()
    west, south, east, north = polygon.bounds
    near = ((lines.lon <= east) | (lines.to_lon <= east)) & ((lines.lon >= west) | (lines.to_lon >= west))
    near &= ((lines.lat <= north) | (lines.to_lat <= north)) & (
        (lines.lat >= south) | (lines.to_lat >= south)
    )
    near &= np.isfinite(lines.lon + lines.lat + lines.to_lon + lines.to_lat)
    found = np.flatnonzero(near)
    ends = np.stack([column[found] for column in (lines.lon, lines.lat, lines.to_lon, lines.to_lat)], axis=1)
    shapely.prepare(polygon)
    inside = shapely.intersects(polygon, shapely.linestrings(ends.reshape(-1, 2, 2)))
    return np.unique(lines.edge[found[inside]])


def _shapely() -> Any:
    """The library, which only areas need."""
    return importlib.import_module("shapely")
