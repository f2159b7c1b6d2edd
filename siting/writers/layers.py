"""A result as tables and layers: what spreadsheets, databases and geographic systems are handed.

Where ESRI's location-allocation solvers have a word for something it is the name of the column:
``FacilityID``, ``Name``, ``FacilityType``, ``Weight``, ``DemandCount`` and ``DemandWeight`` of facilities,
``FacilityID``, ``DemandID``, ``Weight``, ``Total_Minutes`` and ``TotalWeighted_Minutes`` of lines
(ArcGIS Pro, "Location-allocation analysis layer").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from siting.figures.assignments import option_ids
from siting.figures.outcome import WHOLE, Outcome, after, before, wholly_covered
from siting.figures.view import View, view
from siting.instance.arrays import LEVELS, Floats, Ints, Texts
from siting.plan import Plan
from siting.response import Responses

if TYPE_CHECKING:
    from siting.result import Result

CANDIDATE, REQUIRED, CHOSEN = 0, 1, 3
"""ESRI's codes: a candidate that was not chosen; what must be open and is; a chosen candidate."""


@dataclass(frozen=True, eq=False)
class Layer:
    """R features with one point, or one line, each.

    Attributes:
        table: (R,) rows.
        lat, lon: (R, 1) degrees of points, (R, 2) of the ends of lines; NaN where they are unknown.
    """

    table: pd.DataFrame
    lat: Floats
    lon: Floats

    @property
    def located(self) -> np.ndarray:
        """(R,) True where there is something to draw: a point, or a line between two points."""
        known = ~np.isnan(self.lat).any(axis=1) & ~np.isnan(self.lon).any(axis=1)
        if self.lat.shape[1] == 1:
            return np.asarray(known)
        moves = (self.lat[:, 0] != self.lat[:, 1]) | (self.lon[:, 0] != self.lon[:, 1])
        return np.asarray(known & moves)


def layers(result: Result, plan: Plan) -> dict[str, Layer]:
    """The layers of a plan.

    ``sites`` are the rows of sites.csv, ``facilities`` everything that is there or could be, ``places``
    those with needs, and ``lines`` lead from a facility to every place it serves, one per need. Under
    scenarios and periods ``places`` and ``lines`` are those of the first scenario and the last period.

    Args:
        result: whose problem the plan answers.
        plan: its plan.
    """
    responses = result.problem.responses
    seen = view(responses)
    now = after(responses, plan).of(seen, len(responses.needs.place))
    today = before(responses).of(seen, len(responses.needs.place))
    everything = _facilities(responses, plan, seen, now)
    return {
        "sites": _sites(result, plan, everything),
        "facilities": everything,
        "places": _places(responses, seen, now, today),
        "lines": _lines(responses, seen, now),
    }


def roads_layer(responses: Responses) -> Layer | None:
    """The roads as straight lines, one for both directions; None under a table of travel times.

    ``minutes`` are those of a car along the line, ``minutes_back`` against it, NaN on a one-way road.
    """
    roads = responses.instance.roads
    if roads is None:
        return None
    size = len(roads.ids)
    tail, head = roads.tail.astype(np.int64), roads.head.astype(np.int64)
    key, turned = tail * size + head, head * size + tail
    order = np.argsort(key)
    at = order[np.searchsorted(key[order], turned).clip(max=max(0, len(key) - 1))] if len(key) else order
    back = np.where(key[at] == turned, roads.ms[at] / 60_000, np.nan)
    kept = np.flatnonzero((tail < head) | np.isnan(back))
    classes = np.array([*roads.classes, ""], dtype=object)
    metres = roads.metres[kept].astype(np.float64)
    table = pd.DataFrame(
        {
            "from": roads.ids[tail[kept]],
            "to": roads.ids[head[kept]],
            "class": classes[roads.klass[kept]],
            "km": np.where(metres >= 0, metres / 1000, np.nan),
            "minutes": (roads.ms[kept] / 60_000).round(3),
            "minutes_back": back[kept].round(3),
        }
    )
    ends = np.column_stack([tail[kept], head[kept]])
    return Layer(table, roads.lat[ends], roads.lon[ends])


def _facilities(responses: Responses, plan: Plan, seen: View, now: Outcome) -> Layer:
    """Every existing facility, and of every candidate the option that is open, or its first."""
    instance, options = responses.instance, responses.options
    numbers = np.arange(len(options.site))
    is_open = np.zeros(len(numbers), dtype=bool)
    is_open[plan.opened] = True
    first = (options.period == 0) & ~np.isin(options.candidate, options.candidate[plan.opened])
    old = numbers < options.existing
    number = np.flatnonzero((old & options.usable) | (~old & (is_open | (first & options.usable))))
    closed = np.isin(number, plan.closed)
    kind = np.where(is_open[number], np.where(options.required[number], REQUIRED, CHOSEN), CANDIDATE)
    kind = np.where(old[number] & ~closed, REQUIRED, kind)
    status = np.select(
        [closed, old[number], is_open[number]], ["closed", "existing", "opened"], "candidate"
    ).astype(object)
    count, weight = _demand(responses, seen, now)
    site = options.site[number]
    units = options.open_units(plan.opened, plan.units, plan.closed)[number]
    old_names = np.concatenate([instance.facilities.names, [""] * (len(numbers) - options.existing)])
    table = pd.DataFrame(
        {
            "FacilityID": number + 1,
            "Name": np.where(old[number], old_names[number], instance.sites.names[site]),
            "FacilityType": kind,
            "Weight": 1.0,
            "DemandCount": count[number],
            "DemandWeight": weight[number],
            "facility": option_ids(responses)[number],
            "type": _types(responses)[options.type[number]],
            "status": status,
            "units": units,
            "cost": options.cost[number],
        }
    )
    return Layer(table, instance.sites.lat[site][:, None], instance.sites.lon[site][:, None])


