"""Loops over the table of response times, compiled by numba; arrays as in ``Responses``."""

from __future__ import annotations

import numpy as np

from siting.compiled import kernel


@kernel
def answered(indptr, option, ms, need, base, is_open):  # type: ignore[no-untyped-def]
    """(n,) ms of the first open option of every need, or of its base if that is sooner."""
    result = base.copy()
    for r in range(len(need)):
        for p in range(indptr[need[r]], indptr[need[r] + 1]):
            if ms[p] >= result[r]:
                break
            if is_open[option[p]]:
                result[r] = ms[p]
                break
    return result


@kernel
def first_columns(indptr, option, need, number):  # type: ignore[no-untyped-def]
    """(n,) column that answers every need first, -1 where none does."""
    result = np.full(len(need), -1, np.int32)
    for r in range(len(need)):
        for p in range(indptr[need[r]], indptr[need[r] + 1]):
            if number[option[p]] >= 0:
                result[r] = number[option[p]]
                break
    return result


@kernel
def around(indptr, ms, need, base, value):  # type: ignore[no-untyped-def]
    """The last time <= value and the first time > value, among pairs and bases."""
    never = np.int64(2**31 - 1)
    below, above = np.int64(-1), never
    for r in range(len(need)):
        first, last = indptr[need[r]], indptr[need[r] + 1]
        begin = first
        while first < last:
            middle = (first + last) // 2
            if ms[middle] <= value:
                first = middle + 1
            else:
                last = middle
        if first > begin:
            below = max(below, np.int64(ms[first - 1]))
        if first < indptr[need[r] + 1]:
            above = min(above, np.int64(ms[first]))
        if base[r] > value:
            above = min(above, np.int64(base[r]))
        elif base[r] < never:
            below = max(below, np.int64(base[r]))
    return below, above


@kernel
def in_time(indptr, option, ms, need, number, latest, columns):  # type: ignore[no-untyped-def]
    """Columns that answer every need in time, ascending: indptr (n+1,) and col (Z,)."""
    count = len(need)
    ptr = np.zeros(count + 1, np.int64)
    start = np.zeros(columns + 1, np.int64)
    for r in range(count):
        ptr[r + 1] = ptr[r]
        for p in range(indptr[need[r]], indptr[need[r] + 1]):
            if ms[p] > latest:
                break
            column = number[option[p]]
            if column >= 0:
                ptr[r + 1] += 1
                start[column + 1] += 1
    for j in range(columns):
        start[j + 1] += start[j]
    # Sorted by column first, so that every row comes out in ascending order.
    row = np.empty(ptr[count], np.int32)
    place = start.copy()
    for r in range(count):
        for p in range(indptr[need[r]], indptr[need[r] + 1]):
            if ms[p] > latest:
                break
            column = number[option[p]]
            if column >= 0:
                row[place[column]] = r
                place[column] += 1
    col = np.empty(ptr[count], np.int32)
    end = ptr[:-1].copy()
    for j in range(columns):
        for q in range(start[j], start[j + 1]):
            col[end[row[q]]] = j
            end[row[q]] += 1
    return ptr, col
