"""Faults of people, disks and systems: the plan that is there stays whole, and one line says what happened.

A sample of each; test_faults_everywhere.py has every moment of each.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults.client import INT, KILL, NEW, OLD, SOLVE, TERM, Server, budget, content, leftovers

import siting
from siting.errors import PlanError
from siting.instance import Instance
from siting.result import Result
from siting.whole import PREFIX

pytestmark = pytest.mark.skipif(os.name == "nt", reason="faults are injected by means of POSIX")


pytest_plugins = ["faults.fixtures"]

# Signals.


@pytest.mark.parametrize(
    ("at", "signals", "code", "told"),
    [
        ("siting.readers:read", [INT], 130, "aborted"),
        ("siting.engine:build_responses", [TERM], 4, "stopping with the best plan so far; once more aborts"),
        pytest.param("siting.engine:build_responses", [INT, INT], 130, "aborted", marks=pytest.mark.slow),
        ("siting.methods.highs:solve", [TERM, TERM], 130, "aborted"),
        ("siting.writers:write", [TERM], 0, "writing the plan and what proves it; once more aborts"),
        pytest.param("siting.writers:write", [INT, TERM], 130, "aborted", marks=pytest.mark.slow),
    ],
)
def test_signals(server: Server, folder: Path, at: str, signals: list[int], code: int, told: str) -> None:
    done = server(folder, *SOLVE, at=at, signals=signals)
    assert (done.code, leftovers(folder)) == (code, []), done.err
    assert any(line.startswith(told) for line in done.told), done.err
    assert budget(folder / "plan") == (NEW if code == 0 else OLD)


def test_a_signal_during_the_report_leaves_the_plan(server: Server, folder: Path) -> None:
    pytest.importorskip("bokeh")
    done = server(folder, *SOLVE, "--report", at="siting.report:write_report", signals=[INT])
    assert done.code == 130
    assert done.told[-1] == "aborted: plan/ is whole; siting report plan writes its report"
    assert budget(folder / "plan") == NEW
    assert not (folder / "plan" / "report.html").exists()


@pytest.mark.slow
def test_what_nohup_ignores_is_ignored(server: Server, folder: Path) -> None:
    ignored = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    done = server(folder, *SOLVE, before=ignored, at="siting.readers:read", signals=[INT, INT])
    assert done.code == 0, done.err


# Killed processes.


def test_killed_while_writing(server: Server, folder: Path) -> None:
    for n in (9, 17):
        done = server(folder, *SOLVE, below=str(folder), n=n, signals=[KILL])
        assert done.code == -KILL
        assert budget(folder / "plan") in (OLD, NEW)
    assert leftovers(folder)
    assert server(folder, *SOLVE).code == 0
    assert leftovers(folder) == []


# Disks.


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (errno.ENOSPC, "No space left on device; make room there, or write elsewhere"),
        (errno.EROFS, "Read-only file system; choose a place where you may write"),
    ],
)
def test_refusing_disks(server: Server, folder: Path, code: int, told: str) -> None:
    for n in (12,):
        done = server(folder, *SOLVE, below=str(folder), n=n, errno=code, always=True)
        assert done.code == 2
        assert done.told[-1] == f"error: plan: cannot be written: {told}"
        # Hours of solving are not lost with the folder.
        assert done.told[1].startswith("rank,site_id,name,type,")
        assert budget(folder / "plan") == OLD


def test_files_may_not_grow(server: Server, folder: Path) -> None:
    done = server(folder, *SOLVE, file_size=2000)
    assert done.code == 2
    assert done.told[-1].startswith("error: plan: cannot be written: File too large; ")
    assert (budget(folder / "plan"), leftovers(folder)) == (OLD, [])


@pytest.mark.parametrize("out", ["/proc/plan", "/dev/null/plan", "plan/sites.csv/plan"])
def test_nowhere_to_write_is_said_before_the_solve(server: Server, folder: Path, out: str) -> None:
    done = server(folder, "solve", "three_towns", "--out", out, "--quiet")
    assert done.code == 2
    assert "cannot be written" in done.err
    assert budget(folder / "plan") == OLD


@pytest.mark.parametrize(
    ("change", "code", "kept"),
    [
        pytest.param("shutil.rmtree('plan')", 0, NEW, marks=pytest.mark.slow),
        pytest.param(
            "shutil.rmtree('plan'); Path('plan').write_text('mine')", 2, "mine", marks=pytest.mark.slow
        ),
        ("shutil.rmtree('plan'); Path('plan').mkdir(); Path('plan/thesis').write_text('mine')", 2, "mine"),
        pytest.param("Path('plan/thesis').write_text('mine')", 2, "mine", marks=pytest.mark.slow),
        ("os.rename('plan', 'real'); os.symlink('real', 'plan')", 2, None),
        pytest.param("shutil.rmtree('plan'); os.symlink('nowhere', 'plan')", 2, None, marks=pytest.mark.slow),
        pytest.param("shutil.rmtree(os.getcwd())", 2, None, marks=pytest.mark.slow),
    ],
)
def test_others_change_the_place_meanwhile(
    server: Server, folder: Path, change: str, code: int, kept: float | str | None
) -> None:
    """At the last moment: when everything is written and only the name is to be taken."""
    done = server(folder, *SOLVE, at="siting.whole:_put", change=change)
    assert (done.code, leftovers(folder)) == (code, []), done.err
    if code:
        assert done.told[-1].startswith("error: ")
    if kept == NEW:
        assert budget(folder / "plan") == NEW
    if kept == "mine":
        files = content(folder).values()
        assert b"mine" in files


@pytest.mark.slow
def test_two_at_once(three_towns: Instance, opened: Callable[..., Result], tmp_path: Path) -> None:
    """Whoever comes last wins, and what is there is whole at every moment."""
    plans = [
        opened(three_towns, *names, budget=budget)
        for names, budget in ((("lypa:security_center",), 9), (("dub:fire_department",), 10))
    ]
    whole = [content(siting.write(one, tmp_path / f"one{number}")) for number, one in enumerate(plans)]
    refused: list[BaseException] = []

    def work(result: Result) -> None:
        try:
            for _ in range(3):
                siting.write(result, tmp_path / "plan")
        except BaseException as error:
            refused.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused
    assert content(tmp_path / "plan") in whole
    assert leftovers(tmp_path) == []


def test_where_names_cannot_be_exchanged(
    three_towns: Instance, opened: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process killed between two renames has left no plan in place: the next writer puts it back."""
    result = opened(three_towns, "lypa:security_center")
    monkeypatch.setattr(siting.whole, "_exchange", lambda one, other: False)
    target = siting.write(result, tmp_path / "plan")
    siting.write(result, target)
    assert leftovers(tmp_path) == []
    old, aside = content(target), tmp_path / f"{PREFIX}12345678" / "replaced"
    aside.mkdir(parents=True)
    target.rename(aside / "plan")

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(siting.writers.WRITERS, "sites.csv", refuse)
    with pytest.raises(PlanError, match="No space left"):
        siting.write(result, target)
    assert (content(target), leftovers(tmp_path)) == (old, [])


