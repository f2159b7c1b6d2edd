"""sites.csv, closed.csv and assignments.csv."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from siting.figures import DECIMALS, closed_table
from siting.instance.arrays import Longs, Texts

if TYPE_CHECKING:
    from siting.result import Result

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First letters by which a spreadsheet takes text for a formula."""

_SPECIAL = re.compile('[,"\r\n]').search
"""Finds a character for which a cell is quoted."""

_ROWS_AT_A_TIME = 1 << 16


def write_sites(result: Result, file: Path) -> None:
    """Recommended new facilities, one row each."""
    write_table(result.sites, file)


def write_closed(result: Result, file: Path) -> None:
    """Existing facilities that are closed, one row each."""
    write_table(closed_table(result), file)


def write_assignments(result: Result, file: Path) -> None:
    """Who serves each need before and after."""
    write_table(result.assignments, file)


def write_nesting(result: Result, file: Path) -> None:
    """What it costs that the plan is built period by period."""
    write_table(result.nesting, file)


def write_stability(result: Result, file: Path) -> None:
    """How stable the recommended facilities are."""
    write_table(result.stability, file)


def write_table(table: pd.DataFrame, file: Path) -> None:
    """A table as CSV: UTF-8, one way to write a number, the same bytes on every system."""
    with file.open("wb") as out:
        for piece in table_text(table):
            out.write(piece.encode())


def table_text(table: pd.DataFrame) -> Iterator[str]:
    """The text of a table as CSV, in pieces of whole lines.

    Text that a spreadsheet would run as a formula gets an apostrophe in front. NaN is empty.
    """
    columns = [_cells(column, DECIMALS.get(str(name))) for name, column in table.items()]
    yield ",".join(table.columns) + "\n"
    for first in range(0, len(table), _ROWS_AT_A_TIME):
        rows = slice(first, first + _ROWS_AT_A_TIME)
        cells = (words[codes[rows]].tolist() for words, codes in columns)
        yield "\n".join(map(",".join, zip(*cells, strict=True))) + "\n"


def _cells(column: pd.Series, decimals: int | None) -> tuple[Texts, Longs]:
    """The distinct cells of a column as CSV, and per row which of them it holds."""
    codes, distinct = pd.factorize(column)
    words = [_word(value, decimals) for value in np.asarray(distinct, dtype=object).tolist()]
    return np.array([*words, ""], dtype=object), codes  # NaN has the code -1


def _word(value: object, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    text = str(value)
    if isinstance(value, str) and text.startswith(FORMULA):
        text = f"'{text}"
    if _SPECIAL(text):
        text = '"' + text.replace('"', '""') + '"'
    return text
