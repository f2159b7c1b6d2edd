"""The bracket of the longest response time: the best plan from above, what is refuted from below."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import numpy as np

from siting.instance.arrays import Ints, Longs
from siting.methods.center.question import Question
from siting.methods.outcome import Outcome
from siting.methods.run import Run
from siting.methods.warm import Opening, Reached
from siting.plan import Termination
from siting.roads.times import NEVER

NO_PLAN = int(NEVER)


class Verdict(Enum):
    """Whether everybody can be answered by some time."""

    FOUND = "a plan does it"
    REFUTED = "no plan does it"
    OPEN = "neither is known"


class Bracket:
    """low <= longest response time of the best plan <= high, in ms.

    Attributes:
        low: no plan is sooner.
        high: longest time of the plan at hand, ``NO_PLAN`` without one.
        columns: the plan at hand, None without one.
    """

    def __init__(
        self, question: Question, run: Run, keep: Callable[[Callable[[], Reached]], None] | None = None
    ) -> None:
        self._question, self._run, self._keep = question, run, keep
        self.columns: Longs | None = None
        self.low = 0
        self.high = NO_PLAN
        if len(question.need):
            self.low = int(question.answered(np.arange(len(question.option))).max())
        else:
            self.high, self.columns = 0, np.zeros(0, dtype=np.int64)

    @property
    def closed(self) -> bool:
        """Whether plan and bound agree as far as asked for."""
        if self.low >= self.high:
            return True
        return self.high < NO_PLAN and self.high - self.low <= self._run.gap * self.high

    def offer(self, columns: Longs) -> Ints:
        """Look at a plan; returns (n,) ms after which it answers every row."""
        times = self._question.answered(columns)
        worst = int(times.max(initial=0))
        if worst < self.high:
            self.high, self.columns = worst, columns
            self._tell()
        return times

    def refute(self, latest: int) -> None:
        """Note that no plan answers everybody within ``latest`` ms."""
        _, above = self._question.around(latest)
        self.raise_to(above)

    def raise_to(self, low: int) -> None:
        """Note that no plan is sooner than ``low`` ms."""
        if low > self.low:
            self.low = min(low, self.high)
            self._tell()

    def middle(self, below: int) -> int:
        """A time in [low, below) to ask about, about the middle of those that can be the longest."""
        last, _ = self._question.around((self.low + below - 1) // 2)
        return max(last, self.low)

    def outcome(self) -> Outcome:
        """What to report."""
        run = self._run
        if self.columns is None:
            infeasible = self.low >= NO_PLAN
            stopped = run.reason if run.over else Termination.FINISHED
            return Outcome(None, (None,), Termination.PROVED if infeasible else stopped, infeasible)
        if self.low >= self.high:
            termination = Termination.PROVED
        elif self.closed:
            termination = Termination.GAP
        else:
            termination = run.reason if run.over else Termination.FINISHED
        bound = min(self.low, self.high) / 60_000
        return Outcome(self._question.opened(self.columns), (bound,), termination)

    def _tell(self) -> None:
        worst = None if self.high >= NO_PLAN else self.high / 60_000
        self._run.tell(worst, self.low / 60_000 if self.low < NO_PLAN else None)
        if self._keep is not None and self.columns is not None:
            self._keep(self.reached)

    def reached(self) -> Reached:
        """The plan at hand."""
        assert self.columns is not None
        return Reached(Opening.once(self._question.opened(self.columns)), self.high / 60_000)
