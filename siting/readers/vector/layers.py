"""Layers as planners have them: vector files and frames, with their geometry in degrees WGS 84."""

from __future__ import annotations

import re
import sys
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.errors import did_you_mean
from siting.instance.arrays import Floats
from siting.instance.raw import RawTable, Report, from_frame
from siting.readers.csv_file import read_csv
from siting.readers.extras import extra

MOST_BYTES = 4_000_000_000
"""Largest file read, unpacked; of text files (GeoJSON, CSV), which are held in memory, a quarter."""

MOST_FEATURES = 5_000_000
"""Most features of one layer."""

_TEXT = (".csv", ".geojson", ".json")
_MAGIC = {".gpkg": b"SQLite format 3\0", ".shp": b"\x00\x00\x27\x0a", ".zip": b"PK", ".parquet": b"PAR1"}
_VECTOR = (".gpkg", ".geojson", ".json", ".shp", ".zip")
_SUFFIXES = (*_VECTOR, ".parquet", ".csv")
_BROKEN = (RuntimeError, ValueError, OSError, KeyError, UnboundLocalError, zipfile.BadZipFile)
"""What pyogrio (about a .prj that is no text: UnboundLocalError), pyarrow and zipfile raise about broken
files; UnicodeError is a ValueError."""


@dataclass(frozen=True)
class Opened:
    """A layer as it is in the file.

    Attributes:
        raw: its columns without the geometry, N rows.
        geometry: (N,) shapely geometries in degrees or in units of the CRS; None for a plain table.
        crs: pyproj CRS, or None where there is none.
        what: words for the file and layer.
    """

    raw: RawTable
    geometry: NDArray[np.object_] | None
    crs: Any
    what: str


def open_layer(source: object, name: str, report: Report) -> Opened | None:
    """Open a layer.

    Args:
        source: path of a GeoPackage (``file.gpkg`` or ``file.gpkg:layer``), GeoJSON, Shapefile (also
            zipped), GeoParquet, CSV or Parquet table; or a GeoDataFrame or DataFrame.
        name: what a frame is called in complaints: places, facilities, candidates or roads.
        report: receives a complaint about everything that is not such a thing.

    Returns:
        The layer, or None after a complaint.
    """
    if isinstance(source, pd.DataFrame):
        return _opened(source, name, f"a frame of {len(source):,} rows", report)
    if not isinstance(source, str | Path):
        report.add(name, f"must be a path, a GeoDataFrame or a DataFrame, not {type(source).__name__}")
        return None
    path, layer = _split(str(source))
    where = str(source)
    if not _readable(path, where, report):
        return None
    suffix = _suffix(path)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            if suffix == ".csv":
                opened = _csv(path, where, report)
            elif suffix == ".parquet":
                opened = _parquet(path, where, report)
            else:
                opened = _vector(path, layer, where, report)
        except _broken() as error:
            words = " ".join(str(error).split())
            report.add(where, f"cannot be read; it is damaged or not what its name says: {words}")
            return None
    report.warnings += dict.fromkeys(f"{where}: {one.message}" for one in heard)
    return opened


def _broken() -> tuple[type[Exception], ...]:
    """What libraries raise about broken files; shapely, about rings that are not closed, its own."""
    shapely = sys.modules.get("shapely")
    return _BROKEN if shapely is None else (*_BROKEN, shapely.errors.ShapelyError)


