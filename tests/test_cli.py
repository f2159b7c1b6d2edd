"""The command line: what it prints, where, and the exit codes."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

import siting
from siting import engine
from siting.cli import app
from siting.errors import SolverError
from siting.instance import Instance
from siting.methods import METHODS
from siting.model import bundled_models
from siting.plan import Status, Termination
from siting.result import Progress, Result
from siting.terminal import progress, words
from siting.terminal.interrupt import stoppable
from siting.terminal.proved import PROVED
from siting.terminal.report import full_coverage, proof

ROOT = Path(__file__).resolve().parent.parent
THREE_TOWNS = ROOT / "instances" / "three_towns"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom siting.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "solve" in done.stdout
    heavy = {"numpy", "pandas", "scipy", "numba", "pulp", "highspy", "networkx"}
    assert not heavy & set(done.stderr.split())


def test_solve_writes_a_plan_and_says_what_came_out(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("solve", "three_towns")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "plans" / "three_towns-max_coverage"
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["objective"] == 44_700
    for text in (
        "Proved optimal: no plan within the limits is better.",
        "Where do the new facilities go so that the most people are reached within the standard?",
        "44,700",
        "10.00 of 10.00 (100.00 %)",
        "With new.fire_department 2, new.security_center 1, budget 10, unserved 240.",
        "Recommended sites",
        "1  Lypa  West    security_center",
        "6 of 6 places, with 100.00 % of the people, are generated, not observed.",
        "plans/three_towns-max_coverage/",
    ):
        assert text in done.stdout, text


def test_json_alone_on_stdout(run: Callable[..., Any]) -> None:
    done = run("solve", "three_towns", "--model", "min_travel_time", "--json", "--out", "here")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == json.loads(Path("here/summary.json").read_text(encoding="utf-8"))
    assert "Proved optimal" in done.stderr


def test_numbers_reach_the_model(run: Callable[..., Any]) -> None:
    done = run("solve", "three_towns", "--set", "budget=8", "--set", "new.fire_department=0", "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert (summary["numbers"]["budget"], summary["facilities"]["fire_department"]["new"]) == (8, 0)


@pytest.mark.parametrize(
    ("arguments", "complaints"),
    [
        (("three_town",), ["did you mean 'three_towns'?"]),
        (("three_towns", "--model", "max_covrage"), ["did you mean 'max_coverage'?"]),
        (("three_towns", "--model", "nowhere.toml"), ["nowhere.toml: there is no such file"]),
        (("three_towns", "--set", "bugdet=3"), ["'bugdet'", "did you mean 'budget'?"]),
        (
            ("three_towns", "--set", "budget", "--set", "new.x=many"),
            ["--set budget: must be NAME=NUMBER", "--set new.x=many: must be NAME=NUMBER"],
        ),
        (("three_towns", "--solver", "hihgs"), ["unknown solver 'hihgs'"]),
        (("three_towns", "--method", "exakt"), ["unknown method 'exakt'"]),
    ],
)
def test_bad_input(run: Callable[..., Any], arguments: tuple[str, ...], complaints: list[str]) -> None:
    done = run("solve", *arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    told = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert all(any(text in line for line in told) for text in complaints), done.stderr
    assert not list(Path.cwd().iterdir())


def test_every_complaint_of_a_broken_instance(run: Callable[..., Any], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(THREE_TOWNS, broken)
    (broken / "places.csv").write_text(
        (broken / "places.csv").read_text(encoding="utf-8").replace("8000", "-8").replace("2000", "many"),
        encoding="utf-8",
    )
    done = run("solve", "broken")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 2
    assert "broken/places.csv:2 population: '-8' must be >= 0 (people)" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]


def test_other_folders_are_refused_before_solving(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    monkeypatch.setattr(engine, "solve", lambda *_, **__: pytest.fail("solved in vain"))
    done = run("solve", "three_towns", "--out", "thesis")
    assert done.exit_code == 2
    assert "thesis: is no plan folder and is not overwritten" in done.stderr


def test_infeasible(run: Callable[..., Any], tmp_path: Path) -> None:
    copy = tmp_path / "towns"
    shutil.copytree(THREE_TOWNS, copy)
    text = (copy / "candidates.csv").read_text(encoding="utf-8")
    (copy / "candidates.csv").write_text(
        text.replace("lypa,security_center,8,candidate", "lypa,security_center,8,required"), encoding="utf-8"
    )
    done = run("solve", "towns", "--set", "budget=5", "--json")
    assert done.exit_code == 3, done.output
    assert "Proved infeasible: no plan satisfies all limits." in done.stderr
    summary = json.loads(done.stdout)
    assert summary["status"] == "infeasible"
    assert summary["clashes"]
    for limit in summary["conflict"]["limits"]:
        assert limit["label"] in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["towns"]


def test_no_plan_in_time(
    run: Callable[..., Any],
    three_towns: Instance,
    opened: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = replace(
        opened(three_towns), plan=None, achieved=(), status=Status.UNKNOWN, termination=Termination.TIME
    )
    monkeypatch.setattr(engine, "solve", lambda *_, **__: result)
    done = run("solve", "three_towns")
    assert done.exit_code == 4
    assert "No plan was found before the solve stopped (time limit)" in done.stderr
    assert not list(Path.cwd().iterdir())


def test_a_failing_solver_is_told_from_bad_input(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SolverError("the solver crashed")

    monkeypatch.setattr(engine, "solve", fail)
    done = run("solve", "three_towns")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, "error: the solver crashed")


def test_check_accepts_a_plan_and_finds_a_forged_one(run: Callable[..., Any]) -> None:
    run("solve", "three_towns", "--out", "plan")
    assert run("check", "three_towns", "plan").exit_code == 0
    assert run("check", "three_towns", "plan/sites.csv").exit_code == 0
    sites = Path("plan/sites.csv")
    sites.write_text(
        sites.read_text(encoding="utf-8").replace("18900,20900", "19900,20900"), encoding="utf-8"
    )
    done = run("check", "three_towns", "plan")
    assert done.exit_code == 1
    assert "19900" in done.stdout.replace(",", "")
    assert run("check", "three_towns", "nowhere").exit_code == 2
    done = run("check", "poltava", "plan")
    assert done.exit_code == 2
    assert "the plan was made for 'three_towns', not for 'poltava'" in done.stderr


OWN_MODEL = """\
title = "Cheapest network"
question = "What does it cost to reach enough people in time?"
source = "own"
minimize = { measure = "cost" }
limits = [{ measure = "people_within", at_least = "$enough" }]

