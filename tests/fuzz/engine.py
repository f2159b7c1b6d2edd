"""Runs cases of a target one after the other, under a time limit, and counts what came of them."""

from __future__ import annotations

import faulthandler
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import FrameType

from siting.errors import Complaint, SitingError

SECONDS = 2.0
"""Longest time of a processor that one case may take; that of a clock depends on who else is at work."""

_STUCK = 100.0
"""Seconds after which cases that not even a signal can end end the process, with their traceback."""

_ROUND = 200
"""Cases after which that is counted anew."""

Case = Mapping[str, bytes]
"""Content of the files of one case, by name."""


class TooLateError(BaseException):
    """A case took too long; no reader can catch it by accident."""


@dataclass(frozen=True)
class Target:
    """Something that reads.

    Attributes:
        name: on the command line.
        make: a case, from a source of chance.
        check: reads a case and asserts what must hold of what was read.
        cases: how many of them the test suite runs.
        guided: name of the file whose bytes coverage-guided fuzzing chooses, where that is fast enough.
    """

    name: str
    make: Callable[[random.Random], Case]
    check: Callable[[Case], None]
    cases: int = 150
    guided: str = ""


@dataclass
class Tally:
    """What came of the cases of a target: counts, and the traceback of each fault by its number."""

    read: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    faults: dict[int, str] = field(default_factory=dict)


def case_of(target: Target, number: int) -> Case:
    """The case of a number."""
    return target.make(random.Random(number))


def run(target: Target, numbers: range, seconds: float = float("inf"), most: int = 20) -> Tally:
    """Check the cases of some numbers; ends after some seconds or ``most`` faults."""
    tally = Tally()
    begin = time.perf_counter()
    for number in numbers:
        if number % _ROUND == 0:
            faulthandler.dump_traceback_later(_STUCK, exit=True)
        if time.perf_counter() - begin > seconds:
            break
        case = case_of(target, number)
        start = time.process_time()
        try:
            if attempt(target, case):
                tally.read += 1
            else:
                tally.refused += 1
        except (Exception, TooLateError):
            tally.faults[number] = traceback.format_exc(limit=-8)
            if len(tally.faults) >= most:
                break
        tally.slowest = max(tally.slowest, time.process_time() - start)
    faulthandler.cancel_dump_traceback_later()
    tally.seconds = time.perf_counter() - begin
    return tally


def attempt(target: Target, case: Case) -> bool:
    """Check one case: whether it was read; False where it was refused properly.

    Raises:
        AssertionError: what was read is not what the files say, or a refusal says nothing.
        TooLateError: it took too long.
        Exception: whatever else a reader raised, which it never should.
    """
    try:
        with limited():
            target.check(case)
    except SitingError as error:
        assert_says(error)
        return False
    return True


def assert_says(error: SitingError) -> None:
    """A refusal complains about something, in words that a terminal can show."""
    assert error.complaints, "refused without a complaint"
    for one in error.complaints:
        what = one.what if isinstance(one, Complaint) else one
        assert what.strip(), f"an empty complaint: {one!r}"
    wild = {mark for mark in str(error) if ord(mark) < 32 or mark == "\x7f"} - {"\n", "\t"}
    assert not wild, f"control characters {wild} in {str(error)!r}"


@contextmanager
def limited() -> Iterator[None]:
    """Raises :class:`TooLateError` in a block that takes too long."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TooLateError(f"more than {SECONDS:g} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@cache
def warm(target: Target) -> None:
    """Let a target import and compile what it needs, which the time limit is not about."""
    for number in range(3):
        try:
            target.check(case_of(target, number))
        except Exception:
            continue
