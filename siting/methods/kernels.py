"""Loops of the decomposition, compiled by numba; arrays only, see :mod:`siting.methods.form`."""

from __future__ import annotations

import numba
import numpy as np

ROOM = 1e-9
"""Relative room for sums of costs in doubles when a limit is compared."""


@numba.njit(cache=True, nogil=True)
def evaluate(indptr, col, saving, lam, rho):  # type: ignore[no-untyped-def]
    """rho_j = sum_i max(0, s_ij - lambda_i); rows are sorted, so each scan stops early."""
    rho[:] = 0.0
    for i in range(len(indptr) - 1):
        price = lam[i]
        for p in range(indptr[i], indptr[i + 1]):
            over = saving[p] - price
            if over <= 0.0:
                break
            rho[col[p]] += over


@numba.njit(cache=True, nogil=True)
def subgradient(indptr, col, saving, lam, y, grad):  # type: ignore[no-untyped-def]
    """grad_i = 1 - sum of y over the pairs that save more than lambda_i."""
    for i in range(len(indptr) - 1):
        price = lam[i]
        total = 1.0
        for p in range(indptr[i], indptr[i + 1]):
            if saving[p] <= price:
                break
            total -= y[col[p]]
        grad[i] = total


@numba.njit(cache=True, nogil=True)
def descent(average, lam, top, direction):  # type: ignore[no-untyped-def]
    """Averaged subgradient without the components that leave [0, top]; its squared length.

    These vector loops are compiled, not left to BLAS: its sums depend on the number of threads.
    """
    norm = 0.0
    for i in range(len(lam)):
        d = average[i]
        if (lam[i] <= 0.0 and d > 0.0) or (lam[i] >= top[i] and d < 0.0):
            d = 0.0
        direction[i] = d
        norm += d * d
    return norm


@numba.njit(cache=True, nogil=True)
def advance(lam, direction, length, top):  # type: ignore[no-untyped-def]
    """The next point: a step against the direction, kept in [0, top]."""
    result = np.empty(len(lam))
    for i in range(len(lam)):
        result[i] = min(top[i], max(0.0, lam[i] - length * direction[i]))
    return result


@numba.njit(cache=True, nogil=True)
def average_in(grad, average, direction, most):  # type: ignore[no-untyped-def]
    """Mix a subgradient into the average with the weight that makes the average shortest.

    Returns:
        The weight, at most ``most`` and at least a tenth of it, and subgradient x direction.
    """
    square, cross, aligned = 0.0, 0.0, 0.0
    for i in range(len(grad)):
        difference = grad[i] - average[i]
        square += difference * difference
        cross += difference * average[i]
        aligned += grad[i] * direction[i]
    best = -cross / square if square > 0.0 else 1.0
    weight = min(most, max(most / 10.0, best))
    for i in range(len(grad)):
        average[i] += weight * (grad[i] - average[i])
    return weight, aligned


@numba.njit(cache=True, nogil=True)
def note_bounds(rho, use, pi, bound, closed_at, opened_at):  # type: ignore[no-untyped-def]
    """Keep, per column, the best bound on plans with the column closed, and opened."""
    for j in range(len(rho)):
        reduced = rho[j]
        for k in range(len(pi)):
            reduced -= use[k, j] * pi[k]
        closed_at[j] = min(closed_at[j], bound - max(0.0, reduced))
        opened_at[j] = min(opened_at[j], bound + min(0.0, reduced))


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
def _smooth(rho, use, room, pi, tau):  # type: ignore[no-untyped-def]
    """room.pi + sum_j h(d_j), h the hinge rounded over |d| < tau."""
    total = 0.0
    for k in range(len(pi)):
        total += room[k] * pi[k]
    for j in range(len(rho)):
        d = rho[j]
        for k in range(len(pi)):
            d -= use[k, j] * pi[k]
        if d >= tau:
            total += d
        elif d > -tau:
            total += (d + tau) * (d + tau) / (4.0 * tau)
    return total


