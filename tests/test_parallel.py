"""Work in blocks: the same answers in the same order on any number of threads."""

from __future__ import annotations

import threading

import numba
import numpy as np
import pytest

import siting
from siting.instance import Instance
from siting.parallel import cores, in_blocks
from siting.response import build_responses
from siting.roads import pairs, times


def test_cores() -> None:
    assert cores(3) == 3
    assert cores() == cores(None) == cores(0) >= 1


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
def test_answers_come_in_the_order_of_the_blocks(threads: int | None) -> None:
    assert in_blocks(lambda block: block * block, range(50), threads) == [n * n for n in range(50)]
    assert in_blocks(str, [], threads) == []


def test_what_is_not_compiled_yet_is_compiled_by_the_calling_thread() -> None:
    @numba.njit
    def kernel(value):  # type: ignore[no-untyped-def]
        return value + 1

    seen: list[int] = []

    def work(block: int) -> int:
        seen.append(threading.get_ident())
        return int(kernel(block))

    assert in_blocks(work, range(8), 2, kernel) == list(range(1, 9))
    assert seen[0] == threading.get_ident()
    assert threading.get_ident() not in seen[1:]


def test_an_error_in_a_block_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        in_blocks(lambda block: 1 // block, [2, 1, 0], 2)


def test_the_table_does_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    instance: Instance = siting.read("poltava")
    whole = build_responses(instance, instance.settings, threads=1)
    for size in (7, 100):
        monkeypatch.setattr(times, "_SOURCES_PER_BLOCK", size)
        monkeypatch.setattr(pairs, "_PAIRS_PER_BLOCK", 50 * size)
        for threads in (1, 2, 5):
            table = build_responses(instance, instance.settings, threads=threads)
            for name in ("indptr", "option", "ms", "base_option", "base_ms"):
                one, other = getattr(whole, name), getattr(table, name)
                assert one.dtype == other.dtype
                assert np.array_equal(one, other)
