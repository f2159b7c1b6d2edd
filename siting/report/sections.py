"""The parts of a page: head, cards, map with its controls, curves, notes and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from siting.instance.arrays import LEVELS, Floats
from siting.report import curves, lists, sentences, tables
from siting.report.cells import Cells
from siting.report.chart import Series, chart, key
from siting.report.language import Language
from siting.report.markup import Cell, Column, Row, name, table, text
from siting.report.plot import TARGET
from siting.report.scene import area_names, has_map

if TYPE_CHECKING:
    from siting.result import Result


def head(result: Result, language: Language) -> str:
    """Title, question, numbers and what is proved."""
    summary, word = result.summary, language.word
    model = summary["model"]
    return (
        f'<header><p class="above">{text(word("above"))}</p><h1>{name(summary["instance"]["title"])}</h1>'
        f"<p>{name(model['title'])}. {name(model['question'])}</p>"
        f'<p class="soft">{text(sentences.numbers(summary, language))}</p>'
        f'<p class="proof" id="proof">{text(sentences.proof(summary, language))} '
        f"<span>{text(sentences.status(summary, language))}</span></p></header>\n"
    )


def cards(result: Result, language: Language) -> str:
    """The key figures, each with what it is of."""
    summary, word = result.summary, language.word
    found = []
    for service in summary["services"].values():
        old, new = service["before"], service["after"]
        after, before = (f"{language.share(one['share'])}" for one in (new, old))
        counts = {
            "after": language.count(new["people_within"]),
            "before": language.count(old["people_within"]),
        }
        detail = word("card.of", people=language.count(new["people"]), **counts)
        mean = word(
            "card.mean",
            before=language.decimal(old["mean_minutes"]), after=language.decimal(new["mean_minutes"]),
            unit=sentences.unit(summary, language), people=language.count(new["people_served"]),
        )  # fmt: skip
        found.append((service["title"], f"{before} → {after}", f"{detail}; {mean}"))
    found += [_new(result, language), _money(result, language)]
    items = "".join(
        f"<li><strong>{text(title)}</strong><b>{text(value)}</b><span>{text(detail)}</span></li>"
        for title, value, detail in found
    )
    at = sentences.when(summary)
    which = f"<p>{text(word('of the plan', what=at))}</p>" if at else ""
    return (
        f'<section><h2 id="figures" tabindex="-1">{text(word("figures"))}</h2>{which}'
        f'<ul class="cards">{items}</ul><p class="soft">{text(word("once"))}</p></section>\n'
    )


def _new(result: Result, language: Language) -> tuple[str, str, str]:
    kinds = result.summary["facilities"].values()
    existing, closed = (sum(kind.get(key) or 0 for kind in kinds) for key in ("existing", "closed"))
    detail = language.word(
        "card.closed" if closed else "card.existing",
        count=language.count(existing), closed=language.count(closed),
    )  # fmt: skip
    return language.word("card.new"), language.count(sum(kind["new"] for kind in kinds)), detail


def _money(result: Result, language: Language) -> tuple[str, str, str]:
    money = result.summary["money"]
    detail = language.word("card.no budget")
    if money["budget"]:
        share = language.share(money["spent"] / money["budget"])
        detail = language.word("card.budget", budget=language.amount(money["budget"]), share=share)
    if money.get("saved"):
        detail += "; " + language.word("card.saved", saved=language.amount(money["saved"]))
    return language.word("card.money", currency=money["currency"]), language.amount(money["spent"]), detail


def atlas(result: Result, language: Language) -> str:
    """The map and its controls, or a sentence where there is none."""
    word, instance = language.word, result.problem.instance
    title = f'<section><h2 id="map-title">{text(word("map"))}</h2>'
    services = _select(
        "service", word("service"), [one["title"] for one in result.summary["services"].values()]
    )
    names = area_names(instance, "region", language)
    regions = _select("region", word("region"), [word("all regions"), *names], first=-1)
    if not has_map(instance):
        none = f"<p>{text(word('map.none'))}</p>"
        return f'{title}{none}<div class="controls">{services}{regions}</div></section>\n'
    shared = result.problem.responses.layout.serve == "split"
    note = f"<p>{text(word('map.shared'))}</p>" if shared else ""
    return (
        f'{title}{note}<p class="soft screen">{text(word("map.keys"))}</p>'
        f'<div class="controls">{services}{_when(language)}{regions}{_find(language)}'
        f"{_check('facilities-shown', word('all facilities'), checked=True)}"
        f"{_check('lines', word('lines'), checked=False)}</div>"
        f'<p id="said" role="status" aria-live="polite"></p><noscript>{text(word("noscript"))}</noscript>'
        f'<div class="atlas"><div class="frame"><div id="{TARGET}" role="img" '
        f'aria-label="{text(word("map.about"))}"></div>{_zoom(language)}</div>'
        f'<aside aria-label="{text(word("legend"))}"><p class="soft" id="standard"></p>'
        '<ul id="legend"></ul></aside></div></section>\n'
    )


def _select(key: str, title: str, options: Sequence[str], first: int = 0) -> str:
    listed = "".join(f'<option value="{at + first}">{text(one)}</option>' for at, one in enumerate(options))
    return f'<label>{text(title)}<select id="{key}" autocomplete="off">{listed}</select></label>'


def _when(language: Language) -> str:
    choices = "".join(
        f'<label><input type="radio" name="when" value="{when}" autocomplete="off"'
        f"{' checked' if when == 'after' else ''}>{text(language.word(when))}</label>"
        for when in ("before", "after")
    )
    title = f"<legend>{text(language.word('when'))}</legend>"
    return f'<fieldset>{title}<div class="switch">{choices}</div></fieldset>'


def _find(language: Language) -> str:
    return (
        f'<div class="find"><label>{text(language.word("search"))}<input type="search" id="search" '
        f'autocomplete="off" spellcheck="false" placeholder="{text(language.word("search.hint"))}"></label>'
        '<ul id="matches"></ul></div>'
    )


def _check(key: str, title: str, *, checked: bool) -> str:
    on = " checked" if checked else ""
    return (
        f'<label class="check"><input type="checkbox" id="{key}" autocomplete="off"{on}>{text(title)}</label>'
    )


def _zoom(language: Language) -> str:
    buttons = (("in", "+"), ("out", "\u2212"), ("all", "\u2302"))
    return '<div class="zoom">' + "".join(
        f'<button type="button" id="zoom-{what}" aria-label="{text(language.word(f"zoom.{what}"))}" '
        f'title="{text(language.word(f"zoom.{what}"))}">{sign}</button>'
        for what, sign in buttons
    ) + "</div>"  # fmt: skip


def coverage(result: Result, language: Language) -> str:
    """The curves: by minutes for every service, and by number of new facilities."""
    word, unit = language.word, sentences.unit(result.summary, language)
    figures = "".join(_by_minutes(one, unit, language) for one in curves.by_minutes(result))
    cumulated = curves.by_sites(result)
    if cumulated is not None:
        figures += _by_sites(cumulated, result.summary["in_all"]["after"]["people"], language)
    return f'<section><h2>{text(word("curves"))}</h2><div class="charts">{figures}</div></section>\n'


def _by_minutes(curve: curves.Curve, unit: str, language: Language) -> str:
    word = language.word
    title = word("curve.minutes", title=curve.title, unit=unit)
    series = [Series(word(when), when, values) for when, values in curve.within.items()]
    marks = [(one, language.number(one)) for one in curve.standards]
    drawn = chart(
        title, word("curve.minutes.axis", unit=unit), curve.minutes, series, curve.people, language, marks
    )
    of = word("curve.people", people=language.count(curve.people))
    return _figure(title, of, key(series) + drawn, _curve_table(curve, unit, language))


def _curve_table(curve: curves.Curve, unit: str, language: Language) -> str:
    """The figures at every standard and at some twenty minutes between."""
    cells = Cells(language)
    every = max(1, len(curve.minutes) // 20)
    marked = np.isin(curve.minutes, curve.standards)
    chosen = [at for at in range(len(curve.minutes)) if at % every == 0 or marked[at]]
    rows = []
    for at in chosen:
        shares = [
            cell
            for when in ("before", "after")
            for cell in (
                cells.count(curve.within[when][at]),
                cells.share(curve.within[when][at] / curve.people if curve.people else None),
            )
        ]
        rows.append(Row([cells.decimal(curve.minutes[at]), *shares]))
    columns = [
        cells.column("minutes", unit=unit),
        *(Column(language.word(key)) for key in ("before", "column.share", "after", "column.share")),
    ]
    caption = language.word("curve.people", people=language.count(curve.people))
    shown = table(f"curve-{_slug(curve.title)}", caption, columns, rows, sortable=False)
    return f"<details><summary>{text(language.word('curve.table'))}</summary>{shown}</details>"


def _slug(title: str) -> str:
    """A title as the id of an element."""
    return "".join(f"{ord(letter):x}" for letter in title[:16])


def _by_sites(cumulated: Floats, people: float, language: Language) -> str:
    word = language.word
    series = [Series(word("after"), "after", cumulated)]
    numbers = np.arange(len(cumulated), dtype=np.float64)
    axis = word("curve.sites.axis")
    drawn = chart(word("curve.sites"), axis, numbers, series, people, language)
    of = word("curve.people", people=language.count(people))
    return _figure(word("curve.sites"), f"{of}. {word('curve.sites.about')}", drawn, "")


def _figure(title: str, detail: str, drawn: str, below: str) -> str:
    return (
        f"<figure><figcaption>{text(title)}<small>{text(detail)}</small></figcaption>{drawn}{below}</figure>"
    )


def results(result: Result, language: Language) -> str:
    """All tables."""
    summary, cells = result.summary, Cells(language)
    short = (tables.services, tables.objectives, tables.limits, tables.facilities, tables.payers, tables.load)
    more = (tables.scenarios, tables.periods)
    long = (lists.sites, lists.closed, lists.regions, lists.districts)
    return (
        f"<section><h2>{text(language.word('response'))}</h2>{short[0](summary, cells)}"
        f"{''.join(one(summary, cells) for one in more)}</section>\n"
        f"<section><h2>{text(language.word('money'))}</h2>"
        f"{''.join(one(summary, cells) for one in short[1:])}</section>\n"
        f"<section><h2>{text(language.word('where'))}</h2>"
        f'<p class="soft screen">{text(language.word("sort"))}</p>'
        f"{''.join(one(result, cells) for one in long)}</section>\n"
    )


def notes(result: Result, language: Language) -> str:
    """What a reader must know; empty where there is nothing."""
    instance = result.problem.instance
    names = {
        area: shown
        for level in LEVELS
        for area, shown in zip(instance.areas[level].ids, area_names(instance, level, language), strict=True)
    }
    found = sentences.warnings(result.summary, language, names)
    if not found:
        return ""
    items = "".join(f"<li>{name(one)}</li>" for one in found)
    title = f"<h2>{text(language.word('notes'))}</h2>"
    return f'<section>{title}<ul class="plain" id="notes">{items}</ul></section>\n'


def provenance(result: Result, language: Language) -> str:
    """Instance, model, method, versions, files with their hashes, and sources with their licences."""
    summary, word, cells = result.summary, language.word, Cells(language)
    model = {key: summary["model"][key] for key in ("title", "name", "file", "sha256")}
    versions = ", ".join(f"{library} {version}" for library, version in summary["versions"].items())
    lines = (
        word("from.instance", **summary["instance"]),
        word("from.model", **model),
        word("from.method", method=summary["method"], why=summary["why"]),
        word("from.seed", seed=summary["seed"], seconds=language.decimal(summary["seconds"].get("total"))),
        word("from.versions", versions=versions),
    )
    columns = [cells.column(key, number=False) for key in ("what", "origin", "licence")]
    sources = [
        Row([cells.name(one.what), cells.name(one.origin), Cell(one.licence)])
        for one in result.problem.instance.settings.sources
    ]
    listed = table("sources", word("sources"), columns, sources, sortable=False) if sources else ""
    return (
        f"<section><h2>{text(word('provenance'))}</h2>{''.join(f'<p>{name(one)}</p>' for one in lines)}"
        f"{listed}{tables.files(summary, cells)}</section>\n"
    )
