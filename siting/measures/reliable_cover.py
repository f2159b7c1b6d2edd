"""People who find a free crew within the standard with a given reliability (MALP).

ReVelle, C. and Hogan, K. (1989). The maximum availability location problem. Transportation
Science 23: 192-200.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from siting.measures.arguments import Argument
from siting.measures.base import Term
from siting.measures.busy import BUSY, BusyMeasure, classes_of, is_by_type
from siting.measures.counting import States, fewest, grouped, in_scope
from siting.measures.people_within import MINUTES

_RELIABILITY = Argument("chance that a crew is free (of 1)", required=True, low=0, high=0.99999)
_ROOM = 1e-12


class ReliableCover(BusyMeasure):
    """Weighted people with so many units within the standard that one is free with the reliability.

    With n units busy a share q of the time, independently, that is 1 - q^n >= reliability.
    """

    name = "reliable_cover"
    title = "people who reliably find a free crew within the coverage standard (weighted by service)"
    unit = "weighted people"
    arguments: ClassVar = {"busy": BUSY, "reliability": _RELIABILITY, "minutes": MINUTES}
    algebra = "sum_i w_i [1 - q^n_i >= alpha]"

    def states(self, term: Term) -> Sequence[States]:
        """The least numbers of units that are reliable together."""
        alpha, needs = term.number("reliability", 0.0), in_scope(term)
        if is_by_type(term):
            _, shares = classes_of(term)
            ranges = [range(_enough(q, alpha) + 1) for q in shares]
            every = (c for c in itertools.product(*ranges) if any(c))
            counts = np.array([c for c in every if _free(shares, c) >= alpha - _ROOM])
            counts = counts[fewest(counts, np.ones(len(counts)))]
            none = np.zeros((1, len(shares)), dtype=np.int64)
            worth = np.r_[0.0, np.ones(len(counts))]
            return [States(needs, np.concatenate([none, counts]), worth)]
        busy = term.by_need("busy", 0.0)[needs]
        return [
            States(mine, np.array([[0], [_enough(q, alpha)]]), np.array([0.0, 1.0]))
            for q, mine in grouped(needs, busy)
        ]


def _free(shares: np.ndarray, counts: tuple[int, ...]) -> float:
    """Chance that one of some units is free."""
    return 1.0 - math.prod(float(q) ** n for q, n in zip(shares, counts, strict=True))


def _enough(busy: float, reliability: float) -> int:
    """Least number of units of which one is free with the reliability; at least one."""
    number = 1
    while 1.0 - busy**number < reliability - _ROOM:
        number += 1
    return number
