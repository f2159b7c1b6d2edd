"""Loops of the Lagrangian bound, compiled by numba; arrays only, see :mod:`siting.methods.form`."""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel, part

STEPS = 3
"""Newton steps of the prices per point."""


@kernel
def evaluate(indptr, col, saving, lam, rho):  # type: ignore[no-untyped-def]
    """rho_j = sum_i max(0, s_ij - lambda_i); rows are sorted, so each scan stops early."""
    for j in range(len(rho)):
        rho[j] = 0.0
    for i in range(len(indptr) - 1):
        price = lam[i]
        for p in range(indptr[i], indptr[i + 1]):
            over = saving[p] - price
            if over <= 0.0:
                break
            rho[col[p]] += over


@part
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


@part
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


@part
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


@part
def note_bounds(rho, use, pi, bound, closed_at, opened_at):  # type: ignore[no-untyped-def]
    """Keep, per column, the best bound on plans with the column closed, and opened."""
    for j in range(len(rho)):
        reduced = rho[j]
        for k in range(len(pi)):
            reduced -= use[k, j] * pi[k]
        closed_at[j] = min(closed_at[j], bound - max(0.0, reduced))
        opened_at[j] = min(opened_at[j], bound + min(0.0, reduced))


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


@kernel
def price(rho, use, room, scale, pi, tau, y):  # type: ignore[no-untyped-def]
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
    for _ in range(STEPS):
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
    value = _smooth(rho, use, room, pi, 0.0)
    # Enough options in the band make the prices move smoothly, too many blur them.
    if band > limits + 12:
        tau *= 0.9
    elif band < count:
        tau *= 1.1
    return value, tau


TAU, FACTOR, ALPHA, FAILURES, BOUND = range(5)
"""Places in the state of :func:`iterate`: smoothing of the prices, step, averaging, failed steps
since the step was last changed, and the best bound."""


@part
def look(  # type: ignore[no-untyped-def]
    indptr, col, saving, use, room, scale, less, lam, pi, state, rho, y, grad, closed_at, opened_at
):  # fmt: skip
    """L at ``lam``, floors (``less``) subtracted; leaves rho, y and the subgradient behind."""
    evaluate(indptr, col, saving, lam, rho)
    value, state[TAU] = price(rho, use, room, scale, pi, state[TAU], y)
    subgradient(indptr, col, saving, lam, y, grad)
    bound = value - less
    for i in range(len(lam)):
        bound += lam[i]
    note_bounds(rho, use, pi, bound, closed_at, opened_at)
    return bound


@kernel
def iterate(  # type: ignore[no-untyped-def]
    indptr, col, saving, use, room, scale, less, top, target, count, state,
    lam, pi, average, mean_y, best_pi, best_rho, closed_at, opened_at,
):  # fmt: skip
    """``count`` steps of the volume algorithm towards ``target``; everything is changed in place.

    While the bound is infinite, a step only looks at ``lam``: its subgradient is the first average.

    Args:
        top: (n,) the most a multiplier can be.
        lam, best_pi, best_rho: the best point, its prices and its rho.
        pi: (K,) prices of the point last looked at.
        average, mean_y: averaged subgradient (n,) and plan (m,).
    """
    point, direction, grad = np.empty(len(lam)), np.empty(len(lam)), np.empty(len(lam))
    rho, y = np.empty(len(mean_y)), np.empty(len(mean_y))
    for _ in range(count):
        begun, length = state[BOUND] < np.inf, 0.0
        norm = descent(average, lam, top, direction)
        if begun:
            distance = state[BOUND] - target
            if norm <= 1e-18 or distance <= 1e-12 * abs(target):
                return
            length = state[FACTOR] * max(distance, 1e-9 * abs(target)) / norm
        for i in range(len(lam)):
            point[i] = min(top[i], max(0.0, lam[i] - length * direction[i]))
        bound = look(
            indptr, col, saving, use, room, scale, less, point, pi, state, rho, y, grad, closed_at, opened_at
        )
        weight, aligned = 1.0, 0.0
        if begun:
            weight, aligned = average_in(grad, average, direction, state[ALPHA])
        else:
            for i in range(len(lam)):
                average[i] = grad[i]
        for j in range(len(mean_y)):
            mean_y[j] += weight * (y[j] - mean_y[j])
        if bound < state[BOUND]:
            if aligned > 0.0:
                state[FACTOR] = min(2.0, state[FACTOR] * 1.1)
            state[FAILURES] = 0.0
            state[BOUND] = bound
            for i in range(len(lam)):
                lam[i] = point[i]
            for k in range(len(pi)):
                best_pi[k] = pi[k]
            for j in range(len(rho)):
                best_rho[j] = rho[j]
            continue
        state[FAILURES] += 1.0
        if state[FAILURES] >= 10.0:  # the step is too long
            state[FACTOR] = max(1e-4, state[FACTOR] * 0.66)
            state[FAILURES] = 0.0
