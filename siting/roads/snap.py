"""Points on the sphere, measured in metres and never in degrees, and nodes for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siting.roads.graph import Roads

Floats = NDArray[np.float64]

EARTH_M = 6_371_008.8
"""Mean earth radius in metres (IUGG)."""


def metres(lat: Floats, lon: Floats, to_lat: Floats, to_lon: Floats) -> Floats:
    """Great-circle distance in metres between points in degrees (haversine), elementwise."""
    a, b = np.radians(lat), np.radians(to_lat)
    half = np.sin((b - a) / 2) ** 2
    half = half + np.cos(a) * np.cos(b) * np.sin(np.radians(to_lon - lon) / 2) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=np.float64)


def unit(lat: Floats, lon: Floats) -> Floats:
    """Points on the unit sphere, (N, 3): the nearest by chord is the nearest by great circle."""
    a, b = np.radians(lat), np.radians(lon)
    return np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)))


def degrees(points: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude of points on the unit sphere, (N, 3), as (N,) each."""
    x, y, z = points.T
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def with_nodes(roads: Roads, ids: NDArray[np.object_], lat: Floats, lon: Floats) -> Roads:
    """The graph with N more nodes, numbered after its own.

    Args:
        roads: the graph.
        ids: (N,) text, new to the graph. Where the ids of the graph are whole numbers the new ones
            are not these but numbers too, counting down from below :func:`lowest_id`.
        lat, lon: (N,) degrees.
    """
    new = ids if roads.ids.dtype == object else lowest_id(roads) - 1 - np.arange(len(ids))
    return replace(
        roads,
        ids=np.concatenate((roads.ids, new)),
        lat=np.concatenate((roads.lat, lat)),
        lon=np.concatenate((roads.lon, lon)),
    )


def lowest_id(roads: Roads) -> int:
    """The lowest id if ids are whole numbers and some are negative, else 0."""
    return 0 if roads.ids.dtype == object else int(roads.ids.min(initial=0))
