"""The set covering method: least cost of options under which enough of every scope is covered.

Every limit on coverage becomes a group of rows, one for each need that no existing facility
answers in time: weight is what the need adds when it is covered, slack is what may stay uncovered.
A need under two limits is two rows. See :mod:`siting.methods.cover` for how it is solved.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pulp

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import OptionMeasure, Term
from siting.measures.people_within import PeopleWithin, in_time
from siting.measures.share_within import ShareWithin
from siting.methods.cover import Cover, Covering, solve_cover
from siting.methods.outcome import Outcome
from siting.methods.run import Run
from siting.methods.warm import Opening, Reached, Warm
from siting.plan import Termination, relative_gap
from siting.problem import Bound, Problem

WHY = "the cost of new sites is minimized under limits on coverage alone"

ROOM = 1e-12
"""Share of all weight that the rounding of sums explains."""


def refusal(problem: Problem, solver: str | pulp.LpSolver) -> str | None:
    """Why set covering does not fit, or None."""
    if solver != "highs":
        return "it closes its last gap with HiGHS; another solver needs the exact method"
    if len(problem.objectives) > 1:
        return "there is more than one objective"
    objective = problem.objectives[0]
    if objective.maximize or not isinstance(objective.term.measure, OptionMeasure):
        return f"the objective {objective.term.label} is not a sum over opened sites that is minimized"
    if np.any(objective.term.measure.coefficients(objective.term) < 0):
        return f"the objective {objective.term.label} rewards the opening of a site"
    for limit in problem.limits:
        if not isinstance(limit.term.measure, ShareWithin | PeopleWithin):
            return f"the limit {limit.label} is not on who is within the standard"
        if math.isfinite(limit.high):
            return f"the limit {limit.label} is not a lower limit"
    return None


def suits(problem: Problem) -> bool:
    """Whether the method is a good choice where it fits."""
    return True


def solve(problem: Problem, run: Run, solver: str | pulp.LpSolver, warm: Warm | None = None) -> Outcome:
    """The cheapest plan that covers enough, with a certified bound."""
    run.begin_goal(0, problem.objectives[0].term.measure.name)
    with run.phase("reduce"):
        cover, option = _cover(problem)
    if cover is None:
        return Outcome(None, (None,), Termination.PROVED, infeasible=True)
    start = None if warm is None or warm.opened is None else np.isin(option, warm.opened)

    def seen(best: Callable[[], Covering], ended: bool = False) -> None:
        def reached() -> Reached:
            found = best()
            assert found.chosen is not None
            return Reached(Opening.once(option[found.chosen]), found.value)

        run.keep(problem, 0, reached, ended)

    found = solve_cover(cover, run, start=start, tell=run.tell, seen=seen)
    if found.chosen is None:
        return Outcome(None, (None,), Termination.PROVED, infeasible=True)
    seen(lambda: found, ended=True)
    gap = relative_gap(found.value, found.bound)
    return Outcome(option[found.chosen], (found.bound,), run.ended(gap, Termination.PROVED))


def _cover(problem: Problem) -> tuple[Cover | None, Ints]:
    """The cover, None when a limit is out of reach, and the option number of every column."""
    options, objective = problem.responses.options, problem.objectives[0].term
    assert isinstance(objective.measure, OptionMeasure)
    fresh = np.arange(len(options.site)) >= options.existing
    option = np.flatnonzero(options.usable & fresh).astype(np.int32)
    number = np.full(len(fresh), -1, dtype=np.int32)
    number[option] = np.arange(len(option), dtype=np.int32)
    sizes, columns, weights, groups, slacks = [], [], [], [], []
    for group, limit in enumerate(problem.limits):
        needs, slack = _group(limit)
        if slack < 0:
            return None, option
        indptr, col = _rows(limit.term, needs, number)
        sizes.append(np.diff(indptr))
        columns.append(col)
        weights.append(problem.responses.needs.weight[needs])
        groups.append(np.full(len(needs), group, dtype=np.int32))
        slacks.append(slack)
    cost: Floats = objective.measure.coefficients(objective)[option]
    return Cover(
        np.r_[0, np.cumsum(_joined(sizes, np.int64))].astype(np.int64), _joined(columns, np.int32), cost,
        _joined(weights, np.float64), _joined(groups, np.int32), np.array(slacks), options.required[option],
    ), option  # fmt: skip


def _joined(arrays: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype=kind), *arrays]).astype(kind)


def _group(limit: Bound) -> tuple[Ints, float]:
    """Needs that new sites can cover, and the weight of them that may stay uncovered.

    Negative when the limit is out of reach.
    """
    term, measure = limit.term, limit.term.measure
    assert isinstance(measure, ShareWithin | PeopleWithin)
    responses = term.responses
    needs = responses.needs
    counted = measure.counted(term) if isinstance(measure, ShareWithin) else term.scope
    total = math.fsum(needs.weight[counted])
    asked = limit.low * (total if isinstance(measure, ShareWithin) else 1.0)
    if isinstance(measure, ShareWithin) and total == 0.0:  # the share of nobody is 1
        return np.zeros(0, dtype=np.int32), 0.0 if limit.low <= 1 + ROOM else -1.0
    everyone = np.arange(len(counted), dtype=np.int32)
    covered = counted & (responses.base_option >= 0) & in_time(term, everyone, responses.base_ms)
    coverable = np.zeros(len(counted), dtype=bool)
    coverable[responses.row[in_time(term, responses.row, responses.ms)]] = True
    coverable &= counted & ~covered
    slack = math.fsum(needs.weight[covered | coverable]) - asked
    room = ROOM * max(total, asked)
    slack = 0.0 if abs(slack) <= room else slack + 0.5 * room
    return np.flatnonzero(coverable).astype(np.int32), slack


def _rows(term: Term, needs: Ints, number: Ints) -> tuple[Longs, Ints]:
    """Columns that cover each of the needs in time, as CSR."""
    responses = term.responses
    wanted: Flags = np.zeros(len(responses.needs.place), dtype=bool)
    wanted[needs] = True
    row = responses.row
    pairs = np.flatnonzero(wanted[row] & in_time(term, row, responses.ms))
    pairs = pairs[np.lexsort((responses.option[pairs], row[pairs]))]
    indptr: Longs = np.asarray(np.searchsorted(row[pairs], np.r_[needs, len(wanted)]), dtype=np.int64)
    return indptr, number[responses.option[pairs]]
