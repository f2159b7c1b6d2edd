"""HTML from text nobody has checked: everything is escaped here, and nowhere else."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))


def text(value: object) -> str:
    """Text that means nothing to a browser; control characters are left out."""
    return html.escape(str(value).translate(_CONTROLS), quote=True)


def name(value: object) -> str:
    """A name, whose direction of writing does not turn what stands around it."""
    return f"<bdi>{text(value)}</bdi>"


def data(value: Any, key: str) -> str:
    """A block of data for scripts, in which no markup can end the block."""
    packed = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = packed.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f'<script type="application/json" id="{key}">{safe}</script>'


@dataclass(frozen=True)
class Column:
    """A column: its heading, whether it holds numbers, and what programs call it."""

    title: str
    number: bool = True
    key: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell: what is shown, and the number it is sorted by, None for text or what is unknown."""

    shown: str
    value: float | None = None
    is_name: bool = False


@dataclass(frozen=True)
class Row:
    """A row, the service and region it is about, -1 for none, and what programs call it."""

    cells: Sequence[Cell]
    service: int = -1
    region: int = -1
    id: tuple[str, ...] = ()


def table(
    key: str, caption: str, columns: Sequence[Column], rows: Iterable[Row], *, sortable: bool = True
) -> str:
    """A table with a caption, in a box that scrolls; numbers are sorted as such.

    Args:
        key: id of the table.
        caption: text.
        columns, rows: of equal width; text.
        sortable: headings are buttons.
    """
    body = list(rows)
    headings = "".join(_heading(column, sortable) for column in columns)
    lines = "".join(_row(row, columns) for row in body)
    classes = ' class="sortable"' if sortable else ""
    return (
        f'<div class="box" role="region" tabindex="0" aria-labelledby="{key}-caption">'
        f'<table id="{key}"{classes}><caption id="{key}-caption">{text(caption)}</caption>'
        f"<thead><tr>{headings}</tr></thead><tbody>{lines}</tbody></table></div>\n"
    )


def _heading(column: Column, sortable: bool) -> str:
    shown = f'<button type="button">{text(column.title)}</button>' if sortable else text(column.title)
    return f'<th scope="col"{" class=n" if column.number else ""}>{shown}</th>'


def _row(row: Row, columns: Sequence[Column]) -> str:
    about = "".join(
        f" data-{what}={number}"
        for what, number in (("service", row.service), ("region", row.region))
        if number >= 0
    )
    cells = "".join(_cell(cell, column.number) for cell, column in zip(row.cells, columns, strict=True))
    return f"<tr{about}>{cells}</tr>\n"


def _cell(cell: Cell, number: bool) -> str:
    shown = name(cell.shown) if cell.is_name else text(cell.shown)
    if not number:
        return f"<td>{shown}</td>"
    value = "" if cell.value is None else f' data-v="{cell.value:.12g}"'
    return f"<td class=n{value}>{shown}</td>"
