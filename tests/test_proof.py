"""Certificates: any multipliers prove a bound, those of a solve prove what it claims."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

import siting
from siting.certificate import Case
from siting.check import graphs
from siting.check.audit import Audit
from siting.check.proof import complete, proved_bound
from siting.check.proof_file import changed, read_proof
from siting.check.times import Ground
from siting.check.walks import Walks
from siting.errors import PlanError
from siting.instance import Instance
from siting.methods.certify import refusal
from siting.problem import Problem
from siting.result import Result
from siting.writers.proof import write_proof
from tests.brute import every_plan

MODELS = ("max_coverage", "min_travel_time", "regional_floors", "total_cost")
ROOM = 1e-9


def ground_of(problem: Problem) -> Ground:
    responses = problem.responses
    return Ground(problem.instance, responses.settings, responses.layout, responses.horizon_ms)


def audit_of(result: Result) -> Audit:
    assert result.plan is not None
    return Audit(result.problem, ground_of(result.problem), result.plan)


def solved(tiny: Callable[[np.random.Generator], Instance], seed: int, model: str) -> Result | None:
    """A random small question that has a plan, with few enough candidates to try every plan."""
    instance = tiny(np.random.default_rng(seed))
    numbers = {"floor": 0.3} if model == "regional_floors" else {}
    if model == "total_cost":
        numbers = {"rate": 0.01}
    try:
        result = siting.solve(instance, model, numbers=numbers)
    except siting.ModelError:
        return None
    return None if result.plan is None or refusal(result.problem) else result


def random_case(rng: np.random.Generator, result: Result, number: int, case: Case) -> Case:
    """Other multipliers, good, bad and absurd."""
    worth = case.worth * rng.choice([0.0, 0.5, 1.0, 1.3, -1.0], len(case.worth))
    worth = np.where(
        np.isnan(case.worth) & (rng.random(len(worth)) < 0.3), rng.normal(0, 1e3, len(worth)), worth
    )

    def prices(values: np.ndarray) -> np.ndarray:
        other: np.ndarray = np.where(
            rng.random(len(values)) < 0.5, rng.exponential(100.0, len(values)), values
        )
        return other

    limits = result.problem.limits
    low = np.where([math.isfinite(one.low) for one in limits], prices(case.low), 0.0)
    high = np.where([math.isfinite(one.high) for one in limits], prices(case.high), 0.0)
    return replace(case, worth=worth, kept=prices(case.kept), low=low, high=high)


@pytest.mark.parametrize("model", MODELS)
def test_any_multipliers_prove_a_bound(model: str, tiny: Callable[[np.random.Generator], Instance]) -> None:
    """Whatever the multipliers, no plan that brute force knows is better than what they prove."""
    tried = 0
    for seed in range(12):
        result = solved(tiny, seed, model)
        if result is None or model == "total_cost":
            best = None if result is None else (-float(result.objective or 0.0),)
        else:
            best = every_plan(result.problem).best()
        if result is None or best is None:
            continue
        audit, rng = audit_of(result), np.random.default_rng(seed)
        achieved = [one.value for one in result.achieved]
        for number, certificate in enumerate(result.certificates):
            sign = 1.0 if result.problem.objectives[number].maximize else -1.0
            for _ in range(4):
                other = tuple(random_case(rng, result, number, case) for case in certificate)
                bound = sign * proved_bound(audit, number, other, achieved)
                assert bound >= best[number] - ROOM * abs(best[number])
                tried += math.isfinite(bound)
    assert tried >= 20


@pytest.mark.parametrize("model", MODELS)
def test_a_solve_is_proved_without_the_solver(
    model: str, tiny: Callable[[np.random.Generator], Instance]
) -> None:
    """The certificate of a small plan proves the very bound that the solve claims."""
    told = 0
    for seed in range(20, 32):
        result = solved(tiny, seed, model)
        if result is None:
            continue
        audit, achieved = audit_of(result), [one.value for one in result.achieved]
        for number, (certificate, got) in enumerate(zip(result.certificates, result.achieved, strict=True)):
            bound = proved_bound(audit, number, certificate, achieved)
            off = abs(bound - got.value) / max(1.0, abs(got.value))
            assert off <= 1e-6
            told += 1
    assert told >= 5


def test_bounds_lie_on_the_right_side(three_towns: Instance) -> None:
    """Rounded outward: never inside the value of an optimal plan."""
    result = siting.solve(three_towns, "min_travel_time")
    bound = proved_bound(audit_of(result), 0, result.certificates[0], [])
    assert result.objective is not None
    assert result.objective * (1 - 1e-9) <= bound <= result.objective


def test_a_case_that_is_missing_proves_nothing(three_towns: Instance) -> None:
    """Cases must hold every plan; without one of them there is no bound."""
    result = siting.solve(three_towns)
    certificate, audit = result.certificates[0], audit_of(result)
    assert len(certificate) > 1
    for gone in range(len(certificate)):
        rest = certificate[:gone] + certificate[gone + 1 :]
        assert proved_bound(audit, 0, rest, []) == math.inf


def test_cases_hold_every_plan_or_not() -> None:
    """Against enumeration: random sets of cases hold all 16 plans of four options exactly when told so."""
    rng = np.random.default_rng(3)
    seen = {True: 0, False: 0}
    for _ in range(300):
        cases = _grown(rng, 4)
        if rng.random() < 0.5 and len(cases) > 1:
            cases.pop(int(rng.integers(len(cases))))
        plans = [set(np.flatnonzero(bits).tolist()) for bits in itertools.product([0, 1], repeat=4)]
        holds = all(any(o <= plan and not (c & plan) for o, c in cases) for plan in plans)
        assert complete(cases) == holds
        seen[holds] += 1
    assert min(seen.values()) > 50


def _grown(rng: np.random.Generator, options: int) -> list[tuple[set[int], set[int]]]:
    """Leaves of a random tree of questions."""
    leaves: list[tuple[set[int], set[int]]] = [(set(), set())]
    for _ in range(int(rng.integers(0, 5))):
        opened, closed = leaves.pop(int(rng.integers(len(leaves))))
        left = sorted(set(range(options)) - opened - closed)
        if not left:
            leaves.append((opened, closed))
            continue
        one = int(rng.choice(left))
        leaves += [(opened | {one}, closed), (opened, closed | {one})]
    return leaves


@pytest.mark.parametrize("model", ["max_coverage", "rollout", "robust_expected"])
def test_the_file_holds_the_certificates(model: str, tmp_path: Path) -> None:
    """What is written is read back, needs of scenarios and periods included."""
    result = siting.solve(siting.read("poltava"), model, seconds=3)
    assert result.certificates
    write_proof(result, file := tmp_path / "proof.csv")
    assert changed(file) is None
    problem = result.problem
    again = read_proof(file, ground_of(problem), len(problem.objectives), len(problem.limits))
    for one, other in zip(again, result.certificates, strict=True):
        for case, written in zip(one, other, strict=True):
            for name, values in vars(written).items():
                np.testing.assert_allclose(getattr(case, name), values, rtol=1e-11)


def test_a_changed_file_is_found(three_towns: Instance, tmp_path: Path) -> None:
    """Any digit of any row, the checksum's own included."""
    write_proof(siting.solve(three_towns), file := tmp_path / "proof.csv")
    data, rng = file.read_bytes(), np.random.default_rng(5)
    digits = [at for at, byte in enumerate(data) if chr(byte).isdigit()]
    for at in rng.choice(digits, 60, replace=False).tolist():
        file.write_bytes(data[:at] + bytes([(data[at] - 48 + 1) % 10 + 48]) + data[at + 1 :])
        assert changed(file) is not None
    file.write_bytes(b"\n".join(data.split(b"\n")[:-2]) + b"\n")
    assert "missing" in (changed(file) or "")


