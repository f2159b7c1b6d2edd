"""Set covering: OR-Library files, and covering the country at least cost or with fewest sites."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import siting
from siting.model import load_model
from siting.problem import bind
from tests.benchmarks import rivals
from tests.benchmarks.bench_national import INSTANCE
from tests.benchmarks.formats import numbered, read_scp
from tests.benchmarks.instances import UKRAINE, national, variant
from tests.benchmarks.models import model
from tests.benchmarks.ours import ours_cover
from tests.benchmarks.process import Reply, Tell, median_of, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, side
from tests.benchmarks.totals import replies_of, total

OPTIMA = {
    "scp41": 429, "scp42": 512, "scp43": 516, "scp44": 494, "scp45": 512, "scp46": 560, "scp47": 430,
    "scp48": 492, "scp49": 641, "scp410": 514, "scp51": 253, "scp52": 302, "scp53": 226, "scp54": 242,
    "scp55": 211, "scp56": 213, "scp57": 293, "scp58": 288, "scp59": 279, "scp510": 265, "scp61": 138,
    "scp62": 146, "scp63": 145, "scp64": 131, "scp65": 161, "scpa1": 253, "scpa2": 252, "scpa3": 232,
    "scpa4": 234, "scpa5": 236, "scpd1": 60, "scpd2": 66, "scpd3": 72, "scpd4": 62, "scpd5": 61,
}  # fmt: skip
"""Published optima (Beasley 1987, 1990; Caprara, Fischetti & Toth 1999)."""

HAND = {"HiGHS": rivals.by_highs, "CBC": rivals.by_cbc}


def files(tell: Tell, folder: str, names: list[str], solver: str, seconds: float) -> None:
    """Job: every file by ``siting``, HiGHS or CBC."""
    replies = []
    if solver == "siting":
        ours_cover(read_scp(Path(folder) / f"{names[0]}.txt"), 1.0)
    for name in names:
        file = read_scp(Path(folder) / f"{name}.txt")
        if solver == "siting":
            spent, answer = median_of(partial(ours_cover, file, seconds))
            replies.append(answer | {"seconds": spent})
        else:
            mip = rivals.cover_model(file.indptr, file.col, file.cost)
            spent, answer = median_of(partial(HAND[solver], mip, seconds))
            answer.pop("plan", None)
            replies.append(answer | {"seconds": spent - answer["build"]})
        tell(replies=replies)


def national_rival(tell: Tell, instance: str, model: str, solver: str, seconds: float) -> None:
    """Job: HiGHS or CBC on the country's covering model: who can be covered and is not yet."""
    problem = bind(siting.read(instance), load_model(model))
    responses, needs, options = problem.responses, problem.responses.needs, problem.responses.options
    names = [service.id for service in responses.settings.services]
    fire_only = "fewest" in model
    counted = (needs.weight > 0) & (~np.bool_(fire_only) | (needs.service == names.index("fire_rescue")))
    counted &= ~((responses.base_option >= 0) & (responses.base_ms <= needs.standard_ms))
    keep = counted[responses.row] & (responses.ms <= needs.standard_ms[responses.row])
    _, start = np.unique(responses.row[keep], return_index=True)
    wanted, col = np.unique(responses.option[keep], return_inverse=True)
    cost = np.ones(len(wanted)) if fire_only else options.cost[wanted]
    mip = rivals.cover_model(np.r_[start, int(keep.sum())], col, cost)
    answer = HAND[solver](mip, seconds)
    answer.pop("plan", None)
    tell(**answer)


def main(settings: Settings) -> Iterator[Line]:
    """Two lines for the files, two for each national case."""
    folder = settings.data / "orlib" / "scp"
    names = [path.stem for path in settings.some(numbered(folder, "scp*.txt"), 3)]
    if names:
        yield from _files(settings, folder, names)
    for work, instance, question, seconds, reach, enough in _cases(settings):
        cap, limit = settings.ours(seconds), settings.rival(40.0)
        case = {"instance": str(instance), "model": question}
        reply = run("ours:solve", 2 * cap + 120, seconds=cap, **case)
        for solver in HAND:
            told = run(
                "bench_cover:national_rival",
                2 * limit + 60,
                settings.gigabytes,
                solver=solver,
                seconds=limit,
                **case,
            )
            ours = side("siting", reply, cap)
            yield Line(work, ours, reach, _met(reply, enough), side(f"{solver}, direct", told, limit))


def _cases(settings: Settings) -> list[tuple[Any, ...]]:
    """Work, instance, model, seconds, what to reach in words, and as seconds and gap."""
    fewest = model(settings.work, "fewest_fire")
    small = national(settings.work, 5000)
    cases = [("cheapest full cover, 5,000 places", small, "set_cover", 30, *_reach(9, 0.0))]
    if settings.quick:
        return cases
    bare = "fewest fire departments from nothing"
    small_bare = variant(settings.work, small, "bare", existing=False)
    large_bare = variant(settings.work, UKRAINE, "bare", existing=False)
    return [
        *cases,
        ("cheapest full cover, ukraine", INSTANCE, "set_cover", 60, *_reach(61, 0.02)),
        (f"{bare}, 5,000 places", small_bare, fewest, 30, *_reach(9, 0.0)),
        (f"{bare}, ukraine", large_bare, fewest, 60, *_reach(61, 0.02)),
    ]


def _reach(seconds: int, gap: float) -> tuple[str, tuple[int, float]]:
    words = f"gap {gap:.0%} in {seconds - 1} s" if gap else f"proved in {seconds} s"
    return words, (seconds, gap)


def _met(reply: Reply, enough: tuple[float, float]) -> bool:
    seconds, gap = enough
    reached = reply.get("proved") if gap == 0.0 else (reply.get("gap") is not None and reply["gap"] <= gap)
    return bool(reached) and reply["seconds"] <= seconds


def _files(settings: Settings, folder: Path, names: list[str]) -> list[Line]:
    known = [OPTIMA.get(name) for name in names]
    sides = {}
    for solver in ("siting", *HAND):
        cap = settings.ours(30.0) if solver == "siting" else settings.rival(30.0)
        reply = run(
            "bench_cover:files",
            60 + 4 * cap * len(names),
            solver=solver,
            seconds=cap,
            folder=str(folder),
            names=names,
        )
        label = solver if solver == "siting" else f"{solver}, direct"
        sides[solver] = total(label, replies_of(reply, len(names)), known, cap)
    mine, highs = sides.pop("siting"), sides["HiGHS"]
    reached = mine.done and (mine.seconds or 0) <= (highs.seconds or 0) / 3
    work = f"set covering, {len(names)} OR-Library files"
    return [Line(work, mine, "all proved, a third of HiGHS's time", reached, one) for one in sides.values()]
