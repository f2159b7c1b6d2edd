"""Where nodes are: only those that roads and areas need, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from siting.errors import Complaint, InstanceError
from siting.readers.osm.opl import read_nodes
from siting.readers.osm.source import Source

MAX_ID = 1 << 36
"""Ids beyond this, five times the highest there is, are mistakes; the filter of ids takes a byte for
eight of them."""

_STEP = 1 << 20


@dataclass(frozen=True)
class Located:
    """Nodes that the file holds, N of them.

    Attributes:
        ids: (N,) int64, ascending.
        y, x: (N,) int32 latitude and longitude in steps of 1e-7 degrees.
    """

    ids: NDArray[np.int64]
    y: NDArray[np.int32]
    x: NDArray[np.int32]

    def find(self, refs: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Rows of some nodes, and whether they are there at all (the row is any where not), (K,)."""
        if not len(self.ids):
            return np.zeros(len(refs), dtype=np.intp), np.zeros(len(refs), dtype=bool)
        rows = np.minimum(np.searchsorted(self.ids, refs), len(self.ids) - 1)
        return rows, self.ids[rows] == refs

    def known(self, refs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitude and longitude, in degrees, of those of some nodes that are there."""
        rows, there = self.find(refs)
        return degrees(self.y[rows[there]]), degrees(self.x[rows[there]])


def degrees(steps: NDArray[np.int32]) -> NDArray[np.float64]:
    """Coordinates in degrees, each the nearest float to its decimal number."""
    return np.asarray(steps / 1e7, dtype=np.float64)


def locate(source: Source, wanted: NDArray[np.int64]) -> Located:
    """Find nodes.

    Args:
        source: the file.
        wanted: ids, in any order, repeated or not.

    Raises:
        InstanceError: the file is damaged, or ids are negative or too high.
    """
    _check_ids(wanted, str(source.path))
    wanted = _distinct(wanted)
    pieces = (wanted[begin : begin + _STEP].tolist() for begin in range(0, len(wanted), _STEP))
    keep = source.osmium.filter.IdFilter(chain.from_iterable(pieces))
    batches = list(read_nodes(source, keep, len(wanted)))
    ids, y, x = (
        np.concatenate([getattr(each, name) for each in batches] or [np.zeros(0, dtype=kind)])
        for name, kind in (("ids", np.int64), ("y", np.int32), ("x", np.int32))
    )
    there = (np.abs(y) <= 900_000_000) & (np.abs(x) <= 1_800_000_000)
    ids, y, x = ids[there], y[there], x[there]
    if (np.diff(ids) <= 0).any():
        ids, first = np.unique(ids, return_index=True)
        y, x = y[first], x[first]
    return Located(ids, y, x)


def _distinct(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each once, ascending; ten times as fast as :func:`numpy.unique` is on tens of millions."""
    ids = np.sort(ids)
    new = np.ones(len(ids), dtype=bool)
    new[1:] = ids[1:] != ids[:-1]
    return ids[new]


def _check_ids(wanted: NDArray[np.int64], where: str) -> None:
    low, high = wanted.min(initial=0), wanted.max(initial=0)
    if low < 0:
        what = (
            f"holds a node with the id {low}: ids are negative where an editor saves what has not been "
            "uploaded; number them anew, e.g. with 'osmium renumber'"
        )
        raise InstanceError(Complaint(where, what))
    if high > MAX_ID:
        what = f"holds a node with the id {high}, and must hold none above {MAX_ID}; it is damaged"
        raise InstanceError(Complaint(where, what))
