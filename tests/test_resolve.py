"""Answering again after a change: the same as a fresh solve, whatever was changed before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brute import every_plan

import siting
from siting import resolve as resolving
from siting.check import check_folder
from siting.errors import ModelError, PlanError
from siting.instance import Instance
from siting.instance.decisions import decide, decisions
from siting.methods import METHODS
from siting.methods.form import Form, hard
from siting.methods.repair import repaired
from siting.methods.warm import Point
from siting.model import load_model
from siting.plan import Status, Termination
from siting.problem import bind
from siting.restriction import restricts
from siting.result import Progress, Result

Tiny = Callable[[np.random.Generator], Instance]
MODELS = ("max_coverage", "min_travel_time", "set_cover", "p_center")
WAYS = [*({"method": name} for name in METHODS), {"solver": "cbc"}]
EPS = 1e-8


def name_of(result: Result, option: int) -> tuple[str, str]:
    """What a planner calls an option."""
    responses = result.problem.responses
    site, kind = responses.options.site[option], responses.options.type[option]
    return str(responses.instance.sites.ids[site]), responses.settings.types[kind].id


def free(result: Result) -> np.ndarray:
    """Candidates that may be opened and need not be."""
    options = result.problem.responses.options
    found = np.flatnonzero(options.usable & ~options.required)
    return found[found >= options.existing]


def a_change(result: Result, rng: np.random.Generator) -> dict[str, Any]:
    """A count, a budget, or the status of a candidate."""
    names = [name for name in result.problem.numbers if name.startswith("new.")]
    decided = list(result.problem.instance.decided)
    kind = rng.integers(0, 7)
    if kind == 0 and names:
        return {"numbers": {str(rng.choice(names)): float(rng.integers(0, 4))}}
    if kind == 1 and "budget" in result.problem.numbers:
        return {"budget": result.problem.numbers["budget"] * float(rng.uniform(0.7, 1.3))}
    if kind == 2 and "share" in result.problem.numbers:
        return {"share": float(rng.uniform(0.5, 1.0))}
    if kind == 3 and decided:
        first = result.problem.responses.options.existing
        return {"allow": [name_of(result, first + int(rng.choice(decided)))]}
    candidates = free(result)
    if not len(candidates):
        return {}
    if (
        kind == 4
        and result.plan is not None
        and len(opened := np.intersect1d(candidates, result.plan.opened))
    ):
        return {"forbid": [name_of(result, int(rng.choice(opened)))]}
    word = str(rng.choice(["require", "forbid"]))
    return {word: [name_of(result, int(rng.choice(candidates)))]}


def assert_best(result: Result, surely: bool) -> None:
    """The optimum by brute force; ``surely`` for a method that always proves."""
    best = every_plan(result.problem).best()
    if best is None:
        assert result.status is Status.INFEASIBLE
        assert result.plan is None
        assert result.clashes
        return
    assert result.plan is not None
    for optimum, goal in zip(best, result.achieved, strict=True):
        sign, room = (1.0 if goal.maximize else -1.0), EPS * max(1.0, abs(optimum))
        assert goal.bound is None or sign * goal.bound >= optimum - room
        assert sign * goal.value <= optimum + room
        if surely or result.status is Status.OPTIMAL:
            assert sign * goal.value >= optimum - room
        if sign * goal.value < optimum - room:
            return  # later objectives are bounded under what this one achieved
    if surely:
        assert result.status is Status.OPTIMAL


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: next(iter(way.values())))
def test_chains_of_changes_lead_to_the_optimum(way: dict[str, str], model: str, tiny: Tiny) -> None:
    tried = 0
    for seed in range(9):
        rng = np.random.default_rng(seed)
        instance = tiny(rng)
        method = METHODS[way.get("method", "exact")]
        if method.refusal(bind(instance, load_model(model)), way.get("solver", "highs")):
            continue
        result = siting.solve(instance, model, **way)  # type: ignore[arg-type]
        for _ in range(4):
            result = result.resolve(**a_change(result, rng))
            assert_best(result, surely=way.get("method") != "decomposition")
            tried += 1
    if way.get("method", "exact") == "exact":
        assert tried == 36


@pytest.mark.parametrize("model", MODELS)
def test_a_change_answers_as_a_fresh_solve_does(model: str, tiny: Tiny) -> None:
    for seed in range(20, 30):
        rng = np.random.default_rng(seed)
        result = siting.solve(tiny(rng), model)
        for _ in range(3):
            result = result.resolve(**a_change(result, rng))
        problem = result.problem
        fresh = siting.solve(problem.instance, model, numbers=problem.given)
        assert fresh.status is result.status
        assert [goal.value for goal in fresh.achieved] == pytest.approx(
            [goal.value for goal in result.achieved], rel=1e-9
        )
        for name in ("indptr", "option", "ms", "base_option", "base_ms", "unreachable"):
            assert np.array_equal(getattr(problem.responses, name), getattr(fresh.problem.responses, name))
        assert [limit.label for limit in problem.limits] == [limit.label for limit in fresh.problem.limits]


@pytest.mark.parametrize("model", MODELS)
def test_taking_a_change_back_leads_back(model: str, tiny: Tiny) -> None:
    for seed in range(8):
        instance = tiny(np.random.default_rng(seed))
        first = siting.solve(instance, model)
        if first.plan is None or not len(np.intersect1d(first.plan.opened, free(first))):
            continue
        name = name_of(first, int(np.intersect1d(first.plan.opened, free(first))[0]))
        again = first.resolve(forbid=[name]).resolve(allow=[name])
        assert not again.problem.instance.decided
        assert again.status is first.status
        assert [goal.value for goal in again.achieved] == pytest.approx([g.value for g in first.achieved])


# -- on an instance of some size --------------------------------------------------------------


@pytest.fixture(scope="module")
def poltava() -> Instance:
    return siting.read("poltava")


@pytest.fixture(scope="module")
def solved(poltava: Instance) -> Result:
    return siting.solve(poltava, "min_travel_time", method="decomposition", threads=1, seed=3)


def test_what_is_not_changed_stays(solved: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "build_responses", None)  # no search for times
    spent = solved.summary["money"]["spent"]
    told: list[Progress] = []
    result = solved.resolve(budget=0.9 * spent, progress=told.append)
    assert result.problem.numbers == {**solved.problem.numbers, "budget": 0.9 * spent}
    assert (result.seed, result.asked, result.method) == (3, solved.asked, "decomposition")
    assert result.status is Status.OPTIMAL
    assert result.summary["money"]["spent"] <= 0.9 * spent
    assert told
    again = result.resolve(budget=spent)
    assert again.objective == pytest.approx(solved.objective)


def test_the_dual_starts_where_the_last_one_ended(solved: Result) -> None:
    """The first bound that is told after the first plan is close already."""
    told: list[Progress] = []
    assert solved.plan is not None
    opened = np.intersect1d(solved.plan.opened, free(solved))
    result = solved.resolve(forbid=[name_of(solved, int(opened[0]))], progress=told.append)
    fresh: list[Progress] = []
    siting.solve(
        result.problem.instance, "min_travel_time", method="decomposition", threads=1, seed=3,
        progress=fresh.append,
    )  # fmt: skip

    def first_gap(reports: list[Progress]) -> float:
        bounds = [report.bound for report in reports if report.bound is not None]
        return next(result.bound - bound for bound in bounds if bound != bounds[0])  # type: ignore[operator]

    assert first_gap(told) < 0.1 * first_gap(fresh)


def test_only_what_touches_times_is_searched_for_again(
    solved: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = []
    build = resolving.build_responses

    def counted(*given: Any, **more: Any) -> Any:
        searches.append(given)
        return build(*given, **more)

    monkeypatch.setattr(resolving, "build_responses", counted)
    service = solved.problem.responses.settings.services[0]
    kind = next(iter(service.standard_ms))
    for name, value in (
        (f"services.{service.id}.weight", 2.0),
        (f"services.{service.id}.standard.{kind}", 9.0),
    ):
        solved.resolve(numbers={name: value}, gap=0.1)
    assert not searches
    slower = solved.resolve(numbers={f"services.{service.id}.vehicle_factor": 1.7}, gap=0.1)
    assert len(searches) == 1
    assert solved.plan is not None
    name = name_of(solved, int(np.intersect1d(solved.plan.opened, free(solved))[0]))
    forbidden = slower.resolve(forbid=[name], gap=0.1)
    forbidden.resolve(allow=[name], gap=0.1)  # the table that was searched for still holds its pairs
    assert len(searches) == 1


def test_sites_that_the_data_forbids_may_be_allowed(tiny: Tiny) -> None:
    """Their times were never searched for."""
    opened = 0
    for seed in range(30):
        instance = tiny(np.random.default_rng(seed))
        result = siting.solve(instance, "max_coverage")
        closed = np.flatnonzero(~result.problem.responses.options.usable)
        closed = closed[closed >= result.problem.responses.options.existing]
        places = result.problem.responses.options.site[closed]
        excluded = np.append(instance.places.excluded, np.zeros(len(instance.sites.ids), dtype=bool))
        names = [name_of(result, int(option)) for option in closed[~excluded[places]]]
        if result.plan is None or not names:
            continue
        more = result.resolve(allow=names)
        assert_best(more, surely=True)
        assert more.plan is not None
        opened += len(np.intersect1d(more.plan.opened, closed))
    assert opened


def test_changes_that_only_take_plans_away_leave_the_proof(
    solved: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(METHODS["decomposition"], "solve", None)
    assert solved.plan is not None
    closed = np.setdiff1d(free(solved), solved.plan.opened)
    result = solved.resolve(forbid=[name_of(solved, int(closed[0]))])
    assert (result.status, result.termination) == (Status.OPTIMAL, Termination.PROVED)
    assert "solve before" in result.why
    assert result.objective == solved.objective
    assert np.array_equal(result.plan.opened, solved.plan.opened)  # type: ignore[union-attr]
    opened = np.intersect1d(free(solved), solved.plan.opened)
    assert solved.resolve(require=[name_of(solved, int(opened[0]))]).status is Status.OPTIMAL


def test_restrictions_are_told_from_relaxations(three_towns: Instance) -> None:
    base = siting.solve(three_towns, "min_travel_time", budget=10).problem
    for numbers, restricted in (
        ({"budget": 9}, True),
        ({"budget": 10}, True),
        ({"budget": 11}, False),
        ({"budget": 9, "services.fire_rescue.weight": 7}, False),
    ):
        other = bind(three_towns, base.model, {**base.given, **numbers})
        assert restricts(other, base) is restricted, numbers


def test_a_share_of_fewer_people_is_another_question(tiny: Tiny) -> None:
    """Who cannot be covered any more does not count: the limit asks for less, the plan costs less."""
    for seed, name, cost in ((125, ("p4", "security_center"), 3.9), (163, ("p4", "fire_department"), 4.0)):
        first = siting.solve(tiny(np.random.default_rng(seed)), "set_cover", share=0.8)
        result = first.resolve(forbid=[name])
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(cost)
        assert cost < first.objective  # type: ignore[operator]


def test_prices_stay_within_reason_where_few_columns_are_left(tiny: Tiny) -> None:
    """The smoothing of the price search once widened without end, and its sums lost all digits."""
    first = siting.solve(tiny(np.random.default_rng(151)), "min_travel_time", method="decomposition")
    result = first.resolve(forbid=[("p5", "fire_department")]).resolve(require=[("p0", "security_center")])
    assert result.objective == pytest.approx(312918.049)
    assert result.warm is not None
    point = result.warm.dual(0)
    assert point is not None
    assert point.tau < 1e9


def test_infeasible_and_back(three_towns: Instance) -> None:
    first = siting.solve(three_towns, "min_travel_time")
    result = first.resolve(budget=5)
    assert result.status is Status.INFEASIBLE
    assert result.plan is None
    assert result.conflict is not None
    assert result.conflict.relaxations[0].enough == 7.0
    tighter = result.resolve(budget=4)
    assert (tighter.status, tighter.clashes != ()) == (Status.INFEASIBLE, True)
    back = tighter.resolve(budget=first.problem.numbers["budget"])
    assert back.status is Status.OPTIMAL
    assert back.objective == first.objective


def test_a_limit_in_time_is_kept(solved: Result) -> None:
    less = 0.8 * solved.summary["money"]["spent"]
    optimum = solved.resolve(budget=less).objective
    for seconds in (0, 0.05):
        result = solved.resolve(budget=less, seconds=seconds)
        assert result.status in (Status.BOUNDED, Status.OPTIMAL)
        assert result.bound <= optimum * (1 + 1e-9) <= result.objective * (1 + 2e-9)  # type: ignore[operator]


# -- names --------------------------------------------------------------------------------------


def test_every_wrong_name_and_number_is_listed(three_towns: Instance) -> None:
    result = siting.solve(three_towns, "max_coverage")
    ids = three_towns.sites.ids[three_towns.candidates.site]
    several = next(str(one) for one in ids if (ids == one).sum() > 1)
    kind = three_towns.settings.types[0].id
    with pytest.raises(ModelError) as caught:
        result.resolve(
            require=["nowhere at all", several, (several, kind + "x")],
            forbid=[several + "x", 7],  # type: ignore[list-item]
            buget=3,
        )
    words = "\n".join(str(one) for one in caught.value.complaints)
    assert len(caught.value.complaints) == 6
    assert "require 'nowhere at all': the instance has no such site" in words
    assert f"require {several!r}: the site has several candidates; give one of ({several!r}, " in words
    assert f"did you mean '{several}'?" in words
    assert f"no candidate of type '{kind}x'" in words
    assert "forbid 7: must be a site's id, or a pair (site id, type id)" in words
    assert "unknown parameter 'buget'; did you mean 'budget'?" in words


def test_a_candidate_is_named_once(three_towns: Instance) -> None:
    result = siting.solve(three_towns, "max_coverage")
    name = name_of(result, int(free(result)[0]))
    with pytest.raises(ModelError, match="the same call says require too"):
        result.resolve(require=[name], forbid=[name])


def test_candidates_at_excluded_places_stay_closed(tiny: Tiny) -> None:
    found = 0
    for seed in range(40):
        instance = tiny(np.random.default_rng(seed))
        inside = instance.candidates.site < len(instance.places.ids)
        out = np.zeros(len(inside), dtype=bool)
        out[inside] = instance.places.excluded[instance.candidates.site[inside]]
        for number in np.flatnonzero(out)[:1]:
            site = str(instance.sites.ids[instance.candidates.site[number]])
            kind = instance.settings.types[instance.candidates.type[number]].id
            with pytest.raises(ModelError, match="the place is excluded from siting"):
                decide(instance, allow=[(site, kind)])
            found += 1
    assert found


def test_a_site_with_one_candidate_needs_no_type(poltava: Instance) -> None:
    ids = poltava.sites.ids[poltava.candidates.site]
    only, counts = np.unique(ids.astype(str), return_counts=True)
    site = str(only[counts == 1][0])
    changed = decide(poltava, forbid=site)
    assert [(one["site_id"], one["status"]) for one in decisions(changed)] == [(site, "forbidden")]
    assert poltava.candidates.status.sum() + 2 == changed.candidates.status.sum()


def test_numbers_for_all_members_override_those_of_one(three_towns: Instance) -> None:
    kind = three_towns.settings.types[0].id
    result = siting.solve(three_towns, "max_coverage", new={kind: 2})
    changed = result.resolve(new=1).problem.numbers
    assert [value for name, value in changed.items() if name.startswith("new.")] == [1, 1]


# -- plan folders -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["max_coverage", "set_cover"])
def test_written_plans_pass_the_check(model: str, tiny: Tiny, tmp_path: Path) -> None:
    written = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        instance = tiny(rng)
        result = siting.solve(instance, model)
        for _ in range(4):
            result = result.resolve(**a_change(result, rng))
        if result.plan is not None:
            siting.write(result, tmp_path / "plan")
            assert not check_folder(instance, tmp_path / "plan").findings
            written += bool(result.problem.instance.decided)
    assert written > 3


def test_the_check_knows_what_was_decided(three_towns: Instance, tmp_path: Path) -> None:
    first = siting.solve(three_towns, "max_coverage")
    assert first.plan is not None
    name = name_of(first, int(first.plan.opened[0]))
    siting.write(first.resolve(require=[name]), tmp_path / "plan")
    file = tmp_path / "plan" / "summary.json"
    summary = json.loads(file.read_text())
    assert summary["decisions"] == [{"site_id": name[0], "type": name[1], "status": "required"}]
    summary["decisions"][0]["status"] = "forbidden"
    file.write_text(json.dumps(summary))
    assert any(
        "opened although it is forbidden" in one for one in check_folder(three_towns, file.parent).findings
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("all", "must be a list of objects"),
        ([1, {"site_id": "a"}], "must be an object with site_id, type, status, all text"),
        ([{"site_id": "a", "type": "b", "status": "forbiden"}], "did you mean 'forbidden'?"),
        ([{"site_id": "a", "type": "b", "status": "forbidden"}], "the instance has no such site"),
    ],
)
def test_decisions_that_cannot_be_read(
    wrong: object, words: str, three_towns: Instance, tmp_path: Path
) -> None:
    siting.write(siting.solve(three_towns, "max_coverage"), tmp_path / "plan")
    file = tmp_path / "plan" / "summary.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "decisions": wrong}))
    with pytest.raises(PlanError) as caught:
        check_folder(three_towns, file.parent)
    assert words in str(caught.value)
    assert "decisions" in str(caught.value)


# -- parts ----------------------------------------------------------------------------------------


def test_repair_closes_what_loses_least(tiny: Tiny) -> None:
    savings = np.array([9.0, 5.0, 2.0, 7.0])
    form = Form(
        np.arange(4, dtype=np.int32), np.arange(5, dtype=np.int64), np.arange(4, dtype=np.int32),
        savings[None, :], hard(savings[None, :]), np.zeros(0), 0.0, np.ones((1, 4)), np.array([2.0]),
        np.array([False, False, True, False]),
    )  # fmt: skip
    assert repaired(form, np.array([0, 1, 3, 8])).tolist() == [0, 2]  # type: ignore[union-attr]
    assert repaired(form, np.zeros(0, dtype=np.int32)).tolist() == [2]  # type: ignore[union-attr]


def test_points_are_found_by_need() -> None:
    point = Point(np.array([2, 5, 9], np.int32), np.array([1.0, 2.0, 3.0]), np.zeros(0), np.zeros(0), 0.0)
    has, lam = point.at(np.array([1, 2, 9, 12], np.int32))
    assert has.tolist() == [False, True, True, False]
    assert lam.tolist() == [1.0, 3.0]
    empty = Point(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), np.zeros(0), 0.0)
    assert not empty.at(np.array([1], np.int32))[0].any()
