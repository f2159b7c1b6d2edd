"""Every bundled model against brute force: an oracle that knows the papers' definitions, not siting's.

The instances hold existing facilities (some closable), required and forbidden candidates, upgrades and
several units; half of the questions have limits beside their own: money, a region's cap, floors.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from siting.measures import MEASURES
from siting.methods import METHODS, refusal
from siting.methods.run import Run
from siting.model import bundled_models
from siting.plan import Plan
from siting.problem import Problem
from tests.catalogue.measures import COUNTS, NEED_SUMS, OPTION_SUMS
from tests.catalogue.oracle import Oracle
from tests.catalogue.questions import COMPOSED, Question, text_of

INSTANCES = {**dict.fromkeys(bundled_models(), 50), **dict.fromkeys(COMPOSED, 20)}
"""How many random instances every question is asked of."""

NAMES = list(INSTANCES)


def room(value: float, serve: str) -> float:
    """What the arithmetic of solvers explains; shares of people are not whole numbers."""
    return (1e-9 if serve == "nearest" else 1e-6) * max(1.0, abs(value))


@pytest.mark.parametrize("name", NAMES)
def test_methods_reach_the_optimum_of_the_oracle(name: str) -> None:
    for seed in range(INSTANCES[name]):
        question = Question(name, seed)
        problem = question.problem()
        best = question.oracle.optimum()
        ways = [method for method in METHODS if refusal(method, problem, "highs") is None]
        assert "exact" in ways
        for way in ways:
            check(question, problem, best, way, f"{name} {seed} {way}")


def check(question: Question, problem: Problem, best: list[float] | None, way: str, what: str) -> None:
    """A method's bounds hold and its plan keeps the limits; the exact method reaches the optimum."""
    outcome = METHODS[way].solve(problem, Run(seconds=60), "highs")
    if best is None:
        assert outcome.opened is None, what
        assert outcome.infeasible, what
        return
    assert outcome.opened is not None, what
    plan = outcome.plan or Plan(outcome.opened, *problem.responses.serve(outcome.opened))
    values = kept(question, problem, plan, what)
    for optimum, value, bound, (use, maximize) in zip(
        best, values, outcome.bounds, question.oracle.goals(), strict=True
    ):
        sign, slack = (1.0 if maximize else -1.0), room(optimum, question.oracle.serve)
        assert bound is not None or way != "exact", what
        if bound is not None:
            assert sign * bound >= sign * optimum - slack, what
        short = sign * (optimum - value)
        given_up = question.oracle.number(use.get("tolerance", 0.0)) * abs(optimum)
        if way == "exact":
            assert short <= given_up + slack, what
            assert bound == pytest.approx(optimum, rel=1e-6, abs=1e-6), what
        if short > slack:
            break  # later objectives are bounded under what this one achieved


def kept(question: Question, problem: Problem, plan: Plan, what: str) -> list[float]:
    """The oracle's values of a plan, once it is seen to keep every limit."""
    oracle = question.oracle
    plans, shares = question.of_oracle(problem, plan)
    required = [one.required for one in oracle.options[oracle.existing :]]
    forbidden = [not one.usable for one in oracle.options[oracle.existing :]]
    assert np.all(plans.units[0, required] > 0), what
    assert not plans.units[0, forbidden].any(), what
    for use, member, low, high in oracle.limits():
        value = question.achieved(use, plans, shares, member)
        slack = room(value, oracle.serve)
        assert low - slack <= value <= high + slack, f"{what} {use} {member}: {value}"
    if shares is not None:
        serves(oracle, plans, shares, what)
    return [question.achieved(use, plans, shares) for use, _ in oracle.goals()]


def serves(oracle: Oracle, plans: object, shares: np.ndarray, what: str) -> None:
    """Nobody is served twice, by a closed facility, or beyond what there is room for."""
    units = oracle.open_by_need(plans)[0]
    assert shares.sum(axis=1).max(initial=0.0) <= 1 + 1e-9, what
    assert not shares[(units == 0) | ~np.isfinite(oracle.ms)].any(), what
    load: dict[object, float] = {}
    for i, j in zip(*np.nonzero(shares), strict=True):
        need = oracle.needs[i]
        key = (need.service, need.scenario, need.period, j)
        load[key] = load.get(key, 0.0) + shares[i, j] * need.place["population"]
        assert load[key] <= oracle.options[j].capacity * units[i, j] + 1e-5, what


@pytest.mark.parametrize("name", NAMES)
def test_plans_are_worth_what_the_oracle_says(name: str) -> None:
    for seed in range(12):
        question = Question(name, seed)
        problem, rng = question.problem(), np.random.default_rng(seed)
        oracle = question.oracle
        plans = oracle.plans()
        for which in rng.choice(len(plans), min(6, len(plans)), replace=False):
            one, shares = plans.only(slice(which, which + 1)), None
            if oracle.serve != "nearest":
                answer = oracle.assign(one)
                if answer is None:
                    continue
                shares = answer[1]
            plan = question.plan(problem, plans, which, shares)
            for goal, (use, _) in zip(problem.objectives, oracle.goals(), strict=True):
                same(goal.term.value(plan), question.achieved(use, one, shares), f"{name} {seed} {which}")
            labels = {bound.label: bound for bound in problem.limits}
            finite = [one for one in oracle.limits() if math.isfinite(one[2]) or math.isfinite(one[3])]
            assert len(labels) <= len(finite) == len(problem.limits)
            for bound, (use, member, low, high) in zip(problem.limits, finite, strict=True):
                assert (bound.low, bound.high) == (low, high)
                same(bound.term.value(plan), question.achieved(use, one, shares, member), bound.label)


def same(value: float, other: float, what: str) -> None:
    """Equal up to sums in another order, or both undefined."""
    assert value == pytest.approx(other, rel=1e-9, abs=1e-9, nan_ok=True), what


def test_the_instances_hold_what_is_to_be_tested() -> None:
    """Optima and infeasible questions, closings, upgrades, several units, scenarios that matter."""
    infeasible = required = forbidden = closable = units = upgrades = lost = 0
    for seed in range(50):
        question = Question("max_coverage", seed)
        infeasible += question.oracle.optimum() is None
        new = question.tables.frames["candidates"]
        required += (new["status"] == "required").sum()
        forbidden += (new["status"] == "forbidden").sum()
        units += (new["units"] > 1).sum()
        upgrades += (new["replaces"] != "").sum()
        closable += question.tables.frames["facilities"]["closable"].sum()
        lost += (question.tables.frames["scenarios"]["site"] != "").sum()
    assert 0 < infeasible < 25
    assert min(required, forbidden, closable, units, upgrades, lost) > 15


def test_every_measure_has_an_oracle() -> None:
    """And is used by some model here."""
    known = {*OPTION_SUMS, *NEED_SUMS, *COUNTS, "stranded", "too_close"}
    known |= {name[1:] for name in dir(Oracle) if name in ("_worst_time", "_tail_time", "_worst_share")}
    assert known == set(MEASURES)
    said = "\n".join(text_of(name) for name in NAMES)
    assert all(f'"{measure}"' in said for measure in MEASURES)
