"""The limits of one solve, its clock, and what it tells the caller while it works."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from siting.methods.warm import Reached
from siting.plan import PROVED_GAP, Termination
from siting.result import Progress

if TYPE_CHECKING:
    from siting.methods.saver import Saver
    from siting.problem import Problem

LOG = logging.getLogger("siting")
"""Phases at INFO, plans and bounds at DEBUG; silent unless the calling program listens."""

LOG.addHandler(logging.NullHandler())


@dataclass
class Run:
    """Limits and reports of one solve.

    Attributes:
        seconds: wall seconds allowed, None for no limit.
        gap: relative gap at which to stop, 0 to prove optimality.
        seed: seed of every random choice.
        threads: threads a solver may use.
        stop: set by anyone to stop and return the best plan so far.
        progress: called with every report, from the thread that solves.
        phases: wall seconds per phase.
        saver: keeps what is reached on disk, None to keep nothing.
        timed: set once a clock has decided about the work, so that the plan may depend on the machine.
    """

    seconds: float | None = None
    gap: float = 0.0
    seed: int = 0
    threads: int = 1
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[Progress], None] | None = None
    phases: dict[str, float] = field(default_factory=dict)
    saver: Saver | None = None
    timed: threading.Event = field(default_factory=threading.Event)
    _begun: float = field(default_factory=time.monotonic)
    _phase: str = "starting"
    _goal: tuple[int, str] = (0, "")
    _known: tuple[float | None, float | None] = (None, None)

    @property
    def left(self) -> float:
        """Wall seconds left, infinite without a limit."""
        return float("inf") if self.seconds is None else self.seconds - self.spent

    @property
    def spent(self) -> float:
        """Wall seconds since the solve began."""
        return time.monotonic() - self._begun

    def within(self, seconds: float) -> Run:
        """The same run with a time limit ``seconds`` from now, if that is tighter."""
        until = min(self.spent + seconds, self.spent + self.left)
        return replace(self, seconds=None if math.isinf(until) else until)

    def keep_back(self, seconds: float) -> None:
        """Leave so much of the time allowed, a fifth of what is left at most, to what comes after."""
        if self.seconds is not None:
            self.seconds -= max(0.0, min(seconds, 0.2 * self.left))

    @property
    def over(self) -> bool:
        """Whether time is up or someone asked to stop."""
        return self.stop.is_set() or self.out(self.left)

    def out(self, left: float) -> bool:
        """Whether no seconds are left for some part of the work; that a clock said so is remembered."""
        if left <= 0.0:
            self.timed.set()
        return left <= 0.0

    @property
    def reason(self) -> Termination:
        """Why the solve stops before its work is done."""
        return Termination.INTERRUPTED if self.stop.is_set() else Termination.TIME

    def ended(self, gap: float, before: Termination) -> Termination:
        """Why the solve stops, when an objective ended at ``gap`` and the earlier ones as ``before``."""
        if gap <= PROVED_GAP:
            return before
        if gap > self.gap:
            return self.reason if self.over else Termination.FINISHED
        return Termination.GAP if before is Termination.PROVED else before

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase and announce it."""
        outer, self._phase = self._phase, name
        begun = time.monotonic()
        LOG.info("%s", name)
        self.repeat()
        try:
            yield
        finally:
            took = time.monotonic() - begun
            LOG.debug("%s took %.3f s", name, took)
            self.phases[name] = self.phases.get(name, 0.0) + took
            self._phase = outer

    def begin_goal(self, number: int, measure: str) -> None:
        """Announce which objective is worked on; what was known of the last one is forgotten."""
        self._goal = (number, measure)
        self._known = (None, None)

    def repeat(self) -> None:
        """Report once more what is known, because the phase is another one."""
        self.tell(*self._known)

    def tell(self, incumbent: float | None, bound: float | None) -> None:
        """Report the best plan's value and the certified bound so far."""
        if (incumbent, bound) not in (self._known, (None, None)):
            LOG.debug("%s: plan %s, bound %s", self._goal[1], incumbent, bound)
        self._known = (incumbent, bound)
        if self.progress is not None:
            self.progress(Progress(self._phase, self.spent, *self._goal, incumbent, bound))

    def keep(
        self, problem: Problem, number: int, reached: Callable[[], Reached], ended: bool = False
    ) -> None:
        """Save where an objective stands, if this is the problem to be saved and it is time.

        Args:
            problem: the question; those that a method asks on its way to it are not saved.
            number: which objective.
            reached: says where it stands; called only when it is saved.
            ended: whether the objective is left now, so that it is time earlier.
        """
        if self.saver is not None and self.saver.problem is problem:
            self.saver.keep(number, self.spent, reached, ended)
