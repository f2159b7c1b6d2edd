"""The Lagrangian bound by the volume algorithm, with prices for limits and multipliers for floors.

"Each need is served once" is dualized with lambda_i in [0, max_j s_ij], the limits with pi >= 0,
the floors with mu >= 0; of those over all rows it stays as it is chosen, of those of families it is
searched for like pi, lambda keeping its place between two savings of its row. With s = objective
part + mu . floor parts,

    L(lambda, pi, mu) = sum_i lambda_i + room.pi - floor.mu + sum_j max(0, rho_j - use_j.pi),
    rho_j = sum_i max(0, s_ij - lambda_i) - f_j.

Any such point bounds every plan, so the bound never depends on how well this converges.

Barahona, F. and Anbil, R. (2000). The volume algorithm: producing primal solutions with a
subgradient method. Mathematical Programming 87: 385-399.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats, Longs
from siting.methods import dual_kernels
from siting.methods.dual_kernels import ALPHA, BOUND, TAU
from siting.methods.form import Form
from siting.methods.run import Run
from siting.methods.ties import Ties

FLOOR_WORTH = 50.0
"""A floor is scarce: its unit is worth this many times what savings cost on average.

Moving mu along with lambda was tried: both then converge more slowly than lambda alone.
"""

_TICK = 10
"""Iterations after which the clock is looked at."""


START = 0.5
"""First multiplier of a floor of a family, whose unit is about the objective's."""


