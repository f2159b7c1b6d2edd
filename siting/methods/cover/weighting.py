"""Kernels of the row weighting local search.

A plan loses the column whose rows weigh least per cost; then random uncovered rows get the column
whose uncovered rows weigh most per cost, as long as the plan stays cheaper than the best, and rows
that stay uncovered grow heavier. A column comes back only after one that shares a row with it has
moved. With all costs equal and slack 0 this is the method of

Gao, C., Weise, T. and Li, J. (2015). An efficient local search heuristic with row weighting for the
unicost set covering problem. European Journal of Operational Research 246: 750-761.

Rows that may stay uncovered weigh their weight and are filled up until their group lacks nothing.
"""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel
from siting.methods.cover.pricing import copy

LOOKS = 8
"""Random rows looked at where a group lacks weight: which of them is covered is a choice."""


@kernel
def begin(start, row, heavy, chosen, count, only, score):  # type: ignore[no-untyped-def]
    """Fill how often rows are covered (n,), the sum of their columns (n,), and scores (m,)."""
    for i in range(len(count)):
        count[i], only[i] = 0, 0
    for j in range(len(chosen)):
        if chosen[j]:
            for p in range(start[j], start[j + 1]):
                count[row[p]] += 1
                only[row[p]] += j
    for j in range(len(chosen)):
        score[j] = 0.0
        for p in range(start[j], start[j + 1]):
            if count[row[p]] == (1 if chosen[j] else 0):
                score[j] += heavy[row[p]]


@inner
def flip(j, indptr, col, start, row, heavy, chosen, count, only, score, moved, tick):  # type: ignore[no-untyped-def]
    """Choose or drop column j; scores of its neighbours follow."""
    step = -1 if chosen[j] else 1
    chosen[j] = not chosen[j]
    for p in range(start[j], start[j + 1]):
        i = row[p]
        count[i] += step
        only[i] += step * j
        moved[i] = tick
        if count[i] == (1 if step > 0 else 0):
            for q in range(indptr[i], indptr[i + 1]):
                if col[q] != j:
                    score[col[q]] -= step * heavy[i]
        elif count[i] == (2 if step > 0 else 1):
            score[only[i] - j if step > 0 else only[i]] -= step * heavy[i]


@inner
def weigh(i, by, indptr, col, heavy, score):  # type: ignore[no-untyped-def]
    """Make an uncovered row heavier."""
    heavy[i] += by
    for q in range(indptr[i], indptr[i + 1]):
        score[col[q]] += by


@inner
def cheapest_loss(members, size, cost, score, stamp, tabu):  # type: ignore[no-untyped-def]
    """Position in ``members`` of the column that loses least per cost, the oldest of equals."""
    best = -1
    for k in range(size):
        j = members[k]
        if j == tabu:
            continue
        if best < 0:
            best = k
            continue
        other = members[best]
        mine, its = score[j] * cost[other], score[other] * cost[j]
        if mine < its or (mine == its and stamp[j] < stamp[other]):
            best = k
    return best


@inner
def richest_gain(i, best, indptr, col, start, row, cost, score, stamp, moved, dropped, room):  # type: ignore[no-untyped-def]
    """The column of row i, or ``best``, that gains most per cost and may come back."""
    for q in range(indptr[i], indptr[i + 1]):
        j = col[q]
        if cost[j] > room:
            continue
        if best >= 0:
            mine, its = score[j] * cost[best], score[best] * cost[j]
            if mine < its or (mine == its and stamp[j] >= stamp[best]):
                continue
        if dropped[j] > 0:
            free = False
            for p in range(start[j], start[j + 1]):
                if moved[row[p]] > dropped[j]:
                    free = True
                    break
            if not free:
                continue
        best = j
    return best


