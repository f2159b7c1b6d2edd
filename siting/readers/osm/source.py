"""The file: refused before it is read where it cannot be right, and read with errors in plain words."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siting.errors import Complaint, InstanceError
from siting.parallel import cores
from siting.readers.extras import extra

MAX_BYTES = 8 * 2**30
"""Largest file, of packed XML unpacked: a continent is cut into countries first."""

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")
"""Endings of the files that can be read."""

_HEAD = 1 << 16
_PIECE = 1 << 22
_OPEN: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}


@dataclass
class Source:
    """An OpenStreetMap extract to read several times over.

    Attributes:
        path: of the file.
        osmium: the library.
        threads: that unpack the file.
    """

    path: Path
    osmium: Any
    threads: Any = field(repr=False)

    @contextmanager
    def reading(self, what: Any) -> Iterator[Any]:
        """A reader of one kind of object, e.g. ``osmium.osm.NODE``.

        Raises:
            InstanceError: the file turns out to be damaged, from inside the block.
        """
        with self.guarded(), self.osmium.io.Reader(str(self.path), what, self.threads) as reader:
            yield reader

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Errors of the library as an :class:`InstanceError`."""
        try:
            yield
        except (RuntimeError, ValueError, LookupError, OSError, self.osmium.InvalidLocationError) as error:
            advice = "the file is damaged, cut off or not an OpenStreetMap file; download it again"
            raise InstanceError(Complaint(str(self.path), f"cannot be read: {error}; {advice}")) from None


def open_source(path: str | Path) -> Source:
    """Look at a file before it is read.

    Raises:
        InstanceError: it is missing, a folder, empty, too large, of another format, an XML file with
            a document type (whose entities can blow up), or a history of several versions.
    """
    path = Path(path)
    osmium = extra("osmium", "osm")
    _refuse(path)
    source = Source(path, osmium, osmium.io.ThreadPool(cores()))
    with source.reading(osmium.osm.NOTHING) as reader:
        history = reader.header().has_multiple_object_versions
    if history:
        what = "is a history or change file; expected: a plain extract with one version of each object"
        raise InstanceError(Complaint(str(path), what))
    return source


def _refuse(path: Path) -> None:
    where = str(path)
    if path.is_dir():
        raise InstanceError(Complaint(where, "is a folder; expected: an OpenStreetMap extract (.osm.pbf)"))
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InstanceError(Complaint(where, f"cannot be read: {error.strerror}")) from None
    if not path.name.lower().endswith(SUFFIXES):
        raise InstanceError(Complaint(where, f"the name must end in one of {', '.join(SUFFIXES)}"))
    if size == 0:
        raise InstanceError(Complaint(where, "the file is empty (0 bytes); download it again"))
    if size > MAX_BYTES:
        what = (
            f"is {size / 2**30:,.1f} GB large; at most {MAX_BYTES / 2**30:g} GB are read: cut your region "
            "out first, e.g. with 'osmium extract', or download a country of its own"
        )
        raise InstanceError(Complaint(where, what))
    if not path.name.lower().endswith(".pbf"):
        _refuse_entities(path)


def _refuse_entities(path: Path) -> None:
    """OpenStreetMap's XML has no document type; one that defines entities can fill any memory."""
    try:
        with _OPEN.get(path.suffix.lower(), open)(path, "rb") as file:
            head = file.read(_HEAD)
            size = len(head)
            while path.suffix.lower() in _OPEN and (piece := file.read(_PIECE)):
                size += len(piece)
                if size > MAX_BYTES:
                    break
    except (OSError, EOFError, zlib.error) as error:
        raise InstanceError(Complaint(str(path), f"cannot be unpacked: {error}; download it again")) from None
    if size > MAX_BYTES:
        what = f"unpacks to more than the {MAX_BYTES / 2**30:g} GB that are read: cut your region out first"
        raise InstanceError(Complaint(str(path), what))
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        what = (
            "holds a document type (<!DOCTYPE or <!ENTITY), which OpenStreetMap's XML does not have; refused"
        )
        raise InstanceError(Complaint(str(path), what))