@dataclass(eq=False)
class Dual:
    """State of the volume algorithm on one form.

    Attributes:
        lam: (n,) best multipliers.
        mu: (G,) multipliers of the floors at the best point; those over all rows never change.
        pi: (K,) prices of the limits, carried from point to point.
        best_pi: (K,) prices at the best point.
        toll: (H,) prices of the group limits at the best point.
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
    toll: Floats
    tau: float
    bound: float
    y: Floats
    rho: Floats
    closed_at: Floats
    opened_at: Floats

    @property
    def prices(self) -> Floats:
        """(K+H,) prices of limits and group limits at the best point."""
        return np.concatenate([self.best_pi, self.toll])

    def price(self, form: Form) -> Floats:
        """(m,) what the best point charges every column for its use of the limits."""
        charge: Floats = (self.best_pi[:, None] * form.use).sum(axis=0)
        padded = np.append(self.toll, 0.0)
        for member, amount in zip(form.member, form.amount, strict=True):
            charge += padded[member] * amount
        return charge


def begin(form: Form, best: Floats, second: Floats, mu: Floats | None = None) -> Dual:
    """Start between a good plan's best and second-best savings, where the optimum is near.

    Args:
        form: the form.
        best, second: (1+S+F, n) the plan's best and second-best savings per part.
        mu: (G,) multipliers of the floors, where good ones are known.
    """
    gained = best.sum(axis=1)
    if mu is None:
        # A plan that gains next to nothing for a floor would make its unit worth more than doubles can add.
        top = form.parts[1 : 1 + form.steady].max(axis=1, initial=0.0)
        least = np.maximum(gained[1 : 1 + form.steady], np.where(top > 0.0, top, 1.0))
        mu = FLOOR_WORTH * gained[0] / least
        mu = np.concatenate([mu, np.full(len(form.floor) - form.steady, START)])
    count, infinite = form.columns, np.full(form.columns, np.inf)
    return Dual(
        form.weighted(second + 0.5 * (best - second), mu), mu,
        np.zeros(len(form.room)), np.zeros(len(form.room)), np.zeros(len(form.left)), 0.0, np.inf,
        np.zeros(count), np.zeros(count), infinite, infinite.copy(),
    )  # fmt: skip


def shrunk(
    dual: Dual, form: Form, lam: Floats, columns: Longs, rows: Longs, base: Floats, moved: float
) -> Dual:
    """The dual carried to a shrunken form.

    Args:
        dual: of the form before.
        form: the form before.
        lam: (n before,) its multipliers.
        columns, rows: what was kept, in the numbering before.
        base: (1+S+F, n before) savings per part that moved from every row into the constant.
        moved: by how much the constant of the form has grown.
    """
    return Dual(
        np.maximum(0.0, lam - form.weighted(base, dual.mu))[rows],
        dual.mu.copy(), dual.best_pi.copy(), dual.best_pi.copy(), dual.toll.copy(), dual.tau, np.inf,
        dual.y[columns], dual.rho[columns], dual.closed_at[columns] - moved, dual.opened_at[columns] - moved,
    )  # fmt: skip


class Volume:
    """Runs iterations on one form, improving a :class:`Dual` in place."""

    def __init__(self, form: Form, dual: Dual) -> None:
        self._dual, self._steady = dual, form.steady
        saving = form.parts[0] if not len(dual.mu) else form.weighted(form.parts, dual.mu, form.row)
        norms = np.sqrt((form.use**2).sum(axis=1) / np.maximum(1, (form.use != 0).sum(axis=1)))
        scale = np.where(norms > 0, norms, 1.0)
        self._less = float((dual.mu[: form.steady] * form.floor[: form.steady]).sum())
        self._fixed = (form.indptr, form.col, saving, form.outlay, form.use, form.room, scale)
        self._ties = Ties(form, dual.mu[form.steady :].copy())
        self._tie = np.concatenate([dual.toll, dual.mu[form.steady :]])
        self._best_tie = self._tie.copy()
        self._top = np.zeros(form.rows)
        has = np.diff(form.indptr) > 0
        self._top[has] = saving[form.indptr[:-1][has]]
        self._state = np.array([dual.tau, 0.1, 0.1, 0.0, dual.bound])
        self._average = np.zeros(form.rows)
        self._begin()

    def _begin(self) -> None:
        """Look at the starting point; its subgradient is the first average."""
        dual = self._dual
        dual.lam = np.minimum(dual.lam, self._top)
        dual.rho, dual.y = np.zeros(len(dual.y)), np.zeros(len(dual.y))
        if dual.tau == 0.0:
            self._cool(dual.rho, dual.y.copy())
        self._state[BOUND] = np.inf
        self._steps(1, 0.0)

    def _cool(self, rho: Floats, y: Floats) -> None:
        """First prices: narrow the smoothing from the largest rho to a band of few columns."""
        indptr, col, saving, outlay, use, room, scale = self._fixed
        pi, tie, ties = self._dual.pi, self._tie, self._ties
        if len(ties.built):
            ties.evaluate(indptr, col, saving, outlay, self._dual.lam, rho)
        else:
            dual_kernels.evaluate(indptr, col, saving, outlay, self._dual.lam, rho)
        tau = max(1e-9, float(rho.max(initial=0.0)))
        for _ in range(40):
            dual_kernels.price(rho, use, room, scale, pi, *ties.rows, tie, tau, y)
            tau *= 0.6
            band = np.abs(rho - (pi[:, None] * use).sum(axis=0) - ties.charge(tie)) < tau
            if band.sum() <= len(room) + 12 + np.count_nonzero(tie):
                break
        self._state[TAU] = tau

    def iterate(self, count: int, target: float, run: Run) -> None:
        """Run iterations towards ``target``, what the best plan known saves."""
        for begin in range(0, count, _TICK):
            if run.over:
                return
            self._steps(min(_TICK, count - begin), target)

    def _steps(self, count: int, target: float) -> None:
        """Iterations without a look at the clock."""
        dual, state = self._dual, self._state
        dual_kernels.iterate(
            *self._fixed, self._ties.arrays, self._less, self._top, target, count, state,
            dual.lam, dual.pi, self._tie, self._average, dual.y, dual.best_pi, self._best_tie, dual.rho,
            dual.closed_at, dual.opened_at,
        )  # fmt: skip
        dual.toll = self._best_tie[: len(dual.toll)].copy()
        dual.mu[self._steady :] = self._best_tie[len(dual.toll) :]
        dual.bound, dual.tau = float(state[BOUND]), float(state[TAU])

    def halve_alpha(self) -> None:
        """Average more slowly, once progress is slow."""
        self._state[ALPHA] = max(1e-3, self._state[ALPHA] / 2.0)
