"""Who serves whom, where capacities bind: a column per (need, option) pair.

a_ij in [0, 1] is the share of need i that option j serves (0 or 1 under single service):
sum_j a_ij <= 1, a_ij <= y_j, sum_i people_i a_ij <= capacity_j y_j for every service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures.base import NeedMeasure, Term
from siting.measures.program import Linear, linear
from siting.plan import Shares
from siting.response import Responses

if TYPE_CHECKING:
    from siting.measures.composer import Composer


class Assigned:
    """Assignment columns of one program.

    Attributes:
        pair: (K,) pairs of the table that have a column.
        column: (K,) their columns.
    """

    def __init__(self, composer: Composer, terms: Sequence[Term]) -> None:
        self._responses = composer.responses
        self._composer = composer
        responses, program = composer.responses, composer.program
        there = (composer.column >= 0) | (composer.fixed > 0)
        self.pair = np.flatnonzero(there[responses.option])
        single = responses.layout.serve == "single"
        self.column = program.add_columns("a", self.pair, 0.0, 1.0, integer=single)
        self.need, self.option = responses.row[self.pair], responses.option[self.pair]
        self._serve(_musts(responses.needs.place, responses.unreachable, terms))
        self._open()
        self._load()

    def _serve(self, must: Flags) -> None:
        """Rows: a need is served once at most, or exactly where it must be."""
        needs, row = np.unique(self.need, return_inverse=True)
        lower = np.where(must[needs], 1.0, 0.0)
        self._composer.program.add_rows("served", needs, row, self.column, 1.0, lower, 1.0)
        lost = np.setdiff1d(np.flatnonzero(must), needs)
        if len(lost):  # nobody has a column who could serve them: no plan
            self._composer.program.add_rows("lost", lost, [], [], [], 1.0, 1.0)

    def _open(self) -> None:
        """Rows: only open options serve."""
        at = self._composer.column[self.option]
        free = np.flatnonzero(at >= 0)
        row = np.arange(len(free))
        values = np.r_[np.ones(len(free)), -np.ones(len(free))]
        self._composer.program.add_rows(
            "open", self.pair[free], np.r_[row, row], np.r_[self.column[free], at[free]], values, upper=0.0
        )

    def _load(self) -> None:
        """Rows: nobody serves more people of a service than there is capacity for."""
        composer, responses = self._composer, self._responses
        options = responses.options
        capacity, units = options.capacity, np.where(options.closable, options.units, 1)
        people = responses.needs.people[self.need].astype(np.float64)
        bound = np.flatnonzero(~np.isnan(capacity[self.option]) & (people > 0))
        groups, row = np.unique(load_groups(responses, self.need, self.option)[bound], return_inverse=True)
        option = np.zeros(len(groups), dtype=np.int64)
        option[row] = self.option[bound]
        at = composer.column[option]
        free = np.flatnonzero(at >= 0)
        composer.program.add_rows(
            "load", groups,
            np.r_[row, free],
            np.r_[self.column[bound], at[free]],
            np.r_[people[bound], -(capacity * units)[option[free]]],
            upper=np.where(at >= 0, 0.0, capacity[option] * composer.fixed[option]),
        )  # fmt: skip

    def total(self, term: Term) -> Linear:
        """A sum over needs as an expression of the assignments."""
        gain, idle = self._worth(term)
        return linear(self.column, gain, float(idle.sum()))

    def by_group(self, term: Term, group: Ints, count: int) -> list[Linear]:
        """The same, group by group: group (N,) of every need, -1 for none."""
        gain, idle = self._worth(term)
        known = group >= 0
        constant = np.bincount(group[known], idle[known], minlength=count)
        of_pair = group[self.need]
        return [
            linear(self.column[(mine := np.flatnonzero(of_pair == g))], gain[mine], constant[g])
            for g in range(count)
        ]

    def _worth(self, term: Term) -> tuple[Floats, Floats]:
        """What a pair adds to serving nobody (K,), and what unserved needs contribute (N,)."""
        measure, responses = term.measure, self._responses
        assert isinstance(measure, NeedMeasure)
        everyone = np.arange(len(term.scope), dtype=np.int32)
        idle = np.where(term.scope, measure.unserved(term, everyone), 0.0)
        idle[responses.unreachable] = 0.0
        idle[np.isnan(idle)] = 0.0  # they must be served: nothing is worth being idle
        at = np.where(term.scope[self.need], measure.at(term, self.need, responses.ms[self.pair]), 0.0)
        return at - idle[self.need], idle

    def shares(self, values: Floats) -> Shares:
        """Who serves which share in a solution."""
        share = np.clip(values[self.column], 0.0, 1.0)
        used = np.flatnonzero(share > _LEAST)
        used = used[np.lexsort((self.option[used], self.need[used]))]
        whole = np.rint(share[used])
        near = np.abs(whole - share[used]) < _LEAST
        kept = np.where(near, whole, share[used])
        return Shares(self.need[used], self.option[used], kept, self._responses.ms[self.pair[used]])


_LEAST = 1e-7
"""Shares below are the arithmetic of a solver."""


def load_groups(responses: Responses, need: Ints, option: Ints) -> Longs:
    """(K,) number of the capacity that a pair draws on: option x service x scenario x period."""
    needs, options = responses.needs, responses.options
    of_need = needs.service.astype(np.int64)
    for index in (needs.scenario, needs.period):
        of_need = of_need * (int(index.max(initial=0)) + 1) + index
    return np.asarray(of_need[need] * len(options.site) + option)


def _musts(place: Ints, unreachable: Ints, terms: Sequence[Term]) -> Flags:
    """(N,) needs that some term demands to be served."""
    must = np.zeros(len(place), dtype=bool)
    everyone = np.arange(len(place), dtype=np.int32)
    for term in terms:
        assert isinstance(term.measure, NeedMeasure)
        must |= term.scope & np.isnan(term.measure.unserved(term, everyone))
    must[unreachable] = False
    return must
