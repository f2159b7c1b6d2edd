"""What a question is worth at best once a site may not be opened, or a place must be covered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.engine import answer, begin_run
from siting.instance import Instance, Settings
from siting.instance.arrays import Flags, Floats
from siting.instance.decisions import decide
from siting.measures import MEASURES, Term
from siting.methods import decomposition, floors
from siting.methods.form import build_form
from siting.methods.plain import beyond_nearest
from siting.methods.run import Run
from siting.methods.space import Space
from siting.methods.warm import Warm
from siting.plan import PROVED_GAP, Plan, Status
from siting.problem import Bound, Problem, bind
from siting.response import Layout, Responses, build_options
from siting.result import Asked, Progress, Result

STEPS, ROUNDS = 100, 10
"""Steps of the dual, from which removals are bounded, at a time, and how often at most."""

STALLED = 0.1
"""Share by which its gap falls at least, or it has ended."""


@dataclass(frozen=True)
class Loss:
    """What a change costs in the first objective once everything else is chosen anew.

    Negative figures are a gain: the change undid a requirement, or the plan was not proved best.

    Attributes:
        at_least, at_most: the loss lies between them; infinite where no plan is left, None where nothing
            is known.
        plan: the best plan found, None where none was.
        later: losses in the objectives after the first, of that plan; empty without a plan.
    """

    at_least: float | None
    at_most: float | None
    plan: Plan | None = None
    later: tuple[float, ...] = ()

    @property
    def proof(self) -> str:
        """``exact``, ``no plan``, ``between``, ``at most``, ``at least`` or ``unknown``."""
        low, high = self.at_least, self.at_most
        if low is not None and math.isinf(low):
            return "no plan"
        if low is None or high is None:
            return "unknown" if low is high is None else "at most" if low is None else "at least"
        return "exact" if high - low <= PROVED_GAP * max(1.0, abs(high)) else "between"


def without_site(
    result: Result, option: int, seconds: float | None, progress: Callable[[Progress], None] | None
) -> Loss:
    """Solve the question again with a candidate closed, also where the data requires it.

    The candidate gets a limit of no opening: unlike for one that is forbidden, nothing else of the
    question changes, neither who can be covered nor who counts.

    Raises:
        SolverError: as for :func:`siting.solve`.
    """
    problem = result.problem
    options = problem.responses.options
    if options.required[option]:
        problem = _released(problem, option)
    same = problem.responses.options.candidate == options.candidate[option]
    label = f"no opening at {problem.instance.sites.ids[options.site[option]]}"
    term = Term(MEASURES["sites_open"], problem.responses, same, {}, label)
    return _solved(result, problem, Bound(term, -math.inf, 0.0, label), seconds, progress)


def with_need(
    result: Result, need: int, seconds: float | None, progress: Callable[[Progress], None] | None
) -> Loss:
    """Solve the question again with one need covered, by whichever candidate serves best.

    For the first objective alone, in which the price is asked: the later ones would take as long again.

    Raises:
        SolverError: as for :func:`siting.solve`.
    """
    responses = result.problem.responses
    scope = np.arange(len(responses.needs.place)) == need
    weight = float(responses.needs.weight[need])
    label = f"{responses.instance.places.ids[responses.needs.place[need]]} covered"
    term = Term(MEASURES["people_within"], responses, scope, {}, label)
    first = replace(result.problem, objectives=result.problem.objectives[:1])
    return _solved(result, first, Bound(term, weight, math.inf, label), seconds, progress)


def _released(problem: Problem, option: int) -> Problem:
    """The problem with a required candidate free to be opened or not; times stay as they are."""
    options, instance = problem.responses.options, problem.instance
    site = str(instance.sites.ids[options.site[option]])
    kind = problem.responses.settings.types[options.type[option]].id

    def build(instance: Instance, settings: Settings, horizon: object, layout: Layout) -> Responses:
        chosen = build_options(instance, settings, layout)
        return replace(problem.responses, instance=instance, settings=settings, options=chosen)

    return bind(decide(instance, allow=[(site, kind)]), problem.model, dict(problem.given), build)


def _solved(
    result: Result,
    problem: Problem,
    limit: Bound,
    seconds: float | None,
    progress: Callable[[Progress], None] | None,
) -> Loss:
    """What the plan of a result is better by than the best plan under one more limit."""
    assert result.plan is not None
    run = begin_run(seconds, 0.0, result.seed, result.asked.threads, progress, None)
    warm = result.warm or Warm(result.problem.responses, result.plan.opened)
    limited = replace(problem, limits=(*problem.limits, limit))
    found = answer(limited, run, Asked(threads=result.asked.threads), warm)
    if found.status is Status.INFEASIBLE:
        return Loss(math.inf, math.inf)
    if found.plan is None:
        return Loss(None, None)
    losses = [
        (old.value - new.value) * (1.0 if old.maximize else -1.0)
        for old, new in zip(result.achieved, found.achieved, strict=False)
    ]
    first = found.achieved[0]
    low = None
    if first.bound is not None:
        low = losses[0] if first.gap == 0.0 else losses[0] - abs(first.bound - first.value)
    return Loss(low, losses[0], found.plan, tuple(losses[1:]))


def bounds_without(result: Result) -> Floats:
    """(K,) at least what closing each opened option costs in the first objective; -inf where unknown.

    With multipliers of a Lagrangian dual that bounds all plans by L, those that leave an option of
    reduced worth r > 0 closed are worth L - r at most.
    """
    problem, plan = result.problem, result.plan
    assert plan is not None
    first = result.achieved[0]
    sign = 1.0 if first.maximize else -1.0
    least = np.full(len(plan.opened), -np.inf)
    free = ~problem.responses.options.required[plan.opened]
    if first.bound is not None:
        least[free] = min(0.0, sign * (first.value - first.bound))
    if beyond_nearest(problem) is not None or decomposition.refusal(problem, "highs") is not None:
        return least
    everyone = np.unique(problem.responses.option).astype(np.int32)
    form = build_form(problem, 0, [], everyone, floors.gather(problem))
    opened: Flags = np.isin(form.option, plan.opened)
    space = Space(form)
    if not space.feasible or not space.form.columns:
        return least
    space.begin(opened, None if result.warm is None else result.warm.dual(0))
    _tighten(space, sign * first.value - space.form.constant)
    assert space.dual is not None
    most = np.full(len(problem.responses.options.site), np.inf)
    most[form.option[space.columns]] = space.form.constant + space.dual.closed_at
    bound = sign * first.value - most[plan.opened]
    return np.where(free, np.maximum(least, bound), least)


def _tighten(space: Space, value: float) -> None:
    """Steps of the dual until its gap to what the plan saves stalls; averages are forgotten in between."""
    assert space.dual is not None
    before = math.inf
    for _ in range(ROUNDS):
        space.engine.iterate(STEPS, value, Run())
        gap = space.dual.bound - value
        if gap <= PROVED_GAP * max(1.0, abs(value)) or gap > (1.0 - STALLED) * before:
            return
        before = gap
        space.renew()
