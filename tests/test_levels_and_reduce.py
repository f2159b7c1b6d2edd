"""Levels, merged rows, dropped candidates and expressions against plain values of plans."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from brute import every_plan
from plans import plan_of

import siting
from siting.instance import Instance
from siting.measures import NeedMeasure, Term
from siting.measures import levels as levels_module
from siting.measures.composer import Composer
from siting.measures.levels import Levels, build_levels
from siting.methods import highs
from siting.methods.reduce import useful_candidates
from siting.methods.run import Run
from siting.model import load_model, parse_model
from siting.problem import Problem, bind

Tiny = Callable[[np.random.Generator], Instance]
MODELS = ("max_coverage", "min_travel_time")
SEEDS = range(25)
SMALL = range(60)
"""Seeds of which those with few candidates are enumerated."""


def need_terms(problem: Problem) -> list[Term]:
    return [goal.term for goal in problem.objectives if isinstance(goal.term.measure, NeedMeasure)]


def candidates(problem: Problem) -> np.ndarray:
    options = problem.responses.options
    fresh = options.usable & (np.arange(len(options.site)) >= options.existing)
    return np.flatnonzero(fresh).astype(np.int32)


def openings(problem: Problem, rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """Nothing, everything, and random subsets of the candidates, limits or not."""
    free = candidates(problem)
    yield free[:0]
    yield free
    for _ in range(count):
        yield free[rng.random(len(free)) < rng.uniform(0.1, 0.6)]


def through(levels: Levels, opened: np.ndarray) -> tuple[np.ndarray, bool]:
    """(T,) values of a plan by its best level in every row, and whether all musts are met."""
    total, met = levels.constant.copy(), True
    for row in range(levels.rows):
        for k in range(levels.row_ptr[row], levels.row_ptr[row + 1]):
            members = levels.option[levels.level_ptr[k] : levels.level_ptr[k + 1]]
            if np.isin(members, opened).any():
                total += levels.gain[:, k]
                break
        else:
            total += levels.base[:, row]
            met &= not levels.must[row]
    return total, met


def every_row_apart(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What finds rows to merge, finding none."""
    return np.arange(len(keys)), np.arange(len(keys))


