"""The cells of a CSV file of figures, and recomputed values beside them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from siting.check.rounded import agrees
from siting.errors import PlanError, did_you_mean
from siting.instance.raw import RawTable, Report
from siting.loading import load
from siting.readers.csv_file import read_csv


class FigureSheet:
    """A CSV file, and what is wrong with its cells.

    Attributes:
        path: the file.
        size: number of rows.
        findings: differences found so far.
    """

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        """Read a file.

        Raises:
            PlanError: it cannot be read, or its columns are others.
        """
        report = Report()
        raw: RawTable | None = None
        try:
            raw = read_csv(load(path), str(path), report)
        except OSError as error:
            report.add(str(path), f"cannot be read: {error.strerror}")
        if raw is not None and not report.complaints:
            for column in columns:
                if column not in raw.columns:
                    guess = did_you_mean(column, [one for one in raw.columns if one not in columns])
                    report.add(str(path), f"the column is missing{guess}", 1, column)
            for column in raw.columns:
                if column not in columns:
                    report.add(str(path), "the column belongs nowhere", 1, column)
        if report.complaints or raw is None:
            raise PlanError(report.complaints)
        self.path, self.size, self.findings = path, raw.size, list[str]()
        self._raw = raw
        self._cells = {column: raw.text(column) for column in columns}

    def text(self, row: int, column: str) -> str:
        """A cell, without the ``'`` that disarms a formula."""
        return str(self._cells[column][row]).removeprefix("'")

    def number(self, row: int, column: str) -> float | None:
        """A cell as a number, NaN where it is none, None where it is empty."""
        cell = str(self._cells[column][row])
        try:
            return None if not cell else float(cell) if "_" not in cell else math.nan
        except ValueError:
            return math.nan

    def place(self, row: int, column: str) -> str:
        """Where a cell is, for people."""
        where, line = self._raw.row(row)
        return f"{where}:{line} {column}"

    def add(self, row: int, column: str, what: str) -> None:
        """Note what is wrong with a cell."""
        self.findings.append(f"{self.place(row, column)}: {what}")

    def expect(self, row: int, column: str, expected: Any) -> None:
        """Compare a cell with text, a number, one to be rounded, or None for an empty cell."""
        cell = str(self._cells[column][row])
        if isinstance(expected, str):
            right = cell in (expected, f"'{expected}")
        else:
            right = agrees(expected, self.number(row, column))
        if not right:
            words = "an empty cell" if expected in (None, "") else repr(expected)
            self.add(row, column, f"{cell!r}, recomputed {words}")
