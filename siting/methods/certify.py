"""Certificates of the bounds of a plan: multipliers by need, whatever method has found the plan.

The volume algorithm goes on from where the solve has ended, now over every candidate that may be
opened: whoever evaluates the bound again need not believe which of them others replace. Where one
point of the dual leaves a gap, plans are split into those that open a candidate and those that do not.
The prices of the limits are then the best there are for these multipliers, by a linear program.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from siting.certificate import Case, Certificate
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.measures.levels import Levels, build_levels, without
from siting.methods import decomposition, local_search
from siting.methods.dual_kernels import evaluate
from siting.methods.floors import Floors, gather
from siting.methods.form import Form, build_form, parted, shrink
from siting.methods.plain import beyond_nearest
from siting.methods.run import Run
from siting.methods.space import Space
from siting.methods.warm import Point
from siting.plan import PROVED_GAP, Achieved, Plan
from siting.problem import Problem

ROUNDS, BRANCHED, STEPS = 40, 8, 50
"""Rounds of the volume algorithm at most, at the root and in each case below it; iterations of a round."""

MOST_LEAVES, MOST_PAIRS = 200, 100_000
"""Cases at most, and pairs of all of them together."""

VAIN = 4
"""Rounds that may bring less than ``LEAST`` of the gap before no more are made."""

LEAST = 0.02
"""Share of the gap that a round must close to be worth it."""

MISSED = 1e-6
"""Units by which a floor must be missed to exclude a case."""


def refusal(problem: Problem) -> str | None:
    """Why the bounds of a problem have no certificate of this kind, or None."""
    if (reason := beyond_nearest(problem) or decomposition.refusal(problem, "highs")) is not None:
        return reason
    if problem.responses.layout.standard != "minutes":
        return "the standard counts kilometres"
    return None


def certify(
    problem: Problem, plan: Plan, achieved: Sequence[Achieved], known: Sequence[Point | None], run: Run
) -> tuple[Certificate, ...]:
    """A certificate per objective.

    Args:
        problem: a question that :func:`refusal` has nothing against.
        plan: a plan of it, and ``achieved``, what is known about it.
        known: per objective a point of the dual to start from, as far as there is one.
        run: seed and time.
    """
    floors = gather(problem)
    kept: list[tuple[Term, bool, float]] = []
    everyone = np.unique(problem.responses.option).astype(np.int32)
    found = []
    for number, (objective, got) in enumerate(zip(problem.objectives, achieved, strict=True)):
        form = build_form(problem, number, kept, everyone, floors)
        tree = _Tree(form, np.isin(form.option, plan.opened), got, run)
        written = _Writer(problem, number, kept, floors, form)
        start = known[number] if number < len(known) else None
        found.append(tuple(written.case(leaf) for leaf in tree.leaves(start)))
        sign = 1.0 if objective.maximize else -1.0
        value = got.value - sign * abs(got.value) * objective.tolerance
        kept.append((objective.term, objective.maximize, value))
    return tuple(found)


@dataclass(eq=False)
class _Leaf:
    """A case with the dual that bounds it; ``opened`` and ``closed`` are columns of the form."""

    space: Space
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    bound: float = math.inf


class _Tree:
    """Branch and bound by the volume algorithm alone, until the cases prove what is claimed.

    How far it goes is counted, not timed, so that certificates are the same on every machine.
    """

    def __init__(self, form: Form, opened: Flags, got: Achieved, run: Run) -> None:
        self._form, self._plan, self._run = form, opened, run
        self._value = form.constant + float(local_search.per_part(form, opened)[0])
        gap = PROVED_GAP if got.gap is None else max(PROVED_GAP, got.gap)
        self._target = self._value + gap * abs(self._value)
        self._most = min(MOST_LEAVES, max(1, MOST_PAIRS // max(1, len(form.col))))

    def leaves(self, start: Point | None) -> list[_Leaf]:
        """Cases that hold every plan; those that the limits allow none of are left out of no proof."""
        space = Space(self._form)
        if not space.feasible or not space.form.rows or not space.form.columns:
            return [_Leaf(space)]
        space.begin(self._plan, start)
        root = self._bounded(_Leaf(space), ROUNDS)
        open_, done, number = [(-root.bound, 0, root)], list[_Leaf](), 0
        while open_ and len(open_) + len(done) < self._most and -open_[0][0] > self._target:
            leaf = heapq.heappop(open_)[2]
            column = self._column(leaf.space)
            if column is None:
                done.append(leaf)
                continue
            of_form = int(leaf.space.columns[column])
            for opened in (True, False):
                child = _Leaf(leaf.space.restrict(column, opened), leaf.opened.copy(), leaf.closed.copy())
                (child.opened if opened else child.closed).append(of_form)
                child = self._bounded(child, BRANCHED) if child.space.feasible else child
                number += 1
                heapq.heappush(open_, (-child.bound if child.space.feasible else math.inf, number, child))
        return [*done, *(leaf for _, _, leaf in sorted(open_, key=lambda one: one[1]))]

    def _column(self, space: Space) -> int | None:
        """The column to ask about: the one that the averaged plan is least sure of."""
        if not space.form.columns or space.dual is None:
            return None
        return int(np.argmin(np.abs(space.dual.y - 0.5)))

    def _bounded(self, leaf: _Leaf, rounds: int) -> _Leaf:
        """Improve the dual of a case as far as it is worth it."""
        space, stalls = leaf.space, 0
        assert space.dual is not None
        if not space.form.rows or not space.form.columns:
            self._settled(leaf)
            return leaf
        for _ in range(rounds):
            space.engine.iterate(STEPS, self._value - space.form.constant, self._run)
            before, leaf.bound = leaf.bound, space.dual.bound + space.form.constant
            if leaf.bound <= self._target or self._run.over:
                break
            if before - leaf.bound < LEAST * (leaf.bound - self._value):
                stalls += 1
                space.engine.halve_alpha()
                if stalls >= VAIN:
                    break
        return leaf

    def _settled(self, leaf: _Leaf) -> None:
        """A case that leaves nothing to decide: it has a value, or a floor that it misses excludes it."""
        form, dual = leaf.space.form, leaf.space.dual
        assert dual is not None
        missed = int(np.argmax(form.floor)) if len(form.floor) else -1
        excess = form.constant - self._target - float(dual.mu @ form.floor)
        if missed >= 0 and form.floor[missed] > MISSED and excess > 0.0:
            dual.mu = dual.mu.copy()
            dual.mu[missed] += 2.0 * excess / form.floor[missed]
        leaf.bound = form.constant - float(dual.mu @ form.floor)


class _Writer:
    """Turns the duals of an objective's form into multipliers by need and by limit."""

    def __init__(
        self, problem: Problem, number: int, kept: list[tuple[Term, bool, float]], floors: Floors, form: Form
    ) -> None:
        self._problem, self._floors, self._form = problem, floors, form
        objective = problem.objectives[number]
        ups = (objective.maximize, *(up for _, up, _ in kept))
        self._signs = np.array([1.0 if up else -1.0 for up in ups])
        terms = [parted(objective.term)[0], *(term for term, _, _ in kept), *floors.terms]
        self._levels = build_levels(problem.responses, terms, floors.apart)
        self._scale = np.asarray(form.floor[form.steady :] / floors.value)

    def case(self, leaf: _Leaf) -> Case:
        """The multipliers of a case."""
        form, problem, steady = self._form, self._problem, self._form.steady
        opened, closed = np.zeros((2, form.columns), dtype=bool)
        opened[leaf.opened], closed[leaf.closed] = True, True
        dual = leaf.space.dual
        mu = np.zeros(len(form.floor)) if dual is None else dual.mu
        lam = self._of_rows(leaf, opened | form.must, mu)
        rho = np.zeros(form.columns)
        saving = form.weighted(form.parts, mu, form.row)
        evaluate(form.indptr, form.col, saving, form.outlay, lam, rho)
        left = np.zeros(form.columns, dtype=bool)  # those that still fit beside what is opened
        left[leaf.space.columns] = True
        opens = opened | form.must
        low, high = _prices(problem, form.option, rho, opens, left | opens)
        for floor, limit in enumerate(self._floors.limit):
            side = low if math.isfinite(problem.limits[limit].low) else high
            side[limit] = mu[steady + floor] * self._scale[floor]
        weights = self._signs * np.concatenate([[1.0], mu[:steady]])
        of_need = _coefficients(weights, mu[steady:] * self._scale, self._floors, len(self._levels.row))
        worth = _worth(self._levels, of_need, lam)
        return Case(form.option[opened], form.option[closed], worth, mu[:steady].copy(), low, high)

    def _of_rows(self, leaf: _Leaf, opened: Flags, mu: Floats) -> Floats:
        """(n,) multiplier of every row: what the opened columns save, and what the dual says beyond that."""
        form, space = self._form, leaf.space
        assert form.need is not None
        _, _, _, moved = shrink(form, np.zeros(form.columns, dtype=bool), opened)
        lam = form.weighted(moved, mu)
        if space.dual is not None and space.form.need is not None:
            lam[np.searchsorted(form.need, space.form.need)] += np.maximum(0.0, space.dual.lam)
        return lam


