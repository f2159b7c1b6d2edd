"""The rows of sites.csv and assignments.csv against recomputed response times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.check.audit import Assigned, Audit
from siting.check.claimed import Rows
from siting.check.files import Sheet, find, plain
from siting.check.needs import viewed
from siting.check.served import equally_fast
from siting.check.times import Answers, Ground
from siting.check.words import listed, same
from siting.instance import LEVELS
from siting.instance.arrays import Flags, Floats, Ints, Longs, Texts
from siting.instance.references import Ids


def check_assignments(audit: Audit, sheet: Sheet, rows: Rows) -> tuple[list[str], Assigned]:
    """Compare every row of assignments.csv.

    Returns:
        What is wrong, and who serves what: whom the file names where they answer first, or as the
        plan decides, else who is recomputed.
    """
    findings, row, needs = list(rows.findings), rows.row, rows.need
    ground = audit.ground
    places, settings = ground.instance.places, ground.settings
    place = ground.needs.place[needs]
    findings += _texts(sheet, row, "place", places.names[place])
    findings += _values(sheet, row, "people", places.population[place].astype(np.float64))
    names = option_names(ground)
    types = np.array([kind.id for kind in settings.types] + [""], dtype=object)
    type_of = np.append(ground.options.type, len(types) - 1)
    if ground.layout.serve == "nearest":
        wrong, claimed = _claims(audit, sheet, rows, names, audit.told, "facility")
        ms, assigned = audit.told.ms[needs], _named(audit, needs, claimed)
    else:
        claimed, assigned = rows.option.astype(np.int32), audit.assigned
        wrong = _unknown(sheet, rows)
        ms = _assigned_ms(audit, rows)
    findings += [*wrong, *_times(audit, sheet, rows, ms, "")]
    findings += _texts(sheet, row, "facility_type", types[type_of[claimed]])
    wrong, _ = _claims(audit, sheet, rows, names, audit.before, "facility_before")
    findings += [*wrong, *_times(audit, sheet, rows, audit.before.ms[needs], "_before")]
    return findings, assigned


def _named(audit: Audit, needs: Longs, claimed: Ints) -> Assigned:
    """Who answers first, by the names in the file."""
    option = audit.told.option.copy()
    option[needs] = claimed
    served = np.flatnonzero(option >= 0)
    return Assigned(served, option[served], np.ones(len(served)), audit.told.ms[served])


def _unknown(sheet: Sheet, rows: Rows) -> list[str]:
    """Cells that name no facility."""
    cells = sheet.raw.text("facility")
    return listed(
        rows.row[(rows.option < 0) & (cells[rows.row] != "")],
        lambda row: f"{sheet.place(row, 'facility')}: {cells[row]!r} is no facility of the plan",
        "unknown facilities",
    )


def _assigned_ms(audit: Audit, rows: Rows) -> Floats:
    """(K,) recomputed ms of every row, NaN for nobody."""
    ms = np.full(len(rows.need), np.nan)
    ms[rows.option >= 0] = audit.assigned_of(rows.need[rows.option >= 0], rows.option[rows.option >= 0])
    return ms


def _times(audit: Audit, sheet: Sheet, rows: Rows, ms: Floats, suffix: str) -> list[str]:
    """Differences in minutes and in what is covered, given recomputed ms (K,)."""
    covered = (ms <= audit.ground.needs.standard_ms[rows.need]).astype(np.float64)
    return [
        *_values(sheet, rows.row, f"minutes{suffix}", np.round(ms / 60_000, 3)),
        *_values(sheet, rows.row, f"covered{suffix}", covered),
    ]


def check_sites(audit: Audit, sheet: Sheet, assigned: Assigned) -> list[str]:
    """Compare every row of sites.csv, and their order; columns that are not there are not asked for.

    Args:
        audit: recomputed; ``opened`` in the order of the rows.
        sheet: sites.csv.
        assigned: who serves what.
    """
    ground, opened = audit.ground, audit.opened
    sites, places = ground.instance.sites, ground.instance.places
    site = ground.options.site[opened]
    rows = np.arange(len(opened))
    use = facility_use(audit, assigned)
    findings = _texts(sheet, rows, "name", sites.names[site])
    for level in LEVELS:
        area = np.full(len(sites.ids), -1)
        area[: len(places.ids)] = places.area[level]
        findings += _texts(sheet, rows, level, np.append(ground.instance.areas[level].names, "")[area[site]])
    replaced = np.append(ground.instance.facilities.ids, "")[ground.options.replaces[opened]]
    findings += _texts(sheet, rows, "replaces", replaced)
    findings += _values(sheet, rows, "rank", rows + 1.0)
    findings += _values(sheet, rows, "lat", np.round(sites.lat[site], 5))
    findings += _values(sheet, rows, "lon", np.round(sites.lon[site], 5))
    findings += _values(sheet, rows, "cost", np.round(ground.options.cost[opened] * audit.units, 2))
    findings += _values(sheet, rows, "people_newly_covered", use.newly)
    findings += _values(sheet, rows, "people_served", use.people)
    if "mean_response_minutes" in sheet.numbers:
        written = sheet.numbers["mean_response_minutes"]
        # A mean halfway between two printed values may have been rounded either way.
        near = np.abs(written - use.mean) <= 0.0005 + 1e-12 * np.abs(use.mean) + use.mean_off
        either = near & (np.round(written, 3) == written)
        expected = np.where(either, written, np.round(use.mean, 3))
        findings += _values(sheet, rows, "mean_response_minutes", expected)
    return findings + (_order(audit, sheet, use) if "rank" in sheet.numbers else [])


def check_closed(audit: Audit, sheet: Sheet) -> list[str]:
    """Compare every row of closed.csv, and their order; columns that are not there are not asked for."""
    ground, closed = audit.ground, audit.closed
    instance, options, rows = ground.instance, ground.options, np.arange(len(audit.closed))
    types = np.array([kind.id for kind in ground.settings.types], dtype=object)
    findings = _texts(sheet, rows, "name", instance.facilities.names[closed])
    findings += _texts(sheet, rows, "type", types[options.type[closed]])
    findings += _texts(sheet, rows, "site_id", instance.sites.ids[options.site[closed]])
    findings += _values(sheet, rows, "saving", np.round(options.saving[closed], 2))
    if "saving" in sheet.numbers:
        falls = rows[1:][np.diff(closed) < 0]
        findings += listed(
            falls, lambda row: f"{sheet.place(row, 'facility_id')}: is out of order", "rows out of order"
        )
    return findings


@dataclass(frozen=True, eq=False)
class Use:
    """What K new facilities do.

    Attributes:
        newly: (K,) people of places with a need it covers that was not covered before.
        people: (K,) people of places of which it serves a need, or a share of it.
        mean: (K,) minutes, weighted by people over the needs it serves; NaN without people.
        saved: (K,) person-ms it saves in needs that were answered before.
        mean_off, saved_off: (K,) how far these may be off because shares are rounded.
    """

    newly: Longs
    people: Longs
    mean: Floats
    saved: Longs
    mean_off: Floats
    saved_off: Floats


def facility_use(audit: Audit, assigned: Assigned) -> Use:
    """What the opened options do, in their order; a person counts once per facility in people."""
    ground, opened = audit.ground, audit.opened
    needs, population = ground.needs, ground.instance.places.population
    number = np.full(len(ground.options.site), -1)
    number[opened] = np.arange(len(opened))
    shown = np.zeros(len(needs.place), dtype=bool)
    shown[viewed(needs)] = True
    mine = (number[assigned.option] >= 0) & shown[assigned.need] & ~np.isnan(assigned.ms)
    need, share, ms = assigned.need[mine], assigned.share[mine], assigned.ms[mine]
    by, place, people = number[assigned.option[mine]], needs.place[need], needs.people[need]
    before = audit.before.ms[need]

    def added(what: NDArray[Any]) -> Floats:
        """Sums per option; of whole numbers they are exact, far below 2**53."""
        return np.asarray(np.bincount(by, weights=what, minlength=len(opened)), dtype=np.float64)

    def once(which: Flags) -> Longs:
        pairs = np.unique(np.column_stack((by[which], place[which])), axis=0)
        sums = np.bincount(pairs[:, 0], weights=population[pairs[:, 1]], minlength=len(opened))
        return sums.astype(np.int64)

    newly = (ms <= needs.standard_ms[need]) & ~(before <= needs.standard_ms[need])
    waited, counted = added(people * share * ms), added(people * share)
    gain = np.where(np.isnan(before), 0, before - ms)
    mean, off = np.full(len(opened), np.nan), np.zeros(len(opened))
    np.divide(waited / 60_000, counted, out=mean, where=counted > 0)
    wide = audit.rounding * (added(people * ms / 60_000) + np.nan_to_num(mean) * added(people))
    np.divide(wide, counted, out=off, where=counted > 0)
    saved = np.rint(added(people * share * gain)).astype(np.int64)
    room = audit.rounding * added(people * np.abs(gain)) + (1.0 if audit.rounding else 0.0)
    return Use(once(newly), once(np.ones(len(need), dtype=bool)), mean, saved, off, room)


def option_names(ground: Ground) -> Texts:
    """(M+1,) name of every option in assignments.csv; the last, empty, is nobody's."""
    instance, options = ground.instance, ground.options
    new = slice(options.existing, None)
    types = np.array([kind.id for kind in ground.settings.types], dtype=object)
    fresh = instance.sites.ids[options.site[new]] + ":" + types[options.type[new]]
    return np.concatenate([instance.facilities.ids, fresh, np.array([""], dtype=object)])


