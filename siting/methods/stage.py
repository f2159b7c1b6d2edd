"""One objective of the decomposition: from a first plan to a closed or certified gap."""

from __future__ import annotations

import time

import numpy as np

from siting.instance.arrays import Flags, Ints, Longs
from siting.methods import local_search, volume
from siting.methods.core import relax, solve_core
from siting.methods.form import Form, shrink, unit_of
from siting.methods.run import Run
from siting.methods.space import Space
from siting.methods.split import solve_parts
from siting.methods.tree import Tree
from siting.plan import PROVED_GAP

CLOSE_SECONDS = 10.0
"""Seconds the mixed-integer programs may take per objective when the run has no limit."""

NEIGHBOURHOOD = 300
"""Columns of a neighbourhood on the map that one program frees."""

LARGE_PAIRS = 60_000
"""Pairs from which HiGHS may overrun a time limit of seconds before it looks at its clock."""

TRIALS, VAIN = 100, 5
"""Disturbances of the best plan at a time, and how often they may be in vain."""

SMALL_PAIRS = 30_000
"""Pairs of a shrunken form that HiGHS takes whole."""

FREED = 100
"""Columns that the first program over the undecided ones frees."""

LONG_ROWS = 6
"""Pairs of a row from which a tree of Lagrangian bounds beats HiGHS."""

NEAREST, NEAREST_SHARE = 40, 6
"""Nearest columns of a row that are looked at first: these many, and these times as many as there
are columns for one that is opened."""


