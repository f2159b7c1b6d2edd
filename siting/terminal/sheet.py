"""Lines and aligned tables on a console; text is never taken for markup or for terminal codes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

NAME = 60
"""Characters of a name that a table shows; the files of a plan have it in full."""

WORDS = 10
"""Characters that a column of words keeps, or its longest word, before a table is cut in two."""

_GAP = 2
_CODES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text of others without the codes that would move the cursor or turn the direction of reading."""
    return _CODES.sub("\N{REPLACEMENT CHARACTER}", text)


def line(console: Console, text: str, style: str = "") -> None:
    """Print a line, if there is text."""
    if text:
        console.print(Text(clean(text), style), soft_wrap=True)


def titled(console: Console, title: str, table: Table) -> None:
    """Print a table under its title."""
    console.print()
    line(console, title, "bold")
    show(console, table)


def table(columns: Sequence[str], words_first: int = 1, header_style: str = "") -> Table:
    """A table whose first columns hold words and the others numbers."""
    found = Table(box=None, pad_edge=False, header_style=header_style)
    for number, column in enumerate(columns):
        justify, overflow = ("left", "fold") if number < words_first else ("right", "ellipsis")
        found.add_column(column, justify=justify, overflow=overflow)  # type: ignore[arg-type]
    return found


def row(table: Table, *cells: str) -> None:
    """Add a row; names longer than :data:`NAME` are cut."""
    shown = (clean(cell).replace("\n", " ") for cell in cells)
    table.add_row(*(Text(cell if len(cell) <= NAME else f"{cell[: NAME - 1]}…") for cell in shown))


def show(console: Console, table: Table) -> None:
    """Print a table; where the console is too narrow, words wrap first, then the columns come in parts.

    Numbers are never cut. Each part begins with the first columns of words again.
    """
    natural = [_widths(column)[0] for column in table.columns]
    if sum(natural) + _GAP * (len(natural) - 1) <= console.width:
        console.print(table)
        return
    for place, numbers in enumerate(_parts(table, console.width)):
        if place:
            console.print()
        console.print(_part(table, numbers, console.width))


def _widths(column: Column) -> tuple[int, int]:
    """Characters that a column wants, and those it needs."""
    cells = [str(cell) for cell in column.cells]
    header = str(column.header)
    wanted = max([cell_len(header), *(cell_len(cell) for cell in cells)])
    longest = max((cell_len(word) for word in header.split()), default=0)
    if column.justify == "right":
        return wanted, max([longest, *(cell_len(cell) for cell in cells)])
    longest = max([longest, *(cell_len(word) for cell in cells for word in cell.split())])
    return wanted, min(wanted, max(longest, WORDS), NAME // 2)


def _parts(table: Table, width: int) -> list[list[int]]:
    """Numbers of the columns of each part."""
    least = [_widths(column)[1] + _GAP for column in table.columns]
    first = next((n for n, column in enumerate(table.columns) if column.justify == "right"), len(least))
    lead = list(range(first))
    parts = [list(lead)]
    for number in range(first, len(least)):
        if sum(least[n] for n in [*parts[-1], number]) - _GAP > width and len(parts[-1]) > first:
            parts.append(list(lead))
        parts[-1].append(number)
    return parts


def _part(table: Table, numbers: list[int], width: int) -> Table:
    """Some columns of a table, with what room there is given to the first of them."""
    wanted = [_widths(table.columns[number]) for number in numbers]
    room = width - sum(least for _, least in wanted) - _GAP * (len(numbers) - 1)
    part = Table(box=None, pad_edge=False, header_style=table.header_style, show_header=table.show_header)
    for place, (number, (natural, least)) in enumerate(zip(numbers, wanted, strict=True)):
        more = min(max(room, 0), natural - least)
        room -= more
        part.columns.append(replace(table.columns[number], width=least + more, _index=place))
    part.rows = table.rows
    return part
