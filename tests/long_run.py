"""Repeated work of every kind through the API in one process, watched for what it leaves behind.

``python -m tests.long_run --minutes 60`` prints, round by round, memory, open files and threads, and
compares every answer with the first one and, at the end, with those of a fresh process.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib.util
import json
import logging
import os
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import siting
from siting.check import check_folder
from tests.fresh import Case, cases, ground, in_fresh_process, prints_of

QUICK = ("distance_rule", "gradual_coverage", "hierarchy", "p_center", "regional_floors", "relocation")
"""Models that are quick on poltava and need no clock there at this gap."""

GAP = 1e-4
WARM = 3
"""Rounds before anything is measured: caches of pandas, numpy and the allocator fill up."""


@dataclass(frozen=True)
class State:
    """What a process holds: resident memory in MB, open files, and threads of Python and of the system."""

    memory: float
    files: int
    python_threads: int
    threads: int

    @classmethod
    def now(cls) -> State:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return cls(
            pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
            len(os.listdir("/proc/self/fd")),
            threading.active_count(),
            len(os.listdir("/proc/self/task")),
        )


@dataclass
class Watch:
    """What was seen.

    Attributes:
        first: hash of the first answer of every job.
        compared: answers compared with the first one, and ``differing`` the jobs whose answers differ.
        states: at the end of every round, those to warm up included.
    """

    first: dict[str, str] = field(default_factory=dict)
    compared: int = 0
    differing: list[str] = field(default_factory=list)
    states: list[State] = field(default_factory=list)

    def take(self, job: str, answer: object) -> None:
        digest = hashlib.sha256(json.dumps(answer, sort_keys=True, default=str).encode()).hexdigest()
        if job in self.first:
            self.compared += 1
            if self.first[job] != digest:
                self.differing.append(job)
        self.first.setdefault(job, digest)

    @property
    def slope(self) -> float:
        """MB per round once warm, by least squares; 0 for fewer than two rounds."""
        memory = [one.memory for one in self.states[WARM:]]
        return float(np.polyfit(np.arange(len(memory)), memory, 1)[0]) if len(memory) > 1 else 0.0


def jobs(wanted: list[Case], folder: Path) -> dict[str, Callable[[], object]]:
    """Everything that is done in a round, by name; each returns what must always be the same."""
    found: dict[str, Callable[[], object]] = {
        f"solve {name} {model}": lambda case=(name, model): prints_of(case, gap=GAP)  # type: ignore[misc]
        for name, model in wanted
    }
    towns, _ = ground("three_towns")

    def again() -> object:
        result = siting.solve(towns, "max_coverage")
        site, kind = result.sites.loc[0, ["site_id", "type"]]
        other = result.resolve(forbid=[(site, kind)])
        return other.sites.to_csv(), other.resolve(allow=[(site, kind)], numbers={"budget": 5}).sites.to_csv()

    def studied() -> object:
        result = siting.solve(towns, "max_coverage")
        plan = siting.write(result, folder / "plan")
        if importlib.util.find_spec("jinja2") or importlib.util.find_spec("matplotlib"):
            siting.write_report(result, folder / "report.html")
        opened = siting.read_plan(plan, towns)
        return siting.explain(opened).as_dict(), check_folder(towns, plan, deep=True).findings

    def swept() -> object:
        found = siting.frontier(towns, "max_coverage", sweep={"budget": [2, 4, 6, 8]})
        return [(point.value, point.objective) for point in found.points]

    def impossible() -> object:
        result = siting.solve(towns, "double_standard", numbers={"latest": 1, "outer": 1.0, "budget": 0})
        conflict = result.conflict
        return None if conflict is None else conflict.as_dict()["limits"]

    def refused() -> object:
        try:
            siting.solve(towns, "max_coverage", budget=-1, method="none")
        except siting.SitingError as error:
            return str(error)
        return None

    def read_and_written() -> object:
        copy = siting.write_instance(siting.read("poltava"), folder / "copy", replace=True)
        return list(siting.read(copy).places.ids)

    return {
        **found, "resolve": again, "report, explain and check": studied, "frontier": swept,
        "conflict": impossible, "refused": refused, "read and write": read_and_written,
    }  # fmt: skip


def run(wanted: list[Case], seconds: float, tell: Callable[[str], None] = lambda line: None) -> Watch:
    """Rounds of all jobs until the time is over, at least two after those to warm up."""
    watch, until = Watch(), time.monotonic() + seconds
    with TemporaryDirectory() as folder:
        work = jobs(wanted, Path(folder))
        while len(watch.states) < WARM + 2 or time.monotonic() < until:
            for name, job in work.items():
                watch.take(name, job())
            watch.states.append(State.now())
            tell(f"{len(watch.states):6,} {row(watch.states[-1])}")
    return watch


def row(state: State) -> str:
    """A state as a line of the table."""
    return f"{state.memory:9.1f} {state.files:6} {state.python_threads:8} {state.threads:8}"


def handlers() -> list[Any]:
    """What a library could leave behind in the process beside files and threads."""
    loggers = [logging.getLogger(), logging.getLogger("siting")]
    return [list(warnings.filters), *(list(one.handlers) for one in loggers)]


def main() -> None:
    """Run for some minutes and print what was seen."""
    parser = argparse.ArgumentParser(description="Repeated work through the API in one process.")
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    small = cases("three_towns", "rich:1", "rich:2")
    wanted = [*small, *(("poltava", model) for model in QUICK)]
    print(" round        MB  files  threads  of which of the system")
    run(small[:1], 0.0)  # what is imported when it is first needed may set up its own
    before = handlers()
    watch = run(wanted, 60 * minutes, lambda line: print(line, flush=True))
    here = [prints_of(case) for case in small]
    there = in_fresh_process(small)
    differ = [case for case, one, two in zip(small, here, there, strict=True) if one != two]
    warm, last = watch.states[WARM], watch.states[-1]
    print(f"memory: {warm.memory:.1f} to {last.memory:.1f} MB, {watch.slope:+.3f} MB per round")
    print(f"files: {warm.files} to {last.files}; threads: {warm.threads} to {last.threads}")
    print(f"handlers and filters as before: {before == handlers()}")
    print(f"compared with the first round: {watch.compared:,}, differing: {watch.differing or 'none'}")
    print(f"compared with a fresh process: {len(small)}, differing: {differ or 'none'}")


if __name__ == "__main__":
    main()
