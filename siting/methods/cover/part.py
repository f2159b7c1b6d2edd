"""One independent part of a cover: a plan, a bound, and a core that shrinks between them."""

from __future__ import annotations

import math

import numpy as np

from siting.instance.arrays import Flags, Floats
from siting.methods.cover import dual
from siting.methods.cover.branch import Tree
from siting.methods.cover.clock import Clock
from siting.methods.cover.model import Cover
from siting.methods.cover.program import solve_program
from siting.methods.cover.reduce import reduce_cover
from siting.methods.cover.search import Search, base_weights, completed, pruned

TICK = 1_000
"""Steps of the local search between two looks at the clock; halved for large parts."""
NODES = 50
"""Nodes of the tree between two looks at the clock."""
TREE_WORK = (1e7, 1e8)
"""Pairs x nodes after which the tree hands over to HiGHS, at first and later; a tenth of it where rows
may stay open."""
DENSE = 10
"""Pairs of a row from which the tree is the quicker as a rule."""
PROGRAM_SECONDS = 3.0
"""Time limit of HiGHS before the tree has its second turn."""
LARGE = 1_000
"""Rows from which programs over few columns look for better plans, and HiGHS replaces the tree,
whose bound lacks the cuts that large parts need."""
RESTRICTED_SECONDS = 4.0
"""Time limit of one of these programs."""


