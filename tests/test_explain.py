"""Why here and why not there, against every changed plan and every plan there is."""

from __future__ import annotations

import csv
import io
import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from siting.cli import app
from siting.engine import solve
from siting.errors import ModelError, PlanError
from siting.instance import Instance
from siting.plan import Plan, Status
from siting.problem import Problem
from siting.reasons import explain, interchange, why_not
from siting.reasons.changes import Case, case_of
from siting.reasons.interchange import Interchange
from siting.reasons.names import nearest
from siting.reasons.removal import bounds_without, without_site
from siting.reasons.revalue import Revaluation
from siting.result import Progress, Result
from siting.terminal.explain import print_explanations, print_why_not
from siting.writers import EXPLAIN, write
from siting.writers.explained import write_explanation
from tests.brute import every_plan
from tests.catalogue.questions import Question
from tests.conftest import build_tiny
from tests.plans import result_of
from tests.test_catalogue_brute_force import NAMES

ROOM = 1e-6


def room(value: float) -> float:
    return ROOM * max(1.0, abs(value))


def sign_of(result: Result) -> np.ndarray:
    return np.array([1.0 if goal.maximize else -1.0 for goal in result.problem.objectives])


def values(problem: Problem, plan: Plan) -> np.ndarray:
    return np.array([goal.term.value(plan) for goal in problem.objectives])


def keeps(problem: Problem, plan: Plan) -> bool:
    """Whether a plan keeps every limit, by its definition."""
    for limit in problem.limits:
        value = limit.term.value(plan)
        if not limit.low - room(value) <= value <= limit.high + room(value):
            return False
    replaced = problem.responses.options.replaces[plan.opened]
    replaced = replaced[replaced >= 0]
    doubled = len(np.unique(replaced)) < len(replaced) or np.isin(replaced, plan.closed).any()
    return not doubled and not np.isnan(values(problem, plan)).any()


def changed(problem: Problem, plan: Plan, out: int | None, option: int | None) -> Plan:
    """A plan without its ``out``-th opened option, and with another one, everything served anew."""
    units = dict(zip(plan.opened.tolist(), plan.units.tolist(), strict=True))
    most = 1
    if out is not None:
        most = units.pop(int(plan.opened[out]))
    if option is not None:
        units[option] = min(most, int(problem.responses.options.units[option]))
    opened = np.array(sorted(units), dtype=np.int32)
    amount = np.array([units[int(j)] for j in opened], dtype=np.int32)
    return Plan(opened, *problem.responses.serve(opened, plan.closed), amount, plan.closed)


def other_candidates(problem: Problem, plan: Plan, period: int | None = None) -> list[int]:
    options = problem.responses.options
    taken = set(options.candidate[plan.opened].tolist())
    return [
        j
        for j in range(options.existing, len(options.site))
        if options.usable[j]
        and int(options.candidate[j]) not in taken
        and (period is None or options.period[j] == period)
    ]


def rows_of(result: Result, explanation) -> list[tuple[int, dict]]:
    """(position in the plan, row) of every site."""
    case = case_of(result)
    names = {tuple(case.named(int(j)).values()): k for k, j in enumerate(result.plan.opened)}
    return [
        (names[row["site_id"], row["name"], row["type"]], row) for row in explanation.table.to_dict("records")
    ]


def losses_in(row: dict, key: str, count: int) -> np.ndarray:
    return np.array([row[key if not k else f"{key}_{k + 1}"] for k in range(count)])


def test_three_towns_by_hand(three_towns: Instance) -> None:
    table = explain(solve(three_towns)).table.set_index("site_id")
    dub, lypa = table.loc["dub"], table.loc["lypa"]
    # Fire at Verba (4,000) is covered from Dub alone; the Security Center reaches Dub itself as well.
    assert dub["people_newly_covered"] == 4_900
    assert dub["people_uniquely_covered"] == 4_000
    assert dub["drop_loss"] == 4_000
    assert dub["person_minutes_saved_alone"] == dub["drop_loss_2"] == 82_800
    assert (dub["runner_up"], dub["swap_cost"]) == ("sosna", 2_000)
    assert (dub["removal_at_least"], dub["removal_at_most"], dub["removal_proof"]) == (2_000, 2_000, "exact")
    assert (lypa["runner_up"], lypa["swap_cost"], lypa["removal_at_most"]) == ("kalyna", 7_800, 4_000)
    assert lypa["removal_proof"] == "exact"
    assert lypa["people_reached_alone"] == 20_900  # police and administration have nobody else
    assert lypa["binding"] == dub["binding"] or "cost" in dub["binding"]
    assert not table["required"].any()
    assert (table["equally_good"] == "").all()


