"""Published optima of public files, reached and proved; skipped where the files are not at hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import siting
from siting.plan import Status
from tests.benchmarks import formats, ours

given = pytest.mark.skipif(not formats.DATA.is_dir(), reason="public files are not beside the checkout")

QUICK = {("rl1304", 20), ("rl1304", 50), ("rl1304", 200), ("rl1304", 300), ("vm1748", 200), ("vm1748", 400)}
"""Point sets and p that take about a second; the others are for ``-m slow``."""

HARD = {("pcb3038", p) for p in (10, 20, 50, 100, 150, 200, 300)}
"""These take a minute or more."""


def medians() -> list[formats.MedianFile]:
    return formats.pmed_files(formats.DATA / "orlib" / "pmed", "pmedopt.txt") if formats.DATA.is_dir() else []


@given
@pytest.mark.parametrize("number", range(1, 21))
def test_p_medians_of_or_library(number: int) -> None:
    file = next(file for file in medians() if file.name == f"pmed{number}")
    instance = ours.dense_instance(file.name, file.distances)
    result = siting.solve(instance, "min_travel_time", new=file.medians, seconds=60)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(file.best, rel=1e-9)


def points() -> list[object]:
    """Every published p-median of a point set."""
    path = formats.DATA / "tsplib" / "pmedian_optima.csv"
    lines = formats.published_medians(path) if path.is_file() else []
    marked = []
    for line in lines:
        key = (line.instance, line.medians)
        if key not in HARD:
            marks = [] if key in QUICK else [pytest.mark.slow]
            marked.append(pytest.param(*key, line.best, marks=marks))
    return marked


@given
@pytest.mark.parametrize(("name", "count", "best"), points())
def test_p_medians_of_point_sets(name: str, count: int, best: int) -> None:
    distances = formats.floor_distances(formats.read_tsplib(formats.DATA / "tsplib" / f"{name}.tsp"))
    cost, bound = ours.ours_pmedian(distances, count, 60.0)
    assert cost == best
    assert bound == pytest.approx(best, rel=1e-9)


def fire_zones(alike: bool = False) -> siting.Instance:
    """San Francisco's fire zones: calls per zone, or all alike, and which station reaches which in time."""
    folder = formats.DATA / "sf_fire"
    calls = pd.read_csv(folder / "demand.csv").set_index("zone_idx").value
    pairs = pd.read_csv(folder / "travel_time.csv")
    zones = np.unique(np.concatenate([calls.index, pairs.covered_zone, pairs.selected_zone]))
    # Zones without calls count where all are alike.
    people = np.ones(len(zones), dtype=int) if alike else calls.reindex(zones, fill_value=0).to_numpy()
    return siting.Instance.from_frames(
        places=pd.DataFrame(
            {
                "place_id": zones, "name": [f"zone {zone}" for zone in zones], "lat": 37.7, "lon": -122.4,
                "population": people, "kind": "zone",
            }
        ),
        candidates=pd.DataFrame({"site": np.unique(pairs.selected_zone), "type": "station", "cost": 1.0}),
        od=pd.DataFrame({"from": pairs.selected_zone, "to": pairs.covered_zone, "minutes": 1.0}),
        settings={
            "name": "fire_zones", "currency": "stations",
            "services": {"fire_rescue": {"standard": {"zone": 5}}},
            "types": {"station": {"provides": {"fire_rescue": 0}}},
        },
    )  # fmt: skip


@given
@pytest.mark.parametrize(("count", "calls"), [(5, 98_086), (10, 120_370), (20, 125_346)])
@pytest.mark.parametrize("method", ["exact", "decomposition"])
def test_most_calls_of_fire_zones(method: str, count: int, calls: int) -> None:
    result = siting.solve(fire_zones(), "max_coverage", new=count, method=method, seconds=60)
    assert result.objective == calls
    assert result.gap == pytest.approx(0.0, abs=1e-9)


@given
@pytest.mark.parametrize("method", ["exact", "set_cover"])
def test_fewest_stations_for_all_fire_zones(method: str) -> None:
    result = siting.solve(fire_zones(alike=True), "set_cover", method=method, seconds=60)
    assert result.status is Status.OPTIMAL
    assert result.objective == 19
