"""Lines of the keys in a TOML text, which tomllib does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from siting.errors import Complaint

_HEADER = re.compile(r"(\[\[?)([^\]]+)\]")
_KEY = re.compile(r"([A-Za-z0-9_.\"' -]+)\s*=")
"""Both are matched with stripped lines, and take time in proportion to their length, also of spaces."""


def key_lines(text: str) -> dict[str, int]:
    """1-based line of every key and table header, by dotted name.

    The n-th table of an array ``[[sources]]`` is ``sources.n``. A table without a header of its own
    begins with the first table in it. Keys of inline tables have no line of their own.
    """
    lines: dict[str, int] = {}
    items: dict[str, int] = {}  # tables so far of every array
    prefix = ""
    inside = ""  # the quotes of a text that runs over several lines
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            header, key = _HEADER.match(line.strip()), _KEY.match(line.strip())
            if header:
                prefix = _plain(header[2])
                if header[1] == "[[":
                    lines.setdefault(prefix, number)
                    items[prefix] = items.get(prefix, 0) + 1
                    prefix = f"{prefix}.{items[prefix]}"
                for name in _with_parents(prefix):
                    lines.setdefault(name, number)
            elif key:
                name = _plain(key[1])
                lines.setdefault(f"{prefix}.{name}" if prefix else name, number)
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2 and inside in ("", quotes):
                inside = "" if inside else quotes
    return lines


def with_lines(complaints: Iterable[str | Complaint], text: str, where: str) -> list[str | Complaint]:
    """The complaints about one TOML file, each with the line of its key or the nearest table above."""
    lines = key_lines(text)
    found: list[str | Complaint] = []
    for complaint in complaints:
        if isinstance(complaint, Complaint) and complaint.where == where and complaint.line is None:
            name = complaint.column or ""
            while name and name not in lines:
                name = name.rpartition(".")[0]
            complaint = replace(complaint, line=lines.get(name))
        found.append(complaint)
    return found


def _with_parents(name: str) -> list[str]:
    """A dotted name and those of the tables it is in."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _plain(name: str) -> str:
    """A dotted name without quotes and spaces."""
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
