"""Asks the server for commands with faults, and says whether the plan they leave is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import siting
from siting.whole import PREFIX

SERVER = Path(__file__).with_name("server.py")
ROOT = SERVER.parent.parent.parent
INT, TERM, KILL = int(signal.SIGINT), int(signal.SIGTERM), int(signal.SIGKILL)
OLD, NEW = 8.0, 10.0
"""Budgets that tell the plan that is there from the one that is written."""

SOLVE = ("solve", "three_towns", "--out", "plan", "--quiet")


@dataclass
class Done:
    """How a command ended."""

    code: int | str
    out: str
    err: str
    seconds: float = 0.0

    @property
    def told(self) -> list[str]:
        """Lines on stderr."""
        return [line for line in self.err.splitlines() if line]


class Server:
    """A warm process that runs commands in its forks."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._answer()
        self._lock = threading.Lock()

    def __call__(self, folder: Path, *arguments: str, **fault: Any) -> Done:
        case = {"folder": str(folder), "arguments": arguments, **fault}
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(case).encode() + b"\n")
            self._process.stdin.flush()
            done = Done(**self._answer())
        assert "Traceback" not in done.err, done.err
        assert done.code != "hangs", done.err
        return done

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def older_plan(server: Server, folder: Path) -> Path:
    """A plan that is there before the fault."""
    done = server(folder, *SOLVE, "--set", f"budget={OLD}")
    assert done.code == 0, done.err
    return folder / "plan"


def content(folder: Path) -> dict[str, bytes]:
    """Bytes of every file below a folder."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def budget(plan: Path) -> float:
    """The budget of a plan folder, which passes the check."""
    report = siting.check.check_folder(siting.read("three_towns"), plan)
    assert not report.findings, report.text()
    return float(json.loads((plan / "summary.json").read_text(encoding="utf-8"))["numbers"]["budget"])


def leftovers(folder: Path) -> list[str]:
    """What is still on its way below a folder."""
    return [str(one) for one in folder.rglob(f"{PREFIX}*")]


def operations(server: Server, folder: Path, *arguments: str) -> int:
    """How many operations on the disk a command does below a folder."""
    done = server(folder, *arguments, below=str(folder), n=1, always=True)
    assert done.code == 0, done.err
    return done.out.count("OPERATION")
