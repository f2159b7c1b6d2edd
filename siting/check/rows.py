"""Response figures of groups of needs, for summary.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.check.audit import Assigned, Audit
from siting.check.needs import services_of, viewed
from siting.check.rounded import Rounded
from siting.instance.arrays import Flags, Floats, Ints, Longs

_WHOLE = 1e-6
"""Share of a need that rounding may leave uncovered where all of it is covered."""


@dataclass(frozen=True, eq=False)
class _Outcome:
    """Who is served, and when: one entry per need that is, or per share of one.

    Attributes:
        needs: how many needs there are.
        at: (X,) position of the need.
        share: (X,) share of it; None where every need is served whole.
        minutes: (X,) response.
        covered: (X,) whether it is within the standard.
        rounding: how far shares may be off.
    """

    needs: int
    at: Longs
    share: Floats | None
    minutes: Floats
    covered: Flags
    rounding: float

    def where(self, which: Flags) -> _Outcome:
        """Of the needs marked in ``which`` (N,), which are numbered anew."""
        mine, position = which[self.at], np.cumsum(which) - 1
        share = None if self.share is None else self.share[mine]
        at, minutes, covered = position[self.at[mine]], self.minutes[mine], self.covered[mine]
        return _Outcome(int(which.sum()), at, share, minutes, covered, self.rounding)

    def whole(self) -> Flags:
        """(N,) needs of which all is covered."""
        share = 1.0 if self.share is None else self.share
        sums = np.bincount(self.at, weights=share * self.covered, minlength=self.needs)
        count = np.bincount(self.at, minlength=self.needs)
        return np.asarray(sums >= 1.0 - _WHOLE - self.rounding * count)

    def figures(self, weight: Longs | Floats) -> dict[str, Any]:
        """Response figures of the needs by their weights (N,)."""
        all_of = weight[self.at]
        part = all_of if self.share is None else all_of * self.share
        total, within, reached = weight.sum(), part[self.covered].sum(), part.sum()
        off = self.rounding * float(all_of.sum())
        waited = math.fsum(part * self.minutes)
        worst = self.minutes[part > 0]
        mean = waited / float(reached) if reached else 0.0
        late = self.rounding * float((all_of * (self.minutes + mean)).sum()) / float(reached or 1.0)
        return {
            "people": _sum(total, 0.0),
            "people_within": _sum(within, off),
            "share": Rounded(float(within / total), 6, off / float(total)) if total else None,
            "people_served": _sum(reached, off),
            "mean_minutes": Rounded(mean, 3, late) if reached else None,
            "worst_minutes": Rounded(float(worst.max()), 3) if len(worst) else None,
        }


@dataclass(frozen=True, eq=False)
class Rows:
    """Needs of one scenario and period, or some of them: all (N,).

    Attributes:
        place, service, kind, region: indices; region is -1 where unknown.
        people, weight: people, and people x weight of the service.
        outcomes: who is served before and after.
    """

    place: Ints
    service: Ints
    kind: Ints
    region: Ints
    people: Longs
    weight: Floats
    outcomes: Mapping[str, _Outcome]

    def where(self, which: Flags) -> Rows:
        """The needs marked in ``which`` (N,)."""
        return Rows(
            self.place[which],
            self.service[which],
            self.kind[which],
            self.region[which],
            self.people[which],
            self.weight[which],
            {when: outcome.where(which) for when, outcome in self.outcomes.items()},
        )


def rows_of(audit: Audit, scenario: int = 0, period: int | None = None) -> Rows:
    """The needs of one scenario and period, each weighing what it does there."""
    needs, places, ground = audit.ground.needs, audit.ground.instance.places, audit.ground
    mine = viewed(needs, scenario, period)
    weights = np.zeros(len(ground.settings.services))
    for number, weight in services_of(ground.settings, ground.layout):
        weights[number] = weight
    there = np.flatnonzero(~np.isnan(audit.before.ms))
    before = Assigned(there, audit.before.option[there], np.ones(len(there)), audit.before.ms[there])
    place, service = needs.place[mine], needs.service[mine]
    return Rows(
        place,
        service,
        places.kind[place],
        places.area["region"][place],
        needs.people[mine],
        needs.people[mine] * weights[service],
        {
            "before": _outcome(audit, before, mine, shared=False),
            "after": _outcome(audit, audit.assigned, mine, shared=audit.plan.shares is not None),
        },
    )


def _outcome(audit: Audit, assigned: Assigned, mine: Longs, *, shared: bool) -> _Outcome:
    """What is assigned of some needs (N,)."""
    position = np.full(len(audit.ground.needs.place), -1)
    position[mine] = np.arange(len(mine))
    kept = (position[assigned.need] >= 0) & ~np.isnan(assigned.ms)
    need, ms = assigned.need[kept], assigned.ms[kept]
    covered = ms <= audit.ground.needs.standard_ms[need]
    share, rounding = (assigned.share[kept], audit.rounding) if shared else (None, 0.0)
    return _Outcome(len(mine), position[need], share, ms / 60_000, covered, rounding)


def in_all(rows: Rows) -> dict[str, Any]:
    """Response figures of some needs by their weights, before and after."""
    return both(rows, rows.weight)


def both(rows: Rows, weight: Longs | Floats) -> dict[str, Any]:
    """Response figures of some needs by any weights (N,), before and after."""
    return {when: outcome.figures(weight) for when, outcome in rows.outcomes.items()}


def _sum(value: Any, off: float) -> int | Rounded:
    return int(value) if np.issubdtype(type(value), np.integer) else Rounded(float(value), 2, off)
