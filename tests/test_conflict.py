"""Conflicts against every plan of small instances, and the words for them."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brute import values_of
from rich.console import Console

import siting
from siting.conflict import Conflict, Relaxation, conflict
from siting.conflict.conditions import Condition, Conditions
from siting.errors import ModelError
from siting.instance import Instance
from siting.instance.arrays import Flags, Floats
from siting.measures.share_within import ShareWithin
from siting.model import load_model
from siting.model.reader import parse_model
from siting.plan import Status
from siting.problem import Problem, bind
from siting.terminal.conflict import print_conflict

Tiny = Callable[[np.random.Generator], Instance]


LATEST = """
title    = "Many people in time, and nobody too late"
question = "Where do the new facilities go?"
source   = "a test"

maximize = { measure = "people_within" }
limits   = [
    { measure = "worst_time", at_most = "$latest" },
    { measure = "share_within", each = "region", at_least = "$share" },
    { measure = "sites_open", each = "type", at_most = "$new" },
    { measure = "cost", at_most = "$budget" },
]

[parameters]
latest = { unit = "min", about = "latest arrival" }
share  = { unit = "of 1", about = "share of people in every region" }
new    = { unit = "sites", each = "type", about = "new facilities of each type at most" }
budget = { unit = "currency", about = "money" }
"""


class Every:
    """Every plan of a small problem, whatever is required, and which conditions it keeps."""

    def __init__(self, asked: Problem) -> None:
        self.conditions = Conditions(asked)
        problem = self.conditions.problem
        options = problem.responses.options
        self.option = np.flatnonzero(options.usable & (np.arange(len(options.site)) >= options.existing))
        plans = itertools.product([False, True], repeat=len(self.option))
        self.is_open = np.array(list(plans), dtype=bool).reshape(-1, len(self.option))
        self.problem = problem
        self.keeps = {one: self._kept(one) for one in self.conditions.every}

    def values(self, one: Condition) -> Floats:
        term = self.conditions.term(one)
        measure = term.measure
        if isinstance(measure, ShareWithin) and not term.responses.needs.weight[measure.counted(term)].any():
            return np.ones(len(self.is_open))  # the share of nobody
        return values_of(self.problem, term, self.option.astype(np.int32), self.is_open)

    def _kept(self, one: Condition) -> Flags:
        if one.kind == "required":
            return self.is_open[:, np.isin(self.option, one.options)].all(axis=1)
        if one.kind == "forbidden":
            return ~self.is_open[:, np.isin(self.option, one.options)].any(axis=1)
        if one.kind == "served":
            goal = self.problem.objectives[0].term
            return ~np.isnan(values_of(self.problem, goal, self.option.astype(np.int32), self.is_open))
        room = 1e-9 * max(1.0, abs(self.conditions.value(one)))
        low, high = (-math.inf, self.conditions.value(one) + room)
        if one.kind == "at_least":
            low, high = self.conditions.value(one) - room, math.inf
        return (self.values(one) >= low) & (self.values(one) <= high)

    def together(self, chosen: Any) -> Flags:
        kept = np.ones(len(self.is_open), dtype=bool)
        for one in chosen:
            kept &= self.keeps[one]
        return kept

    def feasible(self, chosen: Any) -> bool:
        return bool(self.together(chosen).any())


def check_members(every: Every, found: Conflict) -> None:
    """The set is in conflict, without any of its members it is not, and no smaller set is."""
    assert found.irreducible
    assert found.minimum
    assert not every.feasible(found.members)
    for one in found.members:
        assert every.feasible(other for other in found.members if other != one)
    for size in range(len(found.members)):
        for smaller in itertools.combinations(every.conditions.every, size):
            assert every.feasible(smaller)


def check_change(every: Every, change: Relaxation) -> None:
    """What a change needs is the least, the other conditions kept."""
    conditions = every.conditions
    target = [one for one in conditions.every if one.label in change.labels]
    others = every.together(one for one in conditions.every if one not in target)
    if change.kind == "required":
        assert change.possible == others.any()
        return
    if change.kind == "forbidden":
        opened = every.is_open[others][:, np.isin(every.option, target[0].options)].sum(axis=1)
        assert change.possible == bool(len(opened))
        assert not len(opened) or (change.exact and change.enough == len(change.names) == opened.min())
        return
    values = np.array([every.values(one) for one in target if one.limit >= 0])
    if change.kind == "served":
        check_left_out(every, change, others)
        return
    defined = others & ~np.isnan(values).any(axis=0)
    assert change.possible == defined.any(), change
    if not change.possible:
        return
    upward = change.kind == "at_most"
    least = values.max(axis=0)[defined].min() if upward else values.min(axis=0)[defined].max()
    assert change.exact
    assert change.enough is not None
    assert change.needed is not None
    assert change.needed == pytest.approx(least, rel=1e-6, abs=1e-9)
    assert change.enough == pytest.approx(least, rel=2e-5, abs=1e-9)
    assert change.enough >= least - 1e-9 if upward else change.enough <= least + 1e-9


def check_left_out(every: Every, change: Relaxation, others: Flags) -> None:
    """The fewest people are left without service."""
    responses = every.problem.responses
    asked = every.problem.objectives[0].term.scope.copy()
    asked[responses.unreachable] = False
    left = [
        responses.needs.weight[asked & (responses.serve(every.option[plan].astype(np.int32))[0] < 0)].sum()
        for plan in every.is_open[others]
    ]
    assert change.possible == bool(left)
    if left:
        assert change.enough == pytest.approx(min(left))
        assert change.exact


def clash(tiny: Tiny, seed: int) -> Problem:
    """A question that a random instance can hardly answer."""
    rng = np.random.default_rng(seed)
    instance = tiny(rng)
    if seed % 3 == 0:
        instance = forbidding(instance, rng)
    name = ("regional_floors", "min_travel_time", "p_center", "latest")[seed % 4]
    model = load_model(name) if name != "latest" else parse_model(LATEST, "latest", "latest.toml")
    numbers: dict[str, Any] = {"budget": round(float(rng.uniform(0, 5)), 1)}
    numbers["new"] = float(rng.integers(0, 3))
    if name == "regional_floors":
        numbers["floor"] = float(rng.choice([0.6, 0.8, 1.0]))
    if name == "latest":
        numbers |= {"share": float(rng.choice([0.5, 0.9])), "latest": float(rng.integers(5, 20))}
    return bind(instance, model, numbers)


def forbidding(instance: Instance, rng: np.random.Generator) -> Instance:
    """The instance with some of its candidates forbidden."""
    status = instance.candidates.status.copy()
    status[rng.random(len(status)) < 0.5] = siting.instance.CandidateStatus.FORBIDDEN
    return replace(instance, candidates=replace(instance.candidates, status=status))


@pytest.mark.parametrize("part", range(4))
def test_conflicts_are_smallest_and_changes_least(part: int, tiny: Tiny) -> None:
    """More than fifty clashes in all."""
    checked = 0
    for seed in range(part, 200, 4):
        if checked == 13:
            break
        problem = clash(tiny, seed)
        every = Every(problem)
        if every.feasible(every.conditions.every):
            continue
        found = conflict(problem, seconds=60)
        check_members(every, found)
        for change in (one for one in found.relaxations if one.kind != "places"):
            check_change(every, change)
        checked += 1
    assert checked == 13


def test_forbidden_candidates_are_a_condition(tiny: Tiny) -> None:
    """They are in the conflict where allowing them would do, and the fewest to allow are named."""
    named = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        instance, model = tiny(rng), load_model("regional_floors")
        wide = Every(bind(instance, model, {"floor": 1.0, "new": 99.0, "budget": 1e6}))
        floors = [one for one in wide.conditions.every if one.kind == "at_least"]
        best = {str(one.name): float(wide.values(one).max()) for one in floors}
        numbers = {"new": 99.0, "budget": 1e6, **best}
        problem = bind(forbidding(instance, rng), model, numbers)
        every = Every(problem)
        if every.feasible(every.conditions.every):
            continue
        found = conflict(problem, seconds=60)
        check_members(every, found)
        for change in found.relaxations:
            if change.kind == "forbidden":
                check_change(every, change)
                named += bool(change.names)
                assert "forbidden: " in change.labels[0]
        if named == 5:
            break
    assert named == 5


def test_many_conditions_by_covers(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said about instances that are too large for a search of every set holds."""
    monkeypatch.setattr("siting.conflict.smallest._PAIRS", 0)
    shorter = 0
    for seed in range(0, 200, 5):
        problem = clash(tiny, seed)
        every = Every(problem)
        if every.feasible(every.conditions.every):
            continue
        found = conflict(problem, seconds=60)
        assert not every.feasible(found.members), seed
        if found.irreducible:
            for one in found.members:
                assert every.feasible(other for other in found.members if other != one), seed
        for size in range(len(found.members)) if found.minimum else ():
            for smaller in itertools.combinations(every.conditions.every, size):
                assert every.feasible(smaller), seed
        shorter += found.irreducible
        if shorter == 8:
            break
    assert shorter == 8