def _prices(problem: Problem, option: Ints, rho: Floats, opened: Flags, able: Flags) -> tuple[Floats, Floats]:
    """(L,) and (L,) prices of the lower and upper sides of the limits on options."""
    low, high = np.zeros(len(problem.limits)), np.zeros(len(problem.limits))
    sides = []
    for number, limit in enumerate(problem.limits):
        measure = limit.term.measure
        if not isinstance(measure, OptionMeasure):
            continue
        use = measure.coefficients(limit.term)[option]
        if math.isfinite(limit.high) and use[use > 0].sum() > limit.high:
            sides.append((high, number, use, limit.high))
        if math.isfinite(limit.low):
            sides.append((low, number, -use, -limit.low))
    if not sides or not len(rho):
        return low, high
    rows: Any = vstack([csr_array(use[None, :]) for _, _, use, _ in sides])  # scipy takes sparse rows too
    within = list(zip(opened.astype(float).tolist(), able.astype(float).tolist(), strict=True))
    room = np.array([room for *_, room in sides])
    solved = linprog(-rho, A_ub=rows, b_ub=room, bounds=within, method="highs")
    if solved.ineqlin.marginals is not None:
        for (prices, number, _, _), price in zip(sides, solved.ineqlin.marginals, strict=True):
            prices[number] = max(0.0, -float(price))
    return low, high


