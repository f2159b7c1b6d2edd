"""The bounds of a plan folder, evaluated again from its proof.csv."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siting.check.audit import wrong_side
from siting.check.folder import Checked
from siting.check.proof import proved_bound
from siting.check.proof_file import read_proof

PROOF = "proof.csv"
"""File of a plan folder that holds the multipliers."""

NOT_PROVED = "no proof.csv: such questions have no certificate, and their bounds rest on branch and bound"


def check_proof(checked: Checked, folder: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """Evaluate the bound of every objective.

    Args:
        checked: the plan, recomputed.
        folder: the plan folder.

    Returns:
        Findings in words, and per objective ``measure``, ``value``, ``bound`` as claimed and ``proved``,
        what the multipliers prove without any solver, with ``gap`` and ``gap_proved``; None for nothing.

    Raises:
        PlanError: proof.csv cannot be read.
    """
    if not (file := folder / PROOF).is_file():
        return [], []
    audit, problem = checked.audit, checked.audit.problem
    certificates = read_proof(file, audit.ground, len(problem.objectives), len(problem.limits))
    findings, proofs = list[str](), list[dict[str, Any]]()
    values = [audit.value(goal.term) for goal in problem.objectives]
    for number, (goal, claim) in enumerate(
        zip(problem.objectives, checked.figures["objectives"], strict=True)
    ):
        bound = proved_bound(audit, number, certificates[number], values)
        if wrong_side(values[number], bound, goal.maximize):
            findings.append(
                f"{file}: objective {goal.term.label}: the multipliers prove {bound!r}, "
                f"which the plan's {values[number]!r} contradicts"
            )
        proofs.append(_proof(claim, values[number], bound if math.isfinite(bound) else None))
    return findings, proofs


def _proof(claim: Mapping[str, Any], value: float, proved: float | None) -> dict[str, Any]:
    gap = None
    if proved is not None:
        gap = abs(proved - value) / abs(value) if value else (0.0 if proved == value else None)
    told = {key: claim[key] for key in ("measure", "sense", "value", "bound", "gap")}
    return {**told, "proved": proved, "gap_proved": gap}


def told(proofs: list[dict[str, Any]]) -> list[str]:
    """What the proofs say, for people."""
    if not proofs:
        return [NOT_PROVED]
    lines = []
    for one in proofs:
        name = f"objective {one['measure']}"
        if one["proved"] is None:
            lines.append(f"{name}: its multipliers prove nothing")
            continue
        line = (
            f"{name}: the multipliers alone prove {one['proved']:,.10g}, a gap of {_share(one['gap_proved'])}"
        )
        claimed = one["gap"]
        if claimed is not None and one["gap_proved"] is not None and one["gap_proved"] > claimed + 1e-8:
            line += f"; the claimed gap of {_share(claimed)} rests on branch and bound"
        lines.append(line)
    return lines


def _share(gap: float | None) -> str:
    return "unknown size" if gap is None else f"{100 * gap:.2g} %"
