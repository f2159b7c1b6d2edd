"""Progress of a solve: one live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from siting.plan import relative_gap
from siting.result import Progress
from siting.terminal import words

PLAIN_EVERY = 5.0
"""Seconds between plain lines."""


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Progress], None]]:
    """Show progress on a console while the block runs.

    Yields:
        What to call with every report, from any thread.
    """
    line = _Line()
    if console.is_terminal:
        with Live(line, console=console, refresh_per_second=8, transient=True):
            yield line.report
        return
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(line, console, over), name="progress", daemon=True)
    ticker.start()
    try:
        yield line.report
    finally:
        over.set()
        ticker.join()


def _tick(line: _Line, console: Console, over: threading.Event) -> None:
    """Print the line every few seconds until it is over."""
    while not over.wait(PLAIN_EVERY):
        console.print(line.text(), soft_wrap=True, highlight=False, markup=False)


class _Line:
    """The latest report; its clock runs on between reports."""

    def __init__(self) -> None:
        self._last: Progress | None = None
        self._at = time.monotonic()

    def report(self, progress: Progress) -> None:
        """Take the latest report."""
        self._last, self._at = progress, time.monotonic()

    def text(self) -> str:
        """The line as of now."""
        waited = time.monotonic() - self._at
        if self._last is None:
            return f"{waited:7.1f} s  starting"
        return describe(self._last, self._last.seconds + waited)

    def __rich__(self) -> Text:
        line = Text(self.text(), no_wrap=True, overflow="ellipsis")
        line.stylize("bold", 0, 9)
        return line


def describe(progress: Progress, seconds: float) -> str:
    """One line: clock, phase, and what is known about the current objective."""
    parts = [f"{seconds:7.1f} s  {progress.phase}"]
    if progress.incumbent is not None:
        parts.append(f"{progress.measure} {words.amount(progress.incumbent)}")
    if progress.bound is not None:
        parts.append(f"bound {words.amount(progress.bound)}")
    if progress.incumbent is not None and progress.bound is not None:
        parts.append(f"gap {words.gap(relative_gap(progress.incumbent, progress.bound))}")
    return "  |  ".join(parts)
