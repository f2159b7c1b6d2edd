"""The bound of a plan evaluated again from its certificate, rounded outward: no solver, no solve's tables.

See :class:`siting.certificate.Certificate` for the formula. Every sum of doubles is widened by what it
may have been rounded by (Higham 2002, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 4),
so that the bound holds for the real numbers that the doubles of the data stand for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siting.certificate import Case, Certificate
from siting.check.audit import Audit
from siting.check.reach import Pairs, pairs_within
from siting.instance.arrays import Flags, Floats, Longs
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.measures.total_cost import TotalCost

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class _Part:
    """A sum over needs with (N,) what one unit of it counts."""

    term: Term
    weight: Floats

    def at(self, need: Longs, ms: Longs) -> Floats:
        """(K,) what needs add when they are answered after ms."""
        measure = self.term.measure
        assert isinstance(measure, NeedMeasure)
        value = measure.at(self.term, need.astype(np.int32), ms.astype(np.int32))
        return np.where(self.term.scope[need], self.weight[need] * value, 0.0)

    def unserved(self, need: Longs) -> Floats:
        """(K,) what needs add that nobody answers; NaN where that is not allowed."""
        measure = self.term.measure
        assert isinstance(measure, NeedMeasure)
        value = measure.unserved(self.term, need.astype(np.int32))
        return np.where(self.term.scope[need], self.weight[need] * value, 0.0)


def proved_bound(audit: Audit, number: int, certificate: Certificate, achieved: Sequence[float]) -> float:
    """The bound that a certificate proves on an objective.

    Args:
        audit: the plan, recomputed.
        number: which objective.
        certificate: its cases; any multipliers >= 0 prove some bound.
        achieved: recomputed values of the earlier objectives.

    Returns:
        What no plan is better than that keeps the earlier objectives, in the objective's unit;
        infinite where the certificate proves nothing.
    """
    sign = 1.0 if audit.problem.objectives[number].maximize else -1.0
    if not complete([(set(case.opened.tolist()), set(case.closed.tolist())) for case in certificate]):
        return sign * math.inf
    cases = [_Case(audit, number, case, achieved) for case in certificate]
    candidates = np.arange(len(audit.ground.options.site)) >= audit.ground.options.existing
    radius = np.max([case.radius for case in cases], axis=0)
    pairs = pairs_within(audit.ground, radius, audit.ground.options.usable & candidates)
    return sign * max(case.bound(pairs) for case in cases)


def complete(cases: list[tuple[set[int], set[int]]]) -> bool:
    """Whether cases of options opened and closed hold every plan, being leaves of a tree of questions."""
    if any(not opened and not closed for opened, closed in cases):
        return True
    asked = set.intersection(*(opened | closed for opened, closed in cases)) if cases else set()
    if not asked:
        return False
    option = min(asked)
    return all(
        complete(
            [
                (opened - {option}, closed - {option})
                for opened, closed in cases
                if option in (opened, closed)[side]
            ]
        )
        for side in (0, 1)
    )


class _Case:
    """One case, everything turned so that more is better.

    Attributes:
        radius: (N,) latest ms at which an answer is worth more than the multiplier of a need, -1 for none.
    """

    def __init__(self, audit: Audit, number: int, case: Case, achieved: Sequence[float]) -> None:
        self._audit, self._case = audit, case
        self._parts, self._constant, self._outlay = _lagrangian(audit, number, case, achieved)
        needs = np.setdiff1d(np.arange(len(case.worth)), audit.responses.unreachable)
        today, must = _today(audit, self._parts, needs)
        worth = case.worth[needs]
        self._proves = not np.isnan(worth[must]).any()
        worth = np.where(np.isnan(worth), today, worth)
        self._worth = np.zeros(len(case.worth))
        self._worth[needs] = np.where(must, worth, np.maximum(worth, today))
        self.radius = np.full(len(case.worth), -1, dtype=np.int64)
        self.radius[needs] = _radius(self._parts, needs, self._worth[needs], audit.ground.latest[needs])

    def bound(self, pairs: Pairs) -> float:
        """What no plan of the case exceeds, rounded up; ``pairs`` hold all within its radius."""
        if not self._proves:
            return math.inf
        options = self._audit.ground.options
        opened = options.required & options.usable & (np.arange(len(options.site)) >= options.existing)
        opened[self._case.opened] = True
        able = _able(self._audit, opened)
        able[self._case.closed] = False
        if np.any(opened & ~able):
            return -math.inf
        rho = _gains(self._parts, pairs, self._worth, len(able))
        spent, size, count = _charges(self._audit, self._case, self._outlay)
        left = rho - spent
        left += (count + 2) * EPS * (np.abs(rho) + size)
        taken = np.where(opened, left, np.maximum(0.0, left))[able]
        total = math.fsum([self._constant, *self._worth.tolist(), *taken.tolist()])
        return math.nextafter(total + 4 * EPS * abs(total), math.inf)


def _lagrangian(
    audit: Audit, number: int, certificate: Case, achieved: Sequence[float]
) -> tuple[list[_Part], float, Floats]:
    """Sums over needs, the constant, rounded up, and what opening each option (M,) takes."""
    problem, count = audit.problem, len(certificate.worth)
    outlay = np.zeros(len(audit.ground.options.site))
    parts, fixed = [], []
    for k, weight in enumerate([*certificate.kept[:number].tolist(), 1.0]):
        goal = problem.objectives[k]
        sign = 1.0 if goal.maximize else -1.0
        term, measure = goal.term, goal.term.measure
        if isinstance(measure, TotalCost):
            outlay = measure.outlay(term)
            (term,) = measure.need_terms(term)
        parts.append(_Part(term, np.full(count, sign * max(0.0, weight))))
        if k < number:
            value = achieved[k] - sign * abs(achieved[k]) * goal.tolerance
            fixed.append(-sign * max(0.0, weight) * value)
    for limit, low, high in zip(problem.limits, certificate.low, certificate.high, strict=True):
        low, high = max(0.0, float(low)), max(0.0, float(high))
        if isinstance(limit.term.measure, NeedMeasure) and low != high:
            parts.append(_Part(limit.term, np.full(count, low - high)))
        fixed += [-low * limit.low] if low else []
        fixed += [high * limit.high] if high else []
    total = math.fsum(fixed)
    return parts, total + 4 * EPS * math.fsum(abs(one) for one in fixed), outlay


def _today(audit: Audit, parts: list[_Part], needs: Longs) -> tuple[Floats, Flags]:
    """(K,) what needs contribute if nothing is opened, rounded up, and which of them must be answered."""
    before = audit.before
    has = before.option[needs] >= 0
    total, size, must = np.zeros(len(needs)), np.zeros(len(needs)), np.zeros(len(needs), dtype=bool)
    for part in parts:
        value = part.unserved(needs)
        value[has] = part.at(needs[has], before.ms[needs[has]].astype(np.int64))
        must |= np.isnan(value)
        total += np.nan_to_num(value)
        size += np.abs(np.nan_to_num(value))
    return total + (len(parts) + 2) * EPS * size, must


def _worths(parts: list[_Part], need: Longs, ms: Longs) -> tuple[Floats, Floats]:
    """(K,) what needs contribute when they are answered after ms, and what the sums may be off by."""
    total, size = np.zeros(len(need)), np.zeros(len(need))
    for part in parts:
        value = part.at(need, ms)
        total += value
        size += np.abs(value)
    return total, (len(parts) + 4) * EPS * size


def _radius(parts: list[_Part], needs: Longs, worth: Floats, latest: Floats) -> Longs:
    """(K,) latest ms at which an answer is worth more than the multiplier of a need, -1 for none.

    What needs contribute falls as answers come later, so the last such ms is found by bisection.
    """
    low = np.full(len(needs), -1, dtype=np.int64)
    high = np.minimum(latest, np.iinfo(np.int32).max - 1).astype(np.int64) + 1
    while np.any(open_ := high - low > 1):
        middle = (low + high) // 2
        value, off = _worths(parts, needs[open_], middle[open_])
        better = value + off > worth[open_]
        low[open_] = np.where(better, middle[open_], low[open_])
        high[open_] = np.where(better, high[open_], middle[open_])
    return low


def _able(audit: Audit, opened: Flags) -> Flags:
    """(M,) candidates that some plan may open beside those ``opened`` (M,): none that then breaks a limit."""
    options = audit.ground.options
    able = options.usable & (np.arange(len(options.site)) >= options.existing)
    for limit in audit.problem.limits:
        measure = limit.term.measure
        if isinstance(measure, OptionMeasure) and math.isfinite(limit.high):
            use = measure.coefficients(limit.term)
            if np.all(use >= 0.0):
                room = limit.high * (1.0 + 1e-9) + 1e-9 - math.fsum(use[opened])
                able &= np.where(opened, room >= 0.0, use <= room)
    return np.asarray(able)


def _gains(parts: list[_Part], pairs: Pairs, worth: Floats, options: int) -> Floats:
    """(M,) sum of what needs would gain over their multiplier from each option, rounded up."""
    value, off = _worths(parts, pairs.need, pairs.ms)
    over = value - worth[pairs.need]
    over = np.maximum(0.0, over + off + 2 * EPS * np.abs(worth[pairs.need]))
    total = np.bincount(pairs.option, over, minlength=options)
    return np.asarray(total * (1.0 + (np.bincount(pairs.option, minlength=options) + 2) * EPS))


def _charges(audit: Audit, certificate: Case, outlay: Floats) -> tuple[Floats, Floats, int]:
    """(M,) what opening each option takes off, (M,) the size of the sum's terms, and their number."""
    spent, size, count = outlay.copy(), np.abs(outlay), 1
    for limit, low, high in zip(audit.problem.limits, certificate.low, certificate.high, strict=True):
        measure, price = limit.term.measure, max(0.0, float(high)) - max(0.0, float(low))
        if isinstance(measure, OptionMeasure) and price:
            charge = price * measure.coefficients(limit.term)
            spent, size, count = spent + charge, size + np.abs(charge), count + 1
    return spent, size, count
