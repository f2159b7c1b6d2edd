"""The check every plan passes before anyone sees it: times, choices, limits, objectives, bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from siting.check.audit import Audit, wrong_side
from siting.check.choices import choices, shapes
from siting.check.served import served
from siting.check.times import Ground
from siting.check.words import same
from siting.plan import Achieved, Plan
from siting.problem import Problem


def verify(
    problem: Problem,
    plan: Plan,
    achieved: Sequence[Achieved],
    rounding: float = 0.0,
    ground: Ground | None = None,
) -> list[str]:
    """Recompute a plan from the instance alone and compare.

    Neither the table of response times nor the kernels that made it are used, and no solver.

    Args:
        problem: the question with every number decided.
        plan: what is opened and closed, and who serves whom.
        achieved: per objective its claimed value and bound.
        rounding: how far shares of needs may be off, having been written with few decimals.
        ground: that of the problem, where an earlier check has made it, see :func:`ground_of`.

    Returns:
        What is wrong, in words; empty for a plan that is as it says.
    """
    ground = ground_of(problem, ground)
    findings = _tables(problem, ground) or shapes(ground, plan)
    if findings:
        return findings
    audit = Audit(problem, ground, plan, rounding)
    return [
        *choices(ground, plan),
        *served(audit, plan),
        *audit.limits(),
        *_objectives(audit, achieved),
    ]


def ground_of(problem: Problem, known: Ground | None = None) -> Ground:
    """Needs, options and roads of a problem; ``known`` ones where they are of the very same data.

    What the check itself has once found out about them (who answers before any plan, say) then serves
    the next plan too; each plan is searched for anew.
    """
    instance, ours = problem.instance, problem.responses
    asked = ours.settings, ours.layout, ours.horizon_ms
    derived = None if known is None else (known.settings, known.layout, known.horizon_ms)
    if known is not None and known.instance is instance and derived == asked:
        return known
    return Ground(instance, *asked)


def _tables(problem: Problem, ground: Ground) -> list[str]:
    """Whether the engine's needs and options are those of the instance."""
    findings = []
    for name, theirs, ours in (
        ("needs", problem.responses.needs, ground.needs),
        ("options", problem.responses.options, ground.options),
    ):
        for field, value in vars(ours).items():
            other = np.asarray(getattr(theirs, field))
            if other.shape != np.shape(value) or not np.all(same(other, np.asarray(value))):
                findings.append(f"{name}.{field} of the problem differ from the instance")
    return findings


def _objectives(audit: Audit, achieved: Sequence[Achieved]) -> list[str]:
    """Claimed values are the measures of the recomputed plan; bounds lie on the right side."""
    goals = audit.problem.objectives
    if len(achieved) != len(goals):
        return [f"{len(achieved)} objectives are claimed, the model has {len(goals)}"]
    findings = []
    for goal, claim in zip(goals, achieved, strict=True):
        term, name = goal.term, goal.term.label
        ours = (name, goal.maximize, term.unit)
        if (claim.measure, claim.maximize, claim.unit) != ours:
            findings.append(f"objective {name}: claimed as {claim.measure} in {claim.unit}")
        value, before = audit.value(term), audit.value_before(term)
        if math.isnan(value):
            findings.append(f"objective {name}: undefined, some need that must be answered is not")
            continue
        if claim.value != value:
            findings.append(f"objective {name}: {claim.value!r} is claimed, recomputed {value!r}")
        if claim.before != (None if math.isnan(before) else before):
            findings.append(f"objective {name}: {claim.before!r} before is claimed, recomputed {before!r}")
        if claim.bound is not None and wrong_side(value, claim.bound, goal.maximize):
            side = "below" if goal.maximize else "above"
            findings.append(f"objective {name}: the bound {claim.bound!r} lies {side} the value {value!r}")
    return findings
