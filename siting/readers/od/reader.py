"""From an origin-destination table to an instance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.arrays import Texts
from siting.instance.core import Instance
from siting.readers.od.csv_source import with_points
from siting.readers.od.layout import ROLES, Layout, Shape, find_layout
from siting.readers.od.pairs import Pairs, collect
from siting.readers.od.people import ROLES as PLACE_ROLES
from siting.readers.od.people import Table, open_table, read_places, whole, with_kinds
from siting.readers.od.source import Source
from siting.readers.question import candidate_rows, question

_ROW = re.compile(r"(places|facilities|candidates)\.iloc\[(\d+)\]")
_Frame = tuple[Source | None, pd.DataFrame]
"""Where a table came from, if from a table of the planner's own, and the table."""
_NOTHING = "no pair has a time; nothing can be reached"
_FEW = 5
_NUMBERS = ("cost", "capacity", "saving")


def od_frame(
    source: Table,
    *,
    unit: str | None = None,
    kmh: float | None = None,
    columns: Mapping[str, str] | None = None,
    shape: Shape | None = None,
    reverse: bool = False,
) -> pd.DataFrame:
    """An origin-destination table as od.csv has it.

    Args:
        source: CSV or Parquet file, or DataFrame (its index is not read). A row per pair with the
            columns of :mod:`siting.readers.od.layout`, or a matrix: ids of origins in the first
            column, ids of destinations as headers. No row, an empty cell or NaN: unreachable.
        unit: seconds, minutes, hours, metres, km or miles, where the header leaves it open.
        kmh: speed that makes distances times; only for distances, and needed for them.
        columns: headers of ``from``, ``to`` and ``cost``, e.g. ``{"cost": "travel_time_p85"}``,
            where they are not told by their names.
        shape: ``long`` or ``wide``, where the headers do not tell.
        reverse: the table leads from places to sites. Otherwise it leads from the sites of facilities
            and candidates to the places they serve.

    Returns:
        from, to (categories of text) and minutes; a row for each pair that can be reached.

    Raises:
        InstanceError: the complete list of what is wrong.
    """
    pairs, _, _ = _read(source, unit, kmh, columns, shape, reverse)
    return _frame(pairs)


def read_od(
    source: Table,
    *,
    places: Table | None = None,
    facilities: Table | None = None,
    candidates: Table | None = None,
    unit: str | None = None,
    kmh: float | None = None,
    columns: Mapping[str, str] | None = None,
    shape: Shape | None = None,
    reverse: bool = False,
    name: str | None = None,
    settings: str | Path | Mapping[str, Any] | None = None,
) -> Instance:
    """An instance whose travel times another program made.

    Args:
        source, unit, kmh, shape, reverse: see :func:`od_frame`.
        places: table with an id and people per destination, coordinates where known (see
            :mod:`siting.readers.od.people` for the headers); by default every destination is a
            place with one person.
        facilities: table with ``site`` and ``type``, and other columns of facilities.csv; by default
            there are none. Without ``type`` all are of the first type of the settings.
        candidates: table with ``site``, and other columns of candidates.csv; without ``type`` every
            type that plans new ones may open there. By default every origin is a candidate site.
        columns: as for :func:`od_frame`, and ``place_id``, ``population``, ``name``, ``lat`` and
            ``lon`` of the table of places.
        name: of the instance; by default that of the file.
        settings: services and types of the planner's own, see :func:`siting.readers.question.question`.

    Raises:
        InstanceError: the complete list of what is wrong.
    """
    _check_columns(columns or {}, places is not None)
    pairs, opened, layout = _read(source, unit, kmh, columns, shape, reverse)
    if not len(pairs.minutes):
        raise InstanceError(Complaint(opened.where, _NOTHING))
    warnings = list(opened.warnings)
    frames: dict[str, _Frame] = {"places": (None, _one_person_each(pairs))}
    if places is not None:
        table = open_table("places", places)
        frames["places"] = (table, read_places(table, pairs.destinations, columns or {}, warnings))
        pairs = _known(pairs, frames["places"][1]["place_id"], opened.where, table.where, warnings)
    stem = name or (Path(opened.where).stem if not isinstance(source, pd.DataFrame) else "od")
    asked = question(
        stem,
        f"{stem}: {len(frames['places'][1]):,} places, {len(pairs.origins):,} origins",
        sources=[{"what": "travel times", "origin": Path(opened.where).name, "licence": "not stated"}],
        notes=_notes(pairs, opened, layout, places is None),
        settings=settings,
    )
    for kind, given in (("facilities", facilities), ("candidates", candidates)):
        if given is not None:
            table = open_table(kind, given)
            frames[kind] = (table, _rows(kind, table, asked))
    if candidates is None:
        frames["candidates"] = (None, candidate_rows(asked, _origins(pairs, opened.where, warnings)))
    return _built(frames, pairs, asked, warnings)


