"""Space, tree and components of the decomposition, each against enumeration on random small forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from siting.methods import local_search
from siting.methods.form import Form, shrink, unit_of
from siting.methods.run import Run
from siting.methods.space import Space
from siting.methods.split import solve_pieces
from siting.methods.tree import Tree
from tests.test_decomposition_parts import every, form_of, forms, quick, room_for, seeds, some_plan


def begun(form: Form, seed: int, iterations: int = 5) -> Space:
    """A space whose dual has run a little from a random plan."""
    space = Space(form)
    space.begin(some_plan(form, seed))
    if space.form.columns:
        space.engine.iterate(iterations, 0.0, Run())
    return space


def best_in(space: Space) -> float:
    """The best plan of a space by its own form, promises included."""
    return every(space.form).best(space.form)


@quick
@given(forms(most_floors=0), st.integers(1, 4), seeds)
def test_a_row_cut_short_loses_no_plan_any_worth(form: Form, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cut = rng.choice(np.r_[-np.inf, form.parts[0], 0.0], form.rows)
    none = np.zeros(form.columns, dtype=bool)
    small, columns, rows, base = shrink(form, none, none, cut)
    assert len(columns) == form.columns
    assert len(rows) == small.rows
    whole, part = every(form), every(small)
    assert np.all(small.constant + part.parts[0] >= form.constant + whole.parts[0] - room_for(form.constant))
    # A plan that serves every row above its cut is worth exactly as much.
    served = np.where(whole.plans[:, None, :], dense(form), 0.0).max(axis=2, initial=0.0)
    exact = np.all(served >= np.where(base[0] > 0.0, base[0], 0.0), axis=1)
    assert small.constant + part.parts[0, exact] == pytest.approx(form.constant + whole.parts[0, exact])


def dense(form: Form) -> np.ndarray:
    """(n, m) savings."""
    table = np.zeros((form.rows, form.columns))
    table[form.row, form.col] = form.parts[0]
    return table


@quick
@given(forms(), seeds)
def test_a_new_space_has_the_same_best_plan(form: Form, seed: int) -> None:
    must = np.random.default_rng(seed).random(form.columns) < 0.2
    form = replace(form, must=must)
    best = every(form).best(form)
    space = Space(form)
    assert space.feasible or not every(form).fits[every(form).plans[:, must].all(axis=1)].any()
    if space.feasible:
        assert best_in(space) == pytest.approx(best) or not np.isfinite(best)


@quick
@given(forms(most_floors=0), st.integers(1, 4), st.floats(0.0, 1.0), seeds)
def test_shrinking_a_space_keeps_every_better_plan(form: Form, near: int, share: float, seed: int) -> None:
    """Whatever is needed, plans worth it survive with their worth, and none is promised in vain."""
    whole = every(form)
    best = whole.best(form)
    space = Space(form)
    space.keep_nearest(near)
    space.begin(some_plan(form, seed))
    worst = form.constant
    needed = worst + share * (best - worst)
    for _ in range(4):
        if not space.form.columns:
            break
        space.engine.iterate(5, needed - space.form.constant, Run())
        assert space.dual is not None
        assert space.form.constant + space.dual.bound >= best - room_for(best)
        space.shrink(needed)
        found = best_in(space)
        assert found >= best - room_for(best)
        if space.exact:
            assert found == pytest.approx(best, rel=1e-7, abs=1e-7)


@quick
@given(forms(most_floors=0), seeds)
def test_restricting_a_space(form: Form, seed: int) -> None:
    space = begun(form, seed)
    assume(space.form.columns > 0)
    column = int(np.random.default_rng(seed).integers(space.form.columns))
    whole = every(space.form)
    for opened in (False, True):
        child = space.restrict(column, opened)
        best = whole.best(space.form, whole.plans[:, column] == opened)
        if not child.feasible:
            assert not np.isfinite(best)
            continue
        assert best_in(child) == pytest.approx(best, rel=1e-9, abs=1e-9)
        assert bool(child.fixed[space.columns[column]]) == opened


@quick
@given(forms(most_floors=0), st.booleans(), seeds)
def test_the_tree_ends_with_the_optimum(form: Form, started: bool, seed: int) -> None:
    all_plans = every(form)
    best = all_plans.best(form)
    space = begun(form, seed, 2)
    assert space.dual is not None
    known = form.constant + float(local_search.per_part(form, some_plan(form, seed))[0]) if started else -1e9
    unit = unit_of(form)
    plans: list[np.ndarray] = []

    def worth() -> float:
        values = [form.constant + float(local_search.per_part(form, plan)[0]) for plan in plans]
        return max([known, *values])

    def offer(where: Space, is_open: np.ndarray) -> None:
        plan = where.fixed.copy()
        plan[where.columns[is_open]] = True
        if local_search.fits(form, plan):
            plans.append(plan)

    def needed() -> float:
        return worth() + (unit * (1.0 - 1e-6) if unit else 1e-9 * max(1.0, abs(best)))

    if not space.form.columns:
        return
    bound = space.form.constant + space.dual.bound
    tree = Tree(space, bound, needed, offer, Run(seed=seed % 2**31))
    while tree.solve(lambda: False) and space.form.columns:
        tree = Tree(space, bound, needed, offer, Run(seed=seed % 2**31))
    if not space.form.columns:
        offer(space, np.zeros(0, dtype=bool))
    assert max(worth(), known) == pytest.approx(best, rel=1e-7, abs=1e-6)


@quick
@given(forms(most_floors=0), st.integers(0, 6), seeds)
def test_a_tree_left_early_has_a_valid_bound(form: Form, looks: int, seed: int) -> None:
    best = every(form).best(form)
    space = begun(form, seed, 1)
    assume(space.form.columns > 0)
    assert space.dual is not None
    asked = iter(range(100))
    tree = Tree(space, space.form.constant + space.dual.bound, lambda: -1e9, lambda where, plan: None, Run())
    tree.solve(lambda: next(asked) >= looks)
    if looks == 0:
        assert tree.bound >= best - room_for(best)
    finished = max(tree.bound, -1e9)
    assert finished >= best - room_for(best) or next(asked) < looks or looks > 0


@st.composite
def islands(draw: st.DrawFn) -> Form:
    """Two to four forms beside each other, tied together by common limits."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = rng.integers(1, 4, (draw(st.integers(2, 4)), 2)) + 1
    rows, columns = sizes.sum(axis=0)
    assume(columns <= 9)
    table = np.zeros((1, rows, columns))
    i = j = 0
    for n, m in sizes:
        table[0, i : i + n, j : j + m] = rng.integers(0, 9, (n, m))
        i, j = i + n, j + m
    limits = draw(st.integers(1, 2))
    use = rng.integers(0, 4, (limits, columns)).astype(float)
    return form_of(table, use, np.floor(use.sum(axis=1) * rng.random(limits)), np.zeros(0), 3.0)


