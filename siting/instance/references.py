"""Ids into indices: every reference from one table to another, each resolved once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from siting.errors import did_you_mean
from siting.instance.arrays import LEVELS, Areas, Ints, Settings, Texts
from siting.instance.order import rows_by_id
from siting.instance.raw import LISTED, Report
from siting.instance.tables import Checked, place, repeats


class Ids:
    """A list of ids and the index of each; of repeated ids the first counts.

    Attributes:
        ids: (N,) text.
    """

    def __init__(self, ids: Texts | Iterable[str]) -> None:
        self.ids: Texts = ids if isinstance(ids, np.ndarray) else np.array(list(ids), dtype=object)
        later, _ = repeats(self.ids)
        self._first = np.flatnonzero(~later).astype(np.int32)
        self._index = pd.Index(self.ids[self._first], dtype=object)

    def find(self, texts: Texts) -> Ints:
        """Index of each text, (M,) int32; -1 where it is no id."""
        found = self._index.get_indexer(pd.Index(texts, dtype=object))
        return np.where(found >= 0, self._first[found] if len(self._first) else -1, -1).astype(np.int32)

    @cached_property
    def known(self) -> list[str]:
        """The ids that are not empty, each once."""
        return [one for one in dict.fromkeys(self.ids) if one]


def resolve(
    table: Checked, column: str, ids: Ids, what: str, report: Report, *, complete: bool = False
) -> Ints:
    """Index of each cell among ``ids``, (N,); -1 where empty, or unknown and complained about.

    Args:
        table, column: cells of a text column.
        ids: what they may refer to.
        what: words for it, e.g. ``facility type``.
        report: receives the complaints.
        complete: if there are no ids at all then none is expected; otherwise what defines them is
            wrong, and that was complained about.
    """
    cells = table.text(column)
    found = ids.find(cells)

    def say(row: int) -> str:
        known = ids.known
        guess = did_you_mean(cells[row], known)
        if not guess and len(known) <= 12:
            guess = f"; known: {', '.join(known) or 'none'}"
        return f"{cells[row]!r} is no {what}{guess}"

    if complete or (ids.ids != "").any():
        report.rows(table.raw, (found < 0) & (cells != ""), column, say)
    return found


def distinct(cells: Texts) -> tuple[Ints, Texts]:
    """Index of each cell among the distinct ones, -1 where empty, and these in order."""
    codes, words = pd.factorize(cells)
    filled = words != ""
    number = np.where(filled, np.cumsum(filled) - 1, -1).astype(np.int32)
    return number[codes], words[filled]


def no_pair_twice(table: Checked, first: str, second: str, report: Report) -> None:
    """Complain about rows that repeat the two ids of an earlier row."""
    one, two = table.text(first), table.text(second)
    (codes, _), (others, words) = distinct(one), distinct(two)
    again, earlier = repeats(codes.astype(np.int64) * (len(words) + 1) + others)
    again &= (codes >= 0) & (others >= 0)

    def say(row: int) -> str:
        there = place(table.raw, int(earlier[row]))
        return f"({one[row]!r}, {two[row]!r}) is there already, {there}"

    report.rows(table.raw, again, f"{first}, {second}", say)


def read_areas(
    places: Checked, table: Checked | None, settings: Settings, where: str, report: Report
) -> tuple[dict[str, Areas], dict[str, Ints]]:
    """The areas of every level, and the area of every place.

    A level that areas.csv does not list takes the ids in places.csv as its names.

    Returns:
        Areas per level, and per level (P,) the index of each place's area, -1 where unknown.
    """
    listed = _listed(table, report)
    areas: dict[str, Areas] = {}
    index: dict[str, Ints] = {}
    for level in LEVELS:
        cells = places.text(level)
        if level in listed:
            areas[level] = listed[level]
            ids = Ids(listed[level].ids)
            index[level] = resolve(places, level, ids, f"{level} in the areas table", report)
        else:
            names = distinct(cells)[1]
            names = names[rows_by_id(names)]  # as areas.csv is read
            index[level] = Ids(names).find(cells)
            blank, limitless = np.full(len(names), "", dtype=object), np.full(len(names), np.nan)
            areas[level] = Areas(names, names, blank, limitless)
        known = dict.fromkeys(areas[level].ids)
        unknown = [one for one in settings.exclude.get(level, ()) if one not in known]
        for one in unknown[:LISTED]:
            what = f"{one!r} is the id of no {level}{did_you_mean(one, known)}"
            report.add(where, what, column=f"exclude.{level}")
        if len(unknown) > LISTED:
            what = f"... and {len(unknown) - LISTED:,} more ids of no {level}"
            report.add(where, what, column=f"exclude.{level}")
    return areas, index


def _listed(table: Checked | None, report: Report) -> Mapping[str, Areas]:
    """The levels that areas.csv lists."""
    if table is None:
        return {}
    level, ids = table.choice("level"), table.text("area_id")
    words = np.array(LEVELS, dtype=object)[level]
    again, first = repeats(pd.factorize(ids)[0] * (len(LEVELS) + 1) + level)
    again &= (ids != "") & (level >= 0)

    def say(row: int) -> str:
        return f"{words[row]} {ids[row]!r} is there already, {place(table.raw, int(first[row]))}"

    report.rows(table.raw, again, "area_id", say)
    listed = {}
    for one in np.unique(level[level >= 0]):
        rows = level == one
        listed[LEVELS[one]] = Areas(
            ids[rows], table.text("name")[rows], table.text("name_local")[rows], table.number("means")[rows]
        )
    return listed
