"""What one solve leaves to the next, when only a few numbers or decisions change in between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.plan import Plan
from siting.response import Responses

if TYPE_CHECKING:
    from siting.check.times import Ground


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

    def towards(self, other: Point | None, share: float) -> Point:
        """The point that lies so far on the way to another one, where both are of the same rows."""
        if other is None or not np.array_equal(self.need, other.need):
            return self
        ours, theirs = self._multipliers, other._multipliers
        if any(len(one) != len(two) for one, two in zip(ours, theirs, strict=True)):
            return self
        lam, mu, pi, toll = (a + share * (b - a) for a, b in zip(ours, theirs, strict=True))
        return Point(self.need, lam, mu, pi, min(self.tau, other.tau), toll)

    @property
    def _multipliers(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.lam, self.mu, self.pi, self.toll

    def at(self, need: Ints) -> tuple[np.ndarray, Floats]:
        """Which of some needs (x,) have a multiplier, (x,) flags, and those that there are."""
        where = np.minimum(np.searchsorted(self.need, need), max(0, len(self.need) - 1))
        known = self.need[where] == need if len(self.need) else np.zeros(len(need), dtype=bool)
        return known, self.lam[where[known]]


@dataclass(frozen=True, eq=False)
class Opening:
    """What a plan decides; who serves whom follows from it, or is found anew.

    Attributes:
        opened: (K,) sorted option numbers of the new facilities, and ``units`` (K,) of each.
        closed: (D,) sorted option numbers of the existing facilities that are closed.
    """

    opened: Ints
    units: Ints
    closed: Ints

    @classmethod
    def once(cls, opened: Ints) -> Opening:
        """One unit of each, and nothing closed."""
        return cls(opened, np.ones(len(opened), dtype=np.int32), np.zeros(0, dtype=np.int32))

    def plan(self, responses: Responses) -> Plan:
        """As a plan in which the first to answer serves."""
        serves = responses.serve(self.opened, self.closed)
        return Plan(self.opened, *serves, self.units, self.closed)


@dataclass(frozen=True, eq=False)
class Reached:
    """Where a solve stands with an objective.

    Attributes:
        plan: the best plan.
        value: what it is worth, None where that is known only to what optimizes.
        point: the best point of the dual, None where there is none.
        bound: what the point proves.
    """

    plan: Opening
    value: float | None = None
    point: Point | None = None
    bound: float | None = None


@dataclass(frozen=True, eq=False)
class Warm:
    """What a solve hands over.

    Attributes:
        table: response times as they were searched for, with all options that were usable then.
        opened: (K,) option numbers of the plan, None without one.
        duals: per objective a good point of its dual, where the method knows one.
        beside: option numbers of another plan that may be as near.
        ground: what the check of the last plan has derived from the instance, by its own route.
        plans: per objective the best plan of a solve of this very question that did not end.
    """

    table: Responses
    opened: Ints | None
    duals: tuple[Point | None, ...] = ()
    beside: Ints | None = None
    ground: Ground | None = None
    plans: tuple[Opening | None, ...] = ()

    def between(self, other: Warm, share: float) -> Warm:
        """What two solves hand over to one whose question lies so far on the way to the other's."""
        duals = tuple(
            point if point is None else point.towards(other.dual(number), share)
            for number, point in enumerate(self.duals)
        )
        return replace(self, duals=duals, beside=other.opened)

    def after(self, opened: Ints | None, duals: tuple[Point | None, ...]) -> Warm:
        """What is handed over once a solve has found a plan and points; what it has not found stays."""
        return replace(
            self,
            opened=self.opened if opened is None else opened,
            duals=tuple(new or self.dual(number) for number, new in enumerate(duals)) or self.duals,
            beside=None,
            plans=(),
        )

    def dual(self, number: int) -> Point | None:
        """The point known for an objective."""
        return self.duals[number] if number < len(self.duals) else None

    def plan(self, number: int) -> Opening | None:
        """The plan known for an objective of this very question."""
        return self.plans[number] if number < len(self.plans) else None
