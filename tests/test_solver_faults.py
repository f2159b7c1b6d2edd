"""A solver that lies, errs, crashes or is late: the answer is refused, or what is left of it is true."""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pulp
import pytest

import siting
from siting.check.audit import Audit
from siting.check.proof import proved_bound
from siting.check.verifier import ground_of
from siting.errors import SolverError
from siting.instance import Instance
from siting.measures.composer import Composer
from siting.methods import exact
from siting.methods.cover import part
from siting.plan import Status
from siting.readers.cost_matrix import from_cost_matrix
from siting.result import Result

ROOM = 1e-6
"""Relative difference between a plan and a solver's bound that its arithmetic explains."""

ASKED: dict[str, tuple[str, str]] = {
    "exact, coverage": ("max_coverage", "exact"),
    "exact, median": ("min_travel_time", "exact"),
    "exact, cover": ("set_cover", "exact"),
    "exact, center": ("p_center", "exact"),
    "relaxation, median": ("min_travel_time", "relaxation"),
    "decomposition, coverage": ("max_coverage", "decomposition"),
    "set cover": ("set_cover", "set_cover"),
}
"""Models and methods, by name."""


NUMBERS: dict[str, dict[str, float]] = {"set_cover": {"share": 0.8}}
"""Numbers that make a model hard enough to need a solver."""


@cache
def instance() -> Instance:
    """Large enough that every method asks a solver, and that its relaxation is no plan."""
    rng = np.random.default_rng(3)
    cost = rng.integers(1, 60, (30, 14)).astype(float)
    return from_cost_matrix(
        cost, weights=rng.integers(1, 40, 30), new=4, standard=12.0, opening=rng.integers(1, 9, 14)
    )


@cache
def honest(model: str) -> Result:
    """The answer of a solver that can be trusted."""
    result = siting.solve(instance(), model, method="exact", numbers=NUMBERS.get(model))
    assert result.status is Status.OPTIMAL
    return result


def survives(model: str, **asked: Any) -> str:
    """Solve with a faulty solver: ``refused``, or what is left of the answer, which holds.

    Every wrong plan, value or bound fails: the value is that of the plan (which the engine's check has
    made sure of), no bound is better than the best plan, and only the best plan is called optimal.
    """
    best = honest(model)
    try:
        result = siting.solve(instance(), model, seconds=30, numbers=NUMBERS.get(model), **asked)
    except SolverError as error:
        return f"refused: {error}"
    assert result.status is not Status.INFEASIBLE
    if result.plan is None:
        assert result.status is Status.UNKNOWN
        return "harmless"
    for number, (one, other) in enumerate(zip(result.achieved, best.achieved, strict=True)):
        sign = 1.0 if other.maximize else -1.0
        room = ROOM * max(1.0, abs(other.value))
        if one.bound is not None:
            assert sign * (one.bound - other.value) >= -room, f"objective {number}: {one.bound} is no bound"
        if result.status is Status.OPTIMAL:
            assert abs(one.value - other.value) <= room
        if abs(one.value - other.value) > room:
            break  # later objectives are bounded among the plans that keep this one
    return "harmless"


# -- a HiGHS that lies ----------------------------------------------------------------------


def changed(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[pytest.MonkeyPatch], None]:
    """HiGHS with other values of its solution."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        real = highspy.Highs.getSolution

        def lie(self: highspy.Highs) -> highspy.HighsSolution:
            found = real(self)
            found.col_value = change(np.array(found.col_value)).tolist()
            return found

        patch.setattr(highspy.Highs, "getSolution", lie)

    return apply


def informed(name: str, change: Callable[[float], float]) -> Callable[[pytest.MonkeyPatch], None]:
    """HiGHS with another number in what it says about its solution."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        real = highspy.Highs.getInfo

        def lie(self: highspy.Highs) -> highspy.HighsInfo:
            found = real(self)
            setattr(found, name, change(getattr(found, name)))
            return found

        patch.setattr(highspy.Highs, "getInfo", lie)

    return apply


def says(status: highspy.HighsModelStatus) -> Callable[[pytest.MonkeyPatch], None]:
    """HiGHS that always ends in a status."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(highspy.Highs, "getModelStatus", lambda self: status)

    return apply


def priced(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[pytest.MonkeyPatch], None]:
    """HiGHS with other row duals and reduced costs."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        real = highspy.Highs.getSolution

        def lie(self: highspy.Highs) -> highspy.HighsSolution:
            found = real(self)
            found.row_dual = change(np.array(found.row_dual)).tolist()
            found.col_dual = change(np.array(found.col_dual)).tolist()
            return found

        patch.setattr(highspy.Highs, "getSolution", lie)

    return apply


