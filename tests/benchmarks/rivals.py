"""The rivals: HiGHS through arrays, CBC through PuLP, spopt and kmedoids, each at its best.

HiGHS and CBC get the strongest compact formulations known, on the same reduced data as our own
solver, with their default options. Model building is timed apart from solving.
"""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

Array = NDArray[Any]


class MissingError(RuntimeError):
    """Something a benchmark needs is not there."""


@dataclass(frozen=True, eq=False)
class Mip:
    """Minimize cost @ x + offset, row_lower <= A x <= row_upper, 0 <= x <= 1, the first ``whole`` integer.

    Attributes:
        cost, offset, whole: see above; (n,), scalar, count.
        indptr, index, value: A by rows.
        row_lower, row_upper: infinite where a side is absent.
        sign: -1 where the problem itself is a maximization.
    """

    cost: Array
    offset: float
    whole: int
    indptr: Array
    index: Array
    value: Array
    row_lower: Array
    row_upper: Array
    sign: float = 1.0


@dataclass(frozen=True, eq=False)
class Savings:
    """Maximize constant + sum over rows of the best saving among open columns, use @ y <= room.

    Attributes:
        indptr, col, saving: row i has pairs indptr[i]:indptr[i + 1], by decreasing saving > 0.
        columns: number of columns m.
        constant: objective without any savings.
        use, room: (K, m) and (K,) limits.
    """

    indptr: Array
    col: Array
    saving: Array
    columns: int
    constant: float
    use: Array
    room: Array


def needed(package: str) -> ModuleType:
    """A rival's package.

    Raises:
        MissingError: it is not installed; names the command.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError:
        raise MissingError(f"{package} is not installed; run: pip install 'siting[bench]'") from None


def radius_model(form: Savings) -> Mip:
    """The radius formulation of savings: z_k <= z_(k-1) + sum of y at the k-th saving level.

    Cornuejols, Nemhauser & Wolsey (1980), SIAM J. Algebraic Discrete Methods 1: 261-272; with one
    level per row it is Church & ReVelle's (1974) maximal covering model.
    """
    saving, m, pairs = form.saving, form.columns, len(form.col)
    row = np.repeat(np.arange(len(form.indptr) - 1), np.diff(form.indptr))
    new = np.ones(pairs, dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (saving[1:] != saving[:-1])
    first = np.flatnonzero(new)
    level, count = np.cumsum(new) - 1, len(first)
    after = np.zeros(count, dtype=bool)  # levels with a better one before them
    after[1:] = row[first[1:]] == row[first[:-1]]
    step = saving[first].copy()
    step[:-1] -= np.where(after[1:], saving[first[1:]], 0.0)
    z = m + np.arange(count)
    limits = [np.flatnonzero(use) for use in form.use]
    rows = [level, np.arange(count), np.flatnonzero(after)]
    rows += [np.full(len(used), count + k) for k, used in enumerate(limits)]
    cols = [form.col, z, z[after] - 1, *limits]
    values = [np.full(pairs, -1.0), np.ones(count), np.full(int(after.sum()), -1.0)]
    values += [use[used] for use, used in zip(form.use, limits, strict=True)]
    indptr, index, value = _by_row(rows, cols, values, count + len(form.room))
    upper = np.r_[np.zeros(count), form.room]
    cost = np.r_[np.zeros(m), -step]
    return Mip(cost, -form.constant, m, indptr, index, value, np.full(len(upper), -np.inf), upper, -1.0)


def cover_model(indptr: Array, col: Array, cost: Array) -> Mip:
    """Set covering as it stands: every row has an open column, at least cost."""
    rows, ones = len(indptr) - 1, np.ones(len(col))
    return Mip(cost, 0.0, len(cost), indptr, col, ones, np.ones(rows), np.full(rows, np.inf))


def _by_row(
    rows: list[Array], cols: list[Array], values: list[Array], count: int
) -> tuple[Array, Array, Array]:
    row, col, value = np.concatenate(rows), np.concatenate(cols), np.concatenate(values)
    order = np.argsort(row, kind="stable")
    return np.r_[0, np.cumsum(np.bincount(row, minlength=count))], col[order], value[order]


def highs_model(mip: Mip) -> highspy.Highs:
    """HiGHS holding a program, silent, otherwise with its default options."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(mip.cost), len(mip.row_upper)
    lp.col_cost_, lp.offset_ = mip.cost, mip.offset
    lp.col_lower_, lp.col_upper_ = np.zeros(lp.num_col_), np.ones(lp.num_col_)
    lp.row_lower_ = np.where(np.isinf(mip.row_lower), -highspy.kHighsInf, mip.row_lower)
    lp.row_upper_ = np.where(np.isinf(mip.row_upper), highspy.kHighsInf, mip.row_upper)
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger] * mip.whole + [kinds.kContinuous] * (lp.num_col_ - mip.whole)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = mip.indptr.astype(np.int32)
    lp.a_matrix_.index_ = mip.index.astype(np.int32)
    lp.a_matrix_.value_ = mip.value
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)  # its default of 1e-4 would not be a proof
    model.passModel(lp)
    return model


