"""One call from question to checked answer: bind -> choose a method -> run -> check -> Result."""

from __future__ import annotations

import math
import platform
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from siting.check import verify
from siting.check.possible import plan_at_hand
from siting.check.times import Ground
from siting.check.verifier import ground_of
from siting.errors import ModelError, SolverError, did_you_mean
from siting.instance import Instance
from siting.methods import METHODS, refusal
from siting.methods.compiling import announced
from siting.methods.full_coverage import full_coverage
from siting.methods.outcome import Outcome
from siting.methods.plain import opened_once
from siting.methods.run import LOG, Run
from siting.methods.saved_file import read_saved
from siting.methods.saver import Saver
from siting.methods.warm import Warm
from siting.model import Model, model_of
from siting.parallel import cores
from siting.plan import PROVED_GAP, Achieved, Plan, Status, relative_gap
from siting.problem import Numbers, Problem, before, bind
from siting.response import build_responses
from siting.result import Asked, Progress, Result

if TYPE_CHECKING:
    import pulp

CHECK_SECONDS = 1.5e-7
"""Seconds per pair of the table that the check of a plan takes at most (measured)."""


def solve(
    instance: Instance,
    model: str | Path | Model | None = None,
    *,
    seconds: float | None = None,
    gap: float = 0.0,
    seed: int = 0,
    threads: int | None = None,
    solver: str | pulp.LpSolver = "highs",
    method: str = "auto",
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    numbers: Numbers | None = None,
    save: str | Path | None = None,
    resume: bool = False,
    **parameters: float | Mapping[str, float],
) -> Result:
    """Find the best plan and prove how good it is.

    Args:
        instance: the data.
        model: the question: a bundled model's name, a model file, or a :class:`Model`; None for
            the one the instance names, or ``max_coverage``.
        seconds: wall seconds allowed; at the limit the best plan found is returned with its bound.
        gap: relative gap at which to stop; 0 stops when nothing more can be proved.
        seed: seed of every random choice.
        threads: threads to use, at most; None for all cores of this machine.
        solver: ``highs``, ``cbc``, or a PuLP solver object (the last two imply ``method="exact"``).
        method: ``auto``, or a name in :data:`siting.methods.METHODS`.
        progress: called with every report while the solve works. An exception it raises ends the
            solve and is raised as it is; set ``stop`` to keep the plan.
        stop: when set, the best plan found so far is returned with its bound.
        numbers, parameters: numbers of the model, e.g. ``budget=5100`` or
            ``new={"fire_department": 1600}``, and of the instance by dotted name, e.g.
            ``numbers={"services.fire_rescue.vehicle_factor": 1.6}``.
        save: a file in which the best plan and the multipliers of the bound are kept while the solve
            works, from its first seconds on; it stays when the solve ends, and is yours to remove.
        resume: continue from what is in that file, which must be of the same instance, model, numbers and
            decisions. The plan is checked and the bound computed again from the multipliers.

    Returns:
        A result; look at ``status`` before ``plan``, which is None when there is none.

    Raises:
        ModelError: the model, a parameter or an option is malformed, or the method does not fit.
        PlanError: there is nothing to resume, it is broken, or it is of another question.
        InstanceError: the table of response times would not fit into memory.
        SolverError: a solver is missing, failed, or returned what the checker refuses.
    """
    run = begin_run(seconds, gap, seed, threads, progress, stop)
    question = model if isinstance(model, Model) else model_of(instance, model)
    if resume and save is None:
        raise ModelError("resume needs save, the file to continue from")
    older = read_saved(Path(save)) if resume and save is not None else None
    with announced(run):
        with run.phase("travel times"):
            build = partial(build_responses, threads=run.threads)
            problem = bind(instance, question, {**(numbers or {}), **parameters}, build)
        asked = Asked(method, solver, threads)
        if save is None:
            return answer(problem, run, asked, Warm(problem.responses, None))
        run.saver = Saver(problem, save)
        if older is None:
            return answer(problem, run, asked, Warm(problem.responses, None))
        warm = run.saver.resume(*older)
        run.timed.set()  # a clock or a stop has decided how far the saved solve came
        return _continued(answer(problem, run, asked, warm), warm)


def _continued(result: Result, warm: Warm) -> Result:
    """The result, which says what of a saved solve has been of use."""
    used = "a saved plan"
    if any(point is not None for point in warm.duals):
        word = " and" if result.method == "decomposition" else ", without"
        used += f"{word} the multipliers of its bound"
    return replace(result, why=f"{result.why}; continued from {used}")


def begin_run(
    seconds: float | None,
    gap: float | None,
    seed: int,
    threads: int | None,
    progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
) -> Run:
    """The limits of a solve that begins now.

    Raises:
        ModelError: a limit is no number >= 0.
    """
    return Run(
        _at_least_zero("seconds", seconds),
        _at_least_zero("gap", gap) or 0.0,
        seed,
        cores(threads),
        stop or threading.Event(),
        progress,
    )


