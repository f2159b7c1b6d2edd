"""Drops, additions and swaps of a plan by valuing every changed plan anew, for any kind of measure."""

from __future__ import annotations

import math

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.plan import Plan
from siting.problem import Problem
from siting.reasons.rooms import Excess, excess
from siting.reasons.standing import Standing

MOST = 20_000
"""Plans that are valued at most for one question."""


class Revaluation:
    """The same answers as :class:`siting.reasons.interchange.Interchange`, plan by plan.

    Attributes:
        drop: (O, K) changes by dropping each opened option, nobody else moved; NaN where undefined.
    """

    def __init__(self, problem: Problem, plan: Plan, state: Standing, may: Flags) -> None:
        """Set up; see :class:`siting.reasons.interchange.Interchange`."""
        self._problem, self._plan, self._state, self._may = problem, plan, state, may
        self._sign = np.array([1.0 if goal.maximize else -1.0 for goal in problem.objectives])
        self._value = self._values(plan)
        count = len(plan.opened)
        self.drop = np.array([self._values(self._dropped(k)) - self._value for k in range(count)])
        self.drop = self.drop.reshape(count, len(self._sign)).T

    def _values(self, plan: Plan) -> Floats:
        values = [goal.term.value(plan) for goal in self._problem.objectives]
        return np.asarray(self._sign * values)

    def _dropped(self, k: int) -> Plan:
        ms, served = self._state.without(k)
        kept = np.arange(len(self._plan.opened)) != k
        serves, _ = self._problem.responses.serve(self._plan.opened[kept], self._plan.closed)
        serves = np.where(served, serves, -1).astype(np.int32)
        return Plan(self._plan.opened[kept], serves, ms, self._plan.units[kept], self._plan.closed)

    def _changed(self, k: int | None, option: int) -> Plan:
        """The plan with one unit of an option, or as many as there were in place of the k-th opened."""
        plan, options = self._plan, self._problem.responses.options
        kept = np.arange(len(plan.opened)) != (-1 if k is None else k)
        units = 1 if k is None else min(int(plan.units[k]), int(options.units[option]))
        opened = np.append(plan.opened[kept], np.int32(option))
        order = np.argsort(opened)
        opened = opened[order]
        amount = np.append(plan.units[kept], np.int32(units))[order]
        serves, ms = self._problem.responses.serve(opened, plan.closed)
        return Plan(opened, serves, ms, amount, plan.closed)

    def broken(self, plan: Plan) -> list[Excess]:
        """Limits that a plan breaks, and what stands in the way of it otherwise."""
        found = [excess(limit, limit.term.value(plan)) for limit in self._problem.limits]
        broken = [one for one in found if one is not None]
        options = self._problem.responses.options
        replaced = options.replaces[plan.opened]
        replaced = replaced[replaced >= 0]
        twice = len(replaced) - len(np.unique(replaced)) + int(np.isin(replaced, plan.closed).sum())
        if twice:
            broken.append(Excess("one replacement of every existing facility", twice))
        return broken

    def _change(self, plan: Plan) -> Floats:
        """(O,) change against the plan, -inf where limits or the model forbid it."""
        if self.broken(plan):
            return np.full(len(self._sign), -np.inf)
        change = self._values(plan) - self._value
        return np.full(len(change), -np.inf) if np.isnan(change).any() else change

    def swap(self, k: int, among: Ints) -> Floats:
        """(O, X) changes by opening some options in place of the k-th opened; -inf where limits forbid it."""
        changes = np.full((len(self._sign), len(among)), -np.inf)
        period = self._problem.responses.options.period
        fits = self._may[among] & (period[among] == period[self._plan.opened[k]])
        for number in np.flatnonzero(fits):
            changes[:, number] = self._change(self._changed(k, int(among[number])))
        return changes

    def swaps(self, k: int, room: Floats) -> tuple[Ints, Floats]:
        """All options (X,) that may be opened in place of the k-th, and changes (O, X)."""
        period = self._problem.responses.options.period
        among = np.flatnonzero(self._may & (period == period[self._plan.opened[k]])).astype(np.int32)
        return among, self.swap(k, among)

    def swap_in(self, option: int) -> Floats:
        """(O, K) changes by opening an option in place of each opened one; -inf where limits forbid it."""
        count = len(self._plan.opened)
        found = [self._change(self._changed(k, option)) for k in range(count)]
        return np.array(found).reshape(count, len(self._sign)).T

    def add_one(self, option: int) -> tuple[Floats, list[Excess]]:
        """(O,) change by opening an option, whatever the limits, and the limits that breaks."""
        plan = self._changed(None, option)
        return self._values(plan) - self._value, self.broken(plan)

    def without(self, k: int) -> list[Excess]:
        """Limits that dropping the k-th opened breaks, nobody else moved."""
        plan = self._dropped(k)
        found = self.broken(plan)
        for goal in self._problem.objectives:
            if math.isnan(goal.term.value(plan)):
                lost = int(np.count_nonzero(~plan.served & self._plan.served))
                found.append(Excess(f"needs left unanswered, which {goal.term.label} does not allow", lost))
        return found
