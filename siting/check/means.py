"""What a plan takes, and what it does scenario by scenario and period by period, for summary.json."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from siting.check.audit import Audit
from siting.check.needs import services_of, viewed
from siting.check.rounded import Rounded
from siting.instance import Settings
from siting.instance.arrays import Flags
from siting.response import Layout


def layout_words(settings: Settings, layout: Layout) -> dict[str, Any]:
    """What the model looks at, as model files say it."""
    dimensions = {"scenario": layout.scenarios, "period": layout.periods}
    return {
        "services": [settings.services[number].id for number, _ in services_of(settings, layout)],
        "across": [name for name, there in dimensions.items() if there],
        "standard": layout.standard,
        "existing": "closable" if layout.closing else "stay",
        "serve": layout.serve,
    }


def by_dimension(audit: Audit, in_all: Callable[[int, int | None], dict[str, Any]]) -> dict[str, Any]:
    """Entries that are there only under models that look at what they tell.

    Args:
        in_all: response figures of a scenario, and of a period or the last.
    """
    ground, result = audit.ground, {}
    settings, opened = ground.settings, audit.opened
    if ground.layout.scenarios:
        result["scenarios"] = [
            {"id": one.id, "title": one.title, "probability": one.probability, "in_all": in_all(s, None)}
            for s, one in enumerate(settings.scenarios)
        ]
    if ground.layout.periods:
        cost = ground.options.cost[opened] * audit.units
        result["periods"] = [
            {
                "id": one.id,
                "title": one.title,
                "weight": one.weight,
                "in_all": in_all(0, p),
                "new": {
                    kind.id: int(((ground.options.type[opened] == t) & now).sum())
                    for t, kind in enumerate(settings.types)
                },
                "spent": math.fsum(cost[now]),
            }
            for p, one in enumerate(settings.periods)
            for now in [ground.options.period[opened] == p]
        ]
    return {**result, **({} if ground.layout.serve == "nearest" else {"load": _load(audit)})}


def _load(audit: Audit) -> dict[str, Any]:
    """Per service people, and those that the plan serves."""
    needs, settings, shown = audit.ground.needs, audit.ground.settings, viewed(audit.ground.needs)
    part = np.bincount(audit.assigned.need, weights=audit.assigned.share, minlength=len(needs.place))
    rows = np.bincount(audit.assigned.need, minlength=len(needs.place))
    result = {}
    for number, _ in services_of(settings, audit.ground.layout):
        mine = shown[needs.service[shown] == number]
        people = needs.people[mine]
        off = audit.rounding * float((people * rows[mine]).sum())
        result[settings.services[number].id] = {
            "people": int(people.sum()),
            "served": Rounded(math.fsum(people * part[mine]), 2, off),
        }
    return result


def facilities(audit: Audit) -> dict[str, Any]:
    """Per type how many there are, how many are new or closed, and how many may be new."""
    options, opened = audit.ground.options, audit.opened
    existing = options.type[audit.ground.standing]
    several = options.usable & (options.candidate >= 0) & (options.units > 1)
    result = {}
    for number, kind in enumerate(audit.ground.settings.types):
        mine = options.type[opened] == number
        entry: dict[str, Any] = {
            "title": kind.title,
            "existing": int((existing == number).sum()),
            "new": int(mine.sum()),
            "allowed": _allowed(audit, "sites_open", options.type == number, None),
        }
        if several[options.type == number].any():
            entry["units"] = int(audit.units[mine].sum())
        if audit.ground.layout.closing:
            entry["closed"] = int((options.type[audit.closed] == number).sum())
        result[kind.id] = entry
    return result


def money(audit: Audit) -> dict[str, Any]:
    """What the plan costs in all, by type and by payer, what it may cost, and what it saves."""
    options, opened, types = audit.ground.options, audit.opened, audit.ground.settings.types
    cost, kind = options.cost[opened] * audit.units, options.type[opened]
    everywhere = np.ones(len(options.site), dtype=bool)
    result: dict[str, Any] = {
        "currency": audit.ground.settings.currency,
        "spent": math.fsum(cost),
        "budget": _allowed(audit, "cost", everywhere, None),
        "by_type": {t.id: math.fsum(cost[kind == n]) for n, t in enumerate(types)},
    }
    if audit.ground.layout.closing:
        result["saved"] = math.fsum(options.saving[audit.closed])
    payers = list(dict.fromkeys(payer for one in types for payer in one.payers))
    if payers:
        result["by_payer"] = {
            payer: {
                "spent": math.fsum(cost * np.array([t.payers.get(payer, 0.0) for t in types])[kind]),
                "budget": _allowed(audit, "cost", everywhere, payer),
            }
            for payer in payers
        }
    return result


def _allowed(audit: Audit, measure: str, scope: Flags, payer: str | None) -> float | None:
    """The lowest finite upper limit on a measure of exactly these options, as one payer bears it."""
    limits = [one for one in audit.problem.limits if one.term.measure.name == measure]
    borne = [one for one in limits if one.term.arguments.get("payer") == (payer and (payer,))]
    highs = [one.high for one in borne if np.array_equal(one.term.scope, scope)]
    return min((high for high in highs if math.isfinite(high)), default=None)