def answer(problem: Problem, run: Run, asked: Asked, warm: Warm, known: Outcome | None = None) -> Result:
    """Choose a method, run it from where an earlier solve has ended, and check its plan.

    Args:
        problem: the question.
        run: limits in force.
        asked: how to work.
        warm: what earlier solves have left.
        known: the outcome, where it follows from theirs without any work.

    Raises:
        ModelError: the method or solver asked for does not fit.
        SolverError: a solver is missing, failed, or returned what the checker refuses.
    """
    run.keep_back(CHECK_SECONDS * len(problem.responses.option))
    chosen, why = choose(problem, asked.method, asked.solver)
    LOG.info("method %s: %s", chosen, why)
    if known is not None:
        outcome, why = known, "what the solve before has proved still holds"
    else:
        outcome = METHODS[chosen].solve(problem, run, asked.solver, warm)
    ground = ground_of(problem, warm.ground)
    plan, achieved = _checked(problem, outcome, run, chosen, ground)
    full = None if plan is None else full_coverage(problem, plan)
    return Result(
        problem,
        _status(outcome, achieved),
        outcome.termination,
        plan,
        achieved,
        chosen,
        why,
        {**run.phases, "total": run.spent},
        run.seed,
        versions(),
        full,
        asked,
        replace(warm.after(outcome.opened, outcome.duals), ground=ground),
        not (run.timed.is_set() or run.stop.is_set()),
    )


def _checked(
    problem: Problem, outcome: Outcome, run: Run, method: str, ground: Ground
) -> tuple[Plan | None, tuple[Achieved, ...]]:
    """The outcome as a plan that has passed the independent check, with what it achieves.

    Raises:
        SolverError: the plan fails the check, or there is one where there should be none.
    """
    if outcome.infeasible and (found := plan_at_hand(problem, ground)) is not None:
        raise SolverError(f"the {method} method calls the question impossible, but {found}")
    if outcome.opened is None:
        return None, ()
    plan = outcome.plan
    if plan is None:
        opened = opened_once(problem.responses.options, outcome.opened)
        plan = Plan(opened, *problem.responses.serve(opened))
    achieved = _achieved(problem, plan, outcome)
    with run.phase("check"):
        findings = verify(problem, plan, achieved, ground=ground)
    if findings:
        raise SolverError([f"the {method} method's plan failed the check: {text}" for text in findings])
    return plan, achieved


def choose(problem: Problem, method: str, solver: str | pulp.LpSolver) -> tuple[str, str]:
    """The method to use, and why, in one sentence.

    Raises:
        ModelError: an unknown method or solver, or one that does not fit the problem.
    """
    if isinstance(solver, str) and solver not in ("highs", "cbc"):
        raise ModelError(
            f"unknown solver {solver!r}{did_you_mean(solver, ['highs', 'cbc'])}; give highs or cbc"
        )
    if method != "auto" and method not in METHODS:
        known = ["auto", *METHODS]
        raise ModelError(f"unknown method {method!r}{did_you_mean(method, known)}; give {', '.join(known)}")
    if solver != "highs" and method in ("auto", "exact"):
        method, why = "exact", "the solver was asked for"
    elif method != "auto":
        why = "asked for"
    else:
        reasons = {name: refusal(name, problem, solver) for name in METHODS}
        fitting = {name: METHODS[name] for name, reason in reasons.items() if reason is None}
        for name, candidate in fitting.items():
            if candidate.suits(problem):
                return name, candidate.WHY
        for name in fitting:
            return name, "no other method fits"
        raise ModelError([f"{name}: {reason}" for name, reason in reasons.items()])
    reason = refusal(method, problem, solver)
    if reason is not None:
        raise ModelError(f"the {method} method does not fit: {reason}")
    return method, why


def versions() -> dict[str, str]:
    """Versions of everything that can change an answer."""
    names = ("siting", "highspy", "pulp", "numpy", "scipy", "numba", "pandas", "networkx")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def _at_least_zero(name: str, value: float | None) -> float | None:
    if value is not None and not value >= 0:
        raise ModelError(f"{name} must be a number >= 0, found {value!r}")
    return value


def _achieved(problem: Problem, plan: Plan, outcome: Outcome) -> tuple[Achieved, ...]:
    nothing = before(problem)
    result = []
    for objective, bound in zip(problem.objectives, outcome.bounds, strict=True):
        term = objective.term
        known, value = term.value(nothing), term.value(plan)
        if bound is not None and relative_gap(value, bound) <= PROVED_GAP:
            # Sums in another order differ in their last digits; the plan itself is proof.
            bound = max(bound, value) if objective.maximize else min(bound, value)
        result.append(
            Achieved(
                term.label,
                objective.maximize,
                term.unit,
                value,
                bound,
                None if math.isnan(known) else known,
            )
        )
    return tuple(result)


def _status(outcome: Outcome, achieved: tuple[Achieved, ...]) -> Status:
    if outcome.infeasible:
        return Status.INFEASIBLE
    if not achieved:
        return Status.UNKNOWN
    gaps = [goal.gap for goal in achieved]
    if all(gap is not None and gap <= PROVED_GAP for gap in gaps):
        return Status.OPTIMAL
    return Status.HEURISTIC if gaps[0] is None else Status.BOUNDED
