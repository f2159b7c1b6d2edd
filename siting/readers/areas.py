"""Region, district and community of every place, from outlines or from a table keyed by code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.arrays import LEVELS, Areas, Flags, Ints, Texts
from siting.instance.core import Instance
from siting.instance.order import rows_by_id
from siting.instance.raw import Report
from siting.instance.references import Ids
from siting.instance.tables import place as place_of_row
from siting.instance.tables import repeats
from siting.readers.vector.layers import Opened, open_layer
from siting.readers.vector.outlines import hits, smallest

KEYS = ("place_id", "name", "name_local", *LEVELS)
"""What a table may be keyed by: the id or name of a place, or the id of an area it has already."""

_NAMED = 3
_PLURALS = {"region": "regions", "district": "districts", "community": "communities"}


@dataclass(frozen=True)
class Assigned:
    """Places with their areas, and what did not fit.

    Attributes:
        instance: with the areas; its warnings count what did not fit.
        unmatched_places: one row per level and place without an area: ``level``, ``place_id``,
            ``name``, ``lat``, ``lon``, ``population`` and ``why``.
        unmatched_areas: one row per level and area of the source without a place: ``level``,
            ``area_id``, ``name``.
    """

    instance: Instance
    unmatched_places: pd.DataFrame
    unmatched_areas: pd.DataFrame


def assign_areas(
    instance: Instance,
    source: str | Path | pd.DataFrame,
    levels: Mapping[str, str | tuple[str, str]],
    *,
    key: str | None = None,
    by: str = "place_id",
) -> Assigned:
    """Give every place its region, district and community.

    Without ``key`` the source is a boundaries file, and a place belongs to the outline it lies in or
    on; of several to the smallest. With ``key`` it is a table, and a place belongs to the areas of
    the row with its key. The levels named are replaced for all places, the others stay; local names
    and means of areas whose ids stay are kept.

    Args:
        instance: what the places are of.
        source: outlines (GeoPackage, GeoJSON, Shapefile, GeoParquet, GeoDataFrame) with a coordinate
            reference system, which need the extra ``geo``; or a table (CSV, Parquet, DataFrame).
        levels: for each level to assign (region, district, community) the column of its ids, or
            (column of ids, column of names), e.g. ``{"community": ("katottg", "name"), "region":
            "oblast"}``. A row whose id is empty says nothing about that level.
        key: column of the table that holds the key of a place.
        by: what the key is: ``place_id``, ``name``, ``name_local``, or a level whose areas the
            places have.

    Raises:
        InstanceError: with the complete list of what is wrong, e.g. a column that is not there, a
            missing coordinate reference system, two rows of one key that differ, or a level whose
            areas the settings exclude.
    """
    wrong = Report()
    columns = _check(instance, levels, key, by, wrong)
    opened = open_layer(source, "areas", wrong)
    if opened is not None:
        _check_columns(opened, columns, key, wrong)
    if opened is None or wrong.complaints:
        raise InstanceError(wrong.complaints)
    if key is None:
        rows, why = _by_outline(instance, opened, columns, wrong)
    else:
        rows, why = _by_key(instance, opened, columns, (key, by), wrong)
    if wrong.complaints:
        raise InstanceError(wrong.complaints)
    return _replaced(instance, opened, columns, rows, why, wrong)


def katottg(codes: Iterable[str]) -> pd.DataFrame:
    """Areas of codes of the Ukrainian register of territories (KATOTTG), read from the codes alone.

    A code is ``UA`` and 17 digits: 2 for the region, 2 for the district, 3 for the community, 3 for
    the settlement, 2 for a part of a city, and 5 that number the entry (order 290 of the Ministry for
    Communities and Territories Development, 2020). What comes before the number names an area and
    all areas above it, so its first 4, 6 or 9 characters are an id of the region, district or
    community; not its code, which has a number of its own. Digits that are all zero name none:
    Kyiv has neither district nor community.

    Args:
        codes: N codes; anything else has no areas.

    Returns:
        A table for :func:`assign_areas`: ``code``, ``region``, ``district``, ``community``, (N,) each.
    """
    code = pd.Series([str(one).strip() for one in codes], dtype=object)
    sound = code.str.fullmatch(r"UA[0-9]{17}").astype(bool)
    frame = pd.DataFrame({"code": code})
    for level, start, stop in zip(LEVELS, (2, 4, 6), (4, 6, 9), strict=True):
        named = sound & (code.str[start:stop] != "0" * (stop - start))
        frame[level] = code.str[:stop].where(named, "")
    return frame


def _check(
    instance: Instance,
    levels: Mapping[str, str | tuple[str, str]],
    key: str | None,
    by: str,
    wrong: Report,
) -> dict[str, tuple[str, str]]:
    """Columns of ids and names of every level, after a check of what was asked for."""
    columns: dict[str, tuple[str, str]] = {}
    for level, given in levels.items():
        two = (given, given) if isinstance(given, str) else given
        if level not in LEVELS:
            guess = did_you_mean(str(level), LEVELS)
            what = f"{level!r} is no level; expected: {', '.join(LEVELS)}{guess}"
            wrong.complaints.append(Complaint("levels", what))
        elif not isinstance(two, tuple | list) or len(two) != 2:
            what = f"{given!r} must be the column of the ids, or the columns of ids and names"
            wrong.complaints.append(Complaint("levels", what, column=level))
        else:
            columns[level] = (two[0], two[1])
        if instance.settings.exclude.get(level):
            what = (
                f"the settings exclude areas of the {level} level by their ids, which would be replaced; "
                "take them out of exclude, assign, and exclude areas by the new ids"
            )
            wrong.complaints.append(Complaint("settings", what, column=f"exclude.{level}"))
    if not levels:
        wrong.complaints.append(Complaint("levels", f"is empty; expected: some of {', '.join(LEVELS)}"))
    if by not in KEYS:
        guess = did_you_mean(by, KEYS)
        wrong.complaints.append(Complaint("by", f"{by!r} must be one of {', '.join(KEYS)}{guess}"))
    if key is None and by != "place_id":
        wrong.complaints.append(Complaint("by", "is for tables; name the column of the key as well (key)"))
    return columns


def _check_columns(
    opened: Opened, columns: Mapping[str, tuple[str, str]], key: str | None, wrong: Report
) -> None:
    """Complain about columns that are not there, and about a table without a key."""
    raw = opened.raw
    if key is None and opened.geometry is None:
        what = (
            "has no outlines; give a boundaries file, or say which of its columns holds the key of a place "
            "(key=...)"
        )
        wrong.complaints.append(Complaint(raw.where, what))
    headers = list(raw.columns)
    used = [header for two in columns.values() for header in two] + [key] * (key is not None)
    for header in dict.fromkeys(used):
        if header not in raw.columns:
            guess = did_you_mean(str(header), headers) or f"; there are: {', '.join(headers) or 'none'}"
            what = f"there is no such column{guess}"
            wrong.complaints.append(Complaint(raw.where, what, raw.header(), str(header)))


def _by_outline(
    instance: Instance, opened: Opened, columns: Mapping[str, tuple[str, str]], report: Report
) -> tuple[dict[str, Ints], Texts]:
    """Row of each place per level, (P,), -1 for none; and why a place has none."""
    places = instance.places
    place, outline, size = hits(opened, places.lat, places.lon, report)
    rows = {}
    for level, (header, _) in columns.items():
        ids = opened.raw.text(header)
        rows[level], count = smallest(len(places.ids), (place, outline), size, ids != "")
        several = int((count > 1).sum())
        if several:
            report.warnings.append(
                f"{opened.raw.where}: places in more than one outline of a {level}, of which the smallest "
                f"counts: {several:,}, e.g. {places.names[np.argmax(count > 1)]!r}"
            )
    nowhere = ~(np.isfinite(places.lat) & np.isfinite(places.lon))
    return rows, np.where(nowhere, "has no coordinates", "lies in no outline").astype(object)


def _by_key(
    instance: Instance,
    opened: Opened,
    columns: Mapping[str, tuple[str, str]],
    join: tuple[str, str],
    wrong: Report,
) -> tuple[dict[str, Ints], Texts]:
    """Row of each place per level, (P,), -1 for none; and why a place has none."""
    raw, (key, by) = opened.raw, join
    keys = raw.text(key)
    again, first = repeats(keys)
    for level, (header, _) in columns.items():
        ids = raw.text(header)
        for row in np.flatnonzero(again & (keys != "") & (ids != ids[first]))[:20].tolist():
            where, line = raw.row(row)
            there = place_of_row(raw, int(first[row]))
            what = f"{keys[row]!r} has the {level} {ids[row]!r} here and {ids[first[row]]!r} {there}"
            wrong.complaints.append(Complaint(where, what, line, header))
    mine = _keys(instance, by)
    at = np.where(mine == "", -1, Ids(keys).find(mine)).astype(np.int32)
    none = [f"no row has its {by} {one!r}" if one else f"has no {by}" for one in mine]
    rows = {}
    for level, (header, _) in columns.items():
        filled = np.append(raw.text(header) != "", False)
        rows[level] = np.where(filled[at], at, -1).astype(np.int32)
    empty = np.full(len(mine), "its row names none", dtype=object)
    return rows, np.where(at >= 0, empty, np.array(none, dtype=object))


def _keys(instance: Instance, by: str) -> Texts:
    """The key of every place, (P,), empty where it has none."""
    places = instance.places
    if by in LEVELS:
        return np.append(instance.areas[by].ids, "")[places.area[by]]
    return {"place_id": places.ids, "name": places.names, "name_local": places.names_local}[by]


def _replaced(
    instance: Instance,
    opened: Opened,
    columns: Mapping[str, tuple[str, str]],
    rows: Mapping[str, Ints],
    why: Texts,
    report: Report,
) -> Assigned:
    """The instance with the areas of the rows, and lists of what did not fit."""
    areas, area = dict(instance.areas), dict(instance.places.area)
    places_left, areas_left = [], []
    for level, (header, named) in columns.items():
        ids = opened.raw.text(header)
        chosen = np.append(ids, "")[rows[level]]
        known = Ids(dict.fromkeys(one for one in ids if one))
        names = _names(ids, opened.raw.text(named), known, opened.raw.where, level, report)
        used = np.isin(np.arange(len(known.ids)), known.find(chosen))
        rank = np.flatnonzero(used)[rows_by_id(known.ids[used])]  # as areas.csv is read
        areas[level] = _areas(instance.areas[level], known.ids[rank], names[rank])
        area[level] = Ids(known.ids[rank]).find(chosen)
        lost = rows[level] < 0
        places_left.append(_lost_places(instance, level, lost, why))
        idle = {"level": level, "area_id": known.ids[~used], "name": names[~used]}
        areas_left.append(pd.DataFrame(idle))
        _warn(opened.raw.where, level, (instance.places.names[lost], names[~used]), report)
    warnings = (*report.warnings, *instance.warnings)
    places = replace(instance.places, area=area)
    return Assigned(
        replace(instance, areas=areas, places=places, warnings=warnings),
        pd.concat(places_left, ignore_index=True),
        pd.concat(areas_left, ignore_index=True),
    )


def _names(ids: Texts, cells: Texts, known: Ids, where: str, level: str, report: Report) -> Texts:
    """Name of every area, (A,): the first that is not empty, else its id."""
    filled = (ids != "") & (cells != "")
    pairs = pd.DataFrame({"id": ids[filled], "name": cells[filled]}).drop_duplicates()
    several = pairs[pairs["id"].duplicated()]
    if len(several):
        report.warnings.append(
            f"{where}: {_PLURALS[level]} with more than one name, of which the first counts: "
            f"{several['id'].nunique():,}, e.g. {several['id'].iloc[0]!r}"
        )
    at = Ids(pairs["id"].to_numpy(dtype=object)).find(known.ids)
    return np.where(at >= 0, np.append(pairs["name"].to_numpy(dtype=object), "")[at], known.ids)


def _areas(old: Areas, ids: Texts, names: Texts) -> Areas:
    """Areas with the local names and means of those that were there already."""
    at = Ids(old.ids).find(ids)
    return Areas(ids, names, np.append(old.names_local, "")[at], np.append(old.means, np.nan)[at])


def _lost_places(instance: Instance, level: str, lost: Flags, why: Texts) -> pd.DataFrame:
    """The places without an area of a level, and why."""
    places = instance.places
    return pd.DataFrame(
        {
            "level": level,
            "place_id": places.ids[lost],
            "name": places.names[lost],
            "lat": places.lat[lost],
            "lon": places.lon[lost],
            "population": places.population[lost],
            "why": why[lost],
        }
    )


def _warn(where: str, level: str, names: tuple[Texts, Texts], report: Report) -> None:
    """Count places without an area, and areas without a place."""
    lost, idle = names
    for what, found in ((f"places without a {level}", lost), (f"{_PLURALS[level]} without a place", idle)):
        if len(found):
            first = ", ".join(repr(name) for name in found[:_NAMED])
            report.warnings.append(f"{where}: {what}: {len(found):,}, e.g. {first}")
