"""The question of a frontier: a model's first objective, with a number of it or of the instance swept."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import tomli_w

from siting.errors import ModelError
from siting.model import Model
from siting.model.reader import parse_model
from siting.problem import Problem
from siting.restriction import restricts
from siting.result import Result


@dataclass(frozen=True)
class Limiting:
    """What limits plans by a number.

    Attributes:
        measure: the measure that it limits, e.g. ``cost``; empty where it limits none, or several.
        loosens: whether plans are added as it grows (True), taken away (False), or neither (None):
            every value then asks a question of its own, and none dominates another.
    """

    measure: str
    loosens: bool | None


def first_objective(model: Model) -> Model:
    """The model with its first objective alone, whose best value is what a frontier shows.

    What later objectives decide among equals moves no point; it may take longer than all else.
    """
    if len(model.goals) == 1:
        return model
    raw = tomllib.loads(model.text)
    del raw["then"]
    used = _parameters(model)
    raw["parameters"] = {name: one for name, one in raw.get("parameters", {}).items() if name in used}
    head = f"# The first objective of {model.file} alone, as its frontier shows it.\n"
    return parse_model(head + tomli_w.dumps(raw), model.name, model.file)


def _parameters(model: Model) -> set[str]:
    """Parameters that the first objective and the limits use."""
    first, uses = model.goals[0], [model.goals[0].use, *(limit.use for limit in model.limits)]
    values: list[object] = [first.tolerance]
    values += [value for use in uses for value in use.arguments.values()]
    values += [side for limit in model.limits for side in (limit.at_most, limit.at_least)]
    return {value[1:] for value in values if isinstance(value, str) and value.startswith("$")}


def without_later(numbers: Mapping[str, float], model: Model, first: Model) -> dict[str, float]:
    """Numbers by dotted name, without those of parameters that only later objectives have."""
    later = set(model.parameters) - set(first.parameters)
    return {name: value for name, value in numbers.items() if name.partition(".")[0] not in later}


def check_swept(name: str, model: Model, first: Model, numbers: Mapping[str, float]) -> None:
    """Make sure that a sweep can move the frontier.

    Raises:
        ModelError: the number belongs to later objectives alone, or is given as well.
    """
    head = name.partition(".")[0]
    if head in model.parameters and head not in first.parameters:
        raise ModelError(
            f"{name} is a number of later objectives of {model.name}; a frontier shows the first, "
            "which it does not change"
        )
    also = [other for other in numbers if other == name or other.startswith(f"{name}.")]
    if also:
        said = (f"{other} is set to {numbers[other]:g}" for other in also)
        raise ModelError([f"{name} is swept, and {one}; give one of the two" for one in said])


def limiting(name: str, model: Model) -> Limiting:
    """What a number of a model limits, as the model's file says."""
    head = name.partition(".")[0]
    uses = [limit for limit in model.limits if f"${head}" in (limit.at_most, limit.at_least)]
    if len(uses) != 1 or head in model.in_arguments or uses[0].at_most == uses[0].at_least:
        return Limiting("", None)
    return Limiting(uses[0].use.measure.name, uses[0].at_most == f"${head}")


def nested(results: list[Result]) -> bool:
    """Whether every question of a sweep, the loosest first, allows all plans of the next."""
    problems = [result.problem for result in results]
    return all(restricts(tight, loose) for loose, tight in pairwise(problems))


def achieved(result: Result, other: Problem) -> float | None:
    """What a plan takes of the measure that a number limits.

    Args:
        result: with a plan.
        other: the question with another value of the number.

    Returns:
        The value of the one limit in which the two questions differ, None where there is not one.
    """
    ours = result.problem.limits
    if result.plan is None or len(ours) != len(other.limits):
        return None
    pairs = zip(ours, other.limits, strict=True)
    found = [one for one, two in pairs if (one.low, one.high) != (two.low, two.high)]
    if len(found) != 1:
        return None
    value = found[0].term.value(result.plan)
    return None if np.isnan(value) else float(value)
