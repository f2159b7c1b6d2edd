"""What one solve leaves to the next, when only a few numbers or decisions change in between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.response import Responses


@dataclass(frozen=True, eq=False)
class Point:
    """A point of the dual, by needs: limits may change, needs stay.

    Attributes:
        need: (n,) ascending first need of every row.
        lam: (n,) multipliers of the rows before anything was fixed.
        mu: (G,) multipliers of the floors.
        pi: (K,) prices of the limits.
        tau: width of the smoothing of the price search.
        toll: (H,) prices of the group limits.
    """

    need: Ints
    lam: Floats
    mu: Floats
    pi: Floats
    tau: float
    toll: Floats = field(default_factory=lambda: np.empty(0))

    def at(self, need: Ints) -> tuple[np.ndarray, Floats]:
        """Which of some needs (x,) have a multiplier, (x,) flags, and those that there are."""
        where = np.minimum(np.searchsorted(self.need, need), max(0, len(self.need) - 1))
        known = self.need[where] == need if len(self.need) else np.zeros(len(need), dtype=bool)
        return known, self.lam[where[known]]


@dataclass(frozen=True, eq=False)
class Warm:
    """What a solve hands over.

    Attributes:
        table: response times as they were searched for, with all options that were usable then.
        opened: (K,) option numbers of the plan, None without one.
        duals: per objective a good point of its dual, where the method knows one.
    """

    table: Responses
    opened: Ints | None
    duals: tuple[Point | None, ...] = ()

    def after(self, opened: Ints | None, duals: tuple[Point | None, ...]) -> Warm:
        """What is handed over once a solve has found a plan and points; what it has not found stays."""
        return replace(
            self,
            opened=self.opened if opened is None else opened,
            duals=tuple(new or self.dual(number) for number, new in enumerate(duals)) or self.duals,
        )

    def dual(self, number: int) -> Point | None:
        """The point known for an objective."""
        return self.duals[number] if number < len(self.duals) else None
