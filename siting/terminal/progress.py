"""Progress of long work: two live lines on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from siting.plan import relative_gap
from siting.result import Progress
from siting.terminal import words

PLAIN_EVERY = 5.0
"""Seconds between plain lines."""

BAR = 12
"""Characters of the bar, which shows the share of the time allowed."""

_PHASES = {
    "reduce": "reducing",
    "solve": "solving",
    "settle": "settling",
    "bound": "bounding",
    "close": "closing the gap",
    "check": "checking the plan",
}
"""Phases in words where their names in summary.json are too short."""


@contextmanager
def shown(
    console: Console, doing: str = "starting", seconds: float | None = None, goals: int = 1
) -> Iterator[Callable[[Progress], None]]:
    """Show progress on a console while the block runs; nothing on a quiet one.

    Args:
        console: where to; live if it is interactive, which a pipe or a dumb terminal is not.
        doing: what to say before the first report.
        seconds: wall seconds allowed from the first report on, if there is a limit.
        goals: number of objectives.

    Yields:
        What to call with every report, from any thread.
    """
    line = _Line(doing, seconds, goals)
    if console.quiet:
        yield line.report
        return
    if console.is_interactive:
        with Live(line, console=console, refresh_per_second=8, transient=True, redirect_stdout=False):
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

    def __init__(self, doing: str, seconds: float | None, goals: int) -> None:
        self._doing, self._seconds, self._goals = doing, seconds, goals
        self._last: Progress | None = None
        self._at = time.monotonic()

    def report(self, progress: Progress) -> None:
        """Take the latest report."""
        self._last, self._at = progress, time.monotonic()

    def text(self) -> str:
        """One line as of now."""
        now = self._now()
        return "  |  ".join([_clock(now, self._phase()), *self._known(), *self._left(now)])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = self._now()
        first = Text(_clock(now, self._phase()), no_wrap=True, overflow="ellipsis")
        first.stylize("bold", 0, 9)
        if self._seconds:
            done = min(round(BAR * now / self._seconds), BAR)
            gone, rest = "#-" if options.ascii_only else "━─"
            first.append("  ").append(gone * done, "green").append(rest * (BAR - done))
            first.append("  ".join(["", *self._left(now)]))
        yield first
        if known := self._known():
            yield Text(f"{'':11}{'  |  '.join(known)}", no_wrap=True, overflow="ellipsis")

    def _now(self) -> float:
        begun = 0.0 if self._last is None else self._last.seconds
        return begun + time.monotonic() - self._at

    def _phase(self) -> str:
        if self._last is None:
            return self._doing
        several = f", objective {self._last.objective + 1} of {self._goals}" if self._goals > 1 else ""
        return _PHASES.get(self._last.phase, self._last.phase) + several * bool(self._last.measure)

    def _known(self) -> list[str]:
        return [] if self._last is None else known(self._last)

    def _left(self, now: float) -> list[str]:
        """What is left of the time allowed; a proof may come sooner."""
        if self._seconds is None or self._last is None:
            return []
        return [f"at most {math.ceil(max(0.0, self._seconds - now))} s left"]


def _clock(seconds: float, phase: str) -> str:
    return f"{seconds:7.1f} s  {phase}"


def known(progress: Progress) -> list[str]:
    """What is known about the current objective: the best plan, the bound, the gap."""
    parts = []
    if progress.incumbent is not None:
        parts.append(f"{progress.measure} {words.amount(progress.incumbent)}")
    if progress.bound is not None:
        parts.append(f"bound {words.amount(progress.bound)}")
    if progress.incumbent is not None and progress.bound is not None:
        parts.append(f"gap {words.gap(relative_gap(progress.incumbent, progress.bound))}")
    return parts
