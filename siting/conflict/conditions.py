"""What a plan must keep, condition by condition, and the problem that asks for some of them only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csc_matrix

from siting.conflict.allowed import allowed
from siting.instance import LEVELS
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.measures.people_within import PeopleWithin
from siting.measures.share_of_coverable import ShareOfCoverable
from siting.measures.share_within import ShareWithin
from siting.methods.plain import beyond_nearest
from siting.plan import Plan
from siting.problem import Bound, Objective, Problem

ROOM = 1e-9
"""Relative difference that sums of doubles in another order explain."""

NAMES = 14
"""Names that are said one by one."""

ANY_MINUTES = 30_000.0
"""Minutes within which every answer is."""

_ONE_BY_ONE = 20
"""Required candidates that are conditions of their own; more of them are one condition together."""


@dataclass(frozen=True)
class Condition:
    """One thing that a plan must keep.

    Attributes:
        kind: ``at_most`` or ``at_least`` for a side of a limit, ``required`` for candidates that must be
            opened, ``forbidden`` for candidates that must not, ``served`` where the
            objective is undefined unless everyone is served.
        limit: number of the limit, -1 for the other kinds.
        options: option numbers of the required or forbidden candidates.
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
        forbidden: options that the conditions forbid; the problem itself allows them.
        every: its conditions: sides of limits in their order, then required and forbidden candidates,
            then service.
    """

    def __init__(self, problem: Problem, like: Conditions | None = None) -> None:
        """Look at a problem, or at the problem of other conditions with other numbers of its limits."""
        self._like = like
        self.problem: Problem = problem
        self.forbidden: Ints = np.zeros(0, dtype=np.int32)
        if like is None:
            self.problem, self.forbidden = allowed(problem)
        else:
            self.forbidden = like.forbidden
        problem = self.problem
        self.every = (
            *_sides(problem), *_required(problem), *_forbidden(problem, self.forbidden), *_served(problem),
        )  # fmt: skip

    @property
    def all(self) -> Kept:
        """All of them."""
        return frozenset(self.every)

    @cached_property
    def place(self) -> dict[Condition, int]:
        """The number of every condition."""
        return {one: number for number, one in enumerate(self.every)}

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

    def kept_by(self, plan: Plan, values: Floats) -> Kept:
        """The conditions that a plan keeps, of which the limits have some values."""
        opened = set(plan.opened.tolist())
        return frozenset(
            one
            for one in self.every
            if (one.kind == "required" and opened.issuperset(one.options))
            or (one.kind == "forbidden" and opened.isdisjoint(one.options))
            or (one.kind == "served" and not math.isnan(self.problem.objectives[0].term.value(plan)))
            or (one.limit >= 0 and self.allows(one, float(values[one.limit])))
        )

    def values(self, plan: Plan) -> Floats:
        """(limits,) what each limit bounds, of a plan; looks no further than where that can differ."""
        plain = plan.shares is None and not len(plan.closed) and bool(np.all(plan.units == 1))
        taken = np.asarray(self.taken[:, plan.opened].sum(axis=1)).ravel()
        found = np.empty(len(self.problem.limits))
        for number, limit in enumerate(self.problem.limits):
            term = limit.term
            measure = term.measure
            if plain and isinstance(measure, OptionMeasure):
                found[number] = taken[number]
            elif plain and number in self._counted and isinstance(measure, NeedMeasure):
                need = self._counted[number][plan.served[self._counted[number]]]
                found[number] = math.fsum(measure.at(term, need, plan.response_ms[need]))
            else:
                found[number] = term.value(plan)
        return found

    @cached_property
    def taken(self) -> csc_matrix:
        """(limits, M) what one unit of every option takes of each limit on what is opened."""
        if self._like:
            return self._like.taken
        rows: list[Longs] = []
        columns: list[Longs] = []
        values: list[Floats] = []
        for number, limit in enumerate(self.problem.limits):
            if isinstance(limit.term.measure, OptionMeasure):
                taken = limit.term.measure.coefficients(limit.term)
                columns.append(np.flatnonzero(taken))
                values.append(taken[columns[-1]])
                rows.append(np.full(len(columns[-1]), number))
        shape = (len(self.problem.limits), len(self.problem.responses.options.site))
        if not rows:
            return csc_matrix(shape)
        parts = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        return csc_matrix(parts, shape=shape)

    @cached_property
    def _counted(self) -> dict[int, Ints]:
        """Needs of each limit on a part of the people within their standard."""
        found = {}
        for number, limit in enumerate(self.problem.limits):
            term = limit.term
            coverage = isinstance(term.measure, PeopleWithin | ShareWithin)
            if coverage and not isinstance(term.measure, ShareOfCoverable):
                need = np.flatnonzero(term.scope).astype(np.int32)
                if term.responses.needs.weight[need].any():
                    found[number] = need
        return found

    @cached_property
    def hopeless(self) -> Kept:
        """Floors that not even the plan that opens everything keeps; empty where there is no such plan."""
        if not self.simple_plans:
            return frozenset()
        everything = self.simple_plans[1]
        missed = self.all - self.kept_by(everything, self.values(everything))
        return frozenset(
            one
            for one in missed
            if one.limit >= 0
            and isinstance(self.term(one).measure, NeedMeasure)
            and ("up" if one.kind == "at_least" else "down") in self.term(one).measure.tight
        )

    @cached_property
    def simple_plans(self) -> tuple[Plan, ...]:
        """The plans that open nothing, everything, and everything that is not forbidden.

        Where such a plan could break a rule of its own there are none.
        """
        responses = self.problem.responses
        if self._like:
            return self._like.simple_plans
        if beyond_nearest(self.problem) is not None or responses.layout.periods:
            return ()
        options = responses.options
        fresh = options.usable & (np.arange(len(options.site)) >= options.existing)
        chosen: list[Ints] = [np.zeros(0, dtype=np.int32), np.flatnonzero(fresh).astype(np.int32)]
        if len(self.forbidden):
            chosen.append(np.setdiff1d(chosen[1], self.forbidden))
        return tuple(Plan(opened, *responses.serve(opened)) for opened in chosen)

    def asking(self, kept: Iterable[Condition], objective: Objective | None = None) -> Problem:
        """The problem under some of the conditions.

        Args:
            kept: those that a plan must keep.
            objective: what is optimized instead of the problem's first objective.
        """
        kept = frozenset(kept)
        required, closed = (self._options_of(kept, kind) for kind in ("required", "forbidden"))
        problem, bound = self.problem, _Binder(self.problem, required, closed)
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

    def _options_of(self, kept: Kept, kind: str) -> Flags:
        """(M,) options that conditions of a kind are about."""
        found = np.zeros_like(self.problem.responses.options.required)
        for one in kept:
            if one.kind == kind:
                found[list(one.options)] = True
        return found


class _Binder:
    """Terms of a problem in which other candidates are required, and some are closed."""

    def __init__(self, problem: Problem, required: Flags, closed: Flags) -> None:
        built = self.responses = problem.responses
        options = built.options
        if not np.array_equal(required, options.required):
            options = replace(options, required=required)
            self.responses = replace(built, options=options)
        if closed.any():
            there = ~closed[built.option]
            ends = np.concatenate([[0], np.cumsum(there)])
            self.responses = replace(
                built,
                options=replace(options, usable=options.usable & ~closed),
                indptr=ends[built.indptr],
                option=built.option[there],
                ms=built.ms[there],
            )

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


def up(value: float, way: int = 1) -> str:
    """Six digits of a number, rounded up (``way`` 1) or down (-1), so that it is enough.

    A solver's last digits do not count: 2.0000000001 is 2.
    """
    if value == 0.0:
        return "0"
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 5)
    return f"{math.ceil(way * value / unit - 1e-3) * unit * way:.6g}"


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


def _forbidden(problem: Problem, option: Ints) -> list[Condition]:
    """One for all of them: which may be allowed is the question of a change."""
    if not len(option):
        return []
    names = [name_of(problem, one) for one in option.tolist()]
    shown = ", ".join(names[:NAMES])
    more = f" and {len(names) - NAMES:,} more" if len(names) > NAMES else ""
    who = "this candidate is" if len(names) == 1 else f"these {len(names):,} candidates are"
    return [Condition("forbidden", -1, tuple(option.tolist()), f"{who} forbidden: {shown}{more}")]


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
