"""Group rows of the dual: limits of disjoint groups, then floors of disjoint needs, as sparse rows."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Floats, Ints, Longs
from siting.methods import tie_kernels
from siting.methods.form import Form


class Ties:
    """H group limits and G floors of families over the columns of a form.

    Attributes:
        start: (m+1,) where the entries of every column begin.
        row, value: (E,) group row of every entry, and the column's weight in it; for a floor minus
            what the column's savings beyond lambda grow by with its multiplier.
        room: (H+G,) right-hand sides; for floors they go with lambda.
        built: (G,) multipliers the savings of the dual are made with.
    """

    start: Longs
    row: Ints
    value: Floats
    room: Floats
    built: Floats

    def __init__(self, form: Form, built: Floats) -> None:
        """Lay out the entries; those of floors have no values yet."""
        count = len(form.floor) - form.steady
        self.built = built
        self.room = np.concatenate([form.left, np.zeros(count)])
        self.start = np.zeros(form.columns + 1, dtype=np.int64)
        self.row, self.value = np.empty(0, dtype=np.int32), np.empty(0)
        self._parts, self._family = form.parts[1 + form.steady :], form.family
        self._slot = np.empty(self._parts.shape, dtype=np.int32)
        self._floor = form.floor[form.steady :]
        if not len(self.room):
            return
        by_column = form.by_column if count else (np.zeros(form.columns + 1, dtype=np.int64), form.col[:0])
        row = form.row if count else form.col[:0]
        stamp = np.full(count, -1, dtype=np.int64)
        tie_kernels.count_ties(*by_column, row, form.member, form.family, stamp, self.start)
        self.row = np.empty(self.start[-1], dtype=np.int32)
        self.value = np.zeros(self.start[-1])
        stamp[:] = -1
        tie_kernels.write_ties(
            *by_column, row, form.member, form.amount, form.family, len(form.left), stamp, stamp.copy(),
            self.start, self.row, self.value, self._slot,
        )  # fmt: skip

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the kernels take."""
        return (
            self.start, self.row, self.value, self.room, self._parts, self._family, self._slot,
            self._floor, self.built,
        )  # fmt: skip

    @property
    def rows(self) -> tuple[Longs, Ints, Floats, Floats]:
        """What the price search takes: entries by column, and right-hand sides."""
        return self.start, self.row, self.value, self.room

    def charge(self, tie: Floats) -> Floats:
        """(m,) what prices (H+G,) charge every column, floors negative."""
        total = np.zeros(len(self.start) - 1)
        column = np.repeat(np.arange(len(total)), np.diff(self.start))
        total += np.bincount(column, self.value * tie[self.row], minlength=len(total))
        return total

    def evaluate(
        self, indptr: Longs, col: Ints, saving: Floats, outlay: Floats, lam: Floats, rho: Floats
    ) -> None:
        """Fill rho as if the multipliers of floors were zero, and the entries of floors."""
        level = np.empty(self._family.shape)
        tie_kernels.evaluate_tied(
            indptr, col, saving, outlay, self._parts, self._family, self._slot, self._floor, lam,
            self.row, self.value, self.room, rho, level,
        )  # fmt: skip
        first = len(self.room) - len(self._floor)
        floors = self.row >= first
        column = np.repeat(np.arange(len(rho)), np.diff(self.start))[floors]
        rho += np.bincount(
            column, self.value[floors] * self.built[self.row[floors] - first], minlength=len(rho)
        )