@quick
@given(st.one_of(islands(), forms(most_floors=0)), st.sampled_from([1, 4, 1000]), st.integers(0, 20), seeds)
def test_pieces_lower_the_bound_not_too_far(form: Form, largest: int, iterations: int, seed: int) -> None:
    whole = every(form)
    best = whole.best(form)
    plan = some_plan(form, seed)
    space = Space(form)
    space.begin(plan)
    assume(space.form.columns > 0)
    space.engine.iterate(iterations, 0.0, Run())
    dual = space.dual
    assert dual is not None
    core = space.form
    inner = every(core)
    pieces = solve_pieces(core, dual, plan[space.columns], Run(), 10.0, largest, seed)
    if pieces is None:
        return
    bound = core.constant + dual.bound - pieces.gained
    assert bound >= best - room_for(best)
    # A column against the sign of its reduced value costs what is left of it beyond the gap.
    reduced = dual.rho - (dual.best_pi[:, None] * core.use).sum(axis=0)
    for j in range(core.columns):
        against = inner.plans[:, j] != (reduced[j] > 0.0)
        flipped = bound - max(0.0, abs(reduced[j]) - pieces.gap[j])
        if reduced[j] != 0.0 and (inner.feasible & against).any():
            assert flipped >= inner.best(core, against) - room_for(best)


@pytest.mark.parametrize(("savings", "unit"), [([4.0, 6.0], 2.0), ([3.0, 5.0], 1.0), ([2.5, 5.0], 0.0)])
def test_plans_differ_by_whole_units(savings: list[float], unit: float) -> None:
    form = form_of(np.array([[savings]]), np.ones((1, 2)), np.ones(1), np.zeros(0))
    assert unit_of(form) == unit
