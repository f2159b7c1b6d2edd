"""Places that no plan can serve as a limit in conflict asks: whatever is opened is too late or too far."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from siting.conflict.conditions import Condition, Conditions
from siting.instance.arrays import Flags, Floats
from siting.measures import Term
from siting.measures.people_within import PeopleWithin, in_time
from siting.measures.share_of_coverable import ShareOfCoverable
from siting.measures.share_within import ShareWithin
from siting.measures.worst_time import WorstTime
from siting.response import Responses

COLUMNS = ("limit", "place_id", "name", "region", "service", "people", "soonest_minutes", "asked_minutes")


def out_of_reach(conditions: Conditions, members: Iterable[Condition]) -> pd.DataFrame:
    """Needs that not even the best of all options answers as a limit asks.

    Returns:
        One row per need: ``limit`` (its label), ``place_id``, ``name``, ``region``, ``service``,
        ``people``, ``soonest_minutes`` (of the quickest option; NaN where none within the times looked
        at answers) and ``asked_minutes``; the largest places first.
    """
    frames = []
    for one in members:
        if one.limit >= 0 and (lost := lost_needs(conditions, one)).any():
            frames.append(_table(conditions, one, lost))
    if not frames:
        return pd.DataFrame({name: [] for name in COLUMNS})
    return pd.concat(frames, ignore_index=True)


def lost_needs(conditions: Conditions, condition: Condition) -> Flags:
    """(N,) needs of a limit that are out of reach; none where the limit can be kept in spite of them."""
    term = conditions.term(condition)
    needs = term.responses.needs
    nobody = np.zeros(len(needs.place), dtype=bool)
    measure = term.measure
    if isinstance(measure, WorstTime):
        late = soonest_ms(term.responses) > conditions.value(condition) * 60_000
        late[term.responses.unreachable] = False
        return np.asarray(term.scope & late & (needs.weight > 0))
    if not isinstance(measure, ShareWithin | PeopleWithin) or isinstance(measure, ShareOfCoverable):
        return nobody
    lost = term.scope & ~_can_be_in_time(term) & (needs.weight > 0)
    total = float(needs.weight[term.scope].sum())
    most = total - float(needs.weight[lost].sum())
    reached = most if isinstance(measure, PeopleWithin) else most / (total or 1.0)
    return nobody if conditions.allows(condition, reached) else np.asarray(lost)


def soonest_ms(responses: Responses) -> Floats:
    """(N,) response ms of the quickest existing facility or usable candidate; infinite without one."""
    best = np.where(responses.base_option >= 0, responses.base_ms, np.inf).astype(np.float64)
    has = np.flatnonzero(np.diff(responses.indptr) > 0)
    best[has] = np.minimum(best[has], responses.ms[responses.indptr[has]])
    return best


def _can_be_in_time(term: Term) -> Flags:
    best = soonest_ms(term.responses)
    there = np.isfinite(best)
    everyone = np.arange(len(best), dtype=np.int32)
    return np.asarray(there & in_time(term, everyone, np.where(there, best, 0).astype(np.int32)))


def _table(conditions: Conditions, condition: Condition, lost: Flags) -> pd.DataFrame:
    problem, term = conditions.problem, conditions.term(condition)
    instance, needs = problem.instance, problem.responses.needs
    need = np.flatnonzero(lost)
    place = needs.place[need]
    best = soonest_ms(problem.responses)[need] / 60_000
    asked = needs.standard_ms[need] / 60_000
    if isinstance(term.measure, WorstTime):
        asked = np.full(len(need), conditions.value(condition))
    elif "minutes" in term.arguments:
        asked = np.full(len(need), term.number("minutes", 0.0))
    regions, services = instance.areas["region"], [one.id for one in problem.responses.settings.services]
    number = instance.places.area["region"][place]
    names = np.append(np.asarray(regions.names, dtype=object), "")
    frame = pd.DataFrame(
        {
            "limit": condition.label,
            "place_id": np.asarray(instance.places.ids)[place],
            "name": np.asarray(instance.places.names)[place],
            "region": names[number],
            "service": [services[one] for one in needs.service[need]],
            "people": needs.people[need],
            "soonest_minutes": np.where(np.isfinite(best), best, np.nan),
            "asked_minutes": asked,
        }
    )
    return frame.sort_values(["people", "place_id"], ascending=[False, True], ignore_index=True)
