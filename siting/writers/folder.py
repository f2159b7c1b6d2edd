"""Plan folders and their like: what may be replaced, and how one takes the place of another."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Collection
from pathlib import Path

from siting.errors import PlanError
from siting.figures import FORMAT
from siting.whole import refusal, whole_folder


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
    write_folder(target, fill, lambda there: check_target(there, names))


def write_folder(target: Path, fill: Callable[[Path], None], check: Callable[[Path], None]) -> None:
    """As :func:`put_folder`, for what has been solved.

    Raises:
        PlanError: the disk refuses; ``target`` is then as it was.
    """
    try:
        put_folder(target, fill, check)
    except OSError as error:
        raise PlanError(f"{target}: {refusal(error)}") from error


def put_folder(target: Path, fill: Callable[[Path], None], check: Callable[[Path], None]) -> None:
    """Put a folder filled by ``fill`` at ``target``, in place of a folder that ``check`` lets go.

    Args:
        target: where the folder goes; parents are made, and links followed.
        fill: writes the files into the folder it is given.
        check: raises an error if the folder it is given may not be replaced.

    Raises:
        OSError: the disk refuses; ``target`` is then as it was.
    """
    check(target)
    with whole_folder(Path(os.path.realpath(target)), check) as fresh:
        fill(fresh)


def check_target(target: Path, names: Collection[str]) -> None:
    """Make sure that a plan may be written at ``target``.

    Nothing there, an empty folder, or an older plan with nothing else in it will do.

    Raises:
        PlanError: anything else is there.
    """
    check_replaceable(target, "plan", names, _is_plan)


def check_replaceable(
    target: Path, what: str, names: Collection[str], is_one: Callable[[Path], bool]
) -> None:
    """Make sure that nothing would be lost if a folder took the place of what is at ``target``.

    Nothing there, an empty folder, or an older one of its kind with nothing else in it will do.

    Args:
        target: where the folder would go.
        what: words for its kind, e.g. ``plan``.
        names: what folders of this kind may hold.
        is_one: whether a folder that is not empty is of this kind.

    Raises:
        PlanError: anything else is there.
    """
    advice = "choose another folder with --out, or move it away"
    if not target.exists():
        return
    if not target.is_dir():
        raise PlanError(f"{target}: is a file and is not overwritten; {advice}")
    there = sorted(path.name for path in target.iterdir())
    if there and not is_one(target):
        raise PlanError(f"{target}: is no {what} folder and is not overwritten; {advice}")
    if others := [name for name in there if name not in names]:
        listed = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        raise PlanError(f"{target}: beside a {what} it holds {listed}, which would be lost; {advice}")


def check_disk(target: Path) -> None:
    """Make sure, before long work, that something can be written at ``target``, as far as that is known.

    Raises:
        PlanError: there is no folder to write in, or it may not be written in.
    """
    try:
        around = Path(os.path.realpath(target)).parent
        while not os.path.lexists(around):
            around = around.parent
        if not around.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(around, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, f"{around} may not be written in")
    except OSError as error:
        raise PlanError(f"{target}: {refusal(error)}") from error


def _is_plan(folder: Path) -> bool:
    try:
        found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT
