"""A plan's choice, recomputed: who serves whom, what the measures are, which limits break."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from siting.check.responses import reachable, until
from siting.check.times import Answers, Ground
from siting.instance.arrays import Floats, Ints, Longs
from siting.measures import Term
from siting.plan import Plan, Shares
from siting.problem import Problem

SLACK = 1e-12
"""Relative excess over a limit that the binary notation of decimal numbers explains."""

BOUND_SLACK = 1e-9
"""Relative excess of a value over its bound that a solver's arithmetic explains."""


@dataclass(frozen=True, eq=False)
class Assigned:
    """Who serves what: needs, options and shares (K,), and recomputed ms, NaN where it cannot be."""

    need: Longs
    option: Longs
    share: Floats
    ms: Floats


class Audit:
    """A choice of what to open and to close, recomputed.

    Attributes:
        problem: the question.
        ground: needs, options and roads, derived from the data alone.
        plan: the choice; of who serves whom only what nobody can recompute, where a plan decides it.
        opened, units, closed: of the plan.
        rounding: how far the shares of the plan may be off, having been rounded.
        amount: (M,) units that are open.
        is_open: (M,) whether there are any.
        before: who answers each need with existing facilities only.
        after: who serves each need: the first to answer, or whom the plan names.
        left: who answers with the existing facilities that the plan keeps.
        told: ``after`` as the problem may tell it. Where its model cannot tell times later than
            its horizon apart, only existing facilities count as answering later.
        assigned: everything that is served, share by share.
        served: the plan as it is recomputed, everybody served by whom ``after`` says.
        responses: needs, options and reachability for measures, without a table of times.
    """

    def __init__(self, problem: Problem, ground: Ground, plan: Plan, rounding: float = 0.0) -> None:
        self.problem = problem
        self.ground = ground
        self.plan = plan
        self.opened, self.units, self.closed = plan.opened, plan.units, plan.closed
        self.rounding = rounding
        options = ground.options
        self.amount = np.where(ground.standing, options.units, 0)
        self.amount[plan.closed] = 0
        self.amount[plan.opened] = plan.units
        self.is_open = self.amount > 0
        self.before = ground.answers(ground.standing)
        if ground.layout.serve == "nearest":
            self.after = ground.answers(self.is_open)
            self.left = ground.answers(ground.standing & self.is_open) if len(plan.closed) else self.before
            self.told = until(self.left, self.after, ground.latest)
            there = np.flatnonzero(self.told.option >= 0)
            self.assigned = Assigned(there, self.told.option[there], np.ones(len(there)), self.told.ms[there])
            self.served = _as_plan(self, self.after)
            self._nothing = Plan(plan.opened[:0], *_arrays(self.before))
        else:
            self._follow(plan)
        self.responses = reachable(ground, self.before)
        self._values: dict[tuple[Term, Plan], float] = {}

    def _follow(self, plan: Plan) -> None:
        """Take who serves whom from the plan, and the times from the roads."""
        needs = len(self.ground.needs.place)
        there = np.flatnonzero(plan.serves >= 0)
        ms = np.full(needs, np.nan)
        ms[there] = self._times(plan.serves[there], there, plan.response_ms[there])
        self.left = self.before
        self.after = self.told = Answers(ms, np.where(np.isnan(ms), -1, plan.serves).astype(np.int64))
        self.served = _as_plan(self, self.after)
        self.assigned = Assigned(there, plan.serves[there].astype(np.int64), np.ones(len(there)), ms[there])
        if plan.shares is not None:
            one = plan.shares
            real = self._times(one.option, one.need, one.ms)
            self.assigned = Assigned(one.need.astype(np.int64), one.option.astype(np.int64), one.share, real)
            kept = ~np.isnan(real)
            shares = Shares(one.need[kept], one.option[kept], one.share[kept], real[kept].astype(np.int32))
            self.served = replace(self.served, shares=shares)
        nobody = np.full(needs, -1, dtype=np.int32)
        self._nothing = Plan(plan.opened[:0], nobody, np.zeros(needs, dtype=np.int32))

    def _times(self, option: Ints, need: Ints | Longs, claimed: Ints) -> Floats:
        """Response ms of pairs, NaN where there is none; first as far as claimed, since that is near."""
        ms = self.ground.between(option, need, claimed.astype(np.float64))
        more = np.flatnonzero(np.isnan(ms))
        ms[more] = self.ground.between(option[more], need[more], np.full(len(more), np.inf))
        return ms

    def assigned_of(self, need: Longs, option: Longs) -> Floats:
        """Recomputed ms of some of what is assigned, (K,); NaN where it is not."""
        size = len(self.ground.options.site)
        key = self.assigned.need * size + self.assigned.option
        order = np.argsort(key)
        at = np.searchsorted(key[order], need * size + option).clip(max=max(0, len(key) - 1))
        if not len(key):
            return np.full(len(need), np.nan)
        return np.where(key[order][at] == need * size + option, self.assigned.ms[order][at], np.nan)

    def value(self, term: Term) -> float:
        """A term's value on the recomputed plan; NaN where it is undefined."""
        return self._valued(term, self.served)

    def value_before(self, term: Term) -> float:
        """A term's value if nothing changes; NaN where it is undefined.

        Where capacities bind there is no telling who would serve whom: nobody is served.
        """
        return self._valued(term, self._nothing)

    def value_at_most(self, term: Term) -> float:
        """A term's value if every usable option were open; NaN where it is undefined."""
        usable = self.ground.options.usable
        new = np.flatnonzero(usable & ~self.ground.standing).astype(np.int32)
        everything = Plan(new, *_arrays(self.ground.answers(usable)))
        return self._valued(term, everything)

    def _valued(self, term: Term, plan: Plan) -> float:
        """A term's value, computed once: some search the roads."""
        key = (term, plan)
        if key not in self._values:
            self._values[key] = replace(term, responses=self.responses).value(plan)
        return self._values[key]

    def off(self, term: Term) -> float:
        """How far a value may be off because the plan's shares are rounded."""
        if not self.rounding:
            return 0.0
        # A share moves between an option and nobody, or another option; there may be a few per need.
        size = abs(self.value(term)) + abs(np.nan_to_num(self.value_before(term)))
        return float(8 * self.rounding * size)

    def limits(self) -> list[str]:
        """Limits the plan breaks, and by how much."""
        findings = []
        for limit in self.problem.limits:
            value = self.value(limit.term)
            slack = SLACK * max(1.0, abs(value)) + self._solver(limit.term, value) + self.off(limit.term)
            if math.isnan(value):
                findings.append(f"limit {limit.label}: the value is undefined, some need is not answered")
            elif value > limit.high + slack:
                findings.append(f"limit {limit.label}: {value:.12g} is {value - limit.high:.6g} too much")
            elif value < limit.low - slack:
                findings.append(f"limit {limit.label}: {value:.12g} is {limit.low - value:.6g} too little")
        return findings

    def _solver(self, term: Term, value: float) -> float:
        """What the arithmetic of a solver may break a limit by: shares are not whole numbers."""
        fractional = self.plan.shares is not None and "type" not in term.measure.filters
        return BOUND_SLACK * max(1.0, abs(value)) if fractional else 0.0


def wrong_side(value: float, bound: float, maximize: bool, off: float = 0.0) -> bool:
    """Whether a bound claims less than what the plan achieves, give or take ``off``."""
    excess = value - bound if maximize else bound - value
    return not excess <= BOUND_SLACK * max(1.0, abs(value)) + off


def _arrays(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Options and ms for a plan; times nobody may read are 0."""
    ms = np.where(np.isnan(answers.ms), 0, answers.ms).astype(np.int32)
    return answers.option.astype(np.int32), ms


def _as_plan(audit: Audit, answers: Answers) -> Plan:
    return Plan(audit.opened, *_arrays(answers), audit.units, audit.closed)
