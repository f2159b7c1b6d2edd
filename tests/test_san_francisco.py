"""Published optima for San Francisco: 205 census tracts, 16 stores, network metres (PySAL spopt).

A metre stands for a minute, so that times in whole milliseconds are exact to 1/60,000 metre.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import siting
from siting.instance import CandidateStatus
from siting.model import Model, load_model

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "spopt_sf"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the reference data is not beside the checkout")

KM = 1000
EVERYBODY = 955_113

SET_COVERING = f"""
title = "Fewest stores within reach of everybody"
question = "How many stores does it take?"
source = "Toregas et al. (1971), Operations Research 19: 1363-1373"
minimize = {{ measure = "sites_open" }}
limits = [{{ measure = "people_within", at_least = {EVERYBODY} }}]
"""


def city(standard_km: float) -> siting.Instance:
    """Tracts and stores joined by name; the files list the tracts in different orders."""
    tracts = pd.read_csv(DATA / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str})
    metres = pd.read_csv(
        DATA / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={"DestinationName": str}
    )
    stores = pd.read_csv(DATA / "SF_store_site_16_longlat.csv")
    places = pd.DataFrame(
        {
            "place_id": tracts["NAME"],
            "name": tracts["NAME"],
            "lat": tracts["lat"],
            "lon": tracts["long"],
            "population": tracts["POP2000"],
            "kind": "tract",
        }
    )
    od = metres.rename(columns={"name": "from", "DestinationName": "to", "distance": "minutes"})
    return siting.Instance.from_frames(
        places=places,
        candidates=pd.DataFrame({"site": stores["NAME"], "type": "store", "cost": 1.0}),
        od=od[["from", "to", "minutes"]],
        settings={
            "name": "san_francisco",
            "currency": "stores",
            "services": {"shopping": {"standard": {"tract": standard_km * KM}}},
            "types": {"store": {"provides": {"shopping": 0}}},
        },
    )


@pytest.mark.parametrize("method", ["exact", "decomposition", "auto"])
def test_maximal_covering(method: str) -> None:
    result = siting.solve(
        city(5), "max_coverage", new={"store": 4}, numbers={"unserved": 22 * KM}, method=method
    )
    assert result.status is siting.Status.OPTIMAL
    assert result.objective == 875_247
    assert result.summary["services"]["shopping"]["after"]["people"] == EVERYBODY


@pytest.mark.parametrize("method", ["exact", "decomposition", "auto"])
def test_p_median(method: str) -> None:
    result = siting.solve(city(5), "min_travel_time", new={"store": 4}, method=method)
    assert result.status is siting.Status.OPTIMAL
    assert result.objective == pytest.approx(2_848_268_129.7145, rel=1e-9)
    assert result.bound == pytest.approx(2_848_268_129.7145, rel=2e-9)


@pytest.mark.parametrize(("km", "stores"), [(5, 8), (8, 3)])
def test_set_covering(km: int, stores: int, tmp_path: Path) -> None:
    (tmp_path / "set_covering.toml").write_text(SET_COVERING, encoding="utf-8")
    result = siting.solve(city(km), tmp_path / "set_covering.toml")
    assert result.status is siting.Status.OPTIMAL
    assert result.objective == stores
    assert result.summary["services"]["shopping"]["after"]["people_within"] == EVERYBODY


def reached() -> pd.DataFrame:
    """Tracts by stores: whether a store is within 5 km, straight from the file."""
    metres = pd.read_csv(
        DATA / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={"DestinationName": str}
    )
    return metres.pivot(index="DestinationName", columns="name", values="distance") <= 5 * KM


def backup() -> Model:
    """The bundled question, of whatever service there is instead of fire rescue."""
    model = load_model("backup_coverage")
    return replace(model, layout=replace(model.layout, services=()))


def test_backup_coverage() -> None:
    """Of all ways to reach everybody from eight stores, the one that leaves most tracts a second store."""
    within = reached()
    stores = np.array(list(itertools.combinations(range(within.shape[1]), 8)))
    crews = within.to_numpy().astype(int)[:, stores].sum(axis=2)
    backed_up = (crews >= 2).sum(axis=0)[(crews >= 1).all(axis=0)]
    instance = city(5)
    alike = replace(instance.places, population=np.ones_like(instance.places.population))
    result = siting.solve(replace(instance, places=alike), backup(), new={"store": 8}, numbers={"once": 1.0})
    assert result.status is siting.Status.OPTIMAL
    assert result.objective == backed_up.max() == 145


def test_tracts_that_one_store_alone_can_reach_are_never_backed_up() -> None:
    """140 of 205 with these eight stores; a published figure counts tracts without any second store too."""
    stores = [f"Store_{number}" for number in (3, 4, 6, 7, 11, 12, 14, 16)]
    within = reached()
    assert (within.sum(axis=1) == 1).sum() == 22
    instance = city(5)
    places = replace(instance.places, population=np.ones_like(instance.places.population))
    chosen = np.isin(instance.sites.ids[instance.candidates.site], stores)
    status = np.where(chosen, CandidateStatus.REQUIRED, CandidateStatus.FORBIDDEN).astype(np.int32)
    result = siting.solve(
        replace(instance, places=places, candidates=replace(instance.candidates, status=status)),
        backup(),
        new={"store": 8},
    )
    assert result.objective == (within[stores].sum(axis=1) >= 2).sum() == 140
    assert len(within) == 205
