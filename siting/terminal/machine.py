"""Errors of the machine, its memory and its disks, in words."""

from __future__ import annotations

import errno

OUT_OF_MEMORY = (
    "out of memory; nothing is left half-written. Allow more (ulimit -v, the container's limit), use fewer "
    "--threads, or ask about a smaller instance"
)

_NO_MEMORY = (
    "can't start new thread", "Cannot allocate memory", "failed to map segment", "bad_alloc", "mmap"
)  # fmt: skip
"""How imports and threads say that there is no memory for them."""


def of_the_machine(error: BaseException | None) -> str | None:
    """What an error of memory or disk means, and what to do; None for any other.

    Compilers and libraries wrap it in errors of their own.
    """
    while error is not None:
        text = str(error)
        if (
            isinstance(error, MemoryError)
            or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
            or (isinstance(error, ImportError | RuntimeError) and any(word in text for word in _NO_MEMORY))
        ):
            return OUT_OF_MEMORY
        if isinstance(error, OSError) and error.strerror:
            return f"{error.filename or 'the system'}: {error.strerror}; nothing is left half-written"
        error = error.__cause__ or error.__context__
    return None
