"""The report of the bundled country: seconds to write it, and its size, in both languages.

The plan is found before: what is measured is the report alone, its figures and the import of its
library included, in a process of its own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.process import Tell, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

MODEL = "max_coverage"
INSTANCES = ("ukraine", "poltava", "three_towns")
SOLVE_SECONDS = 10.0
MOST_SECONDS, MOST_MB = 5.0, 10.0


def report(tell: Tell, instance: str, language: str, seconds: float) -> None:
    """Job: solve, then write report and picture."""
    import siting
    from siting.report import write_png, write_report

    result = siting.solve(siting.read(instance), MODEL, seconds=seconds)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        page = write_report(result, Path(folder) / "report.html", language=language)
        written = time.monotonic()
        write_png(result, Path(folder) / "map.png", language=language)
        tell(
            seconds=written - begun,
            megabytes=page.stat().st_size / 1e6,
            picture_seconds=time.monotonic() - written,
            places=len(result.problem.instance.places.ids),
        )


def main(settings: Settings) -> Iterator[Line]:
    """One line per instance and language."""
    for instance in settings.some(INSTANCES, 1):
        for language in ("en", "uk"):
            reply = run(
                "bench_report:report", 120.0,
                instance=instance, language=language, seconds=settings.ours(SOLVE_SECONDS),
            )  # fmt: skip
            work = f"report: {instance}, {reply.get('places', 0):,} places, {language}"
            yield Line(work, _ours(reply), f"< {MOST_SECONDS:g} s, < {MOST_MB:g} MB", _reached(reply))


def _ours(reply: dict[str, Any]) -> Side:
    done = "seconds" in reply
    size = (
        f"{reply['megabytes']:.1f} MB, picture {reply['picture_seconds']:.1f} s" if done else reply["ended"]
    )
    return Side("siting", reply.get("seconds"), size, done, mb=reply["mb"])


def _reached(reply: dict[str, Any]) -> bool:
    return "seconds" in reply and reply["seconds"] < MOST_SECONDS and reply["megabytes"] < MOST_MB
