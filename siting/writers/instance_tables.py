"""An instance as the tables of its folder; the inverse of reading them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance import Instance
from siting.instance.arrays import LEVELS, CandidateStatus, Floats, Scenario, Texts
from siting.roads.graph import Roads

_MINUTE_DECIMALS = 5
"""Of minutes: a millisecond is 1.7e-5 of them, so that every one comes back."""


def instance_tables(instance: Instance) -> dict[str, pd.DataFrame]:
    """Every table that instances/README.md describes and that has rows, by name.

    Built anew from them, the instance is the same but for the order of its road nodes, and for the
    files it was read from. Road edges that snapped a site are among the roads.

    Raises:
        InstanceError: a scenario changes the two directions of one road differently, which rows of
            scenarios.csv cannot say.
    """
    tables = {
        "places": _places(instance),
        "areas": _areas(instance),
        "facilities": _facilities(instance),
        "candidates": _candidates(instance),
        "scenarios": _scenarios(instance),
    }
    if instance.roads is not None:
        ways, closed = _cut_off(instance, instance.roads)
        roads = pd.concat([_roads(instance.roads), ways], ignore_index=True)
        roads = _without_blanks(roads, ("km", "oneway", "class"))
        tables |= {"junctions": _junctions(instance, instance.roads), "roads": roads, "edits": closed}
    if instance.od is not None:
        tables["od"] = _od(instance)
    return {name: table for name, table in tables.items() if len(table) or name == "candidates"}


def _places(instance: Instance) -> pd.DataFrame:
    places = instance.places
    coordinates = {"lat": places.lat, "lon": places.lon}
    table = pd.DataFrame(
        {
            "place_id": places.ids,
            "name": places.names,
            "name_local": places.names_local,
            **({} if np.isnan(places.lat).all() else coordinates),
            "population": places.population,
            "kind": np.array(places.kinds, dtype=object)[places.kind],
            **{level: _area_ids(instance, level) for level in LEVELS},
            "origin": np.where(places.synthetic, "synthetic", ""),
            "fires": np.where(places.fires > 0, places.fires, np.nan),
        }
    )
    return _without_blanks(table, ("name_local", *LEVELS, "origin", "fires"))


def _area_ids(instance: Instance, level: str) -> Texts:
    ids = np.append(instance.areas[level].ids, "")
    return np.asarray(ids[instance.places.area[level]], dtype=object)


def _areas(instance: Instance) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "level": level,
                "area_id": areas.ids,
                "name": areas.names,
                "name_local": areas.names_local,
                "means": areas.means,
            }
        )
        for level, areas in instance.areas.items()
        if len(areas.ids)
    ]
    if not parts:
        return pd.DataFrame()
    return _without_blanks(pd.concat(parts, ignore_index=True), ("name_local", "means"))


def _facilities(instance: Instance) -> pd.DataFrame:
    here = instance.facilities
    table = pd.DataFrame(
        {
            "facility_id": here.ids,
            "name": here.names,
            "type": _type_ids(instance)[here.type],
            "site": instance.sites.ids[here.site],
            "origin": np.where(here.synthetic, "synthetic", ""),
            "units": here.units,
            "capacity": here.capacity,
            "closable": np.where(here.closable, "1", ""),
            "saving": here.saving,
        }
    )
    return _without_blanks(table, ("origin", "capacity", "closable"))


def _candidates(instance: Instance) -> pd.DataFrame:
    here = instance.candidates
    words = np.array([status.name.lower() for status in CandidateStatus], dtype=object)
    words[CandidateStatus.CANDIDATE] = ""
    table = pd.DataFrame(
        {
            "site": instance.sites.ids[here.site],
            "type": _type_ids(instance)[here.type],
            "cost": here.cost,
            "status": words[here.status],
            "capacity": here.capacity,
            "units": here.units,
            "replaces": np.append(instance.facilities.ids, "")[here.replaces],
        }
    )
    return _without_blanks(table, ("status", "capacity", "replaces"))


def _type_ids(instance: Instance) -> Texts:
    return np.array([type_.id for type_ in instance.settings.types], dtype=object)


def _junctions(instance: Instance, roads: Roads) -> pd.DataFrame:
    """Road nodes that are not places, with the names of the sites among them."""
    names = np.full(len(roads.ids), "", dtype=object)
    at = instance.sites.node
    others = np.flatnonzero((at >= 0) & (instance.sites.names != instance.sites.ids))
    names[at[others]] = instance.sites.names[others]
    placed = np.zeros(len(roads.ids), dtype=bool)
    placed[at[: len(instance.places.ids)]] = True
    used = np.zeros(len(roads.ids), dtype=bool)
    used[roads.tail] = used[roads.head] = True
    used[at[at >= 0]] = True
    rows = np.flatnonzero(used & ~placed)
    table = pd.DataFrame(
        {"junction_id": roads.ids[rows], "name": names[rows], "lat": roads.lat[rows], "lon": roads.lon[rows]}
    )
    return _without_blanks(table, ("name",))


def _roads(roads: Roads) -> pd.DataFrame:
    """One row per road; both directions share one where they are alike."""
    size = len(roads.ids)
    low, high = np.minimum(roads.tail, roads.head), np.maximum(roads.tail, roads.head)
    key = low.astype(np.int64) * size + high
    order = np.lexsort((roads.tail, key))
    alike = np.zeros(len(order), dtype=bool)
    alike[:-1] = key[order[1:]] == key[order[:-1]]
    for values in (roads.ms, roads.metres, roads.klass):
        alike[:-1] &= values[order[1:]] == values[order[:-1]]
    second = np.concatenate(([False], alike[:-1]))
    rows, two_way = order[~second], alike[~second]
    classes = np.append(np.array(roads.classes, dtype=object), "")
    metres = roads.metres[rows]
    return pd.DataFrame(
        {
            "from": roads.ids[roads.tail[rows]],
            "to": roads.ids[roads.head[rows]],
            "km": np.where(metres >= 0, metres / 1000, np.nan),
            "minutes": np.round(roads.ms[rows] / 60_000, _MINUTE_DECIMALS),
            "oneway": np.where(two_way, "", "1"),
            "class": classes[roads.klass[rows]],
        }
    )


def _cut_off(instance: Instance, roads: Roads) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of roads.csv and of edits.csv for sites whose roads are all closed.

    A node without any road would be joined to the nearest one when it is read again; a road to some
    node that is closed at once says that it is not.
    """
    lonely = np.ones(len(roads.ids), dtype=bool)
    lonely[roads.tail] = lonely[roads.head] = False
    at = np.unique(instance.sites.node[instance.sites.node >= 0])
    ends = roads.ids[at[lonely[at]]]
    if not len(ends):
        return pd.DataFrame(), pd.DataFrame()
    ways = pd.DataFrame({"from": ends, "to": roads.ids[roads.tail[0]], "minutes": 1.0})
    return ways, ways[["from", "to"]].assign(action="close")[["action", "from", "to"]]


