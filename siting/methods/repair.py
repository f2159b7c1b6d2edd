"""An earlier plan under new limits: what is forbidden goes, what is required comes, the rest fits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.instance.arrays import Floats, Ints
from siting.methods import kernels, local_search
from siting.methods.form import Form

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
    room = form.room + kernels.ROOM * np.abs(form.room)
    while True:
        search = local_search.begin(form, is_open)
        excess = np.maximum(0.0, search.used - room)
        if not excess.any():
            return form.option[is_open]
        relief = (form.use * (excess / np.maximum(np.abs(form.room), 1e-9))[:, None]).sum(axis=0)
        free = np.flatnonzero(is_open & ~form.must & (relief > 0.0))
        if not len(free):
            return None
        order = free[np.argsort(search.loss[free] / relief[free], kind="stable")]
        is_open[order[: _enough(form, order, excess)]] = False


def _enough(form: Form, order: NDArray[np.integer[Any]], excess: Floats) -> int:
    """How many of the columns in order reach a share of the excess, at least one."""
    gone = np.cumsum(form.use[:, order], axis=1)
    reached = np.all(gone >= _SHARE * excess[:, None], axis=0)
    return 1 + int(np.argmax(reached)) if reached.any() else 1
