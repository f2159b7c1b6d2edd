"""What is left to decide of a form: columns that reduced costs have not fixed, rows cut short.

With a point of the dual that bounds plans by L and a plan worth V, a better plan serves row i with
at least lambda_i - (L - V), or the point would bound it below V: pairs that save less are cut. Long
rows are cut at their nearest columns first, which relaxes the form until the dual is good enough.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np

from siting.instance.arrays import Flags, Floats
from siting.methods import local_search, volume
from siting.methods.form import Form, shrink
from siting.methods.form_kernels import count_above
from siting.methods.warm import Point
from siting.methods.whole import Shrinking, carried_back

_FEWEST = 0.1
"""Share of the columns that must be fixed for the form to be made anew."""

_LONG_ROWS, _SHORTER = 20, 0.2
"""Rows of so many pairs are cut when that takes this share of all pairs away."""


class Space:
    """The columns of a form that are undecided, with the dual that decides them.

    Attributes:
        form: the form over the undecided columns; it may promise too much only to plans that are
            no better than the best one known, or that use pairs beyond the nearest ones.
        columns: (m,) its columns in the numbering of the full form.
        able: (full m,) columns that fit the limits beside what must be open.
        fixed: (full m,) columns that are open in every plan worth looking at.
        feasible: False when the required columns alone break a limit.
        exact: whether no row is cut at its nearest columns only.
        dual: the dual, None before it has begun.
        point: the last point of the dual before anything was fixed, None while nothing is.
    """

    def __init__(self, full: Form) -> None:
        """Open what must be open, close what fits no limit, drop limits that bind nobody."""
        self.fixed = full.must.copy()
        none = np.zeros(full.columns, dtype=bool)
        form, columns, moved = full, np.arange(full.columns), np.zeros((len(full.parts), full.rows))
        steps: tuple[Shrinking, ...] = ()
        if full.must.any() or np.any(np.diff(full.indptr) == 0):  # else a large form would be there twice
            form, columns, rows, moved = shrink(full, none, full.must)
            steps = ((moved, rows, None),)
            moved = moved[:, rows]
        self._slack = 1e-9 * np.maximum(1.0, np.abs(full.room))
        self._slack_left = 1e-9 * np.maximum(1.0, np.abs(full.left))
        self.feasible = bool(np.all(form.room >= -self._slack) and np.all(form.left >= -self._slack_left))
        never = np.any(form.use > (form.room + self._slack)[:, None], axis=0)
        never |= form.beyond(form.left + self._slack_left)
        if never.any():
            form, left, rows, base = shrink(form, never, np.zeros(form.columns, dtype=bool))
            steps = (*steps, (base, rows, None))
            columns, moved = columns[left], moved[:, rows]
        self._steps: tuple[Shrinking, ...] | None = steps
        self.able = np.isin(np.arange(full.columns), columns)
        self._drop_idle(form)
        self.columns = columns
        self.exact = True
        self._moved = moved
        self._whole: Form = self.form
        self._base = np.zeros(self.form.rows)
        self._rows = np.arange(self.form.rows)
        self._nearest: int | None = None
        self._gap = np.inf
        self.dual: volume.Dual | None = None
        self.point: Point | None = None
        self._engine: volume.Volume | None = None

    def _drop_idle(self, form: Form) -> None:
        """Drop the limits that everything together keeps."""
        binds = np.maximum(0.0, form.use).sum(axis=1) > form.room
        tight = form.spent(np.ones(form.columns, dtype=bool)) > form.left
        number = np.append(np.where(tight, np.cumsum(tight) - 1, -1), -1).astype(np.int32)
        member = number[form.member]
        self._slack, self._slack_left = self._slack[binds], self._slack_left[tight]
        self.form = replace(
            form,
            use=np.ascontiguousarray(form.use[binds]),
            room=form.room[binds],
            member=member,
            amount=np.where(member >= 0, form.amount, 0.0),
            left=form.left[tight],
        )
        self._binds, self._tight = binds, tight

    @property
    def engine(self) -> volume.Volume:
        """The volume algorithm on the form."""
        assert self.dual is not None
        if self._engine is None:
            self._engine = volume.Volume(self.form, self.dual)
        return self._engine

    def restrict(self, column: int, opened: bool) -> Space:
        """The space with one column of the form closed, or opened with all that then no longer fits."""
        assert self.dual is not None
        close, open_ = np.zeros((2, self.form.columns), dtype=bool)
        (open_ if opened else close)[column] = True
        child = copy(self)
        child.fixed = self.fixed.copy()
        child._steps = None  # there are many children, and nobody asks for their points
        if opened:
            room, left = self.form.room - self.form.use[:, column], self.form.left - self.form.spent(open_)
            child.feasible = bool(np.all(room >= -self._slack) and np.all(left >= -self._slack_left))
            close = np.any(self.form.use > (room + self._slack)[:, None], axis=0)
            close = (close | self.form.beyond(left + self._slack_left)) & ~open_
        child._take_out(close, open_)
        return child

    def renew(self) -> None:
        """Let the volume algorithm begin anew from the best point, its averages forgotten."""
        self._engine = None

    def keep_nearest(self, count: int) -> None:
        """Work on the ``count`` nearest columns of every row while that is much less than all."""
        sizes = np.diff(self.form.indptr)
        if np.minimum(sizes, count).sum() > 0.6 * sizes.sum() or len(self.form.parts) > 1:
            return
        self._nearest = count
        self._cut(np.full(self.form.rows, -np.inf))

    def begin(self, plan: Flags, known: Point | None = None) -> None:
        """Start the dual from a plan's (full m,) best and second-best savings, or where one ended."""
        best, second = local_search.top_two_parts(self.form, plan[self.columns])
        self._engine = None
        if known is None or self.form.need is None or len(known.mu) != len(self.form.floor):
            self.dual = volume.begin(self.form, best, second)
            return
        self.dual = volume.begin(self.form, best, second, known.mu.copy())
        has, lam = known.at(self.form.need)
        gone = self._whole.weighted(self._moved, known.mu)[self._rows] + self._base[self._rows]
        self.dual.lam[has] = np.maximum(0.0, lam - gone[has])
        if len(known.pi) == len(self._binds):
            self.dual.pi, self.dual.tau = known.pi[self._binds], known.tau
        if len(known.toll) == len(self._tight):
            self.dual.toll = known.toll[self._tight]

    def best_point(self) -> Point | None:
        """The best point of the dual while nothing is fixed; None where rows are no needs."""
        need, dual = self._whole.need, self.dual
        if need is None or dual is None:
            return None
        lam = self._whole.weighted(self._moved, dual.mu) + self._base
        lam[self._rows] += dual.lam
        pi = np.zeros(len(self._binds))
        pi[self._binds] = dual.best_pi
        toll = np.zeros(len(self._tight))
        toll[self._tight] = dual.toll
        return Point(need, lam, dual.mu.copy(), pi, dual.tau, toll)

    def whole_point(self, full: Form) -> Point | None:
        """The best point of the dual as one of the ``full`` form, whatever is fixed by now."""
        dual = self.dual
        if dual is None or self._steps is None:
            return None
        lam = self._base.copy()
        lam[self._rows] += dual.lam
        pi, toll = np.zeros(len(self._binds)), np.zeros(len(self._tight))
        pi[self._binds], toll[self._tight] = dual.best_pi, dual.toll
        return carried_back(full, self._steps, lam, (dual.mu.copy(), pi, toll), dual.tau)

    def shrink(self, needed: float) -> bool:
        """Fix the columns that no plan worth ``needed`` opens, or that all of them open.

        Returns:
            Whether the form was made anew; it is not for a few columns.
        """
        dual = self.dual
        assert dual is not None
        offset = self.form.constant
        close, open_ = offset + dual.opened_at < needed, offset + dual.closed_at < needed
        gap = offset + dual.bound - needed
        few = int(close.sum() + open_.sum()) < max(1, int(_FEWEST * self.form.columns))
        if few and not self._shortens(gap):
            return False
        useless = dual.lam - gap - 1e-12 * abs(offset + dual.bound) if len(self.form.parts) == 1 else None
        self._gap = gap
        if self._nearest is None:
            self._take_out(close, open_, useless)
            return True
        self._take_out(close, open_)
        assert self.dual is not None
        self._cut(self.dual.lam - gap - 1e-12 * abs(offset + dual.bound))
        return True

    def _shortens(self, gap: float) -> bool:
        """Whether long rows could be cut much shorter at this gap."""
        form, dual = self.form, self.dual
        assert dual is not None
        long_rows = len(form.col) > _LONG_ROWS * form.rows
        if not long_rows or len(form.parts) > 1 or gap >= 0.5 * self._gap:
            return False
        left = count_above(form.indptr, form.parts[0], dual.lam - gap)
        return bool(left < (1.0 - _SHORTER) * len(form.col))

    def _take_out(self, close: Flags, open_: Flags, cut: Floats | None = None) -> None:
        """Close and open columns and cut rows; the form is then whole again, not kept to the nearest."""
        assert self.dual is not None
        if self.point is None:
            self.point = self.best_point()
        lam = self._base.copy()
        lam[self._rows] += self.dual.lam
        before = self.form.constant
        old = self._whole
        self._whole, columns, rows, base = shrink(old, close, open_, cut)
        self._steps = None if self._steps is None else (*self._steps, (base, rows, lam))
        self.fixed[self.columns[open_]] = True
        self.columns = self.columns[columns]
        self.dual = volume.shrunk(self.dual, old, lam, columns, rows, base, self._whole.constant - before)
        self._rows, self._base = np.arange(len(rows)), np.zeros(len(rows))
        self.form, self._engine = self._whole, None

    def _cut(self, useless: Floats) -> None:
        """Cut rows at their nearest columns, or nearer where pairs are useless."""
        assert self._nearest is not None
        whole = self._whole
        sizes = np.diff(whole.indptr)
        last = whole.parts[0, whole.indptr[:-1] + np.minimum(sizes, self._nearest) - 1]
        near = np.where(sizes > self._nearest, last, -np.inf)
        self.exact = bool(np.all(near <= useless))
        none = np.zeros(whole.columns, dtype=bool)
        self.form, columns, rows, base = shrink(whole, none, none, np.maximum(useless, near))
        lam = None if self.dual is None else self.dual.lam
        if self.dual is not None and lam is not None:
            moved = self.form.constant - whole.constant
            self.dual = volume.shrunk(self.dual, whole, lam, columns, rows, base, moved)
        if self.exact:  # what was cut is of no use to anybody
            self._whole, self._nearest = self.form, None
            self._steps = None if self._steps is None else (*self._steps, (base, rows, lam))
            self._rows, self._base = np.arange(len(rows)), np.zeros(len(rows))
        else:
            self._rows, self._base = rows, base[0]
