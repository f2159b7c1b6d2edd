"""Loops over the pairs of a savings form, compiled by numba; see :mod:`siting.methods.form`."""

from __future__ import annotations

from siting.compiled import kernel


@kernel
def count_survivors(indptr, col, parts, closed, opened, cut, end, counts):  # type: ignore[no-untyped-def]
    """Count the pairs that stay when columns are closed and opened, and rows are cut.

    A row ends at its first opened column, and at the first saving below its cut. What it ends at it
    gets for nothing; pairs that save no more in any part go too.

    Args:
        cut: (n,) savings of the first part; pairs of a row that save less are removed.
        end: (n,) int64, filled: the pair a row ends at, -1 where it does not end early.
        counts: (n,) int64, filled: pairs that stay.
    """
    for i in range(len(indptr) - 1):
        end[i], counts[i], stop = -1, 0, indptr[i + 1]
        for p in range(indptr[i], indptr[i + 1]):
            if not closed[col[p]] and (opened[col[p]] or parts[0, p] < cut[i]):
                end[i], stop = p, p
                break
        for p in range(indptr[i], stop):
            saves = False
            for g in range(len(parts)):
                saves |= parts[g, p] > (parts[g, stop] if end[i] >= 0 else 0.0)
            if saves and not closed[col[p]]:
                counts[i] += 1


@kernel
def write_survivors(  # type: ignore[no-untyped-def]
    indptr, col, parts, closed, end, number, rows, indptr_out, col_out, parts_out
):
    """Write the pairs that stay of ``rows`` with the new ``number`` of their columns (-1: none)."""
    for i in range(len(rows)):
        into, last = indptr_out[i], end[rows[i]]
        stop = last if last >= 0 else indptr[rows[i] + 1]
        for p in range(indptr[rows[i]], stop):
            saves = False
            for g in range(len(parts)):
                saves |= parts[g, p] > (parts[g, last] if last >= 0 else 0.0)
            if not saves or closed[col[p]]:
                continue
            col_out[into] = number[col[p]]
            for g in range(len(parts)):
                parts_out[g, into] = parts[g, p] - (parts[g, last] if last >= 0 else 0.0)
            into += 1


@kernel
def best_pairs(indptr, col, is_open, best, second):  # type: ignore[no-untyped-def]
    """Fill (n,) int64 the best and second-best open pair of every row, -1 where there is none."""
    for i in range(len(indptr) - 1):
        best[i], second[i] = -1, -1
        for p in range(indptr[i], indptr[i + 1]):
            if is_open[col[p]]:
                if best[i] >= 0:
                    second[i] = p
                    break
                best[i] = p


@kernel
def transpose(col, start, pair):  # type: ignore[no-untyped-def]
    """Sort pairs by column, keeping their order within one; fills start (m+1,) and pair (Z,) int32."""
    for p in range(len(col)):
        start[col[p] + 1] += 1
    for j in range(1, len(start)):
        start[j] += start[j - 1]
    for p in range(len(col)):
        pair[start[col[p]]] = p
        start[col[p]] += 1
    for j in range(len(start) - 1, 0, -1):  # each start now stands where the next column begins
        start[j] = start[j - 1]
    start[0] = 0


@kernel
def count_pairs(row_ptr, level_ptr, option, number_of, indptr):  # type: ignore[no-untyped-def]
    """Fill indptr (R+1,) with where the pairs of every row of levels begin whose option has a number."""
    for i in range(len(row_ptr) - 1):
        count = 0
        for p in range(level_ptr[row_ptr[i]], level_ptr[row_ptr[i + 1]]):
            if number_of[option[p]] >= 0:
                count += 1
        indptr[i + 1] = indptr[i] + count


@kernel
def write_pairs(  # type: ignore[no-untyped-def]
    row_ptr, level_ptr, option, gain, base, signs, number_of, indptr, col, parts
):
    """Fill col (Z,) and parts (1+G, Z): what each option's level saves against the row's base."""
    for i in range(len(row_ptr) - 1):
        into = indptr[i]
        for k in range(row_ptr[i], row_ptr[i + 1]):
            for p in range(level_ptr[k], level_ptr[k + 1]):
                j = number_of[option[p]]
                if j < 0:
                    continue
                col[into] = j
                for g in range(len(signs)):
                    parts[g, into] = signs[g] * (gain[g, k] - base[g, i])
                into += 1


@kernel
def count_above(indptr, saving, cut):  # type: ignore[no-untyped-def]
    """How many pairs save at least the cut of their row."""
    count = 0
    for i in range(len(indptr) - 1):
        for p in range(indptr[i], indptr[i + 1]):
            if saving[p] < cut[i]:
                break
            count += 1
    return count
