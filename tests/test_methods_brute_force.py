"""Every method against brute force over every subset of candidates, on random tiny instances."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import siting
from siting.instance import Instance
from siting.methods.run import Run
from siting.methods import decomposition
from siting.model import load_model
from siting.plan import Plan, Status
from siting.problem import Problem, bind

MODELS = ("max_coverage", "min_travel_time")
SEEDS = range(40)


def best_by_enumeration(problem: Problem) -> tuple[float, ...] | None:
    """Lexicographic optimum over all subsets, None where no subset keeps the limits."""
    options, responses = problem.responses.options, problem.responses
    free = [j for j in range(options.existing, len(options.site)) if options.usable[j]]
    must = {j for j in free if options.required[j]}
    best: tuple[float, ...] | None = None
    for size in range(len(free) + 1):
        for subset in itertools.combinations(free, size):
            if not must <= set(subset):
                continue
            opened = np.array(subset, dtype=np.int32)
            plan = Plan(opened, *responses.serve(opened))
            if any(
                not bound.low - 1e-9 <= bound.term.value(plan) <= bound.high + 1e-9
                for bound in problem.limits
            ):
                continue
            values = tuple(
                goal.term.value(plan) if goal.maximize else -goal.term.value(plan)
                for goal in problem.objectives
            )
            if any(math.isnan(value) for value in values):
                continue
            if best is None or _better(values, best):
                best = values
    return best


def _better(values: tuple[float, ...], best: tuple[float, ...]) -> bool:
    """Lexicographic comparison that takes sums of doubles as equal."""
    for value, other in zip(values, best, strict=True):
        if value > other + 1e-9 * max(1.0, abs(other)):
            return True
        if value < other - 1e-9 * max(1.0, abs(other)):
            return False
    return False


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_methods_reach_the_optimum(
    seed: int, model: str, tiny: Callable[[np.random.Generator], Instance]
) -> None:
    instance = tiny(np.random.default_rng(seed))
    problem = bind(instance, load_model(model))
    best = best_by_enumeration(problem)
    for options in ({"method": "exact"}, {"method": "decomposition"}, {"solver": "cbc"}):
        result = siting.solve(instance, model, **options)  # type: ignore[arg-type]
        if best is None:
            assert result.status is Status.INFEASIBLE, options
            assert result.plan is None
            assert result.clashes
            continue
        assert result.plan is not None, options
        for value, goal, achieved in zip(best, problem.objectives, result.achieved, strict=True):
            optimum = value if goal.maximize else -value
            _certified(optimum, achieved, options)
            if result.status is Status.OPTIMAL:
                assert achieved.value == pytest.approx(optimum, rel=1e-9, abs=1e-9), options
            if not _close(achieved.value, optimum):
                break  # later objectives are bounded under what this one achieved
        if options.get("method") != "decomposition":
            assert result.status is Status.OPTIMAL, options


def _close(value: float, optimum: float) -> bool:
    return value == pytest.approx(optimum, rel=1e-9, abs=1e-9)


def _certified(optimum: float, achieved: Any, options: object) -> None:
    """The bound is never on the wrong side of the true optimum, nor the plan better than it."""
    room = 1e-8 * max(1.0, abs(optimum))
    assert achieved.bound is not None, options
    if achieved.maximize:
        assert achieved.value <= optimum + room, options
        assert achieved.bound >= optimum - room, options
    else:
        assert achieved.value >= optimum - room, options
        assert achieved.bound <= optimum + room, options


def test_some_tiny_instances_are_infeasible_and_most_are_not(
    tiny: Callable[[np.random.Generator], Instance],
) -> None:
    found = [
        best_by_enumeration(bind(tiny(np.random.default_rng(seed)), load_model("min_travel_time")))
        for seed in SEEDS
    ]
    assert 0 < sum(best is None for best in found) < len(found) // 2


def test_decomposition_alone_certifies_without_its_closing_programs(
    tiny: Callable[[np.random.Generator], Instance],
) -> None:
    """With no time at all the bound may be poor, but it is never wrong."""
    for seed in SEEDS:
        problem = bind(tiny(np.random.default_rng(seed)), load_model("max_coverage"))
        best = best_by_enumeration(problem)
        outcome = decomposition.solve(problem, Run(seconds=0.0), "highs")
        if best is None or outcome.opened is None:
            continue
        bound = outcome.bounds[0]
        assert bound is None or bound >= best[0] * (1 - 1e-9)
