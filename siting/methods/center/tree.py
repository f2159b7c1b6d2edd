"""Kernel of the search for a given number of columns that cover all rows.

With prices u >= 0 of the rows, k columns cover rows worth at most the sum of the k largest column
values g_j = sum of u over the uncovered rows of j. If that is less than all rows are worth, k
columns do not suffice; and a column whose value in place of the k-th largest makes it so can be
left out. Prices move along subgradients, and what is left is decided depth first: by the columns of
the row that has fewest.

The functions are inlined into one: compiled each for itself they take twice as long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from siting.compiled import kernel, part
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.methods.cover import Cover

FIRST, LATER = 300, 20
"""Price iterations at the root, and at every other node."""
MOMENTUM = 0.6
"""Share of the last direction that the next one keeps."""
AIM = 0.02
"""How far below zero the excess is aimed at, as a share of what all rows are worth."""
ROOM = 1e-7
"""Relative room for rounding where the excess is compared with zero."""


class State(NamedTuple):
    """The search, which can be left and taken up again.

    Attributes:
        indptr, col, start, row: the cover by row and by column.
        alive: (D, m) columns that may still be chosen at each depth.
        left: (D, n) rows that are uncovered.
        price: (D, n) prices at the best bound.
        branch: (D, m) columns tried in turn.
        width, at: (D,) how many of them there are, and how many have been tried.
        chosen: (D,) column chosen at each depth.
        value, rank: (m,) value of every column, and space to select the largest.
        best: (m,) columns with the largest values.
        trial, direction: (n,) prices tried, and where they move.
        times: (n,) how often each row is covered.
        number: depth, 1 when the node at that depth is new, price iterations so far.
    """

    indptr: Longs
    col: Ints
    start: Longs
    row: Ints
    alive: Flags
    left: Flags
    price: Floats
    branch: Ints
    width: Ints
    at: Ints
    chosen: Ints
    value: Floats
    rank: Floats
    best: Ints
    trial: Floats
    direction: Floats
    times: Ints
    number: Longs


@part
def select(rank, size, k):  # type: ignore[no-untyped-def]
    """The k-th largest (1-based) of rank[:size], which is reordered."""
    low, high, want = 0, size - 1, k - 1
    while low < high:
        pivot = rank[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while rank[i] > pivot:
                i += 1
            while rank[j] < pivot:
                j -= 1
            if i <= j:
                rank[i], rank[j] = rank[j], rank[i]
                i += 1
                j -= 1
        if want <= j:
            high = j
        elif want >= i:
            low = i
        else:
            break
    return rank[want]


@part
def values(s, depth, rows):  # type: ignore[no-untyped-def]
    """Scale the trial prices to one per uncovered row, and value the columns."""
    for j in range(len(s.value)):
        s.value[j] = 0.0
    worth = 0.0
    for i in range(len(s.trial)):
        if s.left[depth, i]:
            worth += s.trial[i]
    if worth <= 0.0:
        return False
    scale = rows / worth
    for i in range(len(s.trial)):
        if s.left[depth, i]:
            s.trial[i] *= scale
            price = s.trial[i]
            if price > 0.0:
                for p in range(s.indptr[i], s.indptr[i + 1]):
                    s.value[s.col[p]] += price
    return True


@part
def largest(s, depth, most):  # type: ignore[no-untyped-def]
    """Collect the ``most`` alive columns with the largest values, of equals the first.

    Returns how many there are, their total, and the least of their values.
    """
    size = 0
    for j in range(len(s.value)):
        if s.alive[depth, j]:
            s.rank[size] = s.value[j]
            size += 1
    k = min(size, most)
    if k == 0:
        return 0, 0.0, 0.0
    last = select(s.rank, size, k)
    ties = k
    for j in range(len(s.value)):
        if s.alive[depth, j] and s.value[j] > last:
            ties -= 1
    count, total = 0, 0.0
    for j in range(len(s.value)):
        if s.alive[depth, j] and s.value[j] >= last:
            if s.value[j] == last:
                if ties == 0:
                    continue
                ties -= 1
            s.best[count] = j
            count += 1
            total += s.value[j]
    return count, total, last if k == most else 0.0


@part
def aim(s, depth, count):  # type: ignore[no-untyped-def]
    """Direction of the prices from what the best columns cover.

    Returns its squared length, and how many rows they leave uncovered.
    """
    for i in range(len(s.times)):
        s.times[i] = 0
    for x in range(count):
        for p in range(s.start[s.best[x]], s.start[s.best[x] + 1]):
            s.times[s.row[p]] += 1
    length, missed = 0.0, 0
    for i in range(len(s.times)):
        if not s.left[depth, i]:
            continue
        over = s.times[i] - 1.0
        missed += s.times[i] == 0
        if s.trial[i] <= 0.0 and over > 0.0:
            over = 0.0
        s.direction[i] = over + MOMENTUM * s.direction[i]
        length += s.direction[i] * s.direction[i]
    return length, missed


@part
def bound(s, depth, most, rows):  # type: ignore[no-untyped-def]
    """Move prices until a node is decided or they stall.

    Returns -1 when ``most`` columns do not suffice, k >= 0 when the first k of ``best`` cover all
    that is left, -2 when neither is known.
    """
    for i in range(len(s.trial)):
        s.trial[i] = s.price[depth, i]
        s.direction[i] = 0.0
    factor, lowest, idle = 1.0, np.inf, 0
    for _ in range(FIRST if depth == 0 else LATER):
        s.number[2] += 1
        if not values(s, depth, rows):
            return -2
        count, total, last = largest(s, depth, most)
        least = rows * (1.0 - ROOM)
        if total < least:
            return -1
        for j in range(len(s.value)):
            if s.alive[depth, j] and s.value[j] < last and total - last + s.value[j] < least:
                s.alive[depth, j] = False
        length, missed = aim(s, depth, count)
        if missed == 0:
            return count
        over = total - rows
        if over < lowest - 1e-3 * rows:
            idle = 0
        else:
            idle += 1
            if idle >= 5:
                factor *= 0.7
                idle = 0
        if over < lowest:
            lowest = over
            for i in range(len(s.trial)):
                s.price[depth, i] = s.trial[i]
        if length <= 1e-12 or factor < 0.05:
            return -2
        step = factor * (over + AIM * rows) / length
        for i in range(len(s.trial)):
            if s.left[depth, i]:
                s.trial[i] = max(0.0, s.trial[i] - step * s.direction[i])
    return -2


@part
def spread(s, depth):  # type: ignore[no-untyped-def]
    """List the columns of the uncovered row that has fewest, most valuable first."""
    shortest, fewest = -1, len(s.value) + 1
    for i in range(len(s.times)):
        if not s.left[depth, i]:
            continue
        size = 0
        for p in range(s.indptr[i], s.indptr[i + 1]):
            size += s.alive[depth, s.col[p]]
        if size < fewest:
            shortest, fewest = i, size
    width = 0
    for p in range(s.indptr[shortest], s.indptr[shortest + 1]):
        j = s.col[p]
        if not s.alive[depth, j]:
            continue
        y = width
        while y > 0 and s.value[s.branch[depth, y - 1]] < s.value[j]:
            s.branch[depth, y] = s.branch[depth, y - 1]
            y -= 1
        s.branch[depth, y] = j
        width += 1
    s.width[depth] = width


@part
def descend(s, depth):  # type: ignore[no-untyped-def]
    """Choose the next column of a node; those tried before it are out from now on."""
    if s.at[depth] > 0:
        s.alive[depth, s.branch[depth, s.at[depth] - 1]] = False
    j = s.branch[depth, s.at[depth]]
    s.at[depth] += 1
    s.chosen[depth] = j
    for i in range(len(s.times)):
        s.left[depth + 1, i] = s.left[depth, i]
        s.price[depth + 1, i] = s.price[depth, i]
    for p in range(s.start[j], s.start[j + 1]):
        s.left[depth + 1, s.row[p]] = False
    for c in range(len(s.value)):
        s.alive[depth + 1, c] = s.alive[depth, c]
    s.alive[depth + 1, j] = False


@kernel
def explore(s, room, until):  # type: ignore[no-untyped-def]
    """Search until ``until`` price iterations in all.

    Returns k >= 0 when the first k of ``chosen`` cover all rows, -1 when ``room`` columns do not
    suffice, -2 when the search is to go on.
    """
    depth = s.number[0]
    while s.number[2] < until:
        if s.number[1] == 1:
            s.number[1] = 0
            s.width[depth] = 0
            s.at[depth] = 0
            rows = 0
            for i in range(len(s.times)):
                rows += s.left[depth, i]
            if rows == 0:
                return depth
            if depth < room:
                found = bound(s, depth, room - depth, rows)
                if found >= 0:
                    for x in range(found):
                        s.chosen[depth + x] = s.best[x]
                    return depth + found
                if found == -2:
                    spread(s, depth)
        if s.at[depth] < s.width[depth]:
            descend(s, depth)
            depth += 1
            s.number[1] = 1
        else:
            depth -= 1
            if depth < 0:
                return -1
        s.number[0] = depth
    return -2


def begin(cover: Cover, room: int) -> State:
    """A search for ``room`` columns that has not begun."""
    n, m, deep = cover.rows, cover.columns, room + 1
    start, row = cover.by_column
    sizes = np.diff(cover.indptr)
    return State(
        cover.indptr, cover.col, start, row,
        np.ones((deep, m), dtype=bool), np.ones((deep, n), dtype=bool),
        np.tile(1.0 / sizes, (deep, 1)), np.zeros((deep, m), dtype=np.int32),
        np.zeros(deep, dtype=np.int32), np.zeros(deep, dtype=np.int32), np.zeros(deep, dtype=np.int32),
        np.zeros(m), np.zeros(m), np.zeros(m, dtype=np.int32),
        np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int32), np.array([0, 1, 0]),
    )  # fmt: skip
