"""spopt with HiGHS on growing sizes, until it dies."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

import siting
from tests.benchmarks import rivals
from tests.benchmarks.formats import Distances
from tests.benchmarks.models import model
from tests.benchmarks.ours import dense_instance, figures, warm
from tests.benchmarks.process import Tell, median_of, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, side

SIZES = {"MCLP": (500, 1000, 2000, 4000), "PMedian": (100, 200, 400, 800, 1200)}
SIDE = 10_000


def distances_of(count: int) -> Distances:
    """Distances between points drawn evenly from a square."""
    points = np.random.default_rng(count).integers(0, SIDE, (count, 2))
    across = points[:, None, :] - points[None, :, :]
    return np.rint(np.sqrt((across**2).sum(axis=2))).astype(np.int64)


def radius_of(count: int) -> float:
    """About twenty points within it."""
    return float(round(SIDE * np.sqrt(20 / np.pi / count)))


def ours(tell: Tell, kind: str, count: int, model: str, seconds: float) -> None:
    """Job: the same through the public way; ``build`` is making the instance from the matrix."""
    warm()
    distances = distances_of(count)
    begun = time.monotonic()
    instance = dense_instance("points", distances, radius_of(count) if kind == "MCLP" else None)
    tell(build=time.monotonic() - begun)
    new = {"median": count // 50}
    spent, result = median_of(lambda: siting.solve(instance, model, new=new, seconds=seconds))
    tell(**figures(result), seconds=spent)


def rival(tell: Tell, kind: str, count: int, seconds: float) -> None:
    """Job: spopt."""
    distances, weights = distances_of(count).astype(float), np.ones(count)
    if kind == "MCLP":
        rivals.spopt_mclp(tell, distances, weights, radius_of(count), count // 50, seconds)
    else:
        rivals.spopt_pmedian(tell, distances, weights, count // 50, seconds)


def main(settings: Settings) -> Iterator[Line]:
    """One line per size, up to the first at which spopt does not finish."""
    rivals.needed("spopt.locate")
    for kind, sizes in SIZES.items():
        question = model(settings.work, "max_cover") if kind == "MCLP" else "min_travel_time"
        for count in settings.some(sizes, 1):
            cap, limit = settings.ours(30.0), settings.rival(100.0)
            reply = run(
                "bench_spopt_curve:ours", 2 * cap + 60, kind=kind, count=count, model=question, seconds=cap
            )
            told = run(
                "bench_spopt_curve:rival",
                2 * limit + 30,
                settings.gigabytes,
                kind=kind,
                count=count,
                seconds=limit,
            )
            mine, theirs = side("siting", reply, cap), side(f"spopt {kind}, HiGHS", told, limit)
            yield Line(f"{kind}, {count:,} points, {count // 50} sites", mine, rival=theirs)
            if not theirs.done:
                break
