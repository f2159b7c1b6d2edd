"""A comparison of plans as a folder: CSV files, GeoJSON, and a page with a map."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from siting.report.comparison import comparison_page
from siting.writers.folder import check_replaceable, write_folder
from siting.writers.geojson import write_geojson
from siting.writers.layers import Layer
from siting.writers.tables import write_table

if TYPE_CHECKING:
    from siting.studies.compare import Comparison

TABLES = ("plans", "objectives", "people", "regions", "districts", "sites", "places", "limits")
"""Tables of a comparison, each a CSV file."""

MAPS = ("sites", "places")
"""Those that are maps too: facilities by what becomes of them, and places that gain or lose."""

FILES = (*(f"{table}.csv" for table in TABLES), *(f"{table}.geojson" for table in MAPS))
"""Every file of the folder but the page."""

PAGE = "compare.html"
"""The page with the map, which is there where the extra ``siting[report]`` is."""


def write_comparison(comparison: Comparison, folder: str | Path, *, language: str = "en") -> Path:
    """Write the tables of a comparison, its maps, and the page with both.

    The folder is whole or not there; an older comparison is replaced, anything else is left alone.

    Args:
        comparison: of :func:`siting.studies.compare.compare`.
        folder: where to; parents are made.
        language: of the page, ``en`` or ``uk``. Without the extra ``siting[report]`` there is no page.

    Returns:
        The folder.

    Raises:
        PlanError: ``folder`` is something else than a comparison, or the disk refuses.
    """
    target = Path(folder)
    check_comparison_target(target)
    page = comparison_page(comparison, language) if find_spec("bokeh") else None

    def fill(temporary: Path) -> None:
        for name in TABLES:
            write_table(_whole(getattr(comparison, name)), temporary / f"{name}.csv")
        for name in MAPS:
            write_geojson(_layer(_whole(getattr(comparison, name))), temporary / f"{name}.geojson")

        if page is not None:
            (temporary / PAGE).write_text(page, encoding="utf-8", errors="replace")

    write_folder(target, fill, check_comparison_target)
    return target


def check_comparison_target(target: Path) -> None:
    """Make sure, before plans are compared, that a comparison may be written there.

    Raises:
        PlanError: something is there that would be lost.
    """
    names = (*FILES, PAGE)
    check_replaceable(
        target, "comparison", names, lambda folder: all((folder / one).exists() for one in FILES)
    )


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """The table with columns of whole numbers as such, so that people are not written as ``41.0``."""
    floats = table.select_dtypes("float64")
    whole = [name for name, column in floats.items() if bool((column.dropna() % 1 == 0).all())]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _layer(table: pd.DataFrame) -> Layer:
    """Rows at their coordinates."""
    place = table[["lat", "lon"]].astype("Float64").to_numpy(float, na_value=float("nan"))
    rest = table.drop(columns=["lat", "lon"])
    return Layer(rest.astype(object).where(rest.notna(), None), place[:, :1], place[:, 1:])
