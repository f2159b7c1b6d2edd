"""Bounds from row duals that hold whatever solver the duals come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats
from siting.methods.relaxation.program import Minimum


@dataclass(frozen=True, eq=False)
class Dual:
    """A Lagrangian relaxation of all rows: its minimum over the box of the columns.

    Attributes:
        bound: no solution between the column bounds is below it.
        reduced: (n,) reduced costs; moving a column off its cheaper bound by one costs that much.
        multipliers: (m,) row duals, of the sign that their rows allow.
    """

    bound: float
    reduced: Floats
    multipliers: Floats


def relax(program: Minimum, multipliers: Floats, lower: Floats, upper: Floats) -> Dual:
    """Price the rows and minimize over the box: a bound for any duals, since the box is finite.

    What the sums may have been rounded by is taken off the bound (Neumaier and Shcherbina 2004,
    "Safe bounds in linear and mixed-integer linear programming").
    """
    low, high = np.isfinite(program.row_lower), np.isfinite(program.row_upper)
    priced = np.where(np.isfinite(multipliers), multipliers, 0.0)
    priced = np.where((priced > 0.0) & ~low | (priced < 0.0) & ~high, 0.0, priced)
    transposed = program.matrix.T
    reduced = program.cost - transposed @ priced
    sides = np.where(priced > 0.0, program.row_lower, program.row_upper)
    rows = np.where(priced == 0.0, 0.0, priced * np.where(np.isfinite(sides), sides, 0.0))
    columns = np.minimum(reduced * lower, reduced * upper)
    reach = np.maximum(np.abs(lower), np.abs(upper))
    size = np.abs(program.cost) + abs(transposed) @ np.abs(priced)
    terms = 2.0 + np.bincount(program.matrix.indices, minlength=len(program.cost))
    eps = float(np.finfo(np.float64).eps)
    sums = np.sum(np.abs(rows)) + np.sum(np.abs(columns)) + abs(program.offset)
    rounding = eps * (float(np.sum(terms * size * reach)) + 32.0 * float(sums))
    bound = float(np.sum(columns)) + float(np.sum(rows)) + program.offset - rounding
    return Dual(bound, reduced, priced)


def tighten(program: Minimum, dual: Dual, lower: Floats, upper: Floats, room: float) -> tuple[Floats, Floats]:
    """Bounds of integer columns within which every solution lies that costs ``room`` over the bound at most.

    Args:
        program: the program.
        dual: a relaxation between the bounds.
        lower, upper: (n,) bounds in force.
        room: what a solution may cost beyond the bound of the dual.

    Returns:
        (n,) lower and (n,) upper bounds.
    """
    price = np.abs(dual.reduced)
    movable = program.integer & (price * (upper - lower) > room)
    steps = np.floor(max(0.0, room) / np.where(movable, price, 1.0) + 1e-9)
    steps = np.where(movable, steps, np.inf)
    new_lower = np.where(dual.reduced < 0.0, np.maximum(lower, upper - steps), lower)
    new_upper = np.where(dual.reduced > 0.0, np.minimum(upper, lower + steps), upper)
    return new_lower, new_upper
