"""The Lagrangian bound by the volume algorithm, with prices for limits and multipliers for floors.

"Each need is served once" is dualized with lambda_i in [0, max_j s_ij], the limits with pi >= 0,
the floors with mu >= 0, which stays as it is chosen. With s = objective part + mu . floor parts,

    L(lambda, pi, mu) = sum_i lambda_i + room.pi - floor.mu + sum_j max(0, rho_j - use_j.pi),
    rho_j = sum_i max(0, s_ij - lambda_i).

Any such point bounds every plan, so the bound never depends on how well this converges.

Barahona, F. and Anbil, R. (2000). The volume algorithm: producing primal solutions with a
subgradient method. Mathematical Programming 87: 385-399.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats, Longs
from siting.methods import kernels
from siting.methods.form import Form
from siting.methods.run import Run

FLOOR_WORTH = 50.0
"""A floor is scarce: its unit is worth this many times what savings cost on average.

Moving mu along with lambda was tried: both then converge more slowly than lambda alone.
"""


@dataclass(eq=False)
class Dual:
    """State of the volume algorithm on one form.

    Attributes:
        lam: (n,) best multipliers.
        mu: (G,) multipliers of the floors.
        pi: (K,) prices of the limits, carried from point to point.
        best_pi: (K,) prices at the best point.
        tau: width of the smoothing of the price search.
        bound: best bound on what the form saves in the objective.
        y: (m,) averaged, fractional plan.
        rho: (m,) rho at the best point.
        closed_at, opened_at: (m,) best bound seen over plans with the column closed, opened.
    """

    lam: Floats
    mu: Floats
    pi: Floats
    best_pi: Floats
    tau: float
    bound: float
    y: Floats
    rho: Floats
    closed_at: Floats
    opened_at: Floats


def begin(form: Form, best: Floats, second: Floats) -> Dual:
    """Start between a good plan's best and second-best savings, where the optimum is near.

    Args:
        form: the form.
        best, second: (1+G, n) the plan's best and second-best savings per part.
    """
    gained = best.sum(axis=1)
    mu = FLOOR_WORTH * gained[0] / np.maximum(gained[1:], 1e-9)
    count, infinite = form.columns, np.full(form.columns, np.inf)
    return Dual(
        _weighted(second + 0.5 * (best - second), mu), mu,
        np.zeros(len(form.room)), np.zeros(len(form.room)), 0.0, np.inf,
        np.zeros(count), np.zeros(count), infinite, infinite.copy(),
    )  # fmt: skip


def shrunk(dual: Dual, columns: Longs, rows: Longs, base: Floats) -> Dual:
    """The dual carried to a shrunken form.

    Args:
        dual: of the form before.
        columns, rows: what was kept, in the numbering before.
        base: (1+G, n before) savings per part that moved from every row into the constant.
    """
    lam = np.maximum(0.0, dual.lam - _weighted(base, dual.mu))[rows]
    return Dual(
        lam, dual.mu, dual.best_pi.copy(), dual.best_pi.copy(), dual.tau, np.inf, dual.y[columns],
        dual.rho[columns], dual.closed_at[columns], dual.opened_at[columns],
    )  # fmt: skip


def _weighted(parts: Floats, mu: Floats) -> Floats:
    """(x,) objective part plus multiplied floor parts (1+G, x)."""
    total: Floats = parts[0].copy()
    for weight, part in zip(mu, parts[1:], strict=True):
        total += weight * part
    return total


class Volume:
    """Runs iterations on one form, improving a :class:`Dual` in place."""

    def __init__(self, form: Form, dual: Dual) -> None:
        self._form = form
        self._dual = dual
        self._saving = _weighted(form.parts, dual.mu)
        self._top = self._saving[form.indptr[:-1]]
        norms = np.sqrt((form.use**2).sum(axis=1) / np.maximum(1, (form.use != 0).sum(axis=1)))
        self._scale = np.where(norms > 0, norms, 1.0)
        self._factor = 0.1
        self._alpha = 0.1
        self._failures = 0
        self._average: Floats | None = None
        self._rho = np.empty(form.columns)
        self._y = np.empty(form.columns)
        self._grad = np.empty(form.rows)
        self._direction = np.empty(form.rows)

    def _evaluate(self, lam: Floats) -> float:
        """L at lam; leaves rho, y and the subgradient behind."""
        form, dual = self._form, self._dual
        kernels.evaluate(form.indptr, form.col, self._saving, lam, self._rho)
        if dual.tau == 0.0:
            self._cool()
        value, dual.tau = kernels.price(
            self._rho, form.use, form.room, self._scale, dual.pi, dual.tau, 3, self._y
        )
        kernels.subgradient(form.indptr, form.col, self._saving, lam, self._y, self._grad)
        bound = float(lam.sum() + value - (dual.mu * form.floor).sum())
        kernels.note_bounds(self._rho, form.use, dual.pi, bound, dual.closed_at, dual.opened_at)
        return bound

    def _cool(self) -> None:
        """First prices: narrow the smoothing from the largest rho to a band of few columns."""
        form, dual = self._form, self._dual
        dual.tau = max(1e-9, float(self._rho.max(initial=0.0)))
        for _ in range(40):
            kernels.price(self._rho, form.use, form.room, self._scale, dual.pi, dual.tau, 3, self._y)
            dual.tau *= 0.6
            band = np.abs(self._rho - (dual.pi[:, None] * form.use).sum(axis=0)) < dual.tau
            if band.sum() <= len(form.room) + 12:
                return

    def iterate(self, count: int, target: float, run: Run) -> None:
        """Run iterations towards ``target``, what the best plan known saves."""
        dual = self._dual
        if self._average is None:
            lam = np.minimum(dual.lam, self._top)
            self._take(self._evaluate(lam), lam)
            self._average = self._grad.copy()
            dual.y[:] = self._y
        for _ in range(count):
            if run.over:
                return
            norm = kernels.descent(self._average, dual.lam, self._top, self._direction)
            distance = dual.bound - target
            if norm <= 1e-18 or distance <= 1e-12 * abs(target):
                return
            length = self._factor * max(distance, 1e-9 * abs(target)) / norm
            lam = kernels.advance(dual.lam, self._direction, length, self._top)
            self._adapt(self._evaluate(lam), lam)

    def _adapt(self, bound: float, lam: Floats) -> None:
        """Lengthen steps that succeed, shorten them after ten that fail; average the gradient."""
        dual = self._dual
        weight, aligned = kernels.average_in(self._grad, self._average, self._direction, self._alpha)
        dual.y += weight * (self._y - dual.y)
        if bound < dual.bound:
            if aligned > 0.0:
                self._factor = min(2.0, self._factor * 1.1)
            self._take(bound, lam)
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= 10:
            self._factor = max(1e-4, self._factor * 0.66)
            self._failures = 0

    def _take(self, bound: float, lam: Floats) -> None:
        dual = self._dual
        if bound < dual.bound:
            dual.bound = bound
            dual.lam = lam
            dual.best_pi = dual.pi.copy()
            dual.rho = self._rho.copy()

    def halve_alpha(self) -> None:
        """Average more slowly, once progress is slow."""
        self._alpha = max(1e-3, self._alpha / 2.0)