def _demand(responses: Responses, seen: View, now: Outcome) -> tuple[Ints, Floats]:
    """Per option (M,): places of which it serves a need or a share of one, and the weight it serves."""
    size, mine = len(responses.options.site), now.where(now.served)
    places = len(responses.instance.places.ids)
    pairs = np.unique(mine.serves.astype(np.int64) * places + seen.place[mine.need])
    count = np.bincount(pairs // places, minlength=size).astype(np.int32)
    weight = np.bincount(mine.serves, weights=mine.parts(seen.weight), minlength=size)
    return count, np.asarray(weight, dtype=np.float64).round(6)


def _sites(result: Result, plan: Plan, everything: Layer) -> Layer:
    """sites.csv with ESRI's columns in front."""
    table = result.sites
    keys = (table["site_id"] + ":" + table["type"]).to_numpy() if len(table) else np.zeros(0, dtype=object)
    opened = everything.table["FacilityID"].isin(plan.opened + 1).to_numpy()
    mine = everything.table[opened].set_index("facility")
    front = ["FacilityID", "Name", "FacilityType", "Weight", "DemandCount", "DemandWeight"]
    found = mine.loc[keys, front].reset_index(drop=True)
    table = pd.concat([found, table.drop(columns=["name"])], axis=1)
    place = everything.lat[opened], everything.lon[opened]
    at = mine.index.get_indexer(pd.Index(keys))
    return Layer(table, place[0][at], place[1][at])


def _places(responses: Responses, seen: View, now: Outcome, today: Outcome) -> Layer:
    """Places with needs: a place is covered where all of its needs are, and as late as the latest."""
    places = responses.instance.places
    number = np.unique(seen.place)
    weight = np.bincount(seen.place, weights=seen.weight, minlength=len(places.ids))[number].round(6)
    table = pd.DataFrame(
        {
            "DemandID": number + 1,
            "Name": places.names[number],
            "Weight": weight,
            "place_id": places.ids[number],
            "kind": np.array(places.kinds, dtype=object)[places.kind[number]],
            "population": places.population[number],
            **{level: np.append(responses.instance.areas[level].names, "")[places.area[level][number]]
               for level in LEVELS},
        }
    )  # fmt: skip
    for words, outcome in (("", now), ("_before", today)):
        minutes, covered = _whole(seen, outcome, len(places.ids))
        table[f"minutes{words}"] = minutes[number].round(3)
        table[f"covered{words}"] = covered[number].astype(np.int64)
    return Layer(table, places.lat[number][:, None], places.lon[number][:, None])


def _whole(seen: View, outcome: Outcome, places: int) -> tuple[Floats, np.ndarray]:
    """Per place: minutes until all its needs are served, NaN where one is not, and whether in time."""
    minutes, covered = np.full(places, -np.inf), np.ones(places, dtype=bool)
    place = seen.place[outcome.need]
    np.maximum.at(minutes, place, np.where(outcome.served, outcome.minutes, np.inf))
    if outcome.share is not None:
        taken = np.bincount(outcome.need, weights=outcome.share, minlength=len(seen.need))
        minutes[seen.place[taken < 1 - WHOLE]] = np.inf
    covered[seen.place[~wholly_covered(outcome, len(seen.need))]] = False
    return np.where(np.isfinite(minutes), minutes, np.nan), covered


def _lines(responses: Responses, seen: View, now: Outcome) -> Layer:
    """From a facility to every place it serves, one line per need and share."""
    instance, options = responses.instance, responses.options
    mine = now.where(now.served)
    place, site = seen.place[mine.need], options.site[mine.serves]
    facility = option_ids(responses)[mine.serves]
    services = np.array([one.id for one in responses.settings.services], dtype=object)
    minutes, weight = mine.minutes.round(3), mine.parts(seen.weight).round(6)
    start = instance.sites.names[site].astype(object)
    table = pd.DataFrame(
        {
            "Name": start + " - " + instance.places.names[place].astype(object),
            "FacilityID": mine.serves + 1,
            "DemandID": place + 1,
            "Weight": weight,
            "Total_Minutes": minutes,
            "TotalWeighted_Minutes": (minutes * weight).round(3),
            "facility": facility,
            "place_id": instance.places.ids[place],
            "service": services[seen.service[mine.need]],
            "share": 1.0 if mine.share is None else mine.share.round(6),
            "covered": mine.covered.astype(np.int64),
        }
    )
    lat = np.column_stack([instance.sites.lat[site], instance.places.lat[place]])
    lon = np.column_stack([instance.sites.lon[site], instance.places.lon[place]])
    return Layer(table, lat, lon)


def _types(responses: Responses) -> Texts:
    return np.array([kind.id for kind in responses.settings.types], dtype=object)
