"""Whether a question that is called impossible has one of the plans that anybody would try first."""

from __future__ import annotations

import math

import numpy as np

from siting.check.audit import Audit
from siting.check.choices import choices
from siting.check.times import Ground
from siting.instance.arrays import Flags
from siting.measures import OptionMeasure
from siting.plan import Plan
from siting.problem import Problem


def plan_at_hand(problem: Problem, ground: Ground) -> str | None:
    """A plan that keeps every limit, in words; None where neither of the two that are tried does.

    Tried are the plan that opens only what it must, the one that opens all it may, and the one that
    opens candidates in their order as long as no limit on what is opened is broken.
    """
    options = ground.options
    if ground.layout.serve != "nearest":
        return None
    new = np.arange(len(options.site)) >= options.existing
    for opened, words in (
        (new & options.usable & options.required, "opens only what is required"),
        (new & options.usable, "opens every candidate"),
        (_filled(problem, new & options.usable), "opens candidates in their order while limits let it"),
    ):
        numbers = np.flatnonzero(opened).astype(np.int32)
        plan = Plan(numbers, *problem.responses.serve(numbers))
        audit = Audit(problem, ground, plan)
        defined = not any(math.isnan(audit.value(goal.term)) for goal in problem.objectives)
        if defined and not choices(ground, plan) and not audit.limits():
            return f"the plan that {words} keeps every limit"
    return None


def _filled(problem: Problem, usable: Flags) -> Flags:
    """(M,) options opened in their order, those that are required first, within limits on options."""
    options = problem.responses.options
    rows = [
        (limit.term.measure.coefficients(limit.term), limit.high)
        for limit in problem.limits
        if isinstance(limit.term.measure, OptionMeasure) and math.isfinite(limit.high)
    ]
    use = np.array([row for row, _ in rows]).reshape(len(rows), len(usable))
    room = np.array([high for _, high in rows])
    opened = usable & options.required
    used = use[:, opened].sum(axis=1)
    for option in np.flatnonzero(usable & ~opened):
        if np.all(used + use[:, option] <= room):
            used = used + use[:, option]
            opened[option] = True
    return opened
