"""Reductions of a cover that keep at least one optimal plan, and its independent parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.instance.arrays import Flags, Floats, Longs
from siting.methods.cover import dominance
from siting.methods.cover.model import ROOM, Cover


@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left of a cover after columns have been decided.

    Attributes:
        cover: the columns and rows that are left.
        columns, rows: their numbers in the cover before.
        opened: (m,) columns of the cover before that are decided to be chosen.
        feasible: False where what was decided leaves no plan.
    """

    cover: Cover
    columns: Longs
    rows: Longs
    opened: Flags
    feasible: bool


def reduce_cover(cover: Cover, closed: Flags | None = None, opened: Flags | None = None) -> Reduced:
    """Reduce to a fixpoint.

    Columns that have to be chosen, or cost nothing, are opened. Then, until nothing changes: the only
    column of a needed row is opened; rows covered with a needed one leave; rows of a group with
    the same columns are merged; columns that another one replaces are closed.

    Args:
        cover: the question.
        closed, opened: (m,) columns decided beforehand.
    """
    take = cover.must | (cover.cost <= 0)
    if opened is not None:
        take = take | opened
    if closed is not None:
        take &= ~closed
    shut = np.zeros(cover.columns, dtype=bool) if closed is None else closed.copy()
    result = _without(cover, shut, take, np.ones(cover.rows, dtype=bool), cover.weight)
    while result.feasible and result.cover.columns:
        inner = _pass(result.cover)
        if inner is None:
            return result
        before = result.opened.copy()
        before[result.columns[inner.opened]] = True
        result = Reduced(
            inner.cover, result.columns[inner.columns], result.rows[inner.rows], before, inner.feasible
        )
    return result


def _pass(core: Cover) -> Reduced | None:
    """One round of reductions; None when nothing changed."""
    start, row = core.by_column
    needed = core.needed
    alive, weight = np.ones(core.rows, dtype=bool), core.weight.copy()
    opened, closed = np.zeros(core.columns, dtype=bool), np.zeros(core.columns, dtype=bool)
    dominance.open_units(core.indptr, core.col, start, row, needed, alive, opened)
    if not opened.any():
        sign = dominance.signatures(start, row)
        dominance.close_columns(core.indptr, core.col, start, row, core.cost, sign, closed)
        sign = dominance.signatures(core.indptr, core.col)
        dominance.drop_rows(
            core.indptr, core.col, start, row, needed, core.group, weight, sign, alive
        )  # fmt: skip
        if alive.all() and not closed.any():
            return None
    return _without(core, closed, opened, alive, weight)


def _without(cover: Cover, closed: Flags, opened: Flags, alive: Flags, weight: Floats) -> Reduced:
    """Leave out decided columns, rows that are covered, and rows that nobody can or must cover."""
    keep_row = alive & (weight > 0) & ~cover.covered(opened)
    counts = np.bincount(cover.row_of_pair[~closed[cover.col]], minlength=cover.rows)
    lost = keep_row & (counts == 0)
    slack = cover.slack - np.bincount(cover.group[lost], weight[lost], minlength=len(cover.slack))
    feasible = bool(np.all(slack >= -ROOM * cover.slack))
    slack = np.maximum(slack, 0.0)
    keep_row &= ~lost
    total = np.bincount(cover.group[keep_row], weight[keep_row], minlength=len(slack))
    keep_row &= (total > slack * (1 + ROOM))[cover.group]
    pairs = keep_row[cover.row_of_pair] & ~(closed | opened)[cover.col]
    used = np.bincount(cover.col[pairs], minlength=cover.columns) > 0
    columns, rows = np.flatnonzero(used), np.flatnonzero(keep_row)
    number = np.zeros(cover.columns, dtype=np.int32)
    number[columns] = np.arange(len(columns), dtype=np.int32)
    sizes = np.bincount(cover.row_of_pair[pairs], minlength=cover.rows)[rows]
    smaller = Cover(
        np.r_[0, np.cumsum(sizes)].astype(np.int64), number[cover.col[pairs]], cover.cost[columns],
        weight[rows], cover.group[rows], slack, np.zeros(len(columns), dtype=bool),
    )  # fmt: skip
    return Reduced(smaller, columns.astype(np.int64), rows.astype(np.int64), opened, feasible)


def parts(cover: Cover) -> list[tuple[Cover, Longs]]:
    """Independent parts and their columns: parts share neither a column nor a group's slack."""
    if not cover.rows:
        return []
    free = np.flatnonzero(~cover.needed)
    n, m = cover.rows, cover.columns
    one = np.concatenate([cover.row_of_pair, free])
    other = np.concatenate([n + cover.col, n + m + cover.group[free]])
    size = n + m + len(cover.slack)
    count, label = connected_components(coo_array((np.ones(len(one)), (one, other)), (size, size)), False)
    if count == 1 or len(np.unique(label[:n])) == 1:
        return [(cover, np.arange(m))]
    return [_part(cover, label, which) for which in np.unique(label[:n])]


def _part(cover: Cover, label: np.ndarray, which: int) -> tuple[Cover, Longs]:
    n, m = cover.rows, cover.columns
    rows = np.flatnonzero(label[:n] == which)
    columns = np.flatnonzero(label[n : n + m] == which)
    sizes = np.diff(cover.indptr)[rows]
    indptr = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    pairs = np.arange(indptr[-1]) + np.repeat(cover.indptr[rows] - indptr[:-1], sizes)
    return Cover(
        indptr, np.searchsorted(columns, cover.col[pairs]).astype(np.int32), cover.cost[columns],
        cover.weight[rows], cover.group[rows], cover.slack, np.zeros(len(columns), dtype=bool),
    ), columns  # fmt: skip
