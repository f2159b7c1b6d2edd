"""Cells and tables of numbers and names in one language, which are remembered for programs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from siting.report.language import Language
from siting.report.markup import Cell, Column, Row, table


class Cells:
    """Makes the cells of tables; every number is shown as people read it and sorted as it is.

    Attributes:
        language: of words and numbers.
        tables: per table that was made, the keys of its columns of numbers, and per row its id and
            the numbers as they are, None for unknown ones.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.tables: dict[str, dict[str, Any]] = {}

    def table(
        self, key: str, caption: str, columns: Sequence[Column], rows: Iterable[Row], *, sortable: bool = True
    ) -> str:
        """A table, see :func:`siting.report.markup.table`, whose numbers are remembered."""
        body = list(rows)
        at = [number for number, column in enumerate(columns) if column.number]
        self.tables[key] = {
            "columns": [columns[number].key for number in at],
            "rows": [[list(row.id), [row.cells[number].value for number in at]] for row in body],
        }
        return table(key, caption, columns, body, sortable=sortable)

    def title(self, value: object) -> Cell:
        """A title in this language."""
        return Cell(self.language.say(str(value)), is_name=True)

    def name(self, value: object) -> Cell:
        """A name."""
        return Cell(str(value), is_name=True)

    def count(self, value: float | None) -> Cell:
        """A whole number."""
        return Cell(self.language.count(value), _known(value))

    def decimal(self, value: float | None, places: int = 1) -> Cell:
        """A number with decimals."""
        return Cell(self.language.decimal(value, places), _known(value))

    def share(self, value: float | None) -> Cell:
        """A share."""
        return Cell(self.language.share(value), _known(value))

    def gap(self, value: float | None) -> Cell:
        """A gap."""
        return Cell(self.language.gap(value), _known(value))

    def amount(self, value: float | None) -> Cell:
        """A measured value."""
        return Cell(self.language.amount(value), _known(value))

    def column(self, key: str, *, number: bool = True, **fields: object) -> Column:
        """A column by the key of its heading."""
        return Column(self.language.word(f"column.{key}", **fields), number, key)

    def response_columns(self, unit: str) -> list[Column]:
        """Headings of :meth:`response`."""
        keys = (
            "people", "before", "share before", "after", "share after",
            "served before", "mean before", "served after", "mean after", "worst",
        )  # fmt: skip
        return [self.column(key, unit=unit) for key in keys]

    def response(self, figures: Mapping[str, Any]) -> list[Cell]:
        """Response figures before and after, with the people they are shares of."""
        old, new = figures["before"], figures["after"]
        return [
            self.count(new["people"]),
            self.count(old["people_within"]),
            self.share(old["share"]),
            self.count(new["people_within"]),
            self.share(new["share"]),
            self.count(old["people_served"]),
            self.decimal(old["mean_minutes"]),
            self.count(new["people_served"]),
            self.decimal(new["mean_minutes"]),
            self.decimal(new["worst_minutes"]),
        ]


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
