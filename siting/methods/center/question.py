"""The p-center question on arrays: who is to be answered, by whom, and how late at the latest."""

from __future__ import annotations

import copy
from functools import cached_property

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.methods.center import kernels
from siting.methods.cover import Cover
from siting.methods.form import limit_rows
from siting.problem import Problem
from siting.roads.times import NEVER

ROOM = 1e-9
"""Relative room for sums of costs in doubles when a limit is compared."""


class Question:
    """Needs that count and candidates that may be opened; required candidates are open already.

    Attributes:
        problem: the problem.
        need: (n,) need number of every row.
        base: (n,) ms after which a row is answered if nothing more is opened, ``NEVER`` if not.
        option: (m,) option number of every column.
        number: (M,) column of every option, -1 for options that may not be opened or are open.
        required: option numbers of the required candidates.
        use, room: (K, m) and (K,) limits on the columns: use @ y <= room.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        responses = problem.responses
        options = responses.options
        counted = problem.objectives[0].term.scope & (responses.needs.weight > 0)
        counted[responses.unreachable] = False
        self.need: Ints = np.flatnonzero(counted).astype(np.int32)
        candidate = options.usable.copy()
        candidate[: options.existing] = False
        self.required: Ints = np.flatnonzero(candidate & options.required).astype(np.int32)
        free = np.flatnonzero(candidate & ~options.required).astype(np.int32)
        use, room = limit_rows(problem, free)
        spent, _ = limit_rows(problem, self.required)
        slack = ROOM * np.maximum(1.0, np.abs(room))
        room = room - spent.sum(axis=1)
        self.feasible = bool(np.all(room >= -slack))
        fits = np.all(use <= (room + slack)[:, None], axis=0)
        self.option: Ints = free[fits]
        self.use: Floats = np.ascontiguousarray(use[:, fits])
        self.room: Floats = room
        self._slack = slack
        self.number: Ints = np.full(len(candidate), -1, dtype=np.int32)
        self.number[self.option] = np.arange(len(self.option), dtype=np.int32)
        base = np.where(responses.base_option >= 0, responses.base_ms, NEVER).astype(np.int32)
        is_open = np.zeros(len(candidate), dtype=bool)
        is_open[self.required] = True
        self.base: Ints = kernels.answered(
            responses.indptr, responses.option, responses.ms, self.need, base[self.need], is_open
        )

    @cached_property
    def count(self) -> int | None:
        """How many columns may be opened where that is all the limits say, else None."""
        binding = self.use.sum(axis=1) > self.room + self._slack
        most = len(self.option)
        for use, room, slack in zip(self.use[binding], self.room[binding], self._slack[binding], strict=True):
            if np.any(use != use[0]):
                return None
            most = min(most, int((room + slack) / use[0]))
        return most

    def groups(self) -> list[tuple[Flags, int]]:
        """Sets of columns (m,) of which a limit allows a number, and that number; scarcest first."""
        found = []
        for use, room, slack in zip(self.use, self.room, self._slack, strict=True):
            inside = use > 0
            if inside.any() and use.sum() > room + slack and np.ptp(use[inside]) == 0:
                found.append((inside, int((room + slack) / use[inside][0])))
        return sorted(found, key=lambda group: group[1])

    def narrowed(self, free: Flags, opened: Flags) -> Question:
        """The question about the columns ``free`` (m,) alone, once ``opened`` (m,) are open for nothing."""
        part = copy.copy(self)
        part.__dict__.pop("count", None)
        part.__dict__.pop("first", None)
        part.base = self.answered(np.flatnonzero(opened))
        part.option, part.use = self.option[free], np.ascontiguousarray(self.use[:, free])
        part.number = np.full(len(self.number), -1, dtype=np.int32)
        part.number[part.option] = np.arange(len(part.option), dtype=np.int32)
        return part

    def allows(self, columns: Longs) -> bool:
        """Whether a plan keeps the limits."""
        return bool(np.all(self.use[:, columns].sum(axis=1) <= self.room + self._slack))

    def around(self, ms: int) -> tuple[int, int]:
        """The last time that is not above ``ms`` and the first that is, of all that can be the longest.

        -1 and ``NEVER`` where there is none.
        """
        responses = self.problem.responses
        below, above = kernels.around(responses.indptr, responses.ms, self.need, self.base, ms)
        return int(below), int(above)

    def answered(self, columns: Ints | Longs) -> Ints:
        """(n,) ms after which every row is answered if ``columns`` are opened."""
        responses = self.problem.responses
        is_open = np.zeros(len(self.number), dtype=bool)
        is_open[self.option[columns]] = True
        ms: Ints = kernels.answered(
            responses.indptr, responses.option, responses.ms, self.need, self.base, is_open
        )
        return ms

    @cached_property
    def first(self) -> Ints:
        """(n,) the column that answers every row first, -1 where none does."""
        responses = self.problem.responses
        column: Ints = kernels.first_columns(responses.indptr, responses.option, self.need, self.number)
        return column

    def cover(self, rows: Ints | Longs, latest: int) -> Cover:
        """Which columns answer ``rows`` within ``latest`` ms; all columns cost 1."""
        responses = self.problem.responses
        indptr, col = kernels.in_time(
            responses.indptr, responses.option, responses.ms, self.need[rows], self.number, latest,
            len(self.option),
        )  # fmt: skip
        n, m = len(rows), len(self.option)
        return Cover(
            indptr, col, np.ones(m), np.ones(n), np.zeros(n, dtype=np.int32), np.zeros(1),
            np.zeros(m, dtype=bool),
        )  # fmt: skip

    def opened(self, columns: Ints | Longs) -> Ints:
        """Sorted option numbers of a plan, required candidates included."""
        return np.sort(np.concatenate([self.required, self.option[columns]])).astype(np.int32)
