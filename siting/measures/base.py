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
from siting.measures.arguments import Argument, Grouped, Value
from siting.plan import Plan, Shares
from siting.response import Responses

if TYPE_CHECKING:
    from siting.measures.composer import Composer
    from siting.measures.program import Linear

BOTH = frozenset({"up", "down"})
"""Tight whichever way the model pushes the measure."""
UP = frozenset({"up"})
"""Tight when the model pushes the measure up: maximize, at_least."""
SHARE_ROOM = 1e-9
"""Share of a need that the arithmetic of a solver may leave over."""

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
        arguments: what else a model file may give.
        every: it counts every open facility in reach, not only the first to answer.
        ruled: it means the same under every rule for standards, not only the one in minutes.
        algebra: the formula, for ``siting models NAME --math``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    unit: ClassVar[str]
    tight: ClassVar[frozenset[str]]
    filters: ClassVar[frozenset[str]]
    arguments: ClassVar[Mapping[str, Argument]] = {}
    every: ClassVar[bool] = False
    ruled: ClassVar[bool] = True
    algebra: ClassVar[str]

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """Response time beyond which the measure no longer changes, given the longest standard."""
        return 0

    def need_terms(self, term: Term) -> tuple[Term, ...]:
        """Sums over needs that its expression is made of, see :mod:`siting.measures.levels`."""
        return ()

    def apart(self, term: Term) -> Ints | None:
        """(N,) groups whose needs its expression must tell apart, None where it need not."""
        return None

    @abstractmethod
    def value(self, term: Term, plan: Plan) -> float:
        """The measure of a plan, summed exactly and rounded once; NaN where it is undefined."""

    @abstractmethod
    def expression(self, term: Term, composer: Composer) -> Linear:
        """The measure as a linear expression of the composer's columns."""


NEED_FILTERS = frozenset({"service", "kind", "region", "district", "community", "scenario", "period"})
"""Filters of measures over needs."""


@dataclass(frozen=True, eq=False)
class Term:
    """A measure narrowed by filters and bound to an instance.

    Attributes:
        measure: the measure.
        responses: the needs, options and times it is bound to.
        scope: needs (N,) or options (M,) that count, by the family of the measure.
        arguments: what the model file gives for the measure's arguments, and the filters that do not
            narrow the scope, such as ``payer``.
        label: what it is, for people, e.g. ``sites_open [fire_department]``.
    """

    measure: Measure
    responses: Responses
    scope: Flags
    arguments: Mapping[str, Value] = field(default_factory=dict)
    label: str = ""

    def value(self, plan: Plan) -> float:
        """The measure of a plan."""
        return self.measure.value(self, plan)

    def expression(self, composer: Composer) -> Linear:
        """The measure as a linear expression."""
        return self.measure.expression(self, composer)

    def number(self, name: str, default: float) -> float:
        """A number the model file gives, or the default."""
        value = self.arguments.get(name, default)
        assert isinstance(value, int | float)
        return float(value)

    def by_need(self, name: str, default: float) -> Floats:
        """(N,) a number that may differ between services, kinds of place or areas."""
        return self._spread(name, default, of_needs=True)

    def by_option(self, name: str, default: float) -> Floats:
        """(M,) a number that may differ between facility types or areas."""
        return self._spread(name, default, of_needs=False)

    def _spread(self, name: str, default: float, of_needs: bool) -> Floats:
        value = self.arguments.get(name, default)
        needs, options = self.responses.needs, self.responses.options
        size = len(needs.place) if of_needs else len(options.site)
        if not isinstance(value, Grouped):
            return np.full(size, self.number(name, default))
        return value.of_needs(self.responses) if of_needs else value.of_options(self.responses)

    @property
    def unit(self) -> str:
        """Unit of the value."""
        unit = self.measure.unit
        return self.responses.settings.currency if unit == "currency" else unit


class OptionMeasure(Measure):
    """Sum over newly opened options, and over existing facilities closed, of a coefficient each.

    Attributes:
        per_site: several units at a site count once.
    """

    tight = BOTH
    per_site: ClassVar[bool] = False
    filters = frozenset({"type", "region", "district", "community", "period"})

    @abstractmethod
    def coefficient(self, term: Term) -> Floats:
        """(M,) coefficient of every unit opened; 0 for existing facilities."""

    def closing(self, term: Term) -> Floats:
        """(M,) coefficient of every existing facility that is closed."""
        return np.zeros(len(term.scope))

    def coefficients(self, term: Term) -> Floats:
        """(M,) coefficients of opening, 0 outside the scope."""
        return np.where(term.scope, self.coefficient(term), 0.0)

    def closings(self, term: Term) -> Floats:
        """(M,) coefficients of closing, 0 outside the scope."""
        return np.where(term.scope & term.responses.options.closable, self.closing(term), 0.0)

    def value(self, term: Term, plan: Plan) -> float:
        """Exact sum over the opened and closed options."""
        opened = self.coefficients(term)[plan.opened]
        if not self.per_site:
            opened = opened * plan.units
        return math.fsum([*opened, *self.closings(term)[plan.closed]])

    def expression(self, term: Term, composer: Composer) -> Linear:
        """Sum of coefficient x units or sites opened, and of coefficient x facilities closed."""
        return composer.over_options(self.coefficients(term), self.closings(term), self.per_site)


class NeedMeasure(Measure):
    """A monotone function of every need's response time, summed over needs.

    Attributes:
        additive: False for a measure that takes the worst need instead of the sum.
    """

    additive: ClassVar[bool] = True
    filters = NEED_FILTERS

    def need_terms(self, term: Term) -> tuple[Term, ...]:
        """The term itself."""
        return (term,)

    @abstractmethod
    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """Contribution of needs (K,) answered after ms (K,)."""

    @abstractmethod
    def unserved(self, term: Term, need: Ints) -> Floats:
        """Contribution of needs (K,) nobody answers; NaN where that is not allowed."""

    def penalty(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """What needs (K,) that must be answered but are not contribute where rows are relaxed: more than
        any answer within ms (K,).
        """
        return self.at(term, need, ms)

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
        if plan.shares is not None:
            return self._shared(term, plan.shares, counted)
        served = np.flatnonzero(counted & plan.served).astype(np.int32)
        missed = np.flatnonzero(counted & ~plan.served).astype(np.int32)
        result[served] = self.at(term, served, plan.response_ms[served])
        result[missed] = self.unserved(term, missed)
        return result

    def _shared(self, term: Term, shares: Shares, counted: Flags) -> NDArray[np.float64]:
        """(N,) contributions where several options share a need; what nobody takes is unserved."""
        mine = counted[shares.need]
        need, part = shares.need[mine], shares.share[mine]
        result = np.bincount(
            need, weights=part * self.at(term, need, shares.ms[mine]), minlength=len(counted)
        ).astype(np.float64)
        left = counted.astype(np.float64) - np.bincount(need, weights=part, minlength=len(counted))
        lacking = np.flatnonzero(left > SHARE_ROOM).astype(np.int32)
        result[lacking] += left[lacking] * self.unserved(term, lacking)
        return result

    def expression(self, term: Term, composer: Composer) -> Linear:
        """Sum over the levels of response time of what reaching a level adds."""
        return composer.over_needs(term)
