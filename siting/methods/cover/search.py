"""Plans for a cover: greedy completion, and the row weighting local search."""

from __future__ import annotations

import math

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.methods.cover import greedy, weighting
from siting.methods.cover.model import Cover


def base_weights(cover: Cover) -> Floats:
    """(n,) 1 for rows that have to be covered; others weigh in proportion, 1 on average."""
    result = np.ones(cover.rows)
    free = ~cover.needed
    group = cover.group[free]
    count = np.bincount(group, minlength=len(cover.slack))
    total = np.bincount(group, cover.weight[free], minlength=len(cover.slack))
    result[free] = cover.weight[free] * count[group] / total[group]
    return result


def completed(cover: Cover, chosen: Flags, price: Floats) -> Flags | None:
    """A plan that holds ``chosen``, columns with the most price (n,) per cost first, then pruned."""
    plan = chosen.copy()
    start, row = cover.by_column
    price = np.maximum(price, 1e-3 * (price.mean() if len(price) else 0.0) + 1e-12)
    done = greedy.complete(
        cover.indptr, cover.col, start, row, cover.cost, cover.weight, cover.group, cover.needed,
        price, *_tally(cover, plan), plan,
    )  # fmt: skip
    if not done:
        return None
    return pruned(cover, plan)


def pruned(cover: Cover, plan: Flags) -> Flags:
    """The plan without superfluous columns, dearest first; columns that must stay do."""
    result = plan.copy()
    start, row = cover.by_column
    order = np.flatnonzero(plan & ~cover.must)
    order = order[np.lexsort((np.diff(start)[order], -cover.cost[order]))]
    greedy.prune(start, row, cover.weight, cover.group, cover.needed, order, *_tally(cover, result), result)
    return result


def _tally(cover: Cover, plan: Flags) -> tuple[Ints, Floats]:
    """How often each row is covered, and what each group lacks."""
    count, lack = greedy.tally(
        *cover.by_column, cover.weight, cover.group, cover.slack, cover.needed, plan
    )  # fmt: skip
    return count, lack


class Search:
    """Row weighting local search on one cover; every call goes on where the last one ended."""

    def __init__(self, cover: Cover, plan: Flags, seed: int) -> None:
        self.cover = cover
        self.best = plan.copy()
        self._base = base_weights(cover)
        self._heavy = self._base.copy()
        self._random = np.array([seed % 2**31], dtype=np.int64)
        self._clock = np.zeros(1)
        m, n = cover.columns, cover.rows
        self._stamp, self._dropped = np.zeros(m, dtype=np.int64), np.zeros(m, dtype=np.int64)
        self._moved = np.zeros(n, dtype=np.int64)
        self._from(plan)

    @property
    def value(self) -> float:
        """Cost of the best plan."""
        return self.cover.price(self.best)

    def _from(self, plan: Flags) -> None:
        """Set the state to a plan."""
        cover = self.cover
        start, row = cover.by_column
        n, m = cover.rows, cover.columns
        self._chosen = plan.copy()
        self._count, self._only = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int64)
        self._score = np.zeros(m)
        weighting.begin(start, row, self._heavy, self._chosen, self._count, self._only, self._score)
        uncovered = np.flatnonzero(self._count == 0)
        self._open_rows, self._place = np.zeros(n, dtype=np.int32), np.full(n, -1, dtype=np.int32)
        self._open_rows[: len(uncovered)] = uncovered
        self._place[uncovered] = np.arange(len(uncovered))
        _, self._lack = _tally(cover, plan)
        needed = int(cover.needed[uncovered].sum())
        self._sizes = np.array([len(uncovered), needed, int((self._lack > 0).sum())], dtype=np.int64)
        members = np.flatnonzero(plan)
        self._members = np.zeros(m, dtype=np.int32)
        self._members[: len(members)] = members
        clock = self._clock[0]
        cost = self.cover.price(plan)
        best = self.cover.price(self.best)
        self._value = np.array([best, cost if cost < best else best, len(members), clock])

    def run(self, steps: int, enough: float = -math.inf) -> int:
        """Make steps; returns how many passed since the best plan improved."""
        cover = self.cover
        start, row = cover.by_column
        unit = cover.unit if cover.unit > 0 else 1e-9 * max(1.0, self._value[0])
        return int(weighting.search(
            cover.indptr, cover.col, start, row, cover.cost, cover.weight, cover.group, cover.needed,
            unit - 1e-9 * unit, steps, enough, self._heavy, self._chosen, self._count, self._only,
            self._score, self._stamp, self._moved, self._dropped, self._open_rows, self._place,
            self._sizes, self._lack, self._members, self._base, self._random, self.best, self._value,
        ))  # fmt: skip
