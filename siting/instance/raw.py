"""Tables before validation: columns of text or floats that remember where each row came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from siting.errors import Complaint
from siting.instance.arrays import Flags, Floats, Longs, Texts

LISTED = 20
"""Complaints of one kind about one column are listed up to here, the rest is counted."""


@dataclass(frozen=True)
class RawTable:
    """The cells of one table, N rows.

    Attributes:
        where: file, or name of the frame.
        columns: per header (N,) stripped text, empty where a cell is; numeric columns of a frame
            stay (N,) floats, NaN where a cell is empty.
        lines: (N,) 1-based line in the file where each row begins; None for a frame.
        size: N.
        ragged: (N,) rows with too few or too many cells, already complained about; None where
            there are none.
        written: (N,) position of each row in the table as it was written; None where the rows stand
            as they were.
    """

    where: str
    columns: dict[str, Texts | Floats]
    lines: Longs | None
    size: int
    ragged: Flags | None = None
    written: Longs | None = None

    def text(self, column: str) -> Texts:
        """The column as (N,) text; whole floats without ``.0``, so that id 12.0 is ``12``."""
        cells = self.columns[column]
        return cells.astype(object) if cells.dtype == object else _texts(pd.Series(cells))

    def cell(self, column: str, row: int) -> str:
        """One cell as text."""
        return _text(self.columns[column][row])

    def filled(self, column: str) -> Flags:
        """Which cells are not empty, (N,); none if there is no such column."""
        if column not in self.columns:
            return np.zeros(self.size, dtype=bool)
        cells = self.columns[column]
        return cells != "" if cells.dtype == object else ~np.isnan(cells.astype(np.float64))

    def row(self, row: int) -> tuple[str, int | None]:
        """Where and line of a row: file and line, or ``places.iloc[6]`` for a frame."""
        if self.lines is None:
            return f"{self.where}.iloc[{row if self.written is None else self.written[row]}]", None
        return self.where, int(self.lines[row])

    def header(self) -> int | None:
        """Line of the header: 1 in a file, none in a frame."""
        return None if self.lines is None else 1


@dataclass
class Report:
    """Collects what is wrong (complaints) and what is merely noteworthy (warnings)."""

    complaints: list[Complaint] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, where: str, what: str, line: int | None = None, column: str | None = None) -> None:
        """Complain once."""
        self.complaints.append(Complaint(where, what, line, column))

    def about(self, table: RawTable) -> bool:
        """Whether something about a table was complained about."""
        return any(one.where.partition(".iloc[")[0] == table.where for one in self.complaints)

    def rows(
        self,
        table: RawTable,
        bad: np.ndarray,
        column: str | None,
        say: Callable[[int], str],
    ) -> None:
        """Complain about every row where ``bad`` (N,) is True, as they were written; beyond 20 rows count
        the rest.

        Ragged rows were complained about before; their cells may belong to other columns.
        """
        found = np.flatnonzero(bad if table.ragged is None else bad & ~table.ragged)
        if table.written is not None:
            found = found[np.argsort(table.written[found])]
        for row in found[:LISTED]:
            where, line = table.row(int(row))
            self.add(where, say(int(row)), line, column)
        if len(found) > LISTED:
            self.add(table.where, f"... and {len(found) - LISTED:,} more rows like these", None, column)


def from_frame(name: str, frame: object, report: Report) -> RawTable | None:
    """Take the columns of a DataFrame as they are; its index is not read.

    Args:
        name: name of the table; its rows are called ``name.iloc[0]`` and so on.
        frame: the DataFrame.
        report: receives a complaint if it is not a DataFrame or a header occurs twice.
    """
    if not isinstance(frame, pd.DataFrame):
        report.add(name, f"must be a pandas DataFrame, not {type(frame).__name__}")
        return None
    headers = [str(header).strip() for header in frame.columns]
    for header in repeated(headers):
        report.add(name, "the column occurs more than once", column=header)
    columns: dict[str, Texts | Floats] = {}
    for position, header in enumerate(headers):
        series = frame.iloc[:, position]
        numeric = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
        if numeric and not pd.api.types.is_complex_dtype(series):
            exact = pd.api.types.is_integer_dtype(series) and not _fits_float(series)
            columns[header] = _texts(series) if exact else series.to_numpy(np.float64, na_value=np.nan)
        else:
            columns[header] = _texts(series)
    return RawTable(name, columns, None, len(frame))


def repeated(headers: list[str]) -> list[str]:
    """Headers that occur more than once, each once."""
    return [header for header, count in Counter(headers).items() if count > 1]


def _fits_float(series: pd.Series) -> bool:
    """Whether every integer survives the way to float and back."""
    known = series.dropna()
    return known.empty or bool(known.min() >= -(2**53) and known.max() <= 2**53)


def _texts(series: pd.Series) -> Texts:
    """The series as (N,) object array of text, each distinct value converted once."""
    try:
        codes, distinct = pd.factorize(series)
    except TypeError:  # unhashable cells, e.g. lists
        return np.array([_text(value) for value in series], dtype=object)
    words = np.empty(len(distinct) + 1, dtype=object)
    words[:-1] = [_text(value) for value in distinct]
    words[-1] = ""  # code -1 is a missing value
    return words[codes]


def _text(value: object) -> str:
    """One cell as stripped text; missing values are empty, whole floats lose their ``.0``."""
    if isinstance(value, str):
        return value.strip()
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, float | np.floating | Decimal):
        number = float(value)
        if number != number:
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)
    return str(value).strip()
