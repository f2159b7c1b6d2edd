"""The exact method: reduce, compose the mixed-integer program in PuLP, solve it.

Lexicographic objectives are solved one after the other, each under rows that keep what the
earlier ones achieved. The values kept are recomputed from the plan, never taken from the solver.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pulp

from siting.errors import SolverError
from siting.instance.arrays import Floats
from siting.measures import Term
from siting.measures.composer import Composer
from siting.measures.program import as_pulp
from siting.methods import highs
from siting.methods.compose import compose, plan_of, with_options
from siting.methods.outcome import Outcome
from siting.methods.run import Run
from siting.methods.warm import Warm
from siting.plan import Plan, Termination, relative_gap
from siting.problem import Problem

WHY = "the instance is small enough for one mixed-integer program"

PREFERRED_PAIRS = 5_000
"""Pairs up to which one program is the quickest way to a proof."""

MOST_TERMS = 3_000_000
"""Terms of the program beyond which PuLP alone would take more than ten seconds."""

SHARE_OF_TIME = 0.6
"""Share of the time left that an objective may take when others follow."""

PRINTED_GAP = 1e-7
"""CBC hands its proved optimum over in eight digits; within these it is the plan's value."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a solver found on one program.

    Attributes:
        values: (columns,) solution, None if there is none.
        bound: certified bound in the direction of the objective, None if there is none.
        infeasible: it is proved that there is no solution.
    """

    values: Floats | None
    bound: float | None
    infeasible: bool = False


def refusal(problem: Problem, solver: str | pulp.LpSolver) -> str | None:
    """Why the exact method does not fit, or None."""
    if not isinstance(solver, str | pulp.LpSolver):
        return f"the solver {solver!r} is neither highs, cbc nor a PuLP solver object"
    terms = 3 * len(problem.responses.option)
    if terms > MOST_TERMS:
        return (
            f"the mixed-integer program would have about {terms / 1e6:.1f} million terms; "
            f"it is composed up to {MOST_TERMS / 1e6:.0f} million"
        )
    return None


def suits(problem: Problem) -> bool:
    """Whether the method is a good choice where it fits."""
    return len(problem.responses.option) <= PREFERRED_PAIRS


def solve(
    problem: Problem, run: Run, solver: str | pulp.LpSolver = "highs", warm: Warm | None = None
) -> Outcome:
    """Solve the problem's objectives in lexicographic order by mixed-integer programming."""

    def search(composer: Composer, start: Floats | None, seconds: float) -> Found:
        if not composer.program.columns:
            return without_choice(composer, problem)
        if solver == "highs":
            return _run_highs(composer, run, start, seconds)
        return _run_pulp(composer, run, solver)

    def trusted(number: int, bound: float | None, value: float) -> float | None:
        """CBC hands its proved optimum over in a few digits; within these it is the plan's value."""
        near = bound is not None and _is_cbc(solver) and relative_gap(value, bound) <= PRINTED_GAP
        return value if near else bound

    return in_order(problem, run, warm, search, trusted)


def in_order(
    problem: Problem,
    run: Run,
    warm: Warm | None,
    search: Callable[[Composer, Floats | None, float], Found],
    trusted: Callable[[int, float | None, float], float | None] = lambda number, bound, value: bound,
    improve: Callable[[int, Plan | None], Plan | None] = lambda number, plan: plan,
) -> Outcome:
    """Solve the objectives one after the other, each under rows that keep what the earlier achieved.

    Args:
        problem: the question.
        run: limits in force.
        warm: what an earlier solve has left.
        search: solves one program from a start, if there is one, in some seconds.
        trusted: the bound to report for an objective, the bound found and the value of the plan.
        improve: a better plan to start an objective from, where there is one.
    """
    count = len(problem.objectives)
    plan: Plan | None = None
    before = None if warm is None or warm.opened is None else Plan(
        warm.opened, *problem.responses.serve(warm.opened)
    )  # fmt: skip
    bounds: list[float | None] = []
    termination = Termination.PROVED
    kept: list[tuple[Term, bool, float]] = []
    for number, objective in enumerate(problem.objectives):
        run.begin_goal(number, objective.term.measure.name)
        if run.over and plan is not None:
            bounds.append(None)
            termination = run.reason
            continue
        with run.phase("compose"):
            composer = compose(problem, number, kept, plan)
        with run.phase("solve"):
            start = with_options(composer, improve(number, plan or before), run)
            last = number + 1 == count
            found = search(composer, start, run.left if last else SHARE_OF_TIME * run.left)
        if found.infeasible and plan is None:
            return Outcome(None, (None,) * count, Termination.PROVED, True)
        if found.values is not None:
            plan = plan_of(composer, found.values)
        if plan is None:
            return Outcome(None, (None,) * count, run.reason)
        value = objective.term.value(plan)
        bound = trusted(number, found.bound, value)
        bounds.append(_at_least_as_good(bound, value, objective.maximize))
        gap = math.inf if bounds[-1] is None else relative_gap(value, bounds[-1])
        termination = run.ended(gap, termination)
        slack = abs(value) * objective.tolerance
        kept.append(
            (objective.term, objective.maximize, value - slack if objective.maximize else value + slack)
        )
    assert plan is not None
    return Outcome(plan.opened, tuple(bounds), termination, plan=plan)


