"""Rows that every integer solution keeps and the linear relaxation may break.

A need that counts once k of its sites are open is half covered for the relaxation by one site of
k = 2. Its row k z <= sum a_j y_j implies (k - a(S)) z <= sum of min(a_j, k - a(S)) y_j outside S for
every set S of columns, a(S) being the most that S gives (knapsack cover inequalities: Carr,
Fleischer, Leung and Phillips 2000, "Strengthening integrality gaps").
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siting.instance.arrays import Flags, Floats
from siting.methods.relaxation.program import Minimum, activities

LARGEST_SET = 3
"""Columns of S at most."""

BROKEN = 0.02
"""Violation from which an inequality is added, relative to the factor of z."""


def tightened(program: Minimum) -> Minimum:
    """The program with smaller coefficients of binary columns, the same for integers.

    Where a row cannot bind unless a column is at one side, the column's coefficient and the row's
    bound shrink by the room that is left on the other side (Savelsbergh 1994, "Preprocessing and
    probing techniques for mixed integer programming problems"). One column per row.
    """
    sign, side = _one_sided(program)
    matrix = program.matrix.copy()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    _, most = activities(sparse.diags(sign) @ matrix, program.lower, program.upper)
    factor = sign[row] * matrix.data  # every row as sum of factor x column <= side
    column = matrix.indices
    binary = program.integer[column] & (program.upper[column] - program.lower[column] == 1.0)
    room = np.where(binary & (sign[row] != 0.0), side[row] - (most[row] - np.abs(factor)), 0.0)
    fits = (most > side)[row] & (room > 1e-9) & (room < np.abs(factor))
    order = np.lexsort((-np.where(fits, room, 0.0), row))
    first = order[matrix.indptr[:-1][np.diff(matrix.indptr) > 0]]
    at = first[fits[first]]
    shift = np.where(factor[at] > 0.0, -room[at], room[at])
    at_row, at_column = row[at], column[at]
    matrix.data[at] += sign[at_row] * shift
    # The row stays as it was while the column is at the side where it binds.
    binds = np.where(factor[at] > 0.0, program.upper[at_column], program.lower[at_column])
    row_lower, row_upper = program.row_lower.copy(), program.row_upper.copy()
    new = sign[at_row] * (side[at_row] + shift * binds)
    row_lower[at_row] = np.where(sign[at_row] < 0.0, new, row_lower[at_row])
    row_upper[at_row] = np.where(sign[at_row] > 0.0, new, row_upper[at_row])
    return replace(program, matrix=matrix, row_lower=row_lower, row_upper=row_upper)


def _one_sided(program: Minimum) -> tuple[Floats, Floats]:
    """(m,) sign that turns a row into sum <= side, 0 where it has two sides; (m,) that side."""
    low, high = np.isfinite(program.row_lower), np.isfinite(program.row_upper)
    sign = np.where(low & ~high, -1.0, np.where(high & ~low, 1.0, 0.0))
    side = np.where(sign < 0.0, -program.row_lower, np.where(sign > 0.0, program.row_upper, 0.0))
    return sign, side


class Covers:
    """The rows k z <= sum a_j y_j of a program, z binary, y integer."""

    def __init__(self, program: Minimum) -> None:
        sign, side = _one_sided(program)
        self._shape = program.matrix.shape
        matrix = program.matrix
        row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        gives = -sign[row] * matrix.data  # every row as sum of gives x column >= -side
        takes = gives < 0.0
        binary = program.integer & (program.lower == 0.0) & (program.upper == 1.0)
        positive = program.integer & (program.lower >= 0.0)
        right = np.where(takes, binary[matrix.indices], positive[matrix.indices])
        wrong = np.bincount(row, weights=~right, minlength=matrix.shape[0])
        takers = np.bincount(row, weights=takes, minlength=matrix.shape[0])
        kept = (sign != 0.0) & (np.abs(side) <= 1e-9) & (wrong == 0) & (takers == 1)
        self.count = int(np.count_nonzero(kept))
        number = np.cumsum(kept) - 1
        taken, given = kept[row] & takes, kept[row] & ~takes
        self._z, self._k = matrix.indices[taken], -gives[taken]
        self._row, self._y, self._a = number[row[given]], matrix.indices[given], gives[given]
        self._most = program.upper[self._y] * self._a

    def broken(self, values: Floats) -> sparse.csr_matrix:
        """(K, n) rows that must not be negative, and are at (n,) values: the worst of each cover."""
        ranked = self._ranked(self._a * values[self._y])
        chosen = np.zeros(self.count, dtype=np.int64)
        worst = np.full(self.count, BROKEN)
        for size in range(LARGEST_SET + 1):
            left, factor = self._outside(ranked < size)
            given = np.bincount(self._row, weights=factor * values[self._y], minlength=self.count)
            broken = np.where(left > 1e-9, values[self._z] - given / np.maximum(left, 1e-9), 0.0)
            better = broken > worst
            chosen[better], worst[better] = size, broken[better]
        return self._rows(ranked < chosen[self._row], np.flatnonzero(worst > BROKEN))

    def _ranked(self, share: Floats) -> NDArray[np.int64]:
        order = np.lexsort((-share, self._row))
        starts = np.searchsorted(self._row, np.arange(self.count))
        ranked = np.empty(len(order), dtype=np.int64)
        ranked[order] = np.arange(len(order)) - starts[self._row[order]]
        return ranked

    def _outside(self, inside: Flags) -> tuple[Floats, Floats]:
        """(R,) what S leaves to give, (Z,) coefficients of the columns outside of S."""
        left = self._k - np.bincount(self._row, weights=self._most * inside, minlength=self.count)
        return left, np.where(inside, 0.0, np.minimum(self._a, np.maximum(0.0, left)[self._row]))

    def _rows(self, inside: Flags, rows: NDArray[np.int64]) -> sparse.csr_matrix:
        left, factor = self._outside(inside)
        used = np.isin(self._row, rows) & (factor > 0.0)
        number = np.full(self.count, -1)
        number[rows] = np.arange(len(rows))
        data = np.r_[factor[used], -left[rows]]
        at = np.r_[number[self._row[used]], np.arange(len(rows))]
        column = np.r_[self._y[used], self._z[rows]]
        return sparse.csr_matrix((data, (at, column)), shape=(len(rows), self._shape[1]))


def with_rows(program: Minimum, rows: sparse.csr_matrix) -> Minimum:
    """The program with rows that must not be negative."""
    count = rows.shape[0]
    return replace(
        program,
        matrix=sparse.vstack([program.matrix, rows]).tocsr(),
        row_lower=np.r_[program.row_lower, np.zeros(count)],
        row_upper=np.r_[program.row_upper, np.full(count, np.inf)],
    )