class Part:
    """Plan and bound of one part.

    Args:
        cover: the part; reduced, no column has to be chosen, and all cost something.
        clock: limits in force.
        start: (m,) columns to begin with, which need not be a plan.
        seed: seed of the local search.

    Attributes:
        plan, value: the best plan (m,) and its cost.
        bound: certified lower bound on every plan.
        limit: most that a plan of interest may cost beside that it is cheaper than the best.
    """

    def __init__(self, cover: Cover, clock: Clock, start: Flags, seed: int) -> None:
        self.cover, self._clock, self._seed = cover, clock, seed
        self._core = cover
        self._columns = np.arange(cover.columns)
        self._fixed = np.zeros(cover.columns, dtype=bool)
        self._base = 0.0
        self._price: Floats | None = None
        self._red: Floats | None = None
        self.plan = np.ones(cover.columns, dtype=bool)
        self.value, self.bound, self.limit = cover.price(self.plan), 0.0, math.inf
        for begun in (start, np.zeros(cover.columns, dtype=bool)):
            if begun is start and not start.any():
                continue
            self._offer(completed(cover, begun, base_weights(cover)))
        self._search = Search(cover, self.plan, seed)

    # -- plans ------------------------------------------------------------------------------

    def _offer(self, plan: Flags | None) -> None:
        if plan is None or not self.cover.allows(plan):
            return
        value = self.cover.price(plan)
        if value < self.value:
            self.plan, self.value = plan.copy(), value
            self.bound = min(self.bound, value)

    def _offer_core(self, plan: Flags | None) -> None:
        """Take a plan of the core if it is the best so far."""
        if plan is not None:
            whole = self._fixed.copy()
            whole[self._columns[plan]] = True
            self._offer(whole)

    def improve(self, patience: int, enough: float) -> None:
        """Local search until ``patience`` steps bring nothing, or a plan costs at most ``enough``."""
        idle = 0
        while idle < patience and not self._clock.over and self.value > enough and self._open:
            idle_now, known = self._search.run(min(TICK, patience), enough - self._base), self.value
            if self._search.value + self._base < known:
                self._offer_core(pruned(self._core, self._search.best))
            # Sums in another order may make the same plan look cheaper: only what was taken counts.
            idle = idle_now if self.value < known else idle + idle_now

    # -- bound ------------------------------------------------------------------------------

    @property
    def most(self) -> float:
        """Most that a plan of interest may cost."""
        unit = self.cover.unit
        cheaper = self.value - unit * (1 - 1e-6) if unit > 0 else self.value * (1 - 1e-9)
        return min(cheaper, self.limit)

    @property
    def _open(self) -> bool:
        """Whether a plan of interest may be left."""
        return self.bound <= self.most and self.bound < self.value

    def _raise(self, bound: float) -> None:
        """Take a bound that holds for plans of interest: others cost more than ``most``."""
        beyond = self.value if self.limit >= self.value else min(self.value, self.cover.after(self.most))
        self.bound = max(self.bound, min(self.cover.rounded(bound), beyond))

    def tighten(self) -> None:
        """Volume iterations, with columns decided in between, until the bound stalls."""
        if not self._open:
            return
        state, stalls = dual.begin(self._core, self._price), 0
        while stalls < 3 and not self._clock.over:
            before = state.raw
            going = state.iterate(100, self.value - self._base)
            self._raise(state.raw + self._base)
            if not self._open:
                return
            self._price = state.price
            if not going or state.raw - before < 0.02 * (self.most - self._base - state.raw):
                stalls += 1
                state.halve()
            self._red = state.red
            if self._shrink(state, 0.1 if stalls < 3 else 0.0):
                if not self._open:
                    return
                state, stalls = dual.begin(self._core, self._price), min(stalls, 2)

    def _shrink(self, state: dual.Dual, share: float) -> bool:
        """Decide columns by the bounds of the dual and reduce the core."""
        closed, opened = state.decided(self.most - self._base)
        count = int(closed.sum() + opened.sum())
        if count <= share * self._core.columns:
            return False
        inner = reduce_cover(self._core, closed, opened)
        if not inner.feasible or np.any(closed & opened):
            self._raise(math.inf)
            return True
        self._fixed[self._columns[inner.opened]] = True
        self._base += self._core.price(inner.opened)
        kept = self._search.best[inner.columns]
        self._core, self._columns = inner.cover, self._columns[inner.columns]
        self._price, self._red = state.price[inner.rows], state.red[inner.columns]
        plan = completed(self._core, kept, base_weights(self._core))
        self._offer_core(plan)
        if not self._core.columns:
            self._raise(math.inf)
            return True
        if plan is not None:
            self._search = Search(self._core, plan, self._seed)
        return True

    def polish(self, enough: float) -> None:
        """Programs over more and more columns of small reduced cost, while they are solved in time.

        Only where rows may stay uncovered: there the local search is weak and these are easy.
        """
        if self._core.needed.all():
            return
        count = max(200, self._core.columns // 10)
        while self._core.rows >= LARGE and self.value > enough and self._open and not self._clock.over:
            if count >= self._core.columns or not self._restrict(count, enough):
                return
            self.tighten()
            count = int(1.7 * count)

    def _restrict(self, count: int, enough: float) -> bool:
        """The program over ``count`` columns of least reduced cost; its sign decides the others.

        Returns:
            Whether the program was solved.
        """
        assert self._red is not None
        free = np.zeros(self._core.columns, dtype=bool)
        free[np.argsort(np.abs(self._red), kind="stable")[:count]] = True
        inner = reduce_cover(self._core, ~free & (self._red > 0), ~free & (self._red <= 0))
        if not inner.feasible:
            return True
        begun = completed(inner.cover, self._search.best[inner.columns], base_weights(inner.cover))
        base = self._base + self._core.price(inner.opened)
        until = self._clock.after(RESTRICTED_SECONDS)
        plan, _ = solve_program(
            inner.cover, self._clock.run, until.left, start=begun,
            below=self.most - base, enough=enough - base,
        )  # fmt: skip
        if plan is not None:
            whole = inner.opened.copy()
            whole[inner.columns[plan]] = True
            self._offer_core(pruned(self._core, whole))
        return not until.over

    # -- closing ----------------------------------------------------------------------------

    def close(self, seconds: float, enough: float) -> None:
        """Branch and bound on the core, our own and HiGHS's in turns: either may be the quicker by far."""
        if not self._open or self._clock.over or self.value <= enough:
            return
        until = self._clock.after(seconds)
        if self._core.rows < LARGE:
            assert self._price is not None
            tree = Tree(self._core, self._price, self.most - self._base, self.cover.unit)
            dense = len(self._core.col) > DENSE * self._core.rows
            if self._branch(tree, TREE_WORK[1 if dense else 0], until, enough):
                return
            if self._program(min(until.left, PROGRAM_SECONDS), enough):
                return
            if self._branch(tree, TREE_WORK[1], until, enough):
                return
        self._program(until.left, enough)

    def _program(self, seconds: float, enough: float) -> bool:
        """The core as one program; whether that settles it."""
        if not self._open or self.value <= enough or self._clock.run.out(seconds):
            return True
        start = completed(self._core, self._search.best, base_weights(self._core))
        plan, bound = solve_program(
            self._core, self._clock.run, seconds, start=start,
            below=self.most - self._base, enough=enough - self._base,
        )  # fmt: skip
        self._offer_core(plan)
        self._raise(bound + self._base)
        return not self._open or self.value <= enough

    def _branch(self, tree: Tree, work: float, until: Clock, enough: float) -> bool:
        """The tree up to some work; whether it is done, or a plan is good enough."""
        most = work * (1.0 if self._core.needed.all() else 0.1) / max(1, len(self._core.col))
        done = False
        while not done and not until.over and tree.nodes < most and self.value > enough and self._open:
            done = tree.explore(NODES)
            self._offer_core(tree.plan)
            self._raise(tree.bound + self._base)
        return done or not self._open or self.value <= enough
