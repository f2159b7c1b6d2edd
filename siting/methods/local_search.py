"""Plans: greedy opening, then interchange until no single swap helps.

Greedy for max cover: Church & ReVelle (1974); for p-median: Kuehn & Hamburger (1963). Interchange:
Teitz & Bart (1968) in the fast form of Whitaker (1983) and of Resende & Werneck (2007), European
Journal of Operational Research 182: 54-68, extended to several limits at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.methods import kernels
from siting.methods.form import Form
from siting.methods.run import Run

_LEAST = 1e-11
"""Improvements below this share of the objective are rounding."""


@dataclass(eq=False)
class Search:
    """A plan on a form, with the state that makes swaps cheap.

    Attributes:
        is_open: (m,) the plan.
        used: (K,) use of every limit.
        who, best, second: (n,) serving column (-1: none), its saving, the second-best saving.
        loss: (m,) what closing an open column would lose.
    """

    form: Form
    row: Ints
    col_start: Longs
    col_pair: Longs
    is_open: Flags
    used: Floats
    who: Ints
    best: Floats
    second: Floats
    loss: Floats

    @property
    def savings(self) -> float:
        """Savings of the plan, floors weighing hard."""
        return float(self.best.sum())


def begin(form: Form, is_open: Flags) -> Search:
    """Search state of a plan."""
    start, pair = form.by_column()
    count = form.rows
    search = Search(
        form, form.row_of_pair(), start, pair, is_open.copy(), np.zeros(len(form.room)),
        np.empty(count, np.int32), np.empty(count), np.empty(count), np.empty(form.columns),
    )  # fmt: skip
    _recount(search)
    return search


def _recount(search: Search) -> None:
    form = search.form
    search.used = form.use[:, search.is_open].sum(axis=1)
    kernels.all_top_two(
        form.indptr,
        form.col,
        form.saving,
        search.is_open,
        search.who,
        search.best,
        search.second,
        search.loss,
    )


def fill(search: Search, weight: Floats) -> None:
    """Open greedily what still fits, by gain per use of the limits weighted by ``weight`` (K,)."""
    form = search.form
    kernels.greedy(
        form.indptr, form.col, form.saving, search.col_start, search.col_pair, search.row,
        form.use, form.room, weight, search.is_open, search.used, search.best.copy(),
    )  # fmt: skip
    _recount(search)


def improve(search: Search, run: Run, passes: int = 100) -> None:
    """Swap until no swap helps, time is up, or the passes are used."""
    form = search.form
    # A fixed shuffle: neighbours in the numbering are neighbours on the map and would compete.
    order = np.random.default_rng(run.seed).permutation(form.columns)
    for _ in range(passes):
        gained = kernels.interchange(
            form.indptr, form.col, form.saving, search.row, search.col_start, search.col_pair,
            form.use, form.room, order, search.is_open, search.used,
            search.who, search.best, search.second, search.loss, _LEAST * max(1.0, search.savings),
        )  # fmt: skip
        _recount(search)
        if gained <= 0.0 or run.over:
            return


def shaken(form: Form, is_open: Flags, price: Floats, rng: np.random.Generator) -> Search:
    """A plan with two to five neighbouring columns closed and the room filled up differently.

    Neighbours are columns that serve the same rows. Prices of the limits are blurred, so that the
    filling does not come back to the same plan.
    """
    trial = is_open.copy()
    start, pair = form.by_column()
    center = int(rng.choice(np.flatnonzero(is_open)))
    rows = form.row_of_pair()[pair[start[center] : start[center + 1]]]
    around = np.unique(form.col[np.isin(form.row_of_pair(), rows)])
    near = np.union1d(around[is_open[around]], rng.choice(np.flatnonzero(is_open), 2))
    trial[rng.choice(near, min(int(rng.integers(2, 6)), len(near)), replace=False)] = False
    fresh = around[~is_open[around]]
    if len(fresh):
        opened = trial.copy()
        opened[rng.choice(fresh)] = True
        trial = opened if fits(form, opened) else trial
    search = begin(form, trial)
    fill(search, price * np.exp(rng.normal(0.0, 0.3, len(price))))
    return search


def around(form: Form, center: int, count: int) -> Flags:
    """(m,) at least ``count`` columns near one, by hops over shared rows, if there are so many."""
    row = form.row_of_pair()
    near = np.zeros(form.columns, dtype=bool)
    near[center] = True
    while True:
        before = int(near.sum())
        rows = np.zeros(form.rows, dtype=bool)
        rows[row[near[form.col]]] = True
        near[form.col[rows[row]]] = True
        if int(near.sum()) in (before, form.columns) or int(near.sum()) >= count:
            return near


def fits(form: Form, is_open: Flags) -> bool:
    """Whether a plan keeps every limit."""
    used = form.use[:, is_open].sum(axis=1)
    return bool(np.all(used <= form.room + kernels.ROOM * np.abs(form.room)))


def per_part(form: Form, is_open: Flags) -> Floats:
    """(1+G,) savings of a plan in the objective and in every floor."""
    pairs = np.flatnonzero(is_open[form.col])
    rows, first = np.unique(form.row_of_pair()[pairs], return_index=True)
    return form.parts[:, pairs[first]].sum(axis=1) if len(rows) else np.zeros(len(form.parts))


def top_two_parts(form: Form, is_open: Flags) -> tuple[Floats, Floats]:
    """(1+G, n) best and second-best savings of every row in a plan, per part."""
    row = form.row_of_pair()
    pairs = np.flatnonzero(is_open[form.col])
    rows, first = np.unique(row[pairs], return_index=True)
    best, second = np.zeros((2, len(form.parts), form.rows))
    best[:, rows] = form.parts[:, pairs[first]]
    follows = first + 1
    has = np.diff(np.r_[first, len(pairs)]) > 1
    second[:, rows[has]] = form.parts[:, pairs[follows[has]]]
    return best, second


def keeps_floors(form: Form, parts: Floats) -> bool:
    """Whether savings per part reach every floor, up to the rounding of sums."""
    return bool(np.all(parts[1:] >= form.floor - 1e-9 * np.maximum(1.0, np.abs(form.floor))))
