"""verify: right plans pass, every kind of wrong plan is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plans import achieved_by, plan_of, problem_of, random_opening

from siting.check import verify
from siting.instance import Instance
from siting.plan import Plan, Shares
from siting.problem import Problem

OLD, A, B, C, D = range(5)
"""Options: the existing station, then the candidates by id."""

ROADS = [("a", "b", 5.0), ("b", "c", 5.0), ("c", "d", 5.0), ("d", "a", 5.0)]


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Four towns on a ring, a station at a; needed at b, forbidden at d; two of them and 10 EUR."""
    towns = pd.DataFrame(
        {
            "place_id": list("abcd"),
            "name": list("ABCD"),
            "lat": [50.0, 50.05, 50.1, 50.05],
            "lon": [30.0, 30.05, 30.0, 29.95],
            "population": [100, 200, 300, 400],
            "kind": "town",
        }
    )
    candidates = pd.DataFrame(
        [("b", 4.0, "required"), ("c", 5.0, "candidate"), ("a", 7.0, "candidate"), ("d", 1.0, "forbidden")],
        columns=["site", "cost", "status"],
    )
    candidates["type"] = "station"
    instance = Instance.from_frames(
        places=towns,
        candidates=candidates,
        facilities=pd.DataFrame({"facility_id": ["f"], "name": ["F"], "type": ["station"], "site": ["a"]}),
        roads=pd.DataFrame(ROADS, columns=["from", "to", "minutes"]),
        settings={
            "name": "ring",
            "currency": "EUR",
            "services": {"fire": {"standard": {"town": 4}}},
            "types": {"station": {"provides": {"fire": 1}, "new": 2}},
            "parameters": {"budget": 10},
        },
    )
    return problem_of(instance)


def found(problem: Problem, plan: Plan) -> str:
    """What verify says about a plan whose values are those of its own arrays."""
    return "\n".join(verify(problem, plan, achieved_by(problem, plan)))


def test_right_plan(problem):
    plan = plan_of(problem, [B, C])
    assert verify(problem, plan, achieved_by(problem, plan)) == []


@pytest.mark.parametrize("model", ["max_coverage", "min_travel_time"])
@pytest.mark.parametrize("seed", range(20))
def test_right_random_plans(tiny, seed, model):
    rng = np.random.default_rng(seed)
    # Few minutes for the unanswered: the table of times then ends early.
    numbers = {"unserved": float(rng.integers(5, 20))} if model == "max_coverage" else None
    problem = problem_of(tiny(rng), model, numbers)
    plan = plan_of(problem, random_opening(problem, rng))
    achieved = achieved_by(problem, plan)
    findings = verify(problem, plan, achieved)
    if any(np.isnan(one.value) for one in achieved):
        assert all("undefined" in finding for finding in findings)
    else:
        assert [finding for finding in findings if not finding.startswith("limit")] == []


def test_required_not_opened(problem):
    assert found(problem, plan_of(problem, [C])) == "station at b: required, but not opened"


def test_forbidden_opened(problem):
    text = found(problem, plan_of(problem, [B, D]))
    assert "station at d: opened although it is forbidden or excluded" in text


def test_existing_opened(problem):
    assert "station at a: opened although it exists already" in found(problem, plan_of(problem, [OLD, B]))


def test_too_expensive(problem):
    assert found(problem, plan_of(problem, [B, A])) == "limit cost <= 10 EUR: 11 is 1 too much"


def test_too_many(problem):
    text = found(problem, plan_of(problem, [B, C, A]))
    assert "limit sites_open [station] <= 2 sites: 3 is 1 too much" in text


def test_budget_in_decimals(tiny):
    """0.1 + 0.2 does not exceed 0.3."""
    problem = problem_of(tiny(np.random.default_rng(3)), numbers={"budget": 0.3})
    cost = problem.responses.options.cost.copy()
    existing = problem.responses.options.existing
    cost[existing:] = 10.0
    cost[existing : existing + 2] = 0.1, 0.2
    candidates = replace(problem.instance.candidates, cost=cost[existing:])
    problem = problem_of(replace(problem.instance, candidates=candidates), numbers={"budget": 0.3})
    plan = plan_of(problem, [existing, existing + 1])
    assert "cost" not in found(problem, plan)


def test_opened_twice(problem):
    plan = plan_of(problem, [B, C])
    three = np.ones(3, dtype=np.int32)
    twice = replace(plan, opened=np.array([B, B, C], dtype=np.int32), units=three)
    assert "station at b: opened more than once" in found(problem, twice)


def test_opened_out_of_order(problem):
    plan = replace(plan_of(problem, [B, C]), opened=np.array([C, B], dtype=np.int32))
    assert found(problem, plan) == "opened: options must be listed in ascending order"


