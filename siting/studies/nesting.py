"""What it costs that a plan of several periods is built one upon the other.

For every period the best plan of that period alone, with all that may be spent until then, is an
upper limit on what the nested plan achieves there. The difference is the price of nesting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from siting.engine import solve
from siting.errors import ModelError
from siting.model import Model
from siting.plan import Plan
from siting.problem import Problem, bind
from siting.result import Result

COLUMNS = ("period", "nested", "alone", "bound", "price")


def price_of_nesting(result: Result, gap: float = 1e-3, seconds: float = 30.0) -> pd.DataFrame:
    """The first objective of every period: under the plan, and if the period stood alone.

    Args:
        result: of a model across periods, with a plan.
        gap: relative gap of the solves of single periods.
        seconds: limit of each of them.

    Returns:
        Per period ``nested``, the plan's value there; ``alone``, the best plan found for the period
        alone with all counts and budgets until then; ``bound``, what no plan for it exceeds; and ``price``,
        alone - nested where more is better, else nested - alone; NaN without a plan.

    Raises:
        ModelError: the model is not across periods, or there is no plan.
    """
    problem = result.problem
    if not problem.responses.layout.periods or result.plan is None:
        raise ModelError("the price of nesting needs a plan of a model that looks across periods")
    rows = []
    for number, period in enumerate(problem.responses.settings.periods):
        model, numbers = _alone(problem, number)
        instance = replace(problem.instance, settings=problem.responses.settings)
        single = bind(instance, model, numbers)
        nested = single.objectives[0].term.value(_until(result.plan, problem, single, number))
        best = solve(
            instance, model, numbers=numbers, gap=gap, seconds=seconds, seed=result.seed,
            threads=result.asked.threads,
        )  # fmt: skip
        alone = math.nan if best.objective is None else best.objective
        if best.objective is not None and (nested > alone) == single.objectives[0].maximize:
            alone = nested  # the solve stopped at its gap before it found what is known already
        sign = 1.0 if single.objectives[0].maximize else -1.0
        rows.append((period.id, nested, alone, best.bound, sign * (alone - nested)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _alone(problem: Problem, number: int) -> tuple[Model, dict[str, float]]:
    """The model of one period that may use what all periods until it may, and its numbers."""
    model, values = problem.model, dict(problem.numbers)
    periods = [period.id for period in problem.responses.settings.periods]
    limits = []
    for limit in model.limits:
        named = limit.use.filters.get("period")
        if named is not None and not set(named) & set(periods[: number + 1]):
            continue
        filters = {key: ids for key, ids in limit.use.filters.items() if key != "period"}
        changed = replace(limit, use=replace(limit.use, filters=filters))
        if limit.each == "period":
            until = periods[: number + 1]
            changed = replace(
                changed,
                each=None,
                at_most=_sum(limit.at_most, values, until),
                at_least=_sum(limit.at_least, values, until),
            )
        limits.append(changed)
    parameters = {name: one for name, one in model.parameters.items() if one.each != "period"}
    kept = {name: value for name, value in values.items() if name.partition(".")[0] in parameters}
    layout = replace(model.layout, periods=False)
    return replace(model, limits=tuple(limits), parameters=parameters, layout=layout), kept


def _sum(number: float | str | None, values: Mapping[str, float], periods: list[str]) -> float | None:
    """What a limit per period comes to over some periods."""
    if number is None:
        return None
    if not isinstance(number, str):
        return number * len(periods)
    name = number[1:]
    return math.fsum(values.get(f"{name}.{period}", values.get(name, math.inf)) for period in periods)


def _until(plan: Plan, problem: Problem, single: Problem, number: int) -> Plan:
    """The part of a plan that is built until a period, as a plan of that period alone."""
    options = problem.responses.options
    there = options.period[plan.opened] <= number
    opened = (options.existing + options.candidate[plan.opened[there]]).astype(np.int32)
    order = np.argsort(opened)
    opened = opened[order]
    return Plan(opened, *single.responses.serve(opened), plan.units[there][order])
