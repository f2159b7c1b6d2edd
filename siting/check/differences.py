"""Values of terms on choices beside a plan, from what changes: exact sums, rounded once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from siting.check.audit import Audit
from siting.check.moved import Moved
from siting.check.responses import Recomputed
from siting.instance.arrays import Floats, Ints, Longs
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.measures.cost import Cost
from siting.measures.total_cost import TotalCost
from siting.plan import Plan


@dataclass(frozen=True, eq=False)
class Difference:
    """How a choice differs from the plan.

    Attributes:
        option: (X,) options that it opens more or fewer units of.
        had, has: (X,) units before and after.
        closes, keeps: existing facilities that it closes, or leaves open, otherwise than the plan.
        moved: who answers; None where that is not known.
        opened, units, closed: the choice, the first in order.
    """

    option: Longs
    had: Ints
    has: Ints
    closes: Ints
    keeps: Ints
    moved: Moved | None
    opened: Ints
    units: Ints
    closed: Ints

    @property
    def plan(self) -> Plan:
        """The choice as a plan, for measures that are no sums."""
        assert self.moved is not None
        there = np.isfinite(self.moved.ms)
        serves = np.where(there, self.moved.option, -1).astype(np.int32)
        ms = np.where(there, self.moved.ms, 0).astype(np.int32)
        return Plan(self.opened, serves, ms, self.units, self.closed)


Valued = Callable[[Difference], float]
"""The value of a term on a choice; NaN where it is undefined."""


def valued(audit: Audit, term: Term) -> Valued:
    """The value of a term on choices beside a plan, equal to the last bit to that of the choice by itself.

    Measures add up exactly and round once. So does this: the exact sum at the plan is kept as a few
    numbers, and only what changes is taken off and put on before rounding.
    """
    term, measure = replace(term, responses=audit.responses), term.measure
    if isinstance(measure, OptionMeasure):
        return _over_options(audit, term, measure)
    if isinstance(measure, NeedMeasure) and measure.additive:
        contributions = measure.contributions(term, audit.served)
        # A sum that is defined otherwise at times, as a share of nobody, is valued whole.
        if audit.value(term) == math.fsum(contributions):
            return _over_needs(term, measure, contributions)
    if isinstance(measure, TotalCost):
        everything = np.ones(len(audit.ground.options.site), dtype=bool)
        money = valued(audit, Term(Cost(), audit.responses, everything, {}, term.label))
        (worth,) = (valued(audit, over) for over in measure.need_terms(term))
        return lambda difference: money(difference) + worth(difference)
    if measure.every:
        term = replace(term, responses=_Recounted.of(audit))
    return lambda difference: term.value(difference.plan)


@dataclass(frozen=True, eq=False)
class _Recounted(Recomputed):
    """Responses that count units in time from those of the plan and of what a choice changes.

    Attributes:
        amount: (M,) open units of the plan.
        counted: (N, count) units in time on the plan, by limits, classes and their number.
    """

    amount: Ints
    counted: dict[tuple[bytes, bytes, int], Longs]

    @classmethod
    def of(cls, audit: Audit) -> _Recounted:
        """Those beside the plan of an audit."""
        known = {one.name: getattr(audit.responses, one.name) for one in fields(Recomputed)}
        return cls(**known, amount=audit.amount, counted={})

    def coverers(self, amount: Ints, limit_ms: Ints, classes: Ints, count: int) -> Longs:
        """(N, count) open units in time; every option that changes is searched from by itself."""
        asked = limit_ms.tobytes(), classes.tobytes(), count
        if asked not in self.counted:
            self.counted[asked] = super().coverers(self.amount, limit_ms, classes, count)
        found = self.counted[asked].copy()
        for option in np.flatnonzero(amount != self.amount).tolist():
            one = np.zeros_like(amount)
            one[option] = 1
            found += int(amount[option] - self.amount[option]) * super().coverers(
                one, limit_ms, classes, count
            )
        return found


def _over_options(audit: Audit, term: Term, measure: OptionMeasure) -> Valued:
    """A sum over what is opened and closed."""
    opening, closing = measure.coefficients(term), measure.closings(term)

    def amount(units: Ints) -> Ints:
        return np.minimum(units, 1) if measure.per_site else units

    opened, closed = opening[audit.opened] * amount(audit.units), closing[audit.closed]
    whole, before = exact(np.concatenate([opened, closed])), audit.value(term)
    # There may be a limit for every community, each about few options.
    opens, shuts = _sparse(opening), _sparse(closing)

    def value(difference: Difference) -> float:
        changed = [
            each * sign * units
            for sign, column in ((-1, difference.had), (1, difference.has))
            for one, units in zip(difference.option.tolist(), amount(column).tolist(), strict=True)
            if (each := opens.get(one))
        ]
        changed += [-shuts.get(one, 0.0) for one in difference.keeps.tolist()]
        changed += [shuts.get(one, 0.0) for one in difference.closes.tolist()]
        return math.fsum([*whole, *changed]) if changed else before

    return value


def concerned(term: Term) -> Longs | None:
    """Options of which alone a term's value depends, None where others may count."""
    if not isinstance(term.measure, OptionMeasure):
        return None
    return np.flatnonzero((term.measure.coefficients(term) != 0) | (term.measure.closings(term) != 0))


def _sparse(coefficients: Floats) -> dict[int, float]:
    """The coefficients that are not 0, by option."""
    there = np.flatnonzero(coefficients)
    return dict(zip(there.tolist(), coefficients[there].tolist(), strict=True))


def _over_needs(term: Term, measure: NeedMeasure, contributions: Floats) -> Valued:
    """A sum over needs."""
    counted = term.scope.copy()
    counted[term.responses.unreachable] = False
    whole = exact(contributions)
    before = math.fsum(contributions)

    def value(difference: Difference) -> float:
        assert difference.moved is not None
        need = difference.moved.need[counted[difference.moved.need]].astype(np.int32)
        if not len(need):
            return before
        ms = difference.moved.ms[need]
        there = np.isfinite(ms)
        now = measure.at(term, need[there], ms[there].astype(np.int32))
        none = measure.unserved(term, need[~there])
        return math.fsum([*whole, *-contributions[need], *now, *none])

    return value


def exact(values: Floats) -> list[float]:
    """Few numbers whose exact sum is that of many finite ones (K,): what is left over, rounded, and again."""
    parts: list[float] = []
    left = values.tolist()
    while rest := math.fsum(left):
        parts.append(rest)
        left.append(-rest)
    return parts
