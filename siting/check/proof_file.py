"""proof.csv of a plan folder, read back into certificates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from siting.certificate import Case, Certificate
from siting.check.files import find
from siting.check.times import Ground
from siting.errors import PlanError
from siting.instance.arrays import Flags, Floats, Ints, Longs, Texts
from siting.instance.raw import RawTable, Report
from siting.instance.references import Ids
from siting.readers.csv_file import read_csv

TEXT = ("part", "place_id", "service", "scenario", "period", "site_id", "type")
NUMBERS = ("objective", "case", "number", "multiplier")
PARTS = ("opened", "closed", "need", "objective", "at_least", "at_most")


def changed(file: Path) -> str | None:
    """What is wrong with the bytes of a proof.csv; None where its last row holds their SHA-256."""
    data = file.read_bytes()
    at = data.rstrip(b"\n").rfind(b"\n") + 1
    last = data[at:].decode("utf-8", "replace")
    if "sha256" not in last:
        return f"{file}: the last row, with the SHA-256 of the rows before, is missing"
    cells = {"part": "sha256", "place_id": hashlib.sha256(data[:at]).hexdigest()}
    header = data[: data.find(b"\n")].decode("utf-8", "replace").split(",")
    if last != ",".join(cells.get(column, "") for column in header) + "\n":
        return f"{file}: has been changed since it was written, its SHA-256 is another one"
    return None


def read_proof(file: Path, ground: Ground, objectives: int, limits: int) -> tuple[Certificate, ...]:
    """The certificates of a proof.csv, one per objective; one without cases proves nothing.

    Args:
        file: the file.
        ground: needs and options of the instance that the plan is of.
        objectives, limits: how many the problem has.

    Raises:
        PlanError: with every row that cannot be read.
    """
    report = Report()
    raw = read_csv(file.read_bytes(), str(file), report)
    lacking = [] if raw is None else [one for one in (*TEXT, *NUMBERS) if one not in raw.columns]
    for column in lacking:
        report.add(str(file), "the column is missing", 1, column)
    if raw is None or report.complaints:
        raise PlanError(report.complaints)
    rows = _Rows(raw, ground, objectives, limits, report)
    if report.complaints:
        raise PlanError(report.complaints)
    return tuple(rows.certificate(number) for number in range(objectives))


class _Rows:
    """The rows of a proof.csv as numbers, (R,) each."""

    def __init__(self, raw: RawTable, ground: Ground, objectives: int, limits: int, report: Report) -> None:
        self._raw, self._report = raw, report
        self._ground, self._limits, self._objectives = ground, limits, objectives
        self._part: Texts = raw.text("part")
        self._whole: Flags = self._part != "sha256"
        number = {name: self._numbers(name) for name in NUMBERS}
        self._objective, self._case = number["objective"], number["case"]
        self._number, self._value = number["number"], number["multiplier"]
        self._blame(self._whole & ~np.isin(self._part, PARTS), "part", f"is none of {', '.join(PARTS)}")
        bad = ~((self._objective >= 1) & (self._objective <= objectives))
        self._blame(self._whole & bad, "objective", f"is no objective from 1 to {objectives}")
        self._need = self._needs()
        self._option = self._options()
        self._check_numbers()

    def _numbers(self, column: str) -> Floats:
        cells = self._raw.text(column)
        values = np.full(len(cells), np.nan)
        bad = np.zeros(len(cells), dtype=bool)
        for row in np.flatnonzero(cells != ""):
            try:
                values[row] = float(cells[row])
            except ValueError:
                bad[row] = True
        self._blame(bad | np.isinf(values), column, "is no number")
        return values

    def _blame(self, rows: Flags, column: str, what: str) -> None:
        self._report.rows(self._raw, rows, column, lambda row: f"{self._raw.cell(column, row)!r} {what}")

    def _find(self, column: str, ids: Sequence[str] | Texts, rows: Flags) -> Longs:
        """(R,) number of each id, -1 in other rows; complains about those that are unknown."""
        found = np.full(len(rows), -1, dtype=np.int64)
        found[rows] = find(Ids(ids), self._raw.text(column)[rows])
        self._blame(rows & (found < 0), column, "is not in the instance")
        return found

    def _needs(self) -> Longs:
        """(R,) need of every row about one, else -1."""
        ground, mine = self._ground, self._whole & (self._part == "need")
        needs, settings = ground.needs, ground.settings
        keys = [
            (needs.place, self._find("place_id", ground.instance.places.ids, mine)),
            (needs.service, self._find("service", [one.id for one in settings.services], mine)),
        ]
        if ground.layout.scenarios:
            keys.append((needs.scenario, self._find("scenario", [s.id for s in settings.scenarios], mine)))
        if ground.layout.periods:
            keys.append((needs.period, self._find("period", [p.id for p in settings.periods], mine)))
        found = _joined(keys, mine)
        self._blame(mine & (found < 0), "place_id", "has no such need")
        return found

    def _options(self) -> Longs:
        """(R,) option of every row about one, else -1."""
        ground, mine = self._ground, self._whole & np.isin(self._part, ("opened", "closed"))
        options, settings = ground.options, ground.settings
        there = options.candidate >= 0
        keys = [
            (np.where(there, options.site, -2), self._find("site_id", ground.instance.sites.ids, mine)),
            (options.type, self._find("type", [kind.id for kind in settings.types], mine)),
        ]
        if ground.layout.periods:
            keys.append((options.period, self._find("period", [p.id for p in settings.periods], mine)))
        found = _joined(keys, mine)
        self._blame(mine & (found < 0), "site_id", "is no candidate of this type")
        return found

    def _check_numbers(self) -> None:
        """Every multiplier is there; every number is one of an earlier objective or a limit."""
        counted = np.isin(self._part, ("need", "objective", "at_least", "at_most"))
        self._blame(counted & np.isnan(self._value), "multiplier", "is no number")
        most = np.where(self._part == "objective", self._objective - 1, self._limits)
        numbered = np.isin(self._part, ("objective", "at_least", "at_most"))
        right = (self._number >= 1) & (self._number <= most) & (self._number % 1 == 0)
        self._blame(numbered & ~right, "number", "is no earlier objective, or no limit, of the model")

    def certificate(self, objective: int) -> Certificate:
        """The cases of an objective."""
        mine = self._whole & (self._objective == objective + 1)
        return tuple(self._of(mine & (self._case == case), objective) for case in np.unique(self._case[mine]))

    def _of(self, mine: Flags, objective: int) -> Case:
        def rows(part: str) -> Longs:
            return np.flatnonzero(mine & (self._part == part))

        def numbers(part: str, size: int) -> Floats:
            values = np.zeros(size)
            values[self._number[rows(part)].astype(np.int64) - 1] = self._value[rows(part)]
            return values

        def options(part: str) -> Ints:
            return np.sort(self._option[rows(part)]).astype(np.int32)

        worth = np.full(len(self._ground.needs.place), np.nan)
        worth[self._need[rows("need")]] = self._value[rows("need")]
        low, high = numbers("at_least", self._limits), numbers("at_most", self._limits)
        return Case(options("opened"), options("closed"), worth, numbers("objective", objective), low, high)


def _joined(keys: Sequence[tuple[Ints | Longs, Longs]], rows: Flags) -> Longs:
    """(R,) what has all keys of a row, -1 where nothing does; the first of several."""
    size = 1
    there = np.zeros(len(keys[0][0]), dtype=np.int64)
    asked, known = np.zeros(len(rows), dtype=np.int64), rows.copy()
    for have, want in keys:
        base = int(max(have.max(initial=0), want.max(initial=0))) + 3
        size, there, asked = size * base, there * base + (have + 2), asked * base + (want + 2)
        known = known & (want >= 0)
    order = np.argsort(there, kind="stable")
    at = np.minimum(np.searchsorted(there[order], asked), max(0, len(there) - 1))
    found = np.where(known & (there[order][at] == asked), order[at], -1) if len(there) else asked * 0 - 1
    return np.asarray(found, dtype=np.int64)
