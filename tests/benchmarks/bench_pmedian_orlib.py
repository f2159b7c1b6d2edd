"""OR-Library p-median files against HiGHS and a published total."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import rivals
from tests.benchmarks.formats import MedianFile, cost_of, numbered, optima, read_pmed
from tests.benchmarks.process import Tell, median_of, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side
from tests.benchmarks.totals import reached_by, replies_of, total

NEAREST, REACH = 60, 20.0
FILES, GUROBI_SECONDS = 40, 75.9
"""All there are, and the published seconds in which Gurobi proves them."""


def rival(tell: Tell, folder: str, names: list[str], seconds: float, nearest: int) -> None:
    """Job: HiGHS on the radius formulation, every place reaching its nearest vertices only.

    What lies farther is taken to be at the distance of the first vertex left out: a relaxation, whose
    bound holds, and whose plan is optimal if it costs as much with true distances.
    """
    replies = []
    for name in names:
        replies.append(by_nearest(read_pmed(Path(folder) / f"{name}.txt"), nearest, seconds))
        tell(replies=replies)


def by_nearest(file: MedianFile, nearest: int, seconds: float) -> dict[str, Any]:
    """HiGHS's answer, its plan and bound in true distances."""
    mip = rivals.radius_model(nearest_savings(file, nearest))
    spent, answer = median_of(partial(rivals.by_highs, mip, seconds))
    # The formulation maximizes the negative cost.
    value = None if answer["plan"] is None else float(cost_of(file.distances, answer["plan"]))
    bound = None if answer["bound"] is None else -answer["bound"]
    proved, gap = False, None
    if value is not None and bound is not None:
        proved = value - bound < 1 - 1e-6  # whole distances
        gap = 0.0 if proved else (value - bound) / value
    build = answer["build"]
    return {
        "value": value, "bound": bound, "gap": gap, "proved": proved, "seconds": spent - build, "build": build
    }  # fmt: skip


def nearest_savings(file: MedianFile, nearest: int) -> rivals.Savings:
    """Savings of the nearest vertices against the first one left out."""
    count = len(file.distances)
    order = np.argsort(file.distances, axis=1, kind="stable")
    ordered = np.take_along_axis(file.distances, order, axis=1)
    last = ordered[:, min(nearest, count - 1)]
    saving = (last[:, None] - ordered).astype(np.float64)
    keep = saving > 0
    indptr = np.r_[0, np.cumsum(keep.sum(axis=1))]
    constant, room = -float(last.sum()), np.array([float(file.medians)])
    return rivals.Savings(indptr, order[keep], saving[keep], count, constant, np.ones((1, count)), room)


def main(settings: Settings) -> Iterator[Line]:
    """Two lines: against HiGHS in this run, against Gurobi's published total."""
    folder = settings.data / "orlib" / "pmed"
    names = [path.stem for path in settings.some(numbered(folder, "pmed*[0-9].txt"), 5)]
    if not names:
        return
    best = optima(folder / "pmedopt.txt")
    known = [best[name] for name in names]
    common: dict[str, Any] = {"folder": str(folder), "names": names}
    cap, limit = settings.ours(20.0), settings.rival(10.0)
    longest = 60 + 4 * len(names)
    reply = run("ours:every_file", longest * cap, model="min_travel_time", seconds=cap, **common)
    mine = total("siting", replies_of(reply, len(names)), known, cap)
    reply = run(
        "bench_pmedian_orlib:rival",
        longest * limit,
        settings.gigabytes,
        seconds=limit,
        nearest=NEAREST,
        **common,
    )
    highs = total(f"HiGHS, {NEAREST} nearest", replies_of(reply, len(names)), known, limit)
    words = f"{FILES} of {FILES} proved in {GUROBI_SECONDS} s"
    gurobi = Side("Gurobi, published", GUROBI_SECONDS if len(names) == FILES else None, words, True)
    reached = reached_by(mine, REACH, len(names) == FILES)
    work, reach = f"p-median, {names[0]}-{names[-1]}", f"pmed1-40 proved, {REACH:.0f} s in total"
    yield from (Line(work, mine, reach, reached, one) for one in (highs, gurobi))
