"""Plan folders opened again: the same plan, figures and proof; changed ones are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import siting
from siting.errors import PlanError
from siting.model import bundled_models
from siting.result import Result
from tests.catalogue.questions import Question


def assert_same_result(one: Result, other: Result) -> None:
    assert one.plan is not None
    assert other.plan is not None
    for name in ("opened", "units", "closed", "serves"):
        np.testing.assert_array_equal(getattr(one.plan, name), getattr(other.plan, name), name)
    served = one.plan.served
    np.testing.assert_array_equal(one.plan.response_ms[served], other.plan.response_ms[served])
    pd.testing.assert_frame_equal(one.sites, other.sites)
    assert (one.status, one.termination, one.method, one.seed) == (
        other.status, other.termination, other.method, other.seed,
    )  # fmt: skip


@pytest.mark.parametrize("model", bundled_models())
def test_every_model_comes_back(model: str, tmp_path: Path) -> None:
    """Scenarios, periods, units, closings, shares: whatever the model's plans hold comes back."""
    shown = 0
    for seed in range(30):
        question = Question(model, seed)
        result = siting.solve(question.instance, question.model, numbers=question.given(), seconds=10)
        if result.plan is None:
            continue
        folder = siting.write(result, tmp_path / str(seed))
        again = siting.read_plan(folder, question.instance)
        if result.plan.shares is None:
            assert_same_result(again, result)
            assert again.summary == result.summary
        else:
            assert again.objective == pytest.approx(result.objective, rel=1e-5)
        shown += 1
        if shown == 3:
            break
    assert shown == 3


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    siting.write_instance(siting.read("three_towns"), "towns")
    return siting.write(siting.solve(siting.read("towns")), "plan")


def test_the_instance_is_found_where_it_was(folder: Path) -> None:
    again = siting.read_plan(folder)
    assert again.objective == 44_700
    assert again.resolve(budget=11).objective == 46_700
    shutil.move("towns", "elsewhere")
    with pytest.raises(PlanError, match="no longer at 'towns'"):
        siting.read_plan(folder)
    assert siting.read_plan(folder, "elsewhere").objective == 44_700


def test_a_changed_instance_is_refused(folder: Path) -> None:
    places = Path("towns/places.csv")
    places.write_text(places.read_text(encoding="utf-8").replace("8000", "8001"), encoding="utf-8")
    with pytest.raises(PlanError, match=r"changed since the plan was made \(places\.csv\)"):
        siting.read_plan(folder)


def test_a_changed_plan_is_refused(folder: Path) -> None:
    sites = folder / "sites.csv"
    lines = sites.read_text(encoding="utf-8").splitlines(keepends=True)
    sites.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(PlanError, match="is not what the plan achieves"):
        siting.read_plan(folder)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("objectives", [], "must list the 2 objectives"),
        ("status", "great", "is no status"),
        ("origin", "", "does not say where its instance is"),
        ("numbers", {"budget": "ten"}, "must be a number or null"),
        ("decisions", 3, "must be a list"),
    ],
)
def test_a_broken_summary_is_refused(folder: Path, key: str, value: object, words: str) -> None:
    file = folder / "summary.json"
    file.write_text(
        json.dumps({**json.loads(file.read_text(encoding="utf-8")), key: value}), encoding="utf-8"
    )
    with pytest.raises(PlanError, match=words):
        siting.read_plan(folder)


def test_what_is_no_plan_folder(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="is no plan folder"):
        siting.read_plan(tmp_path / "nothing")
    with pytest.raises(PlanError, match=r"summary\.json: the file is missing"):
        siting.read_plan(tmp_path)
