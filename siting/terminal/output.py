"""stdout and stderr that may be closed, full, gone, or unable to say a letter: the work goes on."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

_refused: list[OSError] = []
"""Why stdout could not be written to, if that has happened."""


def tolerant() -> None:
    """Have stdout and stderr take everything, whatever becomes of it.

    What the encoding cannot say is replaced, e.g. Ukrainian names under ``LANG=C``. Whoever has closed a
    pipe has read enough. What else goes wrong is for :func:`refused` to say: a file is still written when
    the summary of it cannot be printed.
    """
    for number in range(3):  # a file opened under one of these numbers would get what libraries print
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _tolerant(sys.stdout, 1)
    sys.stderr = _tolerant(sys.stderr, 2)


def refused() -> str | None:
    """Why not everything could be printed on stdout, once everything has been; None if it could."""
    sys.stdout.flush()
    return _refused[0].strerror if _refused else None


class _Anywhere(io.FileIO):
    """A handle whose writing never fails."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "w", closefd=False)
        self._gone = False

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        if not self._gone:
            try:
                return super().write(data)
            except OSError as error:
                self._gone = True
                if self.fileno() == 1 and error.errno != errno.EPIPE:
                    _refused.append(error)
        return len(data)


def _tolerant(stream: TextIO | None, number: int) -> TextIO:
    """The stream of a handle; terminals stay as they are but for letters."""
    errors = getattr(stream, "errors", None) or "replace"
    errors = "replace" if errors == "strict" else errors
    if isinstance(stream, io.TextIOWrapper) and stream.isatty():
        stream.reconfigure(errors=errors)
        return stream
    encoding = getattr(stream, "encoding", None) or "utf-8"
    raw: Any = _Anywhere(number)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=errors, line_buffering=number == 2
    )
