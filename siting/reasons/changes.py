"""What drops, additions and swaps do to a plan: the right way to find out for each question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.errors import ModelError
from siting.instance.arrays import Flags, Floats
from siting.plan import Plan
from siting.reasons.interchange import Interchange
from siting.reasons.parts import ROOM, refusal
from siting.reasons.records import Goal
from siting.reasons.revalue import Revaluation
from siting.reasons.standing import Standing, openable, standing
from siting.result import Result

SHARED = (
    "Who serves whom is decided together with the sites here, because capacities bind: what dropping or "
    "swapping one site alone would do is not defined; see what removing it loses."
)
"""Why nothing can be said of a change of one site under capacities."""


@dataclass(frozen=True, eq=False)
class Case:
    """A plan whose sites are asked about.

    Attributes:
        result: the answer that holds it.
        plan: the plan.
        goals: the objectives.
        sign: (O,) 1.0 where more is better, else -1.0.
        state: who serves, None where capacities bind.
        exchange: values of drops and swaps, None where capacities bind.
        may: (M,) candidates that may be opened in addition.
    """

    result: Result
    plan: Plan
    goals: tuple[Goal, ...]
    sign: Floats
    state: Standing | None
    exchange: Interchange | Revaluation | None
    may: Flags

    @property
    def room(self) -> Floats:
        """(O,) differences of the objectives that the arithmetic of sums explains."""
        return ROOM * np.maximum(1.0, np.abs([goal.value for goal in self.goals]))

    def best(self, changes: Floats) -> int:
        """The lexicographically best of some changes (O, X), the first of equals; -1 without any."""
        if not changes.size or np.isneginf(changes[0]).all():
            return -1
        left = np.flatnonzero(~np.isneginf(changes[0]))
        for row, room in zip(changes, self.room, strict=True):
            left = left[row[left] >= row[left].max() - room]
        return int(left[0])

    def losses(self, change: Floats) -> list[float]:
        """A change (O,) as losses, > 0 is worse; what the arithmetic of sums explains is 0."""
        clean = np.where(np.abs(change) <= self.room, 0.0, -change)
        return [round(float(value), 6) for value in clean]

    def named(self, option: int) -> dict[str, Any]:
        """Id and name of the site and id of the type of an option."""
        problem = self.result.problem
        options = problem.responses.options
        site = options.site[option]
        return {
            "site_id": str(problem.instance.sites.ids[site]),
            "name": str(problem.instance.sites.names[site]),
            "type": problem.responses.settings.types[options.type[option]].id,
        }


def case_of(result: Result) -> Case:
    """Look at the plan of a result.

    Raises:
        ModelError: there is no plan.
    """
    plan, problem = result.plan, result.problem
    if plan is None:
        raise ModelError(f"there is no plan to explain: {result.status.value}")
    goals = tuple(Goal(one.measure, one.unit, one.maximize, one.value) for one in result.achieved)
    sign = np.array([1.0 if goal.maximize else -1.0 for goal in goals])
    may = openable(problem, plan)
    if problem.responses.layout.serve != "nearest":
        return Case(result, plan, goals, sign, None, None, may)
    state = standing(problem, plan)
    kind = Interchange if refusal(problem) is None else Revaluation
    return Case(result, plan, goals, sign, state, kind(problem, plan, state, may), may)


def suffixed(name: str, values: list[float] | None, count: int) -> dict[str, float]:
    """Columns ``name``, ``name_2`` ... of losses in the objectives; NaN where there are none."""
    given = [np.nan] * count if values is None else values
    return {name if k == 0 else f"{name}_{k + 1}": value for k, value in enumerate(given)}
