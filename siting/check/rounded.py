"""Figures that a file holds rounded."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
