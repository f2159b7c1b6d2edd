"""Ways and nodes by the million as arrays: filtered by pyosmium in C++, written as text, read by kernels.

A Python object for each of the tens of millions of nodes of a country's roads would take minutes. In
OPL (https://osmcode.org/opl-file-format/) every object is a line, ``w12 Thighway=primary,oneway=yes
Nn1,n2`` or ``n1 T x9.5 y47.1``; blanks, commas and ``=`` inside of tags are written as ``%20%``.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.errors import Complaint, InstanceError
from siting.readers.osm.kernels import key_code, parse_nodes, parse_ways
from siting.readers.osm.source import Source

_CHUNK = 1 << 25
_ESCAPE = re.compile(r"%([0-9a-fA-F]+)%")


@dataclass(frozen=True)
class WayLines:
    """Some ways, W of them with N nodes in all.

    Attributes:
        text: the lines themselves.
        ids: (W,) ids of the ways.
        tags: (W, 2) where the tags of each begin and end in ``text``.
        same: (W,) int64, equal where the tags with the keys that were asked for are: a hash of 64 bits.
        start: (W+1,) nodes of way w are start[w]:start[w+1].
        refs: (N,) int64 node ids.
    """

    text: bytes
    ids: NDArray[np.int64]
    tags: NDArray[np.int64]
    same: NDArray[np.int64]
    start: NDArray[np.int64]
    refs: NDArray[np.int64]

    def tags_of(self, way: int) -> dict[str, str]:
        """All tags of a way."""
        begin, end = self.tags[way]
        pairs = (pair.partition("=") for pair in self.text[begin:end].decode().split(",") if pair)
        return {_plain(key): _plain(value) for key, _, value in pairs}

    def refs_of(self, way: int) -> NDArray[np.int64]:
        """Node ids of a way."""
        return self.refs[self.start[way] : self.start[way + 1]].copy()


@dataclass(frozen=True)
class NodeLines:
    """Some nodes, N of them: ids, and latitude and longitude as (N,) int32 steps of 1e-7 degrees."""

    ids: NDArray[np.int64]
    y: NDArray[np.int32]
    x: NDArray[np.int32]


def read_ways(source: Source, keep: Any, keys: Iterable[str]) -> Iterator[WayLines]:
    """The ways that pass a filter, some thousands at a time.

    Args:
        source: the file.
        keep: filter of pyosmium.
        keys: those of the tags that ``WayLines.same`` is about.

    Raises:
        InstanceError: the file is damaged, or there is no room for the temporary file.
    """
    codes = np.array([key_code(key) for key in keys], dtype=np.int64)
    room = 3 * source.path.stat().st_size
    with _written(source, source.osmium.osm.WAY, keep, room) as path:
        for text in _texts(path):
            ways, nodes = text.count(b"\n"), text.count(b"n")  # at least as many n as nodes
            ids, same, start = (np.zeros(ways + more, dtype=np.int64) for more in (0, 0, 1))
            tags, refs = np.zeros((ways, 2), dtype=np.int64), np.empty(nodes, dtype=np.int64)
            size = parse_ways(np.frombuffer(text, dtype=np.uint8), codes, ids, tags, same, start, refs)
            yield WayLines(text, ids, tags, same, start, refs[:size])


def read_nodes(source: Source, keep: Any, count: int) -> Iterator[NodeLines]:
    """The nodes that pass a filter, some hundred thousands at a time, at most ``count`` in all."""
    with _written(source, source.osmium.osm.NODE, keep, 64 * count) as path:
        for text in _texts(path):
            ids = np.zeros(text.count(b"\n"), dtype=np.int64)
            y, x = np.zeros(len(ids), dtype=np.int32), np.zeros(len(ids), dtype=np.int32)
            parse_nodes(np.frombuffer(text, dtype=np.uint8), ids, y, x)
            yield NodeLines(ids, y, x)


@contextmanager
def _written(source: Source, what: Any, keep: Any, room: int) -> Iterator[Path]:
    """A temporary OPL file of the objects that pass a filter, if there is ``room`` bytes for it."""
    osmium = source.osmium
    with tempfile.TemporaryDirectory(prefix="siting-") as folder:
        free = shutil.disk_usage(folder).free
        if free < room:
            say = (
                f"reading needs up to {room / 2**30:,.1f} GB of temporary space, but the folder "
                f"{tempfile.gettempdir()} has {free / 2**30:,.1f} GB; set TMPDIR to another"
            )
            raise InstanceError(Complaint(str(source.path), say))
        path = Path(folder) / "objects.opl"
        file = osmium.io.File(str(path), "opl,add_metadata=false")
        with source.reading(what) as reader:
            writer = osmium.SimpleWriter(file, overwrite=True, thread_pool=source.threads)
            try:
                osmium.apply(reader, keep, writer)
                writer.close()
            except Exception:
                _abandon(writer)
                raise
        yield path


def _abandon(writer: Any) -> None:
    """Close a writer after an error, or see to it that it is never destroyed.

    What cannot be written, e.g. text that is not UTF-8, leaves it unable to close; destroyed in that
    state, it ends the whole program.
    """
    try:
        writer.close()
    except Exception:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))


def _texts(path: Path) -> Iterator[bytes]:
    """Whole lines of a file, some millions of bytes at a time."""
    with path.open("rb") as file:
        rest = b""
        while piece := file.read(_CHUNK):
            lines, newline, tail = piece.rpartition(b"\n")
            if newline:
                yield rest + lines + newline
                rest = tail
            else:
                rest += tail


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "%" in text else text
