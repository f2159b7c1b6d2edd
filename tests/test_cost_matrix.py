"""Cost matrices as spopt takes them: the same questions, the same answers."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.readers.cost_matrix import from_cost_matrix

Case = tuple[np.ndarray, np.ndarray]


def random_case(seed: int) -> Case:
    """Costs (clients, facilities) and weights of clients."""
    rng = np.random.default_rng(seed)
    clients, facilities = rng.integers(4, 14), rng.integers(3, 8)
    return rng.integers(1, 60, (clients, facilities)).astype(float), rng.integers(1, 40, clients)


def spopt(model: str, *args: Any, **kwargs: Any) -> float:
    """The objective that spopt finds."""
    locate = pytest.importorskip("spopt.locate")
    pulp = importlib.import_module("pulp")
    solved = getattr(locate, model).from_cost_matrix(*args, **kwargs).solve(pulp.PULP_CBC_CMD(msg=False))
    return float(solved.problem.objective.value())


def plans(cost: np.ndarray, opened: int) -> np.ndarray:
    """(plans, clients) least cost under every choice of facilities."""
    chosen = itertools.combinations(range(cost.shape[1]), opened)
    return np.array([np.fmin.reduce(cost[:, list(one)], axis=1) for one in chosen])


@pytest.mark.parametrize("seed", range(4))
def test_p_median(seed: int) -> None:
    cost, weights = random_case(seed)
    result = siting.solve(from_cost_matrix(cost, weights=weights, new=2), "min_travel_time")
    assert result.status is siting.Status.OPTIMAL
    assert result.objective == pytest.approx((plans(cost, 2) * weights).sum(axis=1).min())
    assert result.objective == pytest.approx(spopt("PMedian", cost, weights, p_facilities=2))


@pytest.mark.parametrize("seed", range(4))
def test_most_covered(seed: int) -> None:
    cost, weights = random_case(seed)
    result = siting.solve(from_cost_matrix(cost, weights=weights, new=2, standard=12), "max_coverage")
    assert result.objective == ((plans(cost, 2) <= 12) * weights).sum(axis=1).max()
    assert result.objective == spopt("MCLP", cost, weights, 12.0, p_facilities=2)


@pytest.mark.parametrize("seed", range(4))
def test_fewest_facilities(seed: int) -> None:
    cost, _ = random_case(seed)
    radius = float(cost.min(axis=1).max()) + 5
    result = siting.solve(from_cost_matrix(cost, standard=radius), "set_cover")
    enough = [n for n in range(1, cost.shape[1] + 1) if (plans(cost, n) <= radius).all(axis=1).any()]
    assert result.objective == enough[0]
    assert result.objective == spopt("LSCP", cost, radius)


@pytest.mark.parametrize("seed", range(4))
def test_p_center(seed: int) -> None:
    cost, _ = random_case(seed)
    result = siting.solve(from_cost_matrix(cost, new=2), "p_center")
    assert result.objective == plans(cost, 2).max(axis=1).min()
    assert result.objective == spopt("PCenter", cost, p_facilities=2)


def test_predefined_facilities_are_among_the_opened() -> None:
    cost, weights = random_case(1)
    must = np.zeros(cost.shape[1])
    must[np.argmax((cost * weights[:, None]).sum(axis=0))] = 1
    result = siting.solve(from_cost_matrix(cost, weights=weights, new=2, predefined=must), "min_travel_time")
    assert f"facility {np.argmax(must)}" in set(result.sites["site_id"])
    there = spopt("PMedian", cost, weights, p_facilities=2, predefined_facilities_arr=must)
    assert result.objective == pytest.approx(there)


def test_existing_facilities_stand_beside_the_new_ones() -> None:
    cost, weights = random_case(2)
    stands = np.eye(cost.shape[1])[0]
    result = siting.solve(from_cost_matrix(cost, weights=weights, new=1, existing=stands), "min_travel_time")
    best = [np.minimum(cost[:, 0], cost[:, one]) @ weights for one in range(1, cost.shape[1])]
    assert result.objective == pytest.approx(min(best))
    assert "facility 0" not in set(result.sites["site_id"])
    assert set(result.problem.instance.facilities.ids) == {"facility 0"}


def test_what_cannot_be_reached_is_absent() -> None:
    cost = np.array([[1.0, np.nan, 9.0], [np.inf, 2.0, 9.0], [np.nan, np.inf, np.nan]])
    instance = from_cost_matrix(cost, new=2)
    assert instance.od is not None
    assert len(instance.od.ms) == np.isfinite(cost).sum()
    result = siting.solve(instance, "max_coverage")
    assert result.objective == 2
    assert result.summary["unreachable"]["service"]["largest"] == ["client 2"]


def test_a_facility_that_reaches_nobody_is_no_use() -> None:
    cost = np.array([[1.0, np.nan], [2.0, np.nan]])
    result = siting.solve(from_cost_matrix(cost, new=1), "min_travel_time")
    assert list(result.sites["site_id"]) == ["facility 0"]


@pytest.mark.parametrize(
    ("unit", "minutes"), [("seconds", 1 / 60), ("minutes", 1), ("hours", 60), (1000, 1e-3)]
)
def test_units(unit: str | float, minutes: float) -> None:
    instance = from_cost_matrix([[30.0, 60.0]], new=1, unit=unit, standard=60.0)
    assert instance.od is not None
    assert list(instance.od.ms) == [round(30 * minutes * 60_000), round(60 * minutes * 60_000)]
    assert instance.settings.services[0].standard_ms == {"client": round(60 * minutes * 60_000)}
    assert siting.solve(instance, "max_coverage").objective == 1


def test_labels_of_a_frame_are_ids() -> None:
    frame = pd.DataFrame([[3.0, 1.0], [2.0, 5.0]], index=["Lypa", "Dub"], columns=["Dub", "Malva"])
    instance = from_cost_matrix(frame, new=1, weights=[5, 1])
    places, od = instance.places, instance.od
    assert dict(zip(places.ids, places.population, strict=True)) == {"Lypa": 5, "Dub": 1}
    assert sorted(instance.sites.ids) == ["Dub", "Lypa", "Malva"]  # Dub is client and facility: one place
    assert od is not None
    pairs = zip(instance.sites.ids[od.site], places.ids[od.place], strict=True)
    assert dict(zip(pairs, od.ms.tolist(), strict=True)) == {
        ("Dub", "Lypa"): 180_000,
        ("Malva", "Lypa"): 60_000,
        ("Dub", "Dub"): 120_000,
        ("Malva", "Dub"): 300_000,
    }
    assert not instance.warnings
    result = siting.solve(instance, "min_travel_time")
    assert result.objective == 5 * 1 + 1 * 5
    assert list(result.sites["site_id"]) == ["Malva"]


def test_a_numbered_frame_is_a_matrix() -> None:
    cost, _ = random_case(0)
    instance = from_cost_matrix(pd.DataFrame(cost))
    assert instance.places.ids[0] == "client 0"
    assert len(instance.sites.ids) == sum(cost.shape)


def test_times_are_whole_milliseconds_rounded_alike() -> None:
    instance = from_cost_matrix([[0.1 + 0.2]], standard=0.3)
    assert siting.solve(instance, "max_coverage", new=1).objective == 1


@pytest.mark.parametrize(
    ("cost", "given", "says"),
    [
        ([[1, "x"]], {}, "no number"),
        ([1, 2], {}, "expected: (clients, facilities)"),
        (np.empty((0, 3)), {}, "expected: (clients, facilities)"),
        ([[-1.0, 2.0]], {}, "-1 must be >= 0"),
        ([[1.0, -np.inf]], {}, "-inf must be >= 0"),
        ([[1e9]], {}, "see unit"),
        ([[np.nan]], {}, "no cost is finite"),
        ([[1.0]], {"unit": "minuts"}, "did you mean 'minutes'?"),
        ([[1.0]], {"unit": 0}, "unit: 0 must be > 0"),
        ([[1.0]], {"weights": [1, 2]}, "shape (2,); expected: 1 numbers"),
        ([[1.0]], {"weights": ["many"]}, "expected: 1 numbers"),
        ([[1.0]], {"weights": [0.5]}, "0.5 must be a whole number"),
        ([[1.0]], {"opening": [-1]}, "-1 must be a number >= 0"),
        ([[1.0]], {"predefined": [2]}, "2 must be 0 or 1"),
        ([[1.0, 2.0]], {"predefined": [1, 0], "existing": [1, 0]}, "stands already"),
        ([[1.0, 2.0]], {"predefined": [1, 1], "new": 1}, "less than the 2 predefined"),
        ([[1.0]], {"new": 2}, "between 0 and 1"),
        ([[1.0]], {"new": True}, "whole number"),
        ([[1.0]], {"standard": -3}, "standard: -3 must be > 0"),
        ([[1.0], [2.0]], {"clients": ["a", "a"]}, "'a' occurs more than once"),
        ([[1.0], [2.0]], {"clients": ["a"]}, "1 ids; expected: 2"),
        ([[1.0], [2.0]], {"clients": ["a", None]}, "clients[1]: is empty"),
    ],
)
def test_bad_input_is_refused(cost: Any, given: dict[str, Any], says: str) -> None:
    with pytest.raises(siting.InstanceError) as caught:
        from_cost_matrix(cost, **given)
    assert says in str(caught.value)


def test_all_complaints_come_at_once() -> None:
    with pytest.raises(siting.InstanceError) as caught:
        from_cost_matrix([[-1.0]], weights=[0.5], new=3, standard=0, unit="days")
    assert len(caught.value.complaints) == 5