[parameters]
enough = { unit = "weighted people", about = "people to reach in time" }
"""


def test_own_model(run: Callable[..., Any]) -> None:
    """The plan folder is checked without the file; what changes in its copy is named."""
    mine = Path("mine.toml")
    mine.write_bytes(OWN_MODEL.replace("\n", "\r\n").encode("utf-8-sig"))
    done = run("solve", "three_towns", "--model", mine, "--set", "enough=20000")
    assert done.exit_code == 0, done.output
    plan = Path("plans/three_towns-mine")
    mine.unlink()
    done = run("check", "three_towns", plan)
    assert done.exit_code == 0, done.output
    summary = json.loads((plan / "summary.json").read_text(encoding="utf-8"))
    assert (summary["model"]["name"], summary["model"]["file"]) == ("mine", "mine.toml")
    copy = plan / "model.toml"
    assert copy.read_bytes() == OWN_MODEL.replace("\n", "\r\n").encode()
    copy.write_bytes(copy.read_bytes().replace(b"Cheapest", b"Dearest"))
    done = run("check", "three_towns", plan)
    assert done.exit_code == 1
    assert "model.toml has changed since the plan was made with mine.toml" in done.stdout


def test_sites_by_hand_under_another_model(run: Callable[..., Any]) -> None:
    mine = Path("mine.toml")
    mine.write_text(OWN_MODEL.replace('"$enough"', "44700").split("[parameters]")[0], encoding="utf-8")
    Path("sites.csv").write_text("site_id,type\nlypa,security_center\n", encoding="utf-8")
    assert run("check", "three_towns", "sites.csv").exit_code == 0
    done = run("check", "three_towns", "sites.csv", "--model", mine)
    assert done.exit_code == 1
    assert "limit people_within >= 44700 weighted people: 40700 is 4000 too little" in done.stdout
    run("solve", "three_towns", "--out", "plan")
    done = run("check", "three_towns", "plan", "--model", mine)
    assert done.exit_code == 2
    assert "a plan folder brings its own model" in done.stderr


def test_lists(run: Callable[..., Any]) -> None:
    models = run("models").stdout
    assert "max_coverage  Most people within the response standard" in models
    assert "min_travel_time" in models
    shown = run("models", "max_coverage", "--math").stdout
    assert "new.TYPE" in shown
    assert "sum_i w_i [t_i <= S_i]" in shown
    assert "three_towns  Three towns" in run("instances").stdout
    content = run("instances", "three_towns").stdout
    assert "6 with 20,900 people" in content
    assert "invented for siting (CC0 1.0)" in content
    assert run("models", "nothing").exit_code == 2
    assert run("instances", "nothing").exit_code == 2


def test_models_are_listed_with_methods_and_sizes(run: Callable[..., Any]) -> None:
    told = run("models").stdout.splitlines()
    at = told.index("max_coverage  Most people within the response standard")
    assert told[at + 2].startswith("    methods: exact, decomposition")
    assert told[at + 3].startswith("    on two cores: ukraine: ")
    Path("mine.toml").write_text(OWN_MODEL, encoding="utf-8")
    told = run("models", "mine.toml").stdout.splitlines()
    assert told[2].startswith("    methods: set_cover, exact")
    assert told[3] == "    own"


def test_the_help_names_every_method(run: Callable[..., Any]) -> None:
    assert "|".join(["auto", *METHODS]) in run("solve", "--help").stdout


def test_every_bundled_model_tells_where_it_was_proved() -> None:
    assert sorted(PROVED) == bundled_models()


def test_only_bundled_models_tell_where_they_were_proved() -> None:
    assert set(PROVED) <= set(bundled_models())


def test_the_first_signal_stops_the_second_aborts() -> None:
    def work(stop: threading.Event) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return stop.wait(5)

    before = signal.getsignal(signal.SIGINT)
    assert stoppable(work)
    assert signal.getsignal(signal.SIGINT) is before
    script = (
        "import os, signal, time\nfrom siting.terminal.interrupt import stoppable\n"
        "def work(stop):\n"
        "    os.kill(os.getpid(), signal.SIGTERM); stop.wait(5)\n"
        "    os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)\n"
        "stoppable(work)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=20
    )
    assert done.returncode == 130
    assert done.stderr.rstrip().endswith("aborted")


def test_what_the_work_raises_is_raised() -> None:
    def work(stop: threading.Event) -> None:
        raise SolverError("no")

    with pytest.raises(SolverError, match="no"):
        stoppable(work)


def test_progress_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Progress("improving", 12.0, 0, "people_within", 900.0, 909.0)
    assert progress.known(report) == ["people_within 900", "bound 909", "gap 1.00 %"]
    monkeypatch.setattr(progress, "PLAIN_EVERY", 0.05)
    out = io.StringIO()
    with progress.shown(Console(file=out, width=40)) as show:
        show(report)
        time.sleep(0.3)
    lines = out.getvalue().splitlines()
    assert 2 <= len(lines) <= 6
    assert all("people_within 900" in line for line in lines)


def test_the_live_line_is_gone_afterwards() -> None:
    out = io.StringIO()
    with progress.shown(Console(file=out, force_terminal=True, width=80)) as show:
        show(Progress("improving", 1.0, 0, "people_within", None, None))
    assert "improving" in out.getvalue()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": Status.OPTIMAL}, "Proved optimal: no plan within the limits is better."),
        ({}, "Within 1.00 %: certified, no plan is better by more, which is 1.26 % of what"),
        ({"status": Status.HEURISTIC}, "Heuristic, a checked plan without a bound"),
    ],
)
def test_proof_in_words(
    three_towns: Instance, opened: Callable[..., Result], changes: dict[str, Any], text: str
) -> None:
    result = replace(opened(three_towns, "lypa:security_center", "dub:fire_department"), **changes)
    assert proof(result.summary).startswith(text)


@pytest.mark.parametrize(
    ("first", "later", "text"),
    [
        (0.0, 0.00071, "Proved optimal in people_within; travel_time could be better by 0.0710 % at most"),
        (1e-12, None, "Proved optimal in people_within; travel_time could be better by an unknown amount"),
        (3e-8, 0.0, "Within 0.0001 %: certified, no plan is better by more, which is 1.00 % of what"),
        (None, 0.0, "A checked plan with a certified bound of 9,999 (time limit)."),
    ],
)
def test_partial_proof_in_words(first: float | None, later: float | None, text: str) -> None:
    goals = [
        {"measure": "people_within", "gap": first, "bound": 9999.0, "gap_of_gain": 0.01},
        {"measure": "travel_time", "gap": later, "bound": None, "gap_of_gain": None},
    ]
    assert proof({"status": "bounded", "termination": "time", "objectives": goals}).startswith(text)


def test_full_coverage_in_words() -> None:
    full = {"sites": 2409, "reached": False, "beyond": 1014}
    assert full_coverage({"full_coverage": full}) == (
        "To cover everybody who can be covered, 2,409 new facilities would be enough, 1,014 of them "
        "not in this plan."
    )
    full = {"sites": 3, "reached": True, "beyond": 0}
    assert "3 new facilities are enough" in full_coverage({"full_coverage": full})
    assert full_coverage({"full_coverage": None}) == ""


def test_words_never_round_a_proof() -> None:
    assert [words.share(value) for value in (None, 0.5, 0.99999, 1.0)] == [
        "-",
        "50.00 %",
        "99.99 %",
        "100.00 %",
    ]
    assert [words.gap(value) for value in (None, 0.0, 1e-10, 1e-8, 5e-6, 0.0021, 0.00211, 0.12, 12.0)] == [
        "-", "0 %", "0 %", "< 0.0001 %", "0.0005 %", "0.21 %", "0.22 %", "12.00 %", "1,200.00 %",
    ]  # fmt: skip
    assert [words.amount(value) for value in (None, 3.0, 3.14159, 1234.5)] == ["-", "3", "3.14", "1,234"]


def test_public_names() -> None:
    for name in siting.__all__:
        assert getattr(siting, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'sole'"):
        siting.sole  # noqa: B018
