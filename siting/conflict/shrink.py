"""A small set in conflict where there are many conditions, or pairs: found by covers, then made smaller.

Junker, U. (2004). QUICKXPLAIN: preferred explanations and relaxations for over-constrained problems.
AAAI 2004: 167-172. The conditions that take most of what is too little are preferred, so that few are
enough.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siting.conflict.conditions import Condition, Kept
from siting.conflict.covers import Take
from siting.conflict.oracle import Oracle

ROUGH = 0.6
"""Share of the time for sets in conflict before the smallest of them is made smaller."""


def shrunk(oracle: Oracle) -> Kept | None:
    """A set that is proved to be in conflict, of which as much as time allows is left out; or None."""
    whole, oracle.thorough = oracle.run, False
    oracle.run = whole.within(ROUGH * whole.left)
    rough = _rough(oracle)
    oracle.run = whole
    found = []
    for number, kept in enumerate(rough):
        oracle.run = whole.within(whole.left / (len(rough) - number))
        found.append(_smaller(oracle, kept))
    oracle.run, oracle.thorough = whole, True
    return min(found, key=len) if found else None


def _rough(oracle: Oracle) -> list[Kept]:
    """All floors with each limit, or group of limits, of which they take too much."""
    quick, every = oracle.quick, oracle.conditions.every
    floors = [one for one in every if quick.covers.demand(one) is not None]
    required = [one for one in every if one.options]
    limits = [one for one in every if quick.covers.limits(one)]
    if not floors:
        return []
    everything = frozenset([*floors, *required, *limits])
    asked = quick.asked(everything)
    if asked is None:
        return []
    before = len(oracle.refuted)
    modest = quick.modest(asked)
    for take, some in quick.doubtful(limits, quick.covers.option if modest is None else modest):
        own = frozenset([*floors, *required, *some])
        if not oracle.run.over and oracle.known(own) is None:
            quick.weigh(asked, take, some, everything)
    return oracle.refuted[before:]


def _smaller(oracle: Oracle, kept: Kept) -> Kept:
    """The same without conditions that it does not need."""
    asked = oracle.quick.asked(kept)
    if asked is None:
        return kept
    take = oracle.quick.covers.together(asked.limits)
    use = {floor: _use(oracle, floor, take) for floor in asked.floors}
    floors = sorted(asked.floors, key=lambda one: -use[one])
    others = sorted(kept - set(floors), key=oracle.conditions.place.__getitem__)
    total = np.cumsum([use[one] for one in floors])
    count = min(len(floors), int(np.searchsorted(total, take.high, side="right")) + 1)
    while count < len(floors) and not oracle.run.over:
        fewer = frozenset([*others, *floors[:count]])
        if oracle.decide(fewer) is False:
            break
        count += max(1, count // 5)
    left = [*others, *floors[:count]]
    if oracle.known(frozenset(left)) is not False:
        left = [*others, *floors]
    return frozenset(_preferred(oracle, [], left, False))


def _use(oracle: Oracle, floor: Condition, take: Take) -> float:
    """What a plan for a floor alone takes."""
    covers = oracle.quick.covers
    return float(take.price[np.isin(covers.option, oracle.quick.alone(floor))].sum())


def _preferred(
    oracle: Oracle, kept: Sequence[Condition], rest: Sequence[Condition], news: bool
) -> list[Condition]:
    """Conditions of ``rest`` that clash with those kept; the first ones are preferred.

    ``news`` says that something was added to those kept since they were found to be no conflict.
    """
    if news and not oracle.run.over and oracle.decide(frozenset(kept)) is False:
        return []
    if len(rest) == 1:
        return list(rest)
    half = len(rest) // 2
    first, second = rest[:half], rest[half:]
    later = _preferred(oracle, [*kept, *first], second, True)
    return [*_preferred(oracle, [*kept, *later], first, bool(later)), *later]
