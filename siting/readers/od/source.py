"""A table to read in chunks: a CSV or Parquet file, or a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Floats, Ints, Texts
from siting.instance.raw import LISTED, Report, from_frame, repeated
from siting.readers.extras import extra

MAX_BYTES = 4 * 2**30
"""Largest file that is read."""
MAX_CELLS = 50_000_000
"""Most pairs of one table; that many take about 8 GB."""
CELLS = 1 << 21
"""Cells read at a time."""

Coded = tuple[Ints, Texts]
"""Index of each cell among distinct texts, and these; empty text where a cell is."""
Place = tuple[str, int | None]
"""Where a row is: file and line, or ``od.iloc[6]`` and None."""


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table: columns of ids, and (N, K) numbers, NaN where a cell is empty."""

    ids: list[Coded]
    numbers: Floats


class Source(Protocol):
    """A table whose headers are known and whose rows come in chunks."""

    where: str
    headers: list[str]
    warnings: list[str]

    def chunks(self, ids: Sequence[int], numbers: Sequence[int]) -> Iterator[Chunk]:
        """Rows in order, of the columns at the given positions.

        Raises:
            InstanceError: lists cells that are no numbers.
        """

    def texts(self) -> pd.DataFrame:
        """The whole table, cells of files as text."""

    def places(self, rows: Sequence[int]) -> list[Place]:
        """Where rows counted from 0 are, ascending."""


@dataclass
class FrameSource:
    """A DataFrame."""

    where: str
    frame: pd.DataFrame
    headers: list[str]
    warnings: list[str] = field(default_factory=list)

    def chunks(self, ids: Sequence[int], numbers: Sequence[int]) -> Iterator[Chunk]:
        """The columns, all at once."""
        cells = np.empty((len(self.frame), len(numbers)))
        wrong: list[tuple[int, str, str]] = []
        for position, column in enumerate(numbers):
            series = self.frame.iloc[:, column]
            cells[:, position], bad = numeric(series)
            for row in np.flatnonzero(bad)[: LISTED + 1]:
                wrong.append((int(row), self.headers[column], str(series.iloc[row])))
        if wrong:
            raise InstanceError(not_numbers(self, wrong))
        yield Chunk([coded(self.frame.iloc[:, column]) for column in ids], cells)

    def texts(self) -> pd.DataFrame:
        """The frame as it is."""
        return self.frame.set_axis(self.headers, axis=1)

    def places(self, rows: Sequence[int]) -> list[Place]:
        """Position of each row."""
        return [(f"{self.where}.iloc[{row}]", None) for row in rows]


@dataclass
class ParquetSource:
    """A Parquet file, through pyarrow."""

    where: str
    file: Any
    headers: list[str]
    warnings: list[str] = field(default_factory=list)

    def chunks(self, ids: Sequence[int], numbers: Sequence[int]) -> Iterator[Chunk]:
        """Batches of the columns."""
        wanted = [self.headers[column] for column in (*ids, *numbers)]
        size = max(1, CELLS // len(wanted))
        begin = 0
        for frame in self._batches(wanted, size):
            try:
                batch = FrameSource(self.where, frame, wanted)
                yield from batch.chunks(range(len(ids)), range(len(ids), len(wanted)))
            except InstanceError:
                raise InstanceError(self._not_numbers(frame, wanted[len(ids) :], begin)) from None
            begin += len(frame)

    def texts(self) -> pd.DataFrame:
        """The table."""
        frames = list(self._batches(self.headers, CELLS))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=self.headers)

    def places(self, rows: Sequence[int]) -> list[Place]:
        """Number of each row, counted from 1."""
        return [(f"{self.where} row {row + 1}", None) for row in rows]

    def _batches(self, columns: list[str], size: int) -> Iterator[pd.DataFrame]:
        try:
            for batch in self.file.iter_batches(batch_size=size, columns=columns):
                yield batch.to_pandas(ignore_metadata=True)[columns]
        except (extra("pyarrow", "geo").ArrowException, OSError, ValueError) as error:
            raise InstanceError(Complaint(self.where, f"damaged Parquet file: {error}")) from None

    def _not_numbers(self, frame: pd.DataFrame, columns: Sequence[str], begin: int) -> list[Complaint]:
        wrong = []
        for column in columns:
            for row in np.flatnonzero(numeric(frame[column])[1])[: LISTED + 1]:
                wrong.append((begin + int(row), column, str(frame[column].iloc[row])))
        return not_numbers(self, wrong)


