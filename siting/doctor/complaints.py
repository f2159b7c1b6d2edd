"""What a reader refuses, as findings: one per kind of complaint."""

from __future__ import annotations

import re
from collections.abc import Iterable

from siting.doctor.findings import Finding, Row, Severity
from siting.doctor.words import many
from siting.errors import Complaint

_EFFECT = "the instance cannot be read, so nothing can be solved"

_KINDS: tuple[tuple[str, str, str, str], ...] = (
    (
        "swapped_coordinates",
        r"look swapped|swap(ped)? (them|the two|lat)",
        "latitude and longitude look swapped",
        "swap lat and lon in these rows, or in the whole table where it says so",
    ),
    (
        "wrong_scale",
        r"must be between -(90 and 90|180 and 180)|must be degrees between",
        "coordinates that are no degrees, as of a projected map in metres",
        "reproject the coordinates to degrees WGS 84 (EPSG:4326)",
    ),
    (
        "far_snaps",
        r"from the nearest road and must be within",
        "sites that are off the road network",
        "correct lat and lon, add the roads that lead there, or exclude their areas",
    ),
)
"""Kinds that planners know by a name: check, how to tell, what was found, how to mend it."""


_Key = tuple[str, str]
"""A table, and a kind of complaint about it."""


def findings_of(complaints: Iterable[str | Complaint]) -> tuple[Finding, ...]:
    """One finding of severity error per kind of complaint, in the order in which they first occur.

    Complaints are of one kind if they are about the same column of the same table and differ in
    what they quote and in numbers only.
    """
    groups: dict[_Key, list[Complaint]] = {}
    last: dict[tuple[str, str | None], _Key] = {}
    for one in complaints:
        complaint = one if isinstance(one, Complaint) else Complaint("", one)
        table = complaint.where.partition(".iloc[")[0]
        column = (table, complaint.column)
        if not _more(complaint) or column not in last:
            kind = _kind(complaint)
            bare = re.sub(r"'[^']*'|\"[^\"]*\"|[-\d.,]+", "#", complaint.what)
            last[column] = (table, kind) if kind else (table, f"{complaint.column}: {bare}")
        groups.setdefault(last[column], []).append(complaint)
    return tuple(_finding(key, group) for key, group in groups.items())


def _kind(complaint: Complaint) -> str:
    """Name of the kind that planners know; empty for others."""
    return next((name for name, pattern, *_ in _KINDS if re.search(pattern, complaint.what)), "")


def _more(complaint: Complaint) -> int:
    """How many rows a complaint only counts; 0 for one that stands for itself."""
    found = re.match(r"\.\.\. and ([\d,]+) more", complaint.what)
    return int(found[1].replace(",", "")) if found else 0


def _finding(key: _Key, group: list[Complaint]) -> Finding:
    table, kind = key
    unlisted = sum(_more(one) for one in group)
    rows = tuple(
        Row("", note=one.what, file=one.where or None, line=one.line, column=one.column)
        for one in group
        if not _more(one)
    )
    first = next((one for one in group if not _more(one)), group[0])
    number = len(rows) + unlisted
    at = f" in {table}" if table else ""
    for name, _, what, remedy in _KINDS:
        if name == kind:
            return Finding(
                name,
                Severity.ERROR,
                f"{what}: {many(number, 'complaint')}{at}",
                _EFFECT,
                remedy,
                rows,
                unlisted,
            )
    column = f" {first.column}" if first.column else ""
    what = (
        f"{table}{column}: {first.what}"
        if number == 1
        else (f"{many(number, 'complaint')} about {table}{column}, the first: {first.what}")
    )
    remedy = "mend the rows as each of them says, then look again"
    return Finding("unreadable", Severity.ERROR, what.removeprefix(": "), _EFFECT, remedy, rows, unlisted)
