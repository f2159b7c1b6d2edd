"""The country with what exists: least response time and maximal coverage, one and two types."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import siting
from siting.methods.form import build_form
from siting.model import load_model
from siting.problem import bind
from tests.benchmarks import rivals
from tests.benchmarks.models import model
from tests.benchmarks.process import Reply, Tell, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side, side

INSTANCE = "ukraine"
LEAST, COVER = "min_travel_time", "max_cover"


def numbers(departments: float, centers: float, budget: float = math.inf) -> dict[str, Any]:
    """Parameters of a case."""
    return {"new": {"fire_department": departments, "security_center": centers}, "budget": budget}


@dataclass(frozen=True)
class Case:
    """One line: the question, our seconds, seconds per gap to be reached, seconds of each rival."""

    work: str
    model: str
    numbers: Mapping[str, Any]
    seconds: float
    reach: str
    within: Mapping[str, float]
    against: Mapping[str, float]


COVERED = "1e-4 in 3 s, proved in 20 s", {"0.0001": 3.0, "proved": 20.0}
BOTH = {"HiGHS": 60.0, "CBC": 60.0}
HIGHS = {"HiGHS": 100.0}
CASES = (
    Case(
        "least time, ukraine, 1,600 new", LEAST, numbers(1600, 0), 60.0,
        "proved in 5 s", {"proved": 5.0}, HIGHS,
    ),
    Case("max cover, ukraine, 500 new", COVER, numbers(500, 0), 60.0, *COVERED, BOTH),
    Case("max cover, ukraine, budget 1,500", COVER, numbers(30_000, 0, 1500), 60.0, *COVERED, BOTH),
    Case(
        "least time, ukraine, two types, budget", LEAST, numbers(1600, 5, 5100), 90.0,
        "1e-4 in 15 s, proved in 60 s", {"0.0001": 15.0, "proved": 60.0}, HIGHS,
    ),
    Case(
        "max cover, ukraine, two types, budget", COVER, numbers(1600, 5, 5100), 90.0,
        "1e-4 in 15 s, 1e-5 in 40 s, then proved", {"0.0001": 15.0, "1e-05": 40.0, "proved": math.inf}, HIGHS,
    ),
)  # fmt: skip


def rival(
    tell: Tell, instance: str, model: str, numbers: dict[str, Any], solver: str, seconds: float
) -> None:
    """Job: HiGHS or CBC on the radius formulation of our reduced savings form."""
    solve = rivals.by_highs if solver == "HiGHS" else rivals.by_cbc
    answer = solve(rivals.radius_model(reduced(instance, model, numbers)), seconds)
    answer.pop("plan", None)
    if model == LEAST:  # savings maximize what is minimized here, with the other sign
        answer |= {name: -answer[name] for name in ("value", "bound") if answer[name] is not None}
    tell(**answer)


def reduced(instance: str, model: str, numbers: dict[str, Any]) -> rivals.Savings:
    """The savings form of the first objective, replaceable candidates left out."""
    form = build_form(bind(siting.read(instance), load_model(model), numbers), 0, [])
    return rivals.Savings(
        form.indptr, form.col, form.parts[0], form.columns, form.constant, form.use, form.room
    )


def contest(
    case: dict[str, Any], settings: Settings, seconds: float, against: Mapping[str, float]
) -> tuple[Reply, Side, list[Side]]:
    """Our reply and side, and those of the solvers ``against`` (name: seconds), each in its own process."""
    cap = settings.ours(seconds)
    reply = run("ours:solve", 2 * cap + 300.0, seconds=cap, **case)
    sides = []
    for solver, limit in against.items():
        limit = settings.rival(limit)
        told = run(
            "bench_national:rival",
            2 * limit + 120.0,
            settings.gigabytes,
            solver=solver,
            seconds=limit,
            **case,
        )
        sides.append(side(f"{solver}, reduced", told, limit))
    return reply, side("siting", reply, cap), sides


def main(settings: Settings) -> Iterator[Line]:
    """One line per case and rival."""
    for case in settings.some(CASES, 1):
        given = {"instance": INSTANCE, "model": model(settings.work, case.model), "numbers": case.numbers}
        reply, ours, sides = contest(given, settings, case.seconds, case.against)
        reached = met(reply, case.within)
        yield from (Line(case.work, ours, case.reach, reached, one) for one in sides)


def met(reply: Reply, within: Mapping[str, float]) -> bool:
    """Whether every gap was reached within its seconds, and the proof within its own."""
    marks = reply.get("marks", {})
    marks = marks | ({"proved": reply["seconds"]} if reply.get("proved") else {})
    return all(name in marks and marks[name] <= seconds for name, seconds in within.items())
