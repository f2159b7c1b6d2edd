"""HiGHS: the only place that sets its options and reads its status, bound and gap.

PuLP reports a time limit of HiGHS as "Optimal", so nothing here asks PuLP how a solve ended.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from siting.errors import SolverError
from siting.measures.program import Arrays
from siting.methods.duality import Rows, priced
from siting.methods.run import Run

_REPORT_SECONDS = 0.5

_TINY, _MOST = 1e-6, 2.0**20
"""Coefficients below which a row is scaled, and the largest that it then has."""


@dataclass(frozen=True)
class Answer:
    """What HiGHS found and proved, in the direction of the model's objective.

    Attributes:
        optimal: HiGHS proved its solution optimal within its gap.
        infeasible: HiGHS proved that there is no solution.
        values: (columns,) solution, None if there is none.
        bound: dual bound, None if none is certified.
    """

    optimal: bool
    infeasible: bool
    values: NDArray[np.float64] | None
    bound: float | None


def empty() -> highspy.Highs:
    """A silent HiGHS without a model."""
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    return model


def solve(
    model: highspy.Highs,
    run: Run,
    seconds: float | None = None,
    start: NDArray[np.float64] | None = None,
    tell: Callable[[float | None, float | None], None] | None = None,
    room: float = 0.0,
    seen: Callable[[NDArray[np.float64]], None] | None = None,
) -> Answer:
    """Run HiGHS on a model that is already loaded.

    Args:
        model: the model; must hold integer columns (a stopped LP certifies nothing).
        run: limits in force.
        seconds: a tighter time limit.
        start: (columns,) a feasible solution to start from.
        tell: called with the incumbent and bound of the model while HiGHS works.
        room: absolute gap at which to stop, beside the run's relative one.
        seen: called with every better solution (columns,) while HiGHS works.

    Raises:
        SolverError: HiGHS failed.
    """
    limit = min(run.left, math.inf if seconds is None else seconds)
    options: dict[str, Any] = {
        "output_flag": False,
        "random_seed": run.seed % (2**31),
        # One search thread: the same plan on every machine. Naming a number of threads would fail
        # once another solve of this process has named a different one.
        "parallel": "off",
        "mip_rel_gap": run.gap,
        "mip_abs_gap": max(room, 1e-9),
        "mip_feasibility_tolerance": 1e-9,
        "primal_feasibility_tolerance": 1e-9,
        "dual_feasibility_tolerance": 1e-9,
    }
    if math.isfinite(limit):
        # HiGHS's clock runs on from earlier runs of the same object.
        options["time_limit"] = model.getRunTime() + max(0.01, limit)
    for name, value in options.items():
        model.setOptionValue(name, value)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start
        model.setSolution(solution)
    _watch(model, run, tell)
    if seen is not None:
        model.cbMipImprovingSolution.subscribe(lambda event: seen(np.array(event.data_out.mip_solution)))
    if model.run() == highspy.HighsStatus.kError:
        raise SolverError("HiGHS failed on the model; its status is " + str(model.getModelStatus()))
    _note(model, run)
    return read(model)


def solve_linear(
    model: highspy.Highs, run: Run, seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Solve a model without integer columns.

    Returns:
        Values (columns,) and row duals (rows,), or None when it was not solved to optimality. What
        the duals prove is for :mod:`siting.methods.duality` to say.

    Raises:
        SolverError: HiGHS calls optimal what are no numbers.
    """
    model.setOptionValue("time_limit", max(0.01, min(run.left, seconds)))
    model.setOptionValue("random_seed", run.seed % (2**31))
    model.setOptionValue("parallel", "off")
    model.setOptionValue("primal_feasibility_tolerance", 1e-9)
    model.setOptionValue("dual_feasibility_tolerance", 1e-9)  # what is missed here the bound is short of
    _watch(model, run, None)
    model.run()
    _note(model, run)
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = model.getSolution()
    values, duals = np.array(solution.col_value), np.array(solution.row_dual)
    if len(values) != model.getNumCol() or not np.isfinite(values).all():
        raise SolverError("HiGHS calls a linear program optimal, but its values are no numbers")
    return values, duals if len(duals) == model.getNumRow() else np.zeros(model.getNumRow())


def rows_of(model: highspy.Highs) -> tuple[Rows, NDArray[np.float64], NDArray[np.float64]]:
    """The rows of a loaded model that minimizes, and (columns,) lower and upper bounds."""
    lp = model.getLp()
    matrix = lp.a_matrix_
    of_rows = matrix.format_ == highspy.MatrixFormat.kRowwise
    parts = (np.array(matrix.value_), np.array(matrix.index_), np.array(matrix.start_))
    shape = (lp.num_row_, lp.num_col_)
    found = csr_matrix(parts, shape) if of_rows else csc_matrix(parts, shape).tocsr()
    rows = Rows(np.array(lp.col_cost_), lp.offset_, found, np.array(lp.row_lower_), np.array(lp.row_upper_))
    return rows, np.array(lp.col_lower_), np.array(lp.col_upper_)


def proved(model: highspy.Highs) -> float:
    """What the row duals of a solved model without integer columns prove about its minimum."""
    rows, lower, upper = rows_of(model)
    duals = np.array(model.getSolution().row_dual)
    return priced(rows, duals if len(duals) == len(rows.row_lower) else 0.0 * rows.row_lower, lower, upper)[0]


