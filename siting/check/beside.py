"""What stands in a plan folder beside the plan: its report, its explanation, and files of no plan."""

from __future__ import annotations

from pathlib import Path

from siting.check.deep import PROOF
from siting.check.explained import EXPLANATION, check_explanation
from siting.check.folder import Checked
from siting.check.page import REPORT, check_report
from siting.check.proof_file import changed

PLAN = ("sites.csv", "closed.csv", "assignments.csv", "summary.json", "model.toml")
"""Files that are checked with the plan itself."""

STUDIES = ("nesting.csv", "stability.csv")
"""Files that only further solves could make again."""


def check_beside(checked: Checked, folder: Path) -> tuple[list[str], list[str]]:
    """Recompute report.html and explain.csv where they are there, and name what is not recomputed.

    Of proof.csv the bytes are compared with its checksum; what it proves is seen by a deep check.

    Returns:
        Findings and notes, in words.

    Raises:
        PlanError: a file cannot be read as what it should be.
    """
    findings, notes = [], []
    for path in sorted(folder.iterdir()):
        if path.name == REPORT:
            findings += check_report(checked, path)
        elif path.name == EXPLANATION:
            findings += check_explanation(checked, path)
        elif path.name == PROOF:
            findings += [] if (wrong := changed(path)) is None else [wrong]
        elif path.name in STUDIES:
            notes.append(f"{path}: made by further solves, and not recomputed")
        elif path.name not in PLAN:
            notes.append(f"{path}: is no file of a plan, and not checked")
    return findings, notes
