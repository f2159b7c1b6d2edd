"""Why nothing is feasible: which limits clash, and by how much."""

from __future__ import annotations

import math

import numpy as np

from siting.instance.arrays import Ints
from siting.measures import NeedMeasure, OptionMeasure
from siting.measures.composer import Composer
from siting.measures.program import linear
from siting.methods import highs
from siting.methods.exact import refusal
from siting.methods.run import Run
from siting.problem import Bound, Problem

_SECONDS = 30.0
_NAMES = 5
_MOST = 1e6
"""Largest relaxation looked at, as a multiple of a limit."""


def clashes(problem: Problem) -> tuple[str, ...]:
    """Sentences for the planner about an infeasible problem.

    The limits are made elastic, and the least relative relaxation that makes a plan possible is
    found by mixed-integer programming; every limit it relaxes is named with the number that would
    do. Where the program is too large, the limits that the required sites alone break are named.
    """
    required = np.flatnonzero(problem.responses.options.required).astype(np.int32)
    sentences = _broken_by_required(problem, required)
    if not sentences and refusal(problem, "highs") is None:
        sentences = _least_relaxation(problem)
    if not sentences:
        every = "; ".join(limit.label for limit in problem.limits)
        sentences = [f"no plan keeps all of these limits together: {every}"]
    return tuple(sentences + _must_be_served(problem))


def _broken_by_required(problem: Problem, required: Ints) -> list[str]:
    sentences = []
    for limit in problem.limits:
        measure = limit.term.measure
        if not isinstance(measure, OptionMeasure) or not math.isfinite(limit.high):
            continue
        coefficient = measure.coefficients(limit.term)
        used = math.fsum(coefficient[required])
        if used > limit.high * (1 + 1e-9):
            who = (
                "the required site alone needs"
                if len(required) == 1
                else (f"the {len(required)} required sites alone need")
            )
            sentences.append(
                f"{who} {limit.term.label} = {up(used)} {limit.term.unit}, the limit is {limit.high:g}: "
                f"raise it by {up(used - limit.high)}, or require fewer"
            )
    return sentences


def _least_relaxation(problem: Problem) -> list[str]:
    terms = [*(o.term for o in problem.objectives[:1]), *(limit.term for limit in problem.limits)]
    options = problem.responses.options
    wanted = np.flatnonzero(options.usable & (np.arange(len(options.site)) >= options.existing))
    composer = Composer("relaxation", False, problem.responses, wanted.astype(np.int32), terms)
    program = composer.program
    # The first objective has no say, but who must be served for it is served.
    problem.objectives[0].term.expression(composer)
    scales = []
    slack = program.add_columns("relax", np.arange(len(problem.limits)), 0.0, _MOST)
    for number, limit in enumerate(problem.limits):
        scale = max(1.0, abs(limit.high if math.isfinite(limit.high) else limit.low))
        scales.append(scale)
        expression = limit.term.expression(composer)
        room = linear(slack[number : number + 1], scale)
        if math.isfinite(limit.high):
            program.add_limit(f"high{number}", expression + room.times(-1.0), upper=limit.high)
        if math.isfinite(limit.low):
            program.add_limit(f"low{number}", expression + room, lower=limit.low)
    program.objective = linear(slack, 1.0)
    answer = highs.solve(highs.model(program.arrays()), Run(seconds=_SECONDS))
    if answer.values is None:
        return []
    by = np.array(scales) * answer.values[slack]
    return [
        _relaxed(limit, float(much))
        for limit, much, relaxed in zip(problem.limits, by, answer.values[slack], strict=True)
        if relaxed > 1e-6
    ]


def _relaxed(limit: Bound, by: float) -> str:
    if math.isfinite(limit.high):
        enough = up(limit.high + by)
        return f"{limit.label} is too tight by {up(by)}: {enough} {limit.term.unit} would do"
    enough = up(limit.low - by, -1)
    return f"{limit.label} asks for too much by {up(by)}: {enough} {limit.term.unit} can be reached"


def up(value: float, way: int = 1) -> str:
    """Six digits of a number, rounded up (``way`` 1) or down (-1), so that it is enough.

    A solver's last digits do not count: 2.0000000001 is 2.
    """
    if value == 0.0:
        return "0"
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 5)
    return f"{math.ceil(way * value / unit - 1e-3) * unit * way:.6g}"


def _must_be_served(problem: Problem) -> list[str]:
    """Who needs a new site to be served at all, if the objective demands that everyone is."""
    responses = problem.responses
    demanded = np.zeros(len(responses.needs.place), dtype=bool)
    for objective in problem.objectives[:1]:
        if isinstance(objective.term.measure, NeedMeasure):
            everyone = np.arange(len(demanded), dtype=np.int32)
            demanded |= (
                np.isnan(objective.term.measure.unserved(objective.term, everyone)) & objective.term.scope
            )
    demanded &= (responses.base_option < 0) & (np.diff(responses.indptr) > 0)
    lacking = np.flatnonzero(demanded)
    if not len(lacking):
        return []
    names = responses.instance.places.names[np.unique(responses.needs.place[lacking])]
    shown = ", ".join(str(name) for name in names[:_NAMES]) + (", ..." if len(names) > _NAMES else "")
    return [
        f"the model demands that every need is served, and {len(lacking)} needs at {len(names)} places "
        f"have no existing facility that reaches them: {shown}"
    ]