def open_frame(name: str, frame: pd.DataFrame) -> FrameSource:
    """A DataFrame as a source; its index is not read.

    Raises:
        InstanceError: a header occurs twice, or there are too many rows.
    """
    if len(frame) > MAX_CELLS:
        raise InstanceError(Complaint(name, f"more than {MAX_CELLS:,} rows; split the table"))
    headers = [str(header).strip() for header in frame.columns]
    complaints = [
        Complaint(name, "the column occurs more than once", column=header or "''")
        for header in repeated(headers)
    ]
    if complaints:
        raise InstanceError(complaints)
    return FrameSource(name, frame, headers)


def open_parquet(path: Path) -> ParquetSource:
    """A Parquet file as a source.

    Raises:
        InstanceError: pyarrow is not installed, the file is no Parquet file, or too large.
    """
    parquet = extra("pyarrow.parquet", "geo")
    where = str(path)
    checked_size(path)
    try:
        file = parquet.ParquetFile(path)
    except (extra("pyarrow", "geo").ArrowException, OSError, ValueError) as error:
        raise InstanceError(Complaint(where, f"no Parquet file, or a damaged one: {error}")) from None
    if file.metadata.num_rows > MAX_CELLS:
        raise InstanceError(Complaint(where, f"more than {MAX_CELLS:,} rows; split the table"))
    headers = list(file.schema_arrow.names)
    if twice := repeated(headers):
        raise InstanceError(
            [Complaint(where, "the column occurs more than once", column=one) for one in twice]
        )
    return ParquetSource(where, file, headers)


def checked_size(path: Path) -> None:
    """Refuse what is no file, cannot be read, is empty or too large.

    Raises:
        InstanceError: says which.
    """
    where, what = str(path), None
    try:
        if path.is_dir():
            what = "is a folder; a CSV or Parquet file is expected"
        elif not path.exists():
            what = "there is no such file"
        elif (size := path.stat().st_size) == 0:
            what = "the file is empty"
        elif size > MAX_BYTES:
            what = (
                f"{size / 2**30:,.1f} GB are more than {MAX_BYTES >> 30} GB; split the table, or use Parquet"
            )
        else:
            path.open("rb").close()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    if what:
        raise InstanceError(Complaint(where, what))


def coded(series: pd.Series[Any]) -> Coded:
    """A column of ids as codes; whole floats without ``.0``, missing values as empty text."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, distinct = series.cat.codes.to_numpy(), pd.Series(series.cat.categories)
    else:
        found, values = pd.factorize(series, use_na_sentinel=True)
        codes, distinct = np.asarray(found), pd.Series(values)
    table = from_frame("ids", pd.DataFrame({"id": distinct}), Report())
    words = table.text("id") if table else np.empty(0, dtype=object)
    return codes.astype(np.int32), np.append(words, "").astype(object)  # code -1 is the last: empty


def numeric(series: pd.Series[Any]) -> tuple[Floats, np.ndarray]:
    """A column as floats, NaN where empty, and which cells are no numbers."""
    if pd.api.types.is_bool_dtype(series) or pd.api.types.is_datetime64_any_dtype(series):
        return np.full(len(series), np.nan), np.ones(len(series), dtype=bool)
    if pd.api.types.is_timedelta64_dtype(series):
        return np.full(len(series), np.nan), np.ones(len(series), dtype=bool)
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_complex_dtype(series):
        return series.to_numpy(np.float64, na_value=np.nan), np.zeros(len(series), dtype=bool)
    text = series.astype(object).where(series.notna(), "").astype(str).str.strip()
    values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    return values, np.isnan(values) & ~text.isin(["", "nan", "NaN", "NA"]).to_numpy()


def not_numbers(source: Source, wrong: Sequence[tuple[int, str, str]], hint: str = "") -> list[Complaint]:
    """Complaints about cells (row, header, text) that are no numbers, ascending by row."""
    listed = sorted(wrong)[:LISTED]
    rows = sorted({row for row, _, _ in listed})
    at = dict(zip(rows, source.places(rows), strict=True))
    complaints = [
        Complaint(at[row][0], f"{text!r} is not a number{hint}", at[row][1], column)
        for row, column, text in listed
    ]
    if len(wrong) > LISTED:
        complaints.append(Complaint(source.where, "... and more cells like these"))
    return complaints
