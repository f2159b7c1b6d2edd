"""Weighted response time, the objective of the p-median problem (Hakimi 1964).

Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians
of a graph. Operations Research 12: 450-459.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.instance.settings import MAX_MINUTES
from siting.measures.arguments import Argument, Value
from siting.measures.base import DOWN, NeedMeasure, Term
from siting.measures.per import PER, size


class TravelTime(NeedMeasure):
    """Person-minutes until the answer: sum of w_i t_i, every need served by the nearest option.

    With the argument ``unserved`` (minutes), a need nobody answers, or later than that, counts
    that many minutes; without it every reachable need must be served.
    """

    name = "travel_time"
    title = "response time, weighted by people and service"
    unit = "person-minutes"
    tight = DOWN
    ruled = False
    arguments: ClassVar = {
        "unserved": Argument("minutes that count for a need that nobody answers", high=MAX_MINUTES),
        "per": PER,
    }
    algebra = "sum_i w_i min(t_i, U)"

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """w_i x minutes, at most the minutes of an unserved need."""
        latest = term.number("unserved", np.inf)
        return size(term, need) * np.minimum(ms / 60_000, latest)

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """The minutes of an unserved need, or none."""
        minutes = arguments.get("unserved")
        return round(minutes * 60_000) if isinstance(minutes, int | float) else None

    def unserved(self, term: Term, need: Ints) -> Floats:
        """w_i x ``unserved`` minutes, or NaN where the model demands service."""
        return size(term, need) * term.number("unserved", np.nan)
