"""An Excel workbook of the tables of a result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from siting.errors import PlanError
from siting.figures import DECIMALS
from siting.readers.extras import extra
from siting.writers.tables import FORMULA

MOST_ROWS = 1_048_575
"""Rows of a sheet, below its header."""

_MOST_LETTERS = 32_767
"""Letters of a cell."""

_WIDEST = 60
_LOOKED_AT = 500
"""Rows by which the width of a column is chosen."""


def write_workbook(sheets: Mapping[str, pd.DataFrame], file: Path) -> None:
    """One sheet per table: a header that stays in sight, filters, widths and formats of numbers.

    Text is never a formula: it is written as text, and what begins like one is quoted, so that it
    stays text when the cell is edited. Text longer than a cell takes is cut, and ends in an ellipsis.

    Args:
        sheets: tables by the names of their sheets.
        file: where to.

    Raises:
        PlanError: a table has more rows than a sheet.
    """
    long = [name for name, table in sheets.items() if len(table) > MOST_ROWS]
    if long:
        raise PlanError(
            f"{name}: {len(sheets[name]):,} rows, but an Excel sheet holds {MOST_ROWS:,}; choose parquet"
            for name in long
        )
    xlsxwriter = extra("xlsxwriter", "excel")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(file), options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        quoted = book.add_format({"quote_prefix": True})
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for number, (column, values) in enumerate(table.items()):
                shape = book.add_format({"num_format": _number_format(str(column), values)})
                sheet.set_column(number, number, _width(str(column), values), shape)
                sheet.write_string(0, number, str(column), bold)
                _write_column(sheet, number, values.tolist(), shape, quoted)
            if len(table.columns):
                sheet.autofilter(0, 0, max(1, len(table)), len(table.columns) - 1)


def _write_column(sheet: Any, number: int, values: list[object], shape: Any, quoted: Any) -> None:
    for row, value in enumerate(values, 1):
        if isinstance(value, bool | int | float):
            if math.isfinite(value):
                sheet.write_number(row, number, value, shape)
        elif value not in (None, ""):
            text = str(value)
            if len(text) > _MOST_LETTERS:
                text = text[: _MOST_LETTERS - 1] + "…"
            sheet.write_string(row, number, text, quoted if text.startswith(FORMULA) else None)


def _number_format(column: str, values: pd.Series) -> str:
    """How Excel shows the numbers of a column."""
    if "share" in column or column == "gap":
        return "0.00%"
    if column in DECIMALS:
        return "#,##0." + "0" * DECIMALS[column]
    return "#,##0" if pd.api.types.is_integer_dtype(values) else "General"


def _width(column: str, values: pd.Series) -> int:
    """Letters that a column needs, by its header and first rows."""
    longest = max((len(str(value)) for value in values.head(_LOOKED_AT)), default=0)
    return min(_WIDEST, max(len(column), longest) + 3)
