"""Figures of plans that know scenarios, periods, units, payers, closings and capacities."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import siting
from siting.figures import closed_table
from siting.instance import Instance
from siting.model import bundled_models, load_model, parse_model
from siting.plan import Achieved, Plan, Shares, Status, Termination
from siting.problem import bind
from siting.result import Result
from siting.terminal.algebra import algebra
from siting.terminal.listings import print_instance
from siting.terminal.report import numbers, print_plan
from siting.terminal.specimen import methods
from siting.writers import check_writable

SETTINGS: dict[str, Any] = {
    "name": "valley",
    "currency": "EUR",
    "services": {
        "fire": {"standard": {"town": 12}, "distance": {"town": 6}},
        "police": {"weight": 0.5, "standard": {"town": 12}, "distance": {"town": 24}},
        "archive": {"weight": 0, "standard": {"town": 12}},
    },
    "types": {
        "post": {
            "provides": {"fire": 0},
            "cost": 4,
            "units": 3,
            "capacity": 100,
            "saving": 2,
            "payers": {"state": 0.75, "town": 0.25},
        },
        "center": {
            "provides": {"fire": 0, "police": 0, "archive": 0},
            "cost": 10,
            "payers": {"state": 1},
        },
    },
    "scenarios": {"today": {"probability": 0.75}, "flood": {"title": "High water", "probability": 0.25}},
    "periods": {"y1": {"title": "Year one"}, "y2": {"weight": 0.5}},
}


def valley(people: Sequence[int] = (100, 200, 300, 50), minutes: Sequence[float] = (10, 10, 10)) -> Instance:
    """a - b - c - d; posts at a and d (closable), candidates at b and c, the one at a replaces its post."""
    ids = ["a", "b", "c", "d"]
    return Instance.from_frames(
        places=pd.DataFrame(
            {
                "place_id": ids, "name": ["Alder", "Birch", "Cedar", "Dale"], "population": people,
                "lat": [49.0, 49.0, 49.0, 49.0], "lon": [31.0, 31.1, 31.2, 31.3], "kind": "town",
                "fires": [1, 0, 2.5, 0], "region": ["w", "w", "e", "e"],
            }
        ),
        facilities=pd.DataFrame(
            {
                "facility_id": ["F1", "F2"], "name": ["Old post", "Far post"], "type": "post",
                "site": ["a", "d"], "closable": [0, 1], "capacity": [150, None],
            }
        ),
        candidates=pd.DataFrame(
            [("b", "post", ""), ("c", "post", ""), ("c", "center", ""), ("a", "center", "F1")],
            columns=["site", "type", "replaces"],
        ),
        roads=pd.DataFrame(
            {"from": ids[:-1], "to": ids[1:], "km": minutes, "kmh": 60.0, "class": "road"}
        ),
        scenarios=pd.DataFrame(
            {"scenario": ["flood"], "from": ["b"], "to": ["c"], "class": "", "factor": "", "site": ""}
        ),
        settings=SETTINGS,
    )  # fmt: skip


def result_under(
    head: str,
    opened: Sequence[str],
    *,
    units: Sequence[int] | None = None,
    closed: Sequence[int] = (),
    limits: str = "",
    shares: Sequence[tuple[str, str, str, float]] | None = None,
    instance: Instance | None = None,
) -> Result:
    """A plan by hand under a model; what is opened is named ``site:type`` or ``site:type:period``.

    Shares are (place, service, option, share).
    """
    text = f'title = "T"\nquestion = "Q?"\nsource = "S"\n{head}\nmaximize = {{ measure = "people_within" }}\n'
    problem = bind(instance or valley(), parse_model(f"{text}limits = [{limits}]\n", "mine", "mine.toml"))
    responses = problem.responses
    options, settings, sites = responses.options, responses.settings, responses.instance.sites.ids
    names = [
        ":".join(
            [sites[options.site[j]], settings.types[options.type[j]].id]
            + [settings.periods[options.period[j]].id] * responses.layout.periods
        )
        for j in range(len(options.site))
    ]
    chosen = np.array([names.index(name, options.existing) for name in opened], dtype=np.int32)
    order = np.argsort(chosen)
    amount = np.array(units or [1] * len(chosen), dtype=np.int32)[order]
    gone = np.array(closed, dtype=np.int32)
    serves, ms = responses.serve(chosen, gone)
    split = None
    if shares is not None:
        split = _shares(problem.responses, names, shares)
        serves = np.full(len(serves), -1, dtype=np.int32)
        by_share = np.argsort(split.share, kind="stable")
        serves[split.need[by_share]], ms[split.need[by_share]] = split.option[by_share], split.ms[by_share]
    plan = Plan(chosen[order], serves, ms, amount, gone, split)
    achieved = tuple(
        Achieved(goal.term.label, goal.maximize, goal.term.unit, goal.term.value(plan), None, None)
        for goal in problem.objectives
    )
    return Result(
        problem,
        Status.UNKNOWN,
        Termination.FINISHED,
        plan,
        achieved,
        "by hand",
        "a test",
        {"total": 1.0},
        0,
        {},
    )


def _shares(responses: Any, names: list[str], shares: Sequence[tuple[str, str, str, float]]) -> Shares:
    needs, places = responses.needs, list(responses.instance.places.ids)
    services = [one.id for one in responses.settings.services]
    rows = []
    for place, service, name, share in shares:
        at = (needs.place == places.index(place)) & (needs.service == services.index(service))
        need = int(np.flatnonzero(at)[0])
        here = slice(responses.indptr[need], responses.indptr[need + 1])
        option = names.index(name)
        ms = responses.ms[here][responses.option[here] == option][0]
        rows.append((need, option, share, ms))
    need, option, share, ms = (np.array(column) for column in zip(*sorted(rows), strict=True))
    return Shares(need.astype(np.int32), option.astype(np.int32), share, ms.astype(np.int32))


def test_the_layout_is_told_of_every_model() -> None:
    assert result_under("", []).summary["layout"] == {
        "services": ["fire", "police"], "across": [], "standard": "minutes", "existing": "stay",
        "serve": "nearest",
    }  # fmt: skip
    head = (
        'services = ["archive"]\nacross = ["period", "scenario"]\nserve = "single"\nexisting = "stay"\n'
        'standard = "minutes"'
    )
    summary = result_under(head, []).summary
    assert summary["layout"]["services"] == list(summary["services"]) == ["archive"]
    assert list(summary["unreachable"]) == list(summary["regions"][0]["services"]) == ["archive"]
    assert (summary["layout"]["across"], summary["layout"]["serve"]) == (["scenario", "period"], "single")
    # A service of weight 0 that is named counts with weight 1, whatever scenario and period count for.
    assert summary["in_all"]["after"]["people"] == 650


def test_nothing_new_where_the_model_asks_for_nothing_new() -> None:
    result = result_under("", ["c:post"])
    assert "period" not in result.sites
    assert "scenario" not in result.assignments
    assert not {"scenarios", "periods", "load"} & set(result.summary)
    assert "saved" not in result.summary["money"]
    assert "closed" not in result.summary["facilities"]["post"]


@pytest.mark.parametrize(
    "head", ['across = ["scenario"]', 'across = ["period"]', 'existing = "closable"', 'serve = "single"']
)
def test_full_coverage_is_of_the_nearest_facility_alone(head: str) -> None:
    full = {"sites": 1, "reached": True, "beyond": 0}
    assert replace(result_under("", []), full_coverage=full).summary["full_coverage"] == full
    assert replace(result_under(head, []), full_coverage=full).summary["full_coverage"] is None


def test_periods_by_hand() -> None:
    result = result_under('across = ["period"]', ["b:post:y2", "c:center:y1"])
    sites, rows, summary = result.sites, result.assignments, result.summary
    assert list(sites.columns[:6]) == ["rank", "site_id", "name", "type", "period", "replaces"]
    assert list(zip(sites["site_id"], sites["period"], sites["people_served"], strict=True)) == [
        ("c", "y1", 550), ("b", "y2", 200),
    ]  # fmt: skip
    # The finished plan: police at b, c and d within 12 minutes; a is 20 away.
    assert list(sites["people_newly_covered"]) == [550, 0]
    assert len(rows) == 4 * 2 * 2
    assert list(rows.columns[2:5]) == ["service", "period", "people"]
    fire_at_b = rows[(rows["place_id"] == "b") & (rows["service"] == "fire")]
    assert list(fire_at_b["facility"]) == ["F1", "b:post"]
    assert list(fire_at_b["facility_before"]) == ["F1", "F1"]
    first, last = summary["periods"]
    assert (first["title"], first["weight"], last["weight"]) == ("Year one", 1.0, 0.5)
    assert (first["new"], first["spent"]) == ({"post": 0, "center": 1}, 10.0)
    assert (last["new"], last["spent"]) == ({"post": 1, "center": 0}, 4.0)
    assert first["in_all"]["before"]["people_within"] == 650
    assert last["in_all"]["after"] == summary["in_all"]["after"]
    assert summary["in_all"]["after"]["people_within"] == 650 + 0.5 * 550
    assert first["in_all"]["after"]["mean_minutes"] > last["in_all"]["after"]["mean_minutes"]


def test_scenarios_by_hand() -> None:
    result = result_under('across = ["scenario"]', ["c:center"])
    today, flood = result.summary["scenarios"]
    assert (today["id"], today["probability"], flood["title"]) == ("today", 0.75, "High water")
    assert today["in_all"]["after"] == result.summary["in_all"]["after"]
    assert today["in_all"]["after"]["people_within"] == 650 + 0.5 * 550
    assert flood["in_all"]["after"]["people_within"] == 650 + 0.5 * 350
    rows = result.assignments
    cut = rows[(rows["scenario"] == "flood") & (rows["service"] == "police")]
    assert list(cut["facility"]) == ["", "", "c:center", "c:center"]
    # b is served today, which is the scenario that the table of sites looks at.
    assert list(result.sites["people_newly_covered"]) == [550]


def test_closings_by_hand(tmp_path: Path) -> None:
    result = result_under('existing = "closable"', ["c:post"], closed=[1])
    assert closed_table(result).to_dict("records") == [
        {"facility_id": "F2", "name": "Far post", "type": "post", "site_id": "d", "saving": 2.0}
    ]
    summary = result.summary
    assert (summary["money"]["spent"], summary["money"]["saved"]) == (4, 2)
    assert [kind["closed"] for kind in summary["facilities"].values()] == [1, 0]
    assert [kind["existing"] for kind in summary["facilities"].values()] == [2, 0]
    rows = result.assignments.set_index(["place_id", "service"])
    assert tuple(rows.loc[("d", "fire"), ["facility", "facility_before"]]) == ("c:post", "F2")
    target = siting.write(result, tmp_path / "plan")
    assert (target / "closed.csv").read_bytes() == (
        b"facility_id,name,type,site_id,saving\nF2,Far post,post,d,2.00\n"
    )
    siting.write(result_under('existing = "closable"', []), target)
    assert (target / "closed.csv").read_bytes() == b"facility_id,name,type,site_id,saving\n"
    check_writable(target)
    siting.write(result_under("", []), target)
    assert not (target / "closed.csv").exists()


def test_units_payers_and_upgrades_by_hand() -> None:
    limits = (
        '{ measure = "cost", payer = "state", at_most = 90 },'
        '{ measure = "cost", payer = "state", at_most = 50 },'
        '{ measure = "cost", payer = "town", region = "e", at_most = 3 }, { measure = "cost", at_most = 70 }'
    )
    upgrade = result_under("", ["a:center"], units=[1], limits=limits).sites.set_index("site_id")
    assert (upgrade.loc["a", "cost"], upgrade.loc["a", "replaces"]) == (10.0, "F1")
    result = result_under('serve = "single"', ["c:post", "a:center"], units=[3, 1], limits=limits)
    rows = result.sites.set_index("site_id")
    assert (rows.loc["c", "units"], rows.loc["c", "cost"]) == (3, 12.0)
    assert "replaces" not in rows  # where capacities bind nothing can be replaced
    summary = result.summary
    assert [kind.get("units") for kind in summary["facilities"].values()] == [3, None]
    assert (summary["money"]["spent"], summary["money"]["budget"]) == (22, 70)
    assert summary["money"]["by_payer"] == {
        "state": {"spent": 19.0, "budget": 50}, "town": {"spent": 3.0, "budget": None},
    }  # fmt: skip


SPLIT = [
    ("a", "fire", "a:post", 1.0),
    ("b", "fire", "a:post", 0.25),
    ("b", "fire", "c:post", 0.75),
    ("c", "fire", "c:post", 0.5),
]


def test_shared_needs_by_hand(tmp_path: Path) -> None:
    result = result_under('serve = "split"', ["c:post"], units=[3], shares=SPLIT)
    rows = result.assignments
    fire = rows[rows["service"] == "fire"]
    assert list(rows.columns[4:8]) == ["facility", "facility_type", "share", "minutes"]
    assert list(zip(fire["place_id"], fire["facility"], fire["share"], strict=True)) == [
        ("a", "F1", 1.0), ("b", "F1", 0.25), ("b", "c:post", 0.75), ("c", "c:post", 0.5), ("d", "", 0.0),
    ]  # fmt: skip
    # Before, the first to answer serves: nobody looks at capacities.
    assert list(fire["facility_before"]) == ["F1", "F1", "F1", "F2", "F2"]
    site = result.sites.to_dict("records")[0]
    assert (site["people_served"], site["people_newly_covered"]) == (500, 0)
    assert site["mean_response_minutes"] == round(150 * 10 / (150 + 150), 3)
    summary = result.summary
    assert summary["load"] == {
        "fire": {"people": 650, "served": 450.0}, "police": {"people": 650, "served": 0.0},
    }  # fmt: skip
    after = summary["services"]["fire"]["after"]
    assert (after["people_served"], after["people_within"], after["share"]) == (450.0, 450.0, 0.692308)
    assert after["mean_minutes"] == round((200 * 10) / 450, 3)
    assert summary["services"]["fire"]["before"]["people_served"] == 650
    assert summary["in_all"]["population_within_every_standard"] == {"before": 0, "after": 0}
    assert (
        b",c:post,post,0.750000,10.000,1,F1,"
        in (siting.write(result, tmp_path / "plan") / "assignments.csv").read_bytes()
    )


def test_empty_tables_keep_their_columns() -> None:
    for head in ('across = ["scenario", "period"]\nserve = "split"', 'existing = "closable"'):
        shares = SPLIT[:0] or None
        full = result_under(head, [], shares=shares)
        bare = replace(full, plan=None, status=Status.INFEASIBLE)
        assert list(bare.sites) == list(full.sites)
        assert set(full.assignments) <= set(bare.assignments)
        assert closed_table(bare).empty
        assert list(closed_table(bare)) == list(closed_table(full))
        json.dumps(bare.summary, allow_nan=False)


@pytest.mark.parametrize("seed", range(8))
def test_random_plans_against_loops(seed: int) -> None:
    """In all, per scenario and per period, from the rows of the assignments."""
    rng = np.random.default_rng(seed)
    instance = valley(rng.integers(0, 900, 4).tolist(), rng.integers(3, 15, 3).tolist())
    sites = rng.permutation(["b:post", "c:post", "c:center", "a:center"])[: rng.integers(0, 4)]
    opened = [f"{site}:{rng.choice(['y1', 'y2'])}" for site in sites]
    result = result_under('across = ["scenario", "period"]', opened, instance=instance)
    summary, weights = result.summary, {"fire": 1.0, "police": 0.5}
    rows = result.assignments.assign(weight=lambda all_: all_["people"] * all_["service"].map(weights))
    for scenario, period, figures in [
        ("today", "y2", summary["in_all"]),
        *((one["id"], "y2", one["in_all"]) for one in summary["scenarios"]),
        *(("today", one["id"], one["in_all"]) for one in summary["periods"]),
    ]:
        mine = rows[(rows["scenario"] == scenario) & (rows["period"] == period)]
        for when, ending in (("before", "_before"), ("after", "")):
            within = (mine["weight"] * mine[f"covered{ending}"]).sum()
            assert figures[when]["people_within"] == pytest.approx(within)
            assert figures[when]["people"] == pytest.approx(mine["weight"].sum())
            known = mine[mine[f"facility{ending}"] != ""]
            if known["weight"].sum():
                mean = (known["weight"] * known[f"minutes{ending}"]).sum() / known["weight"].sum()
                assert figures[when]["mean_minutes"] == pytest.approx(mean, abs=0.001)
    view = rows[(rows["scenario"] == "today") & (rows["period"] == "y2")]
    for site in result.sites.to_dict("records"):
        mine = view[view["facility"] == f"{site['site_id']}:{site['type']}"]
        assert site["people_served"] == mine.drop_duplicates("place_id")["people"].sum()
    assert sum(one["spent"] for one in summary["periods"]) == summary["money"]["spent"]


def _printed(result: Result) -> str:
    out = io.StringIO()
    console = Console(file=out, width=160, highlight=False)
    print_plan(console, result.summary, result.sites, closed_table(result), "plans/x")
    return out.getvalue()


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_report_tells_closings_and_payers() -> None:
    limits = '{ measure = "cost", payer = "state", at_most = 12 }, { measure = "cost", at_most = 20 }'
    lines = _lines(_printed(result_under('existing = "closable"', ["c:center"], closed=[1], limits=limits)))
    assert "existing new closed allowed cost (EUR)" in lines
    assert "Post 2 - 1 - -" in lines
    assert "in all 2 1 1 10.00 less 2.00 saved of 20.00" in lines
    assert "Closed: Far post (post)." in lines
    assert "state 10.00 12.00 83.33 %" in lines
    assert "town 0.00 -" in lines
    assert "Plan: plans/x/ (sites.csv, closed.csv, assignments.csv, summary.json, model.toml)" in lines
    assert "No existing facility is closed." in _printed(result_under('existing = "closable"', []))


def test_the_report_tells_periods_and_scenarios() -> None:
    head = 'across = ["scenario", "period"]'
    lines = _lines(_printed(result_under(head, ["b:post:y2", "c:center:y1"])))
    assert "People within the standard (Today, Y2)" in lines
    assert (
        "new: post new: center cost (EUR) within" in lines
        or "new: Post new: Center cost (EUR) within" in lines
    )
    assert "before 650 66.67 %" in lines
    assert "Year one 0 1 10.00 925 94.87 %" in lines
    assert "Y2 1 0 4.00 925 94.87 %" in lines
    assert "Today 75.00 % 650 66.67 % 925 94.87 %" in lines
    assert "High water 25.00 % 650 66.67 % 825 84.62 %" in lines


def test_the_report_tells_units_and_room() -> None:
    lines = _lines(_printed(result_under('serve = "split"', ["c:post"], units=[3], shares=SPLIT)))
    assert "existing new new units allowed cost (EUR)" in lines
    assert "Fire 650 450 69.23 %" in lines
    assert any(line.startswith("name region type units cost (EUR)") for line in lines)
    assert any("as if there were room for everybody" in line for line in lines)


def test_minutes_under_a_distance_standard_are_equivalent() -> None:
    text = _printed(result_under('standard = "both"', ["c:center"]))
    assert "mean equivalent min before" in text
    assert "town, 12 equivalent min" in text
    assert "the later of both counts" in text
    # 10 km are 5 equivalent minutes where 24 km stand for 12 minutes, and too far where 6 km do.
    rows = result_under('standard = "km"', ["c:center"]).assignments.set_index(["place_id", "service"])
    assert (rows.loc[("b", "police"), "minutes"], rows.loc[("b", "police"), "covered"]) == (5.0, 1)
    assert rows.loc[("b", "fire"), "covered"] == 0


def test_numbers_of_many_members_are_one() -> None:
    many: dict[str, float | None] = {f"least.{n}": 0.0 for n in range(1469)}
    assert numbers({"numbers": {**many, "budget": None}}) == "least 0 (1,469 members), budget without limit"
    many["least.7"] = 4.0
    assert numbers({"numbers": many}) == "least 0 to 4 (1,469 members)"


def test_an_instance_tells_what_models_may_look_at() -> None:
    out = io.StringIO()
    print_instance(Console(file=out, width=160, highlight=False), valley())
    lines = _lines(out.getvalue())
    for line in (
        "scenarios Today 75.00 %, High water 25.00 %",
        "periods Year one (weight 1), Y2 (weight 0.5)",
        "payers state, town",
        "fires 3.50 expected a year",
        "closable 1 (existing facilities that a model may close)",
        "upgrades 1 (candidates that replace an existing facility)",
        "Fire 1 1 town 12 town 6",
    ):
        assert line in lines, line


@pytest.mark.parametrize("name", bundled_models())
def test_every_bundled_model_has_a_method_and_an_algebra(name: str) -> None:
    model = load_model(name)
    assert "exact" in methods(model)
    text = algebra(model)
    assert "None" not in text
    assert "$" not in text
    for letter in ("U", "K", "alpha"):
        if f" {letter})" in text:
            assert f"{letter} = " in text or f"  {letter} " in text


def _algebra(head: str, goal: str, limits: str = "", parameters: str = "") -> str:
    asked = f'title = "T"\nquestion = "Q?"\nsource = "S"\n{head}\n{goal}'
    text = f"{asked}\nlimits = [{limits}]\n[parameters]\n{parameters}"
    return algebra(parse_model(text, "mine", "mine.toml"))


def test_algebra_of_capacities_scenarios_and_periods() -> None:
    text = _algebra(
        'across = ["scenario", "period"]\nserve = "split"\nservices = ["fire"]',
        'maximize = { measure = "people_within", region = ["n", "s"] }',
        '{ measure = "cost", each = "payer", at_most = "$funds" }',
        'funds = { unit = "currency", each = "payer", about = "money" }',
    )
    for line in (
        "maximize  sum_i sum_j a_ij w_i [t_ij <= S_i] [region n or s]",
        "  sum_j p_j c_j x_j [payer PAYER] <= funds.PAYER  for each payer",
        "  sum_i people_i a_ij <= C_j x_j  for each j, service, scenario, period",
        "  a_ij <= y_j  for each i, j",
        "  sum of y_j over the periods <= 1  for each (site, facility type)",
    ):
        assert line in text.splitlines(), line
    for meaning in (
        "need (place, service fire, scenario, period)",
        "its people x weight of the service x probability of the scenario x weight of the period",
        "infinite where its site is lost",
    ):
        assert meaning in text, meaning


def test_algebra_of_curves_crews_closings_and_kilometres() -> None:
    text = _algebra("", 'minimize = { measure = "losses", per = "fires", points = [[5, 0.1], [20, 0.4]] }')
    assert "minimize  sum_i f_i l(t_i); l = 0.1 at 5, 0.4 at 20 min" in text
    assert "fires a year at its place" in text
    assert "loss by an answer after t minutes" in text
    busy = 'q = { unit = "of 1", each = "type", default = 0.2, about = "busy" }'
    text = _algebra("", 'maximize = { measure = "expected_cover", busy = "$q" }', "", busy)
    assert "sum_i w_i (1 - prod_c q_c^min(n_ic, K)); q_c = q.TYPE, K = 3" in text
    assert "sum of x_j over all open j with t_ij <= S_i" in text
    text = _algebra(
        'existing = "closable"\nstandard = "either"',
        'maximize = { measure = "people_within" }',
        '{ measure = "cost", moving = 2, at_most = 9 }',
    )
    assert "  sum_j c_j y_j - sum_f (s_f - m) (1 - y_f) <= 9; m = 2" in text.splitlines()
    assert "min(turnout of j + minutes of the service's vehicle from j to i, S_i km_ij / D_i)" in text
    assert "D_i" in text
    assert "whether it stays open" in text
