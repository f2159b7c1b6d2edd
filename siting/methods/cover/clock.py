"""A deadline within a run."""

from __future__ import annotations

import math
import time

from siting.methods.run import Run


class Clock:
    """The run's limits, and a deadline that may be sooner."""

    def __init__(self, run: Run, seconds: float | None = None) -> None:
        self.run = run
        self._deadline = time.monotonic() + (math.inf if seconds is None else seconds)

    @property
    def left(self) -> float:
        """Wall seconds left."""
        return min(self.run.left, self._deadline - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether time is up or someone asked to stop."""
        return self.run.over or self.run.out(self.left)

    def after(self, seconds: float) -> Clock:
        """A clock that ends ``seconds`` from now, or with this one."""
        return Clock(self.run, min(seconds, self.left))