@numba.njit(cache=True, nogil=True)
def price(rho, use, room, scale, pi, tau, steps, y):  # type: ignore[no-untyped-def]
    """Prices pi >= 0 of the limits by a smoothed projected Newton method.

    Minimizes room.pi + sum_j max(0, rho_j - use_j.pi) approximately; any pi >= 0 gives a valid
    bound, so only its quality depends on how far this gets. Changes ``pi`` and ``y`` in place.

    Returns:
        The true (unsmoothed) value, and the tau for the next call.
    """
    limits, count = use.shape
    gradient = np.empty(limits)
    hessian = np.empty((limits, limits))
    active = np.empty(limits, np.bool_)
    trial = np.empty(limits)
    band = 0
    for _ in range(steps):
        band = 0
        for k in range(limits):
            gradient[k] = room[k]
            for c in range(limits):
                hessian[k, c] = 0.0
            hessian[k, k] = 0.1 * scale[k] * scale[k]
        for j in range(count):
            d = rho[j]
            for k in range(limits):
                d -= use[k, j] * pi[k]
            share = min(1.0, max(0.0, (d + tau) / (2.0 * tau)))
            y[j] = share
            if share == 0.0:
                continue
            inside = 0.0 < share < 1.0
            band += inside
            for k in range(limits):
                a = use[k, j]
                if a != 0.0:
                    gradient[k] -= a * share
                    if inside:
                        for c in range(limits):
                            hessian[k, c] += a * use[c, j]
        worst = 0.0
        for k in range(limits):
            active[k] = not (pi[k] <= 0.0 and gradient[k] >= 0.0)
            if active[k]:
                worst = max(worst, abs(gradient[k]) / scale[k])
        if worst < 0.3:
            break
        for k in range(limits):
            for c in range(limits):
                hessian[k, c] /= 2.0 * tau
        _solve_small(hessian, gradient, active)
        here = _smooth(rho, use, room, pi, tau)
        length = 1.0
        for _ in range(12):
            for k in range(limits):
                trial[k] = max(0.0, pi[k] - length * gradient[k])
            if _smooth(rho, use, room, trial, tau) < here:
                for k in range(limits):  # assigning a slice would compile error texts: 4 seconds
                    pi[k] = trial[k]
                break
            length *= 0.3
    value = 0.0
    for k in range(limits):
        value += room[k] * pi[k]
    for j in range(count):
        d = rho[j]
        for k in range(limits):
            d -= use[k, j] * pi[k]
        value += max(0.0, d)
    # Enough options in the band make the prices move smoothly, too many blur them.
    tau *= 0.9 if band > limits + 12 else 1.1
    return value, tau


@numba.njit(cache=True, nogil=True)
def greedy(indptr, col, saving, col_start, col_pair, row, use, room, weight, is_open, used, current):  # type: ignore[no-untyped-def]
    """Open columns by gain per weighted use of the limits while any fits; eager gain updates.

    ``is_open``, ``used`` (K,) and ``current`` (n, best saving so far) are changed in place.
    """
    count = len(is_open)
    gain = np.zeros(count)
    burden = np.empty(count)
    for j in range(count):
        burden[j] = 1e-12
        for k in range(len(room)):
            burden[j] += weight[k] * max(0.0, use[k, j])
        for q in range(col_start[j], col_start[j + 1]):
            p = col_pair[q]
            gain[j] += max(0.0, saving[p] - current[row[p]])
    while True:
        best, best_score = -1, 0.0
        for j in range(count):
            if is_open[j] or gain[j] <= 0.0:
                continue
            score = gain[j] / burden[j]
            if score > best_score:
                fits = True
                for k in range(len(room)):
                    if use[k, j] > 0.0 and used[k] + use[k, j] > room[k] + ROOM * abs(room[k]):
                        fits = False
                if fits:
                    best, best_score = j, score
        if best < 0:
            return
        is_open[best] = True
        for k in range(len(room)):
            used[k] += use[k, best]
        for q in range(col_start[best], col_start[best + 1]):
            p = col_pair[q]
            i = row[p]
            before, after = current[i], saving[p]
            if after <= before:
                continue
            current[i] = after
            for r in range(indptr[i], indptr[i + 1]):
                if saving[r] <= before:
                    break
                gain[col[r]] -= min(saving[r], after) - before


@numba.njit(cache=True, nogil=True)
def top_two(indptr, col, saving, is_open, i):  # type: ignore[no-untyped-def]
    """Best and second-best open pair of row i: (column or -1, saving, second saving)."""
    who, best = -1, 0.0
    for p in range(indptr[i], indptr[i + 1]):
        if is_open[col[p]]:
            if who >= 0:
                return who, best, saving[p]
            who, best = col[p], saving[p]
    return who, best, 0.0


