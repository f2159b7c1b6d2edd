"""What each recommended facility means for people, against today and against the plan without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.figures.outcome import before
from siting.figures.view import view
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.reasons.standing import Standing
from siting.response import Responses


@dataclass(frozen=True, eq=False)
class Use:
    """Per opened option (K,); a person counts once per facility, as in sites.csv.

    Attributes:
        newly: people of places of which it covers at least one need that was not covered before.
        uniquely: people of places of which at least one need is covered, and would not be without it.
        saved: person-minutes saved against today, over needs that somebody answered.
        saved_alone: person-minutes that the plan without it would lose, over needs that somebody else
            would answer.
        reached_alone: people of places of which nobody else would answer at least one need.
    """

    newly: Longs
    uniquely: Longs
    saved: Floats
    saved_alone: Floats
    reached_alone: Longs


def use_of(responses: Responses, state: Standing) -> Use:
    """Figures of every opened option, in the first scenario and the last period."""
    needs, count = responses.needs, len(state.opened)
    viewed = np.zeros(len(needs.place), dtype=bool)
    viewed[view(responses).need] = True
    mine = np.flatnonzero(viewed & (state.who >= 0)).astype(np.int32)
    old, standard, ms = before(responses), needs.standard_ms[mine], state.ms[mine]
    covered = ms <= standard
    left = state.has_second[mine]
    instead = left & (state.second_ms[mine] <= standard)
    by = state.who[mine]

    def people(kept: Flags) -> Longs:
        """People once per facility of some of the needs."""
        return _once(responses, by[kept], mine[kept], count)

    def minutes(answered: Flags, other_ms: Ints) -> Floats:
        """Person-minutes by which others answer later."""
        later = np.where(answered, other_ms.astype(np.int64) - ms, 0) * needs.people[mine]
        total = np.zeros(count, dtype=np.int64)
        np.add.at(total, by, later)
        return np.asarray(total / 60_000)

    return Use(
        people(covered & ~old.covered[mine]),
        people(covered & ~instead),
        minutes(old.served[mine], old.ms[mine]),
        minutes(left, state.second_ms[mine]),
        people(~left),
    )


def _once(responses: Responses, by: Ints, need: Ints, count: int) -> Longs:
    """(count,) people of the places of some needs, each place once per facility."""
    places = len(responses.instance.places.ids)
    facility, place = np.divmod(np.unique(by.astype(np.int64) * places + responses.needs.place[need]), places)
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, facility, responses.instance.places.population[place])
    return total
