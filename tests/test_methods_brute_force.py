"""Every method against brute force over every subset of candidates, on random tiny instances."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import siting
from siting.instance import Instance
from siting.methods import METHODS, decomposition, set_cover
from siting.methods.run import Run
from siting.model import load_model
from siting.plan import Plan, Status
from siting.problem import Problem, bind
from siting.result import Result

NARROWED = str(Path(__file__).parent / "models" / "narrowed.toml")
COVERING = (
    ("set_cover", {"share": 1.0}),
    ("set_cover", {"share": 0.8}),
    (str(Path(__file__).parent / "models" / "cover_regions.toml"), {"share": 1.0}),
    (str(Path(__file__).parent / "models" / "cover_regions.toml"), {"share": 0.4}),
    (str(Path(__file__).parent / "models" / "cover_minutes.toml"), {"share": 0.2, "later": 1.0}),
    (str(Path(__file__).parent / "models" / "cover_minutes.toml"), {"share": 0.0, "later": 0.7}),
    (str(Path(__file__).parent / "models" / "cover_people.toml"), {"people": 2000.0}),
    (str(Path(__file__).parent / "models" / "cover_people.toml"), {"people": 6000.0}),
)
MODELS = ("max_coverage", "min_travel_time", "set_cover", "p_center", NARROWED)
SEEDS = range(40)
EPS = 1e-9


def optima(problem: Problem) -> list[float] | None:
    """Per objective its optimum under what the earlier ones keep, over all subsets of candidates.

    Values are turned so that more is better; None where no subset keeps the limits.
    """
    values = _feasible_values(problem)
    found = []
    for number, goal in enumerate(problem.objectives):
        if not len(values):
            return None
        best = float(values[:, number].max())
        found.append(best)
        values = values[values[:, number] >= best - goal.tolerance * abs(best) - EPS * max(1.0, abs(best))]
    return found


def _feasible_values(problem: Problem) -> np.ndarray:
    """(plans, objectives) values of every subset that keeps the limits, more being better."""
    options, responses = problem.responses.options, problem.responses
    free = [j for j in range(options.existing, len(options.site)) if options.usable[j]]
    must = {j for j in free if options.required[j]}
    rows = []
    for size in range(len(free) + 1):
        for subset in itertools.combinations(free, size):
            opened = np.array(subset, dtype=np.int32)
            if not must <= set(subset) or not _keeps_limits(problem, opened):
                continue
            plan = Plan(opened, *responses.serve(opened))
            signs = [1.0 if goal.maximize else -1.0 for goal in problem.objectives]
            row = [sign * goal.term.value(plan) for sign, goal in zip(signs, problem.objectives, strict=True)]
            if not any(math.isnan(value) for value in row):
                rows.append(row)
    return np.array(rows).reshape(len(rows), len(problem.objectives))


def _keeps_limits(problem: Problem, opened: np.ndarray) -> bool:
    plan = Plan(opened, *problem.responses.serve(opened))
    return all(limit.low - EPS <= limit.term.value(plan) <= limit.high + EPS for limit in problem.limits)


@pytest.mark.parametrize("model", MODELS, ids=lambda name: Path(name).stem)
@pytest.mark.parametrize("seed", SEEDS)
def test_methods_reach_the_optimum(
    seed: int, model: str, tiny: Callable[[np.random.Generator], Instance]
) -> None:
    instance = tiny(np.random.default_rng(seed))
    problem = bind(instance, load_model(model))
    best = optima(problem)
    ways = [{"method": name} for name, method in METHODS.items() if not method.refusal(problem, "highs")]
    for options in [*ways, {"solver": "cbc"}]:
        result = siting.solve(instance, model, **options)  # type: ignore[arg-type]
        if best is None:
            assert result.status is Status.INFEASIBLE, options
            assert result.plan is None
            assert result.clashes
        else:
            _check(result, problem, best, exact=options.get("method") != "decomposition")


def _check(result: Result, problem: Problem, best: list[float], exact: bool) -> None:
    """Bounds hold at the true optima; what is called optimal, and the exact method, reach them."""
    assert result.plan is not None
    for optimum, goal, achieved in zip(best, problem.objectives, result.achieved, strict=True):
        sign = 1.0 if goal.maximize else -1.0
        room = EPS * 10 * max(1.0, abs(optimum))
        assert achieved.bound is not None
        assert sign * achieved.bound >= optimum - room
        short = optimum - sign * achieved.value
        if exact or result.status is Status.OPTIMAL:
            assert short <= goal.tolerance * abs(optimum) + room
        if short > room:
            break  # later objectives are bounded under what this one achieved
    if exact and not any(goal.tolerance for goal in problem.objectives):
        assert result.status is Status.OPTIMAL


def test_a_budget_too_small_to_serve_everybody_is_infeasible_for_every_method(
    three_towns: Instance,
) -> None:
    for method in ("exact", "decomposition"):
        result = siting.solve(three_towns, "min_travel_time", method=method, budget=5)
        assert result.status is Status.INFEASIBLE
        assert result.conflict is not None
        assert result.conflict.relaxations[0].enough == 7.0


def test_some_tiny_instances_are_infeasible_and_most_are_not(
    tiny: Callable[[np.random.Generator], Instance],
) -> None:
    found = [optima(bind(tiny(np.random.default_rng(seed)), load_model("min_travel_time"))) for seed in SEEDS]
    assert 0 < sum(best is None for best in found) < len(found) // 2


def test_decomposition_alone_certifies_without_its_closing_programs(
    tiny: Callable[[np.random.Generator], Instance],
) -> None:
    """With no time at all the bound may be poor, but it is never wrong."""
    for seed in SEEDS:
        problem = bind(tiny(np.random.default_rng(seed)), load_model("max_coverage"))
        best = optima(problem)
        outcome = decomposition.solve(problem, Run(seconds=0.0), "highs")
        if best is None or outcome.opened is None:
            continue
        bound = outcome.bounds[0]
        assert bound is None or bound >= best[0] * (1 - 1e-9)


@pytest.mark.parametrize(("model", "numbers"), COVERING, ids=lambda value: Path(str(value)).stem)
def test_set_covering_is_exact_in_every_variant(
    model: str, numbers: dict[str, float], tiny: Callable[[np.random.Generator], Instance]
) -> None:
    for seed in range(60):
        problem = bind(tiny(np.random.default_rng(seed)), load_model(model), numbers)
        assert set_cover.refusal(problem, "highs") is None
        best, outcome = optima(problem), set_cover.solve(problem, Run(), "highs")
        if best is None:
            assert outcome.infeasible, seed
            continue
        assert outcome.opened is not None, seed
        assert _keeps_limits(problem, outcome.opened), seed
        plan = Plan(outcome.opened, *problem.responses.serve(outcome.opened))
        assert problem.objectives[0].term.value(plan) == pytest.approx(-best[0], rel=1e-9, abs=EPS), seed
        assert outcome.bounds[0] == pytest.approx(-best[0], rel=1e-8, abs=EPS), seed
