"""Our side: the public solve with the seconds at which gaps were reached, and p-median of a matrix."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import siting
from siting.methods.cover import Cover, solve_cover
from siting.methods.form import Form
from siting.methods.run import Run
from siting.methods.stage import Stage
from siting.plan import PROVED_GAP, relative_gap
from tests.benchmarks.formats import CoverFile, Distances, cost_of, floor_distances, read_pmed
from tests.benchmarks.process import Tell, median_of

MARKS = (1e-3, 1e-4, 1e-5)
"""Gaps whose seconds are noted."""


class Marks:
    """Hears every report of a solve and notes when the first objective's gap got small."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}

    def __call__(self, told: siting.Progress) -> None:
        if told.objective or told.incumbent is None or told.bound is None:
            return
        for mark in MARKS:
            if f"{mark:g}" not in self.found and relative_gap(told.incumbent, told.bound) <= mark:
                self.found[f"{mark:g}"] = told.seconds


METHODS = {
    "max_coverage": "decomposition",
    "min_travel_time": "decomposition",
    "p_center": "auto",
    "set_cover": "auto",
}


def warm() -> None:
    """Load the compiled kernels, so that no benchmark pays for it."""
    for model, method in METHODS.items():
        siting.solve(siting.read("three_towns"), model, method=method)


def prepare(tell: Tell) -> None:
    """Job: compile and cache all kernels that larger problems use."""
    data = siting.read("poltava")
    for model, method in METHODS.items():
        siting.solve(data, model, method=method, seconds=10.0)
    points = np.random.default_rng(0).integers(0, 1000, (200, 2))
    ours_pmedian(floor_distances(points.astype(float)), 20, 2.0)
    tell(done=True)


def solve(
    tell: Tell, instance: str, model: str, seconds: float, numbers: dict[str, Any] | None = None
) -> None:
    """Job: read an instance and solve a model on it; short solves are repeated."""
    warm()
    begun = time.monotonic()
    data = siting.read(instance)
    tell(reading=time.monotonic() - begun)

    def work() -> tuple[siting.Result, Marks]:
        marks = Marks()
        return siting.solve(data, model, seconds=seconds, progress=marks, numbers=numbers), marks

    spent, (result, marks) = median_of(work)
    tell(**figures(result), seconds=spent, marks=marks.found, method=result.method)


def figures(result: siting.Result) -> dict[str, Any]:
    """Whether the first objective is proved, its gap, bound and value."""
    gap = result.gap
    return {
        "proved": gap is not None and gap <= PROVED_GAP,
        "gap": gap,
        "bound": result.bound,
        "value": result.objective,
        "new": 0 if result.plan is None else len(result.plan.opened),
    }


def dense_instance(name: str, distances: Distances, within: float | None = None) -> siting.Instance:
    """Every vertex a place of one person and a candidate, one unit of distance one minute."""
    count = len(distances)
    ids = [f"v{i}" for i in range(count)]
    place, site = np.nonzero(distances <= within) if within is not None else np.indices((count, count))
    place, site = place.ravel(), site.ravel()
    label = np.array(ids, dtype=object)
    return siting.Instance.from_frames(
        places=pd.DataFrame({
            "place_id": ids, "name": ids, "lat": 48.0, "lon": 30.0 + np.arange(count) / 1e4, "population": 1,
            "kind": "vertex",
        }),
        candidates=pd.DataFrame({"site": ids, "type": "median"}),
        od=pd.DataFrame({"from": label[site], "to": label[place], "minutes": distances[place, site]}),
        settings={
            "name": name, "currency": "none",
            "services": {"service": {"standard": {"vertex": within or 1}}},
            "types": {"median": {"provides": {"service": 0}, "new": 1, "cost": 1}},
        },
    )  # fmt: skip


def every_file(tell: Tell, folder: str, names: list[str], model: str, seconds: float) -> None:
    """Job: every p-median file through the public way; ``build`` is making the instance of the matrix."""
    warm()
    replies = []
    for name in names:
        file = read_pmed(Path(folder) / f"{name}.txt")
        begun = time.monotonic()
        instance = dense_instance(name, file.distances)
        build = time.monotonic() - begun
        new = {"median": file.medians}
        spent, result = median_of(partial(siting.solve, instance, model, new=new, seconds=seconds))
        replies.append({**figures(result), "seconds": spent, "build": build})
        tell(replies=replies)


def ours_pmedian(distances: Distances, medians: int, seconds: float) -> tuple[float, float]:
    """p-median of a distance matrix: the plan's cost and a certified lower bound."""
    count = len(distances)
    farthest = distances.max(axis=1)
    order = np.argsort(distances, axis=1, kind="stable").astype(np.int32)
    saving = (farthest[:, None] - np.take_along_axis(distances, order, axis=1)).astype(np.float64)
    keep = saving > 0
    indptr = np.r_[0, np.cumsum(keep.sum(axis=1))].astype(np.int64)
    parts = saving[keep]
    form = Form(
        np.arange(count, dtype=np.int32), indptr, order[keep], parts[None, :], parts, np.zeros(0),
        -float(farthest.sum()), np.ones((1, count)), np.array([float(medians)]), np.zeros(count, dtype=bool),
    )  # fmt: skip
    opened, value, bound = Stage(form, Run(seconds=seconds), -1.0).solve(())
    if opened is None:
        return np.inf, -bound
    cost = cost_of(distances, opened.astype(np.int64))
    assert abs(cost + value) < 0.5
    return float(cost), -bound


def ours_cover(file: CoverFile, seconds: float) -> dict[str, Any]:
    """Set covering on arrays: proved, gap, bound and value."""
    rows, columns = len(file.indptr) - 1, len(file.cost)
    cover = Cover(
        file.indptr, file.col, file.cost, np.ones(rows), np.zeros(rows, dtype=np.int32), np.zeros(1),
        np.zeros(columns, dtype=bool),
    )  # fmt: skip
    found = solve_cover(cover, Run(seconds=seconds))
    if found.chosen is None:
        return {"proved": False, "value": None, "bound": found.bound, "gap": None}
    gap = relative_gap(found.value, found.bound)
    assert cover.allows(found.chosen)
    return {"proved": gap <= PROVED_GAP, "value": found.value, "bound": found.bound, "gap": gap}
