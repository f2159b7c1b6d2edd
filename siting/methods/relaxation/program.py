"""A program in minimizing form, and what is left of it when columns are fixed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from siting.instance.arrays import Flags, Floats
from siting.measures.program import Arrays
from siting.methods import highs

FEASIBLE = 1e-6
"""Violation of a row that a solution may have, relative to the row's bound where that is above one."""

NOISE = 1e-13
"""Relative rounding of a sum of doubles, allowed for when fixed columns move into row bounds."""


@dataclass(frozen=True, eq=False)
class Minimum:
    """A program of n columns and m rows to be minimized; bounds of integer columns are integers.

    Attributes:
        cost, offset: (n,) objective coefficients, and its constant.
        lower, upper: (n,) finite bounds of the columns.
        integer: (n,) True for integer columns.
        matrix: (m, n) compressed sparse rows.
        row_lower, row_upper: (m,) bounds of the rows; infinite where there is none.
    """

    cost: Floats
    offset: float
    lower: Floats
    upper: Floats
    integer: Flags
    matrix: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats

    @property
    def terms(self) -> int:
        """Number of terms of the rows."""
        return int(self.matrix.nnz)

    def objective(self, values: Floats) -> float:
        """The objective at (n,) values."""
        return float(np.sum(self.cost * values)) + self.offset

    def cleaned(self, values: Floats) -> Floats | None:
        """(n,) values with integers made whole and bounds kept; None where they miss a row or a bound."""
        whole = np.where(self.integer, np.rint(values), values) + 0.0  # no negative zeros
        if not np.all(np.isfinite(whole)) or np.any(np.abs(whole - values) > FEASIBLE):
            return None
        kept: Floats = np.clip(whole, self.lower, self.upper)
        if np.any(np.abs(kept - whole) > FEASIBLE * np.maximum(1.0, np.abs(kept))):
            return None
        activity = self.matrix @ kept
        low = self.row_lower - activity > FEASIBLE * np.maximum(1.0, np.abs(self.row_lower))
        high = activity - self.row_upper > FEASIBLE * np.maximum(1.0, np.abs(self.row_upper))
        return None if np.any(low | high) else kept


def minimum(arrays: Arrays) -> Minimum:
    """The program as a minimization."""
    sign = -1.0 if arrays.maximize else 1.0
    shape = (len(arrays.row_lower), len(arrays.cost))
    matrix = sparse.csr_matrix((arrays.value, arrays.index, arrays.indptr), shape=shape)
    inward = np.where(arrays.integer, np.ceil(arrays.lower - FEASIBLE), arrays.lower)
    outward = np.where(arrays.integer, np.floor(arrays.upper + FEASIBLE), arrays.upper)
    # An integer column without an integer between its bounds is left as it is, for HiGHS to refuse.
    none = inward > outward
    return Minimum(
        sign * arrays.cost,
        sign * arrays.offset,
        np.where(none, arrays.lower, inward),
        np.where(none, arrays.upper, outward),
        arrays.integer,
        matrix,
        arrays.row_lower,
        arrays.row_upper,
    )


@dataclass(frozen=True, eq=False)
class Part:
    """What is left of a program when columns are fixed.

    Attributes:
        program: over the columns that are free, its offset that of the whole objective.
        columns: (K,) their numbers in the whole.
        fixed: (n,) values of the fixed columns; the lower bounds of the free ones.
        possible: False where a row cannot be kept whatever the free columns do.
    """

    program: Minimum
    columns: NDArray[np.int64]
    fixed: Floats
    possible: bool

    @property
    def hard_terms(self) -> int:
        """Terms of what hangs together with integer columns; the rest is a small linear program each."""
        matrix, rows = self.program.matrix, len(self.program.row_lower)
        row = np.repeat(np.arange(rows), np.diff(matrix.indptr))
        size = rows + len(self.columns)
        graph = sparse.csr_matrix((np.ones(len(row)), (row, rows + matrix.indices)), shape=(size, size))
        _, label = csgraph.connected_components(graph, directed=False)
        hard = np.zeros(size, dtype=bool)
        hard[label[rows:][self.program.integer]] = True
        return int(np.sum(np.diff(matrix.indptr)[hard[label[:rows]]]))

    def whole(self, values: Floats) -> Floats:
        """(n,) values of the whole from those of the free columns."""
        full = self.fixed.copy()
        full[self.columns] = values
        return full


def restrict(program: Minimum, lower: Floats, upper: Floats) -> Part:
    """The program between tighter bounds: columns without room and rows that cannot bind fall away.

    Rows are widened by the rounding of their sums at most, so a bound on the part holds for
    every solution of the program between the bounds.
    """
    fixed = lower >= upper
    columns = np.flatnonzero(~fixed)
    settled = np.where(fixed, lower, 0.0)
    shift = program.matrix @ settled
    noise = NOISE * (abs(program.matrix) @ np.abs(settled))
    matrix = program.matrix[:, columns].tocsr()
    row_lower, row_upper = program.row_lower - shift - noise, program.row_upper - shift + noise
    lowest, highest = activities(matrix, lower[columns], upper[columns])
    room = FEASIBLE * np.maximum(1.0, np.minimum(np.abs(program.row_lower), np.abs(program.row_upper)))
    possible = bool(np.all((lowest <= row_upper + room) & (highest >= row_lower - room)))
    low, high = lowest < row_lower, highest > row_upper
    binding = np.flatnonzero((low | high) & (np.diff(matrix.indptr) > 0))
    rest = replace(
        program,
        cost=program.cost[columns],
        offset=program.offset + float(np.sum(program.cost * settled)),
        lower=lower[columns],
        upper=upper[columns],
        integer=program.integer[columns],
        matrix=matrix[binding],
        row_lower=np.where(low, row_lower, -np.inf)[binding],
        row_upper=np.where(high, row_upper, np.inf)[binding],
    )
    return Part(rest, columns, lower, possible)


def activities(matrix: sparse.csr_matrix, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """(m,) least and largest value of every row while the columns stay within their bounds."""
    positive, negative = matrix.maximum(0.0), matrix.minimum(0.0)
    return positive @ lower + negative @ upper, positive @ upper + negative @ lower


def load(program: Minimum, integral: bool = True) -> highspy.Highs:
    """The program in HiGHS; without integer columns where only its relaxation is wanted."""
    matrix = program.matrix
    arrays = Arrays(
        False, program.cost, program.offset, program.lower, program.upper, program.integer & integral,
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data,
        program.row_lower, program.row_upper,
    )  # fmt: skip
    return highs.model(arrays)
