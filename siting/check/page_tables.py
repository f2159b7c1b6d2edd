"""The figures of every table of a report once more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.check.folder import Checked
from siting.check.needs import services_of
from siting.check.rounded import Near, Rounded, number_of
from siting.check.rows import both, rows_of
from siting.check.tables import facility_use

RESPONSE = (
    "people", "before", "share before", "after", "share after",
    "served before", "mean before", "served after", "mean after", "worst",
)  # fmt: skip
"""Columns of response figures."""


@dataclass(frozen=True)
class Table:
    """A table: names of its columns, and per row what it is about and its figures."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[tuple[str, ...], Sequence[Any]]]


def expected_tables(checked: Checked) -> dict[str, Table]:
    """All tables of a report but its curves, by their ids; those without rows are left out."""
    figures = checked.figures
    tables = {
        "services": _services(figures),
        "regions": _regions(figures),
        "districts": _districts(checked),
        "scenarios": _scenarios(figures),
        "periods": _periods(figures),
        "load": _load(figures),
        "objectives": _objectives(figures),
        "limits": _limits(figures),
        "facilities": _facilities(figures),
        "payers": _payers(figures),
        "sites": _sites(checked),
        "closed": _closed(checked),
    }
    return {name: table for name, table in tables.items() if table.rows}


def _response(figures: Mapping[str, Any]) -> list[Any]:
    old, new = figures["before"], figures["after"]
    return [
        new["people"], old["people_within"], old["share"], new["people_within"], new["share"],
        old["people_served"], old["mean_minutes"], new["people_served"], new["mean_minutes"],
        new["worst_minutes"],
    ]  # fmt: skip


def _services(figures: Mapping[str, Any]) -> Table:
    rows: list[tuple[tuple[str, ...], list[Any]]] = []
    for service, one in figures["services"].items():
        rows.append(((service,), _response(one)))
        rows += [((service, kind), _response(part)) for kind, part in one["kinds"].items() if _somebody(part)]
    return Table(RESPONSE, rows)


def _somebody(figures: Mapping[str, Any]) -> bool:
    return number_of(figures["after"]["people"]) > 0


def _regions(figures: Mapping[str, Any]) -> Table:
    rows = [
        ((str(one["id"]), service), _response(found))
        for one in figures["regions"]
        for service, found in one["services"].items()
        if _somebody(found)
    ]
    return Table(RESPONSE, rows)


def _districts(checked: Checked) -> Table:
    audit = checked.audit
    ground = audit.ground
    rows, places = rows_of(audit), ground.instance.places
    district = places.area["district"][rows.place]
    ids = ground.instance.areas["district"].ids
    found = []
    for number, _ in services_of(ground.settings, ground.layout):
        for area in np.unique(district[(district >= 0) & (rows.service == number)]):
            part = rows.where((rows.service == number) & (district == area))
            response = both(part, part.people)
            if _somebody(response):
                found.append(((str(ids[area]), ground.settings.services[number].id), _response(response)))
    return Table(RESPONSE, found)


def _scenarios(figures: Mapping[str, Any]) -> Table:
    rows = [
        ((one["id"],), [one["probability"], *_response(one["in_all"])])
        for one in figures.get("scenarios", [])
    ]
    return Table(("probability", *RESPONSE), rows)


def _periods(figures: Mapping[str, Any]) -> Table:
    rows = [
        ((one["id"],), [sum(one["new"].values()), one["spent"], *_response(one["in_all"])])
        for one in figures.get("periods", [])
    ]
    return Table(("new", "spent", *RESPONSE), rows)


def _load(figures: Mapping[str, Any]) -> Table:
    rows = []
    for service, one in figures.get("load", {}).items():
        people, served = one["people"], one["served"]
        share = None
        if people:
            share = Near(served.value / people, (served.off + 0.005) / people)
        rows.append(((service,), [people, served, share]))
    return Table(("people", "served", "share"), rows)


def _objectives(figures: Mapping[str, Any]) -> Table:
    keys = ("before", "value", "bound", "gap", "gap_of_gain")
    rows = [((one["sense"], one["measure"]), [one[key] for key in keys]) for one in figures["objectives"]]
    return Table(("before", "plan", "best", "gap", "gain"), rows)


def _limits(figures: Mapping[str, Any]) -> Table:
    keys = ("value", "at_least", "at_most")
    rows = [((one["label"],), [one[key] for key in keys]) for one in figures["limits"]]
    return Table(("plan", "at least", "at most"), rows)


def _facilities(figures: Mapping[str, Any]) -> Table:
    money = figures["money"]
    kinds = {
        key: kind
        for key, kind in figures["facilities"].items()
        if kind["existing"] or kind["new"] or kind["allowed"]
    }
    extra = [key for key in ("units", "closed") if any(key in kind for kind in kinds.values())]
    counted = ("existing", "new", *extra)
    rows: list[tuple[tuple[str, ...], list[Any]]] = [
        ((key,), [*(kind.get(one) for one in counted), kind["allowed"], money["by_type"][key]])
        for key, kind in kinds.items()
    ]
    total = [sum(kind.get(one) or 0 for kind in kinds.values()) for one in counted]
    rows.append(((), [*total, None, money["spent"]]))
    return Table((*counted, "allowed", "cost"), rows)


def _payers(figures: Mapping[str, Any]) -> Table:
    money = figures["money"]
    spent = money["spent"]
    rows: list[tuple[tuple[str, ...], list[Any]]] = [
        ((payer,), [one["spent"], Near(one["spent"] / spent) if spent else None, one["budget"]])
        for payer, one in money.get("by_payer", {}).items()
    ]
    if rows:
        rows.append(((), [spent, 1.0 if spent else None, money["budget"]]))
    return Table(("pays", "share", "budget"), rows)


def _sites(checked: Checked) -> Table:
    audit = checked.audit
    ground, opened = audit.ground, audit.opened
    use = facility_use(audit, checked.assigned)
    with_units = "units" in checked.files.sites.raw.columns
    cost = ground.options.cost[opened] * audit.units
    rows = []
    for k, option in enumerate(opened):
        mean = use.mean[k]
        figures = [
            k + 1, *([int(audit.units[k])] if with_units else []), Rounded(float(cost[k]), 2),
            int(use.newly[k]), int(use.people[k]),
            None if math.isnan(mean) else Rounded(float(mean), 3, float(use.mean_off[k])),
        ]  # fmt: skip
        site = str(ground.instance.sites.ids[ground.options.site[option]])
        rows.append(((site, ground.settings.types[ground.options.type[option]].id), figures))
    return Table(("rank", *["units"] * with_units, "cost", "newly", "served", "mean"), rows)


def _closed(checked: Checked) -> Table:
    audit = checked.audit
    ids, saving = audit.ground.instance.facilities.ids, audit.ground.options.saving
    rows = [((str(ids[one]),), [Rounded(float(saving[one]), 2)]) for one in audit.closed]
    return Table(("saving",), rows)
