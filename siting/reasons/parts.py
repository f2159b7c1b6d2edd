"""Objectives and limits as sums over needs and over openings, signed so that more is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.measures.base import BOTH
from siting.measures.total_cost import TotalCost
from siting.methods.plain import beyond_nearest, terms_of
from siting.problem import Problem

ROOM = 1e-9
"""Relative difference that sums of doubles in another order explain."""


@dataclass(frozen=True, eq=False)
class Part:
    """A term, signed so that more is better.

    Attributes:
        term: what is asked.
        sign: 1.0, or -1.0 where less is better.
        needs: its sum over needs, None where it has none.
        opening: (M,) what opening an option adds, signed.
    """

    term: Term
    sign: float
    needs: Term | None
    opening: Floats

    def answered(self, need: Ints, ms: Ints, served: Flags) -> Floats:
        """(K,) signed contributions of needs answered after ms, or by nobody; 0 outside the scope.

        What must be answered and is not is worth 0 here, and counted by :class:`_Answered`.
        """
        result = np.zeros(len(need))
        term = self.needs
        if term is None:
            return result
        measure = term.measure
        assert isinstance(measure, NeedMeasure)
        counted = term.scope[need]
        some, none = np.flatnonzero(counted & served), np.flatnonzero(counted & ~served)
        result[some] = measure.at(term, need[some], ms[some])
        result[none] = np.nan_to_num(measure.unserved(term, need[none]))
        return self.sign * result


class _Answered(NeedMeasure):
    """Minus the needs in scope that nobody answers."""

    name = "answered"
    title = "needs that nobody answers, though the model demands it"
    unit = "needs"
    tight = BOTH
    algebra = ""
    arguments: ClassVar[dict[str, Any]] = {}

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """Nothing for those that are answered."""
        return np.zeros(len(need))

    def unserved(self, term: Term, need: Ints) -> Floats:
        """One each."""
        return np.full(len(need), -1.0)


def refusal(problem: Problem) -> str | None:
    """Why the objectives and limits are no such sums, or None."""
    reason = beyond_nearest(problem)
    if reason is not None:
        return reason
    for term in terms_of(problem):
        if isinstance(term.measure, NeedMeasure) and not term.measure.additive:
            return f"{term.label} looks at the worst need"
    if any(isinstance(limit.term.measure, TotalCost) for limit in problem.limits):
        return "a limit bounds money and response time together"
    return None


def part_of(term: Term, sign: float) -> Part:
    """A term of a problem that :func:`refusal` accepts."""
    measure = term.measure
    nothing = np.zeros(len(term.responses.options.site))
    if isinstance(measure, TotalCost):
        (worth,) = measure.need_terms(term)
        return Part(term, sign, worth, sign * measure.outlay(term))
    if isinstance(measure, OptionMeasure):
        return Part(term, sign, None, sign * measure.coefficients(term))
    return Part(term, sign, term, nothing)


def demanded(problem: Problem) -> Part | None:
    """The needs that an objective or a limit demands to be answered, None without any."""
    responses = problem.responses
    wanted = np.zeros(len(responses.needs.place), dtype=bool)
    everyone = np.arange(len(wanted), dtype=np.int32)
    for term in terms_of(problem):
        for over in term.measure.need_terms(term):
            assert isinstance(over.measure, NeedMeasure)
            wanted |= over.scope & np.isnan(over.measure.unserved(over, everyone))
    wanted[responses.unreachable] = False
    if not wanted.any():
        return None
    label = "needs left unanswered, which the model does not allow"
    return part_of(Term(_Answered(), responses, wanted, {}, label), 1.0)
