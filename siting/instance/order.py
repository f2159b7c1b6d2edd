"""The order of the rows of a table: by id, so that the order in which they were written changes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from siting.instance.arrays import Longs, Texts
from siting.instance.raw import RawTable
from siting.instance.schema import TABLES

KEYS: dict[str, tuple[str, ...]] = {
    "places": ("place_id",),
    "junctions": ("junction_id",),
    "facilities": ("facility_id",),
    "candidates": ("type", "site"),
    "areas": ("level", "area_id"),
    "od": ("from", "to"),
}
"""Columns by which each table is sorted; the others by all of theirs."""

_DIGITS = re.compile("[0-9]+")
_WIDTH = 20


def by_id(table: RawTable, name: str, types: Sequence[str]) -> RawTable:
    """The rows of a table by id; they remember where they stood.

    Ids are text in which runs of digits count as numbers: ``p9`` comes before ``p10``. Candidates come
    by type, in the order of the types, and then by site. Rows without an id of their own (roads,
    scenarios, edits) come in the order of their text. Rows that give the same id twice stay as they were.

    Args:
        table: N rows.
        name: key of :data:`siting.instance.schema.TABLES`.
        types: ids of the facility types in the order of instance.toml.
    """
    columns = KEYS.get(name, tuple(column.name for column in TABLES[name].columns))
    ranks = []
    for column in columns:
        if column in table.columns:
            codes, words = pd.factorize(table.text(column))
            if name in KEYS:
                words = _keys(words, types if column == "type" else ())
            ranks.append(np.argsort(np.argsort(words, kind="stable"))[codes])
    if _ascending(ranks):
        return table
    order = np.lexsort(ranks[::-1])
    return replace(
        table,
        columns={header: cells[order] for header, cells in table.columns.items()},
        lines=None if table.lines is None else table.lines[order],
        ragged=None if table.ragged is None else table.ragged[order],
        written=order,
    )


def _keys(words: Texts, first: Sequence[str]) -> Texts:
    """Texts that sort as the words do: those in ``first`` in that order, then others by :func:`natural`."""
    leading = {word: f"0{number:09}" for number, word in enumerate(first)}
    keys = np.empty(len(words), dtype=object)
    keys[:] = [leading.get(word) or f"1{natural(word)}\0{word}" for word in words]
    return keys


def rows_by_id(ids: Texts) -> Longs:
    """The rows of a list of ids in the order in which :func:`by_id` has them, (N,)."""
    return np.argsort(_keys(ids, ()), kind="stable")


def natural(text: str) -> str:
    """A text that sorts as the given one does once its runs of digits count as numbers."""
    if text.isascii() and text.isdigit():
        return text.zfill(_WIDTH)
    return _DIGITS.sub(lambda run: run[0].zfill(_WIDTH), text)


def _ascending(ranks: list[Longs]) -> bool:
    """Whether the rows stand in strictly ascending order already."""
    if not ranks or len(ranks[0]) < 2:
        return True
    less, same = np.zeros(len(ranks[0]) - 1, dtype=bool), np.ones(len(ranks[0]) - 1, dtype=bool)
    for rank in ranks:
        step = np.diff(rank)
        less |= same & (step > 0)
        same &= step == 0
    return bool(less.all())
