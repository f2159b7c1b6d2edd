"""Ctrl-C and SIGTERM: the first asks a solve to stop, the second aborts at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

ABORTED = 130
"""Exit code after Ctrl-C outside of a solve, or a second one within, as shells expect it."""


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

    def hear(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            # A solver in the other thread cannot be interrupted, so leave without it.
            show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
            sys.stderr.write(f"{show_cursor}\naborted\n")
            sys.stderr.flush()
            os._exit(ABORTED)
        stop.set()
        sys.stderr.write("\nstopping with the best plan so far; once more aborts\n")

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    thread = threading.Thread(target=run, name="solve", daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if failed:
        raise failed[0]
    return done[0]
