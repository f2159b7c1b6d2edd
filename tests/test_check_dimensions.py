"""The check under scenarios, periods, distances, closing, units and capacities."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich_instance import build_rich
from test_check_folder import corrupted_cells, corrupted_leaves, provable, without

import siting
from siting.check import check_folder, verify
from siting.check.responses import reachable, until, without_table
from siting.check.times import Ground
from siting.check.words import same
from siting.errors import ModelError, PlanError
from siting.instance import Instance
from siting.model import parse_model
from siting.plan import Achieved, Plan
from siting.problem import Problem
from siting.response import Layout, Responses, build_responses
from siting.result import Result

RULES = ("minutes", "km", "both", "either")
LAYOUTS = [
    Layout(scenarios=scenarios, periods=periods, standard=rule, closing=closing and not periods, every=every)
    for scenarios, periods, rule, closing, every in itertools.product(
        (False, True), (False, True), RULES, (False, True), (False, True)
    )
    if not (closing and periods)
]


def horizon_of(instance: Instance, rng: np.random.Generator) -> dict[int, int] | None:
    """The longest standards, or no end of the search."""
    if rng.random() < 0.4:
        return None
    return {n: max(one.standard_ms.values()) for n, one in enumerate(instance.settings.services)}


def random_choice(responses: Responses, rng: np.random.Generator) -> Plan:
    """Options opened and closed at random, each candidate in one period, each facility replaced once."""
    options = responses.options
    opened: list[int] = []
    taken: set[tuple[str, int]] = set()
    closed = np.flatnonzero(options.closable & (rng.random(len(options.site)) < 0.5))
    for option in rng.permutation(np.flatnonzero(options.usable & (options.candidate >= 0))):
        marks = {("candidate", int(options.candidate[option]))}
        if options.replaces[option] >= 0:
            marks.add(("facility", int(options.replaces[option])))
        gone = options.replaces[option] in closed
        if rng.random() < 0.5 and not marks & taken and not gone:
            opened.append(int(option))
            taken |= marks
    numbers = np.sort(np.array(opened, dtype=np.int32))
    units = rng.integers(1, options.units[numbers] + 1).astype(np.int32)
    serves, ms = responses.serve(numbers, closed.astype(np.int32))
    return Plan(numbers, serves, ms, units, closed.astype(np.int32))


def bound(seed: int, layout: Layout) -> tuple[np.random.Generator, Responses, Ground]:
    """The same question to the engine and to the check."""
    rng = np.random.default_rng(seed)
    instance = build_rich(rng)
    if rng.random() < 0.3:
        layout = replace(layout, services=("fire", "post"), types=("center", "upgrade"))
    horizon = horizon_of(instance, rng)
    return (
        rng,
        build_responses(instance, instance.settings, horizon, layout),
        Ground(instance, instance.settings, layout, horizon),
    )


@pytest.mark.parametrize("number", range(len(LAYOUTS)))
def test_needs_options_and_answers(number):
    for seed in range(2):
        rng, responses, ground = bound(1000 * seed + number, LAYOUTS[number])
        for name in ("needs", "options"):
            theirs, ours = getattr(responses, name), getattr(ground, name)
            for field in vars(theirs):
                one, other = np.asarray(getattr(theirs, field)), np.asarray(getattr(ours, field))
                assert one.shape == other.shape, (name, field)
                assert np.all(same(one, other)), (name, field)
        base = ground.answers(ground.stays)
        assert np.array_equal(np.isnan(base.ms), responses.base_option < 0)
        assert np.array_equal(
            reachable(ground, ground.answers(ground.standing)).unreachable, responses.unreachable
        )
        plan = random_choice(responses, rng)
        is_open = ground.standing.copy()
        is_open[plan.closed] = False
        is_open[plan.opened] = True
        left = ground.answers(ground.standing & is_open)
        told = until(left, ground.answers(is_open), ground.latest)
        assert np.array_equal(told.option >= 0, plan.serves >= 0)
        served = np.flatnonzero(plan.serves >= 0)
        assert np.array_equal(told.ms[served], plan.response_ms[served])
        pairs = ground.between(plan.serves[served], served, plan.response_ms[served].astype(float))
        assert np.array_equal(pairs, plan.response_ms[served])


@pytest.mark.parametrize("number", [n for n, layout in enumerate(LAYOUTS) if layout.every])
def test_coverers(number):
    for seed in range(2):
        rng, responses, ground = bound(2000 * seed + number, LAYOUTS[number])
        plan, count = random_choice(responses, rng), 2
        amount = responses.options.open_units(plan.opened, plan.units, plan.closed)
        classes = rng.integers(0, count, len(amount)).astype(np.int32)
        limit = rng.integers(0, 1 + responses.needs.standard_ms).astype(np.int32)
        theirs = responses.coverers(amount, limit, classes, count)
        assert np.array_equal(ground.coverers(amount, limit, classes, count), theirs)
        told = without_table(responses.instance, responses.settings, responses.horizon_ms, responses.layout)
        assert np.array_equal(told.coverers(amount, limit, classes, count), theirs)
        assert theirs.any() or not amount.any() or seed


@pytest.mark.parametrize("seed", range(20))
def test_near(seed):
    rng, responses, ground = bound(seed, Layout(periods=bool(seed % 2)))
    every = np.arange(len(responses.options.site), dtype=np.int32)
    source, target = (np.sort(rng.choice(every, int(rng.integers(0, len(every))), False)) for _ in "st")
    limit = rng.integers(0, 15 * 60_000, len(source)).astype(np.int32)
    for theirs, ours in zip(
        responses.near(source, target, limit), ground.near(source, target, limit), strict=True
    ):
        assert np.array_equal(theirs, ours)


def question(text: str) -> Any:
    """A model of a few lines."""
    words = 'title = "T"\nquestion = "Q"\nsource = "S"\n'
    return parse_model(words + text, "mine", "mine.toml")


MODELS = {
    "everything": """
        across = ["scenario", "period"]
        maximize = { measure = "people_within" }
        limits = [{ measure = "sites_open", at_most = 3 }, { measure = "cost", each = "payer", at_most = 20 }]
        """,
    "closing": """
        across = ["scenario"]
        existing = "closable"
        standard = "both"
        maximize = { measure = "people_within" }
        limits = [{ measure = "sites_closed", at_most = 2 }, { measure = "sites_added", at_most = 2 }]
        """,
    "crews": """
        services = ["fire", "post"]
        across = ["period"]
        maximize = { measure = "expected_cover", busy = 0.4 }
        limits = [{ measure = "units_open", at_most = 4 }]
        """,
    "apart": """
        maximize = { measure = "people_within" }
        limits = [{ measure = "stranded", at_most = 0 }, { measure = "too_close", minutes = 3, at_most = 1 }]
        """,
    "single": """
        serve = "single"
        across = ["scenario"]
        minimize = { measure = "travel_time", unserved = 20 }
        limits = [{ measure = "units_open", at_most = 4 }]
        """,
    "split": """
        serve = "split"
        across = ["scenario", "period"]
        existing = "stay"
        minimize = { measure = "travel_time", unserved = 20 }
        limits = [{ measure = "units_open", at_most = 3 }, { measure = "people_within", at_least = 1 }]
        """,
}


def solved(name: str, seed: int) -> Result:
    """A model on a random instance; the first instance from a seed on of which the model has a plan."""
    while True:
        result = siting.solve(build_rich(np.random.default_rng(seed)), question(MODELS[name]), seconds=20)
        if result.plan is not None:
            return result
        seed += 100


@pytest.fixture(scope="module")
def results() -> Callable[[str, int], Result]:
    """Results, each solved once."""
    known: dict[tuple[str, int], Result] = {}

    def of(name: str, seed: int) -> Result:
        if (name, seed) not in known:
            known[name, seed] = solved(name, seed)
        return known[name, seed]

    return of


def achieved_by(problem: Problem, plan: Plan, result: Result) -> tuple[Achieved, ...]:
    """What another plan achieves by the engine's own measures, without bounds."""
    return tuple(
        replace(one, value=goal.term.value(plan), bound=None)
        for goal, one in zip(problem.objectives, result.achieved, strict=True)
    )


