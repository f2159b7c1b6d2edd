"""Limits on openings: what is left of them, and who fits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.measures import OptionMeasure
from siting.plan import Plan
from siting.problem import Bound, Problem
from siting.reasons.parts import ROOM

KEPT = 100
"""Answers on one limit that are kept."""


@dataclass(frozen=True)
class Excess:
    """A limit that a change would break.

    Attributes:
        limit: the limit, for people.
        by: how much would be missing or too much, in its unit, > 0.
    """

    limit: str
    by: float

    def __str__(self) -> str:
        return f"{self.limit} by {self.by:,.6g}"


def excess(limit: Bound, value: float) -> Excess | None:
    """By how much a value breaks a limit, None where it keeps it."""
    room = ROOM * max(1.0, abs(value))
    if value > limit.high + room:
        return Excess(limit.label, value - limit.high)
    if value < limit.low - room:
        return Excess(limit.label, limit.low - value)
    return None


class Rooms:
    """The limits on openings at a plan that opens one unit each.

    Attributes:
        limits: the limits.
        used: (L,) what the plan uses of each.
        broken: (M,) number of limits that opening one more option breaks.
        key: (M,) fingerprint of these limits, equal for options that break the same ones.
    """

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.limits = [limit for limit in problem.limits if isinstance(limit.term.measure, OptionMeasure)]
        self.used = np.zeros(len(self.limits))
        options = len(problem.responses.options.site)
        self._sparse: list[tuple[Ints, Floats]] = []
        self._opened: list[tuple[Ints, Floats]] = []
        self._count = len(plan.opened)
        self._of: dict[int, list[int]] = {}
        self._kept: dict[tuple[int, float], tuple[int, Ints]] = {}
        opened = set(plan.opened.tolist())
        self.broken = np.zeros(options, dtype=np.int32)
        self.key = np.zeros(options, dtype=np.uint64)
        words = np.random.default_rng(6).integers(1, 2**63, len(self.limits), dtype=np.uint64)
        for number, limit in enumerate(self.limits):
            measure = limit.term.measure
            assert isinstance(measure, OptionMeasure)
            coefficient = measure.coefficients(limit.term)
            self.used[number] = _used(measure, limit, coefficient, plan)
            inside = np.flatnonzero(coefficient).astype(np.int32)
            self._sparse.append((inside, coefficient[inside]))
            mine = np.flatnonzero(coefficient[plan.opened]).astype(np.int32)
            self._opened.append((mine, coefficient[plan.opened[mine]]))
            for option in opened.intersection(inside.tolist()):
                self._of.setdefault(option, []).append(number)
            if self._breaks(number, 0.0, 0.0):  # also for those that use nothing of it
                self.broken += 1
                self.broken[inside] -= 1
                self.key ^= words[number]
                self.key[inside] ^= words[number]
            breaks = self._breaks(number, 0.0, coefficient[inside])
            self.broken[inside] += breaks
            self.key[inside[breaks]] ^= words[number]

    def _breaks(self, number: int, dropped: Floats | float, added: Floats | float) -> Flags:
        limit = self.limits[number]
        value = self.used[number] - dropped + added
        room = ROOM * np.maximum(1.0, np.abs(value))
        return np.asarray((value > limit.high + room) | (value < limit.low - room))

    @cached_property
    def _taking(self) -> tuple[Ints, Ints]:
        """Options, ascending, and the limits that each takes part in."""
        nothing = np.zeros(0, dtype=np.int32)
        option = np.concatenate([nothing, *(inside for inside, _ in self._sparse)])
        number = np.repeat(np.arange(len(self._sparse)), [len(inside) for inside, _ in self._sparse])
        order = np.argsort(option, kind="stable")
        return option[order], number[order].astype(np.int32)

    def size(self, number: int) -> int:
        """How many options take part in a limit."""
        return len(self._sparse[number][0])

    def of(self, option: int) -> list[int]:
        """Numbers of the limits that an opened option takes part in."""
        return self._of.get(option, [])

    def coefficient(self, number: int, option: int) -> float:
        """What one option uses of a limit."""
        inside, values = self._sparse[number]
        where = int(np.searchsorted(inside, option))
        return float(values[where]) if where < len(inside) and inside[where] == option else 0.0

    def instead(self, option: int, among: Ints) -> Flags:
        """(X,) which of some options keep every limit in place of an opened one."""
        broken = self.broken[among]
        for number in self.of(option):
            others, more = self._eased(number, self.coefficient(number, option))
            inside = self._sparse[number][0]
            at = np.minimum(np.searchsorted(inside, among), len(inside) - 1)
            broken += np.where(inside[at] == among, more[at], 0) + others
        return np.asarray(broken == 0)

    def _eased(self, number: int, mine: float) -> tuple[int, Ints]:
        """Whether options break a limit more once so much of it is free: those that use none, and the others.

        Many sites use the same of a limit; these answers are kept.
        """
        if (number, mine) not in self._kept:
            if len(self._kept) == KEPT:
                self._kept.clear()
            values = self._sparse[number][1]
            others = int(self._breaks(number, mine, 0.0)) - int(self._breaks(number, 0.0, 0.0))
            more = self._breaks(number, mine, values).astype(np.int32) - others
            self._kept[number, mine] = others, more - self._breaks(number, 0.0, values)
        return self._kept[number, mine]

    def in_place_of(self, option: int) -> Flags:
        """(K,) opened options in whose place one more option keeps every limit."""
        broken = np.zeros(self._count, dtype=np.int32)
        for number, (mine, values) in enumerate(self._opened):
            added = self.coefficient(number, option)
            alone = int(self._breaks(number, 0.0, added))
            broken += alone
            broken[mine] += self._breaks(number, values, added).astype(np.int32) - alone
        return np.asarray(broken == 0)

    def without(self, option: int) -> list[Excess]:
        """Limits that dropping an opened option breaks."""
        found = [
            excess(self.limits[number], self.used[number] - self.coefficient(number, option))
            for number in self.of(option)
        ]
        return [one for one in found if one is not None]

    def breaking(self, option: int) -> list[int]:
        """Numbers of the limits that opening one more option breaks, of those that it takes part in."""
        begin, end = np.searchsorted(self._taking[0], [option, option + 1])
        numbers: list[int] = self._taking[1][begin:end].tolist()
        return [one for one in numbers if self._breaks(one, 0.0, self.coefficient(one, option))]

    def with_(self, option: int) -> list[Excess]:
        """Limits that opening one more option breaks."""
        found = [
            excess(self.limits[number], float(self.used[number]) + self.coefficient(number, option))
            for number in self.breaking(option)
        ]
        return [one for one in found if one is not None]


def _used(measure: OptionMeasure, limit: Bound, coefficient: Floats, plan: Plan) -> float:
    """What a plan of one unit each uses of a limit; the coefficients are known, and taken as they are."""
    closed = measure.closings(limit.term)[plan.closed] if len(plan.closed) else ()
    return math.fsum([*coefficient[plan.opened], *closed])
