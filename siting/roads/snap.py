"""Points that are not on the road network: their nearest nodes, and edges that link them to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siting.roads.graph import Roads

Floats = NDArray[np.float64]
Nodes = NDArray[np.int32]

EARTH_M = 6_371_008.8
"""Mean earth radius in metres (IUGG)."""


def connected(roads: Roads) -> NDArray[np.bool_]:
    """Nodes that have an edge, (V,)."""
    has = np.zeros(len(roads.ids), dtype=bool)
    has[roads.tail] = True
    has[roads.head] = True
    return has


def snap(lat: Floats, lon: Floats, roads: Roads) -> tuple[Nodes, Floats]:
    """The nearest road node that has an edge.

    Args:
        lat, lon: (N,) degrees, finite.
        roads: with at least one edge between nodes of known coordinates.

    Returns:
        (N,) node index and (N,) straight-line metres to it on the sphere.
    """
    usable = np.flatnonzero(connected(roads) & np.isfinite(roads.lat) & np.isfinite(roads.lon))
    tree = cKDTree(_unit(roads.lat[usable], roads.lon[usable]))
    _, nearest = tree.query(_unit(lat, lon))
    node = usable[nearest].astype(np.int32)
    return node, metres(lat, lon, roads.lat[node], roads.lon[node])


def with_nodes(roads: Roads, ids: NDArray[np.object_], lat: Floats, lon: Floats) -> Roads:
    """The graph with N more nodes, numbered after its own; their ids must be new to it."""
    return replace(
        roads,
        ids=np.concatenate((roads.ids, ids)),
        lat=np.concatenate((roads.lat, lat)),
        lon=np.concatenate((roads.lon, lon)),
    )


def with_links(
    roads: Roads, node: Nodes, to: Nodes, ms: NDArray[np.int32], length: NDArray[np.int32]
) -> Roads:
    """The graph with N more edges there and back, of no class; none of them may be there yet.

    Args:
        roads: the graph.
        node, to: (N,) the two ends.
        ms: (N,) car ms, > 0, the same both ways.
        length: (N,) metres, the same both ways.
    """
    tail = np.concatenate((roads.tail, node, to))
    head = np.concatenate((roads.head, to, node))
    order = np.lexsort((head, tail))
    unknown = np.full(2 * len(node), -1, dtype=np.int16)
    return replace(
        roads,
        tail=tail[order],
        head=head[order],
        ms=np.concatenate((roads.ms, ms, ms))[order],
        klass=np.concatenate((roads.klass, unknown))[order],
        metres=np.concatenate((roads.metres, length, length))[order],
    )


def metres(lat: Floats, lon: Floats, to_lat: Floats, to_lon: Floats) -> Floats:
    """Great-circle distance in metres between points in degrees (haversine), elementwise."""
    a, b = np.radians(lat), np.radians(to_lat)
    half = np.sin((b - a) / 2) ** 2
    half = half + np.cos(a) * np.cos(b) * np.sin(np.radians(to_lon - lon) / 2) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=np.float64)


def _unit(lat: Floats, lon: Floats) -> Floats:
    """Points on the unit sphere, (N, 3): the nearest by chord is the nearest by great circle."""
    a, b = np.radians(lat), np.radians(lon)
    return np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)))
