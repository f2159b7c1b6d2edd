"""summary.json against recomputed figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from siting.check.audit import Audit, wrong_side
from siting.check.rounded import agrees
from siting.check.words import listed
from siting.figures import FORMAT
from siting.instance import Instance
from siting.measures import NeedMeasure
from siting.model import Model
from siting.plan import Termination

RECORDED = {"origin": str, "method": str, "why": str, "seed": int, "seconds": dict, "versions": dict}
"""Entries that tell how the plan was made; no recomputation yields them."""

_FULL = ("sites", "reached", "beyond")


def check_summary(
    audit: Audit, summary: Mapping[str, Any], figures: Mapping[str, Any], where: str
) -> list[str]:
    """Differences between summary.json and what it should say.

    Args:
        audit: the plan, recomputed.
        summary: content of the file.
        figures: what :func:`siting.check.figures.expected_summary` makes of ``audit``.
        where: name of the file.
    """
    expected = {"format": FORMAT, **figures}
    other = ("termination", "repeatable", "files", "full_coverage", *RECORDED)
    told = {key: summary[key] for key in summary if key not in other}
    if isinstance(told.get("model"), Mapping):
        told["model"] = {key: value for key, value in told["model"].items() if key != "sha256"}
    differs = [*_differences(expected, told, "")]
    differs += [(key, "is missing") for key in other if key not in summary]
    findings = listed(
        range(len(differs)),
        lambda one: f"{where} {differs[one][0]}: {differs[one][1]}",
        "differences in the summary",
    )
    for key, kind in RECORDED.items():
        if key in summary and (not isinstance(summary[key], kind) or isinstance(summary[key], bool)):
            findings.append(f"{where} {key}: {summary[key]!r} is not of the kind recorded there")
    ends = [one.name.lower() for one in Termination]
    if summary.get("termination") not in ends and "termination" in summary:
        findings.append(f"{where} termination: {summary['termination']!r} is none of {', '.join(ends)}")
    if not isinstance(summary.get("repeatable", True), bool):
        findings.append(f"{where} repeatable: {summary['repeatable']!r} is neither true nor false")
    for goal in figures["objectives"]:
        if None not in (goal["bound"], goal["value"]) and wrong_side(
            goal["value"], goal["bound"], goal["sense"] == "maximize"
        ):
            findings.append(
                f"{where} objectives: the bound {goal['bound']!r} of {goal['measure']} lies on the wrong "
                f"side of {goal['value']!r}"
            )
    findings += _check_full_coverage(audit, summary.get("full_coverage"), where)
    findings += _check_model(audit.problem.model, summary.get("model"), where)
    return findings + _check_files(audit.ground.instance, summary.get("files"), where)


def _check_full_coverage(audit: Audit, recorded: object, where: str) -> list[str]:
    """Whether the plan does all that the first objective allows, and counts that may be so.

    How many facilities would be enough is an estimate, so only its range can be checked.
    """
    goal, most = audit.problem.objectives[0], len(audit.opened)
    layout = audit.ground.layout
    plain = not (layout.closing or layout.every or layout.scenarios or layout.periods)
    if not (plain and goal.maximize and isinstance(goal.term.measure, NeedMeasure)):
        what = f"{where} full_coverage: {recorded!r} must be null under this model"
        return [] if recorded is None else [what]
    found = dict(recorded) if isinstance(recorded, Mapping) else {}
    sites, reached, beyond = (found.get(key) for key in _FULL)
    if set(found) != set(_FULL) or type(sites) is not int or type(beyond) is not int:
        return [f"{where} full_coverage: {recorded!r} must hold {', '.join(_FULL)}"]
    everything = audit.value(goal.term) == audit.value_at_most(goal.term)
    findings = []
    if reached is not everything:
        findings.append(f"{where} full_coverage.reached: {reached!r}, recomputed {everything!r}")
    if not (beyond == 0 if everything else beyond > 0) or not beyond <= sites <= most + beyond:
        findings.append(
            f"{where} full_coverage: {sites} sites, {beyond} beyond the plan, cannot be with {most} opened"
        )
    return findings


def _check_model(model: Model, recorded: object, where: str) -> list[str]:
    """A model.toml that is not the file the plan was made with."""
    known = recorded.get("sha256") if isinstance(recorded, Mapping) else None
    if known == model.sha256:
        return []
    return [f"{where} model.sha256: model.toml has changed since the plan was made with {model.file}"]


def _check_files(instance: Instance, recorded: object, where: str) -> list[str]:
    """Input files that are not those the plan was made from."""
    if not isinstance(recorded, dict):
        return [f"{where} files: must be an object of names and SHA-256 sums"]
    findings = []
    for name in sorted({*recorded, *instance.files}):
        if name not in instance.files:
            findings.append(f"{where} files.{name}: the plan was made from it, but the instance lacks it")
        elif name not in recorded:
            findings.append(f"{where} files.{name}: is new in the instance since the plan was made")
        elif recorded[name] != instance.files[name]:
            findings.append(f"{where} files.{name}: has changed since the plan was made")
    return findings


def _differences(expected: Any, written: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every leaf that differs, by its dotted key."""
    if isinstance(expected, Mapping) and isinstance(written, Mapping):
        for name in dict.fromkeys([*expected, *written]):
            here = f"{key}.{name}" if key else str(name)
            if name not in written:
                yield here, "is missing"
            elif name not in expected:
                yield here, f"{written[name]!r} belongs nowhere"
            else:
                yield from _differences(expected[name], written[name], here)
    elif isinstance(expected, list) and isinstance(written, list):
        if len(expected) != len(written):
            yield key, f"{len(written)} entries, expected {len(expected)}"
        for number, (one, other) in enumerate(zip(expected, written, strict=False)):
            yield from _differences(one, other, f"{key}[{number}]")
    elif not agrees(expected, written):
        yield key, f"{written!r}, recomputed {expected!r}"
