"""Money for new facilities and what response time is worth, added up.

Balinski, M. L. (1965). Integer programming: methods, uses, computation. Management Science 12: 253-313.
Kuehn, A. A. and Hamburger, M. J. (1963). A heuristic program for locating warehouses. Management
Science 9: 643-666.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.measures.arguments import Argument, Value
from siting.measures.base import DOWN, Measure, Term
from siting.measures.cost import Cost
from siting.measures.travel_time import TravelTime
from siting.plan import Plan

if TYPE_CHECKING:
    from siting.measures.composer import Composer
    from siting.measures.program import Linear


class _Worth(TravelTime):
    """Response time in money."""

    unit = "currency"

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """Money that answers after ms are worth."""
        return term.number("rate", 1.0) * super().at(term, need, ms)

    def unserved(self, term: Term, need: Ints) -> Floats:
        """Money that ``unserved`` minutes are worth."""
        return term.number("rate", 1.0) * super().unserved(term, need)

    def penalty(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """No saved facility makes up for a need that nobody answers."""
        return self.at(term, need, ms) + float(Cost().coefficient(term).max(initial=0.0))


class TotalCost(Measure):
    """Cost of the new facilities plus ``rate`` money per person-minute of response time.

    The uncapacitated facility location problem. With the argument ``unserved`` (minutes), a need
    nobody answers, or later than that, counts that many minutes; without it every reachable need
    must be served.
    """

    name = "total_cost"
    title = "cost of the new facilities and of the response time"
    unit = "currency"
    tight = DOWN
    ruled = False
    filters = frozenset()
    arguments: ClassVar = {
        "rate": Argument("money that one person-minute is worth (currency)", required=True),
        **TravelTime.arguments,
    }
    algebra = "sum_j c_j y_j + r sum_i w_i min(t_i, U)"

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """The minutes of an unserved need, or none."""
        return TravelTime().horizon_ms(standard_ms, arguments)

    def need_terms(self, term: Term) -> tuple[Term, ...]:
        """The response time in money."""
        return (Term(_WORTH, term.responses, term.scope, term.arguments, term.label),)

    def outlay(self, term: Term) -> Floats:
        """(M,) money that opening each option takes."""
        return _COST.coefficient(term)

    def value(self, term: Term, plan: Plan) -> float:
        """Money for what is opened, less what closing saves, and the response time in money."""
        (worth,) = self.need_terms(term)
        return _COST.value(_of_options(term), plan) + worth.value(plan)

    def expression(self, term: Term, composer: Composer) -> Linear:
        """Both parts."""
        (worth,) = composer.parts[term]
        return _COST.expression(_of_options(term), composer) + composer.over_needs(worth)


_COST, _WORTH = Cost(), _Worth()


def _of_options(term: Term) -> Term:
    """The cost of all options."""
    everything = np.ones(len(term.responses.options.site), dtype=bool)
    return Term(_COST, term.responses, everything, {}, term.label)
