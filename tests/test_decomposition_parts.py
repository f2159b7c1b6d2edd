"""The parts of the decomposition, each against enumeration on random small forms."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from siting.methods import kernels, local_search, volume
from siting.methods.core import relax, solve_core
from siting.methods.form import Form, hard, restricted, shrink
from siting.methods.run import Run
from siting.methods.stage import Stage

SECONDS = 10.0
quick = settings(deadline=None, max_examples=60)


def form_of(
    savings: np.ndarray, use: np.ndarray, room: np.ndarray, floor: np.ndarray, constant: float = 0.0
) -> Form:
    """A form from savings (1+G, n, m) whose parts rank the columns of a row alike; 0 is no pair."""
    columns, parts, counts = [], [], []
    for row in np.moveaxis(savings, 1, 0):
        order = np.argsort(-row.sum(axis=0), kind="stable")
        order = order[row[:, order].any(axis=0)]
        if len(order):
            columns.append(order)
            parts.append(row[:, order])
            counts.append(len(order))
    together = np.concatenate(parts, axis=1) if parts else np.zeros((len(savings), 0))
    assert np.all(together >= 0)
    return Form(
        option=np.arange(savings.shape[2], dtype=np.int32) + 100,
        indptr=np.r_[0, np.cumsum(counts)].astype(np.int64),
        col=np.concatenate(columns).astype(np.int32) if columns else np.zeros(0, np.int32),
        parts=np.ascontiguousarray(together, dtype=float),
        saving=hard(together),
        floor=np.asarray(floor, dtype=float),
        constant=constant,
        use=np.asarray(use, dtype=float).reshape(len(room), savings.shape[2]),
        room=np.asarray(room, dtype=float),
        must=np.zeros(savings.shape[2], dtype=bool),
    )


@st.composite
def forms(draw: st.DrawFn, most_floors: int = 2, least_columns: int = 1) -> Form:
    """Dense and sparse forms with ties, 0 to 3 limits, and floors that some plan just reaches."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = draw(st.integers(0, 10))
    columns = draw(st.integers(least_columns, 8))
    density = draw(st.sampled_from([0.15, 0.5, 1.0]))
    limits = draw(st.integers(0, 3))
    floors = draw(st.integers(0, most_floors))
    whole = draw(st.booleans())
    depth = rng.integers(0, 4, (rows, columns)) if whole else rng.random((rows, columns))
    savings = np.array([_falling(rng, depth, whole) for _ in range(1 + floors)])
    savings *= rng.random((rows, columns)) < density
    use = rng.integers(0, 4, (limits, columns)) if whole else rng.random((limits, columns))
    room = use.sum(axis=1) * rng.random(limits)
    form = form_of(savings, use, room, np.zeros(floors), float(rng.normal(0, 100)))
    plan = local_search.begin(form, np.zeros(columns, dtype=bool))
    local_search.fill(plan, rng.random(limits))
    share = draw(st.sampled_from([0.7, 1.0]))
    return replace(form, floor=share * local_search.per_part(form, plan.is_open)[1:])


def _falling(rng: np.random.Generator, depth: np.ndarray, whole: bool) -> np.ndarray:
    """Savings that fall, or stay, as the depth grows; another scale in every row."""
    scale = rng.integers(1, 9, (len(depth), 1)) if whole else 100 * rng.random((len(depth), 1))
    if rng.random() < 0.3:
        return scale * (depth <= (1 if whole else 0.5))
    return scale * ((4 if whole else 1.0) - depth)


@dataclass(frozen=True)
class Every:
    """All plans (S, m), their savings per part (1+G, S), and which keep limits and floors (S,)."""

    plans: np.ndarray
    parts: np.ndarray
    fits: np.ndarray
    feasible: np.ndarray

    def best(self, form: Form, among: np.ndarray | None = None) -> float:
        """The best objective, constant included; minus infinity where there is no plan."""
        kept = self.feasible if among is None else self.feasible & among
        return form.constant + float(self.parts[0, kept].max()) if kept.any() else -np.inf


def every(form: Form) -> Every:
    """Enumerate from the definition: a row saves what its best open column saves."""
    plans = np.array(list(itertools.product([False, True], repeat=form.columns)), dtype=bool)
    dense = dense_of(form)
    parts = np.array(
        [np.where(plans[:, None, :], part[None], 0.0).max(axis=2, initial=0.0).sum(axis=1) for part in dense]
    ).reshape(len(form.parts), len(plans))
    used = plans @ form.use.T
    fits = np.all(used <= form.room * (1 + 1e-9) + 1e-12, axis=1)
    slack = 1e-9 * np.maximum(1.0, np.abs(form.floor))
    floors = np.all(parts[1:].T + slack >= form.floor, axis=1)
    return Every(plans, parts, fits, fits & floors & plans[:, form.must].all(axis=1))


