"""Whether a plan keeps some of the conditions, and how far a measure can go under them."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from siting.conflict.conditions import Condition, Conditions, Kept
from siting.conflict.covers import Covers
from siting.conflict.quick import Quick
from siting.engine import choose
from siting.errors import ModelError
from siting.instance.arrays import Flags, Floats
from siting.measures import OptionMeasure
from siting.methods import METHODS
from siting.methods.outcome import Outcome
from siting.methods.plain import opened_once
from siting.methods.run import Run
from siting.methods.warm import Warm
from siting.plan import Plan
from siting.problem import Bound, Objective, Problem
from siting.result import Progress

_RANKS = {"center": 0, "set_cover": 0, "exact": 1, "decomposition": 1, "relaxation": 2}
"""Methods for large problems, the quickest to a proof first."""

_HALF = 0.5
"""Share of the time left for a method that only bounds the answer."""

MANY_PAIRS, SLOWLY = 100_000, 0.35
"""Pairs from which one question may take so much of the time left only."""

BEGUN = 3.0
"""Seconds below which methods for large problems are not begun, set covering excepted."""

_LOOKED_AT = 4
"""Limits whose measure is tried as the objective at most."""


@dataclass(frozen=True, eq=False)
class Reached:
    """How far a measure goes.

    Attributes:
        plan: a plan that keeps the conditions, None where none is known.
        value: its measure.
        bound: no plan that keeps them is better; None where nothing is certified.
        impossible: it is proved that no plan keeps them.
    """

    plan: Plan | None = None
    value: float = math.nan
    bound: float | None = None
    impossible: bool = False


class Oracle:
    """Answers by siting's own methods, and remembers what every plan it has seen keeps.

    Attributes:
        conditions: the conditions that are asked about.
        seen: the conditions that each plan seen so far keeps.
        plans, values: those plans, and what each limit bounds.
        refuted: sets of conditions that are proved to be in conflict.
        run: limits in force.
        quick: answers where coverage is all that is asked.
        thorough: whether what that cannot answer is solved.
    """

    def __init__(self, conditions: Conditions, run: Run) -> None:
        self.conditions = conditions
        self.run = run
        self.thorough = True
        self.plans: list[Plan] = []
        self.values: list[Floats] = []
        self.seen: list[Kept] = []
        for plan in conditions.simple_plans:
            self.take(plan)
        self.refuted: list[Kept] = []
        self.quick = Quick(self, Covers(conditions))

    def feasible(self, kept: Kept) -> bool | None:
        """Whether some plan keeps the conditions; None where that is not known in time."""
        return False if kept == self.conditions.all else self.decide(kept)

    def decide(self, kept: Kept) -> bool | None:
        """The same for conditions of which nothing is known yet."""
        verdict = self.known(kept)
        if verdict is None and not self.run.over:
            verdict = self.quick.decide(kept)
        if verdict is None and self.thorough and not self.run.over:
            verdict = self._slowly(kept)
        if verdict is False:
            self.refuted.append(kept)
        return verdict

    def known(self, kept: Kept) -> bool | None:
        """The same from what was seen and refuted before."""
        if any(kept <= seen for seen in self.seen):
            return True
        return False if any(one <= kept for one in self.refuted) else None

    def take(self, plan: Plan) -> Kept:
        """Remember a plan; what it keeps becomes the last entry of ``seen``."""
        self.plans.append(plan)
        self.values.append(self.conditions.values(plan))
        self.seen.append(self.conditions.kept_by(plan, self.values[-1]))
        return self.seen[-1]

    def _too_slow(self, method: str) -> bool:
        """Whether a method would hardly have begun when its time is up."""
        large = len(self.conditions.problem.responses.option) > MANY_PAIRS
        return large and _RANKS[method] > 0 and self.run.left < BEGUN

    def _slowly(self, kept: Kept) -> bool | None:
        """The same by the method that a problem of these conditions would be solved by."""
        problem, method, target = self._question(kept)
        if method is None or self._too_slow(method):
            return None
        large = len(problem.responses.option) > MANY_PAIRS
        outcome = self._solve(problem, method, target, SLOWLY if large else 1.0)
        if outcome.infeasible or (target is not None and self._out_of_reach(target, outcome)):
            return False
        plan = self._plan(outcome)
        return True if plan is not None and kept <= self.seen[-1] else None

    def furthest(self, kept: Kept, objective: Objective) -> Reached:
        """The best value of an objective among the plans that keep the conditions."""
        found = self._optimum(kept, objective)
        if found.plan is not None or found.impossible:
            return found
        if self.feasible(kept) is False:
            return Reached(impossible=True)
        # A plan that was seen on the way is enough, even where the best is not known.
        known = [plan for plan, seen in zip(self.plans, self.seen, strict=True) if kept <= seen]
        if not known:
            return found
        way = -1.0 if objective.maximize else 1.0
        best = min(known, key=lambda plan: way * objective.term.value(plan))
        return Reached(best, objective.term.value(best), found.bound)

    def _optimum(self, kept: Kept, objective: Objective) -> Reached:
        """The same by siting's methods; half of the time is for conditions that a quick method knows."""
        if self.run.over:
            return Reached()
        fewer = self._with_a_quick_method(kept, objective)
        if fewer == kept:
            return self._reached(kept, kept, objective)
        return self._reached(fewer, kept, objective, _HALF)

    def _reached(self, asked: Kept, kept: Kept, objective: Objective, part: float = 1.0) -> Reached:
        """How far an objective goes under the conditions asked; its plan where that keeps all ``kept``."""
        problem = self.conditions.asking(asked, objective)
        method = _method(problem)
        if method is None or self._too_slow(method):
            return Reached()
        outcome = self._solve(problem, method, None, part)
        if outcome.infeasible:
            return Reached(impossible=True)
        plan, bound = self._plan(outcome), outcome.bounds[0]
        if plan is None or not kept <= self.seen[-1]:
            return Reached(bound=bound)
        return Reached(plan, objective.term.value(plan), bound)

    def _with_a_quick_method(self, kept: Kept, objective: Objective) -> Kept:
        """The conditions without limits on what is opened, where a quick method asks for that.

        Its bound holds under all of them, and its plan may keep them anyway.
        """
        if _rank(self.conditions.asking(kept, objective)) < 2 or objective.maximize:
            return kept
        fewer = frozenset(one for one in kept if one.limit < 0 or not self._on_sites(one))
        return fewer if _rank(self.conditions.asking(fewer, objective)) == 0 else kept

    def _on_sites(self, one: Condition) -> bool:
        return isinstance(self.conditions.term(one).measure, OptionMeasure)

    def feasible_without(self, condition: Condition, lost: Flags) -> bool | None:
        """Whether some plan keeps all conditions once some needs (N,) do not count for one of them."""
        problem = self.conditions.problem
        limit = problem.limits[condition.limit]
        fewer = replace(limit, term=replace(limit.term, scope=limit.term.scope & ~lost))
        limits = tuple(fewer if one is limit else one for one in problem.limits)
        other = self.like(limits)
        return other.decide(other.conditions.all)

    def like(self, limits: Sequence[Bound]) -> Oracle:
        """An oracle for the same problem under other limits."""
        problem = replace(self.conditions.problem, limits=tuple(limits))
        other = Oracle(Conditions(problem, self.conditions), self.run)
        other.quick.alike(self.quick)
        other.thorough = self.thorough and len(self.conditions.problem.responses.option) <= MANY_PAIRS
        return other

    def toward(self, condition: Condition) -> Objective:
        """The objective that keeps a limit best."""
        return Objective(self.conditions.term(condition), condition.kind == "at_least", 0.0)

    def _question(self, kept: Kept) -> tuple[Problem, str | None, Condition | None]:
        """The problem whose answer is found soonest: one limit may be its objective."""
        limits = sorted((one for one in kept if one.limit >= 0), key=lambda one: (one.limit, one.kind))
        measures = {self.conditions.term(one).measure.name: one for one in reversed(limits)}
        ways: list[tuple[Problem, Condition | None]] = [
            (self.conditions.asking(kept - {one}, self.toward(one)), one)
            for one in list(measures.values())[:_LOOKED_AT]
        ]
        if not ways or any(one.kind == "served" for one in kept):
            ways.append((self.conditions.asking(kept), None))
        ranked = [(rank, number) for number, (problem, _) in enumerate(ways) if (rank := _rank(problem)) < 9]
        number = min(ranked)[1] if ranked else 0
        problem, target = ways[number]
        return problem, _method(problem), target

    def _solve(self, problem: Problem, method: str, target: Condition | None, part: float = 1.0) -> Outcome:
        """Run a method, until it is decided whether the target is within reach; infeasible if it is not."""
        stop, refuted = threading.Event(), threading.Event()

        def watch(progress: Progress) -> None:
            if target is not None:
                reached, bound = progress.incumbent, progress.bound
                if bound is not None and not self.conditions.allows(target, bound):
                    refuted.set()
                if refuted.is_set() or (reached is not None and self.conditions.allows(target, reached)):
                    stop.set()
            if self.run.stop.is_set():
                stop.set()

        seconds = max(0.05, part * self.run.left)
        run = Run(seconds, 0.0, self.run.seed, self.run.threads, stop, watch)
        outcome: Outcome = METHODS[method].solve(problem, run, "highs", Warm(problem.responses, None))
        # A method that is stopped may not hand over the bound it has told last.
        return replace(outcome, infeasible=True) if refuted.is_set() else outcome

    def _out_of_reach(self, target: Condition, outcome: Outcome) -> bool:
        bound = outcome.bounds[0] if outcome.bounds else None
        return bound is not None and not self.conditions.allows(target, bound)

    def _plan(self, outcome: Outcome) -> Plan | None:
        """The plan of an outcome, remembered."""
        plan, responses = outcome.plan, self.conditions.problem.responses
        if plan is None:
            if outcome.opened is None:
                return None
            opened = opened_once(responses.options, outcome.opened)
            plan = Plan(opened, *responses.serve(opened))
        self.take(plan)
        return plan


def _rank(problem: Problem) -> int:
    return _RANKS.get(_method(problem) or "", 9)


def _method(problem: Problem) -> str | None:
    try:
        return choose(problem, "auto", "highs")[0]
    except ModelError:
        return None
