"""The mean of those who wait longest, by sums over needs.

The mean over the tail is the least over t of t + G(t), G(t) the weighted minutes beyond t over the
weight of the tail (Rockafellar & Uryasev 2000). For one t that is a sum over needs, which the
decomposition minimizes and bounds. G falls with t, so for all t from a to b no plan is below
a + (bound on G at b). The interval with the lowest bound is halved until time is up; every
minimization leaves a plan as well.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from siting.instance.arrays import Ints
from siting.measures import Term
from siting.measures.curve import Losses
from siting.measures.tail_time import TailTime
from siting.methods import decomposition
from siting.methods.plain import opened_once
from siting.methods.relaxation.beginning import Beginning
from siting.methods.run import Run
from siting.plan import Plan
from siting.problem import Objective, Problem

SECONDS, GAP = 4.0, 1e-3
"""Seconds that one minimization may take, and the gap at which it stops."""

_WIDTH = 1e-3
"""Minutes below which an interval is not halved."""


def begin(problem: Problem, run: Run, seconds: float) -> Beginning:
    """A plan and a bound for a first objective that is a mean over the tail.

    Args:
        problem: the question; all its other terms are known to the decomposition.
        run: limits in force.
        seconds: what all minimizations together may take.
    """
    search = _Search(problem, run)
    if search.refused:
        return Beginning(None, None)
    until = run.spent + seconds
    top = search.late
    ends = {0.0: search.least_beyond(0.0, until), top: 0.0}
    while not run.out(until - run.spent) and not run.over:
        points = sorted(ends)
        low, high = min(pairwise(points), key=lambda one: one[0] + ends[one[1]])
        bound = low + ends[high]
        if search.plan is None or high - low < _WIDTH or search.value - bound <= run.gap * search.value:
            break
        middle = min(0.5 * (low + high), search.edge) if low < search.edge < high else 0.5 * (low + high)
        ends[middle] = search.least_beyond(middle, until)
    points = sorted(ends)
    bound = min(low + ends[high] for low, high in pairwise(points))
    return Beginning(search.plan, min(bound, search.value))


class _Search:
    """Minimizations of the minutes beyond an edge.

    Attributes:
        late: minutes that count for whoever nobody answers.
        plan, value: the plan with the best mean over the tail, and that mean.
        edge: where its tail begins.
        refused: the decomposition does not know some other term of the question.
    """

    def __init__(self, problem: Problem, run: Run) -> None:
        self._problem, self._run = problem, run
        self._term = problem.objectives[0].term
        measure = self._term.measure
        assert isinstance(measure, TailTime)
        self._measure = measure
        self.late = self._term.number("unserved", 0.0)
        self._room = measure.weights(self._term)[1]
        self.plan: Plan | None = None
        self.value = self.edge = self.late
        self.refused = self._room <= 0.0 or decomposition.refusal(self._asked(0.0), "highs") is not None

    def _asked(self, edge: float) -> Problem:
        points = ((edge, 0.0), (self.late, self.late - edge))
        term = Term(Losses(), self._term.responses, self._term.scope, {"points": points}, "minutes beyond")
        return replace(self._problem, objectives=(Objective(term, False, 0.0),))

    def least_beyond(self, edge: float, until: float) -> float:
        """Bound on the minutes beyond an edge over the weight of the tail; takes the plan if it is better."""
        if edge >= self.late - _WIDTH:
            return 0.0
        seconds = max(0.1, min(SECONDS, until - self._run.spent))
        run = replace(self._run.within(seconds), gap=GAP, progress=None)
        outcome = decomposition.solve(self._asked(edge), run, "highs")
        if outcome.opened is not None:
            self._take(outcome.opened)
        bound = outcome.bounds[0]
        return 0.0 if bound is None else max(0.0, bound / self._room)

    def _take(self, opened: Ints) -> None:
        problem = self._problem
        once = opened_once(problem.responses.options, opened)
        plan = Plan(once, *problem.responses.serve(once))
        kept = all(limit.low <= limit.term.value(plan) <= limit.high * (1 + 1e-9) for limit in problem.limits)
        value = self._term.value(plan)
        if kept and value < self.value:
            self.plan, self.value = plan, value
            self.edge = self._measure.edge(self._term, plan)
            self._run.tell(value, None)
