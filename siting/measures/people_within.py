"""People whose response time is within the coverage standard (Church & ReVelle 1974).

Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional
Science Association 32: 101-118.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.measures.base import UP, NeedMeasure, Term


class PeopleWithin(NeedMeasure):
    """Weighted people within the standard: sum of w_i over needs with t_i <= S_i."""

    name = "people_within"
    title = "people within the coverage standard (weighted by service)"
    unit = "weighted people"
    tight = UP
    algebra = "sum_i w_i [t_i <= S_i]"

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """w_i where answered within the standard, else 0."""
        needs = term.responses.needs
        return np.where(ms <= needs.standard_ms[need], needs.weight[need], 0.0)

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, float]) -> int | None:
        """The longest standard."""
        return standard_ms

    def unserved(self, term: Term, need: Ints) -> Floats:
        """0: nobody unanswered is covered."""
        return np.zeros(len(need))
