"""Plan folders: their bytes, and what happens to what was there before."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import siting
from siting import whole
from siting.errors import PlanError
from siting.instance import Instance
from siting.plan import Status
from siting.result import Result
from siting.writers import STUDIES, WRITERS, check_writable, files
from siting.writers.tables import write_table


@pytest.fixture(scope="module")
def result(three_towns: Instance, opened: Callable[..., Result]) -> Result:
    return opened(three_towns, "lypa:security_center", "dub:fire_department")


def test_plan_folder(result: Result, tmp_path: Path) -> None:
    target = siting.write(result, tmp_path / "results" / "plan")
    assert sorted(path.name for path in target.iterdir()) == sorted(set(WRITERS) - {"closed.csv", *STUDIES})
    assert [path.name for path in target.parent.iterdir()] == ["plan"]
    assert (target / "sites.csv").read_bytes() == (
        b"rank,site_id,name,type,lat,lon,region,district,community,cost,people_newly_covered,"
        b"people_served,mean_response_minutes\n"
        b"1,lypa,Lypa,security_center,49.60000,33.22000,West,,,8.00,18900,20900,15.244\n"
        b"2,dub,Dub,fire_department,49.58000,33.35000,East,,,2.00,4900,6900,13.304\n"
    )
    lines = (target / "assignments.csv").read_text(encoding="utf-8").splitlines()
    assert lines[4] == "malva,Malva,fire_rescue,1000,f1,fire_department,12.000,1,f1,12.000,1"
    assert lines[8] == "kalyna,Kalyna,police,8000,lypa:security_center,security_center,22.000,0,,,0"
    assert json.loads((target / "summary.json").read_text(encoding="utf-8")) == result.summary


def test_same_result_same_bytes(result: Result, tmp_path: Path) -> None:
    one, other = siting.write(result, tmp_path / "a"), siting.write(result, tmp_path / "b")
    for name in files(result.summary["layout"]):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_cells_are_safe_and_come_back(tmp_path: Path) -> None:
    names = ["=1+1", "+38", "-x", "@home", "\tx", "\rx", 'Say "hi", Olha', "a\nb", "Київ", ""]
    write_table(pd.DataFrame({"name": names, "cost": [float("nan"), *range(9)]}), tmp_path / "x.csv")
    with open(tmp_path / "x.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert [row[0] for row in rows] == [f"'{name}" for name in names[:6]] + names[6:]
    assert [row[1] for row in rows[:3]] == ["", "0.00", "1.00"]


def test_an_older_plan_is_replaced(result: Result, tmp_path: Path) -> None:
    target = siting.write(result, tmp_path / "plan")
    (target / "sites.csv").write_text("old")
    siting.write(result, target)
    assert (target / "sites.csv").read_text(encoding="utf-8").startswith("rank,")
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_link_to_a_plan_stays_a_link(result: Result, tmp_path: Path) -> None:
    siting.write(result, tmp_path / "real")
    (tmp_path / "plan").symlink_to("real")
    siting.write(result, tmp_path / "plan")
    assert (tmp_path / "plan").is_symlink()


def test_an_empty_folder_is_filled(result: Result, tmp_path: Path) -> None:
    siting.write(result, tmp_path)
    assert (tmp_path / "summary.json").exists()


def _file(path: Path) -> None:
    path.write_text("mine")


def _other_folder(path: Path) -> None:
    path.mkdir()
    (path / "thesis.txt").write_text("mine")


def _other_json(path: Path) -> None:
    path.mkdir()
    (path / "summary.json").write_text('{"format": "something else"}')


def _plan_and_more(path: Path) -> None:
    path.mkdir()
    (path / "summary.json").write_text('{"format": "siting-plan-1"}')
    (path / "thesis.txt").write_text("mine")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_file, "is a file and is not overwritten"),
        (_other_folder, "is no plan folder and is not overwritten"),
        (_other_json, "is no plan folder and is not overwritten"),
        (_plan_and_more, "beside a plan it holds thesis.txt, which would be lost"),
    ],
)
def test_nothing_else_is_overwritten(
    result: Result, tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    target = tmp_path / "target"
    make(target)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for attempt in (lambda: siting.write(result, target), lambda: check_writable(target)):
        with pytest.raises(PlanError, match=words):
            attempt()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_failed_write_leaves_the_older_plan(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = siting.write(result, tmp_path / "plan")
    before = {path.name: path.read_bytes() for path in target.iterdir()}

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(WRITERS, "summary.json", full_disk)
    with pytest.raises(PlanError, match="No space left on device"):
        siting.write(result, target)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_failed_rename_brings_the_older_plan_back(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = siting.write(result, tmp_path / "plan")
    rename = Path.rename

    def refuse(self: Path, other: Path) -> Path:
        if self.name == other.name and other == target and self.parent.name != "replaced":
            raise KeyboardInterrupt
        return rename(self, other)

    monkeypatch.setattr(whole, "_exchange", lambda one, other: False)  # a disk that cannot
    monkeypatch.setattr(whole.Path, "rename", refuse)
    with pytest.raises(KeyboardInterrupt):
        siting.write(result, target)
    assert (target / "sites.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_no_plan_no_folder(result: Result, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="there is no plan to write: no plan found"):
        siting.write(replace(result, plan=None, status=Status.UNKNOWN), tmp_path / "plan")
    assert not list(tmp_path.iterdir())
