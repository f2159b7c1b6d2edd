"""What helps while typing: completion by the shell, examples in the help, the nearest name."""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import siting
from siting.cli import app
from siting.instance.settings import numbers as settings_numbers
from siting.terminal import complete

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


# Completion.


def completed(line: str, folder: Path) -> list[str]:
    """What bash would offer at the end of a line."""
    words = shlex.split(line) + ([""] if line.endswith(" ") else [])
    changes = {"_SITING_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, [], prog_name="siting", env=changes)
    assert not done.stderr
    return str(done.stdout).split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("siting so", ["solve"]),
        ("siting solve th", ["three_towns"]),
        ("siting solve three_towns --model max_c", ["max_coverage"]),
        ("siting solve three_towns --method de", ["decomposition"]),
        ("siting solve three_towns --solver c", ["cbc"]),
        ("siting solve three_towns --set bud", ["budget="]),
        ("siting solve three_towns --model set_cover --set sh", ["share="]),
        ("siting models wor", ["worst_off"]),
        ("siting check pol", ["poltava"]),
        ("siting import o", ["osm", "od", "orlib"]),
        ("siting solve nothing --set new.", []),
    ],
)
def test_shells_complete(line: str, offered: list[str], tmp_path: Path) -> None:
    assert completed(line, tmp_path) == offered


def test_numbers_are_offered_by_member(tmp_path: Path) -> None:
    offered = completed("siting solve three_towns --set new", tmp_path)
    assert sorted(offered) == ["new.fire_department=", "new.security_center=", "new="]


def test_what_lies_here_is_offered_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "instance.toml").write_text('title = "Mine"\n[parameters]\nbudget = 3\n')
    (tmp_path / "own.toml").write_text('title = "Own"\nmaximize = { measure = "people_within" }\n')
    (tmp_path / "other.toml").write_text("broken [")
    monkeypatch.chdir(tmp_path)
    assert complete.instances("mi") == [("mine", "Mine")]
    assert complete.models("o") == [("own.toml", "Own")]


@pytest.mark.parametrize("model", ["max_coverage", "staffing", "hierarchy", "co_financing", "rollout"])
def test_every_offered_number_can_be_set(run: Callable[..., Any], model: str) -> None:
    """The light reading for shells agrees with the real one."""
    offered = completed(f"siting solve poltava --model {model} --set ", Path.cwd())
    assert len(offered) > 40
    own = {one[:-1] for one in offered} - settings_numbers(siting.read("poltava").settings).keys()
    done = run(
        "solve", "poltava", "--model", model, *(part for one in own for part in ("--set", f"{one}=-1"))
    )
    assert done.exit_code == 2
    assert "unknown" not in done.stderr


def test_a_shell_gets_no_complaints(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    for text in (
        "types = 3",
        "services = [1]\nparameters = 'x'",
        "[types]\na = 1\n[services.x]\nstandard = 2",
        "?",
    ):
        (tmp_path / "odd" / "instance.toml").write_text(text)
        assert completed("siting solve odd --set bud", tmp_path) == ["budget="]


def test_completion_can_be_installed() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert "--install-completion" in done.stdout
    assert "--show-completion" in done.stdout


def test_completion_reads_nothing_heavy() -> None:
    script = "import sys; from siting.terminal import complete; complete.models(''); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert not {"numpy", "pandas", "numba", "rich.live"} & set(done.stdout.split())


# Help, and typing errors.


def commands(group: Any = None, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that lead to it."""
    for name, command in (group or typer.main.get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name), command


@pytest.mark.parametrize(("name", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in commands()])
def test_every_help_has_examples_that_parse(name: tuple[str, ...], command: Any) -> None:
    told = CliRunner().invoke(app, [*name, "--help"]).stdout
    examples = re.findall(r"^    siting (.*)$", told, re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert tuple(words[: len(name)]) == name
        command.make_context(name[-1], words[len(name) :])


def test_examples_on_small_instances_run(run: Callable[..., Any]) -> None:
    ran = 0
    for name, _ in commands():
        told = CliRunner().invoke(app, [*name, "--help"]).stdout
        for example in re.findall(r"^    siting (.*)$", told, re.MULTILINE):
            if "three_towns" in example or name[0] in ("models", "instances"):
                assert run(*shlex.split(example)).exit_code == 0, example
                ran += 1
    assert ran >= 6


@pytest.mark.parametrize(
    ("arguments", "guess"),
    [
        (("slove",), "'solve'"),
        (("import", "osmm"), "'osm'"),
        (("solve", "three_towns", "--modle", "x"), "--model"),
        (("solve", "three_twons"), "did you mean 'three_towns'?"),
        (("models", "max_covrage"), "did you mean 'max_coverage'?"),
        (("solve", "three_towns", "--set", "new.fire_departmant=2"), "did you mean 'new.fire_department'?"),
        (
            ("solve", "three_towns", "--set", "services.fire_rescue.vehicle_facto=2"),
            "did you mean 'services.fire_rescue.vehicle_factor'?",
        ),
        (("solve", "three_towns", "--method", "exakt"), "did you mean 'exact'?"),
        (("solve", "three_towns", "--solver", "hihgs"), "did you mean 'highs'?"),
    ],
)
def test_the_nearest_name_is_suggested(
    run: Callable[..., Any], arguments: tuple[str, ...], guess: str
) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert guess in done.stderr
    assert "Traceback" not in done.stderr