def _coefficients(weights: Floats, mu: Floats, floors: Floors, needs: int) -> Floats:
    """(T, N) what a unit of every term is worth at every need."""
    padded = np.append(mu, 0.0)
    fixed = np.repeat(weights[:, None], needs, axis=1)
    return np.vstack([fixed, *(padded[group][None, :] for group in floors.group)])


def _worth(levels: Levels, coefficient: Floats, lam: Floats) -> Floats:
    """(N,) multipliers by need: those of a row lie, in all its needs, between the same two answers.

    So each is worth its multiplier together, and each candidate as much as in the row.
    """
    of_need = coefficient[:, levels.need]
    level_row = np.repeat(np.arange(levels.rows), np.diff(levels.row_ptr))
    gain = (of_need[:, level_row] * levels.gain).sum(axis=0)
    base = (of_need * levels.base).sum(axis=0)
    worth = np.full(len(levels.row), np.nan)
    above = np.bincount(level_row[gain > (base + lam)[level_row]], minlength=levels.rows)
    first = levels.row_ptr[:-1]
    deeper = np.append(gain, 0.0)[np.minimum(first + above, len(gain))]
    lower = np.where(above < np.diff(levels.row_ptr), deeper, base)
    upper = np.where(above > 0, gain[np.maximum(first + above - 1, 0)], lower)
    span = np.where(upper > lower, upper - lower, 1.0)
    part = np.clip((base + lam - lower) / span, 0.0, 1.0)
    return _by_need(levels, coefficient, above, part, worth)


def _by_need(levels: Levels, coefficient: Floats, above: Longs, part: Floats, worth: Floats) -> Floats:
    """Fill in the worth of every need of every row."""
    responses = levels.terms[0].responses.sooner
    need = np.flatnonzero(levels.row >= 0).astype(np.int32)
    row = levels.row[need]
    count = (levels.level_ptr[levels.row_ptr[1:]] - levels.level_ptr[levels.row_ptr[:-1]])[row]
    ahead = (levels.level_ptr[levels.row_ptr[:-1] + above] - levels.level_ptr[levels.row_ptr[:-1]])[row]
    begin = responses.indptr[need]
    base, must = without(responses, levels.terms)
    today = (coefficient * base).sum(axis=0)[need]

    def at(pair: Longs, there: Flags) -> Floats:
        """What needs contribute when their pair answers, or today."""
        ms = responses.ms[np.minimum(pair, len(responses.ms) - 1)]
        total = np.zeros(len(need))
        for weight, term in zip(coefficient, levels.terms, strict=True):
            measure = term.measure
            assert isinstance(measure, NeedMeasure)
            total += weight[need] * np.where(term.scope[need], measure.at(term, need, ms), 0.0)
        return np.where(there, total, today)

    lower, upper = at(begin + ahead, ahead < count), at(begin + np.maximum(ahead, 1) - 1, ahead > 0)
    found = np.where(ahead > 0, lower + part[row] * (upper - lower), lower)
    worth[need] = np.where(must[need] | (found > today), found, np.nan)
    return worth
