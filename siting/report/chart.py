"""Step curves as inline SVG: they print, scale and need no script."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats
from siting.report.language import Language
from siting.report.markup import text

WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 14, 46


@dataclass(frozen=True, eq=False)
class Series:
    """A curve: its name, its class in the style sheet, and its values (T,)."""

    title: str
    style: str
    values: Floats


def chart(
    title: str,
    axis: str,
    x: Floats,
    series: Sequence[Series],
    total: float,
    language: Language,
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """A chart of shares of a total.

    Args:
        title: said to those who cannot see it.
        axis: what x is.
        x: (T,) ascending.
        series: values are parts of ``total``.
        total: 100 %.
        language: of the numbers.
        marks: values of x that are marked, each with a word.
    """
    low, high = float(x[0]), float(x[-1])
    wide, tall = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def across(value: float) -> float:
        return round(_LEFT + wide * (value - low) / ((high - low) or 1.0), 1)

    def up(share: float) -> float:
        return round(_TOP + tall * (1 - share), 1)

    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(title)}">']
    for percent in range(0, 101, 20):
        y = up(percent / 100)
        parts.append(f'<path class="grid" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{percent}\u00a0%</text>')
    for value in _ticks(low, high):
        at = f'x="{across(value)}" y="{HEIGHT - 26}"'
        parts.append(f'<text {at} text-anchor="middle">{language.number(value)}</text>')
    parts.append(f'<text x="{_LEFT + wide / 2}" y="{HEIGHT - 7}" text-anchor="middle">{text(axis)}</text>')
    for value, word in marks:
        if low <= value <= high:
            place = across(value)
            parts.append(f'<path class="mark" d="M{place} {_TOP}V{HEIGHT - _BOTTOM}"/>')
            parts.append(
                f'<text class="marked" x="{place + 4}" y="{HEIGHT - _BOTTOM - 6}">{text(word)}</text>'
            )
    for one in series:
        parts.append(f'<path class="{one.style}" d="{_steps(x, one.values, total, across, up)}"/>')
    return "".join(parts) + "</svg>"


def key(series: Sequence[Series]) -> str:
    """The lines of a chart, each with its name."""
    return "".join(
        f'<span class="key"><svg viewBox="0 0 30 8" width="30" height="8" aria-hidden="true">'
        f'<path class="{one.style}" d="M0 4H30"/></svg> {text(one.title)}</span>'
        for one in series
    )


def _steps(
    x: Floats, values: Floats, total: float, across: Callable[[float], float], up: Callable[[float], float]
) -> str:
    """A path that stays level from one point to the next, without points that change nothing."""
    change = np.ones(len(values), dtype=bool)
    change[1:] = np.diff(values) != 0
    kept = np.flatnonzero(change)
    heights = [up(float(value) / total if total else 0.0) for value in values[kept]]
    places = [across(float(place)) for place in x[kept]]
    path = f"M{places[0]} {heights[0]}"
    path += "".join(f"H{place}V{height}" for place, height in zip(places[1:], heights[1:], strict=True))
    return f"{path}H{across(float(x[-1]))}"


def _ticks(low: float, high: float) -> list[float]:
    """At most nine round values between two."""
    rough = max(high - low, 1e-9) / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(1.0, next(power * m for m in (1, 2, 5, 10) if power * m >= rough))
    return [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
