"""A picture of a plan for slides: two maps, before and after, as a PNG."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.errors import PlanError
from siting.instance.arrays import Ints
from siting.readers.extras import extra
from siting.report import colours, sentences
from siting.report.language import Language
from siting.report.one_file import put_file
from siting.report.scene import (
    CLOSED,
    EXCLUDED,
    EXISTING,
    NEW,
    NOBODY,
    WHEN,
    Scene,
    ServiceScene,
    has_map,
    scene,
)
from siting.report.wording import language_for

if TYPE_CHECKING:
    from siting.result import Result

SIZE = (16.0, 9.0)
"""Inches, the shape of a slide."""

DPI = 120

_MARKERS = "s^Dhv*pP<>"
"""A marker per facility type, in turn."""


def write_png(result: Result, path: str | Path, *, language: str = "en", service: str | None = None) -> Path:
    """Write a picture: places coloured by response time before and after, facilities, and the proof.

    Args:
        result: must hold a plan.
        path: the file; an older one is replaced once the new one is whole. Parents are made.
        language: ``en`` or ``uk``.
        service: id of the service whose response times are shown; None for the first that counts.

    Returns:
        The file.

    Raises:
        PlanError: there is no plan, no such service or language, the places have no coordinates, or
            the disk refuses.
        InstanceError: the extra ``siting[report]`` is not installed.
    """
    if result.plan is None:
        raise PlanError(f"there is no plan to draw: {result.status.value}")
    if not has_map(result.problem.instance):
        raise PlanError("there is no map to draw: the instance does not say where its places are")
    words = language_for(result, language)
    shown = scene(result, words)
    ids = [one.id for one in shown.services]
    if service is not None and service not in ids:
        raise PlanError(f"the plan does not count the service {service!r}: choose one of {', '.join(ids)}")
    chosen = shown.services[0 if service is None else ids.index(service)]
    buffer = io.BytesIO()
    _figure(result, shown, chosen, words).savefig(
        buffer, format="png", dpi=DPI, metadata={"Software": "siting"}
    )
    return put_file(Path(path), buffer.getvalue())


def _figure(result: Result, shown: Scene, service: ServiceScene, language: Language) -> Any:
    """Two maps, their legend below, the title and the proof above."""
    # A figure of its own, not pyplot's: no window, nothing global.
    figure = extra("matplotlib.figure", "report").Figure(figsize=SIZE, facecolor="white")
    axes = [figure.add_axes([0.01 + 0.495 * at, 0.16, 0.485, 0.65]) for at in (0, 1)]
    summary = result.summary
    total = summary["services"][service.id]
    new = language.count(len(result.plan.opened) if result.plan else 0)
    titles = (language.word("picture.before"), language.word("picture.after", count=new))
    for axis, when, title in zip(axes, WHEN, titles, strict=True):
        _map(axis, shown, service, when)
        one = total[when]
        note = language.word(
            "picture.note",
            title=service.title, within=language.count(one["people_within"]),
            people=language.count(one["people"]), share=language.share(one["share"]),
        )  # fmt: skip
        axis.set_title(_plain(f"{title}\n{note}"), fontsize=13, loc="left")
    figure.text(0.01, 0.95, _plain(summary["instance"]["title"]), fontsize=22, weight="bold", va="center")
    figure.text(
        0.01, 0.9, _plain(sentences.proof(summary, language)), fontsize=13, color="#1f4e8c", va="center"
    )
    _legend(figure, result, shown, service, language)
    return figure


def _plain(text: str) -> str:
    """Text that is not taken for formulas, and no longer than a slide is wide."""
    return "\n".join(line if len(line) <= 130 else f"{line[:129]}…" for line in text.split("\n")).replace(
        "$", r"\$"
    )


def _map(axis: Any, shown: Scene, service: ServiceScene, when: str) -> None:
    axis.set_facecolor(colours.LAND)
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)
    if shown.roads is not None:
        collections = extra("matplotlib.collections", "report")
        roads = shown.roads
        ends = np.stack(
            [np.column_stack([roads.x0, roads.y0]), np.column_stack([roads.x1, roads.y1])], axis=1
        )
        axis.add_collection(
            collections.LineCollection(ends[roads.major], colors=colours.ROAD, linewidths=0.5)
        )
    _places(axis, shown, service, when)
    mark = float(np.clip(3600 / max(len(shown.fx), 1), 2.5, 90))
    for state in (EXISTING, CLOSED, NEW):
        if when == "before" and state == NEW:
            continue
        for type_ in service.types:
            mine = (shown.state == state) & (shown.type == type_)
            style = _style(
                _marker(shown, type_), NEW if state == NEW else EXISTING if when == "before" else state
            )
            axis.scatter(
                shown.fx[mine], shown.fy[mine], s=mark * (1.6 if state == NEW else 1), zorder=4, **style
            )
    axis.autoscale_view()
    axis.margins(0.04)


def _places(axis: Any, shown: Scene, service: ServiceScene, when: str) -> None:
    """Excluded places, then those within the standard, then the others."""
    answered = service.answered[when]
    ends, shades = colours.bins(service.standards)
    colour = np.array(shades)[np.searchsorted(np.array(ends) * 10, answered.tenths, side="left")]
    size = float(np.clip(30_000 / max(len(shown.x), 1), 2, 60))
    known = np.isfinite(shown.x) & np.isfinite(shown.y)
    out, none = answered.tenths == EXCLUDED, answered.tenths == NOBODY
    within = answered.within & ~out & ~none
    for mine, style in (
        (out, {"c": colours.EXCLUDED, "marker": "o", "s": size / 2, "linewidths": 0}),
        (within, {"marker": "o", "s": size, "linewidths": 0}),
        (~within & ~out & ~none, {"marker": "x", "s": 1.2 * size, "linewidths": 0.8}),
        (none, {"c": colours.NOBODY, "marker": "+", "s": 2 * size, "linewidths": 1.0}),
    ):
        rows = known & mine
        axis.scatter(shown.x[rows], shown.y[rows], zorder=3, **{"c": colour[rows], **style})


def _marker(shown: Scene, type_: int) -> str:
    """The marker of a type of facility."""
    there: Ints = np.unique(shown.type)
    return _MARKERS[int(np.searchsorted(there, type_)) % len(_MARKERS)]


def _style(marker: str, state: int) -> dict[str, Any]:
    face, edge = {
        EXISTING: ("white", "#1a1a1a"),
        NEW: (colours.NEW, "white"),
        CLOSED: ("#d0d0d0", "#7a1010"),
    }[state]
    return {"marker": marker, "facecolors": face, "edgecolors": edge, "linewidths": 0.35}


def _legend(figure: Any, result: Result, shown: Scene, service: ServiceScene, language: Language) -> None:
    line = extra("matplotlib.lines", "report").Line2D
    unit, word = sentences.unit(result.summary, language), language.word
    ends, shades = colours.bins(service.standards)
    texts = [language.number(end) for end in ends]
    bins = [word("legend.below", high=texts[0], unit=unit)]
    bins += [word("legend.between", low=a, high=b, unit=unit) for a, b in pairwise(texts)]
    bins.append(word("legend.above", low=texts[-1], unit=unit))
    entries = [("o", shade, shade, text) for shade, text in zip(shades, bins, strict=True)]
    entries.append(("x", "#31125a", "#31125a", word("legend.beyond")))
    if any((one.tenths == NOBODY).any() for one in service.answered.values()):
        entries.append(("+", colours.NOBODY, colours.NOBODY, word("legend.nobody")))
    if (service.answered["after"].tenths == EXCLUDED).any():
        entries.append(("o", colours.EXCLUDED, colours.EXCLUDED, word("legend.excluded")))
    kinds = result.problem.responses.settings.types
    for state, key in ((EXISTING, "legend.existing"), (NEW, "legend.new"), (CLOSED, "legend.closed")):
        for type_ in service.types:
            if ((shown.state == state) & (shown.type == type_)).any():
                style = _style(_marker(shown, type_), state)
                said = word(key, title=kinds[type_].title)
                entries.append((style["marker"], style["facecolors"], style["edgecolors"], said))
    handles = [
        line(
            [],
            [],
            linestyle="",
            marker=marker,
            markersize=8,
            markerfacecolor=face,
            markeredgecolor=edge,
            label=_plain(text),
        )
        for marker, face, edge, text in entries
    ]
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.005, 0.0), ncols=5, frameon=False, fontsize=10.5
    )
