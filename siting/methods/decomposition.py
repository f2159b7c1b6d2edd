"""The national method: greedy and interchange for the plan, a Lagrangian dual for the bound.

One decomposition serves max cover, p-median and every utility that falls with response time:
local search gives a plan, the volume algorithm a certified bound, reduced costs fix most columns,
and mixed-integer programs over the few that remain improve the plan and close the gap.
"""

from __future__ import annotations

import math

import numpy as np
import pulp

from siting.instance.arrays import Ints
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.measures.total_cost import TotalCost
from siting.methods import exact, floors
from siting.methods.floors import Floors
from siting.methods.form import build_form, restricted
from siting.methods.outcome import Outcome
from siting.methods.repair import repaired
from siting.methods.run import Run
from siting.methods.stage import Stage
from siting.methods.warm import Point, Warm
from siting.plan import PROVED_GAP, Plan, Termination, relative_gap
from siting.problem import Problem

Settled = tuple[Ints, Ints]
"""Options that no optimal plan opens, and options that all of them open."""

WHY = "the instance is large, and its objectives depend on response times alone"


def refusal(problem: Problem, solver: str | pulp.LpSolver) -> str | None:
    """Why the decomposition does not fit, or None."""
    if solver != "highs":
        return "it solves its small programs with HiGHS; another solver needs the exact method"
    for number, objective in enumerate(problem.objectives):
        measure = objective.term.measure
        if isinstance(measure, TotalCost) and number + 1 < len(problem.objectives):
            return f"the objective {objective.term.label} must be the last: it cannot be kept as a floor"
        if not isinstance(measure, TotalCost) and not (isinstance(measure, NeedMeasure) and measure.additive):
            return f"the objective {objective.term.label} is not a sum over needs"
    for limit in problem.limits:
        if isinstance(limit.term.measure, NeedMeasure):
            unfit = floors.refusal(limit)
            if unfit is not None:
                return unfit
        elif not isinstance(limit.term.measure, OptionMeasure):
            return f"the limit {limit.label} is a sum over neither needs nor opened sites"
        elif math.isfinite(limit.low):
            return f"the limit {limit.label} demands openings, which the local search cannot repair"
    return None


def suits(problem: Problem) -> bool:
    """Whether the method is a good choice where it fits."""
    return True


def solve(problem: Problem, run: Run, solver: str | pulp.LpSolver, warm: Warm | None = None) -> Outcome:
    """Plan and certified bound for every objective, in lexicographic order."""
    count = len(problem.objectives)
    opened: Ints | None = None
    settled: Settled | None = None
    bounds: list[float | None] = []
    termination = Termination.PROVED
    kept: list[tuple[Term, bool, float]] = []
    duals: list[Point | None] = []
    demands = floors.gather(problem)
    if not demands.possible:
        return _infeasible(problem)
    for number, objective in enumerate(problem.objectives):
        run.begin_goal(number, objective.term.measure.name)
        sign = 1.0 if objective.maximize else -1.0
        last = number + 1 == count
        with run.phase("reduce"):
            form = build_form(problem, number, kept, opened, demands)
            if settled is not None:
                form = restricted(form, *settled)
        stage = Stage(
            form, run, sign, 1.0 if last else 0.6, known=None if warm is None else warm.dual(number)
        )
        if not stage.feasible:
            return _infeasible(problem)
        if number == 0 and warm is not None and warm.opened is not None:
            opened = repaired(form, warm.opened)
        opened, value, bound = stage.solve(opened)
        if not stage.feasible:
            return _infeasible(problem)
        duals.append(stage.point)
        if opened is None or not _serves_all(problem, opened, objective.term):
            return _without_penalty(problem, run, warm)
        bounds.append(sign * bound)
        gap = relative_gap(value, bound)
        termination = run.ended(gap, termination)
        kept.append(
            (objective.term, objective.maximize, sign * value - sign * abs(value) * objective.tolerance)
        )
        if not last and gap <= PROVED_GAP and objective.tolerance == 0.0:
            settled = _settle(problem, number, kept[:-1], opened, demands, run, sign, stage.point)
    return Outcome(opened, tuple(bounds), termination, duals=tuple(duals))


def _infeasible(problem: Problem) -> Outcome:
    return Outcome(None, (None,) * len(problem.objectives), Termination.PROVED, infeasible=True)


def _serves_all(problem: Problem, opened: Ints, term: Term) -> bool:
    """Whether a plan serves whom the objective demands to be served, so that it has a value."""
    return not math.isnan(term.value(Plan(opened, *problem.responses.serve(opened))))


def _without_penalty(problem: Problem, run: Run, warm: Warm | None) -> Outcome:
    """The exact method, where the penalty for unserved needs led to no plan that serves them all."""
    if exact.refusal(problem, "highs") is None and not run.over:
        return exact.solve(problem, run, warm=warm)
    termination = run.reason if run.over else Termination.FINISHED
    return Outcome(None, (None,) * len(problem.objectives), termination)


def _settle(
    problem: Problem,
    number: int,
    kept: list[tuple[Term, bool, float]],
    opened: Ints,
    demands: Floors,
    run: Run,
    sign: float,
    known: Point | None,
) -> Settled:
    """What all optimal plans of an objective share; later objectives need look no further.

    Candidates that another one replaces stay in here: they may be as good for this objective and
    better for a later one.
    """
    everyone = np.unique(problem.responses.option).astype(np.int32)
    form = build_form(problem, number, kept, everyone, demands)
    return Stage(form, run, sign, known=known).settle(opened)
