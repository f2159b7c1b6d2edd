"""A folder for the files of one case, emptied for the next."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from tests.fuzz.engine import Case


@cache
def _home() -> Path:
    """In memory where there is such a file system; removed at the end."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="siting-fuzz-", dir=shared if shared.is_dir() else None))
    atexit.register(shutil.rmtree, folder, True)
    return folder


def laid_out(case: Case, name: str = "case") -> Path:
    """The folder of a case."""
    folder = _home() / name
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in case:
            path.unlink()
    for file, data in case.items():
        (folder / file).write_bytes(data)
    return folder


def empty(name: str) -> Path:
    """A path at which nothing is."""
    folder = _home() / name
    if folder.exists():
        shutil.rmtree(folder)
    return folder
