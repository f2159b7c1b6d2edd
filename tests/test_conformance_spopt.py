"""Against spopt.locate: the same objectives where it is right, and the small instances on which it is not."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.instance import Instance
from siting.model import Model, parse_model
from siting.plan import Status
from siting.readers.cost_matrix import from_cost_matrix

locate = pytest.importorskip("spopt.locate")

HEAD = 'title = "t"\nquestion = "q"\nsource = "s"\n'
BACKED_UP = """
maximize = { measure = "people_covered", times = 2 }
limits = [
    { measure = "sites_open", each = "type", at_most = "$new" },
    { measure = "share_within", at_least = 1 },
]
[parameters]
new = { unit = "sites", each = "type", about = "facilities at most" }
"""
FEWEST_WITH_ROOM = """
serve = "split"
minimize = { measure = "sites_open" }
limits = [{ measure = "share_within", at_least = 1 }]
"""
MEDIAN_WITH_ROOM = """
serve = "single"
minimize = { measure = "travel_time" }
limits = [{ measure = "sites_open", at_most = "$new" }]
[parameters]
new = { unit = "sites", about = "facilities at most" }
"""
APART = """
maximize = { measure = "sites_open" }
limits = [{ measure = "too_close", minutes = "$apart", at_most = 0 }]
[parameters]
apart = { unit = "min", about = "minutes between two facilities at least" }
"""


def asked(text: str) -> Model:
    return parse_model(HEAD + text, "asked", "asked.toml")


def cbc() -> Any:
    return importlib.import_module("pulp").PULP_CBC_CMD(msg=False)


def solved(model: str, *args: Any, **kwargs: Any) -> Any:
    """A solved model of spopt."""
    built = getattr(locate, model).from_cost_matrix(*args, **kwargs)
    return built.solve() if model == "LSCPB" else built.solve(cbc())


def spopt(model: str, *args: Any, **kwargs: Any) -> float | None:
    """The objective that spopt finds, None where it says that there is no plan."""
    try:
        return float(solved(model, *args, **kwargs).problem.objective.value())
    except RuntimeError as error:
        if "Infeasible" not in str(error):
            raise
        return None


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, int, float]:
    """Costs (clients, facilities), weights, how many to open, and a radius."""
    rng = np.random.default_rng(seed)
    clients, facilities = int(rng.integers(4, 14)), int(rng.integers(3, 8))
    cost = rng.integers(1, 60, (clients, facilities)).astype(float)
    return (
        cost,
        rng.integers(1, 40, clients),
        int(rng.integers(1, facilities + 1)),
        float(rng.integers(8, 60)),
    )


def with_room(cost: np.ndarray, weights: np.ndarray, capacity: np.ndarray, radius: float) -> Instance:
    """A cost matrix whose facilities have room for so many people."""
    clients, facilities = [f"c{n}" for n in range(cost.shape[0])], [f"f{n}" for n in range(cost.shape[1])]
    pairs = [(f, c, cost[i, j]) for j, f in enumerate(facilities) for i, c in enumerate(clients)]
    return Instance.from_frames(
        places=pd.DataFrame({"place_id": clients, "name": clients, "population": weights, "kind": "client"}),
        candidates=pd.DataFrame({"site": facilities, "type": "facility", "cost": 1.0, "capacity": capacity}),
        od=pd.DataFrame(pairs, columns=["from", "to", "minutes"]),
        settings={
            "name": "room",
            "currency": "units",
            "services": {"service": {"standard": {"client": radius}}},
            "types": {"facility": {"provides": {"service": 0}, "capacity": 1}},
        },
    )


def median(seed: int) -> tuple[float | None, float | None]:
    cost, weights, new, _ = drawn(seed)
    ours = siting.solve(from_cost_matrix(cost, weights=weights, new=new), "min_travel_time")
    return ours.objective, spopt("PMedian", cost, weights, p_facilities=new)


def most_covered(seed: int) -> tuple[float | None, float | None]:
    cost, weights, new, radius = drawn(seed)
    ours = siting.solve(from_cost_matrix(cost, weights=weights, new=new, standard=radius), "max_coverage")
    return ours.objective, spopt("MCLP", cost, weights, radius, p_facilities=new)


def center(seed: int) -> tuple[float | None, float | None]:
    cost, _, new, _ = drawn(seed)
    ours = siting.solve(from_cost_matrix(cost, new=new), "p_center")
    return ours.objective, spopt("PCenter", cost, p_facilities=new)


def fewest(seed: int) -> tuple[float | None, float | None]:
    """Only where everybody can be covered: spopt finds no plan elsewhere, siting leaves those out."""
    cost, _, _, radius = drawn(seed)
    radius = max(radius, float(cost.min(axis=1).max()))
    ours = siting.solve(from_cost_matrix(cost, standard=radius), "set_cover")
    return ours.objective, spopt("LSCP", cost, radius)


def backed_up(seed: int) -> tuple[float | None, float | None]:
    """Less the clients whom spopt counts although only one facility could ever reach them."""
    cost, _, _, radius = drawn(seed)
    radius = max(radius, float(cost.min(axis=1).max()))
    opened = spopt("LSCP", cost, radius)
    assert opened is not None
    ours = siting.solve(from_cost_matrix(cost, standard=radius, new=int(opened)), asked(BACKED_UP))
    theirs = spopt("LSCPB", cost, radius, solver=cbc())
    assert theirs is not None
    return ours.objective, theirs - int(np.sum((cost <= radius).sum(axis=1) < 2))


def median_with_room(seed: int) -> tuple[float | None, float | None]:
    cost, weights, new, _ = drawn(seed)
    capacity = np.random.default_rng(seed).integers(1, 2 * weights.sum() // new + 40, cost.shape[1])
    ours = siting.solve(with_room(cost, weights, capacity, 60.0), asked(MEDIAN_WITH_ROOM), new=new)
    try:
        theirs = spopt("PMedian", cost, weights, p_facilities=new, facility_capacities=capacity)
    except locate.base.SpecificationError:
        theirs = None
    return ours.objective, theirs


def fewest_with_room(seed: int) -> tuple[float | None, float | None]:
    cost, weights, _, radius = drawn(seed)
    capacity = np.random.default_rng(seed).integers(weights.max(), weights.sum(), cost.shape[1])
    ours = siting.solve(with_room(cost, weights, capacity, radius), asked(FEWEST_WITH_ROOM))
    try:
        theirs = spopt("LSCP", cost, radius, demand_quantity_arr=weights, facility_capacity_arr=capacity)
    except ValueError:
        theirs = None
    return ours.objective, theirs


def furthest_apart(seed: int) -> tuple[float | None, float | None]:
    """The longest time between any two of so many facilities, by asking for every time between two."""
    rng = np.random.default_rng(seed)
    count, new = int(rng.integers(3, 7)), int(rng.integers(2, 4))
    upper = np.triu(rng.integers(1, 60, (count, count)), 1).astype(float)
    cost, ids = upper + upper.T, [f"s{n}" for n in range(count)]
    instance = from_cost_matrix(cost, new=count, clients=ids, facilities=ids)
    theirs = spopt("PDispersion", cost, p_facilities=new)
    times = np.unique(upper[upper > 0])
    kept = [  # one millisecond less than a time: as near as that two may stand
        time
        for time in times
        if (siting.solve(instance, asked(APART), apart=time - 1 / 60_000).objective or 0.0) >= new
    ]
    return max(kept), theirs


COMPARED = {
    one.__name__: one
    for one in (
        median, most_covered, center, fewest, backed_up, median_with_room, fewest_with_room, furthest_apart
    )
}  # fmt: skip


def same(name: str, seed: int) -> None:
    ours, theirs = COMPARED[name](seed)
    if theirs is None:
        assert ours is None, f"{name} {seed}"
    else:
        assert ours == pytest.approx(theirs, rel=1e-7), f"{name} {seed}"


@pytest.mark.parametrize("name", COMPARED)
def test_spopt_finds_the_same(name: str) -> None:
    for seed in range(1):
        same(name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPARED)
def test_spopt_finds_the_same_on_many(name: str) -> None:
    for seed in range(2, 42):
        same(name, seed)


# -- where spopt is wrong -------------------------------------------------------------------


def test_spopt_backs_up_whom_only_one_facility_reaches() -> None:
    """Two clients are reached by one facility each: one crew out, and they have none."""
    cost = np.array([[1.0, 9.0], [9.0, 1.0], [1.0, 1.0]])
    theirs = solved("LSCPB", cost, 5.0, solver=cbc())
    assert theirs.problem.objective.value() == 3.0
    assert theirs.backup_perc == 100.0
    ours = siting.solve(from_cost_matrix(cost, standard=5.0, new=2), asked(BACKED_UP))
    assert ours.objective == 1.0


def test_spopt_disperses_a_single_facility_by_a_constant() -> None:
    """The objective is the big number of its rows, and not a distance."""
    cost = np.array([[0.0, 5.0, 9.0], [5.0, 0.0, 7.0], [9.0, 7.0, 0.0]])
    assert spopt("PDispersion", cost, p_facilities=1) == 16.0


def test_spopt_disperses_by_one_direction_of_the_way_alone() -> None:
    """From the second facility to the first it is one minute, which is below the diagonal."""
    cost = np.array([[0.0, 5.0], [1.0, 0.0]])
    assert spopt("PDispersion", cost, p_facilities=2) == 5.0
    ids = ["s0", "s1"]
    instance = from_cost_matrix(cost, new=2, clients=ids, facilities=ids)
    assert siting.solve(instance, asked(APART), apart=1.0).objective == 1.0


def test_spopt_multiplies_beyond_the_integers_of_its_arrays() -> None:
    """100,000 people times 30,000 seconds are more than 32 bits hold: the best objective is negative."""
    cost = np.array([[30_000, 50_000], [50_000, 30_000]], dtype=np.int32)
    weights = np.array([100_000, 1], dtype=np.int32)
    with np.errstate(over="ignore"):
        theirs = spopt("PMedian", cost, weights, p_facilities=1)
    assert theirs is not None
    assert theirs < 0.0
    ours = siting.solve(from_cost_matrix(cost, weights=weights, new=1, unit="seconds"), "min_travel_time")
    assert ours.objective == (100_000 * 30_000 + 50_000) / 60


def test_spopt_misses_a_client_at_the_radius() -> None:
    """0.1 + 0.2 is not 0.3 in binary; it is 18,000 ms either way."""
    cost = np.array([[0.1 + 0.2]])
    assert spopt("MCLP", cost, np.array([5]), 0.3, p_facilities=1) == 0.0
    assert (
        siting.solve(from_cost_matrix(cost, weights=[5], new=1, standard=0.3), "max_coverage").objective == 5
    )


def test_spopt_calls_poor_plans_of_light_clients_optimal() -> None:
    """CBC overlooks what is below its tolerances: shares of a total, say, as weights."""
    wrong = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        cost, weights = rng.integers(1, 60, (8, 5)).astype(float), rng.random(8) * 1e-7
        plans = itertools.combinations(range(5), 2)
        best = min(float((cost[:, list(plan)].min(axis=1) * weights).sum()) for plan in plans)
        theirs = spopt("PMedian", cost, weights, p_facilities=2)
        assert theirs is not None
        wrong += theirs > best * (1 + 1e-6)
    assert wrong >= 3


def test_spopt_takes_no_pair_without_a_way() -> None:
    """Its p-median and p-center end in an error; here such a pair is left out."""
    cost = np.array([[1.0, np.inf], [np.inf, 2.0], [3.0, 4.0]])
    for model, more in (("PMedian", (np.ones(3),)), ("PCenter", ())):
        with pytest.raises(Exception, match="NaN/inf"):
            spopt(model, cost, *more, p_facilities=2)
    assert siting.solve(from_cost_matrix(cost, new=2), "min_travel_time").objective == 6.0
    assert siting.solve(from_cost_matrix(cost, new=2), "p_center").objective == 3.0


def test_spopt_sends_clients_of_a_center_past_the_nearest_facility() -> None:
    """Anybody within the longest time will do for it, so its assignments and mean times are not the best."""
    later = 0
    for seed in range(10):
        cost = np.random.default_rng(seed).integers(1, 60, (8, 5)).astype(float)
        theirs = solved("PCenter", cost, p_facilities=2)
        opened = [number for number, column in enumerate(theirs.fac_vars) if column.varValue > 0.5]
        for facility, clients in enumerate(theirs.fac2cli):
            later += sum(cost[client, facility] > cost[client, opened].min() for client in clients)
    assert later > 0


def test_spopt_has_no_answer_where_somebody_is_out_of_reach() -> None:
    """One client beyond the radius, and its set covering says no more than that there is no plan."""
    cost = np.array([[1.0, 9.0], [9.0, 1.0], [50.0, 50.0]])
    assert spopt("LSCP", cost, 5.0) is None
    ours = siting.solve(from_cost_matrix(cost, standard=5.0), "set_cover")
    assert ours.status is Status.OPTIMAL
    assert ours.objective == 2.0
