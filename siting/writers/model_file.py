"""model.toml: the question, so that a plan can be read and checked without the file it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siting.result import Result


def write_model(result: Result, file: Path) -> None:
    """The content of the model file."""
    file.write_bytes(result.problem.model.text.encode())
