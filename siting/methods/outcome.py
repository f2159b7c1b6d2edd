"""What a method hands back to the engine."""

from __future__ import annotations

from dataclasses import dataclass

from siting.instance.arrays import Ints
from siting.methods.warm import Point
from siting.plan import Plan, Termination


@dataclass(frozen=True, eq=False)
class Outcome:
    """A method's plan and bounds, before the engine has checked anything.

    Attributes:
        opened: (K,) sorted option numbers to open, None without a plan.
        bounds: per objective a certified bound, None where there is none; for a later objective
            among plans that keep what the earlier ones achieved.
        termination: why the method stopped.
        infeasible: it is proved that there is no plan.
        plan: the whole plan, where it is more than what is opened; else None.
        duals: per objective a good point of its dual, where the method knows one.
    """

    opened: Ints | None
    bounds: tuple[float | None, ...]
    termination: Termination
    infeasible: bool = False
    duals: tuple[Point | None, ...] = ()
    plan: Plan | None = None
