"""Frontiers of ten points of the country, against one solve of the loosest point in the same process.

That solve is timed to the gap of the frontier's points, and as :func:`siting.solve` works unless it is
told otherwise: until all is proved, or the limit is reached.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import siting
from siting.studies.frontier import frontier, parse_sweep
from siting.studies.frontier.question import first_objective
from tests.benchmarks.ours import warm
from tests.benchmarks.process import Tell, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

INSTANCE = "ukraine"
GAP = 1e-4
AT_MOST = 3.0
"""Seconds of the frontier per second of one solve."""

BUDGET = "budget=1500:5100:400", {}
COUNT = "new.fire_department=700:1600:100", {"budget": 1e9}
CASES = [(model, *sweep) for model in ("max_coverage", "min_travel_time") for sweep in (BUDGET, COUNT)]


def main(settings: Settings) -> Iterator[Line]:
    """One line per model and sweep."""
    for model, sweep, numbers in settings.some(CASES, 1):
        seconds = settings.ours(100.0)
        case = {"model": model, "sweep": sweep, "numbers": numbers, "seconds": seconds}
        told = run("bench_frontier:sweep", 4 * seconds + 300.0, **case)
        work = f"{model}, {INSTANCE}, {sweep}"
        if "frontier" not in told:
            yield Line(work, Side("siting", None, told["ended"], False))
            continue
        words = f"{told['points']} points, largest gap {told['gap']:.1e}"
        ours = Side("siting", told["frontier"], words, True, mb=told["mb"])
        for name in ("same gap", "proof"):
            one = Side(f"one solve, {name}", told[name], f"gap {told[f'gap, {name}']:.1e}", True)
            reached = told["frontier"] <= AT_MOST * told[name]
            yield Line(work, ours, f"{AT_MOST:g} x one solve", reached, one)


def sweep(tell: Tell, model: str, sweep: str, numbers: dict[str, Any], seconds: float) -> None:
    """Job: solves with the loosest value, the first of them to warm up, then the frontier."""
    warm()
    instance, question = siting.read(INSTANCE), first_objective(siting.load_model(model))
    swept = parse_sweep(sweep)
    loosest = {**numbers, **{name: max(values) for name, values in swept.items()}}
    for name, gap in (("same gap", GAP), ("same gap", GAP), ("proof", 0.0)):
        begun = time.monotonic()
        one = siting.solve(instance, question, numbers=loosest, gap=gap, seconds=seconds)
        tell(**{name: time.monotonic() - begun, f"gap, {name}": one.gap})
    found = frontier(instance, model, sweep=swept, numbers=numbers, gap=GAP, seconds=seconds)
    gaps = [point.gap for point in found.points if point.gap is not None]
    tell(frontier=found.seconds, points=len(found.points), gap=max(gaps))
