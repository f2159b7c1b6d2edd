"""What the bundled instances say beside places and roads: fires, money, police, scenarios, periods."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

import siting
from siting.instance import Instance
from siting.roads.times import NEVER, nearest, network
from siting.synthesis.facts import read_facts
from siting.synthesis.sensitivity import SETTINGS, Coverage
from siting.synthesis.tables import Synthesis

INSTANCES = Path(__file__).parents[1] / "instances"
NAMES = ("ukraine", "poltava")
IDS = dict.fromkeys(("place_id", "from", "to", "site", "area_id", "district", "community", "replaces"), str)


def _table(instance: str, name: str) -> pd.DataFrame:
    return pd.read_csv(INSTANCES / instance / f"{name}.csv", dtype=IDS, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module", params=NAMES)
def instance(request: pytest.FixtureRequest) -> Instance:
    return siting.read(INSTANCES / str(request.param))


@pytest.fixture(scope="module")
def national() -> Instance:
    return siting.read(INSTANCES / "ukraine")


def _type(instance: Instance, name: str) -> int:
    return next(number for number, one in enumerate(instance.settings.types) if one.id == name)


def _existing(instance: Instance, *names: str) -> NDArray[np.bool_]:
    return np.isin(instance.facilities.type, [_type(instance, name) for name in names])


def _candidates(instance: Instance, name: str) -> NDArray[np.bool_]:
    return instance.candidates.type == _type(instance, name)


def _community_centers(instance: Instance) -> dict[str, int]:
    """The place of the center of each community of the programme: the one it has its id from."""
    towns = [str(one).partition("-")[0] for one in instance.places.ids]
    first = {town: n for n, town in reversed(list(enumerate(towns)))}
    inside = instance.places.area["community"][~instance.places.excluded]
    return {
        str(key): first[str(key)] for key in instance.areas["community"].ids[np.unique(inside[inside >= 0])]
    }


def _minutes(instance: Instance, type_: str, sites: NDArray[np.int32]) -> NDArray[np.float64]:
    """Minutes of a car to some sites from the nearest facility or candidate of a type."""
    assert instance.roads is not None
    there = instance.facilities.site[_existing(instance, type_)]
    may = instance.candidates.site[_candidates(instance, type_)]
    start = instance.sites.node[np.concatenate([there, may])]
    ms = nearest(network(instance.roads, 1.0), start, np.zeros(len(start), dtype=np.int32))[0]
    assert (ms < NEVER).all()
    return ms[instance.sites.node[sites]] / 60_000


def test_fires_are_rural_and_add_up(national: Instance) -> None:
    places = national.places
    village = places.kind == places.kinds.index("village")
    assert places.fires.sum() == pytest.approx(40_000, abs=1e-6)
    assert not places.fires[~village | places.excluded].any()
    assert (places.fires[village & ~places.excluded & (places.population > 50)] > 0).all()
    rate = 1_000 * places.fires.sum() / places.population[village & ~places.excluded].sum()
    assert 2 < rate < 3  # a year per 1,000 rural people


@pytest.mark.parametrize(
    ("region", "center"), [("lviv", "702550-1"), ("poltava", "696643-1"), ("kyiv", "703448-1")]
)
def test_fires_grow_with_people_and_the_way_from_the_oblast_center(region: str, center: str) -> None:
    places, roads = _table("ukraine", "places"), _table("ukraine", "roads")
    index = pd.Series(range(len(places)), index=places["place_id"])
    tail, head = index[roads["from"]].to_numpy(), index[roads["to"]].to_numpy()
    minutes, both = (60 * roads["km"] / roads["kmh"]).to_numpy(), roads["oneway"].isna().to_numpy()
    ends = np.concatenate([tail, head[both]]), np.concatenate([head, tail[both]])
    graph = csr_array((np.concatenate([minutes, minutes[both]]), ends), shape=(len(places),) * 2)
    remote = 1 + dijkstra(graph, indices=int(index[center])) / 60
    here = ((places["region"] == region) & (places["kind"] == "village")).to_numpy()
    weight = places["population"].to_numpy() * remote
    rate = places["fires"].to_numpy()[here].sum() / weight[here].sum()
    assert np.allclose(places["fires"].to_numpy()[here], rate * weight[here], atol=0.0012)


def test_632_officers_serve_in_their_communities(national: Instance) -> None:
    station = _existing(national, "officer_station")
    assert national.facilities.units[station].sum() == 632
    centers = _community_centers(national)
    sites = national.facilities.site[station]
    assert len(sites) == len(set(sites)) == 383
    assert set(sites) <= set(centers.values())


def test_more_officers_are_what_residents_lack(national: Instance) -> None:
    community = national.places.area["community"]
    ids = national.areas["community"].ids
    inside = ~national.places.excluded
    station, may = _existing(national, "officer_station"), _candidates(national, "officer_station")
    there = dict(zip(national.facilities.site[station], national.facilities.units[station], strict=True))
    more = dict(zip(national.candidates.site[may], national.candidates.units[may], strict=True))
    capacity = national.settings.types[_type(national, "officer_station")].capacity
    assert capacity is not None
    centers = _community_centers(national)
    assert set(more) <= set(centers.values())
    for key, site in centers.items():
        people = national.places.population[inside & (ids[community] == key) & (community >= 0)].sum()
        officers = there.get(site, 0) + more.get(site, 0)
        enough = officers * capacity >= people
        assert enough or more[site] == 20
        assert site not in more or (officers - 1) * capacity < people
    assert 632 + sum(more.values()) >= 2_000


def test_every_district_has_a_police_department(national: Instance) -> None:
    districts = national.places.area["district"]
    inside = districts[~national.places.excluded]
    sites = national.facilities.site[_existing(national, "police_department")]
    assert set(districts[sites]) >= set(inside[inside >= 0])


def test_police_sectors_may_stand_at_every_other_center(instance: Instance) -> None:
    sectors = instance.candidates.site[_candidates(instance, "police_sector")]
    departments = instance.facilities.site[_existing(instance, "police_department")]
    town = np.array([str(one).partition("-")[0] for one in instance.places.ids])
    seats = set(town[departments])
    assert set(town[sectors]) == set(_community_centers(instance)) - seats
    divisions = instance.candidates.site[_candidates(instance, "police_division")]
    people = pd.Series(instance.places.population).groupby(town).sum()
    assert people[town[divisions]].min() >= 5_000
    assert not set(town[divisions]) & seats


def test_levels_can_be_reached(instance: Instance) -> None:
    for name, share in (("police_division", 0.99), ("police_sector", 0.9)):
        type_ = instance.settings.types[_type(instance, name)]
        assert type_.under is not None
        minutes = _minutes(instance, type_.under, instance.candidates.site[_candidates(instance, name)])
        assert (minutes * 60_000 <= type_.reach_ms).mean() >= share


def test_half_of_the_centers_have_no_service_center(national: Instance) -> None:
    basic, whole = (_existing(national, name) for name in ("basic_center", "security_center"))
    assert (basic.sum(), whole.sum()) == (16, 15)
    reported = {site for _, site in read_facts().centers if site}
    assert reported <= {str(national.sites.ids[site]) for site in national.facilities.site[basic]}
    upgrades = _candidates(national, "center_upgrade")
    assert sorted(national.candidates.replaces[upgrades]) == np.flatnonzero(basic).tolist()
    assert (national.candidates.replaces[~upgrades] == -1).all()


def test_ordinary_questions_add_no_service_center(instance: Instance) -> None:
    assert instance.settings.types[_type(instance, "center_upgrade")].new == 0


def test_communities_can_pay_for_a_department(instance: Instance) -> None:
    """Nobody is barred from everything."""
    areas = instance.areas["community"]
    share = instance.settings.types[_type(instance, "fire_department")].payers["community"]
    assert share == 0.5
    may = _candidates(instance, "fire_department")
    community = instance.places.area["community"][instance.candidates.site[may]]
    cost = pd.Series(instance.candidates.cost[may])[community >= 0]
    cheapest = cost.groupby(community[community >= 0]).min()
    assert (share * cheapest <= areas.means[cheapest.index]).all()
    people = np.bincount(community[community >= 0], minlength=len(areas.ids))
    assert (areas.means[people > 0] < 250).all()
    assert np.isnan(instance.areas["region"].means).all()
    assert np.isnan(instance.areas["district"].means).all()


def test_means_grow_with_people(national: Instance) -> None:
    community = national.places.area["community"]
    people = np.bincount(community[community >= 0], weights=national.places.population[community >= 0])
    assert np.allclose(national.areas["community"].means, 1.5 + 0.15 * people / 1_000, atol=0.0051)


@pytest.mark.slow
def test_means_bind_in_hundreds_of_communities_when_1600_are_built() -> None:
    tables = Synthesis(
        *(_table("ukraine", name) for name in ("places", "areas", "facilities", "candidates")),
        roads=_table("ukraine", "roads").fillna({"oneway": 0}),
        scenarios=_table("ukraine", "scenarios"),
        settings=(INSTANCES / "ukraine" / "instance.toml").read_text(encoding="utf-8"),
    )
    coverage, setting = Coverage(tables), SETTINGS[1]
    covered = coverage.before(setting)
    reach = coverage.reach(setting, ~covered & (coverage.people > 0))
    left, sites = np.where(covered, 0, coverage.people), []
    for _ in range(1_600):
        sites.append(int((reach @ left).argmax()))
        left[reach.indices[reach.indptr[sites[-1]] : reach.indptr[sites[-1] + 1]]] = 0
    built = tables.candidates[tables.candidates["type"] == "fire_department"].iloc[sites]
    community = tables.places.set_index("place_id")["community"]
    spent = 0.5 * built.groupby(community[built["site"]].to_numpy())["cost"].sum()
    means = tables.areas[tables.areas["level"] == "community"].set_index("area_id")["means"]
    assert 50 < (spent > means[spent.index]).sum() < 500


def test_every_type_with_candidates_has_payers_and_every_type_a_capacity(instance: Instance) -> None:
    for number, one in enumerate(instance.settings.types):
        assert one.capacity, one.id
        if (instance.candidates.type == number).any():
            assert set(one.payers) <= {"state", "community", "partners"}, one.id
            assert sum(one.payers.values()) == pytest.approx(1), one.id


def test_brigades_may_be_closed_at_a_saving(instance: Instance) -> None:
    facilities = instance.facilities
    local, volunteer = (_existing(instance, name) for name in ("local_brigade", "volunteer_brigade"))
    np.testing.assert_array_equal(facilities.closable, local | volunteer)
    assert set(facilities.saving[local]) == {0.4}
    assert set(facilities.saving[volunteer]) == {0.1}


def test_services_that_count_have_a_distance(instance: Instance) -> None:
    services = {one.id: one for one in instance.settings.services}
    assert {key for key, one in services.items() if one.weight > 0} == {
        key for key, one in services.items() if one.distance_m
    }
    assert services["fire_rescue"].distance_m == {"city": 3_000, "village": 15_000}
    assert instance.roads is not None
    assert instance.roads.metres.min() > 0


def test_scenarios_slow_every_class_and_close_bridges(instance: Instance) -> None:
    today, winter, bridges = instance.scenarios
    assert [one.probability for one in instance.scenarios] == [0.7, 0.2, 0.1]
    assert today.factor is None
    roads = instance.roads
    assert roads is not None
    assert winter.factor is not None
    assert bridges.factor is not None
    slow = {name: set(winter.factor[roads.klass == n]) for n, name in enumerate(roads.classes)}
    assert slow == {"trunk": {1.1}, "regional": {1.15}, "district": {1.25}, "local": {1.35}, "street": {1.2}}
    assert set(bridges.factor) == {1.0, np.inf}


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("ukraine", "706448-1", "691037"),
        ("ukraine", "710791-1", "686875"),
        ("poltava", "704147-4", "704147-8"),
    ],
)
def test_who_lives_beyond_a_closed_bridge_drives_round(name: str, one: str, other: str) -> None:
    """Kherson and Oleshky, Cherkasy and Zolotonosha, the two banks of Kremenchuk.

    The ways round lead through other oblasts: in one alone there is none.
    """
    instance = siting.read(INSTANCES / name)
    roads = instance.roads
    factor = instance.scenarios[2].factor
    assert roads is not None
    assert factor is not None
    node = {str(id_): n for n, id_ in enumerate(roads.ids)}
    open_ = np.isfinite(factor)
    graphs = [csr_array((roads.ms[kept], (roads.tail[kept], roads.head[kept])), shape=(len(node),) * 2)
              for kept in (np.ones_like(open_), open_)]  # fmt: skip
    before, after = (dijkstra(graph, indices=node[one])[node[other]] for graph in graphs)
    assert before < 90 * 60_000
    assert 2 * before < after
    assert (after < np.inf) == (name == "ukraine")


def test_periods_split_what_is_built_at_once(instance: Instance) -> None:
    settings = instance.settings
    years = [one.id for one in settings.periods]
    assert years == ["year1", "year2", "year3"]
    weights = [one.weight for one in settings.periods]
    assert sum(weights) == pytest.approx(1)
    assert weights == sorted(weights, reverse=True)
    new = sum(
        settings.types[_type(instance, name)].new or 0 for name in ("fire_department", "security_center")
    )
    for name, total in (("yearly", new), ("yearly_budget", settings.parameters["budget"])):
        parts = [settings.parameters[f"{name}.{year}"] for year in years]
        assert sum(parts) == total
        assert max(parts) - min(parts) <= 1


def test_funds_of_the_payers_are_the_budget(instance: Instance) -> None:
    parameters = instance.settings.parameters
    funds = {key: value for key, value in parameters.items() if key.startswith("funds.")}
    assert set(funds) == {"funds.state", "funds.community", "funds.partners"}
    assert sum(funds.values()) == pytest.approx(parameters["budget"])


def test_capacities_are_enough_for_everybody(national: Instance) -> None:
    """What exists could serve all people of the programme if it stood in the right places."""
    people = national.places.population[~national.places.excluded].sum()
    facilities, types = national.facilities, national.settings.types
    for service in ("fire_rescue", "police", "administrative"):
        provides = np.array([service in one.turnout_ms for one in types])[facilities.type]
        assert (facilities.units * facilities.capacity)[provides].sum() > people, service
