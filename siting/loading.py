"""The content of a file within a stated limit, before any of it is held in memory."""

from __future__ import annotations

import stat
from pathlib import Path

MOST_BYTES = 1_000_000_000
"""Largest table that is read as a whole."""


class RefusedFileError(OSError):
    """A file is not read; ``strerror`` says why."""


def load(path: Path, most: int = MOST_BYTES) -> bytes:
    """Content of a file.

    Args:
        path: the file. Devices and pipes, which may have no end or never a beginning, are refused.
        most: bytes.

    Raises:
        RefusedFileError: it is no file, larger than ``most``, or grows while it is read.
        OSError: it cannot be read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise RefusedFileError(0, "is a folder" if stat.S_ISDIR(found.st_mode) else "is no plain file")
    if found.st_size > most:
        raise RefusedFileError(0, f"{found.st_size:,} bytes are more than the {most:,} that are read")
    with path.open("rb") as file:
        data = file.read(found.st_size + 1)
    if len(data) > found.st_size:
        raise RefusedFileError(0, "grows while it is read; try again when it is complete")
    return data
