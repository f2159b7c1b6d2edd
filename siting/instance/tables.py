"""One table at a time: raw cells into typed columns, checked against the schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.errors import did_you_mean
from siting.instance.arrays import Flags, Floats, Ints, Longs, Texts
from siting.instance.raw import RawTable, Report
from siting.instance.schema import TABLES, Column, Table

MAX_WHOLE = 10**15
"""Largest whole number a cell may hold; floats hold it exactly."""


@dataclass(frozen=True)
class Checked:
    """A table whose cells are valid one by one; references are not resolved yet.

    Attributes:
        raw: where the cells came from, for later complaints.
        table: its schema.
        columns: per column of the schema (N,): text; int64 for integers; float64 for numbers, NaN
            where empty; bool for flags; int32 index into ``Column.choices`` for choices, -1 for
            an unknown word. Absent optional columns hold their default. Bad cells hold a
            stand-in; a complaint was made.
    """

    raw: RawTable
    table: Table
    columns: Mapping[str, NDArray[Any]]

    def text(self, column: str) -> Texts:
        """A text column, (N,)."""
        return self.columns[column]

    def number(self, column: str) -> Floats:
        """A number column, (N,)."""
        return self.columns[column]

    def whole(self, column: str) -> Longs:
        """An integer column, (N,)."""
        return self.columns[column]

    def flag(self, column: str) -> Flags:
        """A flag column, (N,)."""
        return self.columns[column]

    def choice(self, column: str) -> Ints:
        """A choice column, (N,) index into its choices."""
        return self.columns[column]


def check_table(
    raw: RawTable, name: str, currency: str, report: Report, *, placeless: bool = False
) -> Checked | None:
    """Validate one table.

    Args:
        raw: its cells.
        name: key of :data:`TABLES`.
        currency: words for the unit ``currency`` in complaints.
        report: receives complaints and warnings.
        placeless: both columns of coordinates may be left out, and are NaN then.

    Returns:
        The typed columns; None if columns are missing or there are no rows, so that nothing
        further can be said about the table.
    """
    table = TABLES[name]
    columns = _match_headers(raw, table, report)
    raw = replace(raw, columns=columns)
    missing = [column for column in table.columns if column.required and column.name not in columns]
    if placeless and not {"lat", "lon"} & set(columns):
        missing = [column for column in missing if column.name not in ("lat", "lon")]
    for column in missing:
        unit = "" if column.unit == "-" else f", {column.unit}"
        what = f"the column is missing; expected: {column.about}{unit}"
        report.add(raw.where, what, raw.header(), column.name)
    if missing:
        return None
    if raw.size == 0 and (table.required or name in ("roads", "od")):
        report.add(raw.where, f"the table has no rows; expected: {table.about}", raw.header())
        return None
    typed = {column.name: _typed(raw, column, currency, report) for column in table.columns}
    return Checked(raw, table, typed)


def _match_headers(raw: RawTable, table: Table, report: Report) -> dict[str, NDArray[Any]]:
    """Columns under their schema names; a near miss is an error, anything else unknown a warning."""
    known = {column.name: column for column in table.columns}
    columns = {name: cells for name, cells in raw.columns.items() if name in known}
    unused = []
    for header in (header for header in raw.columns if header not in known):
        absent = [name for name in known if name not in columns]
        meant = next((name for name in absent if _near(header, known[name])), None)
        if meant is None:
            unused.append(header)
        else:
            report.add(raw.where, f"unknown column; did you mean {meant!r}?", raw.header(), header)
            columns[meant] = raw.columns[header]
    if unused:
        listed = ", ".join(repr(header) for header in unused)
        report.warnings.append(f"{raw.where}: columns not used: {listed}")
    return columns


def _near(header: str, column: Column) -> bool:
    """Whether an unknown header probably means this absent column; stricter if it is optional."""
    if column.required and header.casefold().startswith(column.name):
        return True
    return bool(did_you_mean(header, [column.name], 0.6 if column.required else 0.8))


def _typed(raw: RawTable, column: Column, currency: str, report: Report) -> NDArray[Any]:
    """One column as its kind says."""
    if column.kind in ("integer", "number"):
        return _numbers(raw, column, currency, report)
    blank = np.full(raw.size, "", dtype=object)
    cells = raw.text(column.name) if column.name in raw.columns else blank
    empty = cells == ""
    if column.required:
        report.rows(raw, empty, column.name, lambda row: f"the cell is empty; expected: {column.about}")
    if column.unique:
        _unique(raw, column.name, cells, empty, report)
    if column.kind == "text":
        return cells
    words = column.choices if column.kind == "choice" else ("0", "1")
    index = np.zeros(raw.size, dtype=np.int32)
    wrong = ~empty
    for position, word in enumerate(words):
        same = cells == word
        index[same] = position
        wrong &= ~same

    def say(row: int) -> str:
        guess = did_you_mean(cells[row], words)
        return f"{cells[row]!r} must be one of {', '.join(words)}{guess}"

    report.rows(raw, wrong, column.name, say)
    index[wrong] = -1
    return index if column.kind == "choice" else index.astype(bool)


def _unique(raw: RawTable, name: str, cells: Texts, empty: Flags, report: Report) -> None:
    """Complain about every text that occurred in an earlier row."""
    again, first = repeats(cells)
    again &= ~empty
    report.rows(
        raw, again, name, lambda row: f"{cells[row]!r} is there already, {place(raw, int(first[row]))}"
    )


def repeats(keys: Texts | Longs) -> tuple[Flags, Longs]:
    """Which rows repeat an earlier key, and the first row with the key of each row; both (N,)."""
    if len(keys) == 0:
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64)
    codes, distinct = pd.factorize(keys)
    rows = np.arange(len(keys), dtype=np.int64)
    earliest = np.full(len(distinct), len(keys), dtype=np.int64)
    np.minimum.at(earliest, codes, rows)
    first = earliest[codes]
    return first < rows, first


def place(raw: RawTable, row: int) -> str:
    """Words for the place of another row of the same table."""
    where, line = raw.row(row)
    return f"in {where}" if line is None else f"on line {line}"


def _numbers(raw: RawTable, column: Column, currency: str, report: Report) -> NDArray[Any]:
    """A number or integer column; empty optional cells and bad ones are NaN (0 for integers)."""
    whole = column.kind == "integer"
    name = column.name
    if name not in raw.columns:
        return np.zeros(raw.size, dtype=np.int64) if whole else np.full(raw.size, np.nan)
    values, empty, wrong = _parse(raw.columns[name], column.blank)
    words = currency if column.unit == "currency" else column.unit.strip("-")
    unit = f" ({words})" if words else ""
    if column.required:
        report.rows(raw, empty, name, lambda row: f"the cell is empty; a number is expected{unit}")

    def say_wrong(row: int) -> str:
        text = raw.cell(name, row)
        advice = ": write a decimal point, not a comma" if _comma(text) else ""
        return f"{text!r} is not a number{unit}{advice}"

    report.rows(raw, wrong, name, say_wrong)
    infinite = np.isinf(values)
    report.rows(raw, infinite, name, lambda row: f"{raw.cell(name, row)!r} must be finite{unit}")
    outside = ~infinite & _outside(column, values)
    hint = _swap_hint(raw, name)

    def say_range(row: int) -> str:
        return f"{raw.cell(name, row)!r} must be {_range(column)}{unit}{hint(row)}"

    report.rows(raw, outside, name, say_range)
    if not whole:
        return np.where(wrong | infinite | outside, np.nan, values)
    rest = np.where(np.isnan(values) | infinite | outside, 0, values)
    large = np.abs(rest) > MAX_WHOLE
    report.rows(raw, large, name, lambda row: f"{raw.cell(name, row)!r} must be <= {MAX_WHOLE:,}{unit}")
    broken = ~large & (rest != np.floor(rest))
    report.rows(raw, broken, name, lambda row: f"{raw.cell(name, row)!r} must be a whole number{unit}")
    return np.where(large | broken, 0, rest).astype(np.int64)


def _parse(cells: Texts | Floats, blank: tuple[str, ...] = ()) -> tuple[Floats, Flags, Flags]:
    """Cells as floats (NaN where there is none), which are empty, and which are not numbers."""
    if cells.dtype != object:
        values = cells.astype(np.float64)
        empty = np.isnan(values)
        return values, empty, np.zeros(len(cells), dtype=bool)
    codes, words = pd.factorize(cells)  # each distinct text is read once
    empty = words == ""
    for word in blank:
        empty |= words == word
    values = np.fromiter((_float(word) for word in words.tolist()), dtype=np.float64, count=len(words))
    wrong = np.isnan(values) & ~empty
    return values[codes], empty[codes], wrong[codes]


def _float(text: str) -> float:
    """The number written in a text; NaN for anything else, also for 1_000 and the word nan."""
    try:
        return float(text) if text and "_" not in text else math.nan
    except ValueError:
        return math.nan


def _comma(text: str) -> bool:
    """Whether the text is a number once its comma is a point."""
    return text.count(",") == 1 and not math.isnan(_float(text.replace(",", ".")))


def _outside(column: Column, values: Floats) -> Flags:
    outside = np.zeros(len(values), dtype=bool)
    if column.low is not None:
        outside |= values < column.low
    if column.high is not None:
        outside |= values > column.high
    return outside


def _range(column: Column) -> str:
    if column.high is None:
        return f">= {column.low:g}"
    return f"between {column.low:g} and {column.high:g}"


def _swap_hint(raw: RawTable, name: str) -> Any:
    """For a latitude out of range whose longitude would be one: words that the two look swapped."""
    if name != "lat" or "lon" not in raw.columns:
        return lambda row: ""

    def hint(row: int) -> str:
        lon = _parse(raw.columns["lon"][row : row + 1])[0][0]
        return "; lat and lon look swapped" if abs(lon) <= 90 else ""

    return hint