@pytest.mark.parametrize("name", NAMES)
def test_every_model_of_the_catalogue(name: str) -> None:
    for seed in range(2):
        question = Question(name, seed)
        result = solve(question.instance, question.model, seconds=20, numbers=question.given())
        if result.plan is None:
            with pytest.raises(ModelError, match="no plan to explain"):
                explain(result)
            continue
        explanation = explain(result)
        json.dumps(explanation.as_dict(), allow_nan=False)
        assert len(explanation) == len(result.plan.opened)
        assert list(explanation.table["site_id"]) == list(result.sites["site_id"])
        assert list(explanation.table["people_newly_covered"]) == list(result.sites["people_newly_covered"])
        for k, row in rows_of(result, explanation):
            if result.problem.responses.layout.serve == "nearest":
                check_drop_and_swap(result, k, row)
            else:
                assert math.isnan(row["drop_loss"])
                assert row["runner_up"] is None
            check_removal(question, result, k, row)
            check_plan_without(result, k, row)


def check_drop_and_swap(result: Result, k: int, row: dict) -> None:
    """Against the value of every changed plan."""
    problem, plan, sign = result.problem, result.plan, sign_of(result)
    now, count = values(problem, plan), len(sign_of(result))
    dropped = changed(problem, plan, k, None)
    lost = sign * (now - values(problem, dropped))
    if not np.isnan(lost).any():
        np.testing.assert_allclose(losses_in(row, "drop_loss", count), lost, atol=1e-5)
    assert bool(row["forced_by"]) == (not keeps(problem, dropped))
    best: tuple | None = None
    period = problem.responses.options.period[plan.opened[k]]
    for option in other_candidates(problem, plan, period):
        swapped = changed(problem, plan, k, option)
        if keeps(problem, swapped):
            found = sign * (now - values(problem, swapped))
            if best is None or lexicographic(found, best):
                best = tuple(found)
    if best is None:
        assert row["runner_up"] == ""
        return
    np.testing.assert_allclose(losses_in(row, "swap_cost", count), best, atol=1e-5)
    if (row["equally_good"] == row["runner_up"]) != (max(best) <= 0):
        assert abs(max(best)) <= room(max(abs(now)))


def lexicographic(one: np.ndarray, other: tuple) -> bool:
    for mine, theirs in zip(one, other, strict=True):
        if abs(mine - theirs) > 1e-7 * max(1.0, abs(mine)):
            return bool(mine < theirs)
    return False


def check_removal(question: Question, result: Result, k: int, row: dict) -> None:
    """Against the best of all plans that do without the site."""
    problem, oracle = result.problem, question.oracle
    options = problem.responses.options
    if row["required"]:
        return
    candidate = options.candidate[result.plan.opened[k]]
    whole = oracle.plans
    without = whole()
    without = without.only(without.units[:, candidate] == 0)
    oracle.plans = lambda: without
    best = oracle.optimum()
    oracle.plans = whole
    if best is None:
        assert row["removal_proof"] in ("no plan", "unknown", "at least"), row
        return
    goal = result.achieved[0]
    lost = (goal.value - best[0]) * (1 if goal.maximize else -1)
    slack = 10 * room(goal.value) + 1e-5
    tolerance = problem.objectives[0].tolerance * abs(goal.value)
    assert row["removal_at_least"] <= lost + slack + tolerance, row
    if not math.isnan(row["removal_at_most"]):
        assert row["removal_at_most"] >= lost - slack - tolerance, row
    if result.status is Status.OPTIMAL and row["removal_proof"] == "exact":
        assert row["removal_at_most"] == pytest.approx(lost, abs=slack + 2 * tolerance)