def _is_cbc(solver: str | pulp.LpSolver) -> bool:
    return solver == "cbc" or isinstance(solver, pulp.PULP_CBC_CMD)


def _at_least_as_good(bound: float | None, value: float, maximize: bool) -> float | None:
    """A solver's bound may miss the plan's value by its tolerance; the plan itself is proof."""
    if bound is None:
        return None
    return max(bound, value) if maximize else min(bound, value)


def without_choice(composer: Composer, problem: Problem) -> Found:
    """No candidate is worth a column: the plan opens nothing, if that is allowed."""
    values = np.zeros(0)
    plan = plan_of(composer, values)
    for limit in problem.limits:
        if not limit.low <= limit.term.value(plan) <= limit.high:
            return Found(None, None, True)
    return Found(values, composer.program.objective.constant)


def _run_highs(composer: Composer, run: Run, start: Floats | None, seconds: float) -> Found:
    arrays = composer.program.arrays()
    sign = -1.0 if arrays.maximize else 1.0

    def tell(incumbent: float | None, bound: float | None) -> None:
        run.tell(*(None if x is None else sign * x for x in (incumbent, bound)))

    answer = highs.solve(highs.model(arrays), run, seconds, start, tell)
    if start is not None and (answer.infeasible or (answer.optimal and answer.bound is None)):
        # Presolve took rows that hold by a hair, as the start shows, for infeasible.
        model = highs.model(arrays)
        model.setOptionValue("presolve", "off")
        answer = highs.solve(model, run, seconds, start, tell)
    bound = None if answer.bound is None else sign * answer.bound
    if not arrays.integer.any():  # HiGHS bounds a linear program only by solving it
        solved = answer.values if answer.optimal else None
        bound = None if solved is None else composer.program.objective.value(solved)
    return Found(answer.values, bound, answer.infeasible)


def _run_pulp(composer: Composer, run: Run, solver: str | pulp.LpSolver) -> Found:
    """Any other PuLP solver.

    What a solver calls optimal may mean within its own gap, so only HiGHS, which is read directly,
    and CBC, where it was told nothing that gives it a gap, certify a bound here.
    """
    lp, variables = as_pulp(composer.program)
    ours = isinstance(solver, str)
    if isinstance(solver, str):
        solver = _cbc(run)
    if not solver.available():
        raise SolverError(f"the solver {solver.name} is not installed or cannot be run")
    try:
        lp.solve(solver)
    except pulp.PulpSolverError as error:
        raise SolverError(f"{solver.name} failed: {error}") from error
    # Variables that no row names, or that a presolve made irrelevant, have no value: any will do.
    found = (variable.lowBound if variable.varValue is None else variable.varValue for variable in variables)
    values = np.array(list(found), dtype=np.float64)
    if isinstance(solver, pulp.HiGHS):
        answer = highs.read(lp.solverModel)
        sign = -1.0 if composer.program.maximize else 1.0
        bound = None if answer.bound is None else sign * answer.bound + float(lp.objective.constant)
        return Found(None if answer.values is None else values, bound, answer.infeasible)
    if lp.status == pulp.LpStatusInfeasible:
        return Found(None, None, _is_infeasible(composer, run, solver))
    if lp.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return Found(None, None)
    proved = lp.sol_status == pulp.LpSolutionOptimal and (ours or _has_no_gap(solver))
    return Found(values, composer.program.objective.value(values) if proved else None)


def _has_no_gap(solver: pulp.LpSolver) -> bool:
    """Whether a solver object is a CBC that calls nothing but an optimum optimal."""
    if not isinstance(solver, pulp.PULP_CBC_CMD) or solver.options:
        return False
    return not (solver.optionsDict.get("gapRel") or solver.optionsDict.get("gapAbs"))


def _is_infeasible(composer: Composer, run: Run, solver: pulp.LpSolver) -> bool:
    """Whether the program a solver calls infeasible is; only CBC is taken at its word.

    Raises:
        SolverError: HiGHS has found a plan.
    """
    if isinstance(solver, pulp.PULP_CBC_CMD):
        return True
    found = _run_highs(composer, run, None, run.left)
    if found.values is not None:
        raise SolverError(f"{solver.name} calls the program infeasible, but HiGHS has found a plan")
    return found.infeasible


def _cbc(run: Run) -> pulp.LpSolver:
    limit = None if math.isinf(run.left) else max(1.0, run.left)
    return pulp.PULP_CBC_CMD(
        msg=False, timeLimit=limit, threads=run.threads, options=[f"randomCbcSeed {run.seed % 2**31}"]
    )
