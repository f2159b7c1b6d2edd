"""Set covering from the question to a plan and a certified bound.

Reductions to a fixpoint, independent parts, row weighting local search, the volume algorithm with
columns fixed by reduced costs, then branch and bound on what is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from siting.instance.arrays import Flags
from siting.methods.cover.clock import Clock
from siting.methods.cover.model import Cover, Covering
from siting.methods.cover.part import Part
from siting.methods.cover.program import Tell
from siting.methods.cover.reduce import Reduced, parts, reduce_cover
from siting.methods.cover.search import pruned
from siting.methods.run import Run

FIRST_STEPS = 1_000
"""Patience of the first local search, beside what every row adds."""


def solve_cover(
    cover: Cover,
    run: Run,
    *,
    start: Flags | None = None,
    enough: float = -math.inf,
    hopeless: float = math.inf,
    seconds: float | None = None,
    tell: Tell | None = None,
    seen: Callable[[Callable[[], Covering]], None] | None = None,
) -> Covering:
    """Least cost cover with a certified bound.

    Args:
        cover: the question.
        run: limits in force; its gap is relative.
        start: (m,) columns to start from; a plan, or a part of one.
        enough: stop as soon as a plan costs at most this.
        hopeless: stop as soon as it is proved that every plan costs more than this.
        seconds: a tighter time limit.
        tell: called with the cost of the best plan and the bound while at work.
        seen: called with what says which plan that is.
    """
    with run.phase("reduce"):
        reduced = reduce_cover(cover)
    if not reduced.feasible:
        return Covering(None, math.inf, math.inf)
    solver = _Solver(cover, reduced, Clock(run, seconds), start, (enough, hopeless), tell)
    solver.seen = seen
    solver.solve()
    return solver.result()


class _Solver:
    """All parts of one cover, and what is known of their sum.

    Attributes:
        seen: called after every part with what says which plan is the best.
    """

    def __init__(
        self,
        cover: Cover,
        reduced: Reduced,
        clock: Clock,
        start: Flags | None,
        limits: tuple[float, float],
        tell: Tell | None,
    ) -> None:
        self._cover, self._reduced, self._clock = cover, reduced, clock
        self._enough, self._hopeless = limits
        self._tell = tell
        self.seen: Callable[[Callable[[], Covering]], None] | None = None
        self._base = cover.price(reduced.opened)
        core = reduced.cover
        begun = np.zeros(core.columns, dtype=bool) if start is None else start[reduced.columns]
        self._where = parts(core)
        self._where.sort(key=lambda part: len(part[0].col))
        self._parts = [Part(part, clock, begun[columns], clock.run.seed) for part, columns in self._where]
        self._value = self._base + math.fsum(part.value for part in self._parts)
        self._bound = self._base + math.fsum(part.bound for part in self._parts)

    def solve(self) -> None:
        """Work on all parts in step until the sum is proved, good enough, or hopeless."""
        run = self._clock.run
        with run.phase("local search"):
            for part in self._each():
                part.improve(FIRST_STEPS + part.cover.rows, self._share(part.value, self._enough))
        with run.phase("bound"):
            for part in self._each():
                part.tighten()
            for part in self._each():
                part.improve(10 * (FIRST_STEPS + part.cover.rows), self._share(part.value, self._enough))
                part.tighten()
        with run.phase("close"):
            for part in self._each():
                part.polish(self._share(part.value, self._enough))
            weight = float(sum(len(part.cover.col) for part in self._parts))
            for part in self._each():
                seconds = self._clock.left * len(part.cover.col) / weight
                part.close(seconds, self._share(part.value, self._enough))
                weight -= len(part.cover.col)

    def _share(self, own: float, total: float) -> float:
        """What is left for one part when the others cost what they do."""
        return total - (self._value - own) if math.isfinite(total) else total

    def _each(self) -> Iterator[Part]:
        """The parts, one after the other, as long as there is something to do."""
        for part in self._parts:
            if self._done():
                return
            if math.isfinite(self._hopeless):
                room = self._hopeless - (self._bound - part.bound)
                part.limit = room + 1e-9 * abs(room)
            yield part
            self._value = self._base + math.fsum(part.value for part in self._parts)
            self._bound = self._base + math.fsum(part.bound for part in self._parts)
            if self._tell is not None:
                self._tell(self._value, min(self._value, self._bound))
            if self.seen is not None:
                self.seen(self.result)

    def _done(self) -> bool:
        near = self._value - self._bound <= max(self._clock.run.gap, 1e-9) * abs(self._value)
        return near or self._value <= self._enough or self._bound > self._hopeless or self._clock.over

    def result(self) -> Covering:
        """The plan, without columns that became superfluous, and the bound."""
        chosen = self._reduced.opened.copy()
        for part, (_, columns) in zip(self._parts, self._where, strict=True):
            chosen[self._reduced.columns[columns[part.plan]]] = True
        chosen = pruned(self._cover, chosen)
        value = self._cover.price(chosen)
        return Covering(chosen, value, min(value, self._cover.rounded(self._bound)))
