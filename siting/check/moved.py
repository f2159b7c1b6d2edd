"""Who answers when on choices beside a plan: what each facility reaches is searched for once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.check.times import Ground
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.roads.graph import MAX_MS


@dataclass(frozen=True, eq=False)
class Moved:
    """Who answers each need on another choice.

    Attributes:
        need: (C,) needs that the plan answers at another time.
        ms: (N,) response ms, inf where nobody answers.
        option: (N,) who answers, -1 where nobody does.
    """

    need: Longs
    ms: Floats
    option: Longs


@dataclass(frozen=True, eq=False)
class _Reached:
    """Needs that an option answers sooner than whoever always stays, and the ms that takes, (P,) each."""

    need: Longs
    ms: Floats


class Neighbours:
    """Answers on choices beside a plan in which the first to answer serves.

    Every facility that some choice closes or opens is searched from by itself, as far as it can make a
    difference; of those the plan has open each need knows all, the soonest first. Whoever answers later
    than the model tells apart from nobody counts only if no choice can close it.

    Attributes:
        ms, option: (N,) on the plan itself, inf and -1 where nobody answers.
    """

    def __init__(self, ground: Ground, is_open: Flags) -> None:
        self._ground = ground
        stay, anybody = ground.answers(ground.stays), ground.answers(ground.options.usable)
        self._stay_ms, self._stay_option = np.where(np.isnan(stay.ms), np.inf, stay.ms), stay.option
        within = np.minimum(self._stay_ms, np.minimum(ground.latest + 1, MAX_MS))
        self._before = np.where(np.isnan(anybody.ms), 0.0, within)
        self._known: dict[int, _Reached] = {}
        self._rank(np.flatnonzero(is_open & ~ground.stays))

    def look(self, option: Longs | Ints) -> None:
        """Search from some options (K,), which is quicker for many at once than for one by one."""
        fresh = np.setdiff1d(option, np.fromiter(self._known, dtype=np.int64, count=len(self._known)))
        if not len(fresh):
            return
        by, need, ms = self._search(fresh)
        order = np.lexsort((need, by))
        by, need, ms = by[order], need[order], ms[order]
        edges = np.searchsorted(by, np.append(fresh, fresh[-1] + 1)).tolist()
        for one, begin, end in zip(fresh.tolist(), edges[:-1], edges[1:], strict=True):
            self._known[one] = _Reached(need[begin:end], ms[begin:end])

    def _search(self, option: Longs) -> tuple[Longs, Longs, Floats]:
        """Options, needs and ms (P,) of every answer of some options that can make a difference."""
        ground = self._ground
        asked = np.zeros(len(ground.options.site), dtype=bool)
        asked[option] = True
        found = [(option[:0], option[:0], np.zeros(0))]
        for part in ground.parts:
            before, asking = self._before[part.needs], ground.who(part, asked)
            latest = before.max(axis=0, initial=0.0)
            for by, table in ground.tables(part, asking, part.place, float(latest.max(initial=0.0))):
                row, place = np.nonzero(table < latest)
                one, ms = by[row], table[row, place]
                for period, needs in enumerate(part.needs):
                    there = (ms < before[period][place]) & (ground.options.period[one] <= period)
                    found.append((one[there], needs[place[there]], ms[there]))
        options, reached, late = (np.concatenate(column) for column in zip(*found, strict=True))
        return options, reached, late

    def _rank(self, option: Longs) -> None:
        """Put what the plan has open in the order in which it answers each need."""
        self.look(option)
        reached = [self._known[one] for one in option.tolist()]
        need = np.concatenate([np.zeros(0, dtype=np.int64), *(one.need for one in reached)])
        ms = np.concatenate([np.zeros(0), *(one.ms for one in reached)])
        by = np.repeat(option, [len(one.need) for one in reached])
        order = np.lexsort((by, ms, need))
        self._ranked_ms, self._ranked = ms[order], by[order]
        edges = np.searchsorted(need[order], np.arange(len(self._stay_ms) + 1))
        self._begin, self._end = edges[:-1], edges[1:]
        self.ms, self.option = self._stay_ms.copy(), self._stay_option.copy()
        some = np.flatnonzero(self._begin < self._end)
        self.ms[some] = self._ranked_ms[self._begin[some]]
        self.option[some] = self._ranked[self._begin[some]]
        self._by_option = some[np.argsort(self.option[some], kind="stable")]
        self._firsts = self.option[self._by_option]

    def without(self, gone: Longs, come: Longs) -> Moved:
        """Who answers without some options (G,) that the plan has open, and with others (H,)."""
        ms, option = self.ms.copy(), self.option.copy()
        touched = [self._first_of(one) for one in gone.tolist()]
        lost = np.concatenate([np.zeros(0, dtype=np.int64), *touched])
        at, end = self._begin[lost], self._end[lost]
        going = np.arange(len(lost))
        while len(going := going[at[going] < end[going]]):
            going = going[np.isin(self._ranked[at[going]], gone)]
            at[going] += 1
        left = at < end
        ms[lost], option[lost] = self._stay_ms[lost], self._stay_option[lost]
        ms[lost[left]], option[lost[left]] = self._ranked_ms[at[left]], self._ranked[at[left]]
        self.look(come)
        for one in come.tolist():
            reached = self._known[one]
            sooner = reached.ms < ms[reached.need]
            need = reached.need[sooner]
            ms[need], option[need] = reached.ms[sooner], one
            touched.append(need)
        need = np.unique(np.concatenate([lost, *touched]))
        return Moved(need[ms[need] != self.ms[need]], ms, option)

    def _first_of(self, option: int) -> Longs:
        """Needs that an option of the plan answers first."""
        begin, end = np.searchsorted(self._firsts, [option, option + 1])
        return self._by_option[begin:end]
