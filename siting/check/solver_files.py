"""Files in which solvers write solutions: HiGHS, Gurobi, SCIP, CBC, CPLEX, and tables of name and value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

import numpy as np

from siting.instance.arrays import Floats, Texts
from siting.instance.raw import RawTable, Report
from siting.loading import load
from siting.readers.csv_file import decode, read_csv

_COLUMNS = {"name", "value"}

_CBC = ("Optimal", "Stopped", "Infeasible", "Integer infeasible", "Unbounded", "Unknown")


@dataclass(frozen=True, eq=False)
class Listing:
    """R variables and their values.

    Attributes:
        raw: the rows and the lines they are on.
        names, cells, values: (R,) of every row; ``cells`` are the values as they are written.
        claimed: value of the objective, None where the file does not say.
        optimal: the solver calls it optimal.
        complete: the solver lists every variable, also those that are 0.
    """

    raw: RawTable
    names: Texts
    cells: Texts
    values: Floats
    claimed: float | None
    optimal: bool
    complete: bool


@dataclass
class _Found:
    """What a parser picks up: rows (line, name, value), and what is said about all of them."""

    rows: list[tuple[int, str, str]]
    claimed: str = ""
    status: str = ""
    complete: bool = False
    broken: str = ""


def is_solution(path: Path) -> bool:
    """Whether a file is meant as a solver's solution: by its suffix .sol, or the columns of a CSV file."""
    if path.suffix.lower() == ".sol":
        return True
    try:
        with path.open("rb") as file:
            header = file.readline(1000).decode("utf-8-sig", "replace")
    except OSError:
        return False
    return {cell.strip().strip('"') for cell in header.split(",")} == _COLUMNS


def read_listing(path: Path, report: Report) -> Listing | None:
    """Read a solution; None after a complaint about the whole file.

    Args:
        path: the file.
        report: receives everything that is wrong with it.
    """
    try:
        data = load(path)
    except FileNotFoundError:
        report.add(str(path), "the file is missing")
        return None
    except OSError as error:
        report.add(str(path), f"cannot be read: {error.strerror}")
        return None
    if path.suffix.lower() != ".sol":
        raw = read_csv(data, str(path), report)
        if raw is None:
            return None
        if missing := [column for column in ("name", "value") if column not in raw.columns]:
            report.add(str(path), f"the column {missing[0]!r} is missing; expected: name and value", 1)
            return None
        names, cells = raw.text("name"), raw.text("value")
        return Listing(raw, names, cells, _numbers(raw, cells, report), None, False, False)
    text = decode(data, str(path), report)
    return None if text is None else _solver_file(text, str(path), report)


def _solver_file(text: str, where: str, report: Report) -> Listing | None:
    lines = text.splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    parse = _parser(first)
    if first.startswith("<"):
        found = _cplex(text)
    elif parse is not None:
        found = parse([(number, line) for number, line in enumerate(lines, 1) if line.strip()])
    else:
        report.add(where, f"{first[:60]!r} begins no solution of HiGHS, Gurobi, SCIP, CBC or CPLEX", 1)
        return None
    if found.broken:
        report.add(where, found.broken)
        return None
    numbers = np.array([row[0] for row in found.rows], dtype=np.int64)
    names, cells = (np.array([row[key] for row in found.rows], dtype=object) for key in (1, 2))
    raw = RawTable(where, {"name": names, "value": cells}, numbers, len(names))
    claimed = _float(found.claimed)
    optimal = found.status.lower().startswith("optimal")
    told = None if math.isnan(claimed) else claimed
    return Listing(raw, names, cells, _numbers(raw, cells, report), told, optimal, found.complete)


def _parser(first: str) -> Callable[[list[tuple[int, str]]], _Found] | None:
    """What reads a file that begins like this."""
    if first == "Model status":
        return _highs
    if first.startswith("#"):
        return _gurobi
    if first.startswith(("solution status:", "objective value:", "no solution available")):
        return _scip
    return _cbc if first.startswith(_CBC) else None


