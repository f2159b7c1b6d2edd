"""Mean response time of those who wait longest (conditional value at risk).

Rockafellar, R. T. and Uryasev, S. (2000). Optimization of conditional value-at-risk. Journal of
Risk 2: 21-41.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.instance.settings import MAX_MINUTES
from siting.measures.arguments import Argument, Value
from siting.measures.base import DOWN, NeedMeasure, Term
from siting.measures.composer import Composer
from siting.measures.program import Linear, linear
from siting.plan import Plan


class TailTime(NeedMeasure):
    """Mean minutes of the share ``tail`` of weighted people who wait longest.

    Whoever nobody answers, or later than ``unserved`` minutes, counts that many.
    """

    name = "tail_time"
    title = "mean response time of those who wait longest"
    unit = "minutes"
    tight = DOWN
    additive = False
    ruled = False
    arguments: ClassVar = {
        "tail": Argument(
            "share of the people who wait longest (of 1)", required=True, low=1e-6, high=1.0, shown=True
        ),
        "unserved": Argument(
            "minutes that count for a need that nobody answers", required=True, high=MAX_MINUTES
        ),
    }
    algebra = "mean of t_i over the share q of sum_i w_i with the largest t_i"

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """Minutes, 0 for places without people."""
        latest = term.number("unserved", math.inf)
        return np.where(term.responses.needs.weight[need] > 0, np.minimum(ms / 60_000, latest), 0.0)

    def horizon_ms(self, standard_ms: int, arguments: Mapping[str, Value]) -> int | None:
        """The minutes of an unserved need."""
        minutes = arguments["unserved"]
        assert isinstance(minutes, int | float)
        return round(minutes * 60_000)

    def unserved(self, term: Term, need: Ints) -> Floats:
        """``unserved`` minutes where people live."""
        late = term.number("unserved", math.inf)
        return np.where(term.responses.needs.weight[need] > 0, late, 0.0)

    def value(self, term: Term, plan: Plan) -> float:
        """Mean over the tail, the need at its edge counted in part."""
        weight, room = self.weights(term)
        if not room:
            return 0.0
        minutes = self.contributions(term, plan)
        order = np.argsort(-minutes, kind="stable")
        taken = np.minimum(weight[order], np.maximum(0.0, room - np.r_[0.0, np.cumsum(weight[order])[:-1]]))
        return math.fsum(taken * minutes[order]) / room

    def expression(self, term: Term, composer: Composer) -> Linear:
        """t + sum of w_i d_i over the weight of the tail, where d_i >= t_i - t."""
        weight, room = self.weights(term)
        if not room:
            return linear([], [])
        rows, late = composer.by_row(term), term.number("unserved", math.inf)
        program, number = composer.program, composer.program.columns
        edge = program.add_columns("edge", [number], 0.0, late)
        every = np.arange(len(rows.need))
        over = program.add_columns(f"over{number}_", every, 0.0, late)
        program.add_rows(
            f"tail{number}_", every,
            np.r_[every, every, rows.row],
            np.r_[over, np.full(len(every), edge[0]), rows.column],
            np.r_[np.ones(2 * len(every)), -rows.step],
            lower=rows.base,
        )  # fmt: skip
        values, which = np.unique(rows.rest, return_inverse=True)
        load = np.bincount(which, weights=weight[rows.idle], minlength=len(values))
        every = np.arange(len(values))
        more = program.add_columns(f"more{number}_", every, 0.0, late)
        program.add_rows(
            f"rest{number}_", every, np.r_[every, every], np.r_[more, np.full(len(every), edge[0])], 1.0,
            lower=values,
        )  # fmt: skip
        return linear(edge, 1.0) + linear(over, weight[rows.need] / room) + linear(more, load / room)

    def edge(self, term: Term, plan: Plan) -> float:
        """Minutes at which the tail of a plan begins."""
        weight, room = self.weights(term)
        minutes = self.contributions(term, plan)
        order = np.argsort(-minutes, kind="stable")
        last = int(np.searchsorted(np.cumsum(weight[order]), room))
        return float(minutes[order[min(last, len(order) - 1)]])

    def weights(self, term: Term) -> tuple[Floats, float]:
        """(N,) weights of the needs that count, and the weight of the tail."""
        weight = np.where(term.scope, term.responses.needs.weight, 0.0)
        weight[term.responses.unreachable] = 0.0
        return weight, float(weight.sum()) * term.number("tail", 1.0)
