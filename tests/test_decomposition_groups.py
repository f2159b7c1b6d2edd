"""Limits on many disjoint groups in the decomposition, against brute force and against dense rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.instance import Instance
from siting.methods import decomposition, kernels, limits, local_search, volume
from siting.methods.core import solve_core
from siting.methods.form import Form
from siting.methods.run import Run
from siting.methods.stage import Stage
from siting.model import parse_model
from siting.plan import Plan
from siting.problem import Problem, bind
from tests.brute import every_plan
from tests.test_decomposition_parts import (
    SECONDS,
    every,
    forms,
    lagrangian,
    quick,
    room_for,
    seeds,
    some_plan,
)

GOALS = {
    "cover": """maximize = { measure = "people_within" }
then = [{ minimize = { measure = "travel_time", unserved = 240 } }]""",
    "time": 'minimize = { measure = "travel_time", unserved = 120 }',
}
LIMITS = {
    "means": '{ measure = "cost", each = "district", at_most = "$means" },',
    "sites": '{ measure = "sites_open", each = "region", at_most = 1 },',
    "types": '{ measure = "sites_open", each = "type", at_most = 2 },',
    "share": '{ measure = "people_within", each = "region", at_least = "$people" },',
}
CASES = [
    ("cover", ("means",)), ("cover", ("means", "sites")), ("time", ("means", "types")),
    ("time", ("means", "share")), ("cover", ("sites", "types", "share")),
]  # fmt: skip


@pytest.fixture
def all_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny instances have few and large groups, which else would be dense rows."""
    monkeypatch.setattr(limits, "_FEWEST", 1)
    monkeypatch.setattr(limits, "_LARGEST", 1.0)


def random_problem(instance: Instance, goal: str, which: tuple[str, ...], seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    rows = "\n".join(LIMITS[name] for name in which)
    text = f"""title = "t"
question = "q"
source = "s"
{GOALS[goal]}
limits = [{rows} {{ measure = "cost", at_most = "$money" }}]
[parameters]
means = {{ unit = "currency", each = "district", default = inf, about = "money of a district" }}
people = {{ unit = "people", each = "region", default = 0, about = "people within the standard" }}
money = {{ unit = "currency", default = inf, about = "money" }}
"""
    numbers: dict[str, float] = {"money": float(rng.choice([20.0, 60.0, np.inf]))}
    numbers |= {f"means.{name}": float(rng.uniform(0, 15)) for name in instance.areas["district"].ids}
    if rng.random() < 0.5 and "share" in which:
        numbers |= {"people.n": float(rng.choice([100.0, 1000.0]))}
    return bind(instance, parse_model(text, "groups", "groups.toml"), numbers)


@pytest.mark.usefixtures("all_families")
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join([case[0], *case[1]]))
def test_group_limits_agree_with_brute_force(
    case: tuple[str, tuple[str, ...]], tiny: Callable[[np.random.Generator], Instance]
) -> None:
    grouped = 0
    for seed in range(50):
        problem = random_problem(tiny(np.random.default_rng(seed)), *case, seed)
        assert decomposition.refusal(problem, "highs") is None
        grouped += len(limits.option_limits(problem).left)
        plans = every_plan(problem)
        best = plans.best()
        outcome = decomposition.solve(problem, Run(), "highs")
        if best is None:
            assert outcome.infeasible, seed
            continue
        assert outcome.opened is not None, seed
        plan = Plan(outcome.opened, *problem.responses.serve(outcome.opened))
        for limit in problem.limits:
            value = limit.term.value(plan)
            assert limit.low - 1e-9 <= value <= limit.high + 1e-9, limit.label
        for goal, optimum, bound in zip(problem.objectives, best, outcome.bounds, strict=True):
            sign = 1.0 if goal.maximize else -1.0
            assert bound is not None
            assert sign * bound >= optimum - 1e-7 * max(1.0, abs(optimum)), seed
            assert sign * goal.term.value(plan) == pytest.approx(optimum, rel=1e-6, abs=1e-6), seed
    assert grouped > 20


