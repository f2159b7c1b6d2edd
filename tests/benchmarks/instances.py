"""National instances of stated sizes, generated into the temporary folder of a run, and variants."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.process import FINISHED, TOP, Tell, run
from tests.benchmarks.rivals import MissingError

SEED = 2021
UKRAINE = TOP / "instances" / "ukraine"


def generate(tell: Tell, folder: str, places: int) -> None:
    """Job: what ``siting generate --places`` does."""
    from siting.synthesis import sized

    sized.write_sized(Path(folder), places, SEED)


def national(work: Path, places: int) -> Path:
    """Folder of the national instance of so many demand points; made once in a run.

    Raises:
        MissingError: it could not be generated.
    """
    folder = work / f"national_{places}"
    if not folder.exists():
        reply = run("instances:generate", 900.0, folder=str(folder), places=places)
        if reply["ended"] != FINISHED:
            raise MissingError(f"{places:,} places: {reply['ended']}; needs pip install 'siting[bench]'")
    return folder


def variant(work: Path, source: Path, name: str, sites: int | None = None, existing: bool = True) -> Path:
    """A copy with a random choice of the fire departments' candidate sites, or without what exists."""
    copy = work / f"{source.name}_{name}"
    if copy.exists():
        return copy
    shutil.copytree(source, copy)
    if sites is not None:
        table = pd.read_csv(copy / "candidates.csv", dtype=str)
        fire = np.flatnonzero(table["type"] == "fire_department")
        kept = np.random.default_rng(SEED).permutation(fire)[:sites]
        keep = (table["type"] != "fire_department").to_numpy(copy=True)
        keep[kept] = True
        table[keep].to_csv(copy / "candidates.csv", index=False)
    if not existing:
        (copy / "facilities.csv").unlink()
    return copy
