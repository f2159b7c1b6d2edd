"""Money for facilities plus what response time is worth: against all plans, and as a published value."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import siting
from siting.check import check_folder
from siting.methods import METHODS, refusal
from siting.model import parse_model
from siting.plan import Status
from siting.problem import bind
from siting.terminal.report import published
from siting.writers import write

HEAD = 'title = "t"\nquestion = "q"\nsource = "s"\n'


def instance(
    minutes: np.ndarray, cost: np.ndarray, people: np.ndarray, more: dict[str, object] | None = None
) -> siting.Instance:
    """Sites (m,) with costs and places (n,) with people; minutes (m, n), NaN where there is no way."""
    sites, places = [f"s{n}" for n in range(len(minutes))], [f"p{n}" for n in range(len(people))]
    return siting.Instance.from_frames(
        places=pd.DataFrame({"place_id": places, "name": places, "population": people, "kind": "town"}),
        candidates=pd.DataFrame({"site": sites, "type": "depot", "cost": cost}),
        od=pd.DataFrame(
            {
                "from": np.repeat(sites, len(places)),
                "to": np.tile(places, len(sites)),
                "minutes": minutes.ravel(),
            }
        ),
        settings={
            "name": "depots", "currency": "coins",
            "services": {"supply": {"standard": {"town": 10}}},
            "types": {"depot": {"provides": {"supply": 0}, "new": len(sites)}},
            **(more or {}),
        },
    )  # fmt: skip


def by_hand(more: dict[str, object] | None = None) -> siting.Instance:
    """Depots in a, b and c would cost 30, 20 and 5."""
    minutes = np.array([[1.0, 6.0, 9.0], [6.0, 1.0, 4.0], [9.0, 4.0, 2.0]])
    return instance(minutes, np.array([30.0, 20.0, 5.0]), np.array([10, 4, 1]), more)


@pytest.mark.parametrize(
    ("rate", "opened", "value"),
    [
        (0.1, ["s2"], 5 + 0.1 * (90 + 16 + 2)),  # the cheapest will do
        (1.0, ["s0", "s2"], 35 + 10 + 16 + 2),  # a pays: it saves 80 of 108
        (7.0, ["s0", "s1", "s2"], 55 + 7 * (10 + 4 + 2)),  # b too: 12 minutes at 7 for 20
        (0.0, ["s2"], 5.0),
    ],
)
@pytest.mark.parametrize("method", ["exact", "decomposition", "relaxation"])
def test_a_facility_opens_where_it_saves_more_than_it_costs(
    rate: float, opened: list[str], value: float, method: str
) -> None:
    result = siting.solve(by_hand(), "total_cost", rate=rate, method=method)
    assert sorted(result.sites["site_id"]) == opened
    assert result.objective == pytest.approx(value, rel=1e-12)
    assert result.bound == pytest.approx(value, rel=1e-9)
    assert result.status is Status.OPTIMAL
    assert result.achieved[0].unit == "coins"


def random_instance(rng: np.random.Generator) -> tuple[siting.Instance, np.ndarray, np.ndarray, np.ndarray]:
    """A few depots, some ways missing."""
    sites, places = int(rng.integers(2, 8)), int(rng.integers(3, 12))
    minutes = rng.integers(0, 30, (sites, places)).astype(float)
    minutes[rng.random((sites, places)) < rng.choice([0.0, 0.3, 0.6])] = np.nan
    cost = rng.integers(0, 200, sites).astype(float)
    people = rng.integers(0, 20, places)
    return instance(minutes, cost, people), minutes, cost, people


def least(
    minutes: np.ndarray, cost: np.ndarray, people: np.ndarray, rate: float, budget: float
) -> float | None:
    """The least of all plans that serve everybody who can be served."""
    best = None
    reachable = ~np.isnan(minutes).all(axis=0)
    for size in range(len(cost) + 1):
        for chosen in itertools.combinations(range(len(cost)), size):
            spent = cost[list(chosen)].sum()
            times = np.where(np.isnan(minutes), np.inf, minutes)[list(chosen)].min(axis=0, initial=np.inf)
            if spent > budget or np.isinf(times[reachable]).any():
                continue
            value = spent + rate * (people * np.where(reachable, times, 0.0))[reachable].sum()
            best = value if best is None else min(best, value)
    return None if best is None else float(best)


@pytest.mark.parametrize("seed", range(25))
def test_the_least_of_all_plans_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made, minutes, cost, people = random_instance(rng)
    rate = float(rng.choice([0.01, 0.3, 1.0, 5.0]))
    budget = float(rng.choice([np.inf, cost.sum() / 2]))
    best = least(minutes, cost, people, rate, budget)
    for method in ("exact", "decomposition", "relaxation"):
        result = siting.solve(made, "total_cost", rate=rate, budget=budget, method=method, seconds=30)
        if best is None:
            assert result.status is Status.INFEASIBLE, method
            continue
        assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-9), method
        assert result.bound == pytest.approx(best, rel=1e-6, abs=1e-6), method


def test_it_is_solved_again_after_a_change() -> None:
    made, *_ = random_instance(np.random.default_rng(5))
    result = siting.solve(made, "total_cost", rate=0.5, method="decomposition")
    for rate in (0.1, 2.0, 0.5):
        again = result.resolve(rate=rate)
        fresh = siting.solve(made, "total_cost", rate=rate, method="exact")
        assert again.objective == pytest.approx(fresh.objective, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('maximize = { measure = "total_cost", rate = 1 }', "total_cost"),
        ('minimize = { measure = "total_cost" }', "rate"),
        ('minimize = { measure = "total_cost", rate = -1 }', "rate"),
        ('minimize = { measure = "total_cost", rate = 1 }\nstandard = "km"', "minutes"),
    ],
)
def test_models_that_make_no_sense_of_it_are_refused(text: str, says: str) -> None:
    with pytest.raises(siting.ModelError, match=says):
        parse_model(HEAD + "\n".join(reversed(text.split("\n"))), "m", "m.toml")


def test_the_decomposition_wants_it_last() -> None:
    text = """
        minimize = { measure = "total_cost", rate = 1 }
        then = [{ minimize = { measure = "sites_open" } }]"""
    problem = bind(by_hand(), parse_model(HEAD + text, "m", "m.toml"))
    assert "last" in str(refusal("decomposition", problem, "highs"))
    assert refusal("exact", problem, "highs") is None
    assert set(METHODS) >= {"exact", "decomposition"}


# -- published values -------------------------------------------------------------------------


def solved(known: float | None) -> siting.Result:
    """The hand-made depots, with a value that somebody has published for a rate of 1."""
    numbers = {} if known is None else {"total_cost": known}
    return siting.solve(by_hand({"published": numbers, "parameters": {"rate": 1.0}}), "total_cost")


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (63.0, "Published 63; this plan 63: reached."),
        (63.000001, "Published 63; this plan 63: reached."),
        (60.0, "Published 60; this plan 63: 5.00 % above it."),
        (126.0, "Published 126; this plan 63: 50.00 % better."),
        (None, ""),
    ],
)
def test_a_published_value_is_told_from_the_plans(known: float | None, says: str) -> None:
    summary = solved(known).summary
    assert published(summary) == says
    assert (summary["published"] is None) == (known is None)


def test_another_question_is_not_the_published_one() -> None:
    result = solved(63.0)
    for changed in (result.resolve(rate=2.0), result.resolve(forbid=["s0"])):
        assert changed.summary["published"] is None
    assert result.resolve(rate=1.0).summary["published"] == {"value": 63.0, "worse_by": 0.0}


def test_the_check_recomputes_the_distance(tmp_path: Path) -> None:
    result = solved(60.0)
    write(result, tmp_path / "plan")
    assert not check_folder(result.problem.instance, tmp_path / "plan").findings
    path = tmp_path / "plan" / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert summary["published"] == {"value": 60.0, "worse_by": pytest.approx(0.05)}
    summary["published"]["worse_by"] = 0.0
    path.write_text(json.dumps(summary), encoding="utf-8")
    (finding,) = check_folder(result.problem.instance, tmp_path / "plan").findings
    assert "published.worse_by" in finding