# -- parts, against the same limits as dense rows ----------------------------------------------


@st.composite
def grouped_forms(draw: st.DrawFn) -> tuple[Form, Form]:
    """A form with one or two families of group limits, and the same one with dense rows."""
    form = draw(forms(most_floors=1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    families, per = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    of = rng.integers(-1, per, (families, form.columns))
    member = np.where(of >= 0, of + per * np.arange(families)[:, None], -1).astype(np.int32)
    amount = np.where(member >= 0, rng.integers(0, 4, member.shape), 0).astype(float)
    rows = np.zeros((families * per, form.columns))
    for some, values in zip(member, amount, strict=True):
        inside = np.flatnonzero(some >= 0)
        rows[some[inside], inside] = values[inside]
    left = np.floor(rows.sum(axis=1) * rng.random(len(rows)))
    dense = replace(form, use=np.vstack([form.use, rows]), room=np.concatenate([form.room, left]))
    floor = np.zeros_like(form.floor)
    return (
        replace(form, member=member, amount=amount, left=left, floor=floor),
        replace(dense, floor=floor),
    )


@quick
@given(grouped_forms(), seeds)
def test_group_limits_are_the_rows_they_stand_for(both: tuple[Form, Form], seed: int) -> None:
    form, dense = both
    plan = np.random.default_rng(seed).random(form.columns) < 0.5
    assert local_search.used_by(form, plan) == pytest.approx(dense.use @ plan)
    assert local_search.fits(form, plan) == local_search.fits(dense, plan)
    best = every(dense).best(dense)
    found, bound = solve_core(form, Run(), SECONDS, None)
    assert found is not None
    assert local_search.fits(dense, found)
    assert bound == pytest.approx(best, rel=1e-6, abs=1e-6)


@quick
@given(grouped_forms(), seeds)
def test_searches_keep_group_limits(both: tuple[Form, Form], seed: int) -> None:
    form, dense = both
    search = local_search.begin(form, some_plan(form, seed))
    local_search.fill(search, np.random.default_rng(seed).random(len(search.room)))
    assert local_search.fits(dense, search.is_open)
    local_search.improve(search, Run(seed=seed % 2**31))
    local_search.shake(search, seed, 20, np.arange(form.columns))
    assert local_search.fits(dense, search.is_open)
    assert search.used == pytest.approx(dense.use @ search.is_open, abs=1e-9)
    assert kernels.ROOM > 0


@quick
@given(grouped_forms(), st.sampled_from([0, 7, 60]), seeds)
def test_group_prices_never_cut_off_a_plan(both: tuple[Form, Form], count: int, seed: int) -> None:
    form, dense = both
    all_plans = every(dense)
    best = all_plans.best(dense)
    plan = some_plan(form, seed)
    dual = volume.begin(form, *local_search.top_two_parts(form, plan))
    volume.Volume(form, dual).iterate(count, best - form.constant, Run())
    assert dual.bound + form.constant == pytest.approx(
        lagrangian(dense, dual.lam, dual.prices, dual.mu), rel=1e-9, abs=1e-7
    )
    assert np.all(dual.toll >= 0)
    for j in range(form.columns):
        is_open = all_plans.plans[:, j]
        for bound, value in (
            (dual.closed_at[j], all_plans.best(dense, ~is_open)),
            (dual.opened_at[j], all_plans.best(dense, is_open)),
        ):
            assert not np.isfinite(value) or bound + form.constant >= value - room_for(value)


@quick
@given(grouped_forms(), seeds)
def test_a_stage_with_group_limits(both: tuple[Form, Form], seed: int) -> None:
    form, dense = both
    best = every(dense).best(dense)
    opened, value, bound = Stage(form, Run(), 1.0).solve([form.option[some_plan(form, seed)]])
    assert opened is not None
    assert local_search.fits(dense, np.isin(form.option, opened))
    assert value == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert bound == pytest.approx(best, rel=1e-6, abs=1e-6)