class Stage:
    """One objective: holds the best plan, the bound, and the shrinking form.

    All values are in the direction of maximization; ``sign`` turns them for reports.
    """

    def __init__(
        self, form: Form, run: Run, sign: float, share_of_time: float = 1.0, wanted: float = -np.inf
    ) -> None:
        """Set up.

        Args:
            form: the objective's savings form.
            run: limits in force.
            sign: -1 where the objective is minimized.
            share_of_time: share of the time left that this objective may take.
            wanted: value that a plan must have to be of any use; without hope of it the stage ends.
        """
        self._run, self._sign, self._wanted = run, sign, wanted
        self._full = form
        self._deadline = time.monotonic() + share_of_time * run.left
        self._space = Space(form)
        self.feasible = self._space.feasible
        self._unit = unit_of(form)
        self._plan: Flags | None = None
        self._value = -np.inf
        # Nothing can save more than every row its best.
        self._bound = form.constant + float(form.parts[0, form.indptr[:-1]].sum())

    @property
    def _core(self) -> Form:
        return self._space.form

    @property
    def _columns(self) -> Longs:
        return self._space.columns

    @property
    def _dual(self) -> volume.Dual:
        assert self._space.dual is not None
        return self._space.dual

    @property
    def _needed(self) -> float:
        """What a plan must be worth to be better, or as good where worths are not whole units."""
        return self._value + self._unit * (1.0 - 1e-6)

    def solve(self, start: Ints | None) -> tuple[Ints | None, float, float]:
        """Best plan (option numbers), its value, and a certified bound."""
        with self._run.phase("local search"):
            self._first_plan(start)
        if self._plan is None:
            return None, -np.inf, self._bound
        with self._run.phase("bound"):
            self._tighten()
        with self._run.phase("close"):
            self._close()
        assert self._plan is not None
        return self._full.option[self._plan], self._value, max(self._bound, self._value)

    def settle(self, start: Ints) -> tuple[Ints, Ints]:
        """What all plans as good as ``start`` have in common, by reduced costs.

        Returns:
            Option numbers that none of them opens, and option numbers that all of them open.
        """
        self._offer(np.isin(self._full.option, start))
        # Plans that fall short by less than the rounding of sums count as equally good.
        self._value -= PROVED_GAP * abs(self._value)
        self._unit = 0.0
        with self._run.phase("settle"):
            self._tighten(plans=False)
        left = np.zeros(self._full.columns, dtype=bool)
        left[self._columns] = True
        return self._full.option[~left & ~self._space.fixed], self._full.option[self._space.fixed]

    # -- plans ------------------------------------------------------------------------------

    def _first_plan(self, start: Ints | None) -> None:
        if start is not None:
            self._offer(np.isin(self._full.option, start))
        self._space.keep_nearest(NEAREST + NEAREST_SHARE * self._core.columns // self._most_opened())
        form = self._core
        is_open = self._plan[self._columns] if self._plan is not None else np.zeros(form.columns, dtype=bool)
        search = local_search.begin(form, is_open)
        local_search.fill(search, 1.0 / np.maximum(form.room, 1e-9))
        if self._offer_core(search.is_open):
            self._tell()
        local_search.improve(search, self._run)
        self._offer_core(search.is_open)
        self._tell()

    def _most_opened(self) -> int:
        """About how many columns the limits let a plan open."""
        use, room = self._core.use, self._core.room
        mean = np.maximum(0.0, use).mean(axis=1) if use.size else np.zeros(len(room))
        counts = [left / each for left, each in zip(room, mean, strict=True) if each > 0.0]
        return max(1, int(min(counts, default=self._core.columns)))

    def _offer_core(self, is_open: Flags) -> bool:
        """Take a plan of the core if it is the best so far."""
        return self._offer_in(self._space, is_open)

    def _offer_in(self, space: Space, is_open: Flags) -> bool:
        """Take a plan over the columns of a space if it is the best so far."""
        plan = space.fixed.copy()
        plan[space.columns[is_open]] = True
        return self._offer(plan)

    def _offer(self, plan: Flags) -> bool:
        form = self._full
        parts = local_search.per_part(form, plan)
        value = form.constant + float(parts[0])
        if value <= self._value or not local_search.keeps_floors(form, parts):
            return False
        if not local_search.fits(form, plan):
            return False
        self._plan, self._value = plan, value
        return True

    def _round(self) -> None:
        """A plan from the averaged fractional one, completed and improved."""
        form, dual = self._core, self._dual
        self._offer_core(local_search.rounded(form, dual.y, dual.best_pi, self._run))

    def _shake(self) -> None:
        """Disturb the best plan here and there until that is in vain."""
        assert self._plan is not None
        form = self._core
        if not form.columns:
            return
        search = local_search.begin(form, self._plan[self._columns])
        y = self._dual.y
        undecided = np.flatnonzero((y > 0.01) & (y < 0.99))
        pool = undecided if len(undecided) else np.arange(form.columns)
        vain, number = 0, 0
        while vain < VAIN and not self._done():
            number += 1
            vain = 0 if local_search.shake(search, self._run.seed + number, TRIALS, pool) else vain + 1
            self._offer_core(search.is_open)

    # -- bound ------------------------------------------------------------------------------

    def _tighten(self, plans: bool = True) -> None:
        """Volume iterations, plans from them, and shrinking, until the gap closes or stalls."""
        assert self._plan is not None
        self._space.begin(self._plan)
        stalls = 0
        for number in range(60):
            before = self._bound
            self._space.engine.iterate(50, self._value - self._core.constant, self._run)
            self._bound = min(self._bound, max(self._dual.bound + self._core.constant, self._value))
            if plans and number % 2:
                self._round()
            self._tell()
            if self._done():
                return
            self._shrink()
            if before - self._bound < 0.02 * (self._bound - self._value):
                stalls += 1
                self._space.engine.halve_alpha()
                if stalls >= 3:
                    return

    def _shrink(self) -> bool:
        """Fix the columns that no plan better than the best uses, or that every such plan uses."""
        return self._space.shrink(self._needed)

    def _done(self) -> bool:
        """Whether to stop: proved, gap reached, without hope, or out of time."""
        if self._unit and self._bound < self._needed:
            self._bound = self._value
        gap = max(self._run.gap, PROVED_GAP)
        small = self._bound - self._value <= gap * abs(self._value)
        hopeless = self._bound < self._wanted
        return small or hopeless or self._run.over or time.monotonic() > self._deadline

    def _tell(self) -> None:
        self._run.tell(self._sign * self._value, self._sign * self._bound)

    # -- closing ----------------------------------------------------------------------------

    def _close(self) -> None:
        """Linear relaxation and mixed-integer programs over the columns that are left."""
        until = self._deadline
        if self._run.seconds is None:
            until = min(until, time.monotonic() + CLOSE_SECONDS)
        if not self._done():
            self._shake()
            self._shrink()
            self._split(until)
        count, whole = FREED, False
        while not self._done() and time.monotonic() < until:
            if self._has_long_rows():
                if not self._branch(until):
                    return
            elif len(self._core.col) <= SMALL_PAIRS and (whole or self._core.columns < 2 * FREED):
                self._finish(until)
                return
            elif not self._restricted(count, min(until - time.monotonic(), 4.0)):
                self._explore(until)
                return
            elif self._shrink():
                self._split(until)
            else:
                # A better plan is what lets more columns be fixed: it comes before the whole program.
                whole, count = True, int(1.7 * count)

    def _has_long_rows(self) -> bool:
        core = self._core
        return self._space.exact and len(core.parts) == 1 and len(core.col) > LONG_ROWS * core.rows

    def _split(self, until: float) -> None:
        """Solve components of the core by themselves, while that closes the gap."""
        while not self._done() and self._space.exact and len(self._core.parts) == 1:
            assert self._plan is not None
            self._space.engine.iterate(50, self._value - self._core.constant, self._run)
            form, dual = self._core, self._dual
            plan = self._plan[self._columns]
            parts = solve_parts(form, dual, plan, self._run, until - time.monotonic())
            if parts is None:
                return
            bound = dual.bound - parts.gained
            self._bound = min(self._bound, max(form.constant + bound, self._value))
            self._offer_core(local_search.rounded(form, parts.plan.astype(float), dual.best_pi, self._run))
            reduced = dual.rho - (dual.best_pi[:, None] * form.use).sum(axis=0)
            flipped = bound - np.maximum(0.0, np.abs(reduced) - parts.gap)
            np.minimum(dual.opened_at, np.where(reduced < 0.0, flipped, bound), out=dual.opened_at)
            np.minimum(dual.closed_at, np.where(reduced > 0.0, flipped, bound), out=dual.closed_at)
            self._tell()
            if not self._shrink():
                return

    def _finish(self, until: float) -> None:
        """Few pairs are left: linear relaxation, then all of it as one program."""
        self._relax(until - time.monotonic())
        if not self._done():
            self._whole(until - time.monotonic())

    def _branch(self, until: float) -> bool:
        """Long rows are left: a tree of Lagrangian bounds; whether it has made the core smaller."""
        tree = Tree(self._space, self._bound, lambda: self._needed, self._offer_in, self._run)
        again = tree.solve(lambda: self._over(tree, until))
        self._over(tree, until)
        return again

    def _over(self, tree: Tree, until: float) -> bool:
        """Whether to leave the tree; takes over its bound."""
        self._bound = min(self._bound, max(tree.bound, self._value))
        self._tell()
        return self._done() or time.monotonic() > until

    def _explore(self, until: float) -> None:
        """Programs over one neighbourhood of the map after another, while time is left."""
        assert self._plan is not None
        rng = np.random.default_rng(self._run.seed)
        while not self._done() and time.monotonic() < until:
            free = local_search.around(self._core, int(rng.integers(self._core.columns)), NEIGHBOURHOOD)
            is_open = self._plan[self._columns]
            self._among(free, is_open & ~free, min(until - time.monotonic(), 2.0), share=1e-4)

    def _relax(self, seconds: float) -> None:
        """Linear relaxation: a sharper bound, a plan near its fractional one, and fixing by both."""
        for _ in range(3):
            relaxed = relax(self._core, self._run, seconds)
            if relaxed is None:
                return
            self._bound = min(self._bound, max(relaxed.bound, self._value))
            offset = self._core.constant
            np.minimum(self._dual.opened_at, relaxed.opened_at - offset, out=self._dual.opened_at)
            np.minimum(self._dual.closed_at, relaxed.closed_at - offset, out=self._dual.closed_at)
            self._dual.y[:] = relaxed.y
            self._round()
            self._shake()
            self._tell()
            if self._done() or not self._shrink():
                return

    def _whole(self, seconds: float) -> None:
        """The whole core as one program: its bound holds for every better plan."""
        assert self._plan is not None
        start = self._plan[self._columns]  # what is fixed agrees with every plan as good as the best
        plan, bound = solve_core(self._core, self._run, seconds, start, self._tell_core)
        if plan is not None:
            self._offer_core(plan)
        if bound is not None:
            self._bound = min(self._bound, max(bound, self._value))
        self._tell()

    def _tell_core(self, incumbent: float | None, bound: float | None) -> None:
        known = self._bound if bound is None else min(self._bound, max(bound, self._value))
        best = self._value if incumbent is None else max(self._value, incumbent)
        self._run.tell(self._sign * best, self._sign * known)

    def _restricted(self, count: int, seconds: float) -> bool:
        """Free ``count`` columns and those where plan and dual disagree; fix the rest by sign."""
        assert self._plan is not None
        reduced = self._dual.rho - (self._dual.best_pi[:, None] * self._core.use).sum(axis=0)
        free = self._plan[self._columns] != (reduced > 0.0)
        free[np.argsort(np.abs(reduced), kind="stable")[:count]] = True
        return self._among(free, ~free & (reduced > 0.0), seconds)

    def _among(self, free: Flags, opened: Flags, seconds: float, share: float = 0.1) -> bool:
        """The program over the free columns with ``opened`` open; whether it was solved.

        The best plan must open ``opened`` and otherwise free columns only.
        """
        assert self._plan is not None
        part, columns, _, _ = shrink(self._core, ~free & ~opened, opened)
        if len(part.col) > LARGE_PAIRS:
            return False
        start = self._plan[self._columns][columns]
        # A better plan is wanted here, not the proof that it is the best of the neighbourhood.
        room = share * (self._bound - self._value)
        plan, bound = solve_core(part, self._run, seconds, start, room=room)
        if plan is not None:
            whole = opened.copy()
            whole[columns[plan]] = True
            self._offer_core(whole)
        self._tell()
        return bound is not None and bound <= self._value + 1.01 * room
