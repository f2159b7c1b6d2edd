"""Words and numbers of one language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from siting.errors import PlanError
from siting.plan import PROVED_GAP
from siting.report import english, ukrainian
from siting.report.ukrainian_titles import TITLES

TABLES: Mapping[str, Mapping[str, str]] = {"en": english.WORDS, "uk": ukrainian.WORDS}
"""The words of every language."""

_TITLES: Mapping[str, Mapping[str, str]] = {"uk": TITLES}
"""Per language, texts of bundled models and usual words of instances."""

_MARKS = {"en": (",", "."), "uk": ("\u00a0", ",")}
"""Per language what stands between thousands, and before decimals."""

UNKNOWN = "–"

_LABEL = re.compile(r"(\w+)(?: \[(.*?)\])?")
"""What :class:`siting.measures.base.Term` is called: a measure, and what it is narrowed to."""


@dataclass(frozen=True)
class Language:
    """One of the languages of :data:`TABLES`.

    Attributes:
        code: of the language.
        own: words of the instance in this language, by the text they stand for.
        ids: titles of what a label or a number names by its id.
    """

    code: str
    own: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Whether names in the country's own language are preferred."""
        return self.code != "en"

    def word(self, key: str, **fields: object) -> str:
        """The words of a key, with its fields filled in."""
        return TABLES[self.code][key].format(**fields)

    def say(self, title: str) -> str:
        """A title of an instance or a model in this language; as it is where there are no words for it."""
        return self.own.get(title) or _TITLES.get(self.code, {}).get(title, title)

    def unit(self, unit: str) -> str:
        """A unit in words; as it is where the language has none, as for currencies."""
        return TABLES[self.code].get(f"unit.{unit}") or self.say(unit)

    def named(self, id_: str) -> str:
        """The title of an id, in this language."""
        return self.say(self.ids.get(id_, id_))

    def measure(self, label: str) -> str:
        """A measure and what it is narrowed to, out of the label of a term or a limit."""
        found = _LABEL.match(label)
        if found is None:
            return label
        name, scope = found.groups()
        shown = TABLES[self.code].get(f"measure.{name}", name.replace("_", " "))
        return f"{shown} ({'; '.join(map(self._scope, scope.split('; ')))})" if scope else shown

    def _scope(self, part: str) -> str:
        """One thing a measure is narrowed to: ids, or an argument and its value."""
        word, _, value = part.partition(" ")
        if f"scope.{word}" in TABLES[self.code] and value:
            level = TABLES[self.code].get(f"column.{value}", value).lower()
            return self.word(f"scope.{word}", value=level)
        return ", ".join(self.named(one) for one in part.split(", "))

    def parameter(self, name: str) -> str:
        """A number of a model or an instance, by its dotted name."""
        parts = name.split(".")
        table = TABLES[self.code]
        return ", ".join(table.get(f"number.{one}") or self.named(one).replace("_", " ") for one in parts)

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


def language_of(
    code: str,
    translations: Mapping[str, Mapping[str, str]] | None = None,
    ids: Mapping[str, str] | None = None,
) -> Language:
    """The language of a code.

    Args:
        code: of the language.
        translations: of an instance, per language.
        ids: see :class:`Language`.

    Raises:
        PlanError: there are no words in it.
    """
    if code not in TABLES:
        raise PlanError(f"there is no report in the language {code!r}: choose one of {', '.join(TABLES)}")
    return Language(code, (translations or {}).get(code, {}), ids or {})
