"""What a doctor says: in full for people, and in a few lines before a solve."""

from __future__ import annotations

from itertools import pairwise

from rich.console import Console
from rich.table import Table

from siting.doctor import SNAP_EDGES_M, Diagnosis, Finding, Row, Severity, Snaps
from siting.terminal import sheet

SHOWN = 10
"""Rows of a finding that are printed; --json holds all."""

LINES = 4
"""Findings named before a solve."""

BAR = 40
"""Characters of the longest bar."""

_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print every finding with its first rows, the snap distances, the reader's notes, and a summary."""
    for finding in diagnosis.findings:
        _print_finding(console, finding)
    if diagnosis.snaps is not None and any(diagnosis.snaps.counts):
        _print_snaps(console, diagnosis.snaps)
    for note in diagnosis.notes:
        sheet.line(console, f"Noted while reading: {note}")
    if diagnosis.notes:
        console.print()
    sheet.line(console, summary(diagnosis), "bold")


def summary(diagnosis: Diagnosis) -> str:
    """One line: how many errors and warnings, or that there are none."""
    made = f"{len(diagnosis.checks)} checks" if diagnosis.checks else "not read, so nothing else was checked"
    if not diagnosis.findings:
        return f"{diagnosis.instance}: nothing found ({made})"
    counts = [
        f"{number} {severity.value}{'' if number == 1 else 's'}"
        for severity in Severity
        if (number := diagnosis.count(severity))
    ]
    return f"{diagnosis.instance}: {', '.join(counts)} ({made})"


def brief_lines(diagnosis: Diagnosis) -> list[str]:
    """A handful of lines before a solve, without line ends; none for a clean instance."""
    if not diagnosis.findings:
        return []
    lines = [f"{finding.severity.value}: {finding.what}" for finding in diagnosis.findings[:LINES]]
    more = len(diagnosis.findings) - len(lines)
    rest = f"{more} more; " if more else ""
    return [*lines, f"{rest}siting doctor {diagnosis.origin} tells more"]


def _print_finding(console: Console, finding: Finding) -> None:
    sheet.line(console, f"{finding.severity.value}: {finding.what}", _STYLE[finding.severity])
    sheet.line(console, f"  Effect: {finding.effect}.")
    sheet.line(console, f"  Remedy: {finding.remedy}.")
    shown = finding.rows[:SHOWN]
    if shown:
        console.print(_rows(shown))
    more = len(finding.rows) - len(shown) + finding.unlisted
    if more:
        sheet.line(console, f"    ... and {more:,} more (--json lists what is known of them)")
    console.print()


def _rows(rows: tuple[Row, ...]) -> Table:
    """The rows as a table without headings; columns that are empty in all of them are left out."""
    lines = [(_id(row), _value(row), row.note, _place(row)) for row in rows]
    kept = [column for column in range(4) if any(line[column] for line in lines)]
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(width=2)
    for column in kept:
        table.add_column(justify="right" if column == 1 else "left", overflow="fold")
    for line in lines:
        sheet.row(table, "", *(line[column] for column in kept))
    return table


def _id(row: Row) -> str:
    return f"{row.name} ({row.id})" if row.name and row.id else row.name or row.id


def _value(row: Row) -> str:
    if row.value is None:
        return ""
    whole = row.value == int(row.value)
    return f"{row.value:,.0f} {row.unit}".rstrip() if whole else f"{row.value:,.3g} {row.unit}".rstrip()


def _place(row: Row) -> str:
    """File, line and column, as far as they are known."""
    where = row.file or ""
    if row.line is not None:
        where += f":{row.line}"
    return f"{where} {row.column}".strip() if row.column else where


def _print_snaps(console: Console, snaps: Snaps) -> None:
    """The histogram of snap distances as bars."""
    names = [f"{_metres(low)} to {_metres(high)}" for low, high in pairwise(SNAP_EDGES_M)]
    names.append(f"more than {_metres(SNAP_EDGES_M[-1])}")
    sheet.line(console, f"Distance to the nearest road ({snaps.on_network:,} sites stand on one)", "bold")
    table = sheet.table(("", "sites", ""))
    table.columns[2].justify = "left"
    most = max(snaps.counts)
    last = max(number for number, count in enumerate(snaps.counts) if count)
    for name, count in list(zip(names, snaps.counts, strict=True))[: last + 1]:
        sheet.row(table, f"  {name}", f"{count:,}", "█" * -(-BAR * count // most))
    console.print(table)
    console.print()


def _metres(value: int) -> str:
    return f"{value} m" if value < 1000 else f"{value // 1000} km"
