"""The choice that a plan's files tell: what is opened and closed, and who serves whom where it decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from siting.check.files import PlanFiles, Sheet, find
from siting.check.times import Ground
from siting.check.words import listed, name_need
from siting.errors import Complaint, ModelError, PlanError
from siting.instance.arrays import Floats, Ints, Longs, Texts
from siting.instance.references import Ids
from siting.plan import Plan, Shares

ROUNDING = 5e-7
"""How far a share may be off, having been written with 6 decimals."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of assignments.csv that are about a need.

    Attributes:
        row: (K,) their numbers.
        need: (K,) their needs.
        option: (K,) option that serves it by the file, -1 for nobody or an unknown one.
        findings: what is wrong with the others, and with their order.
    """

    row: Longs
    need: Longs
    option: Longs
    findings: list[str]


def check_columns(ground: Ground, files: PlanFiles) -> list[str]:
    """Columns and files that are there although the model knows nothing of what they say.

    Raises:
        PlanError: a plan folder lacks columns or files that the model demands.
    """
    layout, options = ground.layout, ground.options
    sites = {
        "units": bool(np.any(options.units[options.existing :][options.usable[options.existing :]] > 1)),
        "period": layout.periods,
        "replaces": bool(np.any(options.replaces[options.usable] >= 0)),
    }
    shared = {"scenario": layout.scenarios, "period": layout.periods, "share": layout.serve == "split"}
    wanted = [(files.sites, sites)]
    if files.assignments is not None:
        wanted.append((files.assignments, shared))
    missing, findings = [], []
    for sheet, columns in wanted:
        for column, needed in columns.items():
            there = column in sheet.raw.columns
            if needed and not there and files.summary is not None:
                missing.append(Complaint(sheet.raw.where, "the column is missing", 1, column))
            elif there and not needed and (files.summary is not None or column == "period"):
                findings.append(f"{sheet.raw.where} {column}: belongs nowhere under this model")
    if layout.closing and files.closed is None and files.summary is not None:
        missing.append(Complaint(str(files.folder / "closed.csv"), "the file is missing"))
    if files.closed is not None and not layout.closing:
        findings.append(f"{files.closed.raw.where}: the model closes nothing")
    if missing:
        raise PlanError(missing)
    return findings


def opened_of(ground: Ground, files: PlanFiles) -> Ints:
    """(R,) options that the rows of sites.csv open."""
    candidates = len(ground.instance.candidates.site)
    period = files.period if ground.layout.periods else 0
    return np.asarray(ground.options.existing + period * candidates + files.candidate, dtype=np.int32)


def choice(ground: Ground, files: PlanFiles, rows: Rows | None) -> Plan:
    """The plan of the files; what is opened and closed stands in the order of their rows.

    Raises:
        ModelError: a sites.csv alone does not say who serves whom, as the model demands.
    """
    needs = len(ground.needs.place)
    serves, ms = np.full(needs, -1, dtype=np.int32), np.zeros(needs, dtype=np.int32)
    opened = opened_of(ground, files)
    if ground.layout.serve == "nearest":
        return Plan(opened, serves, ms, files.units, files.facilities)
    if rows is None or files.assignments is None:
        raise ModelError("the model's plans say who serves whom: give a plan folder instead of a CSV file")
    used = rows.option >= 0
    need, option = rows.need[used].astype(np.int32), rows.option[used].astype(np.int32)
    numbers = files.assignments.numbers
    minutes = np.nan_to_num(numbers["minutes"][rows.row[used]])
    # Minutes are rounded to 3 decimals: the response is no later than half of one more.
    late = np.minimum(np.floor(np.maximum(0.0, minutes) * 60_000 + 31), 2**31 - 2).astype(np.int32)
    if ground.layout.serve == "single":
        serves[need], ms[need] = option, late
        return Plan(opened, serves, ms, files.units, files.facilities)
    share = numbers["share"][rows.row[used]] if "share" in numbers else np.ones(len(need))
    order = np.lexsort((-option, share))  # the largest share, of equals that of the lowest option, last
    serves[need[order]], ms[need[order]] = option[order], late[order]
    return Plan(opened, serves, ms, files.units, files.facilities, Shares(need, option, share, late))


def match_rows(ground: Ground, opened: Ints, sheet: Sheet, names: Texts) -> Rows:
    """Rows of assignments.csv that are about a need: each need once, or once per share of it."""
    need = _needs(ground, sheet)
    option = _options(names, opened, sheet.raw.text("facility"))
    layout, split = ground.layout, ground.layout.serve == "split"
    pairs = pd.DataFrame({"need": need, "option": option if split else 0})
    again = pairs.duplicated().to_numpy() & (need >= 0)
    keys = ["place_id", "service", *["scenario"] * layout.scenarios, *["period"] * layout.periods]
    columns, words = ", ".join(keys), [sheet.raw.text(column) for column in keys]

    def say(what: str) -> Callable[[int], str]:
        return lambda row: f"{sheet.place(row, columns)}: {' '.join(str(one[row]) for one in words)!r} {what}"

    findings = listed(np.flatnonzero(need < 0), say("is no need of the instance"), "rows without a need")
    findings += listed(np.flatnonzero(again), say("is there already"), "repeated rows")
    row = np.flatnonzero((need >= 0) & ~again)
    absent = np.setdiff1d(np.arange(len(ground.needs.place)), need[row])
    findings += listed(
        absent, lambda one: f"{sheet.raw.where}: no row for {name_need(ground, one)}", "needs without a row"
    )
    rank = need[row] * (len(names) + 1) + (option[row] if split else 0)
    findings += listed(row[1:][np.diff(rank) < 0], say("is out of order"), "rows out of order")
    if split:
        findings += _idle(sheet, row, need[row], option[row], say)
    return Rows(row, need[row], option[row], findings)


def _needs(ground: Ground, sheet: Sheet) -> Longs:
    """(R,) need of every row, -1 where there is none."""
    needs, settings, layout = ground.needs, ground.settings, ground.layout
    keys: list[tuple[str, Texts | list[str], Ints]] = [
        ("place_id", ground.instance.places.ids, needs.place),
        ("service", [one.id for one in settings.services], needs.service),
    ]
    if layout.scenarios:
        keys.append(("scenario", [one.id for one in settings.scenarios], needs.scenario))
    if layout.periods:
        keys.append(("period", [one.id for one in settings.periods], needs.period))
    rows = len(sheet.raw.text("place_id"))
    size, there = 1, np.zeros(len(needs.place), dtype=np.int64)
    asked, known = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=bool)
    for column, ids, index in keys:
        found = find(Ids(ids), sheet.raw.text(column))
        size, there, asked = size * len(ids), there * len(ids) + index, asked * len(ids) + found
        known = known & (found >= 0)
    number = np.full(size + 1, -1, dtype=np.int64)  # the last entry is for unknown ids
    number[there] = np.arange(len(there))
    return np.asarray(number[np.where(known, asked, size)])


def _options(names: Texts, opened: Ints, cells: Texts) -> Longs:
    """(R,) option that each cell names, of the same name the opened one; -1 for none."""
    first = np.r_[opened, np.arange(len(names) - 1)]
    found = find(Ids(names[first]), cells)
    return np.where((found >= 0) & (cells != ""), first[found], -1).astype(np.int64)


def _idle(
    sheet: Sheet, row: Longs, need: Longs, option: Longs, say: Callable[[str], Callable[[int], str]]
) -> list[str]:
    """Whoever nobody serves has one row, whose share is 0."""
    share: Floats = sheet.numbers.get("share", np.zeros(len(sheet.raw.text("place_id"))))[row]
    alone = np.bincount(need, minlength=1)[need] == 1 if len(need) else np.zeros(0, dtype=bool)
    wrong = row[(option < 0) & ~(alone & (share == 0))]
    return listed(wrong, say("names nobody, but is not the only row, or has a share"), "rows for nobody")
