"""Choices beside a plan: what follows from the plan's own answers equals what is recomputed whole."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from rich_instance import build_rich

from siting.check.audit import Audit
from siting.check.changed import Choice, Losses
from siting.check.differences import exact
from siting.check.explained import _items
from siting.check.moved import Neighbours
from siting.check.responses import until, without_table
from siting.check.times import Ground
from siting.instance import Instance
from siting.model import load_model
from siting.plan import Plan
from siting.problem import Problem, bind

RICH = (
    "co_financing", "distance_rule", "gradual_coverage", "max_coverage", "min_travel_time", "p_center",
    "regional_floors", "relocation", "robust_expected", "robust_worst", "rollout", "set_cover", "spacing",
    "total_cost",
)  # fmt: skip

TOWNS = ("backup_coverage", "expected_coverage", "fairest_coverage", "reliable_coverage", "worst_off")

NUMBERS = {"spacing": {"apart": 4.0}}


def bound(instance: Instance, model: str) -> Problem:
    """A question about an instance, without a table of response times."""
    return bind(instance, load_model(model), NUMBERS.get(model, {}), build=without_table)


def grounds(problem: Problem) -> Ground:
    responses = problem.responses
    return Ground(problem.instance, responses.settings, responses.layout, responses.horizon_ms)


def audit_of(problem: Problem, ground: Ground, choice: Choice) -> Audit:
    """A choice recomputed by itself."""
    order, nobody = np.argsort(choice.opened), np.full(len(ground.needs.place), -1, dtype=np.int32)
    opened, units = choice.opened[order], choice.units[order]
    return Audit(problem, ground, Plan(opened, nobody, 0 * nobody, units, np.sort(choice.closed)))


def chosen(ground: Ground, rng: np.random.Generator) -> Choice:
    """Some candidates, each once, with some of their units, and some existing facilities closed."""
    options = ground.options
    free = rng.permutation(np.flatnonzero(options.usable & (options.candidate >= 0)))
    _, first = np.unique(options.candidate[free], return_index=True)
    opened = free[first][rng.random(len(first)) < rng.random()].astype(np.int32)
    units = np.array([rng.integers(1, options.units[one] + 1) for one in opened], dtype=np.int32)
    closable = np.flatnonzero(options.closable)
    return Choice(opened, units, closable[rng.random(len(closable)) < 0.4].astype(np.int32))


def beside(ground: Ground, plan: Choice, rng: np.random.Generator) -> list[Choice]:
    """Choices without one facility, with another in its place, and quite other ones."""
    other = chosen(ground, rng)
    mixed = Choice(plan.opened, plan.units, other.closed)
    found = [other, mixed, Choice(other.opened, other.units, plan.closed)]
    for k in range(len(plan.opened)):
        found.append(plan.without(k))
        for option, units in zip(other.opened, other.units, strict=True):
            if option not in found[-1].opened:
                found.append(plan.without(k).with_(int(option), int(units)))
    return found


def compared(problem: Problem, rng: np.random.Generator) -> int:
    """Values of choices beside a random plan that agree to the last bit."""
    ground = grounds(problem)
    plan = chosen(ground, rng)
    audit = audit_of(problem, ground, plan)
    losses, count = Losses(audit), 0
    terms = [*(goal.term for goal in problem.objectives), *(limit.term for limit in problem.limits)]
    for choice in beside(ground, losses.plan, rng):
        whole = audit_of(problem, ground, choice)
        for term in terms:
            mine, theirs = losses.value(term, choice), whole.value(term)
            assert mine == theirs or (math.isnan(mine) and math.isnan(theirs)), (term.label, mine, theirs)
            count += 1
        if np.array_equal(choice.closed, plan.closed):
            late = until(audit.left, whole.after, ground.latest).ms
            assert np.array_equal(losses.second(choice), late, equal_nan=True)
        lost = (audit.told.option >= 0) & (until(whole.left, whole.after, ground.latest).option < 0)
        assert int(lost.sum()) in losses.unanswered(choice)
    return count


@pytest.mark.parametrize("model", RICH)
def test_random_choices_on_roads(model: str) -> None:
    rng = np.random.default_rng(len(model))
    found = [compared(bound(build_rich(rng), model), rng) for _ in range(3)]
    assert sum(found) > 0


@pytest.mark.parametrize("model", TOWNS)
def test_random_choices_under_measures_that_are_no_sums(three_towns: Instance, model: str) -> None:
    rng = np.random.default_rng(len(model))
    assert compared(bound(three_towns, model), rng) > 0


def test_each_facility_is_searched_from_as_far_as_it_matters() -> None:
    problem = bound(build_rich(np.random.default_rng(8)), "min_travel_time")
    ground = grounds(problem)
    usable = ground.options.usable
    neighbours = Neighbours(ground, usable)
    every = ground.answers(usable)
    assert np.array_equal(np.where(np.isinf(neighbours.ms), np.nan, neighbours.ms), every.ms, equal_nan=True)
    assert np.array_equal(neighbours.option, every.option)
    nobody = neighbours.without(np.flatnonzero(usable & ~ground.stays), np.zeros(0, dtype=np.int64))
    stay = ground.answers(ground.stays)
    assert np.array_equal(nobody.option, stay.option)
    assert np.array_equal(nobody.need, np.flatnonzero(~np.isclose(every.ms, stay.ms, equal_nan=True)))


def test_exact_sums_lose_nothing() -> None:
    rng = np.random.default_rng(4)
    for size in (0, 1, 7, 2_000):
        values = rng.standard_normal(size) * 10.0 ** rng.integers(-300, 200, size)
        parts = exact(values)
        assert sum(map(Fraction, parts)) == sum(map(Fraction, values.tolist()))
        assert len(parts) <= 60


def test_labels_with_semicolons_stay_whole() -> None:
    told = "cost [community; 7] <= 3 million UAH by 1.5; needs left unanswered, which a [b] by 2; c <= 4 by 1"
    parts = ["cost [community; 7] <= 3 million UAH by 1.5", "needs left unanswered, which a [b] by 2"]
    assert _items(told) == [*parts, "c <= 4 by 1"]
    assert _items("") == []
