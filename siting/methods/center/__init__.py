"""The p-center method: bisection over the longest response time, a cover test for each.

"Can everybody be answered within L?" is a covering question under the problem's limits (Minieka
1970; Daskin 1995). Times are integer milliseconds, so bisection is exact.

Minieka, E. (1970). The m-center problem. SIAM Review 12: 138-139.
Daskin, M. S. (1995). Network and Discrete Location. Wiley, chapter 5.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pulp

from siting.measures import OptionMeasure
from siting.measures.worst_time import WorstTime
from siting.methods.center import counted, limited
from siting.methods.center.bracket import Bracket
from siting.methods.center.question import Question
from siting.methods.outcome import Outcome
from siting.methods.run import Run
from siting.methods.warm import Warm
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


def solve(problem: Problem, run: Run, solver: str | pulp.LpSolver, warm: Warm | None = None) -> Outcome:
    """Least longest response time by bisection over the times that can be it."""
    run.begin_goal(0, problem.objectives[0].term.measure.name)
    with run.phase("bisect"):
        question = Question(problem)
        if not question.feasible:
            return Outcome(None, (None,), Termination.PROVED, infeasible=True)
        keep = partial(run.keep, problem, 0)
        bracket = Bracket(question, run, keep)
        if warm is not None and warm.opened is not None:
            columns = np.flatnonzero(np.isin(question.option, warm.opened))
            if question.allows(columns):
                bracket.offer(columns)
        if question.count is not None:
            counted.solve(question, bracket, run, question.count)
        else:
            limited.solve(question, bracket, run)
        if bracket.columns is not None:
            keep(bracket.reached, ended=True)
        return bracket.outcome()
