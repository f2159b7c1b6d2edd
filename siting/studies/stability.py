"""How stable the recommended sites of a robust plan are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from siting.engine import solve
from siting.errors import ModelError
from siting.instance import Chance
from siting.plan import Plan
from siting.problem import Problem
from siting.result import Result

FORBIDDEN = 0.1
"""Share of the plan's sites that every near-optimal plan must do without."""

NEAR = 0.01
"""Relative loss up to which a plan counts as near-optimal."""

COLUMNS = ("site_id", "type", "scenarios", "near_optimal")


def stability(result: Result, plans: int = 10, gap: float = 1e-3, seconds: float = 20.0) -> pd.DataFrame:
    """How often each recommended site is chosen when the question changes a little.

    Args:
        result: of a model across scenarios, with a plan.
        plans: near-optimal plans looked for; each does without a random tenth of the plan's sites.
        gap, seconds: limits of each solve.

    Returns:
        Per recommended facility ``scenarios``, the share of scenarios of which the best plan, if it were
        certain, opens it too; and ``near_optimal``, the share of plans within 1 % of the optimum that
        open it, of those that were free to; NaN where none was.

    Raises:
        ModelError: the model is not across scenarios, or there is no plan.
    """
    problem = result.problem
    if not problem.responses.layout.scenarios or result.plan is None:
        raise ModelError("stability needs a plan of a model that looks across scenarios")
    options = problem.responses.options
    opened = options.candidate[result.plan.opened]
    alone = [np.isin(opened, _alone(result, number, gap, seconds)) for number in range(_scenarios(problem))]
    kept, free = _near(result, opened, plans, gap, seconds)
    sites, types = problem.instance.sites.ids, problem.responses.settings.types
    table = pd.DataFrame(
        {
            "site_id": sites[options.site[result.plan.opened]],
            "type": [types[kind].id for kind in options.type[result.plan.opened]],
            "scenarios": np.mean(alone, axis=0) if len(opened) else np.zeros(0),
            "near_optimal": np.divide(kept, free, out=np.full(len(opened), np.nan), where=free > 0),
        }
    )
    return table[list(COLUMNS)]


def _scenarios(problem: Problem) -> int:
    return len(problem.responses.settings.scenarios)


def _alone(result: Result, number: int, gap: float, seconds: float) -> np.ndarray:
    """Candidates that the best plan opens if one scenario were certain."""
    problem = result.problem
    settings = problem.responses.settings
    chance = settings.scenarios[number]
    certain = replace(settings, scenarios=(Chance(chance.id, chance.title, 1.0),))
    instance = replace(problem.instance, settings=certain, scenarios=(problem.instance.scenarios[number],))
    best = solve(
        instance, problem.model, numbers=problem.numbers, gap=gap, seconds=seconds, seed=result.seed,
        threads=result.asked.threads,
    )  # fmt: skip
    if best.plan is None:
        return np.zeros(0, dtype=np.int32)
    return np.asarray(best.problem.responses.options.candidate[best.plan.opened])


def _near(
    result: Result, opened: np.ndarray, plans: int, gap: float, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """How many near-optimal plans keep each facility, and how many were free to, (K,) each."""
    kept, free = np.zeros((2, len(opened)))
    rng = np.random.default_rng(result.seed)
    problem, value = result.problem, result.objective
    assert value is not None
    options = problem.responses.options
    plan = result.plan
    assert plan is not None
    choice = np.flatnonzero(~options.required[plan.opened])
    for _ in range(plans if len(choice) else 0):
        out = rng.choice(choice, max(1, round(FORBIDDEN * len(choice))), replace=False)
        other = result.resolve(forbid=_names(problem, plan, out), gap=gap, seconds=seconds)
        if other.plan is None or other.objective is None:
            continue
        if abs(other.objective - value) > NEAR * abs(value):
            continue
        may = np.ones(len(opened), dtype=bool)
        may[out] = False
        free += may
        kept += may & np.isin(opened, options.candidate[other.plan.opened])
    return kept, free


def _names(problem: Problem, plan: Plan, which: np.ndarray) -> list[tuple[str, str]]:
    """Some facilities of a plan as (site id, type id)."""
    options, types = problem.responses.options, problem.responses.settings.types
    return [
        (str(problem.instance.sites.ids[options.site[j]]), types[options.type[j]].id)
        for j in plan.opened[which]
    ]
