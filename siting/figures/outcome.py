"""Response before and after, and what it means for groups of needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.plan import Plan
from siting.response import Responses


@dataclass(frozen=True, eq=False)
class Outcome:
    """Who serves each need, and how soon.

    Attributes:
        serves: (N,) option, -1 where nobody does.
        ms: (N,) response time, meaningless where nobody serves.
        covered: (N,) True where the response is within the standard.
    """

    serves: Ints
    ms: Ints
    covered: Flags

    @property
    def served(self) -> Flags:
        """(N,) True where somebody serves."""
        return self.serves >= 0

    @cached_property
    def minutes(self) -> Floats:
        """(N,) response time, NaN where nobody serves."""
        return np.where(self.served, self.ms / 60_000, np.nan)


def before(responses: Responses) -> Outcome:
    """The outcome with existing facilities only."""
    return _outcome(responses, responses.base_option, responses.base_ms)


def after(responses: Responses, plan: Plan) -> Outcome:
    """The outcome of a plan."""
    return _outcome(responses, plan.serves, plan.response_ms)


def _outcome(responses: Responses, serves: Ints, ms: Ints) -> Outcome:
    return Outcome(serves, ms, (serves >= 0) & (ms <= responses.needs.standard_ms))


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
        served), ``worst_minutes`` (of needs that have people and are served). A figure without
        a denominator is None.
    """
    within = np.where(outcome.covered, weight, 0)
    served = np.where(outcome.served, weight, 0)
    minutes = np.where(outcome.served, weight * outcome.minutes, 0.0)
    total, inside, reached, waited = (_sums(x, group, count) for x in (weight, within, served, minutes))
    worst = np.full(count, -np.inf)
    known = (group >= 0) & (served > 0)
    np.maximum.at(worst, group[known], outcome.minutes[known])
    return [
        {
            "people": _number(total[g], weight),
            "people_within": _number(inside[g], weight),
            "share": round(inside[g] / total[g], 6) if total[g] else None,
            "people_served": _number(reached[g], weight),
            "mean_minutes": round(waited[g] / reached[g], 3) if reached[g] else None,
            "worst_minutes": round(worst[g], 3) if reached[g] else None,
        }
        for g in range(count)
    ]


def _sums(values: NDArray[Any], group: NDArray[Any], count: int) -> Floats:
    kept = group >= 0
    return np.bincount(group[kept], weights=values[kept], minlength=count).astype(np.float64)


def _number(value: float, like: NDArray[Any]) -> float | int:
    """A sum as whole number if its terms are whole, else rounded to hundredths."""
    return round(value) if like.dtype.kind in "iu" else round(float(value), 2)
