"""Coverage floors as set covering: the least that they take of one limited thing, and of several.

A floor on who is served in time, a latest arrival and the service of everybody are the same question:
needs that must be covered, up to a weight that may stay uncovered. The least that floors take of what a
limit bounds either exceeds the limit, which proves a conflict, or its plan may keep them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from siting.conflict.conditions import ANY_MINUTES, ROOM, Condition, Conditions
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import NeedMeasure, OptionMeasure
from siting.measures.people_within import PeopleWithin
from siting.measures.share_within import ShareWithin
from siting.measures.worst_time import WorstTime
from siting.methods.cover import Cover, solve_cover
from siting.methods.plain import beyond_levels
from siting.methods.run import Run

_SUM_ROOM = 1e-12
"""Share of all weight that the rounding of sums explains."""

_LEAST = 1e-4
"""Price of a column that no limit counts, and share of a column that a limit of nothing has room for."""


@dataclass(frozen=True, eq=False)
class Demand:
    """What a floor asks.

    Attributes:
        need, last: (K,) needs that candidates can cover, and where the pairs in time of each end.
        weight: (K,) what each counts.
        slack: weight of them that may stay uncovered; negative where the floor is out of reach.
    """

    need: Ints
    last: Longs
    weight: Floats
    slack: float


Decided = tuple[Sequence[int], Sequence[int]]
"""Options that must be opened, and options that must not."""


@dataclass(frozen=True, eq=False)
class Take:
    """What every column takes of something, price (m,), and how much there is."""

    price: Floats
    high: float


@dataclass(frozen=True, eq=False)
class Least:
    """The least that floors take.

    Attributes:
        opened: (K,) options of the plan found, None where none was.
        bound: certified: every plan takes as much.
        too_much: it is proved that there is not enough.
    """

    opened: Ints | None
    bound: float
    too_much: bool


class Covers:
    """The floors of a problem as covers.

    Attributes:
        conditions: the conditions.
        fits: whether coverage is all that there is to who serves whom.
        option: (m,) options that may be opened, the columns of every cover.
    """

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions
        problem = conditions.problem
        self.responses = problem.responses
        plain = beyond_levels(replace(problem, objectives=(), limits=())) is None
        self.fits = plain and not self.responses.layout.periods
        options = self.responses.options
        fresh = np.arange(len(options.site)) >= options.existing
        self.option = np.flatnonzero(options.usable & fresh).astype(np.int32)
        self._number = np.full(len(fresh), -1, dtype=np.int32)
        self._number[self.option] = np.arange(len(self.option), dtype=np.int32)
        self._demands: dict[Condition, Demand | None] = {}

    def demand(self, one: Condition) -> Demand | None:
        """What a condition asks of coverage, None where it is about something else."""
        if one not in self._demands:
            self._demands[one] = self._demand(one) if self.fits else None
        return self._demands[one]

    def limits(self, one: Condition) -> bool:
        """Whether a condition limits from above what openings take."""
        return one.kind == "at_most" and bool(self._limits[one.limit])

    @cached_property
    def _limits(self) -> Flags:
        """(limits,) limits on what is opened of which no option gives something back."""
        found = [isinstance(limit.term.measure, OptionMeasure) for limit in self.conditions.problem.limits]
        least = self.conditions.taken.min(axis=1).toarray().ravel() if found else np.zeros(0)
        return np.asarray(found, dtype=bool) & (least >= 0.0)

    @cached_property
    def _taken(self) -> csr_matrix:
        """(limits, m) what every column takes of each limit."""
        return self.conditions.taken[:, self.option].tocsr()

    def cover(self, floors: Sequence[Condition], price: Floats, decided: Decided) -> Cover:
        """The floors as one cover, at a price (m,) of every column; some options must be open, or closed."""
        demands = [demand for one in floors if (demand := self.demand(one)) is not None]
        first = [self.responses.indptr[demand.need] for demand in demands]
        count = np.concatenate(
            [np.zeros(0, np.int64), *(d.last - f for d, f in zip(demands, first, strict=True))]
        )
        indptr = np.r_[0, np.cumsum(count)].astype(np.int64)
        begin = np.concatenate([np.zeros(0, np.int64), *first])
        pair = np.arange(indptr[-1]) + np.repeat(begin - indptr[:-1], count)
        row, col = np.repeat(np.arange(len(count)), count), self._number[self.responses.option[pair]]
        group = np.repeat(np.arange(len(demands)), [len(d.need) for d in demands])
        weight = np.concatenate([np.zeros(0), *(demand.weight for demand in demands)])
        slack = np.array([demand.slack for demand in demands], dtype=np.float64)
        must, closed = np.zeros(len(self.option), dtype=bool), np.zeros(len(self.option), dtype=bool)
        must[self._number[list(decided[0])]] = True
        if len(decided[1]):
            closed[self._number[list(decided[1])]] = True
            row, col = row[~closed[col]], col[~closed[col]]
            there = np.bincount(row, minlength=len(count)) > 0
            slack -= np.bincount(group[~there], weight[~there], minlength=len(slack))
            row, group, weight = (np.cumsum(there) - 1)[row], group[there], weight[there]
            indptr = np.r_[0, np.cumsum(np.bincount(row, minlength=len(weight)))].astype(np.int64)
        return Cover(indptr, col[np.lexsort((col, row))], price, weight, group.astype(np.int32), slack, must)

    def least(self, floors: Sequence[Condition], decided: Decided, take: Take, run: Run) -> Least:
        """The least that the floors take of what is limited.

        Args:
            floors: conditions on coverage.
            decided: options that must be opened, and options that must not.
            take: what is limited; the search ends as soon as it is known whether that is enough.
            run: limits in force.
        """
        cover = self.cover(floors, take.price, decided)
        if np.any(cover.slack < 0):
            return Least(None, math.inf, True)
        high = take.high + ROOM * max(1.0, abs(take.high))
        found = solve_cover(cover, run, enough=high, hopeless=high if math.isfinite(high) else math.inf)
        opened = None if found.chosen is None else self.option[found.chosen]
        return Least(opened, found.bound, found.bound > high)

    def together(self, limits: Sequence[Condition]) -> Take:
        """Some limits as one: the sum of what they bound."""
        price = np.asarray(self._taken[[one.limit for one in limits]].sum(axis=0), dtype=np.float64).ravel()
        return Take(price, math.fsum(self.conditions.value(one) for one in limits))

    def relative(self, limits: Sequence[Condition]) -> Take:
        """Some limits as one, each in shares of its number, to be made as small as it can be."""
        if not limits:
            return Take(np.full(len(self.option), _LEAST), -math.inf)
        taken = self._taken[[one.limit for one in limits]]
        most = np.maximum(1.0, taken.max(axis=1).toarray().ravel())
        number = np.array([self.conditions.value(one) for one in limits])
        return Take(taken.T @ (1.0 / np.maximum(number, _LEAST * most)) + _LEAST, -math.inf)

    def _demand(self, one: Condition) -> Demand | None:
        responses = self.responses
        needs = responses.needs
        term = self.conditions.problem.objectives[0].term if one.limit < 0 else self.conditions.term(one)
        measure = term.measure
        latest = needs.standard_ms.astype(np.int64)
        counted = term.scope.copy()
        if one.kind == "served" and isinstance(measure, NeedMeasure):
            everyone = np.arange(len(counted), dtype=np.int32)
            counted &= np.isnan(measure.unserved(term, everyone))
            latest[:] = round(ANY_MINUTES * 60_000)
        elif one.kind == "at_most" and isinstance(measure, WorstTime):
            counted &= needs.weight > 0
            value = self.conditions.value(one)
            latest[:] = math.floor((value + ROOM * max(1.0, abs(value))) * 60_000)
        elif one.kind == "at_least" and isinstance(measure, ShareWithin | PeopleWithin):
            if isinstance(measure, ShareWithin):
                counted = measure.counted(term).copy()
            if "minutes" in term.arguments:
                latest[:] = round(term.number("minutes", 0.0) * 60_000)
            return self._weighed(one, counted, latest)
        else:
            return None
        counted[responses.unreachable] = False
        need, last, lost = self._coverable(counted, latest)
        return Demand(need, last, np.ones(len(need)), -1.0 if lost.any() else 0.0)

    def _weighed(self, one: Condition, counted: np.ndarray, latest: Longs) -> Demand:
        """A floor on a sum or a share of weight."""
        weight = self.responses.needs.weight
        total, asked = math.fsum(weight[counted]), self.conditions.value(one)
        if isinstance(self.conditions.term(one).measure, ShareWithin):
            if total == 0.0:  # the share of nobody is 1
                return Demand(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), 1.0 - asked)
            asked *= total
        need, last, lost = self._coverable(counted & (weight > 0), latest)
        slack = total - math.fsum(weight[lost]) - asked
        room = _SUM_ROOM * max(total, asked)
        return Demand(need, last, weight[need], 0.0 if abs(slack) <= room else slack + 0.5 * room)

    def _coverable(self, counted: np.ndarray, latest: Longs) -> tuple[Ints, Longs, Ints]:
        """Needs that only candidates cover, where their pairs in time end, and needs nothing covers."""
        responses = self.responses
        open_ = np.flatnonzero(counted & ((responses.base_option < 0) | (responses.base_ms > latest)))
        first, end = responses.indptr[open_], responses.indptr[open_ + 1]
        count = np.concatenate([[0], np.cumsum(responses.ms <= latest[responses.row])])
        last = first + count[end] - count[first]  # pairs of a need come soonest first
        there = last > first
        return open_[there].astype(np.int32), last[there], open_[~there].astype(np.int32)
