"""The end of a stage: pieces, trees and programs over the columns that the dual leaves undecided."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from siting.instance.arrays import Flags
from siting.methods import local_search
from siting.methods.core import relax, solve_core
from siting.methods.form import shrink
from siting.methods.split import Pieces, solve_pieces
from siting.methods.tree import Tree

if TYPE_CHECKING:
    from siting.methods.stage import Stage

CLOSE_SECONDS = 20.0
"""Seconds the mixed-integer programs may take per objective when the run has no limit."""

NEIGHBOURHOOD = 300
"""Columns of a neighbourhood on the map that one program frees."""

LARGE_PAIRS = 60_000
"""Pairs from which HiGHS may overrun a time limit of seconds before it looks at its clock."""

SMALL_PAIRS = 30_000
"""Pairs of a shrunken form that HiGHS takes whole."""

PIECE_PAIRS = 2_500
"""Pairs of the largest pieces of the map that are solved by themselves at first."""

PIECE_ROWS = 30
"""Levels of a row up to which pieces are small on the map, and worth solving."""

FREED = 100
"""Columns that the first program over the undecided ones frees."""

LONG_ROWS = 6
"""Levels of a row from which a tree of Lagrangian bounds beats HiGHS."""


class Closing:
    """Closes the gap of a stage, as far as its time allows; takes nothing back that it knows."""

    def __init__(self, stage: Stage) -> None:
        self._at = stage

    def close(self) -> None:
        """Linear relaxation and mixed-integer programs over the columns that are left."""
        until = self._at.deadline
        if self._at.run.seconds is None:
            until = min(until, time.monotonic() + CLOSE_SECONDS)
        if not self._at.done():
            self._at.shake()
            self._at.shrink()
            self._split(until)
        count, whole = FREED, False
        while not self._late(until):
            if self._has_long_rows(LONG_ROWS):
                if not self._branch(until):
                    return
            elif len(self._at.core.col) <= SMALL_PAIRS and (whole or self._at.core.columns < 2 * FREED):
                self._finish(until)
                return
            elif not self._restricted(count, min(until - time.monotonic(), 4.0)):
                self._explore(until)
                return
            elif self._at.shrink():
                self._split(until)
            else:
                # A better plan is what lets more columns be fixed: it comes before the whole program.
                whole, count = True, int(1.7 * count)

    def _has_long_rows(self, long: int) -> bool:
        """Whether rows have more than ``long`` levels of savings; HiGHS would make a variable of each."""
        core = self._at.core
        if not self._at.space.exact or len(core.parts) > 1 or len(core.col) <= long * core.rows:
            return False
        levels = core.rows + int(np.count_nonzero(np.diff(core.parts[0]) < 0.0))
        return levels > long * core.rows

    def _split(self, until: float) -> None:
        """Solve pieces of the core by themselves, while that closes the gap.

        Where their plans differ from the best one, a program chooses what fits together.
        """
        largest, number = PIECE_PAIRS, 0
        if not self._at.space.exact or len(self._at.core.parts) > 1 or self._has_long_rows(PIECE_ROWS):
            return
        while largest <= SMALL_PAIRS and not self._late(until):
            assert self._at.plan is not None
            self._at.space.engine.iterate(50, self._at.value - self._at.core.constant, self._at.run)
            form, dual, plan = self._at.core, self._at.dual, self._at.plan[self._at.columns]
            number += 1
            left = until - time.monotonic()
            pieces = solve_pieces(form, dual, plan, self._at.run, left, largest, number)
            if pieces is None:
                return
            before = self._at.bound - self._at.value
            self._learn(pieces)
            differs = pieces.plan != plan
            self._among(differs, plan & ~differs, min(until - time.monotonic(), 4.0), share=0.01)
            shrunk = self._at.shrink()
            if not shrunk and self._at.bound - self._at.value > 0.98 * before:
                if not pieces.cut:
                    return
                largest = 2 * largest

    def _learn(self, pieces: Pieces) -> None:
        """Take over the bound that pieces prove, and what it says about their columns."""
        form, dual = self._at.core, self._at.dual
        bound = dual.bound - pieces.gained
        self._at.bound = min(self._at.bound, max(form.constant + bound, self._at.value))
        reduced = dual.rho - dual.price(form)
        flipped = bound - np.maximum(0.0, np.abs(reduced) - pieces.gap)
        np.minimum(dual.opened_at, np.where(reduced < 0.0, flipped, bound), out=dual.opened_at)
        np.minimum(dual.closed_at, np.where(reduced > 0.0, flipped, bound), out=dual.closed_at)
        self._at.tell()

    def _finish(self, until: float) -> None:
        """Few pairs are left: linear relaxation, then all of it as one program."""
        self._relax(until - time.monotonic())
        if not self._at.done():
            self._whole(until - time.monotonic())

    def _branch(self, until: float) -> bool:
        """Long rows are left: a tree of Lagrangian bounds; whether it has made the core smaller."""
        tree = Tree(self._at.space, self._at.bound, lambda: self._at.needed, self._at.offer_in, self._at.run)
        again = tree.solve(lambda: self._over(tree, until))
        self._over(tree, until)
        return again

    def _over(self, tree: Tree, until: float) -> bool:
        """Whether to leave the tree; takes over its bound."""
        self._at.bound = min(self._at.bound, max(tree.bound, self._at.value))
        self._at.tell()
        return self._late(until)

    def _late(self, until: float) -> bool:
        """Whether to stop."""
        return self._at.done() or self._at.run.out(until - time.monotonic())

    def _explore(self, until: float) -> None:
        """Programs over one neighbourhood of the map after another, while time is left."""
        assert self._at.plan is not None
        rng = np.random.default_rng(self._at.run.seed)
        while not self._late(until):
            free = local_search.around(self._at.core, int(rng.integers(self._at.core.columns)), NEIGHBOURHOOD)
            is_open = self._at.plan[self._at.columns]
            self._among(free, is_open & ~free, min(until - time.monotonic(), 2.0), share=1e-4)

    def _relax(self, seconds: float) -> None:
        """Linear relaxation: a sharper bound, a plan near its fractional one, and fixing by both."""
        for _ in range(3):
            relaxed = relax(self._at.core, self._at.run, seconds)
            if relaxed is None:
                return
            self._at.bound = min(self._at.bound, max(relaxed.bound, self._at.value))
            offset = self._at.core.constant
            np.minimum(self._at.dual.opened_at, relaxed.opened_at - offset, out=self._at.dual.opened_at)
            np.minimum(self._at.dual.closed_at, relaxed.closed_at - offset, out=self._at.dual.closed_at)
            self._at.dual.y[:] = relaxed.y
            self._at.round()
            self._at.shake()
            self._at.tell()
            if self._at.done() or not self._at.shrink():
                return

    def _whole(self, seconds: float) -> None:
        """The whole core as one program: its bound holds for every better plan."""
        assert self._at.plan is not None
        start = self._at.plan[self._at.columns]  # what is fixed agrees with every plan as good as the best
        plan, bound = solve_core(self._at.core, self._at.run, seconds, start, self._tell_core)
        if plan is not None:
            self._at.offer_core(plan)
        if bound is not None:
            self._at.bound = min(self._at.bound, max(bound, self._at.value))
        self._at.tell()

    def _tell_core(self, incumbent: float | None, bound: float | None) -> None:
        known = self._at.bound if bound is None else min(self._at.bound, max(bound, self._at.value))
        best = self._at.value if incumbent is None else max(self._at.value, incumbent)
        self._at.run.tell(self._at.sign * best, self._at.sign * known)
        self._at.keep()

    def _restricted(self, count: int, seconds: float) -> bool:
        """Free ``count`` columns and those where plan and dual disagree; fix the rest by sign."""
        assert self._at.plan is not None
        reduced = self._at.dual.rho - self._at.dual.price(self._at.core)
        free = self._at.plan[self._at.columns] != (reduced > 0.0)
        free[np.argsort(np.abs(reduced), kind="stable")[:count]] = True
        return self._among(free, ~free & (reduced > 0.0), seconds)

    def _among(self, free: Flags, opened: Flags, seconds: float, share: float = 0.1) -> bool:
        """The program over the free columns with ``opened`` open; whether it was solved.

        The best plan must open ``opened`` and otherwise free columns only.
        """
        assert self._at.plan is not None
        part, columns, _, _ = shrink(self._at.core, ~free & ~opened, opened)
        if len(part.col) > LARGE_PAIRS:
            return False
        start = self._at.plan[self._at.columns][columns]
        # A better plan is wanted here, not the proof that it is the best of the neighbourhood.
        room = share * (self._at.bound - self._at.value)
        plan, bound = solve_core(part, self._at.run, seconds, start, room=room)
        if plan is not None:
            whole = opened.copy()
            whole[columns[plan]] = True
            self._at.offer_core(whole)
        self._at.tell()
        return bound is not None and bound <= self._at.value + 1.01 * room
