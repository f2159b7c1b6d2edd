"""How many new facilities cover everyone who can be covered."""

from __future__ import annotations

from typing import Any

import numpy as np

from siting.compiled import inner, kernel
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
    begin = np.searchsorted(row, np.arange(levels.rows + 1))
    gain = np.bincount(member, weight[row], minlength=len(first))
    chosen = np.zeros(len(first), dtype=bool)
    left = np.ones(levels.rows, dtype=bool)
    for allowed in (first, np.ones(len(first), dtype=bool)):
        _greedy(start, row[order], begin, member, weight, allowed, gain, left, chosen)
    counts = np.bincount(row[chosen[member]], minlength=levels.rows)
    _thin(start, row[order], chosen, counts)
    return chosen


@kernel
def _greedy(start, row, begin, member, weight, allowed, gain, left, chosen):  # type: ignore[no-untyped-def]
    """Choose the allowed member that adds most while one adds a row; of equals the first.

    The candidates stand in a heap by what they added when last looked at, which only falls.
    """
    heap, known = np.empty(len(gain), np.int64), gain.copy()
    size = 0
    for j in range(len(gain)):
        if allowed[j] and not chosen[j] and start[j] < start[j + 1]:
            heap[size] = j
            size += 1
    for k in range(size // 2 - 1, -1, -1):
        _sink(heap, size, known, k)
    while size:
        j = heap[0]
        if known[j] != gain[j]:
            known[j] = gain[j]
            _sink(heap, size, known, 0)
            continue
        size -= 1
        heap[0] = heap[size]
        _sink(heap, size, known, 0)
        for p in range(start[j], start[j + 1]):
            i = row[p]
            if left[i]:
                chosen[j], left[i] = True, False
                for q in range(begin[i], begin[i + 1]):
                    gain[member[q]] -= weight[i]


@inner
def _sink(heap, size, known, k):  # type: ignore[no-untyped-def]
    """Let the entry at ``k`` sink to its place: the most first, of equals the lowest number."""
    while 2 * k + 1 < size:
        c = 2 * k + 1
        if c + 1 < size:
            one, two = heap[c], heap[c + 1]
            if known[two] > known[one] or (known[two] == known[one] and two < one):
                c += 1
        one, two = heap[k], heap[c]
        if known[one] > known[two] or (known[one] == known[two] and one < two):
            return
        heap[k], heap[c] = two, one
        k = c


@kernel
def _thin(start, row, chosen, counts):  # type: ignore[no-untyped-def]
    """Leave out, the last first, whose rows others cover as well."""
    for j in range(len(chosen) - 1, -1, -1):
        spare = chosen[j]
        for p in range(start[j], start[j + 1]):
            spare = spare and counts[row[p]] > 1
        if spare:
            chosen[j] = False
            for p in range(start[j], start[j + 1]):
                counts[row[p]] -= 1
