"""Nested dictionaries of a TOML file, read with complaints instead of failures."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from siting.errors import Complaint, did_you_mean
from siting.instance.raw import LISTED

MOST_NAMES = 200
"""Most services, facility types, and kinds of place."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


@dataclass
class Toml:
    """Typed access to nested dictionaries that complains instead of failing.

    Attributes:
        where: file named in the complaints.
        complaints: found so far; their ``column`` is the dotted key.
    """

    where: str
    complaints: list[Complaint]

    def complain(self, dotted: str, what: str) -> None:
        """Complain about a key; empty for the whole."""
        self.complaints.append(Complaint(self.where, what, column=dotted or None))

    def table(self, raw: object, dotted: str, keys: Collection[str] | None = None) -> Mapping[str, Any]:
        """A table with text keys; complains about keys other than ``keys`` if these are given."""
        if not isinstance(raw, Mapping):
            self.complain(dotted, f"{raw!r} must be a table of keys and values")
            return {}
        unknown = 0
        for key in raw:
            here = f"{dotted}.{key}" if dotted else str(key)
            if keys is not None and key not in keys:
                unknown += 1
                if unknown > LISTED:
                    continue
                guess = did_you_mean(str(key), keys) or f"; known are {', '.join(keys)}"
                self.complain(here, f"unknown key{guess}")
            elif keys is None and not (isinstance(key, str) and _ID.match(key)):
                self.complain(here, f"{key!r} must be letters, digits, _ or -, beginning with a letter")
        if unknown > LISTED:
            self.complain(dotted, f"... and {unknown - LISTED:,} more unknown keys")
        return raw

    def few(self, table: Mapping[str, Any], dotted: str) -> Mapping[str, Any]:
        """A table of names, of which all are compared with each other; complains about more than 200."""
        if len(table) <= MOST_NAMES:
            return table
        self.complain(dotted, f"{len(table):,} names are more than the {MOST_NAMES} that are read")
        return dict(islice(table.items(), MOST_NAMES))

    def required(self, table: Mapping[str, Any], dotted: str, key: str, what: str) -> Mapping[str, Any]:
        """A table under a key that must be there and not be empty."""
        here = f"{dotted}.{key}" if dotted else key
        found = self.table(table.get(key, {}), here)
        if not found and table.get(key, {}) == {}:
            self.complain(here, f"is missing; {what} expected")
        return found

    def text(self, table: Mapping[str, Any], dotted: str, key: str, default: str | None = None) -> str:
        """Text under a key; required and not empty unless there is a default."""
        here = f"{dotted}.{key}" if dotted else key
        if key not in table:
            if default is None:
                self.complain(here, "is missing; text is expected")
            return default or ""
        value = table[key]
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.complain(here, f"{value!r} must be text" + (", not empty" if default is None else ""))
            return default or ""
        return value.strip()

    def number(
        self,
        table: Mapping[str, Any],
        dotted: str,
        key: str,
        default: float = 1.0,
        *,
        unit: str = "",
        least: float = 0,
        most: float | None = None,
        whole: bool = False,
        positive: bool = False,
    ) -> float:
        """A finite number from ``least`` to ``most`` under a key; ``default`` if there is none.

        ``positive``: 0 is not allowed. ``whole``: no fractions are.
        """
        here = f"{dotted}.{key}" if dotted else key
        unit = f" ({unit})" if unit else ""
        if key not in table:
            return default
        value = table[key]
        try:
            number = math.nan if isinstance(value, bool | str) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.complain(here, f"{value!r} must be a finite number{unit}")
        elif number < least:
            self.complain(here, f"{value!r} must be >= {least:g}{unit}")
        elif positive and number == 0:
            self.complain(here, f"{value!r} must be > 0{unit}")
        elif most is not None and number > most:
            self.complain(here, f"{value!r} must be <= {most:,.15g}{unit}")
        elif whole and not number.is_integer():
            self.complain(here, f"{value!r} must be a whole number{unit}")
        else:
            return number
        return default
