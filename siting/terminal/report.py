"""The summary of a plan as a planner reads it, made from the content of summary.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from siting.plan import PROVED_GAP, Status, Termination
from siting.terminal import sheet, words
from siting.terminal.conflict import print_conflict
from siting.terminal.dimensions import print_dimensions
from siting.writers import files

if TYPE_CHECKING:
    import pandas as pd

TOP = 5
"""Sites and regions listed."""

REACHED = 1e-7
"""Share of a published value within which it counts as reached: times are whole milliseconds."""

MEMBERS = 8
"""Numbers of the members of a group that are listed one by one."""


def print_plan(
    console: Console, summary: Mapping[str, Any], sites: pd.DataFrame, closed: pd.DataFrame, folder: str
) -> None:
    """Print question, proof, figures before and after, money, sites, regions, warnings and files.

    Args:
        console: where to.
        summary, sites, closed: content of the plan folder.
        folder: its name.
    """
    sheet.line(console, summary["instance"]["title"], "bold")
    sheet.line(console, f"{summary['model']['title']}. {summary['model']['question']}")
    sheet.line(console, f"With {numbers(summary)}." if summary["numbers"] else "")
    console.print()
    sheet.line(console, proof(summary), "bold")
    sheet.titled(console, "Objective", _objectives(summary))
    sheet.line(console, published(summary))
    sheet.titled(console, f"People within the standard{when(summary)}", _services(summary))
    sheet.titled(console, "Facilities", _facilities(summary))
    print_dimensions(console, summary, closed)
    sheet.line(console, full_coverage(summary))
    if len(sites):
        few = len(sites) <= TOP
        title = "Recommended sites" if few else f"First {TOP} of {len(sites):,} recommended sites"
        sheet.titled(console, title, _sites(sites, summary))
    if len(summary["regions"]) > 1:
        title = "Regions with the smallest share of needs within the standard (weighted by service)"
        sheet.titled(console, title, _regions(summary))
    console.print()
    for warning in warnings(summary):
        sheet.line(console, f"Note: {warning}", "yellow")
    console.print()
    sheet.line(console, f"{words.decimal(summary['seconds'].get('total'))} s; {method(summary)}")
    sheet.line(console, f"Plan: {folder}/ ({', '.join(files(summary['layout']))})", "bold")


def print_no_plan(console: Console, summary: Mapping[str, Any]) -> None:
    """Print why there is no plan."""
    sheet.line(console, proof(summary), "bold")
    if "conflict" in summary:
        print_conflict(console, summary["conflict"])


def when(summary: Mapping[str, Any]) -> str:
    """Which scenario and period the figures about people are of; empty where there is one only."""
    found = [summary[key][at]["title"] for key, at in (("scenarios", 0), ("periods", -1)) if key in summary]
    return f" ({', '.join(found)})" if found else ""


def minutes(summary: Mapping[str, Any]) -> str:
    """What minutes are called."""
    return "min" if summary["layout"]["standard"] == "minutes" else "equivalent min"


def numbers(summary: Mapping[str, Any]) -> str:
    """The numbers in force, e.g. ``budget 222, unserved 240``; many members of a group as one."""
    groups: dict[str, dict[str, float | None]] = {}
    for name, value in summary["numbers"].items():
        groups.setdefault(name.rpartition(".")[0] or name, {})[name] = value
    shown = []
    for group, members in groups.items():
        if len(members) <= MEMBERS:
            shown += [f"{name} {_amount(value)}" for name, value in members.items()]
            continue
        low, high = (_amount(end(members.values(), key=_size)) for end in (min, max))
        shown.append(f"{group} {low if low == high else f'{low} to {high}'} ({len(members):,} members)")
    return ", ".join(shown)


def _size(value: float | None) -> float:
    return math.inf if value is None else value


def _amount(value: float | None) -> str:
    return "without limit" if value is None else f"{value:,.10g}"


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


def published(summary: Mapping[str, Any]) -> str:
    """How far the plan is from the best value known elsewhere; empty where none is known."""
    known = summary["published"]
    if known is None or not summary["objectives"]:
        return ""
    first = summary["objectives"][0]
    says = f"Published {_exact(known['value'])}; this plan {_exact(first['value'])}"
    worse = known["worse_by"]
    if worse is None:
        return f"{says}."
    if abs(worse) <= REACHED:
        return f"{says}: reached."
    side = "below" if first["sense"] == "maximize" else "above"
    return f"{says}: {words.gap(worse)} {side} it." if worse > 0 else f"{says}: {words.gap(-worse)} better."


def _exact(value: float) -> str:
    """A value with the digits that published ones have."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def _most(gap: float) -> str:
    """A gap as an upper bound."""
    return words.gap(gap).removeprefix("< ")


