"""Ctrl-C and SIGTERM: what the first does depends on the work; another one ends the program at once.

Nothing here raises an exception wherever the program happens to be: that would leave half-done work and
tracebacks of whatever library was running. What the program has on its way is taken away, one line says
what became of it, and the program ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from siting import whole

T = TypeVar("T")

ABORTED = 130
"""Exit code after Ctrl-C or SIGTERM outside of a solve, or a second one within, as shells expect it."""

_first: Callable[[], None] | None = None
"""What the next signal does; None ends the program."""

_told = ""
"""What to say when the program ends early, beside that."""


def listen() -> None:
    """Hear signals from now on; those that the caller has the program ignore (``nohup``) stay ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _hear)


def stoppable(work: Callable[[threading.Event], T]) -> T:
    """Run work in a thread, so that signals are heard while a solver computes.

    Args:
        work: gets an event that is set at the first signal, upon which it should end soon.

    Returns:
        What ``work`` returns; what it raises is raised here.
    """
    stop = threading.Event()
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work(stop))
        except BaseException as error:
            failed.append(error)

    def end_soon() -> None:
        stop.set()
        _say("\nstopping with the best plan so far; once more aborts\n")

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    listen()
    thread = threading.Thread(target=run, name="solve", daemon=True)
    try:
        with _at_first(end_soon):
            thread.start()
            while thread.is_alive():
                thread.join(0.1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if failed:
        raise failed[0]
    return done[0]


@contextmanager
def skippable() -> Iterator[None]:
    """A block that the first signal ends with a KeyboardInterrupt."""

    def skip() -> None:
        raise KeyboardInterrupt

    with _at_first(skip):
        yield


@contextmanager
def finishing(doing: str) -> Iterator[None]:
    """A block that the first signal does not end, because it is short and saves what has been found.

    Args:
        doing: what it does, in words.
    """
    with _at_first(lambda: _say(f"\n{doing}; once more aborts\n")):
        yield


@contextmanager
def keeping(what: str) -> Iterator[None]:
    """A block whose end by a signal leaves something of use.

    Args:
        what: what there is then, and what to do with it, in words.
    """
    global _told
    before, _told = _told, what
    try:
        yield
    finally:
        _told = before


@contextmanager
def _at_first(action: Callable[[], None]) -> Iterator[None]:
    """Have the first signal within the block do something else than end the program."""
    global _first
    before, _first = _first, action
    try:
        yield
    finally:
        _first = before


def _hear(number: int, frame: FrameType | None) -> None:
    global _first
    action, _first = _first, None
    if action is None:
        _abort()
    else:
        action()


def _abort() -> None:
    """End the program, whatever other threads are doing: a solver in one of them cannot be interrupted."""
    whole.discard()
    live = sys.stderr is not None and sys.stderr.isatty()
    _say(f"{LIVE_LINE_OFF if live else ''}aborted{': ' if _told else ''}{_told}\n")
    os._exit(ABORTED)


LIVE_LINE_OFF = "\r\x1b[2K\x1b[?25h"
"""Has a terminal clear the line and show its cursor again."""


def _say(text: str) -> None:
    """Write on stderr past Python's buffers, which the program may be in the middle of writing to."""
    try:
        os.write(2, text.encode(errors="replace"))
    except OSError:
        return  # nobody listens