def _claims(
    audit: Audit, sheet: Sheet, rows: Rows, names: Texts, answers: Answers, column: str
) -> tuple[list[str], Ints]:
    """Who serves each need (K,) according to a column, where that is as fast as the recomputed one."""
    cells, needs, now = sheet.raw.text(column), rows.need, column == "facility"
    recomputed = answers.option[needs].astype(np.int32)
    claimed = recomputed.copy()
    other = np.flatnonzero(~plain(cells[rows.row], names[recomputed]))
    # Of options of the same name, in several periods, the opened one is meant.
    option = rows.option[other] if now else find(Ids(names[:-1]), cells[rows.row[other]])
    fine = np.append(audit.is_open if now else audit.ground.standing, False)[option]
    asked = needs[other[fine]]
    fine[fine] = equally_fast(audit.ground, option[fine], asked, answers.ms[asked])
    claimed[other[fine]] = option[fine]
    wrong = other[~fine]

    def say(one: int) -> str:
        row = int(rows.row[one])
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


def _order(audit: Audit, sheet: Sheet, use: Use) -> list[str]:
    """Rows stand in the order of people newly covered, person-minutes saved, site, type."""
    options, settings = audit.ground.options, audit.ground.settings
    sites = audit.ground.instance.sites.ids[options.site[audit.opened]]
    types = [settings.types[kind].id for kind in options.type[audit.opened]]
    keys = list(zip(-use.newly, -use.saved, sites, types, strict=True))
    room = np.maximum(use.saved_off[1:], use.saved_off[:-1]) * 2 if len(keys) else np.zeros(0)
    alike = (np.diff(use.newly) == 0) & (np.abs(np.diff(use.saved)) <= room) & (room > 0)
    falls = [row for row in range(1, len(keys)) if keys[row] < keys[row - 1] and not alike[row - 1]]
    return listed(
        falls, lambda row: f"{sheet.place(row, 'rank')}: belongs before the row above it", "rows out of rank"
    )
