"""What a plan must keep, condition by condition, and the problem that asks for some of them only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from siting.instance import LEVELS
from siting.instance.arrays import Flags, Ints
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.methods.plain import beyond_nearest
from siting.plan import Plan
from siting.problem import Bound, Objective, Problem

ROOM = 1e-9
"""Relative difference that sums of doubles in another order explain."""

_ONE_BY_ONE = 20
"""Required candidates that are conditions of their own; more of them are one condition together."""


@dataclass(frozen=True)
class Condition:
    """One thing that a plan must keep.

    Attributes:
        kind: ``at_most`` or ``at_least`` for a side of a limit, ``required`` for candidates that must be
            opened, ``served`` where the objective is undefined unless everyone is served.
        limit: number of the limit, -1 for the other kinds.
        options: option numbers of the required candidates.
        what: what it is about, in words for people.
        member: name of the area, type or other member that it is for, if it is for each of a group.
        amount: the number, with its unit.
        name: dotted name of the number that it is, None where no number can be set.
    """

    kind: str
    limit: int = -1
    options: tuple[int, ...] = ()
    what: str = ""
    member: str = ""
    amount: str = ""
    name: str | None = None

    @property
    def label(self) -> str:
        """The whole condition, in words for people."""
        return worded(self, (self.member,) if self.member else ())

    @property
    def root(self) -> str | None:
        """Name of the number for all members of the group."""
        return None if self.name is None else self.name.partition(".")[0]


Kept = frozenset[Condition]


class Conditions:
    """Every condition of a problem.

    Attributes:
        problem: the problem.
        every: its conditions: sides of limits in their order, then required candidates, then service.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.every = (*_sides(problem), *_required(problem), *_served(problem))

    @property
    def all(self) -> Kept:
        """All of them."""
        return frozenset(self.every)

    def value(self, condition: Condition) -> float:
        """The number that a limit is now."""
        bound = self.problem.limits[condition.limit]
        return bound.high if condition.kind == "at_most" else bound.low

    def term(self, condition: Condition) -> Term:
        """What a limit bounds."""
        return self.problem.limits[condition.limit].term

    def allows(self, condition: Condition, value: float) -> bool:
        """Whether a value keeps a limit, up to the arithmetic of sums."""
        number = self.value(condition)
        room = ROOM * max(1.0, abs(number))
        return value <= number + room if condition.kind == "at_most" else value >= number - room

    def kept_by(self, plan: Plan) -> Kept:
        """The conditions that a plan keeps."""
        opened = set(plan.opened.tolist())
        return frozenset(
            one
            for one in self.every
            if (one.kind == "required" and opened.issuperset(one.options))
            or (one.kind == "served" and not math.isnan(self.problem.objectives[0].term.value(plan)))
            or (one.limit >= 0 and self.allows(one, self.term(one).value(plan)))
        )

    @cached_property
    def hopeless(self) -> Kept:
        """Floors that not even the plan that opens everything keeps; empty where there is no such plan."""
        if not self.simple_plans:
            return frozenset()
        missed = self.all - self.kept_by(self.simple_plans[1])
        return frozenset(
            one
            for one in missed
            if one.limit >= 0
            and isinstance(self.term(one).measure, NeedMeasure)
            and ("up" if one.kind == "at_least" else "down") in self.term(one).measure.tight
        )

    @cached_property
    def simple_plans(self) -> tuple[Plan, ...]:
        """The plans that open nothing and everything, where such a plan breaks no rule of its own."""
        responses = self.problem.responses
        if beyond_nearest(self.problem) is not None or responses.layout.periods:
            return ()
        options = responses.options
        fresh = options.usable & (np.arange(len(options.site)) >= options.existing)
        chosen: list[Ints] = [np.zeros(0, dtype=np.int32), np.flatnonzero(fresh).astype(np.int32)]
        return tuple(Plan(opened, *responses.serve(opened)) for opened in chosen)

    def asking(self, kept: Iterable[Condition], objective: Objective | None = None) -> Problem:
        """The problem under some of the conditions.

        Args:
            kept: those that a plan must keep.
            objective: what is optimized instead of the problem's first objective.
        """
        kept = frozenset(kept)
        problem, bound = self.problem, _Binder(self.problem, self._required_by(kept))
        first = objective or problem.objectives[0]
        served = [
            Bound(bound.term(problem.objectives[0].term), -math.inf, math.inf, one.label)
            for one in kept
            if one.kind == "served" and objective is not None
        ]
        limits = []
        for number, limit in enumerate(problem.limits):
            sides = {one.kind for one in kept if one.limit == number}
            low = limit.low if "at_least" in sides else -math.inf
            high = limit.high if "at_most" in sides else math.inf
            if sides:
                limits.append(replace(limit, term=bound.term(limit.term), low=low, high=high))
        return replace(
            problem,
            responses=bound.responses,
            objectives=(replace(first, term=bound.term(first.term)),),
            limits=(*limits, *served),
        )

    def _required_by(self, kept: Kept) -> Flags:
        required = np.zeros_like(self.problem.responses.options.required)
        for one in kept:
            required[list(one.options)] = True
        return required


