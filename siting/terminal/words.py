"""Numbers in words for people."""

from __future__ import annotations

import math

from siting.plan import PROVED_GAP


def count(value: float | None) -> str:
    """A count such as ``31,234``; a dash for what is unknown."""
    return "-" if value is None else f"{value:,.0f}"


def decimal(value: float | None, places: int = 1) -> str:
    """A number with decimals; a dash for what is unknown."""
    return "-" if value is None else f"{value:,.{places}f}"


def share(value: float | None) -> str:
    """A share such as ``91.02 %``, never rounded up to 100 %; a dash for what is unknown."""
    if value is None:
        return "-"
    return f"{min(100 * value, 99.99) if value < 1 else 100 * value:.2f} %"


def gap(value: float | None) -> str:
    """A relative gap such as ``0.21 %``, rounded up so that it stays certified; a dash if unknown.

    What the arithmetic of a proof cannot tell from 0 is 0.
    """
    if value is None:
        return "-"
    if value <= PROVED_GAP:
        return "0 %"
    percent = round(100 * value, 9)  # 0.21, not 0.21000000000000002
    if percent < 0.0001:
        return "< 0.0001 %"
    places = 2 if percent >= 0.1 else 4
    return f"{math.ceil(round(percent * 10**places, 5)) / 10**places:,.{places}f} %"


def amount(value: float | None) -> str:
    """A measured value: whole from 1,000 on, with two decimals below."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.2f}"
