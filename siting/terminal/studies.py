"""Further solves about a plan, and what they have found: the price of nesting, the stability of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import typer

from siting.terminal import sheet, words
from siting.terminal.interrupt import skippable
from siting.terminal.progress import shown

if TYPE_CHECKING:
    from rich.console import Console

    from siting.result import Result

_TOLD = 5


def print_studies(console: Console, result: Result) -> None:
    """Print the studies that a result holds."""
    if "nesting" in vars(result):
        _print_nesting(console, result.nesting, result.achieved[0].unit)
    if "stability" in vars(result):
        _print_stability(console, result.stability)


def _print_nesting(console: Console, nesting: pd.DataFrame, unit: str) -> None:
    table = sheet.table(
        (f"{unit}, period by period", "in this plan", "if it stood alone", "price of nesting")
    )
    for row in nesting.to_dict("records"):
        numbers = (words.decimal(row[key], 2) for key in ("nested", "alone", "price"))
        sheet.row(table, str(row["period"]), *numbers)
    console.print()
    sheet.show(console, table)


def _print_stability(console: Console, stability: pd.DataFrame) -> None:
    kept = int((stability["scenarios"] == 1.0).sum())
    console.print()
    sheet.line(
        console,
        f"stability: {kept:,} of {len(stability):,} facilities are in the best plan of every scenario alone; "
        f"on average a facility is in {words.share(stability['scenarios'].mean())} of them, and in "
        f"{words.share(stability['near_optimal'].mean())} of the near-optimal plans that could have it",
    )
    least = stability.sort_values(["scenarios", "near_optimal"], kind="stable").head(_TOLD)
    if len(least):
        sheet.line(console, "least stable: " + ", ".join(least["site_id"].astype(str) + " " + least["type"]))


def study(result: Result, err: Console, seconds: float | None) -> None:
    """Further solves that a plan across periods or scenarios asks for, where there is time for them."""
    layout = result.problem.responses.layout
    wanted = {
        "nesting": (layout.periods, "what each period could have if it stood alone"),
        "stability": (layout.scenarios, "how stable the sites are"),
    }
    for name, (there, about) in wanted.items():
        if not there:
            continue
        if seconds is not None:
            err.print(f"not looked at under --seconds: {about} (result.{name} does)", soft_wrap=True)
            continue
        try:
            with skippable(), shown(err, f"looking at {about}"):
                getattr(result, name)
        except KeyboardInterrupt:  # the plan is there and will be written
            typer.echo(f"not looked at: {about}", err=True)