def test_what_would_do_together(tiny: Tiny) -> None:
    """All changes at once make a plan possible, where no single one does."""
    checked = 0
    for seed in range(1, 60, 2):
        problem = clash(tiny, seed)
        every = Every(problem)
        if every.feasible(every.conditions.every):
            continue
        found = conflict(problem, seconds=60)
        if not found.together:
            continue
        numbers = {one.name: one.enough for one in found.together if one.name and one.enough is not None}
        again = bind(problem.instance, problem.model, {**problem.given, **numbers})
        others = Every(again)
        assert others.feasible(others.conditions.every), seed
        checked += 1
    assert checked >= 2


def test_numbers_named_are_enough_and_a_step_less_is_not(three_towns: Instance) -> None:
    result = siting.solve(three_towns, "min_travel_time", budget=6)
    found = result.conflict
    assert found is not None
    raised = found.relaxations[0]
    assert (raised.name, raised.enough, raised.needed, raised.exact) == ("budget", 7.0, 7.0, True)
    assert siting.solve(three_towns, "min_travel_time", budget=7).status is Status.OPTIMAL
    assert siting.solve(three_towns, "min_travel_time", budget=6.99).status is Status.INFEASIBLE


def test_required_against_counts(three_towns: Instance) -> None:
    """A required candidate is a condition of its own, and may be the one to give up."""
    candidates = three_towns.candidates
    status = candidates.status.copy()
    names = three_towns.sites.ids[candidates.site]
    kinds = [three_towns.settings.types[kind].id for kind in candidates.type]
    wanted = [
        name in ("kalyna", "lypa") and kind == "security_center"
        for name, kind in zip(names, kinds, strict=True)
    ]
    status[np.flatnonzero(wanted)] = siting.instance.CandidateStatus.REQUIRED
    must = replace(three_towns, candidates=replace(candidates, status=status))
    result = siting.solve(must, budget=100)
    found = result.conflict
    assert found is not None
    assert found.limits == (
        "new facilities [security_center]: at most 1 sites",
        "the required candidate Kalyna (security_center) is opened",
        "the required candidate Lypa (security_center) is opened",
    )
    assert [one.possible for one in found.relaxations] == [True, True, True]
    assert {one.enough for one in found.relaxations} == {2.0, None}


