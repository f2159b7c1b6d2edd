"""What a reader of a report sees: cells of tables and cards, and numbers as they are written there."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

MARKS: Mapping[str, tuple[str, str]] = {"en": (",", "."), "uk": ("\u00a0", ",")}
"""Per language what stands between thousands, and before decimals."""

UNKNOWN = "–"
"""Instead of what is unknown."""

_PERCENT = "\u00a0%"

_PROVED = 1e-9
"""A gap up to which there is none."""


@dataclass
class Cell:
    """A cell of numbers: the number it is sorted by, as it is written, and what is seen."""

    value: str | None
    shown: str = ""


@dataclass
class Page(HTMLParser):
    """The tables and cards of a page.

    Attributes:
        tables: per id the rows of cells of numbers of the bodies.
        cards: per card what stands below its title.
    """

    tables: dict[str, list[list[Cell]]] = field(default_factory=dict)
    cards: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin outside of everything."""
        super().__init__(convert_charrefs=True)
        self._rows: list[list[Cell]] | None = None
        self._cell: Cell | None = None
        self._inside: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter a table, a row, a cell of numbers, or a card."""
        given = dict(attrs)
        if tag == "table" and given.get("id"):
            self._rows = self.tables.setdefault(str(given["id"]), [])
        elif tag == "tbody":
            self._inside.add(tag)
        elif tag == "tr" and self._rows is not None and "tbody" in self._inside:
            self._rows.append([])
        elif tag == "td" and self._rows and given.get("class") == "n":
            self._cell = Cell(given.get("data-v"))
            self._rows[-1].append(self._cell)
        elif tag == "ul" and given.get("class") == "cards":
            self._inside.add("cards")
        elif tag == "li" and "cards" in self._inside:
            self.cards.append("")
        elif tag in ("b", "span"):
            self._inside.add(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        self._inside.discard("cards" if tag == "ul" else tag)
        if tag == "table":
            self._rows = None
        elif tag == "td":
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Take what is seen."""
        if self._cell is not None:
            self._cell.shown += data
        elif self.cards and "cards" in self._inside and self._inside & {"b", "span"}:
            self.cards[-1] += f"{data} "


def read_page(text: str) -> Page:
    """The tables and cards of a page."""
    page = Page()
    page.feed(text)
    page.close()
    return page


def decimal(value: float, places: int, language: str) -> str:
    """A number with so many decimals, as a language writes it."""
    thousands, point = MARKS[language]
    return f"{value:,.{places}f}".translate({ord(","): thousands, ord("."): point})


def amount(value: float, language: str) -> str:
    """A measured value: whole from 1,000 on, with two decimals below."""
    return decimal(value, 0 if abs(value) >= 1000 or value == int(value) else 2, language)


def share(value: float, language: str) -> str:
    """A share in percent, without the sign, never rounded up to 100."""
    return decimal(min(100 * value, 99.99) if value < 1 else 100 * value, 2, language)


def _gap(value: float, language: str) -> str:
    """A gap in percent, without the sign, rounded up."""
    if value <= _PROVED:
        return "0"
    percent = max(round(100 * value, 9), 0.0001)
    places = 2 if percent >= 0.1 else 4
    return decimal(math.ceil(round(percent * 10**places, 5)) / 10**places, places, language)


def differs(cell: Cell, value: float | None, language: str) -> bool:
    """Whether a cell shows something else than a figure."""
    if value is None:
        return cell.value is not None or cell.shown != UNKNOWN
    if cell.value != f"{value:.12g}":
        return True
    if cell.shown.endswith(_PERCENT):
        return cell.shown.removesuffix(_PERCENT) not in (share(value, language), _gap(value, language))
    places = len(cell.shown.partition(MARKS[language][1])[2])
    return cell.shown != decimal(value, places, language)


def numbers_in(text: str, language: str) -> list[str]:
    """The numbers in a text as they are written."""
    thousands, point = (re.escape(mark) for mark in MARKS[language])
    return re.findall(rf"\d{{1,3}}(?:{thousands}\d{{3}})+(?:{point}\d+)?|\d+(?:{point}\d+)?", text)
