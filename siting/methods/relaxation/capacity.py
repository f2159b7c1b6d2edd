"""Where capacities bind: a start and a bound from the same question without them.

Whatever a plan is worth with capacities, it is worth no less without, so the decomposition's bound
on the question without capacities holds. Its plan is a good start: the needs are handed out to the
facilities it opens, the quickest answers first, while there is room.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from siting.instance.arrays import Ints
from siting.measures import NeedMeasure, OptionMeasure
from siting.measures.assigned import load_groups
from siting.methods import decomposition
from siting.methods.plain import beyond_nearest
from siting.methods.relaxation.beginning import Beginning
from siting.methods.run import Run
from siting.plan import Plan, Shares
from siting.problem import Bound, Problem

_LEAST = 1e-9


def begin(problem: Problem, run: Run, seconds: float) -> Beginning:
    """Solve without capacities, then hand the needs out.

    Args:
        problem: the question.
        run: limits in force.
        seconds: what the solve without capacities may take.
    """
    easier = without_capacities(problem)
    if (beyond_nearest(easier) or decomposition.refusal(easier, "highs")) is not None:
        return Beginning(None, None)
    outcome = decomposition.solve(easier, replace(run.within(seconds), progress=None), "highs")
    if outcome.opened is None:
        return Beginning(None, None)
    plan = handed_out(problem, outcome.opened)
    fits = all(_keeps(limit, plan) for limit in problem.limits)
    defined = not math.isnan(problem.objectives[0].term.value(plan))
    return Beginning(plan if fits and defined else None, outcome.bounds[0])


def _keeps(limit: Bound, plan: Plan) -> bool:
    room = _LEAST * max(1.0, abs(limit.term.value(plan)))
    return limit.low - room <= limit.term.value(plan) <= limit.high + room


def without_capacities(problem: Problem) -> Problem:
    """The first objective if the nearest open facility served everybody; limits that this needs not keep go.

    A site with any number of units counts as one: no plan breaks a limit from above that it kept.
    """
    table = problem.responses.sooner
    options = table.options
    candidates = np.arange(len(options.site)) >= options.existing
    easier = replace(
        table,
        layout=replace(table.layout, serve="nearest", every=False),
        options=replace(
            options,
            listed=np.zeros(len(candidates), dtype=bool),
            units=np.where(candidates, 1, options.units),
        ),
    )
    limits = []
    for limit in problem.limits:
        term = replace(limit.term, responses=easier)
        if isinstance(term.measure, NeedMeasure):
            limits.append(replace(limit, term=term))
        elif isinstance(term.measure, OptionMeasure) and not np.any(term.measure.coefficients(term) < 0):
            limits.append(Bound(term, -math.inf, limit.high, limit.label))
    kept = tuple(limit for limit in limits if math.isfinite(limit.high) or math.isfinite(limit.low))
    goal = problem.objectives[0]
    return replace(
        problem,
        responses=easier,
        objectives=(replace(goal, term=replace(goal.term, responses=easier)),),
        limits=kept,
    )


def handed_out(problem: Problem, opened: Ints) -> Plan:
    """A plan with one unit at every opened option, whose needs are handed out quickest answer first."""
    responses = problem.responses
    options = responses.options
    nothing = opened[:0]
    amount = options.open_units(opened, np.ones(len(opened), dtype=np.int32), nothing)
    pairs = np.flatnonzero(amount[responses.option] > 0)
    pairs = pairs[np.argsort(responses.ms[pairs], kind="stable")]
    need, option = responses.row[pairs], responses.option[pairs]
    groups, group = np.unique(load_groups(responses, need, option), return_inverse=True)
    capacity = options.capacity * amount
    room = np.full(len(groups), np.inf)
    room[group] = np.where(np.isnan(capacity[option]), np.inf, capacity[option])
    single = responses.layout.serve == "single"
    people = responses.needs.people.astype(np.float64)
    taken = _take(need, group, people, room, single)
    served = np.flatnonzero(taken > 0)
    served = served[np.lexsort((option[served], need[served]))]
    shares = Shares(need[served].astype(np.int32), option[served], taken[served], responses.ms[pairs[served]])
    serves = np.full(len(people), -1, dtype=np.int32)
    ms = np.zeros(len(people), dtype=np.int32)
    order = np.lexsort((-shares.option, shares.share))
    serves[shares.need[order]] = shares.option[order]
    ms[shares.need[order]] = shares.ms[order]
    return Plan(opened, serves, ms, np.ones(len(opened), dtype=np.int32), nothing, None if single else shares)


def _take(need: Ints, group: np.ndarray, people: np.ndarray, room: np.ndarray, single: bool) -> np.ndarray:
    """Hand out pair by pair: the share of its need that each pair serves, (X,)."""
    left = np.ones(len(people))
    taken = np.zeros(len(need))
    load = people[need].tolist()
    for position, (i, g) in enumerate(zip(need.tolist(), group.tolist(), strict=True)):
        if left[i] <= _LEAST:
            continue
        part = left[i] if load[position] == 0 else min(left[i], room[g] / load[position])
        if part <= _LEAST or (single and part < left[i]):
            continue
        taken[position] = part
        left[i] -= part
        room[g] -= part * load[position]
    return taken
