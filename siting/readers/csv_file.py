"""One CSV file into raw text cells that know their lines."""

from __future__ import annotations

import csv
import io

import numpy as np

from siting.instance.arrays import Floats, Texts
from siting.instance.raw import RawTable, Report, repeated
from siting.readers.plain_csv import read_plain

MOST_ROWS = 50_000_000
"""Most lines of a table."""

MOST_CELLS = 200_000_000
"""Most cells of a table; of so many, numbers and ids, memory holds about 10 GB."""

MOST_COLUMNS = 1_000
"""Most columns of a table."""


def read_csv(data: bytes, where: str, report: Report) -> RawTable | None:
    """Parse a comma-separated file (RFC 4180).

    UTF-8 with or without byte order mark, either line end, quoted cells with line ends inside.
    Lines without any cell filled are skipped.

    Args:
        data: content of the file.
        where: its name in complaints.
        report: receives a complaint about everything that is not such a file.

    Returns:
        The table; None if the file is not readable as one.
    """
    if _too_large(data, where, report):
        return None
    return read_plain(data, where) or _read_lines(data, where, report)


def _too_large(data: bytes, where: str, report: Report) -> bool:
    """Complain about more rows, cells or columns than are read, before anything is made of them."""
    rows = max(data.count(b"\n"), data.count(b"\r"))
    first = data.lstrip(b"\xef\xbb\xbf\r\n,").partition(b"\n")[0].partition(b"\r")[0]
    for count, most, what in (
        (rows, MOST_ROWS, "lines"),
        (rows + data.count(b","), MOST_CELLS, "cells"),
        (first.count(b",") + 1, MOST_COLUMNS, "columns"),
    ):
        if count > most:
            report.add(where, f"{count:,} {what} are more than the {most:,} that are read")
            return True
    return False


def _read_lines(data: bytes, where: str, report: Report) -> RawTable | None:
    """Parse any file line by line, complaining about what is wrong with it."""
    text = decode(data, where, report)
    if text is None:
        return None
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        what = "a quoted cell is not closed" if "end of data" in str(error) else f"not valid CSV ({error})"
        report.add(where, f'{what}; a quote inside quotes is written ""', start)
        return None
    return _table(rows, lines, where, report)


def decode(data: bytes, where: str, report: Report) -> str | None:
    """UTF-8 text without byte order mark; None after a complaint."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add(where, "the encoding is UTF-16; save the file as UTF-8", 1)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8, not e.g. Windows-1251"
        report.add(where, what, line)
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        report.add(where, "holds a NUL byte; it is not a text file or is damaged", line)
        return None
    return text


def _table(rows: list[list[str]], lines: list[int], where: str, report: Report) -> RawTable | None:
    """Rows into columns, after checking the header and the width of every row."""
    if not rows:
        report.add(where, "the file is empty; a header line is expected", 1)
        return None
    headers = [header.strip() for header in rows[0]]
    for delimiter, word in ((";", "semicolon"), ("\t", "tab"), ("|", "bar")):
        if len(headers) == 1 and delimiter in headers[0]:
            report.add(where, f"cells are separated by a {word}; a comma is expected", lines[0])
            return None
    twice = repeated(headers)
    for header in twice:
        report.add(where, "the column occurs more than once", lines[0], header or "''")
    if twice:
        return None
    del rows[0]
    numbers = np.array(lines[1:], dtype=np.int64)
    width = np.array([len(row) for row in rows], dtype=np.int64)
    ragged = width != len(headers)
    raw = RawTable(where, {}, numbers, len(rows))
    report.rows(raw, ragged, None, lambda row: f"{width[row]} cells, but the header has {len(headers)}")
    for row in np.flatnonzero(ragged):
        rows[row] = (rows[row] + [""] * len(headers))[: len(headers)]
    columns: dict[str, Texts | Floats] = {}
    cells = zip(*rows, strict=True) if rows else ([] for _ in headers)
    for header, column in zip(headers, cells, strict=True):
        array = np.empty(len(rows), dtype=object)
        array[:] = [cell.strip() for cell in column]
        columns[header] = array
    return RawTable(where, columns, numbers, len(rows), ragged)
