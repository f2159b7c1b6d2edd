"""The same questions through HiGHS, CBC and every other method: the same status, the same objectives."""

from __future__ import annotations

from functools import cache

import pytest

import siting
from siting.methods import METHODS, refusal
from siting.model import bundled_models
from siting.plan import PROVED_GAP, Status
from siting.problem import Problem
from siting.result import Result
from tests.catalogue.questions import COMPOSED, Question

NAMES = [*bundled_models(), *COMPOSED]
ROOM = 1e-9
"""Relative difference that the arithmetic of solvers explains."""


@cache
def bound_question(name: str, seed: int) -> tuple[Question, Problem]:
    """A model on a random instance."""
    question = Question(name, seed)
    return question, question.problem()


def answers(name: str, seed: int) -> dict[str, Result]:
    """What every solver and method says."""
    question, problem = bound_question(name, seed)
    asked = {"cbc": {"solver": "cbc"}}
    asked |= {way: {"method": way} for way in METHODS if refusal(way, problem, "highs") is None}
    numbers = question.given()
    return {
        way: siting.solve(question.instance, question.model, numbers=numbers, seconds=60, **options)  # type: ignore[arg-type]
        for way, options in asked.items()
    }


def agree(name: str, seed: int) -> int:
    """How many answers agree with the exact method's, which is all of them."""
    found = answers(name, seed)
    exact = found.pop("exact")
    _, problem = bound_question(name, seed)
    assert exact.status in (Status.OPTIMAL, Status.INFEASIBLE, Status.BOUNDED)
    for way, result in found.items():
        what = f"{name} {seed} {way}"
        assert result.status is exact.status, what
        if exact.plan is None:
            continue
        for goal, one, other in zip(problem.objectives, result.achieved, exact.achieved, strict=True):
            room = ROOM * max(1.0, abs(other.value))
            assert abs(one.value - other.value) <= room, f"{what}: {one.value!r}, not {other.value!r}"
            assert one.bound is not None, what
            sign = 1.0 if goal.maximize else -1.0
            assert sign * (one.bound - other.value) >= -room, f"{what}: bound {one.bound!r}"
            assert one.gap is None or one.gap <= PROVED_GAP or goal.tolerance, what
    return len(found)


@pytest.mark.parametrize("name", bundled_models())
def test_solvers_and_methods_agree(name: str) -> None:
    """A random instance of each of the models in the catalogue."""
    assert agree(name, 500) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_solvers_and_methods_agree_on_many(name: str) -> None:
    """Twenty more of each, and of questions made up of several models."""
    for seed in range(501, 521):
        agree(name, seed)


@pytest.mark.slow
def test_what_is_compared_is_of_every_kind() -> None:
    """Enough of the instances have a plan, enough have none, and the decomposition takes part in enough."""
    statuses, ways = [], []
    for name in bundled_models():
        found = answers(name, 502)
        statuses.append(found["exact"].status)
        ways += list(found)
    assert statuses.count(Status.INFEASIBLE) >= 2
    assert statuses.count(Status.OPTIMAL) >= 20
    assert ways.count("decomposition") >= 8
    assert ways.count("cbc") == ways.count("relaxation") == len(statuses)
