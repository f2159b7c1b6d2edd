"""Why here, and why not there, as a planner reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.console import Console

from siting.reasons import Answer, Explanation, Goal, WhyNot
from siting.terminal import sheet, words

if TYPE_CHECKING:
    import pandas as pd

MOST = 40
"""Sites listed; all are in the table that is written."""

WAYS = 5
"""Candidates listed of those that would cover a place."""

LIMITS = 5
"""Limits listed that keep a better plan from being built."""


def print_explanations(console: Console, explanation: Explanation) -> None:
    """Print a table of the sites, or a paragraph for a single one, then limits and notes.

    Args:
        console: where to.
        explanation: of :func:`siting.reasons.explain`.
    """
    rows = _rows(explanation.table)
    if len(rows) == 1:
        for text in _paragraph(rows[0], explanation.goals):
            sheet.line(console, text)
    else:
        _sites(console, rows, explanation.goals[0])
    _limits(console, explanation)
    for note in explanation.notes:
        sheet.line(console, f"Note: {note}", "yellow")


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _sites(console: Console, rows: list[dict[str, Any]], goal: Goal) -> None:
    """The table of several sites."""
    figures = ("newly covered", "only by it", "loses if dropped", "runner-up", "swap costs")
    table = sheet.table(("", "type", *figures, "loses if removed"), 2)
    for row in rows[:MOST]:
        sheet.row(
            table,
            row["name"] or row["site_id"],
            row["type"],
            _number(row["people_newly_covered"]),
            _number(row["people_uniquely_covered"]),
            _number(row["drop_loss"]),
            "-" if row["runner_up"] is None else row["runner_up_name"] or row["runner_up"] or "none",
            _number(row["swap_cost"]),
            _removal(row),
        )
    shown = f"{len(rows):,} sites" if len(rows) <= MOST else f"First {MOST} of {len(rows):,} sites"
    sheet.titled(console, f"{shown}; losses are in {goal.unit} ({goal.measure})", table)
    for text in _groups(rows):
        sheet.line(console, text)
    sheet.line(
        console,
        "Newly covered and only by it: people. Dropped: nobody else moves. Removed: all else is chosen anew.",
        "dim",
    )


def _groups(rows: list[dict[str, Any]]) -> list[str]:
    """Sentences on sites that the data requires, that limits force, and that have an equal."""
    found = []
    for key, says in (
        ("required", "required in the data"),
        ("forced_by", "without them a limit would be missed"),
        ("equally_good", "something else would do equally well"),
    ):
        names = [str(row["name"] or row["site_id"]) for row in rows if row[key]]
        if names:
            more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
            found.append(f"{words.count(len(names))} of them: {says} ({', '.join(names[:5])}{more}).")
    return found


def _paragraph(row: dict[str, Any], goals: tuple[Goal, ...]) -> list[str]:
    """One site in a planner's words."""
    name = row["name"] or row["site_id"]
    unit = goals[0].unit
    said = [f"{name} ({row['site_id']}, {row['type']}) newly covers {_people(row['people_newly_covered'])}."]
    if not math.isnan(row["people_uniquely_covered"]):
        said.append(
            f"{_people(row['people_uniquely_covered'])} would not be covered without it. It saves "
            f"{_number(row['person_minutes_saved'])} person-minutes against today, and "
            f"{_number(row['person_minutes_saved_alone'])} against the plan without it"
            f"{_alone(row['people_reached_alone'])}."
        )
    if not math.isnan(row["drop_loss"]):
        said.append(f"Dropped, with nobody else moved: {_lost(row, 'drop_loss', goals)}.")
    if row["runner_up"]:
        runner = f"{row['runner_up_name'] or row['runner_up']} ({row['runner_up']}, {row['runner_up_type']})"
        said.append(f"Runner-up in its place: {runner}; the swap: {_lost(row, 'swap_cost', goals)}.")
    elif row["runner_up"] is not None:
        said.append("No other candidate can take its place within the limits.")
    said.append(f"Removed, with everything else chosen anew: {_removed(row, unit)}{_instead(row)}.")
    said += _holds(row)
    return [" ".join(said)]


def _instead(row: dict[str, Any]) -> str:
    """What the best plan known without the site does otherwise."""
    mine = (row["site_id"], row["type"])
    parts = []
    for says, listed in (
        ("opens", [f"{site} ({kind})" for site, kind, _, _ in row["removal_opens"] or ()]),
        ("drops", [f"{site} ({kind})" for site, kind in row["removal_drops"] or () if (site, kind) != mine]),
        ("closes", row["removal_closes"] or ()),
        ("keeps", row["removal_keeps"] or ()),
    ):
        if listed:
            more = f" and {len(listed) - WAYS:,} more" if len(listed) > WAYS else ""
            parts.append(f"{says} {', '.join(listed[:WAYS])}{more}")
    return f" by a plan that {'; '.join(parts)}" if parts else ""


def _holds(row: dict[str, Any]) -> list[str]:
    """What requires a site, forces it, and bounds it, and what is as good."""
    said = []
    if row["required"]:
        said.append("The data requires it.")
    if row["forced_by"]:
        said.append(f"Dropping it breaks {row['forced_by']}.")
    if row["binding"]:
        said.append(f"It takes part in limits that bind: {row['binding']}.")
    if row["equally_good"]:
        other = row["runner_up_name"] or row["runner_up"]
        as_good = other if row["equally_good"] == row["runner_up"] else "A plan with other sites"
        said.append(f"{as_good} would do equally well.")
    return said


