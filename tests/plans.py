"""Plans and results made by hand, for tests of what comes after the solve."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from siting.instance import Instance
from siting.model import load_model
from siting.plan import Achieved, Plan, Status, Termination
from siting.problem import Numbers, Problem, bind
from siting.result import Result


def problem_of(instance: Instance, model: str = "max_coverage", numbers: Numbers | None = None) -> Problem:
    return bind(instance, load_model(model), numbers)


def plan_of(problem: Problem, opened: Sequence[int] | np.ndarray) -> Plan:
    """The plan that opens these options."""
    chosen = np.sort(np.asarray(opened, dtype=np.int32))
    return Plan(chosen, *problem.responses.serve(chosen))


def achieved_by(problem: Problem, plan: Plan, slack: float = 0.0) -> tuple[Achieved, ...]:
    """What the plan achieves, with bounds that are off by a share ``slack`` of the value."""
    nothing = plan_of(problem, [])
    result = []
    for goal in problem.objectives:
        term, value, before = goal.term, goal.term.value(plan), goal.term.value(nothing)
        bound = value * (1 + slack if goal.maximize else 1 - slack)
        known = None if math.isnan(before) else before
        result.append(Achieved(term.label, goal.maximize, term.unit, value, bound, known))
    return tuple(result)


def result_of(problem: Problem, opened: Sequence[int] | np.ndarray, slack: float = 0.01) -> Result:
    """A result without a solve."""
    plan = plan_of(problem, opened)
    achieved = achieved_by(problem, plan, slack)
    proved = all(one.gap is not None and one.gap <= 1e-9 for one in achieved)
    return Result(
        problem,
        Status.OPTIMAL if proved else Status.BOUNDED,
        Termination.PROVED if proved else Termination.GAP,
        plan,
        achieved,
        "by hand",
        "a test chose it",
        {"total": 0.25},
        0,
        {"siting": "0.1.0"},
        full_coverage_of(problem, plan),
    )


def full_coverage_of(problem: Problem, plan: Plan) -> dict[str, object] | None:
    """Whether a plan covers all that every usable candidate together would."""
    goal = problem.objectives[0]
    if not goal.maximize:
        return None
    options = problem.responses.options
    usable = np.flatnonzero(options.usable)
    everything = plan_of(problem, usable[usable >= options.existing])
    reached = goal.term.value(plan) == goal.term.value(everything)
    beyond = 0 if reached else len(everything.opened) - len(plan.opened)
    return {"sites": len(plan.opened) + beyond, "reached": reached, "beyond": beyond}


def random_opening(problem: Problem, rng: np.random.Generator) -> np.ndarray:
    """Options that a plan within the limits opens: the required ones, and others at random."""
    options = problem.responses.options
    opened = list(np.flatnonzero(options.required))
    free = np.flatnonzero(options.usable & ~options.required)
    for option in rng.permutation(free[free >= options.existing]):
        trial = plan_of(problem, [*opened, option])
        if all(limit.term.value(trial) <= limit.high for limit in problem.limits):
            opened.append(option)
    return np.array(opened, dtype=np.int32)
