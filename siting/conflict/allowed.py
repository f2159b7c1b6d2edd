"""The problem in which forbidden candidates may be opened, so that forbidding them is a condition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siting.instance import CandidateStatus
from siting.instance.arrays import Flags, Ints
from siting.measures import MEASURES, NeedMeasure, Term
from siting.measures.people_within import PeopleWithin
from siting.measures.share_of_coverable import ShareOfCoverable
from siting.measures.share_within import ShareWithin
from siting.problem import Problem, bind


def allowed(problem: Problem) -> tuple[Problem, Ints]:
    """The problem with all forbidden candidates allowed, and their option numbers.

    Candidates at excluded places stay closed. Who counts stays as it is: a need that only forbidden
    candidates reach is not asked to be served because they are allowed.
    """
    instance, options = problem.instance, problem.responses.options
    status = instance.candidates.status.copy()
    status[status == CandidateStatus.FORBIDDEN] = CandidateStatus.CANDIDATE
    if np.array_equal(status, instance.candidates.status):
        return problem, np.zeros(0, dtype=np.int32)
    free = replace(instance, candidates=replace(instance.candidates, status=status))
    wider = bind(free, problem.model, problem.given)
    option = np.flatnonzero(wider.responses.options.usable & ~options.usable).astype(np.int32)
    if not len(option):
        return problem, option
    unreachable = np.zeros(len(problem.responses.needs.place), dtype=bool)
    unreachable[problem.responses.unreachable] = True
    return (
        replace(
            wider,
            objectives=tuple(
                replace(goal, term=_counting(goal.term, one.term, unreachable))
                for goal, one in zip(wider.objectives, problem.objectives, strict=True)
            ),
            limits=tuple(
                replace(limit, term=_counting(limit.term, one.term, unreachable))
                for limit, one in zip(wider.limits, problem.limits, strict=True)
            ),
        ),
        option,
    )


def _counting(term: Term, before: Term, unreachable: Flags) -> Term:
    """A term that counts whom it counted before."""
    measure = before.measure
    if isinstance(measure, ShareOfCoverable):
        return replace(term, measure=MEASURES["share_within"], scope=measure.counted(before))
    if isinstance(measure, NeedMeasure) and not isinstance(measure, ShareWithin | PeopleWithin):
        return replace(term, scope=term.scope & ~unreachable)
    return term
