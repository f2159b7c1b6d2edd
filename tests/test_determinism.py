"""The same inputs give the same plan: run after run, on one thread and on two, in any order of rows."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import siting
from siting.errors import InstanceError
from siting.instance import Instance
from siting.instance.order import natural
from siting.methods import METHODS
from siting.model import bundled_models
from tests.fresh import cases, ground, in_fresh_process, prints_of, solved
from tests.same_plans import instance_of, prints, rich, shuffle_folder, tied

HOME = Path(__file__).parents[1] / "instances"

TIED = ("max_coverage", "min_travel_time", "p_center", "set_cover", "upgrade")
"""Models with a method of their own each, all of which are quick where everything ties."""


@pytest.mark.parametrize("model", bundled_models())
def test_order_of_rows_and_threads_change_nothing(model: str) -> None:
    """All bytes of the plan folder, for tables whose rows are shuffled, on one thread and on two."""
    case = ("rich:0", model)
    first = prints_of(case)
    assert first is not None
    assert prints_of(case, shuffle=1, threads=2) == first


@pytest.mark.parametrize("model", TIED)
def test_order_of_rows_does_not_break_ties(model: str) -> None:
    """On a grid where nearly everything ties."""
    first = prints_of(("tied:3", model))
    assert first is not None
    assert prints_of(("tied:3", model), shuffle=1) == first


@pytest.mark.slow
@pytest.mark.parametrize("model", TIED)
def test_order_of_rows_does_not_break_ties_whoever_solves(model: str) -> None:
    """Every method that fits the model, of which there are two at least."""
    case = ("tied:4", model)
    found = {method: prints_of(case, method=method) for method in METHODS}
    fitting = {method: first for method, first in found.items() if first is not None}
    assert len(fitting) >= 2
    for method, first in fitting.items():
        for seed in (1, 2):
            assert prints_of(case, method=method, shuffle=seed, threads=seed) == first


def test_order_of_rows_in_files(tmp_path: Path) -> None:
    """A folder whose files are written in another order, and back again."""
    plans = []
    for seed in (1, 2):
        instance = siting.read(shuffle_folder(HOME / "three_towns", tmp_path / str(seed), seed))
        plans.append([prints(siting.solve(instance, model)) for model in ("max_coverage", "set_cover")])
    towns = siting.read("three_towns")
    plans.append([prints(siting.solve(towns, model)) for model in ("max_coverage", "set_cover")])
    assert plans[0] == plans[1] == plans[2]


def test_instance_stands_by_id() -> None:
    """Places, facilities, candidates, areas: the arrays of shuffled tables are those of sorted ones."""
    found = tied(4)
    instance = instance_of(found, 3)
    assert list(instance.places.ids) == sorted(found.frames["places"]["place_id"])
    assert list(instance.facilities.ids) == ["f1", "f9", "f10"]
    assert list(instance.areas["community"].ids) == ["c1", "c2", "c3"]
    keys = list(zip(instance.candidates.type, instance.sites.ids[instance.candidates.site], strict=True))
    assert keys == sorted(keys)
    assert len(keys) == len(found.frames["candidates"])


def test_natural_order() -> None:
    ids = ["v2", "v10", "10", "9", "", "UA10a2", "UA10a10", "009", "b"]
    assert sorted(ids, key=natural) == ["", "9", "009", "10", "UA10a2", "UA10a10", "b", "v2", "v10"]


def test_complaints_name_rows_as_they_were_written() -> None:
    """In the order of the table, with the row that came first where an id comes twice."""
    frames = {name: frame.copy() for name, frame in rich(0)[0].frames.items()}
    places = frames["places"].iloc[::-1].reset_index(drop=True)
    places["population"] = -1
    places.loc[len(places)] = places.iloc[0]
    with pytest.raises(InstanceError) as caught:
        Instance.from_frames(**{**frames, "places": places}, settings=rich(0)[0].settings)
    told = [one.where for one in caught.value.complaints if getattr(one, "column", "") == "population"]
    assert told == [f"places.iloc[{row}]" for row in range(len(places))]
    (twice,) = [str(one) for one in caught.value.complaints if "already" in str(one)]
    assert twice.startswith(f"places.iloc[{len(places) - 1}]")
    assert "in places.iloc[0]" in twice


def test_lines_of_files_stay_those_of_the_files(tmp_path: Path) -> None:
    folder = shuffle_folder(HOME / "three_towns", tmp_path / "towns", 5)
    lines = (folder / "places.csv").read_text(encoding="utf-8").splitlines()
    bad = next(number for number, line in enumerate(lines) if line.startswith("lypa,"))
    lines[bad] = lines[bad].replace("5000", "minus")
    (folder / "places.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(InstanceError) as caught:
        siting.read(folder)
    (told,) = caught.value.complaints
    assert f"places.csv:{bad + 1} population: 'minus'" in str(told)


def test_a_clock_that_decides_is_told(tmp_path: Path) -> None:
    """A time limit or a stop that was reached says so; one that was not reached does not."""
    assert solved(("three_towns", "max_coverage")).repeatable  # type: ignore[union-attr]
    assert solved(("three_towns", "max_coverage"), seconds=60).repeatable  # type: ignore[union-attr]
    instance, _ = ground("poltava")
    stopped = threading.Event()
    stopped.set()
    for result in (
        siting.solve(instance, "max_coverage", seconds=0.0),
        siting.solve(instance, "max_coverage", stop=stopped),
    ):
        assert not result.repeatable
        assert result.summary["repeatable"] is False
        assert not result.resolve(seconds=0.0).repeatable
        found = siting.write(result, tmp_path / "plan")
        assert not siting.read_plan(found, instance).repeatable


def test_shuffled_edits_and_scenarios_multiply_alike() -> None:
    """Several factors on one edge: their product does not depend on the order of the rows."""
    found = rich(0)[0]
    frames = {name: frame.copy() for name, frame in found.frames.items()}
    road = frames["roads"].iloc[0]
    factors = pd.DataFrame(
        {"action": "factor", "from": road["from"], "to": road["to"], "factor": [1.1, 1.7, 0.3, 2.9, 1.3]}
    )
    rng = np.random.default_rng(0)
    times = set()
    for _ in range(6):
        frames["edits"] = factors.iloc[rng.permutation(len(factors))]
        roads = Instance.from_frames(**frames, settings=found.settings).roads
        assert roads is not None
        times.add(roads.ms.tobytes())
    assert len(times) == 1


@pytest.mark.slow
def test_fresh_processes_agree(tmp_path: Path) -> None:
    """Every model, with other hash seeds, on one thread and on two, with a cold and a warm compilation."""
    wanted = cases("three_towns", "rich:1", "rich:2")
    here = [prints_of(case) for case in wanted]
    assert sum(one is not None for one in here) > 2 * len(bundled_models())
    cold = tmp_path / "kernels"
    for hash_seed, threads, folder in (("0", 1, None), ("1", 2, None), ("2", 2, cold), ("3", 1, cold)):
        there = in_fresh_process(wanted, hash_seed, threads, folder)
        assert [case for case, one, two in zip(wanted, here, there, strict=True) if one != two] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 9))
def test_order_of_rows_changes_nothing_on_many_instances(seed: int) -> None:
    for case in cases(f"rich:{seed}"):
        first = prints_of(case)
        assert prints_of(case, shuffle=seed, threads=2) == first, case


@pytest.mark.slow
@pytest.mark.parametrize("model", ["max_coverage", "set_cover", "p_center", "min_travel_time", "total_cost"])
def test_poltava(model: str, tmp_path: Path) -> None:
    """One thread, two threads, and shuffled files."""
    same_on_bundled("poltava", model, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["max_coverage", "set_cover"])
def test_ukraine(model: str, tmp_path: Path) -> None:
    same_on_bundled("ukraine", model, tmp_path)


def same_on_bundled(name: str, model: str, folder: Path) -> None:
    """Solve to a gap that needs no clock, three ways."""
    shuffled = siting.read(shuffle_folder(HOME / name, folder / "shuffled", 1))
    first, second, third = (
        siting.solve(instance, model, gap=1e-4, threads=threads)
        for instance, threads in ((siting.read(name), 1), (siting.read(name), 2), (shuffled, 2))
    )
    assert first.repeatable
    assert prints(first) == prints(second) == prints(third)
