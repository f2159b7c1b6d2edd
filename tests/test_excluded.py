"""Areas excluded from siting, at any level: no needs, no sites, no help from what stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.check import check_folder
from siting.check.times import Ground
from siting.errors import InstanceError
from siting.instance import Instance
from siting.response import build_responses
from siting.terminal.report import warnings

ROADS = pd.DataFrame([("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")], columns=["from", "to"]).assign(
    minutes=5
)
OD = pd.DataFrame(
    [(a, b, 5.0 * abs(ord(a) - ord(b))) for a in "ace" for b in "abcde"], columns=["from", "to", "minutes"]
)


def chain(exclude: dict[str, list[str]], **travel: pd.DataFrame) -> Instance:
    """Five towns in a row, 5 minutes apart, stations at a and e; a candidate at each but b and d."""
    settings: dict[str, Any] = {
        "name": "chain",
        "currency": "EUR",
        "services": {"fire": {"standard": {"town": 6}}},
        "types": {"station": {"provides": {"fire": 1}, "cost": 1, "new": 1}},
        "parameters": {"budget": 1},
        "exclude": exclude,
    }
    return Instance.from_frames(
        places=pd.DataFrame(
            {
                "place_id": list("abcde"),
                "name": list("ABCDE"),
                "lat": 50.0,
                "lon": [30.0, 30.05, 30.1, 30.15, 30.2],
                "population": [100, 200, 300, 400, 500],
                "kind": "town",
                "region": ["w", "w", "w", "o", "o"],
                "district": ["w1", "w1", "w2", "o1", "o2"],
            }
        ),
        areas=pd.DataFrame(
            [("region", "w", "West"), ("region", "o", "East"), ("district", "w1", "First"),
             ("district", "w2", "Second"), ("district", "o1", "Third"), ("district", "o2", "Fourth")],
            columns=["level", "area_id", "name"],
        ),
        facilities=pd.DataFrame(
            {"facility_id": ["f", "g"], "name": ["F", "G"], "type": "station", "site": ["a", "e"]}
        ),
        candidates=pd.DataFrame({"site": ["a", "c", "e"], "type": "station"}),
        settings=settings,
        **travel,
    )  # fmt: skip


@pytest.mark.parametrize("travel", [{"roads": ROADS}, {"od": OD}], ids=["roads", "od"])
def test_what_stands_in_an_excluded_district_serves_nobody(travel: dict[str, pd.DataFrame]) -> None:
    instance = chain({"district": ["o2"]}, **travel)
    responses = build_responses(instance, instance.settings)
    assert responses.needs.place.tolist() == [0, 1, 2, 3]
    assert responses.base_option.tolist() == [0, 0, 0, 0]
    assert (responses.base_ms / 60_000).tolist() == [1, 6, 11, 16]
    assert responses.options.usable.tolist() == [True, False, True, True, False]
    ground = Ground(instance, instance.settings)
    assert ground.standing.tolist() == [True, False, False, False, False]
    assert np.array_equal(ground.options.usable, responses.options.usable)
    assert np.array_equal(ground.answers(ground.standing).ms, responses.base_ms)


def test_levels_add_up_and_are_reported_by_name(tmp_path: Path) -> None:
    result = siting.solve(chain({"region": ["o"], "district": ["w1"]}, roads=ROADS), "max_coverage")
    assert result.summary["excluded"] == {
        "places": 4,
        "people": 1200,
        "areas": {
            "region": {"o": {"name": "East", "places": 2, "people": 900}},
            "district": {"w1": {"name": "First", "places": 2, "people": 300}},
        },
    }
    assert result.summary["facilities"]["station"]["existing"] == 0
    assert result.sites["site_id"].tolist() == ["c"]
    assert warnings(result.summary)[0] == (
        "East, First: excluded from siting; 1,200 people in 4 places are in no figure above."
    )
    siting.write(result, tmp_path / "plan")
    assert check_folder(result.problem.instance, tmp_path / "plan").ok


def test_an_unknown_district_is_named() -> None:
    with pytest.raises(InstanceError, match="'o3' is the id of no district"):
        chain({"district": ["o3"]}, roads=ROADS)
