"""Collects the pairs of an origin-destination table, and checks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Floats, Ints, Longs, Texts
from siting.instance.raw import LISTED
from siting.readers.od.layout import Layout
from siting.readers.od.source import MAX_CELLS, Coded, Source
from siting.roads.graph import MAX_MS

BETWEEN = " - "
"""What separates the two names in a column that holds both."""

Say = str | Callable[[int], str]
"""Words, or words for a row."""
Cell = Callable[[int], tuple[int, str]]
"""Row and header of the n-th number."""


@dataclass(frozen=True)
class Pairs:
    """Known travel times, N pairs; a pair that is absent is unreachable.

    Attributes:
        origins, destinations: distinct ids in the order of the table, those without a time too.
        tail, head: (N,) index into them.
        minutes: (N,).
    """

    origins: Texts
    destinations: Texts
    tail: Ints
    head: Ints
    minutes: Floats


class _Names:
    """Distinct texts in the order in which they come."""

    def __init__(self) -> None:
        self.number: dict[str, int] = {}

    def codes(self, column: Coded) -> Ints:
        """Number of each cell, (N,); -1 where it is empty."""
        codes, words = column
        used = np.zeros(len(words), dtype=bool)
        used[codes] = True
        table = np.full(len(words), -1, dtype=np.int32)
        for position in np.flatnonzero(used):
            if word := words[position]:
                table[position] = self.number.setdefault(word, len(self.number))
        return table[codes]

    def texts(self) -> Texts:
        """The texts, (M,)."""
        return np.array([*self.number, None], dtype=object)[:-1]


def collect(source: Source, layout: Layout) -> Pairs:
    """Read all pairs of a table.

    Raises:
        InstanceError: the complete list of empty ids, cells that are no numbers, negative or infinite
            or longer than int32 milliseconds hold, and pairs or origins that come twice.
    """
    return _wide(source, layout) if layout.shape == "wide" else _long(source, layout)


def _long(source: Source, layout: Layout) -> Pairs:
    """A row per pair."""
    froms, tos = _Names(), _Names()
    tails, heads, numbers = [], [], []
    both = layout.origin == layout.destination
    for chunk in source.chunks(sorted({layout.origin, layout.destination}), layout.costs):
        columns = _split(chunk.ids[0]) if both else chunk.ids
        if not both and layout.origin > layout.destination:
            columns = columns[::-1]
        tails.append(froms.codes(columns[0]))
        heads.append(tos.codes(columns[1]))
        numbers.append(chunk.numbers[:, 0])
    if not sum(len(one) for one in numbers):
        raise InstanceError(Complaint(source.where, "the table has no rows", 1))
    tail, head, cost = np.concatenate(tails), np.concatenate(heads), np.concatenate(numbers)
    del tails, heads, numbers
    minutes = cost * layout.factor
    blank = np.isnan(minutes)
    header = source.headers[layout.costs[0]]
    complaints = []
    for codes, column, other in ((tail, layout.origin, head), (head, layout.destination, tail)):
        missing = (codes < 0) & ~(blank & (other < 0))  # rows without anything are blank lines
        what = "the cell is empty; an id is expected"
        if both:
            what = f"names no pair: expected two names with {BETWEEN!r} between them, once"
        complaints += _rows(source, missing, source.headers[column], what)
        if both:
            break
    complaints += _times(source, minutes, cost, lambda row: (row, header))
    known = (tail >= 0) & (head >= 0)
    complaints += _twice(source, tail, head, known, froms, tos)
    if complaints:
        raise InstanceError(complaints)
    known &= ~blank
    return Pairs(froms.texts(), tos.texts(), tail[known], head[known], minutes[known])


def _split(column: Coded) -> list[Coded]:
    """A column of ``A - B`` as two; both cells are empty where there is no such pair."""
    codes, words = column
    parts = [str(word).split(BETWEEN) for word in words]
    pairs = [tuple(one.strip() for one in part) if len(part) == 2 else ("", "") for part in parts]
    pairs = [one if all(one) else ("", "") for one in pairs]
    return [(codes, np.array([*(pair[side] for pair in pairs), None], dtype=object)[:-1]) for side in (0, 1)]


def _wide(source: Source, layout: Layout) -> Pairs:
    """A row per origin and a column per destination."""
    headers = [source.headers[column] for column in layout.costs]
    what = "a header is empty; the id of a destination is expected"
    complaints = [Complaint(source.where, what, 1) for header in headers if not header]
    names, origin = _Names(), source.headers[layout.origin]
    tails, heads, minutes = [], [], []
    again: list[int] = []
    rows = size = 0
    for chunk in source.chunks([layout.origin], layout.costs):
        before = len(names.number)
        codes = names.codes(chunk.ids[0])
        blank = (codes < 0) & np.isnan(chunk.numbers).all(axis=1)
        complaints += _rows(
            source, (codes < 0) & ~blank, origin, "the cell is empty; an id is expected", rows
        )
        new = np.zeros(len(codes), dtype=bool)
        new[np.unique(codes, return_index=True)[1]] = True
        again += [rows + int(row) for row in np.flatnonzero((codes >= 0) & ~(new & (codes >= before)))]
        row, column, times, wrong = _cells(source, chunk.numbers, layout.factor, rows, headers)
        complaints += wrong
        tails.append(codes[row])
        heads.append(column.astype(np.int32))
        minutes.append(times)
        rows, size = rows + len(codes), size + len(times)
        if size > MAX_CELLS:
            raise InstanceError(Complaint(source.where, f"more than {MAX_CELLS:,} pairs; split the table"))
    if not rows:
        raise InstanceError(Complaint(source.where, "the table has no rows", 1))
    complaints += _listed(source, again, origin, "the origin is there already")
    if complaints:
        raise InstanceError(complaints)
    places = np.array([*headers, None], dtype=object)[:-1]
    return Pairs(names.texts(), places, np.concatenate(tails), np.concatenate(heads), np.concatenate(minutes))


def _cells(
    source: Source, numbers: Floats, factor: float, begin: int, headers: Sequence[str]
) -> tuple[Longs, Longs, Floats, list[Complaint]]:
    """Row, column and minutes of the filled cells of a matrix, and what is wrong with them."""
    row, column = np.nonzero(~np.isnan(numbers))
    cost = numbers[row, column]
    minutes = cost * factor

    def cell(position: int) -> tuple[int, str]:
        return begin + int(row[position]), headers[column[position]]

    return row, column, minutes, _times(source, minutes, cost, cell)


def _times(source: Source, minutes: Floats, cost: Floats, cell: Cell) -> list[Complaint]:
    """Complaints about numbers that are no times."""
    with np.errstate(invalid="ignore"):
        found = np.flatnonzero((minutes < 0) | (minutes * 60_000 > MAX_MS))
    complaints = []
    for position in found[:LISTED]:
        row, header = cell(int(position))
        what = f"{cost[position]:g} must be >= 0"
        if np.isinf(cost[position]):
            what = f"{cost[position]:g} must be finite; leave the cell empty where there is no way"
        elif minutes[position] > 0:
            what = f"{minutes[position]:,.0f} minutes must be <= {MAX_MS // 60_000:,}; is the unit right?"
        complaints += _listed(source, [row], header, what)
    if len(found) > LISTED:
        complaints.append(Complaint(source.where, f"... and {len(found) - LISTED:,} more cells like these"))
    return complaints


def _twice(
    source: Source, tail: Ints, head: Ints, known: np.ndarray, froms: _Names, tos: _Names
) -> list[Complaint]:
    """Complaints about pairs that come twice."""
    keys = tail.astype(np.int64) * (len(tos.number) + 1) + head
    keys[~known] = -1
    ordered = np.sort(keys)
    same = ordered[1:] == ordered[:-1]
    repeated = np.unique(ordered[1:][same & (ordered[1:] >= 0)])
    if not len(repeated):
        return []
    rows = np.flatnonzero(np.isin(keys, repeated))
    first = rows[np.unique(keys[rows], return_index=True)[1]]
    again = np.setdiff1d(rows, first)
    one, two = froms.texts(), tos.texts()

    def say(row: int) -> str:
        return f"the pair ({one[tail[row]]!r}, {two[head[row]]!r}) is there already"

    return _listed(source, again, None, say)


def _rows(source: Source, bad: np.ndarray, column: str | None, say: Say, begin: int = 0) -> list[Complaint]:
    """Complaints about rows where ``bad`` is True, counted from ``begin``."""
    return _listed(source, begin + np.flatnonzero(bad), column, say)


def _listed(source: Source, rows: Sequence[int] | Longs, column: str | None, say: Say) -> list[Complaint]:
    """Complaints about the first 20 rows, and how many more there are."""
    listed = [int(row) for row in rows[:LISTED]]
    at = source.places(listed) if listed else []
    complaints = [
        Complaint(where, say if isinstance(say, str) else say(row), line, column)
        for row, (where, line) in zip(listed, at, strict=True)
    ]
    if len(rows) > LISTED:
        complaints.append(
            Complaint(source.where, f"... and {len(rows) - LISTED:,} more rows like these", column=column)
        )
    return complaints