def by_highs(mip: Mip, seconds: float) -> dict[str, Any]:
    """Solve with HiGHS: build and solve seconds, proved, value, bound, gap, and y."""
    begun = time.monotonic()
    model = highs_model(mip)
    build = time.monotonic() - begun
    model.setOptionValue("time_limit", seconds)
    begun = time.monotonic()
    model.run()
    spent = time.monotonic() - begun
    info = model.getInfo()
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    value = mip.sign * info.objective_function_value if has else None
    bound = mip.sign * info.mip_dual_bound if abs(info.mip_dual_bound) < highspy.kHighsInf / 2 else None
    gap = None if value is None or bound is None or not value else abs(bound - value) / abs(value)
    proved = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    plan = np.flatnonzero(np.array(model.getSolution().col_value)[: mip.whole] > 0.5) if has else None
    answer = {"build": build, "seconds": spent, "proved": proved, "value": value, "bound": bound, "gap": gap}
    return answer | {"plan": plan}


def by_cbc(mip: Mip, seconds: float) -> dict[str, Any]:
    """Solve with CBC through PuLP; PuLP passes no bound on."""
    begun = time.monotonic()
    problem = pulp.LpProblem("rival", pulp.LpMinimize)
    x = [
        pulp.LpVariable(f"x{j}", 0, 1, pulp.LpInteger if j < mip.whole else pulp.LpContinuous)
        for j in range(len(mip.cost))
    ]
    problem += pulp.LpAffineExpression(
        [(x[j], float(mip.cost[j])) for j in np.flatnonzero(mip.cost)], constant=mip.offset
    )
    index, value = mip.index.tolist(), mip.value.tolist()
    for i, (low, high) in enumerate(zip(mip.row_lower, mip.row_upper, strict=True)):
        part = range(int(mip.indptr[i]), int(mip.indptr[i + 1]))
        left = pulp.LpAffineExpression([(x[index[k]], value[k]) for k in part])
        problem += left >= float(low) if np.isfinite(low) else left <= float(high)
    build = time.monotonic() - begun
    begun = time.monotonic()
    problem.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, gapRel=0.0))
    spent = time.monotonic() - begun
    proved = problem.sol_status == pulp.LpSolutionOptimal
    has = proved or problem.sol_status == pulp.LpSolutionIntegerFeasible
    found = mip.sign * float(pulp.value(problem.objective)) if has else None
    return {"build": build, "seconds": spent, "proved": proved, "value": found, "bound": None, "gap": None}


def cover_within(mip: Mip, most: int, seconds: float) -> tuple[bool | None, Array]:
    """Whether a cover of at most ``most`` columns exists (None: not known in time), and its columns.

    HiGHS stops as soon as its plan or its bound decides the question.
    """
    model = highs_model(mip)
    model.setOptionValue("time_limit", seconds)
    model.setOptionValue("objective_target", most + 0.5)
    model.cbMipInterrupt.subscribe(
        lambda event: event.interrupt() if event.data_out.mip_dual_bound > most + 1e-6 else None
    )
    model.run()
    info = model.getInfo()
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if has and info.objective_function_value < most + 0.5:
        return True, np.flatnonzero(np.array(model.getSolution().col_value) > 0.5)
    proved = model.getModelStatus() in (
        highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kOptimal
    )  # fmt: skip
    return False if proved or info.mip_dual_bound > most + 1e-6 else None, np.zeros(0, dtype=np.int64)


