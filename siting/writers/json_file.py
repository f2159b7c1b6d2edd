"""summary.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siting.result import Result


def summary_text(result: Result) -> str:
    """The summary as JSON text, with a line feed at the end."""
    return json.dumps(result.summary, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_summary(result: Result, file: Path) -> None:
    """All figures of the result."""
    file.write_bytes(summary_text(result).encode())
