"""Cells of numbers and names in one language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from siting.report.language import Language
from siting.report.markup import Cell, Column


class Cells:
    """Makes the cells of tables; every number is shown as people read it and sorted as it is."""

    def __init__(self, language: Language) -> None:
        self.language = language

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
        return Column(self.language.word(f"column.{key}", **fields), number)

    def response_columns(self, unit: str) -> list[Column]:
        """Headings of :meth:`response`."""
        plain = ("people", "before", "share before", "after", "share after")
        timed = ("mean before", "mean after", "worst")
        return [self.column(key) for key in plain] + [self.column(key, unit=unit) for key in timed]

    def response(self, figures: Mapping[str, Any]) -> list[Cell]:
        """Response figures before and after, with the people they are shares of."""
        old, new = figures["before"], figures["after"]
        return [
            self.count(new["people"]),
            self.count(old["people_within"]),
            self.share(old["share"]),
            self.count(new["people_within"]),
            self.share(new["share"]),
            self.decimal(old["mean_minutes"]),
            self.decimal(new["mean_minutes"]),
            self.decimal(new["worst_minutes"]),
        ]


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
