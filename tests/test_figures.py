"""Tables and summary against figures worked out by hand or by plain loops."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.check import check_folder
from siting.instance import Instance
from siting.result import Result

Opened = Callable[..., Result]


@pytest.fixture(scope="module")
def result(three_towns: Instance, opened: Opened) -> Result:
    return opened(three_towns, "lypa:security_center", "dub:fire_department")


def test_sites_by_hand(result: Result) -> None:
    center, department = result.sites.to_dict("records")
    assert (center["rank"], center["site_id"], center["type"]) == (1, "lypa", "security_center")
    assert (center["name"], center["region"], center["cost"]) == ("Lypa", "West", 8.0)
    # Newly covered in some service: everybody but Sosna; it serves everybody's police need.
    assert (center["people_newly_covered"], center["people_served"]) == (18_900, 20_900)
    # (5,000 x 2 fire + 372,600 police + 330,800 administrative) / 46,800
    assert center["mean_response_minutes"] == 15.244
    assert (department["rank"], department["site_id"], department["cost"]) == (2, "dub", 2.0)
    assert (department["people_newly_covered"], department["people_served"]) == (4_900, 6_900)
    assert department["mean_response_minutes"] == 13.304


def test_assignments_by_hand(result: Result) -> None:
    rows = result.assignments.set_index(["place_id", "service"])
    assert len(rows) == 18
    verba = rows.loc[("verba", "fire_rescue")]
    assert (verba["facility"], verba["facility_type"]) == ("dub:fire_department", "fire_department")
    assert (verba["minutes"], verba["covered"]) == (10.0, 1)
    assert (verba["facility_before"], verba["minutes_before"], verba["covered_before"]) == ("f1", 42.0, 0)
    malva = rows.loc[("malva", "fire_rescue")]
    assert malva["facility"] == "f1", "an existing facility keeps a need that a new one answers as fast"
    police = rows.loc[("sosna", "police")]
    assert (police["minutes"], police["covered"], police["facility_before"]) == (37.0, 0, "")
    assert np.isnan(police["minutes_before"])


def test_summary_by_hand(result: Result) -> None:
    summary = result.summary
    assert list(summary)[:5] == ["objective", "bound", "gap", "status", "termination"]
    assert summary["objective"] == 44_700
    assert summary["status"] == "bounded"
    fire = summary["services"]["fire_rescue"]
    assert fire["before"]["people_within"] == 9_000
    assert fire["after"] == {
        "people": 20_900,
        "people_within": 18_900,
        "share": round(18_900 / 20_900, 6),
        "people_served": 20_900,
        "mean_minutes": round((16_000 + 12_000 + 10_000 + 1_800 + 40_000 + 50_000) / 20_900, 3),
        "worst_minutes": 25.0,
    }
    assert fire["kinds"]["village"]["after"]["people_within"] == 1_900
    police = summary["services"]["police"]["before"]
    assert (police["people_served"], police["mean_minutes"], police["share"]) == (0, None, 0.0)
    east, west = sorted(summary["regions"], key=lambda region: str(region["name"]))
    assert (west["name"], west["services"]["fire_rescue"]["after"]["people_within"]) == ("West", 14_000)
    assert east["name"] == "East"
    assert east["in_all"]["after"]["people_within"] == 4_900 + 900 + 4_900
    assert summary["in_all"]["after"]["people_within"] == summary["objective"]
    assert summary["in_all"]["population_within_every_standard"] == {"before": 0, "after": 6_900}
    assert summary["money"]["spent"] == summary["money"]["budget"] == 10
    assert summary["facilities"]["fire_department"] == {
        "title": "Fire department", "existing": 1, "new": 1, "allowed": 2,
    }  # fmt: skip
    assert summary["objectives"][0]["gap_of_gain"] == pytest.approx(447 / 35_700)
    assert len(summary["files"]) == 6


def test_changed_numbers_are_reported(three_towns: Instance, opened: Opened) -> None:
    given = {"budget": 20, "services.police.standard.city": 25}
    summary = opened(three_towns, "lypa:security_center", **given).summary
    assert summary["numbers"]["budget"] == 20
    assert summary["numbers"]["services.police.standard.city"] == 25
    assert "services.police.weight" not in summary["numbers"]


def test_summary_without_a_limit_is_json(three_towns: Instance, opened: Opened) -> None:
    summary = opened(three_towns, "lypa:security_center", budget=np.inf).summary
    assert summary["money"]["budget"] is None
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


@pytest.mark.parametrize("seed", range(12))
def test_random_instances_against_loops(tiny: Callable[..., Instance], opened: Opened, seed: int) -> None:
    rng = np.random.default_rng(seed)
    instance = tiny(rng)
    responses = opened(instance).problem.responses
    usable = np.flatnonzero(responses.options.usable)
    chosen = rng.permutation(usable[usable >= responses.options.existing])[:3]
    types = [kind.id for kind in instance.settings.types]
    names = [
        f"{instance.sites.ids[responses.options.site[j]]}:{types[responses.options.type[j]]}" for j in chosen
    ]
    result = opened(instance, *names)
    rows = result.assignments
    _check_sites(result.sites, rows)
    _check_summary(result.summary, rows)
    json.dumps(result.summary, allow_nan=False)


def _check_sites(sites: pd.DataFrame, rows: pd.DataFrame) -> None:
    assert list(sites["rank"]) == list(range(1, len(sites) + 1))
    for site in sites.to_dict("records"):
        mine = rows[rows["facility"] == f"{site['site_id']}:{site['type']}"]
        once = mine.drop_duplicates("place_id")["people"].sum()
        fresh = mine[(mine["covered"] == 1) & (mine["covered_before"] == 0)].drop_duplicates("place_id")
        assert (site["people_served"], site["people_newly_covered"]) == (once, fresh["people"].sum())
        people = mine["people"].sum()
        if people:
            mean = (mine["people"] * mine["minutes"]).sum() / people
            assert site["mean_response_minutes"] == pytest.approx(mean, abs=0.001)
        else:
            assert np.isnan(site["mean_response_minutes"])
    assert sites["people_newly_covered"].is_monotonic_decreasing


def _check_summary(summary: dict[str, Any], rows: pd.DataFrame) -> None:
    for service, figures in summary["services"].items():
        mine = rows[rows["service"] == service]
        for when, ending in (("before", "_before"), ("after", "")):
            within = mine.loc[mine[f"covered{ending}"] == 1, "people"].sum()
            assert figures[when]["people_within"] == within
            assert figures[when]["people_served"] == mine.loc[mine[f"facility{ending}"] != "", "people"].sum()
            assert sum(kind[when]["people_within"] for kind in figures["kinds"].values()) == within
            regions = sum(region["services"][service][when]["people_within"] for region in summary["regions"])
            assert regions == within
    spent = summary["money"]
    assert spent["spent"] == pytest.approx(sum(spent["by_type"].values()))


def test_equal_savings_rank_by_id(opened: Opened, tmp_path: Path) -> None:
    """z saves two people 3 and 9 seconds, b saves one 12 seconds; in floating minutes z saves more."""
    minutes = {("d", "one"): 10, ("d", "two"): 10, ("d", "three"): 10}
    minutes |= {("z", "one"): 9.95, ("z", "two"): 9.85, ("b", "three"): 9.8}
    names = ["one", "two", "three"]
    instance = Instance.from_frames(
        places=pd.DataFrame(
            {"place_id": names, "name": names, "lat": 50.0, "lon": 30.0, "population": 1, "kind": "town"}
        ),
        candidates=pd.DataFrame({"site": ["z", "b"], "type": "post", "cost": 1.0}),
        facilities=pd.DataFrame({"facility_id": ["f"], "name": ["f"], "type": ["post"], "site": ["d"]}),
        od=pd.DataFrame([(*pair, time) for pair, time in minutes.items()], columns=["from", "to", "minutes"]),
        settings={
            "name": "tie",
            "currency": "EUR",
            "services": {"fire": {"standard": {"town": 20}}},
            "types": {"post": {"provides": {"fire": 0}, "new": 2}},
        },
    )
    result = opened(instance, "z:post", "b:post", model="min_travel_time")
    assert list(result.sites["site_id"]) == ["b", "z"]
    assert check_folder(instance, siting.write(result, tmp_path / "plan")).ok


def test_a_result_without_a_plan(three_towns: Instance, opened: Opened) -> None:
    from dataclasses import replace

    from siting.plan import Status

    full = opened(three_towns, "lypa:security_center")
    bare = replace(full, plan=None, achieved=(), status=Status.INFEASIBLE)
    assert bare.sites.empty
    assert list(bare.sites) == list(full.sites)
    assert list(bare.assignments) == list(full.assignments)
    assert (bare.summary["objective"], bare.summary["clashes"]) == (None, list(bare.clashes))
    assert "after" not in bare.summary["services"]["police"]


def test_thousands_of_places_take_no_time(opened: Opened) -> None:
    rng = np.random.default_rng(1)
    count = 30_000
    ids = [f"p{n}" for n in range(count)]
    places = pd.DataFrame(
        {
            "place_id": ids, "name": ids, "lat": 48 + rng.random(count), "lon": 33 + rng.random(count),
            "population": rng.integers(1, 900, count), "kind": "village",
            "region": rng.choice([f"r{n}" for n in range(25)], count),
        }
    )  # fmt: skip
    instance = Instance.from_frames(
        places=places,
        candidates=pd.DataFrame({"site": ids[:2000], "type": "post", "cost": 1.0}),
        facilities=pd.DataFrame({"facility_id": ["f"], "name": ["f"], "type": ["post"], "site": ["p0"]}),
        roads=pd.DataFrame({"from": ids[:-1], "to": ids[1:], "minutes": 1.0}),
        settings={
            "name": "line",
            "currency": "EUR",
            "services": {name: {"standard": {"village": 20}} for name in ("fire", "police", "health")},
            "types": {"post": {"provides": {"fire": 1, "police": 1, "health": 1}, "new": 2000}},
        },
    )
    result = opened(instance, *(f"{one}:post" for one in ids[100:2000:10]))
    begun = time.perf_counter()
    assert len(result.sites) == 190
    assert len(result.assignments) == 3 * count
    assert len(result.summary["regions"]) == 25
    assert time.perf_counter() - begun < 2
