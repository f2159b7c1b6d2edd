"""Answering a question again after a change, from what the last answer has left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from siting.engine import answer, begin_run
from siting.errors import Complaint, ModelError
from siting.instance import Instance, Settings
from siting.instance.decisions import Named, decide
from siting.methods.compiling import announced
from siting.methods.warm import Warm
from siting.problem import Numbers, Problem, bind, overridden
from siting.response import Layout, Responses, build_needs, build_options, build_responses
from siting.restriction import still_holds
from siting.result import Progress, Result


def resolve(
    result: Result,
    numbers: Numbers,
    named: tuple[Iterable[Named], Iterable[Named], Iterable[Named]],
    limits: tuple[float | None, float],
    stop: threading.Event | None,
    progress: Callable[[Progress], None] | None,
    beyond: tuple[Result, float] | None = None,
) -> Result:
    """See :meth:`siting.result.Result.resolve`.

    Args:
        result: the last answer.
        numbers: numbers to change.
        named: candidates to require, to forbid and to allow.
        limits: seconds and relative gap.
        stop, progress: as for :func:`siting.solve`.
        beyond: another answer, and how far the changed question lies on the way to its question, 0 to 1.
    """
    asked = result.asked
    run = begin_run(*limits, result.seed, asked.threads, progress, stop)
    plan = None if result.plan is None else result.plan.opened
    warm = result.warm or Warm(result.problem.responses, plan)
    if beyond is not None and beyond[0].warm is not None:
        warm = warm.between(beyond[0].warm, beyond[1])
    if not result.repeatable or (beyond is not None and not beyond[0].repeatable):
        run.timed.set()
    with announced(run):
        with run.phase("travel times"):
            table = _Table(warm.table, run.threads)
            problem = _changed(result.problem, numbers, named, table)
        known = still_holds(result, problem, run.gap)
        return answer(problem, run, asked, replace(warm, table=table.built), known)


def _changed(
    problem: Problem,
    numbers: Numbers,
    named: tuple[Iterable[Named], Iterable[Named], Iterable[Named]],
    table: _Table,
) -> Problem:
    """The problem with other numbers and decisions.

    Raises:
        ModelError: with everything that is wrong with either.
    """
    complaints: list[str | Complaint] = []
    instance, changed = problem.instance, problem
    given = [one if isinstance(one, str) else tuple(one) for one in named]
    try:
        if any(given):  # else the instance stays the same object, and what is known of it is of use
            instance = decide(instance, *given)
    except ModelError as error:
        complaints += error.complaints
    try:
        changed = bind(instance, problem.model, overridden(problem.given, numbers), table)
    except ModelError as error:
        complaints += error.complaints
    if complaints:
        raise ModelError(complaints)
    return changed


class _Table:
    """Responses from a table that was searched for before, or from a new one where that will not do.

    Attributes:
        built: the table as it was searched for last.
    """

    def __init__(self, built: Responses, threads: int) -> None:
        self.built = built
        self._threads = threads

    def __call__(
        self, instance: Instance, settings: Settings, horizon_ms: Mapping[int, int] | None, layout: Layout
    ) -> Responses:
        """The responses of an instance that differs in decisions alone, as if they were searched for."""
        built, options = self.built, build_options(instance, settings, layout)
        fresh = np.any(options.usable & ~built.options.usable)
        if fresh or horizon_ms != built.horizon_ms or _times(settings) != _times(built.settings):
            self.built = build_responses(instance, settings, horizon_ms, layout, self._threads)
            return self.built
        needs = build_needs(instance, settings, layout)
        changed = replace(built, instance=instance, settings=settings, needs=needs, options=options)
        kept = options.usable[built.option]
        if kept.all():
            return changed
        ends = np.concatenate([[0], np.cumsum(kept)])
        return replace(changed, indptr=ends[built.indptr], option=built.option[kept], ms=built.ms[kept])


def _times(settings: Settings) -> object:
    """All that response times depend on beside roads, tables and places."""
    factors = [
        (service.id, service.vehicle_factor, service.weight > 0, service.distance_m)
        for service in settings.services
    ]
    return factors, [(kind.id, dict(kind.turnout_ms)) for kind in settings.types]
