"""The files of a plan folder as they are written: cells, numbers, references to the instance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.errors import PlanError, did_you_mean
from siting.instance import Instance
from siting.instance.arrays import Floats, Ints, Texts
from siting.instance.raw import RawTable, Report
from siting.instance.references import Ids
from siting.loading import MOST_BYTES, load
from siting.nested import MOST_JSON, MOST_TOML, BadTextError, parse_json
from siting.readers.csv_file import decode, read_csv

SITES_TEXT = ("site_id", "name", "type", "region", "district", "community")
SITES_NUMBERS = (
    "rank", "lat", "lon", "cost", "people_newly_covered", "people_served", "mean_response_minutes",
)  # fmt: skip
CLOSED_TEXT = ("facility_id", "name", "type", "site_id")
ASSIGNMENTS_TEXT = ("place_id", "place", "service", "facility", "facility_type", "facility_before")
ASSIGNMENTS_NUMBERS = ("people", "minutes", "covered", "minutes_before", "covered_before")

_MAY_BE_EMPTY = ("lat", "lon", "mean_response_minutes", "minutes", "minutes_before")


@dataclass(frozen=True, eq=False)
class Sheet:
    """One CSV file of a plan, R rows.

    Attributes:
        raw: its cells and where they are.
        numbers: per number column (R,) values, NaN where a cell is empty.
    """

    raw: RawTable
    numbers: dict[str, Floats]

    def place(self, row: int, column: str) -> str:
        """Where a cell is, for people: ``plan/sites.csv:3 cost``."""
        where, line = self.raw.row(row)
        return f"{where}:{line} {column}"


@dataclass(frozen=True, eq=False)
class PlanFiles:
    """A plan as its files tell it.

    Attributes:
        sites: sites.csv.
        candidate: (R,) candidate that each row of sites.csv opens.
        units: (R,) how many units of it, one where the file does not say.
        period: (R,) when, in the first period where the file does not say.
        closed: closed.csv; None where there is none.
        facilities: (D,) existing facility of each row of closed.csv.
        assignments: assignments.csv; None for a sites.csv alone.
        summary: summary.json; None for a sites.csv alone.
        model: content of model.toml; empty for a sites.csv alone.
        folder: the plan folder; for a sites.csv alone where it is.
    """

    sites: Sheet
    candidate: Ints
    units: Ints
    period: Ints
    closed: Sheet | None
    facilities: Ints
    assignments: Sheet | None
    summary: dict[str, Any] | None
    model: str
    folder: Path

    @property
    def where(self) -> str:
        """The name of summary.json in findings."""
        return str(self.folder / "summary.json")

    @property
    def where_model(self) -> str:
        """The name of model.toml in findings."""
        return str(self.folder / "model.toml")


def read_plan(instance: Instance, path: Path) -> PlanFiles:
    """Read a plan folder, or a sites.csv alone (of which only site_id and type must be there).

    Raises:
        PlanError: with everything that keeps the files from being read as a plan.
    """
    report = Report()
    whole = path.is_dir()
    folder = path if whole else path.parent
    required: tuple[str, ...] = (*SITES_TEXT, *SITES_NUMBERS) if whole else ("site_id", "type")
    sites = _sheet(path / "sites.csv" if whole else path, required, (*SITES_NUMBERS, "units"), report)
    candidate, units, period = np.zeros((3, 0), dtype=np.int32)
    if sites is not None:
        candidate, units = _opened(instance, sites, report), _units(sites, report)
        period = _periods(instance, sites, report)
    closed = None
    if (folder / "closed.csv").exists():
        required = (*CLOSED_TEXT, "saving") if whole else ("facility_id",)
        closed = _sheet(folder / "closed.csv", required, ("saving",), report)
    facilities = np.zeros(0, dtype=np.int32) if closed is None else _closed(instance, closed, report)
    assignments, summary, model = None, None, ""
    if whole:
        required = (*ASSIGNMENTS_TEXT, *ASSIGNMENTS_NUMBERS)
        numbers = (*ASSIGNMENTS_NUMBERS, "share")
        assignments = _sheet(path / "assignments.csv", required, numbers, report)
        summary = _summary(path / "summary.json", report)
        model = _text(path / "model.toml", report) or ""
        made_for, here = (summary or {}).get("instance"), instance.settings.name
        if report.complaints and isinstance(made_for, dict) and made_for.get("name") != here:
            what = f"the plan was made for {made_for.get('name')!r}, not for {here!r}"
            report.add(str(path / "summary.json"), what, column="instance.name")
    if report.complaints or sites is None:
        raise PlanError(report.complaints)
    return PlanFiles(sites, candidate, units, period, closed, facilities, assignments, summary, model, folder)


def recorded_summary(folder: Path) -> dict[str, Any]:
    """The content of the summary.json of a plan folder.

    Raises:
        PlanError: it cannot be read.
    """
    report = Report()
    summary = _summary(folder / "summary.json", report)
    if summary is None:
        raise PlanError(report.complaints)
    return summary


def plain(cells: Texts, expected: Texts) -> NDArray[np.bool_]:
    """Whether cells hold the expected text, exactly or behind the ``'`` that disarms a formula."""
    return np.asarray((cells == expected) | (cells == "'" + expected), dtype=bool)


def find(ids: Ids, cells: Texts) -> Ints:
    """Index of each cell among ids, taken as it is or else without a leading ``'``; -1 where none."""
    found = ids.find(cells)
    bare = np.array([cell.removeprefix("'") for cell in cells], dtype=object)
    return np.where(found >= 0, found, ids.find(bare)).astype(np.int32)


