"""Words that findings share."""

from __future__ import annotations

from collections.abc import Sequence

from siting.doctor.findings import Row

NAMED = 3
"""Rows that a line names."""


def many(count: int, one: str, several: str = "") -> str:
    """A number with its noun: ``1 place``, ``2,310 places``."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def named(rows: Sequence[Row]) -> str:
    """The first few rows by name and how many more there are."""
    first = [one.name or one.id for one in rows[:NAMED]]
    more = len(rows) - len(first)
    return ", ".join(first) + (f" and {more:,} more" if more else "")


def share(part: float, whole: float) -> str:
    """Percent of a whole; never rounded to 0 % or 100 % of what is neither."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "less than 0.01 %"
    if percent >= 99.95 and part < whole:
        return "more than 99.9 %"
    return f"{percent:.3g} %" if percent < 10 else f"{percent:.1f} %".replace(".0 %", " %")


def distance(metres: float) -> str:
    """Metres, from 1,000 on km."""
    return f"{metres:,.0f} m" if metres < 1000 else f"{metres / 1000:,.1f}".removesuffix(".0") + " km"


def listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last