def test_places_out_of_reach_are_named(three_towns: Instance) -> None:
    problem = bind(three_towns, load_model("regional_floors"), {"floor": 1.0, "new": 20.0, "budget": 1e6})
    every = Every(problem)
    found = conflict(problem)
    assert bool(len(found.unreachable)) == bool(found.hopeless)
    for one, best in found.hopeless:
        assert best == pytest.approx(every.values(one).max())
        assert not every.keeps[one].any()


def test_nothing_is_explained_without_need(three_towns: Instance) -> None:
    assert siting.solve(three_towns).conflict is None
    assert "conflict" not in siting.solve(three_towns).summary


def test_without_time_the_answer_says_so(tiny: Tiny) -> None:
    problem = clash(tiny, 1)
    found = conflict(problem, seconds=0)
    assert not found.minimum
    assert set(found.members) <= set(Conditions(problem).every)
    for one in found.relaxations:
        assert not one.exact
    with pytest.raises(ModelError, match="seconds must be a number"):
        conflict(problem, seconds=float("nan"))


def shown(found: Conflict) -> str:
    console = Console(file=io.StringIO(), width=300)
    print_conflict(console, found.as_dict())
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_words(three_towns: Instance) -> None:
    result = siting.solve(three_towns, "min_travel_time", budget=6)
    assert result.conflict is not None
    text = shown(result.conflict)
    assert "No plan keeps these 2 together; no smaller set is in conflict:" in text
    assert "raise the limit on cost of the new facilities from 6 to 7 million UAH (--set budget=7)" in text
    assert result.summary["conflict"]["relaxations"][0]["enough"] == 7.0


def test_names_are_no_markup(three_towns: Instance) -> None:
    names = np.array([f"[bold]{name}[/bold]" for name in three_towns.places.names], dtype=object)
    marked = replace(three_towns, places=replace(three_towns.places, names=names))
    found = siting.solve(marked, "min_travel_time", budget=6).conflict
    assert found is not None
    assert "[bold]Kalyna[/bold]" in shown(found)
