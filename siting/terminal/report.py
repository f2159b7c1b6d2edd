"""The summary of a plan as a planner reads it, made from the content of summary.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from siting.plan import PROVED_GAP, Status, Termination
from siting.terminal import words

if TYPE_CHECKING:
    import pandas as pd

TOP = 5
"""Sites and regions listed."""


def print_plan(console: Console, summary: Mapping[str, Any], sites: pd.DataFrame, folder: str) -> None:
    """Print question, proof, figures before and after, money, sites, regions, warnings and files."""
    _line(console, summary["instance"]["title"], "bold")
    _line(console, f"{summary['model']['title']}. {summary['model']['question']}")
    _line(console, f"With {numbers(summary)}." if summary["numbers"] else "")
    console.print()
    _line(console, proof(summary), "bold")
    _titled(console, "Objective", _objectives(summary))
    _titled(console, "People within the standard", _services(summary))
    _titled(console, "Facilities", _facilities(summary))
    _line(console, full_coverage(summary))
    if len(sites):
        few = len(sites) <= TOP
        title = "Recommended sites" if few else f"First {TOP} of {len(sites):,} recommended sites"
        _titled(console, title, _sites(sites, summary))
    if len(summary["regions"]) > 1:
        title = "Regions with the smallest share of needs within the standard (weighted by service)"
        _titled(console, title, _regions(summary))
    console.print()
    for warning in warnings(summary):
        _line(console, f"Note: {warning}", "yellow")
    console.print()
    _line(console, f"{words.decimal(summary['seconds'].get('total'))} s; {method(summary)}")
    _line(console, f"Plan: {folder}/ (sites.csv, assignments.csv, summary.json, model.toml)", "bold")


def print_no_plan(console: Console, summary: Mapping[str, Any]) -> None:
    """Print why there is no plan."""
    _line(console, proof(summary), "bold")
    for clash in summary["clashes"]:
        _line(console, f"  {clash}")


def numbers(summary: Mapping[str, Any]) -> str:
    """The numbers in force, e.g. ``budget 222, unserved 240``."""
    shown = [
        f"{name} {'without limit' if value is None else f'{value:,.10g}'}"
        for name, value in summary["numbers"].items()
    ]
    return ", ".join(shown)


def proof(summary: Mapping[str, Any]) -> str:
    """What is proved about the plan, and why the solve stopped, in plain words."""
    status = Status[summary["status"].upper()]
    stopped = Termination[summary["termination"].upper()].value
    if status is Status.INFEASIBLE:
        return "Proved infeasible: no plan satisfies all limits."
    if status is Status.UNKNOWN:
        return f"No plan was found before the solve stopped ({stopped}); nothing is proved."
    if status is Status.OPTIMAL:
        return "Proved optimal: no plan within the limits is better."
    if status is Status.HEURISTIC:
        return f"Heuristic, a checked plan without a bound: how far from best is unknown ({stopped})."
    first = summary["objectives"][0]
    if first["gap"] is None:
        return f"A checked plan with a certified bound of {words.amount(first['bound'])} ({stopped})."
    if first["gap"] <= PROVED_GAP:
        later = next(one for one in summary["objectives"] if one["gap"] is None or one["gap"] > PROVED_GAP)
        rest = "could be better by an unknown amount"
        if later["gap"] is not None:
            rest = f"could be better by {_most(later['gap'])} at most"
        return f"Proved optimal in {first['measure']}; {later['measure']} {rest} ({stopped})."
    of_gain = first["gap_of_gain"]
    gained = "" if of_gain is None else f", which is {_most(of_gain)} of what this plan gains"
    return f"Within {_most(first['gap'])}: certified, no plan is better by more{gained} ({stopped})."


def _most(gap: float) -> str:
    """A gap as an upper bound."""
    return words.gap(gap).removeprefix("< ")


def full_coverage(summary: Mapping[str, Any]) -> str:
    """How many new facilities cover everybody who can be covered; empty where that is not asked."""
    full = summary["full_coverage"]
    if full is None:
        return ""
    enough = words.count(full["sites"])
    if full["reached"]:
        return f"Everybody who can be covered is covered; {enough} new facilities are enough for that."
    beyond = words.count(full["beyond"])
    return (
        f"To cover everybody who can be covered, {enough} new facilities would be enough, {beyond} of them "
        "not in this plan."
    )


def warnings(summary: Mapping[str, Any]) -> list[str]:
    """What a reader must know before using the figures."""
    found = []
    synthetic, excluded = summary["synthetic"], summary["excluded"]
    if synthetic["places"]:
        found.append(
            f"{words.count(synthetic['places'])} of {words.count(synthetic['of_places'])} places, with "
            f"{words.share(synthetic['share'])} of the people, are generated, not observed."
        )
    if excluded["places"]:
        areas = ", ".join(area["name"] for level in excluded["areas"].values() for area in level.values())
        found.append(
            f"{areas}: excluded from siting; {words.count(excluded['people'])} people in "
            f"{words.count(excluded['places'])} places are in no figure above."
        )
    for service, lost in summary["unreachable"].items():
        if lost["places"]:
            names = ", ".join(lost["largest"][:3]) + (", ..." if lost["places"] > 3 else "")
            found.append(
                f"{service}: no facility and no candidate reaches {words.count(lost['people'])} people in "
                f"{words.count(lost['places'])} places ({names})."
            )
    return found + list(summary["warnings"])


def method(summary: Mapping[str, Any]) -> str:
    """Method and the reason for it."""
    return f"method: {summary['method']} ({summary['why']})"


def _line(console: Console, text: str, style: str = "") -> None:
    if text:
        console.print(Text(text, style), soft_wrap=True)


def _titled(console: Console, title: str, table: Table) -> None:
    console.print()
    _line(console, title, "bold")
    console.print(table)


def _table(columns: Sequence[str], words_first: int = 1) -> Table:
    """A table whose first columns hold words and the others numbers."""
    table = Table(box=None, pad_edge=False, header_style="")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < words_first else "right")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))


def _objectives(summary: Mapping[str, Any]) -> Table:
    table = _table(("", "before", "this plan", "at best", "gap", "gap of gain", "unit"))
    for one in summary["objectives"]:
        _row(
            table,
            f"{one['sense']} {one['measure']}",
            words.amount(one["before"]),
            words.amount(one["value"]),
            words.amount(one["bound"]),
            words.gap(one["gap"]),
            words.gap(one["gap_of_gain"]),
            one["unit"],
        )
    return table


def _services(summary: Mapping[str, Any]) -> Table:
    table = _table(("", "people", "before", "", "after", "", "mean min before", "after", "worst min after"))
    for service in summary["services"].values():
        _response_row(table, service["title"], service)
        for kind, figures in service["kinds"].items():
            if figures["after"]["people"]:
                _response_row(table, f"  {kind}, {service['standard_minutes'][kind]:g} min", figures)
    return table


def _response_row(table: Table, title: str, figures: Mapping[str, Any]) -> None:
    old, new = figures["before"], figures["after"]
    _row(
        table,
        title,
        words.count(new["people"]),
        words.count(old["people_within"]),
        words.share(old["share"]),
        words.count(new["people_within"]),
        words.share(new["share"]),
        words.decimal(old["mean_minutes"]),
        words.decimal(new["mean_minutes"]),
        words.decimal(new["worst_minutes"]),
    )


def _facilities(summary: Mapping[str, Any]) -> Table:
    money = summary["money"]
    table = _table(("", "existing", "new", "allowed", f"cost ({money['currency']})"))
    for name, kind in summary["facilities"].items():
        _row(
            table,
            kind["title"],
            words.count(kind["existing"]),
            words.count(kind["new"] if kind["new"] or kind["allowed"] else None),
            words.count(kind["allowed"]),
            words.decimal(money["by_type"][name], 2) if kind["new"] or kind["allowed"] else "-",
        )
    kinds = summary["facilities"].values()
    total = words.decimal(money["spent"], 2)
    if money["budget"]:
        used = words.share(money["spent"] / money["budget"])
        total += f" of {words.decimal(money['budget'], 2)} ({used})"
    _row(
        table,
        "in all",
        words.count(sum(kind["existing"] for kind in kinds)),
        words.count(sum(kind["new"] for kind in kinds)),
        "",
        total,
    )
    return table


def _sites(sites: pd.DataFrame, summary: Mapping[str, Any]) -> Table:
    """The first sites, with the areas that tell them apart."""
    areas = ["region"] * (len(summary["regions"]) > 1) + ["district"] * bool(sites["district"].any())
    named = ("name", *areas, "type")
    measured = (f"cost ({summary['money']['currency']})", "people newly covered", "people served", "mean min")
    table = _table(("", *named, *measured), 1 + len(named))
    for row in sites.head(TOP).to_dict("records"):
        mean = row["mean_response_minutes"]
        _row(
            table,
            *(str(row[column]) for column in ("rank", *named)),
            words.decimal(row["cost"], 2),
            words.count(row["people_newly_covered"]),
            words.count(row["people_served"]),
            words.decimal(None if math.isnan(mean) else mean),
        )
    return table


def _regions(summary: Mapping[str, Any]) -> Table:
    table = _table(("", "before", "after", "mean min after"))
    known = [region for region in summary["regions"] if region["in_all"]["after"]["share"] is not None]
    for region in sorted(known, key=lambda one: (one["in_all"]["after"]["share"], one["name"]))[:TOP]:
        old, new = region["in_all"]["before"], region["in_all"]["after"]
        _row(
            table,
            region["name"],
            words.share(old["share"]),
            words.share(new["share"]),
            words.decimal(new["mean_minutes"]),
        )
    return table
