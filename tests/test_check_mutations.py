"""A digit or a letter changed anywhere in a plan folder is found, and the file is named."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich_instance import build_rich

import siting
from siting.check import check_folder
from siting.errors import PlanError
from siting.instance import Instance
from siting.reasons import explain
from siting.report import write_report
from siting.studies.frontier import frontier
from siting.writers.explained import write_explanation
from siting.writers.frontier import write_frontier

UNKNOWABLE = {
    "summary.json": {
        "origin": "where the instance was read from on that machine",
        "method": "words about the solve",
        "why": "words about the solve",
        "seed": "only the solve knows it",
        "seconds": "only the clock knew them",
        "versions": "of libraries on that machine",
        "sites": "of full_coverage: an estimate, of which only the range is certain",
        "beyond": "of full_coverage: likewise",
        "unserved": "minutes that count where nobody answers: of no effect where everybody is answered",
        "bound": "a proof is not in the folder; a bound that is none, and its gap, are found",
    },
    "explain.csv": {
        "removal_at_least": "a further solve proves it; it must be no more than a plan loses",
        "removal_proof": "says how the two bounds of the removal compare; one is such a proof",
    },
    "frontier.csv": {"seconds": "only the clock knew them"},
    "marginals.csv": {
        "gain_high": "a further solve proves it; that it is no less than the gain is checked",
        "status": "of that solve",
    },
}
"""What no recomputation yields, by file, and why."""

BLOCK = re.compile(r'(?<=<script type="application/json" id="numbers">).*?(?=</script>)', re.DOTALL)
SHOWN = re.compile(r"(?<=<td class=n)( data-v=\"[^\"]*\")?>[^<]*")

NUMBER = re.compile(r"\d+(?:\.\d+)?")

TOLD = 12
"""Places of a number in a page that are looked at: the last ones of unrounded shares are arithmetic."""

MODELS = ("max_coverage", "min_travel_time", "capacitated_coverage")

FURTHER = ("p_center", "set_cover", "worst_off")


def other(letter: str) -> str:
    """Another digit, or another letter."""
    if letter.isdigit():
        return str((int(letter) + 1) % 10)
    return "y" if letter == "z" else "z"


def with_other(text: str, rng: np.random.Generator) -> str:
    """The text with one digit changed, or one letter where it has none, or something where it is empty."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    places = places or [at for at, letter in enumerate(text) if letter.isalpha()]
    if not places:
        return text + "7"
    at = int(rng.choice(places))
    return text[:at] + other(text[at]) + text[at + 1 :]


def of_table(name: str, text: str, rng: np.random.Generator) -> tuple[str, str]:
    """A CSV file with one cell changed, and what was."""
    rows = list(csv.reader(io.StringIO(text)))
    free = [at for at, column in enumerate(rows[0]) if column not in UNKNOWABLE.get(name, {})]
    line, at = int(rng.integers(1, len(rows))), int(rng.choice(free))
    old = rows[line][at]
    rows[line][at] = with_other(old, rng)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue(), f"{name}:{line + 1} {rows[0][at]}: {old!r} -> {rows[line][at]!r}"


