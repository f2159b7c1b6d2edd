"""Large programs: solutions keep every row, bounds hold, and what is called proved is."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from siting.measures.program import Arrays, Program, linear
from siting.methods import highs
from siting.methods.relaxation import large as relaxation
from siting.methods.relaxation.bound import relax, tighten
from siting.methods.relaxation.cuts import Covers, tightened
from siting.methods.relaxation.program import load, minimum, restrict
from siting.methods.run import Run

SEEDS = range(8)


def _cover(rng, maximize=False):
    """Every row is covered so often; sites may hold several units."""
    program = Program("cover", maximize)
    y = program.add_columns("y", np.arange(12), 0, 2, True)
    for row in range(10):
        used = rng.choice(12, 4, replace=False)
        program.add_rows("c", [row], np.zeros(4), y[used], 1.0, lower=rng.integers(1, 4), upper=np.inf)
    program.objective = linear(y, rng.integers(1, 9, 12), 3.0)
    return program


def _max_cover(rng, k=1):
    """Weight covered k times within a budget; what covers is integer for k > 1."""
    program = Program("max", True)
    y = program.add_columns("y", np.arange(14), 0, 1, True)
    z = program.add_columns("z", np.arange(25), 0, 1, k > 1)
    for row in range(25):
        used = rng.choice(14, 4, replace=False)
        columns = np.r_[y[used], z[row]]
        base = -float(rng.integers(0, 2)) if k > 1 else 0.0
        program.add_rows("c", [row], np.zeros(5), columns, [1, 1, 1, 1, -k], lower=base)
    program.add_limit("budget", linear(y, rng.uniform(1, 5, 14)), upper=12.0)
    program.objective = linear(z, rng.uniform(1, 100, 25))
    return program


def _backup(rng):
    return _max_cover(rng, 2)


def _assignment(rng, most=60.0):
    """Demand is assigned to sites with a capacity, in fractions; every row is an equality."""
    program = Program("assign", False)
    y = program.add_columns("y", np.arange(6), 0, 1, True)
    x = program.add_columns("x", np.arange(60), 0, 1).reshape(10, 6)
    demand = rng.uniform(5, 10, 10)
    for i in range(10):
        program.add_rows("d", [i], np.zeros(6), x[i], 1.0, lower=1.0, upper=1.0)
    for j in range(6):
        program.add_limit(f"cap{j}", linear(x[:, j], demand) + linear([y[j]], -most), upper=0.0)
    program.objective = linear(y, rng.uniform(20, 40, 6)) + linear(x.ravel(), rng.uniform(1, 20, 60), -7.0)
    return program


def _general(rng):
    """General integers, negative coefficients and bounds, rows with two sides, one equality."""
    program = Program("general", bool(rng.integers(2)))
    x = program.add_columns("x", np.arange(6), rng.integers(-4, 0, 6), rng.integers(1, 5, 6), True)
    w = program.add_columns("w", np.arange(3), -1.5, 2.5)
    both = np.r_[x, w]
    for row in range(4):
        coefficient = rng.integers(-5, 6, 9)
        program.add_limit(f"r{row}", linear(both, coefficient), -15.0, 12.0)
    program.add_limit("equal", linear(x, [1, 2, 3, 1, 2, 3]), 4.0, 4.0)
    program.objective = linear(both, rng.uniform(-5, 5, 9), 2.5)
    return program


def _infeasible(rng):
    """Even numbers cannot add up to an odd one: the relaxation has a solution."""
    program = Program("none", False)
    x = program.add_columns("x", np.arange(8), 0, 3, True)
    program.add_limit("odd", linear(x, 2.0), 7.0, 7.0)
    program.objective = linear(x, rng.uniform(1, 2, 8))
    return program


KINDS = (_cover, _max_cover, _backup, _assignment, _general)


def _exact(arrays: Arrays) -> float | None:
    """Optimum by HiGHS on the whole."""
    answer = highs.solve(load(minimum(arrays)), Run())
    if answer.values is None:
        return None
    return float(arrays.cost @ answer.values) + arrays.offset


def _check(arrays: Arrays, found: relaxation.Found, optimum: float) -> float | None:
    """What was found keeps the rows and encloses the optimum; its objective."""
    sign = -1.0 if arrays.maximize else 1.0
    room = 1e-6 * max(1.0, abs(optimum))
    assert not found.infeasible
    if found.bound is not None:
        assert sign * found.bound <= sign * optimum + room
    if found.values is None:
        return None
    program = minimum(arrays)
    assert program.cleaned(found.values) is not None
    assert np.all(found.values[arrays.integer] == np.rint(found.values[arrays.integer]))
    value = float(arrays.cost @ found.values) + arrays.offset
    assert sign * value >= sign * optimum - room
    if found.bound is not None:
        assert sign * found.bound <= sign * value + 1e-9 * max(1.0, abs(value))
    return value


def _quiet(incumbent, bound):
    return None


@pytest.fixture(params=[False, True], ids=["whole", "large"])
def large(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(relaxation, "SMALL_TERMS", 0)
        monkeypatch.setattr(relaxation, "FREED", 3)
    return request.param


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_small_programs_are_proved(kind, seed, large):
    arrays = kind(np.random.default_rng(seed)).arrays()
    optimum = _exact(arrays)
    if optimum is None:
        assert relaxation.solve_arrays(arrays, Run(), None, _quiet).infeasible
        return
    told = []
    found = relaxation.solve_arrays(arrays, Run(), None, lambda *known: told.append(known))
    value = _check(arrays, found, optimum)
    assert value == pytest.approx(optimum, rel=1e-6, abs=1e-6)
    assert found.bound == pytest.approx(optimum, rel=1e-6, abs=1e-6)
    sign = -1.0 if arrays.maximize else 1.0
    # HiGHS adds up in another order than we do: what it tells may be off in the last digits.
    best = [round(sign * incumbent, 6) for incumbent, _ in told if incumbent is not None]
    assert best == sorted(best, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_core_that_stays_large_is_searched_by_neighbourhoods(kind, monkeypatch):
    monkeypatch.setattr(relaxation, "SMALL_TERMS", 0)
    monkeypatch.setattr(relaxation, "CORE_TERMS", 0)
    monkeypatch.setattr(relaxation, "FREED", 2)
    monkeypatch.setattr(relaxation, "CLOSE_SECONDS", 1.0)
    for seed in range(3):
        arrays = kind(np.random.default_rng(seed)).arrays()
        optimum = _exact(arrays)
        if optimum is not None:
            found = relaxation.solve_arrays(arrays, Run(seed=seed), None, _quiet)
            assert _check(arrays, found, optimum) == pytest.approx(optimum, rel=0.2)


@pytest.mark.parametrize("seed", range(3))
def test_no_integer_solution_is_infeasible(seed, large):
    arrays = _infeasible(np.random.default_rng(seed)).arrays()
    found = relaxation.solve_arrays(arrays, Run(), None, _quiet)
    assert found.infeasible
    assert found.values is None
    assert found.bound is None


def test_no_fractional_solution_is_infeasible(large):
    arrays = _assignment(np.random.default_rng(0), most=5.0).arrays()
    assert relaxation.solve_arrays(arrays, Run(), None, _quiet).infeasible


@pytest.mark.parametrize("kind", KINDS)
def test_without_time_the_bound_is_valid_and_the_start_kept(kind, large):
    arrays = kind(np.random.default_rng(1)).arrays()
    answer = highs.solve(load(minimum(arrays)), Run())
    assert answer.values is not None
    optimum = float(arrays.cost @ answer.values) + arrays.offset
    assert relaxation.solve_arrays(arrays, Run(seconds=0.0), None, _quiet).values is None or not large
    found = relaxation.solve_arrays(arrays, Run(seconds=0.0), answer.values, _quiet)
    assert found.bound is not None
    assert _check(arrays, found, optimum) == pytest.approx(optimum, rel=1e-6)


def test_without_integer_columns(large):
    arrays = _max_cover(np.random.default_rng(2)).arrays()
    arrays = replace(arrays, integer=np.zeros(len(arrays.cost), dtype=bool))
    found = relaxation.solve_arrays(arrays, Run(), None, _quiet)
    model = load(minimum(arrays))
    model.run()
    optimum = -model.getInfo().objective_function_value
    assert _check(arrays, found, optimum) == pytest.approx(optimum)
    assert found.bound == pytest.approx(optimum)


def test_a_program_without_rows(large):
    program = Program("box", True)
    x = program.add_columns("x", np.arange(3), -1, 2, True)
    program.objective = linear(x, [1.0, -2.0, 0.0], 5.0)
    found = relaxation.solve_arrays(program.arrays(), Run(), None, _quiet)
    assert found.values is not None
    assert found.values[:2].tolist() == [2.0, -1.0]
    assert found.bound == pytest.approx(9.0)


def test_a_start_that_breaks_a_row_is_not_taken(large):
    arrays = _cover(np.random.default_rng(3)).arrays()
    found = relaxation.solve_arrays(arrays, Run(), np.zeros(12), _quiet)
    assert _check(arrays, found, _exact(arrays)) == pytest.approx(_exact(arrays))


def test_repair_is_asked_and_its_solution_checked(monkeypatch):
    monkeypatch.setattr(relaxation, "SMALL_TERMS", 0)
    arrays = _cover(np.random.default_rng(4)).arrays()
    asked = []

    def repair(values):
        asked.append(values)
        return np.full(12, 2.0) if len(asked) == 1 else np.zeros(12)

    told = []
    found = relaxation.solve_arrays(arrays, Run(), None, lambda *known: told.append(known), repair)
    assert asked
    full = 2.0 * arrays.cost.sum() + arrays.offset
    assert any(incumbent == pytest.approx(full) for incumbent, _ in told)
    assert _check(arrays, found, _exact(arrays)) == pytest.approx(_exact(arrays))


def _wide(needs=2500, sites=1500, k=2):
    """Too much for a proof in seconds."""
    rng = np.random.default_rng(0)
    program = Program("wide", True)
    y = program.add_columns("y", np.arange(sites), 0, 1, True)
    z = program.add_columns("z", np.arange(needs), 0, 1, True)
    row = np.repeat(np.arange(needs), 12)
    column = rng.integers(0, sites, len(row))
    program.add_rows(
        "c", np.arange(needs), np.r_[row, np.arange(needs)], np.r_[y[column], z],
        np.r_[np.ones(len(row)), np.full(needs, -float(k))], lower=0.0,
    )  # fmt: skip
    program.add_limit("open", linear(y, 1.0), upper=sites // 20)
    program.objective = linear(z, rng.uniform(1, 100, needs))
    return program.arrays()


def test_the_same_seed_gives_the_same_solution(monkeypatch):
    monkeypatch.setattr(relaxation, "SMALL_TERMS", 0)
    monkeypatch.setattr(relaxation, "FREED", 2)
    arrays = _backup(np.random.default_rng(7)).arrays()
    first, second = (relaxation.solve_arrays(arrays, Run(seed=3), None, _quiet) for _ in range(2))
    assert first.values is not None
    assert second.values is not None
    assert np.array_equal(first.values, second.values)
    assert first.bound == second.bound


def test_a_time_limit_is_kept():
    arrays = _wide()
    begun = time.monotonic()
    found = relaxation.solve_arrays(arrays, Run(seconds=4.0), None, _quiet)
    assert time.monotonic() - begun < 4.0 * 1.05 + 1.0
    assert found.values is not None
    assert found.bound is not None
    assert float(arrays.cost @ found.values) <= found.bound


def test_an_interruption_returns_what_is_known():
    run = Run()
    timer = threading.Timer(2.0, run.stop.set)
    timer.start()
    begun = time.monotonic()
    found = relaxation.solve_arrays(_wide(), run, None, _quiet)
    timer.cancel()
    assert time.monotonic() - begun < 4.0
    assert found.bound is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_any_row_duals_bound(kind, seed):
    rng = np.random.default_rng(seed)
    arrays = kind(rng).arrays()
    optimum = _exact(arrays)
    if optimum is None:
        return
    program = minimum(arrays)
    least = -optimum if arrays.maximize else optimum
    for scale in (0.0, 0.1, 10.0):
        dual = relax(program, scale * rng.normal(size=len(program.row_lower)), program.lower, program.upper)
        assert dual.bound <= least + 1e-6
        lower, upper = tighten(program, dual, program.lower, program.upper, least + 1e-6 - dual.bound)
        inside = highs.solve(load(replace(program, lower=lower, upper=upper)), Run())
        assert inside.values is not None
        assert program.objective(inside.values) == pytest.approx(least, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_tighter_coefficients_and_inequalities_keep_integer_solutions(kind, seed):
    rng = np.random.default_rng(seed)
    program = minimum(kind(rng).arrays())
    tight = tightened(program)
    covers = Covers(tight)
    cuts = covers.broken(rng.uniform(0, 1, len(program.cost))) if covers.count else None
    for _ in range(4):
        costs = rng.normal(size=len(program.cost))
        for one, other in ((program, tight), (tight, program)):
            answer = highs.solve(load(replace(one, cost=costs)), Run())
            if answer.values is None:
                continue
            assert other.cleaned(answer.values) is not None
            if cuts is not None:
                assert np.all(cuts @ np.rint(answer.values) >= -1e-9)


def test_inequalities_of_a_backup_program():
    tight = tightened(minimum(_backup(np.random.default_rng(0)).arrays()))
    assert Covers(tight).count == 25


@pytest.mark.parametrize("kind", KINDS)
def test_fixed_columns_fall_away(kind):
    rng = np.random.default_rng(5)
    program = minimum(kind(rng).arrays())
    answer = highs.solve(load(program), Run())
    assert answer.values is not None
    fixed = rng.uniform(size=len(program.cost)) < 0.5
    at = np.where(program.integer, np.rint(answer.values), answer.values)
    part = restrict(program, np.where(fixed, at, program.lower), np.where(fixed, at, program.upper))
    assert part.possible
    inside = highs.solve(load(part.program), Run())
    assert inside.values is not None
    whole = program.cleaned(part.whole(inside.values))
    assert whole is not None
    assert part.program.objective(inside.values) == pytest.approx(program.objective(whole))
    assert program.objective(whole) == pytest.approx(program.objective(answer.values))
