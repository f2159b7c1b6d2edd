"""When an answer outlives a change: what only takes plans away leaves the best one best."""

from __future__ import annotations

import numpy as np

from siting.measures import NeedMeasure, Term
from siting.methods.outcome import Outcome
from siting.plan import PROVED_GAP, Status, Termination
from siting.problem import Bound, Problem
from siting.result import Result


def still_holds(result: Result, problem: Problem, gap: float) -> Outcome | None:
    """The answer of an earlier solve, where it answers a changed problem too.

    Args:
        result: the earlier answer.
        problem: the changed problem, of the same model and data.
        gap: relative gap that is asked for.

    Returns:
        The earlier plan and bounds if they are as good as asked for, the plan is allowed and all
        that is allowed was so before, or the earlier proof that there is no plan; else None.
    """
    if not restricts(problem, result.problem):
        return None
    if result.status is Status.INFEASIBLE:
        return Outcome(None, (None,) * len(problem.objectives), Termination.PROVED, infeasible=True)
    gaps = [goal.gap for goal in result.achieved]
    if result.plan is None or any(one is None or one > max(gap, PROVED_GAP) for one in gaps):
        return None
    options, opened = problem.responses.options, result.plan.opened
    if not options.usable[opened].all() or not np.isin(np.flatnonzero(options.required), opened).all():
        return None
    for limit in problem.limits:
        if not limit.low <= limit.term.value(result.plan) <= limit.high:
            return None
    termination = Termination.PROVED if result.status is Status.OPTIMAL else Termination.GAP
    bounds = tuple(goal.bound for goal in result.achieved)
    return Outcome(opened, bounds, termination, plan=result.plan)


def restricts(problem: Problem, before: Problem) -> bool:
    """Whether every plan of a problem is one of ``before`` and worth the same; may err on the safe side.

    Args:
        problem, before: problems of the same model and data.
    """
    ours, theirs = problem.responses, before.responses
    if ours.settings != theirs.settings or ours.horizon_ms != theirs.horizon_ms:
        return False
    if np.any(ours.options.usable & ~theirs.options.usable):
        return False
    if np.any(theirs.options.required & ~ours.options.required):
        return False
    # Needs that nothing reaches are left out of every sum: there may not be more of them than before.
    if not np.array_equal(ours.unreachable, theirs.unreachable):
        return False
    for one, other in zip(problem.objectives, before.objectives, strict=True):
        if one.tolerance != other.tolerance or not _same(one.term, other.term):
            return False
    return all(any(_implies(ours_, limit) for ours_ in problem.limits) for limit in before.limits)


def _implies(limit: Bound, other: Bound) -> bool:
    """Whether what keeps a limit keeps another one."""
    return limit.high <= other.high and limit.low >= other.low and _same(limit.term, other.term)


def _same(one: Term, other: Term) -> bool:
    """Whether two terms are worth the same for every plan that both know."""
    if one.measure is not other.measure or one.arguments != other.arguments:
        return False
    if not np.array_equal(one.scope, other.scope):
        return False
    if not isinstance(one.measure, NeedMeasure):
        return True
    # A share may be one of those whom some usable candidate covers: look at what needs can add.
    needs = np.arange(len(one.scope), dtype=np.int32)
    at_once = np.zeros(len(needs), dtype=np.int32)
    return np.array_equal(one.measure.at(one, needs, at_once), one.measure.at(other, needs, at_once))