@numba.njit(cache=True, nogil=True)
def all_top_two(indptr, col, saving, is_open, who, best, second, loss):  # type: ignore[no-untyped-def]
    """Fill who, best, second (n,) and loss (m,): what closing an open column would lose."""
    loss[:] = 0.0
    for i in range(len(indptr) - 1):
        who[i], best[i], second[i] = top_two(indptr, col, saving, is_open, i)
        if who[i] >= 0:
            loss[who[i]] += best[i] - second[i]


@numba.njit(cache=True, nogil=True)
def _refresh(indptr, col, saving, is_open, row, col_start, col_pair, j, who, best, second, loss):  # type: ignore[no-untyped-def]
    """Recompute the rows of column j after it was opened or closed."""
    for q in range(col_start[j], col_start[j + 1]):
        i = row[col_pair[q]]
        if who[i] >= 0:
            loss[who[i]] -= best[i] - second[i]
        who[i], best[i], second[i] = top_two(indptr, col, saving, is_open, i)
        if who[i] >= 0:
            loss[who[i]] += best[i] - second[i]


@numba.njit(cache=True, nogil=True)
def _swap_fits(use, room, used, a, b):  # type: ignore[no-untyped-def]
    """Whether opening a and closing b (-1: none) keeps every limit."""
    for k in range(len(room)):
        after = used[k] + use[k, a] - (use[k, b] if b >= 0 else 0.0)
        if after > room[k] + ROOM * abs(room[k]):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def interchange(  # type: ignore[no-untyped-def]
    indptr, col, saving, row, col_start, col_pair, use, room, order,
    is_open, used, who, best, second, loss, least,
):  # fmt: skip
    """One pass of swaps over all closed columns, each by its best partner (Whitaker 1983).

    With best and second-best saving per row, a swap (open a, close b) changes the objective by
    gain(a) - loss(b) + extra(a, b), extra only where both touch a row (Resende & Werneck 2007).

    Returns:
        The improvement made; ``is_open``, ``used`` and the row states are changed in place.
    """
    improved = 0.0
    extra = np.zeros(len(is_open))
    touched = np.empty(len(is_open), np.int64)
    open_cols = np.empty(len(is_open), np.int64)
    opens = 0
    for j in range(len(is_open)):
        if is_open[j]:
            open_cols[opens] = j
            opens += 1
    for a in order:
        if is_open[a]:
            continue
        gain, count = 0.0, 0
        for q in range(col_start[a], col_start[a + 1]):
            p = col_pair[q]
            i, s = row[p], saving[p]
            # Ties of the two best add nothing, and would be counted as touched again and again.
            shared = min(s, best[i]) - second[i]
            if shared > 0.0 and who[i] >= 0:
                b = who[i]
                if extra[b] == 0.0:
                    touched[count] = b
                    count += 1
                extra[b] += shared
            if s > best[i]:
                gain += s - best[i]
        partner, delta = -1, least
        if gain > least and _swap_fits(use, room, used, a, -1):
            delta = gain
        else:
            for t in range(count):
                b = touched[t]
                change = gain - loss[b] + extra[b]
                if change > delta and _swap_fits(use, room, used, a, b):
                    partner, delta = b, change
            if gain > delta:
                for t in range(opens):
                    b = open_cols[t]
                    change = gain - loss[b]
                    if change > delta and _swap_fits(use, room, used, a, b):
                        partner, delta = b, change
        for t in range(count):
            extra[touched[t]] = 0.0
        if delta <= least:
            continue
        improved += delta
        if partner >= 0:
            is_open[partner] = False
            for t in range(opens):
                if open_cols[t] == partner:
                    open_cols[t] = a
                    break
        else:
            open_cols[opens] = a
            opens += 1
        is_open[a] = True
        for k in range(len(room)):
            used[k] += use[k, a] - (use[k, partner] if partner >= 0 else 0.0)
        if partner >= 0:
            _refresh(indptr, col, saving, is_open, row, col_start, col_pair, partner, who, best, second, loss)
        _refresh(indptr, col, saving, is_open, row, col_start, col_pair, a, who, best, second, loss)
    return improved
