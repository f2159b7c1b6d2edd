"""A plan folder, a sites.csv alone, or a solver's solution, against the instance it was made for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from siting.check.audit import Assigned, Audit
from siting.check.choices import choices
from siting.check.claimed import ROUNDING, check_columns, choice, match_rows, opened_of
from siting.check.decided import as_decided
from siting.check.figures import expected_summary
from siting.check.files import PlanFiles, read_plan
from siting.check.graphs import SCIPY, Search
from siting.check.report import Report
from siting.check.responses import without_table
from siting.check.rounded import Rounded
from siting.check.served import loads, not_open
from siting.check.solution import WHOLE, judge_claim, read_solution
from siting.check.summary import check_summary
from siting.check.tables import check_assignments, check_closed, check_sites, option_names
from siting.check.times import Ground
from siting.check.words import listed, name_need, name_option
from siting.errors import Complaint, ModelError, PlanError, SitingError
from siting.instance import Instance
from siting.model import Model, model_of, parse_model
from siting.plan import Plan
from siting.problem import Numbers, Problem, bind, overridden


@dataclass(frozen=True, eq=False)
class Checked:
    """A plan that has been read and recomputed.

    Attributes:
        files: what its files say.
        audit: the plan, recomputed; what is opened stands in the order of the rows of sites.csv.
        assigned: who serves what: whom the files name where that is right, else who is recomputed.
        figures: recomputed, with the keys of summary.json.
        findings: what is off in sites.csv, closed.csv, assignments.csv, summary.json and model.toml.
    """

    files: PlanFiles
    audit: Audit
    assigned: Assigned
    figures: Mapping[str, Any]
    findings: tuple[str, ...]


def check_plan(
    instance: Instance,
    path: Path,
    model: str | Path | Model | None = None,
    numbers: Numbers | None = None,
    search: Search = SCIPY,
) -> Checked:
    """Recompute a plan folder, or a sites.csv alone; see :func:`siting.check.check_folder`.

    Args:
        instance, path, model, numbers: see there.
        search: how roads are searched.

    Raises:
        PlanError: the files cannot be read as a plan of this instance; the complete list.
        ModelError: ``model`` cannot be read, or a number is unknown.
    """
    files = read_plan(instance, path)
    instance = as_decided(instance, files)
    problem = _problem(instance, files, model, numbers)
    responses = problem.responses
    ground = Ground(instance, responses.settings, responses.layout, responses.horizon_ms, search)
    findings = check_columns(ground, files)
    rows = None
    if files.assignments is not None:
        names = option_names(ground)
        rows = match_rows(ground, opened_of(ground, files), files.assignments, names)
    plan = choice(ground, files, rows)
    audit = Audit(problem, ground, plan, 0.0 if plan.shares is None else ROUNDING)
    findings += choices(ground, _in_order(plan))
    if plan.shares is not None or ground.layout.serve == "single":
        assert files.assignments is not None
        where = files.assignments.raw.where
        findings += [f"{where}: {one}" for one in (*not_open(audit), *loads(audit))]
    assigned = audit.assigned
    if files.assignments is not None and rows is not None:
        wrong, assigned = check_assignments(audit, files.assignments, rows)
        findings += wrong
    findings += check_sites(audit, files.sites, assigned)
    findings += [] if files.closed is None else check_closed(audit, files.closed)
    findings += audit.limits()
    summary = files.summary or {}
    claims, told = (
        found if isinstance(found := summary.get(key), list) else [] for key in ("objectives", "limits")
    )
    figures = expected_summary(audit, claims, told)
    findings += _undefined(figures)
    if files.summary is not None:
        findings += check_summary(audit, files.summary, figures, files.where)
    return Checked(files, audit, assigned, figures, tuple(findings))


def check_solution(
    instance: Instance, path: Path, model: str | Path | Model | None = None, numbers: Numbers | None = None
) -> Report:
    """Recompute everything from the decisions of a solver's solution.

    Raises:
        PlanError: the file is no solution of the question; the complete list.
        ModelError: ``model`` cannot be read, or a number is unknown.
    """
    problem = _asked(instance, model, numbers)
    responses = problem.responses
    ground = Ground(problem.instance, responses.settings, responses.layout, responses.horizon_ms)
    solution = read_solution(ground, path)
    plan = solution.plan
    audit = Audit(problem, ground, plan, 0.0 if plan.shares is None else WHOLE)
    findings = choices(ground, plan)
    if ground.layout.serve != "nearest":
        findings += [*not_open(audit), *_unanswered(audit), *loads(audit)]
    findings += audit.limits()
    figures = expected_summary(audit, [])
    findings += _undefined(figures)
    wrong, notes = judge_claim(audit, solution)
    return Report(str(path), (*findings, *wrong), bare(figures), tuple(notes))


def _unanswered(audit: Audit) -> list[str]:
    """Needs that are assigned to whoever cannot answer them."""
    who = audit.assigned
    return listed(
        np.flatnonzero(np.isnan(who.ms)),
        lambda one: (
            f"{name_need(audit.ground, int(who.need[one]))}: "
            f"{name_option(audit.ground, int(who.option[one]))} does not answer it"
        ),
        "needs that are not answered by whom they are assigned to",
    )


def _undefined(figures: Mapping[str, Any]) -> list[str]:
    """Objectives that have no value."""
    return [
        f"objective {goal['measure']}: undefined, some need that must be answered is not"
        for goal in figures["objectives"]
        if goal["value"] is None
    ]


def _in_order(plan: Plan) -> Plan:
    """The plan with its options in order; the order of rows is compared by itself."""
    order = np.argsort(plan.opened, kind="stable")
    return replace(plan, opened=plan.opened[order], units=plan.units[order], closed=np.sort(plan.closed))


def _problem(
    instance: Instance, files: PlanFiles, model: str | Path | Model | None, numbers: Numbers | None
) -> Problem:
    """The question the plan answers, bound without a table of response times."""
    if files.summary is None:
        return _asked(instance, model, numbers)
    question, numbers = recorded_question(files)
    try:
        return bind(instance, question, numbers, build=without_table)
    except PlanError:
        raise
    except SitingError as error:
        raise PlanError([Complaint(files.where, str(one)) for one in error.complaints]) from error


def _asked(instance: Instance, model: str | Path | Model | None, numbers: Numbers | None) -> Problem:
    """A question asked with the caller's numbers, or else the instance's own."""
    question = model if isinstance(model, Model) else model_of(instance, model)
    given = overridden(_unlimited(instance, question), numbers or {})
    return bind(instance, question, given, build=without_table)


def recorded_question(files: PlanFiles) -> tuple[Model, dict[str, float]]:
    """The model of a plan folder, and the numbers that its summary records.

    Raises:
        PlanError: either cannot be read.
    """
    try:
        question = parse_model(files.model, _model_name(files), files.where_model)
    except ModelError as error:
        raise PlanError(error.complaints) from error
    return question, _recorded_numbers(files)


def _unlimited(instance: Instance, model: Model) -> dict[str, float]:
    """Counts that the model needs and the instance does not say: no limit."""
    settings = instance.settings
    if "new" not in model.parameters or "new" in settings.parameters:
        return {}
    used = [settings.types[kind] for kind in np.unique(instance.candidates.type)]
    silent = [t.id for t in used if t.new is None and f"new.{t.id}" not in settings.parameters]
    return {f"new.{name}": math.inf for name in silent}


def _model_name(files: PlanFiles) -> str:
    """Name of the model file the plan was made with."""
    assert files.summary is not None
    model = files.summary.get("model")
    file = model.get("file") if isinstance(model, dict) else None
    if not isinstance(file, str) or not file.endswith(".toml"):
        raise PlanError(Complaint(files.where, f"{file!r} is no name of a model file", column="model.file"))
    return file.removesuffix(".toml")


def _recorded_numbers(files: PlanFiles) -> dict[str, float]:
    """Numbers of summary.json; null is infinite."""
    assert files.summary is not None
    numbers = files.summary.get("numbers")
    if not isinstance(numbers, dict):
        raise PlanError(Complaint(files.where, "must be an object of names and numbers", column="numbers"))
    bad = {
        name: value
        for name, value in numbers.items()
        if isinstance(value, bool) or not isinstance(value, int | float | None)
    }
    if bad:
        raise PlanError(
            Complaint(files.where, f"{value!r} must be a number or null", column=f"numbers.{name}")
            for name, value in bad.items()
        )
    return {name: math.inf if value is None else float(value) for name, value in numbers.items()}


def bare(value: Any) -> Any:
    """Figures as plain numbers."""
    if isinstance(value, Mapping):
        return {key: bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return round(value.value, value.decimals) if isinstance(value, Rounded) else value
