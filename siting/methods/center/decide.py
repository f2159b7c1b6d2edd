"""Whether a given number of columns covers all rows, with a stated effort."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siting.instance.arrays import Longs
from siting.methods.center import tree
from siting.methods.center.bracket import Verdict
from siting.methods.cover import Cover, solve_cover
from siting.methods.cover.reduce import reduce_cover
from siting.methods.run import Run

TICK = 2_000_000
"""Pairs priced between two looks at the clock."""

MOST_CELLS = 20_000_000
"""Columns and rows times depth of the largest tree that is kept in memory."""


def decide(cover: Cover, count: int, effort: int | None, run: Run) -> tuple[Verdict, Longs | None]:
    """Whether ``count`` columns cover all rows; the columns if so.

    Args:
        cover: the question; all columns cost 1 and all rows have to be covered.
        count: number of columns.
        effort: price iterations that may be taken, None to ask for the cheapest cover instead.
        run: limits in force.
    """
    reduced = reduce_cover(cover)
    opened = np.flatnonzero(reduced.opened)
    core, room = reduced.cover, count - len(opened)
    if not reduced.feasible or room < 0 or (room == 0 and core.rows):
        return Verdict.REFUTED, None
    if not core.rows:
        return Verdict.FOUND, opened
    room = min(room, core.rows)
    if effort is not None and room * (core.rows + core.columns) < MOST_CELLS:
        verdict, inner = _search(core, room, effort, run)
    else:
        verdict, inner = _program(core, room, run)
    return verdict, None if inner is None else np.concatenate([opened, reduced.columns[inner]])


def _search(core: Cover, room: int, effort: int, run: Run) -> tuple[Verdict, Longs | None]:
    """Search the tree of prices."""
    state = tree.begin(core, room)
    tick = max(1, TICK // len(core.col))
    for until in range(tick, effort + tick, tick):
        found = tree.explore(state, room, min(until, effort))
        if found == -1:
            return Verdict.REFUTED, None
        if found >= 0:
            return Verdict.FOUND, state.chosen[:found].astype(np.int64)
        if run.over:
            break
    return Verdict.OPEN, None


def _program(core: Cover, room: int, run: Run) -> tuple[Verdict, Longs | None]:
    """Ask for the cheapest cover, as far as it matters."""
    quiet = replace(run, progress=None, gap=0.0)
    answer = solve_cover(core, quiet, enough=room + 0.5, hopeless=room + 0.5)
    if answer.chosen is not None and answer.value < room + 0.5:
        return Verdict.FOUND, np.flatnonzero(answer.chosen)
    return Verdict.REFUTED if answer.bound > room + 1e-6 else Verdict.OPEN, None
