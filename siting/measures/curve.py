"""Piecewise-linear functions of response time, given as points in a model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.measures.arguments import Argument, Value
from siting.measures.base import DOWN, UP, NeedMeasure, Term
from siting.measures.per import PER, size


class Curve(NeedMeasure):
    """Sum over needs of people (or fires) x f(t_i), f linear between the points of a curve.

    Before the first point f is its value; after the last, and where nobody comes, that of the last.
    """

    ruled = False

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """Value of the curve after ms (K,), times what it is per."""
        points = _points(term.arguments)
        value = np.interp(ms / 60_000, points[:, 0], points[:, 1])
        return size(term, need) * value

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """The last point: later answers are worth as little as none."""
        return round(float(_points(arguments)[-1, 0]) * 60_000)

    def unserved(self, term: Term, need: Ints) -> Floats:
        """The value of the last point."""
        return size(term, need) * float(_points(term.arguments)[-1, 1])


class Utility(Curve):
    """What answers are worth: the sooner, the more (Berman, Krass & Drezner 2003).

    Berman, O., Krass, D. and Drezner, Z. (2003). The gradual covering decay location problem on a
    network. European Journal of Operational Research 151: 474-480.
    """

    name = "utility"
    title = "utility of the response times (weighted by service)"
    unit = "weighted people"
    tight = UP
    arguments: ClassVar = {
        "points": Argument("[[minutes, worth], ...], falling", kind="points", required=True),
        "per": PER,
    }
    algebra = "sum_i w_i u(t_i), u falling and linear between points"


class Losses(Curve):
    """What late answers cost in lives or property: the later, the more."""

    name = "losses"
    title = "expected losses"
    unit = "losses a year"
    tight = DOWN
    arguments: ClassVar = {
        "points": Argument("[[minutes, loss], ...], rising", kind="points", required=True, rises=True),
        "per": PER,
    }
    algebra = "sum_i f_i l(t_i), l rising and linear between points, f_i fires (or people)"


def _points(arguments: Mapping[str, Value]) -> Floats:
    """(X, 2) minutes and values."""
    return np.array(arguments["points"], dtype=np.float64).reshape(-1, 2)
