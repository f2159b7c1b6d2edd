"""The tables of what is opened and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.figures.outcome import after, before
from siting.figures.view import view
from siting.instance.arrays import LEVELS, Floats, Ints, Longs, Texts
from siting.plan import Plan
from siting.response import Responses

if TYPE_CHECKING:
    from siting.result import Result

DECIMALS = {
    "lat": 5,
    "lon": 5,
    "cost": 2,
    "saving": 2,
    "share": 6,
    "mean_response_minutes": 3,
    "minutes": 3,
    "minutes_before": 3,
    "nested": 6,
    "alone": 6,
    "bound": 6,
    "price": 6,
    "scenarios": 3,
    "near_optimal": 3,
}
"""Decimals of every column that holds fractions, here and in CSV files."""

_CLOSED = ("facility_id", "name", "type", "site_id", "saving")


def sites_table(result: Result) -> pd.DataFrame:
    """Recommended new facilities, one row each.

    A person counts once per facility, whatever the number of services: ``people_newly_covered``
    are the people of places of which at least one need is served by this facility within the
    standard and was not covered before; ``people_served`` those of places of which it serves at
    least one need, or a share of it. ``mean_response_minutes`` is weighted by people over all
    needs it serves, NaN if it serves nobody. ``rank`` orders by people newly covered, then by the
    person-minutes saved in needs that were answered before, then by id. With scenarios or periods
    the needs are those of the first scenario and the last period.

    Returns:
        The table; no rows without a plan. ``units``, ``period`` and ``replaces`` are there where
        the question knows several units, periods, or upgrades.
    """
    responses = result.problem.responses
    if result.plan is None:
        return pd.DataFrame(columns=_columns(responses))
    opened = result.plan.opened
    instance, options, settings = responses.instance, responses.options, responses.settings
    site, kind = options.site[opened], options.type[opened]
    newly, served, minutes, saved = _use(responses, result.plan)
    types = np.array([t.id for t in settings.types], dtype=object)
    periods = np.array([one.id for one in settings.periods] or [""], dtype=object)
    table = pd.DataFrame(
        {
            "site_id": instance.sites.ids[site],
            "name": instance.sites.names[site],
            "type": types[kind],
            "units": result.plan.units,
            "period": periods[options.period[opened]],
            "replaces": np.append(instance.facilities.ids, "")[options.replaces[opened]],
            "lat": instance.sites.lat[site],
            "lon": instance.sites.lon[site],
            **{level: _area_names(responses, level, site) for level in LEVELS},
            "cost": options.cost[opened] * result.plan.units,
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
    return table[_columns(responses)].round(DECIMALS)


def _columns(responses: Responses) -> list[str]:
    """Columns of the table of sites, as far as the question knows what they say."""
    options = responses.options
    extra = {
        "units": bool(np.any(options.units[options.existing :][options.usable[options.existing :]] > 1)),
        "period": responses.layout.periods,
        "replaces": bool(np.any(options.replaces[options.usable] >= 0)),
    }
    return [
        "rank", "site_id", "name", "type", *(column for column, there in extra.items() if there),
        "lat", "lon", *LEVELS, "cost", "people_newly_covered", "people_served", "mean_response_minutes",
    ]  # fmt: skip


def closed_table(result: Result) -> pd.DataFrame:
    """Existing facilities that are closed, one row each, by id.

    Returns:
        The table; no rows without a plan, or under a model that closes nothing.
    """
    if result.plan is None:
        return pd.DataFrame(columns=list(_CLOSED))
    responses, closed = result.problem.responses, result.plan.closed
    instance, options = responses.instance, responses.options
    types = np.array([t.id for t in responses.settings.types], dtype=object)
    table = pd.DataFrame(
        {
            "facility_id": instance.facilities.ids[closed],
            "name": instance.facilities.names[closed],
            "type": types[options.type[closed]],
            "site_id": instance.sites.ids[options.site[closed]],
            "saving": options.saving[closed],
        }
    )
    return table.round(DECIMALS)


def _use(responses: Responses, plan: Plan) -> tuple[Longs, Longs, Floats, Longs]:
    """Per opened option (K,): people newly covered, people served, mean minutes, person-ms saved.

    Whole milliseconds are added up as integers: facilities that save the same tie exactly. Where
    needs are shared, sums of shares are rounded to whole person-milliseconds.
    """
    needs, count = responses.needs, len(plan.opened)
    viewed = np.zeros(len(needs.place), dtype=bool)
    viewed[view(responses).need] = True
    number = np.full(len(responses.options.site) + 1, -1)
    number[plan.opened] = np.arange(count)  # the last entry, -1, stands for nobody
    rows = after(responses, plan)
    rows = rows.where(viewed[rows.need] & (number[rows.serves] >= 0))
    by, old = number[rows.serves], before(responses)
    fresh = rows.covered & ~old.covered[rows.need]
    people, ms = rows.parts(needs.people), rows.ms.astype(np.int64)
    gained = np.where(old.served[rows.need], old.ms[rows.need] - ms, 0)
    total, waited, saved = (_sums(by, values, count) for values in (people, people * ms, people * gained))
    return (
        _people_once(responses, by[fresh], rows.need[fresh], count),
        _people_once(responses, by, rows.need, count),
        np.divide(waited / 60_000, total, out=np.full(count, np.nan), where=total > 0),
        np.rint(saved).astype(np.int64),
    )


def _sums(group: NDArray[np.int64], values: NDArray[Any], count: int) -> NDArray[Any]:
    """(count,) sums of the values of each group, exact where they are whole."""
    sums = np.zeros(count, dtype=values.dtype)
    np.add.at(sums, group, values)
    return sums


def _people_once(responses: Responses, by: NDArray[np.int64], need: Ints, count: int) -> Longs:
    """People per facility of the places of some needs, each place once per facility."""
    places = len(responses.instance.places.ids)
    facility, place = np.divmod(np.unique(by * places + responses.needs.place[need]), places)
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, facility, responses.instance.places.population[place])
    return sums


def _area_names(responses: Responses, level: str, site: Ints) -> Texts:
    """(K,) names of the areas the sites lie in; empty where unknown or not at a place."""
    instance = responses.instance
    area = np.full(len(instance.sites.ids), -1, dtype=np.int32)
    area[: len(instance.places.ids)] = instance.places.area[level]
    return np.append(instance.areas[level].names, "")[area[site]]