def center_by_covers(
    row: Array, col: Array, ms: Array, base: Array, sites: int, seconds: float
) -> dict[str, Any]:
    """p-center by bisection over the distinct times, each a set cover by HiGHS.

    Args:
        row, col, ms: pairs, by row; columns from 0.
        base: (rows,) time of the nearest existing site, or a number above all others.
        sites: how many columns may be opened.
        seconds: time limit.
    """
    begun, columns = time.monotonic(), int(col.max()) + 1
    soonest = base.copy()
    np.minimum.at(soonest, row, ms)
    times = np.unique(np.r_[ms, base[base < base.dtype.type(np.iinfo(np.int64).max)]])
    low, high = int(np.searchsorted(times, soonest.max())), len(times) - 1
    while low < high:
        middle = (low + high) // 2
        keep = (ms <= times[middle]) & (base[row] > times[middle])
        _, start = np.unique(row[keep], return_index=True)
        mip = cover_model(np.r_[start, int(keep.sum())], col[keep], np.ones(columns))
        left = seconds - (time.monotonic() - begun)
        if left <= 0:
            break
        exists, plan = cover_within(mip, sites, left)
        if exists is None:
            break
        if exists:
            worst = _longest(row, col, ms, base, plan)  # often sooner than was asked for
            high = int(np.searchsorted(times, worst))
        else:
            low = middle + 1
    value, bound = float(times[high]), float(times[low])
    spent, gap = time.monotonic() - begun, (value - bound) / value
    return {"seconds": spent, "proved": low == high, "value": value, "bound": bound, "gap": gap}


def _longest(row: Array, col: Array, ms: Array, base: Array, plan: Array) -> int:
    is_open = np.zeros(int(col.max()) + 1, dtype=bool)
    is_open[plan] = True
    best, hit = base.copy(), is_open[col]
    np.minimum.at(best, row[hit], ms[hit])
    return int(best.max())


def spopt_mclp(
    tell: Any, distances: Array, weights: Array, radius: float, sites: int, seconds: float
) -> None:
    """spopt's maximal covering with HiGHS; tells the build seconds before solving."""
    locate = needed("spopt.locate")
    begun = time.monotonic()
    model = locate.MCLP.from_cost_matrix(distances, weights, radius, sites)
    _solve_spopt(tell, model, begun, seconds, -1.0)


def spopt_pmedian(tell: Any, distances: Array, weights: Array, sites: int, seconds: float) -> None:
    """spopt's p-median with HiGHS; tells the build seconds before solving."""
    locate = needed("spopt.locate")
    begun = time.monotonic()
    model = locate.PMedian.from_cost_matrix(distances, weights, sites)
    _solve_spopt(tell, model, begun, seconds, 1.0)


def _solve_spopt(tell: Any, model: Any, begun: float, seconds: float, sign: float) -> None:
    tell(build=time.monotonic() - begun)
    begun = time.monotonic()
    model.problem.solve(pulp.HiGHS(msg=False, timeLimit=seconds))
    spent = time.monotonic() - begun
    value = pulp.value(model.problem.objective)
    # PuLP calls a plan at the time limit optimal; HiGHS itself knows better.
    proved = model.problem.solverModel.getModelStatus() == highspy.HighsModelStatus.kOptimal
    tell(seconds=spent, proved=proved, value=value, bound=None, gap=None)


def faster_pam(distances: Array, medians: int, seconds: float) -> tuple[int, float, int]:
    """FasterPAM from one random start after another: best cost, seconds, number of starts."""
    kmedoids = needed("kmedoids")
    matrix = np.ascontiguousarray(distances, dtype=np.int32)
    begun, best, starts = time.monotonic(), None, 0
    while best is None or time.monotonic() - begun < seconds:
        found = kmedoids.fasterpam(matrix, medians, init="random", random_state=starts)
        cost = int(distances[:, np.asarray(found.medoids, dtype=np.int64)].min(axis=1).sum())
        best, starts = min(cost, best or cost), starts + 1
    return best, time.monotonic() - begun, starts
