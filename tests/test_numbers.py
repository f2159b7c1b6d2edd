"""Big, tiny and awkward numbers: every method against every plan, valued in fractions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

import siting
from siting.errors import InstanceError, SolverError
from siting.instance import Instance
from siting.methods import METHODS, refusal
from siting.model import load_model
from siting.plan import Status
from siting.problem import Problem, bind

MODELS = ("max_coverage", "min_travel_time", "p_center", "set_cover", "total_cost")
UNSERVED = {"max_coverage": 240, "min_travel_time": None, "total_cost": None}
"""Minutes that a model counts by default for those whom nobody answers; None where all must be answered."""

MINUTE = 60_000
PEOPLE = (0, 0, 1, 1, 3, 7, 100, 10**6, 10**9)
COSTS = (
    ("0", "0", "0.1", "0.2", "0.3", "1"),
    ("0.1",),
    ("250000000.01", "250000000.02", "333333333.33", "0.01", "999999999.99"),
    ("0.000001", "0.000002", "0"),
    ("0.01", "1000000", "0"),
)
STEPS_MS = (1, 999, MINUTE, 4 * MINUTE)


@dataclass(frozen=True)
class Line:
    """Places in a row, one road from each to the next, and a candidate at each that has a cost.

    Attributes:
        people: of each place.
        cost: of a facility at each place, as it is written; None where none may be opened.
        step_ms, turnout_ms, standard_ms: of a road, of the facilities, of the service.
        new: how many facilities may be opened.
        existing: places that have one.
        budget, share, rate: numbers of the models, as they are written.
    """

    people: tuple[int, ...]
    cost: tuple[str | None, ...]
    step_ms: int = 4 * MINUTE
    turnout_ms: int = MINUTE
    standard_ms: int = 5 * MINUTE
    new: int = 2
    existing: tuple[int, ...] = ()
    budget: str = "1e12"
    share: str = "1"
    rate: str = "0.001"

    def instance(self) -> Instance:
        """The line as tables."""
        ids = [f"p{n}" for n in range(len(self.people))]
        candidates = [(ids[n], "station", cost) for n, cost in enumerate(self.cost) if cost is not None]
        facilities = [(f"f{n}", f"Facility {n}", "station", ids[n]) for n in self.existing]
        return Instance.from_frames(
            places=pd.DataFrame(
                {"place_id": ids, "name": ids, "population": self.people, "kind": "village"}, dtype=object
            ),
            candidates=pd.DataFrame(candidates, columns=["site", "type", "cost"], dtype=object),
            facilities=pd.DataFrame(
                facilities, columns=["facility_id", "name", "type", "site"], dtype=object
            ),
            settings={
                "name": "line",
                "currency": "UAH",
                "services": {"fire": {"standard": {"village": self.standard_ms / MINUTE}}},
                "types": {"station": {"provides": {"fire": self.turnout_ms / MINUTE}, "new": self.new}},
            },
            **self._ways(ids),
        )

    def _ways(self, ids: list[str]) -> dict[str, pd.DataFrame]:
        if len(ids) == 1:
            return {"od": pd.DataFrame([(ids[0], ids[0], 0.0)], columns=["from", "to", "minutes"])}
        rows = [(one, other, self.step_ms / MINUTE) for one, other in itertools.pairwise(ids)]
        return {"roads": pd.DataFrame(rows, columns=["from", "to", "minutes"])}

    def numbers(self, model: str) -> dict[str, float]:
        """What the model is asked with."""
        if model == "set_cover":
            return {"share": float(self.share)}
        rate = {"rate": float(self.rate)} if model == "total_cost" else {}
        return {"budget": float(self.budget), **rate}

    def best(self, model: str) -> tuple[Fraction, ...] | None:
        """Objectives of the best plan, of all that keep the limits; None where there is none."""
        values = [value for plan in self._plans(model) if (value := self.valued(model, plan)) is not None]
        signs = [-1 if model == "max_coverage" else 1, 1]
        return min(
            values, key=lambda value: [s * v for s, v in zip(signs, value, strict=False)], default=None
        )

    @property
    def _free(self) -> tuple[int, ...]:
        return tuple(n for n, cost in enumerate(self.cost) if cost is not None)

    def _plans(self, model: str) -> Iterator[tuple[int, ...]]:
        free = self._free
        limited = model != "set_cover"
        for size in range(len(free) + 1):
            for plan in itertools.combinations(free, size):
                if not limited or (len(plan) <= self.new and self.spent(plan) <= Fraction(self.budget)):
                    yield plan

    def size(self, model: str) -> float:
        """About the largest number that a program of the question adds up."""
        minutes = 2.0 * (UNSERVED.get(model) or 0) + 2.0 * len(self.people) * self.step_ms / MINUTE + 2.0
        worth = float(self.rate) if model == "total_cost" else 1.0
        return float(sum(self.people)) * (worth * minutes + 1.0) + float(self.spent(self._free))

    def spent(self, plan: tuple[int, ...]) -> Fraction:
        """Money for a plan."""
        return sum((Fraction(self.cost[n] or 0) for n in plan), Fraction(0))

    def valued(self, model: str, plan: tuple[int, ...]) -> tuple[Fraction, ...] | None:
        """Objectives of a plan; None where they have no value, or too few are covered."""
        there = {*plan, *self.existing}
        after = [
            min((self.turnout_ms + self.step_ms * abs(n - one) for one in there), default=None)
            for n in range(len(self.people))
        ]
        within = sum(
            p for p, ms in zip(self.people, after, strict=True) if ms is not None and ms <= self.standard_ms
        )
        if model == "set_cover":
            return (self.spent(plan),) if within >= Fraction(self.share) * self._coverable() else None
        if model == "p_center":
            late = [ms for p, ms in zip(self.people, after, strict=True) if p]
            return None if None in late else (Fraction(max(late, default=0), MINUTE),)  # type: ignore[type-var]
        unserved = UNSERVED[model]
        if unserved is None and None in after:
            return None
        minutes = [Fraction(unserved or 0) if ms is None else Fraction(ms, MINUTE) for ms in after]
        waited = sum((p * ms for p, ms in zip(self.people, minutes, strict=True)), Fraction(0))
        if model == "total_cost":
            return (self.spent(plan) + Fraction(self.rate) * waited,)
        return (Fraction(within), waited) if model == "max_coverage" else (waited,)

    def _coverable(self) -> int:
        able = {n for n, cost in enumerate(self.cost) if cost is not None} | set(self.existing)
        near = [min((abs(n - one) for one in able), default=None) for n in range(len(self.people))]
        return sum(
            p
            for p, hops in zip(self.people, near, strict=True)
            if hops is not None and self.turnout_ms + self.step_ms * hops <= self.standard_ms
        )


def ways(problem: Problem) -> list[dict[str, Any]]:
    """Every way to solve a problem."""
    fitting = [name for name in METHODS if refusal(name, problem, "highs") is None]
    return [*({"method": name} for name in fitting), {"solver": "cbc"}]


def compare(line: Line, model: str) -> int:
    """Solve in every way and compare with the exact values; how many ways there were."""
    instance, numbers, best = line.instance(), line.numbers(model), line.best(model)
    asked = ways(bind(instance, load_model(model), numbers))
    for way in asked:
        what = f"{model} {way} {line}"
        try:
            result = siting.solve(instance, model, numbers=numbers, **way)
        except SolverError as error:
            # CBC loses cents of a milliard, and is not believed then.
            if way != {"solver": "cbc"} or "HiGHS has found a plan" not in str(error):
                raise
            continue
        if best is None:
            assert result.status is Status.INFEASIBLE, what
            continue
        assert result.status in (Status.OPTIMAL, Status.BOUNDED), what
        assert result.plan is not None
        sites = result.problem.responses.options.candidate[result.plan.opened]
        opened = tuple(int(instance.candidates.site[number]) for number in sites)
        assert line.valued(model, opened) == tuple(best), what
        for exact, achieved in zip(best, result.achieved, strict=True):
            assert achieved.value == pytest.approx(float(exact), rel=1e-12, abs=0.0), what
            # Sums of numbers that cancel: a bound may be short by what is left of their last digits.
            room = 1e-9 * max(1.0, abs(float(exact))) + 1e-15 * line.size(model)
            assert achieved.bound is not None, what
            assert abs(achieved.bound - float(exact)) <= room, what
        if model != "set_cover":
            assert line.spent(opened) <= Fraction(line.budget), what
    return len(asked)


def random_line(seed: int) -> Line:
    """A line of awkward numbers; budgets are the sum of some costs exactly, or a little less or more."""
    rng = random.Random(seed)
    count = rng.randint(2, 6)
    menu = rng.choice(COSTS)
    cost = tuple(rng.choice(menu) if rng.random() < 0.85 else None for _ in range(count))
    cost = cost if any(cost) else (menu[0], *cost[1:])
    known = [Fraction(one) for one in cost if one is not None]
    budget = sum(rng.sample(known, rng.randint(0, len(known))), Fraction(0))
    budget += rng.choice([Fraction(0), Fraction(0), Fraction("-0.01"), Fraction("0.01")])
    step, turnout = rng.choice(STEPS_MS), rng.choice([0, 1, 59_999, MINUTE])
    return Line(
        people=tuple(rng.choice(PEOPLE) for _ in range(count)),
        cost=cost,
        step_ms=step,
        turnout_ms=turnout,
        standard_ms=max(1, turnout + step * rng.randint(0, 2) + rng.choice([-1, 0, 0, 1])),
        new=rng.randint(0, count),
        existing=tuple(sorted(rng.sample(range(count), rng.choice([0, 0, 1, 2])))),
        budget=str(float(max(Fraction(0), budget))),
        share=rng.choice(["0", "0.5", "1"]),
        rate=rng.choice(["0", "0.000000001", "0.001", "1000"]),
    )


@pytest.mark.parametrize("seed", range(5))
def test_awkward_numbers(seed: int) -> None:
    for model in MODELS:
        compare(random_line(seed), model)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5, 200))
def test_many_awkward_numbers(seed: int) -> None:
    for model in MODELS:
        compare(random_line(seed), model)


@pytest.mark.parametrize(("late", "reached"), [(-1, True), (0, True), (1, False)])
def test_a_millisecond_decides_at_the_standard(late: int, reached: bool) -> None:
    """Turnout of 1 min and 9 min on the road are 600,000 ms; the standard is 10 min."""
    line = Line((0, 50), ("1", None), 9 * MINUTE + late, MINUTE, 10 * MINUTE)
    covered = line.best("max_coverage")
    assert covered is not None
    assert covered[0] == (50 if reached else 0)
    for model in ("max_coverage", "set_cover"):
        compare(line, model)


@pytest.mark.parametrize(
    ("cost", "budget", "fits"),
    [
        (("0.1",) * 10, "1.0", 10),
        (("0.1",) * 3, "0.3", 3),
        (("0.7", "0.1", "0.2"), "1", 3),
        (("250000000.01", "250000000.01", "250000000.01", "250000000.02"), "1000000000.05", 4),
        (("250000000.01", "250000000.01", "250000000.01", "250000000.02"), "1000000000.04", 3),
        (("0.01", "0.01"), "0", 0),
        (("0", "0"), "0", 2),
    ],
)
def test_a_budget_that_is_met_exactly_is_kept(cost: tuple[str, ...], budget: str, fits: int) -> None:
    line = Line((100,) * len(cost), cost, standard_ms=MINUTE, new=len(cost), budget=budget)
    covered = line.best("max_coverage")
    assert covered is not None
    assert covered[0] == 100 * fits
    compare(line, "max_coverage")


@pytest.mark.parametrize(
    "line",
    [
        Line((0, 0, 0), ("1", "1", "1")),
        Line((5,), ("1",)),
        Line((5,), ("1",), new=0),
        Line((5, 6), ("1", None), new=0, existing=(0, 1)),
        Line((1, 10**9, 1), ("1", "1", "1"), standard_ms=MINUTE, new=3),
        Line((10**9, 10**9, 10**9, 10**9, 10**9), ("1",) * 5, standard_ms=MINUTE, new=4),
    ],
    ids=["nobody", "one place", "none may be opened", "all existing", "one of a milliard", "milliards"],
)
def test_corners(line: Line) -> None:
    for model in MODELS:
        compare(line, model)


def test_people_are_whole_in_doubles_or_refused() -> None:
    """Up to 1e15 people a place holds exactly; 2**53 + 1, which no double is, is refused by name."""
    with pytest.raises(InstanceError, match="9007199254740993"):
        Line((2**53 + 1, 1), ("1", "1")).instance()
    line = Line((10**15 - 1, 10**15 - 3), ("1", "1"), standard_ms=MINUTE)
    result = siting.solve(line.instance(), "max_coverage", method="decomposition")
    assert result.objective == 2 * 10**15 - 4
