"""Frontiers: every point is the best of all plans, none is dominated, and the knee is where it bends."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brute import every_plan
from rich.console import Console
from typer.testing import CliRunner

import siting
from siting.check import check_folder, verify
from siting.cli import app
from siting.errors import InstanceError, ModelError, PlanError
from siting.instance import Instance
from siting.plan import Status
from siting.problem import bind
from siting.resolve import resolve
from siting.result import Progress
from siting.studies.frontier import Frontier, frontier, parse_sweep
from siting.studies.frontier.question import first_objective, limiting
from siting.studies.frontier.run import halved
from siting.studies.frontier.shape import knee, slope, undominated
from siting.terminal.frontier import print_frontier
from siting.writers import frontier as writing
from siting.writers.frontier import write_frontier

Tiny = Callable[[np.random.Generator], Instance]
EPS = 1e-8


def best(instance: Instance, model: str, **numbers: Any) -> float | None:
    """The first objective of the best of all plans; None where there is none."""
    problem = bind(instance, siting.load_model(model), numbers["numbers"])
    found = every_plan(problem).best()
    if found is None:
        return None
    return found[0] if problem.objectives[0].maximize else -found[0]


def assert_frontier(found: Frontier, instance: Instance, model: str, values: list[float]) -> None:
    """The oracle: all plans for every value, and of equals the tightest alone."""
    truth = {value: best(instance, model, numbers={found.name: value}) for value in values}
    order = sorted(values, reverse=found.limits.loosens is False)
    sign = 1.0 if found.maximize else -1.0
    shown: dict[float, float] = {}
    most = -math.inf
    for value in order:
        one = truth[value]
        if one is not None and sign * one > most + EPS * max(1.0, abs(one)):
            shown[value], most = one, sign * one
    assert sorted(shown) == [point.value for point in found.points]
    assert sorted(v for v, one in truth.items() if one is None) == [p.value for p in found.without]
    assert all(point.status is Status.INFEASIBLE for point in found.without)
    for point in found.points:
        assert point.status is Status.OPTIMAL
        assert point.objective == pytest.approx(shown[point.value], rel=EPS, abs=EPS)
    assert len(found.points) + len(found.dropped) + len(found.without) == len(values)


@pytest.mark.parametrize(
    ("model", "name", "values"),
    [
        ("max_coverage", "budget", list(range(23))),
        ("min_travel_time", "budget", list(range(0, 23, 2))),
        ("set_cover", "share", [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1]),
        ("max_coverage", "new.fire_department", [0, 1, 2, 3]),
        ("p_center", "budget", list(range(0, 23, 3))),
    ],
)
def test_three_towns_by_all_plans(three_towns: Instance, model: str, name: str, values: list[float]) -> None:
    found = frontier(three_towns, model, sweep={name: values}, gap=0.0)
    assert_frontier(found, three_towns, model, values)
    if name == "budget" and model == "max_coverage":
        spent = [point.result.summary["money"]["spent"] for point in found.points]
        assert [point.achieved for point in found.points] == spent


@pytest.mark.parametrize("model", ["max_coverage", "min_travel_time", "set_cover"])
@pytest.mark.parametrize("seed", range(6))
def test_small_instances_by_all_plans(tiny: Tiny, model: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    instance = tiny(rng)
    name, values = "budget", [float(value) for value in np.linspace(0.0, 12.0, 7)]
    if model == "set_cover":
        name, values = "share", [0.0, 0.3, 0.6, 0.8, 1.0]
    elif seed % 2:
        name, values = "new.fire_department", [0.0, 1.0, 2.0, 3.0]
    assert_frontier(frontier(instance, model, sweep={name: values}, gap=0.0), instance, model, values)


def test_points_equal_solves_from_scratch(three_towns: Instance) -> None:
    found = frontier(three_towns, sweep={"budget": range(4, 12)}, gap=0.0)
    for point in (*found.points, *found.dropped):
        alone = siting.solve(three_towns, budget=point.value)
        assert (point.objective, point.status) == (alone.objective, alone.status)


def test_a_plan_with_shares_outlives_a_tighter_budget(three_towns: Instance) -> None:
    found = frontier(three_towns, "capacitated_coverage", sweep={"budget": [11, 11.5, 12]}, gap=0.0)
    assert [point.value for point in found.points] == [11]
    assert found.points[0].objective == siting.solve(three_towns, "capacitated_coverage", budget=11).objective


def test_a_number_that_limits_nothing_asks_questions_of_their_own(three_towns: Instance) -> None:
    name, values = "services.fire_rescue.standard.village", [8.0, 14.0, 20.0]
    found = frontier(three_towns, sweep={name: values}, gap=0.0)
    assert found.limits.loosens is None
    assert found.knee is None
    assert not found.dropped
    for point in found.points:
        assert point.objective == siting.solve(three_towns, numbers={name: point.value}).objective
    assert found.table["achieved"].isna().all()


def test_the_table_has_proof_people_money_and_slopes(three_towns: Instance) -> None:
    found = frontier(three_towns, sweep=parse_sweep("budget=0:12:1"), gap=0.0)
    table = found.table
    assert table["value"].is_monotonic_increasing
    assert table["objective"].is_monotonic_increasing
    assert table["knee"].sum() == 1
    assert table.loc[table["knee"], "value"].item() == 8
    step = table["objective"].diff() / table["value"].diff()
    for column in ("marginal", "marginal_low", "marginal_high"):
        pd.testing.assert_series_equal(table[column], step, check_names=False)
    for point, row in zip(found.points, table.to_dict("records"), strict=True):
        summary = point.result.summary
        assert row["people_within"] == summary["in_all"]["after"]["people_within"]
        assert row["share_within"] == summary["in_all"]["after"]["share"]
        assert row["cost"] == summary["money"]["spent"] == row["achieved"]
        assert row["new_facilities"] == len(point.result.sites)


@pytest.mark.parametrize("model", ["max_coverage", "min_travel_time"])
def test_marginals_are_the_difference_of_two_optima(three_towns: Instance, model: str) -> None:
    found = frontier(three_towns, model, sweep={"budget": [0, 4, 8, 12]}, gap=0.0)
    at = found.at.problem.numbers
    assert set(found.marginals["number"]) == {"new.fire_department", "new.security_center", "budget"}
    for row in found.marginals.to_dict("records"):
        more = {**at, row["number"]: at[row["number"]] + 1}
        more = {
            name: value
            for name, value in more.items()
            if name in siting.load_model(model).parameters or "." in name
        }
        before, after = best(three_towns, model, numbers=dict(at)), best(three_towns, model, numbers=more)
        assert before is not None
        assert after is not None
        assert row["gain"] == pytest.approx(abs(after - before))
        assert row["gain_low"] == row["gain_high"] == pytest.approx(row["gain"])
        assert row["status"] == "optimal"


def test_an_unproved_point_has_a_range() -> None:
    assert slope(2.0, (10.0, 12.0), (20.0, 23.0), nested=True) == (5.0, 4.0, 6.5)
    assert slope(1.0, (10.0, 25.0), (20.0, 23.0), nested=True) == (10.0, 0.0, 13.0)
    assert slope(1.0, (10.0, 25.0), (20.0, None), nested=False) == (10.0, -5.0, None)
    assert slope(1.0, (10.0, None), (20.0, 20.0), nested=True) == (10.0, None, 10.0)


def test_of_equals_the_tightest_is_shown() -> None:
    assert undominated([1.0, 1.0, 3.0, 2.0, 3.0 + 1e-12, 4.0]) == [0, 2, 5]
    assert undominated([]) == []


def test_the_knee_is_farthest_from_the_chord() -> None:
    assert knee([0, 1, 2, 10], [0, 8, 9, 10]) == 1
    assert knee([-10, -2, -1, 0], [-50.0, -10, -9, -8]) == 1
    assert knee([0, 1, 2], [0, 1, 2]) is None  # straight
    assert knee([0, 1, 2], [0, 0.1, 2]) is None  # bulges the other way
    assert knee([0, 1], [0, 1]) is None


def test_sweeps_as_they_are_written() -> None:
    assert parse_sweep("budget=2000:6000:2000") == {"budget": (2000, 4000, 6000)}
    assert parse_sweep(" share = 0.1:0.3:0.1 ") == {"share": (0.1, 0.2, 0.3)}
    assert parse_sweep("budget=0:10:4") == {"budget": (0, 4, 8)}
    assert parse_sweep("new.fire_department=3,1,2,1") == {"new.fire_department": (1, 2, 3)}
    assert parse_sweep("budget=5") == {"budget": (5,)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("budget", "FIRST:LAST:STEP"),
        ("budget=", "FIRST:LAST:STEP"),
        ("=1:2:1", "FIRST:LAST:STEP"),
        ("budget=1:2", "three finite numbers"),
        ("budget=1:x:1", "'x' is no number"),
        ("budget=1:2:0", "step must be > 0"),
        ("budget=2:1:1", "write 1:2:1"),
        ("budget=0:1e9:1", "over 1,000 points"),
        ("budget=1,inf", "not finite"),
        ("budget=nan:1:1", "three finite numbers"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(text: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        parse_sweep(text)


@pytest.mark.parametrize(
    ("sweep", "given", "says"),
    [
        ({"budget": [1], "share": [1]}, {}, "one number at a time, found budget, share"),
        ({}, {}, "one number at a time, found none"),
        ({"budget": []}, {}, "has no values"),
        ({"budget": range(2000)}, {}, "1,000 are allowed"),
        ({"budgt": [1, 2]}, {}, "did you mean 'budget'"),
        ({"budget": [1, 2]}, {"budget": 5}, "is swept, and budget is set to 5"),
        ({"new": [1, 2]}, {"new": {"fire_department": 1}}, "new.fire_department is set to 1"),
        ({"unserved": [1, 2]}, {}, "later objectives of max_coverage"),
        ({"budget": [-1, 2]}, {}, "must be >= 0"),
    ],
)
def test_bad_questions_are_refused(
    three_towns: Instance, sweep: dict[str, Any], given: dict[str, Any], says: str
) -> None:
    with pytest.raises(ModelError, match=says):
        frontier(three_towns, sweep=sweep, **given)


def test_numbers_of_later_objectives_may_be_given(three_towns: Instance) -> None:
    found = frontier(three_towns, sweep={"budget": [7, 10]}, unserved=100, seed=3)
    assert [point.objective for point in found.points] == [35_700, 44_700]


def test_the_first_objective_stands_alone() -> None:
    for name in ("max_coverage", "fairest_coverage", "min_travel_time"):
        model = siting.load_model(name)
        first = first_objective(model)
        assert len(first.goals) == 1
        assert first.limits == model.limits
        assert first.name == name
        assert first.goals[0].use == model.goals[0].use
    assert limiting("share", siting.load_model("set_cover")).loosens is False
    assert limiting("crews", siting.load_model("backup_coverage")).loosens is None


def test_a_stop_leaves_values_unasked(three_towns: Instance) -> None:
    stop = threading.Event()
    told: list[str] = []

    def hear(report: Progress) -> None:
        told.append(report.phase)
        stop.set()

    found = frontier(three_towns, sweep={"budget": [5, 10, 15]}, progress=hear, stop=stop)
    assert found.unasked == (5, 10)
    assert all(phase.startswith("budget 15: ") for phase in told)


def test_a_frontier_without_any_plan(three_towns: Instance, tmp_path: Path) -> None:
    found = frontier(three_towns, "set_cover", sweep={"share": [1.1, 1.2]})
    assert not found.points
    assert len(found.without) == 2
    assert found.table["status"].tolist() == ["infeasible", "infeasible"]
    with pytest.raises(ModelError, match="there is none"):
        _ = found.marginals
    assert "Proved infeasible: share 1.1, 1.2." in printed(found)
    write_frontier(found, tmp_path / "f")


def printed(found: Frontier) -> str:
    console = Console(width=140, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_frontier(console, found)
    return console.export_text()


def test_what_is_printed(three_towns: Instance) -> None:
    found = frontier(three_towns, sweep={"budget": range(13)}, gap=0.0)
    assert found.marginals is not None
    text = printed(found)
    assert "The most people_within (weighted people) by budget (million UAH)." in text
    assert "Knee at budget 8" in text
    assert "as a tighter value does as well: 1, 4, 9, 12." in text
    assert "What one more brings at budget 8" in text
    assert text.count("█") > 50


def test_the_folder_holds_table_plot_and_checked_plans(three_towns: Instance, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found = frontier(three_towns, sweep={"budget": [7, 8, 9]}, gap=0.0)
    assert found.marginals is not None
    folder = write_frontier(found, tmp_path / "out" / "f")
    write_frontier(found, folder)  # an older one is replaced
    assert {path.name for path in folder.iterdir()} == {
        "frontier.csv",
        "frontier.png",
        "marginals.csv",
        "points",
    }
    assert (folder / "frontier.png").read_bytes().startswith(b"\x89PNG")
    assert pd.read_csv(folder / "frontier.csv")["value"].tolist() == [7, 8]
    assert sorted(path.name for path in (folder / "points").iterdir()) == ["budget-7", "budget-8"]
    for plan in (folder / "points").iterdir():
        assert not check_folder(three_towns, plan).findings


def test_without_matplotlib_the_plot_is_left_out(
    three_towns: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(library: str, group: str) -> Any:
        raise InstanceError(f"{library} of {group} is not installed")

    monkeypatch.setattr(writing, "extra", missing)
    folder = write_frontier(frontier(three_towns, sweep={"budget": [7]}), tmp_path / "f")
    assert {path.name for path in folder.iterdir()} == {"frontier.csv", "points"}


def test_what_is_no_frontier_is_left_alone(three_towns: Instance, tmp_path: Path) -> None:
    found = frontier(three_towns, sweep={"budget": [7]})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(PlanError, match="is no frontier folder"):
        write_frontier(found, tmp_path / "mine")
    (tmp_path / "mine" / "frontier.csv").write_text("value")
    with pytest.raises(PlanError, match=r"holds notes\.txt, which would be lost"):
        write_frontier(found, tmp_path / "mine")
    with pytest.raises(PlanError, match="is a file"):
        write_frontier(found, tmp_path / "mine" / "notes.txt")


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one more unit brings is printed and written; no plan at all is its own exit code."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    done = runner.invoke(
        app, ["frontier", "three_towns", "--sweep", "budget=4:12:2", "--gap", "0", "--out", "out"]
    )
    assert done.exit_code == 0, done.output
    assert "knee" in done.stdout
    assert (tmp_path / "out" / "marginals.csv").exists()
    words = ["--model", "min_travel_time", "--sweep", "budget=1,2"]  # a center is needed, and costs 7
    assert runner.invoke(app, ["frontier", "three_towns", *words]).exit_code == 3


@pytest.mark.parametrize("count", [1, 2, 3, 10, 17])
def test_halving_asks_every_value_once_with_an_answer_on_both_sides(count: int) -> None:
    order = halved(count)
    assert sorted(order) == list(range(count))
    assert order[:2] == sorted({0, count - 1})
    for place, number in enumerate(order[2:], 2):
        assert min(order[:place]) < number < max(order[:place])


def test_a_point_starts_from_both_its_neighbours() -> None:
    poltava, question, gap = siting.read("poltava"), first_objective(siting.load_model("max_coverage")), 1e-3
    name = "new.fire_department"
    ends = [siting.solve(poltava, question, numbers={name: count}, gap=gap) for count in (6, 2)]
    numbers, nobody, limits = {name: 4}, ((), (), ()), (None, gap)
    found = resolve(ends[0], numbers, nobody, limits, None, None, (ends[1], 0.5))
    alone = siting.solve(poltava, question, numbers=numbers, gap=gap)
    for one, other in ((found, alone), (alone, found)):
        assert one.objective is not None
        assert other.bound is not None
        assert one.objective <= other.bound * (1 + EPS)
        assert one.objective >= other.bound * (1 - 3 * gap)
    warm, other = (one.warm for one in ends)
    assert warm is not None
    assert other is not None
    between = warm.between(other, 0.25)
    assert between.beside is other.opened
    for ours, first, second in zip(between.duals, warm.duals, other.duals, strict=True):
        assert ours is not None
        assert first is not None
        assert second is not None
        np.testing.assert_allclose(ours.lam, 0.75 * first.lam + 0.25 * second.lam)
        np.testing.assert_allclose(ours.pi, 0.75 * first.pi + 0.25 * second.pi)


def test_the_check_searches_each_plan_anew(three_towns: Instance) -> None:
    """What it keeps from point to point is of the instance alone, and another standard is another ground."""
    found = frontier(three_towns, sweep={"budget": [0, 4, 8]}, gap=0.0)
    grounds = {id(point.result.warm.ground) for point in found.points if point.result.warm is not None}
    assert len(grounds) == 1
    point = found.points[-1].result
    assert point.plan is not None
    assert point.warm is not None
    late = replace(point.plan, response_ms=point.plan.response_ms + 1)
    assert verify(point.problem, late, point.achieved, ground=point.warm.ground)
    other = point.resolve(numbers={"services.fire_rescue.standard.village": 30.0})
    assert other.warm is not None
    assert other.warm.ground is not point.warm.ground
