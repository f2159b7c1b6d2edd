"""A file that is whole or not there: written beside, then renamed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from siting.errors import PlanError


def put_file(path: Path, content: bytes) -> Path:
    """Write a file in place of an older one; parents are made.

    Raises:
        PlanError: the disk refuses; ``path`` is then as it was.
    """
    fresh = path.parent / f".{path.name[:80]}.{secrets.token_hex(4)}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        os.replace(fresh, path)
    except OSError as error:
        raise PlanError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)
    return path
