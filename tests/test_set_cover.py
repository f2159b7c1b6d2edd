"""Set covering on arrays against every subset of columns, at the end and at any early stop."""

from __future__ import annotations

import itertools
import math
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.methods.cover import Cover, solve_cover
from siting.methods.cover.reduce import parts, reduce_cover
from siting.methods.run import Run

SCP = Path(__file__).parent.parent.parent / "shared" / "data" / "orlib" / "scp"
OPTIMA = {"scp41": 429, "scp42": 512, "scp51": 253, "scp61": 138, "scpa1": 253, "scpd1": 60}


def random_cover(seed: int, rows: int = 9, columns: int = 9) -> Cover:
    """Full, partial and mixed; with groups, musts, free, doubled and useless columns, empty rows."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, rows + 1)), int(rng.integers(1, columns + 1))
    member = rng.random((n, m)) < rng.uniform(0.1, 0.6)
    if rng.random() < 0.8:
        member[np.arange(n), rng.integers(0, m, n)] = True
    if rng.random() < 0.3:
        member[:, rng.integers(m)] = member[:, rng.integers(m)]
    real = rng.uniform(0, 5, m)
    cost = [np.ones(m), np.floor(real), np.round(real, 1), real][rng.integers(4)]
    groups = int(rng.integers(1, 4))
    group = rng.integers(0, groups, n).astype(np.int32)
    weight = [np.ones(n), rng.integers(0, 9, n).astype(float), rng.uniform(0, 9, n)][rng.integers(3)]
    total = np.bincount(group, weight, minlength=groups)
    slack = total * rng.choice([0.0, 0.1, 0.3, 0.7], groups) * (rng.random() < 0.6)
    return Cover(
        np.r_[0, np.cumsum(member.sum(axis=1))].astype(np.int64), np.nonzero(member)[1].astype(np.int32),
        cost, weight, group, slack, rng.random(m) < rng.choice([0.0, 0.2]),
    )  # fmt: skip


def optimum(cover: Cover) -> float:
    """Least cost over all subsets, infinite without a plan."""
    member = np.zeros((cover.rows, cover.columns), dtype=bool)
    member[cover.row_of_pair, cover.col] = True
    subsets = np.array(list(itertools.product([False, True], repeat=cover.columns)))
    subsets = subsets[(subsets | ~cover.must).all(axis=1)]
    missed = ~(subsets.astype(np.int64) @ member.T.astype(np.int64) > 0)
    fine = np.ones(len(subsets), dtype=bool)
    for g, slack in enumerate(cover.slack):
        fine &= missed[:, cover.group == g] @ cover.weight[cover.group == g] <= slack * (1 + 1e-12)
    return float((subsets[fine] @ cover.cost).min(initial=math.inf))


def read_scp(name: str) -> Cover:
    path = SCP / f"{name}.txt"
    if not path.exists():
        pytest.skip("reference data absent")
    numbers = iter(np.array(path.read_text().split(), dtype=np.int64))
    n, m = int(next(numbers)), int(next(numbers))
    cost = np.array([next(numbers) for _ in range(m)], dtype=float)
    rows = [np.sort([next(numbers) - 1 for _ in range(next(numbers))]) for _ in range(n)]
    return Cover(
        np.r_[0, np.cumsum([len(row) for row in rows])].astype(np.int64),
        np.concatenate(rows).astype(np.int32), cost,
        np.ones(n), np.zeros(n, dtype=np.int32), np.zeros(1), np.zeros(m, dtype=bool),
    )  # fmt: skip


@pytest.mark.parametrize("block", range(10))
def test_every_answer_is_the_optimum(block: int) -> None:
    for seed in range(60 * block, 60 * block + 60):
        cover = random_cover(seed)
        best, found = optimum(cover), solve_cover(cover, Run())
        if math.isinf(best):
            assert found.chosen is None, seed
            assert found.bound == math.inf, seed
            continue
        assert found.chosen is not None, seed
        assert cover.allows(found.chosen), seed
        assert found.value == pytest.approx(best, rel=1e-9, abs=1e-12), seed
        assert found.bound == pytest.approx(best, rel=1e-8, abs=1e-12), seed
        assert found.bound <= found.value


@pytest.mark.parametrize("block", range(5))
def test_reductions_keep_the_optimum(block: int) -> None:
    for seed in range(60 * block, 60 * block + 60):
        cover = random_cover(seed)
        best, reduced = optimum(cover), reduce_cover(cover)
        if not reduced.feasible:
            assert math.isinf(best), seed
            continue
        pieces = parts(reduced.cover)
        assert sum(part.rows for part, _ in pieces) == reduced.cover.rows
        left = sum(optimum(part) for part, _ in pieces)
        assert cover.price(reduced.opened) + left == pytest.approx(best, rel=1e-9), seed


@pytest.mark.parametrize("seed", range(60))
def test_the_decision_is_right_on_both_sides(seed: int) -> None:
    cover = random_cover(seed)
    best = optimum(cover)
    for level in (best - 1.0, best, best + 1.0) if math.isfinite(best) else (3.0,):
        found = solve_cover(cover, Run(), enough=level + 1e-9, hopeless=level + 1e-9)
        assert found.bound <= best + 1e-6
        if best <= level:
            assert found.value <= level + 1e-8, seed
        else:
            assert found.bound > level, seed


class _After(threading.Event):
    """Set once it has been asked a number of times."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def is_set(self) -> bool:
        self._count -= 1
        return self._count < 0


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 12), start=st.booleans())
def test_bounds_hold_wherever_it_stops(seed: int, count: int, start: bool) -> None:
    cover = random_cover(seed, rows=14, columns=10)
    best = optimum(cover)
    begun = np.random.default_rng(seed).random(cover.columns) < 0.5 if start else None
    told: list[tuple[float | None, float | None]] = []
    found = solve_cover(
        cover, Run(stop=_After(count)), start=begun, tell=lambda value, bound: told.append((value, bound))
    )
    told.append((found.value, found.bound))
    for value, bound in told:
        assert bound is not None
        assert value is not None
        assert bound <= best + 1e-9 * max(1.0, best) if math.isfinite(best) else bound == math.inf
        assert value >= best - 1e-9 * max(1.0, best) or math.isinf(best)
    if found.chosen is not None:
        assert cover.allows(found.chosen)


@pytest.mark.parametrize("name", OPTIMA)
def test_published_optima(name: str) -> None:
    cover = read_scp(name)
    found = solve_cover(cover, Run(seconds=60))
    assert found.chosen is not None
    assert cover.allows(found.chosen)
    assert found.value == found.bound == OPTIMA[name]


def test_no_rows_no_columns() -> None:
    nothing = Cover(
        np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0), np.zeros(0), np.zeros(0, np.int32),
        np.zeros(0), np.zeros(0, bool),
    )  # fmt: skip
    found = solve_cover(nothing, Run())
    assert found.value == found.bound == 0.0


def test_the_same_plan_every_time() -> None:
    cover = read_scp("scp51")
    one, other = (solve_cover(cover, Run(seed=3)).chosen for _ in range(2))
    assert one is not None
    assert np.array_equal(one, other)
