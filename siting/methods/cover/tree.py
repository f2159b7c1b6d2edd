"""Kernels of the Lagrangian branch and bound on what is left of a cover.

Depth first; a node starts from its parent's prices, runs a few volume iterations (see
``pricing``), and fixes columns by their reduced costs. It branches on a column that the averaged
plan is undecided about, choosing it first. Everything is kept in arrays, so that the search can be
left and taken up again.

Beasley, J. (1990). A Lagrangian heuristic for set-covering problems. Naval Research Logistics 37:
151-164.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from siting.compiled import inner, kernel, part
from siting.instance.arrays import Floats, Ints, Longs
from siting.methods.cover.pricing import knapsack

FREE, IN, OUT = 0, 1, 2
CHUNK = 10
"""Iterations between two attempts to fix columns."""
CHUNKS = 16
"""Most attempts at a node."""
PROGRESS = 0.05
"""Share of the gap that a chunk has to close for the node to go on."""


U, PRICE, AVERAGE, GRAD, Z, WEIGHT = range(6)
"""Rows of ``Work.rf``: prices tried and best, averaged and new subgradient, uncovered, weight."""
COUNT, OPTIONAL, GROUP, NEEDED = range(4)
"""Rows of ``Work.ri``: columns that are IN, optional rows by group, group, 1 if needed."""
RED, Y, OPENED_AT, CLOSED_AT, COST = range(5)
"""Rows of ``Work.cf``: reduced cost, averaged plan, bounds by decision, cost."""
STATUS, TRAIL, LISTED, BEST = range(4)
"""Rows of ``Work.ci``: decision, decided columns in order, free columns, best plan."""
SLACK, LACK, DEAD = range(3)
"""Rows of ``Work.gf``: slack; weight beyond it that is uncovered, and that nobody can cover."""
BEGIN, AT = range(2)
"""Rows of ``Work.gi``: where the optional rows of a group begin, and are filled in."""


class Work(NamedTuple):
    """The search and its space; few wide arrays, because each costs every kernel compile time.

    Attributes:
        indptr, col, start, row: the cover by row and by column.
        rf, ri: (6, n) and (4, n) what is known of rows.
        cf, ci: (5, m) and (4, m) what is known of columns.
        gf, gi: (3, G) and (2, G+1) what is known of groups.
        fi, ff: (2, D) and (D, n+1) the stack of nodes whose second branch is still to be taken:
            length of the trail, column; prices, bound.
        number: trail length, stack size, nodes, free columns, 1 while a node is pending.
        value: cost of the best plan, cost of what is IN, bound of the pending node's parent, most
            that a plan of interest may cost, least by which it is cheaper.
    """

    indptr: Longs
    col: Ints
    start: Longs
    row: Ints
    rf: Floats
    ri: Ints
    cf: Floats
    ci: Ints
    gf: Floats
    gi: Longs
    fi: Longs
    ff: Floats
    number: Longs
    value: Floats


@inner
def choose(w, j):  # type: ignore[no-untyped-def]
    """Decide that a free column is IN."""
    w.ci[STATUS, j] = IN
    w.ci[TRAIL, w.number[0]] = j
    w.number[0] += 1
    w.value[1] += w.cf[COST, j]
    for p in range(w.start[j], w.start[j + 1]):
        w.ri[COUNT, w.row[p]] += 1
        w.rf[PRICE, w.row[p]] = 0.0


@inner
def leave_out(w, j):  # type: ignore[no-untyped-def]
    """Decide that a free column is OUT."""
    w.ci[STATUS, j] = OUT
    w.ci[TRAIL, w.number[0]] = j
    w.number[0] += 1


@part
def undo(w, length):  # type: ignore[no-untyped-def]
    """Take decisions back until ``length`` are left."""
    while w.number[0] > length:
        w.number[0] -= 1
        j = w.ci[TRAIL, w.number[0]]
        if w.ci[STATUS, j] == IN:
            w.value[1] -= w.cf[COST, j]
            for p in range(w.start[j], w.start[j + 1]):
                w.ri[COUNT, w.row[p]] -= 1
        w.ci[STATUS, j] = FREE


@part
def lacking(w, which):  # type: ignore[no-untyped-def]
    """Whether some group has a row of ``Work.gf`` above 0."""
    found = False
    for g in range(w.gf.shape[1]):
        found |= w.gf[which, g] > 0.0
    return found


@inner
def propagate(w):  # type: ignore[no-untyped-def]
    """Choose the only free columns of needed rows, list what is free; whether the node is decided.

    A node is decided when what is IN is a plan, which is kept if it is the best, or when no plan
    is left.
    """
    changed = True
    while changed:
        changed = False
        for g in range(w.gf.shape[1]):
            w.gf[LACK, g] = -w.gf[SLACK, g] * (1.0 + 5e-13)
            w.gf[DEAD, g] = w.gf[LACK, g]
        open_rows = 0
        for i in range(w.rf.shape[1]):
            if w.ri[COUNT, i] > 0:
                continue
            only, found = -1, 0
            for p in range(w.indptr[i], w.indptr[i + 1]):
                if w.ci[STATUS, w.col[p]] == FREE:
                    only = w.col[p]
                    found += 1
                    if found > 1:
                        break
            if not w.ri[NEEDED, i]:
                w.gf[LACK, w.ri[GROUP, i]] += w.rf[WEIGHT, i]
                w.gf[DEAD, w.ri[GROUP, i]] += w.rf[WEIGHT, i] if found == 0 else 0.0
            elif found == 0:
                return True
            elif found == 1:
                choose(w, np.int64(only))
                changed = True
            else:
                open_rows += 1
        if lacking(w, DEAD) or w.value[1] > w.value[3]:
            return True
    if open_rows == 0 and not lacking(w, LACK):
        w.value[0] = w.value[1]
        w.value[3] = w.value[0] - w.value[4]
        for j in range(w.cf.shape[1]):
            w.ci[BEST, j] = w.ci[STATUS, j] == IN
        return True
    _list(w)
    return w.number[3] == 0


@part
def _list(w):  # type: ignore[no-untyped-def]
    """List the free columns that cover something, and the optional rows that are open."""
    size = 0
    for j in range(w.cf.shape[1]):
        if w.ci[STATUS, j] != FREE:
            continue
        for p in range(w.start[j], w.start[j + 1]):
            if w.ri[COUNT, w.row[p]] == 0:
                w.ci[LISTED, size] = j
                size += 1
                break
    w.number[3] = size
    for g in range(w.gi.shape[1]):
        w.gi[BEGIN, g] = 0
    for i in range(w.rf.shape[1]):
        if not w.ri[NEEDED, i] and w.ri[COUNT, i] == 0:
            w.gi[BEGIN, w.ri[GROUP, i] + 1] += 1
    for g in range(w.gf.shape[1]):
        w.gi[BEGIN, g + 1] += w.gi[BEGIN, g]
    for g in range(w.gf.shape[1]):
        w.gi[AT, g] = w.gi[BEGIN, g]
    for i in range(w.rf.shape[1]):
        if not w.ri[NEEDED, i] and w.ri[COUNT, i] == 0:
            w.ri[OPTIONAL, w.gi[AT, w.ri[GROUP, i]]] = i
            w.gi[AT, w.ri[GROUP, i]] += 1


@part
def lagrangian(w):  # type: ignore[no-untyped-def]
    """The bound of the node at prices u, with reduced costs and subgradient of what is free."""
    value = w.value[1]
    for i in range(w.rf.shape[1]):
        value += w.rf[U, i]
        w.rf[GRAD, i] = 1.0 if w.ri[COUNT, i] == 0 else 0.0
    for g in range(w.gf.shape[1]):
        first, last = w.gi[BEGIN, g], w.gi[BEGIN, g + 1]
        if first < last:
            value -= knapsack(first, last, w.ri[OPTIONAL], w.rf[U], w.rf[WEIGHT], w.gf[SLACK, g], w.rf[Z])
            for p in range(first, last):
                w.rf[GRAD, w.ri[OPTIONAL, p]] -= w.rf[Z, w.ri[OPTIONAL, p]]
    for k in range(w.number[3]):
        j = w.ci[LISTED, k]
        left = w.cf[COST, j]
        for p in range(w.start[j], w.start[j + 1]):
            left -= w.rf[U, w.row[p]]
        w.cf[RED, j] = left
        if left < 0.0:
            value += left
            for p in range(w.start[j], w.start[j + 1]):
                if w.ri[COUNT, w.row[p]] == 0:
                    w.rf[GRAD, w.row[p]] -= 1.0
    for k in range(w.number[3]):
        j = w.ci[LISTED, k]
        w.cf[OPENED_AT, j] = max(w.cf[OPENED_AT, j], value + max(0.0, w.cf[RED, j]))
        w.cf[CLOSED_AT, j] = max(w.cf[CLOSED_AT, j], value - min(0.0, w.cf[RED, j]))
    return value


@part
def climb(w, bound, factor):  # type: ignore[no-untyped-def]
    """A chunk of volume iterations, begun while there is no bound; returns the best one and the step."""
    failures = 0
    for _ in range(CHUNK):
        first = bound == -np.inf
        norm = 0.0
        for i in range(w.rf.shape[1]):
            if w.rf[PRICE, i] > 0.0 or w.rf[AVERAGE, i] > 0.0:
                norm += w.rf[AVERAGE, i] * w.rf[AVERAGE, i]
        if not first and norm <= 1e-14:
            return bound, factor
        length = 0.0
        if not first:
            target = w.value[3] + max(w.value[4], 0.01 * w.value[3])
            length = factor * max(target - bound, 1e-3 * target) / norm
        for i in range(w.rf.shape[1]):
            moved = w.rf[PRICE, i] + length * w.rf[AVERAGE, i] if not first else w.rf[PRICE, i]
            w.rf[U, i] = max(0.0, moved) if w.ri[COUNT, i] == 0 else 0.0
        value = lagrangian(w)
        share = 1.0 if first else 0.2
        for i in range(w.rf.shape[1]):
            w.rf[AVERAGE, i] += share * (w.rf[GRAD, i] - w.rf[AVERAGE, i])
        for k in range(w.number[3]):
            j = w.ci[LISTED, k]
            w.cf[Y, j] += share * ((1.0 if w.cf[RED, j] < 0.0 else 0.0) - w.cf[Y, j])
        if value > bound:
            bound = value
            for i in range(w.rf.shape[1]):
                w.rf[PRICE, i] = w.rf[U, i]
            factor = min(2.0, factor * 1.1)
        else:
            failures += 1
            if failures >= 3:
                factor = max(1e-3, 0.66 * factor)
                failures = 0
        if bound > w.value[3]:
            return bound, factor
    return bound, factor


@part
def by_bounds(w):  # type: ignore[no-untyped-def]
    """Decide columns that every plan of interest below this node chooses, or none does."""
    fixed = 0
    for k in range(w.number[3]):
        j = w.ci[LISTED, k]
        if w.cf[OPENED_AT, j] > w.value[3]:
            leave_out(w, np.int64(j))
            fixed += 1
        elif w.cf[CLOSED_AT, j] > w.value[3]:
            choose(w, np.int64(j))
            fixed += 1
    return fixed


@inner
def bound_node(w):  # type: ignore[no-untyped-def]
    """Bound a node and fix columns; infinite when it holds no plan of interest that is not kept."""
    bound, factor = w.value[2], 0.5
    own = -np.inf
    if propagate(w):
        return np.inf
    for k in range(w.number[3]):
        w.cf[OPENED_AT, w.ci[LISTED, k]] = -np.inf
        w.cf[CLOSED_AT, w.ci[LISTED, k]] = -np.inf
    for _ in range(CHUNKS):
        before = own
        own, factor = climb(w, own, factor)
        bound = max(bound, own)
        if bound > w.value[3]:
            return np.inf
        gained = own - before > PROGRESS * (w.value[3] - own)
        if by_bounds(w) > 0:
            if propagate(w):
                return np.inf
            own = -np.inf
            continue
        if not gained:
            break
    return bound


@part
def branching(w):  # type: ignore[no-untyped-def]
    """The free column that the averaged plan is least decided about."""
    best, rank = w.ci[LISTED, 0], -np.inf
    for k in range(w.number[3]):
        j = w.ci[LISTED, k]
        mine = -abs(w.cf[Y, j] - 0.5) - 1e-3 * abs(w.cf[RED, j]) / w.cf[COST, j]
        if mine > rank:
            best, rank = j, mine
    return best


@kernel
def explore(w, nodes):  # type: ignore[no-untyped-def]
    """Work through at most ``nodes`` nodes; whether the tree is done."""
    for _ in range(nodes):
        if w.number[4] == 0:
            return True
        w.number[2] += 1
        bound = bound_node(w)
        if bound < np.inf:
            j, top = branching(w), w.number[1]
            w.fi[0, top] = w.number[0]
            w.fi[1, top] = j
            w.ff[top, -1] = bound
            for i in range(w.rf.shape[1]):
                w.ff[top, i] = w.rf[PRICE, i]
            w.number[1] += 1
            w.value[2] = bound
            choose(w, np.int64(j))
            continue
        while True:
            if w.number[1] == 0:
                w.number[4] = 0
                return True
            w.number[1] -= 1
            top = w.number[1]
            undo(w, w.fi[0, top])
            if w.ff[top, -1] <= w.value[3]:
                break
        for i in range(w.rf.shape[1]):
            w.rf[PRICE, i] = w.ff[top, i]
        w.value[2] = w.ff[top, -1]
        leave_out(w, w.fi[1, top])
    return w.number[4] == 0