def check_plan_without(result: Result, k: int, row: dict) -> None:
    """The plan told of does without the site, keeps every limit, and loses what is told."""
    if row["removal_opens"] is None:
        assert not row["removal_at_most"] < math.inf
        return
    problem, plan = result.problem, result.plan
    responses, facilities = problem.responses, problem.instance.facilities.ids
    options, names = responses.options, case_of(result)
    periods = [one.id for one in responses.settings.periods] if responses.layout.periods else [""]
    key = {
        (*list(names.named(j).values())[::2], periods[options.period[j]]): j
        for j in np.flatnonzero(options.usable[options.existing :]) + options.existing
    }
    units = {
        int(j): int(count)
        for j, count in zip(plan.opened, plan.units, strict=True)
        if tuple(names.named(int(j)).values())[::2] not in row["removal_drops"]
    }
    assert len(units) == len(plan.opened) - len(row["removal_drops"])
    for site, kind, count, period in row["removal_opens"]:
        units[int(key[site, kind, period])] = count
    candidate = options.candidate[plan.opened[k]]
    assert candidate not in options.candidate[list(units)]
    closed = {*facilities[plan.closed], *row["removal_closes"]} - {*row["removal_keeps"]}
    if responses.layout.serve != "nearest":
        return
    opened = np.array(sorted(units), dtype=np.int32)
    amount = np.array([units[int(j)] for j in opened], dtype=np.int32)
    shut = np.flatnonzero(np.isin(facilities, list(closed))).astype(np.int32)
    other = Plan(opened, *responses.serve(opened, shut), amount, shut)
    assert keeps(problem, other)
    lost = sign_of(result) * (values(problem, plan) - values(problem, other))
    np.testing.assert_allclose(losses_in(row, "removal_at_most", len(lost)), lost, atol=1e-5, rtol=1e-9)
    if not row["equally_good"]:
        assert max(lost) > 0
    elif row["equally_good"] == "other sites":
        assert max(lost) <= room(max(abs(values(problem, plan))))


@pytest.mark.parametrize(
    "model", ["max_coverage", "min_travel_time", "set_cover", "regional_floors", "total_cost"]
)
def test_sums_agree_with_values(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interchange, "FIRST", 1)  # tiny lists are cut short as well
    seen = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        instance = build_tiny(rng)
        result = solve(instance, model, seconds=20, **({"floor": 0.2} if model == "regional_floors" else {}))
        if result.plan is None:
            continue
        case = case_of(result)
        assert isinstance(case.exchange, Interchange)
        slow = Revaluation(result.problem, case.plan, case.state, case.may)
        everyone = np.arange(len(case.may), dtype=np.int32)
        for k in range(len(case.plan.opened)):
            same(case.exchange.swap(k, everyone), slow.swap(k, everyone))
            same_best(case, k, slow)
            seen += 1
        for option in np.flatnonzero(case.may):
            same(case.exchange.swap_in(int(option)), slow.swap_in(int(option)))
            quick, broken = case.exchange.add_one(int(option))
            anew, breaks = slow.add_one(int(option))
            np.testing.assert_allclose(quick, anew, atol=1e-5)
            assert [str(one) for one in broken] == [str(one) for one in breaks]
    assert seen > 3


def same_best(case: Case, k: int, slow: Revaluation) -> None:
    """The best of the candidates looked at is the best of all, and as good."""
    few, quick = case.exchange.swaps(k, case.room)
    among, anew = slow.swaps(k, case.room)
    mine, best = case.best(quick), case.best(anew)
    assert (mine < 0) == (best < 0)
    if best >= 0:
        assert few[mine] == among[best]
        np.testing.assert_allclose(quick[:, mine], anew[:, best], atol=1e-5)


