"""A frontier as a planner reads it: a table with a chart, the knee, and what one more would bring."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console

from siting.terminal import sheet, words

if TYPE_CHECKING:
    from siting.studies.frontier import Frontier

WIDTH = 24
"""Characters of the longest bar of the chart."""

KNEE = "knee"


def print_frontier(console: Console, frontier: Frontier) -> None:
    """Print the points with their proofs and a chart, the knee, dominated and infeasible values.

    Args:
        console: where to.
        frontier: its marginal values are printed where it has been asked for them.
    """
    sheet.line(console, frontier.title, "bold")
    unit = f" ({frontier.unit})" if frontier.unit else ""
    side = "most" if frontier.maximize else "least"
    sheet.line(
        console, f"The {side} {frontier.measure} ({frontier.objective_unit}) by {frontier.name}{unit}."
    )
    if frontier.points:
        console.print()
        sheet.show(console, _points(frontier))
        console.print()
    for text in (_knee(frontier), _dropped(frontier), _without(frontier), _unasked(frontier)):
        sheet.line(console, text)
    if "marginals" in vars(frontier) and len(frontier.marginals):
        _print_marginals(console, frontier)


def _points(frontier: Frontier) -> Any:
    """A row per point; bars show the objective between the least and the most of all points."""
    table = frontier.table[frontier.table["objective"].notna()]
    gained = "gained per unit" if frontier.maximize else "saved per unit"
    takes = ["takes"] * bool(table["achieved"].notna().any() and frontier.limits.measure != "cost")
    columns = (frontier.name, "", "objective", *takes, "new", "cost", "within", gained, "gap", "")
    found = sheet.table(columns, 0)
    found.columns[1].justify = "left"
    found.columns[-1].justify = "left"
    least, most = table["objective"].min(), table["objective"].max()
    for row in table.to_dict("records"):
        part = 1.0 if most == least else (row["objective"] - least) / (most - least)
        sheet.row(
            found,
            _value(row["value"]),
            "█" * (1 + round(part * (WIDTH - 1))),
            words.amount(row["objective"]),
            *(words.decimal(_known(row["achieved"]), 2) for _ in takes),
            words.count(row["new_facilities"]),
            words.decimal(row["cost"], 2),
            words.share(_known(row["share_within"])),
            words.amount(_known(row["marginal"])),
            words.gap(_known(row["gap"])),
            KNEE if row["knee"] else "",
        )
    return found


def _knee(frontier: Frontier) -> str:
    if frontier.knee is None:
        if frontier.limits.loosens is None:
            return (
                f"{frontier.name} limits no measure alone: each value asks a question of its own, "
                "so that none dominates another, and there is no knee."
            )
        return "No knee: no point brings clearly more than the straight line between the ends."
    value = _value(frontier.knee.value)
    return f"Knee at {frontier.name} {value}: the point farthest above the straight line between the ends."


def _dropped(frontier: Frontier) -> str:
    if not frontier.dropped:
        return ""
    values = _values([point.value for point in frontier.dropped])
    return f"Not shown, as a tighter value does as well: {values}."


def _without(frontier: Frontier) -> str:
    told = []
    for status in dict.fromkeys(point.status for point in frontier.without):
        values = _values([point.value for point in frontier.without if point.status is status])
        told.append(f"{status.value[0].upper()}{status.value[1:]}: {frontier.name} {values}.")
    return " ".join(told)


def _unasked(frontier: Frontier) -> str:
    return f"Not asked any more: {_values(list(frontier.unasked))}." if frontier.unasked else ""


def _print_marginals(console: Console, frontier: Frontier) -> None:
    """What one more of each would bring."""
    at = next((point.value for point in frontier.points if point.result is frontier.at), None)
    table = sheet.table(("one more", "gains", "certified", ""), 1)
    for row in frontier.marginals.to_dict("records"):
        low, high = (_known(row[key]) for key in ("gain_low", "gain_high"))
        proved = low is not None and low == high
        sheet.row(
            table,
            f"{row['number']}, now {_value(row['value'])}{_money(row['unit'])}",
            words.amount(row["gain"]),
            "exactly" if proved else f"{words.amount(low)} to {words.amount(high)}",
            str(row["gain_unit"]),
        )
    where = "" if at is None else f" at {frontier.name} {_value(at)}"
    sheet.titled(console, f"What one more brings{where}", table)


def _money(unit: str) -> str:
    """A currency behind an amount; counts stand for themselves."""
    return "" if unit in ("sites", "units") else f" {unit}"


def _value(value: float) -> str:
    return f"{value:,.10g}"


def _values(values: list[float]) -> str:
    """Some values, the first and the last of many."""
    if len(values) <= 8:
        return ", ".join(_value(value) for value in values)
    return f"{len(values):,} values from {_value(values[0])} to {_value(values[-1])}"


def _known(value: float) -> float | None:
    return None if pd.isna(value) or math.isinf(value) else value
