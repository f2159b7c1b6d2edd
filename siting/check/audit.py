"""The audit every plan passes before anyone sees it: times, choices, limits, objectives, bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.check.times import Answers, Ground
from siting.instance import Instance, Settings
from siting.instance.arrays import Flags, Floats, Longs
from siting.measures import Term
from siting.plan import Achieved, Plan
from siting.problem import Problem
from siting.response import Responses

LISTED = 20
"""Differences of one kind are listed up to here, the rest is counted."""

SLACK = 1e-12
"""Relative excess over a limit that the binary notation of decimal numbers explains."""

BOUND_SLACK = 1e-9
"""Relative excess of a value over its bound that a solver's arithmetic explains."""


def verify(problem: Problem, plan: Plan, achieved: Sequence[Achieved]) -> list[str]:
    """Recompute a plan from the instance alone and compare.

    Neither the table of response times nor the kernels that made it are used, and no solver.

    Args:
        problem: the question with every number decided.
        plan: what is opened and who serves whom.
        achieved: per objective its claimed value and bound.

    Returns:
        What is wrong, in words; empty for a plan that is as it says.
    """
    ground = Ground(problem.instance, problem.responses.settings)
    findings = _tables(problem, ground) or _shapes(ground, plan)
    if findings:
        return findings
    audit = Audit(problem, ground, plan.opened)
    return [
        *choices(ground, plan),
        *_served(audit, plan),
        *audit.limits(),
        *_objectives(audit, achieved),
    ]


class Audit:
    """A choice of openings, recomputed.

    Attributes:
        problem: the question.
        ground: needs, options and roads, derived from the data alone.
        opened: (K,) option numbers.
        before, after: who answers each need with existing facilities only, and with ``opened``.
        told: ``after`` as the problem may tell it. Where its model cannot tell times later than
            its horizon apart, a later candidate does not count as answering.
        responses: needs, options and reachability for measures, without a table of times.
    """

    def __init__(self, problem: Problem, ground: Ground, opened: Sequence[int] | np.ndarray) -> None:
        self.problem = problem
        self.ground = ground
        self.opened = np.asarray(opened, dtype=np.int32)
        is_open = ground.standing.copy()
        self.before = ground.answers(is_open)
        is_open[self.opened] = True
        self.after = ground.answers(is_open)
        horizon = problem.responses.horizon_ms
        self.told = _until(self.before, self.after, _latest(ground, horizon))
        self.responses = _reachable(ground, self.before, horizon)

    def value(self, term: Term) -> float:
        """A term's value on the recomputed plan; NaN where it is undefined."""
        return replace(term, responses=self.responses).value(as_plan(self.opened, self.after))

    def value_before(self, term: Term) -> float:
        """A term's value with existing facilities only; NaN where it is undefined."""
        return replace(term, responses=self.responses).value(as_plan(self.opened[:0], self.before))

    def value_at_most(self, term: Term) -> float:
        """A term's value if every usable option were open; NaN where it is undefined."""
        usable = self.ground.options.usable
        new = np.flatnonzero(usable & ~self.ground.standing)
        return replace(term, responses=self.responses).value(as_plan(new, self.ground.answers(usable)))

    def limits(self) -> list[str]:
        """Limits the openings break, and by how much."""
        findings = []
        for limit in self.problem.limits:
            value = self.value(limit.term)
            slack = SLACK * max(1.0, abs(value))
            if math.isnan(value):
                findings.append(f"limit {limit.label}: the value is undefined, some need is not answered")
            elif value > limit.high + slack:
                findings.append(f"limit {limit.label}: {value:.12g} is {value - limit.high:.6g} too much")
            elif value < limit.low - slack:
                findings.append(f"limit {limit.label}: {value:.12g} is {limit.low - value:.6g} too little")
        return findings


def as_plan(opened: np.ndarray, answers: Answers) -> Plan:
    """Recomputed answers as a plan; times nobody may read are 0."""
    ms = np.where(np.isnan(answers.ms), 0, answers.ms).astype(np.int32)
    return Plan(opened.astype(np.int32), answers.option.astype(np.int32), ms)


def listed(
    found: Sequence[int] | NDArray[np.integer[Any]], say: Callable[[int], str], more: str
) -> list[str]:
    """Words about the first 20 of some positions, and how many ``more`` there are."""
    findings = [say(int(one)) for one in found[:LISTED]]
    if len(found) > LISTED:
        findings.append(f"... and {len(found) - LISTED:,} more {more}")
    return findings


