"""A solve that saves itself and is continued: nothing is lost, nothing in the file has to be believed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import siting
from siting.cli import app
from siting.instance import Instance
from siting.instance.decisions import decide
from siting.methods import saver as module
from siting.methods.saved_file import read_saved, write_saved
from siting.plan import Status
from siting.result import Result


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save at every occasion, from the beginning."""
    for name in ("FIRST_SECONDS", "EVERY_SECONDS", "COST"):
        monkeypatch.setattr(module, name, 0.0)


@pytest.fixture
def saved(tmp_path: Path, three_towns: Instance) -> Path:
    """A saved solve of three towns."""
    path = tmp_path / "a.saved"
    siting.solve(three_towns, method="decomposition", save=path)
    return path


def figures(result: Result) -> list[tuple[float, float | None]]:
    return [(one.value, one.bound) for one in result.achieved]


def test_saved_bounds_hold_and_resumed_solves_end_alike(
    tmp_path: Path, tiny: Callable[[np.random.Generator], Instance]
) -> None:
    """Oracle: the optimum of the exact method, objective by objective."""
    bounded = 0
    for seed in (1, 5, 9, 14, 23):  # in 23 a floor is met by what must be open
        instance, path = tiny(np.random.default_rng(seed)), tmp_path / f"{seed}.saved"
        for model in ("max_coverage", "min_travel_time"):
            best = siting.solve(instance, model, method="exact")
            if best.status is not Status.OPTIMAL:
                continue
            path.unlink(missing_ok=True)
            siting.solve(instance, model, method="decomposition", save=path)
            again = siting.solve(instance, model, method="decomposition", save=path, resume=True)
            content, _ = read_saved(path)
            for goal, one, other in zip(content["goals"], best.achieved, again.achieved, strict=True):
                sign, room = (1.0 if one.maximize else -1.0), 1e-6 * max(1.0, abs(one.value))
                assert other.value == pytest.approx(one.value, rel=1e-9)
                if goal["bound"] is not None:
                    bounded += 1
                    assert sign * (goal["bound"] - one.value) >= -room
    assert bounded >= 10


@pytest.mark.parametrize("method", ["exact", "relaxation"])
def test_methods_without_multipliers_start_from_the_plan(
    tmp_path: Path, three_towns: Instance, method: str
) -> None:
    path = tmp_path / "a.saved"
    first = siting.solve(three_towns, method=method, save=path)
    again = siting.solve(three_towns, method=method, seconds=0.0, save=path, resume=True)
    assert again.objective == first.objective
    assert again.sites.equals(first.sites)
    assert again.why.endswith("continued from a saved plan")


def test_a_method_says_that_it_cannot_use_multipliers(saved: Path, three_towns: Instance) -> None:
    again = siting.solve(three_towns, method="exact", save=saved, resume=True)
    assert again.why.endswith("continued from a saved plan, without the multipliers of its bound")


def test_units_and_closed_facilities_are_saved(tmp_path: Path) -> None:
    poltava, path = siting.read("poltava"), tmp_path / "a.saved"
    first = siting.solve(poltava, "relocation", seconds=5, save=path)
    goal = read_saved(path)[0]["goals"][0]
    assert first.plan is not None
    assert len(goal["closed"]) == len(first.plan.closed) > 0
    again = siting.solve(poltava, "relocation", seconds=0.5, save=path, resume=True)
    assert again.objective is not None
    assert again.objective >= goal["value"] * (1 - 1e-9)


