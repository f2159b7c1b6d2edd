"""What a planner sees: on terminals wide, narrow and dumb, in pipes, and while typing."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from siting.cli import app
from siting.instance import Instance
from siting.model import load_model
from siting.result import Progress
from siting.terminal import estimate, progress, sheet
from siting.terminal.streams import console, print_json

ROOT = Path(__file__).resolve().parent.parent
SITING = (sys.executable, "-m", "siting")
COLOURED = re.compile(r"\x1b\[[0-9;]*(3[0-9]|4[0-7]|9[0-7])[0-9;]*m")
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def environment(**changes: str) -> dict[str, str]:
    """The environment of a child without what would change colours or widths."""
    left_out = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **changes}


def on_terminal(folder: Path, *arguments: str, columns: int = 80, **changes: str) -> str:
    """Everything that a command prints on a terminal, codes and all."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen(
        [*SITING, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=environment(**changes),
    )
    os.close(theirs)
    told = b"".join(pieces(ours))
    os.close(ours)
    assert child.wait(60) == 0, told
    return told.decode()


def pieces(terminal: int) -> Iterator[bytes]:
    """What a terminal says until nobody has it open any more."""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            return
        if not piece:
            return
        yield piece


def in_pipe(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    """A command with pipes for stdout and stderr."""
    return subprocess.run(
        [*SITING, *arguments], capture_output=True, cwd=folder, env=environment(**changes), timeout=60
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


REPORT = Progress("close", 12.0, 0, "people_within", 46_437_657.0, 46_438_904.0)


# The live lines.


def test_a_terminal_gets_live_lines_and_then_the_summary(tmp_path: Path) -> None:
    told = on_terminal(tmp_path, "solve", "three_towns", "--seconds", "20")
    assert "\x1b[?25l" in told
    assert told.rindex("\x1b[?25h") > told.rindex("\x1b[?25l")
    assert "reading three_towns" in told
    assert COLOURED.search(told)
    summary = CODES.sub("", told)
    assert "Proved optimal: no plan within the limits is better." in summary


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal(tmp_path: Path, columns: int) -> None:
    told = CODES.sub("", on_terminal(tmp_path, "solve", "poltava", columns=columns))
    lines = re.split(r"[\r\n]+", told)
    tables = [line for line in lines if re.search(r"  \d", line)]
    assert len(tables) > 20
    assert max(map(len, tables)) <= columns
    assert "…" not in told
    assert told.count("1,386,107") == 3


def test_the_live_lines_say_what_is_known() -> None:
    line = progress._Line("starting", 60.0, 2)
    line.report(REPORT)
    out = io.StringIO()
    Console(file=out, width=80).print(line)
    first, second = out.getvalue().splitlines()
    assert first.startswith("   12.0 s  closing the gap, objective 1 of 2  ━")
    assert first.endswith("at most 48 s left")
    assert second.rstrip() == ("           people_within 46,437,657  |  bound 46,438,904  |  gap 0.0027 %")
    assert line.text() == (
        "   12.0 s  closing the gap, objective 1 of 2  |  people_within 46,437,657  |  bound 46,438,904"
        "  |  gap 0.0027 %  |  at most 48 s left"
    )


def test_no_time_left_is_promised_without_a_limit() -> None:
    line = progress._Line("starting", None, 1)
    line.report(REPORT)
    assert "left" not in line.text()
    assert "objective" not in line.text()


def test_a_dumb_terminal_gets_plain_text(tmp_path: Path) -> None:
    told = on_terminal(tmp_path, "solve", "three_towns", TERM="dumb")
    assert "\x1b" not in told
    assert "Proved optimal" in told


def test_no_color_means_no_colour(tmp_path: Path) -> None:
    assert not COLOURED.search(on_terminal(tmp_path, "solve", "three_towns", NO_COLOR="1"))


# Pipes.


def test_pipes_get_no_codes(tmp_path: Path) -> None:
    done = in_pipe(tmp_path, "solve", "three_towns", COLUMNS="60")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr == b""


def test_forced_colours_do_not_move_the_cursor_of_a_pipe(tmp_path: Path) -> None:
    done = in_pipe(tmp_path, "solve", "three_towns", FORCE_COLOR="1")
    assert b"\x1b[1m" in done.stdout
    assert b"\x1b[?25l" not in done.stderr


def test_plain_lines_come_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_EVERY", 0.1)
    out = io.StringIO()
    with progress.shown(Console(file=out, width=40)) as show:
        for _ in range(100):
            show(REPORT)
        time.sleep(0.35)
    assert 1 <= len(out.getvalue().splitlines()) <= 4
    assert progress.PLAIN_EVERY < 1


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = " ".join(map(shlex.quote, [*SITING, "models"]))
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -n 1"], capture_output=True, cwd=tmp_path, env=environment()
    )
    assert done.stdout
    assert done.stderr == b""


def test_names_that_a_stream_cannot_say(tmp_path: Path) -> None:
    named = tmp_path / "towns"
    named.mkdir()
    for file in (ROOT / "instances" / "three_towns").iterdir():
        text = file.read_text(encoding="utf-8").replace("Lypa", "Липа")
        (named / file.name).write_text(text, encoding="utf-8")
    plain = in_pipe(tmp_path, "solve", "towns", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0, plain.stderr
    assert b"1  ????  West    security_center" in plain.stdout
    escaped = in_pipe(
        tmp_path, "check", "towns", "plans/three_towns-max_coverage", "--json", PYTHONIOENCODING="ascii"
    )
    assert escaped.stdout.isascii()
    assert json.loads(escaped.stdout)["ok"]


# Quiet, and JSON.


def test_quiet_leaves_stderr_to_errors_and_warnings(run: Callable[..., Any]) -> None:
    for arguments in (
        ["solve", "three_towns", "--quiet"],
        ["solve", "three_towns", "--quiet", "--json"],
        ["solve", "poltava", "--model", "rollout", "--seconds", "5", "--quiet", "--gap", "0.1"],
    ):
        done = run(*arguments)
        assert done.exit_code == 0
        assert done.stderr == ""
        assert done.stdout
    done = run("solve", "three_towns", "--quiet", "--set", "budget=1")
    assert done.stderr.startswith("warning: the budget of 1 million UAH is below the cheapest site")
    assert run("solve", "three_town", "--quiet").stderr.startswith("error: ")


def test_a_quiet_terminal_has_no_live_lines() -> None:
    out = io.StringIO()
    with progress.shown(Console(file=out, force_terminal=True, quiet=True)) as show:
        show(REPORT)
    assert out.getvalue() == ""


def test_a_bar_without_its_characters() -> None:
    line = progress._Line("starting", 24.0, 1)
    line.report(REPORT)
    raw = io.TextIOWrapper(io.BytesIO(), "ascii")
    Console(file=raw, width=80).print(line)
    raw.seek(0)
    assert "closing the gap  ######------  at most 12 s left" in raw.read()


def test_quiet_steps(capsys: pytest.CaptureFixture[str]) -> None:
    from siting.terminal.streams import steps

    steps(quiet=True)("reading")
    assert capsys.readouterr().err == ""
    steps()("reading")
    assert capsys.readouterr().err.endswith(" s  reading\n")


def test_check_as_json(run: Callable[..., Any]) -> None:
    run("solve", "three_towns", "--out", "plan")
    told = json.loads(run("check", "three_towns", "plan", "--json").stdout)
    assert (told["ok"], told["findings"]) == (True, [])
    assert told["figures"]["objectives"][0]["value"] == 44_700
    sites = Path("plan/sites.csv")
    sites.write_text(sites.read_text(encoding="utf-8").replace("18900", "19900"), encoding="utf-8")
    done = run("check", "three_towns", "plan", "--json")
    assert done.exit_code == 1
    assert not json.loads(done.stdout)["ok"]


def test_models_as_json(run: Callable[..., Any]) -> None:
    told = json.loads(run("models", "--json").stdout)
    assert [one["name"] for one in told] == sorted(one["name"] for one in told)
    one = json.loads(run("models", "max_coverage", "--json", "--math").stdout)
    assert one["parameters"]["new"] == {
        "unit": "sites", "about": "new facilities of each type at most", "each": "type", "required": True,
        "default": None,
    }  # fmt: skip
    assert (one["parameters"]["budget"]["required"], one["parameters"]["budget"]["default"]) == (False, None)
    assert one["methods"][:2] == ["exact", "decomposition"]
    assert "sum_i" in one["math"]
    assert {**one, "math": None} == {**next(m for m in told if m["name"] == "max_coverage"), "math": None}


def test_instances_as_json(run: Callable[..., Any]) -> None:
    assert {"name": "three_towns", "title": "Three towns and three villages on one road"} in json.loads(
        run("instances", "--json").stdout
    )
    told = json.loads(run("instances", "three_towns", "--json").stdout)
    assert (told["places"], told["people"], told["travel"]) == (6, 20_900, {"nodes": 6, "edges": 10})
    assert told["types"]["security_center"]["planned"] == 1
    assert told["services"]["fire_rescue"]["standard_minutes"]["village"] == 20


def test_json_is_escaped_where_it_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, text in (
        ("ascii", b'"\\u041b"\n'),
        ("utf-8", '"Л"\n'.encode()),
        ("cp1252", b'"\\u041b"\n'),
    ):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, newline="\n"))
        print_json("Л")
        sys.stdout.flush()
        assert raw.getvalue() == text


