"""Faults at every moment: every operation on the disk, random moments, many sizes of memory."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from faults.client import (
    INT,
    KILL,
    NEW,
    OLD,
    ROOT,
    SOLVE,
    TERM,
    Server,
    budget,
    leftovers,
    operations,
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="faults are injected by means of POSIX"),
]
pytest_plugins = ["faults.fixtures"]

KINDS = ("geojson", "gpkg", "xlsx", "parquet", "lp")
COMMANDS = {
    "solve": SOLVE,
    "report": ("report", "plan", "--png", "map.png"),
    "explain": ("explain", "plan", "--out", "reasons.csv", "--quiet"),
    "compare": ("compare", "plan", "plan", "--out", "differences"),
    "frontier": ("frontier", "three_towns", "--sweep", "budget=8,10", "--out", "frontier", "--quiet"),
    "import": ("import", "od", "times.csv", "--out", "imported", "--replace"),
    **{kind: ("export", "plan", "--out", f"plan.{kind}") for kind in KINDS},
}
"""Every command that writes."""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_operation_of_every_command_may_fail(server: Server, folder: Path, command: str) -> None:
    """A disk that is full from the n-th operation on, and a process killed at it, for all n."""
    (folder / "times.csv").write_text("origin,destination,minutes\na,a,0\na,b,5\nb,a,6\nb,b,0\n")
    arguments = COMMANDS[command]
    count = operations(server, folder, *arguments)
    assert count >= 4
    for n in range(1, count + 1):
        full = server(folder, *arguments, below=str(folder), n=n, errno=errno.ENOSPC, always=True)
        assert full.code in (0, 1, 2), (n, full.err)
        assert leftovers(folder) == []
        if full.code:
            assert full.told[-1].startswith("error: "), full.err
            assert "No space left on device" in full.told[-1]
        assert budget(folder / "plan") in (OLD, NEW)
        killed = server(folder, *arguments, below=str(folder), n=n, signals=[KILL])
        assert killed.code in (0, -KILL)
        assert budget(folder / "plan") in (OLD, NEW)
        for left in leftovers(folder) if n < count else ():
            shutil.rmtree(left)
    assert server(folder, *arguments).code == 0
    assert leftovers(folder) == []


@pytest.mark.parametrize("signals", [[INT], [TERM], [INT, INT], [TERM, INT]])
def test_signals_at_random_moments(server: Server, folder: Path, signals: list[int]) -> None:
    arguments = (*SOLVE, "--report")
    usual = server(folder, *arguments).seconds
    rng = random.Random(7)
    for _ in range(30):
        at = rng.uniform(0, usual)
        later = [(at + 0.03 * number, signal) for number, signal in enumerate(signals)]
        done = server(folder, *arguments, later=later)
        assert done.code in (0, 4, 130, *(-one for one in signals[:1])), done.err
        assert budget(folder / "plan") in (OLD, NEW)
        assert leftovers(folder) == []


def test_signals_while_starting(folder: Path) -> None:
    """Before siting is loaded Python itself ends the process, by its own words."""
    rng = random.Random(8)
    for _ in range(30):
        child = subprocess.Popen(
            [sys.executable, "-m", "siting", *SOLVE], cwd=folder, stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        time.sleep(rng.uniform(0, 1.5))
        child.send_signal(rng.choice([INT, TERM]))
        _, told = child.communicate(timeout=120)
        lines = [line for line in told.decode().splitlines() if line]
        if b"siting/" in told or child.returncode == 130:
            assert child.returncode in (0, 4, 130)
            assert b"Traceback" not in told, told
            assert len(lines) <= 2
        assert budget(folder / "plan") in (OLD, NEW)
        assert leftovers(folder) == []


def test_two_solves_into_one_folder(server: Server, folder: Path) -> None:
    other = Server()
    ended: list[Any] = []

    def work(one: Server, amount: float) -> None:
        ended.extend(one(folder, *SOLVE, "--set", f"budget={amount}").code for _ in range(10))

    threads = [threading.Thread(target=work, args=pair) for pair in ((server, OLD), (other, NEW))]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert (folder / "plan" / "summary.json").exists()  # at every moment
    other.close()
    assert ended == [0] * 20
    assert budget(folder / "plan") in (OLD, NEW)
    assert leftovers(folder) == []


@pytest.mark.parametrize("megabytes", [0, 1, *range(100, 1000, 100)])
def test_out_of_memory_at_many_sizes(server: Server, folder: Path, megabytes: int) -> None:
    done = server(folder, *SOLVE, "--report", memory=megabytes << 20)
    assert done.code in (0, 1), done.err
    if done.code:
        assert "out of memory" in done.told[-1]
    assert budget(folder / "plan") in (OLD, NEW)
    assert leftovers(folder) == []
