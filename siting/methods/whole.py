"""Points of the dual over the whole form of an objective: carried back to it, and evaluated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siting.instance.arrays import Flags, Floats, Longs
from siting.methods import dual_kernels
from siting.methods.form import Form
from siting.methods.warm import Point

Shrinking = tuple[Floats, Longs, Floats | None]
"""Savings per part that moved from every row into the constant (1+S+F, rows before), the rows kept, and the
multipliers (rows before,) then, None before there were any."""


_ROUNDING = 1e-13
"""Share of all that is added up by which its sum may be wrong."""


def carried_back(
    form: Form, steps: Sequence[Shrinking], lam: Floats, prices: tuple[Floats, Floats, Floats], tau: float
) -> Point | None:
    """The point over a form that a point over what it was shrunk to stands for.

    What a row was relieved of when it was shrunk is added to its multiplier again. A row that was taken
    out, or whose multiplier has become 0, has the one it had then: so columns that were closed stay of
    no use, and those that were opened stay worth their price.

    Args:
        form: the whole form.
        steps: how it was shrunk, one after the other.
        lam: multipliers of the rows that are left.
        prices: of the floors, the limits and the group limits of the whole form.
        tau: width of the smoothing.

    Returns:
        None where rows are no needs.
    """
    if form.need is None:
        return None
    mu, pi, toll = prices
    levels = [np.arange(form.rows)]
    for _, kept, _ in steps:
        levels.append(levels[-1][kept])
    for (base, kept, then), rows in zip(reversed(steps), reversed(levels[:-1]), strict=True):
        spread = np.zeros((len(form.parts), form.rows))
        spread[:, rows] = base  # weighed as it is now: multipliers of families may have changed since
        moved = form.weighted(spread, mu)[rows]
        found = moved.copy() if then is None else then.copy()
        found[kept] = np.where(lam > 0.0, moved[kept] + lam, np.minimum(moved, found)[kept])
        lam = found
    return Point(form.need, lam, mu, pi, tau, toll)


def evaluated(form: Form, point: Point, able: Flags) -> float:
    """What a point proves that no plan exceeds, infinite where it is a point of another form.

    Args:
        form: the whole form.
        point: any point of its dual.
        able: (m,) columns that a plan may open.
    """
    same = len(point.mu) == len(form.floor) and len(point.pi) == len(form.room)
    if form.need is None or not same or len(point.toll) != len(form.left):
        return np.inf
    saving = form.parts[0] if not len(point.mu) else form.weighted(form.parts, point.mu, form.row)
    top = np.zeros(form.rows)
    has = np.diff(form.indptr) > 0
    top[has] = saving[form.indptr[:-1][has]]
    lam = top.copy()
    known, multipliers = point.at(form.need)
    lam[known] = np.clip(multipliers, 0.0, top[known])
    rho = np.zeros(form.columns)
    dual_kernels.evaluate(form.indptr, form.col, saving, form.outlay, lam, rho)
    price = (point.pi[:, None] * form.use).sum(axis=0)
    padded = np.append(point.toll, 0.0)
    for member, amount in zip(form.member, form.amount, strict=True):
        price += padded[member] * amount
    reduced = np.where(form.must, rho - price, np.where(able, np.maximum(0.0, rho - price), 0.0))
    of_limits = float((form.room * point.pi).sum()) + float((form.left * point.toll).sum())
    of_floors = form.floor * point.mu
    bound = form.constant + float(lam.sum()) - float(of_floors.sum()) + of_limits + float(reduced.sum())
    added = abs(form.constant) + float(top.sum()) + float(np.abs(of_floors).sum()) + abs(of_limits)
    bound += _ROUNDING * (added + float(np.abs(rho).sum() + np.abs(price).sum()))
    return bound if np.isfinite(bound) else np.inf
