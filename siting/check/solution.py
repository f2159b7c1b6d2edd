"""A solution that another solver has found of an exported program, read as a plan.

The names of its variables say what they decide, see :mod:`siting.response.variables`; those that only
follow from the decisions are left to the check, which computes everything anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siting.check.audit import Audit
from siting.check.solver_files import Listing, read_listing
from siting.check.times import Ground
from siting.errors import PlanError, did_you_mean
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.instance.raw import Report
from siting.plan import Plan, Shares
from siting.response.variables import AUXILIARY, CONSTANT, option_variables, served_by

WHOLE = 1e-6
"""How far from a whole number a solver may leave one."""

CLAIM = 1e-6
"""Relative difference between a solver's objective and the plan's that its tolerances explain."""

_LEAST = 1e-7
"""Shares below are the arithmetic of a solver."""


@dataclass(frozen=True, eq=False)
class Solution:
    """What a file says.

    Attributes:
        plan: what is opened and closed, and who serves whom where the model assigns.
        claimed: value of the objective as the solver prints it, None where the file does not say.
        optimal: the solver calls it optimal.
    """

    plan: Plan
    claimed: float | None
    optimal: bool


def read_solution(ground: Ground, path: Path) -> Solution:
    """Read a solution of an exported program.

    Variables that a file leaves out are 0, unless it is of a kind that lists them all: then every
    decision must be there.

    Args:
        ground: needs and options of the question.
        path: a ``.sol`` file of HiGHS, Gurobi, SCIP, CBC or CPLEX, or a CSV file with columns name and value.

    Raises:
        PlanError: the file is no such solution; the complete list of what is wrong.
    """
    report = Report()
    listing = read_listing(path, report)
    if listing is None:
        raise PlanError(report.complaints)
    option, serves = _meanings(ground, listing, report)
    amount = _amounts(ground, listing, option, report)
    plan = _plan(ground, listing, amount, serves, report)
    if report.complaints:
        raise PlanError(report.complaints)
    return Solution(plan, listing.claimed, listing.optimal)


def judge_claim(audit: Audit, solution: Solution) -> tuple[list[str], list[str]]:
    """What the solver's objective says beside the plan's own.

    A solver may leave variables that follow from the decisions short of what these allow, so a claim
    that is worse than the plan is worth a note, unless the solver calls it optimal. Programs to be
    maximized are minimized with the other sign in MPS files.

    Returns:
        Findings and notes, in words.
    """
    claimed = solution.claimed
    if claimed is None:
        return [], []
    found = []
    for goal in audit.problem.objectives:
        value = audit.value(goal.term)
        told = min((claimed, -claimed) if goal.maximize else (claimed,), key=lambda one: abs(one - value))
        found.append((abs(told - value) / max(1.0, abs(value)), told, value, goal))
    off, told, value, goal = min(found, key=lambda one: math.inf if math.isnan(one[0]) else one[0])
    if math.isnan(value) or off <= CLAIM + audit.off(goal.term) / max(1.0, abs(value)):
        return [], []
    better = told > value if goal.maximize else told < value
    words = (
        f"objective {goal.term.label}: the solver's file says {told:.12g}, recomputed {value:.12g} "
        f"({goal.term.unit}), which is {abs(told - value):.6g} {'worse' if better else 'better'}"
    )
    return ([words], []) if better or solution.optimal else ([], [words])


def _meanings(ground: Ground, listing: Listing, report: Report) -> tuple[Longs, Longs]:
    """Per row the option it decides (R,), -1 for none, and need and option of a share (R, 2).

    Complains about unknown names, those that occur twice, and decisions that are missing.
    """
    options, layout = ground.options, ground.layout
    names = option_variables(ground.instance, ground.settings, layout, options).tolist()
    numbers = {name: number for number, name in enumerate(names)}
    rows = listing.names.tolist()
    option = np.array([numbers.get(name, -1) for name in rows], dtype=np.int64)
    serves = np.full((len(rows), 2), -1, dtype=np.int64)
    if layout.serve != "nearest":
        pairs = [served_by(name) or (-1, -1) for name in rows]
        serves = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        wrong = (serves[:, 0] >= len(ground.needs.place)) | (serves[:, 1] >= len(options.site))
        serves[wrong] = -1
    follows = np.array([name.startswith(AUXILIARY) or name == CONSTANT for name in rows], dtype=bool)
    free = options.free
    known = np.array([name for name, mine in zip(names, free.tolist(), strict=True) if mine], dtype=object)
    report.rows(
        listing.raw, (option < 0) & (serves[:, 0] < 0) & ~follows, "name",
        lambda row: f"{rows[row]!r} is no variable of the question{did_you_mean(rows[row], known.tolist())}",
    )  # fmt: skip
    fixed = (option >= 0) & ~free[option]
    report.rows(
        listing.raw, fixed, "name",
        lambda row: f"{rows[row]!r} is not to be decided: forbidden, excluded, or left out by the model",
    )  # fmt: skip
    _once(listing, report)
    _all_there(listing, option, known, report)
    return option, serves


def _once(listing: Listing, report: Report) -> None:
    first: dict[str, int] = {}
    again = np.zeros(len(listing.names), dtype=bool)
    for row, name in enumerate(listing.names.tolist()):
        again[row] = first.setdefault(name, row) != row
    report.rows(
        listing.raw, again, "name",
        lambda row: f"{listing.names[row]!r} is there already, "
        f"on line {listing.raw.row(first[listing.names[row]])[1]}",
    )  # fmt: skip


def _all_there(listing: Listing, option: Longs, known: np.ndarray, report: Report) -> None:
    """Complain about decisions that are missing where a file lists what is 0 as well."""
    whole = listing.complete or bool(np.any((option >= 0) & (listing.values == 0)))
    there = set(listing.names.tolist())
    missing = [name for name in known.tolist() if name not in there] if whole else []
    for name in missing[:20]:
        report.add(str(listing.raw.where), f"the variable {name} is missing", column="name")
    if len(missing) > 20:
        report.add(str(listing.raw.where), f"... and {len(missing) - 20:,} more variables are missing")


def _amounts(ground: Ground, listing: Listing, option: Longs, report: Report) -> Ints:
    """(M,) units opened or kept of every option; complains about what is no whole number."""
    values = listing.values
    broken = (option >= 0) & ~_is_whole(values)
    report.rows(
        listing.raw, broken, "value",
        lambda row: f"{listing.cells[row]!r} of {listing.names[row]} is not whole, within {WHOLE:g}, or < 0",
    )  # fmt: skip
    amount = np.zeros(len(ground.options.site), dtype=np.int32)
    fine = (option >= 0) & ~broken
    amount[option[fine]] = np.rint(values[fine]).astype(np.int32)
    return amount


def _is_whole(values: Floats) -> Flags:
    near = np.rint(np.nan_to_num(values, nan=-1.0))
    return np.asarray((np.abs(values - near) <= WHOLE) & (near >= 0) & (near < 2**31))


def _plan(ground: Ground, listing: Listing, amount: Ints, serves: Longs, report: Report) -> Plan:
    """The plan of the decisions; times are left to the check."""
    options = ground.options
    fresh = np.arange(len(amount)) >= options.existing
    opened = np.flatnonzero(fresh & (amount > 0)).astype(np.int32)
    closed = np.flatnonzero(options.closable & (amount == 0)).astype(np.int32)
    who = np.full(len(ground.needs.place), -1, dtype=np.int32)
    nothing = np.zeros_like(who)
    if ground.layout.serve == "nearest":
        return Plan(opened, who, nothing, amount[opened], closed)
    rows = np.flatnonzero(serves[:, 0] >= 0)
    value = listing.values[rows]
    if ground.layout.serve == "single":
        broken = np.zeros(len(serves), dtype=bool)
        broken[rows] = ~_is_whole(value)
        report.rows(
            listing.raw, broken, "value",
            lambda row: f"{listing.cells[row]!r} of {listing.names[row]}: one facility serves all of a need",
        )  # fmt: skip
    kept = rows[value > (0.5 if ground.layout.serve == "single" else _LEAST)]
    kept = kept[np.lexsort((serves[kept, 1], serves[kept, 0]))]
    need, option = serves[kept].T.astype(np.int32)
    share = np.clip(listing.values[kept], 0.0, 1.0)
    share = np.where(np.abs(1.0 - share) < _LEAST, 1.0, share)
    order = np.lexsort((-option, share))  # the largest share, of equals that of the lowest option, last
    who[need[order]] = option[order]
    if ground.layout.serve == "single":
        twice = np.zeros(len(serves), dtype=bool)
        twice[kept[1:]] = need[1:] == need[:-1]
        report.rows(listing.raw, twice, "name", lambda row: f"{listing.names[row]}: the need is served twice")
        return Plan(opened, who, nothing, amount[opened], closed)
    shares = Shares(need, option, share, np.zeros(len(need), dtype=np.int32))
    return Plan(opened, who, nothing, amount[opened], closed, shares)
