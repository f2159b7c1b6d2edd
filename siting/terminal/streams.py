"""What every command shares: exit codes, complaints on stderr, consoles, JSON, steps of long work."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from siting.errors import InstanceError, ModelError, PlanError, SitingError
from siting.terminal.machine import of_the_machine

DELIVERED, FAILED, BAD_INPUT, INFEASIBLE, NO_PLAN = 0, 1, 2, 3, 4
"""Exit codes. FAILED: a check found something, or a solver failed."""

PIPE_WIDTH = 140
"""Characters of a line where there is no terminal: wide enough for every table."""


@contextmanager
def complaints() -> Iterator[None]:
    """Print every complaint of an error siting raises on purpose, one per line, and exit.

    So do errors of the machine: its memory and its disks.
    """
    try:
        yield
    except SitingError as error:
        for complaint in error.complaints:
            typer.echo(f"error: {complaint}", err=True)
        bad_input = isinstance(error, InstanceError | ModelError | PlanError)
        raise typer.Exit(BAD_INPUT if bad_input else FAILED) from None
    except Exception as error:
        told = of_the_machine(error)
        if told is None:
            raise
        typer.echo(f"error: {told}", err=True)
        raise typer.Exit(FAILED) from None


def console(*, err: bool = False, quiet: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for every table in a pipe.

    Args:
        err: whether it prints on stderr.
        quiet: whether it prints nothing.
    """
    stream = sys.stderr if err else sys.stdout
    # FORCE_COLOR asks for colours in a pipe, but nobody asks for a moving line there.
    moving = None if stream.isatty() else False
    found = Console(stderr=err, highlight=False, quiet=quiet, force_interactive=moving)
    if not stream.isatty():
        found.width = PIPE_WIDTH
    return found


def print_json(content: Any) -> None:
    """Print content as JSON on stdout, alone there; escaped where the stream's encoding cannot say it."""
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")
    sys.stdout.write(json.dumps(content, ensure_ascii=not unicode, allow_nan=False, indent=1) + "\n")


def steps(quiet: bool = False) -> Callable[[str], None]:
    """What prints each step that begins, with the seconds gone by, on stderr; nothing if ``quiet``."""
    start = time.monotonic()

    def tell(step: str) -> None:
        if not quiet:
            typer.echo(f"{time.monotonic() - start:7.1f} s  {step}", err=True)

    return tell
