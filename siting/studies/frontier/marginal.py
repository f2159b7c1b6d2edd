"""Marginal values: what the next million and the next facility of each type would bring."""

from __future__ import annotations

import math

import pandas as pd

from siting.errors import ModelError
from siting.plan import Status
from siting.result import Result
from siting.studies.frontier.shape import slope

COLUMNS = ("number", "value", "step", "unit", "gain", "gain_low", "gain_high", "gain_unit", "status")

UNITS = ("currency", "sites", "units")
"""Units of numbers of which a planner may ask for one more."""


def marginals(result: Result, gap: float = 0.0, seconds: float | None = 5.0) -> pd.DataFrame:
    """What one more unit of every count and budget would bring, each by a solve of its own.

    Args:
        result: with a plan.
        gap, seconds: relative gap at which a solve stops, and its limit.

    Returns:
        Per number of the model that limits money or facilities from above and is finite: its ``value``,
        the ``step`` (1) and its ``unit``; ``gain`` in the first objective (people gained, minutes
        saved, ...; never below 0, as the plan at hand stays allowed) in ``gain_unit``; ``gain_low`` and
        ``gain_high``, between which the best plan's gain is for certain (equal to it where both are
        proved, NaN without a bound); and ``status`` of the solve.

    Raises:
        ModelError: there is no plan to start from.
    """
    if result.plan is None or result.objective is None:
        raise ModelError(f"marginal values start from a plan, and there is none: {result.status.value}")
    problem, goal = result.problem, result.problem.objectives[0]
    sign = 1.0 if goal.maximize else -1.0
    had = sign * result.objective, _signed(result.bound, sign)
    rows = []
    for name, unit in _limits(result):
        value = problem.numbers[name]
        more = result.resolve(numbers={name: value + 1.0}, gap=gap, seconds=seconds)
        # The plan at hand is allowed still, whatever the solve has had the time to find.
        has = had[0] if more.objective is None else max(had[0], sign * more.objective)
        bound = _signed(more.bound, sign)
        gain, low, high = slope(1.0, had, (has, None if bound is None else max(bound, has)), nested=True)
        status = more.status if more.status is not Status.UNKNOWN else Status.HEURISTIC
        known = (math.nan if one is None else one for one in (low, high))
        rows.append((name, value, 1.0, unit, gain, *known, goal.term.unit, status.name.lower()))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _limits(result: Result) -> list[tuple[str, str]]:
    """Numbers in force that limit money or facilities from above, and their units."""
    problem, model = result.problem, result.problem.model
    upper = {limit.at_most for limit in model.limits} - {limit.at_least for limit in model.limits}
    currency = problem.responses.settings.currency
    found = []
    for name, value in problem.numbers.items():
        head = name.partition(".")[0]
        unit = model.parameters[head].unit
        if f"${head}" in upper and unit in UNITS and head not in model.in_arguments and math.isfinite(value):
            found.append((name, currency if unit == "currency" else unit))
    return found


def _signed(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value
