"""How long a large solve usually takes, said before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siting.instance import Instance
    from siting.model import Model

LARGE = 10_000
"""Demand points from which on a time is named; below it a solve takes seconds or meets its own limits."""

_PREPARE = 2e-4
"""Seconds a demand point takes on two cores before a first good plan is there, as measured."""

_OBJECTIVE = 30.0
"""Seconds after which an objective usually ends: proved, or given up by the methods' own limits."""

_MANY = 100_000
"""Demand points from which on an objective takes longer in proportion."""


def usual(instance: Instance, model: Model) -> float | None:
    """Seconds within which a solve usually ends; None where the instance is not large."""
    places = int((~instance.places.excluded).sum())
    if places < LARGE:
        return None
    return places * _PREPARE + len(model.goals) * _OBJECTIVE * max(1.0, places / _MANY)


def estimate(instance: Instance, model: Model, seconds: float | None) -> str:
    """One line for people; empty where there is nothing worth saying.

    Args:
        instance, model: what is asked of what.
        seconds: the time allowed, which may be what ends the solve.
    """
    expected = usual(instance, model)
    if expected is None or (seconds is not None and seconds <= expected):
        return ""
    places, goals = int((~instance.places.excluded).sum()), len(model.goals)
    size = f"{places:,} places, {goals} objective{'' if goals == 1 else 's'}"
    return f"usually within about {spoken(expected)} ({size}); Ctrl-C keeps the best plan so far"


def spoken(seconds: float) -> str:
    """A rough time such as ``40 s`` or ``3 minutes``, rounded up."""
    if seconds <= 90:
        return f"{-(-seconds // 10) * 10:.0f} s"
    return f"{-(-seconds // 60):.0f} minutes"
