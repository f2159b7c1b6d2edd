"""Kernel of the search for a plan: swaps of one column for another under weights of the rows.

The plan keeps its number of columns. A random uncovered row gets the column whose uncovered rows
weigh most, the column that loses least leaves, and rows that stay uncovered grow heavier. This is
the row weighting local search for a fixed number of columns; only the few uncovered rows are
looked at for gains, which suits covers with long rows.

Gao, C., Weise, T. and Li, J. (2015). An efficient local search heuristic with row weighting for the
unicost set covering problem. European Journal of Operational Research 246: 750-761.
"""

from __future__ import annotations

import numpy as np

from siting.compiled import kernel, part


@part
def enter(j, start, row, heavy, times, owners, loss):  # type: ignore[no-untyped-def]
    """Column j joins the plan."""
    loss[j] = 0.0
    for p in range(start[j], start[j + 1]):
        i = row[p]
        if times[i] == 0:
            loss[j] += heavy[i]
        elif times[i] == 1:
            loss[owners[i]] -= heavy[i]
        times[i] += 1
        owners[i] += j


@part
def leave(j, start, row, heavy, times, owners, loss):  # type: ignore[no-untyped-def]
    """Column j leaves the plan."""
    for p in range(start[j], start[j + 1]):
        i = row[p]
        times[i] -= 1
        owners[i] -= j
        if times[i] == 1:
            loss[owners[i]] += heavy[i]


@part
def best_for(i, indptr, col, heavy, open_rows, size, stamp, gain):  # type: ignore[no-untyped-def]
    """The column of row i whose uncovered rows weigh most, the oldest of equals."""
    for u in range(size):
        for p in range(indptr[open_rows[u]], indptr[open_rows[u] + 1]):
            gain[col[p]] += heavy[open_rows[u]]
    best = -1
    for p in range(indptr[i], indptr[i + 1]):
        j = col[p]
        if best < 0 or gain[j] > gain[best] or (gain[j] == gain[best] and stamp[j] < stamp[best]):
            best = j
    for u in range(size):
        for p in range(indptr[open_rows[u]], indptr[open_rows[u] + 1]):
            gain[col[p]] = 0.0
    return best


@part
def settle(open_rows, size, place, times, start, row, j):  # type: ignore[no-untyped-def]
    """Keep the list of uncovered rows after column j moved; returns their number."""
    for p in range(start[j], start[j + 1]):
        i = row[p]
        if times[i] > 0 and place[i] >= 0:
            size -= 1
            last = open_rows[size]
            open_rows[place[i]] = last
            place[last] = place[i]
            place[i] = -1
        elif times[i] == 0 and place[i] < 0:
            open_rows[size] = i
            place[i] = size
            size += 1
    return size


@kernel
def improve(indptr, col, start, row, heavy, chosen, pairs, random):  # type: ignore[no-untyped-def]
    """Swap until every row is covered or ``pairs`` pairs have been looked at; whether all are.

    ``chosen`` (k,) and ``heavy`` (n,) are changed in place.
    """
    n, m = len(indptr) - 1, len(start) - 1
    times, owners, place = np.zeros(n, np.int64), np.zeros(n, np.int64), np.full(n, -1, np.int64)
    open_rows, stamp = np.empty(n, np.int64), np.zeros(m, np.int64)
    gain, loss = np.zeros(m), np.zeros(m)
    for k in range(len(chosen)):
        enter(chosen[k], start, row, heavy, times, owners, loss)
    size = 0
    for i in range(n):
        if times[i] == 0:
            open_rows[size] = i
            place[i] = size
            size += 1
    tick = 0
    while size > 0 and pairs > 0:
        tick += 1
        random = (random * 1103515245 + 12345) & 0x7FFFFFFF
        i = open_rows[(random >> 8) % size]
        for u in range(size):
            pairs -= indptr[open_rows[u] + 1] - indptr[open_rows[u]]
        new = best_for(i, indptr, col, heavy, open_rows, size, stamp, gain)
        out = 0
        for k in range(1, len(chosen)):
            j, other = chosen[k], chosen[out]
            if loss[j] < loss[other] or (loss[j] == loss[other] and stamp[j] < stamp[other]):
                out = k
        old = chosen[out]
        enter(new, start, row, heavy, times, owners, loss)
        leave(old, start, row, heavy, times, owners, loss)
        size = settle(open_rows, size, place, times, start, row, new)
        size = settle(open_rows, size, place, times, start, row, old)
        pairs -= start[new + 1] - start[new] + start[old + 1] - start[old] + len(chosen)
        chosen[out] = new
        stamp[new], stamp[old] = tick, tick
        for u in range(size):
            heavy[open_rows[u]] += 1.0
    return size == 0
