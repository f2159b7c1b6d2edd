"""Targets: model files, numbers on the command line, and solutions of other solvers."""

from __future__ import annotations

import math
import random
import tomllib
from fractions import Fraction
from functools import cache

from siting.check.solver_files import is_solution, read_listing
from siting.errors import ModelError, PlanError
from siting.instance import Instance
from siting.instance.raw import Report
from siting.model.files import load_model
from siting.model.reader import parse_model
from siting.problem import bind
from siting.readers.folder import read
from siting.response import build_responses
from siting.studies.frontier.sweep import MOST, parse_sweep
from siting.terminal.arguments import given_numbers
from tests.fuzz.engine import Case, Target
from tests.fuzz.mutate import WORDS, damaged
from tests.fuzz.places import laid_out
from tests.fuzz.tables import ROOT


@cache
def models() -> tuple[bytes, ...]:
    """Model files, good ones before broken ones."""
    good = [*sorted((ROOT / "models").glob("*.toml")), *sorted((ROOT / "tests" / "models").glob("*.toml"))]
    return tuple(
        path.read_bytes() for path in [*good, *sorted((ROOT / "tests" / "broken_models").glob("*.toml"))]
    )


@cache
def towns() -> Instance:
    """The smallest bundled instance."""
    return read("three_towns")


def make_model(chance: random.Random) -> Case:
    """A damaged model file."""
    return {"own.toml": damaged(chance, chance.choice(models()), models(), 4)}


def check_model(case: Case) -> None:
    """The model holds as many goals, limits and parameters as the file, and the same numbers."""
    try:
        text = case["own.toml"].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ModelError("no text") from None
    model = parse_model(text, "own", "own.toml")
    raw = tomllib.loads(text)
    assert (model.title, model.question, model.source) == (raw["title"], raw["question"], raw["source"])
    assert len(model.goals) == 1 + len(raw.get("then", []))
    assert len(model.limits) == len(raw.get("limits", []))
    assert list(model.parameters) == list(raw.get("parameters", {}))
    for name, parameter in model.parameters.items():
        default = raw["parameters"][name].get("default")
        assert parameter.default == (None if default is None else float(default))
    for limit, entry in zip(model.limits, raw.get("limits", []), strict=True):
        for key in ("at_most", "at_least"):
            value = entry.get(key)
            assert getattr(limit, key) == (float(value) if isinstance(value, int | float) else value)
    assert parse_model(text, "own", "own.toml") == model


def check_bound(case: Case) -> None:
    """A model that can be read can be asked of an instance, or is refused."""
    model = load_model(laid_out(case) / "own.toml")
    problem = bind(towns(), model, {"budget": 10.0}, build_responses)
    for limit in problem.limits:
        assert not math.isnan(limit.low)
        assert not math.isnan(limit.high)


SWEEPS = ("budget=2000:6000:500", "budget=1,2,3.5", "new.station=0:10:1", "x=0.1:0.9:0.1", "weight=1e3")


SETS = (
    "new.fire_department=2",
    "services.police.weight=0.5",
    "services.police.standard.town=12",
    "horizon=20",
)


def make_set(chance: random.Random) -> Case:
    """A damaged NAME=VALUE."""
    return {"text": damaged(chance, chance.choice(SETS).encode(), (), 2)}


def make_sweep(chance: random.Random) -> Case:
    """A damaged sweep, or a made up one."""
    if chance.random() < 0.3:
        parts = [
            chance.choice((f"{chance.uniform(-9, 9):.3g}", str(chance.randrange(99)), chance.choice(WORDS)))
            for _ in range(chance.randrange(5))
        ]
        return {"text": ("x=" + chance.choice(":,").join(parts)).encode("utf-8", "replace")}
    return {"text": damaged(chance, chance.choice(SWEEPS).encode(), (), 3)}


