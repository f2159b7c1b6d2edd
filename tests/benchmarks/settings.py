"""What the command line sets for all benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

QUICK_SECONDS = 6.0


@dataclass(frozen=True)
class Settings:
    """Limits and folders of one run.

    Attributes:
        work: temporary folder for generated instances and model files.
        out: folder for plots and the table, None to write neither.
        data: folder of public files.
        seconds: wall seconds for each of our solves, None for each benchmark's own.
        rival_seconds: the same for rivals.
        gigabytes: memory a rival may take.
        quick: a small selection, with short limits.
    """

    work: Path
    out: Path | None
    data: Path
    seconds: float | None = None
    rival_seconds: float | None = None
    gigabytes: float = 12.0
    quick: bool = False

    def ours(self, default: float) -> float:
        """Wall seconds of one of our solves."""
        return self._limit(self.seconds, default)

    def rival(self, default: float) -> float:
        """Wall seconds of one solve of a rival."""
        return self._limit(self.rival_seconds, default)

    def _limit(self, given: float | None, default: float) -> float:
        if given is not None:
            return given
        return min(default, QUICK_SECONDS) if self.quick else default

    def some(self, everything: Sequence[T], count: int) -> Sequence[T]:
        """All, or the first few when quick."""
        return everything[:count] if self.quick else everything
