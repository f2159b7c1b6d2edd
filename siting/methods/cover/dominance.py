"""Kernels of the reductions: unit rows, dominated rows and columns.

Toregas, C. and ReVelle, C. (1972). Optimal location under time or distance constraints. Papers of
the Regional Science Association 28: 133-144.
Beasley, J. (1987). An algorithm for set covering problem. European Journal of Operational
Research 31: 85-93.
"""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel

MOST_STEPS = 400_000_000
"""Comparisons after which one pass gives up; what it has found stays found."""


@kernel
def open_units(indptr, col, start, row, needed, alive, opened):  # type: ignore[no-untyped-def]
    """Open the only column of every needed row; its rows leave."""
    for i in range(len(needed)):
        if not needed[i] or not alive[i] or indptr[i + 1] - indptr[i] != 1:
            continue
        j = col[indptr[i]]
        opened[j] = True
        for p in range(start[j], start[j + 1]):
            alive[row[p]] = False


@kernel
def signatures(start, member):  # type: ignore[no-untyped-def]
    """(k,) one bit in 64 per member: a subset has no bit that its superset lacks."""
    result = np.zeros(len(start) - 1, np.int64)
    for k in range(len(result)):
        bits = np.int64(0)
        for p in range(start[k], start[k + 1]):
            bits |= np.int64(1) << ((np.int64(member[p]) * 2654435761 >> 7) & 63)
        result[k] = bits
    return result


@inner
def _within(start, member, small, large):  # type: ignore[no-untyped-def]
    """Whether the members (ascending) of one set are among those of another."""
    q, end = start[large], start[large + 1]
    for p in range(start[small], start[small + 1]):
        while q < end and member[q] < member[p]:
            q += 1
        if q == end or member[q] != member[p]:
            return False
        q += 1
    return True


@kernel
def close_columns(indptr, col, start, row, cost, sign, closed):  # type: ignore[no-untyped-def]
    """Close columns that another one replaces, or that cost more than one column for each row."""
    least = np.empty(len(indptr) - 1)
    for i in range(len(least)):
        least[i] = np.inf
        for p in range(indptr[i], indptr[i + 1]):
            least[i] = min(least[i], cost[col[p]])
    steps = 0
    for j in range(len(cost)):
        size = start[j + 1] - start[j]
        shortest, together = -1, 0.0
        for p in range(start[j], start[j + 1]):
            i = row[p]
            together += least[i]
            if shortest < 0 or indptr[i + 1] - indptr[i] < indptr[shortest + 1] - indptr[shortest]:
                shortest = i
        if shortest < 0 or together < cost[j] * (1 - 1e-9):
            closed[j] = True
            continue
        for p in range(indptr[shortest], indptr[shortest + 1]):
            k = col[p]
            larger = start[k + 1] - start[k]
            if k == j or closed[k] or larger < size or cost[k] > cost[j] or sign[j] & ~sign[k]:
                continue
            if larger == size and cost[k] == cost[j] and k > j:
                continue
            steps += size + larger
            if _within(start, row, j, k):
                closed[j] = True
                break
        if steps > MOST_STEPS:
            return


@kernel
def drop_rows(indptr, col, start, row, needed, group, weight, sign, alive):  # type: ignore[no-untyped-def]
    """Drop rows that are covered with a needed one; merge rows of a group that are the same."""
    steps = 0
    for q in range(len(needed)):
        size = indptr[q + 1] - indptr[q]
        if not alive[q] or size == 0:
            continue
        rarest = col[indptr[q]]
        for p in range(indptr[q], indptr[q + 1]):
            if start[col[p] + 1] - start[col[p]] < start[rarest + 1] - start[rarest]:
                rarest = col[p]
        for p in range(start[rarest], start[rarest + 1]):
            r = row[p]
            longer = indptr[r + 1] - indptr[r]
            if r == q or not alive[r] or longer < size or sign[q] & ~sign[r]:
                continue
            if not needed[q] and (longer > size or group[r] != group[q] or needed[r]):
                continue
            steps += size + longer
            if _within(indptr, col, q, r):
                alive[r] = False
                if not needed[q]:
                    weight[q] += weight[r]
        if steps > MOST_STEPS:
            return
