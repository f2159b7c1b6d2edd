"""One process that solves again and again: nothing is left behind, and threads do not meet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from siting.model import bundled_models
from tests.fresh import Case, cases, in_fresh_process, prints_of
from tests.long_run import WARM, State, handlers, run

GROWTH_MB = 1.0
"""Megabytes a round may grow by once warm: a result that is kept takes more than that."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")


def at_once(wanted: list[Case], threads: int = 2) -> list[dict[str, str] | None]:
    """The prints of all cases, several at a time."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda case: prints_of(case, threads=2), wanted))


def test_two_threads_at_once() -> None:
    """Different instances and models, each twice, in two threads: as one after the other."""
    models = ("max_coverage", "p_center", "set_cover", "min_travel_time")
    wanted = [(name, model) for model in models for name in ("three_towns", "rich:1", "tied:3")]
    before = handlers()
    assert at_once(wanted * 2) == [prints_of(case) for case in wanted] * 2
    assert handlers() == before


@needs_proc
def test_a_few_solves_leave_no_files_and_threads() -> None:
    wanted = [("three_towns", model) for model in ("max_coverage", "p_center", "set_cover")]
    for case in wanted:
        prints_of(case)
    before = State.now()
    for case in wanted:
        prints_of(case)
    after = State.now()
    assert (after.files, after.python_threads, after.threads) == (
        before.files, before.python_threads, before.threads
    )  # fmt: skip


@pytest.mark.slow
def test_all_models_in_threads_at_once() -> None:
    wanted = cases("three_towns", "rich:1", "rich:2")
    assert at_once(wanted, threads=3) == [prints_of(case) for case in wanted]


@pytest.mark.slow
@needs_proc
def test_rounds_leave_nothing_behind() -> None:
    """Two minutes of everything: memory flat, files, threads and handlers as before, answers the same."""
    small = cases("three_towns", "rich:1")
    run(small[:1], 0.0)  # what is imported when it is first needed may set up its own
    before = handlers()
    watch = run([*small, ("poltava", "p_center"), ("poltava", "regional_floors")], 120.0)
    warm, last = watch.states[WARM], watch.states[-1]
    assert watch.differing == []
    assert watch.compared > 4 * len(bundled_models())
    assert watch.slope < GROWTH_MB
    assert (last.files, last.python_threads, last.threads) == (warm.files, warm.python_threads, warm.threads)
    assert handlers() == before
    assert in_fresh_process(small) == [prints_of(case) for case in small]