def test_rows_that_mean_nothing_are_named(three_towns: Instance, tmp_path: Path) -> None:
    """The complete list, with lines and columns."""
    result = siting.solve(three_towns)
    write_proof(result, file := tmp_path / "proof.csv")
    lines = file.read_text("utf-8").split("\n")
    lines[1] = lines[1].replace("opened", "ajar")
    lines[2] = ",".join([*lines[2].split(",")[:4], "nowhere", *lines[2].split(",")[5:]])
    lines[3] = ",".join([*lines[3].split(",")[:-1], "many"])
    file.write_text("\n".join(lines), "utf-8")
    problem = result.problem
    with pytest.raises(PlanError) as error:
        read_proof(file, ground_of(problem), len(problem.objectives), len(problem.limits))
    told = "\n".join(map(str, error.value.complaints))
    for part in ("proof.csv:2 part", "proof.csv:3 place_id", "proof.csv:4 multiplier"):
        assert part in told


def test_walks_are_those_of_scipy() -> None:
    """Ways and earliest times of networkx and of scipy, ties included."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        size = int(rng.integers(2, 25))
        matrix = np.where(rng.random((size, size)) < 0.15, rng.integers(1, 6, (size, size)), 0)
        np.fill_diagonal(matrix, 0)
        graph = csr_array(matrix.astype(np.float64))
        nodes = rng.integers(0, size, 4)
        walks = Walks()
        for limit in (3.0, np.inf):
            found = walks.ways(graph, nodes, np.arange(size), limit)
            np.testing.assert_array_equal(found, graphs.ways(graph, nodes, np.arange(size), limit))
        offset, number = rng.integers(0, 4, 4), rng.permutation(4)
        for ours, theirs in zip(
            walks.spread(graph, nodes, offset, number),
            graphs.spread(graph, nodes, offset, number),
            strict=True,
        ):
            np.testing.assert_array_equal(ours, theirs)
        back = walks.back(graph, int(nodes[0]), 5)
        there = graphs.ways(graph, np.arange(size), nodes[:1], 5.0)[:, 0]
        assert back == {node: int(ms) for node, ms in enumerate(there) if np.isfinite(ms)}
