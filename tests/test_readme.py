"""The README tells the truth: its commands run, its output comes out, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siting.cli import app
from siting.readers import READERS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def command(name: str) -> str:
    """The one line that stands under a marker; .ci/run finds it the same way."""
    found = re.search(rf"<!-- command: {name} -->\n```sh\n([^\n]+)\n```", README)
    assert found, f"README.md has no command {name!r}"
    return found[1]


def test_it_opens_with_two_commands() -> None:
    assert [block.strip() for block in blocks("sh")] == [command("solve"), command("test")]
    assert README.index(command("test")) < 1000


def test_each_command_sets_itself_up() -> None:
    for name, extra in (("solve", "."), ("test", "'.[test]'")):
        create, install, run = command(name).split(" && ")
        folder = create.removeprefix("python3 -m venv ")
        assert (ROOT / ".gitignore").read_text(encoding="utf-8").find(".venv*") >= 0
        assert folder.startswith(".venv")
        assert install == f"{folder}/bin/pip install --quiet {extra}"
        assert run.startswith(f"{folder}/bin/")


def test_the_solve_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = shlex.split(command("solve").split(" && ")[-1])
    assert run[1:] == ["solve", "instances/ukraine"]
    (tmp_path / "instances").symlink_to(ROOT / "instances")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["solve", "instances/three_towns"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "plans" / "three_towns-max_coverage" / "sites.csv").exists()


def test_shown_output_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = next(block for block in blocks("console") if block.startswith("$ siting solve three_towns"))
    first, *expected = shown.splitlines()
    done = CliRunner().invoke(app, shlex.split(first)[2:])
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[: len(expected)] == expected


def test_usage_names_every_command_and_option() -> None:
    usage = next(block for block in blocks("console") if "INSTANCE [--model" in block)
    for name in re.findall(r"^\$ siting ([\w-]+)", usage, re.MULTILINE):
        done = CliRunner().invoke(app, [name, "--help"])
        assert done.exit_code == 0
        options = set(re.findall(r"^  (--\w+)", done.stdout, re.MULTILINE))
        part = usage[usage.index(f"siting {name}") :].split("$ ")[0]
        assert options == set(re.findall(r"--\w+", part)), name


def test_usage_names_every_option_of_every_import() -> None:
    usage = next(block for block in blocks("console") if block.startswith("$ siting import osm FILE"))
    regional, benchmarks = usage.split("   all of these: ")
    everywhere = set(re.findall(r"--[\w-]+", benchmarks.split("   all kinds: ")[1]))
    common = set(re.findall(r"--[\w-]+", benchmarks.splitlines()[0])) | everywhere
    kinds = set()
    for part, more in ((regional, common), (benchmarks.partition("\n")[2], everywhere)):
        for line in part.split("siting import ")[1:]:
            kind, _, rest = line.partition(" ")
            kinds.add(kind)
            done = CliRunner().invoke(app, ["import", kind, "--help"])
            options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", done.stdout, re.MULTILINE)) - {"--help"}
            listed = set(re.findall(r"--[\w-]+", rest.partition("   all")[0])) | more
            assert options == listed, kind
    assert kinds == READERS.keys() - {"folder"}


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_examples_run(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example = blocks("python")[number].replace("instances/ukraine", "three_towns")
    exec(compile(example, "README.md", "exec"), {})


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_exit_codes_are_those_of_the_command() -> None:
    from siting import cli
    from siting.terminal.interrupt import ABORTED

    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert listed == {cli.DELIVERED, cli.FAILED, cli.BAD_INPUT, cli.INFEASIBLE, cli.NO_PLAN, ABORTED}


def test_every_measured_figure_is_filled_in() -> None:
    assert "MEASURE" not in README
