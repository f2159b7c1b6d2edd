"""check_folder: whole plans pass, and no cell, row or figure can be changed unnoticed."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plans import problem_of, random_opening, result_of

import siting
from siting.check import Report, check_folder
from siting.errors import ModelError, PlanError
from siting.instance import Instance
from siting.readers import read
from siting.result import Result
from siting.writers import write

UNPROVABLE = ("seed", "seconds", "versions", "method", "why", "origin")
"""Entries of summary.json that nothing but the solve itself knows."""


Key = tuple[str | int, ...]
"""Path to a leaf of a JSON value."""

SAMPLE = pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
"""Try every seventh change, or all. Tables have 11 and 13 columns, so the sample visits each."""


def write_plan(instance: Instance, folder: Path, seed: int = 1, model: str = "max_coverage") -> Result:
    problem = problem_of(instance, model)
    result = result_of(problem, random_opening(problem, np.random.default_rng(seed)))
    write(result, folder)
    return result


@pytest.fixture
def plan(three_towns, tmp_path) -> Path:
    write_plan(three_towns, tmp_path / "plan")
    return tmp_path / "plan"


def complaints(instance: Instance, path: Path) -> str:
    """Everything the check says about a plan, readable or not; empty when it agrees."""
    try:
        return "\n".join(check_folder(instance, path).findings)
    except PlanError as error:
        return str(error)


def other_letter(text: str) -> str:
    """The text with its last letter or digit replaced by another one of its kind."""
    for position in reversed(range(len(text))):
        letter = text[position]
        if letter.isdigit():
            new = str((int(letter) + 1) % 10)
        elif letter.isalpha():
            new = "y" if letter == "z" else "z"
        else:
            continue
        return text[:position] + new + text[position + 1 :]
    return text + "7"


def corrupted_cells(text: str) -> Iterator[tuple[str, str]]:
    """Every CSV in which one cell differs, the header's too, and what was changed."""
    rows = list(csv.reader(io.StringIO(text)))
    for line, row in enumerate(rows):
        for column, cell in enumerate(row):
            changed = [list(one) for one in rows]
            changed[line][column] = other_letter(cell)
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows(changed)
            yield out.getvalue(), f"line {line + 1} {rows[0][column]}: {cell!r} -> {changed[line][column]!r}"


def corrupted_leaves(value: Any, key: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every leaf of a JSON value by its path, and what it could be corrupted to."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from corrupted_leaves(item, (*key, name))
    elif isinstance(value, bool):
        yield key, not value
    elif value is None:
        yield key, 7
    elif isinstance(value, str):
        yield key, other_letter(value)
    else:
        yield key, other_number(value)


def other_number(value: float) -> float:
    """The number with its last digit changed; the last digits of a float may mean the same number."""
    text = json.dumps(value)
    for end in range(len(text), 0, -1):
        changed = float(other_letter(text[:end]) + text[end:])
        if changed != value:
            return changed
    raise AssertionError(value)


def provable(key: Key) -> bool:
    """Whether a changed leaf must show: how many facilities would cover everybody is an estimate."""
    return key[0] not in UNPROVABLE and key[-1] not in ("sites", "beyond")


def without(value: Any, key: Key, new: Any = None, *, drop: bool = False) -> Any:
    """A deep copy of a JSON value with one leaf replaced or dropped."""
    copy = json.loads(json.dumps(value))
    inside = copy
    for name in key[:-1]:
        inside = inside[name]
    if drop:
        del inside[key[-1]]
    else:
        inside[key[-1]] = new
    return copy


def test_whole_plan(three_towns, plan):
    report = check_folder(three_towns, plan)
    assert report.ok
    assert report.findings == ()
    assert "every figure and limit agrees" in report.text()
    summary = json.loads((plan / "summary.json").read_text(encoding="utf-8"))
    assert report.figures["money"] == summary["money"]
    assert report.figures["services"] == summary["services"]


@pytest.mark.parametrize("model", ["max_coverage", "min_travel_time"])
@pytest.mark.parametrize("seed", range(15))
def test_random_plans(tiny, tmp_path, seed, model):
    instance = tiny(np.random.default_rng(seed))
    result = write_plan(instance, tmp_path / "plan", seed, model)
    text = complaints(instance, tmp_path / "plan")
    if any(math.isnan(one.value) for one in result.achieved):
        assert "undefined" in text
    else:
        assert [line for line in text.splitlines() if not line.startswith("limit")] == []


@SAMPLE
@pytest.mark.parametrize("name", ["sites.csv", "assignments.csv"])
def test_every_cell_counts(three_towns, plan, name, step):
    file = plan / name
    for text, what in list(corrupted_cells(file.read_text(encoding="utf-8")))[::step]:
        file.write_text(text, encoding="utf-8")
        assert complaints(three_towns, plan), what


@SAMPLE
@pytest.mark.parametrize("name", ["sites.csv", "assignments.csv"])
def test_every_row_counts(three_towns, plan, name, step):
    file = plan / name
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    changed = [rows[:n] + rows[n + 1 :] for n in range(len(rows))]
    changed += [[*rows, row] for row in rows]
    changed += [[*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]] for n in range(len(rows) - 1)]
    for lines in changed[::step]:
        file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        assert complaints(three_towns, plan), lines


