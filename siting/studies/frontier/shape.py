"""The shape of a frontier: which points are dominated, where the knee is, and the slopes.

Points come with the tightest value of the swept number first. Values of the objective are such that
more is better; whoever minimizes negates them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siting.plan import PROVED_GAP, relative_gap

BULGE = 1e-6
"""Distance from the chord, of 1, below which a frontier is straight: it has no knee."""


def undominated(gains: Sequence[float]) -> list[int]:
    """Points that no tighter one equals or surpasses.

    The second axis is thereby minimized among equals, as in Mavrotas (2009), Applied Mathematics
    and Computation 213: 455-465: of the points with the same objective only the tightest is left.

    Args:
        gains: objective per point, more is better.

    Returns:
        Numbers of the points, ascending.
    """
    kept: list[int] = []
    for number, gain in enumerate(gains):
        best = gains[kept[-1]] if kept else None
        if best is None or gain > best + PROVED_GAP * max(1.0, abs(best)):
            kept.append(number)
    return kept


def knee(looseness: Sequence[float], gains: Sequence[float]) -> int | None:
    """The point farthest from the chord between the ends, on the side where more is had for less.

    Both axes are brought to 0..1 first. This is the bulge of Das (1999), Structural Optimization 18:
    107-115; of a discrete curve without noise, "kneedle" of Satopaa et al. (2011), ICDCS Workshops,
    166-171, finds the same point as its largest difference.

    Args:
        looseness: (P,) swept value per point, ascending as plans are added.
        gains: (P,) objective per point, more is better.

    Returns:
        Number of the point, the tightest of equals; None with fewer than three points, or where the
        frontier is straight or bulges the other way only.
    """
    if len(gains) < 3 or gains[-1] <= gains[0]:
        return None
    x, y = np.asarray(looseness, dtype=float), np.asarray(gains, dtype=float)
    above = (y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])
    most = int(np.argmax(above > above.max() - BULGE))
    return most if above[most] > BULGE else None


def slope(
    step: float, before: tuple[float, float | None], after: tuple[float, float | None], nested: bool
) -> tuple[float, float | None, float | None]:
    """What one more unit of the swept number brings, on average between two points.

    Args:
        step: difference of the swept values, > 0.
        before, after: objective and certified bound of the tighter and of the looser point, more is
            better; the best value of each is somewhere between the two.
        nested: whether the looser point has all plans of the tighter one, so that nothing is lost.

    Returns:
        Gain of the plans at hand per unit, and the least and the most that it is for the best plans;
        None where there is no bound.
    """
    (had, had_bound), (has, has_bound) = ((value, _certain(value, bound)) for value, bound in (before, after))
    least = None if had_bound is None else (has - had_bound) / step
    if least is not None and nested:
        least = max(0.0, least)
    return (has - had) / step, least, None if has_bound is None else (has_bound - had) / step


def _certain(value: float, bound: float | None) -> float | None:
    """The bound without what the arithmetic of a proof cannot tell from the value."""
    return value if bound is not None and relative_gap(value, bound) <= PROVED_GAP else bound
