"""The p-center method: bisection over the longest response time, a cover test for each.

"Can everybody be answered within L?" is a maximal covering question under the problem's limits, and
the decomposition answers it: a plan that covers every row says yes, a bound below the number of
rows says no (Minieka 1970; Daskin 1995). Times are integer milliseconds, so bisection is exact.

Minieka, E. (1970). The m-center problem. SIAM Review 12: 138-139.
Daskin, M. S. (1995). Network and Discrete Location. Wiley, chapter 5.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pulp

from siting.instance.arrays import Flags, Floats, Ints
from siting.measures import OptionMeasure
from siting.measures.worst_time import WorstTime
from siting.methods.form import Form, hard, limit_rows
from siting.methods.outcome import Outcome
from siting.methods.run import Run
from siting.methods.stage import Stage
from siting.plan import Termination
from siting.problem import Problem

WHY = "the objective is the longest response time alone"


def refusal(problem: Problem, solver: str | pulp.LpSolver) -> str | None:
    """Why the bisection does not fit, or None."""
    if solver != "highs":
        return "it solves its small programs with HiGHS; another solver needs the exact method"
    if len(problem.objectives) > 1 or not isinstance(problem.objectives[0].term.measure, WorstTime):
        return "the longest response time is not the only objective"
    for limit in problem.limits:
        if not isinstance(limit.term.measure, OptionMeasure):
            return f"the limit {limit.label} is not a sum over opened sites"
        if math.isfinite(limit.low):
            return f"the limit {limit.label} demands openings"
    return None


def suits(problem: Problem) -> bool:
    """Whether the method is a good choice where it fits."""
    return True


def solve(problem: Problem, run: Run, solver: str | pulp.LpSolver) -> Outcome:
    """Least longest response time by bisection over the times that can be it."""
    run.begin_goal(0, problem.objectives[0].term.measure.name)
    center = _Center(problem, run)
    with run.phase("bisect"):
        return center.solve()


class _Center:
    """Bisection state: needs that count, and the bracket of the longest time."""

    def __init__(self, problem: Problem, run: Run) -> None:
        self._problem, self._run = problem, run
        responses = problem.responses
        counted = problem.objectives[0].term.scope & (responses.needs.weight > 0)
        counted[responses.unreachable] = False
        self._counted = counted
        options = responses.options
        candidate = options.usable.copy()
        candidate[: options.existing] = False
        self._wanted = np.flatnonzero(candidate).astype(np.int32)
        self._number = np.full(len(candidate), -1, dtype=np.int32)
        self._number[self._wanted] = np.arange(len(self._wanted), dtype=np.int32)
        self._use, self._room = limit_rows(problem, self._wanted)

    def solve(self) -> Outcome:
        """Bracket the optimum from below by what each need can have, from above by plans."""
        lowest, times = self._times()
        opened, worst = self._try(int(times[-1])) if len(times) else (None, 0)
        if opened is None:
            infeasible = worst >= 0
            termination = Termination.PROVED if infeasible else self._stopped()
            return Outcome(None, (None,), termination, infeasible)
        low, high = lowest, worst  # low: no plan is sooner; high: the plan at hand
        while low < high:
            inside = times[(times >= low) & (times < high)]
            if not len(inside):
                low = high
                break
            middle = int(inside[(len(inside) - 1) // 2])
            found, worst = self._try(middle)
            self._run.tell(high / 60_000, low / 60_000)
            if found is not None:
                opened, high = found, worst
            elif worst >= 0:
                low = int(times[np.searchsorted(times, middle, "right")])
            else:
                return Outcome(opened, (low / 60_000,), self._stopped())
            if high - low <= self._run.gap * high and low < high:
                return Outcome(opened, (low / 60_000,), Termination.GAP)
        return Outcome(opened, (low / 60_000,), Termination.PROVED)

    def _stopped(self) -> Termination:
        return self._run.reason if self._run.over else Termination.FINISHED

    def _times(self) -> tuple[int, Ints]:
        """A bound in ms no plan beats, and all times (ascending ms) the longest can be from there on."""
        responses = self._problem.responses
        soonest = np.where(responses.base_option >= 0, responses.base_ms, np.iinfo(np.int32).max)
        np.minimum.at(soonest, responses.row, responses.ms)
        lowest = int(soonest[self._counted].max(initial=0))
        pairs = self._counted[responses.row]
        has_base = self._counted & (responses.base_option >= 0)
        times = np.unique(np.concatenate([responses.ms[pairs], responses.base_ms[has_base]]))
        return lowest, times[times >= lowest]

    def _try(self, latest: int) -> tuple[Ints | None, int]:
        """A plan that answers everybody within ``latest`` ms, and its longest time.

        Returns:
            (None, 0) when it is proved that there is none, (None, -1) when neither was found.
        """
        form = self._cover(latest)
        if form is None:
            return None, 0
        # A cover test reports rows, not minutes, and is of no use within a gap.
        quiet = replace(self._run, progress=None, gap=0.0)
        stage = Stage(form, quiet, 1.0, wanted=form.rows - 0.5)
        if not stage.feasible:
            return None, 0
        opened, value, bound = stage.solve(None)
        if opened is None or value < form.rows - 0.5:
            return None, 0 if bound < form.rows - 0.5 else -1
        serves, ms = self._problem.responses.serve(opened)
        return opened, int(ms[self._counted & (serves >= 0)].max(initial=0))

    def _cover(self, latest: int) -> Form | None:
        """Rows: needs no existing facility answers in time; columns: candidates that do.

        None when a need cannot be answered in time by anybody.
        """
        responses = self._problem.responses
        late = self._counted & ~((responses.base_option >= 0) & (responses.base_ms <= latest))
        pairs = np.flatnonzero(late[responses.row] & (responses.ms <= latest))
        rows, start = np.unique(responses.row[pairs], return_index=True)
        if len(rows) < int(late.sum()):
            return None
        indptr = np.r_[start, len(pairs)].astype(np.int64)
        parts: Floats = np.ones((1, len(pairs)))
        must: Flags = responses.options.required[self._wanted]
        return Form(
            self._wanted, indptr, self._number[responses.option[pairs]], parts, hard(parts),
            np.zeros(0), 0.0, self._use, self._room, must,
        )  # fmt: skip
