"""A frontier: its points with status, bound and gap, and the table of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from siting.figures.money import money
from siting.figures.outcome import after, response_figures
from siting.figures.view import view
from siting.plan import PROVED_GAP, Status, relative_gap
from siting.result import Result
from siting.studies.frontier.marginal import marginals
from siting.studies.frontier.question import Limiting
from siting.studies.frontier.shape import slope

COLUMNS = (
    "number", "value", "achieved", "objective", "bound", "gap", "status", "people_within", "share_within",
    "new_facilities", "cost", "seconds", "knee", "marginal", "marginal_low", "marginal_high",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Point:
    """The answer for one value of the swept number.

    Attributes:
        value: the swept number, in its own unit.
        result: the answer; its plan is checked like any other.
        bound: certified bound on the objective: that of the answer, or of a looser point where that is
            tighter; None without one.
        achieved: what the plan takes of the measure that the swept number limits, in that measure's
            unit; None without a plan, or where the number limits no one measure.
        seconds: wall seconds.
    """

    value: float
    result: Result
    bound: float | None
    achieved: float | None
    seconds: float

    @property
    def objective(self) -> float | None:
        """The first objective, recomputed from the plan; None without one."""
        return self.result.objective

    @property
    def gap(self) -> float | None:
        """Relative gap between bound and objective; None without either."""
        if self.objective is None or self.bound is None:
            return None
        return relative_gap(self.objective, self.bound)

    @property
    def status(self) -> Status:
        """What is proved."""
        if self.gap is None:
            return self.result.status
        return Status.OPTIMAL if self.gap <= PROVED_GAP else Status.BOUNDED


@dataclass(frozen=True, eq=False)
class Frontier:
    """The best value of the first objective for every value of one number.

    Attributes:
        name: the swept number, by the name that ``--set`` knows.
        unit: its unit, empty where the model does not tell.
        limits: what it limits.
        points: those with a plan that no tighter one equals or surpasses, by value ascending.
        dropped: dominated points; they are in no table.
        without: points without a plan, by value ascending: proved infeasible, or none was found.
        unasked: values that were not asked any more when the work was stopped.
        knee: the point after which more brings less, None where there is none.
        seconds: wall seconds of all points together.
    """

    name: str
    unit: str
    limits: Limiting
    points: tuple[Point, ...]
    dropped: tuple[Point, ...]
    without: tuple[Point, ...]
    unasked: tuple[float, ...]
    knee: Point | None
    seconds: float

    @property
    def maximize(self) -> bool:
        """Whether more of the objective is better."""
        return self._any.result.problem.objectives[0].maximize

    @property
    def measure(self) -> str:
        """The objective and what narrows it."""
        return self._any.result.problem.objectives[0].term.label

    @property
    def objective_unit(self) -> str:
        """Unit of the objective and of its bounds."""
        return self._any.result.problem.objectives[0].term.unit

    @property
    def title(self) -> str:
        """The instance's title."""
        return self._any.result.problem.instance.settings.title

    @property
    def _any(self) -> Point:
        return (*self.points, *self.without)[0]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per point, with those that have no plan, by value ascending.

        Returns:
            ``number`` and ``value`` swept; ``achieved``, what the plan takes of what the number limits;
            ``objective``, ``bound``, ``gap`` and ``status``; ``people_within`` the standard, each person
            once per service times the weight of the service, and ``share_within``, of all such people
            (with scenarios or periods: of the first scenario and the last period); ``new_facilities``;
            their ``cost`` in the instance's currency; ``seconds``; ``knee``; ``marginal``, what one more
            unit of the number brings on average since the next tighter point (people gained, minutes
            saved, ...), and the certified range ``marginal_low`` to ``marginal_high`` of it. Where the
            number is no limit, marginal compares with the next smaller value. NaN: there is none.
        """
        slopes = self._slopes()
        rows = [self._row(point, slopes.get(point.value)) for point in (*self.points, *self.without)]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        return table.sort_values("value", kind="stable", ignore_index=True)

    @cached_property
    def marginals(self) -> pd.DataFrame:
        """What one more unit of money and one more facility bring at the knee, by further solves.

        At the loosest point where there is no knee; see :func:`siting.studies.frontier.marginal.marginals`.

        Raises:
            ModelError: no point has a plan.
        """
        return marginals(self.at)

    @property
    def at(self) -> Result:
        """The answer that :attr:`marginals` is about: at the knee, else at the loosest point.

        Without a plan anywhere, an answer that has none.
        """
        if self.knee is not None:
            return self.knee.result
        tightening = self.limits.loosens is False
        points = self.points or self.without
        return points[0 if tightening else -1].result

    def _row(self, point: Point, marginal: tuple[float, float | None, float | None] | None) -> list[object]:
        result = point.result
        within, share = _within(result)
        spent = money(result)["spent"]
        opened = None if result.plan is None else len(result.plan.opened)
        known = (point.objective, point.bound, point.gap)
        return [
            self.name, point.value, _nan(point.achieved), *map(_nan, known), point.status.name.lower(),
            within, share, _nan(opened), _nan(spent), point.seconds, point is self.knee,
            *map(_nan, marginal or (None, None, None)),
        ]  # fmt: skip

    def _slopes(self) -> dict[float, tuple[float, float | None, float | None]]:
        """Per value of a point what one more unit has brought since the tighter one before."""
        points = self.points[::-1] if self.limits.loosens is False else self.points
        sign = 1.0 if self.maximize else -1.0

        def ends(point: Point) -> tuple[float, float | None]:
            assert point.objective is not None
            return sign * point.objective, None if point.bound is None else sign * point.bound

        return {
            point.value: slope(
                abs(point.value - last.value), ends(last), ends(point), self.limits.loosens is not None
            )
            for last, point in pairwise(points)
        }


def _within(result: Result) -> tuple[float, float]:
    """Weighted people within the standard, and their share of all; NaN without a plan."""
    if result.plan is None:
        return math.nan, math.nan
    responses = result.problem.responses
    seen = view(responses)
    outcome = after(responses, result.plan).of(seen, len(responses.needs.place))
    figures = response_figures(seen.weight, outcome, np.zeros(len(seen.place), dtype=np.int32), 1)[0]
    return float(figures["people_within"]), _nan(figures["share"])


def _nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
