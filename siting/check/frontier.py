"""A folder of a frontier: every point is checked as a plan, and every row is recomputed from the points."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from siting.check.beside import check_beside
from siting.check.folder import Checked, bare, check_plan
from siting.check.marginal import MARGINALS, check_marginals
from siting.check.report import Report
from siting.check.rounded import Near, Rounded
from siting.check.sheet import FigureSheet
from siting.check.slopes import Limit, gap_of, knee_of, limit_of, slope, surpassed
from siting.errors import Complaint, PlanError
from siting.instance import Instance
from siting.instance.settings import numbers as settings_numbers

TABLE, PLOT, POINTS = "frontier.csv", "frontier.png", "points"
"""What the folder holds beside its marginals."""

COLUMNS = (
    "number", "value", "achieved", "objective", "bound", "gap", "status", "people_within", "share_within",
    "new_facilities", "cost", "seconds", "knee", "marginal", "marginal_low", "marginal_high",
)  # fmt: skip

PROVED = 1e-9
"""Relative gap up to which a point counts as proved."""

BOUND_DECIMALS = 6
"""Of bounds in the table."""

_ROUNDING = 0.5 * 10.0**-BOUND_DECIMALS

_WITHOUT = ("infeasible", "unknown")


@dataclass(frozen=True, eq=False)
class Point:
    """A row with a plan: its number in the table, the swept value, its plan, and the bound of the plan."""

    row: int
    value: float
    checked: Checked
    objective: float
    own: float | None


def check_frontier(instance: Instance, folder: Path) -> Report:
    """Recompute a folder of a frontier.

    Raises:
        PlanError: its table or a point cannot be read.
    """
    sheet = FigureSheet(folder / TABLE, COLUMNS)
    points, findings, notes = _points(instance, folder, sheet)
    others = {TABLE, PLOT, POINTS, MARGINALS}
    notes += [
        f"{path}: is no file of a frontier, and not checked"
        for path in sorted(folder.iterdir())
        if path.name not in others
    ]
    if points:
        findings += _rows(sheet, points)
        knee = next((one for one in points if sheet.text(one.row, "knee") == "True"), None)
        if (folder / MARGINALS).is_file():
            limit = limit_of(points[0].checked, sheet.text(points[0].row, "number"), points[0].value)
            at = knee or points[0 if limit.loosens is False else -1]
            findings += check_marginals(at.checked, folder / MARGINALS)
            notes.append(f"{folder / MARGINALS}: what one more would bring is known by solving again only")
    figures = {
        "points": [{"value": one.value, **bare(one.checked.figures)} for one in points],
    }
    return Report(str(folder), tuple(findings), figures, tuple(notes))


def _points(instance: Instance, folder: Path, sheet: FigureSheet) -> tuple[list[Point], list[str], list[str]]:
    """The points of the rows that have a plan, and what is wrong with their folders; and notes."""
    findings, notes, points = [], [], list[Point]()
    wanted: dict[str, int] = {}
    for row in range(sheet.size):
        value = sheet.number(row, "value")
        if value is None or not math.isfinite(value):
            raise PlanError(Complaint(sheet.place(row, "value"), "is no finite number"))
        if sheet.text(row, "status") not in _WITHOUT:
            wanted[_folder_of(sheet.text(row, "number"), value)] = row
    there = sorted(path.name for path in (folder / POINTS).glob("*"))
    for name in there:
        if name not in wanted:
            findings.append(f"{folder / POINTS / name}: no row of {TABLE} is about it")
    for name, row in wanted.items():
        path = folder / POINTS / name
        if name not in there:
            sheet.add(row, "value", f"its plan {path} is missing")
            continue
        checked = check_plan(instance, path)
        beside, more = check_beside(checked, path)
        findings += [one if str(folder) in one else f"{path}: {one}" for one in (*checked.findings, *beside)]
        notes += more
        value, first = sheet.number(row, "value"), checked.figures["objectives"][0]
        assert value is not None
        if first["value"] is not None:
            points.append(Point(row, value, checked, first["value"], first["bound"]))
    return points, findings, notes


def _folder_of(number: str, value: float) -> str:
    """Name of the plan folder of a row."""
    return re.sub(r"[^\w.-]+", "_", f"{number}-{value:.10g}")


def _rows(sheet: FigureSheet, points: Sequence[Point]) -> list[str]:
    """What is wrong with the rows."""
    name = sheet.text(points[0].row, "number")
    values = [sheet.number(row, "value") or 0.0 for row in range(sheet.size)]
    for row in range(sheet.size):
        if sheet.text(row, "number") != name:
            sheet.add(row, "number", f"{sheet.text(row, 'number')!r}, but the row above is about {name!r}")
        if row and values[row] <= values[row - 1]:
            sheet.add(row, "value", "is not above that of the row before")
        seconds = sheet.number(row, "seconds")
        if seconds is None or not seconds >= 0:
            sheet.add(row, "seconds", f"{sheet.text(row, 'seconds')!r} is no time")
    limits = [limit_of(one.checked, name, one.value) for one in points]
    loosens = limits[0].loosens if all(one.loosens == limits[0].loosens for one in limits) else None
    if sheet.size > 1 and not _told_by_one(limits):
        loosens = None
    bounds = _bounds(sheet, points, loosens)
    for point, limit, bound in zip(points, limits, bounds, strict=True):
        _row(sheet, point, limit, bound, alone=sheet.size == 1)
    _shape(sheet, points, bounds, loosens)
    for row in set(range(sheet.size)) - {one.row for one in points}:
        _without(sheet, row, points, loosens)
    return sheet.findings


def _told_by_one(limits: Sequence[Limit]) -> bool:
    return len({one.label for one in limits}) == 1


def _bounds(sheet: FigureSheet, points: Sequence[Point], loosens: bool | None) -> list[float | None]:
    """Per point its bound: its own, that of a looser point, or a tighter one that the table tells."""
    maximize = points[0].checked.audit.problem.objectives[0].maximize
    tightest = min if maximize else max
    found: list[float | None] = []
    for point in points:
        held = [point.own]
        if loosens is not None:
            held += [one.own for one in points if (one.value > point.value) is loosens and one is not point]
        known = [one for one in held if one is not None]
        bound = tightest(known) if known else None
        told = sheet.number(point.row, "bound")
        # A point that is not shown may have had a tighter one; it must still hold for the plan.
        if told is not None and math.isfinite(told) and loosens is not None:
            tighter = bound is None or (told < bound if maximize else told > bound)
            holds = (told - point.objective) * (1 if maximize else -1) >= -_ROUNDING
            if tighter and holds and (bound is None or told != round(bound, BOUND_DECIMALS)):
                bound = told
        found.append(bound)
    return found


def _row(sheet: FigureSheet, point: Point, limit: Limit, bound: float | None, *, alone: bool) -> None:
    """Compare what one row tells of its own plan."""
    row, figures, checked = point.row, point.checked.figures, point.checked
    numbers = checked.audit.problem.numbers
    force = {**settings_numbers(checked.audit.ground.settings), **numbers}
    name = sheet.text(row, "number")
    mine = [value for key, value in force.items() if key == name or key.startswith(f"{name}.")]
    if not mine or any(value != point.value for value in mine):
        sheet.add(row, "value", f"{point.value:.12g}, but the plan was made with {name} = {mine}")
    if not (alone and sheet.text(row, "achieved") == ""):
        value = math.nan if limit.term is None else checked.audit.value(limit.term)
        off = 0.0 if limit.term is None else checked.audit.off(limit.term)
        sheet.expect(row, "achieved", None if math.isnan(value) else Near(value, off))
    sheet.expect(row, "objective", Near(point.objective))
    sheet.expect(row, "bound", None if bound is None else round(bound, BOUND_DECIMALS))
    gap = None if bound is None else gap_of(point.objective, bound)
    off = 10.0**-BOUND_DECIMALS / abs(point.objective) if bound != point.own and point.objective else 0.0
    sheet.expect(row, "gap", None if gap is None else Near(gap, off))
    status = "heuristic" if gap is None else "optimal" if gap <= PROVED else "bounded"
    sheet.expect(row, "status", status)
    within = figures["in_all"]["after"]
    sheet.expect(row, "people_within", within["people_within"])
    sheet.expect(row, "share_within", within["share"])
    sheet.expect(row, "new_facilities", len(checked.audit.opened))
    sheet.expect(row, "cost", Rounded(figures["money"]["spent"], 2))


def _shape(
    sheet: FigureSheet, points: Sequence[Point], bounds: Sequence[float | None], loosens: bool | None
) -> None:
    """Compare slopes and knee, and make sure that no point is dominated."""
    sign = 1.0 if points[0].checked.audit.problem.objectives[0].maximize else -1.0
    order = list(range(len(points)))[:: -1 if loosens is False else 1]
    gains = [sign * points[k].objective for k in order]
    if loosens is not None:
        for k in surpassed(gains):
            sheet.add(
                points[order[k]].row, "objective", "a tighter value does as well: the point is dominated"
            )
    values = [points[k].value * (-1.0 if loosens is False else 1.0) for k in order]
    bent = None if loosens is None else knee_of(values, gains)
    for at, k in enumerate(order):
        point, last = points[k], None if at == 0 else points[order[at - 1]]
        sheet.expect(point.row, "knee", str(at == bent))
        found: tuple[float | None, ...] = (None, None, None)
        if last is not None:
            had, has = bounds[order[at - 1]], bounds[k]
            found = slope(
                abs(point.value - last.value),
                (sign * last.objective, None if had is None else sign * had),
                (sign * point.objective, None if has is None else sign * has),
                nested=loosens is not None,
            )
        step = 1.0 if last is None else abs(point.value - last.value)
        for column, value in zip(("marginal", "marginal_low", "marginal_high"), found, strict=True):
            off = 0.0 if column == "marginal" else 10.0**-BOUND_DECIMALS / step
            sheet.expect(point.row, column, None if value is None else Near(value, off))


def _without(sheet: FigureSheet, row: int, points: Sequence[Point], loosens: bool | None) -> None:
    """A row without a plan tells nothing of one, and no tighter value has one."""
    status = sheet.text(row, "status")
    if status not in _WITHOUT:
        return
    empty = set(COLUMNS) - {"number", "value", "bound", "status", "seconds", "knee", "cost"}
    for column in sorted(empty):
        sheet.expect(row, column, None)
    sheet.expect(row, "knee", "False")
    value = sheet.number(row, "value") or 0.0
    if status == "infeasible" and loosens is not None:
        sheet.expect(row, "bound", None)
        if any((one.value < value) is loosens for one in points):
            sheet.add(row, "status", "infeasible, but a tighter value has a plan")
