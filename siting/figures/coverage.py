"""Who is within the standard, and how soon help arrives, by area, kind, service or place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from siting.errors import ModelError, did_you_mean
from siting.figures.outcome import Outcome, after, before, sums
from siting.figures.view import View, view
from siting.instance.arrays import LEVELS, Floats, Longs, Texts
from siting.instance.core import Instance

if TYPE_CHECKING:
    from siting.result import Result

BY = (*LEVELS, "kind", "service", "place")
"""What needs may be grouped by."""

IN_ALL = "in_all"
"""In the column ``service``: the services together, each person counted with the service's weight."""

_PARTS = ("within", "share", "served", "mean_minutes")

COLUMNS = (
    "id", "name", "service", "people", *(f"{part}_{when}" for when in ("before", "after") for part in _PARTS),
)  # fmt: skip

_DECIMALS = {
    "people": 2,
    **{
        f"{part}_{when}": places
        for when in ("before", "after")
        for part, places in zip(_PARTS, (2, 6, 2, 3), strict=True)
    },
}
"""Decimals as in summary.json; people are whole but for weights and shares."""


def coverage(result: Result, by: str = "region") -> pd.DataFrame:
    """People within the standard and mean response, before and after, with their denominators.

    The figures are those of summary.json: of the first scenario and the last period, before as of
    today. Under a standard in kilometres minutes are equivalent minutes.

    Args:
        result: a result; without a plan the columns of after are NaN.
        by: one of :data:`BY`; ``service`` tells no members apart. Needs in no area of a level come last,
            with empty id and name.

    Returns:
        Per member and service, and for the services together, one row (service ``in_all``: there
        a person counts once per service, times its weight): ``people``; ``within_`` before and
        after, the people of these within the standard; ``share_``, of 1; ``served_``, the people
        whom anybody answers; ``mean_minutes_``, weighted by people, over these. NaN where a figure
        has no denominator.

    Raises:
        ModelError: ``by`` is something else.
    """
    if by not in BY:
        raise ModelError(f"by = {by!r} is not known{did_you_mean(by, BY)}; give one of {', '.join(BY)}")
    responses = result.problem.responses
    seen, settings = view(responses), responses.settings
    outcomes = {"before": before(responses)}
    if result.plan is not None:
        outcomes["after"] = after(responses, result.plan)
    outcomes = {when: one.of(seen, len(responses.needs.place)) for when, one in outcomes.items()}
    group, ids, names = _groups(responses.instance, seen, by)
    counted = {settings.services[s].id: seen.service == s for s in responses.layout.weights(settings)}
    blocks = [
        _block(seen.people, outcomes, np.where(mine, group, -1), len(ids), service)
        for service, mine in counted.items()
    ]
    blocks.append(_block(seen.weight, outcomes, group, len(ids), IN_ALL))
    table = pd.concat(blocks, ignore_index=True).sort_values("group", kind="stable", ignore_index=True)
    table["id"], table["name"] = ids[table["group"]], names[table["group"]]
    return table.reindex(columns=list(COLUMNS)).round(_DECIMALS)


def _groups(instance: Instance, seen: View, by: str) -> tuple[Longs, Texts, Texts]:
    """Member of every need (V,), and ids and names of the members; the last is none, where there can be."""
    places = instance.places
    if by == "service":
        everywhere = np.array(["all"], dtype=object)
        return np.zeros(len(seen.place), dtype=np.int64), everywhere, everywhere
    if by == "place":
        return seen.place.astype(np.int64), places.ids, places.names
    if by == "kind":
        kinds = np.array(places.kinds, dtype=object)
        return places.kind[seen.place].astype(np.int64), kinds, kinds
    areas = instance.areas[by]
    area = places.area[by][seen.place].astype(np.int64)
    return np.where(area < 0, len(areas.ids), area), np.append(areas.ids, ""), np.append(areas.names, "")


def _block(
    weight: Longs | Floats, outcomes: Mapping[str, Outcome], group: Longs, count: int, service: str
) -> pd.DataFrame:
    """The rows of one service: a row per member that has needs."""
    there = np.flatnonzero(np.bincount(group[group >= 0], minlength=count))
    number = np.full(count + 1, -1)
    number[there] = np.arange(len(there))
    table = pd.DataFrame({"group": there, "service": service})
    for when, outcome in outcomes.items():
        people, within, served, waited, _ = sums(weight, outcome, number[group], len(there))
        table["people"] = people
        table[f"within_{when}"] = within
        table[f"share_{when}"] = _per(within, people)
        table[f"served_{when}"] = served
        table[f"mean_minutes_{when}"] = _per(waited, served)
    return table


def _per(value: Floats, total: Floats) -> Floats:
    """Value per total, NaN where there is none."""
    return np.asarray(np.divide(value, total, out=np.full(len(total), np.nan), where=total > 0))
