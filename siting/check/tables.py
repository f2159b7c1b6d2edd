"""The rows of sites.csv and assignments.csv against recomputed response times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.check.audit import Audit, equally_fast, listed, name_need, same
from siting.check.files import Sheet, find, plain
from siting.check.times import Answers
from siting.instance import LEVELS
from siting.instance.arrays import Flags, Floats, Ints, Longs, Texts
from siting.instance.references import Ids


def check_assignments(audit: Audit, sheet: Sheet) -> tuple[list[str], Ints]:
    """Compare every row of assignments.csv.

    Returns:
        What is wrong, and (N,) the option that serves each need: the one in the file where it
        answers first, else the recomputed one.
    """
    findings, rows, needs = _match_needs(audit, sheet)
    ground = audit.ground
    places, settings = ground.instance.places, ground.settings
    place = ground.needs.place[needs]
    findings += _texts(sheet, rows, "place", places.names[place])
    findings += _values(sheet, rows, "people", places.population[place].astype(np.float64))
    names = option_names(audit)
    types = np.array([kind.id for kind in settings.types] + [""], dtype=object)
    type_of = np.append(ground.options.type, len(types) - 1)
    serves = audit.told.option.astype(np.int32)
    for suffix, answers in (("", audit.told), ("_before", audit.before)):
        wrong, claimed = _claims(audit, sheet, rows, needs, names, answers, f"facility{suffix}")
        findings += wrong
        ms = answers.ms[needs]
        findings += _values(sheet, rows, f"minutes{suffix}", np.round(ms / 60_000, 3))
        covered = (ms <= ground.needs.standard_ms[needs]).astype(np.float64)
        findings += _values(sheet, rows, f"covered{suffix}", covered)
        if not suffix:
            findings += _texts(sheet, rows, "facility_type", types[type_of[claimed]])
            serves[needs] = claimed
    return findings, serves


def check_sites(audit: Audit, sheet: Sheet, serves: Ints) -> list[str]:
    """Compare every row of sites.csv, and their order; columns that are not there are not asked for.

    Args:
        audit: recomputed; ``opened`` in the order of the rows.
        sheet: sites.csv.
        serves: (N,) option that serves each need.
    """
    ground, opened = audit.ground, audit.opened
    sites, places = ground.instance.sites, ground.instance.places
    site = ground.options.site[opened]
    rows = np.arange(len(opened))
    use = _use(audit, serves)
    findings = _texts(sheet, rows, "name", sites.names[site])
    for level in LEVELS:
        area = np.full(len(sites.ids), -1)
        area[: len(places.ids)] = places.area[level]
        findings += _texts(sheet, rows, level, np.append(ground.instance.areas[level].names, "")[area[site]])
    findings += _values(sheet, rows, "rank", rows + 1.0)
    findings += _values(sheet, rows, "lat", np.round(sites.lat[site], 5))
    findings += _values(sheet, rows, "lon", np.round(sites.lon[site], 5))
    findings += _values(sheet, rows, "cost", np.round(ground.options.cost[opened], 2))
    findings += _values(sheet, rows, "people_newly_covered", use.newly)
    findings += _values(sheet, rows, "people_served", use.people)
    if "mean_response_minutes" in sheet.numbers:
        written = sheet.numbers["mean_response_minutes"]
        # A mean halfway between two printed values may have been rounded either way.
        near = np.abs(written - use.mean) <= 0.0005 + 1e-12 * np.abs(use.mean)
        either = near & (np.round(written, 3) == written)
        expected = np.where(either, written, np.round(use.mean, 3))
        findings += _values(sheet, rows, "mean_response_minutes", expected)
    return findings + (_order(audit, sheet, use) if "rank" in sheet.numbers else [])


@dataclass(frozen=True, eq=False)
class _Use:
    """What K new facilities do.

    Attributes:
        newly: (K,) people of places with a need it covers that was not covered before.
        people: (K,) people of places of which it serves a need.
        mean: (K,) minutes, weighted by people over the needs it serves; NaN without people.
        saved: (K,) person-ms it saves in needs that were answered before.
    """

    newly: Longs
    people: Longs
    mean: Floats
    saved: Longs


def _use(audit: Audit, serves: Ints) -> _Use:
    """What the opened options do, in their order; a person counts once per facility in people."""
    ground, opened = audit.ground, audit.opened
    needs, population = ground.needs, ground.instance.places.population
    number = np.full(len(ground.options.site) + 1, -1)  # the last entry is for nobody, -1
    number[opened] = np.arange(len(opened))
    need = np.flatnonzero(number[serves] >= 0)
    by, place, people = number[serves[need]], needs.place[need], needs.people[need]
    ms, before = audit.told.ms[need], audit.before.ms[need]

    def added(position: Longs, what: Longs) -> Longs:
        sums = np.zeros(len(opened), dtype=np.int64)
        np.add.at(sums, position, what)
        return sums

    def once(which: Flags) -> Longs:
        pairs = np.unique(np.column_stack((by[which], place[which])), axis=0)
        return added(pairs[:, 0], population[pairs[:, 1]])

    newly = (ms <= needs.standard_ms[need]) & ~(before <= needs.standard_ms[need])
    waited, counted = added(by, people * ms.astype(np.int64)), added(by, people)
    gain = np.where(np.isnan(before), 0, before - ms).astype(np.int64)
    mean = np.full(len(opened), np.nan)
    np.divide(waited / 60_000, counted, out=mean, where=counted > 0)
    return _Use(once(newly), once(np.ones(len(need), dtype=bool)), mean, added(by, people * gain))


def option_names(audit: Audit) -> Texts:
    """(M+1,) name of every option in assignments.csv; the last, empty, is nobody's."""
    ground = audit.ground
    instance, options = ground.instance, ground.options
    new = slice(options.existing, None)
    types = np.array([kind.id for kind in ground.settings.types], dtype=object)
    fresh = instance.sites.ids[options.site[new]] + ":" + types[options.type[new]]
    return np.concatenate([instance.facilities.ids, fresh, np.array([""], dtype=object)])


