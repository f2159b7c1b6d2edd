"""Lines and aligned tables on a console; text is never taken for markup."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def line(console: Console, text: str, style: str = "") -> None:
    """Print a line, if there is text."""
    if text:
        console.print(Text(text, style), soft_wrap=True)


def titled(console: Console, title: str, table: Table) -> None:
    """Print a table under its title."""
    console.print()
    line(console, title, "bold")
    console.print(table)


def table(columns: Sequence[str], words_first: int = 1, header_style: str = "") -> Table:
    """A table whose first columns hold words and the others numbers."""
    found = Table(box=None, pad_edge=False, header_style=header_style)
    for number, column in enumerate(columns):
        found.add_column(column, justify="left" if number < words_first else "right")
    return found


def row(table: Table, *cells: str) -> None:
    """Add a row."""
    table.add_row(*(Text(cell) for cell in cells))
