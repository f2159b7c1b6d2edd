"""The share of people within the standard in the worst-off groups.

Maximizing the mean of the worst, then of the two worst, then of the three worst groups, and so on,
finds the plan whose shares, sorted, are lexicographically largest: nobody can be made better off
without making somebody worse off who has less (Ogryczak & Sliwinski 2003).

Ogryczak, W. and Sliwinski, T. (2003). On solving linear programs with the ordered weighted averaging
objective. European Journal of Operational Research 148: 80-91.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from siting.instance import LEVELS
from siting.instance.arrays import Floats, Ints
from siting.measures.arguments import Argument
from siting.measures.base import NEED_FILTERS, UP, Measure, Term
from siting.measures.composer import Composer
from siting.measures.people_within import PeopleWithin
from siting.measures.program import Linear, linear
from siting.plan import Plan

GROUPS = ("service", "kind", "scenario", "period", *LEVELS)


class WorstShare(Measure):
    """Mean over the ``worst`` groups of the share of their weighted people within the standard.

    Groups without people do not count; needs without a group neither.
    """

    name = "worst_share"
    title = "share of people within the coverage standard in the worst-off groups"
    unit = "of 1"
    tight = UP
    filters = NEED_FILTERS
    arguments: ClassVar = {
        "by": Argument("the groups that are compared", kind="word", words=GROUPS, required=True, shown=True),
        "worst": Argument("how many of the worst groups count", low=1, shown=True),
    }
    algebra = "mean of the k smallest over groups g of sum_{i in g} w_i [t_i <= S_i] / sum_{i in g} w_i"

    def horizon_ms(self, standard_ms: int, arguments: object) -> int | None:
        """The longest standard."""
        return standard_ms

    def need_terms(self, term: Term) -> tuple[Term, ...]:
        """People within the standard."""
        return (_within(term),)

    def apart(self, term: Term) -> Ints | None:
        """Needs of different groups."""
        return groups_of(term)[0]

    def value(self, term: Term, plan: Plan) -> float:
        """Mean of the smallest shares; 1 where nobody lives."""
        within = _within(term)
        group, total = groups_of(term)
        there = np.flatnonzero(total > 0)
        known = group >= 0
        covered = PeopleWithin().contributions(within, plan)
        shares = np.bincount(group[known], covered[known], minlength=len(total))[there] / total[there]
        worst = np.sort(shares)[: self._count(term, len(there))]
        return float(worst.mean()) if len(worst) else 1.0

    def expression(self, term: Term, composer: Composer) -> Linear:
        """k t - sum of d_g over k, where d_g >= t - share_g; exact when it is pushed up."""
        group, total = groups_of(term)
        there = np.flatnonzero(total > 0)
        count = self._count(term, len(there))
        if not count:
            return linear([], [], 1.0)
        (within,) = composer.parts[term]
        sums = composer.by_group(within, group, len(total))
        program = composer.program
        number = program.columns
        level = program.add_columns("level", [number], 0.0, 1.0)
        below = program.add_columns(f"below{number}_", there, 0.0, 1.0)
        for g, column in zip(there.tolist(), below.tolist(), strict=True):
            share = sums[g].times(1.0 / total[g])
            gap = share + linear([column, level[0]], [1.0, -1.0])
            program.add_limit(f"worst{number}_{g}", gap, lower=0.0)
        return linear(level, 1.0) + linear(below, -1.0 / count)

    def _count(self, term: Term, groups: int) -> int:
        return min(groups, round(term.number("worst", 1.0)))


def _within(term: Term) -> Term:
    """The people within the standard of the same needs."""
    return Term(PeopleWithin(), term.responses, term.scope, {}, term.label)


def groups_of(term: Term) -> tuple[Ints, Floats]:
    """(N,) group of every need that counts, -1 for none, and the weighted people of every group."""
    needs, places = term.responses.needs, term.responses.instance.places
    by = str(term.arguments["by"])
    of_need = {
        "service": needs.service, "scenario": needs.scenario, "period": needs.period,
        "kind": places.kind[needs.place],
    }  # fmt: skip
    group = of_need[by] if by in of_need else places.area[by][needs.place]
    group = np.where(term.scope, group, -1).astype(np.int32)
    size = int(group.max(initial=-1)) + 1
    known = group >= 0
    return group, np.bincount(group[known], needs.weight[known], minlength=size).astype(np.float64)
