"""Plans that keep the floors of families: greedy and interchange, guided by what a floor is worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from siting.instance.arrays import Flags, Floats, Longs
from siting.methods import local_search
from siting.methods.core import solve_core
from siting.methods.form import Form, reweighted
from siting.methods.run import Run

_ATTEMPTS, _FIRST, _MORE = 20, 0.5, 1.6
"""How often the worth of floors that are missed is raised, from at least what, by what factor."""


def guided(form: Form, worth: Floats, run: Run, make: Callable[[Form], Flags]) -> tuple[Flags, Floats]:
    """A plan that keeps the floors of families, if raising their worth leads to one.

    Args:
        form: the form.
        worth: (G-S,) first worths.
        run: limits in force.
        make: makes a plan of the form with these worths.

    Returns:
        The plan, and the worths it was found with.
    """
    if not len(form.family):
        return make(form), worth
    form = reweighted(form, worth)
    is_open = make(form)
    for _ in range(_ATTEMPTS):
        missed = missing(form, is_open)
        if not missed.any() or run.over:
            break
        form = reweighted(form, np.where(missed, np.maximum(_FIRST, _MORE * form.worth), form.worth))
        search = local_search.begin(form, is_open)
        local_search.improve(search, run, passes=20, share=0.3)
        is_open = search.is_open
    return is_open, form.worth


def missing(form: Form, is_open: Flags) -> Flags:
    """(G-S,) floors of families that a plan misses."""
    floor = form.floor[form.steady :]
    reached = local_search.per_part(form, is_open)[1 + form.steady :]
    missed: Flags = reached < floor - local_search.SLACK * np.maximum(1.0, np.abs(floor))
    return missed


def any_plan(form: Form, run: Run, seconds: float) -> tuple[Flags | None, bool]:
    """A plan within the limits that keeps the floors of families, whatever it is worth.

    Returns:
        (m,) plan or None, and whether it is proved that there is none.
    """
    plan, bound = solve_core(_demands(form), run, seconds, None)
    return plan, plan is None and bound == -np.inf


def _demands(form: Form) -> Form:
    """The rows of families alone, worth nothing but what they count."""
    demanded: Flags = np.any(form.family >= 0, axis=0)
    pairs, rows = demanded[form.row], np.flatnonzero(demanded)
    indptr: Longs = np.concatenate([[0], np.cumsum(np.diff(form.indptr)[rows])])
    parts = np.ascontiguousarray(form.parts[:, pairs])
    parts[0] = 0.0
    return Form(
        form.option, indptr, form.col[pairs], parts, parts[0], form.floor, 0.0, form.use, form.room,
        form.must, None, np.ascontiguousarray(form.family[:, rows]), form.worth, form.member, form.amount,
        form.left,
    )  # fmt: skip
