"""Studies by further solves: the price of nesting, and the stability of sites."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import siting
from siting import Instance

LINE = ("north", "middle", "south")


def on_a_line(reach: float = 10, floods: pd.DataFrame | None = None, **settings: object) -> Instance:
    """Three villages on one road, 20 minutes apart; within 20 minutes the middle reaches all."""
    names = list(LINE)
    tables = {} if floods is None else {"scenarios": floods}
    return Instance.from_frames(
        places=pd.DataFrame(
            {
                "place_id": names, "name": names, "lat": [50.0, 50.1, 50.2], "lon": 30.0,
                "population": [500, 100, 300], "kind": "village",
            }
        ),
        candidates=pd.DataFrame({"site": names, "type": "station", "cost": 1.0}),
        roads=pd.DataFrame({"from": names[:2], "to": names[1:], "minutes": 20.0, "class": ["a", "b"]}),
        **tables,
        settings={
            "name": "line", "currency": "UAH",
            "services": {"fire_rescue": {"standard": {"village": reach}}},
            "types": {"station": {"provides": {"fire_rescue": 0}, "new": 3}},
            **settings,
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def yearly() -> siting.Result:
    """One station a year; the weights make the south come first although the north has more people."""
    instance = on_a_line(
        periods={"y1": {"weight": 1}, "y2": {"weight": 1}},
        parameters={"yearly": {"y1": 1, "y2": 1}},
    )
    return siting.solve(instance, "rollout")


def test_a_rollout_opens_the_best_first(yearly: siting.Result) -> None:
    assert yearly.status is siting.Status.OPTIMAL
    assert yearly.objective == 500 + 800
    assert dict(zip(yearly.sites["site_id"], yearly.sites["period"], strict=True)) == {
        "north": "y1", "south": "y2",
    }  # fmt: skip


def test_nesting_costs_nothing_where_the_best_of_every_year_is_nested(yearly: siting.Result) -> None:
    assert yearly.nesting["period"].tolist() == ["y1", "y2"]
    assert yearly.nesting["nested"].tolist() == [500, 800]
    assert yearly.nesting["alone"].tolist() == [500, 800]
    assert yearly.nesting["price"].tolist() == [0, 0]


def test_nesting_costs_what_an_early_choice_spoils() -> None:
    """With 20 minutes one station in the middle is best; two years weigh, so that the first must wait."""
    instance = on_a_line(
        reach=20,
        periods={"y1": {"weight": 1}, "y2": {"weight": 1}},
        parameters={"yearly": {"y1": 1, "y2": 0}},
    )
    result = siting.solve(instance, "rollout")
    assert result.sites["site_id"].tolist() == ["middle"]
    assert result.nesting["price"].tolist() == [0, 0]


def test_the_price_needs_periods_and_stability_scenarios(three_towns: Instance) -> None:
    result = siting.solve(three_towns)
    with pytest.raises(siting.ModelError, match="looks across periods"):
        _ = result.nesting
    with pytest.raises(siting.ModelError, match="looks across scenarios"):
        _ = result.stability


def test_a_site_is_stable_where_every_scenario_keeps_it() -> None:
    """A flood cuts the south off and spoils the north: one station stays in the middle."""
    instance = on_a_line(
        20,
        pd.DataFrame({"scenario": ["flood", "flood"], "class": ["b", ""], "site": ["", "north"]}),
        scenarios={"today": {"probability": 0.75}, "flood": {"probability": 0.25}},
    )
    one = siting.solve(instance, "robust_expected", new=1)
    assert one.objective == 0.75 * 900 + 0.25 * 600
    assert one.stability["site_id"].tolist() == ["middle"]
    assert one.stability["scenarios"].tolist() == [1.0]
    assert np.isnan(one.stability["near_optimal"]).all()  # the only site was never free to stay
    two = siting.solve(instance, "robust_expected", new=2)
    assert two.objective == 900
    stable = dict(zip(two.stability["site_id"], two.stability["scenarios"], strict=True))
    assert stable["south"] >= 0.5  # the flood cannot do without it
