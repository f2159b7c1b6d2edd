"""Limits on options as rows: few dense ones, and families of limits on disjoint groups.

A limit per community is a thousand rows of a few columns each. Where the groups do not overlap, a
family stores them as one group number and one amount per column. How many options of a group fit
together is a limit of its own: where they cost about the same, it is what a fraction of one more
option would break (a cover inequality; Balas 1975, Facets of the knapsack polytope, Mathematical
Programming 8: 146-164).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from siting.measures import OptionMeasure
from siting.methods.limit_kernels import ROOM
from siting.problem import Problem

_LARGEST = 0.05
"""Share of the options that a group of a family holds at most."""

_FEWEST = 40
"""Disjoint limits from which a family is made of them; fewer are dense rows, whose prices are found
a little faster."""


Group = tuple[Ints, Floats, float]
"""Options of a group, what each uses, and what there is."""


@dataclass(frozen=True, eq=False)
class OptionLimits:
    """Limits on the M options of a problem.

    Attributes:
        use, room: (K, M) and (K,): use @ y <= room.
        member: (F, M) int32 group limit of every option in each family, -1 where it is in none.
        amount: (F, M) what it uses of that limit, >= 0.
        left: (H,) what there is of each group limit.
    """

    use: Floats
    room: Floats
    member: Ints
    amount: Floats
    left: Floats


def option_limits(problem: Problem, tightened: bool = True) -> OptionLimits:
    """The limits on options.

    Args:
        problem: the question.
        tightened: leave out group limits that even all options together keep, and say of the others
            how many options fit; else all limits are as they are stated.
    """
    usable = problem.responses.options.usable
    options = len(usable)
    dense: list[tuple[Floats, float]] = []
    small: list[Group] = []
    for limit in problem.limits:
        measure = limit.term.measure
        if not isinstance(measure, OptionMeasure):
            continue
        coefficients = measure.coefficients(limit.term)
        inside = np.flatnonzero(coefficients).astype(np.int32)
        values = coefficients[inside]
        if math.isinf(limit.low) and len(inside) <= _LARGEST * options and np.all(values >= 0.0):
            small.append((inside, values, limit.high))
            continue
        if math.isfinite(limit.high):
            dense.append((coefficients, limit.high))
        if math.isfinite(limit.low):
            dense.append((-coefficients, -limit.low))
    families = _families(small, options)
    for family in [some for some in families if len(some) < _FEWEST]:
        for inside, values, high in family:
            row = np.zeros(options)
            row[inside] = values
            dense.append((row, high))
    large = [family for family in families if len(family) >= _FEWEST]
    if tightened:
        large = [part for family in large for part in _tightened(family, usable)]
    return _as_arrays(dense, [some for some in large if some], options)


def _tightened(family: list[Group], usable: Flags) -> list[list[Group]]:
    """A family as limits on how many options of a group fit, with the amounts where that says less."""
    amounts: list[Group] = []
    counts: list[Group] = []
    for inside, values, high in family:
        if values[usable[inside]].sum() <= high:
            continue
        fits = values <= high * (1.0 + ROOM)
        ascending = np.sort(values[fits & usable[inside]])
        total = np.cumsum(ascending)
        most = int(np.count_nonzero(total <= high * (1.0 + ROOM)))
        # What does not fit by itself must not fit by number.
        counts.append((inside, np.where(fits, 1.0, most + 1.0), float(most)))
        if ascending[len(ascending) - most :].sum() > high:
            amounts.append((inside, values, high))
    return [amounts, counts]


def _families(small: list[Group], options: int) -> list[list[Group]]:
    """Limits in families whose groups do not overlap."""
    families: list[list[Group]] = []
    taken: list[np.ndarray] = []
    for limit in small:
        into = next((f for f, seen in enumerate(taken) if not seen[limit[0]].any()), len(taken))
        if into == len(taken):
            families.append([])
            taken.append(np.zeros(options, dtype=bool))
        families[into].append(limit)
        taken[into][limit[0]] = True
    return families


def _as_arrays(dense: list[tuple[Floats, float]], families: list[list[Group]], options: int) -> OptionLimits:
    member = np.full((len(families), options), -1, dtype=np.int32)
    amount = np.zeros((len(families), options))
    left: list[float] = []
    for f, family in enumerate(families):
        for inside, values, high in family:
            member[f, inside], amount[f, inside] = len(left), values
            left.append(high)
    return OptionLimits(
        np.array([row for row, _ in dense]).reshape(len(dense), options),
        np.array([high for _, high in dense], dtype=np.float64),
        member,
        amount,
        np.array(left, dtype=np.float64),
    )
