"""Files and folders that are whole or not there: written beside, then put in place in one step.

What is on its way lies in a folder ``.unfinished-...`` beside its target, locked by the process that
writes. It goes away when that process is done, fails, or is told to end (:func:`discard`); what a killed
process has left is no longer locked, and goes away with the next writing beside it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where a leftover stays until somebody deletes it
    fcntl = None  # type: ignore[assignment]

PREFIX = ".unfinished-"
"""How the name of every folder begins that holds something on its way."""

_ASIDE = "replaced"
"""Where in it the older folder is while a disk that cannot exchange two names has neither in place."""

_ATTEMPTS = 100
"""How often to try anew when other processes put something at the same place at the same moment."""

_UNFINISHED: set[Path] = set()
"""What this process has on its way."""

_ADVICE = {
    errno.ENOSPC: "make room there, or write elsewhere",
    errno.EDQUOT: "make room there, or write elsewhere",
    errno.EFBIG: "files may not be that large there; see ulimit -f",
    errno.EACCES: "choose a place where you may write",
    errno.EPERM: "choose a place where you may write",
    errno.EROFS: "choose a place where you may write",
    errno.ENOENT: "the folder around it has been removed meanwhile, or may not hold folders",
    errno.ENOTDIR: "a part of the path is a file; choose another place",
    errno.EBUSY: "a disk is mounted there; choose a folder inside it",
    errno.EEXIST: "choose another place",
    errno.EXDEV: "a disk is mounted there; choose a folder inside it",
}


def refusal(error: OSError) -> str:
    """Why the disk refuses, and what to do."""
    advice = _ADVICE.get(error.errno or 0)
    return f"cannot be written: {error.strerror or error}" + (f"; {advice}" if advice else "")


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A name to write a file under, which takes the place of ``target`` when the block ends well.

    Args:
        target: where the file goes; parents are made.

    Raises:
        OSError: the disk refuses; ``target`` is then as it was.
    """
    with _unfinished(target) as room:
        yield room / target.name
        _sync(room / target.name)
        os.replace(room / target.name, target)
        _sync(target.parent)


@contextmanager
def whole_folder(target: Path, check: Callable[[Path], None]) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of ``target`` when the block ends well.

    Args:
        target: where the folder goes, no link; parents are made.
        check: raises an error if the folder it is given may not be replaced. It is called with what has
            been replaced too: whatever somebody else puts there in the meantime is given back.

    Raises:
        OSError: the disk refuses; ``target`` is then as it was.
    """
    with _unfinished(target) as room:
        fresh = room / target.name
        fresh.mkdir()
        yield fresh
        for folder, _, files in os.walk(fresh, topdown=False):
            for name in files:
                _sync(Path(folder, name))
            _sync(Path(folder))
        _put(fresh, target, check)
        _sync(target.parent)


def discard() -> None:
    """Take away everything that this process has on its way, because it ends now."""
    for room in list(_UNFINISHED):
        _take_away(room)


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A locked folder beside the target."""
    parent = target.parent
    made = [one for one in (parent, *parent.parents) if not one.exists()]
    room, lock = None, -1
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent)
        room, lock = _room(parent)
        yield room
    finally:
        if room is not None:
            _take_away(room)
            _UNFINISHED.discard(room)
        if lock >= 0:
            os.close(lock)
        with suppress(OSError):  # they are not empty once the target is there
            for one in made:
                one.rmdir()


def _room(parent: Path) -> tuple[Path, int]:
    """A new folder, and the handle that locks it."""
    while True:
        room = parent / f"{PREFIX}{secrets.token_hex(4)}"
        _UNFINISHED.add(room)
        room.mkdir()
        if fcntl is None:
            return room, -1
        with suppress(OSError):  # who sweeps at this very moment may be quicker: then another one
            lock = os.open(room, os.O_RDONLY)
            with suppress(OSError):  # a disk without locks: nobody sweeps there either
                fcntl.flock(lock, fcntl.LOCK_EX)
            if room.exists():
                return room, lock
            os.close(lock)
        _UNFINISHED.discard(room)


def _sweep(parent: Path) -> None:
    """Take away what killed processes have left."""
    if fcntl is None:
        return
    for room in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            handle = os.open(room, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its process lives
                _take_away(room)
            finally:
                os.close(handle)


def _take_away(room: Path) -> None:
    """Remove a folder of something on its way; an older folder without a successor goes back."""
    with suppress(OSError):
        for old in (room / _ASIDE).iterdir():
            if not os.path.lexists(room.parent / old.name):
                old.rename(room.parent / old.name)
    shutil.rmtree(room, ignore_errors=True)


def _put(fresh: Path, target: Path, check: Callable[[Path], None]) -> None:
    """Put a folder in place; what was there goes into the room of the new one."""
    for _ in range(_ATTEMPTS):
        try:
            if not os.path.lexists(target):
                fresh.rename(target)
                return
            if _exchange(fresh, target):
                if _replaceable(fresh, check):
                    return
                _exchange(fresh, target)
            elif _put_in_two_steps(fresh, target, check):
                return
        except OSError as error:
            # Somebody has put something there, or taken it away, since it was looked at.
            meanwhile = (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
            if error.errno not in meanwhile or not fresh.exists():
                raise
        else:
            check(target)
            if target.is_symlink():
                raise OSError(errno.EEXIST, "a link has been put there meanwhile")
    raise OSError(errno.EBUSY, "others write there all the time")


def _put_in_two_steps(fresh: Path, target: Path, check: Callable[[Path], None]) -> bool:
    """As :func:`_put` where names cannot be exchanged; False when what is there may not be replaced."""
    aside = fresh.parent / _ASIDE
    aside.mkdir(exist_ok=True)
    old = aside / target.name
    target.rename(old)
    if not _replaceable(old, check):
        old.rename(target)
        return False
    fresh.rename(target)
    return True


def _replaceable(there: Path, check: Callable[[Path], None]) -> bool:
    if there.is_symlink():
        return False
    try:
        check(there)
    except Exception:  # it is asked anew, by its own name, for what to say
        return False
    return True


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the disk cannot."""
    if os.name == "nt":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    names, swap, here = (os.fsencode(one), os.fsencode(other)), 2, -100
    if hasattr(system, "renameat2"):
        failed = system.renameat2(here, names[0], here, names[1], swap)
    elif hasattr(system, "renamex_np"):
        failed = system.renamex_np(*names, swap)
    else:
        return False
    code = ctypes.get_errno()
    if failed and code not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        raise OSError(code, os.strerror(code), str(one), None, str(other))
    return not failed


def _sync(path: Path) -> None:
    """Have the disk hold a file, or the entries of a folder, before anything is renamed."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
