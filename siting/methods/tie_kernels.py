"""Loops over group rows of the dual: limits of disjoint groups and floors of disjoint needs.

Compiled by numba; arrays only, see :mod:`siting.methods.ties`.
"""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel, part


@kernel
def count_ties(col_start, col_pair, row, member, family, stamp, ptr):  # type: ignore[no-untyped-def]
    """Fill ptr (m+1,): where the entries of every column begin, limits first, then floors.

    ``stamp`` (G,) must hold -1 everywhere; it says which column saw a floor last.
    """
    for j in range(len(ptr) - 1):
        count = 0
        for f in range(len(member)):
            count += member[f, j] >= 0
        for q in range(col_start[j], col_start[j + 1]):
            for f in range(len(family)):
                g = family[f, row[col_pair[q]]]
                if g >= 0 and stamp[g] != j:
                    stamp[g] = j
                    count += 1
        ptr[j + 1] = ptr[j] + count


@kernel
def write_ties(  # type: ignore[no-untyped-def]
    col_start, col_pair, row, member, amount, family, limits, stamp, entry, ptr, tie_row, tie_val, slot
):
    """Fill the entries' rows and values (floors: 0), and (F, Z) the entry of every pair, -1 for none.

    ``stamp`` (G,) must hold -1 everywhere; ``entry`` (G,) says where a column's floor stands.
    """
    for j in range(len(ptr) - 1):
        into = ptr[j]
        for f in range(len(member)):
            if member[f, j] >= 0:
                tie_row[into], tie_val[into] = member[f, j], amount[f, j]
                into += 1
        for q in range(col_start[j], col_start[j + 1]):
            p = col_pair[q]
            for f in range(len(family)):
                g = family[f, row[p]]
                if g < 0:
                    slot[f, p] = -1
                    continue
                if stamp[g] != j:
                    stamp[g], entry[g] = j, into
                    tie_row[into], tie_val[into] = limits + g, 0.0
                    into += 1
                slot[f, p] = entry[g]


@kernel
def evaluate_tied(  # type: ignore[no-untyped-def]
    indptr, col, saving, outlay, parts, family, slot, floor, lam, tie_row, tie_val, tie_room, rho, level
):
    """rho, and how it and lambda grow with the floors' multipliers while lambda keeps its place.

    A multiplier lambda_i lies between two savings of its row, at the same share of the way whatever
    the multipliers of floors: it grows by ``level``, the floor's part at that place, and so the
    pairs that save more stay the same ones.

    Args:
        tie_val: filled for floors: minus what rho_j grows by.
        tie_room: filled for floors: what the sum of lambda grows by, less the floor.
        level: (F, n), filled.
    """
    first = len(tie_room) - len(floor)
    for j in range(len(rho)):
        rho[j] = -outlay[j]
    for e in range(len(tie_val)):
        if tie_row[e] >= first:
            tie_val[e] = 0.0
    for g in range(len(floor)):
        tie_room[first + g] = -floor[g]
    for i in range(len(lam)):
        begin, end, price = indptr[i], indptr[i + 1], lam[i]
        stop = begin
        while stop < end and saving[stop] > price:
            rho[col[stop]] += saving[stop] - price
            stop += 1
        idle = begin < end and saving[begin] <= 0.0  # worth nothing yet: lambda is below them all
        for f in range(len(family)):
            level[f, i] = 0.0
            g = family[f, i]
            if g < 0 or begin == end:
                continue
            at = 0.0
            if idle:
                stop = end
            elif stop == begin:
                at = parts[f, begin]
            else:
                low = saving[stop] if stop < end else 0.0
                under = parts[f, stop] if stop < end else 0.0
                share = (price - low) / (saving[stop - 1] - low)
                at = under + share * (parts[f, stop - 1] - under)
            level[f, i] = at
            tie_room[first + g] += at
            for p in range(begin, stop):
                tie_val[slot[f, p]] -= parts[f, p] - at


@inner
def tie_scales(tie_row, tie_val, groups):  # type: ignore[no-untyped-def]
    """(groups,) root mean square of the nonzero values of every group row, 1 where there is none."""
    total, count = np.zeros(groups), np.zeros(groups)
    for e in range(len(tie_row)):
        if tie_val[e] != 0.0:
            total[tie_row[e]] += tie_val[e] * tie_val[e]
            count[tie_row[e]] += 1.0
    for g in range(groups):
        total[g] = np.sqrt(total[g] / count[g]) if count[g] > 0.0 else 1.0
    return total


@part
def _solve_small(matrix, rhs, active):  # type: ignore[no-untyped-def]
    """Gaussian elimination on the active rows of a small positive definite system, in place."""
    size = len(rhs)
    for k in range(size):
        if not active[k]:
            continue
        for r in range(k + 1, size):
            if active[r] and matrix[r, k] != 0.0:
                factor = matrix[r, k] / matrix[k, k]
                for c in range(k, size):
                    matrix[r, c] -= factor * matrix[k, c]
                rhs[r] -= factor * rhs[k]
    for k in range(size - 1, -1, -1):
        if not active[k]:
            rhs[k] = 0.0
            continue
        for c in range(k + 1, size):
            if active[c]:
                rhs[k] -= matrix[k, c] * rhs[c]
        rhs[k] /= matrix[k, k]


@inner
def solve_arrow(matrix, cross, diagonal, rhs, rest, active, bound, width):  # type: ignore[no-untyped-def]
    """Solve [matrix cross; cross^T diagonal] x = width [rhs; rest] on active rows; x replaces both.

    Group rows meet only the few limits on everything, so they are eliminated one by one.
    """
    limits, groups = cross.shape
    for c in range(groups):
        rest[c] = rest[c] * width / diagonal[c] if bound[c] else 0.0
        if bound[c]:
            for k in range(limits):
                rhs[k] -= cross[k, c] * rest[c] / width
                for r in range(limits):
                    matrix[k, r] -= cross[k, c] * cross[r, c] / diagonal[c]
    for k in range(limits):
        rhs[k] *= width
    _solve_small(matrix, rhs, active)
    for c in range(groups):
        if bound[c]:
            for k in range(limits):
                rest[c] -= cross[k, c] * rhs[k] / diagonal[c]
