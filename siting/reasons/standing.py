"""Who answers each need under a plan, and who would if that one were gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Ints
from siting.plan import Plan
from siting.problem import Problem


@dataclass(frozen=True, eq=False)
class Standing:
    """The first and the second to answer each need, the best and second best of interchange methods.

    Resende, M. and Werneck, R. (2007). A fast swap-based local search procedure for location
    problems. Annals of Operations Research 150: 205-230.

    Attributes:
        opened: (K,) options of the plan.
        who: (N,) position in ``opened`` of the one that serves, -1 where it is none of them.
        served: (N,) True where anybody serves.
        ms: (N,) response time, meaningless where nobody serves.
        second: (N,) option that would serve without the one that does, -1 where none would.
        second_ms: (N,) its response time, meaningless where there is none.
    """

    opened: Ints
    who: Ints
    served: Flags
    ms: Ints
    second: Ints
    second_ms: Ints

    @property
    def has_second(self) -> Flags:
        """(N,) True where somebody would serve without the one that does."""
        return np.asarray(self.second >= 0)

    def without(self, k: int) -> tuple[Ints, Flags]:
        """Response times (N,) and who is served (N,), once the k-th opened is dropped."""
        lost = self.who == k
        return np.where(lost, self.second_ms, self.ms), np.where(lost, self.has_second, self.served)


def standing(problem: Problem, plan: Plan) -> Standing:
    """The standing of a plan under a model in which the first to answer serves."""
    responses = problem.responses
    is_open = responses.options.listed.copy()
    is_open[plan.closed] = False
    is_open[plan.opened] = True
    pair = np.flatnonzero(is_open[responses.option])
    row = responses.row[pair]
    begins = np.r_[True, row[1:] != row[:-1]] if len(row) else np.zeros(0, dtype=bool)
    follows = np.flatnonzero(begins) + 1
    follows = follows[follows < len(row)]
    follows = follows[~begins[follows]]
    serves, ms = responses.serve(plan.opened, plan.closed)
    second, second_ms = responses.base_option.copy(), responses.base_ms.copy()
    next_ = pair[follows]
    need = responses.row[next_]
    sooner = (second[need] < 0) | (responses.ms[next_] < second_ms[need])
    second[need[sooner]] = responses.option[next_[sooner]]
    second_ms[need[sooner]] = responses.ms[next_[sooner]]
    number = np.full(len(is_open) + 1, -1, dtype=np.int32)
    number[plan.opened] = np.arange(len(plan.opened))
    return Standing(plan.opened, number[serves], serves >= 0, ms, second, second_ms)


def openable(problem: Problem, plan: Plan) -> Flags:
    """(M,) candidates that may be opened beside a plan: usable, and not opened in any period."""
    options = problem.responses.options
    may = options.usable & (np.arange(len(options.site)) >= options.existing)
    taken = np.isin(options.candidate, options.candidate[plan.opened])
    return np.asarray(may & ~taken)