def solve_interior(
    model: highspy.Highs, run: Run, seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Run the interior point method, without a basis at the end, on a model without integer columns.

    Returns:
        Values (columns,) and row duals (rows,), optimal or not: they bound nothing by themselves.
        None where there are none.
    """
    # Duals that HiGHS carries back through its presolve without a basis were seen to be far off.
    model.setOptionValue("presolve", "off")
    model.setOptionValue("solver", "ipm")
    model.setOptionValue("run_crossover", "off")
    model.setOptionValue("time_limit", max(0.01, min(run.left, seconds)))
    model.setOptionValue("random_seed", run.seed % (2**31))
    model.setOptionValue("parallel", "off")
    _watch(model, run, None)
    model.run()
    _note(model, run)
    solution = model.getSolution()
    values, duals = np.array(solution.col_value), np.array(solution.row_dual)
    whole = len(values) == model.getNumCol() and len(duals) == model.getNumRow()
    return (values, duals) if whole and solution.dual_valid else None


def _watch(model: highspy.Highs, run: Run, tell: Callable[[float | None, float | None], None] | None) -> None:
    """Let the caller stop HiGHS, and hear how far it is."""

    last = time.monotonic()

    def interrupt(event: Any) -> None:
        nonlocal last
        if run.stop.is_set():
            event.interrupt()
        now = time.monotonic()
        if tell is not None and now - last >= _REPORT_SECONDS:
            last = now
            out = event.data_out
            tell(_finite(out.mip_primal_bound), _finite(out.mip_dual_bound))

    # Without its log HiGHS makes no other calls than those that ask whether to go on.
    model.cbMipInterrupt.subscribe(interrupt)
    for working in (model.cbSimplexInterrupt, model.cbIpmInterrupt):
        working.subscribe(lambda event: event.interrupt() if run.over else None)


def _note(model: highspy.Highs, run: Run) -> None:
    """Remember that HiGHS's clock has stopped it."""
    if model.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
        run.timed.set()


def _finite(value: float) -> float | None:
    return value if abs(value) < highspy.kHighsInf / 2 and math.isfinite(value) else None


def read(model: highspy.Highs) -> Answer:
    """What a model that was run has found and proved.

    Raises:
        SolverError: HiGHS ended in a state from which nothing can be concluded.
    """
    status, info = model.getModelStatus(), model.getInfo()
    statuses = highspy.HighsModelStatus
    if status == statuses.kInfeasible:
        return Answer(False, True, None, None)
    if status == statuses.kModelEmpty:  # neither a choice nor a limit is left
        return Answer(True, False, np.zeros(0), 0.0)
    stopped = (
        statuses.kOptimal, statuses.kTimeLimit, statuses.kInterrupt, statuses.kSolutionLimit,
        statuses.kObjectiveBound, statuses.kObjectiveTarget, statuses.kIterationLimit,
    )  # fmt: skip
    if status not in stopped:
        raise SolverError(f"HiGHS ended with {model.modelStatusToString(status)!r}")
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(model.getSolution().col_value) if has else None
    if values is not None and len(values) != model.getNumCol():
        raise SolverError(f"HiGHS returned {len(values):,} values for {model.getNumCol():,} columns")
    return Answer(status == statuses.kOptimal, False, values, _finite(info.mip_dual_bound))


def model(arrays: Arrays) -> highspy.Highs:
    """HiGHS with a program loaded; it minimizes, so a maximization is handed over negated.

    Raises:
        SolverError: HiGHS does not take it.
    """
    sign = -1.0 if arrays.maximize else 1.0
    scale = _row_scale(arrays)
    loaded = empty()
    status = loaded.passModel(
        len(arrays.cost), len(arrays.row_lower), len(arrays.value),
        int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize),
        sign * arrays.offset,  # so that relative gaps are those of the whole objective
        sign * arrays.cost, arrays.lower, arrays.upper, scale * arrays.row_lower, scale * arrays.row_upper,
        arrays.indptr.astype(np.int32), arrays.index.astype(np.int32),
        np.repeat(scale, np.diff(arrays.indptr)) * arrays.value,
        arrays.integer.astype(np.int32),
    )  # fmt: skip
    if status == highspy.HighsStatus.kError:
        largest = np.abs(np.r_[arrays.cost, arrays.value]).max(initial=0.0)
        raise SolverError(f"HiGHS does not take the program: its numbers go up to {largest:g}")
    return loaded


def _row_scale(arrays: Arrays) -> NDArray[np.float64]:
    """(m,) powers of two by which rows of tiny numbers are multiplied.

    HiGHS drops coefficients of 1e-9 and keeps rows to 1e-9: one of a milliard people is as much.
    """
    scale = np.ones(len(arrays.row_lower))
    there = np.flatnonzero(arrays.value != 0.0)
    if len(there):
        row = np.repeat(np.arange(len(scale)), np.diff(arrays.indptr))[there]
        size = np.abs(arrays.value[there])
        least, most = np.full(len(scale), np.inf), np.zeros(len(scale))
        np.minimum.at(least, row, size)
        np.maximum.at(most, row, size)
        tiny = least < _TINY
        scale[tiny] = 2.0 ** np.floor(np.log2(np.minimum(1.0 / least[tiny], _MOST / most[tiny])))
    return np.maximum(1.0, scale)


def complete(
    arrays: Arrays, column: NDArray[np.int64], value: NDArray[np.integer[Any]], run: Run, seconds: float
) -> NDArray[np.float64] | None:
    """The best solution with given values (K,) of some columns (K,), None where none is found in time."""
    if np.any(value < arrays.lower[column]) or np.any(value > arrays.upper[column]):
        return None
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[column] = upper[column] = value
    left = replace(arrays, lower=lower, upper=upper)
    if not (left.integer & (lower < upper)).any():
        left = replace(left, integer=np.zeros(len(lower), dtype=bool))
        found = solve_linear(model(left), run, seconds)
        return None if found is None else found[0]
    return solve(model(left), run, seconds).values
