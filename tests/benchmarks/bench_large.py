"""300,000 demand points: least response time among 30,000 candidates and among all."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.bench_national import LEAST, contest, numbers
from tests.benchmarks.instances import national, variant
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line

PLACES = 300_000


def main(settings: Settings) -> Iterator[Line]:
    """Two lines."""
    whole = national(settings.work, PLACES)
    few = variant(settings.work, whole, "30000", sites=30_000)
    for work, folder, gap, seconds, megabytes in (
        ("least time, 300,000 x 30,000, 1,600 new", few, 1e-4, 90.0, 2500.0),
        ("least time, 300,000 x 300,000, 1,600 new", whole, 4e-4, 130.0, 2000.0),
    ):
        case = {"instance": str(folder), "model": LEAST, "numbers": numbers(1600, 0)}
        reply, ours, rivals = contest(case, settings, seconds, {"HiGHS": 60.0})
        near = reply.get("gap") is not None and reply["gap"] <= gap
        reached = near and reply["mb"] <= megabytes and reply["seconds"] <= 1.05 * seconds + 1
        reach = f"{gap:.0e} in {seconds:.0f} s, {megabytes / 1000:g} GB"
        yield from (Line(work, ours, reach, reached, rival) for rival in rivals)
