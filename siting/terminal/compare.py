"""Plans side by side on a console."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from siting.figures.coverage import IN_ALL
from siting.plan import Status
from siting.terminal import sheet, words

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from siting.studies.compare import Comparison

_TOP = 10
"""Facilities, places and regions listed; the files hold all."""

_SIGNS = {"dropped": "-", "added": "+", "changed": "*"}

_MANY = {"gains": "gain people", "loses": "lose people", "gone": "are gone"}


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print what is proved of each plan, then what every other plan changes against the first.

    Args:
        console: where to.
        comparison: of :func:`siting.studies.compare.compare`.
    """
    base, *others = comparison.names
    sheet.titled(console, "Plans", _plans(comparison))
    for name, differs in zip(others, comparison.differs, strict=True):
        console.print()
        sheet.line(console, f"{name}, against {base}", "bold")
        for sentence in differs:
            sheet.line(console, f"The question differs in {sentence}", "yellow")
        if not differs:
            sheet.line(console, "The question is the same.")
        _print_pair(console, comparison, name)


def _print_pair(console: Console, comparison: Comparison, name: str) -> None:
    """What one plan changes."""
    mine = {
        key: table[table["plan"] == name]
        for key, table in vars(comparison).items()
        if key not in ("names", "currency", "minutes", "differs", "plans", "needs", "results")
    }
    sheet.titled(console, "Objective", _objectives(mine["objectives"]))
    sheet.titled(
        console, "People within the standard", _people(mine["people"], "service", comparison.minutes)
    )
    _print_sites(console, mine["sites"], comparison.currency)
    regions = mine["regions"][mine["regions"]["service"] == IN_ALL]
    if len(regions) > 1:
        changed = regions.assign(change=(regions["within"] - regions["within_base"]).abs())
        changed = changed[(changed["gained"] > 0) | (changed["lost"] > 0)]
        shown = changed.sort_values(["change", "area"], ascending=[False, True]).head(_TOP)
        if len(shown):
            title = _title("Regions that change most (weighted by service)", len(shown), len(changed))
            sheet.titled(console, title, _people(shown, "area", comparison.minutes))
    _print_places(console, mine["places"], comparison.minutes)
    _print_limits(console, mine["limits"])


def _title(title: str, shown: int, there: int) -> str:
    return title if shown == there else f"{title}: {shown:,} of {there:,}"


def _plans(comparison: Comparison) -> Table:
    """A row per plan."""
    closes = bool(comparison.plans["closed"].any())
    currency = comparison.currency
    table = sheet.table(
        ("", "question", "proof", "gap", "new", *["closed"] * closes, f"cost ({currency})",
         "needs within", f"mean {comparison.minutes}"), 3
    )  # fmt: skip
    for row in comparison.plans.to_dict("records"):
        sheet.row(
            table,
            str(row["plan"]),
            str(row["model"]),
            Status[str(row["status"]).upper()].value,
            words.gap(_known(row["gap"])),
            words.count(row["sites"]),
            *[words.count(row["closed"])] * closes,
            words.decimal(row["spent"], 2),
            words.share(_known(row["share_in_all"])),
            words.decimal(_known(row["mean_minutes_in_all"])),
        )
    return table


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _signed(value: float | None, places: int = 0) -> str:
    """A difference with its sign; a dash where it is unknown, 0 without a sign."""
    if value is None or math.isnan(value):
        return "-"
    text = f"{value:+,.{places}f}"
    return "0" if not any(digit in "123456789" for digit in text) else text


def _objectives(rows: pd.DataFrame) -> Table:
    table = sheet.table(("", "first plan", "this plan", "difference", "", "unit"))
    for row in rows.to_dict("records"):
        places = 0 if abs(row["difference"]) >= 1000 else 2
        sheet.row(
            table,
            f"{row['sense']} {row['measure']}",
            words.amount(_known(row["value_base"])),
            words.amount(_known(row["value"])),
            _signed(row["difference"], places),
            str(row["verdict"]),
            str(row["unit"]),
        )
    return table


def _people(rows: pd.DataFrame, first: str, minutes: str) -> Table:
    """Per service or area: how many are within, who gains and who loses."""
    table = sheet.table(
        ("", "people", "first plan", "", "this plan", "", "gained", "lost", f"mean {minutes} first", "this")
    )
    for row in rows.to_dict("records"):
        sheet.row(
            table,
            "all (weighted)" if row[first] == IN_ALL else str(row[first]) or "(none)",
            words.count(row["people"]),
            words.count(row["within_base"]),
            words.share(_known(row["share_base"])),
            words.count(row["within"]),
            words.share(_known(row["share"])),
            _signed(row["gained"]),
            _signed(-row["lost"]),
            words.decimal(_known(row["mean_minutes_base"])),
            words.decimal(_known(row["mean_minutes"])),
        )
    return table


