"""Costs and the budget."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from siting.doctor.case import Case
from siting.doctor.findings import Finding, Severity
from siting.doctor.words import many, named
from siting.instance import CandidateStatus

SPREAD = 1_000.0
"""The dearest of a type costs at most so many times the cheapest, where one unit of money is used."""

OUTLIER = 100.0
"""One cost differs from the median of its type by less than this factor."""


def mixed_costs(case: Case) -> Iterator[Finding]:
    """Costs within one type that look like different units of money."""
    new = case.instance.candidates
    for number, kind in enumerate(case.settings.types):
        mine = np.flatnonzero(case.usable & (new.type == number) & (new.cost > 0))
        if len(mine) < 2:
            continue
        cost = new.cost[mine]
        low, middle, high = cost.min(), np.median(cost), cost.max()
        odd = mine[(cost > OUTLIER * middle) | (cost * OUTLIER < middle)]
        if not len(odd) and high <= SPREAD * low:
            continue
        if not len(odd):
            odd = mine[(cost == low) | (cost == high)]
        rows = case.rows(
            odd, lambda one: case.candidate_row(one, float(new.cost[one]), case.settings.currency)
        )
        yield Finding(
            "mixed_costs",
            Severity.WARNING,
            f"costs of {kind.title} run from {low:,.4g} to {high:,.4g} {case.settings.currency} (median "
            f"{middle:,.4g}); out of line: {named(rows)}",
            "what is too cheap is always chosen and what is too dear never, and the budget means little",
            f"give every cost in {case.settings.currency}, e.g. not some in millions and some in thousands",
            rows,
        )


def small_budget(case: Case) -> Iterator[Finding]:
    """A budget that does not pay for one new facility, for what is required, or for one of a type."""
    budget = case.parameters.get("budget")
    new, currency = case.instance.candidates, case.settings.currency
    if budget is None or not case.usable.any():
        return
    raise_it = "raise the budget (parameters.budget in instance.toml, or --set budget=...)"
    units = f"check that it is in {currency} like the costs"
    must = np.flatnonzero(case.usable & (new.status == CandidateStatus.REQUIRED))
    needed = float(new.cost[must].sum())
    if needed > budget:
        yield Finding(
            "small_budget",
            Severity.WARNING,
            f"the required candidates cost {needed:,.4g} {currency}, more than the budget of {budget:,.4g}",
            "models that keep to the budget have no plan",
            f"{raise_it}, set the status of some to candidate, or {units}",
            case.rows(must, lambda one: case.candidate_row(one, float(new.cost[one]), currency)),
        )
    wanted = np.array([case.new(number) != 0 for number in range(len(case.settings.types))])
    open_ = np.flatnonzero(case.usable & wanted[new.type])
    if not len(open_):
        return
    least = open_[np.argmin(new.cost[open_])]
    if new.cost[least] > budget:
        row = case.candidate_row(int(least), float(new.cost[least]), currency)
        yield Finding(
            "small_budget",
            Severity.WARNING,
            f"the budget of {budget:,.4g} {currency} is below the cheapest site: {row.name} ({row.id}) costs "
            f"{new.cost[least]:,.4g}",
            "models that keep to the budget open nothing",
            f"{raise_it}, or {units}",
            (row,),
        )
        return
    for number, kind in enumerate(case.settings.types):
        mine = open_[new.type[open_] == number]
        if len(mine) and case.new(number) and new.cost[mine].min() > budget:
            least = mine[np.argmin(new.cost[mine])]
            rows = (case.candidate_row(int(least), float(new.cost[least]), currency),)
            yield Finding(
                "small_budget",
                Severity.WARNING,
                f"the budget of {budget:,.4g} {currency} is below the cheapest site of {kind.title}, "
                f"{new.cost[least]:,.4g} ({many(len(mine), 'candidate')})",
                "models that keep to the budget open none of this type",
                f"{raise_it}, or {units}",
                rows,
            )
