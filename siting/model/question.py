"""A planning question as its file states it: objectives, limits, parameters, and what it looks at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from siting.measures import Measure
from siting.measures.arguments import Points
from siting.response import Layout

Number = float | str
"""A number, or ``$name`` of a parameter."""


@dataclass(frozen=True)
class Parameter:
    """A number the planner may set.

    Attributes:
        unit: unit; ``currency`` stands for the instance's.
        about: meaning, for people.
        default: value if neither caller nor instance gives one; None demands one.
        each: the group of which every member has a value of its own, e.g. ``type``, or None.
    """

    unit: str
    about: str
    default: float | None
    each: str | None


@dataclass(frozen=True)
class Use:
    """A measure as a model file uses it.

    Attributes:
        measure: the measure.
        filters: per filter (type, service, region, ...) the ids that count.
        arguments: the measure's arguments: numbers, parameters, words, or the points of a curve.
    """

    measure: Measure
    filters: Mapping[str, tuple[str, ...]]
    arguments: Mapping[str, Number | Points]


@dataclass(frozen=True)
class Goal:
    """One objective; ``tolerance`` is the relative loss later goals may cause it."""

    use: Use
    maximize: bool
    tolerance: Number


@dataclass(frozen=True)
class Limit:
    """Bounds on a measure; ``each`` makes one limit per member of a group."""

    use: Use
    at_most: Number | None
    at_least: Number | None
    each: str | None


@dataclass(frozen=True)
class Model:
    """One planning question as its file states it.

    Attributes:
        text: content of the file; a plan folder holds a copy of it.
        name: name of the file without its ending.
        title, question, source: for people.
        goals: what is optimized, in lexicographic order.
        limits: what is bounded.
        parameters: numbers the planner may set, by name.
        layout: what of an instance it looks at.
    """

    text: str
    name: str
    title: str
    question: str
    source: str
    goals: tuple[Goal, ...]
    limits: tuple[Limit, ...]
    parameters: Mapping[str, Parameter]
    layout: Layout

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every use of a measure, objectives before limits."""
        return (*(goal.use for goal in self.goals), *(limit.use for limit in self.limits))

    @property
    def in_arguments(self) -> set[str]:
        """Names of the parameters that stand for arguments of measures, not for limits."""
        values = (value for use in self.uses for value in use.arguments.values())
        return {value[1:] for value in values if isinstance(value, str) and value.startswith("$")}

    @property
    def file(self) -> str:
        """Name of the model file."""
        return f"{self.name}.toml"

    @property
    def sha256(self) -> str:
        """SHA-256 of ``text`` in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()
