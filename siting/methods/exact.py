"""The exact method: reduce, compose the mixed-integer program in PuLP, solve it.

Lexicographic objectives are solved one after the other, each under rows that keep what the
earlier ones achieved. The values kept are recomputed from the plan, never taken from the solver.
"""

from __future__ import annotations

import math

import numpy as np
import pulp

from siting.errors import SolverError
from siting.instance.arrays import Ints
from siting.measures import NeedMeasure, Term
from siting.measures.builder import Builder
from siting.measures.levels import build_levels
from siting.methods import highs
from siting.methods.outcome import Outcome
from siting.methods.reduce import useful_candidates
from siting.methods.run import Run
from siting.methods.warm import Warm
from siting.plan import Plan, Termination, relative_gap
from siting.problem import Problem

WHY = "the instance is small enough for one mixed-integer program"

PREFERRED_PAIRS = 5_000
"""Pairs up to which one program is the quickest way to a proof."""

MOST_TERMS = 3_000_000
"""Terms of the program beyond which PuLP alone would take more than ten seconds."""

PRINTED_GAP = 1e-7
"""CBC hands its proved optimum over in eight digits; within these it is the plan's value."""


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
    opened: Ints | None = None
    start = None if warm is None else warm.opened
    bounds: list[float | None] = []
    termination = Termination.PROVED
    kept: list[tuple[Term, bool, float]] = []
    for number, objective in enumerate(problem.objectives):
        run.begin_goal(number, objective.term.measure.name)
        if run.over and opened is not None:
            bounds.append(None)
            termination = run.reason
            continue
        stage = _Stage(problem, number, kept)
        with run.phase("compose"):
            builder = stage.compose()
        with run.phase("solve"):
            found, bound, infeasible = _run_solver(
                builder, problem, run, solver, _start(builder, problem, start) if opened is None else opened
            )
        if infeasible and opened is None:
            return Outcome(None, tuple([None] * len(problem.objectives)), Termination.PROVED, True)
        if found is not None:
            opened = found
        if opened is None:
            return Outcome(None, tuple([None] * len(problem.objectives)), run.reason)
        value = stage.value(opened)
        bound = _at_least_as_good(bound, value, objective.maximize)
        if bound is not None and _is_cbc(solver) and relative_gap(value, bound) <= PRINTED_GAP:
            bound = value
        bounds.append(bound)
        gap = math.inf if bound is None else relative_gap(value, bound)
        termination = run.ended(gap, termination)
        slack = abs(value) * objective.tolerance
        kept.append(
            (objective.term, objective.maximize, value - slack if objective.maximize else value + slack)
        )
    return Outcome(opened, tuple(bounds), termination)


def _start(builder: Builder, problem: Problem, opened: Ints | None) -> Ints | None:
    """An earlier plan as far as it can be expressed; the solver looks at whether it keeps the limits."""
    if opened is None:
        return None
    wanted = np.union1d(opened, np.flatnonzero(problem.responses.options.required))
    return np.array([j for j in wanted.tolist() if j in builder.opening], dtype=np.int32)


def _is_cbc(solver: str | pulp.LpSolver) -> bool:
    return solver == "cbc" or isinstance(solver, pulp.PULP_CBC_CMD)


def _at_least_as_good(bound: float | None, value: float, maximize: bool) -> float | None:
    """A solver's bound may miss the plan's value by its tolerance; the plan itself is proof."""
    if bound is None:
        return None
    return max(bound, value) if maximize else min(bound, value)


class _Stage:
    """One objective of a lexicographic solve, as a mixed-integer program."""

    def __init__(self, problem: Problem, number: int, kept: list[tuple[Term, bool, float]]) -> None:
        self._problem = problem
        self._objective = problem.objectives[number]
        self._kept = kept

    def compose(self) -> Builder:
        problem, objective = self._problem, self._objective
        terms = [objective.term, *(term for term, _, _ in self._kept), *(b.term for b in problem.limits)]
        need_terms = [term for term in terms if isinstance(term.measure, NeedMeasure)]
        levels = build_levels(problem.responses, need_terms)
        wanted = useful_candidates(problem, levels)
        builder = Builder(problem.model.name, objective.maximize, problem.responses.options, wanted, levels)
        builder.problem.setObjective(objective.term.expression(builder))
        for count, limit in enumerate(problem.limits):
            expression = limit.term.expression(builder)
            if math.isfinite(limit.high):
                builder.problem.addConstraint(expression <= limit.high, f"limit{count}_high")
            if math.isfinite(limit.low):
                builder.problem.addConstraint(expression >= limit.low, f"limit{count}_low")
        for count, (term, maximize, value) in enumerate(self._kept):
            expression = term.expression(builder)
            # Sums of many doubles: without room the plan just found could fail its own row.
            room = 1e-9 * max(1.0, abs(value))
            row = expression >= value - room if maximize else expression <= value + room
            builder.problem.addConstraint(row, f"kept{count}")
        return builder

    def value(self, opened: Ints) -> float:
        """The objective of a plan, recomputed from the table."""
        serves, ms = self._problem.responses.serve(opened)
        return self._objective.term.value(Plan(opened, serves, ms))


