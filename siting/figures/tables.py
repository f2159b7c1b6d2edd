"""The tables of a plan: recommended sites, and who serves each need before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.figures.outcome import Outcome, after, before
from siting.instance.arrays import LEVELS, Floats, Ints, Longs, Texts
from siting.response import Responses

if TYPE_CHECKING:
    from siting.result import Result

DECIMALS = {
    "lat": 5,
    "lon": 5,
    "cost": 2,
    "mean_response_minutes": 3,
    "minutes": 3,
    "minutes_before": 3,
}
"""Decimals of every column that holds fractions, here and in CSV files."""

_SITES = (
    "rank", "site_id", "name", "type", "lat", "lon", *LEVELS, "cost",
    "people_newly_covered", "people_served", "mean_response_minutes",
)  # fmt: skip
_ASSIGNMENTS = (
    "place_id", "place", "service", "people", "facility", "facility_type", "minutes", "covered",
    "facility_before", "minutes_before", "covered_before",
)  # fmt: skip


def sites_table(result: Result) -> pd.DataFrame:
    """Recommended new facilities, one row each.

    A person counts once per facility, whatever the number of services: ``people_newly_covered``
    are the people of places of which at least one need is served by this facility within the
    standard and was not covered before; ``people_served`` those of places of which it serves at
    least one need. ``mean_response_minutes`` is weighted by people over all needs it serves, NaN
    if it serves nobody. ``rank`` orders by people newly covered, then by the person-minutes saved
    in needs that were answered before, then by id.

    Returns:
        The table; no rows without a plan.
    """
    if result.plan is None:
        return pd.DataFrame(columns=list(_SITES))
    responses, opened = result.problem.responses, result.plan.opened
    instance, options = responses.instance, responses.options
    site, kind = options.site[opened], options.type[opened]
    newly, served, minutes, saved = _use(responses, opened, before(responses), after(responses, result.plan))
    types = np.array([t.id for t in responses.settings.types], dtype=object)
    table = pd.DataFrame(
        {
            "site_id": instance.sites.ids[site],
            "name": instance.sites.names[site],
            "type": types[kind],
            "lat": instance.sites.lat[site],
            "lon": instance.sites.lon[site],
            **{level: _area_names(responses, level, site) for level in LEVELS},
            "cost": options.cost[opened],
            "people_newly_covered": newly,
            "people_served": served,
            "mean_response_minutes": minutes,
            "saved": saved,
        }
    )
    table = table.sort_values(
        ["people_newly_covered", "saved", "site_id", "type"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )
    table["rank"] = np.arange(1, len(table) + 1)
    return table[list(_SITES)].round(DECIMALS)


def _use(
    responses: Responses, opened: Ints, old: Outcome, new: Outcome
) -> tuple[Longs, Longs, Floats, Longs]:
    """Per opened option (K,): people newly covered, people served, mean minutes, person-ms saved.

    Whole milliseconds are added up as integers: facilities that save the same tie exactly.
    """
    needs, count = responses.needs, len(opened)
    number = np.full(len(responses.options.site) + 1, -1)
    number[opened] = np.arange(count)
    by = number[new.serves]  # the last entry, -1, stands for nobody
    rows = np.flatnonzero(by >= 0)
    fresh = rows[new.covered[rows] & ~old.covered[rows]]
    people, ms = needs.people[rows], new.ms[rows].astype(np.int64)
    gained = np.where(old.served[rows], old.ms[rows] - ms, 0)
    total, waited, saved = (
        _sums(by[rows], values, count) for values in (people, people * ms, people * gained)
    )
    return (
        _people_once(responses, by, fresh, count),
        _people_once(responses, by, rows, count),
        np.divide(waited / 60_000, total, out=np.full(count, np.nan), where=total > 0),
        saved,
    )


def _sums(group: NDArray[np.int64], values: Longs, count: int) -> Longs:
    """(count,) exact sums of the values of each group."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, group, values)
    return sums


def _people_once(responses: Responses, by: NDArray[np.int64], rows: NDArray[np.intp], count: int) -> Longs:
    """People per facility of the places that occur in rows, each place once per facility."""
    places = len(responses.instance.places.ids)
    facility, place = np.divmod(np.unique(by[rows] * places + responses.needs.place[rows]), places)
    return _sums(facility, responses.instance.places.population[place], count)


def _area_names(responses: Responses, level: str, site: Ints) -> Texts:
    """(K,) names of the areas the sites lie in; empty where unknown or not at a place."""
    instance = responses.instance
    area = np.full(len(instance.sites.ids), -1, dtype=np.int32)
    area[: len(instance.places.ids)] = instance.places.area[level]
    return np.append(instance.areas[level].names, "")[area[site]]


def assignments_table(result: Result) -> pd.DataFrame:
    """Who serves each need, how soon, and whether within the standard, before and after.

    Returns:
        One row per need, service by service; text is empty and minutes are NaN where nobody
        serves. ``facility`` is the id of an existing facility or ``site_id:type`` of a new one.
        No rows without a plan.
    """
    if result.plan is None:
        return pd.DataFrame(columns=list(_ASSIGNMENTS))
    responses = result.problem.responses
    needs, places, settings = responses.needs, responses.instance.places, responses.settings
    old, new = before(responses), after(responses, result.plan)
    services = np.array([service.id for service in settings.services], dtype=object)
    types = np.array([t.id for t in settings.types] + [""], dtype=object)
    type_of = np.append(responses.options.type, len(types) - 1)
    names = option_ids(responses)
    table = pd.DataFrame(
        {
            "place_id": places.ids[needs.place],
            "place": places.names[needs.place],
            "service": services[needs.service],
            "people": needs.people,
            "facility": names[new.serves],
            "facility_type": types[type_of[new.serves]],
            "minutes": new.minutes,
            "covered": new.covered.astype(np.int64),
            "facility_before": names[old.serves],
            "minutes_before": old.minutes,
            "covered_before": old.covered.astype(np.int64),
        }
    )
    return table.round(DECIMALS)


def option_ids(responses: Responses) -> Texts:
    """(M+1,) id of every option, ``site_id:type`` for candidates; the last one, empty, is nobody's."""
    instance, options = responses.instance, responses.options
    types = [t.id for t in responses.settings.types]
    fresh = slice(options.existing, None)
    sites = instance.sites.ids[options.site[fresh]]
    new = [f"{site}:{types[kind]}" for site, kind in zip(sites, options.type[fresh], strict=True)]
    return np.array([*instance.facilities.ids, *new, ""], dtype=object)
