"""proof.csv: the multipliers that prove the bounds of a plan, for whoever evaluates them again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siting.certificate import Case
from siting.instance.arrays import Floats
from siting.writers.tables import write_table

if TYPE_CHECKING:
    from siting.problem import Problem
    from siting.result import Result

COLUMNS = (
    "objective", "case", "part", "number", "place_id", "service", "scenario", "period", "site_id", "type",
    "multiplier",
)  # fmt: skip
"""Columns of proof.csv; ``number`` is that of an earlier objective or a limit, from 1."""


def write_proof(result: Result, file: Path) -> None:
    """The certificates of all objectives, one row per multiplier, see :class:`siting.certificate.Case`.

    Parts are ``opened`` and ``closed`` (candidates that a case is about), ``need``, ``objective`` (what an
    earlier one has achieved), ``at_least`` and ``at_most`` (sides of a limit). The last row holds the
    SHA-256 of all bytes before it.
    """
    rows = [
        table.assign(objective=number, case=place)
        for number, certificate in enumerate(result.certificates, 1)
        for place, case in enumerate(certificate, 1)
        for table in _tables(result.problem, case)
    ]
    # A bound that holds without any multiplier has no rows.
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    write_table(table.reindex(columns=list(COLUMNS)), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    cells = {"part": "sha256", "place_id": digest}
    with file.open("ab") as out:
        out.write((",".join(cells.get(column, "") for column in COLUMNS) + "\n").encode())


def _tables(problem: Problem, case: Case) -> list[pd.DataFrame]:
    """The rows of a case, part by part."""
    responses = problem.responses
    needs, options, settings = responses.needs, responses.options, responses.settings
    sites, layout = responses.instance.sites, responses.layout
    types, services = ([one.id for one in some] for some in (settings.types, settings.services))
    tables = []
    for part, option in (("opened", case.opened), ("closed", case.closed)):
        columns: dict[str, Any] = {
            "part": part,
            "site_id": sites.ids[options.site[option]],
            "type": [types[kind] for kind in options.type[option]],
        }
        if layout.periods:
            columns["period"] = [settings.periods[one].id for one in options.period[option]]
        tables.append(pd.DataFrame(columns, index=range(len(option))))
    need = np.flatnonzero(~np.isnan(case.worth))
    columns = {
        "part": "need",
        "place_id": responses.instance.places.ids[needs.place[need]],
        "service": np.array(services, dtype=object)[needs.service[need]],
        "multiplier": _short(case.worth[need]),
    }
    if layout.scenarios:
        columns["scenario"] = [settings.scenarios[one].id for one in needs.scenario[need]]
    if layout.periods:
        columns["period"] = [settings.periods[one].id for one in needs.period[need]]
    tables.append(pd.DataFrame(columns, index=range(len(need))))
    for part, numbers in (("objective", case.kept), ("at_least", case.low), ("at_most", case.high)):
        there = np.flatnonzero(numbers)
        columns = {"part": part, "number": there + 1, "multiplier": _short(numbers[there])}
        tables.append(pd.DataFrame(columns, index=range(len(there))))
    return [table.astype({"number": object} if "number" in table else {}) for table in tables if len(table)]


def _short(numbers: Floats) -> Floats:
    """Numbers of twelve digits: any multipliers prove a bound, and these are close enough to the best."""
    return np.array([float(f"{one:.12g}") for one in numbers.tolist()])
