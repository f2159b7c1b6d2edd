"""Which column of a planner's file is which column of the instance: one table of known names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.raw import RawTable, Report
from siting.instance.schema import TABLES

_ID = (
    "id", "osm_id", "osmid", "@id", "geoid", "geoid20", "geoid10", "katottg", "koatuu", "geonameid",
    "code", "gid", "objectid", "fid",
)  # fmt: skip
_NAME = ("name_en", "name:en", "label", "title", "namelsad", "settlement", "town", "place_name")
_WHERE = {"lat": ("latitude", "y"), "lon": ("longitude", "lng", "long", "x")}

OTHER_NAMES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "places": {
        "place_id": _ID,
        "name": _NAME,
        "name_local": ("name_uk", "name:uk", "local_name"),
        **_WHERE,
        "population": (
            "pop", "pop_total", "total_pop", "tot_pop", "pop_est", "pop_max", "inhabitants", "residents",
            "people", "demand", "weight",
        ),
    },
    "facilities": {
        "facility_id": _ID,
        "name": _NAME,
        **_WHERE,
        "type": ("facility_type",),
        "units": ("crews", "officers"),
    },
    "candidates": {"site": _ID, "name": _NAME, **_WHERE, "type": ("facility_type",), "cost": ("price",)},
    "roads": {
        "kmh": ("speed_kph", "speed_kmh", "kph", "speed"),
        "maxspeed": ("max_speed", "speed_limit"),
        "minutes": ("mins", "travel_min", "time_min", "drive_min"),
        "oneway": ("one_way",),
        "class": ("highway", "fclass", "road_class"),
    },
}  # fmt: skip
"""Per table and column its other names, the preferred ones first; capitals do not matter.

A column under its own name comes before all others. ``site`` of a candidate is the id of a place, or
of the candidate's own location.
"""

_YEARS = re.compile(r"(pop|population|pop_est|tot_pop|pop_total)_?(19|20)\d\d")
"""A population of a year: taken where there is only one of them."""

_EXTRA = {"candidates": ("name", "lat", "lon"), "facilities": ("lat", "lon"), "roads": ("maxspeed",)}
"""Columns a layer may have beside those of the table of its name."""


def known_columns(table: str) -> tuple[str, ...]:
    """Columns of a layer that are looked for."""
    return (*(column.name for column in TABLES[table].columns), *_EXTRA.get(table, ()))


def check_overrides(columns: Mapping[str, str] | None, tables: Iterable[str]) -> dict[str, str]:
    """The planner's own names of columns, after a check of what they are names of.

    Args:
        columns: header by column (``population``: in every layer that has such a column) or by table
            and column (``facilities.type``); a value that begins with ``=`` is the content of every
            cell (``=fire_department``).
        tables: the layers there may be.

    Raises:
        InstanceError: an unknown column, or a header that is no text.
    """
    if columns is None:
        return {}
    fields = {column for table in tables for column in known_columns(table)}
    known = fields | {f"{table}.{column}" for table in tables for column in known_columns(table)}
    wrong = [
        Complaint("columns", f"no such column{did_you_mean(str(key), sorted(known))}", column=str(key))
        for key in columns
        if key not in known
    ]
    wrong += [
        Complaint("columns", f"{header!r} must be the text of a header", column=str(key))
        for key, header in columns.items()
        if not isinstance(header, str) or not header.strip("= ")
    ]
    if wrong:
        raise InstanceError(wrong)
    return {key: header.strip() for key, header in columns.items()}


def find_columns(raw: RawTable, table: str, overrides: Mapping[str, str], report: Report) -> dict[str, str]:
    """Header of every column of a layer that is there.

    Args:
        raw: the layer.
        table: places, facilities, candidates or roads.
        overrides: from :func:`check_overrides`.
        report: receives complaints about overrides that are not there, and several years of population.

    Returns:
        Header by column; ``=value`` where every cell has that content.
    """
    folded: dict[str, str] = {}
    for header in raw.columns:
        folded.setdefault(header.casefold(), header)
    found: dict[str, str] = {}
    for column in known_columns(table):
        own = overrides.get(f"{table}.{column}")
        for_all = overrides.get(column)
        if own is not None and not own.startswith("=") and own not in raw.columns:
            guess = did_you_mean(own, list(raw.columns)) or there_are(raw)
            report.add(raw.where, f"there is no column {own!r} to take as {column}{guess}", raw.header(), own)
        elif own is not None:
            found[column] = own
        elif for_all is not None and (for_all in raw.columns or for_all.startswith("=")):
            found[column] = for_all
        else:
            names = (column, *OTHER_NAMES[table].get(column, ()))
            known = next((folded[name] for name in names if name in folded), None)
            if known is None and column == "population":
                known = _of_a_year(raw, report)
            if known is not None:
                found[column] = known
    return found


def report_unused(overrides: Mapping[str, str], layers: Iterable[RawTable | None], report: Report) -> None:
    """Complain about an override for all layers whose header is in none of them."""
    headers = {header for layer in layers if layer is not None for header in layer.columns}
    for column, header in overrides.items():
        if "." not in column and not header.startswith("=") and header not in headers:
            guess = did_you_mean(header, sorted(headers))
            report.add("columns", f"no layer has a column {header!r}{guess}", column=column)


def there_are(raw: RawTable) -> str:
    """Words for the columns there are."""
    return "; the columns are " + (", ".join(raw.columns) or "none")


def in_words(found: Mapping[str, str], schema_first: str = "") -> str:
    """What was taken for what, e.g. ``POP2020 as population``; columns under their own names are left out."""
    words = []
    for column, header in found.items():
        if header.startswith("="):
            words.append(f"{header[1:]!r} as {column} of every row")
        elif header != column:
            words.append(f"{header} as {column}")
    return f"{schema_first}{', '.join(words)}" if words else ""


def _of_a_year(raw: RawTable, report: Report) -> str | None:
    """The one column with a population of a year; several are for the planner to choose from."""
    years = [header for header in raw.columns if _YEARS.fullmatch(header.casefold())]
    if len(years) > 1:
        report.add(
            raw.where,
            f"there are several: {', '.join(years)}; say which: columns={{'population': {years[-1]!r}}}",
            raw.header(),
            "population",
        )
    return years[0] if years else None
