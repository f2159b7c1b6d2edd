"""One objective of the decomposition: from a first plan to a closed or certified gap."""

from __future__ import annotations

import time

import numpy as np

from siting.instance.arrays import Flags, Ints
from siting.methods import local_search, volume
from siting.methods.core import relax, solve_core
from siting.methods.form import Form, shrink
from siting.methods.run import Run
from siting.plan import PROVED_GAP

CLOSE_SECONDS = 10.0
"""Seconds the mixed-integer programs may take per objective when the run has no limit."""

NEIGHBOURHOOD = 300
"""Columns of a neighbourhood on the map that one program frees."""

LARGE_PAIRS = 60_000
"""Pairs from which HiGHS may overrun a time limit of seconds before it looks at its clock."""

SHAKES = 200
"""Vain disturbances of the best plan after which it is left alone."""

SMALL_PAIRS = 30_000
"""Pairs of a shrunken form that HiGHS takes whole."""


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
        self._fixed = form.must.copy()
        none = np.zeros(form.columns, dtype=bool)
        self._core, self._columns, _, _ = shrink(form, none, form.must)
        self.feasible = bool(np.all(self._core.room >= -1e-9 * np.maximum(1.0, np.abs(form.room))))
        self._plan: Flags | None = None
        self._value = -np.inf
        # Nothing can save more than every row its best.
        self._bound = form.constant + float(form.parts[0, form.indptr[:-1]].sum())
        self._dual: volume.Dual | None = None

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
        with self._run.phase("settle"):
            self._tighten(plans=False)
        left = np.zeros(self._full.columns, dtype=bool)
        left[self._columns] = True
        return self._full.option[~left & ~self._fixed], self._full.option[self._fixed]

    # -- plans ------------------------------------------------------------------------------

    def _first_plan(self, start: Ints | None) -> None:
        if start is not None:
            self._offer(np.isin(self._full.option, start))
        form = self._core
        is_open = self._plan[self._columns] if self._plan is not None else np.zeros(form.columns, dtype=bool)
        search = local_search.begin(form, is_open)
        local_search.fill(search, 1.0 / np.maximum(form.room, 1e-9))
        if self._offer_core(search.is_open):
            self._tell()
        local_search.improve(search, self._run)
        self._offer_core(search.is_open)
        self._tell()

    def _offer_core(self, is_open: Flags) -> bool:
        """Take a plan of the core if it is the best so far."""
        plan = self._fixed.copy()
        plan[self._columns[is_open]] = True
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
        assert self._dual is not None
        form, y = self._core, self._dual.y
        is_open = np.zeros(form.columns, dtype=bool)
        room = form.room + 1e-9 * np.abs(form.room)
        for j in np.argsort(-y, kind="stable"):
            if y[j] < 0.3:
                break
            if np.all(form.use[:, j] <= room):
                is_open[j] = True
                room = room - form.use[:, j]
        search = local_search.begin(form, is_open)
        weight = self._dual.best_pi
        local_search.fill(search, weight if weight.any() else 1.0 / np.maximum(form.room, 1e-9))
        local_search.improve(search, self._run, passes=20)
        self._offer_core(search.is_open)

    def _shake(self) -> None:
        """Close a few neighbouring columns of the best plan, fill up again, keep what is better."""
        assert self._dual is not None
        assert self._plan is not None
        form, rng = self._core, np.random.default_rng(self._run.seed)
        price = self._dual.best_pi
        price = price if price.any() else 1.0 / np.maximum(form.room, 1e-9)
        best, failures = self._plan[self._columns], 0
        while failures < SHAKES and best.any() and not self._run.over:
            trial = local_search.shaken(form, best, price, rng)
            local_search.improve(trial, self._run, passes=3)
            failures += 1
            if self._offer_core(trial.is_open):
                best, failures = trial.is_open, 0

    # -- bound ------------------------------------------------------------------------------

    def _begin_dual(self) -> volume.Volume:
        """Start from the plan's best and second-best savings."""
        assert self._plan is not None
        best, second = local_search.top_two_parts(self._core, self._plan[self._columns])
        self._dual = volume.begin(self._core, best, second)
        return volume.Volume(self._core, self._dual)

    def _tighten(self, plans: bool = True) -> None:
        """Volume iterations, plans from them, and shrinking, until the gap closes or stalls."""
        engine = self._begin_dual()
        assert self._dual is not None
        stalls = 0
        for number in range(60):
            before = self._bound
            engine.iterate(50, self._value - self._core.constant, self._run)
            self._bound = min(self._bound, max(self._dual.bound + self._core.constant, self._value))
            if plans and number % 2:
                self._round()
            self._tell()
            if self._done():
                return
            if self._shrink():
                engine = volume.Volume(self._core, self._dual)
            if before - self._bound < 0.02 * (self._bound - self._value):
                stalls += 1
                engine.halve_alpha()
                if stalls >= 3:
                    return

    def _shrink(self) -> bool:
        """Fix the columns that no plan as good as the best uses, or that every such plan uses."""
        assert self._dual is not None
        dual = self._dual
        offset = self._core.constant
        close = offset + dual.opened_at < self._value
        open_ = offset + dual.closed_at < self._value
        if int(close.sum() + open_.sum()) < max(1, self._core.columns // 10):
            return False
        core, columns, rows, base = shrink(self._core, close, open_)
        self._dual = volume.shrunk(dual, columns, rows, base)
        self._fixed[self._columns[open_]] = True
        self._columns, self._core = self._columns[columns], core
        return True

    def _done(self) -> bool:
        """Whether to stop: proved, gap reached, without hope, or out of time."""
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
        count = 100
        while not self._done() and time.monotonic() < until:
            if len(self._core.col) <= SMALL_PAIRS:
                self._finish(until)
                return
            if not self._restricted(count, min(until - time.monotonic(), 4.0)):
                self._explore(until)
                return
            if not self._shrink():
                count = int(1.7 * count)

    def _finish(self, until: float) -> None:
        """Few pairs are left: linear relaxation, then all of it as one program."""
        self._relax(until - time.monotonic())
        if not self._done():
            self._whole(until - time.monotonic())

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
        assert self._dual is not None
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
        assert self._dual is not None
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
