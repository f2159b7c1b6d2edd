"""The covering program as arrays for HiGHS: min c x, sum_j x_j + z_i >= 1, sum of w z <= slack."""

from __future__ import annotations

import math
from collections.abc import Callable

import highspy
import numpy as np

from siting.instance.arrays import Flags, Floats
from siting.methods import highs
from siting.methods.cover.model import Cover
from siting.methods.credible import credible
from siting.methods.run import Run

Tell = Callable[[float | None, float | None], None]


def solve_program(
    cover: Cover,
    run: Run,
    seconds: float,
    *,
    start: Flags | None = None,
    below: float = math.inf,
    enough: float = -math.inf,
    tell: Tell | None = None,
) -> tuple[Flags | None, float]:
    """Solve a cover as one mixed-integer program.

    Args:
        cover: the question.
        run: limits in force.
        seconds: time limit.
        start: (m,) a plan to start from.
        below: plans that cost more are of no interest.
        enough: cost at which to stop.
        tell: called with the incumbent and bound while HiGHS works.

    Returns:
        (m,) plan or None; a lower bound on every plan that costs at most ``below``, infinite if
        there is none.
    """
    if not cover.columns:
        return (np.zeros(0, dtype=bool), 0.0) if cover.allows(np.zeros(0, dtype=bool)) else (None, math.inf)
    model = _compose(cover)
    if math.isfinite(below):
        model.setOptionValue("objective_bound", below)
    if math.isfinite(enough):
        model.setOptionValue("objective_target", enough)
    initial = None if start is None else _columns(cover, start)
    answer = highs.solve(model, run, seconds, initial, tell)
    plan = None
    if answer.values is not None:
        ones = np.ones(cover.columns)
        found = credible(answer.values[: cover.columns], 0.0 * ones, ones, ones > 0.0, "HiGHS")
        plan = found > 0.5
    if answer.infeasible:
        return None, math.inf
    return plan, 0.0 if answer.bound is None else max(0.0, answer.bound)


def _columns(cover: Cover, chosen: Flags) -> Floats:
    free = np.flatnonzero(~cover.needed)
    values: Floats = np.r_[chosen, ~cover.covered(chosen)[free]].astype(np.float64)
    return values


def _compose(cover: Cover) -> highspy.Highs:
    """Columns: x (m), then z of the rows that may stay uncovered. Rows: cover (n), groups (G)."""
    n, m = cover.rows, cover.columns
    free = np.flatnonzero(~cover.needed)
    groups, group = np.unique(cover.group[free], return_inverse=True)
    z = m + np.arange(len(free))
    # Weights are scaled by the slack, so that the solver's tolerance is relative.
    share = cover.weight[free] / np.maximum(cover.slack[cover.group[free]], 1e-300)
    row = np.concatenate([cover.row_of_pair, free, n + group])
    column = np.concatenate([cover.col, z, z])
    value = np.concatenate([np.ones(len(cover.col) + len(free)), share])
    order = np.argsort(row, kind="stable")
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = m + len(free), n + len(groups)
    lp.col_cost_ = np.r_[cover.cost, np.zeros(len(free))]
    lp.col_lower_ = np.r_[cover.must.astype(np.float64), np.zeros(len(free))]
    lp.col_upper_ = np.ones(lp.num_col_)
    lp.row_lower_ = np.r_[np.ones(n), np.full(len(groups), -highspy.kHighsInf)]
    lp.row_upper_ = np.r_[np.full(n, highspy.kHighsInf), np.ones(len(groups))]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.r_[0, np.cumsum(np.bincount(row, minlength=lp.num_row_))].astype(np.int32)
    lp.a_matrix_.index_ = column[order].astype(np.int32)
    lp.a_matrix_.value_ = value[order]
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger] * m + [kinds.kContinuous] * len(free)
    model = highs.empty()
    model.passModel(lp)
    return model
