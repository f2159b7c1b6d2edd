"""Writers: a result into a plan folder; one line here per file of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siting.errors import PlanError
from siting.writers.folder import check_disk, check_target, replace_folder
from siting.writers.instance_folder import check_free, write_instance
from siting.writers.json_file import summary_text, write_summary
from siting.writers.model_file import write_model
from siting.writers.proof import write_proof
from siting.writers.tables import (
    write_assignments,
    write_closed,
    write_nesting,
    write_sites,
    write_stability,
)

if TYPE_CHECKING:
    from siting.result import Result

WRITERS: dict[str, Callable[[Result, Path], None]] = {
    "sites.csv": write_sites,
    "closed.csv": write_closed,
    "assignments.csv": write_assignments,
    "summary.json": write_summary,
    "model.toml": write_model,
    "proof.csv": write_proof,
    "nesting.csv": write_nesting,
    "stability.csv": write_stability,
}
"""Every file that a plan folder may hold by its name, and what writes it."""


REPORT = "report.html"
"""Where in a plan folder the report of the plan is."""

EXPLAIN = "explain.csv"
"""Where in a plan folder the reasons for its sites are, if they were asked for."""

NAMES = {*WRITERS, REPORT, EXPLAIN}
"""Names of all files that a plan folder may hold."""

STUDIES = {"nesting.csv": "nesting", "stability.csv": "stability"}
"""Files of studies by further solves, written where a result holds them; and what it calls them."""

PROOF = "proof.csv"
"""Multipliers that prove the bounds, written where the question is of a kind that has them."""


def files(layout: Mapping[str, Any]) -> list[str]:
    """The files that every plan folder holds, by ``layout`` of its summary."""
    closing = layout["existing"] == "closable"
    optional = {*STUDIES, PROOF}
    return [name for name in WRITERS if name not in optional and (closing or name != "closed.csv")]


def write(result: Result, folder: str | Path) -> Path:
    """Write a plan folder: sites.csv, assignments.csv, summary.json and model.toml.

    Where the model may close existing facilities, closed.csv as well; nesting.csv and stability.csv
    where the result has been asked for ``nesting`` or ``stability``; proof.csv where there are
    ``certificates``.

    The files are written into a temporary folder beside it, which is then renamed, so the plan
    folder is whole or not there. An older plan is replaced; anything else is left alone.

    Args:
        result: must hold a plan.
        folder: the plan folder; parents are made.

    Returns:
        The folder.

    Raises:
        PlanError: there is no plan, ``folder`` is something else than a plan, or the disk refuses.
    """
    if result.plan is None:
        raise PlanError(f"there is no plan to write: {result.status.value}")
    target = Path(folder)

    def fill(temporary: Path) -> None:
        studied = [name for name, study in STUDIES.items() if study in vars(result)]
        proof = [PROOF] if result.certificates else []
        for name in [*files(result.summary["layout"]), *studied, *proof]:
            WRITERS[name](result, temporary / name)

    replace_folder(target, fill, NAMES)
    return target


def check_writable(folder: str | Path) -> None:
    """Make sure, before a long solve, that a plan may be written there.

    Raises:
        PlanError: ``folder`` is there and is no plan folder, or nothing can be written there.
    """
    check_target(Path(folder), NAMES)
    check_disk(Path(folder))


__all__ = [
    "EXPLAIN",
    "REPORT",
    "WRITERS",
    "check_free",
    "check_writable",
    "files",
    "summary_text",
    "write",
    "write_instance",
]
