"""An earlier plan under new limits: what is forbidden goes, what is required comes, the rest fits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.instance.arrays import Floats, Ints
from siting.methods import local_search
from siting.methods.form import Form
from siting.methods.limit_kernels import ROOM

_SHARE = 0.25
"""Share of an excess that is closed at a time; what closing loses is then counted anew."""


def repaired(form: Form, opened: Ints) -> Ints | None:
    """The plan closest to an earlier one that keeps the limits of a form.

    Open columns that lose least per use of the limits in excess are closed first.

    Args:
        form: the form.
        opened: option numbers of the plan; those without a column stay closed.

    Returns:
        Option numbers, None where what must be open breaks a limit by itself.
    """
    is_open = form.must | np.isin(form.option, opened)
    room = np.concatenate([form.room, form.left])
    scale = np.maximum(np.abs(room), 1e-9)
    room = room + ROOM * np.abs(room)
    while True:
        search = local_search.begin(form, is_open)
        excess = np.maximum(0.0, search.used - room)
        if not excess.any():
            return form.option[is_open]
        each = excess / scale
        relief = (form.use * each[: len(form.room), None]).sum(axis=0)
        for member, amount in zip(form.member, form.amount, strict=True):
            relief += np.append(each[len(form.room) :], 0.0)[member] * amount
        free = np.flatnonzero(is_open & ~form.must & (relief > 0.0))
        if not len(free):
            return None
        order = free[np.argsort(search.loss[free] / relief[free], kind="stable")]
        is_open[_enough(form, order, excess)] = False


def _enough(form: Form, order: NDArray[np.integer[Any]], excess: Floats) -> NDArray[np.integer[Any]]:
    """The first columns in order that reach a share of the excess, and the first of every group."""
    limits = len(form.room)
    gone = np.cumsum(form.use[:, order], axis=1)
    reached = np.all(gone >= _SHARE * excess[:limits, None], axis=0)
    chosen = order[: 1 + int(np.argmax(reached)) if reached.any() else 1]
    broken = np.append(excess[limits:] > 0.0, False)
    for member in form.member:
        inside = order[broken[member[order]]]
        _, first = np.unique(member[inside], return_index=True)
        chosen = np.union1d(chosen, inside[first])
    return chosen