def _built(
    frames: Mapping[str, _Frame], pairs: Pairs, asked: Mapping[str, Any], warnings: list[str]
) -> Instance:
    """The instance; what is wrong with a table is said of the file it came from."""
    tables = {kind: table for kind, (_, table) in frames.items()}
    sources = {kind: source for kind, (source, _) in frames.items() if source is not None}
    try:
        instance = Instance.from_frames(
            places=with_kinds(tables["places"], asked),
            candidates=tables["candidates"],
            facilities=tables.get("facilities"),
            od=_frame(pairs),
            settings=asked,
        )
    except InstanceError as error:
        raise InstanceError([_relocated(one, sources, tables) for one in error.complaints]) from None
    more = [warning for one in sources.values() for warning in one.warnings]
    return replace(instance, warnings=(*warnings, *more, *_unreached(instance), *instance.warnings))


def _read(
    source: Table,
    unit: str | None,
    kmh: float | None,
    columns: Mapping[str, str] | None,
    shape: Shape | None,
    reverse: bool,
) -> tuple[Pairs, Source, Layout]:
    """The pairs from sites to places, where they come from, and what its columns were taken for."""
    opened = open_table("od", source)
    own = {role: header for role, header in (columns or {}).items() if role in ROLES}
    layout = find_layout(opened.where, opened.headers, columns=own, unit=unit, kmh=kmh, shape=shape)
    pairs = collect(opened, layout)
    if reverse:
        pairs = Pairs(pairs.destinations, pairs.origins, pairs.head, pairs.tail, pairs.minutes)
    return pairs, opened, layout


def _check_columns(columns: Mapping[str, str], placed: bool) -> None:
    """Refuse roles there are not."""
    known = (*ROLES, *PLACE_ROLES) if placed else ROLES
    unknown = [role for role in columns if role not in known]
    if unknown:
        raise InstanceError(
            [
                Complaint("columns", f"{role!r} must be one of {', '.join(known)}{did_you_mean(role, known)}")
                for role in unknown
            ]
        )


def _frame(pairs: Pairs) -> pd.DataFrame:
    """od.csv; the ids stay numbers inside."""
    return pd.DataFrame(
        {
            "from": pd.Categorical.from_codes(pairs.tail, categories=pd.Index(pairs.origins, dtype=object)),
            "to": pd.Categorical.from_codes(
                pairs.head, categories=pd.Index(pairs.destinations, dtype=object)
            ),
            "minutes": pairs.minutes,
        }
    )


def _origins(pairs: Pairs, where: str, warnings: list[str]) -> list[str]:
    """The origins that reach anything; others cannot be candidate sites, which is said."""
    reaches = np.bincount(pairs.tail, minlength=len(pairs.origins)) > 0
    mute = pairs.origins[~reaches]
    if not reaches.any():
        raise InstanceError(Complaint(where, _NOTHING))
    if len(mute):
        warnings.append(f"{where}: origins that reach no place are no candidate sites: {_first(mute)}")
    return list(pairs.origins[reaches])


def _first(ids: Texts) -> str:
    """How many, and the first few."""
    return f"{len(ids):,}, {', '.join(ids[:_FEW])}{', ...' if len(ids) > _FEW else ''}"


def _one_person_each(pairs: Pairs) -> pd.DataFrame:
    """places.csv where nothing is known but the destinations."""
    ids = pairs.destinations
    return pd.DataFrame({"place_id": ids, "name": ids, "population": 1})


