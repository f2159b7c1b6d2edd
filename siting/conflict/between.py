"""One number for several limits: how far it must change, by halving what is not settled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from siting.conflict.conditions import Condition, Kept
from siting.conflict.oracle import Oracle
from siting.plan import Plan
from siting.problem import Bound

NEAR = 1e-4
"""Share of the number to which it is settled."""


@dataclass(frozen=True, eq=False)
class Between:
    """What is known of a number.

    Attributes:
        plan: a plan under the number it needs, None where none is known.
        refuted: a number with which no plan is left.
    """

    plan: Plan | None
    refuted: float


def between(oracle: Oracle, target: Sequence[Condition], others: Kept) -> Between:
    """Halve the numbers between one that is refuted and one that a plan needs, while there is time.

    Args:
        oracle: the conditions and the time.
        target: limits that share the number.
        others: all other conditions.
    """
    conditions = oracle.conditions
    refuted = conditions.value(target[0])
    known = [number for number, seen in enumerate(oracle.seen) if others <= seen]
    if not known:
        return Between(None, refuted)
    way = 1.0 if target[0].kind == "at_most" else -1.0
    best, enough = min(
        ((oracle.plans[number], _worst(oracle, target, number)) for number in known),
        key=lambda found: way * found[1],
    )
    settled = refuted  # what lies before it was refuted, or could not be decided
    while math.isfinite(enough) and abs(enough - settled) > NEAR * max(1.0, abs(enough)):
        middle = 0.5 * (enough + settled)
        other = oracle.like(_with(oracle, target, middle))
        if oracle.run.over:
            break
        verdict = other.decide(other.conditions.all)
        if verdict:
            number = next(number for number, seen in enumerate(other.seen) if seen >= other.conditions.all)
            best, enough = other.plans[number], _worst(other, target, number)
        else:
            refuted = middle if verdict is False else refuted
            settled = middle
    return Between(best, refuted)


def _worst(oracle: Oracle, target: Sequence[Condition], number: int) -> float:
    """The number that all limits need for a plan that was seen; infinite where it has none."""
    values = oracle.values[number][[one.limit for one in target]]
    if np.isnan(values).any():
        return math.inf if target[0].kind == "at_most" else -math.inf
    return float(values.max() if target[0].kind == "at_most" else values.min())


def _with(oracle: Oracle, target: Sequence[Condition], value: float) -> list[Bound]:
    """The limits with another number for some of them."""
    limits = list(oracle.conditions.problem.limits)
    for one in target:
        if one.kind == "at_most":
            limits[one.limit] = replace(limits[one.limit], high=value)
        else:
            limits[one.limit] = replace(limits[one.limit], low=value)
    return limits
