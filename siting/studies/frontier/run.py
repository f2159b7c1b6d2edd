"""The sweep itself: one solve, and from it a solve again for every further value."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from siting.engine import solve
from siting.instance import Instance
from siting.model import Model, model_of
from siting.plan import Status
from siting.problem import Numbers, overridden
from siting.resolve import resolve
from siting.result import Progress, Result
from siting.studies.frontier.curve import Frontier, Point
from siting.studies.frontier.question import (
    Limiting,
    achieved,
    check_swept,
    first_objective,
    limiting,
    nested,
    without_later,
)
from siting.studies.frontier.shape import knee, undominated
from siting.studies.frontier.sweep import checked

GAP = 1e-4
"""Relative gap at which a point is good enough, unless another is asked for."""

FIRST = 3.0
"""Seconds of the first point, which starts from nothing, per second of every other."""

HOW = ("seed", "threads", "solver", "method")
"""Options that are no numbers of the model."""


def frontier(
    instance: Instance,
    model: str | Path | Model | None = None,
    *,
    sweep: Mapping[str, Sequence[float]],
    seconds: float | None = None,
    gap: float = GAP,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    numbers: Numbers | None = None,
    **options: Any,
) -> Frontier:
    """The best value of the first objective for every value of one number.

    An exact epsilon-constraint frontier (Haimes, Lasdon & Wismer 1971, IEEE Transactions on Systems,
    Man, and Cybernetics 1: 296-297): each point is a solve with its own proof. Where the number is a
    limit the loosest value comes first: a proof outlives whatever only takes plans away, as long as the
    plan stays allowed, and a bound holds for every tighter value. Then come the tightest value and what
    halves an interval, each from the plans and the multipliers of both its neighbours: multipliers bound
    every point, since only the right-hand side moves, and the least of a dual is nearly where theirs lie.
    Of points with the same objective only the tightest is shown.

    Args:
        instance, model: as for :func:`siting.solve`; later objectives of the model are left out.
        sweep: one number of the model or the instance by the name that ``--set`` knows, and its values,
            e.g. ``{"budget": [2000, 2500, 3000]}`` or ``{"new.fire_department": range(10, 20)}``.
        seconds: wall seconds allowed for all points together; the first, which starts from nothing, may
            take three times the share of the others.
        gap: relative gap at which a point is good enough; 0 proves every point.
        progress: called with every report of every solve; its phase begins with the point.
        stop: when set, the frontier of the points asked so far is returned.
        numbers, options: numbers that all points share, ``seed``, ``threads``, ``solver`` and
            ``method``, as for :func:`siting.solve`.

    Raises:
        ModelError: the sweep, a number or an option is malformed.
        InstanceError, SolverError: as for :func:`siting.solve`.
    """
    question = model if isinstance(model, Model) else model_of(instance, model)
    name, values = checked(sweep)
    first = first_objective(question)
    how: dict[str, Any] = {key: options.pop(key) for key in HOW if key in options}
    given = overridden(overridden({}, numbers or {}), options)
    check_swept(name, question, first, given)
    limits = limiting(name, first)
    fixed = {**how, "numbers": without_later(given, question, first)}
    halving = limits.loosens is not None  # else what is known of two values says little of one between them
    work = _Work(name, seconds, gap, halving, progress, stop or threading.Event())
    work.run(instance, first, fixed, values[::-1] if limits.loosens else values)
    return _frontier(work, limits, values)


@dataclass
class _Work:
    """The solves of a sweep.

    Attributes:
        halving: whether the ends come first and then what halves an interval between two answers.
        results: answers in the order of the values, and ``spent``, wall seconds of each.
    """

    name: str
    limit: float | None
    gap: float
    halving: bool
    progress: Callable[[Progress], None] | None
    stop: threading.Event
    results: list[tuple[float, Result]] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)

    def run(self, instance: Instance, model: Model, fixed: dict[str, Any], order: Sequence[float]) -> None:
        """Ask for every value, each from what the nearest values on both sides have left."""
        found: dict[int, tuple[float, Result]] = {}
        took: dict[int, float] = {}
        for number in halved(len(order)) if self.halving else range(len(order)):
            begun, value = time.monotonic(), order[number]
            limits = self._limits(value, len(order) - len(took), sum(took.values()))
            if not found:
                numbers = {**fixed["numbers"], self.name: value}
                result = solve(instance, model, **{**fixed, "numbers": numbers}, **limits)
            else:
                result = self._between(found, number, value, limits)
            found[number] = value, result
            took[number] = time.monotonic() - begun
            if self.stop.is_set():
                break
        self.results = [found[number] for number in sorted(found)]
        self.spent = [took[number] for number in sorted(found)]

    def _between(
        self, found: Mapping[int, tuple[float, Result]], number: int, value: float, limits: dict[str, Any]
    ) -> Result:
        """The answer for a value, from the one before it in the order, with help of the one behind it.

        The one before allows more where the number is a limit: its proof may still hold.
        """
        before, result = found[max(one for one in found if one < number)]
        behind = min((one for one in found if one > number), default=None)
        beyond = None
        if behind is not None:
            end, other = found[behind]
            beyond = other, (value - before) / (end - before)
        seconds, gap, stop, progress = (limits[key] for key in ("seconds", "gap", "stop", "progress"))
        return resolve(result, {self.name: value}, ((), (), ()), (seconds, gap), stop, progress, beyond)

    def _limits(self, value: float, left: int, spent: float) -> dict[str, Any]:
        """Limits and reports of the next solve."""
        seconds = None if self.limit is None else max(0.0, self.limit - spent) / left
        if seconds is not None and not spent:
            seconds *= FIRST * left / (left + FIRST - 1)
        return {"seconds": seconds, "gap": self.gap, "stop": self.stop, "progress": self._told(value)}

    def _told(self, value: float) -> Callable[[Progress], None] | None:
        hear = self.progress
        if hear is None:
            return None
        return lambda report: hear(replace(report, phase=f"{self.name} {value:,.10g}: {report.phase}"))

    def again(self, number: int) -> None:
        """Answer once more from the next tighter plan, which is allowed and better."""
        begun = time.monotonic()
        value, _ = self.results[number]
        better = self.results[number + 1][1].resolve(
            numbers={self.name: value}, **self._limits(value, 1, sum(self.spent))
        )
        self.results[number] = value, better
        self.spent[number] += time.monotonic() - begun


def _frontier(work: _Work, limits: Limiting, values: Sequence[float]) -> Frontier:
    """What the answers make."""
    if not nested([result for _, result in work.results]):
        limits = Limiting(limits.measure, None)
    if limits.loosens is not None:
        _lift(work)
    points = _points(work, limits.loosens is not None)  # loosest first where the number is a limit
    with_plan = [point for point in points if point.objective is not None]
    kept, bend = with_plan, None
    if limits.loosens is not None:
        tight = with_plan[::-1]
        sign = 1.0 if _maximizes(work) else -1.0
        gains = [sign * point.objective for point in tight if point.objective is not None]
        numbers = undominated(gains)
        kept = [tight[number] for number in numbers]
        loose = [point.value if limits.loosens else -point.value for point in kept]
        bent = knee(loose, [gains[number] for number in numbers])
        bend = None if bent is None else kept[bent]

    def ascending(some: list[Point]) -> tuple[Point, ...]:
        return tuple(sorted(some, key=lambda point: point.value))

    parameter = work.results[0][1].problem.model.parameters.get(work.name.partition(".")[0])
    asked = {point.value for point in points}
    return Frontier(
        work.name,
        "" if parameter is None else _unit(parameter.unit, work.results[0][1]),
        limits,
        ascending(kept),
        ascending([point for point in with_plan if point not in kept]),
        ascending([point for point in points if point.objective is None]),
        tuple(value for value in values if value not in asked),
        bend,
        sum(work.spent),
    )


def _lift(work: _Work) -> None:
    """Let looser points have the plans of tighter ones, where those have turned out better."""
    sign = 1.0 if _maximizes(work) else -1.0
    for number in reversed(range(len(work.results) - 1)):
        ours, tighter = work.results[number][1], work.results[number + 1][1]
        if work.stop.is_set() or tighter.objective is None:
            continue
        if ours.objective is None or sign * tighter.objective > sign * ours.objective:
            work.again(number)


def _maximizes(work: _Work) -> bool:
    return work.results[0][1].problem.objectives[0].maximize


def _points(work: _Work, carried: bool) -> list[Point]:
    """The answers as points, in their order; ``carried``: a bound holds for all that come later."""
    found: list[Point] = []
    tightest = min if _maximizes(work) else max
    bound: float | None = None
    for number, (value, result) in enumerate(work.results):
        own = result.bound
        if carried and result.status is not Status.INFEASIBLE:
            known = [one for one in (own, bound) if one is not None]
            bound = own = tightest(known) if known else None
        other = work.results[number - 1 if number else min(1, len(work.results) - 1)][1].problem
        found.append(Point(value, result, own, achieved(result, other), work.spent[number]))
    return found


def _unit(unit: str, result: Result) -> str:
    return result.problem.responses.settings.currency if unit == "currency" else unit


def halved(count: int) -> list[int]:
    """Numbers below ``count``, each once: both ends, then the middle of every interval, the widest first."""
    order = sorted({0, count - 1})
    spans = [(0, count - 1)]
    for low, high in spans:
        if high - low > 1:
            middle = (low + high) // 2
            order.append(middle)
            spans += [(low, middle), (middle, high)]
    return order