def _known(pairs: Pairs, ids: pd.Series[str], table: str, places: str, warnings: list[str]) -> Pairs:
    """The pairs to known places; others are left out, which is said."""
    known = pd.Index(pairs.destinations).isin(ids[ids != ""])
    if not known.any():
        raise InstanceError(Complaint(table, _strangers(pairs, ids, places)))
    if known.all():
        return pairs
    strangers = _first(pairs.destinations[~known])
    warnings.append(f"{table}: destinations that are no place of {places} are left out: {strangers}")
    number = np.cumsum(known, dtype=np.int32) - 1
    kept = known[pairs.head]
    return Pairs(
        pairs.origins,
        pairs.destinations[known],
        pairs.tail[kept],
        number[pairs.head[kept]].astype(np.int32),
        pairs.minutes[kept],
    )


def _strangers(pairs: Pairs, ids: pd.Series[str], places: str) -> str:
    """Words for a table none of whose destinations is a place, and why that may be."""
    what = f"no destination is a place of {places}: {pairs.destinations[0]!r} against {ids.iloc[0]!r}"
    short = {one.lstrip("0") for one in ids}
    if any(one.lstrip("0") in short for one in pairs.destinations):
        return f"{what}; one of the two has lost the zeros its ids begin with: keep ids as text"
    if pd.Index(pairs.origins).isin(ids).any():
        return f"{what}; its origins are: if it leads from places to sites, say reverse=True"
    return f'{what}; name the columns of ids with columns={{"to": ..., "place_id": ...}}'


def _rows(kind: str, source: Source, asked: Mapping[str, Any]) -> pd.DataFrame:
    """facilities.csv or candidates.csv of a table that names at least sites."""
    frame = whole(source)
    frame = frame.assign(**{one: with_points(source, frame[one]) for one in _NUMBERS if one in frame})
    if "site" not in frame:
        there = ", ".join(str(header) for header in frame.columns[:12])
        what = f"the column is missing; expected: the origin it stands at; there are {there}"
        raise InstanceError(Complaint(source.where, what, column="site"))
    if kind == "candidates":
        if "type" in frame:
            return frame
        rows = candidate_rows(asked, frame.index.to_list())
        return frame.loc[rows["site"]].assign(type=rows["type"].to_numpy())
    if "type" not in frame:
        frame = frame.assign(type=next(iter(asked["types"])))
    if "facility_id" not in frame:
        frame = frame.assign(facility_id=frame["site"].astype(str) + " " + frame["type"].astype(str))
    return frame if "name" in frame else frame.assign(name=frame["facility_id"])


def _notes(pairs: Pairs, opened: Source, layout: Layout, alike: bool) -> str:
    """What was read and what was assumed."""
    said = (
        f"{len(pairs.minutes):,} travel times from {len(pairs.origins):,} origins to "
        f"{len(pairs.destinations):,} destinations in {Path(opened.where).name}: {layout.said}. "
        "A pair without one is unreachable."
    )
    return f"{said} Every destination is a place with one person." if alike else said


def _relocated(
    complaint: str | Complaint, sources: Mapping[str, Source], tables: Mapping[str, pd.DataFrame]
) -> str | Complaint:
    """A complaint about a row of a frame as one about a line of the file it came from."""
    if isinstance(complaint, str):
        return complaint
    if complaint.where in sources:
        return replace(complaint, where=sources[complaint.where].where)
    found = _ROW.fullmatch(complaint.where)
    if not found or found[1] not in sources:
        return complaint
    row = int(tables[found[1]].index[int(found[2])])
    where, line = sources[found[1]].places([row])[0]
    return replace(complaint, where=where, line=line)


def _unreached(instance: Instance) -> list[str]:
    """A warning about places that no origin reaches."""
    if instance.od is None:
        return []
    size = len(instance.places.ids)
    alone = np.flatnonzero(np.bincount(instance.od.place, minlength=size)[:size] == 0)
    if not len(alone):
        return []
    people = int(instance.places.population[alone].sum())
    return [f"od: places that no origin reaches, {people:,} people: {_first(instance.places.names[alone])}"]
