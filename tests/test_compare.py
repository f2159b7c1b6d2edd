"""Plans side by side: recomputed by hand from their tables of assignments."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import siting
from siting import Instance, Result
from siting.studies.compare import Comparison, compare
from siting.terminal.compare import print_comparison
from siting.writers.comparison import FILES, PAGE, write_comparison
from tests.conftest import build_tiny, open_sites
from tests.test_check_dimensions import MODELS, solved

KEYS = ["place_id", "service"]


@pytest.fixture(scope="module")
def towns(three_towns: Instance) -> tuple[Result, Result]:
    """The plan that covers most, and the one that answers soonest."""
    return siting.solve(three_towns), siting.solve(three_towns, "min_travel_time")


def two_plans(seed: int) -> tuple[Result, Result]:
    """Two random plans of a random instance."""
    rng = np.random.default_rng(seed)
    instance = build_tiny(rng)
    types = [kind.id for kind in instance.settings.types]
    names = [
        f"{instance.sites.ids[site]}:{types[kind]}"
        for site, kind in zip(instance.candidates.site, instance.candidates.type, strict=True)
        if not instance.places.excluded[min(site, len(instance.places.ids) - 1)]
    ]
    picked = (rng.random((2, len(names))) < 0.4).tolist()
    chosen = [[name for name, take in zip(names, row, strict=True) if take] for row in picked]
    return open_sites(instance, *chosen[0]), open_sites(instance, *chosen[1])


def by_hand(one: Result, two: Result) -> pd.DataFrame:
    """Needs with people within the standard under both plans, from the tables of assignments."""
    tables = []
    for result in (one, two):
        rows = result.assignments.copy()
        rows["within"] = rows["people"] * rows["covered"]
        tables.append(rows[[*KEYS, "people", "within", "minutes"]])
    return tables[0].merge(tables[1], on=KEYS, suffixes=("_base", ""))


def test_three_towns(towns: tuple[Result, Result]) -> None:
    found = compare(*towns, names=["cover", "soonest"])
    opened = dict(zip(found.sites["facility"], found.sites["status"], strict=True))
    assert opened == {
        "dub:fire_department": "dropped",
        "sosna:fire_department": "added",
        "lypa:security_center": "kept",
    }
    fire = found.people.set_index("service").loc["fire_rescue"]
    assert (fire["within_base"], fire["within"], fire["gained"], fire["lost"]) == (18900, 16900, 2000, 4000)
    places = found.places.set_index("place_id")
    assert dict(places["change"]) == {"verba": "loses", "sosna": "gains", "dub": "later"}
    assert places.loc["verba", "gained"] == -4000
    assert list(found.plans["plan"]) == ["cover", "soonest"]
    assert found.differs == (("model: max_coverage against min_travel_time", "unserved: 240 against none"),)
    assert not found.same


def test_each_plan_is_valued_under_the_others_question(towns: tuple[Result, Result]) -> None:
    objectives = compare(*towns).objectives.set_index("measure")
    assert dict(objectives["verdict"]) == {"people_within": "worse", "travel_time": "better"}
    minutes = [(one.assignments["people"] * one.assignments["minutes"]).sum() for one in towns]
    row = objectives.loc["travel_time"]
    assert [row["value_base"], row["value"]] == pytest.approx(minutes)
    people = [(one.assignments["people"] * one.assignments["covered"]).sum() for one in towns]
    row = objectives.loc["people_within"]
    assert [row["value_base"], row["value"]] == pytest.approx(people)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_people_are_those_of_the_assignments(seed: int) -> None:
    one, two = two_plans(seed)
    rows, found = by_hand(one, two), compare(one, two)
    change = rows["within"] - rows["within_base"]
    people = found.people.set_index("service")
    for service, mine in rows.groupby("service"):
        gained = change[mine.index]
        told = people.loc[service]
        assert told["people"] == told["people_base"] == mine["people"].sum()
        assert told["within_base"] == mine["within_base"].sum()
        assert told["within"] == mine["within"].sum()
        assert (told["gained"], told["lost"]) == (gained.clip(lower=0).sum(), (-gained).clip(lower=0).sum())
        served = mine.dropna(subset=["minutes"])
        if served["people"].sum():
            mean = np.average(served["minutes"], weights=served["people"])
            assert told["mean_minutes"] == pytest.approx(mean, abs=2e-3)
    weights = {service.id: service.weight for service in one.problem.instance.settings.services}
    weighted = change * rows["service"].map(weights)
    assert people.loc["in_all", "gained"] == pytest.approx(weighted.clip(lower=0).sum(), abs=0.01)
    moved = rows[(change != 0) | (rows["minutes"].fillna(-1) != rows["minutes_base"].fillna(-1))]
    told = found.places[found.places["change"] != ""]
    assert set(map(tuple, moved[KEYS].to_numpy())) == set(map(tuple, told[KEYS].to_numpy()))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_the_other_way_round_is_the_opposite(seed: int) -> None:
    one, two = two_plans(seed)
    there, back = compare(one, two), compare(two, one)
    for table, keys in (("people", ["service"]), ("regions", ["area_id", "service"])):
        left, right = (getattr(found, table).set_index(keys) for found in (there, back))
        for here, opposite in (("gained", "lost"), ("within", "within_base"), ("share", "share_base")):
            pd.testing.assert_series_equal(left[here], right[opposite], check_names=False)
            pd.testing.assert_series_equal(left[opposite], right[here], check_names=False)
    turned = {"added": "dropped", "dropped": "added"}
    statuses = [
        dict(zip(found.sites["facility"], found.sites["status"], strict=True)) for found in (there, back)
    ]
    assert {name: turned.get(status, status) for name, status in statuses[0].items()} == statuses[1]
    gained = [found.places.set_index(KEYS)["gained"].sort_index() for found in (there, back)]
    pd.testing.assert_series_equal(gained[0], -gained[1])
    values = [found.objectives.set_index("measure")["difference"] for found in (there, back)]
    assert values[0].to_numpy() == pytest.approx(-values[1].to_numpy(), nan_ok=True)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_a_plan_differs_from_itself_in_nothing(seed: int) -> None:
    one, _ = two_plans(seed)
    found = compare(one, one)
    assert found.same
    assert not len(found.places)
    assert set(found.sites["status"]) <= {"kept"}
    assert not found.people[["gained", "lost"]].to_numpy().any()
    assert found.differs == ((),)
    assert set(found.objectives["verdict"]) <= {"same", ""}


def test_figures_are_those_of_the_summary() -> None:
    one, two = two_plans(5)
    found = compare(one, two)
    for column, result in (("_base", one), ("", two)):
        services = result.summary["services"]
        for row in found.people[found.people["service"] != "in_all"].to_dict("records"):
            told = services[row["service"]]["after"]
            assert row[f"within{column}"] == told["people_within"]
            assert row[f"share{column}"] == pytest.approx(told["share"], abs=2e-6)
        in_all = result.summary["in_all"]["after"]
        mine = found.people.set_index("service").loc["in_all"]
        assert mine[f"within{column}"] == pytest.approx(in_all["people_within"], abs=0.02)
        for region in result.summary["regions"]:
            rows = found.regions[found.regions["area_id"] == region["id"]].set_index("service")
            told = region["in_all"]["after"]
            assert rows.loc["in_all", f"people{column}"] == pytest.approx(told["people"], abs=0.02)


def test_regions_add_up() -> None:
    one, two = two_plans(11)
    found = compare(one, two)
    whole = found.people.set_index("service")
    for table in (found.regions, found.districts):
        sums = table.groupby("service")[["people", "within", "gained", "lost"]].sum()
        for column in sums:
            for service in whole.index:
                assert sums.loc[service, column] == pytest.approx(whole.loc[service, column], abs=0.1)


def test_three_plans_are_compared_with_the_first(towns: tuple[Result, Result]) -> None:
    found = compare(*towns, towns[0])
    assert found.names == ("plan 1", "plan 2", "plan 3")
    assert list(found.people["plan"].unique()) == ["plan 2", "plan 3"]
    assert set(found.places["plan"]) == {"plan 2"}
    assert len(found.plans) == 3


def test_another_number_and_a_decision_are_said(three_towns: Instance) -> None:
    one = siting.solve(three_towns)
    two = one.resolve(budget=12, forbid=["dub"])
    differs = compare(one, two).differs[0]
    assert "budget: 10 against 12" in differs
    assert "decisions: other candidates are required or forbidden" in differs


def test_instances_are_matched_by_ids(towns: tuple[Result, Result], three_towns: Instance) -> None:
    places = three_towns.places
    more = replace(three_towns, places=replace(places, population=places.population + 100))
    found = compare(towns[0], siting.solve(more))
    assert any("another number of people, +600 in all" in one for one in found.differs[0])
    fire = found.people.set_index("service").loc["fire_rescue"]
    assert fire["people"] - fire["people_base"] == 600


def test_places_of_one_instance_only(tiny: Callable[[np.random.Generator], Instance]) -> None:
    one, two = open_sites(tiny(np.random.default_rng(1))), open_sites(tiny(np.random.default_rng(4)))
    sizes = [len(result.problem.instance.places.ids) for result in (one, two)]
    assert sizes[0] != sizes[1]
    found = compare(one, two)
    words = {"gone"} if sizes[0] > sizes[1] else {"new"}
    assert words <= set(found.places["change"])
    side = "first" if sizes[0] > sizes[1] else "second"
    assert any(f"only in the {side}" in one for one in found.differs[0])
    assert compare(two, one).people["within"].tolist() == found.people["within_base"].tolist()


def test_nothing_in_common_is_refused(towns: tuple[Result, Result]) -> None:
    with pytest.raises(siting.PlanError, match="no place and service in common"):
        compare(towns[0], two_plans(1)[0])


def test_what_is_no_comparison_is_refused(towns: tuple[Result, Result], three_towns: Instance) -> None:
    with pytest.raises(siting.PlanError, match="takes two plans or more"):
        compare(towns[0])
    with pytest.raises(siting.PlanError, match="a name for each"):
        compare(*towns, names=["one"])
    none = replace(towns[0], plan=None, achieved=(), status=siting.Status.INFEASIBLE)
    with pytest.raises(siting.PlanError, match="plan 2: there is no plan to compare: proved infeasible"):
        compare(towns[0], none)


def test_same_names_are_told_apart(towns: tuple[Result, Result]) -> None:
    assert compare(*towns, names=["plan", "plan"]).names == ("plan", "plan (2)")


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("seed", [0, 3])
def test_every_kind_of_model(model: str, seed: int, tmp_path: Path) -> None:
    one = solved(model, seed)
    two = siting.solve(one.problem.instance, "max_coverage", budget=12, seconds=10)
    assert compare(one, one).same
    found, back = compare(one, two), compare(two, one)
    for people in ("people", "regions"):
        left, right = (getattr(table, people) for table in (found, back))
        assert left["gained"].to_numpy() == pytest.approx(right["lost"].to_numpy(), abs=0.011)
    for column, result in (("_base", one), ("", two)):
        told = result.summary["in_all"]["after"]
        mine = found.people.set_index("service").loc["in_all"]
        assert mine[f"within{column}"] == pytest.approx(told["people_within"], abs=0.02)
        assert mine[f"served{column}"] == pytest.approx(told["people_served"], abs=0.02)
        if told["mean_minutes"] is not None:
            assert mine[f"mean_minutes{column}"] == pytest.approx(told["mean_minutes"], abs=2e-3)
    assert (found.sites["decision"] == "close").sum() == len(one.plan.closed if one.plan else [])
    write_comparison(found, tmp_path / "out")
    assert "against plan 1" in printed(found)


def printed(comparison: Comparison, width: int = 120) -> str:
    out = io.StringIO()
    print_comparison(Console(file=out, width=width), comparison)
    return out.getvalue()


def test_what_is_printed(towns: tuple[Result, Result]) -> None:
    text = printed(compare(*towns, names=["cover", "[bold]soonest"]))
    assert "[bold]soonest, against cover" in text
    assert "The question differs in model: max_coverage against min_travel_time" in text
    assert "Facilities opened: 1 kept, 1 dropped, 1 added" in text
    assert "- dropped" in text
    assert "+ added" in text
    assert "+2,000" in text
    assert "-4,000" in text
    assert "1 lose people" in text
    same = printed(compare(towns[0], towns[0]))
    assert "The question is the same." in same
    assert "Nobody is served sooner, later or by another standard." in same


def rows_of(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def test_the_files(towns: tuple[Result, Result], tmp_path: Path) -> None:
    found = compare(*towns)
    folder = write_comparison(found, tmp_path / "deep" / "out")
    assert {path.name for path in folder.iterdir()} - {PAGE} == set(FILES)
    sites = {row["facility"]: row["status"] for row in rows_of(folder / "sites.csv")}
    assert sites["dub:fire_department"] == "dropped"
    places = {row["place_id"]: row["gained"] for row in rows_of(folder / "places.csv")}
    assert places == {"verba": "-4000", "sosna": "2000", "dub": "0"}
    features = json.loads((folder / "places.geojson").read_text(encoding="utf-8"))["features"]
    assert {one["properties"]["place_id"]: one["properties"]["change"] for one in features}[
        "verba"
    ] == "loses"
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [33.44, 49.6]}
    statuses = json.loads((folder / "sites.geojson").read_text(encoding="utf-8"))["features"]
    assert {one["properties"]["status"] for one in statuses} == {"kept", "dropped", "added"}
    again = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_comparison(found, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == again


def test_nothing_else_is_overwritten(towns: tuple[Result, Result], tmp_path: Path) -> None:
    found = compare(*towns)
    plan = siting.write(towns[0], tmp_path / "plan")
    before = (plan / "sites.csv").read_bytes()
    with pytest.raises(siting.PlanError, match="is no comparison folder"):
        write_comparison(found, plan)
    assert (plan / "sites.csv").read_bytes() == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(siting.PlanError, match="is a file and is not overwritten"):
        write_comparison(found, tmp_path / "file")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sites.csv").write_text("mine")
    with pytest.raises(siting.PlanError, match="is no comparison folder"):
        write_comparison(found, tmp_path / "own")


def test_names_are_harmless(three_towns: Instance, tmp_path: Path) -> None:
    names = np.array(["=cmd|' /C calc'!A0", "<script>", "‮abc", "x" * 10_000, "-1", "@a"], dtype=object)
    hostile = replace(
        three_towns,
        places=replace(three_towns.places, names=names),
        sites=replace(three_towns.sites, names=np.concatenate([names, three_towns.sites.names[6:]])),
    )
    found = compare(siting.solve(hostile), siting.solve(hostile, "min_travel_time"))
    folder = write_comparison(found, tmp_path / "out")
    cells = [row["place"] for row in rows_of(folder / "places.csv")]
    cells += [row["name"] for row in rows_of(folder / "sites.csv")]
    assert not [cell for cell in cells if cell.startswith(("=", "@", "-", "+"))]
    json.loads((folder / "places.geojson").read_text(encoding="utf-8"))
    assert "x" * 200 not in printed(found)
