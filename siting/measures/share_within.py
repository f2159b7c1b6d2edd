"""Share of people whose response time is within the coverage standard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pulp

from siting.instance.arrays import Flags, Floats, Ints
from siting.measures.base import UP, NeedMeasure, Term
from siting.measures.builder import Builder
from siting.plan import Plan


class ShareWithin(NeedMeasure):
    """Weighted people within the standard over all weighted people; 1 where nobody lives."""

    name = "share_within"
    title = "share of people within the coverage standard (weighted by service)"
    unit = "of 1"
    tight = UP
    algebra = "sum_i w_i [t_i <= S_i] / sum_i w_i"

    def counted(self, term: Term) -> Flags:
        """(N,) needs in the denominator."""
        return term.scope

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """w_i over the sum of weights where answered within the standard, else 0."""
        needs = term.responses.needs
        within = (ms <= needs.standard_ms[need]) & self.counted(term)[need]
        return np.where(within, needs.weight[need], 0.0) / (self._total(term) or 1.0)

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, float]) -> int | None:
        """The longest standard."""
        return standard_ms

    def unserved(self, term: Term, need: Ints) -> Floats:
        """0: nobody unanswered is covered."""
        return np.zeros(len(need))

    def value(self, term: Term, plan: Plan) -> float:
        """The share of a plan."""
        return super().value(term, plan) if self._total(term) else 1.0

    def expression(self, term: Term, builder: Builder) -> pulp.LpAffineExpression:
        """The share as a linear expression."""
        expression = super().expression(term, builder)
        return expression if self._total(term) else expression + 1.0

    def _total(self, term: Term) -> float:
        return float(term.responses.needs.weight[self.counted(term)].sum())
