"""Set covering on arrays: the question, its answer, and what a plan is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs

ROOM = 1e-12
"""Relative room for sums of doubles when uncovered weight is compared with its slack."""

DIGITS = (1.0, 10.0, 100.0, 1000.0)
"""What costs are multiplied by in search of whole numbers."""


@dataclass(frozen=True, eq=False)
class Cover:
    """Choose columns of least total cost so that little of every group of rows stays uncovered.

    Rows whose weight is above their group's slack have to be covered; rows without weight need
    not be. Full covering is weight 1 and slack 0.

    Attributes:
        indptr: (n+1,) int64; row i is covered by columns col[indptr[i]:indptr[i+1]].
        col: (Z,) int32, ascending within a row.
        cost: (m,) cost of every column, >= 0.
        weight: (n,) weight of every row, >= 0.
        group: (n,) int32 group of every row.
        slack: (G,) weight that may stay uncovered in each group, >= 0.
        must: (m,) columns that have to be chosen.
    """

    indptr: Longs
    col: Ints
    cost: Floats
    weight: Floats
    group: Ints
    slack: Floats
    must: Flags

    @property
    def rows(self) -> int:
        """Number of rows n."""
        return len(self.weight)

    @property
    def columns(self) -> int:
        """Number of columns m."""
        return len(self.cost)

    @cached_property
    def row_of_pair(self) -> Ints:
        """(Z,) int32 row of every pair."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def by_column(self) -> tuple[Longs, Ints]:
        """Rows by column: start (m+1,) int64 and row (Z,) int32, ascending within a column."""
        start = np.zeros(self.columns + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.col, minlength=self.columns), out=start[1:])
        return start, self.row_of_pair[np.argsort(self.col, kind="stable")]

    @cached_property
    def needed(self) -> Flags:
        """(n,) rows that have to be covered."""
        return np.asarray(self.weight > self.slack[self.group] * (1 + ROOM))

    @cached_property
    def unit(self) -> float:
        """All costs are multiples of this; 0 if no such number is known."""
        for scale in DIGITS:
            scaled = self.cost * scale
            whole = np.rint(scaled)
            if np.all(np.abs(scaled - whole) < 1e-9) and whole.max(initial=0.0) < 2**40:
                return float(np.gcd.reduce(whole.astype(np.int64))) / scale if whole.any() else 1.0
        return 0.0

    def rounded(self, bound: float) -> float:
        """A lower bound raised to the next value that a plan can have."""
        if self.unit == 0.0 or not math.isfinite(bound):
            return bound
        return max(bound, math.ceil(bound / self.unit - 1e-6) * self.unit)

    def after(self, value: float) -> float:
        """The least that a plan which costs more than ``value`` can cost."""
        if self.unit == 0.0:
            return math.nextafter(value, math.inf)
        return (math.floor(value / self.unit + 1e-6) + 1) * self.unit

    def covered(self, chosen: Flags) -> Flags:
        """(n,) rows that the chosen columns (m,) cover."""
        result = np.zeros(self.rows, dtype=bool)
        result[self.row_of_pair[chosen[self.col]]] = True
        return result

    def allows(self, chosen: Flags) -> bool:
        """Whether the chosen columns (m,) are a plan."""
        left = np.bincount(
            self.group, np.where(self.covered(chosen), 0.0, self.weight), minlength=len(self.slack)
        )
        return bool(np.all(left <= self.slack * (1 + ROOM)) and np.all(chosen[self.must]))

    def price(self, chosen: Flags) -> float:
        """Total cost of the chosen columns (m,)."""
        return math.fsum(self.cost[chosen])


@dataclass(frozen=True, eq=False)
class Covering:
    """What was found and proved.

    Attributes:
        chosen: (m,) the cheapest plan found, None if none was.
        value: its cost, infinite without a plan.
        bound: certified lower bound on the cost of every plan; infinite if there is no plan.
    """

    chosen: Flags | None
    value: float
    bound: float