def _alone(people: float) -> str:
    return f"; {_number(people)} people would be reached by nobody else" if people else ""


def _lost(row: dict[str, Any], key: str, goals: tuple[Goal, ...]) -> str:
    """Losses in all objectives that change."""
    parts = []
    for number, goal in enumerate(goals):
        value = row[key if not number else f"{key}_{number + 1}"]
        if value:
            way = "worse" if value > 0 else "better"
            parts.append(f"{goal.measure} {_number(abs(value))} {goal.unit} {way}")
    return ", ".join(parts) if parts else "nothing changes in any objective"


def _removed(row: dict[str, Any], unit: str) -> str:
    low, high, proof = row["removal_at_least"], row["removal_at_most"], row["removal_proof"]
    if proof == "exact" and high < 0:
        return f"a gain of exactly {_number(-high)} {unit}"
    return {
        "exact": f"exactly {_number(high)} {unit} lost",
        "between": f"between {_number(low)} and {_number(high)} {unit} lost",
        "at most": f"at most {_number(high)} {unit} lost",
        "at least": f"at least {_number(low)} {unit} lost",
        "no plan": "no plan keeps all limits",
        "unknown": "not known",
    }[proof]


def _removal(row: dict[str, Any]) -> str:
    """The same in a cell."""
    low, high, proof = row["removal_at_least"], row["removal_at_most"], row["removal_proof"]
    return {
        "exact": _number(high),
        "between": f"{_number(low)} to {_number(high)}",
        "at most": f"<= {_number(high)}",
        "at least": f">= {_number(low)}",
        "no plan": "no plan left",
        "unknown": "-",
    }[str(proof)]


def _limits(console: Console, explanation: Explanation) -> None:
    """What one more would bring where limits bind."""
    rows = explanation.limits.to_dict("records")
    if not rows:
        return
    goal = explanation.goals[0]
    console.print()
    sheet.line(console, f"One more, nobody else moved, in {goal.unit} ({goal.measure})", "bold")
    for row in rows[:LIMITS]:
        name = f"{row['name'] or row['site_id']} ({row['type']})"
        sheet.line(console, f"  {name} would bring {_number(row['gain'])}, but break {row['lacks']}")


def print_why_not(console: Console, answer: WhyNot) -> None:
    """Print, service by service, why a place is covered or not, and what would cover it at which price.

    Args:
        console: where to.
        answer: of :func:`siting.reasons.why_not`.
    """
    sheet.line(console, f"{answer.name} ({answer.place_id})", "bold")
    for one in answer.answers:
        console.print()
        people = f"{one.people:,} {'person' if one.people == 1 else 'people'}"
        state = "covered" if one.covered else "not covered"
        sheet.line(console, f"{one.title}: {people}, {state}", "bold")
        sheet.line(console, " ".join(one.reasons))
        if one.price is not None:
            sheet.line(console, _price(one, answer.goals[0]))
        if len(one.ways):
            _ways(console, one, answer.goals[0])
    for note in answer.notes:
        sheet.line(console, f"Note: {note}", "yellow")


def _price(one: Answer, goal: Goal) -> str:
    """What covering the place costs elsewhere."""
    price = one.price
    assert price is not None
    if price["proof"] == "no plan":
        return "Price: no plan within the limits covers it."
    if price["at_most"] is None:
        return "Price: no plan that covers it was found in the time allowed."
    row = {f"removal_{key}": price[key] for key in ("at_least", "at_most", "proof")}
    said = [f"Price, with everything else chosen anew: {_removed(row, goal.unit)} ({goal.measure})."]
    said.append(
        f"Elsewhere {_number(price['people_lost'])} people would no longer be covered, and "
        f"{_number(price['people_gained'])} would be, each counted once per service."
    )
    for key, says in (("opens", "It opens"), ("drops", "instead of")):
        names = price[key]
        if names:
            more = f" and {len(names) - WAYS} more" if len(names) > WAYS else ""
            said.append(f"{says} {', '.join(names[:WAYS])}{more}")
    return " ".join(said[:2]) + ("" if len(said) == 2 else " " + ", ".join(said[2:]) + ".")


def _ways(console: Console, one: Answer, goal: Goal) -> None:
    """The candidates that would cover a place."""
    table = sheet.table(("candidate", "type", "in place of", "min", "cost", "added", "swapped"), 3)
    for row in one.ways.head(WAYS).to_dict("records"):
        sheet.row(
            table,
            f"{row['name']} ({row['site_id']})" if row["name"] else row["site_id"],
            row["type"],
            row["swap_name"] or row["swap_site_id"] or "-",
            words.decimal(row["minutes"]),
            words.amount(row["cost"]),
            _signed(row["add_change"]) + (" *" if row["add_lacks"] else ""),
            _signed(row["swap_change"]),
        )
    few = len(one.ways) <= WAYS
    title = (
        "Candidates that would cover it"
        if few
        else f"Best {WAYS} of {len(one.ways):,} candidates that would cover it"
    )
    sheet.titled(console, f"{title}; changes of {goal.measure} in {goal.unit}, > 0 is better", table)
    if one.ways.head(WAYS)["add_lacks"].astype(bool).any():
        sheet.line(console, "* breaks a limit", "dim")


def _people(count: float) -> str:
    return f"{_number(count)} {'person' if count == 1 else 'people'}"


def _signed(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{'+' if value > 0 else ''}{_number(value)}"


def _number(value: float | None) -> str:
    """A figure; small ones keep their digits."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.4g}" if 0 < abs(value) < 1 else words.amount(value)
