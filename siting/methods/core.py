"""The mixed-integer program of a (shrunken) savings form, handed to HiGHS as arrays.

Radius formulation: z_k <= z_(k-1) + sum of y at level k, z_k in [0, 1], objective sum of
(s_k - s_(k+1)) z_k. PuLP would take sixteen seconds where arrays take half of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from siting.instance.arrays import Flags, Floats, Ints
from siting.methods import highs, local_search
from siting.methods.credible import agreed, credible
from siting.methods.duality import priced
from siting.methods.form import Form
from siting.methods.run import Run

SLACK = 1e-9
"""Relative room for sums of doubles when a floor, or what is left of a limit, is compared."""


def solve_core(
    form: Form,
    run: Run,
    seconds: float,
    start: Flags | None,
    tell: Callable[[float | None, float | None], None] | None = None,
    room: float = 0.0,
    price: Floats | None = None,
) -> tuple[Flags | None, float | None]:
    """Best plan of the form and a bound on its objective (constant included).

    Floors are rows here, not multiplied into the savings. HiGHS minimizes the negative objective.

    Args:
        form: the form.
        run: limits in force.
        seconds: time limit.
        start: (m,) a plan to start from.
        tell: called with the incumbent and bound while HiGHS works.
        room: absolute gap at which to stop, beside the run's relative one.
        price: (m,) what opening each column costs, where limits are paid for instead of kept.

    Returns:
        (m,) plan or None; certified upper bound or None. Minus infinity as the bound says that
        the form has no plan at all.
    """
    if not form.columns:
        return _decided(form)
    cost = form.outlay if price is None else form.outlay + price
    level, levels = _levels(form)
    model = _compose(form, level, levels, cost)
    initial = None if start is None else _start(form, level, levels, start)

    def turned(incumbent: float | None, bound: float | None) -> None:
        if tell is not None:
            tell(*(None if x is None else -x for x in (incumbent, bound)))

    answer = highs.solve(model, run, seconds, initial, turned, room)
    values = None if answer.values is None else _plan(form, answer.values)
    if answer.infeasible:
        # Presolve was seen to err where a floor leaves little room: a feasible start refutes it.
        return None, None if start is not None and _keeps_all(form, start) else -np.inf
    bound = None if answer.bound is None else -answer.bound
    for plan in (start, values):
        if bound is not None and plan is not None and _keeps_all(form, plan):
            worth = form.constant + float(local_search.per_part(form, plan)[0])
            worth -= 0.0 if price is None else float(price[plan].sum())
            agreed(worth, bound, True, "HiGHS", abs(form.constant))
    return values, bound


def _plan(form: Form, values: Floats) -> Flags:
    """(m,) what a solution opens."""
    count = form.columns
    zeros, ones = np.zeros(count), np.ones(count)
    found = credible(values[:count], zeros, ones, np.ones(count, dtype=bool), "HiGHS")
    return found > 0.5


def _keeps_all(form: Form, is_open: Flags) -> bool:
    parts = local_search.per_part(form, is_open)
    return local_search.fits(form, is_open) and local_search.keeps_floors(form, parts)


def _decided(form: Form) -> tuple[Flags | None, float]:
    """Plan and bound where no column is left; HiGHS calls such a model empty, whatever its rows."""
    kept = np.all(form.room >= -SLACK * np.maximum(1.0, np.abs(form.room)))
    kept &= np.all(form.left >= -SLACK * np.maximum(1.0, np.abs(form.left)))
    kept &= np.all(form.floor <= SLACK * np.maximum(1.0, np.abs(form.floor)))
    return (np.zeros(0, dtype=bool), form.constant) if kept else (None, -np.inf)


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The linear relaxation of a form, solved to optimality.

    Attributes:
        bound: its optimum, an upper bound on every plan.
        y: (m,) its fractional plan.
        opened_at, closed_at: (m,) bound on plans with the column opened, closed, by reduced cost.
    """

    bound: float
    y: Floats
    opened_at: Floats
    closed_at: Floats


def relax(form: Form, run: Run, seconds: float) -> Relaxed | None:
    """Solve the linear relaxation, or None when it is not solved in time.

    Bound and reduced costs are made of the row duals alone.
    """
    level, levels = _levels(form)
    model = _compose(form, level, levels, form.outlay, integral=False)
    found = highs.solve_linear(model, run, seconds)
    if found is None:
        return None
    values, duals = found
    rows, lower, upper = highs.rows_of(model)
    bound, reduced, _ = priced(rows, duals, lower, upper)
    cost = reduced[: form.columns]
    return Relaxed(
        -bound, values[: form.columns], -bound - np.maximum(0.0, cost), -bound + np.minimum(0.0, cost)
    )