def check_sweep(case: Case) -> None:
    """The values are numbers of the text, or as exact fractions have the steps."""
    text = case["text"].decode("utf-8", "replace")
    ((name, values),) = parse_sweep(text).items()
    assert name == text.partition("=")[0].strip()
    assert 0 < len(values) <= MOST
    assert all(math.isfinite(value) for value in values)
    assert list(values) == sorted(set(values))
    words = text.partition("=")[2].strip().split(":")
    if len(words) < 2:
        assert set(values) == {float(word) for word in words[0].split(",")}
        return
    first, last, step = (Fraction(float(word)) for word in words)
    count = math.floor((last - first) / step + Fraction(1, 10**9)) + 1
    assert len(values) <= count  # steps too small for 12 digits fall together
    for value in (*values[:10], *values[-10:]):
        number = (Fraction(value) - first) / step
        assert abs(number - round(number)) <= Fraction(1, 10**6) + abs(Fraction(value) / step) / 10**11
        assert first - abs(first) / 10**11 <= value <= last + abs(last) / 10**11 + step / 10**8


def check_set(case: Case) -> None:
    """The number is that of the text; what stands for none is refused."""
    text = case["text"].decode("utf-8", "replace")
    ((name, value),) = given_numbers([text]).items()
    assert name == text.partition("=")[0].strip()
    bind(towns(), load_model("max_coverage"), {name: value}, build_responses)
    assert value == float(text.partition("=")[2])


HIGHS = """\
Model status
Optimal

# Primal solution values
Feasible
Objective 44700
# Columns 3
open.lypa.security_center 1
open.dub.fire_department 1
constant 1
# Rows 1
r0 1

# Dual solution values
None
"""
GUROBI = """\
# Solution for model obj
# Objective value = 44700
constant 1
open.lypa.security_center 1
open.dub.fire_department 9.9999999999e-01
"""
SCIP = """\
solution status: optimal solution found
objective value:                                44700
open.dub.fire_department                            1 \t(obj:0)
open.lypa.security_center                           1 \t(obj:0)
"""
CBC = """\
Optimal - objective value 44700.00000000
     12 open.lypa.security_center                 1                       0
**   13 open.dub.fire_department                  1                       0
"""
CPLEX = """\
<?xml version = "1.0" encoding="UTF-8" standalone="yes"?>
<CPLEXSolution version="1.2">
 <header problemName="plan.lp" objectiveValue="44700" solutionStatusString="integer optimal solution"/>
 <variables>
  <variable name="open.lypa.security_center" index="0" value="1"/>
  <variable name="open.dub.fire_department" index="1" value="1"/>
 </variables>
</CPLEXSolution>
"""
TABLE = "name,value\nopen.lypa.security_center,1\nopen.dub.fire_department,1\n"
SOLUTIONS = tuple(one.encode() for one in (HIGHS, GUROBI, SCIP, CBC, CPLEX, TABLE))


def make_solution(chance: random.Random) -> Case:
    """A damaged solution of one of the solvers, or a table of names and values."""
    data = chance.choice(SOLUTIONS)
    table = data == SOLUTIONS[-1] or chance.random() < 0.05
    return {f"plan.{'csv' if table else 'sol'}": damaged(chance, data, SOLUTIONS, 4)}


def check_solution(case: Case) -> None:
    """Every value is a finite number that the file holds."""
    ((name, data),) = case.items()
    path = laid_out(case) / name
    if not is_solution(path):
        raise PlanError("no solution")
    report = Report()
    found = read_listing(path, report)
    if found is None or report.complaints:
        raise PlanError(report.complaints)
    assert len(found.names) == len(found.values) == len(found.cells)
    text = data.decode("utf-8-sig")
    for cell, value in zip(found.cells, found.values, strict=True):
        assert math.isfinite(value)
        assert value == float(cell)
        assert cell in text or "&" in text
    if found.claimed is not None:
        assert not math.isnan(found.claimed)


TARGETS = (
    Target("model", make_model, check_model, 250, "own.toml"),
    Target("bound", make_model, check_bound, 60),
    Target("sweep", make_sweep, check_sweep, 600, "text"),
    Target("set", make_set, check_set, 200),
    Target("solution", make_solution, check_solution, 300, "plan.sol"),
)
