"""Other choices beside a plan, recomputed: what they lose in every objective, and the limits they break."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from siting.check.audit import Audit
from siting.check.differences import Difference, Valued, concerned, valued
from siting.check.moved import Neighbours
from siting.check.rounded import Rounded
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.problem import Bound

ROOM = 1e-9
"""Relative difference that sums in another order explain."""

DECIMALS = 6
"""Of losses in files."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What is opened (K,), how many units (K,), and which existing facilities are closed (D,)."""

    opened: Ints
    units: Ints
    closed: Ints

    def without(self, k: int) -> Choice:
        """The choice with its k-th opening dropped."""
        kept = np.arange(len(self.opened)) != k
        return Choice(self.opened[kept], self.units[kept], self.closed)

    def with_(self, option: int, units: int) -> Choice:
        """The choice with one more opening."""
        opened = np.append(self.opened, np.int32(option)).astype(np.int32)
        return Choice(opened, np.append(self.units, np.int32(units)).astype(np.int32), self.closed)


class Losses:
    """What other choices than the plan's lose, everybody served by the first to answer.

    Where capacities bind only sums over openings are known.
    """

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._nearest = audit.ground.layout.serve == "nearest"
        self.plan = Choice(audit.opened, audit.units, audit.closed)
        self._units = self._units_of(self.plan)
        self._valued: dict[Term, Valued] = {}
        self._last: tuple[Choice, Difference] | None = None

    @cached_property
    def _neighbours(self) -> Neighbours:
        return Neighbours(self._audit.ground, self._audit.is_open)

    def look(self, option: Ints | Longs) -> None:
        """Search from all options (K,) at once that choices will open."""
        if self._nearest:
            self._neighbours.look(option)

    def known(self, term: Term) -> bool:
        """Whether a term can be told without who serves whom."""
        return self._nearest or isinstance(term.measure, OptionMeasure)

    def value(self, term: Term, choice: Choice) -> float:
        """A term's value on a choice; NaN where it is undefined."""
        if term not in self._valued:
            self._valued[term] = valued(self._audit, term)
        return self._valued[term](self._difference(choice))

    def second(self, choice: Choice) -> Floats:
        """(N,) response ms on a choice, NaN where nobody answers.

        Whoever answers later than the model tells apart from nobody counts only if it stands today.
        """
        moved = self._difference(choice).moved
        assert moved is not None
        told = np.isfinite(moved.ms) & (moved.ms <= self._audit.ground.latest)
        return np.where(told, moved.ms, self._audit.left.ms)

    def of(self, choice: Choice) -> list[Rounded | None]:
        """Per objective what a choice loses, > 0 is worse; None where that is undefined or not known."""
        found: list[Rounded | None] = []
        for goal in self._audit.problem.objectives:
            if not self.known(goal.term):
                found.append(None)
                continue
            had, has = self._audit.value(goal.term), self.value(goal.term, choice)
            loss = had - has if goal.maximize else has - had
            off = ROOM * max(1.0, abs(had))
            found.append(
                None if math.isnan(loss) else Rounded(0.0 if abs(loss) <= off else loss, DECIMALS, off)
            )
        return found

    def broken(self, choice: Choice) -> dict[str, float]:
        """Labels of the limits that a choice breaks, and by how much."""
        found = {}
        for limit in self._concerned(choice):
            value = self.value(limit.term, choice)
            room = ROOM * max(1.0, abs(value))
            if value > limit.high + room:
                found[limit.label] = value - limit.high
            elif value < limit.low - room:
                found[limit.label] = limit.low - value
        return found

    def _concerned(self, choice: Choice) -> list[Bound]:
        """Limits that are known and that a choice can break: there may be one for every community."""
        difference = self._difference(choice)
        changed = {*difference.option.tolist(), *difference.closes.tolist(), *difference.keeps.tolist()}
        numbers = set(self._always).union(*(self._by_option.get(one, ()) for one in changed))
        return [self._audit.problem.limits[number] for number in sorted(numbers)]

    @cached_property
    def _always(self) -> list[int]:
        """Limits that do not depend on openings alone, or that the plan itself breaks."""
        found = []
        for number, limit in enumerate(self._audit.problem.limits):
            if self.known(limit.term):
                kept = limit.low <= self._audit.value(limit.term) <= limit.high
                if not (kept and isinstance(limit.term.measure, OptionMeasure)):
                    found.append(number)
        return found

    @cached_property
    def _by_option(self) -> dict[int, list[int]]:
        """Limits on openings by the options that they look at."""
        found: dict[int, list[int]] = {}
        for number, limit in enumerate(self._audit.problem.limits):
            options = concerned(limit.term)
            for one in () if options is None else options.tolist():
                found.setdefault(one, []).append(number)
        return found

    def unanswered(self, choice: Choice) -> set[int]:
        """How many needs a choice leaves unanswered that the plan answers: of all, of those that
        an objective or a limit demands to be answered."""
        moved = self._difference(choice).moved
        if moved is None:
            return set()
        lost = np.isfinite(self._neighbours.ms) & np.isinf(moved.ms)
        return {int(lost.sum()), int((lost & self._demanded).sum())}

    @cached_property
    def _demanded(self) -> Flags:
        """(N,) needs that an objective or a limit demands to be answered."""
        everyone = np.arange(len(self._audit.ground.needs.place), dtype=np.int32)
        demanded = np.zeros(len(everyone), dtype=bool)
        problem = self._audit.problem
        for term in [*(goal.term for goal in problem.objectives), *(limit.term for limit in problem.limits)]:
            for over in term.measure.need_terms(term):
                assert isinstance(over.measure, NeedMeasure)
                demanded |= over.scope & np.isnan(over.measure.unserved(over, everyone))
        return demanded

    def _units_of(self, choice: Choice) -> Ints:
        """(M,) units of every option that a choice opens."""
        units = np.zeros(len(self._audit.ground.options.site), dtype=np.int32)
        units[choice.opened] = choice.units
        return units

    def _difference(self, choice: Choice) -> Difference:
        """How a choice differs from the plan; that of the choice asked for last is kept."""
        if self._last is None or self._last[0] is not choice:
            units = self._units_of(choice)
            option = np.flatnonzero(units != self._units)
            had, has = self._units[option], units[option]
            closes = np.setdiff1d(choice.closed, self.plan.closed)
            keeps = np.setdiff1d(self.plan.closed, choice.closed)
            moved = None
            if self._nearest:
                gone, come = option[has == 0], option[had == 0]
                moved = self._neighbours.without(np.append(gone, closes), np.append(come, keeps))
            order = np.argsort(choice.opened)
            ordered = choice.opened[order], choice.units[order], np.sort(choice.closed)
            self._last = choice, Difference(option, had, has, closes, keeps, moved, *ordered)
        return self._last[1]

    def impossible(self, choice: Choice) -> list[str]:
        """What of a choice may not be, apart from limits that it breaks.

        Options may be forbidden, opened twice, or replaced twice, and needs left that limits demand answered.
        """
        options = self._audit.ground.options
        opened = choice.opened
        found = []
        if not options.usable[opened].all():
            found.append("opens what is forbidden or left out")
        if len(np.unique(options.candidate[opened])) < len(opened):
            found.append("opens a candidate twice")
        if np.any(choice.units < 1) or np.any(choice.units > options.units[opened]):
            found.append("opens units that there are not")
        if not options.closable[choice.closed].all():
            found.append("closes what may not be closed")
        replaced = options.replaces[opened]
        replaced = np.concatenate([replaced[replaced >= 0], choice.closed])
        if len(np.unique(replaced)) < len(replaced):
            found.append("replaces or closes a facility twice")
        for limit in self._concerned(choice):
            if math.isnan(self.value(limit.term, choice)):
                found.append(f"leaves needs unanswered, which {limit.label} does not allow")
        return found
