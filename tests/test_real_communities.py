"""A real table of communities: Ukraine's 1,469, keyed by their codes (KSE Loc Data Hub, MIT)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import siting

TABLE = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "ukraine" / "hromadas.csv"

pytestmark = pytest.mark.skipif(not TABLE.is_file(), reason="the reference data is not beside the checkout")

MEANS = 10.0
COST = 4.0


@pytest.fixture(scope="module")
def country() -> siting.Instance:
    """Every community's center as a place of all its people, where up to one station may be opened."""
    rows = pd.read_csv(TABLE)
    code = rows["hromada_code"]
    return siting.Instance.from_frames(
        places=pd.DataFrame(
            {
                "place_id": code, "name": rows["hromada_center"], "lat": rows["lat_center"],
                "lon": rows["lon_center"], "population": rows["total_population_2022"], "kind": "center",
                "region": rows["oblast_name"], "community": code,
            }
        ),
        areas=pd.DataFrame(
            {
                "level": "community", "area_id": code, "name": rows["hromada_name"],
                # Every third community has less than its share of a station.
                "means": np.where(np.arange(len(rows)) % 3 == 0, 0.4 * COST, MEANS),
            }
        ),
        candidates=pd.DataFrame({"site": code, "type": "station", "cost": COST}),
        od=pd.DataFrame({"from": code, "to": code, "minutes": 0.0}),
        settings={
            "name": "communities", "currency": "million UAH",
            "services": {"fire_rescue": {"standard": {"center": 10}}},
            "types": {
                "station": {
                    "provides": {"fire_rescue": 2}, "new": 500,
                    "payers": {"community": 0.5, "state": 0.5},
                }
            },
        },
    )  # fmt: skip


def test_the_table_is_read_as_it_is(country: siting.Instance) -> None:
    assert len(country.areas["community"].ids) == len(country.places.ids) == 1469
    assert country.places.population.sum() == 38_215_034
    assert len(set(country.places.area["community"].tolist())) == 1469


def test_no_community_pays_more_than_it_has(country: siting.Instance) -> None:
    """Half of a station is 2 million, so a third of the communities cannot pay; of the rest the largest."""
    result = siting.solve(country, "co_financing")
    assert result.status is siting.Status.OPTIMAL
    able = np.sort(country.places.population[np.arange(1469) % 3 != 0])[::-1]
    assert result.objective == able[:500].sum()
