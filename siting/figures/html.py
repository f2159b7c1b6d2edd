"""What a notebook shows of a result and of an instance: compact tables and a small map, no scripts."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.figures.outcome import after as after_plan
from siting.figures.outcome import wholly_covered
from siting.figures.view import view
from siting.instance.arrays import CandidateStatus, Flags, Floats, Ints
from siting.instance.core import Instance
from siting.plan import PROVED_GAP

if TYPE_CHECKING:
    from siting.result import Result

TOP = 5
"""Sites listed."""

DOTS = 1500
"""Places drawn at most, the largest; so that a notebook stays small."""

MARKS = 5000
"""Facilities of a kind drawn at most."""

_MANY = 300
"""Facilities of a kind from which on their marks are small."""

NAME = 60
"""Characters of a name that are shown."""

_WIDTH, _HEIGHT, _MARGIN = 480, 360, 8
_CLOSEST = 1e4
"""Pixels per degree at most."""
_BLUE, _ORANGE, _GREY, _BLACK = "#0072b2", "#d55e00", "#999999", "#000000"
"""Colours that colour-blind people tell apart (Okabe & Ito 2008)."""

_RIGHT = ' style="text-align:right"'


def result_html(result: Result) -> str:
    """A result as HTML: what was asked, what is proved, figures before and after, sites and a map.

    All text of the instance and the model is escaped; there are no scripts and nothing is fetched.
    """
    model, title = result.problem.model, result.problem.instance.settings.title
    parts = [
        f"<p><b>{_text(title)}</b><br>{_text(model.title)}. {_text(model.question)}</p>",
        f"<p><b>{_text(_proof(result))}</b></p>",
    ]
    if result.plan is None:
        parts += [f"<p>{_text(clash, 1000)}</p>" for clash in result.clashes]
        return _whole(parts)
    parts.append(
        _table(
            ("objective", "before", "this plan", "at best", "gap", "unit"),
            [
                (
                    f"{'maximize' if one.maximize else 'minimize'} {one.measure}",
                    _number(one.before), _number(one.value), _number(one.bound), _gap(one.gap), one.unit,
                )
                for one in result.achieved
            ],
        )
    )  # fmt: skip
    parts.append(_services(result.summary))
    parts.append(_sites(result))
    parts.append(_result_map(result))
    return _whole(parts)


def instance_html(instance: Instance) -> str:
    """An instance as HTML: what it holds, its services and facility types, and a map."""
    settings, places = instance.settings, instance.places
    needed, existing = instance.needed(), instance.facilities.site
    roads = (
        "a table of travel times" if instance.roads is None else f"{len(instance.roads.tail):,} road edges"
    )
    title = f"<p><b>{_text(settings.title)}</b>"
    if instance.origin:
        title += f"<br>{_text(instance.origin)}"
    facts = (
        f"{len(places.ids):,} places with {int(places.population.sum()):,} people, of which "
        f"{int(needed.sum()):,} with {int(places.population[needed].sum()):,} take part; {roads}"
    )
    warnings = [f"<p>Note: {_text(warning, 1000)}</p>" for warning in instance.warnings]
    drawn = _map(instance, {"places": (needed, _BLUE)}, {"existing facilities": (existing, "■", _BLACK)})
    return _whole([f"{title}</p>", f"<p>{_text(facts, 1000)}</p>", *_kinds(instance), *warnings, drawn])


def _kinds(instance: Instance) -> list[str]:
    """Tables of the services and of the facility types."""
    settings = instance.settings
    services = [
        (
            service.title, f"{service.weight:g}",
            ", ".join(f"{kind} {ms / 60_000:g} min" for kind, ms in service.standard_ms.items()),
        )
        for service in settings.services
    ]  # fmt: skip
    usable = instance.candidates.status != CandidateStatus.FORBIDDEN
    types = [
        (
            kind.title, f"{int((instance.facilities.type == number).sum()):,}",
            f"{int((usable & (instance.candidates.type == number)).sum()):,}", ", ".join(kind.turnout_ms),
        )
        for number, kind in enumerate(settings.types)
    ]  # fmt: skip
    return [
        _table(("service", "weight", "standard"), services, words=(0, 2)),
        _table(("facility type", "existing", "candidates", "provides"), types, words=(0, 3)),
    ]


def _whole(parts: Iterable[str]) -> str:
    return "<div>" + "\n".join(part for part in parts if part) + "</div>"


def _text(words: object, most: int = NAME * 3) -> str:
    """Text as HTML, cut when it is long, its direction kept to itself."""
    text = str(words)
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return f"<bdi>{html.escape(short)}</bdi>"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]], words: Sequence[int] = (0,)) -> str:
    """A table, its columns of ``words`` to the left."""
    sides = ["" if number in words else _RIGHT for number in range(len(header))]
    head = "".join(f"<th{side}>{html.escape(one)}</th>" for one, side in zip(header, sides, strict=True))
    cells = (
        "".join(f"<td{side}>{_text(one, NAME)}</td>" for one, side in zip(row, sides, strict=True))
        for row in rows
    )
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return '<table cellpadding="3">' + f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _proof(result: Result) -> str:
    """What is proved, and why the solve stopped."""
    gap = "" if result.gap is None or result.plan is None else f", gap {_gap(result.gap)}"
    return f"{result.status.value.capitalize()}{gap} ({result.termination.value})"


def _services(summary: Mapping[str, Any]) -> str:
    """People within the standard, before and after."""
    unit = "min" if summary["layout"]["standard"] == "minutes" else "equivalent min"
    rows = [(one["title"], one) for one in summary["services"].values()]
    rows.append(("in all (weighted by service)", summary["in_all"]))
    return _table(
        ("people within the standard", "people", "before", "", "after", "", f"mean {unit} before", "after"),
        [
            (
                title, _number(one["after"]["people"]),
                _number(one["before"]["people_within"]), _share(one["before"]["share"]),
                _number(one["after"]["people_within"]), _share(one["after"]["share"]),
                _number(one["before"]["mean_minutes"], 1), _number(one["after"]["mean_minutes"], 1),
            )
            for title, one in rows
        ],
    )  # fmt: skip


def _sites(result: Result) -> str:
    """The first of the recommended sites."""
    sites = result.sites
    if not len(sites):
        return "<p>No new facilities.</p>"
    currency = result.problem.instance.settings.currency
    table = _table(
        ("site", "type", "region", f"cost ({currency})", "people newly covered", "people served"),
        [
            (
                row["name"], row["type"], row["region"], _number(row["cost"], 2),
                _number(row["people_newly_covered"]), _number(row["people_served"]),
            )
            for row in sites.head(TOP).to_dict("records")
        ],
        words=(0, 1, 2),
    )  # fmt: skip
    more = len(sites) - TOP
    return table + (f"<p>... and {more:,} more: <code>result.sites</code></p>" if more > 0 else "")


def _result_map(result: Result) -> str:
    """Places by whether all their needs are within the standard, existing facilities, and new ones."""
    responses, plan = result.problem.responses, result.plan
    assert plan is not None
    instance, options, seen = responses.instance, responses.options, view(responses)
    missed = np.zeros(len(instance.places.ids), dtype=bool)
    rows = after_plan(responses, plan).of(seen, len(responses.needs.place))
    missed[seen.place[~wholly_covered(rows, len(seen.place))]] = True
    needed = instance.needed()
    stays = np.setdiff1d(np.flatnonzero(options.usable[: options.existing]), plan.closed)
    return _map(
        instance,
        {
            "places within every standard": (needed & ~missed, _BLUE),
            "places beyond a standard": (needed & missed, _ORANGE),
        },
        {
            "existing facilities": (options.site[stays], "■", _GREY),
            "new facilities": (options.site[plan.opened], "▲", _BLACK),
        },
    )


def _map(
    instance: Instance, places: Mapping[str, tuple[Flags, str]], marks: Mapping[str, tuple[Ints, str, str]]
) -> str:
    """Places as dots of a colour and sites as marks of a sign and colour; empty without coordinates.

    The largest :data:`DOTS` places are drawn, and the first :data:`MARKS` of a kind, which is said below.
    Longitudes are shrunk by the cosine of the middle latitude (plate carrée).
    """
    lat, lon = instance.sites.lat, instance.sites.lon
    known = np.isfinite(lat) & np.isfinite(lon)
    drawn = {title: np.flatnonzero(flags & known[: len(flags)]) for title, (flags, _) in places.items()}
    spots = {title: sites[known[sites]] for title, (sites, _, _) in marks.items()}
    everything = np.concatenate([*drawn.values(), *spots.values()])
    if not len(everything):
        return ""
    x, y, width, height = _projected(lat, lon, everything)
    largest = np.argsort(-instance.places.population, kind="stable")
    largest = largest[np.isin(largest, np.concatenate(list(drawn.values())))][:DOTS]
    shapes, legend = [], []
    for title, (_, colour) in places.items():
        dots = largest[np.isin(largest, drawn[title])]
        shapes.append(_path("●", colour, x[dots], y[dots]))
        legend.append(_key("●", colour, title, len(drawn[title]), len(dots)))
    for title, (_, sign, colour) in marks.items():
        spot = spots[title][:MARKS]
        shapes.append(_path(sign, colour, x[spot], y[spot]))
        legend.append(_key(sign, colour, title, len(spots[title]), len(spot)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="map" '
        f'style="background:#ffffff">{"".join(shapes)}</svg><p>{" &nbsp; ".join(legend)}</p>'
    )


def _projected(lat: Floats, lon: Floats, shown: Ints) -> tuple[Floats, Floats, float, float]:
    """Pixels of all sites, and width and height of a map that holds the shown ones."""
    low, high = lat[shown].min(), lat[shown].max()
    across = lon * math.cos(math.radians((low + high) / 2))
    west, east = across[shown].min(), across[shown].max()
    scale = min(_WIDTH / max(east - west, 1e-9), _HEIGHT / max(high - low, 1e-9), _CLOSEST)
    width, height = (east - west) * scale + 2 * _MARGIN, (high - low) * scale + 2 * _MARGIN
    return _MARGIN + (across - west) * scale, _MARGIN + (high - lat) * scale, width, height


def _path(sign: str, colour: str, x: Floats, y: Floats) -> str:
    """Marks of one kind as one path: points are lines of no length whose ends are round or square."""
    small = sign != "●" and len(x) > _MANY
    triangle = (1.5, "l1.5 3h-3z") if small else (3, "l2.5 5h-5z")
    up, shape = triangle if sign == "▲" else (0, "h0")
    points = zip(x.tolist(), (y - up).tolist(), strict=True)
    marks = "".join(f"M{across:.1f} {down:.1f}{shape}" for across, down in points)
    if sign == "▲":
        return f'<path d="{marks}" fill="{colour}" stroke="#ffffff" stroke-width="{0 if small else 0.4}"/>'
    end = "round" if sign == "●" else "square"
    width = 1.6 if small else 3.2
    return f'<path d="{marks}" stroke="{colour}" stroke-width="{width}" stroke-linecap="{end}" fill="none"/>'


def _key(sign: str, colour: str, title: str, there: int, drawn: int) -> str:
    """A line of the legend."""
    only = "" if there == drawn else f", {drawn:,} drawn"
    return f'<span style="color:{colour}">{sign}</span> {there:,} {html.escape(title)}{only}'


def _number(value: float | None, places: int | None = None) -> str:
    """A number with separators; a dash for what is unknown."""
    if value is None or math.isnan(value):
        return "-"
    if places is None:
        places = 0 if abs(value) >= 1000 or value == int(value) else 2
    return f"{value:,.{places}f}"


def _share(value: float | None) -> str:
    """A share, never rounded up to 100 %."""
    if value is None:
        return "-"
    return f"{min(100 * value, 99.99) if value < 1 else 100 * value:.2f} %"


def _gap(value: float | None) -> str:
    """A gap in percent, rounded up so that it stays certified."""
    if value is None or not math.isfinite(value):
        return "-"
    return "0 %" if value <= PROVED_GAP else f"{math.ceil(round(1e6 * value, 5)) / 1e4:,.4f} %"
