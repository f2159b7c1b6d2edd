"""A file of bytes that is whole or not there."""

from __future__ import annotations

from pathlib import Path

from siting.errors import PlanError
from siting.whole import refusal, whole_file


def put_file(path: Path, content: bytes) -> Path:
    """Write a file in place of an older one; parents are made.

    Raises:
        PlanError: the disk refuses; ``path`` is then as it was.
    """
    try:
        with whole_file(path) as fresh:
            fresh.write_bytes(content)
    except OSError as error:
        raise PlanError(f"{path}: {refusal(error)}") from error
    return path
