"""What a measure is: one quantity of a plan, with a linear expression and a plain number.

A model optimizes one measure and bounds others. There are two families, and each measure file
states the few lines in which it differs:

- an :class:`OptionMeasure` adds up a coefficient of every option newly opened (sites, cost);
- a :class:`NeedMeasure` adds up a monotone function of every need's response time (people within
  the standard, travel time). Response times only fall when more is opened, so its relaxation is
  tight on one side only; using it on the other side is refused when the model is read.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from siting.instance.arrays import Flags, Floats, Ints
from siting.plan import Plan
from siting.response import Responses

if TYPE_CHECKING:
    import pulp

    from siting.measures.builder import Builder

BOTH = frozenset({"up", "down"})
"""Tight whichever way the model pushes the measure."""
UP = frozenset({"up"})
"""Tight when the model pushes the measure up: maximize, at_least."""
DOWN = frozenset({"down"})
"""Tight when the model pushes the measure down: minimize, at_most."""


class Measure(ABC):
    """One quantity of a plan.

    Attributes:
        name: key in model files.
        title: words for people.
        unit: unit of the value; ``currency`` stands for the instance's.
        tight: sides on which the relaxation is exact (BOTH, UP or DOWN).
        filters: filters it understands.
        arguments: further numbers a model file may give, with their unit.
        algebra: the formula, for ``siting models NAME --math``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    unit: ClassVar[str]
    tight: ClassVar[frozenset[str]]
    filters: ClassVar[frozenset[str]]
    arguments: ClassVar[Mapping[str, str]] = {}
    algebra: ClassVar[str]

    @abstractmethod
    def value(self, term: Term, plan: Plan) -> float:
        """The measure of a plan, summed exactly and rounded once; NaN where it is undefined."""

    @abstractmethod
    def expression(self, term: Term, builder: Builder) -> pulp.LpAffineExpression:
        """The measure as a linear expression of the builder's variables."""


@dataclass(frozen=True, eq=False)
class Term:
    """A measure narrowed by filters and bound to an instance.

    Attributes:
        measure: the measure.
        responses: the needs, options and times it is bound to.
        scope: needs (N,) or options (M,) that count, by the family of the measure.
        arguments: numbers for the measure's arguments.
        label: what it is, for people, e.g. ``sites_open [fire_department]``.
    """

    measure: Measure
    responses: Responses
    scope: Flags
    arguments: Mapping[str, float] = field(default_factory=dict)
    label: str = ""

    def value(self, plan: Plan) -> float:
        """The measure of a plan."""
        return self.measure.value(self, plan)

    def expression(self, builder: Builder) -> pulp.LpAffineExpression:
        """The measure as a linear expression."""
        return self.measure.expression(self, builder)

    @property
    def unit(self) -> str:
        """Unit of the value."""
        unit = self.measure.unit
        return self.responses.settings.currency if unit == "currency" else unit


class OptionMeasure(Measure):
    """Sum over newly opened options of a coefficient."""

    tight = BOTH
    filters = frozenset({"type", "region", "district", "community"})

    @abstractmethod
    def coefficient(self, responses: Responses) -> Floats:
        """(M,) coefficient of every option; 0 for existing facilities."""

    def coefficients(self, term: Term) -> Floats:
        """(M,) coefficients, 0 outside the scope."""
        return np.where(term.scope, self.coefficient(term.responses), 0.0)

    def value(self, term: Term, plan: Plan) -> float:
        """Exact sum over the opened options."""
        return math.fsum(self.coefficients(term)[plan.opened])

    def expression(self, term: Term, builder: Builder) -> pulp.LpAffineExpression:
        """Sum of coefficient x opening variable."""
        return builder.over_options(self.coefficients(term))


class NeedMeasure(Measure):
    """A monotone function of every need's response time, summed over needs.

    Attributes:
        additive: False for a measure that takes the worst need instead of the sum.
    """

    additive: ClassVar[bool] = True
    filters = frozenset({"service", "region", "district", "community"})

    @abstractmethod
    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """Contribution of needs (K,) answered after ms (K,)."""

    @abstractmethod
    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, float]) -> int | None:
        """Response time beyond which the measure no longer changes, given the longest standard."""

    @abstractmethod
    def unserved(self, term: Term, need: Ints) -> Floats:
        """Contribution of needs (K,) nobody answers; NaN where that is not allowed."""

    def base(self, term: Term, need: Ints) -> Floats:
        """Contribution of needs (K,) if nothing new is opened."""
        responses = term.responses
        has = responses.base_option[need] >= 0
        result = self.unserved(term, need)
        result[has] = self.at(term, need[has], responses.base_ms[need[has]])
        return result

    def value(self, term: Term, plan: Plan) -> float:
        """Exact sum over the needs in scope; needs nothing can ever reach are left out."""
        return math.fsum(self.contributions(term, plan))

    def contributions(self, term: Term, plan: Plan) -> NDArray[np.float64]:
        """(N,) contribution of every need, 0 outside the scope."""
        result = np.zeros(len(term.scope))
        counted = term.scope.copy()
        counted[term.responses.unreachable] = False
        served = np.flatnonzero(counted & plan.served).astype(np.int32)
        missed = np.flatnonzero(counted & ~plan.served).astype(np.int32)
        result[served] = self.at(term, served, plan.response_ms[served])
        result[missed] = self.unserved(term, missed)
        return result

    def expression(self, term: Term, builder: Builder) -> pulp.LpAffineExpression:
        """Sum over the levels of response time of what reaching a level adds."""
        return builder.over_levels(term)
