"""Kernels of the Lagrangian dual of a cover.

Covering every row is dualized with prices u >= 0. With x and z in [0, 1],

    L(u) = sum_i u_i + sum_j min(0, c_j - sum of u over j's rows) - max {sum u_i z_i: w z <= slack},

the last being one fractional knapsack per group over the rows that may stay uncovered. Any u bounds
every plan, so a bound never depends on how well this converges.

Caprara, A., Fischetti, M. and Toth, P. (1999). A heuristic method for the set covering problem.
Operations Research 47: 730-743.
Barahona, F. and Anbil, R. (2000). The volume algorithm: producing primal solutions with a
subgradient method. Mathematical Programming 87: 385-399.
"""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel, part


@inner
def copy(source, target):  # type: ignore[no-untyped-def]
    """Overwrite one array by another; a slice assignment takes seconds to compile."""
    for i in range(len(source)):
        target[i] = source[i]


@inner
def knapsack(first, last, free, u, weight, slack, z):  # type: ignore[no-untyped-def]
    """Fill ``slack`` with the rows free[first:last] of highest u per weight; returns their u.

    ``free`` is reordered within the range; z (n,) gets the shares taken.
    """
    left, worth = slack, 0.0
    lo, hi = first, last
    for p in range(first, last):
        z[free[p]] = 0.0
    # Quickselect: whole halves are taken while they fit, so the work is linear.
    while lo < hi:
        a, b, c = free[lo], free[(lo + hi) // 2], free[hi - 1]
        ra, rb, rc = u[a] / weight[a], u[b] / weight[b], u[c] / weight[c]
        pivot = max(min(ra, rb), min(max(ra, rb), rc))
        above, at, used, gained = lo, lo, 0.0, 0.0
        for p in range(lo, hi):
            i = free[p]
            ratio = u[i] / weight[i]
            if ratio >= pivot:
                free[p] = free[at]
                free[at] = i
                if ratio > pivot:
                    free[at] = free[above]
                    free[above] = i
                    above += 1
                    used += weight[i]
                    gained += u[i]
                at += 1
        if used > left:
            hi = above
            continue
        for p in range(lo, above):
            z[free[p]] = 1.0
        left -= used
        worth += gained
        for p in range(above, at):
            i = free[p]
            share = min(1.0, left / weight[i])
            z[i] = share
            worth += share * u[i]
            left -= share * weight[i]
        if left <= 0.0 or pivot <= 0.0:
            break
        lo = at
    return worth


@part
def evaluate(start, row, cost, weight, slack, free_ptr, free, u, red, z, grad):  # type: ignore[no-untyped-def]
    """L at u; leaves reduced costs, z and the subgradient behind."""
    value = 0.0
    for i in range(len(u)):
        value += u[i]
        grad[i] = 1.0
    for g in range(len(slack)):
        if free_ptr[g] < free_ptr[g + 1]:
            value -= knapsack(free_ptr[g], free_ptr[g + 1], free, u, weight, slack[g], z)
            for p in range(free_ptr[g], free_ptr[g + 1]):
                grad[free[p]] -= z[free[p]]
    for j in range(len(cost)):
        left = cost[j]
        for p in range(start[j], start[j + 1]):
            left -= u[row[p]]
        red[j] = left
        if left < 0.0:
            value += left
            for p in range(start[j], start[j + 1]):
                grad[row[p]] -= 1.0
    return value


@part
def note_bounds(value, red, opened_at, closed_at):  # type: ignore[no-untyped-def]
    """Keep the best bound on plans with each column opened, and closed."""
    for j in range(len(red)):
        opened_at[j] = max(opened_at[j], value + max(0.0, red[j]))
        closed_at[j] = max(closed_at[j], value - min(0.0, red[j]))


@kernel
def ascend(  # type: ignore[no-untyped-def]
    start, row, cost, weight, slack, free_ptr, free, target, count, state,
    best, average, y, best_red, opened_at, closed_at,
):  # fmt: skip
    """Iterations of the volume algorithm towards ``target``, what the best plan costs.

    state: bound, step factor, failures in a row, most weight of a new subgradient, begun; updated
    in place like ``best`` (n,), the prices of the bound, the averaged subgradient (n,) and plan
    (m,), reduced costs at the bound (m,), and what :func:`note_bounds` keeps.
    """
    n, m = len(best), len(cost)
    u, red, z, grad = np.empty(n), np.empty(m), np.empty(n), np.empty(n)
    copy(best, u)
    for number in range(count):
        if state[4] > 0.0:
            norm = 0.0
            for i in range(n):
                if best[i] > 0.0 or average[i] > 0.0:
                    norm += average[i] * average[i]
            if norm <= 1e-14 or state[0] >= target:
                return number
            length = state[1] * max(1.05 * target - state[0], 1e-6 * target) / norm
            for i in range(n):
                u[i] = max(0.0, best[i] + length * average[i])
        value = evaluate(start, row, cost, weight, slack, free_ptr, free, u, red, z, grad)
        note_bounds(value, red, opened_at, closed_at)
        aligned = _average_in(grad, average, red, y, state)
        if value > state[0]:
            if aligned > 0.0 and state[4] > 0.0:
                state[1] = min(2.0, state[1] * 1.1)
            state[0] = value
            state[2] = 0.0
            copy(u, best)
            copy(red, best_red)
        else:
            state[2] += 1.0
            if state[2] >= 20.0:
                state[1] = max(1e-4, state[1] * 0.66)
                state[2] = 0.0
        state[4] = 1.0
    return count


@part
def _average_in(grad, average, red, y, state):  # type: ignore[no-untyped-def]
    """Average the new subgradient and plan in with the weight that makes the average shortest."""
    cross, own, old = 0.0, 0.0, 0.0
    for i in range(len(grad)):
        cross += grad[i] * average[i]
        own += grad[i] * grad[i]
        old += average[i] * average[i]
    spread = own - 2.0 * cross + old
    share = 1.0
    if state[4] > 0.0:
        share = (old - cross) / spread if spread > 0.0 else state[3]
        share = min(state[3], max(0.1 * state[3], share))
    for i in range(len(grad)):
        average[i] += share * (grad[i] - average[i])
    for j in range(len(red)):
        y[j] += share * ((1.0 if red[j] < 0.0 else 0.0) - y[j])
    return cross
