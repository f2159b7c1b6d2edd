"""The exact method: reduce, compose the mixed-integer program in PuLP, solve it.

Lexicographic objectives are solved one after the other, each under rows that keep what the
earlier ones achieved. The values kept are recomputed from the plan, never taken from the solver.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pulp

from siting.errors import SolverError
from siting.instance.arrays import Floats
from siting.measures import Term
from siting.measures.composer import Composer
from siting.measures.program import as_pulp
from siting.methods import highs
from siting.methods.compose import compose, opening_of, plan_of, with_options
from siting.methods.credible import agreed, credible
from siting.methods.outcome import Outcome
from siting.methods.run import Run
from siting.methods.warm import Opening, Reached, Warm
from siting.plan import Plan, Termination, relative_gap
from siting.problem import Problem

WHY = "the instance is small enough for one mixed-integer program"

PREFERRED_PAIRS = 5_000
"""Pairs up to which one program is the quickest way to a proof."""

MOST_TERMS = 3_000_000
"""Terms of the program beyond which PuLP alone would take more than ten seconds."""

SHARE_OF_TIME = 0.6
"""Share of the time left that an objective may take when others follow."""

_COMPLETE_SECONDS = 20.0

_DOUBTED_SECONDS = 5.0
"""Seconds that HiGHS may look for a better plan than the one that another solver calls optimal."""

_FINE = ("increment 1e-9", "dualT 1e-9", "primalT 1e-9")
"""CBC overlooks what is below its tolerances: gains of 1e-5, as it comes."""

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


class Seen:
    """The best solution of a program while it is solved, for whoever saves the solve."""

    def __init__(self, composer: Composer, keep: Callable[..., None]) -> None:
        self._composer, self._keep = composer, keep
        self._values: Floats | None = None

    def __call__(self, values: Floats | None, ended: bool = False) -> None:
        """Take a solution, None where there is no better one; it is saved if it is time."""
        if values is not None:
            self._values = values
        if self._values is not None:
            self._keep(self._reached, ended)

    def _reached(self) -> Reached:
        assert self._values is not None
        value = self._composer.program.objective.value(self._values)
        return Reached(opening_of(self._composer, self._values), value)


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

    def search(composer: Composer, start: Floats | None, seconds: float, seen: Seen) -> Found:
        if not composer.program.columns:
            return without_choice(composer, problem)
        if solver == "highs":
            return _run_highs(composer, run, start, seconds, seen)
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
    search: Callable[[Composer, Floats | None, float, Seen], Found],
    trusted: Callable[[int, float | None, float], float | None] = lambda number, bound, value: bound,
    improve: Callable[[int, Plan | None], Plan | None] = lambda number, plan: plan,
) -> Outcome:
    """Solve the objectives one after the other, each under rows that keep what the earlier achieved.

    Args:
        problem: the question.
        run: limits in force.
        warm: what an earlier solve has left.
        search: solves one program from a start, if there is one, in some seconds, and hands over
            every better solution that it finds meanwhile.
        trusted: the bound to report for an objective, the bound found and the value of the plan.
        improve: a better plan to start an objective from, where there is one.
    """
    count = len(problem.objectives)
    plan: Plan | None = None
    before = None if warm is None or warm.opened is None else Opening.once(warm.opened).plan(
        problem.responses
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
        saved = None if warm is None else warm.plan(number)
        older = None if saved is None else saved.plan(problem.responses)
        with run.phase("compose"):
            composer = compose(problem, number, kept, plan or older)
        seen = Seen(composer, partial(run.keep, problem, number))
        with run.phase("solve"):
            begun = [improve(number, plan or older or before), older]
            start = _best(composer, *(with_options(composer, one, run) for one in begun))
            seen(start)
            last = number + 1 == count
            found = search(composer, start, run.left if last else SHARE_OF_TIME * run.left, seen)
        if found.infeasible and plan is None:
            return Outcome(None, (None,) * count, Termination.PROVED, True)
        # A solver that is stopped at once may not have looked at its start.
        values = _best(composer, found.values, start)
        if values is not None:
            plan = plan_of(composer, values)
            seen(values, ended=True)
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


def _best(composer: Composer, *solutions: Floats | None) -> Floats | None:
    """The best of some solutions, of equals the first; None of none."""
    there = [values for values in solutions if values is not None]
    sign = 1.0 if composer.program.maximize else -1.0

    def worth(values: Floats) -> float:
        """The objective, in digits that do not depend on the order of its sum."""
        return sign * float(f"{composer.program.objective.value(values):.9e}")

    return max(there, key=worth, default=None)


def _is_cbc(solver: str | pulp.LpSolver) -> bool:
    return solver == "cbc" or isinstance(solver, pulp.PULP_CBC_CMD)


def _at_least_as_good(bound: float | None, value: float, maximize: bool) -> float | None:
    """A solver's bound may miss the plan's value by its tolerance; the plan itself is proof.

    Raises:
        SolverError: it misses it by more: one of the two is wrong.
    """
    if bound is None:
        return None
    agreed(value, bound, maximize, "the solver")
    return max(bound, value) if maximize else min(bound, value)


def without_choice(composer: Composer, problem: Problem) -> Found:
    """No candidate is worth a column: the plan opens nothing, if that is allowed."""
    values = np.zeros(0)
    plan = plan_of(composer, values)
    for limit in problem.limits:
        if not limit.low <= limit.term.value(plan) <= limit.high:
            return Found(None, None, True)
    return Found(values, composer.program.objective.constant)


def _run_highs(
    composer: Composer, run: Run, start: Floats | None, seconds: float, seen: Callable[[Floats | None], None]
) -> Found:
    arrays = composer.program.arrays()
    sign = -1.0 if arrays.maximize else 1.0

    def tell(incumbent: float | None, bound: float | None) -> None:
        run.tell(*(None if x is None else sign * x for x in (incumbent, bound)))
        seen(None)

    model = highs.model(arrays)
    answer = highs.solve(model, run, seconds, start, tell, seen=seen)
    if start is not None and (answer.infeasible or (answer.optimal and answer.bound is None)):
        # Presolve took rows that hold by a hair, as the start shows, for infeasible.
        model = highs.model(arrays)
        model.setOptionValue("presolve", "off")
        answer = highs.solve(model, run, seconds, start, tell, seen=seen)
    bound = None if answer.bound is None else sign * answer.bound + 0.0  # no negative zero
    if not arrays.integer.any():  # HiGHS bounds a linear program only by solving it
        bound = sign * highs.proved(model) if answer.optimal else None
    values = answer.values
    if values is not None:
        values = credible(values, arrays.lower, arrays.upper, arrays.integer, "HiGHS")
    return Found(values, bound, answer.infeasible)


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
    except Exception as error:  # a solver's file of garbage ends PuLP in any of them
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise SolverError(f"{solver.name} failed, or what it wrote cannot be read: {said}") from error
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
    values = _in_full(composer, values, run, solver.name)
    proved = lp.sol_status == pulp.LpSolutionOptimal and (ours or _has_no_gap(solver))
    return Found(values, _not_beaten(composer, values, run, solver.name) if proved else None)


def _not_beaten(composer: Composer, values: Floats, run: Run, who: str) -> float:
    """The objective of values that a solver calls optimal, as far as HiGHS has nothing better soon.

    Raises:
        SolverError: HiGHS has found a better plan.
    """
    objective, maximize = composer.program.objective, composer.program.maximize
    value = objective.value(values)
    arrays = composer.program.arrays()
    other = highs.solve(highs.model(arrays), run, _DOUBTED_SECONDS, values).values
    if other is not None and len(other) == len(values):
        agreed(objective.value(np.where(arrays.integer, np.rint(other), other)), value, maximize, who)
    return value


def _has_no_gap(solver: pulp.LpSolver) -> bool:
    """Whether a solver object is a CBC that calls nothing but an optimum optimal."""
    if not isinstance(solver, pulp.PULP_CBC_CMD) or solver.options:
        return False
    return not (solver.optionsDict.get("gapRel") or solver.optionsDict.get("gapAbs"))


def _in_full(composer: Composer, values: Floats, run: Run, who: str) -> Floats:
    """A solver's values, and shares of needs in full precision: solvers hand over eight digits.

    Raises:
        SolverError: they are no solution.
    """
    arrays = composer.program.arrays()
    values = credible(values, arrays.lower, arrays.upper, arrays.integer, who)
    if composer.responses.layout.serve != "split":
        return values
    whole = np.flatnonzero(arrays.integer)
    full = highs.complete(arrays, whole, values[whole].astype(np.int64), run, _COMPLETE_SECONDS)
    return values if full is None else full


def _is_infeasible(composer: Composer, run: Run, solver: pulp.LpSolver) -> bool:
    """Whether the program a solver calls infeasible is: CBC errs on limits of a milliard in cents.

    Raises:
        SolverError: HiGHS has found a plan.
    """
    found = _run_highs(composer, run, None, run.left, lambda values: None)
    if found.values is not None:
        raise SolverError(f"{solver.name} calls the program infeasible, but HiGHS has found a plan")
    return found.infeasible


def _cbc(run: Run) -> pulp.LpSolver:
    limit = None if math.isinf(run.left) else max(1.0, run.left)
    return pulp.PULP_CBC_CMD(
        msg=False, timeLimit=limit, threads=run.threads, options=[f"randomCbcSeed {run.seed % 2**31}", *_FINE]
    )