def _run_solver(
    builder: Builder,
    problem: Problem,
    run: Run,
    solver: str | pulp.LpSolver,
    start: Ints | None,
) -> tuple[Ints | None, float | None, bool]:
    """Opened options, certified bound, proved infeasible."""
    if not builder.opening:
        return _without_choice(builder, problem)
    if solver == "highs":
        return _run_highs(builder, run, start)
    return _run_pulp(builder, run, solver)


def _without_choice(builder: Builder, problem: Problem) -> tuple[Ints | None, float | None, bool]:
    """No candidate is worth a variable: the plan opens nothing, if that is allowed."""
    empty = np.zeros(0, dtype=np.int32)
    serves, ms = problem.responses.serve(empty)
    plan = Plan(empty, serves, ms)
    for limit in problem.limits:
        if not limit.low <= limit.term.value(plan) <= limit.high:
            return None, None, True
    constant = builder.problem.objective.constant if builder.problem.objective is not None else 0.0
    return empty, float(constant), False


def _run_highs(builder: Builder, run: Run, start: Ints | None) -> tuple[Ints | None, float | None, bool]:
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(builder.problem)
    solver.buildSolverModel(builder.problem)
    sign = _sign(builder)
    # PuLP keeps the constant back, and a relative gap needs the whole objective.
    builder.problem.solverModel.changeObjectiveOffset(sign * float(builder.problem.objective.constant))

    def tell(incumbent: float | None, bound: float | None) -> None:
        run.tell(*(None if x is None else sign * x for x in (incumbent, bound)))

    initial = None
    if start is not None and set(start.tolist()) <= builder.opening.keys():
        initial = builder.solution(start)
    answer = highs.solve(builder.problem.solverModel, run, tell=tell, start=initial)
    return _read_highs(builder, answer)


def _sign(builder: Builder) -> float:
    """PuLP negates a maximization for HiGHS, which minimizes."""
    return -1.0 if builder.problem.sense == pulp.LpMaximize else 1.0


def _read_highs(
    builder: Builder, answer: highs.Answer, offset: float = 0.0
) -> tuple[Ints | None, float | None, bool]:
    bound = None if answer.bound is None else _sign(builder) * answer.bound + offset
    if answer.infeasible or answer.values is None:
        return None, bound, answer.infeasible
    names = [variable.name for variable in builder.problem.variables()]
    return builder.opened(dict(zip(names, answer.values, strict=True))), bound, False


def _run_pulp(
    builder: Builder, run: Run, solver: str | pulp.LpSolver
) -> tuple[Ints | None, float | None, bool]:
    """Any other PuLP solver.

    What a solver calls optimal may mean within its own gap, so only HiGHS, which is read directly,
    and CBC, where it was told nothing that gives it a gap, certify a bound here.
    """
    lp = builder.problem
    ours = isinstance(solver, str)
    if isinstance(solver, str):
        solver = _cbc(run)
    if not solver.available():
        raise SolverError(f"the solver {solver.name} is not installed or cannot be run")
    try:
        lp.solve(solver)
    except pulp.PulpSolverError as error:
        raise SolverError(f"{solver.name} failed: {error}") from error
    if isinstance(solver, pulp.HiGHS):
        return _read_highs(builder, highs.read(lp.solverModel), float(lp.objective.constant))
    if lp.status == pulp.LpStatusInfeasible:
        return None, None, _is_infeasible(builder, run, solver)
    if lp.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return None, None, False
    proved = lp.sol_status == pulp.LpSolutionOptimal and (ours or _has_no_gap(solver))
    # CBC gives no value to variables that its presolve made irrelevant.
    terms = [factor * (variable.varValue or 0.0) for variable, factor in lp.objective.items()]
    bound = lp.objective.constant + math.fsum(terms) if proved else None
    values = {variable.name: variable.varValue or 0.0 for variable in lp.variables()}
    return builder.opened(values), bound, False


def _has_no_gap(solver: pulp.LpSolver) -> bool:
    """Whether a solver object is a CBC that calls nothing but an optimum optimal."""
    if not isinstance(solver, pulp.PULP_CBC_CMD) or solver.options:
        return False
    return not (solver.optionsDict.get("gapRel") or solver.optionsDict.get("gapAbs"))


def _is_infeasible(builder: Builder, run: Run, solver: pulp.LpSolver) -> bool:
    """Whether the program a solver calls infeasible is; only CBC is taken at its word.

    Raises:
        SolverError: HiGHS has found a plan.
    """
    if isinstance(solver, pulp.PULP_CBC_CMD):
        return True
    found, _, infeasible = _run_highs(builder, run, None)
    if found is not None:
        raise SolverError(f"{solver.name} calls the program infeasible, but HiGHS has found a plan")
    return infeasible


def _cbc(run: Run) -> pulp.LpSolver:
    limit = None if math.isinf(run.left) else max(1.0, run.left)
    return pulp.PULP_CBC_CMD(
        msg=False, timeLimit=limit, threads=run.threads, options=[f"randomCbcSeed {run.seed % 2**31}"]
    )
