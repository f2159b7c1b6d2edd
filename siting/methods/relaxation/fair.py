"""Starts for plans that look at the worst-off groups: floors for all, raised until they break.

A mean of the smallest shares is flat: no single exchange raises it while another group is as badly
off. What the decomposition does well is to keep a floor in every group. So the floor is raised by
bisection between what a plan achieves and what no group can exceed, with the groups that are even
worse off held where they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siting.instance.arrays import Floats
from siting.measures import Term
from siting.measures.people_within import PeopleWithin
from siting.measures.share_within import ShareWithin
from siting.measures.worst_share import WorstShare, groups_of
from siting.methods import decomposition
from siting.methods.plain import opened_once
from siting.methods.run import Run
from siting.plan import Plan
from siting.problem import Bound, Objective, Problem

STEPS = 5
"""Floors tried for one objective."""

SECONDS = 4.0
"""Seconds that one of them may take."""

_GAP = 1e-5
_ROOM = 1e-9


def fairer(problem: Problem, number: int, plan: Plan | None, run: Run, seconds: float) -> Plan | None:
    """A plan that may be better for an objective over the worst-off groups, else the one given.

    Args:
        problem: the question.
        number: which objective.
        plan: the best plan known, None for none.
        run: limits in force.
        seconds: time that all steps together may take.
    """
    term = problem.objectives[number].term
    if not isinstance(term.measure, WorstShare):
        return plan
    search = _Search(problem, term, run, seconds)
    if plan is None:
        plan = search.plan(search.everybody, np.full(len(search.terms), -np.inf))
    if plan is None:
        return None
    plan = search.favoured(plan)
    return search.raised(plan)


class _Search:
    """Plans under a floor per group.

    Attributes:
        terms: (G,) share of every group that has people.
        best: (G,) the largest each can be.
        count: how many of the worst groups the objective looks at.
        everybody: people within the standard, all together.
    """

    def __init__(self, problem: Problem, term: Term, run: Run, seconds: float) -> None:
        self._problem, self._run, self._left = problem, run, seconds
        self.terms, self.best = _by_group(term)
        self.count = min(len(self.terms), round(term.number("worst", 1.0)))
        size = len(problem.responses.needs.place)
        self.everybody = Term(PeopleWithin(), problem.responses, np.ones(size, bool), {}, "people_within")
        self._kept = tuple(one for one in problem.limits if not isinstance(one.term.measure, WorstShare))

    def favoured(self, plan: Plan) -> Plan:
        """The worst group as well off as it can be while the others stay as they are.

        Where one group is worst whatever is done, such as the hardest scenario, that is best of all.
        """
        shares = self._shares(plan)
        order = np.argsort(shares, kind="stable")
        last = int(order[self.count - 1])
        floor = np.minimum(shares, shares[last])
        found = self.plan(self.terms[last], floor)
        return plan if found is None or self._worst(found) < self._worst(plan) else found

    def raised(self, plan: Plan) -> Plan:
        """The floor of all but the worst groups before, raised by bisection."""
        high = step = float(np.min(self.best))  # what would be best comes first
        for _ in range(STEPS):
            shares = self._shares(plan)
            order = np.argsort(shares, kind="stable")
            low = float(shares[order[self.count - 1]])
            if self._left <= 0.0 or self._run.over or step <= low + 1e-6:
                break
            floor = np.minimum(step, self.best)
            held = order[: self.count - 1]
            floor[held] = shares[held]
            found = self.plan(self.everybody, floor)
            if found is None or self._worst(found) <= self._worst(plan):
                high = step
            else:
                plan, low = found, step
            step = 0.5 * (low + high)
        return plan

    def _shares(self, plan: Plan) -> Floats:
        return np.array([one.value(plan) for one in self.terms])

    def _worst(self, plan: Plan) -> float:
        """What the objective is about."""
        return float(np.sort(self._shares(plan))[: self.count].mean())

    def plan(self, goal: Term, floor: Floats) -> Plan | None:
        """A plan that keeps a floor per group and is good for a goal, if one is found."""
        limits = tuple(
            Bound(term, level - _ROOM, np.inf, f"{term.label} >= {level:g}")
            for term, level in zip(self.terms, floor.tolist(), strict=True)
            if level > 0.0
        )
        asked = replace(
            self._problem, objectives=(Objective(goal, True, 0.0),), limits=(*self._kept, *limits)
        )
        if self._run.out(self._left) or decomposition.refusal(asked, "highs") is not None:
            return None
        begun = self._run.spent
        limited = replace(self._run.within(min(SECONDS, self._left)), gap=_GAP, progress=None)
        outcome = decomposition.solve(asked, limited, "highs")
        self._left -= self._run.spent - begun
        if outcome.opened is None:
            return None
        opened = opened_once(self._problem.responses.options, outcome.opened)
        plan = Plan(opened, *self._problem.responses.serve(opened))
        return plan if _keeps(self._kept, plan) else None


def _by_group(term: Term) -> tuple[list[Term], Floats]:
    """The share of every group that has people, and the largest each can be."""
    group, total = groups_of(term)
    measure = ShareWithin()
    terms = [
        Term(measure, term.responses, np.asarray(group == g), {}, f"share of group {g}")
        for g in np.flatnonzero(total > 0)
    ]
    usable = np.flatnonzero(term.responses.options.free).astype(np.int32)
    everything = Plan(usable, *term.responses.serve(usable))
    return terms, np.array([one.value(everything) for one in terms])


def _keeps(limits: tuple[Bound, ...], plan: Plan) -> bool:
    return all(limit.low <= limit.term.value(plan) <= limit.high * (1 + _ROOM) for limit in limits)
