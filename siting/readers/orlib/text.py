"""Benchmark files as text and numbers that remember their lines, within stated limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Floats, Longs

MOST_BYTES = 500_000_000
"""Largest file that is read."""

MOST_PAIRS = 50_000_000
"""Most pairs of a site and a place that an origin-destination table is made of."""

CAPACITY = "capacity"
"""Word that stands for a number in the files capa to capc: the capacity is the planner's to choose."""

_LISTED = 20


def load(path: Path) -> str:
    """The text of a benchmark file.

    Raises:
        InstanceError: it is missing, no file, too large, or no text.
    """
    where = str(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InstanceError(Complaint(where, "is a folder; expected: one benchmark file"))
        if size > MOST_BYTES:
            what = f"{size:,} bytes; files are read up to {MOST_BYTES:,} bytes"
            raise InstanceError(Complaint(where, what))
        data = path.read_bytes()
    except FileNotFoundError:
        raise InstanceError(Complaint(where, "there is no such file")) from None
    except OSError as error:
        raise InstanceError(Complaint(where, f"cannot be read: {error.strerror}")) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = "is not text; expected: a benchmark file as it was published, unpacked"
        raise InstanceError(Complaint(where, what, line)) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        what = "holds a zero byte; expected: a text file, unpacked"
        raise InstanceError(Complaint(where, what, line))
    return text


@dataclass(frozen=True, eq=False)
class Numbers:
    """The words of a file as numbers.

    Attributes:
        where: name of the file.
        values: (K,) numbers in order; NaN where the word ``capacity`` stands.
        text: the file.
    """

    where: str
    values: Floats
    text: str

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def _ends(self) -> Longs:
        """(lines,) how many numbers stand in the lines up to each, itself included."""
        counts = np.array([len(line.split()) for line in self.text.splitlines()], dtype=np.int64)
        return counts.cumsum()

    def line(self, number: int) -> int:
        """1-based line in which a number stands; the last line for numbers that are missing."""
        at = int(np.searchsorted(self._ends, number, side="right"))
        return max(1, min(at + 1, len(self._ends)))

    def complaint(self, number: int, what: str, column: str | None = None) -> Complaint:
        """A complaint about one number."""
        return Complaint(self.where, what, self.line(number), column)

    def whole(self, number: int, least: int, what: str) -> int:
        """One whole number.

        Raises:
            InstanceError: it is missing, no whole number, or below ``least``.
        """
        if number >= len(self):
            raise InstanceError(self.complaint(number, f"the file ends before the {what}"))
        value = float(self.values[number])
        if not value.is_integer() or value < least:
            raise InstanceError(
                self.complaint(number, f"{value:g} must be a whole number >= {least}: the {what}")
            )
        return int(value)

    def refuse(self, bad: np.ndarray, first: int, stride: int, what: str) -> list[Complaint]:
        """Complaints about the entries (E,) of a table whose number stands at first + stride x entry."""
        found = np.flatnonzero(bad)
        at = first + stride * found[:_LISTED]
        complaints = [self.complaint(int(one), f"{self.values[one]:g} {what}") for one in at]
        if len(found) > _LISTED:
            complaints.append(Complaint(self.where, f"... and {len(found) - _LISTED:,} more like these"))
        return complaints


def numbers(text: str, where: str) -> Numbers:
    """All words of a text as numbers.

    Raises:
        InstanceError: there are none, or some are no finite numbers.
    """
    words = text.split()
    if not words:
        raise InstanceError(Complaint(where, "is empty; expected: the numbers of a benchmark problem"))
    stated = text.casefold().count(CAPACITY) > 0
    plain = ["nan" if word.casefold() == CAPACITY else word for word in words] if stated else words
    try:
        values = np.array(plain, dtype=np.float64)
    except ValueError:
        values = np.array([_number(word) for word in plain])
    known = Numbers(where, values, text)
    odd = np.flatnonzero(~np.isfinite(values))
    bad = [int(one) for one in odd if words[one].casefold() != CAPACITY]
    if bad:
        complaints = [
            known.complaint(one, f"{words[one][:40]!r} must be a number; is this an OR-Library file?")
            for one in bad[:_LISTED]
        ]
        if len(bad) > _LISTED:
            complaints.append(Complaint(where, f"... and {len(bad) - _LISTED:,} more words like these"))
        raise InstanceError(complaints)
    return known


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
