"""Pairs of facilities of a type that stand too near to each other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from siting.instance.arrays import Flags, Ints
from siting.instance.settings import MAX_MINUTES
from siting.measures.arguments import Argument
from siting.measures.base import DOWN, Measure, Term
from siting.measures.composer import Composer
from siting.measures.program import Linear, linear
from siting.plan import Plan


class TooClose(Measure):
    """Pairs of open facilities of the same type within ``minutes`` of a car, one of them new.

    The way counts from a new facility to the other; between two new ones the shorter of both ways.
    """

    name = "too_close"
    title = "pairs of facilities of a type that stand too near to each other"
    unit = "pairs"
    tight = DOWN
    filters = frozenset({"type", "region", "district", "community"})
    arguments: ClassVar = {
        "minutes": Argument("minutes of a car that are too near", required=True, high=MAX_MINUTES)
    }
    algebra = "sum over pairs j, k of a type within D minutes of max(0, y_j + y_k - 1)"

    def value(self, term: Term, plan: Plan) -> float:
        """Number of pairs."""
        return float(len(_pairs(term, _open(term, plan))[0]))

    def expression(self, term: Term, composer: Composer) -> Linear:
        """A column per pair that is 1 where both are open."""
        options = term.responses.options
        there = options.usable & ((composer.column >= 0) | (np.arange(len(options.site)) < options.existing))
        one, two = _pairs(term, there)
        at, to = composer.column[one], composer.column[two]
        program, every = composer.program, np.arange(len(one))
        both = program.add_columns(f"close{program.columns}_", every, 0.0, 1.0)
        # An existing facility that stays counts as open: its y is the constant 1.
        here, there_ = np.flatnonzero(at >= 0), np.flatnonzero(to >= 0)
        room = 1.0 - (at < 0) - (to < 0)
        program.add_rows(
            f"apart{both[0] if len(both) else 0}_", every,
            np.r_[here, there_, every],
            np.r_[composer.site_column(one[here]), composer.site_column(two[there_]), both],
            np.r_[np.ones(len(here) + len(there_)), -np.ones(len(every))],
            upper=room,
        )  # fmt: skip
        return linear(both, 1.0)


def _open(term: Term, plan: Plan) -> Flags:
    """(M,) options that are open under a plan."""
    amount = term.responses.options.open_units(plan.opened, plan.units, plan.closed)
    return np.asarray(amount > 0)


def _pairs(term: Term, there: Flags) -> tuple[Ints, Ints]:
    """Pairs of the same type in scope among some options (M,) flags, one of them at least new."""
    responses = term.responses
    options = responses.options
    member = np.flatnonzero(there & term.scope).astype(np.int32)
    new = member[member >= options.existing]
    limit = np.full(len(new), round(term.number("minutes", 0.0) * 60_000), dtype=np.int32)
    one, two = responses.near(new, member, limit)
    same = options.type[one] == options.type[two]
    # What replaces a facility stands where that one stood, and a site in two periods is one site.
    same &= (options.replaces[one] != two) & (options.candidate[one] != options.candidate[two])
    pairs = np.unique(np.sort(np.column_stack([one[same], two[same]]), axis=1), axis=0)
    return pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)
