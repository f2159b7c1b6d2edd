"""A result in the formats of other tools; one line here per format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from siting.errors import PlanError, did_you_mean
from siting.figures import closed_table
from siting.figures.assignments import option_ids
from siting.instance.arrays import Texts
from siting.measures import Term
from siting.methods.complete import Complete, complete_program
from siting.whole import refusal, whole_file
from siting.writers.excel import write_workbook
from siting.writers.geojson import write_geojson
from siting.writers.geopackage import write_geopackage, write_parquet
from siting.writers.layers import Layer, layers, roads_layer
from siting.writers.program import write_lp, write_mps
from siting.writers.sheets import limits_sheet, regions_sheet, summary_sheet
from siting.writers.tables import write_table

if TYPE_CHECKING:
    from siting.problem import Problem
    from siting.result import Result


def export(result: Result, format: str, path: str | Path) -> Path:
    """Write a result for another tool.

    - ``geojson``: the recommended sites; beside them, in files of their own, facilities, places and lines.
    - ``gpkg``: one GeoPackage with the layers sites, facilities, places, lines and roads and the table
      assignments.
    - ``parquet``: the sites; beside them facilities, places, lines and assignments; GeoParquet where
      there are coordinates.
    - ``xlsx``: a workbook with sites, assignments, regions, summary and limits.
    - ``lp``, ``mps``: the program of the first objective, with every need and every candidate; beside
      it those of later objectives, under rows that keep what the plan achieves of the earlier ones,
      and a table of names. ``siting check`` reads the solution that another solver finds.

    Args:
        result: must hold a plan, but for ``lp`` and ``mps``.
        format: a name in :data:`FORMATS`.
        path: the file; others beside it are named after it: ``plan.geojson``, ``plan.lines.geojson``.
            Files of these names are replaced, each once it is whole.

    Returns:
        The file.

    Raises:
        PlanError: an unknown format, another suffix than the format's, no plan, no coordinates to
            draw, a table too long for a spreadsheet, or the disk refuses.
        ModelError: the program would be too large.
        InstanceError: a library is missing; says how to install it.
    """
    target = Path(path)
    if format not in FORMATS:
        raise PlanError(
            f"unknown format {format!r}{did_you_mean(format, FORMATS)}; known: {', '.join(FORMATS)}"
        )
    if target.suffix.lower() != f".{format}":
        raise PlanError(f"{target}: the name of a file in the format {format} ends in .{format}")
    if result.plan is None and format not in ("lp", "mps"):
        raise PlanError(f"there is no plan to write: {result.status.value}")
    try:
        FORMATS[format](result, target)
    except OSError as error:
        raise PlanError(f"{target}: {refusal(error)}") from error
    return target


def _geojson(result: Result, target: Path) -> None:
    for name, layer in _drawn(result).items():
        with whole_file(_beside(target, name)) as file:
            write_geojson(layer, file)


def _geopackage(result: Result, target: Path) -> None:
    found = _drawn(result)
    roads = roads_layer(result.problem.responses)
    if roads is not None:
        found["roads"] = roads
    with whole_file(target) as file:
        write_geopackage(found, _tables(result), file)


def _parquet(result: Result, target: Path) -> None:
    assert result.plan is not None
    found: dict[str, Layer | pd.DataFrame] = {**layers(result, result.plan), **_tables(result)}
    for name, layer in found.items():
        with whole_file(_beside(target, name)) as file:
            write_parquet(layer, file)


def _excel(result: Result, target: Path) -> None:
    sheets = {
        "sites": result.sites,
        **_tables(result),
        "regions": regions_sheet(result.summary),
        "summary": summary_sheet(result.summary),
        "limits": limits_sheet(result.summary),
    }
    with whole_file(target) as file:
        write_workbook(sheets, file)


def _lp(result: Result, target: Path) -> None:
    _programs(result, target, write_lp)


def _mps(result: Result, target: Path) -> None:
    _programs(result, target, write_mps)


FORMATS: dict[str, Callable[[Result, Path], None]] = {
    "geojson": _geojson,
    "gpkg": _geopackage,
    "parquet": _parquet,
    "xlsx": _excel,
    "lp": _lp,
    "mps": _mps,
}
"""Every format by its name, which is the suffix of its files as well, and what writes it."""


def _tables(result: Result) -> dict[str, pd.DataFrame]:
    """What has no place on a map."""
    closing = result.problem.responses.layout.closing
    closed = {"closed": closed_table(result)} if closing else {}
    return {"assignments": result.assignments, **closed}


def _drawn(result: Result) -> dict[str, Layer]:
    """The layers of a plan that can be drawn.

    Raises:
        PlanError: nothing has coordinates.
    """
    assert result.plan is not None
    found = layers(result, result.plan)
    if not any(found[name].located.any() for name in ("facilities", "places")):
        raise PlanError(
            f"the instance {result.problem.instance.settings.name} has no coordinates: there is nothing to "
            "draw; choose parquet, xlsx or csv"
        )
    return found


def _beside(target: Path, name: str) -> Path:
    """Where a layer goes: the sites into the file itself, others beside it."""
    return target if name == "sites" else target.with_suffix(f".{name}{target.suffix}")


def _programs(result: Result, target: Path, write: Callable[..., None]) -> None:
    """One program per objective, each under rows that keep the earlier ones, and the table of names."""
    problem = result.problem
    kept: list[tuple[Term, bool, float]] = []
    for number, goal in enumerate(problem.objectives):
        program = complete_program(problem, number, kept)
        file_name = target if number == 0 else target.with_suffix(f".{number + 1}{target.suffix}")
        with whole_file(file_name) as file:
            write(file, program.arrays, program.columns, program.rows, _about(problem, number, kept))
        if number == 0:
            with whole_file(target.with_suffix(".names.csv")) as file:
                write_table(_names(problem, program), file)
        if number >= len(result.achieved):
            return  # without a plan nobody knows what the next objective has to keep
        value = result.achieved[number].value
        slack = abs(value) * goal.tolerance
        kept.append((goal.term, goal.maximize, value - slack if goal.maximize else value + slack))


def _about(problem: Problem, number: int, kept: list[tuple[Term, bool, float]]) -> list[str]:
    """Lines that say what a program asks."""
    goal, settings = problem.objectives[number], problem.instance.settings
    word = "maximize" if goal.maximize else "minimize"
    lines = [
        f"instance {settings.name}, model {problem.model.name}, objective {number + 1} of "
        f"{len(problem.objectives)}: {word} {goal.term.label} ({goal.term.unit})",
        "open.SITE.TYPE units opened at a candidate, keep.FACILITY 1 where a closable facility stays,",
        "serve.NEED.OPTION share of a need, aux.* what follows from them, constant what is there anyway",
    ]
    lines += [f"limit{count}: {limit.label}" for count, limit in enumerate(problem.limits)]
    return lines + [f"kept{count}: {term.label} {value!r}" for count, (term, _, value) in enumerate(kept)]


def _names(problem: Problem, program: Complete) -> pd.DataFrame:
    """What the variables mean that decide something."""
    responses = problem.responses
    instance, options, needs = responses.instance, responses.options, responses.needs
    column = np.flatnonzero(program.options >= 0)
    option, need = program.options[column], program.needs[column]
    facilities = np.append(instance.facilities.ids, [""] * (len(options.site) - options.existing))
    served = need >= 0
    table = {
        "name": program.columns[column],
        "facility": option_ids(responses)[option],
        "site_id": instance.sites.ids[options.site[option]],
        "facility_id": facilities[option],
        "type": _of([kind.id for kind in responses.settings.types], options.type[option]),
    }
    if responses.layout.periods:
        periods = [one.id for one in responses.settings.periods]
        table["period"] = _of(periods, options.period[option])
    if served.any():
        table["place_id"] = np.where(served, instance.places.ids[needs.place[need]], "")
        services = [one.id for one in responses.settings.services]
        table["service"] = np.where(served, _of(services, needs.service[need]), "")
        if responses.layout.scenarios:
            scenarios = [one.id for one in responses.settings.scenarios]
            table["scenario"] = np.where(served, _of(scenarios, needs.scenario[need]), "")
    return pd.DataFrame(table)


def _of(ids: list[str], index: np.ndarray) -> Texts:
    return np.asarray(np.array(ids, dtype=object)[index])