def _levels(form: Form) -> tuple[NDArray[np.int64], int]:
    """(Z,) level of every pair: within a row, pairs of equal savings share one."""
    new = np.zeros(len(form.col), dtype=bool)
    new[form.indptr[:-1]] = True
    new[1:] |= np.any(form.parts[:, 1:] != form.parts[:, :-1], axis=0)
    level = np.cumsum(new) - 1
    return level, int(level[-1]) + 1 if len(level) else 0


def _compose(
    form: Form, level: NDArray[np.int64], levels: int, cost: Floats, integral: bool = True
) -> highspy.Highs:
    """Columns: y (m), then z (levels). Rows: reach (levels), limits (K), group limits (H), floors (G)."""
    count = form.columns
    first = np.flatnonzero(np.r_[True, np.diff(level) > 0]) if levels else np.zeros(0, np.int64)
    row_of_level = form.row[first]
    continues = np.r_[False, np.diff(row_of_level) == 0] if levels else np.zeros(0, bool)
    step = form.parts[:, first].copy()  # what reaching a level adds beyond the next worse one
    step[:, :-1] -= np.where(continues[1:], form.parts[:, first[1:]], 0.0)
    z = count + np.arange(levels)
    # z_k - z_(k-1) - sum y <= 0, written as triplets (row, column, value).
    rows = [level, np.arange(levels), np.flatnonzero(continues)]
    cols = [form.col, z, z[continues] - 1]
    values = [np.full(len(level), -1.0), np.ones(levels), np.full(int(continues.sum()), -1.0)]
    for k in range(len(form.room)):
        used = np.flatnonzero(form.use[k])
        rows.append(np.full(len(used), levels + k))
        cols.append(used)
        values.append(form.use[k, used])
    first_group, first_floor = levels + len(form.room), levels + len(form.room) + len(form.left)
    for member, amount in zip(form.member, form.amount, strict=True):
        used = np.flatnonzero(member >= 0)
        rows.append(first_group + member[used])
        cols.append(used)
        values.append(amount[used])
    for part in range(1, len(form.parts)):
        used = np.flatnonzero(step[part])
        number = np.full(len(used), part - 1)
        if part > form.steady:
            number = form.steady + form.family[part - 1 - form.steady, row_of_level[used]].astype(np.int64)
        rows.append(first_floor + number)
        cols.append(z[used])
        values.append(step[part, used])
    inf = highspy.kHighsInf
    slack = SLACK * np.maximum(1.0, np.abs(form.floor))
    lp = highspy.HighsLp()
    lp.num_col_ = count + levels
    lp.offset_ = -form.constant  # so that relative gaps are those of the whole objective
    lp.num_row_ = first_floor + len(form.floor)
    lp.col_cost_ = np.r_[cost, -step[0]]
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_upper_ = np.ones(lp.num_col_)
    lp.row_lower_ = np.r_[np.full(first_floor, -inf), form.floor - slack]
    lp.row_upper_ = np.r_[np.zeros(levels), form.room, form.left, np.full(len(form.floor), inf)]
    if integral:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * count + [
            highspy.HighsVarType.kContinuous
        ] * levels
    _set_matrix(lp, np.concatenate(rows), np.concatenate(cols), np.concatenate(values))
    model = highs.empty()
    model.passModel(lp)
    return model


def _set_matrix(lp: highspy.HighsLp, row: Ints, col: Ints, value: Floats) -> None:
    order = np.argsort(row, kind="stable")
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.r_[0, np.cumsum(np.bincount(row, minlength=lp.num_row_))].astype(np.int32)
    lp.a_matrix_.index_ = col[order].astype(np.int32)
    lp.a_matrix_.value_ = value[order]


def _start(form: Form, level: NDArray[np.int64], levels: int, is_open: Flags) -> Floats:
    reached = np.zeros(levels, dtype=bool)
    reached[level[is_open[form.col]]] = True
    # A level is reached when it, or a better one of its row, has an open column.
    row = np.zeros(levels, dtype=np.int64)
    row[level] = form.row
    total = np.cumsum(reached)
    before = np.zeros(form.rows, dtype=np.int64)
    starts = np.searchsorted(row, np.arange(form.rows))
    before[:] = np.r_[0, total][starts]
    values: Floats = np.r_[is_open.astype(float), (total - before[row] > 0).astype(float)]
    return values
