"""Set covering files: ``m n``, n costs of columns, then per row its number of columns and these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import InstanceError
from siting.instance.arrays import Longs
from siting.readers.orlib.benchmark import Benchmark, Pairs, places_table
from siting.readers.orlib.known import in_list, in_own_file
from siting.readers.orlib.text import MOST_PAIRS, Numbers


def misfit(numbers: Numbers) -> str | None:
    """Why the numbers are no set covering file, or None."""
    if len(numbers) < 2 or not all(float(one).is_integer() and one >= 1 for one in numbers.values[:2]):
        return "it begins with two whole numbers: rows, columns"
    rows, columns = (int(one) for one in numbers.values[:2])
    at = 2 + columns
    for row in range(rows):
        if at >= len(numbers):
            return f"the numbers end at row {row + 1:,} of {rows:,}"
        if not float(numbers.values[at]).is_integer() or numbers.values[at] < 0:
            return f"row {row + 1:,} has no number of columns (line {numbers.line(at):,})"
        at += 1 + int(numbers.values[at])
    if at != len(numbers):
        return f"{rows:,} rows take {at:,} numbers, and there are {len(numbers):,}"
    return None


def benchmark(numbers: Numbers, path: Path) -> Benchmark:
    """The problem as a table of times of 0: rows are places, columns candidates.

    Raises:
        InstanceError: costs below 0, columns that do not exist, rows that no column covers.
    """
    rows, columns = (int(one) for one in numbers.values[:2])
    cost = numbers.values[2 : 2 + columns]
    complaints = numbers.refuse(~(cost >= 0), 2, 1, "must be >= 0: the cost of a column")
    heads = _heads(numbers, rows, columns)
    sizes = numbers.values[heads].astype(np.int64)
    if sizes.sum() > MOST_PAIRS:
        raise InstanceError(numbers.complaint(0, f"{sizes.sum():,} entries; read are up to {MOST_PAIRS:,}"))
    inside = np.ones(len(numbers) - 2 - columns, dtype=bool)
    inside[heads - 2 - columns] = False
    at = np.flatnonzero(inside) + 2 + columns
    found = numbers.values[at]
    for one in at[~((found >= 1) & (found <= columns) & (found == np.floor(found)))][:20].tolist():
        what = f"{numbers.values[one]:g} is no column; expected: 1 to {columns:,}"
        complaints.append(numbers.complaint(one, what))
    for row in np.flatnonzero(sizes == 0)[:20].tolist():
        complaints.append(numbers.complaint(int(heads[row]), f"no column covers row {row + 1:,}"))
    if complaints:
        raise InstanceError(complaints)
    pairs = np.unique(np.repeat(np.arange(rows), sizes) + rows * (found.astype(np.int64) - 1))
    names = np.array([f"column {number}" for number in range(1, columns + 1)], dtype=object)
    known = in_own_file(path) or in_list(path, "scpopt.txt")
    return Benchmark(
        path,
        f"set covering problem of {rows:,} rows and {columns:,} columns",
        "Every row is a place of one person, every column a candidate of its cost; a column answers the rows "
        "it covers at once, and no others.",
        places_table(rows, prefix="row "),
        pd.DataFrame({"site": names, "cost": cost}),
        "column",
        {},
        "set_cover",
        {} if known is None else {"set_cover": known},
        sites=names,
        pairs=Pairs(pairs // rows, pairs % rows, np.zeros(len(pairs), dtype=np.int32)),
        standard=1,
        parameters={"share": 1},
    )


def _heads(numbers: Numbers, rows: int, columns: int) -> Longs:
    """(rows,) where each row begins: the place of its number of columns."""
    heads = np.empty(rows, dtype=np.int64)
    at = 2 + columns
    for row in range(rows):
        heads[row] = at
        at += 1 + int(numbers.values[at])
    return heads
