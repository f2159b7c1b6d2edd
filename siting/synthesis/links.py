"""Which places are joined by a road: a Gabriel graph, cut by rivers and ridges."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError, cKDTree

from siting.synthesis.globe import arcs, unfolded
from siting.synthesis.plane import Flags, Floats, Longs, Points, crossings, distance_to_line, to_plane

LONGEST_KM = 40.0

Links = Longs
"""(E, 2) indices of points, the lower one first, sorted."""


def gabriel(points: Points) -> Links:
    """The Gabriel graph: two points are linked if the disc between them holds no other.

    Source: Gabriel, Sokal (1969), Systematic Zoology 18: 259-278; its links are Delaunay edges
    whose disc holds neither opposite corner (Matula, Sokal 1980). On the globe a disc is the cap
    with the great circle between the two as its diameter, and the same dot product tells.

    Args:
        points: (N, 2) on the plane, or (N, 3) on the globe, no two of them at one spot.
    """
    flat = points if points.shape[1] == 2 else unfolded(points)
    if len(points) < 3:
        return _chain(flat)
    try:
        corners = Delaunay(flat).simplices
    except QhullError:  # all on one line
        return _chain(flat)
    sides = np.sort(np.concatenate([corners[:, [1, 2]], corners[:, [0, 2]], corners[:, [0, 1]]]), axis=1)
    opposite = np.concatenate([corners[:, 0], corners[:, 1], corners[:, 2]])
    to_start, to_end = points[sides[:, 0]] - points[opposite], points[sides[:, 1]] - points[opposite]
    inside = (to_start * to_end).sum(1) < 0
    keys = sides[:, 0].astype(np.int64) * len(points) + sides[:, 1]
    kept = np.setdiff1d(keys, keys[inside])
    return np.column_stack(np.divmod(kept, len(points)))


def _chain(points: Points) -> Links:
    """Each point of a line linked to the next, (N - 1, 2)."""
    away = points - points.mean(axis=0)
    axis = away[np.argmax((away**2).sum(axis=1))]
    order = np.argsort(away @ axis, kind="stable")
    links = np.sort(np.column_stack([order[:-1], order[1:]]), axis=1)
    return links[np.lexsort(links.T[::-1])]


def lengths(points: Points, links: Links) -> Floats:
    """Straight km of each link; by great circle where the points lie on the globe."""
    straight = np.asarray(np.linalg.norm(points[links[:, 0]] - points[links[:, 1]], axis=1))
    return straight if points.shape[1] == 2 else arcs(straight)


def road_links(points: Points, geography: dict[str, Any]) -> Links:
    """Links up to 40 km that cross no barrier but at its bridges and passes, made connected."""
    links = gabriel(points)
    links = links[lengths(points, links) <= LONGEST_KM]
    links = links[~_blocked(points, links, geography)]
    return connected(points, links, geography)


def barriers(geography: dict[str, Any]) -> list[tuple[Points, Points, Floats]]:
    """Per barrier its line (M, 2) and its crossings: places (K, 2) and radii (K,), in km."""
    found = []
    for entry in geography.values():
        if isinstance(entry, dict) and "crossings" in entry:
            line, gates = np.array(entry["line"]), np.array(entry["crossings"])
            found.append((to_plane(*line.T), to_plane(gates[:, 0], gates[:, 1]), gates[:, 2]))
    return found


def mountainous(points: Points, geography: dict[str, Any]) -> Flags:
    """Whether points lie in the Carpathians, (N,)."""
    axis = geography["carpathian_axis"]
    line = to_plane(*np.array(axis["line"]).T)
    return np.asarray(distance_to_line(points, line) <= axis["slow_within_km"])


def _blocked(points: Points, links: Links, geography: dict[str, Any]) -> Flags:
    blocked = np.zeros(len(links), dtype=bool)
    for line, gates, radii in barriers(geography):
        index, where = crossings(points[links[:, 0]], points[links[:, 1]], line)
        away = np.linalg.norm(where[:, None, :] - gates, axis=2)
        blocked[index[~(away <= radii).any(1)]] = True
    return blocked


def connected(points: Points, links: Links, geography: dict[str, Any] | None = None) -> Links:
    """Join what the cuts left apart: each island by its shortest link to the mainland.

    Args:
        points: (V, 2) on the plane or (V, 3) on the globe.
        links: (E, 2).
        geography: barriers, which the joining links cross only where there is no other way.
    """
    while True:
        count, label = connected_components(
            coo_array((np.ones(len(links)), links.T), shape=(len(points), len(points))), directed=False
        )
        if count == 1:
            return links
        island = label == np.bincount(label).argmin()
        inner, outer = np.flatnonzero(island), np.flatnonzero(~island)
        # A list of ks keeps the answer two-dimensional even when there is one node outside.
        found = cKDTree(points[outer]).query(points[inner], k=[*range(1, min(64, len(outer)) + 1)])
        far, near = np.asarray(found[0]), np.asarray(found[1])
        tried = np.column_stack([np.repeat(inner, near.shape[1]), outer[near.ravel()]])
        blocked = _blocked(points, tried, geography or {})
        order = np.argsort(far.ravel() + 1e6 * blocked, kind="stable")
        bridge = np.sort(tried[order[:1]], axis=1)
        links = np.unique(np.vstack([links, bridge]), axis=0)
