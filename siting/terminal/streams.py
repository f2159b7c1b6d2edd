"""What every command shares: exit codes, complaints on stderr, consoles, steps of long work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from siting.errors import InstanceError, ModelError, PlanError, SitingError

DELIVERED, FAILED, BAD_INPUT, INFEASIBLE, NO_PLAN = 0, 1, 2, 3, 4
"""Exit codes. FAILED: a check found something, or a solver failed."""


@contextmanager
def complaints() -> Iterator[None]:
    """Print every complaint of an error siting raises on purpose, one per line, and exit."""
    try:
        yield
    except SitingError as error:
        for complaint in error.complaints:
            typer.echo(f"error: {complaint}", err=True)
        bad_input = isinstance(error, InstanceError | ModelError | PlanError)
        raise typer.Exit(BAD_INPUT if bad_input else FAILED) from None


def console(*, err: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for every table in a pipe."""
    found = Console(stderr=err, highlight=False)
    if not found.is_terminal:
        found.width = 140
    return found


def steps() -> Callable[[str], None]:
    """What prints each step that begins, with the seconds gone by, on stderr."""
    start = time.monotonic()
    return lambda step: typer.echo(f"{time.monotonic() - start:7.1f} s  {step}", err=True)
