"""People expected to find a free crew within the standard (MEXCLP, Daskin 1983).

Daskin, M. S. (1983). A maximum expected covering location model: formulation, properties and
heuristic solution. Transportation Science 17: 48-70.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from siting.measures.arguments import Argument
from siting.measures.base import Term
from siting.measures.busy import BUSY, BusyMeasure, classes_of, is_by_type
from siting.measures.counting import States, fewest, grouped, in_scope
from siting.measures.people_within import MINUTES

CREWS = Argument("crews counted at most per need (and type)", low=1, high=20)


class ExpectedCover(BusyMeasure):
    """Weighted people times the chance that one of the units within the standard is free.

    With n units that are busy a share q of the time, independently: 1 - q^n. At most ``crews``
    units of a class count.
    """

    name = "expected_cover"
    title = "people expected to find a free crew within the coverage standard (weighted by service)"
    unit = "weighted people"
    arguments: ClassVar = {"busy": BUSY, "crews": CREWS, "minutes": MINUTES}
    algebra = "sum_i w_i (1 - q^min(n_i, K))"

    def states(self, term: Term) -> Sequence[States]:
        """Every number of units up to ``crews`` of every class."""
        crews, needs = round(term.number("crews", 3.0)), in_scope(term)
        if is_by_type(term):
            _, shares = classes_of(term)
            counts = np.array(list(itertools.product(range(crews + 1), repeat=len(shares))))
            worth = 1.0 - np.prod(shares[None, :] ** counts, axis=1)
            kept = fewest(counts, worth)
            return [States(needs, counts[kept], worth[kept])]
        counts = np.arange(crews + 1)
        alone = counts.astype(np.float64)
        busy = term.by_need("busy", 0.0)[needs]
        return [States(mine, counts[:, None], 1.0 - np.power(q, alone)) for q, mine in grouped(needs, busy)]