def same(one: float, other: float) -> bool:
    return one == pytest.approx(other, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_worth_its_best_levels(
    seed: int, model: str, merged: bool, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    problem = bind(tiny(rng), load_model(model))
    if not merged:
        monkeypatch.setattr(levels_module, "_groups", every_row_apart)
    every = need_terms(problem)
    for terms in ([term] for term in every) if seed % 2 else [every]:
        levels = build_levels(problem.responses, terms)
        for opened in openings(problem, rng, 8):
            plan = plan_of(problem, opened)
            values, met = through(levels, opened)
            for term, value in zip(terms, values, strict=True):
                exact = term.value(plan)
                if "unserved" in term.arguments or term.measure.name != "travel_time":
                    assert met
                assert same(value, exact) if met else math.isnan(exact)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_levels_are_sorted_and_each_row_is_there_once(seed: int, model: str, tiny: Tiny) -> None:
    problem = bind(tiny(np.random.default_rng(seed)), load_model(model))
    terms = need_terms(problem)
    levels = build_levels(problem.responses, terms)
    signs = np.array([1.0 if goal.maximize else -1.0 for goal in problem.objectives])
    assert levels.row_ptr[-1] == len(levels.level_ptr) - 1
    assert levels.level_ptr[-1] == len(levels.option)
    seen = set()
    for row in range(levels.rows):
        ladder = range(levels.row_ptr[row], levels.row_ptr[row + 1])
        values = [*(signs * levels.gain[:, k] for k in ladder), signs * levels.base[:, row]]
        for better, worse in pairwise(values):
            assert np.all(better >= worse)
            assert np.any(better > worse) or levels.must[row]
        members = [levels.option[levels.level_ptr[k] : levels.level_ptr[k + 1]].tolist() for k in ladder]
        assert all(level == sorted(level) and level for level in members)
        key = (bool(levels.must[row]), *(tuple(level) for level in members))
        assert key not in seen
        seen.add(key)


def added(one: list[float], other: list[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def plain_levels(problem: Problem, terms: list[Term]) -> tuple[list, list, list, list, list]:
    """Levels by plain loops: per row its ladder of (gains, options), base, must; constant and worst."""
    responses = problem.responses
    everyone = np.arange(len(responses.needs.place), dtype=np.int32)
    late = np.full(len(everyone), 2 * int(responses.ms.max(initial=1)))
    ladders: dict[tuple, list] = {}
    rest = []
    for need in everyone:
        here = everyone[need : need + 1]
        must, base = False, []
        for term in terms:
            nobody = float(term.measure.base(term, here)[0]) if term.scope[need] else 0.0
            must |= math.isnan(nobody)
            base.append(float(term.measure.at(term, here, late[:1])[0]) if math.isnan(nobody) else nobody)
        must &= need not in responses.unreachable
        ladder: list[tuple[list[float], list[int]]] = []
        for pair in range(responses.indptr[need], responses.indptr[need + 1]):
            ms = responses.ms[pair : pair + 1]
            gain = [float(term.measure.at(term, here, ms)[0]) if term.scope[need] else 0.0 for term in terms]
            if gain != base or must:
                if not ladder or ladder[-1][0] != gain:
                    ladder.append((gain, []))
                ladder[-1][1].append(int(responses.option[pair]))
        if ladder:
            key = (must, *(tuple(sorted(options)) for _, options in ladder))
            if key in ladders:
                row = ladders[key]
                row[0] = [added(*two) for two in zip(row[0], [gain for gain, _ in ladder], strict=True)]
                row[1] = added(row[1], base)
            else:
                ladders[key] = [[gain for gain, _ in ladder], base]
        elif need not in responses.unreachable:
            rest.append(base)
    left = np.array(rest).reshape(-1, len(terms))
    gains, bases = [row[0] for row in ladders.values()], [row[1] for row in ladders.values()]
    return list(ladders), gains, bases, left.sum(axis=0).tolist(), left.max(axis=0, initial=0.0).tolist()


@pytest.mark.parametrize("block", [1, 8, 1 << 20])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_levels_are_those_of_plain_loops(
    seed: int, model: str, block: int, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row and bit by bit, however the pairs are cut into blocks."""
    monkeypatch.setattr(levels_module, "_PAIRS_PER_BLOCK", block)
    problem = bind(tiny(np.random.default_rng(seed)), load_model(model))
    terms = need_terms(problem)
    levels = build_levels(problem.responses, terms)
    keys, gains, bases, constant, worst = plain_levels(problem, terms)
    assert levels.row_ptr.dtype == levels.level_ptr.dtype == np.int64
    assert levels.option.dtype == np.int32
    ends = [
        [tuple(levels.option[slice(*two)].tolist()) for two in pairwise(levels.level_ptr[first : last + 1])]
        for first, last in pairwise(levels.row_ptr)
    ]
    assert [(bool(must), *row) for must, row in zip(levels.must, ends, strict=True)] == keys
    assert levels.gain.T.tolist() == [gain for row in gains for gain in row]
    assert levels.base.T.tolist() == bases
    assert levels.constant.tolist() == pytest.approx(constant, rel=1e-12)
    assert levels.worst.tolist() == worst


def test_merging_makes_rows_fewer(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = bind(siting.read("poltava"), load_model("max_coverage"))
    terms = need_terms(problem)[:1]
    fewer = build_levels(problem.responses, terms).rows
    monkeypatch.setattr(levels_module, "_groups", every_row_apart)
    assert fewer < 0.9 * build_levels(problem.responses, terms).rows


def few(problem: Problem) -> bool:
    return len(candidates(problem)) <= 10


@pytest.mark.parametrize("model", MODELS)
def test_dropped_candidates_are_never_missed(model: str, tiny: Tiny) -> None:
    dropped = tried = 0
    for seed in SMALL:
        problem = bind(tiny(np.random.default_rng(seed)), load_model(model))
        if not few(problem):
            continue
        plans = every_plan(problem)
        best = plans.best()
        if best is None:
            continue
        for number in range(len(problem.objectives)):
            terms = [goal.term for goal in problem.objectives[: number + 1]]
            wanted = useful_candidates(problem, build_levels(problem.responses, terms))
            within = ~plans.is_open[:, ~np.isin(plans.option, wanted)].any(axis=1)
            found = plans.best(within)
            assert found is not None
            assert all(same(one, other) for one, other in zip(found[: number + 1], best, strict=False))
            dropped += len(plans.option) - len(wanted)
            tried += 1
    assert tried > 10
    assert dropped > 20


def test_candidates_of_an_earlier_plan_stay(tiny: Tiny) -> None:
    """A later objective may drop what the earlier one opened, unless it is told to keep it."""
    model = load_model("max_coverage")
    for seed in SMALL:
        problem = bind(tiny(np.random.default_rng(seed)), model)
        if not few(problem):
            continue
        plans = every_plan(problem)
        best = plans.best()
        if best is None:
            continue
        first = np.flatnonzero(plans.allowed & (plans.values[0] >= best[0] * (1 - 1e-12)))
        levels = build_levels(problem.responses, [problem.objectives[1].term, problem.objectives[0].term])
        for row in first[:: max(1, len(first) // 5)]:
            keep = plans.option[plans.is_open[row]]
            wanted = useful_candidates(problem, levels, keep)
            assert np.isin(keep, wanted).all()
            within = ~plans.is_open[:, ~np.isin(plans.option, wanted)].any(axis=1)
            found = plans.best(within)
            assert found is not None
            assert all(same(one, other) for one, other in zip(found, best, strict=True))


AT_LEAST = """
title = "t"
question = "q"
source = "s"
{direction} = {{ measure = "{measure}" }}
limits = [
    {{ measure = "sites_open", at_least = {least}, at_most = {most} }},
    {{ measure = "cost", at_most = 12 }},
]
"""


@pytest.mark.parametrize(("direction", "measure"), [("maximize", "people_within"), ("minimize", "cost")])
def test_candidates_that_help_to_reach_a_count_are_not_dropped(
    direction: str, measure: str, tiny: Tiny
) -> None:
    """Where a limit demands openings, a candidate that another one outdoes is wanted beside it."""
    tried = 0
    for seed in SMALL:
        instance = tiny(np.random.default_rng(seed))
        for least in (2, 4):
            text = AT_LEAST.format(direction=direction, measure=measure, least=least, most=least + 1)
            model = parse_model(text, "count", "count.toml")
            problem = bind(instance, model)
            if not few(problem):
                continue
            best = every_plan(problem).best()
            result = siting.solve(instance, model, method="exact", threads=1)
            assert (result.objective is None) == (best is None), seed
            if best is not None:
                assert result.objective is not None
                assert same(result.objective, best[0] if direction == "maximize" else -best[0]), seed
                tried += 1
    assert tried > 10


def relaxed(composer: Composer, term: Term, maximize: bool, opened: np.ndarray) -> float | None:
    """Optimum of a term's expression with the openings fixed; None where nothing is feasible."""
    program = composer.program
    program.maximize = maximize
    program.objective = term.expression(composer)
    decided = composer.decided
    wanted = np.isin(decided, opened).astype(int)
    values = highs.complete(program.arrays(), composer.column[decided], wanted, Run(), 10.0)
    return None if values is None else program.objective.value(values)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(8))
def test_expressions_and_values_agree(seed: int, model: str, tiny: Tiny) -> None:
    rng = np.random.default_rng(seed)
    problem = bind(tiny(rng), load_model(model))
    terms = need_terms(problem)
    goals = [(goal.term, goal.maximize) for goal in problem.objectives]
    sides = [*goals, *((limit.term, up) for limit in problem.limits for up in (True, False))]
    for opened in openings(problem, rng, 2):
        plan = plan_of(problem, opened)
        undefined = any(math.isnan(term.value(plan)) for term in terms)
        must = problem.responses.options.required
        for term, maximize in sides:
            composer = Composer("test", True, problem.responses, candidates(problem), [term, *terms])
            optimum = relaxed(composer, term, maximize, opened)
            if optimum is None:
                assert undefined or not np.isin(np.flatnonzero(must), opened).all()
            elif not math.isnan(term.value(plan)):
                assert optimum == pytest.approx(term.value(plan), rel=1e-7, abs=1e-6)
