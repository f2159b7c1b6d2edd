"""Readers of the public files the benchmarks run on, which are not part of this project.

OR-Library (Beasley 1990) p-median and set covering files, TSPLIB (Reinelt 1991) point sets, and the
published p-median optima of TSPLIB point sets (Duran-Mateluna, Ales & Elloumi 2023). They are looked
for beside the checkout.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

DATA = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data"
"""Folder of the public files."""

Distances = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MedianFile:
    """One p-median problem: (n, n) distances, how many medians, and the optimum (None: unknown)."""

    name: str
    distances: Distances
    medians: int
    best: int | None


@dataclass(frozen=True, eq=False)
class CoverFile:
    """One set covering problem: costs (m,), and per row the columns that cover it.

    Attributes:
        name: of the file.
        cost: (m,) cost of every column.
        indptr, col: row i is covered by the columns ``col[indptr[i]:indptr[i + 1]]``, ascending.
    """

    name: str
    cost: NDArray[np.float64]
    indptr: NDArray[np.int64]
    col: NDArray[np.int32]


@dataclass(frozen=True)
class Published:
    """One line of the published p-median results: optimum, seconds of CPLEX's Benders and of Zebra."""

    instance: str
    medians: int
    best: int
    seconds: float
    zebra: float | None


def numbered(folder: Path, pattern: str) -> list[Path]:
    """Files of a folder in the order of the number in their names; empty if the folder is absent."""
    return sorted(folder.glob(pattern), key=lambda path: [int(n) for n in re.findall(r"\d+", path.stem)])


def optima(path: Path) -> dict[str, int]:
    """Name and value per line; lines that end in no whole number are headings."""
    found = {}
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.split()
        if len(words) >= 2 and words[-1].isdigit():
            found[words[0]] = int(words[-1])
    return found


def read_pmed(path: Path, best: int | None = None) -> MedianFile:
    """A p-median file: ``n m p``, then m undirected edges ``i j cost``; the last of duplicates wins."""
    numbers = np.array(path.read_text(encoding="ascii").split(), dtype=np.int64)
    count, edges, medians = (int(number) for number in numbers[:3])
    tail, head, cost = numbers[3 : 3 + 3 * edges].reshape(edges, 3).T
    low, high = np.minimum(tail, head) - 1, np.maximum(tail, head) - 1
    key = (low * count + high)[::-1]
    _, last = np.unique(key, return_index=True)  # the first of the reversed list is the last
    low, high, cost = low[::-1][last], high[::-1][last], cost[::-1][last]
    graph = coo_array((cost.astype(float), (low, high)), shape=(count, count)).tocsr()
    distances = np.rint(shortest_path(graph, method="D", directed=False)).astype(np.int64)
    return MedianFile(path.stem, distances, medians, best)


def pmed_files(folder: Path, best: str) -> list[MedianFile]:
    """All p-median files of a folder, with the optima of the file ``best`` in it."""
    paths = numbered(folder, "pmed*[0-9].txt")
    known = optima(folder / best) if paths else {}
    return [read_pmed(path, known.get(path.stem)) for path in paths]


def read_scp(path: Path) -> CoverFile:
    """A set covering file: ``m n``, n costs, then per row its count and its columns (from 1)."""
    numbers = np.array(path.read_text(encoding="ascii").split(), dtype=np.int64)
    rows, columns = int(numbers[0]), int(numbers[1])
    cost = numbers[2 : 2 + columns].astype(np.float64)
    at, parts = 2 + columns, []
    for _ in range(rows):
        size = int(numbers[at])
        parts.append(np.sort(numbers[at + 1 : at + 1 + size]) - 1)
        at += 1 + size
    indptr = np.r_[0, np.cumsum([len(part) for part in parts])].astype(np.int64)
    return CoverFile(path.stem, cost, indptr, np.concatenate(parts).astype(np.int32))


def read_tsplib(path: Path) -> NDArray[np.float64]:
    """(n, 2) coordinates of a TSPLIB file with EDGE_WEIGHT_TYPE EUC_2D.

    Raises:
        ValueError: another edge weight type, or another number of points than DIMENSION says.
    """
    head, _, body = path.read_text(encoding="ascii").partition("NODE_COORD_SECTION")
    fields = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())
    }
    if fields["EDGE_WEIGHT_TYPE"] != "EUC_2D":
        raise ValueError(f"{path.name}: expected EUC_2D, found {fields['EDGE_WEIGHT_TYPE']}")
    lines = [line.split() for line in body.splitlines() if len(line.split()) == 3]
    if len(lines) != int(fields["DIMENSION"]):
        raise ValueError(f"{path.name}: {len(lines)} points, but DIMENSION is {fields['DIMENSION']}")
    return np.array([[float(x), float(y)] for _, x, y in lines])


def floor_distances(points: NDArray[np.float64]) -> Distances:
    """(n, n) Euclidean distances rounded down, as the p-median papers take them."""
    across = points[:, None, 0] - points[None, :, 0]
    along = points[:, None, 1] - points[None, :, 1]
    return np.floor(np.sqrt(across * across + along * along)).astype(np.int64)


def cost_of(distances: Distances, medians: Sequence[int] | NDArray[np.int64]) -> int:
    """Sum of the distances of every point to its nearest median."""
    return int(distances[:, np.asarray(medians, dtype=np.int64)].min(axis=1).sum())


def published_medians(path: Path) -> list[Published]:
    """The lines of pmedian_optima.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Published(
                row["instance"], int(row["p"]), int(row["opt_or_bkn"]), float(row["Ttot_s"]),
                None if row["zebra_T_s"] == "TL" else float(row["zebra_T_s"]),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