def dense_of(form: Form) -> np.ndarray:
    """(1+G, n, m) savings."""
    dense = np.zeros((len(form.parts), form.rows, form.columns))
    dense[:, form.row, form.col] = form.parts
    return dense


def room_for(value: float) -> float:
    return 1e-7 * max(1.0, abs(value))


def some_plan(form: Form, seed: int) -> np.ndarray:
    """A random plan within the limits."""
    rng = np.random.default_rng(seed)
    plan = np.zeros(form.columns, dtype=bool)
    for j in rng.permutation(form.columns):
        plan[j] = rng.random() < 0.5
        plan[j] = plan[j] and local_search.fits(form, plan)
    return plan


seeds = st.integers(0, 2**32)


@quick
@given(forms(), seeds)
def test_savings_per_part(form: Form, seed: int) -> None:
    plan = some_plan(form, seed)
    dense = np.where(plan, dense_of(form), 0.0)
    assert local_search.per_part(form, plan) == pytest.approx(dense.max(axis=2, initial=0.0).sum(axis=1))
    best, second = local_search.top_two_parts(form, plan)
    ranked = np.concatenate([np.sort(dense, axis=2), np.zeros((*dense.shape[:2], 0))], axis=2)
    assert np.array_equal(best, ranked[..., -1])
    assert np.array_equal(second, ranked[..., -2] if form.columns > 1 else np.zeros_like(best))


# -- bound ------------------------------------------------------------------------------------


def lagrangian(form: Form, lam: np.ndarray, pi: np.ndarray, mu: np.ndarray) -> float:
    """L(lambda, pi, mu) from its definition, constant included."""
    saving = np.einsum("g,gij->ij", np.r_[1.0, mu], dense_of(form))
    rho = np.maximum(0.0, saving - lam[:, None]).sum(axis=0)
    over = np.maximum(0.0, rho - pi @ form.use).sum()
    return float(form.constant + lam.sum() + form.room @ pi - form.floor @ mu + over)


def started(form: Form, seed: int) -> volume.Dual:
    return volume.begin(form, *local_search.top_two_parts(form, some_plan(form, seed)))


def at_random(form: Form, dual: volume.Dual, seed: int) -> volume.Dual:
    """The dual moved to random multipliers and prices."""
    rng = np.random.default_rng(seed)
    most = max(1.0, float(form.parts.max(initial=0.0)))
    dual.lam = rng.random(form.rows) * most * (rng.random(form.rows) < 0.8)
    dual.pi = rng.random(len(form.room)) * most * (rng.random(len(form.room)) < 0.8)
    dual.mu = rng.random(len(form.floor)) * 3 * (rng.random(len(form.floor)) < 0.8)
    dual.tau = float(rng.choice([0.0, 1e-6, 0.1, 10.0]))
    return dual


@quick
@given(forms(), st.sampled_from([0, 1, 7, 60, 300]), st.booleans(), seeds, st.floats(-2, 2))
def test_volume_never_cuts_off_a_plan(form: Form, count: int, moved: bool, seed: int, off: float) -> None:
    """Bound, and bounds with a column closed or opened, whatever the target and the start."""
    all_plans = every(form)
    best = all_plans.best(form)
    dual = started(form, seed)
    if moved:
        dual = at_random(form, dual, seed)
    target = (best if np.isfinite(best) else 0.0) - form.constant + off
    volume.Volume(form, dual).iterate(count, target, Run())
    assert dual.bound + form.constant == pytest.approx(
        lagrangian(form, dual.lam, dual.best_pi, dual.mu), rel=1e-9, abs=1e-7
    )
    assert np.all(dual.lam >= 0)
    assert np.all(dual.best_pi >= 0)
    assert dual.bound + form.constant >= best - room_for(best)
    for j in range(form.columns):
        is_open = all_plans.plans[:, j]
        for bound, value in (
            (dual.closed_at[j], all_plans.best(form, ~is_open)),
            (dual.opened_at[j], all_plans.best(form, is_open)),
        ):
            assert not np.isfinite(value) or bound + form.constant >= value - room_for(value)


