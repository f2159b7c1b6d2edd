"""Relaxations of a program at row duals, and what they say about its columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats
from siting.methods.duality import Rows, priced
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
    """Price the rows and minimize over the box: a bound for any duals, since the box is finite."""
    rows = Rows(program.cost, program.offset, program.matrix, program.row_lower, program.row_upper)
    return Dual(*priced(rows, multipliers, lower, upper))


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
