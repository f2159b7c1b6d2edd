"""report.html against recomputed figures: its block of figures, the tables that show them, and its cards."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from siting.check.curves import BY_SITES, by_minutes, by_sites, services_by_id
from siting.check.folder import Checked
from siting.check.page_tables import Table, expected_tables
from siting.check.rounded import agrees
from siting.check.shown import MARKS, Page, amount, decimal, differs, numbers_in, read_page, share
from siting.check.words import listed
from siting.errors import Complaint, PlanError
from siting.nested import BadTextError, parse_json

REPORT = "report.html"
"""Its name in a plan folder."""

FORMAT = "siting-report-1"

_BLOCK = re.compile(r'<script type="application/json" id="numbers">(.*?)</script>', re.DOTALL)

_CURVE = "curve-"


def check_report(checked: Checked, path: Path) -> list[str]:
    """Differences between a report and what it should say.

    Compared are the block of figures, every cell of the tables that are seen, and the figures of the cards.
    Drawings, words and the data of the map are not read.

    Raises:
        PlanError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PlanError(Complaint(str(path), f"cannot be read: {error.strerror}")) from error
    block = _block(text)
    if isinstance(block, str):
        return [f"{path}: {block}: make the report again"]
    findings = _head(checked, block, path)
    tables = {**expected_tables(checked), **_curves(checked, block["tables"])}
    for name in dict.fromkeys([*tables, *block["tables"]]):
        if name not in tables:
            findings.append(f"{path} {name}: belongs nowhere in a report of this plan")
        elif name not in block["tables"]:
            findings.append(f"{path} {name}: the table is missing")
        else:
            findings += _table(tables[name], block["tables"][name], f"{path} {name}")
    page = read_page(text[: text.find("<script type=")])
    findings += _seen(block, page, path)
    return findings + _cards(checked, block, page, path)


def _block(text: str) -> dict[str, Any] | str:
    """The block of figures, or what is wrong with it."""
    found = _BLOCK.findall(text)
    if len(found) != 1:
        return f"holds {len(found)} blocks of figures, expected one"
    try:
        block = parse_json(found[0])
    except BadTextError as error:
        return f"its block of figures is not valid JSON ({error})"
    if not isinstance(block, dict) or block.get("format") != FORMAT:
        return f"its block of figures is not of the format {FORMAT!r}"
    tables = block.get("tables")
    if not isinstance(tables, dict) or not all(_is_table(table) for table in tables.values()):
        return "its block of figures holds no tables of columns and rows"
    if block.get("language") not in MARKS:
        return f"{block.get('language')!r} is no language of a report"
    return block


def _is_table(table: object) -> bool:
    """Whether a table has columns, and rows of an id and as many values."""
    if not isinstance(table, dict) or not isinstance(table.get("columns"), list):
        return False
    rows, width = table.get("rows"), len(table["columns"])
    return isinstance(rows, list) and all(
        isinstance(row, list)
        and len(row) == 2
        and isinstance(row[0], list)
        and isinstance(row[1], list)
        and len(row[1]) == width
        for row in rows
    )


def _head(checked: Checked, block: Mapping[str, Any], path: Path) -> list[str]:
    """What the block says about the plan as a whole."""
    figures, model = checked.figures, checked.audit.problem.model
    expected = {
        "instance": figures["instance"]["name"],
        "model": model.name,
        "model_sha256": model.sha256,
        **{key: figures[key] for key in ("status", "bound", "gap")},
    }
    known = {*expected, "format", "language", "tables"}
    findings = [
        f"{path} {key}: {block.get(key)!r}, recomputed {value!r}"
        for key, value in expected.items()
        if key not in block or not agrees(value, block[key])
    ]
    return findings + [
        f"{path} {key}: {block[key]!r:.60} belongs nowhere" for key in block if key not in known
    ]


def _curves(checked: Checked, told: Mapping[str, Any]) -> dict[str, Table]:
    """The curves; those by minutes at the minutes that the block tells."""
    found = {}
    for service, number in services_by_id(checked).items():
        name = f"{_CURVE}{service}"
        column = [row[1][0] for row in told[name]["rows"]] if name in told and told[name]["columns"] else []
        minutes = [float(one) for one in column if isinstance(one, int | float) and math.isfinite(one)]
        found[name] = by_minutes(checked, number, sorted({0.0, *minutes}))
    curve = by_sites(checked)
    if curve is not None and BY_SITES in told:
        # Of many facilities only some are told, the first and the last among them.
        numbers = [row[0] for row in told[BY_SITES]["rows"]]
        ends = (curve.rows[0], curve.rows[-1])
        curve = Table(curve.columns, [row for row in curve.rows if [*row[0]] in numbers or row in ends])
    return found if curve is None else {**found, BY_SITES: curve}


def _table(expected: Table, told: Mapping[str, Any], where: str) -> list[str]:
    """Differences between a table of the block and the recomputed one."""
    if list(expected.columns) != told["columns"]:
        return [f"{where}: has the columns {told['columns']}, expected {list(expected.columns)}"]
    ids = [list(key) for key, _ in expected.rows]
    written = [row[0] for row in told["rows"]]
    if ids != written:
        missing = [one for one in ids if one not in written]
        extra = [one for one in written if one not in ids]
        what = [f"{where}: the row {_named(one)} is missing" for one in missing[:5]]
        what += [f"{where}: the row {_named(one)} belongs nowhere" for one in extra[:5]]
        return what or [f"{where}: the rows are out of order"]
    found = [
        (row, column, value, figure)
        for (row, figures), (_, values) in zip(expected.rows, told["rows"], strict=True)
        for column, figure, value in zip(expected.columns, figures, values, strict=True)
        if not agrees(figure, value)
    ]

    def say(one: int) -> str:
        row, column, value, figure = found[one]
        return f"{where} [{_named(row)}] {column}: {value!r}, recomputed {figure!r}"

    return listed(range(len(found)), say, f"differences in {where}")


def _named(key: Sequence[Any]) -> str:
    return ", ".join(str(one) for one in key) or "in all"


def _seen(block: Mapping[str, Any], page: Page, path: Path) -> list[str]:
    """Differences between the tables that are seen and those of the block."""
    findings = []
    for name, table in block["tables"].items():
        shown = page.tables.get(name)
        if shown is None:
            if name != BY_SITES:
                findings.append(f"{path} {name}: the table is not on the page")
            continue
        if [len(row) for row in shown] != [len(table["columns"])] * len(table["rows"]):
            findings.append(f"{path} {name}: the page shows other rows or columns than its block of figures")
            continue
        for cells, (key, values) in zip(shown, table["rows"], strict=True):
            for cell, column, value in zip(cells, table["columns"], values, strict=True):
                if differs(cell, value, block["language"]):
                    where = f"{path} {name} [{_named(key)}] {column}"
                    findings.append(
                        f"{where}: the page shows {cell.shown!r}, its block of figures has {value!r}"
                    )
    extra = sorted(name for name in set(page.tables) - set(block["tables"]) if any(page.tables[name]))
    return findings + [
        f"{path} {name}: the page shows a table that its block of figures lacks" for name in extra
    ]


def _cards(checked: Checked, block: Mapping[str, Any], page: Page, path: Path) -> list[str]:
    """Figures of the cards: one per service, new facilities, money."""
    expected = list(_on_cards(checked.figures, block))
    if len(page.cards) != len(expected):
        return [f"{path}: {len(page.cards)} cards, expected {len(expected)}"]
    findings = []
    for (title, wanted), shown in zip(expected, page.cards, strict=True):
        found, right = Counter(numbers_in(shown, block["language"])), Counter(wanted)
        if found != right:
            extra, missing = (", ".join(one) or "nothing" for one in (found - right, right - found))
            findings.append(f"{path} card of {title}: shows {extra} in place of {missing}")
    return findings


def _on_cards(figures: Mapping[str, Any], block: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Per card what it is about, and the numbers on it."""
    language = block["language"]
    table = block["tables"].get("services", {"columns": [], "rows": []})
    for key, values in table["rows"]:
        if len(key) == 1:
            one = dict(zip(table["columns"], values, strict=True))
            counts = (one[name] for name in ("people", "before", "after", "served after"))
            shares = [
                share(one[name], language)
                for name in ("share before", "share after")
                if one[name] is not None
            ]
            means = [
                decimal(one[name], 1, language)
                for name in ("mean before", "mean after")
                if one[name] is not None
            ]
            yield key[0], [*(decimal(count, 0, language) for count in counts), *shares, *means]
    kinds, money = figures["facilities"].values(), figures["money"]
    new, existing, closed = (
        sum(kind.get(name) or 0 for kind in kinds) for name in ("new", "existing", "closed")
    )
    yield (
        "new facilities",
        [decimal(one, 0, language) for one in (new, existing, *([closed] if closed else []))],
    )
    shown = [amount(money["spent"], language)]
    if money["budget"]:
        shown += [amount(money["budget"], language), share(money["spent"] / money["budget"], language)]
    yield "money", shown + ([amount(money["saved"], language)] if money.get("saved") else [])
