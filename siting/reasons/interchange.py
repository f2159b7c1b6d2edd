"""Drops, additions and swaps of a plan, where everything is a sum over who answers first.

The value of every swap follows from the first and the second to answer each need (Resende & Werneck
2007, see :mod:`siting.reasons.standing`): dropping j loses what its needs have more than from their
second; adding c gains where it is sooner than the first; both together also gain, in the needs of j,
where c is between the first and the second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import NeedMeasure
from siting.plan import Plan
from siting.problem import Bound, Problem
from siting.reasons.parts import ROOM, Part, demanded, part_of
from siting.reasons.rooms import Excess, Rooms, excess
from siting.reasons.standing import Standing


@dataclass(eq=False)
class _Sum:
    """A signed sum over needs at the plan.

    Attributes:
        part: the sum.
        drop: (K,) its change by dropping each opened option.
        now, then: (N,) contributions of needs as served, and as the second would serve them.
        gain: (M,) its change by opening each option, None while nobody has asked.
    """

    part: Part
    drop: Floats
    now: Floats
    then: Floats
    gain: Floats | None = field(default=None)


@dataclass(frozen=True, eq=False)
class _Floor:
    """A limit on a sum over needs: signed value plus change must reach ``low``."""

    limit: Bound | None
    sum: _Sum
    value: float
    low: float


class Interchange:
    """Changes of one plan by one opening, one drop, or both, (O,) objectives signed so that more is better.

    Attributes:
        rooms: the limits on openings.
        drop: (O, K) changes by dropping each opened option, nobody else moved.
    """

    def __init__(self, problem: Problem, plan: Plan, state: Standing, may: Flags) -> None:
        """Set up.

        Args:
            problem: one that :func:`siting.reasons.parts.refusal` accepts.
            plan: a plan that keeps its limits.
            state: who serves under it.
            may: (M,) options that may be opened in addition.
        """
        responses = problem.responses
        self._may, self._state, self._opened = may, state, plan.opened
        self._options = len(may)
        self.rooms = Rooms(problem, plan)
        row = responses.row
        reached = ~state.has_second[row] | (responses.ms < state.second_ms[row])
        pair = np.flatnonzero(may[responses.option] & reached)
        by = state.who[row[pair]]
        pair = pair[np.argsort(by, kind="stable")]
        self._row, self._col, self._ms = row[pair], responses.option[pair], responses.ms[pair]
        self._start = np.searchsorted(state.who[self._row], np.arange(len(plan.opened) + 1))
        self._by_col: Longs | None = None
        reachable = np.ones(len(state.ms), dtype=bool)
        reachable[responses.unreachable] = False
        self._reachable = reachable
        goals = [part_of(goal.term, 1.0 if goal.maximize else -1.0) for goal in problem.objectives]
        self._goals = [self._sum(part) for part in goals]
        self.drop = np.array([one.drop - one.part.opening[plan.opened] for one in self._goals])
        self._floors = self._gather(problem, plan)

    def _sum(self, part: Part) -> _Sum:
        state, everyone = self._state, np.arange(len(self._reachable), dtype=np.int32)
        now = np.where(self._reachable, part.answered(everyone, state.ms, state.served), 0.0)
        then = np.where(self._reachable, part.answered(everyone, state.second_ms, state.has_second), 0.0)
        mine = state.who >= 0
        lost = _by(state.who[mine], (then - now)[mine], len(self._opened))
        return _Sum(part, lost, now, then)

    def _gather(self, problem: Problem, plan: Plan) -> list[_Floor]:
        """Limits over needs that some drop could break."""
        found = []
        for limit in problem.limits:
            if isinstance(limit.term.measure, NeedMeasure):
                sign, low = (1.0, limit.low) if np.isfinite(limit.low) else (-1.0, -limit.high)
                value = sign * limit.term.value(plan)
                found.append(_Floor(limit, self._sum(part_of(limit.term, sign)), value, low))
        answered = demanded(problem)
        if answered is not None:
            found.append(_Floor(None, self._sum(answered), 0.0, 0.0))
        return found

    def _broken_by(self, floor: _Floor, change: Floats | float) -> Flags:
        value = floor.value + np.asarray(change)
        return np.asarray(value < floor.low - ROOM * np.maximum(1.0, np.abs(value)))

    def _gain(self, one: _Sum) -> Floats:
        """(M,) change of a sum by opening each option."""
        if one.gain is None:
            sooner = ~self._state.served[self._row] | (self._ms < self._state.ms[self._row])
            row = self._row[sooner]
            more = self._worth(one.part, row, self._ms[sooner]) - one.now[row]
            one.gain = _by(self._col[sooner], more, self._options)
        return one.gain

    def _worth(self, part: Part, row: Ints, ms: Ints) -> Floats:
        return part.answered(row, ms, np.ones(len(row), dtype=bool))

    def _swapped(self, one: _Sum, k: int) -> Floats:
        """(M,) change of a sum by opening each option in place of the k-th opened."""
        mine = slice(self._start[k], self._start[k + 1])
        row, col, ms = self._row[mine], self._col[mine], self._ms[mine]
        worth, now = self._worth(one.part, row, ms), one.now[row]
        sooner = ms < self._state.ms[row]
        extra = worth - one.then[row] - np.where(sooner, worth - now, 0.0)
        gained = float(one.drop[k]) + self._gain(one)
        return gained + _by(col, extra, self._options)

    def add(self) -> Floats:
        """(O, M) changes by opening each option, whatever the limits; -inf for those that may not."""
        changes = np.array([self._gain(one) + one.part.opening for one in self._goals])
        return np.where(self._may, changes, -np.inf)

    def add_one(self, option: int) -> tuple[Floats, list[Excess]]:
        """(O,) change by opening an option, whatever the limits, and the limits that breaks."""
        change = [self._gain(one)[option] + one.part.opening[option] for one in self._goals]
        return np.array(change), self.rooms.with_(option)

    def swap(self, k: int) -> Floats:
        """(O, M) changes by opening each option in place of the k-th opened; -inf where limits forbid it."""
        option = self._opened[k]
        changes = np.array(
            [self._swapped(one, k) + one.part.opening - one.part.opening[option] for one in self._goals]
        )
        allowed = self._may & self.rooms.instead(int(option))
        for floor in self._floors:
            if self._broken_by(floor, floor.sum.drop[k]):
                allowed &= ~self._broken_by(floor, self._swapped(floor.sum, k))
        return np.where(allowed, changes, -np.inf)

    def swap_in(self, option: int) -> Floats:
        """(O, K) changes by opening an option in place of each opened one; -inf where limits forbid it."""
        if self._by_col is None:
            self._by_col = np.argsort(self._col, kind="stable")
        begin, end = np.searchsorted(self._col[self._by_col], [option, option + 1])
        pair = np.sort(self._by_col[begin:end])
        changes = np.array(
            [
                self._swapped_in(one, pair) + one.part.opening[option] - one.part.opening[self._opened]
                for one in self._goals
            ]
        )
        allowed = self.rooms.in_place_of(option)
        for floor in self._floors:
            allowed &= ~self._broken_by(floor, self._swapped_in(floor.sum, pair))
        return np.where(allowed, changes, -np.inf)

    def _swapped_in(self, one: _Sum, pair: Longs) -> Floats:
        """(K,) change of a sum by opening the option of some pairs in place of each opened one."""
        row, ms = self._row[pair], self._ms[pair]
        worth, who = self._worth(one.part, row, ms), self._state.who[row]
        sooner = ~self._state.served[row] | (ms < self._state.ms[row])
        gain = np.where(sooner, worth - one.now[row], 0.0)
        extra = (worth - one.then[row] - gain)[who >= 0]
        gained: Floats = one.drop + float(gain.sum())
        return gained + _by(who[who >= 0], extra, len(self._opened))

    def without(self, k: int) -> list[Excess]:
        """Limits that dropping the k-th opened breaks, nobody else moved."""
        found = self.rooms.without(int(self._opened[k]))
        for floor in self._floors:
            if self._broken_by(floor, floor.sum.drop[k]):
                found.append(_shortfall(floor, floor.value + float(floor.sum.drop[k])))
        return found


def _by(group: Ints, values: Floats, count: int) -> Floats:
    """(count,) sums of the values of each group."""
    return np.bincount(group, values, minlength=count).astype(np.float64)


def _shortfall(floor: _Floor, value: float) -> Excess:
    """By how much a signed value misses a floor."""
    if floor.limit is None:
        return Excess(floor.sum.part.term.label, floor.low - value)
    found = excess(floor.limit, floor.sum.part.sign * value)
    assert found is not None
    return found
