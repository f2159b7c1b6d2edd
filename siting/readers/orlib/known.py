"""Best known objective values that lie beside a benchmark file, as the collections ship them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from siting.readers.orlib.text import load


@dataclass(frozen=True)
class Known:
    """A best known value, and words for where it comes from."""

    value: float
    origin: str


def in_list(path: Path, file: str) -> Known | None:
    """The value of a problem in a list of a collection: lines of its name and, last, its value."""
    beside = path.parent / file
    if not beside.is_file():
        return None
    for line in load(beside).splitlines():
        words = line.split()
        if len(words) >= 2 and words[0].casefold() == path.stem.casefold():
            value = _number(words[-1])
            return None if value is None else Known(value, file)
    return None


def in_own_file(path: Path) -> Known | None:
    """The last number of ``NAME.opt`` or ``FILE.opt``, behind whoever serves each customer."""
    for beside in (path.parent / f"{path.name}.opt", path.with_suffix(".opt")):
        words = load(beside).split() if beside.is_file() else []
        value = _number(words[-1]) if words else None
        if value is not None:
            return Known(value, beside.name)
    return None


def in_table(path: Path, file: str, medians: int) -> Known | None:
    """The value for ``medians`` in a CSV table with the columns instance, p and opt_or_bkn."""
    beside = path.parent / file
    if not beside.is_file():
        return None
    for row in csv.DictReader(load(beside).splitlines()):
        if row.get("instance") == path.stem and row.get("p") == str(medians):
            value = _number(row.get("opt_or_bkn") or "")
            return None if value is None else Known(value, file)
    return None


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
