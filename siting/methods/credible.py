"""What a solver hands over is looked at before anything is made of it."""

from __future__ import annotations

import numpy as np

from siting.errors import SolverError
from siting.instance.arrays import Flags, Floats

WHOLE = 1e-4
"""How far from a whole number a value may be that stands for one; solvers allow 1e-5 at most."""

AGREES = 1e-6
"""Relative difference between a plan and a bound on it that the arithmetic of solvers explains."""


def credible(values: Floats, lower: Floats, upper: Floats, integer: Flags, who: str) -> Floats:
    """(n,) values of a solver's solution, integers made whole.

    Whether they keep the rows is not asked here: the plan that they become is checked by itself.

    Args:
        values: what the solver returned.
        lower, upper, integer: (n,) bounds of the columns, and which of them are integers.
        who: name of the solver.

    Raises:
        SolverError: they are too few or too many, no numbers, out of bounds, or not whole.
    """
    if values.shape != lower.shape:
        raise SolverError(f"{who} returned {values.size:,} values for {len(lower):,} columns")
    given, finite = values, np.isfinite(values)
    values = np.where(finite, values, 0.0)
    whole: Floats = np.where(integer, np.rint(values), values)
    room = WHOLE * np.maximum(1.0, np.abs(whole))
    for wrong, what in (
        (~finite, "which is no number"),
        (integer & (np.abs(values - whole) > WHOLE), "but it must be whole"),
        ((whole < lower - room) | (whole > upper + room), "which is out of its bounds"),
    ):
        if wrong.any():
            first = int(np.argmax(wrong))
            raise SolverError(
                f"{who} returned {given[first]:g} for column {first}, {what} "
                f"({int(wrong.sum()):,} of {len(values):,} values are wrong so)"
            )
    return whole


def agreed(value: float, bound: float, maximize: bool, who: str, scale: float = 0.0) -> None:
    """Refuse a bound that a plan at hand refutes.

    Args:
        value: of the plan.
        bound: what no plan is said to be better than.
        maximize: whether more is better.
        who: who says so.
        scale: size of the numbers that were added up, where they are larger than the value.

    Raises:
        SolverError: the plan is better than the bound allows.
    """
    excess = value - bound if maximize else bound - value
    if not excess <= AGREES * max(1.0, abs(value), scale):
        raise SolverError(f"{who} claims that no plan is better than {bound!r}, but one is worth {value!r}")
