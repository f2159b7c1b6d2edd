"""The Lagrangian bound of a cover, and which columns it decides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.methods.cover import pricing
from siting.methods.cover.model import Cover


def free_rows(cover: Cover) -> tuple[Longs, Ints]:
    """Rows that may stay uncovered, by group: start (G+1,) and row."""
    free = np.flatnonzero(~cover.needed).astype(np.int32)
    start = np.zeros(len(cover.slack) + 1, dtype=np.int64)
    np.cumsum(np.bincount(cover.group[free], minlength=len(cover.slack)), out=start[1:])
    return start, free[np.argsort(cover.group[free], kind="stable")]


@dataclass(eq=False)
class Dual:
    """State of the volume algorithm on one cover.

    Attributes:
        cover: the cover.
        price: (n,) prices of the rows at the best bound.
        red: (m,) reduced costs there.
        y: (m,) averaged, fractional plan.
        opened_at, closed_at: (m,) bound on plans with the column opened, closed.
    """

    cover: Cover
    price: Floats
    red: Floats
    y: Floats
    opened_at: Floats
    closed_at: Floats
    _average: Floats
    _state: Floats
    _free_ptr: Longs
    _free: Ints

    @property
    def raw(self) -> float:
        """The best bound, not rounded."""
        return float(self._state[0])

    def iterate(self, count: int, target: float) -> bool:
        """Run iterations; whether all of them were of use."""
        start, row = self.cover.by_column
        return count == int(pricing.ascend(
            start, row, self.cover.cost, self.cover.weight, self.cover.slack, self._free_ptr, self._free,
            target, count, self._state, self.price, self._average, self.y, self.red,
            self.opened_at, self.closed_at,
        ))  # fmt: skip

    def halve(self) -> None:
        """Average more slowly, once progress is slow."""
        self._state[3] = max(1e-3, 0.5 * self._state[3])
        self._state[1] = max(0.05, float(self._state[1]))

    def decided(self, most: float) -> tuple[Flags, Flags]:
        """(m,) columns that no plan of at most this cost chooses, and that all of them do."""
        return self.opened_at > most, self.closed_at > most


def begin(cover: Cover, price: Floats | None = None) -> Dual:
    """Start at given prices (n,), or where every row pays its share of its cheapest column."""
    if price is None:
        start, _ = cover.by_column
        each = (cover.cost / np.maximum(1, np.diff(start)))[cover.col]
        price = np.full(cover.rows, math.inf)
        np.minimum.at(price, cover.row_of_pair, each)
    n, m = cover.rows, cover.columns
    free_ptr, free = free_rows(cover)
    return Dual(
        cover, price.copy(), np.zeros(m), np.zeros(m), np.full(m, -math.inf), np.full(m, -math.inf),
        np.zeros(n), np.array([-math.inf, 0.1, 0.0, 0.1, 0.0]), free_ptr, free,
    )  # fmt: skip