# Ctrl-C.


SLOWLY = """
import pathlib, sys, time
import siting.readers
from siting.__main__ import main

def read(name):
    pathlib.Path("began").touch()
    time.sleep(60)

siting.readers.read = read
main()
"""


@pytest.mark.parametrize("live", [True, False])
def test_ctrl_c_before_the_solve_is_one_line(tmp_path: Path, live: bool) -> None:
    """While the instance is read, nothing is lost by stopping at once."""
    ours, theirs = os.openpty() if live else os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", SLOWLY, "solve", "waits"],
        stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment(),
    )  # fmt: skip
    os.close(theirs)
    while not (tmp_path / "began").exists():
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 130
    told = CODES.sub("", b"".join(pieces(ours)).decode())
    os.close(ours)
    lines = [line for line in re.split(r"[\r\n]+", told) if line.strip() and "reading waits" not in line]
    assert lines == ["aborted"]
    assert not (tmp_path / "plans").exists()


# Tables.


def shown(width: int, *rows: tuple[str, ...], words_first: int = 1) -> str:
    """A table on a console of some width."""
    head, *body = rows
    table = sheet.table(head, words_first)
    for one in body:
        sheet.row(table, *one)
    out = io.StringIO()
    sheet.show(Console(file=out, width=width), table)
    return out.getvalue()


