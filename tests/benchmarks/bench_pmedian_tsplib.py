"""TSPLIB point sets, every published number of medians, against the published CPLEX Benders and HiGHS."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.bench_pmedian_orlib import by_nearest
from tests.benchmarks.formats import MedianFile, Published, floor_distances, published_medians, read_tsplib
from tests.benchmarks.ours import ours_pmedian, warm
from tests.benchmarks.process import Tell, median_of, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side, side
from tests.benchmarks.totals import replies_of, total

MACHINE = "CPLEX Benders, published, Xeon W-2145"


def ours(tell: Tell, path: str, medians: list[int], seconds: float) -> None:
    """Job: every number of medians of one point set; ``build`` is computing the distances."""
    warm()
    seconds_of_distances, distances = median_of(lambda: floor_distances(read_tsplib(Path(path))))
    replies = []
    for count in medians:
        spent, (value, bound) = median_of(partial(ours_pmedian, distances, count, seconds))
        proved = value - bound < 1 - 1e-6  # whole distances
        gap = 0.0 if proved else (value - bound) / value
        replies.append({"value": value, "bound": bound, "gap": gap, "proved": proved, "seconds": spent})
        tell(replies=replies, build=seconds_of_distances)


def rival(tell: Tell, path: str, medians: list[int], seconds: float) -> None:
    """Job: HiGHS on the nearest points, the more of them the fewer medians there are."""
    distances = floor_distances(read_tsplib(Path(path)))
    replies = []
    for count in medians:
        nearest = 4 * len(distances) // count + 10
        replies.append(by_nearest(MedianFile(path, distances, count, None), nearest, seconds))
        tell(replies=replies)


def main(settings: Settings) -> Iterator[Line]:
    """One line per case, two for all."""
    path = settings.data / "tsplib" / "pmedian_optima.csv"
    if not path.exists():
        return
    cases = published_medians(path)
    if settings.quick:
        cases = [case for case in cases if case.instance == "rl1304" and case.medians >= 200]
    cap, limit = settings.ours(20.0), settings.rival(10.0)
    replies, his = [], []
    for name in dict.fromkeys(case.instance for case in cases):
        of_set = [case for case in cases if case.instance == name]
        given = {"path": str(path.with_name(f"{name}.tsp")), "medians": [case.medians for case in of_set]}
        reply = run("bench_pmedian_tsplib:ours", 120 + 4 * cap * len(of_set), seconds=cap, **given)
        told = run(
            "bench_pmedian_tsplib:rival",
            120 + 8 * limit * len(of_set),
            settings.gigabytes,
            seconds=limit,
            **given,
        )
        found = replies_of(reply, len(of_set))
        replies += found
        his += replies_of(told, len(of_set))
        for case, one in zip(of_set, found, strict=True):
            yield _line(case, one, cap)
    spent, best = sum(case.seconds for case in cases), [case.best for case in cases]
    mine, highs = total("siting", replies, best, cap), total("HiGHS, nearest", his, best, limit)
    theirs = Side(MACHINE, spent, f"{len(cases)} of {len(cases)} proved", True)
    work, reach = "p-median, TSPLIB, all of these", f"proved, under {spent:.0f} s"
    reached = mine.done and (mine.seconds or 0) < spent
    yield from (Line(work, mine, reach, reached, one) for one in (theirs, highs))


def _line(case: Published, reply: dict[str, object], cap: float) -> Line:
    reply = {"ended": "finished" if "value" in reply else "time limit", "wall": cap, **reply}
    mine = side("siting", reply, cap)
    theirs = Side(MACHINE, case.seconds, "proved", True, case.best)
    return Line(f"p-median, {case.instance}, p = {case.medians}", mine, rival=theirs)