def test_unknown_option(problem):
    plan = plan_of(problem, [B])
    plan = Plan(np.array([B, 9], dtype=np.int32), plan.serves, plan.response_ms)
    achieved = achieved_by(problem, plan_of(problem, [B]))
    assert verify(problem, plan, achieved) == ["opened: there is no option 9"]


def test_wrong_time(problem):
    plan = plan_of(problem, [B, C])
    ms = plan.response_ms.copy()
    ms[1] += 1
    text = found(problem, replace(plan, response_ms=ms))
    assert "fire at b: response 60,001 ms, recomputed 60,000 ms" in text


def test_wrong_option(problem):
    plan = plan_of(problem, [B, C])
    serves = plan.serves.copy()
    serves[1] = C
    assert found(problem, replace(plan, serves=serves)) == "fire at b: station at c does not answer it first"


def test_closed_option(problem):
    plan = plan_of(problem, [B])
    serves = plan.serves.copy()
    serves[2] = C
    text = found(problem, replace(plan, serves=serves))
    assert "fire at c: served by station at c, which is not open" in text


def test_equally_fast_option_is_as_good(problem):
    plan = plan_of(problem, [B, C])  # d is 5 minutes from both a and c
    serves = plan.serves.copy()
    assert serves[3] == OLD
    serves[3] = C
    assert found(problem, replace(plan, serves=serves)) == ""


def test_not_served_though_reachable(problem):
    plan = plan_of(problem, [B])
    serves = plan.serves.copy()
    serves[3] = -1
    assert "fire at d: not served, but reachable" in found(problem, replace(plan, serves=serves))


def test_wrong_lengths(problem):
    plan = plan_of(problem, [B])
    short = replace(plan, serves=plan.serves[:-1])
    assert "must have 4 needs" in verify(problem, short, achieved_by(problem, plan))[0]


def test_bound_on_the_wrong_side(problem):
    plan = plan_of(problem, [B, C])
    cover, travel = achieved_by(problem, plan)
    text = "\n".join(verify(problem, plan, (replace(cover, bound=cover.value - 1), travel)))
    assert text == "objective people_within: the bound 599.0 lies below the value 600.0"
    late = replace(travel, bound=travel.value + 1)
    text = "\n".join(verify(problem, plan, (cover, late)))
    assert text == "objective travel_time: the bound 3001.0 lies above the value 3000.0"
    none = replace(travel, bound=float("nan"))
    assert "the bound nan lies above" in str(verify(problem, plan, (cover, none)))


def test_wrong_value_and_before(problem):
    plan = plan_of(problem, [B, C])
    cover, travel = achieved_by(problem, plan)
    text = "\n".join(verify(problem, plan, (replace(cover, value=601.0, bound=700.0), travel)))
    assert text == "objective people_within: 601.0 is claimed, recomputed 600.0"
    text = "\n".join(verify(problem, plan, (replace(cover, before=1.0), travel)))
    assert text == "objective people_within: 1.0 before is claimed, recomputed 100.0"
    assert verify(problem, plan, (cover,)) == ["1 objectives are claimed, the model has 2"]
    assert "claimed as cost" in str(verify(problem, plan, (replace(cover, measure="cost"), travel)))


def test_table_of_another_instance(problem):
    needs = replace(problem.responses.needs, people=problem.responses.needs.people + 1)
    other = replace(problem, responses=replace(problem.responses, needs=needs))
    plan = plan_of(problem, [B])
    assert verify(other, plan, achieved_by(problem, plan)) == [
        "needs.people of the problem differ from the instance"
    ]


def test_long_lists_are_cut(three_towns):
    problem = problem_of(three_towns)
    plan = plan_of(problem, np.flatnonzero(problem.responses.options.usable)[-1:])
    ms = plan.response_ms + 7
    findings = verify(problem, replace(plan, response_ms=ms), achieved_by(problem, plan))
    count = int(plan.served.sum())
    assert len(findings) == min(count, 20) + (count > 20)


def test_what_the_model_does_not_know(problem):
    plan = plan_of(problem, [B, C])
    achieved = achieved_by(problem, plan)

    def refused(**changes: object) -> list[str]:
        return verify(problem, replace(plan, **changes), achieved)

    three = np.ones(3, dtype=np.int32)
    assert refused(units=three) == ["plan.units must have 2 entries, found 3"]
    assert refused(units=three[:2] * 2)[0] == "station at b: 2 units, must be 1 to 1"
    assert refused(closed=np.zeros(1, dtype=np.int32))[0] == "station at a: closed although it may not be"
    assert refused(closed=np.array([7])) == ["closed: there is no option 7"]
    shares = Shares(three[:1], three[:1], np.ones(1), three[:1])
    assert refused(shares=shares) == ["plan.shares must be None where nobody shares a need"]
    assert refused(units=np.ones(2)) == ["plan.units must be one row of integers, found float64 (2,)"]
