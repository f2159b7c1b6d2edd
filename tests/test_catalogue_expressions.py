"""What a measure writes into a program is what it is worth: at every plan, and at every solution."""

from __future__ import annotations

import math

import numpy as np
import pytest

from siting.measures import Term
from siting.measures.composer import Composer
from siting.methods import highs
from siting.methods.compose import plan_of, with_options
from siting.methods.run import Run
from siting.plan import Plan
from siting.problem import Problem
from tests.catalogue.questions import Question
from tests.test_catalogue_brute_force import NAMES

PLANS = 3
SEEDS = 5


def terms(problem: Problem) -> list[tuple[Term, bool]]:
    """Every term, and whether the model pushes it up; of both sides, one after the other."""
    goals = [(goal.term, goal.maximize) for goal in problem.objectives]
    limits = [
        (limit.term, up)
        for limit in problem.limits
        for up in (True, False)
        if ("up" if up else "down") in limit.term.measure.tight
    ]
    return goals + limits


def composed(problem: Problem, term: Term, maximize: bool) -> Composer:
    """The program of a term alone, over every candidate."""
    options = problem.responses.options
    usable = np.flatnonzero(options.usable & (np.arange(len(options.site)) >= options.existing))
    composer = Composer("term", maximize, problem.responses, usable.astype(np.int32), [term])
    composer.program.objective = term.expression(composer)
    return composer


@pytest.mark.parametrize("name", NAMES)
def test_expressions_are_tight_at_every_plan(name: str) -> None:
    """With its options fixed the best that a program makes of a term is the value of the plan."""
    for seed in range(SEEDS):
        question = Question(name, seed)
        problem, rng = question.problem(), np.random.default_rng(seed)
        plans = question.oracle.plans()
        for which in rng.choice(len(plans), min(PLANS, len(plans)), replace=False):
            plan = question.plan(problem, plans, which)
            for term, maximize in terms(problem):
                composer = composed(problem, term, maximize)
                told = f"{name} {seed} {which} {term.label}"
                if composer.program.columns:
                    check(composer, term, plan, question.oracle.serve == "nearest", told)
                else:
                    assert composer.program.objective.constant == pytest.approx(term.value(plan)), told


def check(composer: Composer, term: Term, plan: Plan, nearest: bool, told: str) -> None:
    """The optimum of a term's expression at a plan; where capacities bind, of the plan it makes of it."""
    values = with_options(composer, plan, Run())
    if values is None:
        assert not nearest or math.isnan(term.value(plan)), told
        return
    found = plan_of(composer, values)
    if nearest:
        assert found.opened.tolist() == plan.opened.tolist(), told
        assert found.units.tolist() == plan.units.tolist(), told
        assert found.closed.tolist() == plan.closed.tolist(), told
        found = plan
    value = composer.program.objective.value(values)
    assert value == pytest.approx(term.value(found), rel=1e-6, abs=1e-6), told


@pytest.mark.parametrize("name", NAMES)
def test_solutions_are_worth_the_value_of_their_plan(name: str) -> None:
    """Whatever options a solver opens, and whoever it lets serve."""
    for seed in range(SEEDS, 2 * SEEDS):
        problem = Question(name, seed).problem()
        for term, maximize in terms(problem):
            composer = composed(problem, term, maximize)
            arrays = composer.program.arrays()
            if not arrays.integer.any():
                continue
            values = highs.solve(highs.model(arrays), Run(seconds=20)).values
            if values is not None:
                value = composer.program.objective.value(values)
                worth = term.value(plan_of(composer, values))
                assert value == pytest.approx(worth, rel=1e-6, abs=1e-6), f"{name} {seed} {term.label}"
