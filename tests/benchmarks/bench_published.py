"""Published optima from the files by the commands alone: import, solve, check, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks import formats
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

SCP = {"scp41": 429, "scp42": 512, "scp51": 253, "scp61": 138, "scpa1": 253, "scpd1": 60}
"""Optima that the files do not state (Beasley 1987, 1990)."""

POINTS = ("rl1304", "vm1748")


def main(settings: Settings) -> Iterator[Line]:
    """One line per file and question."""
    for number, (name, words, model) in enumerate(_work(settings.data)):
        folder = settings.work / f"published{number}"
        yield _line(name, words, model, folder, settings.ours(120.0))


def _work(data: Path) -> Iterator[tuple[str, list[str], str]]:
    """Name, words of the import, and model, empty for the file's own."""
    orlib = data / "orlib"
    for path in formats.numbered(orlib / "pmed", "pmed*[0-9].txt"):
        for model in ("", "p_center"):
            yield f"{path.stem} {model}".strip(), ["orlib", str(path)], model
    for folder in ("uncap", "pmedcap"):
        for path in sorted((orlib / folder).glob("*.txt")):
            yield path.stem, ["orlib", str(path), "--problem", folder], ""
    for name, optimum in SCP.items():
        path = orlib / "scp" / f"{name}.txt"
        if path.exists():
            yield name, ["orlib", str(path), "--published", str(optimum)], ""
    if (data / "tsplib").is_dir():
        for one in formats.published_medians(data / "tsplib" / "pmedian_optima.csv"):
            if one.instance in POINTS:
                path = data / "tsplib" / f"{one.instance}.tsp"
                yield f"{one.instance} p = {one.medians}", ["tsplib", str(path), "-p", str(one.medians)], ""


def _line(name: str, words: Sequence[str], model: str, folder: Path, cap: float) -> Line:
    """What the three commands say about one file."""
    start = time.perf_counter()
    _siting("import", *words, "--out", str(folder / "instance"))
    middle = time.perf_counter()
    question = ["--model", model] if model else []
    told = _siting(
        "solve",
        str(folder / "instance"),
        "--out",
        str(folder / "plan"),
        "--seconds",
        str(cap),
        "--json",
        *question,
    )
    end = time.perf_counter()
    _siting("check", str(folder / "instance"), str(folder / "plan"))
    summary = json.loads(told)
    goal, published = summary["objectives"][0], summary["published"]
    reached = published is not None and abs(published["worse_by"]) <= 1e-7 and summary["status"] == "optimal"
    ours = Side("siting", end - middle, summary["status"], reached, goal["value"], build=middle - start)
    known = "no published value" if published is None else f"{published['value']:,.10g}"
    return Line(name, ours, reach=known, reached=reached)


def _siting(*words: str) -> str:
    """What a command prints.

    Raises:
        subprocess.CalledProcessError: it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "siting", *words], capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout
