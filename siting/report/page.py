"""One page of HTML that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from siting.errors import PlanError
from siting.report import plot, sections
from siting.report.language import Language, language_of
from siting.report.markup import data, text
from siting.report.one_file import put_file
from siting.report.payload import payload
from siting.report.scene import has_map, scene

if TYPE_CHECKING:
    from siting.result import Result


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
    shown = page(result, language_of(language))
    return put_file(Path(path), shown.encode("utf-8", errors="replace"))


def page(result: Result, language: Language) -> str:
    """The text of the page."""
    scripts, blocks = [_asset("tables.js")], ""
    if has_map(result.problem.instance):
        headings = {
            "name": language.word("column.name"), "region": language.word("region"),
            "people": language.word("hover.people"), "before": language.word("before"),
            "after": language.word("after"),
        }  # fmt: skip
        blocks = data(payload(result, scene(result, language), language), "data")
        blocks += data(plot.document(headings), "document")
        scripts += [plot.library(), _asset("map.js")]
    parts = (
        sections.head, sections.cards, sections.atlas, sections.coverage, sections.results, sections.notes,
        sections.provenance,
    )  # fmt: skip
    head, *body = (part(result, language) for part in parts)
    title = text(result.summary["instance"]["title"])
    skip = text(language.word("skip"))
    footer = text(language.word("footer", version=result.summary["versions"]["siting"]))
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