def full_coverage(summary: Mapping[str, Any]) -> str:
    """How many new facilities cover everybody who can be covered; empty where that is not asked."""
    full = summary["full_coverage"]
    if full is None:
        return ""
    one = full["sites"] == 1
    enough = f"{words.count(full['sites'])} new {'facility' if one else 'facilities'}"
    if full["reached"]:
        return f"Everybody who can be covered is covered; {enough} {'is' if one else 'are'} enough for that."
    beyond = words.count(full["beyond"])
    return (
        f"To cover everybody who can be covered, {enough} would be enough, {beyond} of them not in this plan."
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
    found += _readings(summary["layout"])
    return found + list(summary["warnings"])


def _readings(layout: Mapping[str, Any]) -> list[str]:
    """How to read figures that are not what they are elsewhere."""
    found = []
    if layout["standard"] != "minutes":
        rule = {"both": ", and the later of both counts", "either": ", and the sooner of both counts"}
        found.append(
            "minutes are equivalent minutes: a way as long as the distance standard counts as the standard "
            f"in minutes{rule.get(layout['standard'], '')}."
        )
    if layout["serve"] != "nearest":
        found.append("before, the first to answer serves, as if there were room for everybody.")
    return found


def method(summary: Mapping[str, Any]) -> str:
    """Method, the reason for it, and whether a clock had a say."""
    clock = "" if summary["repeatable"] else "; a clock decided how far it went, so another run may differ"
    return f"method: {summary['method']} ({summary['why']}){clock}"


def _objectives(summary: Mapping[str, Any]) -> Table:
    table = sheet.table(("", "before", "this plan", "at best", "gap", "gap of gain", "unit"))
    for one in summary["objectives"]:
        sheet.row(
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
    unit = minutes(summary)
    times = (f"mean {unit} before", "after", f"worst {unit} after")
    table = sheet.table(("", "people", "before", "", "after", "", *times))
    for service in summary["services"].values():
        _response_row(table, service["title"], service)
        for kind, figures in service["kinds"].items():
            if figures["after"]["people"]:
                _response_row(table, f"  {kind}, {service['standard_minutes'][kind]:g} {unit}", figures)
    return table


def _response_row(table: Table, title: str, figures: Mapping[str, Any]) -> None:
    old, new = figures["before"], figures["after"]
    sheet.row(
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
    money, kinds = summary["money"], summary["facilities"].values()
    extra = [key for key in ("units", "closed") if any(key in kind for kind in kinds)]
    titles = {"units": "new units", "closed": "closed"}
    columns = (
        "",
        "existing",
        "new",
        *(titles[key] for key in extra),
        "allowed",
        f"cost ({money['currency']})",
    )
    table = sheet.table(columns)
    for name, kind in summary["facilities"].items():
        opens = kind["new"] or kind["allowed"]
        if not kind["existing"] and not opens and kind["allowed"] is None:
            continue
        sheet.row(
            table,
            kind["title"],
            words.count(kind["existing"]),
            words.count(kind["new"] if opens else None),
            *(words.count(kind.get(key) or None) for key in extra),
            words.count(kind["allowed"]),
            words.decimal(money["by_type"][name], 2) if opens else "-",
        )
    sheet.row(
        table,
        "in all",
        words.count(sum(kind["existing"] for kind in kinds)),
        words.count(sum(kind["new"] for kind in kinds)),
        *(words.count(sum(kind.get(key) or 0 for kind in kinds)) for key in extra),
        "",
        _total(money),
    )
    return table


def _total(money: Mapping[str, Any]) -> str:
    """Money spent, of the budget; what closing saves is added to that."""
    total = words.decimal(money["spent"], 2)
    if "saved" in money:
        total += f" less {words.decimal(money['saved'], 2)} saved"
    if not money["budget"]:
        return total
    # What closing itself may cost is in no figure of its own: no share is told where it may be part.
    used = "" if "saved" in money else f" ({words.share(money['spent'] / money['budget'])})"
    return f"{total} of {words.decimal(money['budget'], 2)}{used}"


def _sites(sites: pd.DataFrame, summary: Mapping[str, Any]) -> Table:
    """The first sites, with the areas that tell them apart."""
    areas = ["region"] * (len(summary["regions"]) > 1) + ["district"] * bool(sites["district"].any())
    told = {
        "units": "units" in sites and (sites["units"] > 1).any(),
        "period": "period" in sites,
        "replaces": "replaces" in sites and (sites["replaces"] != "").any(),
    }
    named = ("name", *areas, "type", *(column for column, there in told.items() if there))
    cost, mean = f"cost ({summary['money']['currency']})", f"mean {minutes(summary)}"
    measured = (cost, "people newly covered", "people served", mean)
    table = sheet.table(("", *named, *measured), 1 + len(named))
    for row in sites.head(TOP).to_dict("records"):
        waited = row["mean_response_minutes"]
        sheet.row(
            table,
            *(str(row[column]) for column in ("rank", *named)),
            words.decimal(row["cost"], 2),
            words.count(row["people_newly_covered"]),
            words.count(row["people_served"]),
            words.decimal(None if math.isnan(waited) else waited),
        )
    return table


def _regions(summary: Mapping[str, Any]) -> Table:
    table = sheet.table(("", "before", "after", f"mean {minutes(summary)} after"))
    known = [region for region in summary["regions"] if region["in_all"]["after"]["share"] is not None]
    for region in sorted(known, key=lambda one: (one["in_all"]["after"]["share"], one["name"]))[:TOP]:
        old, new = region["in_all"]["before"], region["in_all"]["after"]
        sheet.row(
            table,
            region["name"],
            words.share(old["share"]),
            words.share(new["share"]),
            words.decimal(new["mean_minutes"]),
        )
    return table
