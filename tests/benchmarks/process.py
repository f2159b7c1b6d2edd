"""Jobs in processes of their own, with a time and a memory limit, so that one that dies harms nobody.

A job is a function ``job(tell, **arguments)`` in this folder. What it tells is kept even if it is
ended in the middle: seconds of building a model are known although solving it was cut off.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent.parent
FINISHED, TIME, MEMORY = "finished", "time limit", "out of memory"
REPEATS, SHORT = 3, 5.0
"""What takes less than SHORT seconds is done REPEATS times, and the median taken."""

Tell = Callable[..., None]
Reply = dict[str, Any]


def run(
    job: str,
    limit: float,
    gigabytes: float | None = None,
    env: Mapping[str, str] | None = None,
    /,
    **arguments: Any,
) -> Reply:
    """Do a job in a child process.

    Args:
        job: ``module:function`` in this folder.
        limit: wall seconds after which the child and all its children are ended.
        gigabytes: address space it may take, None for no limit.
        env: environment variables on top of this process's.
        arguments: of the job, as JSON can hold them.

    Returns:
        What the job told, and ``ended`` (why it ended), ``mb`` (most memory held) and ``wall``.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        told.touch()
        path = os.pathsep.join(part for part in (str(TOP), os.environ.get("PYTHONPATH")) if part)
        command = [sys.executable, "-m", __name__, job, str(told), str(gigabytes), json.dumps(arguments)]
        begun = time.monotonic()
        with (Path(folder) / "errors").open("w+b") as errors:
            child = subprocess.Popen(
                command, cwd=TOP, env=os.environ | {"PYTHONPATH": path} | dict(env or {}),
                stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
            )  # fmt: skip
            try:
                code, megabytes = _wait(child.pid, begun + limit)
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                raise
            child.returncode = code
            errors.seek(0)
            words = errors.read().decode(errors="replace")
        reply: Reply = {}
        for line in told.read_text(encoding="utf-8").splitlines():
            reply |= json.loads(line)
    reply |= {"mb": megabytes, "wall": time.monotonic() - begun, "ended": _why(code, words)}
    if reply["ended"].startswith("failed"):
        print(words, file=sys.stderr)
    return reply


def _wait(pid: int, until: float) -> tuple[int | None, float]:
    """Exit code (None: ended at the time limit) and the most memory in MB of a child."""
    in_time, most = True, 0.0
    while True:
        most = max(most, _most_memory(pid))
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) if in_time else None, most
        if in_time and time.monotonic() > until:
            in_time = False
            os.killpg(pid, signal.SIGKILL)
        time.sleep(0.02)


def _most_memory(pid: int) -> float:
    """MB a process has held at most; ru_maxrss would begin at what its parent held."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _why(code: int | None, words: str) -> str:
    if code is None:
        return TIME
    if code == 0:
        return FINISHED
    if "MemoryError" in words or "bad_alloc" in words or "out of memory" in words.lower():
        return MEMORY
    if code < 0:
        return f"died of {signal.Signals(-code).name}"
    return "failed: " + (words.strip().splitlines() or ["without a word"])[-1][:80]


def median_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall seconds of a piece of work and what it returned; the median of several if it is short."""
    found = []
    for _ in range(REPEATS):
        begun = time.monotonic()
        answer = work()
        found.append((time.monotonic() - begun, answer))
        if found[0][0] >= SHORT:
            break
    seconds = statistics.median(each for each, _ in found)
    return seconds, found[-1][1]


def _main(job: str, told: str, gigabytes: str, arguments: str) -> None:
    if gigabytes != "None":
        most = int(float(gigabytes) * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    module, name = job.split(":")

    def tell(**fields: Any) -> None:
        with open(told, "a", encoding="utf-8") as file:
            file.write(json.dumps(fields) + "\n")

    getattr(importlib.import_module(f"tests.benchmarks.{module}"), name)(tell, **json.loads(arguments))


if __name__ == "__main__":
    _main(*sys.argv[1:])
