"""Road lines into a road graph: cut where they meet, measured on the ellipsoid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.instance.arrays import Flags, Floats, Longs
from siting.instance.raw import RawTable, Report
from siting.readers.extras import extra
from siting.readers.osm.speeds import CLASSES
from siting.readers.vector.columns import find_columns, in_words, there_are
from siting.readers.vector.layers import Opened, degrees, off_the_map, off_words, open_layer
from siting.readers.vector.maxspeed import first_word, kmh_of
from siting.roads.graph import MAX_METRES, MAX_MS, Roads, fastest
from siting.roads.snap import metres as metres_between

MEET_DEGREES = 1e-6
"""Vertices in one cell of this size, 0.11 m, are one; so are all that are half of it apart or less."""

_FORWARD = ("1", "yes", "true", "f", "ft")
_BACKWARD = ("-1", "reverse", "t", "tf")
_BOTH = ("", "0", "no", "false", "b", "reversible", "alternating")
BEND, SHORT_M = 1.1, 50.0
"""A piece longer than the straight line between its ends by a tenth, and than 50 m, is cut in two at a
vertex, so that what stands beside it meets it where it is."""

_LINE, _LINES = 1, 5
_MOST_CLASSES = 10_000
_TURN = round(360 / MEET_DEGREES)


@dataclass(frozen=True)
class Lines:
    """A road layer as a graph.

    Attributes:
        roads: its node ids are ``node 1`` and so on.
        said: what was read and how it was understood.
    """

    roads: Roads
    said: str


@dataclass(frozen=True)
class _Path:
    """The vertices of all lines one after the other.

    Attributes:
        lon, lat: (M,) degrees.
        row: (M,) row of the layer.
        first: (M,) True where a line begins.
    """

    lon: Floats
    lat: Floats
    row: Longs
    first: Flags


def read_lines(source: object, overrides: Mapping[str, str], report: Report) -> Lines | None:
    """Read roads from a layer of lines.

    Lines meet at their ends and at vertices they share, within 5 cm; lines that merely cross, as on a
    bridge, do not. A row's ``minutes`` are those of its whole length; else its ``kmh`` count, else the
    speed that the OpenStreetMap reader gives its ``class`` and ``maxspeed``. ``oneway`` is yes, true,
    1, F or FT along the line, -1, T or TF against it.

    Args:
        source: see :func:`siting.readers.vector.layers.open_layer`; LineString or MultiLineString.
        overrides: see :func:`siting.readers.vector.columns.check_overrides`.
        report: receives every complaint.

    Returns:
        The graph; None after a complaint that leaves nothing to work with.
    """
    opened = open_layer(source, "roads", report)
    if opened is None:
        return None
    raw = opened.raw
    if opened.geometry is None:
        what = "has no geometry; roads are lines, a GraphML file, or a table of times (od)"
        report.add(raw.where, what, raw.header())
        return None
    headers = find_columns(raw, "roads", overrides, report)
    before = len(report.complaints)
    path = _vertices(opened, report)
    kmh, minutes, klass, assumed = _speeds(raw, headers, report)
    direction = _directions(raw, headers, report)
    if path is None or len(report.complaints) > before:
        return None
    roads = _graph(path, kmh, minutes, klass, direction, report, raw)
    if roads is None:
        return None
    turned = "" if opened.crs.to_epsg() == 4326 else f", reprojected from {opened.crs.name}"
    speeds = f" {assumed:,} lines without a speed got one from their class and limit." if assumed else ""
    said = (
        f"roads: {opened.what}{turned}{in_words(headers, ', with ')}. Lines meet at their ends and at shared "
        f"vertices, within 5 cm, and are cut where they bend: {len(roads.ids):,} nodes.{speeds}"
    )
    return Lines(roads, said)


def _vertices(opened: Opened, report: Report) -> _Path | None:
    """Vertices of every line in degrees; None after a complaint."""
    shapely = extra("shapely", "geo")
    shapes, raw = opened.geometry, opened.raw
    assert shapes is not None  # the caller has seen to it
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    other = ~missing & ~np.isin(shapely.get_type_id(shapes), (_LINE, _LINES))
    report.rows(raw, missing, "geometry", lambda row: "has no geometry; a line is needed")
    report.rows(
        raw,
        other,
        "geometry",
        lambda row: f"is a {shapes[row].geom_type}, but a road is a line",
    )
    lines = shapes.copy()
    lines[missing | other] = None
    parts, row = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    if not len(points):
        report.add(raw.where, "has no line", raw.header())
        return None
    placed = degrees(opened, points[:, 0], points[:, 1], report)
    if placed is None:
        return None
    lon, lat = placed
    off = off_the_map(lon, lat) | ~np.isfinite(lon) | ~np.isfinite(lat)
    rows, first = row[part], np.append(True, np.diff(part) != 0)
    at = np.full(raw.size, -1, dtype=np.int64)
    at[rows[off]] = np.flatnonzero(off)
    say = off_words(opened, lon, lat)
    report.rows(raw, at >= 0, "geometry", lambda row: say(int(at[row])))
    return _Path(lon, lat, rows, first)


def _speeds(
    raw: RawTable, headers: Mapping[str, str], report: Report
) -> tuple[Floats, Floats, NDArray[np.object_], int]:
    """Speed, minutes (NaN where there are none) and class of every row, and how many speeds are assumed."""
    klass = _each(_cells(raw, headers, "class"), first_word)
    minutes = _each(_cells(raw, headers, "minutes"), _positive).astype(np.float64)
    given = _each(_cells(raw, headers, "kmh"), _positive).astype(np.float64)
    pairs = list(zip(klass, _cells(raw, headers, "maxspeed"), strict=True))
    usual = {pair: kmh_of(pair[0].casefold(), pair[1]) for pair in set(pairs)}
    kmh = np.where(np.isnan(given), np.array([usual[pair] for pair in pairs]), given)
    none = np.isnan(kmh) & np.isnan(minutes)
    known = ", ".join(CLASSES)
    if none.all():
        what = f"no speed: expected is one of the columns kmh, maxspeed, minutes, or a class of {known}"
        report.add(raw.where, f"{what}{there_are(raw)}", raw.header())
    else:
        say = "has neither minutes nor a speed in km/h, and its class {!r} is none of {}"
        report.rows(raw, none, None, lambda row: say.format(klass[row], known))
    wild = (kmh > 200) & np.isnan(minutes)
    report.rows(raw, wild, headers.get("kmh"), lambda row: f"{kmh[row]:g} km/h must be at most 200")
    if len(set(klass)) > _MOST_CLASSES:
        what = (
            f"{len(set(klass)):,} classes of roads are more than {_MOST_CLASSES:,}; is this the right column?"
        )
        report.add(raw.where, what, raw.header(), headers.get("class"))
    return kmh, minutes, klass, int((np.isnan(given) & np.isnan(minutes)).sum())


def _cells(raw: RawTable, headers: Mapping[str, str], column: str) -> NDArray[np.object_]:
    """A column as (N,) text, empty where there is none."""
    header = headers.get(column, "=")
    return np.full(raw.size, header[1:], object) if header.startswith("=") else raw.text(header)


def _each(words: NDArray[np.object_], how: Callable[[str], object]) -> NDArray[np.object_]:
    """A function of every word, worked out once for each distinct one, (N,)."""
    known = {word: how(word) for word in set(words)}
    return np.array([known[word] for word in words], dtype=object)


def _positive(word: str) -> float:
    """A number above 0, or NaN."""
    try:
        value = float(word)
    except ValueError:
        return np.nan
    return value if 0 < value <= MAX_MS / 60_000 else np.nan


def _directions(raw: RawTable, headers: Mapping[str, str], report: Report) -> NDArray[np.int8]:
    """1 along the line only, -1 against it only, 0 both ways; (N,)."""
    words = _each(_cells(raw, headers, "oneway"), str.casefold)
    forward, backward = np.isin(words, _FORWARD), np.isin(words, _BACKWARD)
    wrong = ~(forward | backward | np.isin(words, _BOTH))
    expected = "yes, no or -1 (true, false; F, T, B)"
    report.rows(
        raw,
        wrong,
        headers.get("oneway"),
        lambda row: f"{words[row]!r} says no direction; expected: {expected}",
    )
    return forward.astype(np.int8) - backward.astype(np.int8)


def _graph(
    path: _Path,
    kmh: Floats,
    minutes: Floats,
    klass: NDArray[np.object_],
    direction: NDArray[np.int8],
    report: Report,
    raw: RawTable,
) -> Roads | None:
    """The graph of all lines; None after a complaint."""
    point = _meeting(path.lon, path.lat)
    step = (
        extra("pyproj", "geo")
        .Geod(ellps="WGS84")
        .inv(path.lon[:-1], path.lat[:-1], path.lon[1:], path.lat[1:])
    )
    metres = np.append(0.0, step[2])
    metres[path.first] = 0.0
    tail, head, row, length = _pieces(path, point, metres)
    if not len(tail):
        report.add(raw.where, "no line leads from one place to another", raw.header())
        return None
    whole = np.bincount(path.row, weights=metres, minlength=raw.size)
    share = length / whole[row]
    ms = np.rint(np.where(np.isnan(minutes[row]), 3600 * length / kmh[row], 60_000 * minutes[row] * share))
    bad = np.zeros(raw.size, dtype=bool)
    bad[row[(ms > MAX_MS) | (length > MAX_METRES)]] = True
    report.rows(raw, bad, None, lambda at: "takes more than 24 days; its length or speed cannot be right")
    ms = np.clip(ms, 1, MAX_MS).astype(np.int32)
    names = sorted({name for name in klass if name})
    number = {name: position for position, name in enumerate(names)}
    kind = np.array([number.get(name, -1) for name in klass], dtype=np.int16)[row]
    there, back = direction[row] >= 0, direction[row] <= 0
    nodes, ends = np.unique(np.concatenate((tail, head)), return_inverse=True)
    start, end = ends[: len(tail)].astype(np.int32), ends[len(tail) :].astype(np.int32)
    a, b = np.concatenate((start[there], end[back])), np.concatenate((end[there], start[back]))
    both = np.concatenate((np.flatnonzero(there), np.flatnonzero(back)))
    keep = fastest(a, b, ms[both])
    edge = both[keep]
    ids = np.array([f"node {number + 1}" for number in range(len(nodes))], dtype=object)
    long = np.rint(length[edge]).clip(max=MAX_METRES).astype(np.int32)
    return Roads(
        ids, path.lat[nodes], path.lon[nodes], a[keep], b[keep], ms[edge], tuple(names), kind[edge], long
    )


def _pieces(path: _Path, point: Longs, metres: Floats) -> tuple[Longs, Longs, Longs, Floats]:
    """Ends, row and length of the pieces of all lines; pieces that end where they begin are left out."""
    new = path.first.copy()
    new[1:] |= point[1:] != point[:-1]
    at = np.flatnonzero(new)  # vertices, of equal ones in a row only the first
    first, far = path.first[at], np.cumsum(metres)[at]
    shared = np.bincount(point[at], minlength=len(point)) > 1
    end = np.zeros(len(point), dtype=bool)
    end[point[at[first | np.append(first[1:], True)]]] = True
    cut = _cut_bends((shared | end)[point[at]], first, far, path.lat[at], path.lon[at])
    here, there = cut[:-1], cut[1:]
    apart = ~first[there] & (point[at[here]] != point[at[there]])
    here, there = here[apart], there[apart]
    return point[at[here]], point[at[there]], path.row[at[here]], far[there] - far[here]


def _cut_bends(chosen: Flags, first: Flags, far: Floats, lat: Floats, lon: Floats) -> Longs:
    """Vertices at which the lines are cut: more, near the middle of pieces that bend, until none does.

    Args:
        chosen: vertices at which they are cut anyway.
        first, far, lat, lon: of every vertex: whether a line begins, metres from the very first, degrees.
    """
    chosen = chosen.copy()
    while True:
        cut = np.flatnonzero(chosen)
        here, there = cut[:-1], cut[1:]
        length = far[there] - far[here]
        bends = length > BEND * metres_between(lat[here], lon[here], lat[there], lon[there])
        bends &= ~first[there] & (there - here > 1) & (length > SHORT_M)
        if not bends.any():
            return cut
        here, there = here[bends], there[bends]
        middle = np.searchsorted(far, (far[here] + far[there]) / 2)
        chosen[np.clip(middle, here + 1, there - 1)] = True


def _meeting(lon: Floats, lat: Floats) -> Longs:
    """For each vertex the first one it is one with, (M,).

    Points that share a cell in one of four grids, shifted by half a cell, are one: so any two are
    that are within half a cell in both directions. Longitude -180 is 180, and at the poles all are one.
    """
    size = len(lon)
    east, north = (lon + 180) / MEET_DEGREES, (lat + 90) / MEET_DEGREES
    east = np.where(np.abs(lat) > 90 - MEET_DEGREES / 2, 0, east)
    cells, count = [], 0
    for shift in (0.0, 0.5):
        for lift in (0.0, 0.5):
            column = np.floor(east + shift).astype(np.int64) % _TURN
            key = np.floor(north + lift).astype(np.int64) * _TURN + column
            _, cell = np.unique(key, return_inverse=True)
            cells.append(cell + count)
            count += int(cell.max()) + 1
    rows = np.tile(np.arange(size), 4)
    link = coo_array(
        (np.ones(4 * size, dtype=np.int8), (rows, size + np.concatenate(cells))), shape=(size + count,) * 2
    )
    _, group = connected_components(link, directed=False)
    _, first, inverse = np.unique(group[:size], return_index=True, return_inverse=True)
    return np.asarray(first[inverse], dtype=np.int64)
