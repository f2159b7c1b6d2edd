"""What each new facility alone means for people, against today and against the plan without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.check.folder import Checked
from siting.check.needs import viewed
from siting.instance.arrays import Flags, Floats, Longs


@dataclass(frozen=True)
class Alone:
    """One new facility; a person counts once in people, once per service in person-minutes.

    Attributes:
        uniquely: people of places with a need that it covers and nobody else would.
        reached: people of places with a need that it serves and nobody else would answer.
        saved: person-minutes it saves against today, in needs that were answered.
        saved_alone: person-minutes the plan without it loses, in needs that somebody else would answer.
    """

    uniquely: int
    reached: int
    saved: float
    saved_alone: float


def alone(checked: Checked, k: int, without: Floats) -> Alone:
    """What the k-th row of sites.csv alone does, under a model in which the first to answer serves.

    Args:
        checked: the plan.
        k: the row.
        without: (N,) response ms without it, NaN where nobody answers.
    """
    audit = checked.audit
    needs = audit.ground.needs
    shown = np.zeros(len(needs.place), dtype=bool)
    shown[viewed(needs)] = True
    who = checked.assigned
    mine = who.need[(who.option == audit.opened[k]) & shown[who.need] & ~np.isnan(who.ms)]
    second = without[mine]
    ms, before, standard = audit.told.ms[mine], audit.before.ms[mine], needs.standard_ms[mine]
    return Alone(
        _people(checked, mine[(ms <= standard) & ~(second <= standard)]),
        _people(checked, mine[np.isnan(second)]),
        _person_minutes(needs.people[mine], before - ms),
        _person_minutes(needs.people[mine], second - ms),
    )


def _people(checked: Checked, need: Longs) -> int:
    """People of the places of some needs."""
    ground = checked.audit.ground
    return int(ground.instance.places.population[np.unique(ground.needs.place[need])].sum())


def _person_minutes(people: Longs, later: Floats) -> float:
    """Person-minutes by which others answer later, NaN where they do not."""
    there: Flags = ~np.isnan(later)
    return float((people[there] * later[there]).sum()) / 60_000
