"""Seconds and memory at 3,000 to 300,000 demand points, each in a process of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from siting.readers import read
from tests.benchmarks.bench_national import LEAST, numbers
from tests.benchmarks.instances import national
from tests.benchmarks.process import run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, side

SIZES = (3_000, 10_000, 30_000, 100_000, 300_000)


def main(settings: Settings) -> Iterator[Line]:
    """One line per size, and a plot beside them."""
    cap, points = settings.ours(120.0), []
    for count in settings.some(SIZES, 2):
        folder = str(national(settings.work, count))
        new = {one.id: one.new for one in read(folder).settings.types}["fire_department"] or 0
        reply = run(
            "ours:solve", 3 * cap + 300, seconds=cap, instance=folder, model=LEAST, numbers=numbers(new, 0)
        )
        yield Line(f"growth: least time, {count:,} places, {new:,} new", side("siting", reply, cap))
        if "seconds" in reply:
            near = reply["marks"].get("0.0001", math.nan)
            points.append((count, near, reply["seconds"], reply["mb"]))
    if settings.out is not None:
        plot(settings.out / "growth.png", points)


def plot(path: Path, points: list[tuple[int, float, float, float]]) -> None:
    """Seconds and memory over places, all axes logarithmic; nothing without matplotlib."""
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        print("no growth.png: pip install 'siting[bench]' brings matplotlib")
        return
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    places, near, seconds, megabytes = zip(*points, strict=True)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    left.loglog(places, near, marker="o", label="to a certified gap of 0.01 %")
    left.loglog(places, seconds, marker="s", label="to the end: proof or time limit")
    left.set_ylabel("seconds of solve")
    left.legend()
    right.loglog(places, megabytes, marker="o")
    right.set_ylabel("MB, most of the process")
    for axis in (left, right):
        axis.set_xlabel("demand points, each a candidate site")
        axis.grid(visible=True, which="both", alpha=0.3)
    figure.savefig(path, dpi=150)
    plt.close(figure)
