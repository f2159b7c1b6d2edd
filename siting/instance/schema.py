"""The tables of an instance: every column with its kind, unit and meaning.

One source for three uses: the validation of files and frames, the tables of columns in
instances/README.md (a test compares them), and the messages a planner reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "integer", "number", "flag", "choice"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: header.
        kind: text, integer, number, flag (0 or 1) or choice (one of ``choices``).
        about: meaning, for people.
        unit: unit, ``-`` for none.
        required: the column must be there and no cell may be empty.
        unique: no value may occur twice.
        low, high: closed range of a number.
        choices: allowed words of a choice; an empty optional cell means the first.
        refers: what a text must be the id of: ``place or junction``, ``type``, ``kind``,
            ``facility``, ``scenario``, ``class``, or a level of areas.csv.
        blank: words that mean the same as an empty cell.
    """

    name: str
    kind: Kind
    about: str
    unit: str = "-"
    required: bool = False
    unique: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    refers: str | None = None
    blank: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: a CSV file of an instance folder, or a DataFrame of the same name."""

    name: str
    about: str
    required: bool
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """Name of the CSV file in the instance folder."""
        return f"{self.name}.csv"


MAX_UNITS = 100_000
"""Most units (crews, officers) of one facility."""

_LAT = Column("lat", "number", "latitude, WGS 84", "degrees", True, low=-90, high=90)
_LON = Column("lon", "number", "longitude, WGS 84", "degrees", True, low=-180, high=180)
_CAPACITY = Column(
    "capacity", "number", "people one unit can serve; empty: that of its type, else no limit", "people", low=0
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "places",
            "demand points: places with people",
            True,
            (
                Column("place_id", "text", "id of the place", required=True, unique=True),
                Column("name", "text", "name of the place", required=True),
                Column("name_local", "text", "name in the local script"),
                _LAT,
                _LON,
                Column("population", "integer", "people who live there", "people", True, low=0),
                Column(
                    "kind",
                    "text",
                    "kind of place; every service has a standard for it",
                    required=True,
                    refers="kind",
                ),
                Column("region", "text", "id of its region", refers="region"),
                Column("district", "text", "id of its district", refers="district"),
                Column("community", "text", "id of its community", refers="community"),
                Column(
                    "origin",
                    "choice",
                    "whether the place was observed or generated",
                    choices=("real", "synthetic"),
                ),
                Column("fires", "number", "fires expected there in a year; empty: 0", "fires a year", low=0),
            ),
        ),
        Table(
            "areas",
            "names of regions, districts and communities",
            False,
            (
                Column(
                    "level",
                    "choice",
                    "level of the area",
                    required=True,
                    choices=("region", "district", "community"),
                ),
                Column("area_id", "text", "id, unique within its level", required=True),
                Column("name", "text", "name of the area", required=True),
                Column("name_local", "text", "name in the local script"),
                Column(
                    "means",
                    "number",
                    "money the area itself can spend; empty: no limit",
                    "currency",
                    low=0,
                ),
            ),
        ),
        Table(
            "facilities",
            "existing facilities: they count, and stay open unless a model closes closable ones",
            False,
            (
                Column("facility_id", "text", "id of the facility", required=True, unique=True),
                Column("name", "text", "name of the facility", required=True),
                Column("type", "text", "facility type", required=True, refers="type"),
                Column(
                    "site",
                    "text",
                    "place or junction it stands at",
                    required=True,
                    refers="place or junction",
                ),
                Column(
                    "origin",
                    "choice",
                    "whether the facility was observed or assumed",
                    choices=("real", "synthetic"),
                ),
                Column(
                    "units",
                    "integer",
                    "crews or officers there; empty: 1",
                    "units",
                    low=1,
                    high=MAX_UNITS,
                ),
                _CAPACITY,
                Column("closable", "flag", "1: may be closed where the model asks about closing"),
                Column(
                    "saving",
                    "number",
                    "money saved by closing it; empty: that of its type, else 0",
                    "currency",
                    low=0,
                ),
            ),
        ),
        Table(
            "candidates",
            "options that may be opened: (site, facility type) pairs, each at most once",
            True,
            (
                Column(
                    "site",
                    "text",
                    "place or junction it would stand at",
                    required=True,
                    refers="place or junction",
                ),
                Column("type", "text", "facility type", required=True, refers="type"),
                Column(
                    "cost",
                    "number",
                    "cost of one unit; empty: the unit cost of its type",
                    "currency",
                    low=0,
                ),
                Column(
                    "status",
                    "choice",
                    "may, must or must not be opened",
                    choices=("candidate", "required", "forbidden"),
                ),
                _CAPACITY,
                Column(
                    "units",
                    "integer",
                    "most units that may be opened there; empty: that of its type, else 1",
                    "units",
                    low=1,
                    high=MAX_UNITS,
                ),
                Column(
                    "replaces",
                    "text",
                    "existing facility at the same site that opening it replaces",
                    refers="facility",
                ),
            ),
        ),
        Table(
            "junctions",
            "road nodes and sites that are not places",
            False,
            (
                Column("junction_id", "text", "id; no place may have it too", required=True, unique=True),
                Column("name", "text", "name of the junction"),
                _LAT,
                _LON,
            ),
        ),
        Table(
            "roads",
            "road edges; either this table or od.csv",
            False,
            (
                Column("from", "text", "place or junction", required=True, refers="place or junction"),
                Column("to", "text", "place or junction", required=True, refers="place or junction"),
                Column("km", "number", "length; used with kmh", "km", low=0, high=100_000),
                Column("kmh", "number", "car speed; used with km", "km/h", low=0.1, high=200),
                Column("minutes", "number", "car minutes; used instead of km and kmh", "minutes", low=0),
                Column("oneway", "flag", "1: only from -> to; empty or 0: both ways"),
                Column("class", "text", "road class"),
            ),
        ),
        Table(
            "od",
            "origin-destination table; either this table or roads.csv",
            False,
            (
                Column("from", "text", "site of a facility or candidate", required=True),
                Column("to", "text", "place", required=True, refers="place"),
                Column(
                    "minutes",
                    "number",
                    "car minutes; empty, NaN or a missing row: unreachable",
                    "minutes",
                    low=0,
                    blank=("NaN", "nan", "NA"),
                ),
            ),
        ),
        Table(
            "edits",
            "closures, speed factors and new links of the roads; each row is one of these",
            False,
            (
                Column(
                    "action",
                    "choice",
                    "what the row does: close edges, multiply their car minutes, or add an edge",
                    required=True,
                    choices=("close", "factor", "link"),
                ),
                Column("from", "text", "an end of an edge", refers="place or junction"),
                Column("to", "text", "its other end", refers="place or junction"),
                Column("class", "text", "road class: all its edges; of a link, its own", refers="class"),
                Column("area", "text", "polygon, WKT, lon lat: all edges any part of which lies in it"),
                Column("factor", "number", "multiplies the car minutes", low=0.01),
                Column("km", "number", "length of a link; used with kmh", "km", low=0, high=100_000),
                Column("kmh", "number", "car speed on a link; used with km", "km/h", low=0.1, high=200),
                Column(
                    "minutes",
                    "number",
                    "car minutes on a link; used instead of km and kmh",
                    "minutes",
                    low=0,
                ),
                Column("oneway", "flag", "1: only from -> to; empty or 0: both ways"),
                Column("note", "text", "why, for people"),
            ),
        ),
        Table(
            "scenarios",
            "what is different in a scenario; each row is an edge, a road class or a lost site",
            False,
            (
                Column("scenario", "text", "scenario of instance.toml", required=True, refers="scenario"),
                Column("from", "text", "an end of an edge, both ways", refers="place or junction"),
                Column("to", "text", "its other end", refers="place or junction"),
                Column("class", "text", "road class: all its edges", refers="class"),
                Column("factor", "number", "multiplies the car minutes; empty: closed", low=0.01),
                Column(
                    "site",
                    "text",
                    "place or junction where no facility or candidate serves",
                    refers="place or junction",
                ),
            ),
        ),
    )
}


def markdown() -> str:
    """The tables of columns as they stand in instances/README.md."""
    return "\n".join(_section(table) for table in TABLES.values())


def _section(table: Table) -> str:
    """Heading, meaning and columns of one table."""
    lines = [
        f"### {table.file}{' (required)' if table.required else ''}",
        "",
        f"{table.about[0].upper()}{table.about[1:]}.",
        "",
        "| column | required | unit | values | meaning |",
        "|---|---|---|---|---|",
    ]
    for column in table.columns:
        required = "yes" if column.required else ""
        unit = "" if column.unit == "-" else column.unit
        lines.append(f"| `{column.name}` | {required} | {unit} | {_values(column)} | {column.about} |")
    return "\n".join(lines) + "\n"


def _values(column: Column) -> str:
    """What a cell may hold, in words."""
    if column.kind == "choice":
        words = ", ".join(f"`{word}`" for word in column.choices)
        return words if column.required else f"{words}; empty: `{column.choices[0]}`"
    words = {"flag": "0 or 1", "integer": "whole number", "number": "number"}.get(column.kind, "text")
    if column.refers:
        words = "id" if column.refers not in ("kind", "class") else "text"
    if column.low is not None:
        words += f" >= {column.low:g}" if column.high is None else f", {column.low:g} to {column.high:g}"
    return f"{words}, unique" if column.unique else words
