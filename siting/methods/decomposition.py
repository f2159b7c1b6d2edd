"""The national method: greedy and interchange for the plan, a Lagrangian dual for the bound.

One decomposition serves max cover, p-median and every utility that falls with response time:
local search gives a plan, the volume algorithm a certified bound, reduced costs fix most columns,
and mixed-integer programs over the few that remain improve the plan and close the gap.
"""

from __future__ import annotations

import math
from functools import partial, reduce

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

ROUNDING = 8 * float(np.finfo(np.float64).eps)
"""Share of the objective without any savings, from which these are taken off, that sums are rounded by."""

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
            saved = None if warm is None else warm.plan(number)
            plans = [opened, None if saved is None else saved.opened]
            there = [plan for plan in plans if plan is not None]
            form = build_form(problem, number, kept, reduce(np.union1d, there) if there else None, demands)
            if settled is not None:
                form = restricted(form, *settled)
        known = None if warm is None else warm.dual(number)
        keep = None if run.saver is None else partial(run.keep, problem, number)
        stage = Stage(form, run, sign, 1.0 if last else 0.6, known=known, keep=keep)
        if not stage.feasible:
            return _infeasible(problem)
        starts = [] if opened is None else [opened]
        if number == 0 and warm is not None:
            fitted = [repaired(form, plan) for plan in (warm.opened, warm.beside) if plan is not None]
            starts = [plan for plan in fitted if plan is not None]
        elif saved is not None and opened is not None and not np.array_equal(saved.opened, opened):
            starts.append(saved.opened)
        opened, value, bound = stage.solve(starts)
        if not stage.feasible:
            return _infeasible(problem)
        if keep is not None and opened is not None:
            keep(stage.reached, ended=True)
        duals.append(stage.point)
        worth = None if opened is None else _worth(problem, opened, objective.term)
        if worth is None:
            return _without_penalty(problem, run, warm)
        assert opened is not None
        if 0.0 < sign * worth - bound <= ROUNDING * abs(form.constant):
            bound = sign * worth  # sums that cancel; the plan itself is proof
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


def _worth(problem: Problem, opened: Ints, term: Term) -> float | None:
    """Value of a plan; None where it serves not all whom the objective demands to be served."""
    value = term.value(Plan(opened, *problem.responses.serve(opened)))
    return None if math.isnan(value) else value


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
