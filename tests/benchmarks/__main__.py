"""Timed runs against rivals, all in one table; nothing here asserts, and pytest does not look in here.

From the top folder::

    python -m tests.benchmarks                      # everything, about ninety minutes
    python -m tests.benchmarks quick                # a small selection, under five minutes
    python -m tests.benchmarks national cover       # some of them
    python -m tests.benchmarks growth --out FOLDER  # also writes table.md and growth.png there

Public files are looked for in ../shared/data, or in --data; what needs them is left out without.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import (
    bench_bundled,
    bench_catalogue,
    bench_center,
    bench_contract,
    bench_cover,
    bench_explain,
    bench_frontier,
    bench_growth,
    bench_heuristic,
    bench_large,
    bench_national,
    bench_osm,
    bench_pmedian_orlib,
    bench_pmedian_tsplib,
    bench_published,
    bench_report,
    bench_spopt_curve,
    bench_times,
)
from tests.benchmarks.formats import DATA
from tests.benchmarks.process import run
from tests.benchmarks.rivals import MissingError
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, markdown

BENCHMARKS: dict[str, Callable[[Settings], Iterator[Line]]] = {
    "times": bench_times.main,
    "contract": bench_contract.main,
    "bundled": bench_bundled.main,
    "catalogue": bench_catalogue.main,
    "national": bench_national.main,
    "large": bench_large.main,
    "pmedian_orlib": bench_pmedian_orlib.main,
    "pmedian_tsplib": bench_pmedian_tsplib.main,
    "heuristic": bench_heuristic.main,
    "center": bench_center.main,
    "cover": bench_cover.main,
    "spopt_curve": bench_spopt_curve.main,
    "osm": bench_osm.main,
    "published": bench_published.main,
    "report": bench_report.main,
    "explain": bench_explain.main,
    "frontier": bench_frontier.main,
    "growth": bench_growth.main,
}
QUICK = (
    "times", "contract", "national", "pmedian_orlib", "pmedian_tsplib", "heuristic", "center", "cover",
    "spopt_curve",
)  # fmt: skip


def main() -> None:
    """Run what was asked for and print the table."""
    given = _arguments()
    # A polite end unwinds, which ends the child at work too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    names = [name for name in given.names if name != "quick"] or list(QUICK if given.quick else BENCHMARKS)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as work:
        settings = Settings(
            Path(work),
            given.out,
            given.data,
            given.seconds,
            given.rival_seconds,
            given.gigabytes,
            given.quick,
        )
        run("ours:prepare", 300.0)
        for name in names:
            lines += _run(name, settings)
    whole = f"{_machine()}\n\n{markdown(lines)}\n"
    print(f"\n{whole}")
    if given.out is not None:
        (given.out / "table.md").write_text(whole, encoding="utf-8")


def _run(name: str, settings: Settings) -> list[Line]:
    """The lines of one benchmark, each printed as soon as it is there."""
    print(f"\n{name}\n{markdown([])}", flush=True)
    begun, found = time.monotonic(), []
    try:
        for line in BENCHMARKS[name](settings):
            found.append(line)
            print(markdown([line], head=False), flush=True)
    except MissingError as missing:
        print(f"left out: {missing}")
    if not found:
        print(f"nothing done; public files are looked for in {settings.data}")
    print(f"{time.monotonic() - begun:.0f} s", flush=True)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Timed runs against rivals."
    )
    known = ["quick", *BENCHMARKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(known)}; all when left out")
    parser.add_argument("--seconds", type=float, help="limit of each of our solves, instead of its own")
    parser.add_argument("--rival-seconds", type=float, help="limit of each solve of a rival")
    parser.add_argument("--gigabytes", type=float, default=12.0, help="memory a rival may take")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of public files")
    parser.add_argument("--out", type=Path, help="folder for table.md and growth.png")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in known]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r}; give some of {', '.join(known)}, or nothing")
    given.quick = "quick" in given.names
    return given


def _machine() -> str:
    """What this runs on."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        name = models[0] if models else name
    except OSError:
        pass
    return f"{os.cpu_count()} cores, {name}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
