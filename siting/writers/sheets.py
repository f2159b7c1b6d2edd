"""The figures of a summary as flat tables, for workbooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

_FIGURES = ("people", "people_within", "share", "mean_minutes", "worst_minutes")
_BOTH = ("people_within", "share", "mean_minutes", "worst_minutes")


def summary_sheet(summary: Mapping[str, Any]) -> pd.DataFrame:
    """What the plan is and what it does: figure, value, unit."""
    return pd.DataFrame(list(_rows(summary)), columns=["figure", "value", "unit"])


def _rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    yield "instance", summary["instance"]["title"], ""
    yield "question", summary["model"]["question"], ""
    yield "model", summary["model"]["name"], ""
    yield "status", summary["status"], ""
    for goal in summary["objectives"]:
        name, unit = goal["measure"], goal["unit"]
        for key in ("value", "bound", "before"):
            yield f"{name}: {key}", goal[key], unit
        yield f"{name}: relative gap", goal["gap"], ""
    for kind in summary["facilities"].values():
        for key in ("existing", "new", "units", "closed", "allowed"):
            if key in kind:
                yield f"{kind['title']}: {key}", kind[key], "facilities" if key != "units" else "units"
    money = summary["money"]
    for key in ("spent", "saved", "budget"):
        if key in money:
            yield f"money {key}", money[key], money["currency"]
    for payer, part in money.get("by_payer", {}).items():
        yield f"money of {payer}", part["spent"], money["currency"]
    for service in summary["services"].values():
        for when in ("before", "after"):
            for key in _FIGURES:
                yield f"{service['title']}: {key.replace('_', ' ')}, {when}", service[when][key], _unit(key)
    for name, value in summary["numbers"].items():
        yield f"number {name}", value, ""


def _unit(key: str) -> str:
    if key == "share":
        return "of the people"
    return "minutes" if key.endswith("minutes") else "people"


def regions_sheet(summary: Mapping[str, Any]) -> pd.DataFrame:
    """Response figures of every region, in all (people times weights) and per service (people)."""
    rows = []
    for region in summary["regions"]:
        row: dict[str, Any] = {"region_id": region["id"], "region": region["name"]}
        groups = {"in_all": region["in_all"], **region["services"]}
        for name, figures in groups.items():
            row[f"{name} people"] = figures["after"]["people"]
            for key in _BOTH:
                for when in ("before", "after"):
                    row[f"{name} {key} {when}"] = figures[when][key]
        rows.append(row)
    return pd.DataFrame(rows)


def limits_sheet(summary: Mapping[str, Any]) -> pd.DataFrame:
    """Every limit: what it says, what the plan makes of it, and how much room is left."""
    columns = ["label", "value", "at_least", "at_most", "unit"]
    table = pd.DataFrame(summary["limits"], columns=columns)
    numbers = table[columns[1:4]].apply(pd.to_numeric)
    room = pd.concat([numbers["at_most"] - numbers["value"], numbers["value"] - numbers["at_least"]], axis=1)
    return table.assign(room=room.min(axis=1))
