"""Where the rows of an instance stand in its files."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

from siting.instance import Instance
from siting.instance.order import by_id
from siting.instance.raw import RawTable, Report
from siting.instance.schema import TABLES
from siting.readers.csv_file import read_csv


class Lines:
    """Finds lines in the files of an instance folder, which are read when a finding needs them.

    Nothing is known of frames, of bundled instances, and of files that changed since.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._tables: dict[str, RawTable | None] = {}

    def of(self, table: str, row: int) -> tuple[str | None, int | None]:
        """File and line of a row of a table, both None where unknown."""
        raw = self._table(table)
        if raw is None or raw.lines is None or row >= raw.size:
            return None, None
        return raw.where, int(raw.lines[row])

    def road(self, tail: str, head: str) -> tuple[str | None, int | None]:
        """File and line of the first road from one node to another, in either direction."""
        row = self._roads.get((tail, head), self._roads.get((head, tail)))
        return (None, None) if row is None else self.of("roads", row)

    @cached_property
    def _roads(self) -> dict[tuple[str, str], int]:
        raw = self._table("roads")
        if raw is None:
            return {}
        pairs = list(zip(raw.text("from"), raw.text("to"), strict=True))
        return {pair: row for row, pair in reversed(list(enumerate(pairs)))}

    @cached_property
    def junctions(self) -> dict[str, int]:
        """Row of every junction by its id."""
        raw = self._table("junctions")
        ids = [] if raw is None else list(raw.text("junction_id"))
        return {str(one): row for row, one in enumerate(ids)}

    def _table(self, name: str) -> RawTable | None:
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def _read(self, name: str) -> RawTable | None:
        folder, file = Path(self._instance.origin), TABLES[name].file
        if not self._instance.origin or not folder.is_dir():
            return None
        try:
            data = (folder / file).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != self._instance.files.get(file):
            return None
        raw = read_csv(data, f"{self._instance.origin}/{file}", Report())
        types = [one.id for one in self._instance.settings.types]
        return None if raw is None else by_id(raw, name, types)
