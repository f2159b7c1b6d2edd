"""The whole way on random instances: the engine's choice of a method, its check, and PuLP with CBC."""

from __future__ import annotations

import pytest

import siting
from siting.methods import exact
from siting.methods.run import Run
from siting.plan import Status
from tests.catalogue.questions import Question
from tests.test_catalogue_brute_force import NAMES, room

SEEDS = range(200, 202)


@pytest.mark.parametrize("name", NAMES)
def test_answers_pass_the_check_and_are_the_optimum(name: str) -> None:
    for seed in SEEDS:
        question = Question(name, seed)
        best, told = question.oracle.optimum(), f"{name} {seed}"
        result = siting.solve(
            question.instance, question.model, numbers=question.given(), seconds=30, threads=1
        )
        if best is None:
            assert result.status is Status.INFEASIBLE, told
            continue
        assert result.objective is not None, told
        goal, (use, _) = result.problem.objectives[0], question.oracle.goals()[0]
        slack = question.oracle.number(use.get("tolerance", 0.0)) * abs(best[0])
        slack += room(best[0], question.oracle.serve)
        if result.status is Status.OPTIMAL:
            assert result.objective == pytest.approx(best[0], abs=slack), told
        assert result.achieved[0].bound is not None, told
        sign = 1.0 if goal.maximize else -1.0
        assert sign * result.achieved[0].bound >= sign * best[0] - slack, told


@pytest.mark.parametrize("name", NAMES)
def test_the_same_program_through_pulp_has_the_same_optimum(name: str) -> None:
    for seed in SEEDS:
        question = Question(name, seed)
        problem, best = question.problem(), question.oracle.optimum()
        outcome = exact.solve(problem, Run(seconds=30), "cbc")
        assert (outcome.plan is None) == (best is None)
        if best is not None and outcome.plan is not None:
            term = problem.objectives[0].term
            assert term.value(outcome.plan) == pytest.approx(best[0], rel=2e-6, abs=2e-6), f"{name} {seed}"
