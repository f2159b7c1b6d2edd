"""What a planner reads about closings, payers, capacities, periods and scenarios, where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from siting.terminal import sheet, words

if TYPE_CHECKING:
    import pandas as pd

NAMED = 5
"""Closed facilities named."""


def print_dimensions(console: Console, summary: Mapping[str, Any], closed: pd.DataFrame) -> None:
    """Print what the model knows beyond who answers first among what stays and what is new."""
    sheet.line(console, closings(summary, closed))
    if "by_payer" in summary["money"]:
        sheet.titled(console, f"Who pays ({summary['money']['currency']})", _payers(summary))
    if "load" in summary:
        sheet.titled(console, "People served by facilities with room for them", _load(summary))
    if "periods" in summary:
        title = "Period by period: people within the standard (weighted by service)"
        sheet.titled(console, title, _periods(summary))
    if "scenarios" in summary:
        title = "Scenario by scenario: people within the standard (weighted by service)"
        sheet.titled(console, title, _scenarios(summary))


def closings(summary: Mapping[str, Any], closed: pd.DataFrame) -> str:
    """Which existing facilities are closed; empty where the model closes none."""
    if summary["layout"]["existing"] == "stay":
        return ""
    if not len(closed):
        return "No existing facility is closed."
    named = [
        f"{one['name'] or one['facility_id']} ({one['type']})" for one in closed.to_dict("records")[:NAMED]
    ]
    more = f" and {len(closed) - NAMED:,} more" if len(closed) > NAMED else ""
    return f"Closed: {', '.join(named)}{more}."


def _payers(summary: Mapping[str, Any]) -> Table:
    table = sheet.table(("", "pays", "budget", ""))
    for payer, money in summary["money"]["by_payer"].items():
        used = words.share(money["spent"] / money["budget"]) if money["budget"] else ""
        sheet.row(table, payer, words.decimal(money["spent"], 2), words.decimal(money["budget"], 2), used)
    return table


def _load(summary: Mapping[str, Any]) -> Table:
    table = sheet.table(("", "people", "served", ""))
    for service, load in summary["load"].items():
        people, served = load["people"], load["served"]
        title = summary["services"][service]["title"]
        of_all = words.share(served / people if people else None)
        sheet.row(table, title, words.count(people), words.count(served), of_all)
    return table


def _periods(summary: Mapping[str, Any]) -> Table:
    kinds = {
        name: kind["title"]
        for name, kind in summary["facilities"].items()
        if any(period["new"][name] for period in summary["periods"])
    }
    currency = summary["money"]["currency"]
    table = sheet.table(
        ("", *(f"new: {kind}" for kind in kinds.values()), f"cost ({currency})", "within", "")
    )
    first = summary["periods"][0]["in_all"]["before"]
    nothing = ("",) * (len(kinds) + 1)
    sheet.row(table, "before", *nothing, words.count(first["people_within"]), words.share(first["share"]))
    for period in summary["periods"]:
        found = period["in_all"]["after"]
        sheet.row(
            table,
            period["title"],
            *(words.count(period["new"][name]) for name in kinds),
            words.decimal(period["spent"], 2),
            words.count(found["people_within"]),
            words.share(found["share"]),
        )
    return table


def _scenarios(summary: Mapping[str, Any]) -> Table:
    table = sheet.table(("", "probability", "before", "", "after", ""))
    for scenario in summary["scenarios"]:
        old, new = scenario["in_all"]["before"], scenario["in_all"]["after"]
        sheet.row(
            table,
            scenario["title"],
            words.share(scenario["probability"]),
            words.count(old["people_within"]),
            words.share(old["share"]),
            words.count(new["people_within"]),
            words.share(new["share"]),
        )
    return table
