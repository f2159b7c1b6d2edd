"""One objective of the decomposition: from a first plan to a closed or certified gap."""

from __future__ import annotations

import time

import numpy as np

from siting.instance.arrays import Flags, Ints
from siting.methods import local_search, volume
from siting.methods.core import solve_core
from siting.methods.form import Form, shrink
from siting.methods.run import Run
from siting.plan import PROVED_GAP

HARD = 1e4
"""Objective units one unit of a floor is worth while plans are searched: more than any swap gains."""

CLOSE_SECONDS = 12.0
"""Seconds the mixed-integer programs may take per objective when the run has no limit."""

SMALL_PAIRS = 30_000
"""Pairs of a shrunken form that HiGHS takes whole."""


class Stage:
    """One objective: holds the best plan, the bound, and the shrinking form.

    All values are in the direction of maximization; ``sign`` turns them for reports.
    """

    def __init__(self, form: Form, run: Run, sign: float, share_of_time: float = 1.0) -> None:
        """Set up.

        Args:
            form: the objective's savings form.
            run: limits in force.
            sign: -1 where the objective is minimized.
            share_of_time: share of the time left that this objective may take.
        """
        self._run, self._sign = run, sign
        self._full = form
        self._deadline = time.monotonic() + share_of_time * run.left
        self._fixed = form.must.copy()
        none = np.zeros(form.columns, dtype=bool)
        self._core, self._columns, _, _ = shrink(form, none, form.must)
        self.feasible = bool(np.all(self._core.room >= -1e-9 * np.maximum(1.0, np.abs(form.room))))
        self._plan: Flags | None = None
        self._value = -np.inf
        self._bound = np.inf
        self._dual: volume.Dual | None = None

    def solve(self, start: Ints | None) -> tuple[Ints | None, float, float]:
        """Best plan (option numbers), its value, and a certified bound."""
        with self._run.phase("local search"):
            self._first_plan(start)
        if self._plan is None:
            return None, -np.inf, np.inf
        with self._run.phase("bound"):
            self._choose_multipliers()
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

    def _searchable(self) -> Form:
        """The core with floors weighing so much that no swap gives one up."""
        return self._core.with_multipliers(np.full(len(self._core.floor), HARD))

    def _first_plan(self, start: Ints | None) -> None:
        if start is not None:
            self._offer(np.isin(self._full.option, start))
        form = self._searchable()
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
        form, y = self._searchable(), self._dual.y
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

    # -- bound ------------------------------------------------------------------------------

    def _lift(self, core_bound: float) -> float:
        """From a bound on the core's multiplied savings to a bound on the objective."""
        return core_bound + self._core.constant - self._core.floors_value()

    def _target(self) -> float:
        """Savings of the core at which the bound would meet the plan."""
        return self._value - self._core.constant + self._core.floors_value()

    def _begin_dual(self) -> volume.Volume:
        """Start from the plan's best and second-best savings."""
        assert self._plan is not None
        state = local_search.begin(self._core, self._plan[self._columns])
        self._dual = volume.begin(self._core, state.best, state.second)
        return volume.Volume(self._core, self._dual)

    def _choose_multipliers(self) -> None:
        """Scan floor multipliers by a factor of four; any gives a valid bound, some a good one."""
        if not len(self._core.floor):
            return
        best, chosen = np.inf, 1.0
        for multiplier in 4.0 ** np.arange(1, 7):
            self._core = self._core.with_multipliers(np.full(len(self._core.floor), multiplier))
            engine = self._begin_dual()
            engine.iterate(60, self._target(), self._run)
            assert self._dual is not None
            bound = self._lift(self._dual.bound)
            self._bound = min(self._bound, max(bound, self._value))
            if bound >= best:
                break
            best, chosen = bound, multiplier
        self._core = self._core.with_multipliers(np.full(len(self._core.floor), chosen))

    def _tighten(self, plans: bool = True) -> None:
        """Volume iterations, plans from them, and shrinking, until the gap closes or stalls."""
        engine = self._begin_dual()
        assert self._dual is not None
        stalls = 0
        for number in range(60):
            before = self._bound
            engine.iterate(50, self._target(), self._run)
            self._bound = min(self._bound, max(self._lift(self._dual.bound), self._value))
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
        offset = self._lift(0.0)
        close = offset + dual.opened_at < self._value
        open_ = offset + dual.closed_at < self._value
        if int(close.sum() + open_.sum()) < max(1, self._core.columns // 10):
            return False
        core, columns, rows, base = shrink(self._core, close, open_)
        self._dual = volume.shrunk(dual, core, columns, rows, base)
        self._fixed[self._columns[open_]] = True
        self._columns, self._core = self._columns[columns], core
        return True

    def _done(self) -> bool:
        """Whether to stop: proved, gap reached, or out of time."""
        gap = max(self._run.gap, PROVED_GAP)
        small = self._bound - self._value <= gap * abs(self._value)
        return small or self._run.over or time.monotonic() > self._deadline

    def _tell(self) -> None:
        bound = self._sign * self._bound if np.isfinite(self._bound) else None
        self._run.tell(self._sign * self._value, bound)

    # -- closing ----------------------------------------------------------------------------

    def _close(self) -> None:
        """Mixed-integer programs over the columns whose reduced value is nearest zero."""
        if self._done():
            return
        until = (
            min(self._deadline, time.monotonic() + CLOSE_SECONDS)
            if self._run.seconds is None
            else self._deadline
        )
        count = 100
        while not self._done() and time.monotonic() < until:
            whole = len(self._core.col) <= SMALL_PAIRS or count >= self._core.columns
            left = until - time.monotonic()
            solved = self._whole(left) if whole else self._restricted(count, min(left, 4.0))
            self._tell()
            if whole or not solved:
                return
            if self._shrink():
                continue
            count = int(1.7 * count)

    def _whole(self, seconds: float) -> bool:
        """The whole core as one program: its bound holds for every better plan."""
        assert self._plan is not None
        start = self._plan[self._columns]  # what is fixed agrees with every plan as good as the best
        plan, bound = solve_core(self._core, self._run, seconds, start, self._tell_core, self._run.gap)
        if plan is not None:
            self._offer_core(plan)
        if bound is not None:
            self._bound = min(self._bound, max(bound, self._value))
        return True

    def _tell_core(self, incumbent: float | None, bound: float | None) -> None:
        known = self._bound if bound is None else min(self._bound, max(bound, self._value))
        best = self._value if incumbent is None else max(self._value, incumbent)
        self._run.tell(self._sign * best, self._sign * known)

    def _restricted(self, count: int, seconds: float) -> bool:
        """Free ``count`` columns and those where plan and dual disagree; fix the rest by sign."""
        assert self._dual is not None
        assert self._plan is not None
        reduced = self._dual.rho - self._dual.best_pi @ self._core.use
        is_open = self._plan[self._columns]
        free = is_open != (reduced > 0.0)
        free[np.argsort(np.abs(reduced), kind="stable")[:count]] = True
        opened = ~free & (reduced > 0.0)
        part, columns, _, _ = shrink(self._core, ~free & ~opened, opened)
        plan, bound = solve_core(part, self._run, seconds, is_open[columns])
        if plan is not None:
            whole = opened.copy()
            whole[columns[plan]] = True
            self._offer_core(whole)
        return plan is not None and bound is not None and bound <= self._value + 1e-9 * abs(self._value)
