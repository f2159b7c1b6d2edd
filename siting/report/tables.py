"""The tables of a report, out of the content of summary.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siting.report import sentences
from siting.report.cells import Cells
from siting.report.markup import Cell, Column, Row

Summary = Mapping[str, Any]


def services(summary: Summary, cells: Cells) -> str:
    """People within the standard, by service and kind of place."""
    language, unit = cells.language, sentences.unit(summary, cells.language)
    rows = []
    for key, service in summary["services"].items():
        rows.append(Row([cells.title(service["title"]), *cells.response(service)], id=(key,)))
        for kind, figures in service["kinds"].items():
            if figures["after"]["people"]:
                standard = language.number(service["standard_minutes"][kind])
                title = language.word("services.kind", kind=language.say(kind), standard=standard, unit=unit)
                rows.append(Row([cells.name(f"\u2003{title}"), *cells.response(figures)], id=(key, kind)))
    columns = [cells.column("service", number=False), *cells.response_columns(unit)]
    return cells.table("services", language.word("services"), columns, rows, sortable=False)


def objectives(summary: Summary, cells: Cells) -> str:
    """Every objective with its bound and gap."""
    language = cells.language
    rows = [
        Row(
            [
                Cell(f"{language.word(one['sense'])}: {language.measure(one['measure'])}"),
                *(cells.amount(one[key]) for key in ("before", "value", "bound")),
                cells.gap(one["gap"]),
                cells.gap(one["gap_of_gain"]),
                Cell(language.unit(one["unit"])),
            ],
            id=(one["sense"], one["measure"]),
        )
        for one in summary["objectives"]
    ]
    columns = [
        cells.column("measure", number=False),
        Column(language.word("column.was"), key="before"),
        *(cells.column(key) for key in ("plan", "best", "gap", "gain")),
        cells.column("unit", number=False),
    ]
    return cells.table("objectives", language.word("objectives"), columns, rows, sortable=False)


def limits(summary: Summary, cells: Cells) -> str:
    """Every limit, and what of it the plan uses; empty without limits."""
    language = cells.language
    rows = [
        Row(
            [
                cells.name(language.measure(one["label"])),
                *(cells.amount(one[key]) for key in ("value", "at_least", "at_most")),
                Cell(language.unit(one["unit"])),
            ],
            id=(one["label"],),
        )
        for one in summary["limits"]
    ]
    columns = [
        cells.column("limit", number=False),
        *(cells.column(key) for key in ("plan", "at least", "at most")),
        cells.column("unit", number=False),
    ]
    return cells.table("limits", language.word("limits"), columns, rows, sortable=False) if rows else ""


def facilities(summary: Summary, cells: Cells) -> str:
    """Existing and new facilities by type, and what they cost."""
    language, money = cells.language, summary["money"]
    kinds = {
        key: kind
        for key, kind in summary["facilities"].items()
        if kind["existing"] or kind["new"] or kind["allowed"]
    }
    extra = [key for key in ("units", "closed") if any(key in kind for kind in kinds.values())]
    rows = [
        Row(
            [
                cells.title(kind["title"]),
                cells.count(kind["existing"]),
                cells.count(kind["new"]),
                *(cells.count(kind.get(key)) for key in extra),
                cells.count(kind["allowed"]),
                cells.decimal(money["by_type"][key], 2),
            ],
            id=(key,),
        )
        for key, kind in kinds.items()
    ]
    total = [
        cells.count(sum(kind.get(key) or 0 for kind in kinds.values())) for key in ("existing", "new", *extra)
    ]
    rows.append(
        Row([Cell(language.word("in all")), *total, cells.count(None), cells.decimal(money["spent"], 2)])
    )
    columns = [
        cells.column("type", number=False),
        *(cells.column(key) for key in ("existing", "new", *extra, "allowed")),
        cells.column("cost", currency=language.unit(money["currency"])),
    ]
    return cells.table("facilities", language.word("facilities"), columns, rows, sortable=False)


def payers(summary: Summary, cells: Cells) -> str:
    """What every payer bears; empty where the instance names none."""
    language, money = cells.language, summary["money"]
    if "by_payer" not in money:
        return ""
    rows = [
        Row(
            [
                cells.title(payer),
                cells.decimal(one["spent"], 2),
                cells.share(one["spent"] / money["spent"] if money["spent"] else None),
                cells.decimal(one["budget"], 2),
            ],
            id=(payer,),
        )
        for payer, one in money["by_payer"].items()
    ]
    rows.append(
        Row(
            [
                Cell(language.word("in all")),
                cells.decimal(money["spent"], 2),
                cells.share(1.0 if money["spent"] else None),
                cells.decimal(money["budget"], 2),
            ]
        )
    )
    columns = [
        cells.column("payer", number=False),
        *(cells.column(key) for key in ("pays", "share", "budget")),
    ]
    return cells.table(
        "payers",
        language.word("payers", currency=language.unit(money["currency"])),
        columns,
        rows,
        sortable=False,
    )


def load(summary: Summary, cells: Cells) -> str:
    """Per service those whom capacities suffice to serve; empty where none bind."""
    if "load" not in summary:
        return ""
    rows = [
        Row(
            [
                cells.title(summary["services"][service]["title"]),
                cells.count(one["people"]),
                cells.count(one["served"]),
                cells.share(one["served"] / one["people"] if one["people"] else None),
            ],
            id=(service,),
        )
        for service, one in summary["load"].items()
    ]
    columns = [
        cells.column("service", number=False),
        *(cells.column(key) for key in ("people", "served", "share")),
    ]
    return cells.table("load", cells.language.word("load"), columns, rows, sortable=False)


def scenarios(summary: Summary, cells: Cells) -> str:
    """Response in every scenario; empty where there are none."""
    if "scenarios" not in summary:
        return ""
    unit = sentences.unit(summary, cells.language)
    rows = [
        Row(
            [cells.title(one["title"]), cells.share(one["probability"]), *cells.response(one["in_all"])],
            id=(one["id"],),
        )
        for one in summary["scenarios"]
    ]
    columns = [
        cells.column("name", number=False),
        cells.column("probability"),
        *cells.response_columns(unit),
    ]
    return cells.table("scenarios", cells.language.word("scenarios"), columns, rows, sortable=False)


def periods(summary: Summary, cells: Cells) -> str:
    """Response in every period, and what is opened in it; empty where there are none."""
    if "periods" not in summary:
        return ""
    unit = sentences.unit(summary, cells.language)
    rows = [
        Row(
            [
                cells.title(one["title"]),
                cells.count(sum(one["new"].values())),
                cells.decimal(one["spent"], 2),
                *cells.response(one["in_all"]),
            ],
            id=(one["id"],),
        )
        for one in summary["periods"]
    ]
    columns = [
        cells.column("period", number=False),
        cells.column("new"),
        cells.column("spent", currency=cells.language.unit(summary["money"]["currency"])),
        *cells.response_columns(unit),
    ]
    return cells.table("periods", cells.language.word("periods"), columns, rows, sortable=False)


def files(summary: Summary, cells: Cells) -> str:
    """The files the instance was read from, and their hashes; empty where it came from none."""
    rows = [Row([cells.name(file), Cell(sha)], id=(file,)) for file, sha in summary["files"].items()]
    columns = [cells.column("file", number=False), cells.column("hash", number=False)]
    return cells.table("files", cells.language.word("files"), columns, rows, sortable=False) if rows else ""
