"""What a question may ask beyond the nearest open facility, which special methods do not know."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Ints
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.measures.total_cost import TotalCost
from siting.measures.worst_share import WorstShare
from siting.problem import Problem
from siting.response import Options


def beyond_nearest(problem: Problem) -> str | None:
    """Why a plan's worth is more than sums over who answers first and over openings; or None."""
    if (reason := beyond_levels(problem)) is not None:
        return reason
    for term in terms_of(problem):
        if not isinstance(term.measure, NeedMeasure | OptionMeasure | TotalCost):
            return f"{term.label} is neither a sum over needs nor over opened sites"
    return None


def beyond_levels(problem: Problem) -> str | None:
    """Why one candidate cannot replace another that reaches no need sooner; None where it can."""
    layout, options = problem.responses.layout, problem.responses.options
    if layout.serve != "nearest":
        return "capacities bind, so the nearest facility does not serve everyone"
    if layout.closing:
        return "existing facilities may be closed"
    if layout.every:
        return "every facility in reach counts, not only the nearest"
    replaced = options.replaces[options.usable & (options.replaces >= 0) & (options.period == 0)]
    if len(np.unique(replaced)) < len(replaced):
        return "a facility may be replaced in two ways"
    for term in terms_of(problem):
        if not isinstance(term.measure, NeedMeasure | OptionMeasure | TotalCost | WorstShare):
            return f"{term.label} looks at where facilities stand"
    return None


def terms_of(problem: Problem) -> list[Term]:
    """Every term of the objectives and the limits."""
    return [*(goal.term for goal in problem.objectives), *(limit.term for limit in problem.limits)]


def opened_once(options: Options, opened: Ints) -> Ints:
    """The openings without those of a candidate that has been opened in an earlier period.

    They add nothing, and methods that see an option per period do not know that they are the same.
    """
    order = np.lexsort((options.period[opened], options.candidate[opened]))
    same = np.r_[False, np.diff(options.candidate[opened][order]) == 0] if len(opened) else order > 0
    return np.sort(opened[order[~same]])