def same(one: np.ndarray, other: np.ndarray) -> Flags:
    """Elementwise equality under which NaN equals NaN."""
    return np.asarray((one == other) | ((one != one) & (other != other)))


def wrong_side(value: float, bound: float, maximize: bool) -> bool:
    """Whether a bound claims less than what the plan achieves."""
    excess = value - bound if maximize else bound - value
    return not excess <= BOUND_SLACK * max(1.0, abs(value))


def without_table(instance: Instance, settings: Settings, horizon_ms: Mapping[int, int] | None) -> Responses:
    """Responses for measures, whose only pairs say which needs a usable candidate can improve.

    Args:
        instance, settings, horizon_ms: as for :func:`siting.response.build_responses`.
    """
    ground = Ground(instance, settings)
    return _reachable(ground, ground.answers(ground.standing), horizon_ms)


def _reachable(ground: Ground, before: Answers, horizon_ms: Mapping[int, int] | None) -> Responses:
    """The responses of :func:`without_table`, knowing who answers ``before`` anything is opened."""
    options = ground.options
    best = _until(before, ground.answers(options.usable), _latest(ground, horizon_ms))
    better = best.option >= options.existing
    return Responses(
        instance=ground.instance,
        settings=ground.settings,
        needs=ground.needs,
        options=options,
        indptr=np.concatenate([[0], np.cumsum(better)]).astype(np.int64),
        option=best.option[better].astype(np.int32),
        ms=best.ms[better].astype(np.int32),
        base_option=before.option.astype(np.int32),
        base_ms=np.where(np.isnan(before.ms), 0, before.ms).astype(np.int32),
        horizon_ms=horizon_ms,
    )


def _latest(ground: Ground, horizon_ms: Mapping[int, int] | None) -> Floats:
    """Latest response of every need that a model tells apart from none at all, (N,) ms."""
    if horizon_ms is None:
        return np.full(len(ground.needs.place), np.inf)
    by_service = [horizon_ms[number] for number in range(len(ground.settings.services))]
    return np.array(by_service, dtype=np.float64)[ground.needs.service]


def _until(before: Answers, after: Answers, latest: Floats) -> Answers:
    """``after`` where it is no later than ``latest`` (N,), else ``before``."""
    counts = after.ms <= latest
    return Answers(np.where(counts, after.ms, before.ms), np.where(counts, after.option, before.option))


def _tables(problem: Problem, ground: Ground) -> list[str]:
    """Whether the engine's needs and options are those of the instance."""
    findings = []
    for name, theirs, ours in (
        ("needs", problem.responses.needs, ground.needs),
        ("options", problem.responses.options, ground.options),
    ):
        for field, value in vars(ours).items():
            if not np.array_equal(getattr(theirs, field), value):
                findings.append(f"{name}.{field} of the problem differ from the instance")
    return findings


def _shapes(ground: Ground, plan: Plan) -> list[str]:
    """Whether the plan's arrays can be read as what they are."""
    findings = []
    count, options = len(ground.needs.place), len(ground.options.site)
    for name in ("opened", "serves", "response_ms"):
        array = getattr(plan, name)
        if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
            findings.append(f"plan.{name} must be one row of integers, found {array.dtype} {array.shape}")
    if not findings and not len(plan.serves) == len(plan.response_ms) == count:
        findings.append(
            f"plan.serves and plan.response_ms must have {count:,} needs, found "
            f"{len(plan.serves):,} and {len(plan.response_ms):,}"
        )
    if findings:
        return findings
    unknown = plan.opened[(plan.opened < 0) | (plan.opened >= options)]
    findings = listed(unknown, lambda one: f"opened: there is no option {one}", "opened options unknown")
    return findings + listed(
        np.flatnonzero((plan.serves < -1) | (plan.serves >= options)),
        lambda one: f"{name_need(ground, one)}: served by option {plan.serves[one]}, which does not exist",
        "needs served by options that do not exist",
    )