@pytest.mark.parametrize("seed", range(4))
def test_volume_gets_near_the_linear_relaxation(seed: int) -> None:
    """On forms large enough for smooth prices; its gap is some percent, never negative."""
    rng = np.random.default_rng(seed)
    savings = 100 * rng.random((1, 200, 60)) * (rng.random((200, 60)) < 0.1)
    use = np.array([np.ones(60), rng.uniform(1, 3, 60)])
    form = form_of(savings, use, np.array([15.0, 25.0]), np.zeros(0), 500.0)
    relaxed = relax(form, Run(), SECONDS)
    assert relaxed is not None
    dual = started(form, seed)
    engine = volume.Volume(form, dual)
    for _ in range(10):
        engine.iterate(50, relaxed.bound - form.constant, Run())
        engine.halve_alpha()
    assert -1e-7 <= (dual.bound + form.constant - relaxed.bound) / relaxed.bound < 0.02


@quick
@given(forms(), seeds)
def test_relaxation_never_cuts_off_a_plan(form: Form, seed: int) -> None:
    all_plans = every(form)
    best = all_plans.best(form)
    relaxed = relax(form, Run(), SECONDS)
    if relaxed is None:
        assert not np.isfinite(best)
        return
    assert relaxed.bound >= best - room_for(best)
    assert np.all((relaxed.y >= -1e-7) & (relaxed.y <= 1 + 1e-7))
    for j in range(form.columns):
        is_open = all_plans.plans[:, j]
        for bound, value in (
            (relaxed.closed_at[j], all_plans.best(form, ~is_open)),
            (relaxed.opened_at[j], all_plans.best(form, is_open)),
        ):
            assert not np.isfinite(value) or bound >= value - room_for(value)


# -- smaller forms ----------------------------------------------------------------------------


