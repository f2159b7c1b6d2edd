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

from siting.errors import SolverError
from siting.measures.program import Arrays
from siting.methods.run import Run

_REPORT_SECONDS = 0.5


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
) -> Answer:
    """Run HiGHS on a model that is already loaded.

    Args:
        model: the model; must hold integer columns (a stopped LP certifies nothing).
        run: limits in force.
        seconds: a tighter time limit.
        start: (columns,) a feasible solution to start from.
        tell: called with the incumbent and bound of the model while HiGHS works.
        room: absolute gap at which to stop, beside the run's relative one.

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
    if model.run() == highspy.HighsStatus.kError:
        raise SolverError("HiGHS failed on the model; its status is " + str(model.getModelStatus()))
    return read(model)


def solve_linear(
    model: highspy.Highs, run: Run, seconds: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]] | None:
    """Solve a model without integer columns.

    Returns:
        Objective, values and reduced costs (columns,), or None when it was not solved to
        optimality: the objective of a stopped linear program bounds nothing.
    """
    model.setOptionValue("time_limit", max(0.01, min(run.left, seconds)))
    model.setOptionValue("random_seed", run.seed % (2**31))
    model.setOptionValue("parallel", "off")
    _watch(model, run, None)
    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = model.getSolution()
    return model.getInfo().objective_function_value, np.array(solution.col_value), np.array(solution.col_dual)


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
    return Answer(status == statuses.kOptimal, False, values, _finite(info.mip_dual_bound))


def model(arrays: Arrays) -> highspy.Highs:
    """HiGHS with a program loaded; it minimizes, so a maximization is handed over negated."""
    sign = -1.0 if arrays.maximize else 1.0
    loaded = empty()
    loaded.passModel(
        len(arrays.cost), len(arrays.row_lower), len(arrays.value),
        int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize),
        sign * arrays.offset,  # so that relative gaps are those of the whole objective
        sign * arrays.cost, arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper,
        arrays.indptr.astype(np.int32), arrays.index.astype(np.int32), arrays.value,
        arrays.integer.astype(np.int32),
    )  # fmt: skip
    return loaded


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
        return None if found is None else found[1]
    return solve(model(left), run, seconds).values
