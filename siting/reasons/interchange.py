"""Drops, additions and swaps of a plan, where everything is a sum over who answers first.

The value of every swap follows from the first and the second to answer each need (Resende & Werneck
2007, see :mod:`siting.reasons.standing`): dropping j loses what its needs have more than from their
second; adding c gains where it is sooner than the first; both together also gain, in the needs of j,
where c is between the first and the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import NeedMeasure
from siting.plan import Plan
from siting.problem import Bound, Problem
from siting.reasons.parts import ROOM, Part, demanded, part_of
from siting.reasons.rooms import Excess, Rooms, excess
from siting.reasons.shortlist import Shortlist
from siting.reasons.standing import Standing

FIRST = 64
"""Candidates of a group that are looked at first."""


@dataclass(eq=False)
class _Sum:
    """A signed sum over needs at the plan.

    Attributes:
        part: the sum.
        drop: (K,) its change by dropping each opened option.
        now, then: (N,) contributions of needs as served, and as the second would serve them.
        gain: (M,) its change by opening each option, None while nobody has asked.
        worth: (P,) see :meth:`Interchange._worth`, None while nobody has asked.
    """

    part: Part
    drop: Floats
    now: Floats
    then: Floats
    gain: Floats | None = None
    worth: Floats | None = None


@dataclass(eq=False)
class _Floor:
    """A limit on a sum over needs: signed value plus change must reach ``low``.

    Attributes:
        limit: the limit, None for needs that must be answered.
        sum: its sum.
        value, low: see above.
        ranked: candidates by what they bring to it, ascending, None while nobody has asked.
    """

    limit: Bound | None
    sum: _Sum
    value: float
    low: float
    ranked: Ints | None = None


@dataclass(frozen=True, eq=False)
class _Leaving:
    """What changes for the needs of one opened option once it goes.

    Attributes:
        touched: (T,) candidates, ascending, that would answer one of them before its second.
        where: per pair of such a candidate and a need, where in ``touched`` it is.
        extra: by sum, (T,) see :meth:`Interchange._extra`.
    """

    touched: Ints
    where: Ints
    extra: dict[int, Floats] = field(default_factory=dict)


class Interchange:
    """Changes of one plan by one opening, one drop, or both, (O,) objectives signed so that more is better.

    Attributes:
        rooms: the limits on openings.
        drop: (O, K) changes by dropping each opened option, nobody else moved; NaN where undefined.
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
        self._period = responses.options.period
        self._lists: dict[int, Shortlist] = {}
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
        self.drop = np.array([self._dropped(one) for one in self._goals])
        self._floors = self._gather(problem, plan)

    def _sum(self, part: Part) -> _Sum:
        state, everyone = self._state, np.arange(len(self._reachable), dtype=np.int32)
        now = np.where(self._reachable, part.answered(everyone, state.ms, state.served), 0.0)
        then = np.where(self._reachable, part.answered(everyone, state.second_ms, state.has_second), 0.0)
        mine = state.who >= 0
        lost = _by(state.who[mine], (then - now)[mine], len(self._opened))
        return _Sum(part, lost, now, then)

    def _dropped(self, one: _Sum) -> Floats:
        """(K,) change of a goal by dropping each opened option.

        NaN where that leaves a need to nobody that the goal demands to be answered.
        """
        change: Floats = one.drop - one.part.opening[self._opened]
        over, state = one.part.needs, self._state
        if over is not None:
            assert isinstance(over.measure, NeedMeasure)
            lost = over.scope & self._reachable & (state.who >= 0) & ~state.has_second
            need = np.flatnonzero(lost).astype(np.int32)
            change[state.who[need[np.isnan(over.measure.unserved(over, need))]]] = np.nan
        return change

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
            more = self._worth(one)[sooner] - one.now[row]
            one.gain = _by(self._col[sooner], more, self._options)
        return one.gain

    def _worth(self, one: _Sum) -> Floats:
        """(P,) contribution of the need of every pair, answered by its candidate."""
        if one.worth is None:
            everyone = np.ones(len(self._row), dtype=bool)
            one.worth = one.part.answered(self._row, self._ms, everyone)
        return one.worth

    def _extra(self, one: _Sum, k: int, leaving: _Leaving) -> Floats:
        """(T,) what candidates that come between the k-th opened and its seconds bring beyond their gain."""
        pair = slice(self._start[k], self._start[k + 1])
        row, worth = self._row[pair], self._worth(one)[pair]
        sooner = self._ms[pair] < self._state.ms[row]
        extra = worth - one.then[row] - np.where(sooner, worth - one.now[row], 0.0)
        return _by(leaving.where, extra, len(leaving.touched))

    def _swapped(self, one: _Sum, k: int, leaving: _Leaving, among: Ints) -> Floats:
        """(X,) change of a sum by opening some options in place of the k-th opened."""
        gained: Floats = float(one.drop[k]) + self._gain(one)[among]
        if len(leaving.touched):
            if id(one) not in leaving.extra:
                leaving.extra[id(one)] = self._extra(one, k, leaving)
            at = np.minimum(np.searchsorted(leaving.touched, among), len(leaving.touched) - 1)
            gained = gained + np.where(leaving.touched[at] == among, leaving.extra[id(one)][at], 0.0)
        return gained

    def _mending(self, floor: _Floor, k: int) -> Ints:
        """Candidates that bring by themselves what a floor misses without the k-th opened: mostly few."""
        gain = self._gain(floor.sum)
        if floor.ranked is None:
            options = np.flatnonzero(self._may).astype(np.int32)
            floor.ranked = options[np.argsort(gain[options], kind="stable")]
        missing = floor.low - floor.value - float(floor.sum.drop[k])
        missing -= (
            2.0 * ROOM * max(1.0, abs(floor.value), abs(floor.low))
        )  # the swap itself is measured exactly
        return floor.ranked[np.searchsorted(gain[floor.ranked], missing) :]

    @cached_property
    def added(self) -> Floats:
        """(O, M) changes by opening each option, whatever the limits; -inf for those that may not."""
        changes = np.array([self._gain(one) + one.part.opening for one in self._goals])
        return np.where(self._may, changes, -np.inf)

    def add_one(self, option: int) -> tuple[Floats, list[Excess]]:
        """(O,) change by opening an option, whatever the limits, and the limits that breaks."""
        change = [self._gain(one)[option] + one.part.opening[option] for one in self._goals]
        return np.array(change), self.rooms.with_(option)

    def swap(self, k: int, among: Ints) -> Floats:
        """(O, X) changes by opening some options in place of the k-th opened; -inf where limits forbid it."""
        return self._swap(k, self._leaving(k), among)

    def _swap(self, k: int, leaving: _Leaving, among: Ints) -> Floats:
        option = int(self._opened[k])
        changes = np.array(
            [
                self._swapped(one, k, leaving, among) + one.part.opening[among] - one.part.opening[option]
                for one in self._goals
            ]
        )
        allowed = self._may[among] & (self._period[among] == self._period[option])
        allowed &= self.rooms.instead(option, among)
        for floor in self._floors:
            if self._broken_by(floor, floor.sum.drop[k]):
                allowed &= ~self._broken_by(floor, self._swapped(floor.sum, k, leaving, among))
        return np.where(allowed, changes, -np.inf)

    def _leaving(self, k: int) -> _Leaving:
        touched, where = np.unique(self._col[self._start[k] : self._start[k + 1]], return_inverse=True)
        return _Leaving(touched, where.astype(np.int32))

    def swaps(self, k: int, room: Floats) -> tuple[Ints, Floats]:
        """Options (X,), ascending, among them the best to open in place of the k-th, and changes (O, X).

        Only those that come before a second depend on k. The others bring what they bring anyway: they
        are looked at in that order until none can be better than the best within ``room`` (O,).
        """
        leaving = self._leaving(k)
        parts, best = [leaving.touched], np.full(len(self._goals), -np.inf)
        changes = [self._swap(k, leaving, leaving.touched)]
        best = _better(best, changes[0])
        for group in self._groups(k):
            done, take = 0, FIRST
            while done < len(group):
                ahead = np.array([self._swapped_out(one, k, int(group[done])) for one in self._goals])
                if _behind(ahead, best, room):
                    break
                part = group[done : done + take]
                parts.append(part)
                changes.append(self._swap(k, leaving, part))
                best = _better(best, changes[-1])
                done, take = done + take, take * 4
        among, first = np.unique(np.concatenate(parts), return_index=True)
        return among, np.concatenate(changes, axis=1)[:, first]

    def _swapped_out(self, one: _Sum, k: int, option: int) -> float:
        """Change of a sum by opening an option in place of the k-th, where none of its needs is concerned."""
        moved = one.part.opening[option] - one.part.opening[self._opened[k]]
        return float(one.drop[k] + self._gain(one)[option] + moved)

    def _groups(self, k: int) -> Iterator[Ints]:
        """Groups of candidates to be looked at in place of the k-th, each by what they bring."""
        broken = [floor for floor in self._floors if self._broken_by(floor, floor.sum.drop[k])]
        if broken:
            found = min((self._mending(floor, k) for floor in broken), key=len)
            yield found[np.lexsort((found, *(-self.added[::-1, found])))]
            return
        period = int(self._period[self._opened[k]])
        if period not in self._lists:
            options = np.flatnonzero(self._may & (self._period == period)).astype(np.int32)
            self._lists[period] = Shortlist(self.rooms, options, self.added)
        yield from self._lists[period].groups(self.rooms.of(int(self._opened[k])))

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
        worth, who = self._worth(one)[pair], self._state.who[row]
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


def _better(best: Floats, changes: Floats) -> Floats:
    """The lexicographically best of one change (O,) and others (O, X)."""
    if not changes.size:
        return best
    first = int(np.lexsort(-changes[::-1])[0])
    return max(best, changes[:, first], key=tuple)


def _behind(ahead: Floats, best: Floats, room: Floats) -> bool:
    """Whether one change is lexicographically worse than another by more than ``room``."""
    for mine, theirs, least in zip(ahead, best, room, strict=True):
        if abs(mine - theirs) > least:
            return bool(mine < theirs)
    return False


def _shortfall(floor: _Floor, value: float) -> Excess:
    """By how much a signed value misses a floor."""
    if floor.limit is None:
        return Excess(floor.sum.part.term.label, floor.low - value)
    found = excess(floor.limit, floor.sum.part.sign * value)
    assert found is not None
    return found
