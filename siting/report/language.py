"""Words and numbers of one language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from siting.errors import PlanError
from siting.plan import PROVED_GAP
from siting.report import english, ukrainian

TABLES: Mapping[str, Mapping[str, str]] = {"en": english.WORDS, "uk": ukrainian.WORDS}
"""The words of every language."""

_MARKS = {"en": (",", "."), "uk": ("\u00a0", ",")}
"""Per language what stands between thousands, and before decimals."""

UNKNOWN = "–"


@dataclass(frozen=True)
class Language:
    """One of the languages of :data:`TABLES`, by its code."""

    code: str

    @property
    def local(self) -> bool:
        """Whether names in the country's own language are preferred."""
        return self.code != "en"

    def word(self, key: str, **fields: object) -> str:
        """The words of a key, with its fields filled in."""
        return TABLES[self.code][key].format(**fields)

    def unit(self, unit: str) -> str:
        """A unit in words; as it is where the language has none, as for currencies."""
        return TABLES[self.code].get(f"unit.{unit}", unit)

    def decimal(self, value: float | None, places: int = 1) -> str:
        """A number with decimals; a dash for what is unknown."""
        if value is None or not math.isfinite(value):
            return UNKNOWN
        thousands, point = _MARKS[self.code]
        return f"{value:,.{places}f}".translate({ord(","): thousands, ord("."): point})

    def count(self, value: float | None) -> str:
        """A whole number."""
        return self.decimal(value, 0)

    def amount(self, value: float | None) -> str:
        """A measured value: whole from 1,000 on, with two decimals below."""
        if value is None or not math.isfinite(value):
            return UNKNOWN
        return self.decimal(value, 0 if abs(value) >= 1000 or value == int(value) else 2)

    def number(self, value: float) -> str:
        """A number as it was given, up to ten digits."""
        thousands, point = _MARKS[self.code]
        return f"{value:,.10g}".translate({ord(","): thousands, ord("."): point})

    def share(self, value: float | None) -> str:
        """A share such as ``91.02 %``, never rounded up to 100 %."""
        if value is None:
            return UNKNOWN
        return self.decimal(min(100 * value, 99.99) if value < 1 else 100 * value, 2) + "\u00a0%"

    def gap(self, value: float | None) -> str:
        """A relative gap such as ``0.21 %``, rounded up so that it stays certified."""
        if value is None:
            return UNKNOWN
        if value <= PROVED_GAP:
            return "0\u00a0%"
        percent = max(round(100 * value, 9), 0.0001)
        places = 2 if percent >= 0.1 else 4
        return self.decimal(math.ceil(round(percent * 10**places, 5)) / 10**places, places) + "\u00a0%"


def language_of(code: str) -> Language:
    """The language of a code.

    Raises:
        PlanError: there are no words in it.
    """
    if code not in TABLES:
        raise PlanError(f"there is no report in the language {code!r}: choose one of {', '.join(TABLES)}")
    return Language(code)
