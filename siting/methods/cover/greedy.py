"""Kernels that complete a plan by what columns add per cost, and leave out what is superfluous.

Chvatal, V. (1979). A greedy heuristic for the set-covering problem. Mathematics of Operations
Research 4: 233-235.
"""

from __future__ import annotations

import numpy as np

from siting.compiled import kernel


@kernel
def complete(indptr, col, start, row, cost, weight, group, needed, price, count, lack, chosen):  # type: ignore[no-untyped-def]
    """Add columns with the highest price of still uncovered rows per cost until it is a plan.

    Rows that may stay uncovered count while their group lacks; ``chosen`` (m,) is extended in
    place, and so is what :func:`tally` has found for it. Columns cost more than 0.
    """
    missing = 0
    gain = np.empty(len(cost))
    for j in range(len(cost)):
        gain[j] = 0.0
    for i in range(len(weight)):
        if count[i] > 0:
            continue
        missing += needed[i]
        if needed[i] or lack[group[i]] > 0.0:
            for p in range(indptr[i], indptr[i + 1]):
                gain[col[p]] += price[i]
    for g in range(len(lack)):
        missing += lack[g] > 0.0
    while missing > 0:
        best, ratio = -1, 0.0
        for j in range(len(cost)):
            if not chosen[j] and gain[j] > ratio * cost[j]:
                best, ratio = j, gain[j] / cost[j]
        if best < 0:
            return False
        chosen[best] = True
        for p in range(start[best], start[best + 1]):
            i = row[p]
            count[i] += 1
            if count[i] > 1:
                continue
            if not needed[i]:
                if lack[group[i]] <= 0.0:
                    continue
                lack[group[i]] -= weight[i]
                missing -= lack[group[i]] <= 0.0
            else:
                missing -= 1
            for q in range(indptr[i], indptr[i + 1]):
                gain[col[q]] -= price[i]
        gain[best] = 0.0
    return True


@kernel
def tally(start, row, weight, group, slack, needed, chosen):  # type: ignore[no-untyped-def]
    """How often each row is covered (n,), and how much weight beyond its slack each group lacks (G,).

    Needed rows are no part of what a group lacks.
    """
    count = np.empty(len(weight), np.int32)
    for i in range(len(weight)):
        count[i] = 0
    for j in range(len(chosen)):
        if chosen[j]:
            for p in range(start[j], start[j + 1]):
                count[row[p]] += 1
    lack = np.empty(len(slack))
    for g in range(len(slack)):
        lack[g] = -slack[g] * (1.0 + 5e-13)
    for i in range(len(weight)):
        if count[i] == 0 and not needed[i]:
            lack[group[i]] += weight[i]
    return count, lack


@kernel
def prune(start, row, weight, group, needed, order, count, lack, chosen):  # type: ignore[no-untyped-def]
    """Leave out chosen columns that are superfluous, in the given order of numbers.

    ``chosen`` and what :func:`tally` has found for it are changed in place.
    """
    for k in range(len(order)):
        j = order[k]
        if not chosen[j]:
            continue
        spare = True
        for p in range(start[j], start[j + 1]):
            i = row[p]
            if count[i] == 1:
                if needed[i]:
                    spare = False
                else:
                    lack[group[i]] += weight[i]
        for p in range(start[j], start[j + 1]):
            if count[row[p]] == 1 and lack[group[row[p]]] > 0.0 and not needed[row[p]]:
                spare = False
        for p in range(start[j], start[j + 1]):
            i = row[p]
            if spare:
                count[i] -= 1
            elif count[i] == 1 and not needed[i]:
                lack[group[i]] -= weight[i]
        if spare:
            chosen[j] = False
