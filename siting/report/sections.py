"""The parts of a page: head, cards, map with its controls, curves, notes and provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from siting.instance.arrays import Floats
from siting.report import curves, lists, sentences, tables
from siting.report.cells import Cells
from siting.report.chart import Series, chart, key
from siting.report.language import Language
from siting.report.markup import Column, Row, name, text
from siting.report.plot import TARGET
from siting.report.scene import WHEN, area_names, has_map

if TYPE_CHECKING:
    from siting.result import Result


def head(result: Result, cells: Cells) -> str:
    """Title, question, numbers and what is proved."""
    summary, language = result.summary, cells.language
    word, say, model = language.word, language.say, summary["model"]
    return (
        f'<header><p class="above">{text(word("above"))}</p>'
        f"<h1>{name(say(summary['instance']['title']))}</h1>"
        f"<p>{name(say(model['title']))}. {name(say(model['question']))}</p>"
        f'<p class="soft">{text(sentences.numbers(summary, language))}</p>'
        f'<p class="proof" id="proof">{text(sentences.proof(summary, language))} '
        f"<span>{text(sentences.status(summary, language))}</span></p></header>\n"
    )


def cards(result: Result, cells: Cells) -> str:
    """The key figures, each with what it is of."""
    summary, language = result.summary, cells.language
    word, found = language.word, []
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
        found.append((language.say(service["title"]), f"{before} → {after}", f"{detail}; {mean}"))
    found += [_new(result, language), _money(result, language)]
    items = "".join(
        f"<li><strong>{text(title)}</strong><b>{text(value)}</b><span>{text(detail)}</span></li>"
        for title, value, detail in found
    )
    at = sentences.when(summary, language)
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
    return (
        language.word("card.money", currency=language.unit(money["currency"])),
        language.amount(money["spent"]),
        detail,
    )


def atlas(result: Result, cells: Cells) -> str:
    """The map and its controls, or a sentence where there is none."""
    language, instance = cells.language, result.problem.instance
    word = language.word
    titles = [language.say(one["title"]) for one in result.summary["services"].values()]
    regions = list(area_names(instance, "region", language))
    if not has_map(instance):
        return no_map(word("map"), titles, regions, language)
    shared = result.problem.responses.layout.serve == "split"
    note = f"<p>{text(word('map.shared'))}</p>" if shared else ""
    views = {when: word(when) for when in WHEN}
    lines = _check("lines", word("lines"), checked=False)
    return map_section(word("map"), word("map.about"), titles, regions, views, note, language, lines)


def no_map(title: str, services: Sequence[str], regions: Sequence[str], language: Language) -> str:
    """The controls of the tables, and why there is no map."""
    return (
        f'<section><h2 id="map-title">{text(title)}</h2><p>{text(language.word("map.none"))}</p>'
        f'<div class="controls">{_choices(services, regions, language, "")}</div></section>\n'
    )


def map_section(
    title: str,
    about: str,
    services: Sequence[str],
    regions: Sequence[str],
    views: Mapping[str, str],
    note: str,
    language: Language,
    more: str = "",
) -> str:
    """A map with its controls; of the views, which are told by their keys, the last one is chosen.

    Args:
        title, about: words for all, and for those who cannot see it.
        services, regions: choices.
        views: words by key: ``before``, ``after``, ``change``.
        note: markup above the map.
        language: of the words.
        more: markup of further controls.
    """
    word = language.word
    switch = _when(views, language)
    return (
        f'<section><h2 id="map-title">{text(title)}</h2>{note}'
        f'<p class="soft screen">{text(word("map.keys"))}</p>'
        f'<div class="controls">{_choices(services, regions, language, switch)}{_find(language)}'
        f"{_check('facilities-shown', word('all facilities'), checked=True)}{more}</div>"
        f'<p id="said" role="status" aria-live="polite"></p><noscript>{text(word("noscript"))}</noscript>'
        f'<div class="atlas"><div class="frame"><div id="{TARGET}" role="img" '
        f'aria-label="{text(about)}"></div>{_zoom(language)}</div>'
        f'<aside aria-label="{text(word("legend"))}"><p class="soft" id="standard"></p>'
        '<ul id="legend"></ul></aside></div></section>\n'
    )


def _choices(services: Sequence[str], regions: Sequence[str], language: Language, between: str) -> str:
    word = language.word
    every = [word("all regions"), *regions]
    chosen = _select("service", word("service"), services)
    return f"{chosen}{between}{_select('region', word('region'), every, first=-1)}"


def _select(key: str, title: str, options: Sequence[str], first: int = 0) -> str:
    listed = "".join(f'<option value="{at + first}">{text(one)}</option>' for at, one in enumerate(options))
    return f'<label>{text(title)}<select id="{key}" autocomplete="off">{listed}</select></label>'


def _when(views: Mapping[str, str], language: Language) -> str:
    last = list(views)[-1]
    choices = "".join(
        f'<label><input type="radio" name="when" value="{when}" autocomplete="off"'
        f"{' checked' if when == last else ''}>{text(title)}</label>"
        for when, title in views.items()
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


def coverage(result: Result, cells: Cells) -> str:
    """The curves: by minutes for every service, and by number of new facilities."""
    word, unit = cells.language.word, sentences.unit(result.summary, cells.language)
    figures = "".join(_by_minutes(one, unit, cells) for one in curves.by_minutes(result))
    cumulated = curves.by_sites(result)
    if cumulated is not None:
        figures += _by_sites(cumulated, result.summary["in_all"]["after"]["people"], cells)
    return f'<section><h2>{text(word("curves"))}</h2><div class="charts">{figures}</div></section>\n'


def _by_minutes(curve: curves.Curve, unit: str, cells: Cells) -> str:
    language, word = cells.language, cells.language.word
    title = word("curve.minutes", title=language.say(curve.title), unit=unit)
    series = [Series(word(when), when, values) for when, values in curve.within.items()]
    marks = [(one, language.number(one)) for one in curve.standards]
    drawn = chart(
        title, word("curve.minutes.axis", unit=unit), curve.minutes, series, curve.people, language, marks
    )
    of = word("curve.people", people=language.count(curve.people))
    return _figure(title, of, key(series) + drawn, _curve_table(curve, unit, cells))


def _curve_table(curve: curves.Curve, unit: str, cells: Cells) -> str:
    """The figures at every standard and at some twenty minutes between."""
    language = cells.language
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
        rows.append(Row([cells.decimal(curve.minutes[at]), *shares], id=(repr(float(curve.minutes[at])),)))
    columns = [
        cells.column("minutes", unit=unit),
        Column(language.word("column.was"), key="before"),
        cells.column("share before"),
        Column(language.word("column.becomes"), key="after"),
        cells.column("share after"),
    ]
    caption = language.word("curve.people", people=language.count(curve.people))
    return _folded(cells.table(f"curve-{curve.id}", caption, columns, rows, sortable=False), language)


def _folded(shown: str, language: Language) -> str:
    """A table that opens when it is asked for."""
    return f"<details><summary>{text(language.word('curve.table'))}</summary>{shown}</details>"


def _by_sites(cumulated: Floats, people: float, cells: Cells) -> str:
    language, word = cells.language, cells.language.word
    series = [Series(word("after"), "after", cumulated)]
    numbers = np.arange(len(cumulated), dtype=np.float64)
    axis = word("curve.sites.axis")
    drawn = chart(word("curve.sites"), axis, numbers, series, people, language)
    of = word("curve.people", people=language.count(people))
    rows = [
        Row([cells.count(n), cells.count(one), cells.share(one / people if people else None)], id=(str(n),))
        for n, one in enumerate(cumulated)
        if n % max(1, len(cumulated) // 20) == 0 or n + 1 == len(cumulated)
    ]
    columns = [cells.column(key) for key in ("new", "people", "share")]
    shown = cells.table("curve-sites", of, columns, rows, sortable=False)
    detail = f"{of}. {word('curve.sites.about')}"
    return _figure(word("curve.sites"), detail, drawn, _folded(shown, language))


def _figure(title: str, detail: str, drawn: str, below: str) -> str:
    return (
        f"<figure><figcaption>{text(title)}<small>{text(detail)}</small></figcaption>{drawn}{below}</figure>"
    )


def results(result: Result, cells: Cells) -> str:
    """All tables."""
    summary, language = result.summary, cells.language
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


def notes(result: Result, cells: Cells) -> str:
    """What a reader must know; empty where there is nothing."""
    language = cells.language
    found = sentences.warnings(result.summary, language, language.ids)
    if not found:
        return ""
    items = "".join(f"<li>{name(one)}</li>" for one in found)
    title = f"<h2>{text(language.word('notes'))}</h2>"
    return f'<section>{title}<ul class="plain" id="notes">{items}</ul></section>\n'


def provenance(result: Result, cells: Cells) -> str:
    """Instance, model, method, versions, files with their hashes, and sources with their licences."""
    summary, language = result.summary, cells.language
    word, say = language.word, language.say
    model = {key: say(summary["model"][key]) for key in ("title", "name", "file", "sha256")}
    instance = {key: say(value) for key, value in summary["instance"].items()}
    versions = ", ".join(f"{library} {version}" for library, version in summary["versions"].items())
    lines = (
        word("from.instance", **instance),
        word("from.model", **model),
        word("from.method", method=say(summary["method"]), why=say(summary["why"])),
        word("from.seed", seed=summary["seed"], seconds=language.decimal(summary["seconds"].get("total"))),
        *([] if summary["repeatable"] else [word("from.clock")]),
        word("from.versions", versions=versions),
    )
    columns = [cells.column(key, number=False) for key in ("what", "origin", "licence")]
    sources = [
        Row([cells.title(one.what), cells.title(one.origin), cells.title(one.licence)], id=(one.what,))
        for one in result.problem.instance.settings.sources
    ]
    listed = cells.table("sources", word("sources"), columns, sources, sortable=False) if sources else ""
    return (
        f"<section><h2>{text(word('provenance'))}</h2>{''.join(f'<p>{name(one)}</p>' for one in lines)}"
        f"{listed}{tables.files(summary, cells)}</section>\n"
    )
