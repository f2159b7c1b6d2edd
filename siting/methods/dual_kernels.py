"""Loops of the Lagrangian bound, compiled by numba; arrays only, see :mod:`siting.methods.form`."""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel, part
from siting.methods.tie_kernels import evaluate_tied, solve_arrow, tie_scales

STEPS = 3
"""Newton steps of the prices per point."""


@kernel
def evaluate(indptr, col, saving, outlay, lam, rho):  # type: ignore[no-untyped-def]
    """rho_j = sum_i max(0, s_ij - lambda_i) - f_j; rows are sorted, so each scan stops early."""
    for j in range(len(rho)):
        rho[j] = -outlay[j]
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
def note_bounds(rho, use, pi, tie_ptr, tie_row, tie_val, tie, bound, closed_at, opened_at):  # type: ignore[no-untyped-def]
    """Keep, per column, the best bound on plans with the column closed, and opened."""
    for j in range(len(rho)):
        reduced = rho[j]
        for k in range(len(pi)):
            reduced -= use[k, j] * pi[k]
        for e in range(tie_ptr[j], tie_ptr[j + 1]):
            reduced -= tie_val[e] * tie[tie_row[e]]
        closed_at[j] = min(closed_at[j], bound - max(0.0, reduced))
        opened_at[j] = min(opened_at[j], bound + min(0.0, reduced))


@inner
def _smooth(rho, use, room, pi, tie_ptr, tie_row, tie_val, tie_room, tie, tau):  # type: ignore[no-untyped-def]
    """room.pi + sum_j h(d_j), h the hinge rounded over |d| < tau."""
    total = 0.0
    for k in range(len(pi)):
        total += room[k] * pi[k]
    for k in range(len(tie)):
        total += tie_room[k] * tie[k]
    tied = len(tie) > 0
    for j in range(len(rho)):
        d = rho[j]
        for k in range(len(pi)):
            d -= use[k, j] * pi[k]
        if tied:
            for e in range(tie_ptr[j], tie_ptr[j + 1]):
                d -= tie_val[e] * tie[tie_row[e]]
        if d >= tau:
            total += d
        elif d > -tau:
            total += (d + tau) * (d + tau) / (4.0 * tau)
    return total


@kernel
def price(rho, use, room, scale, pi, tie_ptr, tie_row, tie_val, tie_room, tie, tau, y):  # type: ignore[no-untyped-def]
    """Prices pi >= 0 of the limits, tie >= 0 of the group rows, by a smoothed projected Newton method.

    Minimizes room.pi + tie_room.tie + sum_j max(0, rho_j - use_j.pi - val_j.tie) approximately; any
    prices >= 0 give a valid bound, so only its quality depends on how far this gets. The Hessian of
    the group rows is kept to its diagonal, enlarged by what lies beside it. Changes ``pi``, ``tie``
    and ``y`` in place.

    Returns:
        The true (unsmoothed) value, and the tau for the next call.
    """
    limits, count = use.shape
    groups = len(tie)
    gradient, slope = np.empty(limits), np.empty(groups)
    hessian, cross, curve = np.empty((limits, limits)), np.empty((limits, groups)), np.empty(groups)
    active, bound = np.empty(limits, np.bool_), np.empty(groups, np.bool_)
    trial, trial_tie = np.empty(limits), np.empty(groups)
    spread = tie_scales(tie_row, tie_val, groups)
    band, goal = 0, limits + 12
    for _ in range(STEPS):
        band = 0
        for k in range(limits):
            gradient[k] = room[k]
            for c in range(limits):
                hessian[k, c] = 0.0
            hessian[k, k] = 0.1 * scale[k] * scale[k]
            for c in range(groups):
                cross[k, c] = 0.0
        for c in range(groups):
            slope[c] = tie_room[c]
            curve[c] = 0.1 * spread[c] * spread[c]
        for j in range(count):
            d = rho[j]
            for k in range(limits):
                d -= use[k, j] * pi[k]
            weight = 0.0
            if groups:
                for e in range(tie_ptr[j], tie_ptr[j + 1]):
                    d -= tie_val[e] * tie[tie_row[e]]
                    weight += abs(tie_val[e])
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
            if groups:
                for e in range(tie_ptr[j], tie_ptr[j + 1]):
                    a, c = tie_val[e], tie_row[e]
                    slope[c] -= a * share
                    if inside:
                        curve[c] += abs(a) * weight
                        for k in range(limits):
                            cross[k, c] += a * use[k, j]
        worst = 0.0
        for k in range(limits):
            active[k] = not (pi[k] <= 0.0 and gradient[k] >= 0.0)
            if active[k]:
                worst = max(worst, abs(gradient[k]) / scale[k])
        goal = limits + 12
        for c in range(groups):
            bound[c] = not (tie[c] <= 0.0 and slope[c] >= 0.0)
            if bound[c]:
                goal += 1
                worst = max(worst, abs(slope[c]) / spread[c])
        if worst < 0.3:
            break
        solve_arrow(hessian, cross, curve, gradient, slope, active, bound, 2.0 * tau)
        here = _smooth(rho, use, room, pi, tie_ptr, tie_row, tie_val, tie_room, tie, tau)
        length = 1.0
        for _ in range(12):
            for k in range(limits):
                trial[k] = max(0.0, pi[k] - length * gradient[k])
            for c in range(groups):
                # Beyond the band the model knows nothing.
                most = 4.0 * tau / spread[c]
                trial_tie[c] = max(0.0, tie[c] - length * min(most, max(-most, slope[c])))
            if _smooth(rho, use, room, trial, tie_ptr, tie_row, tie_val, tie_room, trial_tie, tau) < here:
                for k in range(limits):  # assigning a slice would compile error texts: 4 seconds
                    pi[k] = trial[k]
                for c in range(groups):
                    tie[c] = trial_tie[c]
                break
            length *= 0.3
    value = _smooth(rho, use, room, pi, tie_ptr, tie_row, tie_val, tie_room, tie, 0.0)
    # Enough options in the band make the prices move smoothly, too many blur them.
    if band > goal:
        tau *= 0.9
    elif band < count:
        tau *= 1.1
    return value, tau


