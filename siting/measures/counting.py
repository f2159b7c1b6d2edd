"""Measures that count how many open units answer a need in time, not only the first.

What a need is worth depends on the numbers n_c of units of each class c within its standard, and
never falls when one more is opened. A measure lists the states, vectors of numbers that are
enough for some worth, and everything else (value, program) follows from them.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures.arguments import Value
from siting.measures.base import NEED_FILTERS, UP, Measure, Term
from siting.measures.people_within import latest_ms
from siting.measures.program import Linear
from siting.plan import Plan

if TYPE_CHECKING:
    from siting.measures.composer import Composer


@dataclass(frozen=True, eq=False)
class States:
    """What numbers of units are worth to some needs.

    Attributes:
        need: (K,) the needs.
        count: (S, C) units of every class that a state takes; the first state takes none.
        worth: (S,) share of a need's weight that a state is worth, from 0 to 1; never less for more units.
    """

    need: Ints
    count: Longs
    worth: Floats


class CountMeasure(Measure):
    """A weighted sum over needs of what the units that answer in time are worth.

    Attributes:
        share: whether the sum is divided by all weights.
    """

    tight = UP
    every = True
    filters = NEED_FILTERS
    share: ClassVar[bool] = False

    @abstractmethod
    def states(self, term: Term) -> Sequence[States]:
        """What units are worth, for groups of needs that differ; needs outside the scope do not occur."""

    def classes(self, term: Term) -> tuple[Ints, int]:
        """(M,) class of every option, and how many classes there are."""
        return np.zeros(len(term.responses.options.site), dtype=np.int32), 1

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """The longest time that counts."""
        return latest_ms(standard_ms, arguments)

    def limit_ms(self, term: Term) -> Ints:
        """(N,) latest response that counts."""
        if "minutes" not in term.arguments:
            return term.responses.needs.standard_ms
        minutes = term.number("minutes", 0.0)
        return np.full(len(term.scope), round(minutes * 60_000), dtype=np.int32)

    def weight(self, term: Term) -> Floats:
        """(N,) weight of every need, divided by all weights where the measure is a share."""
        weight = np.where(term.scope, term.responses.needs.weight, 0.0)
        if not self.share:
            return weight
        total = weight.sum()
        return np.asarray(weight / total if total else weight)

    def value(self, term: Term, plan: Plan) -> float:
        """Exact sum over the needs in scope."""
        responses = term.responses
        classes, count = self.classes(term)
        amount = responses.options.open_units(plan.opened, plan.units, plan.closed)
        found = responses.coverers(amount, self.limit_ms(term), classes, count)
        weight, parts = self.weight(term), [0.0]
        for states in self.states(term):
            worth = attained(states, found[states.need])
            parts += (weight[states.need] * worth).tolist()
        return math.fsum(parts)

    def expression(self, term: Term, composer: Composer) -> Linear:
        """Sum over needs of weight x worth of the state that is reached."""
        from siting.measures.counted import counted

        return counted(self, term, composer)


def attained(states: States, found: Longs) -> Floats:
    """(K,) the most a state is worth that some numbers of units (K, C) are enough for."""
    best = np.zeros(len(found))
    for count, worth in zip(states.count, states.worth, strict=True):
        enough = np.all(found >= count, axis=1)
        best = np.where(enough, np.maximum(best, worth), best)
    return best


def grouped(needs: Ints, numbers: Floats) -> list[tuple[float, Ints]]:
    """Needs (K,) by equal numbers (K,); those whose number is NaN are left out."""
    known = ~np.isnan(numbers)
    values, which = np.unique(numbers[known], return_inverse=True)
    return [(float(value), needs[known][which == k]) for k, value in enumerate(values)]


def in_scope(term: Term) -> Ints:
    """Needs that count and have weight."""
    return np.flatnonzero(term.scope & (term.responses.needs.weight > 0)).astype(np.int32)


def fewest(states: Floats | Longs, worth: Floats) -> Flags:
    """(S,) states that are worth more than every other state that takes no more of any class."""
    counts = np.asarray(states)
    kept = np.ones(len(worth), dtype=bool)
    for s in range(len(worth)):
        below = np.all(counts <= counts[s], axis=1) & (worth >= worth[s])
        below[s] = False
        equal = below & np.all(counts == counts[s], axis=1)
        kept[s] = not np.any(below & ~equal) and not np.any(equal[:s])
    return kept
