"""The bytes of a saved solve: a digest, what it is in JSON, and arrays, in a file that is whole or absent.

The first line names the format and holds the SHA-256 of all that follows; the second is JSON, in which
``[kind, count]`` under ``arrays`` says what the bytes behind it are, one array after the other. Nothing
in such a file is executed, and a reader allocates no more than the file is long.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from siting.errors import Complaint, PlanError
from siting.whole import whole_file

FORMAT = "siting-saved-1"
"""First word of a saved solve."""

LARGEST = 1 << 28
"""Bytes that a saved solve may have; one of 300,000 places has a tenth of it."""

KINDS: dict[str, np.dtype[Any]] = {"f8": np.dtype("<f8"), "i4": np.dtype("<i4")}
"""Kinds of arrays."""


def write_saved(path: Path, content: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> None:
    """Write a saved solve; the older one stays until it is whole.

    Args:
        path: where it goes; folders above are made.
        content: JSON values.
        arrays: of floats or of integers.

    Raises:
        OSError: the disk refuses.
    """
    packed = [np.asarray(one, KINDS["f8" if one.dtype.kind == "f" else "i4"]) for one in arrays]
    kinds = [[one.dtype.str[1:], len(one)] for one in packed]
    head = json.dumps({**content, "arrays": kinds}, ensure_ascii=True, allow_nan=False).encode()
    parts = [head, b"\n", *(one.tobytes() for one in packed)]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    with whole_file(path) as fresh, fresh.open("wb") as out:
        out.write(f"{FORMAT} {digest.hexdigest()}\n".encode())
        out.writelines(parts)


def read_saved(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Content and arrays of a saved solve.

    Raises:
        PlanError: it is absent, of another format, or not as it was written.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise _broken(path, f"is larger than {LARGEST >> 20:,} MiB, which no saved solve is")
        data = path.read_bytes()
    except FileNotFoundError:
        what = "there is no saved solve to resume; a solve saves itself here after its first seconds"
        raise PlanError(Complaint(str(path), what)) from None
    except OSError as error:
        raise PlanError(Complaint(str(path), f"cannot be read: {error.strerror or error}")) from error
    first, _, rest = data.partition(b"\n")
    name, _, digest = first.partition(b" ")
    if name != FORMAT.encode():
        raise _broken(path, f"is no saved solve of this version; expected: {FORMAT} at its beginning")
    if hashlib.sha256(rest).hexdigest().encode() != digest:
        raise _broken(path, "is not as it was written: its SHA-256 is another")
    head, _, packed = rest.partition(b"\n")
    try:
        content = json.loads(head)
        return content, _unpacked(content.pop("arrays"), packed)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _broken(path, f"is broken: {error}") from None


def _unpacked(kinds: Any, packed: bytes) -> list[np.ndarray]:
    """The arrays in the bytes behind the JSON.

    Raises:
        ValueError: they are not what ``kinds`` says.
    """
    found, at = [], 0
    for kind, count in kinds:
        size = KINDS[kind].itemsize * count
        if not isinstance(count, int) or not 0 <= size <= len(packed) - at:
            raise ValueError("an array is not there")
        found.append(np.frombuffer(packed, KINDS[kind], count, at))
        at += size
    if at != len(packed):
        raise ValueError("there is more in it than it says")
    return found


def _broken(path: Path, what: str) -> PlanError:
    return PlanError(Complaint(str(path), f"{what}; solve anew without resuming"))
