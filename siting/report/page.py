"""One page of HTML that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siting import __version__
from siting.errors import PlanError
from siting.report import plot, sections
from siting.report.cells import Cells
from siting.report.language import Language
from siting.report.markup import data, text
from siting.report.one_file import put_file
from siting.report.payload import payload
from siting.report.scene import WHEN, has_map, scene
from siting.report.wording import language_for

if TYPE_CHECKING:
    from siting.result import Result


FORMAT = "siting-report-1"
"""Value of ``format`` in the block of numbers of a report."""


def write_report(result: Result, path: str | Path, *, language: str = "en") -> Path:
    """Write a report: one HTML file with map, curves, tables and provenance that works offline.

    It loads nothing: the library that draws the map is part of it. Every figure is that of
    ``result.summary``, or recomputed from the plan. With scenarios or periods, map, curves, regions
    and districts are of the first scenario and the last period.

    Args:
        result: must hold a plan.
        path: the file; an older one is replaced once the new one is whole. Parents are made.
        language: ``en`` or ``uk``; names of places and areas are the local ones in ``uk`` where the
            instance has them.

    Returns:
        The file.

    Raises:
        PlanError: there is no plan, no report in that language, or the disk refuses.
        InstanceError: the extra ``siting[report]`` is not installed.
    """
    if result.plan is None:
        raise PlanError(f"there is no plan to report: {result.status.value}")
    shown = page(result, language_for(result, language))
    return put_file(Path(path), shown.encode("utf-8", errors="replace"))


def page(result: Result, language: Language) -> str:
    """The text of the page."""
    scripts: list[str] = []
    blocks = ""
    if has_map(result.problem.instance):
        headings = {when: language.word(when) for when in WHEN}
        content = payload(result, scene(result, language), language)
        blocks, scripts = map_parts(content, headings, language)
    parts = (
        sections.head, sections.cards, sections.atlas, sections.coverage, sections.results, sections.notes,
        sections.provenance,
    )  # fmt: skip
    cells = Cells(language)
    head, *body = (part(result, cells) for part in parts)
    blocks += data(numbers(result, cells), "numbers")
    title = language.say(result.summary["instance"]["title"])
    return assembled(language, title, head, body, blocks, scripts)


def map_parts(content: dict[str, Any], headings: dict[str, str], language: Language) -> tuple[str, list[str]]:
    """Blocks of data and scripts of a map.

    Raises:
        InstanceError: the extra ``siting[report]`` is not installed.
    """
    named = {"name": language.word("column.name"), "region": language.word("region")}
    named |= {"people": language.word("hover.people"), **headings}
    blocks = data(content, "data") + data(plot.document(named, language.word("km")), "document")
    return blocks, [plot.library(), _asset("map.js")]


def assembled(
    language: Language, title: str, head: str, body: Iterable[str], blocks: str, scripts: Sequence[str]
) -> str:
    """A page out of its parts; scripts that tables need are added."""
    scripts = [_asset("tables.js"), *scripts]
    skip, title = text(language.word("skip")), text(title)
    footer = text(language.word("footer", version=__version__))
    return (
        f'<!DOCTYPE html>\n<html lang="{language.code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_asset('report.css')}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#figures">{skip}</a>\n{head}<main>\n{"".join(body)}</main>\n'
        f"<footer>{footer}</footer>\n{blocks}\n"
        + "\n".join(f"<script>{script}</script>" for script in scripts)
        + "\n</body>\n</html>\n"
    )


def numbers(result: Result, cells: Cells) -> dict[str, Any]:
    """Every number of the tables as it is, by ids that are the same in all languages."""
    summary = result.summary
    return {
        "format": FORMAT,
        "language": cells.language.code,
        "instance": summary["instance"]["name"],
        "model": summary["model"]["name"],
        "model_sha256": summary["model"]["sha256"],
        **{key: summary[key] for key in ("status", "bound", "gap")},
        "tables": {key: table for key, table in cells.tables.items() if table["columns"]},
    }


def _policy(scripts: list[str]) -> str:
    """Nothing may be loaded, and no script may run but those of the page, by their hashes."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src {hashes}"


def _asset(file: str) -> str:
    """A file of this package."""
    return (files("siting.report") / file).read_text(encoding="utf-8")
