"""Reports, explanations and frontiers beside plans: they pass the check, and what is off is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import build_tiny
from rich_instance import build_rich
from typer.testing import CliRunner

import siting
from siting.check import check_folder
from siting.cli import app
from siting.errors import ModelError, PlanError
from siting.instance import Instance
from siting.reasons import explain
from siting.report import write_report
from siting.result import Result
from siting.studies.frontier import frontier
from siting.writers.explained import write_explanation
from siting.writers.frontier import write_frontier


@pytest.fixture(scope="module")
def whole(three_towns: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan folder with a report and an explanation."""
    result = siting.solve(three_towns, "max_coverage")
    return full(result, tmp_path_factory.mktemp("whole") / "plan")


@pytest.fixture
def plan(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "plan"))


@pytest.fixture(scope="module")
def swept(three_towns: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a frontier."""
    found = frontier(three_towns, "max_coverage", sweep={"budget": [4, 7, 8]}, gap=0.0)
    assert len(found.marginals)
    return write_frontier(found, tmp_path_factory.mktemp("swept") / "f")


@pytest.fixture
def curve(swept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(swept, tmp_path / "f"))


def full(result: Result, folder: Path) -> Path:
    siting.write(result, folder)
    write_report(result, folder / "report.html")
    write_explanation(explain(result, seconds=5), folder / "explain.csv")
    return folder


def findings(instance: Instance, folder: Path) -> list[str]:
    """What is found, without the name of the folder."""
    return [one.replace(f"{folder}/", "") for one in check_folder(instance, folder).findings]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("seed", range(6))
def test_random_plans_pass(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    models = (
        "max_coverage",
        "gradual_coverage",
        "rollout",
        "relocation",
        "distance_rule",
        "robust_worst",
    )
    instance = build_rich(rng) if seed else build_tiny(rng)
    result = siting.solve(instance, models[seed], seconds=10, threads=1)
    if result.plan is not None:
        assert findings(instance, full(result, tmp_path / "plan")) == []


@pytest.mark.parametrize("seed", range(4))
def test_random_frontiers_pass(tmp_path: Path, seed: int) -> None:
    instance = build_tiny(np.random.default_rng(seed))
    model, gap = (("max_coverage", 0.0), ("max_coverage", 0.3), ("p_center", 0.0), ("max_coverage", 0.1))[
        seed
    ]
    found = frontier(instance, model, sweep={"budget": [2, 4, 6, 8, 12]}, gap=gap, threads=1)
    if found.points:
        assert len(found.marginals) >= 0
        assert findings(instance, write_frontier(found, tmp_path / "f")) == []


def test_figures_of_a_report_are_named(three_towns: Instance, plan: Path) -> None:
    assert findings(three_towns, plan) == []
    edit(plan / "report.html", '[["fire_department"],[1.0,1.0,', '[["fire_department"],[1.0,3.0,')
    assert findings(three_towns, plan) == [
        "report.html facilities [fire_department] new: 3.0, recomputed 1",
        "report.html facilities [fire_department] new: the page shows '1', its block of figures has 3.0",
    ]


def test_tables_of_a_report_are_missed(three_towns: Instance, plan: Path) -> None:
    file = plan / "report.html"
    text = file.read_text(encoding="utf-8")
    begin, end = '<script type="application/json" id="numbers">', "</script>"
    head, _, rest = text.partition(begin)
    block, _, tail = rest.partition(end)
    figures = json.loads(block)
    del figures["tables"]["limits"]
    figures["tables"]["more"] = {"columns": ["a"], "rows": [[["b"], [1]]]}
    figures["tables"]["sites"]["rows"].pop()
    file.write_text(f"{head}{begin}{json.dumps(figures)}{end}{tail}", encoding="utf-8")
    told = "\n".join(findings(three_towns, plan))
    assert "report.html limits: the table is missing" in told
    assert "report.html limits: the page shows a table that its block of figures lacks" in told
    assert "report.html more: belongs nowhere in a report of this plan" in told
    assert "report.html sites: the row" in told
    for broken, words in (
        ("{", "its block of figures is not valid JSON"),
        ("[]", "its block of figures is not of the format 'siting-report-1'"),
        ('{"format":"siting-report-1"}', "holds no tables of columns and rows"),
        (json.dumps({**figures, "language": "xx"}), "'xx' is no language of a report"),
    ):
        file.write_text(f"{head}{begin}{broken}{end}{tail}", encoding="utf-8")
        assert words in "\n".join(findings(three_towns, plan))
    file.write_text(head + tail, encoding="utf-8")
    assert findings(three_towns, plan) == [
        "report.html: holds 0 blocks of figures, expected one: make the report again"
    ]


def test_figures_on_cards_are_named(three_towns: Instance, plan: Path) -> None:
    file = plan / "report.html"
    text = file.read_text(encoding="utf-8")
    at = text.index('<ul class="cards">')
    card = text.index("<b>", at) + 3
    old = text[card : text.index("</b>", card)]
    new = old.replace(old[0], str((int(old[0]) + 1) % 10), 1)
    file.write_text(text[:card] + new + text[card + len(old) :], encoding="utf-8")
    (finding,) = findings(three_towns, plan)
    assert finding.startswith("report.html card of fire_rescue: shows ")


def test_what_an_explanation_says_is_recomputed(three_towns: Instance, plan: Path) -> None:
    file = plan / "explain.csv"
    header, first, *rest = file.read_text(encoding="utf-8").splitlines()
    columns = header.split(",")
    at = columns.index("people_uniquely_covered")
    cells = first.split(",")
    cells[at] = str(int(cells[at]) + 100)
    file.write_text("\n".join([header, ",".join(cells), *rest]) + "\n", encoding="utf-8")
    (finding,) = findings(three_towns, plan)
    assert finding.startswith(f"explain.csv:2 people_uniquely_covered: '{cells[at]}', recomputed ")
    file.write_text("\n".join([header, *rest, first]) + "\n", encoding="utf-8")
    assert any("is there already, or out of order" in one for one in findings(three_towns, plan))
    file.write_text("\n".join([header.replace("swap_cost", "swap_costs", 1), first]) + "\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"swap_cost: the column is missing; did you mean 'swap_costs'"):
        check_folder(three_towns, plan)


@pytest.mark.parametrize("model", ["min_travel_time", "total_cost"])
def test_a_drop_that_leaves_needs_unanswered_has_no_value(
    three_towns: Instance, tmp_path: Path, model: str
) -> None:
    folder = full(siting.solve(three_towns, model), tmp_path / "plan")
    assert findings(three_towns, folder) == []
    table = pd.read_csv(folder / "explain.csv", keep_default_na=False)
    forced = table["forced_by"].str.contains("needs left unanswered")
    assert forced.any()
    assert list(table["drop_loss"] == "") == list(forced)
    table["forced_by"] = table["forced_by"].where(~forced, "")
    table.to_csv(folder / "explain.csv", index=False)
    told = findings(three_towns, folder)
    assert len([one for one in told if " forced_by: ''" in one]) == forced.sum()


def test_other_files_are_named_but_no_findings(three_towns: Instance, plan: Path) -> None:
    (plan / "notes.txt").write_text("mine")
    (plan / "stability.csv").write_text("site_id\n")
    report = check_folder(three_towns, plan)
    assert report.ok
    assert [one.replace(f"{plan}/", "") for one in report.notes] == [
        "notes.txt: is no file of a plan, and not checked",
        "stability.csv: made by further solves, and not recomputed",
    ]


def test_points_are_whole_and_their_own(three_towns: Instance, curve: Path) -> None:
    assert findings(three_towns, curve) == []
    with pytest.raises(ModelError, match="brings its own"):
        check_folder(three_towns, curve, "max_coverage")
    (curve / "points" / "budget-7").rename(curve / "points" / "budget-6")
    told = findings(three_towns, curve)
    assert "points/budget-6: no row of frontier.csv is about it" in told
    assert any(one.startswith("frontier.csv:3 value: its plan") and "missing" in one for one in told)
    shutil.rmtree(curve / "points" / "budget-6")
    shutil.copytree(curve / "points" / "budget-4", curve / "points" / "budget-7")
    told = findings(three_towns, curve)
    assert "frontier.csv:3 value: 7, but the plan was made with budget = [4.0]" in told
    assert "frontier.csv:3 objective: a tighter value does as well: the point is dominated" in told


def test_plans_of_points_are_checked(three_towns: Instance, curve: Path) -> None:
    edit(curve / "points" / "budget-7" / "summary.json", '"currency": "million UAH"', '"currency": "UAH"')
    assert findings(three_towns, curve) == [
        "points/budget-7/summary.json money.currency: 'UAH', recomputed 'million UAH'"
    ]


def test_rows_without_a_plan(three_towns: Instance, tmp_path: Path) -> None:
    found = frontier(three_towns, "set_cover", sweep={"share": [0.5, 0.9, 1.1]}, gap=0.0)
    folder = write_frontier(found, tmp_path / "f")
    assert findings(three_towns, folder) == []
    edit(folder / "frontier.csv", "share,0.9,", "share,1.2,")
    told = findings(three_towns, folder)
    assert any("is not above that of the row before" in one for one in told)
    none = frontier(three_towns, "set_cover", sweep={"share": [1.1, 1.2]})
    assert findings(three_towns, write_frontier(none, tmp_path / "none")) == []


def test_the_command_checks_frontiers(curve: Path) -> None:
    told = CliRunner().invoke(app, ["check", "three_towns", str(curve)])
    assert told.exit_code == 0, told.output
    assert "every figure and limit agrees" in told.output
    assert "recomputed: 7: 35,700" in told.output
    told = CliRunner().invoke(app, ["check", "three_towns", str(curve), "--json"])
    assert [one["value"] for one in json.loads(told.output)["figures"]["points"]] == [4.0, 7.0, 8.0]
    edit(curve / "frontier.csv", "budget,8.0,", "budget,9.0,")
    assert CliRunner().invoke(app, ["check", "three_towns", str(curve)]).exit_code == 1