TAU, FACTOR, ALPHA, FAILURES, BOUND = range(5)
"""Places in the state of :func:`iterate`: smoothing of the prices, step, averaging, failed steps
since the step was last changed, and the best bound."""


@part
def look(  # type: ignore[no-untyped-def]
    indptr, col, saving, outlay, use, room, scale, tied, less, lam, pi, tie, state, rho, y, grad, level,
    closed_at, opened_at,
):  # fmt: skip
    """L at ``lam``, kept floors (``less``) subtracted; leaves rho, y and the subgradient behind.

    Floors of groups are rows of the price search: while lambda keeps its place between two savings
    of its row, everything is linear in their multipliers.
    """
    tie_ptr, tie_row, tie_val, tie_room, parts, family, slot, floor, built = tied
    bound = -less
    first = len(tie) - len(floor)
    if len(floor):
        evaluate_tied(
            indptr, col, saving, outlay, parts, family, slot, floor, lam, tie_row, tie_val, tie_room, rho,
            level,
        )  # fmt: skip
        for j in range(len(rho)):  # as if the multipliers were zero
            for e in range(tie_ptr[j], tie_ptr[j + 1]):
                if tie_row[e] >= first:
                    rho[j] += tie_val[e] * built[tie_row[e] - first]
        for g in range(len(floor)):
            bound -= (tie_room[first + g] + floor[g]) * built[g]
    else:
        evaluate(indptr, col, saving, outlay, lam, rho)
    value, state[TAU] = price(
        rho, use, room, scale, pi, tie_ptr, tie_row, tie_val, tie_room, tie, state[TAU], y
    )
    subgradient(indptr, col, saving, lam, y, grad)
    bound += value
    for i in range(len(lam)):
        bound += lam[i]
    note_bounds(rho, use, pi, tie_ptr, tie_row, tie_val, tie, bound, closed_at, opened_at)
    if len(floor):
        for j in range(len(rho)):  # as the multipliers are now
            for e in range(tie_ptr[j], tie_ptr[j + 1]):
                if tie_row[e] >= first:
                    rho[j] -= tie_val[e] * tie[tie_row[e]]
    return bound


@part
def _rebuild(col, indptr, saving, top, tied, tie, lam, level):  # type: ignore[no-untyped-def]
    """Make the savings anew at other multipliers of the floors; lambda keeps its place in its row."""
    _, _, _, _, parts, family, _, floor, built = tied
    first = len(tie) - len(floor)
    for f in range(len(family)):
        for i in range(len(lam)):
            g = family[f, i]
            if g < 0 or tie[first + g] == built[g]:
                continue
            more = tie[first + g] - built[g]
            lam[i] += more * level[f, i]
            for p in range(indptr[i], indptr[i + 1]):
                saving[p] += more * parts[f, p]
    for i in range(len(lam)):
        if indptr[i] < indptr[i + 1]:
            top[i] = saving[indptr[i]]
            lam[i] = min(top[i], max(0.0, lam[i]))
    for g in range(len(floor)):
        built[g] = tie[first + g]


@kernel
def iterate(  # type: ignore[no-untyped-def]
    indptr, col, saving, outlay, use, room, scale, tied, less, top, target, count, state,
    lam, pi, tie, average, mean_y, best_pi, best_tie, best_rho, closed_at, opened_at,
):  # fmt: skip
    """``count`` steps of the volume algorithm towards ``target``; everything is changed in place.

    While the bound is infinite, a step only looks at ``lam``: its subgradient is the first average.

    Args:
        tied: the group rows, see :class:`siting.methods.ties.Ties`.
        top: (n,) the most a multiplier can be.
        lam, best_pi, best_tie, best_rho: the best point, its prices and its rho.
        pi, tie: prices of the point last looked at, of limits (K,) and of group rows.
        average, mean_y: averaged subgradient (n,) and plan (m,).
    """
    point, direction, grad = np.empty(len(lam)), np.empty(len(lam)), np.empty(len(lam))
    rho, y, level = np.empty(len(mean_y)), np.empty(len(mean_y)), np.empty((len(tied[5]), len(lam)))
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
            indptr, col, saving, outlay, use, room, scale, tied, less, point, pi, tie, state, rho, y, grad,
            level, closed_at, opened_at,
        )  # fmt: skip
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
            for k in range(len(tie)):
                best_tie[k] = tie[k]
            for j in range(len(rho)):
                best_rho[j] = rho[j]
            if len(level):
                _rebuild(col, indptr, saving, top, tied, tie, lam, level)
            continue
        state[FAILURES] += 1.0
        if state[FAILURES] >= 10.0:  # the step is too long
            state[FACTOR] = max(1e-4, state[FACTOR] * 0.66)
            state[FAILURES] = 0.0
