"""Outlines of areas: rings from ways, their middle, and what lies inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siting.roads.snap import metres

Floats = NDArray[np.float64]
Line = tuple[Floats, Floats]
"""Latitudes and longitudes of the nodes of a way, in degrees."""


@dataclass(frozen=True)
class Outline:
    """The outer rings of an area.

    Attributes:
        lat: per ring (N,) degrees; a ring need not repeat its first node at its end.
        lon: per ring (N,) degrees, unbroken across the antimeridian: they may leave -180 to 180.
    """

    lat: tuple[Floats, ...]
    lon: tuple[Floats, ...]

    def middle(self) -> tuple[float, float]:
        """Centroid of the area in degrees; of its nodes where it has no area."""
        areas, lats, lons = [], [], []
        for lat, lon in zip(self.lat, self.lon, strict=True):
            # Around the first node, so that small rings far from 0, 0 keep their digits.
            v, u = lat - lat[0], lon - lon[0]
            cross = u * np.roll(v, -1) - np.roll(u, -1) * v
            area = cross.sum() / 2
            if abs(area) < 1e-14:
                areas.append(0.0)
                lats.append(float(lat.mean()))
                lons.append(float(lon.mean()))
                continue
            areas.append(abs(float(area)))
            lats.append(float(lat[0] + ((v + np.roll(v, -1)) * cross).sum() / (6 * area)))
            lons.append(float(lon[0] + ((u + np.roll(u, -1)) * cross).sum() / (6 * area)))
        weight = areas if sum(areas) > 0 else [1.0] * len(areas)
        lat_, lon_ = np.average(lats, weights=weight), np.average(lons, weights=weight)
        return float(lat_), _within_180(float(lon_))

    def reach(self, lat: float, lon: float) -> float:
        """Metres from a point to the farthest node."""
        y, x = np.concatenate(self.lat), np.concatenate(self.lon)
        return float(metres(np.full_like(y, lat), np.full_like(x, lon), y, x).max())

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point lies inside (even-odd rule over all rings)."""
        inside = False
        for y, x in zip(self.lat, self.lon, strict=True):
            u = x[0] + _within_180(lon - x[0])
            y2, x2 = np.roll(y, -1), np.roll(x, -1)
            crosses = (y > lat) != (y2 > lat)
            at = x[crosses] + (lat - y[crosses]) / (y2 - y)[crosses] * (x2 - x)[crosses]
            inside ^= bool((u < at).sum() % 2)
        return inside


def outline(lines: Sequence[Line]) -> Outline:
    """Outer rings from ways that are rings, or that join at their ends to rings.

    Ways that do not close (an extract may cut them) stay open lines, closed straight.

    Args:
        lines: at least one, each of at least one node.
    """
    rings = _join(list(lines))
    first = rings[0][1][0]
    lats, lons = [], []
    for lat, lon in rings:
        # Steps across the antimeridian are short ones; all rings begin near the first.
        steps = (np.diff(lon) + 180) % 360 - 180
        start = first + _within_180(lon[0] - first)
        lats.append(lat)
        lons.append(np.concatenate(([start], start + np.cumsum(steps))))
    return Outline(tuple(lats), tuple(lons))


def _join(lines: list[Line]) -> list[Line]:
    """Join lines end to end; each starts from the first one left, so that the order is settled."""
    rings = []
    while lines:
        lat, lon = lines.pop(0)
        while not _meets((lat, lon), -1, (lat, lon), 0) or len(lat) == 1:
            found = next(
                (
                    (k, end)
                    for k, other in enumerate(lines)
                    for end in (0, -1)
                    if _meets((lat, lon), -1, other, end)
                ),
                None,
            )
            if found is None:
                break
            y, x = lines.pop(found[0])
            if found[1] == -1:
                y, x = y[::-1], x[::-1]
            lat, lon = np.concatenate((lat, y[1:])), np.concatenate((lon, x[1:]))
        rings.append((lat, lon))
    return rings


def _meets(one: Line, end: int, other: Line, start: int) -> bool:
    """Whether an end of one line is an end of another: exactly, both come from one node."""
    return bool(one[0][end] == other[0][start] and one[1][end] == other[1][start])


def _within_180(lon: float) -> float:
    """The same longitude from -180 to under 180."""
    return (lon + 180) % 360 - 180
