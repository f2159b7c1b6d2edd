"""Roads as few straight lines as a map needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.report.plane import Plane
from siting.roads.graph import Roads

MOST = 60_000
"""Lines drawn at most."""

ALWAYS = 12_000
"""Lines, of the fastest classes, that are drawn at every zoom."""

_CELLS = 1 << 14
"""Cells of the finest grid along the longer side of the map."""

_COARSEST = 1 << 9


@dataclass(frozen=True, eq=False)
class Lines:
    """R straight lines, the fastest roads first.

    Attributes:
        x0, y0, x1, y1: (R,) ends in kilometres on the plane.
        major: (R,) True for lines drawn at every zoom.
    """

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    major: Flags


def thinned(roads: Roads, plane: Plane) -> Lines:
    """The roads on a grid: nodes of one cell are one, and of roads between two cells one is kept.

    The grid is made coarser until at most :data:`MOST` lines are left; where the coarsest grid has
    more, the slowest classes of road are left out.
    """
    x, y = plane.project(roads.lat, roads.lon)
    known = np.isfinite(x) & np.isfinite(y)
    shown = known[roads.tail] & known[roads.head]
    tail, head, rank = roads.tail[shown], roads.head[shown], _rank(roads)[shown]
    if not len(tail):
        nothing = np.zeros(0)
        return Lines(nothing, nothing, nothing, nothing, np.zeros(0, dtype=bool))
    west, south = x[known].min(), y[known].min()
    size = max(float(np.ptp(x[known])), float(np.ptp(y[known])), 1e-3)
    cells = _CELLS
    while True:
        step = size / cells
        # Within a cell every node stands where the first one does: short roads keep their bearing.
        column, row = (
            (np.nan_to_num(one - low) / step).astype(np.int64) for one, low in ((x, west), (y, south))
        )
        _, first, number = np.unique(row * (2 * cells) + column, return_index=True, return_inverse=True)
        low, high, kept = _between(number.astype(np.int32), tail, head, rank)
        if len(low) <= MOST or cells <= _COARSEST:
            break
        cells //= 2
    order = np.argsort(kept, kind="stable")[:MOST]
    one, two = first[low[order]], first[high[order]]
    return Lines(x[one], y[one], x[two], y[two], _major(kept[order]))


def _between(number: Ints, tail: Ints, head: Ints, rank: Ints) -> tuple[Ints, Ints, Ints]:
    """Pairs of cells (by the cell of each node) that a road joins, and the best rank of such roads."""
    one, two, count = number[tail], number[head], int(number.max()) + 1
    low, high = np.minimum(one, two).astype(np.int64), np.maximum(one, two)
    apart = low != high
    key, rank = (low * count + high)[apart], rank[apart]
    order = np.lexsort((rank, key))
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.diff(key[order]) != 0
    kept = order[new]
    return (key[kept] // count).astype(np.int32), (key[kept] % count).astype(np.int32), rank[kept]


def _rank(roads: Roads) -> Ints:
    """(E,) rank of the class of every edge, the fastest class first; all alike where lengths are unknown."""
    if not (roads.metres > 0).any():
        return np.zeros(len(roads.tail), dtype=np.int32)
    size = len(roads.classes)
    klass = np.where(roads.klass < 0, size, roads.klass)
    known = roads.metres > 0
    length = np.bincount(klass[known], weights=roads.metres[known], minlength=size + 1)
    time = np.bincount(klass[known], weights=roads.ms[known], minlength=size + 1)
    speed = np.divide(length, time, out=np.zeros(size + 1), where=time > 0)
    order = np.argsort(-speed, kind="stable")
    rank = np.empty(size + 1, dtype=np.int32)
    rank[order] = np.arange(size + 1)
    return rank[klass]


def _major(rank: Ints) -> Flags:
    """Whole classes, the fastest first, as long as :data:`ALWAYS` lines hold them; the first one at least."""
    if len(rank) <= ALWAYS:
        return np.ones(len(rank), dtype=bool)
    upto = np.searchsorted(rank, rank, side="right")
    return np.asarray((upto <= ALWAYS) | (rank == rank[0]))
