"""What two solves must agree on, instances with many ties, and instances written in another order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

import siting
from siting.instance import Instance
from siting.result import Result
from tests.catalogue.instances import AREAS, PERIODS, SCENARIOS, SERVICES, TYPES, Tables, numbers, tables

BUT = ("seconds", "versions", "files", "origin", "warnings")
"""Parts of a summary that may differ: the clock, the machine, and how the instance was written."""

NUMBERS = {
    "budget": 9, "yearly": 1, "yearly_budget": 4, "funds": 6, "busy": 0.3, "crews": 2, "floor": 0.2,
    "officers": 3, "tail": 0.25, "moves": 1, "apart": 4, "rate": 0.002, "share": 0.7, "outer": 0.7,
    "inner": 0.3, "once": 0.3,
}  # fmt: skip
"""Numbers of the models' parameters that suit the tied instance."""


def prints(result: Result) -> dict[str, str]:
    """SHA-256 of every file of the plan folder; of the summary without what may differ."""
    if result.plan is None:
        return {"status": f"{result.status.name} {result.termination.name}"}
    with TemporaryDirectory() as folder:
        found = siting.write(result, Path(folder) / "plan")
        texts = {path.name: path.read_bytes() for path in sorted(found.iterdir())}
    summary = json.loads(texts["summary.json"])
    kept = {key: value for key, value in summary.items() if key not in BUT}
    texts["summary.json"] = json.dumps(kept, sort_keys=True).encode()
    return {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}


def fitting(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the numbers that a model asks for."""
    known = siting.load_model(model).parameters
    return {name: value for name, value in given.items() if name in known}


def rich(seed: int) -> tuple[Tables, dict[str, Any]]:
    """A random instance that every bundled model binds to, and numbers for their parameters."""
    rng = np.random.default_rng(seed)
    found = tables(rng)
    return found, {**numbers(rng, found), "busy": 0.3}


def tied(size: int = 5, seed: int = 0) -> Tables:
    """A square grid on which nearly everything ties: equal people, roads and costs; all types stand
    for candidates, in places that a seed chooses."""
    rng = np.random.default_rng(seed)
    at = {f"p{x}{y}": (x, y) for x, y in product(range(size), repeat=2)}
    names = list(at)
    spots = {kind: rng.permutation(names)[:size].tolist() for kind in TYPES}
    old = [("f9", names[0], "basic_center"), ("f10", names[-1], "basic_center"), ("f1", names[1], "division")]
    centers = [(site, "center_upgrade", name) for name, site, kind in old if kind == "basic_center"]
    free = ("fire_department", "division", "sector", "officer_station")
    new = [*((site, kind, "") for kind in free for site in spots[kind]), *centers]
    ways = [
        (one, other)
        for line in product(range(size), repeat=1)
        for run in (
            [f"p{line[0]}{y}" for y in range(size)],
            [f"p{x}{line[0]}" for x in range(size)],
        )
        for one, other in pairwise(run)
    ]
    frames = {
        "places": pd.DataFrame(
            {
                "place_id": names,
                "name": "Same",
                "lat": [49.0 + 0.0001 * x for x, _ in at.values()],
                "lon": [32.0 + 0.0001 * y for _, y in at.values()],
                "population": 100,
                "kind": "village",
                "region": ["n" if x < size // 2 else "s" for x, _ in at.values()],
                "district": "d1",
                "community": "c1",
                "fires": 1.0,
            }
        ),
        "areas": pd.DataFrame(
            [(level, one, f"Area {one}", None) for level, ids in AREAS.items() for one in ids],
            columns=["level", "area_id", "name", "means"],
        ),
        "facilities": pd.DataFrame(
            [(name, "Same", kind, site, 1) for name, site, kind in old],
            columns=["facility_id", "name", "type", "site", "closable"],
        ),
        "candidates": pd.DataFrame(new, columns=["site", "type", "replaces"]).assign(cost=2.0),
        "roads": pd.DataFrame(ways, columns=["from", "to"]).assign(**{"km": 2.0, "kmh": 60, "class": "main"}),
        "scenarios": pd.DataFrame(
            [("winter", "main", 1.5, ""), ("winter", "", None, names[2])],
            columns=["scenario", "class", "factor", "site"],
        ),
    }
    return Tables(
        frames,
        {
            "name": "tied",
            "currency": "million UAH",
            "services": SERVICES,
            "types": {name: {**kind, "new": 2} for name, kind in TYPES.items()},
            "scenarios": {name: {"probability": 0.5} for name in SCENARIOS},
            "periods": {name: {"weight": 1.0} for name in PERIODS},
        },
    )


def shuffled(frames: Mapping[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """The same tables with their rows in another order."""
    rng = np.random.default_rng(seed)
    return {name: frame.iloc[rng.permutation(len(frame))] for name, frame in frames.items()}


def instance_of(found: Tables, shuffle: int | None = None) -> Instance:
    """The instance of the tables, their rows in another order if ``shuffle`` is a seed."""
    frames = found.frames if shuffle is None else shuffled(found.frames, shuffle)
    return Instance.from_frames(**frames, settings=found.settings)


def shuffle_folder(source: Path, target: Path, seed: int) -> Path:
    """Copy an instance folder with the rows of all its tables in another order."""
    target.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for path in sorted(source.iterdir()):
        if path.suffix == ".csv":
            head, *rows = path.read_text(encoding="utf-8").splitlines()
            order = rng.permutation(len(rows))
            text = "\n".join([head, *(rows[row] for row in order)]) + "\n"
            (target / path.name).write_text(text, encoding="utf-8")
        elif path.is_file():
            (target / path.name).write_bytes(path.read_bytes())
    return target
