"""What the columns of an origin-destination table mean.

=============  ==================================================================================
origin         ``from``, ``from_id`` (r5), ``origin``, ``origin_id``, ``OriginID``, ``OriginOID``,
               ``OriginName`` (ESRI), ``source``, ``facility``, ``facility_id``, ``site``; ``name``
               beside a column of destinations (spopt)
destination    ``to``, ``to_id`` (r5), ``destination``, ``destination_id``, ``DestinationID``,
               ``DestinationOID``, ``DestinationName`` (ESRI, spopt), ``target``, ``place``,
               ``place_id``
both           ``Name``, without other columns of ids: ``Station 4 - Tract 12`` (ESRI)
minutes        ``minutes``, ``travel_time_p50`` and other percentiles (r5), ``Total_Time`` and
               ``Total_TravelTime`` (ESRI, whose default unit it is)
unit in name   words for time or distance and a unit, e.g. ``travel_time_min``, ``duration_s``,
               ``Total_Minutes``, ``Total_TruckTime_Minutes``, ``distance_km``, ``metres``
unit open      ``travel_time``, ``time``, ``duration``, ``cost``, ``distance``, ``length``,
               ``Total_Length``, ``Total_Distance``, ``impedance``, ``value``
=============  ==================================================================================

Capital letters, spaces, hyphens and underscores make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from siting.errors import Complaint, InstanceError, did_you_mean

Shape = Literal["long", "wide"]

ORIGINS = ("from", "fromid", "origin", "originid", "originoid", "originname", "source",
           "facility", "facilityid", "site", "siteid")  # fmt: skip
DESTINATIONS = ("to", "toid", "destination", "destinationid", "destinationoid", "destinationname",
                "target", "place", "placeid")  # fmt: skip
MINUTES = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0}
"""Minutes in each unit of time."""
KM = {"metres": 0.001, "km": 1.0, "miles": 1.609344}
"""Kilometres in each unit of distance; ``kmh`` makes them minutes."""
UNITS = (*MINUTES, *KM)
ROLES = ("from", "to", "cost")

_SPELT = {
    "seconds": ("seconds", "second", "secs", "sec", "s"),
    "minutes": ("minutes", "minute", "mins", "min"),
    "hours": ("hours", "hour", "hrs", "h"),
    "metres": ("metres", "meters", "metre", "meter", "m"),
    "km": ("km", "kilometres", "kilometers"),
    "miles": ("miles", "mile", "mi"),
}
_UNIT = {word: unit for unit, words in _SPELT.items() for word in words}
_WORDS = {"travel", "time", "traveltime", "duration", "drive", "driving", "car", "network", "distance",
          "dist", "length", "road", "total", "cost"}  # fmt: skip
_USUALLY_MINUTES = ("totaltime", "totaltraveltime", "traveltimep50")
_OPEN = ("traveltime", "time", "duration", "cost", "totalcost", "impedance", "value", "distance", "dist",
         "networkdistance", "length", "totallength", "totaldistance")  # fmt: skip
_PERCENTILE = re.compile(r"traveltimep\d{1,2}")


@dataclass(frozen=True)
class Layout:
    """Where the origins, destinations and times of a table are.

    Attributes:
        shape: ``long``: a row per pair; ``wide``: a row per origin, a column per destination.
        origin: position of the column of origins.
        destination: position of that of destinations; that of origins where one column names both
            (``A - B``); unused in a wide table.
        costs: positions of the columns of numbers: one in a long table.
        unit: unit of the numbers.
        factor: minutes in one of them.
        said: the columns and the unit in words.
    """

    shape: Shape
    origin: int
    destination: int
    costs: tuple[int, ...]
    unit: str
    factor: float
    said: str


def find_layout(
    where: str,
    headers: Sequence[str],
    *,
    columns: Mapping[str, str] | None = None,
    unit: str | None = None,
    kmh: float | None = None,
    shape: Shape | None = None,
) -> Layout:
    """Tell the columns of a table by their headers.

    Args:
        where: the table in complaints.
        headers: of all columns.
        columns: headers of the roles ``from``, ``to`` and ``cost``, where they are not to be guessed.
        unit: one of :data:`UNITS`, where the name of the column leaves it open or is wrong.
        kmh: speed that makes distances minutes.
        shape: where it is not to be guessed.

    Raises:
        InstanceError: a role has no column or several, or the unit is not known.
    """
    _check_words(where, unit, kmh, shape)
    if len(headers) == 1:
        what = f"the header {headers[0][:60]!r} is a single cell"
        raise InstanceError(Complaint(where, f"{what}; cells are separated by commas, semicolons or tabs"))
    found = {**_roles(headers, unit), **_given(where, headers, columns or {})}
    if shape is None:
        shape = _shape(where, headers, found)
    if shape == "wide":
        unit, factor = _factor(where, "the table", None, unit, kmh)
        origin = found["from"][0] if columns and "from" in columns else 0
        costs = tuple(position for position in range(len(headers)) if position != origin)
        said = f"a matrix with an origin per row and a destination per column, in {unit}{_speed(kmh)}"
        return Layout("wide", origin, origin, costs, unit, factor, said)
    picked = {role: _one(where, headers, role, found[role]) for role in ROLES}
    cost = picked["cost"]
    known = None if columns and "cost" in columns and unit else _unit_of(headers[cost])
    unit, factor = _factor(where, repr(headers[cost]), known, unit, kmh)
    said = ", ".join(f"{role} {headers[picked[role]]!r}" for role in ROLES) + f" in {unit}{_speed(kmh)}"
    return Layout("long", picked["from"], picked["to"], (cost,), unit, factor, said)


def plain(header: str) -> str:
    """A header in small letters without spaces, hyphens, dots and underscores."""
    return re.sub(r"[\s\-_.]+", "", header.casefold())


def _check_words(where: str, unit: str | None, kmh: float | None, shape: str | None) -> None:
    complaints = []
    for option, value, known in (("unit", unit, UNITS), ("shape", shape, ("long", "wide"))):
        if value is not None and value not in known:
            what = f"{value!r} must be one of {', '.join(known)}{did_you_mean(value, known)}"
            complaints.append(Complaint(where, what, column=option))
    if kmh is not None and not 0 < kmh < 10_000:
        complaints.append(Complaint(where, f"{kmh:g} must be > 0 and < 10,000 (km/h)", column="kmh"))
    if complaints:
        raise InstanceError(complaints)


def _roles(headers: Sequence[str], unit: str | None) -> dict[str, list[int]]:
    """Positions that may have each role, those of the first name that occurs in its list."""
    names = [plain(header) for header in headers]
    found = {"from": _first(names, ORIGINS), "to": _first(names, DESTINATIONS), "cost": _costs(headers, unit)}
    if not found["from"] and "name" in names:
        found["from"] = [names.index("name")]
        found["to"] = found["to"] or found["from"]
    return found


def _first(names: Sequence[str], known: Sequence[str]) -> list[int]:
    """Positions of the first of the known names that occurs."""
    for one in known:
        if one in names:
            return [position for position, name in enumerate(names) if name == one]
    return []


def _costs(headers: Sequence[str], unit: str | None) -> list[int]:
    """Positions of the likeliest columns of numbers: in the unit asked for, else of time, else others."""
    units = [_unit_of(header) for header in headers]
    names = [plain(header) for header in headers]
    usual = [name in _USUALLY_MINUTES or bool(_PERCENTILE.fullmatch(name)) for name in names]
    opened = [position for position, name in enumerate(names) if name in _OPEN]
    timed = [position for position, one in enumerate(units) if one in MINUTES and not usual[position]]
    middle = [position for position, name in enumerate(names) if name in _USUALLY_MINUTES]
    ranks = [timed, middle, [position for position, one in enumerate(usual) if one]]
    ranks += [[position for position, one in enumerate(units) if one in KM], opened]
    if unit is not None:
        ranks = [[position for position, one in enumerate(units) if one == unit], opened, *ranks]
    return next((rank for rank in ranks if rank), [])


def _unit_of(header: str) -> str | None:
    """The unit that the name of a column says; None where it says none."""
    name = plain(header)
    if name in _USUALLY_MINUTES or _PERCENTILE.fullmatch(name):
        return "minutes"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", header.strip())
    *before, last = re.split(r"[\s\-_.()\[\]]+", words.casefold().strip("()[] "))
    if last in _UNIT and (before[:1] == ["total"] or set(before) <= _WORDS):
        # A lone letter is no name for a column of times; it may be an id.
        return _UNIT[last] if before or len(last) > 1 else None
    return None


def _given(where: str, headers: Sequence[str], columns: Mapping[str, str]) -> dict[str, list[int]]:
    """Positions of the columns the planner names."""
    found, complaints = {}, []
    for role, header in columns.items():
        if role not in ROLES:
            continue
        found[role] = [position for position, one in enumerate(headers) if one == header]
        if not found[role]:
            guess = did_you_mean(header, headers) or f"; there are {_listed(headers)}"
            complaints.append(Complaint(where, f"there is no column {header!r}{guess}", column=role))
    if complaints:
        raise InstanceError(complaints)
    return found


def _shape(where: str, headers: Sequence[str], found: Mapping[str, list[int]]) -> Shape:
    """Long where every role has a column, wide where the headers are ids."""
    missing = [role for role in ROLES if not found[role]]
    if not missing:
        return "long"
    if len(headers) > 1 and not found["to"] and not found["cost"] and not set(found["from"]) - {0}:
        return "wide"
    raise InstanceError(
        [
            Complaint(
                where,
                f"no column is known to hold {_ROLE_WORDS[role]}; there are {_listed(headers)}; name it with "
                f'columns={{"{role}": ...}}, or say shape="wide" if the headers are ids of destinations',
                column=role,
            )
            for role in missing
        ]
    )


_ROLE_WORDS = {"from": "the origins", "to": "the destinations", "cost": "travel times or distances"}


def _one(where: str, headers: Sequence[str], role: str, found: Sequence[int]) -> int:
    """The one column of a role."""
    if len(found) == 1:
        return found[0]
    if found:
        what = f"{_listed([headers[position] for position in found])} may all hold {_ROLE_WORDS[role]}"
    else:
        what = f"no column is known to hold {_ROLE_WORDS[role]}; there are {_listed(headers)}"
    raise InstanceError(Complaint(where, f'{what}; name one with columns={{"{role}": ...}}', column=role))


def _factor(
    where: str, what: str, known: str | None, unit: str | None, kmh: float | None
) -> tuple[str, float]:
    """The unit, and the minutes in one of it."""
    complaint = None
    if known and unit and known != unit and plain(what.strip("'")) not in _USUALLY_MINUTES:
        complaint = f"unit={unit!r} contradicts the name of the column {what}, which says {known}"
    unit = unit or known
    if unit is None:
        complaint = f"does not say in which unit {what} is; give unit, one of {', '.join(UNITS)}"
    elif unit in KM and kmh is None:
        complaint = (
            f"{what} holds distances in {unit}; give the speed that makes them times, kmh (60 makes a "
            "kilometre a minute)"
        )
    elif unit in MINUTES and kmh is not None:
        complaint = f"{what} holds times in {unit}; kmh is for distances: leave it out"
    if complaint or unit is None:
        raise InstanceError(Complaint(where, str(complaint), column="unit"))
    return unit, MINUTES[unit] if unit in MINUTES else KM[unit] / (kmh or 1.0) * 60


def _speed(kmh: float | None) -> str:
    """Words for the speed that made distances times."""
    return "" if kmh is None else f" at {kmh:g} km/h"


def _listed(headers: Sequence[str]) -> str:
    """The first headers in words."""
    more = f" and {len(headers) - 12:,} more" if len(headers) > 12 else ""
    return ", ".join(repr(header) for header in headers[:12]) + more
