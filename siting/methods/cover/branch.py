"""Lagrangian branch and bound on the core of a cover; the kernels are in ``tree``."""

from __future__ import annotations

import math

import numpy as np

from siting.instance.arrays import Flags, Floats
from siting.methods.cover import tree
from siting.methods.cover.model import Cover


class Tree:
    """A search for the cheapest plan of interest, which can be left and taken up again.

    Args:
        cover: the core; no column has to be chosen, and all cost something.
        price: (n,) prices to start from.
        most: the most a plan of interest may cost.
        unit: plans differ by multiples of this; 0 if no such number is known.
    """

    def __init__(self, cover: Cover, price: Floats, most: float, unit: float) -> None:
        n, m, groups = cover.rows, cover.columns, len(cover.slack)
        start, row = cover.by_column
        step = unit * (1 - 1e-6) if unit > 0 else 1e-9 * abs(most)
        depth = min(n, m) + 1
        self._work = tree.Work(
            cover.indptr, cover.col, start, row,
            np.zeros((6, n)), np.zeros((4, n), np.int32), np.zeros((5, m)), np.zeros((4, m), np.int32),
            np.zeros((3, groups)), np.zeros((2, groups + 1), np.int64),
            np.zeros((2, depth), np.int64), np.zeros((depth, n + 1)),
            np.array([0, 0, 0, 0, 1]), np.array([math.inf, 0.0, 0.0, most, step]),
        )  # fmt: skip
        work = self._work
        work.rf[tree.PRICE], work.rf[tree.WEIGHT] = price, cover.weight
        work.ri[tree.GROUP], work.ri[tree.NEEDED] = cover.group, cover.needed
        work.cf[tree.COST], work.gf[tree.SLACK] = cover.cost, cover.slack

    def explore(self, nodes: int) -> bool:
        """Work through at most ``nodes`` nodes; whether the tree is done."""
        return bool(tree.explore(self._work, nodes))

    @property
    def nodes(self) -> int:
        """Nodes worked through."""
        return int(self._work.number[2])

    @property
    def plan(self) -> Flags | None:
        """(m,) the best plan of interest found."""
        return self._work.ci[tree.BEST] > 0 if self._work.value[0] < math.inf else None

    @property
    def bound(self) -> float:
        """Lower bound on every plan of interest that is cheaper than the best found; infinite if done."""
        work = self._work
        if not work.number[4]:
            return math.inf
        pending = work.ff[: work.number[1], -1]
        return float(min(pending.min(initial=math.inf), work.value[2]))
