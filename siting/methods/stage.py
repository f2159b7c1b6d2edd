"""One objective of the decomposition: from a first plan to a closed or certified gap."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.methods import local_search, volume
from siting.methods.closing import Closing
from siting.methods.form import Form, reweighted, shrink, unit_of
from siting.methods.guided import any_plan, guided
from siting.methods.run import Run
from siting.methods.space import Space
from siting.methods.warm import Opening, Point, Reached
from siting.methods.whole import evaluated
from siting.plan import PROVED_GAP

TRIALS, VAIN = 100, 5
"""Disturbances of the best plan at a time, and how often they may be in vain."""

RENEWED = 0.67
"""While the gap falls to less than this share of itself, averages of the dual are out of date."""

SELDOM = 300.0
"""A stage that is saved works so many times as long as looking at its point takes before it looks again."""

FIRST_SECONDS = 20.0
"""Seconds that the program for a first plan may take."""

MANY_PAIRS, NEAR_PRICE = 5_000_000, 0.9
"""Pairs from which plans are rounded on those columns only whose value comes so near their price."""

NEAREST, NEAREST_SHARE = 40, 6
"""Nearest columns of a row that are looked at first: these many, and these times as many as there
are columns for one that is opened."""


class Stage:
    """One objective: holds the best plan, the bound, and the shrinking form.

    All values are in the direction of maximization; ``sign`` turns them for reports.

    Attributes:
        full: the objective's whole form.
        space: what is left to decide.
        plan: (m,) the best plan over the columns of the whole form, None before the first.
        value, bound: what it is worth, and what no plan exceeds.
        run, sign, deadline: limits in force, direction of reports, and when to be done.
    """

    def __init__(
        self,
        form: Form,
        run: Run,
        sign: float,
        share_of_time: float = 1.0,
        wanted: float = -np.inf,
        known: Point | None = None,
        keep: Callable[[Callable[[], Reached]], None] | None = None,
    ) -> None:
        """Set up.

        Args:
            form: the objective's savings form.
            run: limits in force.
            sign: -1 where the objective is minimized.
            share_of_time: share of the time left that this objective may take.
            wanted: value that a plan must have to be of any use; without hope of it the stage ends.
            known: a point of the dual to start from.
            keep: told now and then what says where the stage stands.
        """
        self.run, self.sign, self._wanted = run, sign, wanted
        self.full = form
        self.deadline = time.monotonic() + share_of_time * run.left
        self.space = Space(form)
        self.feasible = self.space.feasible
        self._unit = unit_of(form)
        self._known, self._keep = known, keep
        self._proof: tuple[float, Point] | None = None
        self._look = 0.0
        self._worth = form.worth
        self.plan: Flags | None = None
        self.value = -np.inf
        # Nothing can save more than every row its best.
        self._trivial = self.bound = form.constant + float(form.parts[0, form.indptr[:-1]].sum())

    @property
    def point(self) -> Point | None:
        """A good point of the dual, from which another solve may start."""
        return self.space.point or self.space.best_point()

    @property
    def core(self) -> Form:
        """The form over the undecided columns."""
        return self.space.form

    @property
    def columns(self) -> Longs:
        """Columns of ``core`` in the whole form."""
        return self.space.columns

    @property
    def dual(self) -> volume.Dual:
        """The dual of ``core``, once it has begun."""
        assert self.space.dual is not None
        return self.space.dual

    @property
    def needed(self) -> float:
        """What a plan must be worth to be better, or as good where worths are not whole units."""
        return self.value + self._unit * (1.0 - 1e-6)

    def solve(self, starts: Sequence[Ints]) -> tuple[Ints | None, float, float]:
        """Best plan (option numbers), its value, and a certified bound.

        Args:
            starts: plans to begin with, option numbers.
        """
        if self._known is not None:  # what another solve has proved need not be found again
            self._learn(self._known)
            self.bound = min(self.bound, np.inf if self._proof is None else self._proof[0])
        with self.run.phase("local search"):
            self._first_plan(starts)
            if self.plan is None and len(self.full.family):
                self._any_plan()
        if self.plan is None:
            return None, -np.inf, self.bound
        with self.run.phase("bound"):
            self._tighten()
        with self.run.phase("close"):
            Closing(self).close()
        assert self.plan is not None
        return self.full.option[self.plan], self.value, max(self.bound, self.value)

    def settle(self, start: Ints) -> tuple[Ints, Ints]:
        """What all plans as good as ``start`` have in common, by reduced costs.

        Returns:
            Option numbers that none of them opens, and option numbers that all of them open.
        """
        self.offer(np.isin(self.full.option, start))
        # Plans that fall short by less than the rounding of sums count as equally good.
        self.value -= PROVED_GAP * abs(self.value)
        self._unit = 0.0
        with self.run.phase("settle"):
            self._tighten(plans=False)
        left = np.zeros(self.full.columns, dtype=bool)
        left[self.columns] = True
        return self.full.option[~left & ~self.space.fixed], self.full.option[self.space.fixed]

    def reached(self) -> Reached:
        """The best plan, and the best point of the dual, with what it proves about the whole form."""
        assert self.plan is not None
        self._look_for_proof()
        opening = Opening.once(self.full.option[self.plan])
        if self._proof is None:
            return Reached(opening, self.sign * self.value)
        bound, best = self._proof
        return Reached(opening, self.sign * self.value, best, self.sign * bound)

    def _look_for_proof(self) -> None:
        """The more columns are fixed, the less a point may prove about the whole form: none is left out."""
        point = self.space.whole_point(self.full)
        if point is not None:
            self._learn(point)

    def _learn(self, point: Point) -> None:
        """Remember a point of the whole form if it proves more than the others have."""
        bound = evaluated(self.full, point, self.space.able)
        if bound < (np.inf if self._proof is None else self._proof[0]):
            self._proof = bound, point

    # -- plans ------------------------------------------------------------------------------

    def _first_plan(self, starts: Sequence[Ints]) -> None:
        given = [np.isin(self.full.option, start) for start in starts]
        for plan in given:
            self.offer(plan)
        if self.plan is None:  # what keeps no floors is no better than nothing
            given = []
        if not self.core.outlay.any():  # else nobody knows how many are opened, nor how far they are
            self.space.keep_nearest(NEAREST + NEAREST_SHARE * self.core.columns // self._most_opened())
        core = [plan[self.columns] for plan in given] or [np.zeros(self.core.columns, dtype=bool)]
        if len(core) > 1:  # swaps take longer: they start from the plan that is best once it is filled up
            filled = [self._filled(self.core, plan) for plan in core]
            core = [max(filled, key=lambda search: search.savings).is_open]

        def search(form: Form) -> Flags:
            """Fill up, and swap."""
            search = self._filled(form, core[0])
            local_search.improve(search, self.run, share=0.3)
            return search.is_open

        found, self._worth = guided(self.core, self._worth, self.run, search)
        self.offer_core(found)
        self.tell()

    def _filled(self, form: Form, is_open: Flags) -> local_search.Search:
        """The search state of a plan of the core, filled up."""
        search = local_search.begin(form, is_open)
        local_search.fill(search, local_search.first_prices(form))
        if self.offer_core(search.is_open):
            self.tell()
        return search

    def _any_plan(self) -> None:
        """A first plan by mixed-integer programming, or the proof that floors and limits allow none."""
        found, none = any_plan(self.core, self.run, min(FIRST_SECONDS, 0.3 * self.run.left))
        self.feasible = not none
        if found is not None:
            self.offer_core(found)
            self.tell()

    def _most_opened(self) -> int:
        """About how many columns the limits let a plan open."""
        use, room = self.core.use, self.core.room
        mean = np.maximum(0.0, use).mean(axis=1) if use.size else np.zeros(len(room))
        counts = [left / each for left, each in zip(room, mean, strict=True) if each > 0.0]
        return max(1, int(min(counts, default=self.core.columns)))

    def offer_core(self, is_open: Flags) -> bool:
        """Take a plan of the core if it is the best so far."""
        return self.offer_in(self.space, is_open)

    def offer_in(self, space: Space, is_open: Flags) -> bool:
        """Take a plan over the columns of a space if it is the best so far."""
        plan = space.fixed.copy()
        plan[space.columns[is_open]] = True
        return self.offer(plan)

    def offer(self, plan: Flags) -> bool:
        """Take a plan of the whole form if it keeps everything and is the best so far."""
        form = self.full
        parts = local_search.per_part(form, plan)
        value = form.constant + float(parts[0])
        if value <= self.value or not local_search.keeps_floors(form, parts):
            return False
        if not local_search.fits(form, plan):
            return False
        self.plan, self.value = plan, value
        return True

    def round(self) -> None:
        """A plan from the averaged fractional one, completed and improved."""
        form, dual = self.core, self.dual
        if len(form.col) <= MANY_PAIRS:
            self.offer_core(self._rounded(form, dual.y))
            return
        # Of very many columns only those are looked at that the dual thinks of as well.
        assert self.plan is not None
        worth = dual.rho + form.outlay > NEAR_PRICE * (dual.price(form) + form.outlay)
        near = worth | (dual.y > 0.01) | self.plan[self.columns]
        part, columns, _, _ = shrink(form, ~near, np.zeros(form.columns, dtype=bool))
        plan = np.zeros(form.columns, dtype=bool)
        plan[columns[self._rounded(part, dual.y[columns])]] = True
        self.offer_core(plan)

    def _rounded(self, form: Form, y: Floats) -> Flags:
        """A plan of a form from a fractional one, floors of families worth what they are in the dual."""
        dual = self.dual
        worth = dual.mu[form.steady :].copy()
        found, self._worth = guided(
            form, worth, self.run, lambda form: local_search.rounded(form, y, dual.prices, self.run)
        )
        return found

    def shake(self) -> None:
        """Disturb the best plan here and there until that is in vain."""
        assert self.plan is not None
        form = self.core
        if not form.columns:
            return
        if len(form.family):
            form = reweighted(form, self._worth)
        search = local_search.begin(form, self.plan[self.columns])
        y = self.dual.y
        undecided = np.flatnonzero((y > 0.01) & (y < 0.99))
        pool = undecided if len(undecided) else np.arange(form.columns)
        vain, number = 0, 0
        while vain < VAIN and not self.done():
            number += 1
            vain = 0 if local_search.shake(search, self.run.seed + number, TRIALS, pool) else vain + 1
            self.offer_core(search.is_open)

    # -- bound ------------------------------------------------------------------------------

    def _tighten(self, plans: bool = True) -> None:
        """Volume iterations, plans from them, and shrinking, until the gap closes or stalls."""
        assert self.plan is not None
        self.space.begin(self.plan, self._known)
        stalls, proved = 0, self._trivial
        for number in range(60):
            before = proved
            self.space.engine.iterate(50, self.value - self.core.constant, self.run)
            proved = min(proved, max(self.dual.bound + self.core.constant, self.value))
            self.bound = min(self.bound, proved)
            if plans and number % 2:
                self.round()
            self.tell()
            if self.done():
                return
            if proved - self.value < RENEWED * (before - self.value):
                self.space.renew()
            self.shrink()
            if before - proved < 0.02 * (proved - self.value):
                stalls += 1
                self.space.engine.halve_alpha()
                if stalls >= 3:
                    return

    def shrink(self) -> bool:
        """Fix the columns that no plan better than the best uses, or that every such plan uses."""
        return self.space.shrink(self.needed)

    def done(self) -> bool:
        """Whether to stop: proved, gap reached, without hope, or out of time."""
        if self._unit and self.bound < self.needed:
            self.bound = self.value
        gap = max(self.run.gap, PROVED_GAP)
        small = self.bound - self.value <= gap * abs(self.value)
        hopeless = self.bound < self._wanted
        return small or hopeless or self.run.over or self.run.out(self.deadline - time.monotonic())

    def tell(self) -> None:
        """Report the best plan's value and the bound, and have them saved."""
        self.run.tell(self.sign * self.value, self.sign * self.bound)
        self.keep()

    def keep(self) -> None:
        """Have saved what is reached, if it is time; and look for a point to save now and then."""
        if self._keep is None or self.plan is None:
            return
        begun = time.monotonic()
        if begun >= self._look:
            self._look_for_proof()
            self._look = time.monotonic() + SELDOM * (time.monotonic() - begun)
        self._keep(self.reached)
