"""p-center: OR-Library files and the country with what exists, against HiGHS set covers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import siting
from siting.model import load_model
from siting.problem import bind
from tests.benchmarks.bench_national import INSTANCE, numbers
from tests.benchmarks.formats import numbered, optima, read_pmed
from tests.benchmarks.models import model
from tests.benchmarks.process import Tell, median_of, run
from tests.benchmarks.rivals import center_by_covers
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, side
from tests.benchmarks.totals import reached_by, replies_of, total

NEVER = np.iinfo(np.int64).max
RIVAL = "HiGHS set covers, bisection"


def rival(tell: Tell, folder: str, names: list[str], seconds: float) -> None:
    """Job: the same files by bisection."""
    replies = []
    for name in names:
        file = read_pmed(Path(folder) / f"{name}.txt")
        count = len(file.distances)
        row, col = (part.ravel() for part in np.indices((count, count)))
        base = np.full(count, NEVER)
        ms = file.distances.ravel()
        spent, answer = median_of(partial(center_by_covers, row, col, ms, base, file.medians, seconds))
        replies.append(answer | {"seconds": spent})
        tell(replies=replies)


def national_rival(tell: Tell, instance: str, model: str, numbers: dict[str, Any], seconds: float) -> None:
    """Job: fire departments among the country's candidates, by bisection; values in minutes."""
    problem = bind(siting.read(instance), load_model(model), numbers)
    responses, settings = problem.responses, problem.responses.settings
    fire = [service.id for service in settings.services].index("fire_rescue")
    kind = [one.id for one in settings.types].index("fire_department")
    counted = (responses.needs.service == fire) & (responses.needs.weight > 0)
    counted[responses.unreachable] = False
    keep = counted[responses.row] & (responses.options.type[responses.option] == kind)
    number = np.cumsum(counted) - 1
    base = np.where(responses.base_option >= 0, responses.base_ms.astype(np.int64), NEVER)[counted]
    answer = center_by_covers(
        number[responses.row[keep]], responses.option[keep], responses.ms[keep].astype(np.int64), base,
        numbers["new"]["fire_department"], seconds,
    )  # fmt: skip
    tell(**(answer | {name: answer[name] / 60_000 for name in ("value", "bound")}))


def main(settings: Settings) -> Iterator[Line]:
    """One line for the files, one for the country."""
    folder = settings.data / "orlib" / "pmed"
    names = [path.stem for path in settings.some(numbered(folder, "pmed*[0-9].txt"), 5)]
    if names:
        best = optima(folder / "kcenteropt.txt")
        sides = []
        jobs: list[tuple[str, str, float, dict[str, str]]] = [
            ("siting", "ours:every_file", settings.ours(10.0), {"model": "p_center"}),
            (RIVAL, "bench_center:rival", settings.rival(10.0), {}),
        ]
        for who, job, cap, more in jobs:
            longest = 60 + 5 * cap * len(names)
            reply = run(job, longest, seconds=cap, folder=str(folder), names=names, **more)
            sides.append(total(who, replies_of(reply, len(names)), [best[name] for name in names], cap))
        reached = reached_by(sides[0], 10.0, len(names) == 40)
        work = f"p-center, {names[0]}-{names[-1]}"
        yield Line(work, sides[0], "pmed1-40 proved, 10 s in total", reached, sides[1])
    case = {
        "instance": INSTANCE, "model": model(settings.work, "p_center_fire"), "numbers": numbers(1600, 0)
    }  # fmt: skip
    cap, limit = settings.ours(90.0), settings.rival(100.0)
    reply = run("ours:solve", cap + 120, seconds=cap, **case)
    told = run("bench_center:national_rival", 2 * limit + 60, settings.gigabytes, seconds=limit, **case)
    reached = bool(reply.get("proved")) and reply["seconds"] <= 60
    work = "p-center, ukraine, fire, 1,600 new"
    yield Line(work, side("siting", reply, cap), "proved in 60 s", reached, side(RIVAL, told, limit))
