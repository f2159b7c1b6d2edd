"""Share of people whose response time is within the coverage standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.measures.arguments import Value
from siting.measures.base import UP, NeedMeasure, Term
from siting.measures.composer import Composer
from siting.measures.people_within import MINUTES, in_time, latest_ms
from siting.measures.program import Linear, linear
from siting.plan import Plan


class ShareWithin(NeedMeasure):
    """Weighted people within the standard over all weighted people; 1 where nobody lives."""

    name = "share_within"
    title = "share of people within the coverage standard (weighted by service)"
    unit = "of 1"
    tight = UP
    arguments: ClassVar = {"minutes": MINUTES}
    algebra = "sum_i w_i [t_i <= S_i] / sum_i w_i"

    def counted(self, term: Term) -> Flags:
        """(N,) needs in the denominator."""
        return term.scope

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """w_i over the sum of weights where answered within the standard, else 0."""
        needs = term.responses.needs
        within = in_time(term, need, ms) & self.counted(term)[need]
        return np.where(within, needs.weight[need], 0.0) / (self._total(term) or 1.0)

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """The longest standard."""
        return latest_ms(standard_ms, arguments)

    def unserved(self, term: Term, need: Ints) -> Floats:
        """0: nobody unanswered is covered."""
        return np.zeros(len(need))

    def value(self, term: Term, plan: Plan) -> float:
        """The share of a plan."""
        return super().value(term, plan) if self._total(term) else 1.0

    def expression(self, term: Term, composer: Composer) -> Linear:
        """The share as a linear expression."""
        expression = super().expression(term, composer)
        return expression if self._total(term) else expression + linear([], [], 1.0)

    def _total(self, term: Term) -> float:
        return float(term.responses.needs.weight[self.counted(term)].sum())
