"""Every plan of a small problem, valued without levels, forms or reductions."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.problem import Problem

ROOM = 1e-9
"""Relative difference that sums of doubles in another order explain."""


@dataclass(frozen=True)
class Plans:
    """S plans over K candidates.

    Attributes:
        option: (K,) option numbers of the candidates.
        is_open: (S, K) the plans, all that open what is required.
        allowed: (S,) plans that keep every limit and leave no objective undefined.
        values: (objectives, S) their values, negated where the objective is minimized.
    """

    option: Ints
    is_open: Flags
    allowed: Flags
    values: Floats

    def best(self, among: Flags | None = None) -> tuple[float, ...] | None:
        """Lexicographic optimum of the plans, or of those ``among`` (S,); None where there is none."""
        left = np.flatnonzero(self.allowed if among is None else self.allowed & among)
        if not len(left):
            return None
        result = []
        for values in self.values:
            most = values[left].max()
            left = left[values[left] >= most - ROOM * max(1.0, abs(most))]
            result.append(float(most))
        return tuple(result)


def every_plan(problem: Problem) -> Plans:
    """All subsets of the usable candidates that hold the required ones."""
    options = problem.responses.options
    option = np.flatnonzero(options.usable & (np.arange(len(options.site)) >= options.existing))
    is_open = np.array(list(itertools.product([False, True], repeat=len(option))), dtype=bool)
    is_open = is_open.reshape(2 ** len(option), len(option))
    is_open = is_open[is_open[:, options.required[option]].all(axis=1)]
    allowed = np.ones(len(is_open), dtype=bool)
    for limit in problem.limits:
        values = values_of(problem, limit.term, option, is_open)
        slack = ROOM * np.maximum(1.0, np.abs(values))
        allowed &= (values <= limit.high + slack) & (values >= limit.low - slack)
    signs = [1.0 if goal.maximize else -1.0 for goal in problem.objectives]
    values = np.array([values_of(problem, goal.term, option, is_open) for goal in problem.objectives])
    allowed &= ~np.isnan(values).any(axis=0)
    return Plans(option.astype(np.int32), is_open, allowed, values * np.array(signs)[:, None])


def values_of(problem: Problem, term: Term, option: Ints, is_open: Flags) -> Floats:
    """(S,) values of a term, NaN where it is undefined."""
    measure = term.measure
    if isinstance(measure, OptionMeasure):
        return is_open @ measure.coefficients(term)[option]
    assert isinstance(measure, NeedMeasure)
    responses = problem.responses
    column = {int(j): k for k, j in enumerate(option)}
    total = np.zeros(len(is_open))
    for need in np.setdiff1d(np.flatnonzero(term.scope), responses.unreachable):
        one = np.array([need], dtype=np.int32)
        value = np.full(len(is_open), measure.base(term, one)[0])
        waiting = np.ones(len(is_open), dtype=bool)
        for pair in range(responses.indptr[need], responses.indptr[need + 1]):
            hit = waiting & is_open[:, column[int(responses.option[pair])]]
            value[hit] = measure.at(term, one, responses.ms[pair : pair + 1])[0]
            waiting &= ~hit
        total = total + value if measure.additive else np.maximum(total, value)
    return total
