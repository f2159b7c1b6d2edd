"""A plan (what is open, who serves whom) and what is proved about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from siting.instance.arrays import Floats, Ints

PROVED_GAP = 1e-9
"""Relative gap at which bound and plan agree, up to the arithmetic of sums in double precision."""


class Status(Enum):
    """What is proved about the plan; never a solver's own word."""

    OPTIMAL = "proved optimal"
    """Bound and objective agree: no better plan exists."""
    BOUNDED = "within bound"
    """A plan and a certified bound; the gap says how much better a plan could be at most."""
    HEURISTIC = "heuristic"
    """A checked plan without any bound."""
    INFEASIBLE = "proved infeasible"
    """No plan satisfies all limits."""
    UNKNOWN = "no plan found"
    """Stopped before a plan was found; nothing is proved."""


class Termination(Enum):
    """Why the solve stopped."""

    PROVED = "proved"
    """Nothing was left to prove."""
    GAP = "gap reached"
    """The requested gap was certified."""
    TIME = "time limit"
    """The time limit was reached."""
    INTERRUPTED = "interrupted"
    """The user or the calling program asked to stop."""
    FINISHED = "method finished"
    """The method had nothing more to try before any limit was reached."""


def relative_gap(value: float, bound: float) -> float:
    """Gap |bound - value| / |value| as MIP solvers define it; 0 when both agree, else inf at 0."""
    if bound == value:
        return 0.0
    return abs(bound - value) / abs(value) if value else float("inf")


@dataclass(frozen=True, eq=False)
class Shares:
    """Who serves which share of a need, where several may.

    Attributes:
        need: (K,) int32 needs, ascending; those nobody serves do not occur.
        option: (K,) int32 option, ascending within a need.
        share: (K,) share of the need that the option serves, > 0; of one need at most 1 in all.
        ms: (K,) int32 response time.
    """

    need: Ints
    option: Ints
    share: Floats
    ms: Ints


@dataclass(frozen=True, eq=False)
class Plan:
    """Which options are open and which option serves each need.

    Options are numbered existing facilities first (0..F-1), then candidates (F..F+C-1).

    Attributes:
        opened: (K,) int32 sorted option numbers of the newly opened candidates.
        serves: (N,) int32 option that serves each need, -1 where none does; where several share
            a need, the one that serves most of it.
        response_ms: (N,) int32 response time in ms; meaningless where ``serves`` is -1.
        units: (K,) int32 units opened of each.
        closed: (D,) int32 sorted option numbers of the existing facilities that are closed.
        shares: who serves which share, where several may serve a need; else None.
    """

    opened: Ints
    serves: Ints
    response_ms: Ints
    units: Ints = None  # type: ignore[assignment]
    closed: Ints = None  # type: ignore[assignment]
    shares: Shares | None = None

    def __post_init__(self) -> None:
        """One unit each, and nothing closed, where nothing else is said."""
        if self.units is None:
            object.__setattr__(self, "units", np.ones(len(self.opened), dtype=np.int32))
        if self.closed is None:
            object.__setattr__(self, "closed", np.zeros(0, dtype=np.int32))

    @property
    def served(self) -> np.ndarray:
        """(N,) True where some open option serves the need."""
        return self.serves >= 0


@dataclass(frozen=True)
class Achieved:
    """One objective of a (lexicographic) solve and what is proved about it.

    Attributes:
        measure: the measure and what narrows it, e.g. ``people_within [fire_rescue]``.
        maximize: whether more is better.
        unit: unit of ``value`` and ``bound``.
        value: objective of the plan, recomputed from the plan.
        bound: certified bound (upper when maximizing), None when there is none. For a later
            objective it holds among plans that keep what the earlier objectives achieved.
        before: the same measure with existing facilities only, None where it is undefined.
    """

    measure: str
    maximize: bool
    unit: str
    value: float
    bound: float | None
    before: float | None

    @property
    def gap(self) -> float | None:
        """Relative gap between bound and value; None without a bound."""
        return None if self.bound is None else relative_gap(self.value, self.bound)