def test_narrow_tables_come_in_parts_with_their_numbers_whole() -> None:
    head = ("", *(f"column {n}" for n in range(12)))
    rows = [(f"region of {name}", *(f"{n:,}" for n in range(10**6, 13 * 10**6, 10**6))) for name in "AB"]
    told = shown(60, head, *rows)
    assert all(len(line) <= 60 for line in told.splitlines())
    for number in rows[0][1:]:
        assert told.split().count(number) == 2
    assert told.count("region of A") == len(told.split("\n\n")) > 1


def test_wide_tables_stay_in_one_piece() -> None:
    assert shown(80, ("", "people"), ("Lypa", "5,000")).splitlines() == ["      people", "Lypa   5,000"]


@pytest.mark.parametrize("name", ["Л" * 10_000, "word " * 2000, "漢" * 300])
def test_long_names_do_not_break_tables(name: str) -> None:
    told = shown(80, ("", "name", "people"), ("1", name, "1,234,567"), words_first=2)
    lines = told.splitlines()
    assert len(lines) <= 4
    assert lines[1].endswith("1,234,567")


def test_names_cannot_steer_the_terminal() -> None:
    told = shown(80, ("", "people"), ("\x1b[2J[red]Lypa[/]\u202e\r\nx", "1"))
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "[red]Lypa[/]" in told
    assert len(told.splitlines()) == 2
    out = io.StringIO()
    sheet.line(Console(file=out, force_terminal=True), "\x1b[2J\x9b2Jhere")
    assert out.getvalue() == "\ufffd[2J\ufffd2Jhere\n"


# Time, said before.


def test_a_large_solve_is_announced(three_towns: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model("max_coverage")
    assert estimate.estimate(three_towns, model, None) == ""
    monkeypatch.setattr(estimate, "LARGE", 1)
    assert estimate.estimate(three_towns, model, None) == (
        "usually within about 70 s (6 places, 2 objectives); Ctrl-C keeps the best plan so far"
    )
    assert estimate.estimate(three_towns, model, 30) == ""
    assert [estimate.spoken(seconds) for seconds in (1, 61, 90, 91, 240.1)] == [
        "10 s", "70 s", "90 s", "2 minutes", "5 minutes",
    ]  # fmt: skip


def test_a_pipe_is_wide_enough_for_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert console().width == 140
    assert not console().is_interactive