@SAMPLE
def test_every_figure_of_the_summary_counts(three_towns, plan, step):
    file = plan / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8"))
    leaves = [leaf for leaf in corrupted_leaves(summary) if provable(leaf[0])]
    assert len(leaves) > 250
    for key, value in leaves[::step]:
        file.write_text(json.dumps(without(summary, key, value)), encoding="utf-8")
        assert complaints(three_towns, plan), (key, value)


def test_impossible_full_coverage(three_towns, plan):
    for change in ({"sites": -1}, {"sites": 99}, {"beyond": 0}, {"beyond": 99}, {"sites": 2.5}, {"more": 1}):
        summary = (plan / "summary.json").read_text(encoding="utf-8")
        edit(plan, lambda summary, change=change: summary["full_coverage"].update(change))
        assert "full_coverage" in complaints(three_towns, plan), change
        (plan / "summary.json").write_text(summary, encoding="utf-8")


@SAMPLE
def test_every_entry_of_the_summary_counts(three_towns, plan, step):
    file = plan / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8"))
    leaves = [key for key, _ in corrupted_leaves(summary)]
    for key in [(name,) for name in summary] + leaves[:: 6 * step]:
        if provable(key) or len(key) == 1:
            file.write_text(json.dumps(without(summary, key, drop=True)), encoding="utf-8")
            assert complaints(three_towns, plan), key
    for name in ("extra", "objective2"):
        file.write_text(json.dumps({**summary, name: 1}), encoding="utf-8")
        assert f"{name}: 1 belongs nowhere" in complaints(three_towns, plan)


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(n, marks=pytest.mark.slow) for n in range(4, 8))])
def test_random_corruptions_of_random_plans(tiny, tmp_path, seed):
    rng = np.random.default_rng(seed)
    folder = tmp_path / "plan"
    result = None
    while result is None or result.plan is None:  # a few random instances have no plan at all
        instance = tiny(rng)
        result = siting.solve(instance, "max_coverage", method="exact")
    siting.write(result, folder)
    assert not complaints(instance, folder)
    for name in ("sites.csv", "assignments.csv"):
        whole = (folder / name).read_text(encoding="utf-8")
        every = list(corrupted_cells(whole))
        for number in rng.choice(len(every), min(len(every), 10), replace=False):
            text, what = every[number]
            (folder / name).write_text(text, encoding="utf-8")
            assert complaints(instance, folder), what
        (folder / name).write_text(whole, encoding="utf-8")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    # How long nobody's wait counts shows in no other figure where everybody is answered.
    leaves = [one for one in corrupted_leaves(summary) if provable(one[0]) and "unserved" not in one[0]]
    for number in rng.choice(len(leaves), 15, replace=False):
        key, value = leaves[number]
        (folder / "summary.json").write_text(json.dumps(without(summary, key, value)), encoding="utf-8")
        assert complaints(instance, folder), (key, value, result.achieved)


