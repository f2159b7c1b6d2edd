"""The places of an origin-destination table, from a table of the planner's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.arrays import Texts
from siting.readers.od.csv_source import open_csv, with_points
from siting.readers.od.layout import plain
from siting.readers.od.source import Source, coded, open_frame, open_parquet
from siting.readers.question import kinds_of

IDS = ("placeid", "id", "toid", "destinationid", "code", "geoid", "geoid10", "geoid20", "fid", "objectid",
       "zone", "zoneid", "tract", "place", "name", "destinationname")  # fmt: skip
NAMES = ("name", "label", "title", "placename")
PEOPLE = ("population", "pop", "people", "persons", "inhabitants", "residents", "totalpopulation",
          "poptotal", "demand")  # fmt: skip
LATITUDES, LONGITUDES = ("lat", "latitude"), ("lon", "long", "lng", "longitude")
ALSO = ("name_local", "kind", "region", "district", "community", "fires")
"""Columns of places.csv that are taken over as they are."""
ROLES = ("place_id", "population", "name", "lat", "lon")
_YEAR = re.compile(r"pop(ulation)?(19|20)?\d\d")

Table = str | Path | pd.DataFrame


def open_table(name: str, table: Table) -> Source:
    """A CSV or Parquet file or a DataFrame as a source.

    Args:
        name: of a DataFrame in complaints.
        table: path or frame.

    Raises:
        InstanceError: it cannot be read as such.
    """
    if isinstance(table, pd.DataFrame):
        return open_frame(name, table)
    if not isinstance(table, str | Path):
        what = f"must be a CSV or Parquet file, or a pandas DataFrame, not {type(table).__name__}"
        raise InstanceError(Complaint(name, what))
    path = Path(table)
    return open_parquet(path) if path.suffix.casefold() in (".parquet", ".pq") else open_csv(path)


def whole(source: Source) -> pd.DataFrame:
    """All rows that hold anything; the index counts the rows of the source."""
    frame = source.texts()
    filled = (frame.notna() & (frame != "")).any(axis=1)
    return frame[filled]


def read_places(
    source: Source, destinations: Texts, columns: Mapping[str, str], warnings: list[str]
) -> pd.DataFrame:
    """places.csv; the index counts the rows of the source.

    The ids are in the column of a known name that has most destinations in it.

    Args:
        source: the table.
        destinations: ids of the table of times.
        columns: headers of :data:`ROLES` where they are not to be guessed.
        warnings: receives what is noteworthy.

    Raises:
        InstanceError: there are no ids, or no people.
    """
    frame = whole(source)
    if frame.empty:
        raise InstanceError(Complaint(source.where, "the table has no rows; expected: places with people", 1))
    complaints = [
        Complaint(
            source.where, f"there is no column {header!r}{did_you_mean(header, source.headers)}", column=role
        )
        for role, header in columns.items()
        if role in ROLES and header not in source.headers
    ]
    if complaints:
        raise InstanceError(complaints)
    ids = _id_column(source, frame, destinations, columns)
    people = columns.get("population") or _named(source.headers, PEOPLE, _YEAR)
    if people is None:
        what = f"no column is known to hold people; there are {', '.join(source.headers[:20])}; name it with "
        raise InstanceError(
            Complaint(source.where, what + 'columns={"population": ...}', column="population")
        )
    names = columns.get("name") or _named([one for one in source.headers if one != ids], NAMES) or ids
    places = pd.DataFrame({"place_id": _text(frame[ids]), "name": _text(frame[names])}, index=frame.index)
    places["name"] = places["name"].where(places["name"] != "", places["place_id"])
    for role, known in (("lat", LATITUDES), ("lon", LONGITUDES)):
        header = columns.get(role) or _named(source.headers, known)
        if header is not None:
            places[role] = with_points(source, frame[header])
    if ("lat" in places) != ("lon" in places):
        places = places.drop(columns=["lat", "lon"], errors="ignore")
        warnings.append(f"{source.where}: only one of latitude and longitude is there; both are left out")
    places["population"] = _whole_people(source, with_points(source, frame[people]), warnings)
    for column in ALSO:
        if column in frame:
            places[column] = frame[column]
    return places


def with_kinds(places: pd.DataFrame, asked: Mapping[str, Any]) -> pd.DataFrame:
    """The places with their kind: the only one that has standards, or else by their people."""
    if "kind" in places:
        return places
    people = pd.to_numeric(places["population"], errors="coerce").fillna(0)
    kinds: set[str] = set()
    for service in asked["services"].values():
        standard = service.get("standard") if isinstance(service, Mapping) else None
        kinds |= set(standard) if isinstance(standard, Mapping) else set()
    return places.assign(kind=kinds.pop() if len(kinds) == 1 else kinds_of(people.to_numpy()))


def _whole_people(source: Source, cells: pd.Series[Any], warnings: list[str]) -> pd.Series[Any]:
    """People rounded to whole numbers; cells that are no numbers stay, to be complained about."""
    numbers = pd.to_numeric(cells, errors="coerce")
    broken = numbers.notna() & np.isfinite(numbers) & (numbers != numbers.round())
    if not broken.any():
        return cells
    warnings.append(
        f"{source.where}: populations that are not whole numbers were rounded: {int(broken.sum()):,}"
    )
    return cells.astype(object).where(~broken, (numbers + 0.5).fillna(0) // 1)


def _id_column(source: Source, frame: pd.DataFrame, destinations: Texts, columns: Mapping[str, str]) -> str:
    """Header of the column of ids."""
    if "place_id" in columns:
        return columns["place_id"]
    known = {plain(header): header for header in reversed(source.headers)}
    found = [known[name] for name in IDS if name in known]
    if not found:
        what = f"no column is known to hold ids; there are {', '.join(source.headers[:20])}; name it with "
        raise InstanceError(Complaint(source.where, what + 'columns={"place_id": ...}', column="place_id"))
    wanted = pd.Index(destinations)
    matches = [int(_text(frame[header]).isin(wanted).sum()) for header in found]
    return found[int(np.argmax(matches))]


def _named(
    headers: Sequence[str], known: Sequence[str], pattern: re.Pattern[str] | None = None
) -> str | None:
    """The header of the first known name, or else of the pattern."""
    for name in known:
        for header in headers:
            if plain(header) == name:
                return header
    return next((one for one in headers if pattern and pattern.fullmatch(plain(one))), None)


def _text(cells: pd.Series[Any]) -> pd.Series[str]:
    """Ids as text: whole floats without ``.0``."""
    codes, words = coded(cells)
    return pd.Series(words[codes], index=cells.index, dtype=object)
