"""The Lagrangian bound by the volume algorithm, with prices for the limits.

"Each need is served once" is dualized with lambda_i in [0, max_j s_ij], the limits with pi >= 0:

    L(lambda, pi) = sum_i lambda_i + room.pi + sum_j max(0, rho_j - use_j.pi),
    rho_j = sum_i max(0, s_ij - lambda_i).

Any such (lambda, pi) bounds every plan, so the bound never depends on how well this converges.

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


@dataclass(eq=False)
class Dual:
    """State of the volume algorithm on one form.

    Attributes:
        lam: (n,) best multipliers.
        pi: (K,) prices of the limits, carried from point to point.
        best_pi: (K,) prices at the best point.
        tau: width of the smoothing of the price search.
        bound: best bound on the savings (multiplied floors not subtracted).
        y: (m,) averaged, fractional plan.
        rho: (m,) rho at the best point.
        closed_at, opened_at: (m,) best bound seen over plans with the column closed, opened.
    """

    lam: Floats
    pi: Floats
    best_pi: Floats
    tau: float
    bound: float
    y: Floats
    rho: Floats
    closed_at: Floats
    opened_at: Floats


def begin(form: Form, best: Floats, second: Floats) -> Dual:
    """Start between best and second-best saving of a good plan, where the optimum is near."""
    count = form.columns
    infinite = np.full(count, np.inf)
    lam = second + 0.5 * (best - second)
    return Dual(
        lam, np.zeros(len(form.room)), np.zeros(len(form.room)), 0.0, np.inf,
        np.zeros(count), np.zeros(count), infinite, infinite.copy(),
    )  # fmt: skip


def _highest(form: Form) -> Floats:
    """(n,) largest saving of every row: the upper end of lambda."""
    return form.saving[form.indptr[:-1]] if form.rows else np.zeros(0)


class Volume:
    """Runs iterations on one form, improving a :class:`Dual` in place."""

    def __init__(self, form: Form, dual: Dual) -> None:
        self._form = form
        self._dual = dual
        self._top = _highest(form)
        norms = np.sqrt((form.use**2).sum(axis=1) / np.maximum(1, (form.use != 0).sum(axis=1)))
        self._scale = np.where(norms > 0, norms, 1.0)
        self._factor = 0.1
        self._alpha = 0.1
        self._failures = 0
        self._average: Floats | None = None
        self._rho = np.empty(form.columns)
        self._y = np.empty(form.columns)
        self._grad = np.empty(form.rows)

    def _evaluate(self, lam: Floats) -> float:
        """L at lam; leaves rho, y and the subgradient behind."""
        form, dual = self._form, self._dual
        kernels.evaluate(form.indptr, form.col, form.saving, lam, self._rho)
        steps = 3
        if dual.tau == 0.0:  # first time: cool down from a band as wide as the largest rho
            dual.tau = max(1e-9, float(self._rho.max(initial=0.0)))
            steps = 1
            for _ in range(40):
                kernels.price(self._rho, form.use, form.room, self._scale, dual.pi, dual.tau, 3, self._y)
                dual.tau *= 0.6
                band = np.abs(self._rho - dual.pi @ form.use) < dual.tau
                if band.sum() <= len(form.room) + 12:
                    break
        value, dual.tau = kernels.price(
            self._rho, form.use, form.room, self._scale, dual.pi, dual.tau, steps, self._y
        )
        kernels.subgradient(form.indptr, form.col, form.saving, lam, self._y, self._grad)
        bound = float(lam.sum() + value)
        self._note(bound)
        return bound

    def _note(self, bound: float) -> None:
        """Keep, per column, the best bound on plans with it closed and with it opened."""
        dual = self._dual
        reduced = self._rho - dual.pi @ self._form.use
        np.minimum(dual.closed_at, bound - np.maximum(0.0, reduced), out=dual.closed_at)
        np.minimum(dual.opened_at, bound + np.minimum(0.0, reduced), out=dual.opened_at)

    def iterate(self, count: int, target: float, run: Run) -> None:
        """Run iterations towards ``target``, the savings of the best plan known."""
        dual = self._dual
        if self._average is None:
            bound = self._evaluate(dual.lam)
            self._take(bound, dual.lam)
            self._average = self._grad.copy()
            dual.y[:] = self._y
        for _ in range(count):
            if run.over:
                break
            direction = self._project(dual.lam, self._average)
            norm = float(direction @ direction)
            if norm <= 1e-18 or dual.bound - target <= 1e-12 * abs(target):
                break
            step = self._factor * max(dual.bound - target, 1e-9 * abs(target)) / norm
            lam = np.clip(dual.lam - step * direction, 0.0, self._top)
            bound = self._evaluate(lam)
            self._adapt(bound, lam, direction)

    def _project(self, lam: Floats, direction: Floats) -> Floats:
        """The direction without the components that leave the box."""
        blocked = ((lam <= 0.0) & (direction > 0.0)) | ((lam >= self._top) & (direction < 0.0))
        return np.where(blocked, 0.0, direction)

    def _adapt(self, bound: float, lam: Floats, direction: Floats) -> None:
        dual, grad = self._dual, self._project(lam, self._grad)
        assert self._average is not None
        if bound < dual.bound:
            if float(grad @ direction) > 0.0:
                self._factor = min(2.0, self._factor * 1.1)
            self._take(bound, lam)
            self._failures = 0
        else:
            self._failures += 1
            if self._failures >= 10:
                self._factor = max(1e-4, self._factor * 0.66)
                self._failures = 0
        difference = self._grad - self._average
        square = float(difference @ difference)
        best = -float(difference @ self._average) / square if square > 0.0 else 1.0
        alpha = min(self._alpha, max(self._alpha / 10.0, best))
        self._average += alpha * difference
        dual.y += alpha * (self._y - dual.y)

    def _take(self, bound: float, lam: Floats) -> None:
        dual = self._dual
        if bound < dual.bound:
            dual.bound = bound
            dual.lam = lam.copy()
            dual.best_pi = dual.pi.copy()
            dual.rho = self._rho.copy()

    def halve_alpha(self) -> None:
        """Average more slowly, once progress is slow."""
        self._alpha = max(1e-3, self._alpha / 2.0)


def shrunk(dual: Dual, form: Form, columns: Longs, rows: Longs, base: Floats) -> Dual:
    """The dual carried to a shrunken form.

    Args:
        dual: of the form before.
        form: the shrunken form.
        columns, rows: what was kept, in the numbering before.
        base: (n before,) saving that moved from every row into the constant.
    """
    top = _highest(form)
    return Dual(
        np.clip(dual.lam[rows] - base[rows], 0.0, top),
        dual.best_pi.copy(), dual.best_pi.copy(), dual.tau, np.inf, dual.y[columns], dual.rho[columns],
        dual.closed_at[columns], dual.opened_at[columns],
    )  # fmt: skip
