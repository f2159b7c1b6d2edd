"""sites.csv and assignments.csv."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from siting.figures import DECIMALS

if TYPE_CHECKING:
    from siting.result import Result

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First letters by which a spreadsheet takes text for a formula."""


def write_sites(result: Result, file: Path) -> None:
    """Recommended new facilities, one row each."""
    write_table(result.sites, file)


def write_assignments(result: Result, file: Path) -> None:
    """Who serves each need before and after."""
    write_table(result.assignments, file)


def write_table(table: pd.DataFrame, file: Path) -> None:
    """A table as CSV: UTF-8, one way to write a number, the same bytes on every system.

    Text that a spreadsheet would run as a formula gets an apostrophe in front. NaN is empty.
    """
    columns = [_cells(column, DECIMALS.get(str(name))) for name, column in table.items()]
    lines = [",".join(table.columns), *map(",".join, zip(*columns, strict=True))]
    file.write_bytes(("\n".join(lines) + "\n").encode())


def _cells(column: pd.Series, decimals: int | None) -> list[str]:
    """The cells of a column as CSV; each distinct value is put into words once."""
    codes, distinct = pd.factorize(column)
    words = [_word(value, decimals) for value in distinct] + [""]
    return [words[code] for code in codes]  # NaN has the code -1


def _word(value: object, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    text = str(value)
    if text.startswith(FORMULA):
        text = f"'{text}"
    if any(letter in text for letter in ',"\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return text
