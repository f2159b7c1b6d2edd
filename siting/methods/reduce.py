"""Reductions every method shares: candidates that another one replaces at no loss are dropped."""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel
from siting.instance.arrays import Flags, Floats, Ints
from siting.measures import OptionMeasure
from siting.measures.levels import Levels
from siting.measures.total_cost import TotalCost
from siting.methods.limits import OptionLimits, option_limits
from siting.problem import Problem


def burdens(problem: Problem, limits: OptionLimits) -> Floats:
    """(K, M) coefficients of the dense option rows and objectives, signed so that less is better."""
    rows = []
    for objective in problem.objectives:
        if isinstance(objective.term.measure, OptionMeasure):
            sign = -1.0 if objective.maximize else 1.0
            rows.append(sign * objective.term.measure.coefficients(objective.term))
        elif isinstance(objective.term.measure, TotalCost):
            rows.append(objective.term.measure.outlay(objective.term))
    return np.vstack([np.array(rows).reshape(len(rows), limits.use.shape[1]), limits.use])


def useful_candidates(problem: Problem, levels: Levels, keep: Ints | None = None) -> Ints:
    """Option numbers worth a variable.

    Candidate k makes candidate j superfluous when k reaches every row of j at least as well, and
    weighs no more in any limit or objective; of two equals the lower number stays. Required
    candidates always stay, and so do those of ``keep``, the plan found for an earlier objective, and
    those that help to reach a limit that demands openings: k beside j counts twice, k alone once.
    """
    options = problem.responses.options
    limits = option_limits(problem, tightened=False)
    burden = burdens(problem, limits)
    candidate = options.usable.copy()
    candidate[: options.existing] = False
    in_rows = np.zeros(len(candidate), dtype=bool)
    in_rows[levels.option] = True
    counts = np.any(burden < 0, axis=0)  # towards a limit that demands openings, beside any other
    wanted = candidate & (in_rows | options.required | counts)
    stay = options.required.copy()
    if keep is not None:
        stay[keep] = True
    wanted = (wanted & (counts | ~_dominated(levels, burden, limits, wanted))) | stay
    return np.flatnonzero(wanted).astype(np.int32)


def _dominated(levels: Levels, burden: Floats, limits: OptionLimits, wanted: Flags) -> Flags:
    """(M,) candidates that another one replaces."""
    row_start = levels.level_ptr[levels.row_ptr]
    depth = np.empty(len(levels.option), dtype=np.int32)
    column_start = np.zeros(len(wanted) + 1, dtype=np.int64)
    row, column_depth = np.empty((2, len(depth)), dtype=np.int32)
    _by_column(levels.row_ptr, levels.level_ptr, levels.option, depth, column_start, row, column_depth)
    dropped: Flags = _find_dominated(
        row_start, levels.option, depth, column_start, row, column_depth,
        np.ascontiguousarray(burden.T), limits.member, limits.amount, wanted,
    )  # fmt: skip
    return dropped


@kernel
def _by_column(row_ptr, level_ptr, option, depth, column_start, row, column_depth):  # type: ignore[no-untyped-def]
    """Fill each pair's depth, its level's place in the row, and rows and depths by column."""
    for p in range(len(option)):
        column_start[option[p] + 1] += 1
    for j in range(1, len(column_start)):
        column_start[j] += column_start[j - 1]
    for i in range(len(row_ptr) - 1):
        for k in range(row_ptr[i], row_ptr[i + 1]):
            for p in range(level_ptr[k], level_ptr[k + 1]):
                depth[p] = k - row_ptr[i]
                q = column_start[option[p]]
                row[q], column_depth[q] = i, depth[p]
                column_start[option[p]] += 1
    for j in range(len(column_start) - 1, 0, -1):  # each start now stands where the next column begins
        column_start[j] = column_start[j - 1]
    column_start[0] = 0


@kernel
def _find_dominated(  # type: ignore[no-untyped-def]
    row_start, option, depth, column_start, row, column_depth, burden, member, amount, wanted
):  # fmt: skip
    dropped = np.zeros(len(wanted), np.bool_)
    for j in range(len(wanted)):
        begin, end = column_start[j], column_start[j + 1]
        if not wanted[j] or begin == end:
            continue
        # Whoever replaces j stands in every row of j: look into the shortest.
        best = begin
        for p in range(begin, end):
            r, s = row[p], row[best]
            if row_start[r + 1] - row_start[r] < row_start[s + 1] - row_start[s]:
                best = p
        r = row[best]
        for q in range(row_start[r], row_start[r + 1]):
            if depth[q] > column_depth[best]:
                break
            k = option[q]
            if k == j or dropped[k] or not wanted[k]:
                continue
            if _replaces(k, j, column_start, row, column_depth, burden, member, amount):
                dropped[j] = True
                break
    return dropped


@inner
def _replaces(k, j, column_start, row, column_depth, burden, member, amount):  # type: ignore[no-untyped-def]
    better = False
    for b in range(burden.shape[1]):
        if burden[k, b] > burden[j, b]:
            return False
        if burden[k, b] < burden[j, b]:
            better = True
    for f in range(len(member)):
        if amount[f, k] > 0.0 and (member[f, k] != member[f, j] or amount[f, k] > amount[f, j]):
            return False
        if amount[f, k] < amount[f, j]:
            better = True
    p, end = column_start[k], column_start[k + 1]
    if end - p < column_start[j + 1] - column_start[j]:
        return False
    if end - p > column_start[j + 1] - column_start[j]:
        better = True
    for q in range(column_start[j], column_start[j + 1]):
        while p < end and row[p] < row[q]:
            p += 1
        if p == end or row[p] != row[q] or column_depth[p] > column_depth[q]:
            return False
        if column_depth[p] < column_depth[q]:
            better = True
    return better or k < j
