"""A mixed-integer program as arrays: what measures write into, and what a solver is handed.

Columns and rows come in blocks, a name's prefix and a run of numbers each, so that a program of
millions of terms is built in seconds. :func:`as_pulp` writes the same program out for any solver
that PuLP knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pulp
from numpy.typing import ArrayLike, NDArray

from siting.instance.arrays import Flags, Floats, Longs


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear expression: sum of ``coefficient`` x value of ``column``, plus ``constant``.

    Attributes:
        column: (K,) column numbers; the same one may occur several times.
        coefficient: (K,) coefficients.
        constant: what is added.
    """

    column: Longs
    coefficient: Floats
    constant: float = 0.0

    def __add__(self, other: Linear) -> Linear:
        return Linear(
            np.concatenate([self.column, other.column]),
            np.concatenate([self.coefficient, other.coefficient]),
            self.constant + other.constant,
        )

    def times(self, factor: float) -> Linear:
        """The expression multiplied."""
        return Linear(self.column, self.coefficient * factor, self.constant * factor)

    def value(self, values: Floats) -> float:
        """The expression at a solution (columns,)."""
        return float(self.coefficient @ values[self.column]) + self.constant


def linear(column: ArrayLike, coefficient: ArrayLike, constant: float = 0.0) -> Linear:
    """A linear expression of columns (K,) and coefficients (K,) or one for all; zeros fall away."""
    columns = np.asarray(column, dtype=np.int64).reshape(-1)
    factors = np.broadcast_to(np.asarray(coefficient, dtype=np.float64), columns.shape)
    kept = factors != 0.0
    return Linear(columns[kept], factors[kept].copy(), float(constant))


def total(parts: Sequence[Linear]) -> Linear:
    """The sum of some expressions."""
    return reduce(Linear.__add__, parts, linear([], []))


@dataclass(frozen=True, eq=False)
class Arrays:
    """A program of n columns and m rows, to be minimized or maximized.

    Attributes:
        maximize: direction of the objective.
        cost, offset: (n,) objective coefficients, and its constant.
        lower, upper: (n,) finite bounds of the columns.
        integer: (n,) True for integer columns.
        indptr, index, value: rows as compressed sparse rows (m+1,), (Z,), (Z,).
        row_lower, row_upper: (m,) bounds of the rows; infinite where there is none.
    """

    maximize: bool
    cost: Floats
    offset: float
    lower: Floats
    upper: Floats
    integer: Flags
    indptr: Longs
    index: NDArray[np.int32]
    value: Floats
    row_lower: Floats
    row_upper: Floats


