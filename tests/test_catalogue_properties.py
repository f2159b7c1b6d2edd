"""What must hold between answers to questions that differ in one thing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import siting
from siting.instance import CandidateStatus, Instance
from siting.methods import exact
from siting.methods.run import Run
from siting.model import Model, load_model, parse_model
from siting.plan import Status
from siting.problem import bind
from siting.studies import price_of_nesting
from tests.catalogue.instances import Tables, numbers, tables
from tests.catalogue.questions import HEAD

ROOM = 1e-7
quick = settings(max_examples=20, deadline=None, derandomize=True)
seeds = st.integers(0, 10_000)


def best(instance: Instance, model: str | Model, given: Mapping[str, Any]) -> float | None:
    """The proved optimum of the first objective, None where no plan is allowed."""
    question = load_model(model) if isinstance(model, str) else model
    problem = bind(instance, question, {k: v for k, v in given.items() if k in question.parameters})
    outcome = exact.solve(problem, Run(seconds=30), "highs")
    if outcome.opened is None:
        assert outcome.infeasible
        return None
    bound = outcome.bounds[0]
    assert bound is not None
    return bound if problem.objectives[0].maximize else -bound


def no_worse(more: float | None, less: float | None) -> None:
    """Whoever may do more achieves no less."""
    if less is not None:
        assert more is not None
        assert more >= less - ROOM * max(1.0, abs(less))


def drawn(seed: int) -> tuple[Tables, Instance, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    found = tables(rng, most=2)
    return found, found.instance(), {**numbers(rng, found), "busy": 0.3}


LIKE_BUDGET = (
    "max_coverage", "backup_coverage", "expected_coverage", "reliable_coverage", "gradual_coverage",
    "expected_losses", "worst_off", "capacitated_coverage", "spacing", "hierarchy", "relocation",
    "robust_worst",
)  # fmt: skip


@pytest.mark.parametrize("model", LIKE_BUDGET)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=seeds, budget=st.floats(0, 10), more=st.floats(0, 5))
def test_more_money_never_hurts(model: str, seed: int, budget: float, more: float) -> None:
    _, instance, given = drawn(seed)
    tight = {**given, "once": 0.0, "budget": budget}
    no_worse(best(instance, model, {**tight, "budget": budget + more}), best(instance, model, tight))


@quick
@given(seed=seeds, floor=st.floats(0, 1))
def test_a_floor_never_raises_the_optimum(seed: int, floor: float) -> None:
    _, instance, given = drawn(seed)
    free = best(instance, "max_coverage", {"budget": given["budget"]})
    no_worse(free, best(instance, "regional_floors", {"budget": given["budget"], "floor": floor}))


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=seeds)
def test_a_period_is_never_better_for_what_was_built_before_it(seed: int) -> None:
    _, instance, given = drawn(seed)
    limits = {key: given[key] for key in ("yearly", "yearly_budget")}
    result = siting.solve(instance, "rollout", numbers=limits, threads=1)
    if result.plan is None:
        return
    assert result.status is Status.OPTIMAL
    table = price_of_nesting(result, gap=0.0)
    assert (table["price"] >= -ROOM).all()
    assert (table["nested"] <= table["bound"] * (1 + ROOM) + ROOM).all()


@quick
@given(seed=seeds)
def test_a_second_crew_covers_no_more_than_the_first(seed: int) -> None:
    _, instance, given = drawn(seed)
    budget = {"budget": given["budget"]}
    covered = [best(instance, "backup_coverage", {**budget, "crews": crews}) for crews in (1, 2, 3)]
    for more, fewer in zip(covered[1:], covered, strict=False):
        no_worse(fewer, more)
    one = load_model("backup_coverage")
    once = replace(one, goals=load_model("max_coverage").goals[:1])
    assert best(instance, once, budget) == pytest.approx(covered[0])


@quick
@given(seed=seeds)
def test_the_worst_scenario_is_no_better_than_any(seed: int) -> None:
    found, instance, given = drawn(seed)
    budget = {"budget": given["budget"]}
    worst = best(instance, "robust_worst", budget)
    text = (
        HEAD
        + """
        across = ["scenario"]
        maximize = { measure = "share_within", scenario = "SCENARIO" }
        limits = [
            { measure = "sites_open", each = "type", at_most = "$new" },
            { measure = "cost", at_most = "$budget" },
        ]
        [parameters]
        new = { unit = "sites", each = "type", about = "sites" }
        budget = { unit = "currency", about = "money" }
        """
    )
    for scenario in found.settings["scenarios"]:
        alone = best(instance, parse_model(text.replace("SCENARIO", scenario), "alone", "alone"), budget)
        no_worse(alone, worst)


@pytest.mark.parametrize("model", ["capacitated_coverage", "capacitated_median", "staffing"])
@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=seeds, times=st.integers(2, 5))
def test_more_room_never_hurts(model: str, seed: int, times: int) -> None:
    _, instance, given = drawn(seed)
    roomy = replace(
        instance,
        facilities=replace(instance.facilities, capacity=times * instance.facilities.capacity),
        candidates=replace(instance.candidates, capacity=times * instance.candidates.capacity),
    )
    given = {**given, "least": 0}
    no_worse(best(roomy, model, given), best(instance, model, given))


@quick
@given(seed=seeds)
def test_both_standards_ask_more_than_each_and_each_more_than_either(seed: int) -> None:
    _, instance, given = drawn(seed)
    model = load_model("distance_rule")
    covered = {
        rule: best(
            instance,
            replace(model, layout=replace(model.layout, standard=rule)),
            {"budget": given["budget"]},
        )
        for rule in ("both", "minutes", "km", "either")
    }
    for rule in ("minutes", "km"):
        no_worse(covered[rule], covered["both"])
        no_worse(covered["either"], covered[rule])
    assert covered["minutes"] == pytest.approx(best(instance, "max_coverage", {"budget": given["budget"]}))


@quick
@given(seed=seeds)
def test_split_service_is_no_worse_than_single_and_nearest_without_limits_is_the_best(seed: int) -> None:
    _, instance, given = drawn(seed)
    model, budget = load_model("capacitated_coverage"), {"budget": given["budget"]}
    single = replace(model, layout=replace(model.layout, serve="single"))
    nearby = replace(model, layout=replace(model.layout, serve="nearest", every=False))
    no_worse(best(instance, model, budget), best(instance, single, budget))
    no_worse(best(instance, nearby, budget), best(instance, model, budget))
    old, new = instance.facilities, instance.candidates
    # Upgrades cannot be opened where capacities bind.
    status = np.where(new.replaces >= 0, CandidateStatus.FORBIDDEN, new.status).astype(np.int32)
    endless = replace(
        instance,
        candidates=replace(new, capacity=np.full_like(new.capacity, np.nan), status=status),
        facilities=replace(old, capacity=np.full_like(old.capacity, np.nan)),
    )
    unlimited = best(endless, single, budget)
    nearest = best(endless, nearby, budget)
    assert (unlimited is None) == (nearest is None)
    if unlimited is not None and nearest is not None:
        assert math.isclose(unlimited, nearest, rel_tol=ROOM, abs_tol=ROOM)
