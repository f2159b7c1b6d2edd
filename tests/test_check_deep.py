"""The deep check: roads by networkx, bounds from the multipliers, no solver."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import siting
from siting.check import check_folder
from siting.errors import ModelError
from siting.instance import Instance
from tests.rich_instance import build_rich


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan folder of three_towns."""
    result = siting.solve(siting.read("three_towns"))
    return siting.write(result, tmp_path_factory.mktemp("plans") / "plan")


def test_a_right_plan_is_proved(plan: Path, three_towns: Instance) -> None:
    """Everything agrees, and the multipliers prove what is claimed."""
    report = check_folder(three_towns, plan, deep=True)
    assert report.findings == ()
    assert [one["measure"] for one in report.proofs] == ["people_within", "travel_time"]
    for one in report.proofs:
        assert one["proved"] == pytest.approx(one["value"], rel=1e-7)
    assert "the multipliers alone prove 44,700" in report.text()
    assert report.as_dict()["proofs"][0]["gap_proved"] < 1e-9


@pytest.mark.parametrize("model", ["max_coverage", "distance_rule", "robust_expected", "p_center"])
def test_every_kind_of_plan_is_searched_by_networkx(model: str, tmp_path: Path) -> None:
    """Scenarios, kilometres and the longest wait: the deep check agrees with the plain one."""
    instance = build_rich(np.random.default_rng(4))
    result = siting.solve(instance, model, seconds=5)
    if result.plan is None:
        pytest.fail("the question of the test has no plan")
    folder = siting.write(result, tmp_path / "plan")
    plain, deep = check_folder(instance, folder), check_folder(instance, folder, deep=True)
    assert deep.findings == plain.findings == ()
    assert deep.figures == plain.figures
    assert bool(deep.proofs) == (folder / "proof.csv").exists()
    if not deep.proofs:
        assert any("no proof.csv" in note for note in deep.notes)


def test_worse_multipliers_prove_less(plan: Path, three_towns: Instance, tmp_path: Path) -> None:
    """Whoever changes them and their checksum gets a weaker bound, never a wrong one."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in plan.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    lines = (copy / "proof.csv").read_text("utf-8").splitlines()
    rows = [line.split(",") for line in lines[1:-1]]
    for row in rows:
        if row[2] == "need":
            row[-1] = "0.0"
    body = "\n".join([lines[0], *(",".join(row) for row in rows)]) + "\n"
    digest = hashlib.sha256(body.encode()).hexdigest()
    tail = ",".join(["", "", "sha256", "", digest, *[""] * 6])
    (copy / "proof.csv").write_text(f"{body}{tail}\n", "utf-8")
    report = check_folder(three_towns, copy, deep=True)
    assert report.findings == ()
    first = report.proofs[0]
    assert first["proved"] > first["value"] * 1.01
    assert "rests on branch and bound" in report.text()


def test_a_plan_that_the_proof_contradicts_is_found(
    plan: Path, three_towns: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the bound ever lie inside the plan's value, that is a finding."""
    monkeypatch.setattr("siting.check.deep.proved_bound", lambda *_: 44_000.0)
    found = check_folder(three_towns, plan, deep=True).findings
    assert any("contradicts" in one for one in found)


def test_only_plan_folders_are_looked_into(plan: Path, three_towns: Instance) -> None:
    """A sites.csv alone claims no bound."""
    with pytest.raises(ModelError, match="plan folder"):
        check_folder(three_towns, plan / "sites.csv", deep=True)
