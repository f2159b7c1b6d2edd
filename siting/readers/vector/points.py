"""Layers of places, facilities and candidates: one point and known columns per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.instance.arrays import Floats
from siting.instance.raw import RawTable, Report
from siting.instance.schema import TABLES
from siting.readers.extras import extra
from siting.readers.vector.columns import find_columns, in_words, known_columns, there_are
from siting.readers.vector.layers import Opened, degrees, off_the_map, off_words, open_layer

_POINT, _POLYGONS, _MULTIPOINT = 0, (3, 6), 4
"""Geometry types of shapely."""


@dataclass(frozen=True)
class Layer:
    """Rows that stand somewhere.

    Attributes:
        raw: the layer as it was given, for complaints.
        frame: known columns under the names of the instance; ``lat`` and ``lon`` are degrees, NaN where
            a row has no place of its own but names the site it stands at.
        rows: (N,) row of ``raw`` that each row of ``frame`` is.
        headers: header by column.
        said: what was read and how it was understood.
    """

    raw: RawTable
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    headers: Mapping[str, str]
    said: str

    def take(self, keep: NDArray[Any], said: str = "") -> Layer:
        """The layer with the rows chosen, and more said about it."""
        frame = self.frame[keep].reset_index(drop=True)
        return Layer(self.raw, frame, self.rows[keep], self.headers, f"{self.said}{said}")


def read_points(
    source: object, table: str, overrides: Mapping[str, str], report: Report, *, placeless: bool = False
) -> Layer | None:
    """Read a layer of points.

    Args:
        source: see :func:`siting.readers.vector.layers.open_layer`. Of polygons a point inside is taken
            (shapely's point_on_surface); of a table without geometry its columns lat and lon.
        table: places, facilities or candidates.
        overrides: see :func:`siting.readers.vector.columns.check_overrides`.
        report: receives every complaint.
        placeless: rows need no coordinates, as where a table of travel times names their sites.

    Returns:
        The layer; None after a complaint that leaves nothing to work with.
    """
    opened = open_layer(source, table, report)
    if opened is None:
        return None
    raw = opened.raw
    if not raw.size:
        report.add(raw.where, "has no rows", raw.header())
        return None
    headers = find_columns(raw, table, overrides, report)
    located = _locate(opened, headers, placeless, report)
    if located is None:
        return None
    lon, lat, how = located
    columns: dict[str, Any] = {}
    for column in known_columns(table):
        if column in headers and column not in ("lat", "lon"):
            header = headers[column]
            columns[column] = header[1:] if header.startswith("=") else _cells(raw, table, column, header)
    frame = pd.DataFrame(columns, index=range(raw.size)).assign(lat=lat, lon=lon)
    if "facilitytype" in (folded := {header.casefold(): header for header in raw.columns}):
        frame["facilitytype"] = raw.text(folded["facilitytype"])
    kept = {column: header for column, header in headers.items() if column in columns}
    said = f"{table}: {opened.what}{how}{in_words(kept, ', with ')}."
    return Layer(raw, frame, np.arange(raw.size), kept, said)


def _cells(raw: RawTable, table: str, column: str, header: str) -> NDArray[Any]:
    """A column as the schema has it: numbers as they are, all else as text."""
    kinds = {one.name: one.kind for one in TABLES[table].columns}
    return raw.columns[header] if kinds.get(column) in ("number", "integer") else raw.text(header)


def _locate(
    opened: Opened, headers: Mapping[str, str], placeless: bool, report: Report
) -> tuple[Floats, Floats, str] | None:
    """Longitude and latitude of every row, and words for how they came about; None after a complaint."""
    raw = opened.raw
    site = np.full(raw.size, placeless)
    if headers.get("site") == "site":
        site |= raw.text("site") != ""
    if opened.geometry is not None:
        x, y, polygons = _points(opened, site, report)
        placed = degrees(opened, x, y, report)
        if placed is None:
            return None
        lon, lat = placed
        how = f", reprojected from {opened.crs.name}" if opened.crs.to_epsg() != 4326 else ""
        how += f", a point inside each of {polygons:,} polygons" if polygons else ""
    elif "lat" in headers and "lon" in headers:
        lat, lon = (_numbers(raw, headers[name], site, report) for name in ("lat", "lon"))
        how = ""
    elif site.all():
        nowhere = np.full(raw.size, np.nan)
        return nowhere, nowhere, ""
    else:
        what = "has neither a geometry nor columns lat and lon (degrees, WGS 84)"
        report.add(raw.where, f"{what}{there_are(raw)}", raw.header())
        return None
    bad = off_the_map(lon, lat)
    report.rows(raw, bad, None, off_words(opened, lon, lat))
    lon, lat = np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)
    return lon, lat, how


def _points(opened: Opened, optional: NDArray[Any], report: Report) -> tuple[Floats, Floats, int]:
    """One point of each geometry in units of the CRS, and how many were polygons.

    Args:
        opened: a layer with N geometries.
        optional: (N,) rows that need no geometry.
        report: receives complaints about geometries that are missing or have no one point.
    """
    shapely = extra("shapely", "geo")
    shapes, raw = opened.geometry, opened.raw
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    kind = shapely.get_type_id(shapes)
    several = (kind == _MULTIPOINT) & (shapely.get_num_geometries(shapes) > 1)
    polygon = ~missing & np.isin(kind, _POLYGONS)
    use = ~missing & ~several & (polygon | np.isin(kind, (_POINT, _MULTIPOINT)))
    report.rows(raw, missing & ~optional, "geometry", lambda row: "has no geometry; a point is needed")
    report.rows(
        raw,
        ~missing & ~use,
        "geometry",
        lambda row: f"is a {shapes[row].geom_type}, but one point or an area is expected",  # type: ignore[index]
    )
    points = np.full(raw.size, None, dtype=object)
    points[use & ~polygon] = shapely.centroid(shapes[use & ~polygon])  # type: ignore[index]
    areas = shapes[polygon]  # type: ignore[index]
    broken = ~shapely.is_valid(areas)
    areas[broken] = shapely.make_valid(areas[broken])
    points[polygon] = shapely.point_on_surface(areas)
    x, y = shapely.get_x(points), shapely.get_y(points)
    lost = use & ~(np.isfinite(x) & np.isfinite(y))
    report.rows(raw, lost, "geometry", lambda row: "has coordinates that are no finite numbers")
    return x, y, int(polygon.sum())


def _numbers(raw: RawTable, header: str, optional: NDArray[Any], report: Report) -> Floats:
    """Degrees in a column, NaN after a complaint or where ``optional`` (N,) rows have none."""
    cells = raw.columns[header]
    values = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(np.float64)
    bad = ~np.isfinite(values) & ~(optional & ~raw.filled(header))

    def say(row: int) -> str:
        text = raw.cell(header, row)
        if text == "":
            return "the cell is empty; degrees are expected"
        comma = ": write a decimal point, not a comma" if "," in text else ""
        return f"{text!r} is not a number (degrees){comma}"

    report.rows(raw, bad, header, say)
    return np.where(bad, np.nan, values)
