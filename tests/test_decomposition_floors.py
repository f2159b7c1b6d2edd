"""Nobody left behind: limits on need measures in the decomposition, against brute force and HiGHS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import siting
from siting.instance import Instance
from siting.methods import decomposition, exact
from siting.methods.run import Run
from siting.model import Model, parse_model
from siting.plan import Plan
from siting.problem import Problem, bind
from tests.brute import every_plan

PARAMETERS = """
[parameters]
new   = { unit = "sites", each = "type", default = 2, about = "new facilities" }
money = { unit = "currency", default = inf, about = "money" }
share = { unit = "of 1", each = "region", default = 0.0, about = "share within the standard" }
local = { unit = "of 1", each = "district", default = 0.0, about = "share within the standard" }
fire  = { unit = "people", default = 0, about = "people within the standard" }
slow  = { unit = "person-minutes", each = "region", default = inf, about = "response time at most" }
"""
COMMON = """
    { measure = "sites_open", each = "type", at_most = "$new" },
    { measure = "cost", at_most = "$money" },
"""
FLOORS = {
    "regions": '{ measure = "share_within", each = "region", at_least = "$share" },',
    "services": '{ measure = "people_within", service = "fire_rescue", at_least = "$fire" },',
    "slow": '{ measure = "travel_time", unserved = 60, each = "region", at_most = "$slow" },',
    "districts": '{ measure = "share_of_coverable", each = "district", at_least = "$local" },',
}
GOALS = {
    "cover": """maximize = { measure = "people_within" }
then = [{ minimize = { measure = "travel_time", unserved = 240 } }]""",
    "time": 'minimize = { measure = "travel_time", unserved = 120 }',
    "served": 'minimize = { measure = "travel_time" }',
    "police": 'maximize = { measure = "people_within", service = "police" }',
}
CASES = [
    ("cover", ("regions",)), ("cover", ("services",)), ("cover", ("districts", "regions")),
    ("time", ("regions",)), ("time", ("slow", "services")), ("served", ("regions",)),
    ("police", ("services", "regions")), ("police", ("slow",)),
]  # fmt: skip


def model_of(goal: str, which: tuple[str, ...]) -> Model:
    limits = COMMON + "\n".join(FLOORS[name] for name in which)
    text = f'title = "t"\nquestion = "q"\nsource = "s"\n{GOALS[goal]}\nlimits = [{limits}]\n{PARAMETERS}'
    return parse_model(text, "floors", "floors.toml")


def random_numbers(
    instance: Instance, model: Model, rng: np.random.Generator, hard: float = 0.8
) -> dict[str, float]:
    """Floors between what there is and what every candidate together gives, now and then beyond."""
    problem = bind(instance, model, {"slow": 0.0})
    responses = problem.responses
    usable = np.flatnonzero(responses.options.usable).astype(np.int32)
    all_ = usable[usable >= responses.options.existing]
    before = Plan(all_[:0], responses.base_option, responses.base_ms)
    after = Plan(all_, *responses.serve(all_))
    numbers: dict[str, float] = {"new": float(rng.integers(1, 4))}
    if rng.random() < 0.5:
        numbers["money"] = float(rng.uniform(10, 60))
    names = {
        "share_within": "share",
        "share_of_coverable": "local",
        "people_within": "fire",
        "travel_time": "slow",
    }
    for limit in problem.limits:
        name = names.get(limit.term.measure.name)
        if name is None:
            continue
        low, high = limit.term.value(before), limit.term.value(after)
        if low == high:  # nobody lives there, or nobody can be reached
            continue
        level = low + (high - low) * rng.choice([0.0, hard * rng.random(), rng.random(), 1.0])
        member = limit.term.label.partition("[")[2].rstrip("]")
        each = name in ("share", "local", "slow")
        numbers[f"{name}.{member}" if each else name] = float(level)
    return numbers


def random_problem(instance: Instance, goal: str, which: tuple[str, ...], seed: int) -> Problem:
    model = model_of(goal, which)
    return bind(instance, model, random_numbers(instance, model, np.random.default_rng(seed)))


def assert_keeps(problem: Problem, opened: np.ndarray) -> None:
    plan = Plan(opened, *problem.responses.serve(opened))
    for limit in problem.limits:
        value = limit.term.value(plan)
        room = 1e-9 * max(1.0, abs(value))
        assert limit.low - room <= value <= limit.high + room, limit.label


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join([case[0], *case[1]]))
def test_floors_agree_with_brute_force(
    case: tuple[str, tuple[str, ...]], tiny: Callable[[np.random.Generator], Instance]
) -> None:
    found = {True: 0, False: 0}
    for seed in range(50):
        problem = random_problem(tiny(np.random.default_rng(seed)), *case, seed)
        assert decomposition.refusal(problem, "highs") is None
        best = every_plan(problem).best()
        outcome = decomposition.solve(problem, Run(), "highs")
        found[best is None] += 1
        if best is None:
            assert outcome.infeasible, seed
            assert outcome.opened is None
            continue
        assert not outcome.infeasible, seed
        assert outcome.opened is not None, seed
        assert_keeps(problem, outcome.opened)
        for goal, optimum, bound in zip(problem.objectives, best, outcome.bounds, strict=True):
            sign = 1.0 if goal.maximize else -1.0
            plan = Plan(outcome.opened, *problem.responses.serve(outcome.opened))
            value = sign * goal.term.value(plan)
            assert bound is not None
            room = 1e-7 * max(1.0, abs(optimum))
            assert sign * bound >= optimum - room, seed
            assert value == pytest.approx(optimum, rel=1e-6, abs=1e-6), seed
    assert found[False] > 10


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_bounds_hold_without_time(seconds: float, tiny: Callable[[np.random.Generator], Instance]) -> None:
    for seed in range(50):
        problem = random_problem(tiny(np.random.default_rng(seed)), "cover", ("regions",), seed)
        best = every_plan(problem).best()
        outcome = decomposition.solve(problem, Run(seconds=seconds), "highs")
        assert not outcome.infeasible or best is None
        if best is None or outcome.opened is None:
            continue
        assert_keeps(problem, outcome.opened)
        assert outcome.bounds[0] is None or outcome.bounds[0] >= best[0] * (1 - 1e-9)


@pytest.mark.parametrize(("goal", "each"), [("cover", "community"), ("time", "district")])
def test_larger_floors_agree_with_the_exact_method(goal: str, each: str) -> None:
    """Both certify: neither value may beat the other's bound, and both prove the optimum."""
    instance = siting.read("poltava")
    text = f'''title = "t"
question = "q"
source = "s"
{GOALS[goal].partition("then")[0]}
limits = [
    {{ measure = "cost", at_most = 60 }},
    {{ measure = "share_within", service = "fire_rescue", each = "{each}", at_least = "$floor" }},
]
[parameters]
floor = {{ unit = "of 1", each = "{each}", default = 0.0, about = "share within the standard" }}
'''
    model = parse_model(text, "floors", "floors.toml")
    rng = np.random.default_rng(3)
    ids = instance.areas[each].ids
    numbers = {f"floor.{name}": 0.6 + 0.3 * rng.random() for name in rng.choice(ids, 4, replace=False)}
    problem = bind(instance, model, numbers)
    one, other = (method.solve(problem, Run(seconds=30.0), "highs") for method in (decomposition, exact))
    assert one.opened is not None
    assert other.opened is not None
    assert_keeps(problem, one.opened)
    assert one.bounds[0] == pytest.approx(other.bounds[0], rel=1e-6)
