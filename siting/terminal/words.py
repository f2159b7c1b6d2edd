"""Numbers in words for people."""

from __future__ import annotations


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
    """A relative gap such as ``0.21 %``, never rounded to 0; a dash for what is unknown."""
    if value is None:
        return "-"
    percent = 100 * value
    if percent == 0:
        return "0 %"
    if percent < 0.0001:
        return "< 0.0001 %"
    return f"{percent:.2f} %" if percent >= 0.1 else f"{percent:.4f} %"


def amount(value: float | None) -> str:
    """A measured value: whole from 1,000 on, with two decimals below."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.2f}"