def fails(patch: pytest.MonkeyPatch) -> None:
    """HiGHS that ends in an error whenever it is run."""
    patch.setattr(highspy.Highs, "run", lambda self: highspy.HighsStatus.kError)


STATUS = highspy.HighsModelStatus
LIES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "halves": changed(lambda values: np.full(len(values), 0.5)),
    "nearly whole": changed(lambda values: values + 1e-5),
    "no numbers": changed(lambda values: np.full(len(values), np.nan)),
    "infinite": changed(lambda values: np.full(len(values), np.inf)),
    "nothing": changed(lambda values: values[:0]),
    "too many": changed(lambda values: np.append(values, 1.0)),
    "all open": changed(np.ones_like),
    "none open": changed(np.zeros_like),
    "turned round": changed(lambda values: 1.0 - values),
    "huge": changed(lambda values: 1e9 * values + 7.0),
    "negative": changed(lambda values: -values),
    "another objective": informed("objective_function_value", lambda value: value - 50.0),
    "objective no number": informed("objective_function_value", lambda value: math.nan),
    "a bound too low": informed("mip_dual_bound", lambda value: value - 1e4),
    "a bound too high": informed("mip_dual_bound", lambda value: value + 1e4),
    "bound no number": informed("mip_dual_bound", lambda value: math.nan),
    "bound infinite": informed("mip_dual_bound", lambda value: math.inf),
    "impossible": says(STATUS.kInfeasible),
    "unbounded": says(STATUS.kUnbounded),
    "out of memory": says(STATUS.kMemoryLimit),
    "error": says(STATUS.kSolveError),
    "not set": says(STATUS.kNotset),
    "fails": fails,
    "duals no numbers": priced(lambda duals: np.full(len(duals), np.nan)),
    "duals turned round": priced(lambda duals: -duals),
    "duals too large": priced(lambda duals: 1e6 * np.sign(duals)),
    "no duals": priced(lambda duals: duals[:0]),
}


QUICK = ("exact, coverage", "set cover")


