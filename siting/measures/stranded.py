"""New facilities without the facility they need near them: levels of a hierarchy."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Flags, Ints
from siting.measures.base import DOWN, Measure, Term
from siting.measures.composer import Composer
from siting.measures.program import Linear, linear
from siting.plan import Plan


class Stranded(Measure):
    """New facilities with no open facility of the type above them within its reach.

    ``types.X.under`` names the type above, ``types.X.within`` the minutes of a car to it. A facility
    of a type that is under none is never stranded.
    """

    name = "stranded"
    title = "new facilities with none of the level above within reach"
    unit = "sites"
    tight = DOWN
    filters = frozenset({"type", "region", "district", "community", "period"})
    algebra = "sum_j max(0, y_j - sum over k above j within its reach of y_k)"

    def value(self, term: Term, plan: Plan) -> float:
        """Number of facilities."""
        amount = term.responses.options.open_units(plan.opened, plan.units, plan.closed)
        lower, reached = _reach(term, amount > 0)
        return float(len(np.setdiff1d(lower, reached[0])))

    def expression(self, term: Term, composer: Composer) -> Linear:
        """A column per facility that is 1 where it is open and nothing above it is."""
        options = term.responses.options
        there = options.usable & ((composer.column >= 0) | (np.arange(len(options.site)) < options.existing))
        lower, (one, two) = _reach(term, there)
        # Whoever is near an existing facility that stays is never stranded.
        lower = np.setdiff1d(lower, one[composer.column[two] < 0])
        position = np.searchsorted(lower, one)
        kept = np.isin(one, lower)
        program, every = composer.program, np.arange(len(lower))
        alone = program.add_columns(f"alone{program.columns}_", lower, 0.0, 1.0)
        program.add_rows(
            f"under{alone[0] if len(alone) else 0}_", lower,
            np.r_[every, every, position[kept]],
            np.r_[composer.site_column(lower), alone, composer.column[two[kept]]],
            np.r_[np.ones(len(every)), -np.ones(len(every) + int(kept.sum()))],
            upper=0.0,
        )  # fmt: skip
        return linear(alone, 1.0)


def _reach(term: Term, there: Flags) -> tuple[Ints, tuple[Ints, Ints]]:
    """New facilities in scope that need one above them, among some options (M,) flags; pairs of both."""
    responses = term.responses
    options, types = responses.options, responses.settings.types
    index = {kind.id: number for number, kind in enumerate(types)}
    above = np.array([-1 if kind.under is None else index[kind.under] for kind in types])[options.type]
    reach = np.array([kind.reach_ms for kind in types], dtype=np.int32)
    new = there & term.scope & (above >= 0) & (np.arange(len(there)) >= options.existing)
    lower = np.flatnonzero(new).astype(np.int32)
    upper = np.flatnonzero(there & np.isin(options.type, np.unique(above[lower]))).astype(np.int32)
    one, two = responses.near(lower, upper, reach[options.type[lower]])
    right = (options.type[two] == above[one]) & (options.period[two] <= options.period[one])
    return lower, (one[right], two[right])