def choices(ground: Ground, plan: Plan) -> list[str]:
    """Opened options are usable candidates, each once, in order, and all required ones."""
    options, opened = ground.options, plan.opened

    def say(what: str) -> Callable[[int], str]:
        return lambda one: f"{name_option(ground, one)}: {what}"

    counts = np.bincount(opened, minlength=len(options.site))
    numbers = np.arange(len(options.site))
    findings = listed(np.flatnonzero(counts > 1), say("opened more than once"), "opened more than once")
    old = np.flatnonzero((counts > 0) & (numbers < options.existing))
    findings += listed(old, say("opened although it exists already"), "existing facilities opened")
    closed = np.flatnonzero((counts > 0) & ~options.usable)
    findings += listed(closed, say("opened although it is forbidden or excluded"), "forbidden options opened")
    missing = np.flatnonzero((counts == 0) & options.required)
    findings += listed(missing, say("required, but not opened"), "required options not opened")
    if np.any(np.diff(opened) < 0):
        findings.append("opened: options must be listed in ascending order")
    return findings


def _served(audit: Audit, plan: Plan) -> list[str]:
    """Every need is served by an open option in the time the plan says, as soon as possible."""
    ground, told = audit.ground, audit.told
    served = plan.serves >= 0
    reached = told.option >= 0

    def named(what: Callable[[int], str]) -> Callable[[int], str]:
        return lambda one: f"{name_need(ground, one)}: {what(one)}"

    is_open = ground.standing.copy()
    is_open[audit.opened] = True
    wrong = np.flatnonzero(served & ~is_open[plan.serves])
    findings = listed(
        wrong,
        named(lambda one: f"served by {name_option(ground, plan.serves[one])}, which is not open"),
        "needs served by options that are not open",
    )
    wrong = np.flatnonzero(served != reached)
    findings += listed(
        wrong,
        named(lambda one: "served, but nothing reaches it" if served[one] else "not served, but reachable"),
        "needs wrongly served or not served",
    )
    wrong = np.flatnonzero(served & reached & (plan.response_ms != told.ms))
    findings += listed(
        wrong,
        named(lambda one: f"response {plan.response_ms[one]:,} ms, recomputed {told.ms[one]:,.0f} ms"),
        "response times that differ",
    )
    differs = np.flatnonzero(served & reached & (plan.serves != told.option) & is_open[plan.serves])
    wrong = differs[~equally_fast(ground, plan.serves, told.ms, differs)]
    return findings + listed(
        wrong,
        named(lambda one: f"{name_option(ground, plan.serves[one])} does not answer it first"),
        "needs served by options that are not the first to answer",
    )


def equally_fast(ground: Ground, serves: np.ndarray, ms: Floats, needs: Longs) -> Flags:
    """Whether the option named for each of some needs (K,) achieves its time; one search per option."""
    good = np.zeros(len(needs), dtype=bool)
    for option in np.unique(serves[needs]):
        mine = np.flatnonzero(serves[needs] == option)
        good[mine] = ground.one(int(option), needs[mine]) == ms[needs[mine]]
    return good


def _objectives(audit: Audit, achieved: Sequence[Achieved]) -> list[str]:
    """Claimed values are the measures of the recomputed plan; bounds lie on the right side."""
    goals = audit.problem.objectives
    if len(achieved) != len(goals):
        return [f"{len(achieved)} objectives are claimed, the model has {len(goals)}"]
    findings = []
    for goal, claim in zip(goals, achieved, strict=True):
        term, name = goal.term, goal.term.label
        ours = (name, goal.maximize, term.unit)
        if (claim.measure, claim.maximize, claim.unit) != ours:
            findings.append(f"objective {name}: claimed as {claim.measure} in {claim.unit}")
        value, before = audit.value(term), audit.value_before(term)
        if math.isnan(value):
            findings.append(f"objective {name}: undefined, some need that must be answered is not")
            continue
        if claim.value != value:
            findings.append(f"objective {name}: {claim.value!r} is claimed, recomputed {value!r}")
        if claim.before != (None if math.isnan(before) else before):
            findings.append(f"objective {name}: {claim.before!r} before is claimed, recomputed {before!r}")
        if claim.bound is not None and wrong_side(value, claim.bound, goal.maximize):
            side = "below" if goal.maximize else "above"
            findings.append(f"objective {name}: the bound {claim.bound!r} lies {side} the value {value!r}")
    return findings


def name_need(ground: Ground, need: int) -> str:
    """Words for a need."""
    place = ground.instance.places.ids[ground.needs.place[need]]
    return f"{ground.settings.services[ground.needs.service[need]].id} at {place}"


def name_option(ground: Ground, option: int) -> str:
    """Words for an option."""
    site = ground.instance.sites.ids[ground.options.site[option]]
    return f"{ground.settings.types[ground.options.type[option]].id} at {site}"