def _print_sites(console: Console, sites: pd.DataFrame, currency: str) -> None:
    """How many facilities are kept, and those that are not."""
    for decision, what in (("open", "Facilities opened"), ("close", "Facilities closed")):
        mine = sites[sites["decision"] == decision]
        if not len(mine):
            continue
        counts = mine["status"].value_counts()
        said = [f"{counts.get(status, 0):,} {status}" for status in ("kept", "changed", "dropped", "added")]
        said = [one for one in said if not one.startswith("0 changed")]
        moved = mine[mine["status"] != "kept"]
        console.print()
        sheet.line(console, f"{what}: {', '.join(said)}", "bold")
        if not len(moved):
            continue
        few = moved.groupby("status", sort=False).head(_TOP)
        sheet.show(console, _moved(few, currency))
        if len(moved) > len(few):
            sheet.line(console, f"... and {len(moved) - len(few):,} more")


def _moved(moved: pd.DataFrame, currency: str) -> Table:
    """Facilities dropped, added and changed."""
    areas = [level for level in ("region", "district") if moved[level].nunique() > 1]
    units = bool((moved[["units", "units_base"]] > 1).any(axis=None))
    periods = bool((moved[["period", "period_base"]] != "").any(axis=None))
    told = (*["units"] * units, *["period"] * periods)
    table = sheet.table(
        ("", "name", "type", *areas, *told, f"cost ({currency})", "people newly covered"),
        3 + len(areas) + len(told),
    )
    for row in moved.to_dict("records"):
        sheet.row(
            table,
            f"{_SIGNS[str(row['status'])]} {row['status']}",
            *(str(row[column]) for column in ("name", "type", *areas)),
            *(_turned(row[f"{column}_base"], row[column]) for column in told),
            words.decimal(row["cost"] if row["status"] != "dropped" else row["cost_base"], 2),
            words.count(row["people_newly_covered"]),
        )
    return table


def _turned(old: object, new: object) -> str:
    return str(new) if old == new else f"{old or '-'} -> {new or '-'}"


def _print_places(console: Console, places: pd.DataFrame, minutes: str) -> None:
    """How many needs change, and the largest that are won and lost."""
    if not len(places):
        console.print()
        sheet.line(console, "Nobody is served sooner, later or by another standard.")
        return
    counts = places["change"].value_counts()
    said = ", ".join(
        f"{count:,} {_MANY.get(str(change), f'are {change}')}" for change, count in counts.items()
    )
    console.print()
    sheet.line(console, f"Needs (place and service) in which something changes: {said}", "bold")
    few = places[places["gained"] != 0].groupby("change", sort=False).head(_TOP // 2)
    if not len(few):
        return
    told = ("change", "place", "service", *["region"] * (places["region"].nunique() > 1))
    table = sheet.table(("", *told[1:], "people", "within", f"{minutes} first", "this"), len(told))
    for row in few.to_dict("records"):
        sheet.row(
            table,
            *(str(row[column]) for column in told),
            words.count(row["people"]),
            _signed(row["gained"]),
            words.decimal(_known(row["minutes_base"])),
            words.decimal(_known(row["minutes"])),
        )
    sheet.show(console, table)


def _print_limits(console: Console, limits: pd.DataFrame) -> None:
    """What the limits are about, where the plans differ in it."""
    sides = ("value", "at_least", "at_most")
    same = [
        (limits[f"{one}_base"] == limits[one]) | (limits[f"{one}_base"].isna() & limits[one].isna())
        for one in sides
    ]
    changed = limits[~(same[0] & same[1] & same[2])]
    if not len(changed):
        return
    title = _title("Limits that the plans use differently", min(_TOP, len(changed)), len(changed))
    table = sheet.table(("", "first plan", "allowed", "this plan", "allowed", "unit"))
    for row in changed.head(_TOP).to_dict("records"):
        sheet.row(
            table,
            str(row["measure"]),
            words.amount(_known(row["value_base"])),
            _allowed(row["at_least_base"], row["at_most_base"]),
            words.amount(_known(row["value"])),
            _allowed(row["at_least"], row["at_most"]),
            str(row["unit"]),
        )
    sheet.titled(console, title, table)


def _allowed(low: float, high: float) -> str:
    """Both sides of a limit."""
    parts = [f"{sign} {words.amount(side)}" for sign, side in ((">=", low), ("<=", high)) if side == side]
    return " and ".join(parts) or "-"