def degrees(opened: Opened, x: Floats, y: Floats, report: Report) -> tuple[Floats, Floats] | None:
    """Longitude and latitude of points of a layer, (N,) each; NaN where there are none.

    Args:
        opened: the layer they are of, with its CRS.
        x, y: (N,) coordinates in the units of the CRS, NaN where there are none.
        report: receives a complaint about a missing or useless CRS, and one about coordinates that
            cannot be degrees.
    """
    if opened.crs is None:
        what = (
            "has no coordinate reference system, so where it lies is unknown; set the one it was made in: "
            "frame.set_crs(...), a .prj file beside the .shp, or 'Set layer CRS' and export in QGIS"
        )
        report.add(opened.raw.where, what)
        return None
    pyproj = extra("pyproj", "geo")
    try:
        there = pyproj.CRS.from_user_input(4326)
        if not opened.crs.equals(there, ignore_axis_order=True):
            turn = pyproj.Transformer.from_crs(opened.crs, there, always_xy=True)
            x, y = turn.transform(x, y, errcheck=False)
    except pyproj.exceptions.ProjError as error:
        what = f"its coordinate reference system {opened.crs.name!r} leads to no place on Earth: {error}"
        report.add(opened.raw.where, what)
        return None
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def off_the_map(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Points that are no degrees of longitude and latitude; NaN is not among them."""
    return (np.abs(lon) > 180) | (np.abs(lat) > 90)


def off_words(opened: Opened, lon: Floats, lat: Floats) -> Callable[[int], str]:
    """Words for a point that :func:`off_the_map` finds."""
    name = "degrees" if opened.crs is None else f"the layer's {opened.crs.name!r}"

    def say(row: int) -> str:
        at = f"({lon[row]:.7g}, {lat[row]:.7g})"
        if np.isfinite(lon[row]) and abs(lat[row]) <= 90 and 180 < abs(lon[row]) <= 360:
            near = (lon[row] + 180) % 360 - 180
            return f"{at} is beyond the antimeridian; write its longitude as {near:.7g}"
        if np.isfinite(lon[row]) and abs(lon[row]) <= 90 and 90 < abs(lat[row]) <= 180:
            return f"{at} is no longitude and latitude; the two look swapped"
        return (
            f"{at} is no longitude and latitude according to {name}; the coordinates are of another "
            "reference system, in metres perhaps: give the layer the one it was made in"
        )

    return say


def _split(source: str) -> tuple[Path, str | None]:
    """Path and layer of ``file.gpkg:layer``; a colon elsewhere belongs to the path."""
    found = re.fullmatch(r"(.+\.(?:gpkg|zip)):([^:/\\]+)", source, re.IGNORECASE | re.DOTALL)
    if found and not Path(source).exists():
        return Path(found[1]), found[2]
    return Path(source), None


def _suffix(path: Path) -> str:
    return {".geoparquet": ".parquet"}.get(path.suffix.casefold(), path.suffix.casefold())


def _readable(path: Path, where: str, report: Report) -> bool:
    """Whether there is such a file, of a kind and size that is read; complains if not."""
    suffix = _suffix(path)
    try:
        if path.is_dir():
            report.add(where, "is a folder; a file is expected")
        elif not path.exists():
            beside = [one.name for one in path.parent.glob("*")] if path.parent.is_dir() else []
            report.add(where, f"there is no such file{did_you_mean(path.name, beside)}")
        elif suffix not in _SUFFIXES:
            report.add(where, f"files named {suffix or 'so'} are not read; expected: {', '.join(_SUFFIXES)}")
        else:
            return _sound(path, suffix, where, report)
    except (OSError, ValueError) as error:
        report.add(where, f"cannot be read: {error}")
    return False


def _sound(path: Path, suffix: str, where: str, report: Report) -> bool:
    """Whether size and first bytes are as they should be."""
    most = MOST_BYTES // 4 if suffix in _TEXT else MOST_BYTES
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(4096)
    magic = _MAGIC.get(suffix, b"")
    start = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not size:
        report.add(where, "the file is empty")
    elif size > most:
        report.add(where, f"{size:,} bytes are more than the {most:,} that are read; cut out what is needed")
    elif not begin.startswith(magic) or (suffix in (".geojson", ".json") and not start.startswith(b"{")):
        report.add(where, f"does not begin like a {suffix} file; it is damaged or of another kind")
    else:
        return True
    return False


def _csv(path: Path, where: str, report: Report) -> Opened | None:
    raw = read_csv(path.read_bytes(), where, report)
    return None if raw is None else Opened(raw, None, None, f"{path.name}, {raw.size:,} rows")


def _parquet(path: Path, where: str, report: Report) -> Opened | None:
    """A Parquet file with or without geometry."""
    file = extra("pyarrow.parquet", "geo").ParquetFile(path)
    rows = file.metadata.num_rows
    if _too_many(rows, where, report):
        return None
    located = b"geo" in (file.schema_arrow.metadata or {})
    frame = extra("geopandas", "geo").read_parquet(path) if located else pd.read_parquet(path)
    return _opened(frame, where, f"{path.name}, {rows:,} rows", report)


def _vector(path: Path, layer: str | None, where: str, report: Report) -> Opened | None:
    """One layer of a file that GDAL reads."""
    pyogrio = extra("pyogrio", "geo")
    extra("geopandas", "geo")
    inside = _inside(path, where, report) if _suffix(path) == ".zip" else str(path)
    if inside is None:
        return None
    names = [str(name) for name in pyogrio.list_layers(inside)[:, 0]]
    if layer is None and len(names) == 1:
        layer = names[0]
    if layer not in names:
        guess = did_you_mean(layer, names) if layer else ""
        what = f"there is no layer {layer!r}" if layer else f"say which layer, {path}:LAYER"
        report.add(where, f"{what}{guess}; the layers are {', '.join(names) or 'none'}")
        return None
    if _too_many(pyogrio.read_info(inside, layer=layer, force_feature_count=True)["features"], where, report):
        return None
    frame = pyogrio.read_dataframe(inside, layer=layer)
    if path.suffix.casefold() in (".geojson", ".json") and not _crs_known(path, where, report):
        return None
    _report_encoding(path, frame, where, report)
    what = path.name if len(names) == 1 else f"{path.name}, layer {layer}"
    return _opened(frame, where, f"{what}, {len(frame):,} features", report)


def _too_many(features: int, where: str, report: Report) -> bool:
    if features > MOST_FEATURES:
        report.add(where, f"{features:,} features are more than the {MOST_FEATURES:,} that are read")
    return features > MOST_FEATURES


def _inside(path: Path, where: str, report: Report) -> str | None:
    """Path, in the words of GDAL, of the one vector file in an archive."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    size = sum(member.file_size for member in members)
    found = [member.filename for member in members if Path(member.filename).suffix.lower() in _VECTOR[:-1]]
    if size > MOST_BYTES:
        report.add(where, f"unpacks to {size:,} bytes, more than the {MOST_BYTES:,} that are read")
    elif len(found) != 1:
        expected = f"one of {', '.join(_VECTOR[:-1])} is expected"
        report.add(where, f"holds {', '.join(found[:5]) or 'no layer'}; {expected}")
    else:
        return f"/vsizip/{path}/{found[0]}"
    return None


def _report_encoding(path: Path, frame: Any, where: str, report: Report) -> None:
    """Warn about letters in a Shapefile that does not say how they are encoded."""
    if _suffix(path) == ".zip":
        with zipfile.ZipFile(path) as archive:
            beside = archive.namelist()
    else:
        beside = [one.name for one in path.parent.glob(f"{path.stem}.*")]
    suffixes = {Path(one).suffix.casefold() for one in beside}
    if ".shp" not in suffixes or ".cpg" in suffixes or _suffix(path) not in (".shp", ".zip"):
        return
    for column in frame.columns[[kind in ("object", "str") for kind in frame.dtypes.astype(str)]]:
        for word in frame[column]:
            if isinstance(word, str) and not word.isascii():
                report.warnings.append(
                    f"{where}: no .cpg file says how its letters are encoded; is {word!r} right? If not, put "
                    "one beside it with a line such as UTF-8 or CP1251"
                )
                return


_CRS = re.compile(rb'"crs"\s*:\s*\{[^{}]*\{[^{}]*"name"\s*:\s*"([^"]*)"')


def _crs_known(path: Path, where: str, report: Report) -> bool:
    """Whether GDAL can have understood the crs member of a GeoJSON file; it takes WGS 84 if not.

    RFC 7946 knows WGS 84 only; the older specification of 2008 had this member, before or after the
    features.
    """
    with path.open("rb") as file:
        begin = file.read(1 << 16)
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        found = _CRS.search(begin) or _CRS.search(file.read())
    if found is None:
        return True
    pyproj = extra("pyproj", "geo")
    name = found[1].decode("utf-8", "replace")
    try:
        pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError:
        report.add(where, f"its reference system {name!r} is not known; write e.g. EPSG:32636", column="crs")
        return False
    return True


def _opened(frame: Any, where: str, what: str, report: Report) -> Opened | None:
    """Take the columns of a frame, and its active geometry if it has one."""
    geometry, crs = None, None
    if hasattr(frame, "active_geometry_name"):
        name = frame.active_geometry_name
        if name is None:
            report.add(where, "has no active geometry column; frame.set_geometry(...) says which it is")
            return None
        geometry, crs = np.asarray(frame[name].array, dtype=object), frame.crs
        shapes = [one for one, kind in frame.dtypes.items() if str(kind) == "geometry"]
        frame = pd.DataFrame(frame.drop(columns=shapes))
    raw = from_frame(where, frame, report)
    return None if raw is None else Opened(raw, geometry, crs, what)
