"""A comparison of plans as one page: the differences on a map, and tables that can be sorted."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siting.report import sections, sentences
from siting.report.cells import Cells
from siting.report.differences import areas_named, layers, pairs, places_named, sites_named
from siting.report.language import Language
from siting.report.markup import Cell, Row, data, name, text
from siting.report.page import assembled, map_parts
from siting.report.payload import constants
from siting.report.wording import language_for

if TYPE_CHECKING:
    from siting.studies.compare import Comparison

FORMAT = "siting-comparison-1"
"""Value of ``format`` in the block of numbers of the page."""

_AGAINST = re.compile(r"([\w.]+): (.*) against (.*)")

MOST_PLACES = 1000
"""Places in the table of those that gain or lose most; the files hold all."""


def comparison_page(comparison: Comparison, language: str = "en") -> str:
    """The text of the page of a comparison, which needs nothing else.

    Args:
        comparison: of :func:`siting.studies.compare.compare`.
        language: ``en`` or ``uk``.

    Raises:
        PlanError: there are no words in that language.
        InstanceError: the extra ``siting[report]`` is not installed.
    """
    cells = Cells(language_for(comparison.results[0], language))
    words, unit = cells.language, sentences.unit(comparison.results[0].summary, cells.language)
    title = words.word("compare.title", base=comparison.names[0], other=", ".join(comparison.names[1:]))
    tables = (plans, people, sites, areas("regions"), areas("districts"), places)
    shown = "".join(one(comparison, unit, cells) for one in tables)
    blocks, scripts, atlas = _map(comparison, unit, words)
    hint = f'<p class="soft screen">{text(words.word("sort"))} {text(words.word("compare.files"))}</p>'
    figures = text(words.word("figures"))
    body = [atlas, f'<section><h2 id="figures" tabindex="-1">{figures}</h2>{hint}{shown}</section>\n']
    block = {"format": FORMAT, "language": words.code, "plans": list(comparison.names)}
    tables_of = {key: table for key, table in cells.tables.items() if table["columns"]}
    blocks += data({**block, "tables": tables_of}, "numbers")
    return assembled(words, title, _head(comparison, title, words), body, blocks, scripts)


def _head(comparison: Comparison, title: str, language: Language) -> str:
    """Which plans, and in what their questions differ."""
    word = language.word
    said = []
    for plan, differs in zip(comparison.names[1:], comparison.differs, strict=True):
        before = f"{plan}: " if len(comparison.names) > 2 else ""
        what = [word("compare.question", what=_difference(one, language)) for one in differs] or [
            word("compare.same")
        ]
        said += [f"<p>{name(before + one)}</p>" for one in what]
    return (
        f'<header><p class="above">{text(word("compare.above"))}</p><h1>{name(title)}</h1>'
        f"{''.join(said)}</header>\n"
    )


def _difference(said: str, language: Language) -> str:
    """In what two questions differ: a number or a word of both, with what it is called."""
    found = _AGAINST.fullmatch(said)
    if found is None:
        return said
    key, *values = found.groups()
    base, other = (language.say(value) for value in values)
    return language.word("compare.against", what=language.parameter(key), base=base, other=other)


def _map(comparison: Comparison, unit: str, language: Language) -> tuple[str, list[str], str]:
    """Blocks, scripts and the section of the map; a sentence where no place has coordinates."""
    word = language.word
    titles = _services(comparison, language)
    located = comparison.needs[["lat", "lon"]].astype(float).notna().all(axis=1)
    if not located.any():
        return "", [], sections.no_map(word("compare.map"), titles, [], language)
    content = {**layers(comparison, unit, language), "roads": [], "lines": False, **constants(unit, language)}
    headings = {"before": word("compare.first"), "after": word("compare.this")}
    blocks, scripts = map_parts(content, headings, language)
    views = {**headings, "change": word("compare.change")}
    found = sections.map_section(
        word("compare.map"), word("compare.about"), titles, content["regions"], views, "", language
    )
    return blocks, scripts, found


def _services(comparison: Comparison, language: Language) -> list[str]:
    """What the choices of service, and of plan where there are several, are called."""
    several = len(comparison.names) > 2
    titles = [(plan, language.named(service)) for plan, service in pairs(comparison)]
    return [f"{plan}: {title}" if several else title for plan, title in titles]


def plans(comparison: Comparison, unit: str, cells: Cells) -> str:
    """What is proved of every plan, what it opens, and what it costs."""
    language = cells.language
    rows = [
        Row(
            [
                cells.name(row["plan"]),
                cells.title(result.problem.model.title),
                Cell(language.word(f"status.{row['status']}")),
                cells.gap(_known(row["gap"])),
                cells.count(row["sites"]),
                cells.count(row["closed"]),
                cells.decimal(row["spent"], 2),
                cells.share(_known(row["share_in_all"])),
                cells.decimal(_known(row["mean_minutes_in_all"])),
            ],
            id=(row["plan"],),
        )
        for row, result in zip(comparison.plans.to_dict("records"), comparison.results, strict=True)
    ]
    columns = [
        cells.column("plan name", number=False),
        cells.column("question", number=False),
        cells.column("proof", number=False),
        *(cells.column(key) for key in ("gap", "new", "closed")),
        cells.column("cost", currency=language.unit(comparison.currency)),
        cells.column("share"),
        cells.column("mean", unit=unit),
    ]
    return cells.table("plans", language.word("compare.plans"), columns, rows, sortable=False)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _changes(row: Mapping[Any, Any], cells: Cells) -> list[Cell]:
    """People within the standard under both plans, with what they are of."""
    return [
        cells.count(row["people"]),
        cells.count(row["within_base"]),
        cells.share(_known(row["share_base"])),
        cells.count(row["within"]),
        cells.share(_known(row["share"])),
        cells.count(row["gained"]),
        cells.count(row["lost"]),
        cells.count(row["served_base"]),
        cells.decimal(_known(row["mean_minutes_base"])),
        cells.count(row["served"]),
        cells.decimal(_known(row["mean_minutes"])),
    ]


_CHANGED = (
    "people", "first", "share first", "this", "share this", "gained", "lost",
    "served first", "mean first", "served this", "mean this",
)  # fmt: skip


def people(comparison: Comparison, unit: str, cells: Cells) -> str:
    """People by service, of every plan against the first."""
    language = cells.language
    rows = [
        Row(
            [cells.name(row["plan"]), cells.name(_service(row["service"], language)), *_changes(row, cells)],
            id=(row["plan"], row["service"]),
        )
        for row in comparison.people.to_dict("records")
    ]
    columns = [cells.column("plan name", number=False), cells.column("service", number=False)]
    columns += [cells.column(key, unit=unit) for key in _CHANGED]
    return cells.table("people", language.word("compare.people"), columns, rows, sortable=False)


def _service(service: str, language: Language) -> str:
    return language.word("name.in_all") if service == "in_all" else language.named(service)


def areas(level: str) -> Any:
    """The table of regions or districts; empty where the instances have none."""

    def shown(comparison: Comparison, unit: str, cells: Cells) -> str:
        listed: pd.DataFrame = getattr(comparison, level)
        number = {pair: at for at, pair in enumerate(pairs(comparison))}
        region = _region_of(comparison, level.removesuffix("s"))
        names = areas_named(comparison, level.removesuffix("s"), cells.language)
        rows = [
            Row(
                [
                    cells.name(names.get(row["area_id"]) or row["area_id"]),
                    cells.name(cells.language.named(row["service"])),
                    *_changes(row, cells),
                ],
                service=number[row["plan"], row["service"]],
                region=region.get(row["area_id"], -1),
                id=(row["plan"], row["area_id"], row["service"]),
            )
            for row in listed.to_dict("records")
            if row["area_id"] and (row["plan"], row["service"]) in number
        ]
        if not rows:
            return ""
        columns = [cells.column(level.removesuffix("s"), number=False), cells.column("service", number=False)]
        columns += [cells.column(key, unit=unit) for key in _CHANGED]
        return cells.table(level, cells.language.word(level), columns, rows)

    return shown


def _region_of(comparison: Comparison, level: str) -> dict[str, int]:
    """Number on the page of the region that an area of a level is in."""
    needs = comparison.needs
    region, area = (
        needs[f"{one}_id"].fillna(needs[f"{one}_id_base"]).fillna("") for one in ("region", level)
    )
    places = needs.drop_duplicates("place_id").index
    numbers = {one: at for at, one in enumerate(one for one in region[places].unique() if one)}
    return {one: numbers.get(of, -1) for one, of in zip(area, region, strict=True)}


def sites(comparison: Comparison, unit: str, cells: Cells) -> str:
    """Facilities kept, dropped and added, and those that close."""
    language, listed = cells.language, comparison.sites
    named = {level: _translated(comparison, level, language) for level in ("region", "district")}
    names = sites_named(comparison, language)
    rows = [
        Row(
            [
                Cell(language.word(f"state.{row['status']}")),
                *([cells.name(row["plan"])] if len(comparison.names) > 2 else []),
                cells.name(names.get(row["site_id"]) or row["name"] or row["facility"]),
                cells.name(language.named(row["type"])),
                cells.name(named["region"].get(row["region"], row["region"])),
                cells.name(named["district"].get(row["district"], row["district"])),
                cells.decimal(row["cost_base"], 2),
                cells.decimal(row["cost"], 2),
                cells.count(row["people_newly_covered"]),
            ],
            id=(row["plan"], row["decision"], row["facility"]),
        )
        for row in listed.fillna({"region": "", "district": "", "name": ""}).to_dict("records")
    ]
    keys = ["status", *["plan name"] * (len(comparison.names) > 2), "name", "type", "region", "district"]
    columns = [cells.column(key, number=False) for key in keys]
    columns += [cells.column(key) for key in ("first", "this", "newly")]
    caption = language.word("compare.sites", count=language.count(len(rows)))
    return cells.table("sites", caption, columns, rows)


def _translated(comparison: Comparison, level: str, language: Language) -> dict[str, str]:
    """Names of areas in this language, by their names in the tables."""
    shown = areas_named(comparison, level, language)
    return {
        called: shown[area]
        for result in comparison.results
        for area, called in zip(
            result.problem.instance.areas[level].ids, result.problem.instance.areas[level].names, strict=True
        )
    }


def places(comparison: Comparison, unit: str, cells: Cells) -> str:
    """Places in which more people are within the standard, or fewer."""
    language = cells.language
    moved = comparison.places[comparison.places["gained"] != 0]
    number = {pair: at for at, pair in enumerate(pairs(comparison))}
    region, names = _numbers(comparison), places_named(comparison.results, language)[0]
    regions = _translated(comparison, "region", language)
    order = np.argsort(-moved["gained"].abs().to_numpy(), kind="stable")[:MOST_PLACES]
    rows = [
        Row(
            [
                cells.name(names.get(row["place_id"]) or row["place"]),
                cells.name(language.named(row["service"])),
                cells.name(regions.get(row["region"], row["region"])),
                cells.count(row["people"] or row["people_base"]),
                cells.count(row["within_base"]),
                cells.count(row["within"]),
                cells.count(row["gained"]),
                cells.decimal(_known(row["minutes_base"])),
                cells.decimal(_known(row["minutes"])),
            ],
            service=number[row["plan"], row["service"]],
            region=region.get(row["place_id"], -1),
            id=(row["plan"], row["place_id"], row["service"]),
        )
        for row in moved.iloc[order].fillna({"region": ""}).to_dict("records")
    ]
    columns = [cells.column(key, number=False) for key in ("place", "service", "region")]
    keys = ("people", "first", "this", "difference", "minutes first", "minutes this")
    columns += [cells.column(key, unit=unit) for key in keys]
    counts = {"shown": language.count(len(rows)), "count": language.count(len(moved))}
    return cells.table("places", language.word("compare.places", **counts), columns, rows)


def _numbers(comparison: Comparison) -> dict[str, int]:
    """Number on the page of the region of every place."""
    first = comparison.needs.drop_duplicates("place_id")
    region = first["region_id"].fillna(first["region_id_base"]).fillna("")
    numbers = {one: at for at, one in enumerate(one for one in region.unique() if one)}
    return {place: numbers.get(of, -1) for place, of in zip(first["place_id"], region, strict=True)}