class Program:
    """A program that grows block by block.

    Attributes:
        name: name of the problem.
        maximize: direction of its objective.
        objective: what is optimized; set once all columns are there.
    """

    def __init__(self, name: str, maximize: bool) -> None:
        self.name = name
        self.maximize = maximize
        self.objective = linear([], [])
        self._columns: list[tuple[str, Longs, Floats, Floats, bool]] = []
        self._rows: list[tuple[str, Longs, Longs, Longs, Floats, Floats, Floats]] = []
        self._count = 0
        self._row_count = 0

    @property
    def columns(self) -> int:
        """Number of columns so far."""
        return self._count

    def add_columns(
        self, prefix: str, number: ArrayLike, lower: ArrayLike, upper: ArrayLike, integer: bool = False
    ) -> Longs:
        """Add a block of columns, named prefix and number.

        Args:
            prefix, number: names; number is (K,).
            lower, upper: finite bounds, (K,) or one for all.
            integer: whether the columns are integer.

        Returns:
            (K,) their column numbers.
        """
        names = np.asarray(number, dtype=np.int64).reshape(-1)
        bounds = [np.broadcast_to(np.asarray(x, np.float64), names.shape).copy() for x in (lower, upper)]
        self._columns.append((prefix, names, bounds[0], bounds[1], integer))
        first = self._count
        self._count += len(names)
        return np.arange(first, self._count, dtype=np.int64)

    def add_rows(
        self,
        prefix: str,
        number: ArrayLike,
        row: ArrayLike,
        column: ArrayLike,
        value: ArrayLike,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> None:
        """Add a block of rows lower <= sum of value x column <= upper, named prefix and number.

        Args:
            prefix, number: names; number is (R,).
            row, column, value: (Z,) terms; row counts within the block; value may be one for all.
            lower, upper: (R,) or one for all.
        """
        names = np.asarray(number, dtype=np.int64).reshape(-1)
        rows, columns = (np.asarray(x, dtype=np.int64).reshape(-1) for x in (row, column))
        values = np.broadcast_to(np.asarray(value, np.float64), rows.shape).copy()
        bounds = [np.broadcast_to(np.asarray(x, np.float64), names.shape).copy() for x in (lower, upper)]
        self._rows.append((prefix, names, rows + self._row_count, columns, values, bounds[0], bounds[1]))
        self._row_count += len(names)

    def add_limit(self, name: str, expression: Linear, lower: float = -np.inf, upper: float = np.inf) -> None:
        """Add one row that holds an expression between bounds; its constant goes to the bounds' side."""
        count = len(expression.column)
        below, above = lower - expression.constant, upper - expression.constant
        self.add_rows(name, [-1], np.zeros(count), expression.column, expression.coefficient, below, above)

    def arrays(self) -> Arrays:
        """The program as it stands; terms of the same row and column are added up."""
        cost = np.zeros(self._count)
        np.add.at(cost, self.objective.column, self.objective.coefficient)
        row = np.concatenate([[], *(block[2] for block in self._rows)]).astype(np.int64)
        column = np.concatenate([[], *(block[3] for block in self._rows)]).astype(np.int64)
        value = np.concatenate([[], *(block[4] for block in self._rows)])
        key = row * max(1, self._count) + column
        order = np.argsort(key, kind="stable")
        first = np.flatnonzero(np.r_[True, np.diff(key[order]) > 0]) if len(key) else np.zeros(0, np.int64)
        summed = np.add.reduceat(value[order], first) if len(first) else value
        rows = row[order][first]
        lower, upper = (np.concatenate([[], *(block[side] for block in self._columns)]) for side in (2, 3))
        integer = [np.full(len(block[1]), block[4]) for block in self._columns]
        low, high = (np.concatenate([[], *(block[side] for block in self._rows)]) for side in (5, 6))
        return Arrays(
            self.maximize,
            cost,
            self.objective.constant,
            lower,
            upper,
            np.concatenate([[], *integer]).astype(bool),
            np.r_[0, np.cumsum(np.bincount(rows, minlength=self._row_count))].astype(np.int64),
            column[order][first].astype(np.int32),
            summed,
            low,
            high,
        )

    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [f"{block[0]}{number}" for block in self._columns for number in block[1].tolist()]

    def row_names(self) -> list[str]:
        """Names of the rows, in order."""
        blocks = ((block[0], block[1].tolist()) for block in self._rows)
        return [
            prefix if number < 0 else f"{prefix}{number}" for prefix, numbers in blocks for number in numbers
        ]


def as_pulp(program: Program) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """The program in PuLP, and its variables in the order of the columns."""
    arrays = program.arrays()
    lp = pulp.LpProblem(program.name, pulp.LpMaximize if program.maximize else pulp.LpMinimize)
    variables = [
        pulp.LpVariable(name, lower, upper, pulp.LpInteger if integer else pulp.LpContinuous)
        for name, lower, upper, integer in zip(
            program.names(),
            arrays.lower.tolist(),
            arrays.upper.tolist(),
            arrays.integer.tolist(),
            strict=True,
        )
    ]
    used = np.flatnonzero(arrays.cost)
    lp.setObjective(
        pulp.LpAffineExpression([(variables[j], float(arrays.cost[j])) for j in used], arrays.offset)
    )
    for row, name in enumerate(program.row_names()):
        here = slice(arrays.indptr[row], arrays.indptr[row + 1])
        terms = zip(arrays.index[here].tolist(), arrays.value[here].tolist(), strict=True)
        expression = pulp.LpAffineExpression([(variables[j], value) for j, value in terms])
        low, high = float(arrays.row_lower[row]), float(arrays.row_upper[row])
        if low == high:
            lp.addConstraint(expression == low, name)
            continue
        if np.isfinite(low):
            lp.addConstraint(expression >= low, name if not np.isfinite(high) else f"{name}_low")
        if np.isfinite(high):
            lp.addConstraint(expression <= high, name if not np.isfinite(low) else f"{name}_high")
    return lp, variables