def _load(path: Path, report: Report) -> bytes | None:
    most = {".json": MOST_JSON, ".toml": MOST_TOML}.get(path.suffix, MOST_BYTES)
    try:
        return load(path, most)
    except FileNotFoundError:
        report.add(str(path), "the file is missing")
    except OSError as error:
        report.add(str(path), f"cannot be read: {error.strerror}")
    return None


def _text(path: Path, report: Report) -> str | None:
    data = _load(path, report)
    return None if data is None else decode(data, str(path), report)


def _sheet(path: Path, required: tuple[str, ...], numbers: tuple[str, ...], report: Report) -> Sheet | None:
    """A CSV file with its columns and numbers checked; None after a complaint about its whole."""
    data = _load(path, report)
    raw = None if data is None else read_csv(data, str(path), report)
    if raw is None:
        return None
    missing = [column for column in required if column not in raw.columns]
    for column in missing:
        unknown = [header for header in raw.columns if header not in required]
        report.add(str(path), f"the column is missing{did_you_mean(column, unknown)}", 1, column)
    if missing:
        return None
    present = [column for column in numbers if column in raw.columns]
    return Sheet(raw, {column: _numbers(raw, column, report) for column in present})


def _numbers(raw: RawTable, column: str, report: Report) -> Floats:
    cells = raw.text(column)
    values = np.array([_float(cell) for cell in cells], dtype=np.float64)
    empty = cells == ""
    report.rows(
        raw, ~empty & ~np.isfinite(values), column, lambda row: f"{cells[row]!r} is not a finite number"
    )
    if column not in _MAY_BE_EMPTY:
        report.rows(raw, empty, column, lambda row: "the cell is empty; a number is expected")
    return values


def _float(cell: str) -> float:
    try:
        return float(cell) if cell and "_" not in cell else math.nan
    except ValueError:
        return math.nan


def _opened(instance: Instance, sites: Sheet, report: Report) -> Ints:
    """Candidates of the rows of sites.csv; complains about what is no candidate, or named twice."""
    raw, candidates = sites.raw, instance.candidates
    known, types = Ids(instance.sites.ids), [one.id for one in instance.settings.types]
    ids, kinds = raw.text("site_id"), raw.text("type")
    site, kind = find(known, ids), find(Ids(types), kinds)

    def unknown(row: int) -> str:
        return f"{ids[row]!r} is no site of the instance{did_you_mean(ids[row], instance.sites.ids)}"

    report.rows(raw, site < 0, "site_id", unknown)
    report.rows(
        raw, kind < 0, "type", lambda row: f"{kinds[row]!r} is no facility type; known: {', '.join(types)}"
    )
    count = len(types)
    options = {
        key: number
        for number, key in enumerate((candidates.site.astype(np.int64) * count + candidates.type).tolist())
    }
    number = np.array(
        [options.get(key, -1) for key in (site.astype(np.int64) * count + kind).tolist()], dtype=np.int32
    )
    fine = (site >= 0) & (kind >= 0)
    report.rows(
        raw,
        fine & (number < 0),
        "site_id, type",
        lambda row: f"the instance has no candidate of type {kinds[row]!r} at {ids[row]!r}",
    )
    first: dict[int, int] = {}
    again = np.zeros(len(number), dtype=bool)
    for row, one in enumerate(number.tolist()):
        again[row] = bool(fine[row]) and one >= 0 and first.setdefault(one, row) != row
    report.rows(
        raw,
        again,
        "site_id, type",
        lambda row: f"opened already, on line {raw.row(first[int(number[row])])[1]}",
    )
    return number


def _units(sites: Sheet, report: Report) -> Ints:
    """Units of every row of sites.csv; complains about what is no count of units."""
    if "units" not in sites.numbers:
        return np.ones(len(sites.raw.text("site_id")), dtype=np.int32)
    units, cells = sites.numbers["units"], sites.raw.text("units")
    bad = ~((units >= 1) & (units <= 2**31 - 1) & (units == np.round(units)))
    bad &= np.isfinite(units)
    report.rows(sites.raw, bad, "units", lambda row: f"{cells[row]!r} must be a whole number >= 1")
    return np.where(bad | np.isnan(units), 1, units).astype(np.int32)


def _periods(instance: Instance, sites: Sheet, report: Report) -> Ints:
    """Period of every row of sites.csv; complains about unknown ones."""
    if "period" not in sites.raw.columns:
        return np.zeros(len(sites.raw.text("site_id")), dtype=np.int32)
    known = [one.id for one in instance.settings.periods]
    cells = sites.raw.text("period")
    period = find(Ids(known), cells)
    report.rows(
        sites.raw,
        period < 0,
        "period",
        lambda row: f"{cells[row]!r} is no period of the instance{did_you_mean(cells[row], known)}",
    )
    return period


def _closed(instance: Instance, closed: Sheet, report: Report) -> Ints:
    """Existing facility of every row of closed.csv; complains about unknown and repeated ones."""
    raw, known = closed.raw, instance.facilities.ids
    cells = raw.text("facility_id")
    facility = find(Ids(known), cells)
    report.rows(
        raw,
        facility < 0,
        "facility_id",
        lambda row: f"{cells[row]!r} is no facility of the instance{did_you_mean(cells[row], known)}",
    )
    again = pd.Series(facility).duplicated().to_numpy() & (facility >= 0)
    report.rows(raw, again, "facility_id", lambda row: f"{cells[row]!r} is closed already")
    return facility


def _summary(path: Path, report: Report) -> dict[str, Any] | None:
    text = _text(path, report)
    if text is None:
        return None
    try:
        value = parse_json(text)
    except BadTextError as error:
        report.add(str(path), f"is not valid JSON: {error}", error.line)
        return None
    if not isinstance(value, dict):
        report.add(str(path), "must hold one object of keys and values")
        return None
    return value