def same(one: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_array_equal(np.isneginf(one[0]), np.isneginf(other[0]))
    there = ~np.isneginf(one[0])
    np.testing.assert_allclose(one[:, there], other[:, there], atol=1e-5)


def test_bounds_of_removals_hold() -> None:
    seen = 0
    for seed in range(8):
        instance = build_tiny(np.random.default_rng(100 + seed))
        for model in ("max_coverage", "min_travel_time", "total_cost"):
            result = solve(instance, model, seconds=20)
            if result.plan is None:
                continue
            sign = sign_of(result)[0]
            plans = every_plan(result.problem) if model != "total_cost" else None
            for k, least in enumerate(bounds_without(result)):
                option = int(result.plan.opened[k])
                if plans is None:
                    loss = without_site(result, option, 20, None)
                    assert loss.at_most is None or least <= loss.at_most + 1e-5
                    continue
                best = plans.best(~plans.is_open[:, np.flatnonzero(plans.option == option)[0]])
                if best is not None and np.isfinite(least):
                    seen += 1
                    assert least <= sign * result.achieved[0].value - best[0] + 1e-5
    assert seen > 10


def test_unique_people_are_those_whom_nobody_else_covers() -> None:
    for seed in range(5):
        instance = build_tiny(np.random.default_rng(300 + seed))
        result = solve(instance, seconds=20)
        if result.plan is None:
            continue
        problem, plan = result.problem, result.plan
        needs, population = problem.responses.needs, instance.places.population
        covered = plan.served & (plan.response_ms <= needs.standard_ms)
        for k, row in rows_of(result, explain(result)):
            other = changed(problem, plan, k, None)
            lost = covered & ~(other.served & (other.response_ms <= needs.standard_ms))
            assert row["people_uniquely_covered"] == population[np.unique(needs.place[lost])].sum()
            unreached = plan.served & ~other.served
            assert row["people_reached_alone"] == population[np.unique(needs.place[unreached])].sum()
            later = (other.response_ms.astype(float) - plan.response_ms) * needs.people
            saved = later[other.served & plan.served].sum() / 60_000
            assert row["person_minutes_saved_alone"] == pytest.approx(saved, abs=1e-3)


def test_price_of_a_place_is_that_of_the_best_plan_that_covers_it() -> None:
    seen = 0
    for seed in range(6):
        instance = build_tiny(np.random.default_rng(500 + seed))
        result = solve(instance, seconds=20)
        if result.plan is None:
            continue
        problem = result.problem
        needs, plans = problem.responses.needs, every_plan(problem)
        for place in range(len(instance.places.ids)):
            if instance.places.excluded[place]:
                continue
            for answer in why_not(result, str(instance.places.ids[place])).answers:
                if answer.price is None:
                    continue
                number = [s.id for s in problem.responses.settings.services].index(answer.service)
                need = np.flatnonzero((needs.place == place) & (needs.service == number))[0]
                row = slice(problem.responses.indptr[need], problem.responses.indptr[need + 1])
                near = problem.responses.ms[row] <= needs.standard_ms[need]
                covers = plans.is_open[:, np.isin(plans.option, problem.responses.option[row][near])].any(
                    axis=1
                )
                best = plans.best(covers)
                if best is None:
                    assert answer.price["proof"] == "no plan"
                    continue
                seen += 1
                lost = result.achieved[0].value - best[0]
                assert answer.price["proof"] == "exact"
                assert answer.price["at_most"] == pytest.approx(lost, abs=1e-5)
    assert seen > 3


def test_why_not_of_every_model() -> None:
    for name in NAMES:
        question = Question(name, 1)
        result = solve(question.instance, question.model, seconds=20, numbers=question.given())
        if result.plan is None:
            continue
        for place in question.instance.places.ids[:2]:
            answer = why_not(result, str(place), seconds=10)
            json.dumps(answer.as_dict(), allow_nan=False)
            assert all(one.reasons for one in answer.answers)
            print_why_not(Console(file=io.StringIO()), answer)


def test_a_required_site_says_what_the_requirement_costs(three_towns: Instance) -> None:
    free = solve(three_towns)
    forced = free.resolve(require=[("sosna", "fire_department")])
    row = explain(forced, "sosna").table.iloc[0]
    assert row["required"]
    assert row["removal_proof"] == "exact"
    assert row["removal_at_most"] == forced.objective - free.objective


def test_a_site_may_be_needed_by_a_floor(three_towns: Instance) -> None:
    result = solve(three_towns, "set_cover")
    rows = explain(result).table
    assert (rows["forced_by"].str.contains("share_of_coverable")).all()
    assert (rows["removal_proof"].isin(["exact", "no plan"])).all()


def test_the_table_is_written_whole_and_over_nothing_else(three_towns: Instance, tmp_path: Path) -> None:
    result = solve(three_towns)
    folder = write(result, tmp_path / "plan")
    found = explain(result)
    file = write_explanation(found, folder / EXPLAIN)
    assert write_explanation(found, file) == file  # an older one is replaced
    assert {path.name for path in folder.iterdir()} >= {"sites.csv", EXPLAIN}
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == list(found.table.columns)
    assert [row["required"] for row in rows] == ["0", "0"]
    dub = next(row for row in rows if row["site_id"] == "dub")
    assert float(dub["drop_loss"]) == 4_000
    assert float(dub["removal_at_most"]) == 2_000
    assert json.loads(dub["removal_drops"]) == [["dub", "fire_department"]]
    assert json.loads(dub["removal_opens"]) == [["sosna", "fire_department", 1, ""]]
    assert json.loads(dub["removal_closes"]) == json.loads(dub["removal_keeps"]) == []
    write(result, folder)  # a later plan takes the place of plan and explanation
    assert not file.exists()
    other = tmp_path / "notes.csv"
    other.write_text("my own notes\n")
    for target, says in ((other, "something else"), (tmp_path, "ends in .csv"), (tmp_path / "a.txt", ".csv")):
        with pytest.raises(PlanError, match=says):
            write_explanation(found, target)
    assert other.read_text() == "my own notes\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.csv", "plan"]


