"""Saves what a solve has reached while it works, and takes a later solve of the same question back there.

A saved solve holds sites, types and multipliers by place and service; what they are worth is computed
again by whoever resumes, so that nothing in the file has to be believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from siting.errors import Complaint, PlanError
from siting.instance.arrays import Floats
from siting.methods.run import LOG
from siting.methods.saved_file import write_saved
from siting.methods.saved_question import differences, question_of
from siting.methods.warm import Opening, Point, Reached, Warm
from siting.problem import Problem
from siting.whole import refusal

FIRST_SECONDS, EVERY_SECONDS = 5.0, 10.0
"""When a solve is saved for the first time, and how long it is left alone after that."""

COST = 100.0
"""A solve works so many times as long as saving it took before it is saved again, unless it ends."""

_KEYS = ("place", "service", "scenario", "period")


class Saver:
    """Saves one solve into one file.

    Attributes:
        problem: the question.
        path: the file.
    """

    def __init__(self, problem: Problem, path: str | Path) -> None:
        self.problem, self.path = problem, Path(path)
        self._names = _Names(problem)
        self._question = question_of(problem)
        self._reached: dict[int, Reached] = {}
        self._before = 0.0
        self._next = FIRST_SECONDS
        self._warned = False

    def resume(self, content: Mapping[str, Any], arrays: list[np.ndarray]) -> Warm:
        """What the solve that saved this file hands over, as :func:`read_saved` has read it.

        Raises:
            PlanError: it is broken, or of another question.
        """
        try:
            if other := differences(content["question"], self._question):
                what = f"is of another question: {'; '.join(other)}; solve anew without resuming"
                raise PlanError(Complaint(str(self.path), what))
            if content["ids"] != self._names.ids:
                raise ValueError("it names other places, services, scenarios or periods")
            goals = [self._names.reached(one, arrays) for one in content["goals"]]
            self._before = _finite(content["seconds"])
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            what = f"is broken: {error}; solve anew without resuming"
            raise PlanError(Complaint(str(self.path), what)) from None
        self._reached = {number: one for number, one in enumerate(goals) if one is not None}
        plans = tuple(None if one is None else one.plan for one in goals)
        duals = tuple(None if one is None else one.point for one in goals)
        opened = next((plan.opened for plan in plans if plan is not None), None)
        return Warm(self.problem.responses, opened, duals, plans=plans)

    def keep(self, number: int, spent: float, reached: Callable[[], Reached], ended: bool = False) -> None:
        """See :meth:`siting.methods.run.Run.keep`; ``spent`` are the seconds since the solve began."""
        if spent < (FIRST_SECONDS if ended else self._next):
            return
        begun = time.perf_counter()
        now, known = reached(), self._reached.get(number)
        if now.point is None and known is not None:
            now = Reached(now.plan, now.value, known.point, known.bound)
        self._reached[number] = now
        try:
            write_saved(self.path, *self._content(spent))
        except OSError as error:
            if not self._warned:
                LOG.warning("%s: the solve goes on without being saved: %s", self.path, refusal(error))
            self._warned = True
        self._next = spent + max(EVERY_SECONDS, COST * (time.perf_counter() - begun))

    def _content(self, spent: float) -> tuple[dict[str, Any], list[np.ndarray]]:
        arrays: list[np.ndarray] = []
        goals = [
            None if one is None else self._names.content(one, arrays)
            for one in map(self._reached.get, range(len(self.problem.objectives)))
        ]
        content = {"question": self._question, "seconds": self._before + spent, "ids": self._names.ids}
        return {**content, "goals": goals}, arrays


class _Names:
    """Options and needs by what they are called.

    Attributes:
        ids: per part of a need's name the ids that its numbers stand for, one per line.
    """

    def __init__(self, problem: Problem) -> None:
        self._responses = responses = problem.responses
        settings, self._instance = responses.settings, problem.instance
        ids = {
            "place": [str(one) for one in self._instance.places.ids],
            "service": [one.id for one in settings.services],
            "scenario": [one.id for one in settings.scenarios],
            "period": [one.id for one in settings.periods],
        }
        self._size = [len(ids[key]) or 1 for key in _KEYS]
        self._types, self._periods = [one.id for one in settings.types], ids["period"]
        self._facility = [str(one) for one in self._instance.facilities.ids]
        self.ids = {key: "\n".join(names) for key, names in ids.items()}

    def _name(self, option: int) -> tuple[str, ...]:
        """Site, type, period and the facility that is replaced, the latter two empty for none."""
        options = self._responses.options
        period = self._periods[options.period[option]] if self._responses.layout.periods else ""
        replaced = int(options.replaces[option])
        return (
            str(self._instance.sites.ids[options.site[option]]),
            self._types[options.type[option]],
            period,
            self._facility[replaced] if replaced >= 0 else "",
        )

    def content(self, reached: Reached, arrays: list[np.ndarray]) -> dict[str, Any]:
        """What is reached as JSON values; arrays are added to ``arrays`` and stand for their numbers."""
        plan, point = reached.plan, reached.point
        found = {
            "value": reached.value,
            "bound": reached.bound,
            "opened": [self._name(option) for option in plan.opened.tolist()],
            "units": plan.units.tolist(),
            "closed": [self._facility[option] for option in plan.closed.tolist()],
            "point": None,
        }
        if point is not None:
            needs = self._responses.needs
            named = [getattr(needs, key)[point.need] for key in _KEYS]
            first = len(arrays)
            arrays += [*named, point.lam, point.mu, point.pi, point.toll]
            found["point"] = {"arrays": list(range(first, len(arrays))), "tau": point.tau}
        return found

    def reached(self, content: Mapping[str, Any] | None, arrays: list[np.ndarray]) -> Reached | None:
        """The contrary of :meth:`content`.

        Raises:
            ValueError, KeyError, TypeError, IndexError: it is not what that makes.
        """
        if content is None:
            return None
        options = self._responses.options
        free = np.flatnonzero(options.usable & (np.arange(len(options.site)) >= options.existing))
        number_of = {self._name(option): option for option in free.tolist()}
        opened = np.array([number_of[tuple(name)] for name in content["opened"]], dtype=np.int32)
        units = np.array(content["units"], dtype=np.int32)
        facility = {name: option for option, name in enumerate(self._facility)}
        closed = np.array(sorted(facility[name] for name in content["closed"]), dtype=np.int32)
        if units.shape != opened.shape or np.any(units < 1):
            raise ValueError("the units of its sites are not there")
        order = np.argsort(opened)
        value, bound = (None if one is None else _finite(one) for one in (content["value"], content["bound"]))
        point = None if content["point"] is None else self._point(content["point"], arrays)
        return Reached(Opening(opened[order], units[order], closed), value, point, bound)

    def _point(self, content: Mapping[str, Any], arrays: list[np.ndarray]) -> Point:
        *named, lam, mu, pi, toll = (arrays[number] for number in content["arrays"])
        needs = self._responses.needs
        key = np.ravel_multi_index([getattr(needs, name) for name in _KEYS], self._size)
        order = np.argsort(key)
        wanted = np.ravel_multi_index(named, self._size)
        at = np.searchsorted(key[order], wanted)
        need = order[np.minimum(at, len(order) - 1)]
        if np.any(key[need] != wanted) or np.any(np.diff(need) <= 0):
            raise ValueError("its multipliers are not of the needs of this question")
        if len(lam) != len(need):
            raise ValueError("it does not have a multiplier for every need")
        return Point(
            need.astype(np.int32), _multipliers(lam), _multipliers(mu), _multipliers(pi),
            max(0.0, _finite(content["tau"])), _multipliers(toll),
        )  # fmt: skip


def _multipliers(numbers: np.ndarray) -> Floats:
    """Floats of our own, finite and not negative.

    Raises:
        ValueError: they are not.
    """
    if not np.all(np.isfinite(numbers)) or np.any(numbers < 0.0):
        raise ValueError("multipliers must be finite and >= 0")
    return numbers.astype(np.float64)


def _finite(number: Any) -> float:
    if not np.isfinite(number):
        raise ValueError(f"{number!r} is not finite")
    return float(number)
