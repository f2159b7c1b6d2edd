"""People whom at least k open units answer within the standard (Hogan & ReVelle 1986).

Hogan, K. and ReVelle, C. (1986). Concepts and applications of backup coverage. Management Science
32: 1434-1444. Gendreau, M., Laporte, G. and Semet, F. (1997). Solving an ambulance location model by
tabu search. Location Science 5: 75-88.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from siting.measures.arguments import Argument
from siting.measures.base import Term
from siting.measures.counting import CountMeasure, States, in_scope
from siting.measures.people_within import MINUTES

_TIMES = Argument("how many units must be there in time", required=True, low=1, shown=True)


class PeopleCovered(CountMeasure):
    """Weighted people with at least ``times`` open units within the standard.

    A need that only one unit can ever reach in time is never covered twice.
    """

    name = "people_covered"
    title = "people with several crews within the coverage standard (weighted by service)"
    unit = "weighted people"
    arguments: ClassVar = {"times": _TIMES, "minutes": MINUTES}
    algebra = "sum_i w_i [n_i >= k]"

    def states(self, term: Term) -> Sequence[States]:
        """One state: k units."""
        times = round(term.number("times", 1.0))
        return [States(in_scope(term), np.array([[0], [times]]), np.array([0.0, 1.0]))]


class ShareCovered(PeopleCovered):
    """The same as a share of all weighted people."""

    name = "share_covered"
    title = "share of people with several crews within the coverage standard (weighted by service)"
    unit = "of 1"
    share = True
    algebra = "sum_i w_i [n_i >= k] / sum_i w_i"
