"""Response before and after, and what it means for groups of needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.figures.view import View
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.plan import Plan, Shares
from siting.response import Responses

WHOLE = 1e-6
"""Share of a need that the arithmetic of a solver may leave over."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Who serves each need, and how soon: X rows, one per need, or per share of one.

    Attributes:
        need: (X,) need, ascending, and options ascending within a need.
        serves: (X,) option, -1 where nobody serves any of the need.
        ms: (X,) response time, meaningless where nobody serves.
        covered: (X,) True where the response is within the standard.
        share: (X,) share of the need, 0 where nobody serves; None where needs are not shared.
    """

    need: Ints
    serves: Ints
    ms: Ints
    covered: Flags
    share: Floats | None

    @property
    def served(self) -> Flags:
        """(X,) True where somebody serves."""
        return self.serves >= 0

    @cached_property
    def minutes(self) -> Floats:
        """(X,) response time, NaN where nobody serves."""
        return np.where(self.served, self.ms / 60_000, np.nan)

    def where(self, kept: Flags) -> Outcome:
        """The rows marked in ``kept`` (X,)."""
        share = None if self.share is None else self.share[kept]
        return Outcome(self.need[kept], self.serves[kept], self.ms[kept], self.covered[kept], share)

    def of(self, seen: View, needs: int) -> Outcome:
        """The rows of the needs of a view, out of so many, numbered as in the view."""
        position = np.full(needs, -1, dtype=np.int32)
        position[seen.need] = np.arange(len(seen.need))
        mine = self.where(position[self.need] >= 0)
        return Outcome(position[mine.need], mine.serves, mine.ms, mine.covered, mine.share)

    def parts(self, weight: NDArray[Any]) -> NDArray[Any]:
        """(X,) weight (N,) of the needs, as far as the row serves them."""
        mine = weight[self.need]
        return mine if self.share is None else np.asarray(mine * self.share)


def before(responses: Responses) -> Outcome:
    """The outcome with existing facilities only: the first to answer serves, also where capacities bind."""
    serves, ms = responses.serve(np.zeros(0, dtype=np.int32))
    return _outcome(responses, np.arange(len(serves), dtype=np.int32), serves, ms, None)


def after(responses: Responses, plan: Plan) -> Outcome:
    """The outcome of a plan."""
    if plan.shares is not None:
        return _shared(responses, plan.shares)
    need = np.arange(len(plan.serves), dtype=np.int32)
    return _outcome(responses, need, plan.serves, plan.response_ms, None)


def _shared(responses: Responses, shares: Shares) -> Outcome:
    """A row per share, and one for every need of which nobody serves any."""
    idle = np.setdiff1d(np.arange(len(responses.needs.place), dtype=np.int32), shares.need)
    need = np.concatenate([shares.need, idle])
    order = np.argsort(need, kind="stable")
    serves = np.concatenate([shares.option, np.full(len(idle), -1, dtype=np.int32)])
    ms = np.concatenate([shares.ms, np.zeros(len(idle), dtype=np.int32)])
    share = np.concatenate([shares.share, np.zeros(len(idle))])
    return _outcome(responses, need[order], serves[order], ms[order], share[order])


def _outcome(responses: Responses, need: Ints, serves: Ints, ms: Ints, share: Floats | None) -> Outcome:
    return Outcome(need, serves, ms, (serves >= 0) & (ms <= responses.needs.standard_ms[need]), share)


def figures(
    weight: Longs | Floats, outcomes: Mapping[str, Outcome], group: NDArray[Any], count: int
) -> list[dict[str, Any]]:
    """Per group of needs: the response figures of every outcome, under the outcome's name."""
    parts = {when: response_figures(weight, one, group, count) for when, one in outcomes.items()}
    return [{when: found[g] for when, found in parts.items()} for g in range(count)]


def response_figures(
    weight: Longs | Floats, outcome: Outcome, group: NDArray[Any], count: int
) -> list[dict[str, Any]]:
    """Weighted response figures of every group of needs.

    Args:
        weight: (N,) people, or people times a weight.
        outcome: of the same needs.
        group: (N,) group of each need, 0 to ``count`` - 1; negative leaves the need out.
        count: number of groups.

    Returns:
        Per group: ``people`` (sum of weights), ``people_within`` the standard, ``share`` of
        people within, ``people_served`` by anybody, ``mean_minutes`` (weighted, over the people
        served), ``worst_minutes`` (of needs that have people and are served). Of a need that
        several share each part counts by itself. A figure without a denominator is None.
    """
    found = sums(weight, outcome, group, count)
    part = outcome.parts(weight)
    return [
        {
            "people": _number(people, weight),
            "people_within": _number(within, part),
            "share": round(within / people, 6) if people else None,
            "people_served": _number(served, part),
            "mean_minutes": round(waited / served, 3) if served else None,
            "worst_minutes": round(worst, 3) if served else None,
        }
        for people, within, served, waited, worst in zip(*found, strict=True)
    ]


def sums(
    weight: Longs | Floats, outcome: Outcome, group: NDArray[Any], count: int
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """What the response figures of groups of needs are made of; arguments as for :func:`response_figures`.

    Returns:
        (count,) each: people, people within the standard, people served, person-minutes these wait,
        and the longest minutes of needs that have people and are served, -inf where none is.
    """
    part, row = outcome.parts(weight), group[outcome.need]
    within = np.where(outcome.covered, part, 0)
    served = np.where(outcome.served, part, 0)
    minutes = np.where(outcome.served, part * outcome.minutes, 0.0)
    inside, reached, waited = (_sums(x, row, count) for x in (within, served, minutes))
    worst = np.full(count, -np.inf)
    known = (row >= 0) & (served > 0)
    np.maximum.at(worst, row[known], outcome.minutes[known])
    return _sums(weight, group, count), inside, reached, waited, worst


def wholly_covered(outcome: Outcome, needs: int) -> Flags:
    """(needs,) True for needs of which everything is served within the standard."""
    whole = outcome.parts(np.ones(needs)) * outcome.covered
    return np.asarray(np.bincount(outcome.need, weights=whole, minlength=needs) >= 1.0 - WHOLE)


def _sums(values: NDArray[Any], group: NDArray[Any], count: int) -> Floats:
    kept = group >= 0
    return np.bincount(group[kept], weights=values[kept], minlength=count).astype(np.float64)


def _number(value: float, like: NDArray[Any]) -> float | int:
    """A sum as whole number if its terms are whole, else rounded to hundredths."""
    return round(value) if like.dtype.kind in "iu" else round(float(value), 2)
