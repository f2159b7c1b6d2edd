"""Longest response time, the objective of the p-center problem (Hakimi 1964).

Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians
of a graph. Operations Research 12: 450-459.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.measures.arguments import Value
from siting.measures.base import DOWN, NeedMeasure, Term
from siting.measures.composer import Composer
from siting.measures.program import Linear
from siting.plan import Plan


class WorstTime(NeedMeasure):
    """Minutes until the last need is answered: max of t_i; places without people do not count."""

    name = "worst_time"
    title = "longest response time"
    unit = "minutes"
    tight = DOWN
    additive = False
    ruled = False
    algebra = "max_i t_i"

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """Minutes, 0 for places without people."""
        return np.where(term.responses.needs.weight[need] > 0, ms / 60_000, 0.0)

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """None: every need must be served, however late."""
        return None

    def unserved(self, term: Term, need: Ints) -> Floats:
        """NaN where people live: they must be served."""
        return np.where(term.responses.needs.weight[need] > 0, np.nan, 0.0)

    def value(self, term: Term, plan: Plan) -> float:
        """The longest response time; needs nothing can ever reach are left out."""
        contributions = self.contributions(term, plan)
        return float(contributions.max()) if len(contributions) else 0.0

    def expression(self, term: Term, composer: Composer) -> Linear:
        """A column no smaller than any need's response time."""
        return composer.worst(term)
