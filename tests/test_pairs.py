"""The compiled sort of pairs into rows against numpy, and sorting within rows of any length."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from siting.roads import pairs
from siting.roads.pairs import Found, first_open, rows_of
from siting.roads.sorting import sort_start
from siting.roads.times import Reached


@numba.njit
def sort(keys, spare, size):  # type: ignore[no-untyped-def]
    """Only kernels can call the sort."""
    sort_start(keys, spare, size)


@pytest.mark.parametrize("size", [0, 1, 2, 23, 24, 25, 48, 49, 100, 1000])
@pytest.mark.parametrize("spread", [3, 10**12])
def test_sort(size: int, spread: int) -> None:
    rng = np.random.default_rng(size)
    for keys in (
        rng.integers(-spread, spread, size + 5),
        np.arange(size + 5),
        np.arange(size + 5)[::-1].copy(),
    ):
        expected = [*np.sort(keys[:size]), *keys[size:]]
        sort(keys, np.empty(size, dtype=np.int64), size)
        assert keys.tolist() == expected


def found(rng: np.random.Generator, nodes: int, first_need: int, first_option: int) -> tuple[Found, list]:
    """Random pairs of one service in several blocks, and the same as (need, ms, option)."""
    at = rng.integers(0, nodes, 12)
    need = (first_need + np.argsort(at, kind="stable")).astype(np.int32)
    at_ptr = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=nodes))])
    sources = 40
    option = np.sort(rng.choice(200, sources, replace=False) + first_option).astype(np.int32)
    blocks, plain = [], []
    for first in range(0, sources, 15):
        count = min(15, sources - first)
        reached = [rng.choice(nodes, rng.integers(0, nodes), replace=False) for _ in range(count)]
        ms = [np.sort(rng.integers(0, 9, len(one))) for one in reached]
        ends = np.cumsum([len(one) for one in reached])
        blocks.append(
            Reached(
                first, ends, np.concatenate(reached).astype(np.int32), np.concatenate(ms).astype(np.int32)
            )
        )
        plain += [
            (first_need + place, int(time), int(option[first + s]))
            for s in range(count)
            for node, time in zip(reached[s], ms[s], strict=True)
            for place in np.flatnonzero(at == node).tolist()
        ]
    return Found(blocks, option, at_ptr, need), plain


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_rows_are_the_sorted_pairs(seed: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "_PAIRS_PER_BLOCK", 64)
    rng = np.random.default_rng(seed)
    parts = [found(rng, 9, 0, 3), found(rng, 9, 12, 0)]
    expected = sorted(parts[0][1] + parts[1][1])
    indptr, option, ms = rows_of([part for part, _ in parts], 24, threads)
    assert option.dtype == ms.dtype == np.int32
    rows = np.repeat(np.arange(24), np.diff(indptr))
    assert list(zip(rows.tolist(), ms.tolist(), option.tolist(), strict=True)) == expected
    assert not any(part.blocks for part, _ in parts)


def test_nothing_is_found() -> None:
    none = Found([], np.zeros(0, np.int32), np.zeros(3, np.int64), np.zeros(0, np.int32))
    indptr, option, ms = rows_of([none], 4)
    assert indptr.tolist() == [0] * 5
    assert len(option) == len(ms) == 0


def test_first_open() -> None:
    indptr = np.array([0, 2, 2, 5])
    option, ms = np.array([4, 1, 0, 3, 1], np.int32), np.array([5, 6, 7, 8, 9], np.int32)
    serves, arrives = np.array([9, 9, 9], np.int32), np.array([90, 91, 92], np.int32)
    first_open(indptr, option, ms, np.array([False, True, False, True, False]), serves, arrives)
    assert serves.tolist() == [1, 9, 3]
    assert arrives.tolist() == [6, 91, 8]
