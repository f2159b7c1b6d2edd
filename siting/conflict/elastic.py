"""Limits that may give way, each group by a share of its number, as one mixed-integer program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siting.conflict.conditions import Condition, Kept
from siting.conflict.oracle import Oracle
from siting.measures.composer import Composer
from siting.measures.program import Linear, linear
from siting.methods import highs
from siting.methods.compose import plan_of
from siting.plan import Plan

MOST_PAIRS = 100_000
"""Pairs up to which the program is solved in seconds."""

_MOST = 1e6
"""Largest change looked at, as a multiple of a limit."""


@dataclass(frozen=True, eq=False)
class Elastic:
    """A plan under limits that gave way.

    Attributes:
        plan: the plan.
        bound: certified least sum of the relative changes, None where none is certified.
    """

    plan: Plan
    bound: float | None


def elastic(oracle: Oracle, hard: Kept, groups: Sequence[Sequence[Condition]]) -> Elastic | None:
    """The plan with the least sum of changes, or None where none was found.

    Args:
        oracle: the conditions and the time.
        hard: conditions that are kept, those of the groups excepted.
        groups: limits that give way, group by group by the same multiple of their numbers.
    """
    conditions = oracle.conditions
    if oracle.run.over or len(conditions.problem.responses.option) > MOST_PAIRS:
        return None
    soft = frozenset(one for group in groups for one in group)
    problem = conditions.asking(hard | soft)
    options = problem.responses.options
    fresh = options.usable & (np.arange(len(options.site)) >= options.existing)
    goal = [problem.objectives[0].term] if any(one.kind == "served" for one in hard) else []
    terms = {number: conditions.problem.limits[number].term for number in _limits(hard | soft)}
    bound_terms = dict(zip(terms, (limit.term for limit in problem.limits), strict=False))
    composer = Composer(
        "relaxation", False, problem.responses, np.flatnonzero(fresh).astype(np.int32),
        [*goal, *bound_terms.values()],
    )  # fmt: skip
    for term in goal:  # it has no say, but who must be served for it is served
        term.expression(composer)
    expressions = {number: term.expression(composer) for number, term in bound_terms.items()}
    slack = composer.program.add_columns("relax", np.arange(len(groups)), 0.0, _MOST)
    for one in sorted(hard - soft, key=conditions.place.__getitem__):
        if one.limit >= 0:
            _add(oracle, composer, one, expressions[one.limit])
    for number, group in enumerate(groups):
        for one in group:
            scale = max(1.0, abs(conditions.value(one)))
            way = -scale if one.kind == "at_most" else scale
            _add(oracle, composer, one, expressions[one.limit] + linear(slack[number : number + 1], way))
    composer.program.objective = linear(slack, 1.0)
    answer = highs.solve(highs.model(composer.program.arrays()), oracle.run)
    return None if answer.values is None else Elastic(plan_of(composer, answer.values), answer.bound)


def _limits(kept: Kept) -> list[int]:
    return sorted({one.limit for one in kept if one.limit >= 0})


def _add(oracle: Oracle, composer: Composer, one: Condition, expression: Linear) -> None:
    """A row for one side of a limit."""
    value, name = oracle.conditions.value(one), f"{one.kind}{one.limit}"
    if one.kind == "at_most":
        composer.program.add_limit(name, expression, upper=value)
    else:
        composer.program.add_limit(name, expression, lower=value)
