"""Whoever solves for the first time hears that kernels are compiled; whoever solves again does not."""

from __future__ import annotations

import threading

import numba
import numpy as np
import pytest

from siting.methods.compiling import PHASE, announced
from siting.methods.run import Run
from siting.result import Progress


@numba.njit
def inner(values):  # type: ignore[no-untyped-def]
    return values[0] + 1


@pytest.fixture
def outer() -> object:
    """A kernel that is not compiled yet, and calls another."""

    @numba.njit
    def kernel(values):  # type: ignore[no-untyped-def]
        return inner(values) + 1

    return kernel


def test_compilation_is_a_phase_of_its_own_and_only_once(outer: object) -> None:
    heard: list[Progress] = []
    run = Run(progress=heard.append)
    with announced(run), run.phase("work"):
        run.tell(5.0, None)
        assert outer(np.array([1])) == 3  # type: ignore[operator]
        assert outer(np.array([2])) == 4  # type: ignore[operator]
    assert [report.phase for report in heard] == ["work", "work", PHASE, "work"]
    assert [report.incumbent for report in heard[1:]] == [5.0, 5.0, 5.0]
    assert set(run.phases) == {"work", PHASE}
    assert 0 < run.phases[PHASE] <= run.phases["work"]


def test_what_other_threads_compile_is_not_told(outer: object) -> None:
    heard: list[Progress] = []
    run = Run(progress=heard.append)
    with announced(run):
        other = threading.Thread(target=outer, args=(np.array([1.5]),))  # type: ignore[arg-type]
        other.start()
        other.join()
    assert not heard
    assert not run.phases
