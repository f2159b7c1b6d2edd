"""People whose response time is within the coverage standard (Church & ReVelle 1974).

Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional
Science Association 32: 101-118.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.instance.settings import MAX_MINUTES
from siting.measures.arguments import Argument, Value
from siting.measures.base import UP, NeedMeasure, Term

MINUTES = Argument("minutes that count instead of the coverage standard", high=MAX_MINUTES, shown=True)
"""The argument by which a measure looks at another time than the standard."""


def in_time(term: Term, need: Ints, ms: Ints) -> Flags:
    """(K,) whether needs are answered within the standard, or within the minutes a model file gives."""
    if "minutes" in term.arguments:
        return np.asarray(ms <= round(term.number("minutes", 0.0) * 60_000))
    return np.asarray(ms <= term.responses.needs.standard_ms[need])


def latest_ms(standard_ms: int, arguments: Mapping[str, Value]) -> int:
    """Latest response that counts, given the longest standard."""
    minutes = arguments.get("minutes")
    return round(minutes * 60_000) if isinstance(minutes, int | float) else standard_ms


class PeopleWithin(NeedMeasure):
    """Weighted people within the standard: sum of w_i over needs with t_i <= S_i."""

    name = "people_within"
    title = "people within the coverage standard (weighted by service)"
    unit = "weighted people"
    tight = UP
    arguments: ClassVar = {"minutes": MINUTES}
    algebra = "sum_i w_i [t_i <= S_i]"

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """w_i where answered within the standard, else 0."""
        return np.where(in_time(term, need, ms), term.responses.needs.weight[need], 0.0)

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """The longest standard."""
        return latest_ms(standard_ms, arguments)

    def unserved(self, term: Term, need: Ints) -> Floats:
        """0: nobody unanswered is covered."""
        return np.zeros(len(need))
