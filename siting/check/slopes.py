"""The shape of a frontier once more: what its number limits, slopes, knee, and dominated points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from siting.check.folder import Checked, recorded_question
from siting.check.responses import without_table
from siting.errors import SitingError
from siting.measures import Term
from siting.problem import Problem, bind, overridden

PROVED = 1e-9
"""Relative difference of objectives that the arithmetic of sums explains."""

BULGE = 1e-6
"""Distance from the chord, of 1, from which there is a knee."""


@dataclass(frozen=True, eq=False)
class Limit:
    """What a swept number limits.

    Attributes:
        term: the one limit that moves with it, None without one.
        label: its label without its numbers.
        loosens: whether plans are added as it grows, taken away (False), or neither (None).
    """

    term: Term | None
    label: str
    loosens: bool | None


def limit_of(checked: Checked, name: str, value: float) -> Limit:
    """What a number limits, by asking the question of a plan with a larger or a smaller value of it."""
    here = checked.audit.problem
    there = larger = None
    for other, grows in ((value * 1.5 + 1.0, True), (value * 0.5 - 0.25, False), (value * 0.5, False)):
        question, numbers = recorded_question(checked.files)
        try:
            given = overridden(numbers, {name: other})
            there, larger = bind(here.instance, question, given, build=without_table), grows
        except SitingError:
            continue
        break
    if there is None or larger is None or len(there.limits) != len(here.limits):
        return Limit(None, "", None)
    moved = [
        (one, two)
        for one, two in zip(here.limits, there.limits, strict=True)
        if (one.low, one.high) != (two.low, two.high)
    ]
    if len(moved) != 1:
        return Limit(None, "", None)
    one, two = moved[0]
    # Wider limits allow all plans that narrower ones do, if nothing else has changed.
    wider = two.high >= one.high and two.low <= one.low
    narrower = two.high <= one.high and two.low >= one.low
    loosens = None
    if wider != narrower and _alike(here, there):
        loosens = wider is larger
    return Limit(one.term, one.term.label, loosens)


def _alike(here: Problem, there: Problem) -> bool:
    """Whether two questions value every plan the same."""
    if here.responses.settings != there.responses.settings:
        return False
    if here.responses.horizon_ms != there.responses.horizon_ms:
        return False
    pairs = [*zip(here.objectives, there.objectives, strict=True)]
    terms = [(one.term, two.term) for one, two in pairs]
    terms += [(one.term, two.term) for one, two in zip(here.limits, there.limits, strict=True)]
    return all(one.tolerance == two.tolerance for one, two in pairs) and all(
        one.arguments == two.arguments and bool((one.scope == two.scope).all()) for one, two in terms
    )


def gap_of(value: float, bound: float) -> float:
    """Relative gap of a value to its bound."""
    if value == bound:
        return 0.0
    return abs(value - bound) / abs(value) if value else math.inf


def surpassed(gains: Sequence[float]) -> list[int]:
    """Points, the tightest first, that are no better than a tighter one."""
    found, best = [], -math.inf
    for number, gain in enumerate(gains):
        if best > -math.inf and gain <= best + PROVED * max(1.0, abs(best)):
            found.append(number)
        else:
            best = gain
    return found


def knee_of(values: Sequence[float], gains: Sequence[float]) -> int | None:
    """The point farthest above the chord between the ends, the first of equals; None without one."""
    if len(gains) < 3 or gains[-1] <= gains[0]:
        return None
    wide, high = values[-1] - values[0], gains[-1] - gains[0]
    above = [
        (gain - gains[0]) / high - (value - values[0]) / wide
        for value, gain in zip(values, gains, strict=True)
    ]
    most = max(above)
    return None if most <= BULGE else next(k for k, one in enumerate(above) if one > most - BULGE)


def slope(
    step: float, before: tuple[float, float | None], after: tuple[float, float | None], *, nested: bool
) -> tuple[float, float | None, float | None]:
    """Gain per unit from a tighter to a looser point, and the range in which the best plans' gain is.

    Args:
        step: difference of the swept values.
        before, after: objective and bound of either, more is better.
        nested: whether the looser question allows all plans of the tighter one.
    """
    (had, most_before), (has, most_after) = ((value, _most(value, bound)) for value, bound in (before, after))
    low = None if most_before is None else (has - most_before) / step
    if low is not None and nested:
        low = max(low, 0.0)
    return (has - had) / step, low, None if most_after is None else (most_after - had) / step


def _most(value: float, bound: float | None) -> float | None:
    """What the best plan is worth at most; the value itself where it is proved best."""
    return value if bound is not None and gap_of(value, bound) <= PROVED else bound