class _Binder:
    """Terms of a problem in which other candidates are required."""

    def __init__(self, problem: Problem, required: Flags) -> None:
        options = problem.responses.options
        self.responses = problem.responses
        if not np.array_equal(required, options.required):
            self.responses = replace(problem.responses, options=replace(options, required=required))

    def term(self, term: Term) -> Term:
        return term if term.responses is self.responses else replace(term, responses=self.responses)


def worded(one: Condition, members: Sequence[str]) -> str:
    """A condition, or several that differ in their members alone, in words for people."""
    who = f" [{', '.join(members)}]" if members else ""
    return f"{one.what}{who}" + (f": {one.kind.replace('_', ' ')} {one.amount}" if one.limit >= 0 else "")


def _sides(problem: Problem) -> list[Condition]:
    found = []
    for number, limit in enumerate(problem.limits):
        what, member = _what(problem, limit)
        for kind, value, name in (
            ("at_least", limit.low, limit.low_name),
            ("at_most", limit.high, limit.high_name),
        ):
            if math.isfinite(value):
                amount = amount_of(value, limit.term.unit)
                found.append(Condition(kind, number, (), what, member, amount, name))
    return found


def _what(problem: Problem, limit: Bound) -> tuple[str, str]:
    """The measure's title with what narrows it, and the member of the group it is for."""
    term = limit.term
    parts = [one for one in term.label[len(term.measure.name) :].strip(" []").split("; ") if one]
    member = ""
    if limit.member is not None:
        parts = [one for one in parts if one != limit.member[1]]
        member = _name(problem, *limit.member)
    return f"{term.measure.title} ({'; '.join(parts)})" if parts else term.measure.title, member


def _name(problem: Problem, group: str, member: str) -> str:
    if group in LEVELS:
        areas = problem.instance.areas[group]
        return str(areas.names[np.flatnonzero(areas.ids == member)[0]])
    return member


def amount_of(value: float, unit: str) -> str:
    """A value with its unit; shares in percent."""
    return f"{100 * value:,.7g} %" if unit == "of 1" else f"{value:,.10g} {unit}"


def name_of(problem: Problem, option: int) -> str:
    """Name of a site with the type of the facility, for people."""
    options, instance = problem.responses.options, problem.instance
    kind = problem.responses.settings.types[options.type[option]].id
    return f"{instance.sites.names[options.site[option]]} ({kind})"


def _required(problem: Problem) -> list[Condition]:
    option = np.flatnonzero(problem.responses.options.required).tolist()
    if len(option) > _ONE_BY_ONE:
        return [Condition("required", -1, tuple(option), f"the {len(option)} required candidates are opened")]
    return [
        Condition("required", -1, (one,), f"the required candidate {name_of(problem, one)} is opened")
        for one in option
    ]


def _served(problem: Problem) -> list[Condition]:
    """One, where the first objective is undefined as long as somebody is not served."""
    term = problem.objectives[0].term
    if isinstance(term.measure, OptionMeasure):
        return []
    nobody = np.full(len(problem.responses.needs.place), -1, dtype=np.int32)
    plan = Plan(np.zeros(0, dtype=np.int32), nobody, np.zeros(len(nobody), dtype=np.int32))
    if not math.isnan(term.value(plan)):
        return []
    return [
        Condition(
            "served",
            what=f"everyone who can be reached is served, as the objective asks ({term.measure.title})",
        )
    ]
