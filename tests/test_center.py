"""The p-center method: published optima, brute force, and bounds that hold however early it stops."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import siting
from siting.instance import Instance
from siting.methods import center
from siting.methods.center.bracket import Verdict
from siting.methods.center.decide import decide
from siting.methods.center.question import Question
from siting.methods.cover import Cover
from siting.methods.run import Run
from siting.model import load_model
from siting.plan import Plan, Status, Termination
from siting.problem import Problem, bind
from siting.result import Progress

PMED = Path(__file__).parent.parent.parent / "shared" / "data" / "orlib" / "pmed"
NEEDS_PMED = pytest.mark.skipif(not PMED.is_dir(), reason="the OR-Library files are not here")


def network(count: int, new: int, edges: dict[tuple[int, int], int]) -> Instance:
    """A p-median network of the OR-Library: every node is a place and a candidate."""
    ids = [f"v{number}" for number in range(1, count + 1)]
    places = pd.DataFrame({"place_id": ids, "name": ids, "lat": 49.0, "lon": 32.0, "population": 1})
    places = places.assign(kind="village", region="", district="", origin="real")
    return Instance.from_frames(
        places=places,
        candidates=pd.DataFrame({"site": ids, "type": "station", "cost": 1.0, "status": "candidate"}),
        roads=pd.DataFrame(
            [(f"v{one}", f"v{other}", float(cost), 0) for (one, other), cost in edges.items()],
            columns=["from", "to", "minutes", "oneway"],
        ),
        settings=stations(new),
    )


def stations(new: int) -> dict[str, Any]:
    return {
        "name": "network",
        "currency": "UAH",
        "services": {"rescue": {"weight": 1.0, "standard": {"village": 10}}},
        "types": {"station": {"provides": {"rescue": 0.0}, "new": new}},
    }


def pmed(number: int) -> tuple[Instance, float]:
    """A network of the OR-Library and its published optimum."""
    numbers = [int(word) for word in (PMED / f"pmed{number}.txt").read_text().split()]
    edges = {}
    for one, other, cost in zip(numbers[3::3], numbers[4::3], numbers[5::3], strict=True):
        edges[min(one, other), max(one, other)] = cost  # the last of duplicate edges counts
    optima = dict(line.split() for line in (PMED / "kcenteropt.txt").read_text().splitlines() if line.strip())
    return network(numbers[0], numbers[2], edges), float(optima[f"pmed{number}"])


@NEEDS_PMED
@pytest.mark.parametrize("number", range(1, 21))
def test_the_published_optimum_is_proved(number: int) -> None:
    instance, optimum = pmed(number)
    result = siting.solve(instance, "p_center", seconds=60)
    assert result.method == "center"
    assert result.status is Status.OPTIMAL
    assert result.objective == optimum


def crossings(rng: np.random.Generator, existing: int = 0) -> Instance:
    """A small random table of times, no metric, with required and forbidden candidates."""
    places, sites = int(rng.integers(4, 12)), int(rng.integers(3, 8))
    ids = [f"p{number}" for number in range(places)]
    spots = [f"s{number}" for number in range(sites + existing)]
    frame = pd.DataFrame({"place_id": ids, "name": ids, "lat": 49.0, "lon": 32.0})
    frame = frame.assign(
        population=rng.integers(0, 3, places), kind="village", region="", district="", origin="real"
    )
    frame.loc[0, "population"] = 1
    pairs = [
        (spot, place, float(rng.integers(1, 30)))
        for spot, place in itertools.product(spots, ids)
        if rng.random() < 0.8
    ]
    status = rng.choice(["candidate", "required", "forbidden"], sites, p=[0.8, 0.1, 0.1])
    status[0] = "candidate"
    return Instance.from_frames(
        places=frame,
        junctions=pd.DataFrame(
            [(spot, spot, 49.0, 32.0) for spot in spots], columns=["junction_id", "name", "lat", "lon"]
        ),
        candidates=pd.DataFrame(
            {"site": spots[:sites], "type": "station", "cost": rng.integers(1, 4, sites), "status": status}
        ),
        facilities=pd.DataFrame(
            [
                (f"f{number}", f"Station {number}", "station", spot)
                for number, spot in enumerate(spots[sites:])
            ],
            columns=["facility_id", "name", "type", "site"],
        ),
        od=pd.DataFrame(pairs, columns=["from", "to", "minutes"]),
        settings=stations(int(rng.integers(1, 4))),
    )


def best(problem: Problem) -> float | None:
    """The least longest response time in minutes over all subsets of candidates; None without a plan."""
    options, responses = problem.responses.options, problem.responses
    free = [j for j in range(options.existing, len(options.site)) if options.usable[j]]
    must = {j for j in free if options.required[j]}
    found = []
    for size in range(len(free) + 1):
        for subset in itertools.combinations(free, size):
            if not must <= set(subset):
                continue
            plan = Plan(np.array(subset, dtype=np.int32), *responses.serve(np.array(subset, dtype=np.int32)))
            value = problem.objectives[0].term.value(plan)
            kept = all(limit.term.value(plan) <= limit.high + 1e-9 for limit in problem.limits)
            if kept and not np.isnan(value):
                found.append(value)
    return min(found, default=None)


@pytest.mark.parametrize("budget", [None, 5.0])
@pytest.mark.parametrize("seed", range(60))
def test_brute_force_agrees_without_a_metric(seed: int, budget: float | None) -> None:
    instance = crossings(np.random.default_rng(seed), existing=seed % 3)
    numbers = {} if budget is None else {"budget": budget}
    problem = bind(instance, load_model("p_center"), numbers)
    optimum = best(problem)
    outcome = center.solve(problem, Run(), "highs")
    if optimum is None:
        assert outcome.infeasible
        return
    assert outcome.opened is not None
    assert outcome.termination is Termination.PROVED
    plan = Plan(outcome.opened, *problem.responses.serve(outcome.opened))
    assert problem.objectives[0].term.value(plan) == pytest.approx(optimum)
    assert outcome.bounds[0] == pytest.approx(optimum)


class Stopper:
    """Asks to stop at the given report, and keeps all reports."""

    def __init__(self, after: int) -> None:
        self.stop, self.reports, self._after = threading.Event(), list[Progress](), after

    def __call__(self, report: Progress) -> None:
        self.reports.append(report)
        if len(self.reports) > self._after:
            self.stop.set()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), after=st.integers(0, 12), new=st.integers(1, 12))
def test_an_early_stop_leaves_bounds_that_hold(seed: int, after: int, new: int) -> None:
    problem = bind(ring(seed, new), load_model("p_center"))
    optimum = center.solve(problem, Run(), "highs").bounds[0]
    assert optimum is not None
    stopper = Stopper(after)
    outcome = center.solve(problem, Run(stop=stopper.stop, progress=stopper), "highs")
    for report in stopper.reports:
        assert report.bound is None or report.bound <= optimum + 1e-9
        assert report.incumbent is None or report.incumbent >= optimum - 1e-9
    assert outcome.bounds[0] is None or outcome.bounds[0] <= optimum + 1e-9
    if outcome.opened is not None:
        plan = Plan(outcome.opened, *problem.responses.serve(outcome.opened))
        assert problem.objectives[0].term.value(plan) >= optimum - 1e-9


def ring(seed: int, new: int, count: int = 60) -> Instance:
    """A ring of places with random chords."""
    rng = np.random.default_rng(seed)
    edges = {(i, i % count + 1): int(rng.integers(1, 101)) for i in range(1, count + 1)}
    for _ in range(count):
        one, other = sorted((rng.permutation(count)[:2] + 1).tolist())
        edges[one, other] = int(rng.integers(1, 101))
    return network(count, new, edges)


def test_a_gap_ends_the_search_early() -> None:
    problem = bind(ring(1, 5), load_model("p_center"))
    exact = center.solve(problem, Run(), "highs")
    rough = center.solve(problem, Run(gap=0.5), "highs")
    assert exact.bounds[0] is not None
    assert rough.bounds[0] is not None
    assert rough.termination in (Termination.GAP, Termination.PROVED)
    assert rough.bounds[0] <= exact.bounds[0]


def test_the_same_seed_gives_the_same_plan() -> None:
    problem = bind(ring(2, 7), load_model("p_center"))
    first, second = (center.solve(problem, Run(threads=threads), "highs").opened for threads in (1, 2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)


def test_limits_that_only_count_are_counted() -> None:
    instance = ring(3, 4)
    model = load_model("p_center")
    assert Question(bind(instance, model)).count == 4
    assert Question(bind(instance, model, {"budget": 3.5})).count == 3
    assert Question(bind(instance, model, {"new": 100})).count == 60


def random_cover(rng: np.random.Generator, rows: int, columns: int) -> Cover:
    """A random cover whose rows all have a column."""
    covers = rng.random((rows, columns)) < 0.25
    covers[np.arange(rows), rng.integers(0, columns, rows)] = True
    row, col = np.nonzero(covers)
    indptr = np.r_[0, np.cumsum(np.bincount(row, minlength=rows))].astype(np.int64)
    return Cover(
        indptr, col.astype(np.int32), np.ones(columns), np.ones(rows), np.zeros(rows, dtype=np.int32),
        np.zeros(1), np.zeros(columns, dtype=bool),
    )  # fmt: skip


@pytest.mark.parametrize("effort", [10_000, None])
@pytest.mark.parametrize("seed", range(30))
def test_the_cover_test_agrees_with_brute_force(seed: int, effort: int | None) -> None:
    cover = random_cover(np.random.default_rng(seed), rows=12, columns=9)
    sizes = [
        size
        for size in range(10)
        for subset in itertools.combinations(range(9), size)
        if cover.covered(np.isin(np.arange(9), subset)).all()
    ]
    for count in range(10):
        verdict, columns = decide(cover, count, effort, Run())
        assert verdict is (Verdict.FOUND if count >= min(sizes) else Verdict.REFUTED)
        if columns is not None:
            assert len(columns) <= count
            assert cover.covered(np.isin(np.arange(9), columns)).all()