def _highs(lines: list[tuple[int, str]]) -> _Found:
    """``# Primal solution values``, how good they are, the objective, and all columns."""
    found = _Found([], status=lines[1][1].strip() if len(lines) > 1 else "", complete=True)
    words = [line.strip() for _, line in lines]
    begin = words.index("# Primal solution values") if "# Primal solution values" in words else len(words)
    kind = words[begin + 1] if begin + 1 < len(words) else "missing"
    if kind != "Feasible":
        found.broken = f"holds no feasible solution: its primal solution values are {kind!r}"
        return found
    count = -1
    for number, line in lines[begin + 2 :]:
        if line.startswith("Objective "):
            found.claimed = line.partition(" ")[2].strip()
        elif line.startswith("# Columns "):
            told = line.removeprefix("# Columns ").strip()
            count = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else -1
        elif line.startswith("#"):
            break
        else:
            found.rows.append(_pair(number, line.split()))
    if len(found.rows) != count:
        found.broken = f"{len(found.rows):,} columns are listed, but {count:,} announced: the file is damaged"
    return found


def _gurobi(lines: list[tuple[int, str]]) -> _Found:
    """Comments, one of which holds the objective, and all variables."""
    found = _Found([], complete=True)
    for number, line in lines:
        if line.startswith("#"):
            if "Objective value" in line:
                found.claimed = line.partition("=")[2].strip()
        else:
            found.rows.append(_pair(number, line.split()))
    return found


def _scip(lines: list[tuple[int, str]]) -> _Found:
    """Status, objective, and the variables that are not 0, each with its objective coefficient."""
    found = _Found([])
    for number, line in lines:
        key, _, rest = line.partition(":")
        if key == "solution status":
            found.status = rest.strip()
        elif key == "objective value":
            found.claimed = rest.strip()
        elif line.startswith("no solution available"):
            found.broken = "holds no solution"
        else:
            found.rows.append(_pair(number, line.split()[:2]))
    return found


def _cbc(lines: list[tuple[int, str]]) -> _Found:
    """A line of status and objective, then number, name, value and reduced cost; ``**`` marks what is off."""
    head = lines[0][1].strip()
    found = _Found([], head.rpartition("objective value")[2].strip(), head)
    if head.startswith(("Infeasible", "Integer infeasible", "Unbounded")):
        found.broken = f"holds no solution: {head}"
    for number, line in lines[1:]:
        cells = line.replace("**", " ").split()
        found.rows.append(_pair(number, cells[1:3]))
    return found


class _RefusedError(Exception):
    """The XML holds what is not read."""


def _cplex(text: str) -> _Found:
    """XML: a header with objective and status, then all variables with name and value.

    Document types and entities are refused: they can make a small file endless.
    """
    found = _Found([], complete=True)
    parser = expat.ParserCreate()
    solutions = 0

    def refuse(*_: object) -> None:
        raise _RefusedError("holds a document type or entities, which are not read: write it without")

    def begin(tag: str, given: dict[str, str]) -> None:
        nonlocal solutions
        if tag == "CPLEXSolution":
            solutions += 1
        elif tag == "header":
            found.claimed = given.get("objectiveValue", "")
            found.status = given.get("solutionStatusString", "").removeprefix("integer ")
        elif tag == "variable":
            row = parser.CurrentLineNumber, given.get("name", ""), given.get("value", "")
            found.rows.append(row)

    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except _RefusedError as error:
        found.broken = str(error)
        return found
    except expat.ExpatError as error:
        found.broken = f"is not valid XML: {error}"
        return found
    if solutions != 1:
        found.broken = f"holds {solutions} solutions of CPLEX, expected one"
    elif "infeasible" in found.status or "unbounded" in found.status:
        found.broken = f"holds no solution: {found.status}"
    return found


def _pair(number: int, cells: list[str]) -> tuple[int, str, str]:
    """Line, name and value of a row; both are empty where there is another number of cells."""
    return (number, cells[0], cells[1]) if len(cells) == 2 else (number, " ".join(cells), "")


def _numbers(raw: RawTable, cells: Texts, report: Report) -> Floats:
    values = np.array(list(_floats(cells)), dtype=np.float64)
    report.rows(
        raw,
        ~np.isfinite(values),
        "value",
        lambda row: f"{cells[row]!r} is no number; expected: name and value",
    )
    return values


def _floats(cells: Texts) -> Iterator[float]:
    return (_float(cell) for cell in cells.tolist())


def _float(cell: str) -> float:
    try:
        return float(cell) if "_" not in cell else math.nan
    except ValueError:
        return math.nan
