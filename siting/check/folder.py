"""Check a plan folder, a sites.csv alone, or a solver's solution, against the instance it was made for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from siting.check.audit import Audit
from siting.check.choices import choices
from siting.check.claimed import ROUNDING, check_columns, choice, match_rows, opened_of
from siting.check.decided import as_decided
from siting.check.figures import expected_summary
from siting.check.files import PlanFiles, read_plan
from siting.check.report import Report
from siting.check.responses import without_table
from siting.check.rounded import Rounded
from siting.check.served import loads, not_open
from siting.check.solution import WHOLE, judge_claim, read_solution
from siting.check.solver_files import is_solution
from siting.check.summary import check_summary
from siting.check.tables import check_assignments, check_closed, check_sites, option_names
from siting.check.times import Ground
from siting.check.words import listed, name_need, name_option
from siting.errors import Complaint, ModelError, PlanError, SitingError
from siting.instance import Instance
from siting.model import Model, model_of, parse_model
from siting.plan import Plan
from siting.problem import Numbers, Problem, bind, overridden


def check_folder(
    instance: Instance,
    path: str | Path,
    model: str | Path | Model | None = None,
    numbers: Numbers | None = None,
) -> Report:
    """Recompute everything a plan says.

    Response times come from the whole road graph or table by another route than the solve's.
    Of a plan folder every cell of sites.csv and assignments.csv, every figure of summary.json,
    the limits of its model.toml under its recorded numbers, the side of its bounds, and the
    SHA-256 of the model and of the instance's files are compared. A sites.csv alone is compared in
    the columns it has. Of a solution that another solver has found of an exported program the
    decisions are taken, and everything is recomputed, the objective it claims included.

    Args:
        instance: what the plan was made for.
        path: a plan folder, a CSV file that names site_id and type, or a solution: a ``.sol`` file of
            HiGHS, Gurobi, SCIP or CBC, or a CSV file of name and value.
        model: for a file alone, the model whose limits it is held against, by default
            the instance's own or ``max_coverage``. A plan folder brings its own.
        numbers: for a file alone, numbers to set, as in :func:`siting.solve`.

    Returns:
        Findings and recomputed figures.

    Raises:
        PlanError: the files cannot be read as a plan of this instance; the complete list.
        ModelError: ``model`` cannot be read, a number is unknown, or either is given for a plan folder.
    """
    if (model is not None or numbers) and Path(path).is_dir():
        raise ModelError(f"{path}: a plan folder brings its own model.toml and numbers; neither can be given")
    if is_solution(Path(path)):
        return _check_solution(_asked(instance, model, numbers), Path(path))
    files = read_plan(instance, Path(path))
    instance = as_decided(instance, files)
    problem = _problem(instance, files, model, numbers)
    responses = problem.responses
    ground = Ground(instance, responses.settings, responses.layout, responses.horizon_ms)
    findings = check_columns(ground, files)
    rows = None
    if files.assignments is not None:
        names = option_names(ground)
        rows = match_rows(ground, opened_of(ground, files), files.assignments, names)
    plan = choice(ground, files, rows)
    audit = Audit(problem, ground, plan, 0.0 if plan.shares is None else ROUNDING)
    findings += choices(ground, _in_order(plan))
    if plan.shares is not None or ground.layout.serve == "single":
        findings += [*not_open(audit), *loads(audit)]
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
    return Report(str(path), tuple(findings), _bare(figures))


def _check_solution(problem: Problem, path: Path) -> Report:
    """Recompute everything from the decisions of a solver's solution."""
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
    return Report(str(path), (*findings, *wrong), _bare(figures), tuple(notes))


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


def _bare(value: Any) -> Any:
    """Figures as plain numbers."""
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return round(value.value, value.decimals) if isinstance(value, Rounded) else value
