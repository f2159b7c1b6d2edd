"""The nearest point of a road graph: exact over all its edges, on the sphere, in metres."""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siting.roads.snap import EARTH_M, unit

Floats = NDArray[np.float64]
Nodes = NDArray[np.int32]

_SHORT_M = 16.0
"""Half length up to which segments make up the first group; of each further group it is twice that."""

_AT_ONCE = 2_048
"""Points whose neighbourhoods are listed at a time, for memory."""

_BLOCK = 1 << 20
"""Segments whose middles are computed at a time, for memory."""


def nearest_segment(
    lat: Floats, lon: Floats, ends_lat: Floats, ends_lon: Floats, one: Nodes, two: Nodes
) -> tuple[NDArray[np.int64], Floats]:
    """The segment nearest to each point, of all great-circle arcs between pairs of nodes.

    An arc lies within half its chord of the chord's middle. So the arcs are grouped by length, and
    in each group only those whose middle is within the best distance so far plus the longest half
    chord of the group can be nearer.

    Args:
        lat, lon: (N,) degrees of the points.
        ends_lat, ends_lon: (V,) degrees of the nodes.
        one, two: (K,) ends of the segments, K > 0; where they are the same the segment is a point.

    Returns:
        (N,) segment, and (N,) where on it the nearest point is: 0 at ``one``, 1 at ``two``.
    """
    points, nodes = unit(lat, lon), unit(ends_lat, ends_lon)
    found = np.zeros(len(points), dtype=np.int64)
    share, away = np.zeros(len(points)), np.full(len(points), np.inf)
    group = _groups(nodes, one, two)
    counts = np.bincount(group)
    for number in np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]:
        segments = np.flatnonzero(group == number)
        half = _SHORT_M * 2.0**number / EARTH_M * (1 + 1e-9)
        middles = np.empty((len(segments), 3))
        for low in range(0, len(segments), _BLOCK):
            some = segments[low : low + _BLOCK]
            middles[low : low + _BLOCK] = (nodes[one[some]] + nodes[two[some]]) / 2
        tree = cKDTree(middles, leafsize=32, balanced_tree=False, compact_nodes=False)
        middle_m, first = tree.query(points)
        every = np.arange(len(points))
        _improve(points, nodes, one, two, every, segments[first], (found, share, away))
        near = np.flatnonzero(middle_m <= away + half)
        for low in range(0, len(near), _AT_ONCE):
            some = near[low : low + _AT_ONCE]
            lists = tree.query_ball_point(points[some], away[some] + half)
            sizes = np.fromiter(map(len, lists), dtype=np.int64, count=len(some))
            inside = np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=int(sizes.sum()))
            owners = np.repeat(some, sizes)
            _improve(points, nodes, one, two, owners, segments[inside], (found, share, away))
    return found, share


def _groups(nodes: Floats, one: Nodes, two: Nodes) -> NDArray[np.int8]:
    """Group of each segment by its half chord, (K,): 16 m, 32 m, 64 m, ..."""
    group = np.empty(len(one), dtype=np.int8)
    limits = _SHORT_M * 2.0 ** np.arange(20) / EARTH_M  # the last is more than the earth's radius
    for low in range(0, len(one), _BLOCK):
        some = slice(low, low + _BLOCK)
        chord = nodes[one[some]] - nodes[two[some]]
        group[some] = np.searchsorted(limits, np.sqrt(np.einsum("ij,ij->i", chord, chord)) / 2)
    return group


def _improve(
    points: Floats,
    nodes: Floats,
    one: Nodes,
    two: Nodes,
    owner: NDArray[np.int64],
    segment: NDArray[np.int64],
    best: tuple[NDArray[np.int64], Floats, Floats],
) -> None:
    """Update segment, share and chord of points, (N,) each, by pairs of point and segment, (M,)."""
    found, share, away = best
    start, end = nodes[one[segment]], nodes[two[segment]]
    along = _along(points[owner], start, end)
    apart = points[owner] - between(start, end, along)
    chord = np.sqrt(np.einsum("ij,ij->i", apart, apart))
    order = np.lexsort((segment, chord, owner))
    order = order[np.diff(owner[order], prepend=-1) != 0]
    order = order[chord[order] < away[owner[order]]]
    at = owner[order]
    found[at], share[at], away[at] = segment[order], along[order], chord[order]


def _along(point: Floats, start: Floats, end: Floats) -> Floats:
    """Where on the arcs from ``start`` to ``end`` the points nearest to ``point`` are, (M,) 0 to 1.

    Seen from the middle of the sphere the foot of a point on a great circle is its foot on the
    plane of that circle; the share is of the chord, which is where that line of sight cuts it.
    """
    across, middle = end - start, (start + end) / 2
    length = np.einsum("ij,ij->i", across, across)
    side = np.einsum("ij,ij->i", point - middle, across)
    high = np.einsum("ij,ij->i", middle, middle)
    front = np.einsum("ij,ij->i", point, middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 0.5 + side * high / (front * length)
    share = np.where(front > 0, np.clip(share, 0, 1), side > 0)
    return np.asarray(np.where(length > 0, share, 0.0), dtype=np.float64)


def between(start: Floats, end: Floats, share: Floats) -> Floats:
    """The point of the sphere above a share of each chord, (M, 3)."""
    point = start + share[:, None] * (end - start)
    return np.asarray(point / np.linalg.norm(point, axis=1)[:, None], dtype=np.float64)
