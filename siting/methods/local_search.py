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
from siting.methods.form_kernels import best_pairs
from siting.methods.limit_kernels import ROOM
from siting.methods.run import Run

_LEAST = 1e-11
"""Improvements below this share of the objective are rounding."""

_CHUNK = 20_000
"""Columns whose swaps are looked at between two looks at the clock."""

ROUNDED = 0.3
"""Least share of a column in a fractional plan that rounding opens."""


SLACK = 1e-9
"""Relative room for sums of doubles when a floor is compared."""


@dataclass(eq=False)
class Search:
    """A plan on a form, with the state that makes swaps cheap.

    Attributes:
        is_open: (m,) the plan.
        room, used: (K+H,) what there is of every limit and group limit, and its use.
        who, best, second: (n,) serving column (-1: none), its saving, the second-best saving.
        loss: (m,) what closing an open column would lose, below 0 where it is not worth its outlay.
    """

    form: Form
    row: Ints
    col_start: Longs
    col_pair: Ints
    is_open: Flags
    room: Floats
    used: Floats
    who: Ints
    best: Floats
    second: Floats
    loss: Floats

    @property
    def savings(self) -> float:
        """Savings of the plan less its outlays, floors weighing hard."""
        return float(self.best.sum()) - float(self.form.outlay[self.is_open].sum())


def begin(form: Form, is_open: Flags) -> Search:
    """Search state of a plan."""
    start, pair = form.by_column
    count = form.rows
    search = Search(
        form, form.row, start, pair, is_open.copy(), np.concatenate([form.room, form.left]), np.empty(0),
        np.empty(count, np.int32), np.empty(count), np.empty(count), np.empty(form.columns),
    )  # fmt: skip
    _recount(search)
    return search


def _recount(search: Search) -> None:
    form = search.form
    search.used = used_by(form, search.is_open)
    kernels.all_top_two(
        form.indptr,
        form.col,
        form.saving,
        form.outlay,
        search.is_open,
        search.who,
        search.best,
        search.second,
        search.loss,
    )


def used_by(form: Form, is_open: Flags) -> Floats:
    """(K+H,) what a plan uses of every limit and group limit."""
    return np.concatenate([form.use[:, is_open].sum(axis=1), form.spent(is_open)])


def fill(search: Search, weight: Floats) -> None:
    """Open greedily what still fits, by gain per use of the limits weighted by ``weight`` (K+H,)."""
    form = search.form
    kernels.greedy(
        form.indptr, form.col, form.saving, form.outlay, search.col_start, search.col_pair, search.row,
        form.use, form.member, form.amount, search.room, weight, search.is_open, search.used,
        search.best.copy(),
    )  # fmt: skip
    _recount(search)


def improve(search: Search, run: Run, passes: int = 100, share: float = 1.0) -> None:
    """Swap until no swap helps, that share of the time left is over, or the passes are used."""
    least_left = (1.0 - share) * run.left if share < 1.0 else 0.0
    form = search.form
    # A fixed shuffle: neighbours in the numbering are neighbours on the map and would compete.
    order = np.random.default_rng(run.seed).permutation(form.columns)
    asleep = np.zeros(form.columns, dtype=bool)
    everybody = True
    for _ in range(passes):
        gained = 0.0
        for begin in range(0, form.columns, _CHUNK):
            gained += kernels.interchange(
                form.indptr, form.col, form.saving, form.outlay, search.row, search.col_start,
                search.col_pair, form.use, form.member, form.amount, search.room,
                order[begin : begin + _CHUNK], search.is_open, search.used, search.who, search.best,
                search.second, search.loss, asleep,
                _LEAST * max(1.0, search.savings),
            )  # fmt: skip
            if run.over or run.out(run.left - least_left):
                break
        _recount(search)
        if run.over or run.out(run.left - least_left) or (gained <= 0.0 and everybody):
            return
        # What was lost by closing changes everywhere: in the end all are looked at once more.
        everybody = gained <= 0.0
        if everybody:
            asleep[:] = False


def first_prices(form: Form) -> Floats:
    """(K+H,) prices of limits before anything better is known."""
    return np.concatenate([1.0 / np.maximum(form.room, 1e-9), np.zeros(len(form.left))])


def rounded(form: Form, y: Floats, price: Floats, run: Run) -> Flags:
    """A plan from a fractional one (m,): its larger shares, filled up at the limits' prices, improved."""
    is_open = np.zeros(form.columns, dtype=bool)
    room = form.room + ROOM * np.abs(form.room)
    left = np.append(form.left + ROOM * np.abs(form.left), np.inf)
    for j in np.argsort(-y, kind="stable"):
        if y[j] < ROUNDED:
            break
        if np.all(form.use[:, j] <= room) and np.all(form.amount[:, j] <= left[form.member[:, j]]):
            is_open[j] = True
            room = room - form.use[:, j]
            left[form.member[:, j]] -= form.amount[:, j]
    search = begin(form, is_open)
    fill(search, price if price.any() else first_prices(form))
    improve(search, run, passes=20)
    return search.is_open


def shake(search: Search, seed: int, trials: int, pool: Longs) -> bool:
    """Disturb the plan near columns of ``pool``, swap, keep what is better; whether anything was."""
    form, before = search.form, search.savings
    rng = np.random.default_rng(seed)
    order = rng.permutation(form.columns)
    kernels.shake(
        form.indptr, form.col, form.saving, form.outlay, search.row, search.col_start, search.col_pair,
        form.use, form.member, form.amount, search.room, order, search.is_open, search.used, search.who,
        search.best, search.second, search.loss, _LEAST * max(1.0, before), pool, rng.random((trials, 8)),
    )  # fmt: skip
    _recount(search)
    return search.savings > before + _LEAST * max(1.0, before)


def around(form: Form, center: int, count: int) -> Flags:
    """(m,) at least ``count`` columns near one, by hops over shared rows, if there are so many."""
    row = form.row
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
    room = np.concatenate([form.room, form.left])
    return bool(np.all(used_by(form, is_open) <= room + ROOM * np.abs(room)))


def per_part(form: Form, is_open: Flags) -> Floats:
    """(1+G,) savings of a plan in the objective, less its outlays, and in every floor."""
    best, _ = top_two_parts(form, is_open)
    totals = form.totals(best)
    totals[0] -= form.outlay[is_open].sum()
    return totals


def top_two_parts(form: Form, is_open: Flags) -> tuple[Floats, Floats]:
    """(1+S+F, n) best and second-best savings of every row in a plan, per part."""
    found = np.zeros((2, len(form.parts), form.rows))
    pairs = np.empty((2, form.rows), dtype=np.int64)
    best_pairs(form.indptr, form.col, is_open, pairs[0], pairs[1])
    for savings, pair in zip(found, pairs, strict=True):
        has = pair >= 0
        savings[:, has] = form.parts[:, pair[has]]
    return found[0], found[1]


def keeps_floors(form: Form, parts: Floats) -> bool:
    """Whether savings per part reach every floor, up to the rounding of sums."""
    return bool(np.all(parts[1:] >= form.floor - SLACK * np.maximum(1.0, np.abs(form.floor))))
