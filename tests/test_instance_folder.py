"""Instances written into a folder and read again are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.errors import InstanceError
from siting.instance import CandidateStatus, Instance
from siting.instance.decisions import decide
from tests.rich_instance import build_rich
from tests.same_instance import assert_same

SETTINGS: dict[str, Any] = {
    "name": "two",
    "currency": "EUR",
    "services": {"help": {"standard": {"village": 10}}},
    "types": {"post": {"provides": {"help": 1}, "cost": 2, "new": 1}},
}


@pytest.mark.parametrize("name", ["three_towns", "poltava", pytest.param("ukraine", marks=pytest.mark.slow)])
def test_bundled_instances_come_back(name: str, tmp_path: Path) -> None:
    instance = siting.read(name)
    siting.write_instance(instance, tmp_path / "out")
    assert_same(siting.read(tmp_path / "out"), instance)


@pytest.mark.parametrize("seed", range(30))
def test_rich_instances_come_back(seed: int, tmp_path: Path) -> None:
    instance = build_rich(np.random.default_rng(seed))
    siting.write_instance(instance, tmp_path / "out")
    assert_same(siting.read(tmp_path / "out"), instance)


def test_an_od_table_without_coordinates_comes_back(tmp_path: Path) -> None:
    """Places need no coordinates, millisecond times survive, and odd names too."""
    names = ['=1+1, "quoted"', "-dash\nand a new line"]
    instance = Instance.from_frames(
        places=pd.DataFrame({"place_id": ["a", "b"], "name": names, "population": [3, 4], "kind": "village"}),
        candidates=pd.DataFrame({"site": ["a", "depot"], "type": "post"}),
        od=pd.DataFrame({"from": ["a", "depot"], "to": ["b", "a"], "minutes": [1 / 60_000, 35_791.39411]}),
        settings={**SETTINGS, "model": "own.toml", "published": {"own": 1.5}},
        brings={"own.toml": siting.load_model("min_travel_time").text},
    )
    assert instance.od is not None
    assert sorted(instance.od.ms.tolist()) == [1, 2_147_483_647]
    siting.write_instance(instance, tmp_path / "out")
    again = siting.read(tmp_path / "out")
    assert_same(again, instance)
    assert ",lat," not in (tmp_path / "out" / "places.csv").read_text()
    result = siting.solve(again)
    assert result.problem.model.name == "own"


def test_places_cut_off_stay_cut_off(tmp_path: Path) -> None:
    """A place whose only road is closed is not joined to another road by being written."""
    before = siting.read("three_towns")
    siting.write_instance(before, tmp_path / "towns")
    edits = "action,from,to\nclose,verba,sosna\n"
    (tmp_path / "towns" / "edits.csv").write_text(edits, encoding="utf-8")
    instance = siting.read(tmp_path / "towns")
    siting.write_instance(instance, tmp_path / "out")
    again = siting.read(tmp_path / "out")
    assert_same(again, instance)
    assert instance.roads is not None
    assert before.roads is not None
    assert len(instance.roads.tail) == len(before.roads.tail) - 2


def test_decisions_are_written_as_status(tmp_path: Path) -> None:
    instance = decide(siting.read("three_towns"), require=[("dub", "fire_department")])
    siting.write_instance(instance, tmp_path / "out")
    status = siting.read(tmp_path / "out").candidates.status
    assert np.bincount(status, minlength=3)[CandidateStatus.REQUIRED] == 1


def test_nothing_is_lost_by_writing(tmp_path: Path) -> None:
    instance = siting.read("three_towns")
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")
    with pytest.raises(InstanceError, match="something else than an instance"):
        siting.write_instance(instance, full, replace=True)
    out = siting.write_instance(instance, tmp_path / "out")
    with pytest.raises(InstanceError, match="holds an instance"):
        siting.write_instance(instance, out)
    siting.write_instance(instance, out, replace=True)
    (out / "letter.txt").write_text("mine")
    with pytest.raises(InstanceError, match=r"letter\.txt"):
        siting.write_instance(instance, out, replace=True)
    with pytest.raises(InstanceError, match="is a file"):
        siting.write_instance(instance, out / "letter.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "out"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", refuse)
    with pytest.raises(InstanceError, match="No space left"):
        siting.write_instance(siting.read("three_towns"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_snapped_sites_come_back_with_their_links(tmp_path: Path) -> None:
    """A road split by a place beside it, under a scenario that slows it, is written in its parts."""
    instance = Instance.from_frames(
        places=pd.DataFrame(
            {
                "place_id": ["a", "b", "off"],
                "name": ["A", "B", "Off"],
                "lat": [50.0, 50.0, 50.002],
                "lon": [30.0, 30.1, 30.04],
                "population": [3, 4, 5],
                "kind": "village",
            }
        ),
        candidates=pd.DataFrame({"site": ["a", "off"], "type": "post"}),
        roads=pd.DataFrame({"from": ["a"], "to": ["b"], "minutes": [12.34567], "class": ["lane"]}),
        scenarios=pd.DataFrame({"scenario": ["snow"], "from": ["a"], "to": ["b"], "factor": [1.7]}),
        settings={**SETTINGS, "scenarios": {"usual": {"probability": 0.5}, "snow": {"probability": 0.5}}},
    )
    assert instance.sites.snap_m[2] > 100
    siting.write_instance(instance, tmp_path / "out")
    again = siting.read(tmp_path / "out")
    assert_same(again, instance)
    assert instance.roads is not None
    assert len(instance.roads.tail) == 6  # two parts of the road and a link, both ways
