"""How good a plan is after a few seconds: pcb3038, 300 medians, against FasterPAM."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.formats import floor_distances, published_medians, read_tsplib
from tests.benchmarks.ours import ours_pmedian, warm
from tests.benchmarks.process import Tell, run
from tests.benchmarks.rivals import faster_pam
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

MEDIANS, SECONDS, GAP = 300, 7.0, 5e-4


def contest(tell: Tell, path: str, seconds: float) -> None:
    """Job: both on the same distances for the same seconds, in one process."""
    distances = floor_distances(read_tsplib(Path(path)))
    warm()
    begun = time.monotonic()
    value, bound = ours_pmedian(distances, MEDIANS, seconds)
    tell(value=value, bound=bound, seconds=time.monotonic() - begun)
    cost, spent, starts = faster_pam(distances, MEDIANS, seconds)
    tell(pam=cost, pam_seconds=spent, starts=starts)


def main(settings: Settings) -> Iterator[Line]:
    """One line."""
    path = settings.data / "tsplib" / "pcb3038.tsp"
    if not path.exists():
        return
    known = published_medians(path.with_name("pmedian_optima.csv"))
    best = next(case.best for case in known if (case.instance, case.medians) == ("pcb3038", MEDIANS))
    seconds = min(SECONDS, settings.ours(SECONDS))
    reply = run("bench_heuristic:contest", 20 * seconds + 120, seconds=seconds, path=str(path))
    reach = f"certified {GAP:.2%} in {SECONDS:.0f} s"
    work = f"p-median, pcb3038, p = {MEDIANS}, heuristic"
    if "seconds" not in reply:
        yield Line(work, Side("siting", None, reply["ended"], False), reach, False)
        return
    gap = (reply["value"] - reply["bound"]) / reply["value"]
    words = f"certified {gap:.3%}, truly {reply['value'] / best - 1:.3%} off"
    mine = Side("siting", reply["seconds"], words, True, reply["value"], mb=reply["mb"])
    reached = gap <= GAP and reply["seconds"] <= SECONDS * 1.05 + 1
    theirs = Side("kmedoids FasterPAM", None, reply["ended"], False)
    if "pam" in reply:
        off = f"truly {reply['pam'] / best - 1:.3%} off, best of {reply['starts']} starts, no bound"
        theirs = Side("kmedoids FasterPAM", reply["pam_seconds"], off, True, reply["pam"])
    yield Line(work, mine, reach, reached, theirs)