def _od(instance: Instance) -> pd.DataFrame:
    assert instance.od is not None
    return pd.DataFrame(
        {
            "from": instance.sites.ids[instance.od.site],
            "to": instance.places.ids[instance.od.place],
            "minutes": np.round(instance.od.ms / 60_000, _MINUTE_DECIMALS),
        }
    )


def _scenarios(instance: Instance) -> pd.DataFrame:
    parts = []
    for scenario in instance.scenarios:
        parts.append(pd.DataFrame({"site": instance.sites.ids[scenario.lost]}))
        if scenario.factor is not None and instance.roads is not None:
            parts += _changed_roads(scenario, scenario.factor, instance.roads)
        parts = [part.assign(scenario=part.get("scenario", scenario.id)) for part in parts]
    columns = ["scenario", "from", "to", "class", "factor", "site"]
    if not any(len(part) for part in parts):
        return pd.DataFrame()
    return pd.concat(parts, ignore_index=True).reindex(columns=columns)


def _changed_roads(scenario: Scenario, factor: Floats, roads: Roads) -> list[pd.DataFrame]:
    """A row per class that changes as a whole, and one per other road that changes."""
    left = factor != 1.0
    rows = []
    for number, name in enumerate(roads.classes):
        mine = roads.klass == number
        values = np.unique(factor[mine])
        if len(values) == 1 and values[0] != 1.0:
            rows.append({"class": name, "factor": values[0]})
            left &= ~mine
    edges = np.flatnonzero(left)
    low, high = np.minimum(roads.tail, roads.head)[edges], np.maximum(roads.tail, roads.head)[edges]
    pairs = pd.DataFrame({"low": low, "high": high, "factor": factor[edges]}).drop_duplicates()
    unlike = pairs.duplicated(["low", "high"]) | _half_changed(roads, left, pairs)
    if unlike.any():
        one, two = (roads.ids[int(pairs.loc[unlike, end].iloc[0])] for end in ("low", "high"))
        what = f"changes the two directions between {one!r} and {two!r} differently"
        raise InstanceError(Complaint("scenarios", f"{scenario.id!r} {what}, which scenarios.csv cannot say"))
    changed = pd.DataFrame(
        {"from": roads.ids[pairs["low"]], "to": roads.ids[pairs["high"]], "factor": pairs["factor"]}
    )
    return [part.replace({"factor": {np.inf: np.nan}}) for part in (pd.DataFrame(rows), changed) if len(part)]


def _half_changed(roads: Roads, left: np.ndarray, pairs: pd.DataFrame) -> np.ndarray:
    """Pairs of nodes of which one direction changes and the other is there, but does not, (N,)."""
    size = len(roads.ids)
    key = roads.tail.astype(np.int64) * size + roads.head
    low, high = pairs["low"].to_numpy(np.int64), pairs["high"].to_numpy(np.int64)
    there, back = low * size + high, high * size + low
    same = np.isin(there, key[~left]) | np.isin(back, key[~left])
    return np.asarray(same)


def _without_blanks(table: pd.DataFrame, optional: tuple[str, ...]) -> pd.DataFrame:
    """The table without optional columns in which no cell is filled."""
    blank = [name for name in optional if (table[name].isna() | (table[name] == "")).all()]
    return table.drop(columns=blank)