def _match_needs(audit: Audit, sheet: Sheet) -> tuple[list[str], Longs, Longs]:
    """Rows that are about a need, each need once, and their needs; complaints about the others."""
    ground, raw = audit.ground, sheet.raw
    places, services = ground.instance.places, [one.id for one in ground.settings.services]
    kept = np.flatnonzero(~places.excluded)
    number = np.full(len(places.ids) + 1, -1)  # the last entry is for unknown ids, -1
    number[kept] = np.arange(len(kept))
    place = number[find(Ids(places.ids), raw.text("place_id"))]
    service = find(Ids(services), raw.text("service"))
    need = np.where((place >= 0) & (service >= 0), service * len(kept) + place, -1)
    again = pd.Series(need).duplicated().to_numpy() & (need >= 0)
    name = raw.text("place_id") + " " + raw.text("service")

    def say(what: str) -> Callable[[int], str]:
        return lambda row: f"{sheet.place(row, 'place_id, service')}: {name[row]!r} {what}"

    findings = listed(np.flatnonzero(need < 0), say("is no need of the instance"), "rows without a need")
    findings += listed(np.flatnonzero(again), say("is there already"), "repeated rows")
    rows = np.flatnonzero((need >= 0) & ~again)
    absent = np.setdiff1d(np.arange(len(ground.needs.place)), need[rows])
    findings += listed(
        absent, lambda one: f"{raw.where}: no row for {name_need(ground, one)}", "needs without a row"
    )
    falls = rows[1:][np.diff(need[rows]) < 0]
    findings += listed(falls, say("is out of order"), "rows out of order")
    return findings, rows, need[rows]


def _claims(
    audit: Audit, sheet: Sheet, rows: Longs, needs: Longs, names: Texts, answers: Answers, column: str
) -> tuple[list[str], Ints]:
    """Who serves each need (K,) according to a column, where that is as fast as the recomputed one."""
    cells = sheet.raw.text(column)
    recomputed = answers.option[needs].astype(np.int32)
    claimed = recomputed.copy()
    other = np.flatnonzero(~plain(cells[rows], names[recomputed]))
    option = find(Ids(names[:-1]), cells[rows[other]])
    is_open = np.append(audit.ground.standing, False)
    if column == "facility":
        is_open[audit.opened] = True
    fine = is_open[option]
    whole = answers.option.copy()
    whole[needs[other]] = option
    fine[fine] = equally_fast(audit.ground, whole, answers.ms, needs[other[fine]])
    claimed[other[fine]] = option[fine]
    wrong = other[~fine]

    def say(one: int) -> str:
        row = int(rows[one])
        cell, better = cells[row], names[recomputed[one]]
        return f"{sheet.place(row, column)}: {cell!r}, recomputed {better!r}"

    return listed(wrong, say, f"differences in {column}"), claimed


def _texts(sheet: Sheet, rows: Longs, column: str, expected: Texts) -> list[str]:
    """Differences between a text column and what it should say in some rows (K,)."""
    if column not in sheet.raw.columns:
        return []
    cells = sheet.raw.text(column)[rows]
    return _differences(sheet, rows, column, ~plain(cells, expected), expected)


def _values(sheet: Sheet, rows: Longs, column: str, expected: NDArray[Any]) -> list[str]:
    """Differences between a number column and what it should hold in some rows (K,)."""
    if column not in sheet.numbers:
        return []
    return _differences(sheet, rows, column, ~same(sheet.numbers[column][rows], expected), expected)


def _differences(sheet: Sheet, rows: Longs, column: str, bad: Flags, expected: NDArray[Any]) -> list[str]:
    def say(one: int) -> str:
        row, value = int(rows[one]), expected[one]
        words = repr(value) if isinstance(value, str) else f"{value:.12g}".replace("nan", "an empty cell")
        return f"{sheet.place(row, column)}: {sheet.raw.cell(column, row)!r}, recomputed {words}"

    return listed(np.flatnonzero(bad), say, f"differences in {column}")


def _order(audit: Audit, sheet: Sheet, use: _Use) -> list[str]:
    """Rows stand in the order of people newly covered, person-minutes saved, site, type."""
    options, settings = audit.ground.options, audit.ground.settings
    sites = audit.ground.instance.sites.ids[options.site[audit.opened]]
    types = [settings.types[kind].id for kind in options.type[audit.opened]]
    keys = list(zip(-use.newly, -use.saved, sites, types, strict=True))
    falls = [row for row in range(1, len(keys)) if keys[row] < keys[row - 1]]
    return listed(
        falls, lambda row: f"{sheet.place(row, 'rank')}: belongs before the row above it", "rows out of rank"
    )
