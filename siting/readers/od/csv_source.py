"""CSV files as other programs write them, read in chunks.

Read as they are, with a warning: cells separated by semicolons, tabs or bars, decimal commas where
commas separate nothing, UTF-16 with a byte order mark. Other encodings than UTF-8 are refused, since
nothing in a file tells one from another and a wrong guess makes other ids.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance.raw import LISTED, repeated
from siting.readers.od.source import CELLS, MAX_CELLS, Chunk, Place, checked_size, coded, not_numbers

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_EMPTY = ("", "NaN", "nan", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None")
"""Cells that hold no number: the pair is unreachable."""
_BLOCK = 1 << 24
_SAMPLE = 10_000
_WIDEST = 1 << 22
"""Most characters of the header."""
_COMMA = re.compile(r"\s*-?\d+,\d+(e[+-]?\d+)?\s*", re.IGNORECASE)


@dataclass
class CsvSource:
    """One CSV file.

    Attributes:
        where: its name in complaints.
        path, encoding, delimiter: how it is read.
        headers: of its columns.
        begin: line on which the rows begin, counted from 0.
        warnings: what is unusual about it.
    """

    where: str
    path: Path
    encoding: str
    delimiter: str
    headers: list[str]
    begin: int
    warnings: list[str] = field(default_factory=list)

    def chunks(self, ids: Sequence[int], numbers: Sequence[int]) -> Iterator[Chunk]:
        """Chunks of the columns asked for; see :class:`siting.readers.od.source.Source`.

        Raises:
            InstanceError: a cell is not a number, or a line is not as wide as the header.
        """
        decimal = "," if self._writes_commas(numbers) else "."
        if decimal == ",":
            self.warnings.append(f"{self.where}: read with decimal commas")
        try:
            for frame in self._frames([*ids, *numbers], dict.fromkeys(numbers, np.float64), decimal):
                columns = [coded(frame[one]) for one in ids]
                yield Chunk(columns, frame[list(numbers)].to_numpy(np.float64))
        except ValueError as error:
            complaints = self._not_numbers(numbers, decimal)
            raise InstanceError(complaints or Complaint(self.where, f"not valid CSV: {error}")) from None

    def texts(self) -> pd.DataFrame:
        """The whole table as text."""
        columns = range(len(self.headers))
        frames = list(self._frames(columns, {}, "."))
        frame = (
            pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns, dtype=object)
        )
        return frame.set_axis(self.headers, axis=1).map(str.strip)

    def places(self, rows: Sequence[int]) -> list[Place]:
        """File and 1-based line of rows counted from 0, ascending."""
        wanted = iter(rows)
        found: list[Place] = []
        with self._open() as file:
            row = next(wanted, None)
            for number, (line, _) in enumerate(_records(file, self.delimiter)):
                if number - 1 == row:  # the first record is the header
                    found.append((self.where, line))
                    row = next(wanted, None)
                if row is None:
                    break
        return found

    def check_lines(self) -> None:
        """Prove that every line is as wide as the header, and text.

        Raises:
            InstanceError: lists the lines that are not; or there are too many.
        """
        rows, plain, ragged = 0, True, []
        for block in _blocks(self.path, self.encoding, self.where):
            if block.count(b"\r") != block.count(b"\r\n"):
                what = "holds carriage returns that end no line; save it with usual line ends"
                raise InstanceError(Complaint(self.where, what))
            plain &= b'"' not in block
            if not plain:
                continue  # every block is decoded, so that the whole file is known to be text
            width = _widths(block, self.delimiter)
            for line in np.flatnonzero((width != len(self.headers)) & (width > 0))[: LISTED + 1]:
                ragged.append((rows + int(line) + 1, int(width[line])))
            rows += len(width)
            self._limit(rows - 1)  # the header is none
        if not plain:
            ragged = self._ragged()
        if ragged:
            raise InstanceError([self._wrong_width(*one) for one in ragged[:LISTED]])

    def _ragged(self) -> list[tuple[int, int]]:
        """Lines that are not as wide as the header, and their cells; for files with quoted cells."""
        found: list[tuple[int, int]] = []
        try:
            with self._open() as file:
                for number, (line, row) in enumerate(_records(file, self.delimiter)):
                    self._limit(number)
                    if len(row) != len(self.headers):
                        found.append((line, len(row)))
        except csv.Error as error:
            raise InstanceError(Complaint(self.where, f"not valid CSV: {error}")) from None
        return found

    def _wrong_width(self, line: int, width: int) -> Complaint:
        what = f"{width} cells, but the header has {len(self.headers)}"
        return Complaint(
            self.where, f"{what}; is the file cut off, or a cell with a separator not quoted?", line
        )

    def _limit(self, rows: int) -> None:
        if rows > MAX_CELLS:
            raise InstanceError(Complaint(self.where, f"more than {MAX_CELLS:,} rows; split the table"))

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline="")

    def _frames(
        self, columns: Sequence[int], types: dict[int, type], decimal: str, rows: int | None = None
    ) -> Iterator[pd.DataFrame]:
        """Chunks of some columns, by position; those without a type are text."""
        names = [str(column) for column in range(len(self.headers))]
        numbers = [column for column, one in types.items() if one is np.float64]
        try:
            with pd.read_csv(
                self.path,
                sep=self.delimiter,
                encoding=self.encoding,
                header=None,
                names=names,
                index_col=False,
                skiprows=self.begin,
                usecols=[names[column] for column in columns],
                dtype={names[column]: types.get(column, object) for column in columns},
                keep_default_na=False,
                na_values={names[column]: list(_EMPTY) for column in numbers},
                decimal=decimal,
                chunksize=max(1, CELLS // len(columns)),
                nrows=rows,
            ) as reader:
                for frame in reader:
                    yield frame.set_axis([int(name) for name in frame.columns], axis=1)
        except pd.errors.EmptyDataError:
            return
        except pd.errors.ParserError as error:
            raise InstanceError(Complaint(self.where, f"not valid CSV: {error}")) from None

    def _writes_commas(self, numbers: Sequence[int]) -> bool:
        """Whether the first numbers with a comma or point have a comma, and commas separate nothing."""
        if self.delimiter == ",":
            return False
        for frame in self._frames(numbers[:100], {}, ".", _SAMPLE):
            words = pd.unique(frame.to_numpy(dtype=object).ravel())
            if any(_COMMA.fullmatch(word) for word in words):
                return True
        return False

    def _not_numbers(self, numbers: Sequence[int], decimal: str) -> list[Complaint]:
        """Complaints about the cells that are no numbers, with their lines."""
        found: list[tuple[int, int, str]] = []
        begin = 0
        for frame in self._frames(numbers, {}, "."):
            texts = frame[list(numbers)].to_numpy(dtype=object)
            codes, words = pd.factorize(texts.ravel())
            written = pd.Series(words).str.strip()
            read = written.where(~written.str.contains(".", regex=False), "x").str.replace(",", ".")
            values = pd.to_numeric(read if decimal == "," else written, errors="coerce").to_numpy()
            wrong = (np.isnan(values) & ~written.isin(_EMPTY).to_numpy())[codes].reshape(texts.shape)
            for row, column in np.argwhere(wrong)[: LISTED + 1 - len(found)]:
                found.append((begin + int(row), numbers[int(column)], str(texts[row, column])))
            begin += len(frame)
        hint = "; the other numbers have a decimal comma" if decimal == "," else ""
        return not_numbers(self, [(row, self.headers[column], text) for row, column, text in found], hint)


def with_points(source: object, cells: pd.Series[Any]) -> pd.Series[Any]:
    """Decimal commas as points, in cells of a file where commas separate nothing."""
    if not isinstance(source, CsvSource) or source.delimiter == ",":
        return cells
    commas = cells.str.fullmatch(_COMMA)
    return cells.where(~commas, cells.str.replace(",", "."))


def open_csv(path: Path) -> CsvSource:
    """Find out how a CSV file is written; nothing but its beginning is read.

    Raises:
        InstanceError: it is empty, has a single column or the same header twice, is in no encoding
            that is read here, or is too large.
    """
    where = str(path)
    checked_size(path)
    warnings = []
    with path.open("rb") as file:
        mark = file.read(4)
    encoding = "utf-8-sig"
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
        warnings.append(f"{where}: read as UTF-16")
    first = next(_blocks(path, encoding, where), b"").decode("utf-8", errors="ignore")
    if not first.strip(" \t\r\n"):
        raise InstanceError(Complaint(where, "the file is empty; a header line is expected", 1))
    if len(first.lstrip().partition("\n")[0]) > _WIDEST:
        what = f"the first line has more than {_WIDEST:,} characters; is this a CSV file?"
        raise InstanceError(Complaint(where, what, 1))
    delimiter = _delimiter(first[:_WIDEST].splitlines())
    if delimiter != ",":
        warnings.append(f"{where}: read with {_DELIMITERS[delimiter]} between the cells")
    with path.open(encoding=encoding, newline="") as file:
        begin, headers = _header(file, delimiter, where)
    complaints = [
        Complaint(where, "the column occurs more than once", 1, header or "''")
        for header in repeated(headers)
    ]
    if complaints:
        raise InstanceError(complaints)
    source = CsvSource(where, path, encoding, delimiter, headers, begin, warnings)
    source.check_lines()
    return source


def _header(file: TextIO, delimiter: str, where: str) -> tuple[int, list[str]]:
    """Line behind the header, counted from 0, and the headers."""
    reader = csv.reader(file, delimiter=delimiter)
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip(" \t")):
                return reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise InstanceError(Complaint(where, f"not valid CSV: {error}", 1)) from None
    raise InstanceError(Complaint(where, "the file is empty; a header line is expected", 1))


def _delimiter(lines: Sequence[str]) -> str:
    """What separates the cells: of what makes the first lines equally wide, what makes them widest."""
    head = [line for line in itertools.islice(lines, 50) if line.strip()]
    if len(head) > 2:
        head.pop()  # may be cut off
    found = []
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            found.append((len(set(widths)) == 1, widths[0], delimiter))
    if not found:
        return ","
    return max(found, key=lambda one: one[:2])[2]


def _records(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The 1-based line on which each record that is not blank begins, and its cells."""
    start = 1
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    for row in reader:
        if row and (len(row) > 1 or row[0].strip(" \t")):
            yield start, row
        start = reader.line_num + 1


