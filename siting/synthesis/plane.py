"""The map plane of the generator: a conformal conic projection, true to scale within 0.2 %."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
DECIMALS = 4
"""Of degrees in the tables: 11 m, finer than anything here is known."""

_PARALLELS = np.radians([46.0, 51.0])
_MERIDIAN = 31.0

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
Points = NDArray[np.float64]
"""(N, 2) km east and north on the plane."""


def _cone(lat: Floats) -> Floats:
    return np.tan(np.pi / 4 + lat / 2)


_SOUTH, _NORTH = _cone(_PARALLELS)
_N = float(np.log(np.divide(*np.cos(_PARALLELS))) / np.log(_NORTH / _SOUTH))
_F = float(EARTH_KM * np.cos(_PARALLELS[0]) * _SOUTH**_N / _N)


def to_plane(lat: Floats, lon: Floats) -> Points:
    """Project degrees to km (Lambert conformal conic on the sphere; Snyder 1987, section 15)."""
    radius = _F / _cone(np.radians(lat)) ** _N
    angle = _N * np.radians(np.asarray(lon) - _MERIDIAN)
    return np.column_stack([radius * np.sin(angle), -radius * np.cos(angle)])


def to_degrees(points: Points) -> tuple[Floats, Floats]:
    """Latitude and longitude of points of the plane."""
    radius = np.hypot(points[:, 0], points[:, 1])
    lat = 2 * np.arctan((_F / radius) ** (1 / _N)) - np.pi / 2
    lon = np.arctan2(points[:, 0], -points[:, 1]) / _N
    return np.degrees(lat), np.degrees(lon) + _MERIDIAN


def great_circle_km(lat: Floats, lon: Floats, to_lat: Floats, to_lon: Floats) -> Floats:
    """Great-circle distances in km by the haversine formula."""
    phi, to_phi = np.radians(lat), np.radians(to_lat)
    half = (
        np.sin((to_phi - phi) / 2) ** 2
        + np.cos(phi) * np.cos(to_phi) * np.sin(np.radians(np.asarray(to_lon) - lon) / 2) ** 2
    )
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(half)))


def distance_to_line(points: Points, line: Points) -> Floats:
    """Least km from each of N points to a polyline of M corners, (N,)."""
    start, step = line[:-1], np.diff(line, axis=0)
    away = points[:, None, :] - start
    along = np.clip((away * step).sum(2) / (step**2).sum(1), 0, 1)
    return np.asarray(np.linalg.norm(away - along[:, :, None] * step, axis=2).min(axis=1))


def crossings(start: Points, end: Points, line: Points) -> tuple[Longs, Points]:
    """Where N segments cross a polyline.

    Returns:
        index of each crossing segment (K,), and its crossing point (K, 2); a segment that crosses
        several times comes several times.
    """
    segments, points = [], []
    span = end - start
    for corner, step in zip(line[:-1], np.diff(line, axis=0), strict=True):
        turn = span[:, 0] * step[1] - span[:, 1] * step[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            away = corner - start
            t = (away[:, 0] * step[1] - away[:, 1] * step[0]) / turn
            u = (away[:, 0] * span[:, 1] - away[:, 1] * span[:, 0]) / turn
        hit = np.flatnonzero((t >= 0) & (t <= 1) & (u >= 0) & (u <= 1))
        segments.append(hit)
        points.append(start[hit] + t[hit, None] * span[hit])
    return np.concatenate(segments), np.concatenate(points)