def test_another_question_is_refused_with_what_differs(saved: Path, three_towns: Instance) -> None:
    def refused(instance: Instance, model: str | None = None, **numbers: float) -> str:
        with pytest.raises(siting.PlanError) as error:
            siting.solve(instance, model, numbers=numbers, save=saved, resume=True)
        return str(error.value)

    assert "budget was" in refused(three_towns, budget=1.5)
    assert "is 1.5" in refused(three_towns, budget=1.5)
    assert "it asks 'max_coverage', not 'min_travel_time'" in refused(three_towns, "min_travel_time")
    site = str(three_towns.sites.ids[three_towns.candidates.site[0]])
    kind = three_towns.settings.types[three_towns.candidates.type[0]].id
    assert f"{site} {kind} was as in the data, is forbidden" in refused(
        decide(three_towns, forbid=[(site, kind)])
    )
    content, arrays = read_saved(saved)
    content["question"]["files"]["places.csv"] = "0" * 64
    write_saved(saved, content, arrays)
    assert "the instance has changed: places.csv" in refused(three_towns)


def test_frames_of_other_content_are_another_question(
    tmp_path: Path, tiny: Callable[[np.random.Generator], Instance]
) -> None:
    path = tmp_path / "a.saved"
    siting.solve(tiny(np.random.default_rng(1)), save=path)
    siting.solve(tiny(np.random.default_rng(1)), save=path, resume=True)
    with pytest.raises(siting.PlanError, match="the instance has changed: data"):
        siting.solve(tiny(np.random.default_rng(2)), save=path, resume=True)


def test_no_damage_goes_unnoticed(saved: Path) -> None:
    whole, rng = saved.read_bytes(), np.random.default_rng(0)
    damaged = [whole[:cut] for cut in rng.integers(0, len(whole), 200).tolist()]
    for at in rng.integers(0, len(whole), 300).tolist():
        damaged.append(whole[:at] + bytes([whole[at] ^ (1 << int(rng.integers(8)))]) + whole[at + 1 :])
    damaged += [whole + b"x", b"", b"siting-saved-1 \n", b"\x00" * 100]
    for data in damaged:
        saved.write_bytes(data)
        with pytest.raises(siting.PlanError, match=r"a\.saved"):
            read_saved(saved)


def _forged(path: Path, change: Callable[[dict[str, Any], list[np.ndarray]], None]) -> None:
    """Change a saved solve and sign it again."""
    content, arrays = read_saved(path)
    arrays = [array.copy() for array in arrays]
    change(content, arrays)
    write_saved(path, content, arrays)


@pytest.mark.parametrize(
    "change",
    [
        lambda content, arrays: arrays[4].__setitem__(0, np.nan),
        lambda content, arrays: arrays[4].__setitem__(0, -1.0),
        lambda content, arrays: arrays[0].__setitem__(0, 999),
        lambda content, arrays: arrays.__setitem__(4, arrays[4][:-1]),
        lambda content, arrays: arrays.clear(),
        lambda content, arrays: content.pop("goals"),
        lambda content, arrays: content.update(goals=7, question=None),
        lambda content, arrays: content["goals"][0]["opened"].append(["nowhere", "x", "", ""]),
        lambda content, arrays: content["goals"][0]["units"].append(1),
        lambda content, arrays: content["goals"][0]["point"].update(tau=[1]),
        lambda content, arrays: content["goals"][0]["point"].update(arrays=[99]),
        lambda content, arrays: content["ids"].update(place="elsewhere"),
    ],
)
def test_forged_content_is_refused(saved: Path, three_towns: Instance, change: Any) -> None:
    _forged(saved, change)
    with pytest.raises(siting.PlanError, match=r"a\.saved: is broken"):
        siting.solve(three_towns, save=saved, resume=True)


def test_no_array_is_larger_than_the_file(saved: Path) -> None:
    head = json.dumps({"arrays": [["f8", 1 << 60]]}).encode() + b"\n"
    saved.write_bytes(f"siting-saved-1 {hashlib.sha256(head).hexdigest()}\n".encode() + head)
    with pytest.raises(siting.PlanError, match="an array is not there"):
        read_saved(saved)


