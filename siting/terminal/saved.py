"""A solve that saves itself beside its plan folder: where, what is said about it, and how to go on."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from siting.errors import PlanError
from siting.plan import Termination
from siting.terminal.interrupt import keeping

if TYPE_CHECKING:
    from siting.result import Result


def saved_beside(folder: Path) -> Path:
    """Where a solve is saved whose plan goes into a folder."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    return named.with_name(f"{named.name}.saved")


@contextmanager
def saving(path: Path, resume: bool) -> Iterator[Callable[[Result], None]]:
    """Say what a solve finds at ``path`` and leaves there.

    However the block ends, the terminal says how to go on, if there is something to continue from.

    Args:
        path: where the solve is saved.
        resume: whether it continues from there.

    Yields:
        What to call with the result once its plan is written: nothing is left of a solve that has ended.
    """
    before = _written(path)
    if before and not resume:
        typer.echo(
            f"{path} is of a solve that was stopped: --resume would continue from it; this one begins anew",
            err=True,
        )
    warner = _Warner(logging.WARNING)
    logging.getLogger("siting").addHandler(warner)
    ours = resume

    def ended(result: Result) -> None:
        if result.termination not in (Termination.TIME, Termination.INTERRUPTED) and (
            resume or _written(path) != before
        ):
            path.unlink(missing_ok=True)

    try:
        with keeping(f"what took longer than seconds is in {path}; continue with: {_command()}"):
            yield ended
    except PlanError:  # also where it is refused to resume
        ours = False
        raise
    finally:
        logging.getLogger("siting").removeHandler(warner)
        if (there := _written(path)) and (ours or there != before):
            typer.echo(f"continue with: {_command()}", err=True)


def _written(path: Path) -> int:
    """When a file was written, 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _command() -> str:
    """The command that was given, with --resume."""
    given = sys.argv[1:]
    return shlex.join(["siting", *given, *([] if "--resume" in given else ["--resume"])])


class _Warner(logging.Handler):
    """Prints warnings on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one."""
        typer.echo(f"warning: {record.getMessage()}", err=True)
