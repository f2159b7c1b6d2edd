"""Bounds from row duals that hold whatever solver the duals come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from siting.instance.arrays import Floats


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a program that is minimized: row_lower <= matrix @ x <= row_upper.

    Attributes:
        cost, offset: (n,) objective coefficients, and its constant.
        matrix: (m, n) compressed sparse rows.
        row_lower, row_upper: (m,) bounds of the rows; infinite where there is none.
    """

    cost: Floats
    offset: float
    matrix: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats


def priced(rows: Rows, multipliers: Floats, lower: Floats, upper: Floats) -> tuple[float, Floats, Floats]:
    """Price the rows and minimize over the box of the columns (n,): a bound for any duals (m,).

    What the sums may have been rounded by is taken off the bound (Neumaier and Shcherbina 2004,
    "Safe bounds in linear and mixed-integer linear programming").

    Returns:
        The bound, minus infinity where a column without a bound is worth having; (n,) reduced costs;
        (m,) the multipliers that were used, of the sign that their rows allow.
    """
    low, high = np.isfinite(rows.row_lower), np.isfinite(rows.row_upper)
    used = np.where(np.isfinite(multipliers), multipliers, 0.0)
    used = np.where((used > 0.0) & ~low | (used < 0.0) & ~high, 0.0, used)
    transposed = rows.matrix.T
    reduced = rows.cost - transposed @ used
    sides = np.where(used > 0.0, rows.row_lower, rows.row_upper)
    of_rows = np.where(used == 0.0, 0.0, used * np.where(np.isfinite(sides), sides, 0.0))
    at = np.where(reduced > 0.0, lower, upper)
    columns = np.where(reduced == 0.0, 0.0, reduced * np.where(reduced == 0.0, 0.0, at))
    reach = np.where(reduced == 0.0, 0.0, np.maximum(np.abs(lower), np.abs(upper)))
    reach = np.where(np.isfinite(reach), reach, np.abs(np.where(np.isfinite(at), at, 0.0)))
    size = np.abs(rows.cost) + abs(transposed) @ np.abs(used)
    terms = 2.0 + np.bincount(rows.matrix.indices, minlength=len(rows.cost))
    eps = float(np.finfo(np.float64).eps)
    sums = np.sum(np.abs(of_rows)) + np.sum(np.abs(columns)) + abs(rows.offset)
    rounding = eps * (float(np.sum(terms * size * reach)) + 32.0 * float(sums))
    bound = float(np.sum(columns)) + float(np.sum(of_rows)) + rows.offset
    return (bound - rounding if np.isfinite(bound) else -np.inf), reduced, used