def test_no_number_in_the_file_is_believed(saved: Path, three_towns: Instance) -> None:
    """Values, bounds and absurd multipliers change nothing about the answer."""
    right = siting.solve(three_towns, method="decomposition")

    def lie(content: dict[str, Any], arrays: list[np.ndarray]) -> None:
        for goal in content["goals"]:
            goal.update(value=1e12, bound=0.0)
        for array in arrays:
            if array.dtype.kind == "f":
                array[:] = 1e300

    _forged(saved, lie)
    found = siting.solve(three_towns, method="decomposition", save=saved, resume=True)
    for one, other in zip(figures(found), figures(right), strict=True):
        assert one == pytest.approx(other, rel=1e-9)
    assert found.status is Status.OPTIMAL


def test_a_disk_that_refuses_is_a_warning_and_nothing_else(
    tmp_path: Path, three_towns: Instance, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    found = siting.solve(three_towns, method="decomposition", save=tmp_path / "file" / "a.saved")
    assert found.status is Status.OPTIMAL
    assert len([one for one in caplog.records if "without being saved" in one.getMessage()]) == 1


def test_nothing_to_resume_names_the_path(tmp_path: Path, three_towns: Instance) -> None:
    with pytest.raises(siting.PlanError, match=r"a\.saved: there is no saved solve to resume"):
        siting.solve(three_towns, save=tmp_path / "a.saved", resume=True)
    with pytest.raises(siting.ModelError, match="resume needs save"):
        siting.solve(three_towns, resume=True)


def test_short_solves_leave_nothing(
    tmp_path: Path, three_towns: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_SECONDS", 5.0)
    siting.solve(three_towns, save=tmp_path / "a.saved")
    assert not list(tmp_path.iterdir())


def test_the_command_removes_what_is_done_and_keeps_what_was_stopped(tmp_path: Path) -> None:
    out, path = tmp_path / "plan", tmp_path / "plan.saved"
    runner = CliRunner()
    stopped = runner.invoke(app, ["solve", "poltava", "--seconds", "0.5", "--out", str(out), "--quiet"])
    assert stopped.exit_code == 0
    assert path.exists()
    assert "continue with: siting" in stopped.stderr
    done = runner.invoke(app, ["solve", "poltava", "--gap", "0.5", "--out", str(out), "--resume", "--quiet"])
    assert done.exit_code == 0
    assert not path.exists()
    assert "continue with" not in done.stderr
    missing = runner.invoke(app, ["solve", "poltava", "--out", str(out), "--resume", "--quiet"])
    assert missing.exit_code == 2
    assert str(path) in missing.stderr


_ALWAYS = """
import sys
from siting.methods import saver
saver.FIRST_SECONDS, saver.EVERY_SECONDS, saver.COST = 0.0, 0.0, 0.0
from siting.cli import main
sys.argv[1:] = {arguments!r}
main()
"""


def _killed(path: Path, wait: float, *arguments: str) -> None:
    """Start a solve and kill it some seconds after it has saved itself for the first time."""
    command = [sys.executable, "-c", _ALWAYS.format(arguments=list(arguments))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not path.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(wait)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["min_travel_time", "max_coverage", "regional_floors"])
def test_killed_at_any_moment_it_goes_on_no_worse(tmp_path: Path, model: str) -> None:
    """While it saves itself all the time, so that most kills come in the middle of it."""
    out, path, rng = tmp_path / "plan", tmp_path / "plan.saved", np.random.default_rng(0)
    poltava = siting.read("poltava")
    for wait in rng.uniform(0.0, 1.5, 4).tolist():
        path.unlink(missing_ok=True)
        _killed(path, wait, "solve", "poltava", "--model", model, "--seconds", "60", "--out", str(out))
        if not path.exists():  # it was quicker than the kill
            continue
        goal = read_saved(path)[0]["goals"][0]
        again = siting.solve(poltava, model, seconds=0.5, save=path, resume=True)
        first = again.achieved[0]
        sign = 1.0 if first.maximize else -1.0
        assert first.bound is not None
        assert sign * (first.value - goal["value"]) >= -1e-9 * abs(goal["value"])
        if goal["bound"] is not None:
            assert sign * (goal["bound"] - first.bound) >= -1e-9 * abs(goal["bound"])
