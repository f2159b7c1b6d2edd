"""Plans that do without a site, by how they differ from the plan that has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.instance.arrays import Texts
from siting.plan import Plan
from siting.reasons.changes import Case

PARTS = ("removal_drops", "removal_opens", "removal_closes", "removal_keeps")
"""What tells such a plan in a table."""


@dataclass(frozen=True)
class Replacement:
    """A plan without a site.

    Attributes:
        losses: (O,) what it loses in every objective, > 0 is worse.
        drops: (site id, type id) of recommended sites that it does not have, or has otherwise.
        opens: (site id, type id, units, period id) of what it opens instead; "" without periods.
        closes: ids of existing facilities that it closes and the plan keeps.
        keeps: ids of existing facilities that the plan closes and it keeps.
    """

    losses: tuple[float, ...]
    drops: tuple[tuple[str, str], ...]
    opens: tuple[tuple[str, str, int, str], ...] = ()
    closes: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The columns that tell it."""
        return dict(zip(PARTS, (self.drops, self.opens, self.closes, self.keeps), strict=True))


def dropped(case: Case, k: int, losses: Sequence[float]) -> Replacement:
    """The plan without its k-th opened option, nobody else moved."""
    return Replacement(tuple(losses), (_site(case, int(case.plan.opened[k])),))


def swapped(case: Case, k: int, option: int, losses: Sequence[float]) -> Replacement:
    """The plan with an option in place of its k-th opened, as many units of it as it takes."""
    units = min(int(case.plan.units[k]), int(case.result.problem.responses.options.units[option]))
    mine = _site(case, int(case.plan.opened[k]))
    return Replacement(tuple(losses), (mine,), (_opening(case, option, units),))


def chosen_anew(case: Case, plan: Plan, losses: Sequence[float]) -> Replacement:
    """Another plan, as it differs."""
    old = set(zip(case.plan.opened.tolist(), case.plan.units.tolist(), strict=True))
    new = set(zip(plan.opened.tolist(), plan.units.tolist(), strict=True))
    ids = case.result.problem.instance.facilities.ids
    return Replacement(
        tuple(losses),
        tuple(_site(case, option) for option, _ in sorted(old - new)),
        tuple(_opening(case, option, units) for option, units in sorted(new - old)),
        _texts(ids[np.setdiff1d(plan.closed, case.plan.closed)]),
        _texts(ids[np.setdiff1d(case.plan.closed, plan.closed)]),
    )


def _site(case: Case, option: int) -> tuple[str, str]:
    named = case.named(option)
    return named["site_id"], named["type"]


def _opening(case: Case, option: int, units: int) -> tuple[str, str, int, str]:
    responses = case.result.problem.responses
    periods = responses.settings.periods
    period = periods[responses.options.period[option]].id if responses.layout.periods else ""
    return (*_site(case, option), units, period)


def _texts(ids: Texts) -> tuple[str, ...]:
    return tuple(str(one) for one in ids)
