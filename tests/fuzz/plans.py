"""Targets: plan folders, whoever wrote them."""

from __future__ import annotations

import csv
import io
import json
import random
from functools import cache

import numpy as np

import siting
from siting.check import check_folder
from siting.check.files import read_plan as read_files
from siting.check.folder import check_solution
from siting.instance import Instance
from siting.reopen import read_plan
from tests.fuzz.engine import Case, Target
from tests.fuzz.mutate import damaged
from tests.fuzz.places import empty, laid_out
from tests.fuzz.questions import SOLUTIONS, towns
from tests.plans import problem_of, random_opening, result_of

NAMES = ("sites.csv", "assignments.csv", "summary.json", "model.toml")


@cache
def plans() -> tuple[dict[str, bytes], ...]:
    """Folders of two plans of one instance."""
    found = []
    for seed, model in enumerate(("max_coverage", "min_travel_time")):
        problem = problem_of(towns(), model, {})
        result = result_of(problem, random_opening(problem, np.random.default_rng(seed)))
        folder = siting.write(result, empty(f"plan{seed}"))
        found.append({one.name: one.read_bytes() for one in sorted(folder.iterdir()) if one.is_file()})
    return tuple(found)


def make_plan(chance: random.Random) -> Case:
    """A plan folder with one or two damaged files."""
    files = dict(chance.choice(plans()))
    for _ in range(chance.choice((1, 1, 2))):
        name = chance.choice(NAMES)
        files[name] = damaged(chance, files[name], [one[name] for one in plans()], 3)
    if chance.random() < 0.02:
        files.pop(chance.choice(NAMES))
    return files


def _asked() -> Instance:
    return towns()


def check_opened(case: Case) -> None:
    """A plan that is opened again opens what sites.csv says."""
    result = read_plan(laid_out(case), _asked())
    assert result.plan is not None
    rows = csv.DictReader(io.StringIO(case["sites.csv"].decode("utf-8-sig"), newline=""))
    told = {row["site_id"].strip().removeprefix("'") for row in rows if any(row.values())}
    assert told == set(result.sites["site_id"])
    assert json.loads(case["summary.json"])["instance"]["name"] == result.problem.instance.settings.name


def check_audited(case: Case) -> None:
    """The audit of a plan ends, in findings or in none."""
    report = check_folder(_asked(), laid_out(case))
    assert all(isinstance(one, str) and one for one in report.findings)
    if not report.findings:
        read_files(_asked(), laid_out(case))


def make_answer(chance: random.Random) -> Case:
    """A damaged solution of a solver."""
    data = chance.choice(SOLUTIONS)
    table = data == SOLUTIONS[-1]
    return {f"plan.{'csv' if table else 'sol'}": damaged(chance, data, SOLUTIONS, 3)}


def check_answer(case: Case) -> None:
    """The audit of a solver's solution ends, in findings or in none."""
    ((name, _),) = case.items()
    report = check_solution(_asked(), laid_out(case) / name, "max_coverage")
    assert all(isinstance(one, str) and one for one in report.findings)


TARGETS = (
    Target("plan", make_plan, check_opened, 25),
    Target("audit", make_plan, check_audited, 15),
    Target("answer", make_answer, check_answer, 30),
)
