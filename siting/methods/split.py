"""Where the map falls apart: components that only the limits tie together, each solved exactly.

Once most columns are fixed, what is undecided is a few places here and a few there. At fixed prices
of the limits the components are independent, and the gap of the dual is the sum of their gaps; a
small program per component removes its part of it for good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from siting.instance.arrays import Flags, Floats, Ints
from siting.methods import local_search
from siting.methods.core import solve_core
from siting.methods.form import Form, shrink
from siting.methods.run import Run
from siting.methods.volume import Dual

_LARGEST = 3_000
"""Pairs of a component that is still solved."""

_IGNORED = 1e-3
"""Share of the gap that the components left alone may hold together."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What solving components has shown.

    Attributes:
        gained: how much lower than the dual's point the bound is now.
        gap: (m,) what the component of each column contributed to that.
        plan: (m,) the best plans of the components, together; it may break limits.
    """

    gained: float
    gap: Floats
    plan: Flags


def solve_parts(form: Form, dual: Dual, plan: Flags, run: Run, seconds: float) -> Parts | None:
    """Solve the components with the largest gaps at the best prices of the dual.

    Args:
        form: a form without floors.
        dual: its dual; the best point is used.
        plan: (m,) the best plan known.
        run: limits in force.
        seconds: wall seconds for all.

    Returns:
        None where the form does not fall apart, or nothing was gained.
    """
    label, count = _components(form)
    if count < 2:
        return None
    price = (dual.best_pi[:, None] * form.use).sum(axis=0)
    reduced = dual.rho - price
    best, _ = local_search.top_two_parts(form, plan)
    row_label = label[form.col[form.indptr[:-1]]]
    promised = np.bincount(row_label, dual.lam, count) + np.bincount(label, np.maximum(0.0, reduced), count)
    kept = np.bincount(row_label, best[0], count) - np.bincount(label[plan], price[plan], count)
    sizes = np.bincount(row_label, np.diff(form.indptr), count)
    gaps = np.where(sizes <= _LARGEST, np.maximum(0.0, promised - kept), 0.0)
    gap, chosen = np.zeros(count), plan.copy()
    quiet = replace(run, progress=None, gap=0.0)
    begun = run.left
    for number in _worth_solving(gaps):
        left = min(run.left, seconds - (begun - run.left if np.isfinite(begun) else 0.0))
        if run.over or left <= 0.0:
            break
        columns = label == number
        part, _, _, _ = shrink(form, ~columns, np.zeros(form.columns, dtype=bool))
        part = replace(part, constant=0.0)
        found, bound = solve_core(part, quiet, left, plan[columns], price=dual.best_pi)
        if found is not None and bound is not None:
            gap[number] = max(0.0, promised[number] - bound)
            chosen[columns] = found
    gained = float(gap.sum())
    return Parts(gained, gap[label], chosen) if gained > 0.0 else None


def _components(form: Form) -> tuple[Ints, int]:
    """(m,) component of every column, and how many there are."""
    size = form.rows + form.columns
    links = coo_matrix((np.ones(len(form.col)), (form.row, form.rows + form.col)), (size, size))
    _, label = connected_components(links, directed=False)
    _, of_column = np.unique(label[form.rows :], return_inverse=True)
    return of_column.astype(np.int32), int(of_column.max(initial=-1)) + 1


def _worth_solving(gaps: Floats) -> list[int]:
    """Components by falling gap, without those that hold next to nothing of it together."""
    order = np.argsort(-gaps, kind="stable")
    left = gaps.sum() - np.cumsum(gaps[order]) + gaps[order]
    return [
        int(k) for k, rest in zip(order, left, strict=True) if rest > _IGNORED * gaps.sum() and gaps[k] > 0
    ]