def fixed(form: Form, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns to close and columns to open."""
    fate = np.random.default_rng(seed).integers(0, 3, form.columns)
    return fate == 1, fate == 2


@quick
@given(forms(), seeds)
def test_shrink_keeps_the_worth_of_every_plan(form: Form, seed: int) -> None:
    closed, opened = fixed(form, seed)
    small, columns, rows, base = shrink(form, closed, opened)
    assert columns.tolist() == np.flatnonzero(~closed & ~opened).tolist()
    assert small.option.tolist() == form.option[columns].tolist()
    assert np.all(np.diff(small.indptr) > 0)
    assert base.shape == (len(form.parts), form.rows)
    assert base.sum(axis=1) == pytest.approx(local_search.per_part(form, opened))
    assert len(rows) == small.rows
    whole, part = every(form), every(small)
    consistent = ~whole.plans[:, closed].any(axis=1) & whole.plans[:, opened].all(axis=1)
    assert np.array_equal(whole.plans[consistent][:, columns], part.plans)
    assert small.constant + part.parts[0] == pytest.approx(form.constant + whole.parts[0, consistent])
    assert part.parts[1:] - small.floor[:, None] == pytest.approx(
        whole.parts[1:, consistent] - form.floor[:, None], abs=1e-9
    )
    slack = small.room - part.plans @ small.use.T
    assert slack == pytest.approx(form.room - whole.plans[consistent] @ form.use.T, abs=1e-9)
    for i in range(small.rows):
        ladder = small.parts[:, small.indptr[i] : small.indptr[i + 1]]
        assert np.all(np.diff(ladder, axis=1) <= 0)
        assert ladder.max() > 0


@quick
@given(forms(), seeds)
def test_the_dual_survives_shrinking(form: Form, seed: int) -> None:
    closed, opened = fixed(form, seed)
    dual = started(form, seed)
    volume.Volume(form, dual).iterate(20, 0.0, Run())
    small, columns, rows, base = shrink(form, closed, opened)
    carried = volume.shrunk(dual, form, dual.lam, columns, rows, base, small.constant - form.constant)
    volume.Volume(small, carried).iterate(20, 0.0, Run())
    best = every(small).best(small)
    assert not np.isfinite(best) or carried.bound + small.constant >= best - room_for(best)


@quick
@given(forms(), seeds)
def test_restricted_closes_and_demands(form: Form, seed: int) -> None:
    closed, opened = fixed(form, seed)
    smaller = restricted(form, form.option[closed], form.option[opened])
    assert smaller.option.tolist() == form.option[~closed].tolist()
    whole = every(form)
    allowed = ~whole.plans[:, closed].any(axis=1) & whole.plans[:, opened].all(axis=1)
    assert every(smaller).best(smaller) == pytest.approx(whole.best(form, allowed))


# -- plans ------------------------------------------------------------------------------------


def assert_state(search: local_search.Search) -> None:
    """The state of a search is what a fresh count of its plan gives."""
    form = search.form
    fresh = local_search.begin(form, search.is_open)
    dense = np.where(search.is_open, hard_dense(form), 0.0)
    ranked = np.sort(np.concatenate([np.zeros((form.rows, 2)), dense], axis=1), axis=1)
    assert search.best == pytest.approx(ranked[:, -1])
    assert search.second == pytest.approx(ranked[:, -2])
    assert np.array_equal(search.who, fresh.who)
    served = search.who >= 0
    assert np.all(search.is_open[search.who[served]])
    loss = np.bincount(search.who[served], (search.best - search.second)[served], minlength=form.columns)
    scale = max(1.0, search.savings)
    assert search.loss[search.is_open] == pytest.approx(loss[search.is_open], abs=1e-9 * scale)
    assert search.used == pytest.approx(form.use @ search.is_open, abs=1e-9)


def hard_dense(form: Form) -> np.ndarray:
    """(n, m) savings that plans are searched by."""
    dense = np.zeros((form.rows, form.columns))
    dense[form.row, form.col] = form.saving
    return dense


def worth(form: Form, plan: np.ndarray) -> float:
    return float(np.where(plan, hard_dense(form), 0.0).max(axis=1, initial=0.0).sum())


@quick
@given(forms(), seeds)
def test_greedy_keeps_limits_and_fills_up(form: Form, seed: int) -> None:
    begun = some_plan(form, seed)
    search = local_search.begin(form, begun)
    local_search.fill(search, np.random.default_rng(seed).random(len(form.room)))
    assert_state(search)
    assert np.all(search.is_open[begun])
    assert local_search.fits(form, search.is_open)
    for j in np.flatnonzero(~search.is_open):
        more = search.is_open.copy()
        more[j] = True
        gain = worth(form, more) - search.savings
        assert gain <= 1e-9 * max(1.0, search.savings) or not local_search.fits(form, more)


@quick
@given(forms(), seeds)
def test_one_pass_of_interchange(form: Form, seed: int) -> None:
    search = local_search.begin(form, some_plan(form, seed))
    before = search.savings
    order = np.random.default_rng(seed).permutation(form.columns)
    gained = kernels.interchange(
        form.indptr, form.col, form.saving, form.outlay, search.row, search.col_start, search.col_pair,
        form.use, form.member, form.amount, search.room, order, search.is_open, search.used,
        search.who, search.best, search.second, search.loss,
        np.zeros(form.columns, dtype=bool), 1e-9,
    )  # fmt: skip
    assert gained >= 0
    assert worth(form, search.is_open) == pytest.approx(before + gained, rel=1e-9, abs=1e-6)
    assert local_search.fits(form, search.is_open)
    assert_state(search)


@quick
@given(forms(), seeds)
def test_interchange_ends_where_no_swap_helps(form: Form, seed: int) -> None:
    search = local_search.begin(form, some_plan(form, seed))
    before = search.savings
    local_search.improve(search, Run(seed=seed % 2**31))
    assert search.savings >= before - 1e-9 * max(1.0, before)
    assert local_search.fits(form, search.is_open)
    assert_state(search)
    for a in np.flatnonzero(~search.is_open):
        for b in (None, *np.flatnonzero(search.is_open)):
            other = search.is_open.copy()
            other[a] = True
            if b is not None:
                other[b] = False
            if local_search.fits(form, other):
                assert worth(form, other) <= search.savings + 1e-8 * max(1.0, search.savings)


@pytest.mark.parametrize("compiled", [True, False])
def test_interchange_where_two_open_columns_tie_in_more_rows_than_there_are_columns(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two facility types at one site answer at the same time; a third column is better everywhere."""
    if not compiled:  # python checks every index
        for name, kernel in vars(kernels).items():
            if hasattr(kernel, "py_func"):
                monkeypatch.setattr(kernels, name, kernel.py_func)
    rows = 50
    form = form_of(np.tile([1.0, 1.0, 3.0], (1, rows, 1)), np.ones((1, 3)), np.array([2.0]), np.zeros(0))
    search = local_search.begin(form, np.array([True, True, False]))
    gained = kernels.interchange(
        form.indptr, form.col, form.saving, form.outlay, search.row, search.col_start, search.col_pair,
        form.use, form.member, form.amount, search.room, np.arange(3), search.is_open, search.used,
        search.who, search.best, search.second, search.loss,
        np.zeros(form.columns, dtype=bool), 1e-9,
    )  # fmt: skip
    assert gained == 2 * rows
    assert search.is_open.tolist() in ([False, True, True], [True, False, True])
    assert_state(search)


@quick
@given(forms(), seeds)
def test_shaking_keeps_limits_and_loses_nothing(form: Form, seed: int) -> None:
    search = local_search.begin(form, some_plan(form, seed))
    before = search.savings
    local_search.shake(search, seed, 20, np.arange(form.columns))
    assert local_search.fits(form, search.is_open)
    assert search.savings >= before - 1e-9 * max(1.0, before)
    assert_state(search)


# -- programs and the whole stage -------------------------------------------------------------


@quick
@given(forms(), st.booleans(), st.sampled_from([0.0, 1.2, 3.0]), seeds)
def test_the_program_finds_the_optimum(form: Form, started_: bool, floors: float, seed: int) -> None:
    """Floors included, also floors that no plan reaches, and rooms that no plan keeps."""
    if floors:
        form = replace(form, floor=floors * form.floor + 1e-3)
    best = every(form).best(form)
    start = some_plan(form, seed) if started_ else None
    plan, bound = solve_core(form, Run(), SECONDS, start)
    if not np.isfinite(best):
        assert plan is None
        assert bound == -np.inf
        return
    assert plan is not None
    assert bound is not None
    parts = local_search.per_part(form, plan)
    assert local_search.fits(form, plan)
    assert np.all(parts[1:] >= form.floor - 1e-6 * np.maximum(1.0, np.abs(form.floor)))
    assert form.constant + parts[0] == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert bound == pytest.approx(best, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("constant", [-1000.0, 0.0, 1000.0])
@pytest.mark.parametrize("limits", [0, 2])
def test_a_program_without_columns_is_worth_its_constant(constant: float, limits: int) -> None:
    """Everything was fixed before: HiGHS calls such a model empty, rows or not."""
    form = form_of(np.zeros((1, 0, 0)), np.zeros((limits, 0)), np.ones(limits), np.zeros(0), constant)
    plan, bound = solve_core(form, Run(), SECONDS, None)
    assert plan is not None
    assert len(plan) == 0
    assert bound == constant


@pytest.mark.parametrize("broken", ["limit", "floor"])
def test_a_program_without_columns_that_has_no_plan(broken: str) -> None:
    room = np.array([-1.0 if broken == "limit" else 1.0])
    floor = np.array([5.0 if broken == "floor" else -5.0])
    form = form_of(np.zeros((2, 0, 0)), np.zeros((1, 0)), room, floor, 7.0)
    assert solve_core(form, Run(), SECONDS, None) == (None, -np.inf)


@quick
@given(forms(), seeds)
def test_a_stage_ends_with_a_plan_and_a_bound(form: Form, seed: int) -> None:
    all_plans = every(form)
    assume(all_plans.feasible.any())
    rng = np.random.default_rng(seed)
    begun = all_plans.plans[rng.choice(np.flatnonzero(all_plans.feasible))]
    best = all_plans.best(form)
    opened, value, bound = Stage(form, Run(), 1.0).solve([form.option[begun]])
    assert opened is not None
    plan = np.isin(form.option, opened)
    parts = local_search.per_part(form, plan)
    assert local_search.fits(form, plan)
    assert local_search.keeps_floors(form, parts)
    assert value == pytest.approx(form.constant + parts[0])
    assert bound >= best - room_for(best)
    assert value == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert bound == pytest.approx(best, rel=1e-6, abs=1e-6)


@quick
@given(forms(most_floors=0), seeds)
def test_what_is_settled_holds_for_every_optimal_plan(form: Form, seed: int) -> None:
    all_plans = every(form)
    best = all_plans.best(form)
    optimal = all_plans.feasible & (all_plans.parts[0] + form.constant >= best - 1e-10 * abs(best))
    start = all_plans.plans[np.random.default_rng(seed).choice(np.flatnonzero(optimal))]
    closed, opened = Stage(form, Run(), 1.0).settle(form.option[start])
    assert not all_plans.plans[optimal][:, np.isin(form.option, closed)].any()
    assert all_plans.plans[optimal][:, np.isin(form.option, opened)].all()
