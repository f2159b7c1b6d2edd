"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from siting.errors import ModelError
from siting.terminal import complete

InstanceName = Annotated[
    str,
    typer.Argument(
        metavar="INSTANCE",
        help="A folder, or a bundled instance's name.",
        autocompletion=complete.instances,
    ),
]
Numbers = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a number, e.g. budget=5000; may be given many times.",
        autocompletion=complete.numbers,
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A bundled model's name, or a .toml file.",
        show_default="the instance's, or max_coverage",
        autocompletion=complete.models,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Nothing on stderr but errors and warnings.")]


def given_numbers(given: list[str] | None) -> dict[str, float]:
    """The numbers of ``--set``.

    Raises:
        ModelError: for everything that is not NAME=NUMBER.
    """
    numbers, complaints = {}, []
    for text in given or []:
        name, _, value = text.partition("=")
        try:
            numbers[name.strip()] = float(value)
        except ValueError:
            complaints.append(f"--set {text}: must be NAME=NUMBER, e.g. budget=5000")
    if complaints:
        raise ModelError(complaints)
    return numbers
