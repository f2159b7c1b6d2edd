"""The general method for large questions: linear relaxation, fixing, restricted programs.

Whatever a model may ask is composed as one mixed-integer program. Its linear relaxation gives row
duals, of which a bound is computed that owes nothing to the solver; around the fractional values
small programs find plans, and reduced costs fix what no better plan can change.
"""

from __future__ import annotations

import numpy as np
import pulp

from siting.instance.arrays import Floats
from siting.measures import CountMeasure, NeedMeasure, OptionMeasure
from siting.measures.composer import Composer
from siting.measures.tail_time import TailTime
from siting.measures.worst_share import WorstShare
from siting.methods import highs
from siting.methods.exact import Found, Seen, in_order, without_choice
from siting.methods.outcome import Outcome
from siting.methods.plain import beyond_levels
from siting.methods.relaxation import capacity, tail
from siting.methods.relaxation.beginning import Beginning
from siting.methods.relaxation.fair import fairer
from siting.methods.relaxation.large import solve_arrays
from siting.methods.run import Run
from siting.methods.warm import Warm
from siting.plan import Plan, Termination, relative_gap
from siting.problem import Problem

WHY = "the instance is large, and the question asks for more than who answers first"

MOST_PAIRS = 8_000_000
"""Pairs beyond which the linear relaxation alone would take many minutes."""

FAIR_SHARE, FAIR_SECONDS = 0.25, 20.0
"""Share of the time left, or seconds, that a start for the worst-off groups may take."""

BEGIN_SHARE, LARGE_SHARE, BEGIN_SECONDS = 0.4, 0.9, 40.0
"""Share of the time left, also where nothing else is tried, or seconds, that an easier question may take."""

MOST_ASSIGNED = 200_000
"""Pairs up to which a question is a program of its own where an easier one has an answer."""

_REPAIR_SECONDS = 20.0
_WORTH_OPENING = 1e-3


def refusal(problem: Problem, solver: str | pulp.LpSolver) -> str | None:
    """Why the method does not fit, or None."""
    if solver != "highs":
        return "it solves its programs with HiGHS; another solver needs the exact method"
    pairs = len(problem.responses.option)
    if pairs > MOST_PAIRS:
        return (
            f"the program would hold {pairs / 1e6:.1f} million pairs; it is relaxed up to "
            f"{MOST_PAIRS / 1e6:.0f} million: lower the standards or the minutes of unserved needs"
        )
    return None


def suits(problem: Problem) -> bool:
    """Whether the method is a good choice where it fits."""
    return True


def solve(problem: Problem, run: Run, solver: str | pulp.LpSolver, warm: Warm | None = None) -> Outcome:
    """Plan and certified bound for every objective, in lexicographic order."""

    def search(composer: Composer, start: Floats | None, seconds: float, seen: Seen) -> Found:
        if not composer.program.columns:
            return without_choice(composer, problem)
        arrays = composer.program.arrays()

        def repair(values: Floats) -> Floats | None:
            units = _rounded(problem, composer, values)
            return highs.complete(arrays, composer.column[composer.decided], units, run, _REPAIR_SECONDS)

        found = solve_arrays(arrays, run.within(seconds), start, run.tell, repair, seen)
        return Found(found.values, found.bound, found.infeasible)

    begun = _begin(problem, run)
    if begun.plan is not None and len(problem.responses.option) > MOST_ASSIGNED:
        return _as_it_is(problem, begun, run)

    def improve(number: int, plan: Plan | None) -> Plan | None:
        if number == 0 and begun.plan is not None:
            return begun.plan
        if beyond_levels(problem) is not None:
            return plan
        return fairer(problem, number, plan, run, FAIR_SHARE * run.left if run.seconds else FAIR_SECONDS)

    def trusted(number: int, bound: float | None, value: float) -> float | None:
        known = [bound, begun.bound if number == 0 else None, ceiling(problem, number)]
        certain = [one for one in known if one is not None]
        best = min if problem.objectives[number].maximize else max
        return None if not certain else float(best(certain))

    return in_order(problem, run, warm, search, trusted, improve)


def _begin(problem: Problem, run: Run) -> Beginning:
    """What an easier question tells about the first objective."""
    term = problem.objectives[0].term
    large = len(problem.responses.option) > MOST_ASSIGNED
    seconds = (LARGE_SHARE if large else BEGIN_SHARE) * run.left if run.seconds else BEGIN_SECONDS
    run.begin_goal(0, term.measure.name)
    if problem.responses.layout.serve != "nearest":
        with run.phase("without capacities"):
            return capacity.begin(problem, run, seconds)
    if isinstance(term.measure, TailTime) and beyond_levels(problem) is None:
        with run.phase("edge by edge"):
            return tail.begin(problem, run, seconds)
    return Beginning(None, None)


def _as_it_is(problem: Problem, begun: Beginning, run: Run) -> Outcome:
    """The plan and bound found without a program of the assignments, which would be too large."""
    plan = begun.plan
    assert plan is not None
    bounds = (begun.bound, *(None for _ in problem.objectives[1:]))
    value = problem.objectives[0].term.value(plan)
    gap = np.inf if begun.bound is None else relative_gap(value, begun.bound)
    return Outcome(plan.opened, bounds, run.ended(float(gap), Termination.PROVED), plan=plan)


def ceiling(problem: Problem, number: int) -> float | None:
    """What an objective comes to with everything open: no plan is worth more where more never hurts."""
    goal, responses = problem.objectives[number], problem.responses
    if not isinstance(goal.term.measure, NeedMeasure | CountMeasure | WorstShare):
        return None
    options = responses.options
    usable = options.usable & (np.arange(len(options.site)) >= options.existing)
    opened = np.flatnonzero(usable).astype(np.int32)
    value = goal.term.value(Plan(opened, *responses.serve(opened), options.units[opened]))
    return None if np.isnan(value) else value


def _rounded(problem: Problem, composer: Composer, values: Floats) -> np.ndarray:
    """Whole units of the decided options, those the relaxation wants most first, within upper limits."""
    options, decided = problem.responses.options, composer.decided
    share = values[composer.column[decided]]
    units = np.where(options.closable[decided], 1, options.required[decided]).astype(np.int64)
    rows, most = [], []
    for limit in problem.limits:
        if isinstance(limit.term.measure, OptionMeasure):
            rows.append(limit.term.measure.coefficients(limit.term)[decided])
            most.append(limit.high)
    use = np.array(rows).reshape(len(rows), len(decided))
    room = np.array(most) - use @ np.where(options.closable[decided], 0, units)
    for one in np.argsort(-share, kind="stable"):
        if share[one] < _WORTH_OPENING:
            break
        wanted = int(np.ceil(share[one] - _WORTH_OPENING)) - int(units[one])
        if options.closable[decided[one]] or wanted <= 0:
            continue
        while wanted > 0 and np.any(use[:, one] * wanted > room + 1e-9):
            wanted -= 1
        units[one] += wanted
        room -= use[:, one] * wanted
    return units
