"""Facilities and money: what is opened and closed, what it costs, and who pays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.instance.arrays import Flags, Floats
from siting.problem import Problem

if TYPE_CHECKING:
    from siting.result import Result


def facilities(result: Result) -> dict[str, Any]:
    """Per type: existing, new and allowed facilities, new units and closed ones where there can be any."""
    responses, plan = result.problem.responses, result.plan
    options, settings = responses.options, responses.settings
    standing = np.arange(len(options.type)) < options.existing
    several = np.unique(options.type[~standing & options.usable & (options.units > 1)])
    found = {}
    for t, kind in enumerate(settings.types):
        mine = options.type == t
        entry: dict[str, Any] = {
            "title": kind.title,
            "existing": int((mine & standing & options.usable).sum()),
            "new": None if plan is None else int(mine[plan.opened].sum()),
        }
        if t in several:
            entry["units"] = None if plan is None else int(plan.units[mine[plan.opened]].sum())
        if responses.layout.closing:
            entry["closed"] = None if plan is None else int(mine[plan.closed].sum())
        found[kind.id] = {**entry, "allowed": _at_most(result.problem, "sites_open", mine)}
    return found


def money(result: Result) -> dict[str, Any]:
    """What the new facilities cost, in all, per type and per payer, what may be spent, and what is saved."""
    responses, plan = result.problem.responses, result.plan
    options, settings = responses.options, responses.settings
    everywhere = np.ones(len(options.site), dtype=bool)
    by_type = {
        kind.id: None if plan is None else math.fsum(spent(result)[options.type[plan.opened] == t])
        for t, kind in enumerate(settings.types)
    }
    found: dict[str, Any] = {
        "currency": settings.currency,
        "spent": None if plan is None else math.fsum(spent(result)),
        "budget": _at_most(result.problem, "cost", everywhere),
        "by_type": by_type,
    }
    if responses.layout.closing:
        found["saved"] = None if plan is None else math.fsum(options.saving[plan.closed])
    payers = dict.fromkeys(payer for kind in settings.types for payer in kind.payers)
    if payers:
        found["by_payer"] = {
            payer: {
                "spent": None if plan is None else math.fsum(spent(result) * _share(result, payer)),
                "budget": _at_most(result.problem, "cost", everywhere, payer),
            }
            for payer in payers
        }
    return found


def spent(result: Result) -> Floats:
    """(K,) what each opened facility costs; none without a plan."""
    if result.plan is None:
        return np.zeros(0)
    return result.problem.responses.options.cost[result.plan.opened] * result.plan.units


def _share(result: Result, payer: str) -> Floats:
    """(K,) share of the cost of each opened facility that a payer bears."""
    responses = result.problem.responses
    assert result.plan is not None
    share = np.array([kind.payers.get(payer, 0.0) for kind in responses.settings.types])
    return np.asarray(share[responses.options.type[result.plan.opened]])


def _at_most(problem: Problem, measure: str, scope: Flags, payer: str | None = None) -> float | None:
    """The tightest upper limit on a measure over exactly these options, None without one.

    Limits on what some payers bear are left out, but for those on ``payer`` alone where it is given.
    """
    payers = None if payer is None else (payer,)
    highs = [
        limit.high
        for limit in problem.limits
        if limit.term.measure.name == measure
        and math.isfinite(limit.high)
        and limit.term.arguments.get("payer") == payers
        and np.array_equal(limit.term.scope, scope)
    ]
    return min(highs, default=None)
