"""A plan folder opened again as the result it was written from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from siting.check import verify
from siting.check.claimed import ROUNDING, choice, match_rows, opened_of
from siting.check.decided import as_decided
from siting.check.files import PlanFiles, recorded_summary
from siting.check.files import read_plan as read_files
from siting.check.folder import recorded_question
from siting.check.tables import option_names
from siting.check.times import Ground
from siting.errors import Complaint, InstanceError, PlanError
from siting.instance import Instance
from siting.instance.arrays import Ints
from siting.plan import Achieved, Plan, Status, Termination
from siting.problem import Problem, bind
from siting.problem import before as nothing_new
from siting.readers import read
from siting.response import build_responses
from siting.result import Result

_DIFFERENCE = {True: 1e-9, False: 1e-5}
"""Relative difference that an objective may show, by whether every need is served as a whole: sums in
another order, and shares that were written with six decimals."""


def read_plan(folder: str | Path, instance: str | Path | Instance | None = None) -> Result:
    """Open a plan folder.

    The instance must be the one the plan was made for, file by file. The plan is checked as every
    solve's is, and its objectives are computed anew; what is proved about it is taken as recorded
    (``siting check`` audits the whole folder).

    Args:
        folder: written by :func:`siting.write`.
        instance: what the plan was made for; by default it is read from where it was read then.

    Returns:
        The result, whose :meth:`~siting.result.Result.resolve` starts from this plan.

    Raises:
        PlanError: the folder is no plan, the instance is not to be found or has changed since, or
            the plan is not what the folder says.
        InstanceError: the instance cannot be read.
    """
    path = Path(folder)
    if not path.is_dir():
        raise PlanError(Complaint(str(path), "is no plan folder; expected: a folder that siting solve wrote"))
    data = instance if isinstance(instance, Instance) else _instance(path, instance)
    files = read_files(data, path)
    assert files.summary is not None
    _same_files(data, files)
    data = as_decided(data, files)
    question, numbers = recorded_question(files)
    problem = bind(data, question, numbers, build_responses)
    plan = _plan(problem, files)
    achieved = _achieved(problem, plan, files)
    findings = verify(problem, plan, achieved, 0.0 if plan.shares is None else ROUNDING)
    if findings:
        raise PlanError([Complaint(str(path), text) for text in findings])
    return _result(problem, plan, achieved, files)


def _instance(folder: Path, given: str | Path | None) -> Instance:
    """The instance of a plan folder."""
    where = str(folder / "summary.json")
    source = given if given is not None else recorded_summary(folder).get("origin")
    if not isinstance(source, str | Path) or not str(source):
        what = "does not say where its instance is; name the instance's folder"
        raise PlanError(Complaint(where, what, column="origin"))
    try:
        return read(source)
    except InstanceError as error:
        if given is None and not Path(source).exists():
            what = f"the instance is no longer at {str(source)!r}; name its folder"
            raise PlanError(Complaint(where, what, column="origin")) from error
        raise


def _same_files(instance: Instance, files: PlanFiles) -> None:
    """Complain about files of the instance that are not those the plan was made from."""
    assert files.summary is not None
    told = files.summary.get("files")
    told = told if isinstance(told, Mapping) else {}
    names = sorted({*told, *instance.files})
    changed = [name for name in names if told.get(name) != instance.files.get(name)]
    if changed:
        what = f"the instance has changed since the plan was made ({', '.join(changed)}); solve it again"
        raise PlanError(Complaint(files.where, what, column="files"))


def _plan(problem: Problem, files: PlanFiles) -> Plan:
    """The plan of the files, its response times those of the table."""
    responses = problem.responses
    ground = Ground(problem.instance, responses.settings, responses.layout, responses.horizon_ms)
    opened = opened_of(ground, files)
    rows = None
    if files.assignments is not None and responses.layout.serve != "nearest":
        rows = match_rows(ground, opened, files.assignments, option_names(ground))
    told = choice(ground, files, rows)
    order = np.argsort(told.opened, kind="stable")
    plan = replace(
        told, opened=told.opened[order], units=told.units[order], closed=np.sort(told.closed).astype(np.int32)
    )
    if responses.layout.serve == "nearest":
        serves, ms = responses.serve(plan.opened, plan.closed)
        return replace(plan, serves=serves, response_ms=ms)
    served = np.flatnonzero(plan.serves >= 0).astype(np.int32)
    plan.response_ms[served] = _response_ms(problem, served, plan.serves[served], plan.response_ms[served])
    if plan.shares is not None:
        shares = plan.shares
        exact = _response_ms(problem, shares.need, shares.option, shares.ms)
        plan = replace(plan, shares=replace(shares, ms=exact))
    return plan


def _response_ms(problem: Problem, need: Ints, option: Ints, told: Ints) -> Ints:
    """(K,) response ms of pairs as the table has them; ``told`` where it does not hold the pair."""
    responses = problem.responses
    found = np.where(responses.base_option[need] == option, responses.base_ms[need], -1).astype(np.int64)
    options = len(responses.options.site)
    held = np.repeat(np.arange(len(responses.indptr) - 1), np.diff(responses.indptr)) * options
    keys = held + responses.option
    order = np.argsort(keys, kind="stable")
    wanted = need.astype(np.int64) * options + option
    at = np.minimum(np.searchsorted(keys[order], wanted), max(0, len(keys) - 1))
    if len(keys):
        row = order[at]
        found = np.where((found < 0) & (keys[row] == wanted), responses.ms[row], found)
    return np.where(found >= 0, found, told).astype(np.int32)


def _achieved(problem: Problem, plan: Plan, files: PlanFiles) -> tuple[Achieved, ...]:
    """The objectives, computed anew, with the bounds that are recorded.

    Raises:
        PlanError: a value is not what the folder says, or an entry is malformed.
    """
    assert files.summary is not None
    told = files.summary.get("objectives")
    told = told if isinstance(told, list) else []
    if len(told) != len(problem.objectives) or not all(isinstance(one, Mapping) for one in told):
        what = f"must list the {len(problem.objectives)} objectives of the model"
        raise PlanError(Complaint(files.where, what, column="objectives"))
    nothing, found = nothing_new(problem), []
    for number, (objective, one) in enumerate(zip(problem.objectives, told, strict=True)):
        term = objective.term
        value, known, bound = term.value(plan), term.value(nothing), one.get("bound")
        recorded = one.get("value")
        allowed = _DIFFERENCE[plan.shares is None] * max(1.0, abs(value))
        if not _number(recorded) or abs(recorded - value) > allowed:
            what = f"{recorded!r} is not what the plan achieves: {value!r}"
            raise PlanError(Complaint(files.where, what, column=f"objectives[{number}].value"))
        if bound is not None and not _number(bound):
            what = f"{bound!r} must be a number or null"
            raise PlanError(Complaint(files.where, what, column=f"objectives[{number}].bound"))
        before = None if math.isnan(known) else known
        found.append(Achieved(term.label, objective.maximize, term.unit, value, bound, before))
    return tuple(found)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _result(problem: Problem, plan: Plan, achieved: tuple[Achieved, ...], files: PlanFiles) -> Result:
    summary = files.summary
    assert summary is not None
    try:
        status = Status[str(summary.get("status")).upper()]
        termination = Termination[str(summary.get("termination")).upper()]
    except KeyError as error:
        raise PlanError(Complaint(files.where, f"{error} is no status or termination")) from None
    seconds, versions, seed = summary.get("seconds"), summary.get("versions"), summary.get("seed", 0)
    if not isinstance(seed, int):
        raise PlanError(Complaint(files.where, f"{seed!r} must be a whole number", column="seed"))
    full = summary.get("full_coverage")
    return Result(
        problem,
        status,
        termination,
        plan,
        achieved,
        method=str(summary.get("method", "")),
        why=str(summary.get("why", "")),
        seconds=dict(seconds) if isinstance(seconds, Mapping) else {},
        seed=seed,
        versions=dict(versions) if isinstance(versions, Mapping) else {},
        full_coverage=dict(full) if isinstance(full, Mapping) else None,
        repeatable=summary.get("repeatable") is True,
    )
