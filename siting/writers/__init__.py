"""Writers: a result into a plan folder; one line here per file of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from siting.errors import PlanError
from siting.writers.folder import check_target, replace_folder
from siting.writers.json_file import summary_text, write_summary
from siting.writers.model_file import write_model
from siting.writers.tables import write_assignments, write_sites

if TYPE_CHECKING:
    from siting.result import Result

WRITERS: dict[str, Callable[[Result, Path], None]] = {
    "sites.csv": write_sites,
    "assignments.csv": write_assignments,
    "summary.json": write_summary,
    "model.toml": write_model,
}
"""Every file of a plan folder by its name, and what writes it."""


def write(result: Result, folder: str | Path) -> Path:
    """Write a plan folder: sites.csv, assignments.csv, summary.json and model.toml.

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
        for name, writer in WRITERS.items():
            writer(result, temporary / name)

    replace_folder(target, fill, set(WRITERS))
    return target


def check_writable(folder: str | Path) -> None:
    """Make sure, before a long solve, that a plan may be written there.

    Raises:
        PlanError: ``folder`` is there and is no plan folder.
    """
    check_target(Path(folder), set(WRITERS))


__all__ = ["WRITERS", "check_writable", "summary_text", "write"]
