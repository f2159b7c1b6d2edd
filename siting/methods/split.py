"""The map in pieces that only limits and prices tie together, each solved exactly.

Once most columns are fixed, what is undecided is a few places here and a few there. At fixed prices
of the limits these components are independent, and the gap of the dual is the sum of their gaps; a
small program per component removes its part of it for good. A component that is too large is cut
into pieces along rows: each piece is paid what it saves in such a row beyond its multiplier, which
bounds the row's saving whoever serves it, and more tightly than column by column.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components

from siting.instance.arrays import Flags, Floats, Longs
from siting.methods.core import solve_core
from siting.methods.form import Form, shrink
from siting.methods.run import Run
from siting.methods.volume import Dual
from siting.parallel import in_blocks

_IGNORED = 1e-3
"""Share of the gap that the pieces left alone may hold together."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """What solving pieces has shown.

    Attributes:
        gained: how much lower than the dual's point the bound is now.
        gap: (m,) what the piece of each column contributed to that.
        plan: (m,) the best plans of the pieces, together; it may break limits.
        cut: whether components were too large, so that other pieces may show more.
    """

    gained: float
    gap: Floats
    plan: Flags
    cut: bool


def solve_pieces(
    form: Form, dual: Dual, plan: Flags, run: Run, seconds: float, largest: int, seed: int
) -> Pieces | None:
    """Solve the pieces with the largest gaps at the best prices and multipliers of the dual.

    Args:
        form: a form; what it lacks at floors is paid for at their multipliers.
        dual: its dual; the best point is used.
        plan: (m,) the best plan known.
        run: limits in force.
        seconds: wall seconds for all.
        largest: pairs of a piece at most.
        seed: of where larger components are cut.

    Returns:
        None where there is only one piece, or nothing was gained.
    """
    label, count = _pieces(form, largest, np.random.default_rng(seed))
    if count < 2:
        return None
    first, last = (ufunc.reduceat(label[form.col], form.indptr[:-1]) for ufunc in (np.minimum, np.maximum))
    shared = first != last
    saving = form.weighted(form.parts, dual.mu, form.row) if len(form.floor) else form.parts[0]
    paid = np.maximum(0.0, saving - np.where(shared, dual.lam, 0.0)[form.row])
    price = dual.price(form)
    beyond = Form(
        form.option, form.indptr, form.col, paid[None], paid, form.floor[:0], 0.0, form.use[:0],
        form.room[:0], form.must, outlay=form.outlay,
    )  # fmt: skip
    promised = np.zeros(count)
    promised += np.bincount(first[~shared], dual.lam[~shared], count)
    promised += np.bincount(label, np.maximum(0.0, dual.rho - price), count)
    none = np.zeros(form.columns, dtype=bool)
    until = time.monotonic() + min(run.left, seconds)
    quiet = replace(run, progress=None, gap=0.0)

    def solve(number: int) -> tuple[Flags | None, float]:
        """Plan and gain of a piece."""
        left = until - time.monotonic()
        if run.out(left) or run.over:
            return None, 0.0
        columns = label == number
        piece, _, _, _ = shrink(beyond, ~columns, none)
        found, bound = solve_core(piece, quiet, left, plan[columns], price=price[columns])
        return found, 0.0 if bound is None else max(0.0, float(promised[number] - bound))

    wanted = _worth_solving(promised - _kept(beyond, plan, price, label, count))
    gap, chosen = np.zeros(count), plan.copy()
    for number, (found, gained) in zip(wanted, in_blocks(solve, wanted, run.threads), strict=True):
        gap[number] = gained
        if found is not None:
            chosen[label == number] = found
    gained = float(gap.sum())
    return Pieces(gained, gap[label], chosen, bool(shared.any())) if gained > 0.0 else None


def _kept(beyond: Form, plan: Flags, price: Floats, label: Longs, count: int) -> Floats:
    """(pieces,) what the plan is worth in every piece."""
    total = np.zeros(count)
    total -= np.bincount(label[plan], (price + beyond.outlay)[plan], count)
    pairs = np.flatnonzero(plan[beyond.col])
    # A row that several pieces share is served in each of them by the best that is open there.
    keys = beyond.row[pairs].astype(np.int64) * count + label[beyond.col[pairs]]
    keys, best = np.unique(keys, return_index=True)
    total += np.bincount(keys % count, beyond.parts[0, pairs[best]], count)
    return total


def _pieces(form: Form, largest: int, rng: np.random.Generator) -> tuple[Longs, int]:
    """(m,) piece of every column, and how many there are."""
    size = form.rows + form.columns
    links = coo_matrix((np.ones(len(form.col), np.int8), (form.row, form.rows + form.col)), (size, size))
    graph = (links + links.T).tocsr()
    _, component = connected_components(graph, directed=False)
    pairs = np.bincount(form.col, minlength=form.columns)
    label = np.empty(form.columns, dtype=np.int64)
    order = np.argsort(component[form.rows :], kind="stable")
    todo = np.split(order, np.flatnonzero(np.diff(component[form.rows :][order])) + 1) if len(order) else []
    count = 0
    while todo:
        columns = todo.pop()
        if pairs[columns].sum() > largest and len(columns) > 1:
            todo += _halves(graph, form.rows, columns, pairs, rng)
        else:
            label[columns] = count
            count += 1
    return label, count


def _halves(
    graph: csr_matrix, rows: int, columns: Longs, pairs: Longs, rng: np.random.Generator
) -> list[Longs]:
    """Two halves of some columns, nearer and farther from one of them, by hops over shared rows."""
    inside = np.zeros(graph.shape[0], dtype=bool)
    inside[rows + columns] = True
    inside[:rows] = True
    number = np.flatnonzero(inside)
    part = graph[number][:, number]
    start = int(np.searchsorted(number, rows + rng.choice(columns)))
    for _ in range(2):  # from what is farthest from anywhere
        reached = breadth_first_order(part, start, directed=False, return_predecessors=False)
        start = int(reached[-1])
    order = number[reached]
    order = order[order >= rows] - rows
    order = np.concatenate([order, np.setdiff1d(columns, order)])
    half = int(np.searchsorted(np.cumsum(pairs[order]), pairs[order].sum() / 2.0))
    half = min(max(1, half), len(order) - 1)
    return [order[:half], order[half:]]


def _worth_solving(gaps: Floats) -> list[int]:
    """Pieces by falling gap, without those that hold next to nothing of it together."""
    gaps = np.maximum(0.0, gaps)
    order = np.argsort(-gaps, kind="stable")
    rest = gaps.sum() - np.cumsum(gaps[order]) + gaps[order]
    worth: list[int] = order[(rest > _IGNORED * gaps.sum()) & (gaps[order] > 0.0)].tolist()
    return worth
