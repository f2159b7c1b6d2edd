"""Figures that a file holds rounded, or not quite to the last digit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rounded:
    """A recomputed figure that is written with so many decimals, give or take ``off``."""

    value: float
    decimals: int
    off: float = 0.0

    def agrees(self, written: object) -> bool:
        """Whether a number is this figure rounded; a figure halfway between may go either way."""
        if isinstance(written, bool) or not isinstance(written, int | float):
            return False
        if not math.isfinite(written) or round(written, self.decimals) != written:
            return False
        unit = 10.0**-self.decimals
        return abs(written - self.value) <= unit / 2 + 1e-12 * max(1.0, abs(self.value)) + self.off

    def __repr__(self) -> str:
        return f"{self.value:.{self.decimals}f}"


@dataclass(frozen=True)
class Near:
    """A recomputed figure that is written unrounded, give or take ``off``, and what arithmetic explains."""

    value: float
    off: float = 0.0

    def agrees(self, written: object) -> bool:
        """Whether a number is this figure."""
        if isinstance(written, bool) or not isinstance(written, int | float):
            return False
        return abs(written - self.value) <= 1e-12 * max(1.0, abs(self.value)) + self.off

    def __repr__(self) -> str:
        return f"{self.value:.12g}"


def agrees(expected: Any, written: Any) -> bool:
    """Whether a value of a file is the recomputed one."""
    if isinstance(expected, Rounded | Near):
        return expected.agrees(written)
    if isinstance(expected, bool) or isinstance(written, bool) or isinstance(expected, str | None):
        return type(expected) is type(written) and bool(expected == written)
    return isinstance(written, int | float) and bool(expected == written)


def number_of(figure: Any) -> float:
    """The recomputed number itself; NaN where there is none."""
    if isinstance(figure, Rounded | Near):
        return figure.value
    return math.nan if figure is None else float(figure)
