"""Readers: files into a validated instance; one file per source, one line per reader here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from siting.instance.core import Instance
from siting.readers.folder import bundled, read, titles

READERS: dict[str, Callable[[str | Path], Instance]] = {
    "folder": read,
}
"""Every reader by the name of its source."""

__all__ = ["READERS", "bundled", "read", "titles"]