def test_the_commands_write_the_table_and_keep_quiet(three_towns: Instance, tmp_path: Path) -> None:
    folder = write(solve(three_towns), tmp_path / "plan")
    at = ["--instance", str(Path(__file__).resolve().parent.parent / "instances" / "three_towns")]

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments, *at])

    file = folder / EXPLAIN
    done = run("explain", str(folder), "--out", str(file), "--json", "--quiet")
    assert done.exit_code == 0
    assert len(json.loads(done.stdout)["sites"]) == 2
    assert file.read_text(encoding="utf-8").startswith("site_id,name,type,required,")
    refused = run("explain", str(folder), "--out", str(folder / "sites.csv"))
    assert refused.exit_code == 2
    assert "something else than an explanation" in refused.stderr
    quiet = run("why-not", str(folder), "sosna", "--quiet")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert "Price" in quiet.stdout


def test_names_with_formulas_stay_text(three_towns: Instance, tmp_path: Path) -> None:
    names = three_towns.sites.names.copy()
    names[:] = "=cmd|'/c calc'!A1"
    result = solve(replace(three_towns, sites=replace(three_towns.sites, names=names)))
    text = write_explanation(explain(result), tmp_path / "explain.csv").read_text(encoding="utf-8")
    assert ",'=cmd" in text
    assert ",=cmd" not in text


def test_progress_of_why_not(three_towns: Instance) -> None:
    seen: list[Progress] = []
    why_not(solve(three_towns), "sosna", progress=seen.append)
    assert seen


def test_local_names_are_found_and_suggested(three_towns: Instance) -> None:
    local = three_towns.places.names_local.copy()
    local[list(three_towns.places.ids).index("sosna")] = "Кам’янка"
    result = solve(replace(three_towns, places=replace(three_towns.places, names_local=local)))
    assert why_not(result, "КАМ'ЯНКА").place_id == "sosna"
    with pytest.raises(ModelError, match="did you mean 'Кам’янка'"):
        why_not(result, "Камянка")
    with pytest.raises(ModelError, match=r"unknown place ''$"):
        why_not(result, "")


def test_names_among_very_many_are_suggested_quickly() -> None:
    rng = np.random.default_rng(8)
    known = ["".join(rng.choice(list("абвгдежзик"), 8)) for _ in range(60_000)]
    begun = time.process_time()
    assert f"'{known[77]}'" in nearest(known[77][:-1], known)
    assert time.process_time() - begun < 5


