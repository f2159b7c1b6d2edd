"""Why every recommended site of Ukraine is where it is: seconds from a plan to all explanations."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from siting import read, solve
from siting.reasons import explain, why_not
from tests.benchmarks.process import Tell, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

UKRAINE = Path(__file__).resolve().parents[2] / "instances" / "ukraine"
SOLVE, LIMIT = 60.0, 30.0


def contest(tell: Tell, seconds: float) -> None:
    """Job: solve, explain all sites, and say why the largest place that is not covered is not."""
    result = solve(read(UKRAINE), seconds=seconds)
    begun = time.monotonic()
    explanation = explain(result)
    spent = time.monotonic() - begun
    missed = result.assignments[result.assignments["covered"] == 0]
    place = str(missed.sort_values(["people", "place_id"], ascending=False)["place_id"].iloc[0])
    begun = time.monotonic()
    why_not(result, place, seconds=LIMIT)
    tell(seconds=spent, sites=len(explanation), why_not=time.monotonic() - begun)


def main(settings: Settings) -> Iterator[Line]:
    """One line."""
    reply = run("bench_explain:contest", SOLVE + 10 * LIMIT, seconds=settings.ours(SOLVE))
    work, reach = "Ukraine: why every site is where it is, from a result", f"all within {LIMIT:.0f} s"
    if "seconds" not in reply:
        yield Line(work, Side("siting", None, reply["ended"], False), reach, False)
        return
    words = f"{reply['sites']:,} sites; one place, solved again, {reply['why_not']:.1f} s"
    mine = Side("siting", reply["seconds"], words, True, mb=reply["mb"])
    yield Line(work, mine, reach, reply["seconds"] <= LIMIT)