@inner
def settle(j, start, row, weight, group, needed, count, open_rows, place, sizes, lack):  # type: ignore[no-untyped-def]
    """Keep the list of uncovered rows and what groups lack, after column j was flipped.

    sizes: uncovered rows, needed rows among them, groups that lack something.
    """
    for p in range(start[j], start[j + 1]):
        i = row[p]
        listed = place[i] >= 0
        if listed == (count[i] == 0):
            continue
        sign = -1 if listed else 1
        if listed:
            last = open_rows[sizes[0] - 1]
            open_rows[place[i]] = last
            place[last] = place[i]
            place[i] = -1
        else:
            open_rows[sizes[0]] = i
            place[i] = sizes[0]
        sizes[0] += sign
        if needed[i]:
            sizes[1] += sign
        else:
            lacked = lack[group[i]] > 0.0
            lack[group[i]] += sign * weight[i]
            sizes[2] += np.int64(lack[group[i]] > 0.0) - np.int64(lacked)


@inner
def pick(open_rows, sizes, needed, group, lack, random):  # type: ignore[no-untyped-def]
    """A random uncovered row that has to be covered, or whose group lacks weight."""
    while True:
        random[0] = (random[0] * 1103515245 + 12345) & 0x7FFFFFFF
        i = open_rows[(random[0] >> 8) % sizes[0]]
        if needed[i] or lack[group[i]] > 0.0:
            return i


@kernel
def search(  # type: ignore[no-untyped-def]
    indptr, col, start, row, cost, weight, group, needed, unit, steps, enough,
    heavy, chosen, count, only, score, stamp, moved, dropped, open_rows, place, sizes, lack,
    members, where, random, best, value,
):  # fmt: skip
    """Run steps of the search; returns how many passed since the best plan improved.

    ``best`` (m,) and value[0], its cost, are updated; value[1] is the cost of ``chosen``,
    value[2] the number of columns chosen, value[3] the clock.
    """
    idle, tabu, none = 0, np.int64(-1), np.int64(-1)
    size, tick = np.int64(value[2]), np.int64(value[3])
    for _ in range(steps):
        idle += 1
        removed = False
        while size > 0 and (not removed or sizes[1] + sizes[2] == 0):
            if sizes[1] + sizes[2] == 0:
                if value[1] < value[0]:
                    copy(chosen, best)
                    value[0] = value[1]
                    idle = 0
                    if value[0] <= enough:
                        break
            else:
                removed = True
            k = cheapest_loss(members, size, cost, score, stamp, tabu if removed else none)
            if k < 0:
                break
            j = np.int64(members[k])
            tick += 1
            flip(j, indptr, col, start, row, heavy, chosen, count, only, score, moved, tick)
            settle(j, start, row, weight, group, needed, count, open_rows, place, sizes, lack)
            size -= 1
            members[k] = members[size]
            stamp[j], dropped[j] = tick, tick
            value[1] -= cost[j]
        if value[0] <= enough or sizes[1] + sizes[2] == 0:
            break
        while sizes[1] + sizes[2] > 0:
            room = value[0] - unit - value[1]
            i = pick(open_rows, sizes, needed, group, lack, random)
            j = richest_gain(i, none, indptr, col, start, row, cost, score, stamp, moved, dropped, room)
            if not needed[i]:
                for _look in range(LOOKS):
                    other = pick(open_rows, sizes, needed, group, lack, random)
                    j = richest_gain(
                        other, j, indptr, col, start, row, cost, score, stamp, moved, dropped, room
                    )
            if not needed[i]:
                weigh(i, where[i], indptr, col, heavy, score)
            if j < 0:
                break
            tick += 1
            flip(j, indptr, col, start, row, heavy, chosen, count, only, score, moved, tick)
            settle(j, start, row, weight, group, needed, count, open_rows, place, sizes, lack)
            members[size] = j
            size += 1
            stamp[j], tabu = tick, j
            value[1] += cost[j]
        for k in range(sizes[0]):
            if needed[open_rows[k]]:
                weigh(open_rows[k], 1.0, indptr, col, heavy, score)
    value[2], value[3] = size, tick
    return idle