def test_recommended_sites_of_one_name_are_listed_with_their_areas(three_towns: Instance) -> None:
    names = three_towns.sites.names.copy()
    names[:] = "Twin"
    result = solve(replace(three_towns, sites=replace(three_towns.sites, names=names)))
    with pytest.raises(ModelError, match=r"2 recommended sites are called 'twin'; .*dub \(.+\), .*lypa \("):
        explain(result, "twin")


def test_names_that_are_unknown_or_ambiguous(three_towns: Instance) -> None:
    result = solve(three_towns)
    with pytest.raises(ModelError, match="did you mean 'Sosna'"):
        why_not(result, "Sosnaa")
    with pytest.raises(ModelError, match="does not look at service 'polic'; did you mean 'police'"):
        why_not(result, "sosna", service="polic")
    with pytest.raises(ModelError, match=r"recommends no site 'sosna'.*ask why not"):
        explain(result, ["sosna"])
    with pytest.raises(ModelError, match="did you mean 'Lypa'"):
        explain(result, ["Lipa"])
    assert list(explain(result, "LYPA").table["site_id"]) == ["lypa"]
    assert list(explain(result, [("dub", "fire_department")]).table["site_id"]) == ["dub"]
    assert why_not(result, "  SOSNA ").place_id == "sosna"


def test_names_that_several_places_have(three_towns: Instance) -> None:
    names = three_towns.places.names.copy()
    names[:2] = "Twin"
    twins = replace(three_towns, places=replace(three_towns.places, names=names))
    ids = three_towns.places.ids
    with pytest.raises(ModelError, match=f"2 places are called 'twin'.*{ids[0]}.*{ids[1]}"):
        why_not(solve(twins), "twin")


def test_reasons_name_who_answers_and_what_is_in_the_way(three_towns: Instance) -> None:
    answer = why_not(solve(three_towns), "Sosna", service="fire_rescue").answers[0]
    assert not answer.covered
    assert answer.after["minutes"] == 25.0
    assert "Dub, the nearest, answers in 25.0 min; the standard is 20" in answer.reasons[0]
    assert answer.price["at_most"] == 2_000
    assert answer.price["opens"] == ("Sosna (fire_department)",)
    assert (answer.price["people_lost"], answer.price["people_gained"]) == (4_000, 0)
    assert list(answer.ways["site_id"][:1]) == ["sosna"]
    assert "cost <= 10 million UAH by 2" in answer.ways["add_lacks"][0]
    covered = why_not(solve(three_towns), "Verba", service="fire_rescue").answers[0]
    assert covered.covered
    assert "the new site Dub answers in 10.0 of 10 min" in covered.reasons[0]


def test_what_is_printed(three_towns: Instance) -> None:
    result = solve(three_towns)
    out = io.StringIO()
    console = Console(file=out, width=200)
    print_explanations(console, explain(result))
    print_explanations(console, explain(result, "dub"))
    print_why_not(console, why_not(result, "sosna"))
    text = out.getvalue()
    assert "2 sites; losses are in weighted people (people_within)" in text
    assert "Removed, with everything else chosen anew: exactly 2,000 weighted people lost by a plan" in text
    assert "by a plan that opens sosna (fire_department)." in text
    assert "Price, with everything else chosen anew: exactly 2,000 weighted people lost" in text


def test_a_plan_without_a_solve_is_explained_too(three_towns: Instance) -> None:
    solved = solve(three_towns)
    opened = result_of(solved.problem, solved.plan.opened, slack=0.0)
    one, other = explain(solved).table, explain(opened).table
    assert one.drop(columns=["removal_at_least"]).equals(other.drop(columns=["removal_at_least"]))


def test_cases_hold_the_plan(three_towns: Instance) -> None:
    case = case_of(solve(three_towns))
    assert isinstance(case, Case)
    assert case.best(np.array([[-1.0, -1.0, -np.inf], [-3.0, -2.0, 0.0]])) == 1
    assert case.best(np.full((2, 2), -np.inf)) == -1
