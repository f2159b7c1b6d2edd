"""From a problem to the program of one of its objectives, and from a solution back to a plan."""

from __future__ import annotations

import math

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.measures import NeedMeasure, Term
from siting.measures.base import UP
from siting.measures.composer import Composer
from siting.methods import highs
from siting.methods.plain import beyond_levels
from siting.methods.reduce import useful_candidates
from siting.methods.run import Run
from siting.methods.warm import Opening
from siting.plan import Plan
from siting.problem import Bound, Problem, before

Kept = list[tuple[Term, bool, float]]
"""Objectives achieved earlier: term, whether it is maximized, and the value to keep."""

_COMPLETE_SECONDS = 20.0


def compose(problem: Problem, number: int, kept: Kept, plan: Plan | None = None) -> Composer:
    """The program of one objective, under the limits and rows that keep the earlier ones.

    Args:
        problem: the question.
        number: which objective.
        kept: earlier objectives.
        plan: the plan found for them, whose options stay in the program.
    """
    objective, responses = problem.objectives[number], problem.responses
    limits = [(count, one) for count, one in enumerate(problem.limits) if not _met_already(problem, one)]
    terms = [objective.term, *(term for term, _, _ in kept), *(limit.term for _, limit in limits)]
    composer = Composer(
        problem.model.name, objective.maximize, responses, _wanted(problem, terms, plan), terms
    )
    program = composer.program
    program.objective = objective.term.expression(composer)
    for count, limit in limits:
        expression = limit.term.expression(composer)
        if math.isfinite(limit.high):
            program.add_limit(f"limit{count}_high", expression, upper=limit.high)
        if math.isfinite(limit.low):
            program.add_limit(f"limit{count}_low", expression, lower=limit.low)
    for count, (term, maximize, value) in enumerate(kept):
        # Sums of many doubles: without room the plan just found could fail its own row.
        room = 1e-9 * max(1.0, abs(value))
        low, high = (value - room, math.inf) if maximize else (-math.inf, value + room)
        program.add_limit(f"kept{count}", term.expression(composer), low, high)
    return composer


def _met_already(problem: Problem, limit: Bound) -> bool:
    """Whether a floor needs no rows: existing facilities meet it, and openings only add to it."""
    measure, layout = limit.term.measure, problem.responses.layout
    if not isinstance(measure, NeedMeasure) or measure.tight != UP or math.isfinite(limit.high):
        return False
    if layout.closing or layout.serve != "nearest":
        return False
    return bool(limit.term.value(before(problem)) >= limit.low)


def _wanted(problem: Problem, terms: list[Term], plan: Plan | None) -> Ints:
    """Candidates that get a column."""
    options = problem.responses.options
    keep = None if plan is None else plan.opened
    if beyond_levels(problem) is None:
        composer = Composer("rows", True, problem.responses, np.zeros(0, dtype=np.int32), terms)
        return useful_candidates(problem, composer.levels, keep)
    new = np.arange(len(options.site)) >= options.existing
    return np.flatnonzero(options.usable & new).astype(np.int32)


def opening_of(composer: Composer, values: Floats) -> Opening:
    """What a solution decides."""
    options = composer.responses.options
    units = composer.units(values)
    opened = np.flatnonzero((units > 0) & ~options.closable).astype(np.int32)
    return Opening(opened, units[opened], np.flatnonzero(options.closable & (units == 0)).astype(np.int32))


def plan_of(composer: Composer, values: Floats) -> Plan:
    """The plan of a solution."""
    responses, decided = composer.responses, opening_of(composer, values)
    if responses.layout.serve == "nearest":
        return decided.plan(responses)
    shares = composer.assigned.shares(values)
    serves = np.full(len(responses.needs.place), -1, dtype=np.int32)
    ms = np.zeros(len(serves), dtype=np.int32)
    order = np.lexsort((-shares.option, shares.share))  # the largest share, of equals the lowest option, last
    serves[shares.need[order]] = shares.option[order]
    ms[shares.need[order]] = shares.ms[order]
    single = responses.layout.serve == "single"
    shared = None if single else shares
    return Plan(decided.opened, serves, ms, decided.units, decided.closed, shared)


def with_options(composer: Composer, plan: Plan | None, run: Run) -> Floats | None:
    """A solution that opens what a plan opens, None where the rows do not let it.

    The other columns are found by a program in which the options are fixed.
    """
    if plan is None or not composer.program.columns:
        return None
    options = composer.responses.options
    amount = options.open_units(plan.opened, plan.units, plan.closed)
    amount[options.required] = np.maximum(1, amount[options.required])
    decided = composer.decided
    if not np.isin(plan.opened, decided).all():
        return None
    wanted = np.where(options.closable[decided], amount[decided] > 0, amount[decided])
    return highs.complete(composer.program.arrays(), composer.column[decided], wanted, run, _COMPLETE_SECONDS)