def findings(result: Result, **changes: Any) -> str:
    """What is wrong with a plan after a change that the plan itself does not show."""
    assert result.plan is not None
    plan = replace(result.plan, **changes)
    return "\n".join(verify(result.problem, plan, achieved_by(result.problem, plan, result)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", MODELS)
def test_plans_of_every_kind_pass(results, tmp_path, name, seed):
    result = results(name, seed)
    assert verify(result.problem, result.plan, result.achieved) == []
    siting.write(result, tmp_path / "plan")
    report = check_folder(result.problem.instance, tmp_path / "plan")
    assert report.findings == ()
    assert report.figures["layout"] == result.summary["layout"]


def clone(problem: Problem, option: int, period: int) -> int:
    """The same candidate in another period."""
    options = problem.responses.options
    same_one = (options.candidate == options.candidate[option]) & (options.period == period)
    return int(np.flatnonzero(same_one)[0])


def with_plan(results: Callable[[str, int], Result], name: str, wanted: Callable[[Result], Any]) -> Result:
    """The first result of a model for which something holds."""
    return next(result for seed in range(40) if wanted(result := results(name, seed)))


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def test_units_that_cannot_be(results):
    result = with_plan(results, "crews", lambda one: len(one.plan.opened))
    plan, options = result.plan, result.problem.responses.options
    most = options.units[plan.opened]
    assert f"{most[0] + 1} units, must be 1 to {most[0]}" in findings(
        result, units=np.r_[most[:1] + 1, plan.units[1:]].astype(np.int32)
    )
    assert "0 units, must be 1 to" in findings(result, units=plan.units * 0)


def test_opened_in_two_periods_or_the_wrong_one(results):
    result = with_plan(
        results, "everything", lambda one: np.any(one.problem.responses.options.period[one.plan.opened] == 0)
    )
    plan, options = result.plan, result.problem.responses.options
    first = int(plan.opened[options.period[plan.opened] == 0][0])
    later = clone(result.problem, first, 1)
    twice = np.sort(np.r_[plan.opened, later]).astype(np.int32)
    text = findings(result, opened=twice, units=np.ones(len(twice), dtype=np.int32))
    assert "opened in more than one period" in text
    moved = np.sort(np.r_[plan.opened[plan.opened != first], later]).astype(np.int32)
    text = findings(result, opened=moved)
    assert "which is not open" in text or not np.any(plan.serves == first)


def test_closings_that_cannot_be(results):
    result = with_plan(
        results,
        "closing",
        lambda one: np.any(~one.problem.instance.facilities.closable) and len(one.plan.closed),
    )
    plan, options = result.plan, result.problem.responses.options
    fixed = ints(int(np.flatnonzero(~options.closable)[0]))
    assert "closed although it may not be" in findings(result, closed=fixed)
    assert "closed more than once" in findings(result, closed=np.repeat(plan.closed[:1], 2))
    assert "closed: there is no option 99" in findings(result, closed=ints(99))
    assert verify(result.problem, replace(plan, closed=plan.closed[:0]), result.achieved)


def test_replaced_while_it_is_closed_and_twice():
    for seed in range(100):
        instance = build_rich(np.random.default_rng(seed))
        replaced = instance.candidates.replaces
        if np.any(replaced >= 0) and instance.facilities.closable[replaced.max()]:
            break
    problem = siting.problem.bind(instance, question(MODELS["closing"]))
    responses, options = problem.responses, problem.responses.options
    upgrade = ints(int(np.flatnonzero(options.replaces == replaced.max())[0]))
    closed = ints(int(replaced.max()))
    plan = Plan(upgrade, *responses.serve(upgrade, closed), closed=closed)
    text = "\n".join(verify(problem, plan, ()))
    assert "replaced although it is closed" in text
    candidates = instance.candidates
    again = candidates.replaces.copy()
    again[0] = replaced.max()
    twice = replace(instance, candidates=replace(candidates, replaces=again))
    problem = siting.problem.bind(twice, question(MODELS["closing"]))
    opened = np.sort(np.r_[upgrade, options.existing]).astype(np.int32)
    plan = Plan(opened, *problem.responses.serve(opened))
    assert "replaced more than once" in "\n".join(verify(problem, plan, ()))


def test_assigned_to_whom_it_cannot_be(results):
    result = with_plan(results, "single", lambda one: np.any(one.plan.serves >= 0))
    plan, options = result.plan, result.problem.responses.options
    need = int(np.flatnonzero(plan.serves >= 0)[0])

    def served(option: int, ms: int) -> str:
        serves, times = plan.serves.copy(), plan.response_ms.copy()
        serves[need], times[need] = option, ms
        return findings(result, serves=serves, response_ms=times)

    ms = int(plan.response_ms[need])
    assert f"response {ms + 1:,} ms, recomputed {ms:,} ms" in served(int(plan.serves[need]), ms + 1)
    assert f"response {ms - 1:,} ms, recomputed {ms:,} ms" in served(int(plan.serves[need]), ms - 1)
    closed = np.setdiff1d(np.flatnonzero(options.candidate >= 0), plan.opened)
    assert "which is not open" in served(int(closed[0]), ms)
    idle = [
        number
        for number, kind in enumerate(result.problem.instance.settings.types)
        if result.problem.instance.settings.services[result.problem.responses.needs.service[need]].id
        not in kind.turnout_ms
    ]
    for option in np.flatnonzero(np.isin(options.type, idle))[:1]:
        assert "does not answer it" in served(int(option), ms)


def test_more_people_than_there_is_room_for(results):
    def crowded(result: Result) -> bool:
        capacity = result.problem.responses.options.capacity
        served = np.flatnonzero(result.plan.serves >= 0)
        people = result.problem.responses.needs.people[served]
        return bool(np.any(people * (capacity[result.plan.serves[served]] < 1e9) > 0))

    result = with_plan(results, "single", crowded)
    instance = result.problem.instance
    small = replace(
        instance,
        candidates=replace(instance.candidates, capacity=np.full(len(instance.candidates.site), 0.5)),
        facilities=replace(instance.facilities, capacity=np.full(len(instance.facilities.site), 0.5)),
    )
    problem = siting.problem.bind(small, result.problem.model)
    text = "\n".join(verify(problem, result.plan, result.achieved))
    assert "but has room for 0.5" in text or "but has room for 1" in text


def test_shares_that_cannot_be(results):
    result = with_plan(results, "split", lambda one: len(one.plan.shares.need))
    plan, shares = result.plan, result.plan.shares
    need = shares.need[0]

    def changed(**changes: Any) -> str:
        return findings(result, shares=replace(shares, **changes))

    assert "times" in changed(share=np.where(shares.need == need, shares.share + 1, shares.share))
    assert "a share must be greater than 0" in changed(share=np.r_[0.0, shares.share[1:]])
    assert "recomputed" in changed(ms=shares.ms + 1)
    assert (
        "in order of needs and options"
        in changed(**{name: getattr(shares, name)[::-1] for name in vars(shares)})
        or len(shares.need) < 2
    )
    assert findings(result, shares=None) == "plan.shares must say who serves which share"
    short = replace(shares, need=shares.need[1:])
    found = verify(result.problem, replace(plan, shares=short), result.achieved)
    assert found == ["plan.shares must have as many needs as options, shares and ms"]
    serves = plan.serves.copy()
    serves[need] = -1
    assert "is not named after the option that serves most of it" in findings(result, serves=serves)
    half = replace(shares, share=shares.share / 2)
    assert "is claimed, recomputed" in "\n".join(
        verify(result.problem, replace(plan, shares=half), result.achieved)
    )


def written(result: Result, folder: Path) -> Path:
    siting.write(result, folder)
    return folder


def complaints(result: Result, path: Path) -> str:
    """Everything the check says about a plan, readable or not; empty when it agrees."""
    try:
        return "\n".join(check_folder(result.problem.instance, path).findings)
    except PlanError as error:
        return str(error)


CORRUPTED = pytest.mark.parametrize(
    "name", ["everything", "closing", "crews", pytest.param("single", marks=pytest.mark.slow), "split"]
)


@CORRUPTED
def test_every_cell_counts(results, tmp_path, name):
    """A share may be changed in its last digit, and who is named among equally fast ones too."""
    result = results(name, 1)
    plan = written(result, tmp_path / "plan")
    rng = np.random.default_rng(5)
    for file in sorted(plan.glob("*.csv")):
        whole = file.read_text(encoding="utf-8")
        every = [one for one in corrupted_cells(whole) if " share: " not in one[1]]
        for number in rng.choice(len(every), min(len(every), 25), replace=False):
            text, what = every[number]
            file.write_text(text, encoding="utf-8")
            assert complaints(result, plan), (file.name, what)
        file.write_text(whole, encoding="utf-8")
    assert complaints(result, plan) == ""


@CORRUPTED
def test_every_figure_of_the_summary_counts(results, tmp_path, name):
    result = results(name, 1)
    file = written(result, tmp_path / "plan") / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8"))
    leaves = [leaf for leaf in corrupted_leaves(summary) if provable(leaf[0])]
    rng = np.random.default_rng(6)
    for number in rng.choice(len(leaves), 50, replace=False):
        key, value = leaves[number]
        if isinstance(value, float):  # what lies halfway, or comes of rounded shares, may go either way
            value = 1.01 * value + 0.5
        file.write_text(json.dumps(without(summary, key, value)), encoding="utf-8")
        assert complaints(result, file.parent), (key, value)
    for key in ("layout", "scenarios", "periods", "load"):
        if key in summary:
            file.write_text(json.dumps(without(summary, (key,), drop=True)), encoding="utf-8")
            assert f"{key}: is missing" in complaints(result, file.parent)


def test_columns_and_files_come_with_the_model(results, tmp_path):
    result = results("closing", 0)
    plan = written(result, tmp_path / "closing")
    (plan / "closed.csv").rename(plan / "elsewhere.csv")
    assert "closed.csv: the file is missing" in complaints(result, plan)
    result = results("apart", 0)
    plan = written(result, tmp_path / "apart")
    (plan / "closed.csv").write_text("facility_id,name,type,site_id,saving\n", encoding="utf-8")
    assert "the model closes nothing" in complaints(result, plan)
    result = results("everything", 0)
    plan = written(result, tmp_path / "everything")
    for name, column in (("sites.csv", "period"), ("assignments.csv", "scenario")):
        whole = (plan / name).read_text(encoding="utf-8")
        (plan / name).write_text(whole.replace(column, "other", 1), encoding="utf-8")
        assert f"{name}:1 {column}: the column is missing" in complaints(result, plan)
        (plan / name).write_text(whole, encoding="utf-8")


def test_sites_by_hand(results, tmp_path):
    """What is opened and closed is enough where the nearest serves."""
    for name in ("everything", "closing", "crews"):
        result = results(name, 0)
        plan = written(result, tmp_path / name)
        model = result.problem.model
        report = check_folder(result.problem.instance, plan / "sites.csv", model)
        assert report.ok
        assert report.figures["money"] == result.summary["money"]
        assert report.figures["objectives"][0]["value"] == result.objective
    result = results("split", 0)
    plan = written(result, tmp_path / "split")
    with pytest.raises(ModelError, match="give a plan folder instead of a CSV file"):
        check_folder(result.problem.instance, plan / "sites.csv", result.problem.model)


def test_sites_by_hand_with_strange_cells(results, tmp_path):
    instance = results("everything", 0).problem.instance
    row = instance.candidates.site[0], instance.candidates.type[0]
    name = f"{instance.sites.ids[row[0]]},{instance.settings.types[row[1]].id}"
    file = tmp_path / "sites.csv"
    file.write_text(f"site_id,type,units,period\n{name},1.5,soon\n", encoding="utf-8")
    (tmp_path / "closed.csv").write_text("facility_id\nf9\nf0\nf0\n", encoding="utf-8")
    with pytest.raises(PlanError) as error:
        check_folder(instance, file, question(MODELS["everything"]))
    lines = str(error.value).replace(f"{tmp_path}/", "").splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "sites.csv:2 units: '1.5' must be a whole number >= 1",
        "sites.csv:2 period: 'soon' is no period of the instance",
        "closed.csv:2 facility_id: 'f9' is no facility of the instance",
        "closed.csv:4 facility_id: 'f0' is closed already",
    ]
