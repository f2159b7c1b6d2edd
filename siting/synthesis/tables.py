"""The tables of a generated instance, and how they become files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.synthesis.plane import DECIMALS

_COLUMNS = {
    "places": [
        "place_id", "name", "name_local", "lat", "lon", "population", "kind",
        "region", "district", "community", "origin", "fires",
    ],
    "areas": ["level", "area_id", "name", "name_local", "means"],
    "facilities": ["facility_id", "name", "type", "site", "origin", "units", "closable"],
    "candidates": ["site", "type", "cost", "units", "replaces"],
    "roads": ["from", "to", "km", "kmh", "oneway", "class"],
    "scenarios": ["scenario", "from", "to", "class", "factor"],
}  # fmt: skip
FILES = frozenset({"instance.toml", "NOTES.md", *(f"{name}.csv" for name in _COLUMNS)})
"""Names of the files that are written."""
_DECIMALS = {
    "lat": DECIMALS,
    "lon": DECIMALS,
    "km": 2,
    "kmh": 2,
    "cost": 2,
    "fires": 3,
    "means": 2,
    "factor": 2,
}


@dataclass(frozen=True)
class Synthesis:
    """A generated instance.

    Attributes:
        places, areas, facilities, candidates, roads, scenarios: tables with the columns of
            instances/README.md, sorted by id.
        settings: the text of instance.toml.
        notes: the text of NOTES.md; empty where it is written by hand.
    """

    places: pd.DataFrame
    areas: pd.DataFrame
    facilities: pd.DataFrame
    candidates: pd.DataFrame
    roads: pd.DataFrame
    scenarios: pd.DataFrame
    settings: str
    notes: str = ""

    def files(self) -> dict[str, str]:
        """Text of every file of the instance folder, by name; equal input, equal bytes."""
        files = {f"{name}.csv": csv_text(getattr(self, name)[columns]) for name, columns in _COLUMNS.items()}
        notes = {"NOTES.md": self.notes} if self.notes else {}
        return {"instance.toml": self.settings, **files, **notes}

    def write(self, folder: Path) -> None:
        """Write the files into a folder, which is made if need be.

        Raises:
            InstanceError: the folder or a file cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in self.files().items():
                (folder / name).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            where = str(error.filename or folder)
            raise InstanceError(Complaint(where, f"cannot be written: {error.strerror}")) from None


def csv_text(table: pd.DataFrame) -> str:
    """CSV with fixed decimals without trailing zeros, '\\n' line ends, empty cells for nothing.

    Of roads, 'both ways' is an empty cell: most roads are so.
    """
    text = table.copy()
    for column, decimals in _DECIMALS.items():
        if column in text:
            cells = text[column].map(lambda value, d=decimals: f"{value:.{d}f}".rstrip("0").rstrip("."))
            text[column] = cells.where(text[column].notna(), "")
    if "oneway" in text:
        text["oneway"] = text["oneway"].map({0: "", 1: "1"})
    return text.to_csv(index=False, lineterminator="\n")
