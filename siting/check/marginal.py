"""marginals.csv: what can be told of it without solving again."""

from __future__ import annotations

import math
from pathlib import Path

from siting.check.folder import Checked
from siting.check.rounded import Near
from siting.check.sheet import FigureSheet
from siting.check.slopes import gap_of

MARGINALS = "marginals.csv"
"""Its name in the folder of a frontier."""

COLUMNS = ("number", "value", "step", "unit", "gain", "gain_low", "gain_high", "gain_unit", "status")

STATUSES = ("optimal", "bounded", "heuristic", "infeasible")

UNITS = ("currency", "sites", "units")
"""Units of numbers that limit money or facilities."""

PROVED = 1e-9


def check_marginals(checked: Checked, path: Path) -> list[str]:
    """Differences between a table of marginal values and what it should say of a plan.

    Gains come from solving again: they are held against each other, and against what is proved.
    """
    sheet = FigureSheet(path, COLUMNS)
    wanted = _limits(checked)
    told = [sheet.text(row, "number") for row in range(sheet.size)]
    if told != list(wanted):
        return [*sheet.findings, f"{path} number: {told}, expected {list(wanted)}"]
    goal = checked.audit.problem.objectives[0]
    for row, (name, unit) in enumerate(wanted.items()):
        sheet.expect(row, "value", Near(checked.audit.problem.numbers[name]))
        sheet.expect(row, "step", 1.0)
        sheet.expect(row, "unit", unit)
        sheet.expect(row, "gain_unit", goal.term.unit)
        _gain(sheet, row, checked)
    return sheet.findings


def _limits(checked: Checked) -> dict[str, str]:
    """Finite numbers that limit money or facilities from above, and their units."""
    problem = checked.audit.problem
    model = problem.model
    upper = {limit.at_most for limit in model.limits} - {limit.at_least for limit in model.limits}
    found = {}
    for name, value in problem.numbers.items():
        head = name.partition(".")[0]
        unit = model.parameters[head].unit
        if unit in UNITS and f"${head}" in upper and head not in model.in_arguments and math.isfinite(value):
            found[name] = problem.responses.settings.currency if unit == "currency" else unit
    return found


def _gain(sheet: FigureSheet, row: int, checked: Checked) -> None:
    """Gains are not below 0, in order, and proved where they are called so."""
    gain, low, high = (sheet.number(row, column) for column in ("gain", "gain_low", "gain_high"))
    status = sheet.text(row, "status")
    if status not in STATUSES:
        sheet.add(row, "status", f"{status!r} is none of {', '.join(STATUSES)}")
    if gain is None or not gain >= 0:
        sheet.add(row, "gain", f"{sheet.text(row, 'gain')!r} must be a number >= 0")
        return
    if high is not None and not high >= gain - PROVED * max(1.0, gain):
        sheet.add(row, "gain_high", f"{high:.12g} is less than the gain {gain:.12g}")
    if status == "optimal" and (high is None or abs(high - gain) > PROVED * _size(checked)):
        sheet.add(row, "gain_high", f"{high!r}, but the gain {gain:.12g} is proved best")
    first = checked.figures["objectives"][0]
    value, bound, sign = first["value"], first["bound"], 1.0 if first["sense"] == "maximize" else -1.0
    if bound is None:
        sheet.expect(row, "gain_low", None)
        return
    room = 0.0 if gap_of(value, bound) <= PROVED else sign * (bound - value)
    if low is None or abs(low - max(0.0, gain - room)) > PROVED * _size(checked):
        sheet.add(row, "gain_low", f"{low!r}, recomputed {max(0.0, gain - room):.12g}")


def _size(checked: Checked) -> float:
    return max(1.0, abs(float(checked.figures["objectives"][0]["value"])))
