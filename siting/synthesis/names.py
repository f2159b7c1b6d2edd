"""Ukrainian names out of the mixed alternate names of GeoNames."""

from __future__ import annotations

import difflib
import re
import unicodedata

_ROMAN = dict(
    zip(
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        (
            *("a", "b", "v", "h", "g", "d", "e", "ie", "zh", "z", "y", "i", "i", "i", "k", "l", "m", "n"),
            *("o", "p", "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "iu", "ia"),
        ),
        strict=True,
    )
)
_FIRST = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
# Rusyn (ї after a consonant) and hybrids no Ukrainian word has.
_FOREIGN = re.compile("[бвгґджзклмнпрстфхцчшщ]ї|[бвгґжкмпфхчшщ]ь|ьск|(ое|ая)\\b")
_OWN = re.compile("[іїєґ’]|[сцз]ьк|[лнтцд]ь\\b|ця\\b")
_WORD = re.compile(r"[абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'\-\s.]+")


def plain(name: str) -> str:
    """A name for comparison: lower case, without apostrophes and accents."""
    return re.sub("['’ʼ`]", "", unaccented(name)).lower().strip()


def unaccented(name: str) -> str:
    """Without stress marks; й and ї keep theirs."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).replace("\u0301", ""))


def romanized(name: str) -> str:
    """Romanization by Resolution 55 of the Cabinet of Ministers (27 January 2010), lower case."""
    letters = []
    before = " "
    for letter in plain(name):
        first = _FIRST.get(letter) if before in " -" else None
        letters.append(first or ("gh" if before + letter == "зг" else _ROMAN.get(letter, letter)))
        before = letter
    return "".join(letters)


def ukrainian(alternates: list[str]) -> list[str]:
    """Those of the alternate names that are spelled with Ukrainian letters, apostrophe as ’."""
    names = {re.sub("['ʼ`]", "’", unaccented(name)) for name in alternates}
    return sorted(name for name in names if _WORD.fullmatch(plain(name)) and not _FOREIGN.search(plain(name)))


def local_name(name: str, alternates: list[str]) -> str:
    """The Ukrainian spelling: nearest to the romanized name, or empty if there is none.

    Of nearly equal spellings the one wins that looks more Ukrainian than Russian: letters only
    Ukrainian has, an apostrophe, -ськ, -ець or -ця; then the alphabet decides.
    """

    def score(spelling: str) -> tuple[float, str]:
        near = difflib.SequenceMatcher(None, romanized(spelling), plain(name)).ratio()
        own = len(_OWN.findall(spelling.lower()))
        return round(near + 0.05 * min(own, 2), 6), spelling

    spellings = ukrainian(alternates)
    return max(spellings, key=score) if spellings else ""