def test_changed_input_is_named(three_towns, tmp_path):
    copy = tmp_path / "towns"
    shutil.copytree(three_towns.origin if Path(three_towns.origin).is_dir() else _home(), copy)
    instance = read(copy)
    write_plan(instance, tmp_path / "plan")
    assert check_folder(instance, tmp_path / "plan").ok
    with (copy / "facilities.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    text = complaints(read(copy), tmp_path / "plan")
    assert text.endswith("summary.json files.facilities.csv: has changed since the plan was made")
    (copy / "areas.csv").rename(copy / "areas.csv.old")
    assert "files.areas.csv: the plan was made from it" in complaints(read(copy), tmp_path / "plan")


def _home() -> Path:
    return Path(__file__).resolve().parent.parent / "instances" / "three_towns"


def edit(plan: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change summary.json."""
    file = plan / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8"))
    change(summary)
    file.write_text(json.dumps(summary), encoding="utf-8")


def test_bound_on_the_wrong_side(three_towns, plan):
    def claim(summary: dict[str, Any]) -> None:
        goal = summary["objectives"][0]
        goal["bound"] = summary["bound"] = goal["value"] - 100

    value = json.loads((plan / "summary.json").read_text(encoding="utf-8"))["objective"]
    edit(plan, claim)
    text = complaints(three_towns, plan)
    assert f"the bound {value - 100} of people_within lies on the wrong side of {value}" in text


def test_smaller_budget(three_towns, plan):
    edit(plan, lambda summary: summary["numbers"].update(budget=8.5))
    assert "limit cost <= 8.5 million UAH: 9 is 0.5 too much" in complaints(three_towns, plan)


def test_numbers_of_the_instance_are_in_force(three_towns, tmp_path):
    numbers = {"services.fire_rescue.vehicle_factor": 1.6, "budget": math.inf}
    problem = problem_of(three_towns, numbers=numbers)
    write(result_of(problem, random_opening(problem, np.random.default_rng(2))), tmp_path / "plan")
    assert complaints(three_towns, tmp_path / "plan") == ""
    edit(tmp_path / "plan", lambda summary: summary["numbers"].pop("services.fire_rescue.vehicle_factor"))
    assert "minutes" in complaints(three_towns, tmp_path / "plan")


def test_unreadable_plans_give_one_list(three_towns, plan):
    (plan / "sites.csv").write_text(
        "rank,site_id,name,type,lat,lon,region,district,community,cost,people_newly_covered,"
        "people_served,mean_response_minutes\n"
        "1,kalina,Kalyna,security_center,49.6,33,West,,,7,1,1,1\n"
        "2,malva,Malva,fire_departments,49.6,33,West,,,many,1,1,1\n"
        "3,malva,Malva,fire_department,49.6,33,West,,,2,1,1,1\n"
        "4,malva,Malva,fire_department,49.6,33,West,,,2,1,1,\n",
        encoding="utf-8",
    )
    (plan / "assignments.csv").unlink()
    edit(plan, lambda summary: summary.clear())
    with pytest.raises(PlanError) as error:
        check_folder(three_towns, plan)
    lines = str(error.value).replace(f"{plan}/", "").splitlines()
    assert lines == [
        "sites.csv:3 cost: 'many' is not a finite number",
        "sites.csv:2 site_id: 'kalina' is no site of the instance; did you mean 'kalyna'?",
        "sites.csv:3 type: 'fire_departments' is no facility type; known: fire_department, security_center",
        "sites.csv:5 site_id, type: opened already, on line 4",
        "assignments.csv: the file is missing",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must hold one object"),
        ('{"model": {"file": "max_coverage"}}', "'max_coverage' is no name of a model file"),
        ('{"model": "max_coverage"}', "None is no name of a model file"),
        ('{"model": {"file": "x.toml"}, "numbers": []}', "numbers: must be an object"),
        ('{"model": {"file": "x.toml"}, "numbers": {"budget": "9"}}', "'9' must be a number or null"),
        ('{"model": {"file": "x.toml"}, "numbers": {"bugdet": 9}}', "did you mean 'budget'"),
        ('{"model": {"file": "x.toml"}, "numbers": {"budget": -9}}', "must be >= 0"),
    ],
)
def test_unreadable_summaries(three_towns, plan, text, words):
    (plan / "summary.json").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=r"summary\.json") as error:
        check_folder(three_towns, plan)
    assert words in str(error.value)


def test_changed_model_is_named(three_towns, plan):
    file = plan / "model.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "# more\n", encoding="utf-8")
    found = check_folder(three_towns, plan).findings
    assert [one.replace(f"{plan}/", "") for one in found] == [
        "summary.json model.sha256: model.toml has changed since the plan was made with max_coverage.toml"
    ]
    file.write_text(text.replace("default = inf", "default = many"), encoding="utf-8")
    with pytest.raises(PlanError, match=r"model\.toml: is not valid TOML"):
        check_folder(three_towns, plan)
    file.write_text(text.replace("people_within", "people"), encoding="utf-8")
    with pytest.raises(PlanError, match=r"model\.toml:6 maximize\.measure: unknown measure 'people'"):
        check_folder(three_towns, plan)
    file.unlink()
    with pytest.raises(PlanError, match=r"model\.toml: the file is missing"):
        check_folder(three_towns, plan)


def test_a_plan_folder_brings_its_own_model(three_towns, plan):
    with pytest.raises(ModelError, match=r"brings its own model\.toml"):
        check_folder(three_towns, plan, "max_coverage")


def by_hand(tmp_path: Path, *rows: str, header: str = "site_id,type") -> Path:
    file = tmp_path / "sites.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def test_sites_by_hand(three_towns, tmp_path):
    report = check_folder(three_towns, by_hand(tmp_path, "malva,fire_department", "kalyna,security_center"))
    assert report.ok
    assert report.figures["money"]["spent"] == 9.0
    assert report.figures["services"]["police"]["after"]["people_within"] == 9000
    assert "cost 9.00 million UAH" in report.text()


def test_sites_by_hand_over_the_limits(three_towns, tmp_path):
    file = by_hand(tmp_path, "lypa,security_center", "kalyna,security_center", "malva,fire_department")
    report = check_folder(three_towns, file)
    assert not report.ok
    text = report.text()
    assert "limit sites_open [security_center] <= 1 sites: 2 is 1 too much" in text
    assert "limit cost <= 10 million UAH: 17 is 7 too much" in text


def test_sites_by_hand_with_more_columns(three_towns, tmp_path):
    header = "site_id,type,cost,name"
    file = by_hand(tmp_path, "malva,fire_department,2.0,Malva", header=header)
    assert check_folder(three_towns, file).ok
    file = by_hand(tmp_path, "malva,fire_department,3,Malwa", header=header)
    assert [finding.replace(f"{tmp_path}/", "") for finding in check_folder(three_towns, file).findings] == [
        "sites.csv:2 name: 'Malwa', recomputed 'Malva'",
        "sites.csv:2 cost: '3', recomputed 2",
    ]


def test_sites_by_hand_with_units_and_closings(three_towns, tmp_path):
    """The model knows one unit per site, and closes nothing."""
    file = by_hand(tmp_path, "malva,fire_department,2", header="site_id,type,units")
    closed = three_towns.facilities.ids[0]
    (tmp_path / "closed.csv").write_text(f"facility_id\n{closed}\n", encoding="utf-8")
    text = "\n".join(check_folder(three_towns, file).findings)
    assert "fire_department at malva: 2 units, must be 1 to 1" in text
    assert "closed.csv: the model closes nothing" in text
    assert "closed although it may not be" in text
    file = by_hand(tmp_path, "malva,fire_department,0", header="site_id,type,units")
    with pytest.raises(PlanError, match="units: '0' must be a whole number >= 1"):
        check_folder(three_towns, file)


def test_no_sites_at_all(three_towns, tmp_path):
    assert check_folder(three_towns, by_hand(tmp_path)).figures["money"]["spent"] == 0


def test_no_such_file(three_towns, tmp_path):
    with pytest.raises(PlanError, match="the file is missing"):
        check_folder(three_towns, tmp_path / "nowhere.csv")


def test_names_a_spreadsheet_would_run(tiny, tmp_path):
    instance = tiny(np.random.default_rng(4))
    names = np.array([f"=1+{n}" for n in range(len(instance.places.ids))], dtype=object)
    sites = instance.sites.names.copy()
    sites[: len(names)] = names
    instance = replace(
        instance, places=replace(instance.places, names=names), sites=replace(instance.sites, names=sites)
    )
    write_plan(instance, tmp_path / "plan")
    assert "'=1+0" in (tmp_path / "plan" / "assignments.csv").read_text(encoding="utf-8")
    assert complaints(instance, tmp_path / "plan") == ""


def test_report_counts_findings():
    money = {"spent": 0, "currency": "EUR"}
    figures = {"facilities": {}, "money": money, "services": {}, "objectives": [], "limits": []}
    report = Report("plan", ("one", "two"), figures)
    assert not report.ok
    assert report.text().splitlines()[:3] == ["plan: 2 findings", "  one", "  two"]
