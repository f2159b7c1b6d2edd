"""How many new facilities cover everyone who can be covered."""

from __future__ import annotations

from typing import Any

import numpy as np

from siting.instance.arrays import Flags
from siting.measures import NeedMeasure
from siting.measures.levels import Levels, build_levels
from siting.plan import Plan
from siting.problem import Problem


def full_coverage(problem: Problem, plan: Plan) -> dict[str, Any] | None:
    """New facilities with which every coverable need of the first objective is at its best.

    The plan's own facilities are taken first, those that add most before others; while some need
    is left, the candidate that adds most is added without regard to limits. Superfluous ones are
    then left out again. The count is what is enough, not proved to be the least.

    Returns:
        None unless the first objective maximizes a sum over needs. ``sites``: facilities that are
        enough; ``reached``: whether the plan itself does it; ``beyond``: how many of ``sites`` are
        not in the plan.
    """
    objective = problem.objectives[0]
    if not objective.maximize or not isinstance(objective.term.measure, NeedMeasure):
        return None
    levels = build_levels(problem.responses, [objective.term])
    best = levels.row_ptr[:-1]  # the first level of every row is the best there is
    row = np.repeat(np.arange(levels.rows), np.diff(levels.level_ptr)[best])
    member = np.concatenate(
        [levels.option[levels.level_ptr[k] : levels.level_ptr[k + 1]] for k in best]
    ) if levels.rows else np.zeros(0, np.int32)  # fmt: skip
    weight = levels.gain[0, best] - levels.base[0]
    in_plan = np.zeros(len(problem.responses.options.site), dtype=bool)
    in_plan[plan.opened] = True
    chosen = _cover(levels, row, member, weight, in_plan)
    covered = np.zeros(levels.rows, dtype=bool)
    covered[row[in_plan[member]]] = True
    return {
        "sites": int(chosen.sum()),
        "reached": bool(covered.all()),
        "beyond": int((chosen & ~in_plan).sum()),
    }


def _cover(levels: Levels, row: np.ndarray, member: np.ndarray, weight: np.ndarray, first: Flags) -> Flags:
    """Greedy cover of all rows that prefers ``first``, without superfluous members."""
    order = np.argsort(member, kind="stable")
    start = np.searchsorted(member[order], np.arange(len(first) + 1))
    rows_of = [row[order[start[j] : start[j + 1]]] for j in range(len(first))]
    gain = np.bincount(member, weight[row], minlength=len(first))
    options_of = np.split(member, np.searchsorted(row, np.arange(1, levels.rows)))
    left = np.ones(levels.rows, dtype=bool)
    chosen = np.zeros(len(first), dtype=bool)
    for allowed in (first, np.ones(len(first), dtype=bool)):
        while True:
            j = int(np.argmax(np.where(allowed & ~chosen, gain, -1.0)))
            fresh = rows_of[j][left[rows_of[j]]]
            if chosen[j] or not allowed[j] or not len(fresh):
                break
            chosen[j] = True
            left[fresh] = False
            for i in fresh:
                gain[options_of[i]] -= weight[i]
    counts = np.bincount(row[chosen[member]], minlength=levels.rows)
    for j in np.flatnonzero(chosen)[::-1]:
        if np.all(counts[rows_of[j]] > 1):
            chosen[j] = False
            counts[rows_of[j]] -= 1
    return chosen
