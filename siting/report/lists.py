"""The long tables of a report: sites, closed facilities, regions and districts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from siting.figures import closed_table
from siting.figures.outcome import after, before, figures
from siting.figures.view import view
from siting.instance.arrays import LEVELS, Texts
from siting.report import sentences
from siting.report.cells import Cells
from siting.report.markup import Cell, Row
from siting.report.scene import area_names, site_names

if TYPE_CHECKING:
    from siting.result import Result


def sites(result: Result, cells: Cells) -> str:
    """Recommended new facilities in the order of their rank; empty without any."""
    language, listed = cells.language, result.sites
    if not len(listed):
        return ""
    instance, settings = result.problem.instance, result.problem.responses.settings
    number = pd.Index(instance.sites.ids).get_indexer(pd.Index(listed["site_id"]))
    titles = {kind.id: language.say(kind.title) for kind in settings.types}
    names = site_names(instance, language)[number]
    level_names, region = _areas(result, number, cells)
    shown = [level for level in LEVELS if any(level_names[level])]
    extra = [
        key for key in ("units", "period", "replaces") if key in listed and listed[key].astype(bool).any()
    ]
    unit, currency = sentences.unit(result.summary, language), language.unit(settings.currency)
    rows = []
    for at, row in enumerate(listed.to_dict("records")):
        special = [
            cells.count(row[key])
            if key == "units"
            else cells.name(language.named(row[key]) if key == "period" else row[key])
            for key in extra
        ]
        rows.append(
            Row(
                [
                    cells.count(row["rank"]),
                    cells.name(names[at] or row["site_id"]),
                    Cell(titles[row["type"]]),
                    *special,
                    *(cells.name(level_names[level][at]) for level in shown),
                    cells.decimal(row["cost"], 2),
                    cells.count(row["people_newly_covered"]),
                    cells.count(row["people_served"]),
                    cells.decimal(row["mean_response_minutes"]),
                ],
                region=int(region[at]),
                id=(row["site_id"], row["type"]),
            )
        )
    columns = [
        cells.column("rank"), cells.column("name", number=False), cells.column("type", number=False),
        *(cells.column(key, number=key == "units") for key in extra),
        *(cells.column(level, number=False) for level in shown),
        cells.column("cost", currency=currency), cells.column("newly"), cells.column("served"),
        cells.column("mean", unit=unit),
    ]  # fmt: skip
    return cells.table("sites", language.word("sites", count=language.count(len(rows))), columns, rows)


def _areas(result: Result, site: np.ndarray, cells: Cells) -> tuple[dict[str, Texts], np.ndarray]:
    """Per level the names of the areas of sites (K,), and the indices of their regions."""
    instance = result.problem.instance
    count = len(instance.places.ids)
    found = {}
    region = np.full(len(site), -1)
    for level in LEVELS:
        area = np.where(site < count, instance.places.area[level][np.minimum(site, count - 1)], -1)
        found[level] = np.append(area_names(instance, level, cells.language), "")[area]
        if level == "region":
            region = area
    return found, region


def closed(result: Result, cells: Cells) -> str:
    """Existing facilities that close; empty without any."""
    listed = closed_table(result)
    if not len(listed):
        return ""
    settings = result.problem.responses.settings
    titles = {kind.id: cells.language.say(kind.title) for kind in settings.types}
    currency = cells.language.unit(settings.currency)
    rows = [
        Row(
            [
                cells.name(row["name"] or row["facility_id"]),
                Cell(titles[row["type"]]),
                cells.name(row["site_id"]),
                cells.decimal(row["saving"], 2),
            ],
            id=(row["facility_id"],),
        )
        for row in listed.to_dict("records")
    ]
    columns = [
        cells.column("name", number=False), cells.column("type", number=False),
        cells.column("site", number=False), cells.column("saving", currency=currency),
    ]  # fmt: skip
    caption = cells.language.word("closed", count=cells.language.count(len(rows)))
    return cells.table("closed", caption, columns, rows)


def regions(result: Result, cells: Cells) -> str:
    """Response by region and service, out of the summary; empty without regions."""
    summary, instance = result.summary, result.problem.instance
    names = area_names(instance, "region", cells.language)
    index = {key: at for at, key in enumerate(instance.areas["region"].ids)}
    services = {key: at for at, key in enumerate(summary["services"])}
    rows = [
        Row(
            [
                cells.name(names[index[one["id"]]]),
                cells.title(summary["services"][service]["title"]),
                *cells.response(found),
            ],
            service=services[service],
            region=index[one["id"]],
            id=(one["id"], service),
        )
        for one in summary["regions"]
        for service, found in one["services"].items()
        if found["after"]["people"]
    ]
    return _by_area("regions", rows, result, cells)


def districts(result: Result, cells: Cells) -> str:
    """Response by district and service; empty without districts."""
    responses, plan = result.problem.responses, result.plan
    assert plan is not None
    instance, seen, count = responses.instance, view(responses), len(responses.needs.place)
    district = instance.places.area["district"][seen.place]
    names = area_names(instance, "district", cells.language)
    region = np.full(len(names), -1)
    inside = instance.places.area["district"] >= 0
    region[instance.places.area["district"][inside]] = instance.places.area["region"][inside]
    outcomes = {"before": before(responses).of(seen, count), "after": after(responses, plan).of(seen, count)}
    rows = []
    for number, index in enumerate(responses.layout.weights(responses.settings)):
        group = np.where(seen.service == index, district, -1)
        for at, found in enumerate(figures(seen.people, outcomes, group, len(names))):
            if found["after"]["people"]:
                service = responses.settings.services[index]
                about = [cells.name(names[at]), cells.title(service.title), *cells.response(found)]
                key = (str(instance.areas["district"].ids[at]), service.id)
                rows.append(Row(about, service=number, region=int(region[at]), id=key))
    return _by_area("districts", rows, result, cells)


def _by_area(level: str, rows: list[Row], result: Result, cells: Cells) -> str:
    if not rows:
        return ""
    columns = [
        cells.column(level.removesuffix("s"), number=False),
        cells.column("service", number=False),
        *cells.response_columns(sentences.unit(result.summary, cells.language)),
    ]
    return cells.table(level, cells.language.word(level), columns, rows)
