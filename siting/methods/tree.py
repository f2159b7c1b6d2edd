"""Lagrangian branch and bound: what the volume algorithm leaves undecided, column by column.

Depth first; every node starts from the multipliers of its parent, runs a few iterations, fixes and
cuts by reduced costs, and branches on the column whose averaged share is nearest to one half. The
bound of an unfinished tree is the worst of its open nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags
from siting.methods import local_search
from siting.methods.run import Run
from siting.methods.space import Space

_TICKS, _TICK = 4, 40
"""A node gets at most so many times so many iterations."""

_STALLED = 0.02
"""A tick that closes less than this share of the gap is a node's last."""

_TRIED, _TRIAL = 4, 20
"""Columns that are tried before one is branched on, and iterations for each of their children."""

_SEARCHED = 8
"""Plans are looked for in one node of so many."""


@dataclass(frozen=True, eq=False)
class _Node:
    """A restricted space and the bound known of it."""

    space: Space
    bound: float


class Tree:
    """Branch and bound over a space whose rows are cut exactly.

    Attributes:
        bound: certified bound on plans better than the best one known.
    """

    def __init__(
        self,
        space: Space,
        bound: float,
        needed: Callable[[], float],
        offer: Callable[[Space, Flags], object],
        run: Run,
    ) -> None:
        """Set up.

        Args:
            space: the root.
            bound: the best bound known.
            needed: what a plan must be worth now to be of interest.
            offer: takes a plan over the columns of a space.
            run: limits in force.
        """
        self._root, self._needed, self._offer, self._run = space, needed, offer, run
        self._open: list[_Node] = []
        self._at = bound
        self._count = 0

    @property
    def bound(self) -> float:
        """The worst of what is open."""
        return max([node.bound for node in self._open], default=-np.inf)

    def solve(self, over: Callable[[], bool]) -> bool:
        """Work until every node is closed, ``over`` says to stop, or the root could be shrunk.

        Returns:
            Whether a better plan has made the root smaller, so that a new tree is worth its while.
        """
        self._branch(self._root, self._at)
        needed = self._needed()
        while self._open and not over():
            if self._needed() > needed:
                needed = self._needed()
                if self._root.shrink(needed):
                    return True
            node = self._open[-1]  # it counts as open while it is worked on
            bound = node.bound
            if bound >= needed:
                bound = self._look(node.space, bound)
            self._open.pop()
            if bound >= self._needed():
                self._branch(node.space, bound)
        return False

    def _branch(self, space: Space, bound: float) -> None:
        """Put both children of a node on the stack, the likelier one on top.

        Of the columns whose share is nearest to one half, the one is taken that lowers the bounds
        of both children most.
        """
        assert space.dual is not None
        y = space.dual.y
        best, chosen = -1.0, 0
        children: list[_Node] = []
        for column in np.argsort(np.abs(y - 0.5), kind="stable")[:_TRIED].tolist():
            pair = [self._try(space, column, opened, bound) for opened in (False, True)]
            gains = [max(bound - node.bound, 1e-9 * abs(bound)) for node in pair]
            gains = [min(gain, bound - self._needed() + 1e-9 * abs(bound)) for gain in gains]
            if gains[0] * gains[1] > best:
                best, chosen, children = gains[0] * gains[1], column, pair
            if self._run.over:
                break
        likely = int(y[chosen] >= 0.5)
        self._open += [children[1 - likely], children[likely]]

    def _try(self, space: Space, column: int, opened: bool, bound: float) -> _Node:
        """A child after a few iterations."""
        child = space.restrict(column, opened)
        if not child.feasible:
            return _Node(child, -np.inf)
        if child.form.columns:
            child.engine.iterate(_TRIAL, self._needed() - child.form.constant, self._run)
            assert child.dual is not None
            bound = min(bound, child.form.constant + child.dual.bound)
        return _Node(child, bound)

    def _look(self, space: Space, bound: float) -> float:
        """The bound of a node, minus infinity where nothing is left to decide."""
        self._count += 1
        for _ in range(_TICKS):
            if not space.form.columns:
                self._offer(space, np.zeros(0, dtype=bool))
                return -np.inf
            assert space.dual is not None
            constant, before = space.form.constant, bound
            space.engine.iterate(_TICK, self._needed() - constant, self._run)
            bound = min(bound, constant + space.dual.bound)
            if bound < self._needed():
                return bound
            space.shrink(self._needed())
            if before - bound < _STALLED * (bound - self._needed()):
                break
        if not space.form.columns:
            self._offer(space, np.zeros(0, dtype=bool))
            return -np.inf
        if self._count % _SEARCHED == 1:
            dual = space.dual
            assert dual is not None
            self._offer(space, local_search.rounded(space.form, dual.y, dual.prices, self._run))
        return bound
