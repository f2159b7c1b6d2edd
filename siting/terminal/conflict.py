"""Why there is no plan, as a planner reads it on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from siting.conflict.words import paragraphs
from siting.terminal import sheet


def print_conflict(console: Console, conflict: Mapping[str, Any]) -> None:
    """Print the limits in conflict, what would do, and the places that no plan can serve.

    Args:
        console: where to.
        conflict: the structure of that name in summary.json.
    """
    for title, items in paragraphs(conflict):
        sheet.line(console, title)
        for one in items:
            sheet.line(console, f"  - {one}")
