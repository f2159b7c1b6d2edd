"""Every error siting raises on purpose.

Callers catch :class:`SitingError`; each error carries its complete list of complaints, so that a
planner mends a file once instead of once per message.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_LONGEST_NAME = 100
"""Names of more characters are not compared: the time it takes grows with their square."""

_COMPARED = 60_000
"""Nor is a name that has more characters, times the names there are."""

_LONGEST_TEXT = 2_000
"""A complaint shows so many characters at most; one cell of a broken file may hold millions."""

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Marks that move the cursor, colour a terminal, or turn the order of what is written."""


def did_you_mean(name: str, known: Collection[str], cutoff: float = 0.6) -> str:
    """Words to append to a complaint about an unknown name.

    Args:
        name: what was written.
        known: what could have been meant; long lists (over 2,000) and names are not searched, so that
            it takes a moment only.
        cutoff: least similarity, see :func:`difflib.get_close_matches`.

    Returns:
        ``; did you mean 'x'?`` with the nearest known name, or empty text.
    """
    if len(known) > 2000 or len(name) > _LONGEST_NAME or len(name) * len(known) > _COMPARED:
        return ""
    by_folded = {one.casefold(): one for one in known if len(one) <= _LONGEST_NAME}
    near = difflib.get_close_matches(name.casefold(), list(by_folded), 1, cutoff)
    return f"; did you mean '{by_folded[near[0]]}'?" if near else ""


def printable(text: str) -> str:
    """A text that may quote an input, as it may be shown: not endless, and nothing a terminal obeys."""
    rest = len(text) - _LONGEST_TEXT
    if rest > 0:
        text = f"{text[:_LONGEST_TEXT]}... and {rest:,} more characters"
    return _UNSEEN.sub(lambda mark: mark[0].encode("unicode_escape").decode(), text)


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong with an input, and what would be right.

    Attributes:
        where: file or table, e.g. ``instances/x/candidates.csv``.
        what: what is wrong and what is expected, e.g. ``'-3' must be >= 0 (million UAH)``.
        line: 1-based line in the file (the header is line 1), if one line is to blame.
        column: column or key, if one is to blame.
    """

    where: str
    what: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return printable(f"{place} {self.column}: {self.what}" if self.column else f"{place}: {self.what}")


class SitingError(Exception):
    """Base of all errors siting raises on purpose; ``complaints`` is never empty."""

    def __init__(self, complaints: str | Complaint | Iterable[str | Complaint]) -> None:
        if isinstance(complaints, str | Complaint):
            complaints = [complaints]
        self.complaints: tuple[str | Complaint, ...] = tuple(
            one if isinstance(one, Complaint) else printable(one) for one in complaints
        )
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


class InstanceError(SitingError):
    """The instance (its files, frames or arrays) is malformed."""


class ModelError(SitingError):
    """The model file or a parameter given to it is malformed or unsound."""


class SolverError(SitingError):
    """A solver is missing, crashed, or returned an answer the checker refuses."""


class PlanError(SitingError):
    """A plan folder cannot be read or written."""