def leaves(value: Any, key: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every leaf of a JSON value that can be recomputed, by its path."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            if name not in UNKNOWABLE["summary.json"]:
                yield from leaves(item, (*key, name))
    else:
        yield key, value


def of_json(text: str, rng: np.random.Generator) -> tuple[str, str]:
    """A JSON file with one leaf changed."""
    whole = json.loads(text)
    every = list(leaves(whole))
    key, old = every[int(rng.integers(len(every)))]
    new = old
    while new == old:
        if old is None or isinstance(old, bool):
            new = 7 if old is None else not old
        else:
            new = with_other(str(old), rng) if isinstance(old, str) else json.loads(number(old, rng))
    inside = whole
    for name in key[:-1]:
        inside = inside[name]
    inside[key[-1]] = new
    return json.dumps(whole), f"summary.json {key}: {old!r} -> {new!r}"


def number(value: float, rng: np.random.Generator) -> str:
    """A number with one digit changed, of which JSON allows no leading zeros."""
    changed = with_other(json.dumps(value), rng)
    return re.sub(r"^(-?)0+(?=\d)", r"\1", changed)


def of_page(text: str, rng: np.random.Generator) -> tuple[str, str]:
    """A report with one digit changed: in its block of figures, or in a cell that is seen."""
    begin = 0
    if rng.random() < 0.5:
        found = BLOCK.search(text)
        assert found is not None
        begin = found.group().index('"rows"')
    else:
        cells = [one for one in SHOWN.finditer(text) if any(letter.isdigit() for letter in one.group())]
        found = cells[int(rng.integers(len(cells)))]
    inside = NUMBER.finditer(text, found.start() + begin, found.end())
    digits = [at for one in inside for at in range(one.start(), min(one.end(), one.start() + TOLD))]
    at = int(rng.choice([at for at in digits if text[at].isdigit()]))
    return text[:at] + other(text[at]) + text[at + 1 :], f"report.html {text[max(0, at - 60) : at + 20]!r}"


def of_model(text: str, rng: np.random.Generator) -> tuple[str, str]:
    """A model with one letter changed."""
    changed = with_other(text, rng)
    return changed, "model.toml"


def changed(name: str, text: str, rng: np.random.Generator) -> tuple[str, str]:
    """A file with one thing changed, and what was."""
    if name.endswith(".csv"):
        return of_table(name, text, rng)
    return {"summary.json": of_json, "report.html": of_page, "model.toml": of_model}[name](text, rng)


def complaints(instance: Instance, path: Path) -> str:
    """Everything the check says about a folder, readable or not; empty when it agrees."""
    try:
        return "\n".join(check_folder(instance, path).findings)
    except PlanError as error:
        return str(error)


def unnoticed(instance: Instance, folder: Path, times: int, rng: np.random.Generator) -> list[str]:
    """Changes that were not found, or were not laid to the file, of so many."""
    assert complaints(instance, folder) == ""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".png"]
    files = [path for path in files if path.suffix != ".csv" or path.read_text().count("\n") > 1]
    missed = []
    for number_ in range(times):
        file = files[number_ % len(files)]
        whole = file.read_text(encoding="utf-8")
        text, what = changed(file.name, whole, rng)
        file.write_text(text, encoding="utf-8")
        told = complaints(instance, folder)
        if file.name not in told:
            missed.append(f"{what}: {told[:300]}")
        file.write_text(whole, encoding="utf-8")
    return missed


@pytest.mark.parametrize("model", [*MODELS, *(pytest.param(one, marks=pytest.mark.slow) for one in FURTHER)])
def test_three_towns(three_towns: Instance, tmp_path: Path, model: str) -> None:
    result = siting.solve(three_towns, model, seconds=20, threads=1)
    folder = siting.write(result, tmp_path / "plan")
    write_report(result, folder / "report.html", language="uk" if model == "p_center" else "en")
    write_explanation(explain(result), folder / "explain.csv")
    assert unnoticed(three_towns, folder, 26, np.random.default_rng(len(model))) == []


@pytest.mark.parametrize("seed", [*(pytest.param(one, marks=pytest.mark.slow) for one in (11, 12)), 13])
def test_rich_instances(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    result = None
    while result is None or result.plan is None:
        instance = build_rich(rng)
        result = siting.solve(
            instance, ("rollout", "robust_expected", "relocation")[seed % 3], seconds=20, threads=1
        )
    folder = siting.write(result, tmp_path / "plan")
    write_report(result, folder / "report.html")
    write_explanation(explain(result), folder / "explain.csv")
    assert unnoticed(instance, folder, 20, rng) == []


@pytest.mark.slow
def test_poltava(tmp_path: Path) -> None:
    instance = siting.read("poltava")
    result = siting.solve(instance, "max_coverage", seconds=3, gap=0.1)
    folder = siting.write(result, tmp_path / "plan")
    write_report(result, folder / "report.html")
    assert unnoticed(instance, folder, 5, np.random.default_rng(5)) == []


@pytest.mark.parametrize(("model", "values"), [("max_coverage", [4, 7, 8]), ("min_travel_time", [7, 8])])
def test_frontiers(three_towns: Instance, tmp_path: Path, model: str, values: list[float]) -> None:
    found = frontier(three_towns, model, sweep={"budget": values}, gap=0.0)
    assert len(found.marginals)
    folder = write_frontier(found, tmp_path / "f")
    rng = np.random.default_rng(3)
    assert unnoticed(three_towns, folder, 6, rng) == []
    missed = []
    for name in ("frontier.csv", "marginals.csv"):
        whole = (folder / name).read_text(encoding="utf-8")
        for _ in range(7):
            text, what = of_table(name, whole, rng)
            (folder / name).write_text(text, encoding="utf-8")
            if name not in complaints(three_towns, folder):
                missed.append(what)
        (folder / name).write_text(whole, encoding="utf-8")
    assert missed == []