@pytest.mark.parametrize(
    "asked", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in ASKED]
)
def test_no_lie_of_highs_leaves(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, method = ASKED[asked]
    monkeypatch.setattr(part, "TREE_WORK", (0.0, 0.0))  # so that HiGHS closes the covers
    honest(model)
    for name, lie in LIES.items():
        with monkeypatch.context() as patch:
            lie(patch)
            assert survives(model, method=method), name


def test_the_lies_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every method asks HiGHS on this instance: a HiGHS that fails is noticed, or asked at least."""
    monkeypatch.setattr(part, "TREE_WORK", (0.0, 0.0))
    real, runs = highspy.Highs.run, [0]

    def run(self: highspy.Highs) -> highspy.HighsStatus:
        runs[0] += 1
        return real(self)

    monkeypatch.setattr(highspy.Highs, "run", run)
    for name, (model, method) in ASKED.items():
        runs[0] = 0
        siting.solve(instance(), model, method=method, seconds=30, numbers=NUMBERS.get(model))
        assert runs[0], name


def test_a_false_proof_of_highs_is_not_confirmed_by_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A poor plan with a bound to match is the one lie that no solve can tell from the truth.

    The certificate is made without the solver: it proves no more than what is true.
    """
    best = honest("max_coverage")

    def lie(composer: Composer, *args: object, **kwargs: object) -> exact.Found:
        arrays = composer.program.arrays()
        return exact.Found(arrays.lower, composer.program.objective.value(arrays.lower))

    monkeypatch.setattr(exact, "_run_highs", lie)
    result = siting.solve(instance(), "max_coverage", method="exact")
    assert result.status is Status.OPTIMAL
    assert result.plan is not None
    claimed, true = result.achieved[0].bound, best.objective
    assert claimed is not None
    assert true is not None
    assert claimed < true
    audit = Audit(result.problem, ground_of(result.problem, None), result.plan)
    proved = proved_bound(audit, 0, result.certificates[0], [])
    assert proved >= true * (1 - 1e-9)


# -- a solver of PuLP that lies -------------------------------------------------------------


class Liar(pulp.LpSolver):
    """A solver that gives every column a value and claims a status."""

    name = "Liar"

    def __init__(
        self, value: Callable[[int], float | None], status: int, solution: int, late: float = 0.0
    ) -> None:
        super().__init__(msg=False)
        self._say = value, status, solution, late

    def available(self) -> bool:
        return True

    def actualSolve(self, lp: pulp.LpProblem) -> int:  # noqa: N802 (PuLP's name)
        value, status, solution, late = self._say
        time.sleep(late)
        for number, variable in enumerate(lp.variables()):
            variable.varValue = value(number)
        lp.assignStatus(status, solution)
        return status


class Crash(Liar):
    """A solver that raises."""

    def actualSolve(self, lp: pulp.LpProblem) -> int:  # noqa: N802 (PuLP's name)
        raise RuntimeError("boom")


OPTIMAL, FEASIBLE = pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible
LIARS: dict[str, Callable[[], pulp.LpSolver]] = {
    "halves": lambda: Liar(lambda n: 0.5, pulp.LpStatusOptimal, OPTIMAL),
    "nearly whole": lambda: Liar(lambda n: 1e-5, pulp.LpStatusOptimal, OPTIMAL),
    "no numbers": lambda: Liar(lambda n: math.nan, pulp.LpStatusOptimal, OPTIMAL),
    "infinite": lambda: Liar(lambda n: math.inf, pulp.LpStatusOptimal, OPTIMAL),
    "all open": lambda: Liar(lambda n: 1.0, pulp.LpStatusOptimal, OPTIMAL),
    "none open": lambda: Liar(lambda n: 0.0, pulp.LpStatusOptimal, OPTIMAL),
    "no values": lambda: Liar(lambda n: None, pulp.LpStatusOptimal, OPTIMAL),
    "impossible": lambda: Liar(lambda n: None, pulp.LpStatusInfeasible, pulp.LpSolutionInfeasible),
    "unbounded": lambda: Liar(lambda n: None, pulp.LpStatusUnbounded, pulp.LpSolutionUnbounded),
    "late": lambda: Liar(lambda n: 0.0, pulp.LpStatusOptimal, FEASIBLE, late=0.2),
    "raises": lambda: Crash(lambda n: 0.0, 1, 1),
}


@pytest.mark.parametrize("model", ["max_coverage", "min_travel_time", "set_cover", "p_center"])
def test_no_lie_of_a_solver_object_leaves(model: str) -> None:
    for name, liar in LIARS.items():
        assert survives(model, solver=liar()), name


# -- a CBC that crashes or writes garbage ---------------------------------------------------

HEAD = '#!/bin/sh\nwhile [ "$1" != "-solution" ]; do shift; done\nout="$2"\n'
PROGRAMS = {
    "is killed": "kill -9 $$",
    "fails": "exit 3",
    "writes nothing": "exit 0",
    "writes an empty file": ': > "$out"',
    "writes garbage": 'head -c 4000 /dev/urandom > "$out"',
    "writes other words": 'echo "the quick brown fox" > "$out"; echo "jumps" >> "$out"',
    "writes words for numbers": 'printf "Optimal - objective value 1\\n 0 y0 many 0\\n" > "$out"',
    "writes half a line": 'printf "Optimal - objective value 1\\n 0 y0\\n" > "$out"',
    "claims that nothing is best": 'echo "Optimal - objective value 0.0" > "$out"',
    "claims a half": 'printf "Optimal - objective value 9\\n 0 X0000000 0.5 0\\n" > "$out"',
    "claims no number": 'printf "Optimal - objective value 9\\n 0 X0000000 nan 0\\n" > "$out"',
    "claims too much": 'printf "Optimal - objective value 9\\n 0 X0000000 99 0\\n" > "$out"',
    "claims that there is none": 'echo "Infeasible - objective value 0.0" > "$out"',
    "claims no end": 'echo "Unbounded - objective value 0.0" > "$out"',
    "stops early": 'echo "Stopped on time - objective value 0.0" > "$out"',
}


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")
@pytest.mark.parametrize("model", ["max_coverage", "min_travel_time", "set_cover", "p_center"])
def test_no_fault_of_cbc_leaves(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest(model)
    for name, body in PROGRAMS.items():
        program = tmp_path / "cbc"
        program.write_text(HEAD + body + "\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        with monkeypatch.context() as patch:
            patch.setattr(pulp.PULP_CBC_CMD, "pulp_cbc_path", str(program))
            assert survives(model, solver="cbc"), name


def test_a_cbc_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pulp.PULP_CBC_CMD, "pulp_cbc_path", str(tmp_path / "nothing"))
    with pytest.raises(SolverError, match="not installed or cannot be run"):
        siting.solve(instance(), "max_coverage", solver="cbc")
