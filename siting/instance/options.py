"""Existing facilities and candidates: what their rows refer to, and the defaults of their types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import (
    Candidates,
    CandidateStatus,
    Facilities,
    FacilityType,
    Floats,
    Ints,
    Places,
    Settings,
)
from siting.instance.raw import Report
from siting.instance.references import Ids, no_pair_twice, resolve
from siting.instance.tables import Checked
from siting.instance.upgrades import report_upgrades


@dataclass(frozen=True)
class References:
    """What the rows of facilities and candidates refer to, apart from sites.

    Attributes:
        facilities, candidates: (F,) and (C,) facility type, -1 where unknown.
        replaces: (C,) facility that opening the candidate replaces, -1 for none.
    """

    facilities: Ints
    candidates: Ints
    replaces: Ints


def find_references(
    checked: Mapping[str, Checked], given: Collection[str], settings: Settings, report: Report
) -> References:
    """Resolve facility types and upgrades; ``given`` names the tables that are there, broken or not."""
    types = Ids(one.id for one in settings.types)
    found = {
        name: resolve(checked[name], "type", types, "facility type", report)
        if name in checked
        else np.zeros(0, dtype=np.int32)
        for name in ("facilities", "candidates")
    }
    replaces = np.full(len(found["candidates"]), -1, dtype=np.int32)
    if "candidates" in checked and ("facilities" in checked or "facilities" not in given):
        ids = Ids(checked["facilities"].text("facility_id") if "facilities" in checked else ())
        what = "existing facility"
        replaces = resolve(checked["candidates"], "replaces", ids, what, report, complete=True)
    return References(found["facilities"], found["candidates"], replaces)


def read_facilities(table: Checked | None, site: Ints, type_: Ints, settings: Settings) -> Facilities:
    """Facilities with what they do not say taken from their types.

    Args:
        table: F rows, None where there is no such table.
        site, type_: (F,) indices.
        settings: with the facility types.
    """
    if table is None:
        words, numbers, flags = np.zeros(0, dtype=object), np.zeros(0), np.zeros(0, dtype=bool)
        return Facilities(words, words, site, type_, site, numbers, flags, numbers, flags)
    return Facilities(
        ids=table.text("facility_id"),
        names=table.text("name"),
        site=site,
        type=type_,
        units=np.maximum(1, table.whole("units")).astype(np.int32),
        capacity=_or_of_type(table.number("capacity"), type_, settings, lambda one: one.capacity),
        closable=table.flag("closable"),
        saving=np.nan_to_num(_or_of_type(table.number("saving"), type_, settings, lambda one: one.saving)),
        synthetic=table.choice("origin") == 1,
    )


def read_candidates(
    table: Checked | None,
    site: Ints,
    references: References,
    facilities: Facilities,
    settings: Settings,
    places: Places,
    report: Report,
) -> Candidates:
    """Candidates with what they do not say taken from their types; those at excluded places are forbidden.

    Args:
        table: C rows, None where the table is not readable.
        site: (C,) index.
        references: their types, and the facilities they replace.
        facilities, settings, places: of the instance.
        report: receives complaints about repeated pairs, missing costs, required candidates at
            excluded places, and upgrades that are none.
    """
    type_ = references.candidates
    if table is None:
        nothing = np.zeros(0)
        return Candidates(site, type_, nothing, site, nothing, site, site)
    raw = table.raw
    no_pair_twice(table, "site", "type", report)
    cost = _or_of_type(table.number("cost"), type_, settings, lambda one: one.cost)
    costless = np.isnan(cost) & (type_ >= 0) & ~raw.filled("cost")
    types, sites, status = table.text("type"), table.text("site"), table.choice("status")
    report.rows(
        raw, costless, "cost", lambda row: f"the cell is empty and types.{types[row]} has no cost either"
    )
    out = np.append(places.excluded, False)[np.minimum(site, len(places.ids))]
    barred = out & (status == CandidateStatus.REQUIRED)
    report.rows(raw, barred, "status", lambda row: f"'required', but its place {sites[row]!r} is excluded")
    report_upgrades(table, site, type_, references.replaces, facilities, settings, report)
    units = table.whole("units")
    usual = np.array([one.units for one in settings.types] + [1])
    return Candidates(
        site=site,
        type=type_,
        cost=cost,
        status=np.where(out, CandidateStatus.FORBIDDEN, status).astype(np.int32),
        capacity=_or_of_type(table.number("capacity"), type_, settings, lambda one: one.capacity),
        units=np.where(units > 0, units, usual[type_]).astype(np.int32),
        replaces=references.replaces,
    )


def _or_of_type(
    given: Floats, type_: Ints, settings: Settings, usual: Callable[[FacilityType], float | None]
) -> Floats:
    """The numbers given, and where there is none that of the facility type, (N,); NaN if it has none."""
    values = [usual(one) for one in settings.types]
    of_type = np.array([np.nan if one is None else one for one in values] + [np.nan])
    return np.where(np.isnan(given), of_type[type_], given)
