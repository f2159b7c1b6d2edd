"""Whatever holds figures of plans, recomputed: plan folders, frontiers, single files, solvers' solutions."""

from __future__ import annotations

from pathlib import Path

from siting.check.beside import check_beside
from siting.check.deep import check_proof, told
from siting.check.folder import bare, check_plan, check_solution
from siting.check.frontier import TABLE, check_frontier
from siting.check.graphs import SCIPY
from siting.check.report import Report
from siting.check.solver_files import is_solution
from siting.check.walks import Walks
from siting.errors import ModelError
from siting.instance import Instance
from siting.model import Model
from siting.problem import Numbers


def check_folder(
    instance: Instance,
    path: str | Path,
    model: str | Path | Model | None = None,
    numbers: Numbers | None = None,
    *,
    deep: bool = False,
) -> Report:
    """Recompute everything a plan says.

    Response times come from the whole road graph or table by another route than the solve's.
    Of a plan folder every cell of sites.csv and assignments.csv, every figure of summary.json,
    the limits of its model.toml under its recorded numbers, the side of its bounds, and the
    SHA-256 of the model and of the instance's files are compared; the figures of report.html and
    explain.csv too, where they are there. Of a frontier every point is checked as a plan folder, and
    every row of its tables is recomputed from them. A sites.csv alone is compared in the columns it
    has. Of a solution that another solver has found of an exported program the decisions are taken,
    and everything is recomputed, the objective it claims included.

    Args:
        instance: what the plan was made for.
        path: a plan folder, a folder of ``siting frontier``, a CSV file that names site_id and type, or a
            solution: a ``.sol`` file of HiGHS, Gurobi, SCIP, CBC or CPLEX, or a CSV file of name and value.
        model: for a file alone, the model whose limits it is held against, by default
            the instance's own or ``max_coverage``. A plan folder brings its own.
        numbers: for a file alone, numbers to set, as in :func:`siting.solve`.
        deep: of a plan folder search all roads by networkx, and evaluate the bounds again from the
            multipliers in proof.csv, in arithmetic that is rounded outward.

    Returns:
        Findings and recomputed figures.

    Raises:
        PlanError: the files cannot be read as a plan of this instance; the complete list.
        ModelError: ``model`` cannot be read, a number is unknown, or either is given for a folder;
            ``deep`` is asked of something else than a plan folder.
    """
    target = Path(path)
    if (model is not None or numbers) and target.is_dir():
        raise ModelError(f"{path}: a plan folder brings its own model.toml and numbers; neither can be given")
    if deep and not (target / "summary.json").is_file():
        raise ModelError(f"{path}: a deep check is one of a plan folder; of a frontier, of one of its points")
    if (target / TABLE).is_file():
        return check_frontier(instance, target)
    if is_solution(target):
        return check_solution(instance, target, model, numbers)
    checked = check_plan(instance, target, model, numbers, Walks() if deep else SCIPY)
    findings, notes = check_beside(checked, target) if target.is_dir() else ([], [])
    found = [*checked.findings, *findings]
    if not deep:
        return Report(str(path), tuple(found), bare(checked.figures), tuple(notes))
    wrong, proofs = check_proof(checked, target)
    notes += told(proofs)
    return Report(str(path), (*found, *wrong), bare(checked.figures), tuple(notes), tuple(proofs))