# Solvers, memory, clocks.

CBC = "import pulp; pulp.PULP_CBC_CMD.path = pulp.PULP_CBC_CMD.pulp_cbc_path = os.path.abspath('cbc')"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (None, "is not installed or cannot be run"),
        ("#!/bin/sh\nkill -9 $$\n", "PULP_CBC_CMD failed"),
        pytest.param("#!/bin/sh\nexit 1\n", "PULP_CBC_CMD failed", marks=pytest.mark.slow),
    ],
)
def test_solvers_that_crash(server: Server, folder: Path, script: str | None, told: str) -> None:
    if script is not None:
        (folder / "cbc").write_text(script)
        (folder / "cbc").chmod(0o755)
    done = server(folder, *SOLVE, "--solver", "cbc", before=CBC)
    assert done.code == 1, done.err
    assert told in done.told[-1]
    assert budget(folder / "plan") == OLD


def test_highs_that_crashes(server: Server, folder: Path) -> None:
    patch = "import highspy; highspy.Highs.run = lambda self: highspy.HighsStatus.kError"
    done = server(folder, *SOLVE, before=patch)
    assert done.code == 1, done.err
    assert done.told[-1].startswith("error: HiGHS failed on the model; its status is ")
    assert budget(folder / "plan") == OLD


@pytest.mark.parametrize("megabytes", [0, 1])
def test_out_of_memory(server: Server, folder: Path, megabytes: int) -> None:
    done = server(folder, *SOLVE, memory=megabytes << 20)
    assert (done.code, len(done.told)) == (1, 1), done.err
    assert done.told[0].startswith("error: out of memory; nothing is left half-written.")
    assert (budget(folder / "plan"), leftovers(folder)) == (OLD, [])


@pytest.mark.slow
def test_clocks_that_jump(server: Server, folder: Path) -> None:
    jumps = (
        "import itertools; real = time.time; days = itertools.cycle([0, 86400, -86400]); "
        "time.time = lambda: real() + next(days)"
    )
    done = server(folder, *SOLVE, "--seconds", "30", before=jumps)
    assert done.code == 0, done.err
    assert "Proved optimal" in done.out
    assert budget(folder / "plan") == NEW


# Streams and surroundings.


def test_streams(server: Server, folder: Path) -> None:
    full = server(folder, *SOLVE, stdout="/dev/full")
    assert (full.code, full.told) == (
        1, ["error: not everything could be printed on stdout: No space left on device"],
    )  # fmt: skip
    assert budget(folder / "plan") == NEW
    closed = server(folder, *SOLVE, before="os.close(1); sys.stdout = None")
    assert (closed.code, closed.err) == (0, "")
    gone = "read, write = os.pipe(); os.close(read); os.dup2(write, 1)"
    for arguments in (("models",), ("models", "--json"), (*SOLVE, "--json")):
        pipe = server(folder, *arguments, before=gone)
        assert (pipe.code, pipe.err) == (0, ""), arguments


@pytest.mark.slow
def test_surroundings(server: Server, folder: Path) -> None:
    nothing = dict.fromkeys(("HOME", "TERM", "LANG", "COLUMNS", "XDG_CACHE_HOME"))
    assert server(folder, *SOLVE, environment=nothing).code == 0
    (folder / "away").mkdir()
    gone = server(folder, *SOLVE, before="os.mkdir('away/here'); os.chdir('away/here'); os.rmdir('../here')")
    assert gone.code == 2, gone.err
    assert gone.told[-1].startswith("error: plan: cannot be written: No such file or directory; ")
    ascii_only = "sys.stdout.reconfigure(encoding='ascii')"
    told = server(folder, "solve", "three_towns", "--out", "План", "--quiet", before=ascii_only)
    assert told.code == 0, told.err
    assert "Plan: ????/" in told.out
    assert budget(folder / "План") == NEW
