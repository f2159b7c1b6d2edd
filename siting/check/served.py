"""Who serves whom: the first to answer, or as the plan assigns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from siting.check.audit import Audit
from siting.check.times import Ground
from siting.check.words import listed, name_need, name_option
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.plan import Plan

ROOM = 1e-9
"""Share of a need, or of a capacity, that the arithmetic of a solver may take beyond it."""

TINY = 1e-6
"""People beyond a capacity that the same explains."""


def served(audit: Audit, plan: Plan) -> list[str]:
    """What is wrong with who serves each need, and when."""
    if audit.ground.layout.serve == "nearest":
        return _nearest(audit, plan)
    findings = _largest(audit, plan) if plan.shares is not None else []
    ms = plan.response_ms[audit.assigned.need] if plan.shares is None else plan.shares.ms
    return [*findings, *assigned(audit, ms), *loads(audit)]


def _nearest(audit: Audit, plan: Plan) -> list[str]:
    """Every need is served by an open option in the time the plan says, as soon as possible."""
    ground, told = audit.ground, audit.told
    named = _naming(ground)
    there = plan.serves >= 0
    reached = told.option >= 0
    findings = not_open(audit, plan)
    wrong = np.flatnonzero(there != reached)
    findings += listed(
        wrong,
        named(lambda one: "served, but nothing reaches it" if there[one] else "not served, but reachable"),
        "needs wrongly served or not served",
    )
    both = there & reached
    findings += listed(
        np.flatnonzero(both & (plan.response_ms != told.ms)),
        named(lambda one: f"response {plan.response_ms[one]:,} ms, recomputed {told.ms[one]:,.0f} ms"),
        "response times that differ",
    )
    differs = np.flatnonzero(both & (plan.serves != told.option) & audit.is_open[plan.serves])
    return findings + listed(
        differs[~equally_fast(ground, plan.serves[differs], differs, told.ms[differs])],
        named(lambda one: f"{name_option(ground, plan.serves[one])} does not answer it first"),
        "needs served by options that are not the first to answer",
    )


def equally_fast(ground: Ground, option: np.ndarray, need: Longs, ms: Floats) -> Flags:
    """Whether options (K,) answer needs (K,) after exactly so many ms (K,)."""
    return np.asarray(ground.between(option, need, ms) == ms)


def assigned(audit: Audit, claimed: Ints) -> list[str]:
    """Whoever is assigned is open, and answers in the ms the plan says, (K,)."""
    ground, who = audit.ground, audit.assigned
    findings = not_open(audit)

    def say(one: int) -> str:
        words = f"{name_need(ground, who.need[one])}: {name_option(ground, who.option[one])}"
        if np.isnan(who.ms[one]):
            return f"{words} does not answer it"
        return f"{words}: response {claimed[one]:,} ms, recomputed {who.ms[one]:,.0f} ms"

    return findings + listed(np.flatnonzero(claimed != who.ms), say, "response times that differ")


def loads(audit: Audit) -> list[str]:
    """Nobody is served more than whole, and nobody serves more people than there is room for.

    The shares of a file are rounded: every one of them may be off by ``audit.rounding``.
    """
    ground, who = audit.ground, audit.assigned
    need, option, share = who.need, who.option, who.share
    named, needs, options = _naming(ground), ground.needs, ground.options
    taken = np.bincount(need, weights=share, minlength=len(needs.place))
    rows = np.bincount(need, minlength=len(needs.place))
    findings = listed(
        need[~(share >= 0 if audit.rounding else share > 0)],
        named(lambda one: "a share must be greater than 0"),
        "shares that are not greater than 0",
    )
    findings += listed(
        np.flatnonzero(taken > 1 + ROOM + audit.rounding * rows),
        named(lambda one: f"served {taken[one]:.9g} times"),
        "needs served more than once",
    )
    people = needs.people[need].astype(np.float64)
    group = np.column_stack((option, needs.service[need], needs.scenario[need], needs.period[need]))
    groups, which = np.unique(group, axis=0, return_inverse=True)
    which = which.reshape(-1)
    load = np.bincount(which, weights=people * share, minlength=len(groups))
    off = np.bincount(which, weights=people * audit.rounding, minlength=len(groups))
    room = options.capacity[groups[:, 0]] * audit.amount[groups[:, 0]]

    def say(one: int) -> str:
        service = ground.settings.services[groups[one, 1]].id
        name = name_option(ground, groups[one, 0])
        return f"{name}: serves {load[one]:,.6f} people of {service}, but has room for {room[one]:,.6f}"

    return findings + listed(
        np.flatnonzero(load > room * (1 + ROOM) + TINY + off), say, "facilities that serve too many"
    )


def _largest(audit: Audit, plan: Plan) -> list[str]:
    """Shares stand in order, each option once per need, and the largest is the one named."""
    shares, ground = plan.shares, audit.ground
    assert shares is not None
    findings = []
    key = shares.need.astype(np.int64) * len(ground.options.site) + shares.option
    if np.any(np.diff(key) <= 0):
        findings.append("plan.shares must be in order of needs and options, each pair once")
    most = np.zeros(len(plan.serves))
    np.maximum.at(most, shares.need, shares.share)
    named = np.full(len(plan.serves), np.nan)
    mine = shares.option == plan.serves[shares.need]
    named[shares.need[mine]] = shares.share[mine]
    late = np.zeros(len(plan.serves), dtype=bool)
    late[shares.need[mine]] = shares.ms[mine] != plan.response_ms[shares.need[mine]]
    wrong = np.where(plan.serves < 0, most > 0, (named != most) | late)
    return findings + listed(
        np.flatnonzero(wrong),
        _naming(ground)(lambda one: "is not named after the option that serves most of it"),
        "needs not named after who serves most",
    )


def not_open(audit: Audit, plan: Plan | None = None) -> list[str]:
    """Needs that a plan has served by what is not open; without a plan, of what is recomputed."""
    ground, need, option = audit.ground, audit.assigned.need, audit.assigned.option
    if plan is not None:
        need = np.flatnonzero(plan.serves >= 0)
        option = plan.serves[need].astype(np.int64)
    return listed(
        np.flatnonzero(~audit.is_open[option]),
        lambda one: (
            f"{name_need(ground, need[one])}: served by {name_option(ground, option[one])}, which is not open"
        ),
        "needs served by options that are not open",
    )


def _naming(ground: Ground) -> Callable[[Callable[[int], str]], Callable[[int], str]]:
    return lambda what: lambda one: f"{name_need(ground, one)}: {what(one)}"
