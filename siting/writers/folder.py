"""Folders that are whole or not there: write beside, then rename."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from siting.errors import PlanError
from siting.figures import FORMAT


def replace_folder(target: Path, fill: Callable[[Path], None], names: Collection[str]) -> None:
    """Put a folder filled by ``fill`` at ``target``, in place of an older plan if there is one.

    Whatever goes wrong, ``target`` holds the older plan, or nothing as before.

    Args:
        target: where the folder goes; parents are made.
        fill: writes the files into the folder it is given.
        names: files a plan folder may hold.

    Raises:
        PlanError: ``target`` may not be replaced, or the disk refuses.
    """
    check_target(target, names)
    write_folder(target, fill)


def write_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """As :func:`put_folder`, for what has been solved.

    Raises:
        PlanError: the disk refuses; ``target`` is then as it was.
    """
    try:
        put_folder(target, fill)
    except OSError as error:
        raise PlanError(f"{target}: cannot be written: {error.strerror or error}") from error


def put_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Put a folder filled by ``fill`` at ``target``, in place of whatever folder is there.

    Raises:
        OSError: the disk refuses; ``target`` is then as it was.
    """
    real = Path(os.path.realpath(target))
    tag = secrets.token_hex(4)
    fresh, old = (real.parent / f".{real.name}.{tag}.{word}" for word in ("new", "old"))
    try:
        fresh.mkdir(parents=True)
        fill(fresh)
        for file in [*fresh.iterdir(), fresh]:
            _sync(file)
        _swap(fresh, real, old)
        _sync(real.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check_target(target: Path, names: Collection[str]) -> None:
    """Make sure that a plan may be written at ``target``.

    Nothing there, an empty folder, or an older plan with nothing else in it will do.

    Raises:
        PlanError: anything else is there.
    """
    advice = "choose another folder with --out, or move it away"
    if not target.exists():
        return
    if not target.is_dir():
        raise PlanError(f"{target}: is a file and is not overwritten; {advice}")
    there = sorted(path.name for path in target.iterdir())
    if there and not _is_plan(target):
        raise PlanError(f"{target}: is no plan folder and is not overwritten; {advice}")
    if others := [name for name in there if name not in names]:
        listed = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        raise PlanError(f"{target}: beside a plan it holds {listed}, which would be lost; {advice}")


def _is_plan(folder: Path) -> bool:
    try:
        found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def _swap(fresh: Path, target: Path, old: Path) -> None:
    """Rename ``fresh`` to ``target``; what was there comes back if that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    try:
        target.rename(old)
        fresh.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have the disk hold a file, or the entries of a folder, before anything is renamed."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