def _widths(block: bytes, delimiter: str) -> np.ndarray:
    """Cells on each line of a block without quotes that ends with a line end; 0 for blank lines."""
    byte = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(byte == ord("\n"))
    separators = np.flatnonzero(byte == ord(delimiter))
    width = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
    for line in np.flatnonzero(width == 1):
        start = 0 if line == 0 else ends[line - 1] + 1
        width[line] = bool(block[start : ends[line]].strip(b" \t\r"))
    return width


def _blocks(path: Path, encoding: str, where: str) -> Iterator[bytes]:
    """The file as UTF-8 in blocks of whole lines, each ending with a line end.

    Raises:
        InstanceError: a byte is not in the encoding, or the file is no text.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, rest = 0, b""
    with path.open("rb") as file:
        while True:
            data = file.read(_BLOCK)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                line = lines + rest.count(b"\n") + error.object.count(b"\n", 0, error.start) + 1
                byte, told = error.object[error.start], "UTF-16" if encoding == "utf-16" else "UTF-8"
                what = f"byte 0x{byte:02X} is not {told}; save the file as UTF-8, not e.g. Windows-1251"
                raise InstanceError(Complaint(where, what, line)) from None
            if "\0" in text:
                what = "holds a NUL byte; it is not a text file or is damaged"
                raise InstanceError(Complaint(where, what, lines + text.count("\n", 0, text.index("\0")) + 1))
            rest += text.encode("utf-8", errors="surrogatepass")
            if not data:
                break
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield rest[:cut]
                lines += rest.count(b"\n", 0, cut)
                rest = rest[cut:]
    if rest:
        yield rest + b"\n"
