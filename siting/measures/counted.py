"""Rows that count the units within reach of a need.

With one class of units and falling gains, u_ik in [0, 1] says that a k-th unit is there:
sum_k u_ik <= n_i, and the relaxation is exact. Else a binary column picks the state that the units
are enough for: sum_s count_s v_is <= n_i for every class, sum_s v_is <= 1. Needs with the same
units within reach are merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siting.instance.arrays import Floats, Ints, Longs
from siting.measures.base import Term
from siting.measures.counting import CountMeasure, States, attained
from siting.measures.program import Linear, linear

if TYPE_CHECKING:
    from siting.measures.composer import Composer


def counted(measure: CountMeasure, term: Term, composer: Composer) -> Linear:
    """The measure as an expression of new columns of the program."""
    reach = _Reach(measure, term, composer)
    weight = measure.weight(term)
    result = linear([], [])
    for number, states in enumerate(measure.states(term)):
        result = result + _group(composer, states, reach, weight, f"{_letters(measure)}{number}_")
    return result


def _letters(measure: CountMeasure) -> str:
    return "".join(word[0] for word in measure.name.split("_"))


class _Reach:
    """Which options answer each need in time.

    Attributes:
        fixed: (N, C) units that are open anyway.
        most: (N, C) units there may be.
        start: (N+1,) pairs of need i are start[i]:start[i+1].
        option: (Z,) their options, which have a column, ascending within a need.
        classes: (M,) class of every option.
        amount: (M,) units that an option's column stands for when it is 1.
        key: (N, 2) fingerprint of the options of every need.
    """

    def __init__(self, measure: CountMeasure, term: Term, composer: Composer) -> None:
        responses = term.responses
        options = responses.options
        self.classes, self.count = measure.classes(term)
        limit = measure.limit_ms(term)
        self.fixed = responses.coverers(composer.fixed, limit, self.classes, self.count)
        possible = np.where(composer.column >= 0, options.units, 0) + composer.fixed
        self.most = responses.coverers(possible.astype(np.int32), limit, self.classes, self.count)
        there = (responses.ms <= limit[responses.row]) & (composer.column[responses.option] >= 0)
        need, option = responses.row[there], responses.option[there]
        order = np.lexsort((option, need))
        self.option = option[order]
        self.start = np.searchsorted(need[order], np.arange(len(limit) + 1))
        self.amount = np.where(options.closable, options.units, 1)
        words = np.random.default_rng(20).integers(1, 2**63, (2, len(options.site)), dtype=np.uint64)
        sums = [np.r_[np.uint64(0), np.cumsum(word[self.option], dtype=np.uint64)] for word in words]
        self.key = np.column_stack([total[self.start[1:]] - total[self.start[:-1]] for total in sums])


def _group(composer: Composer, states: States, reach: _Reach, weight: Floats, name: str) -> Linear:
    """The expression of needs that value units alike."""
    need = states.need
    base = attained(states, reach.fixed[need])
    gains = attained(states, reach.most[need]) > base
    constant = float((weight[need] * base).sum())
    need = need[gains]
    if not len(need):
        return linear([], [], constant)
    key = np.column_stack([reach.key[need], reach.fixed[need].astype(np.uint64)])
    _, first, merged = np.unique(key, axis=0, return_index=True, return_inverse=True)
    total = np.bincount(merged.reshape(-1), weights=weight[need], minlength=len(first))
    rows = need[first]
    row, state, gain = _useful(states, reach, rows)
    columns = _add_states(composer, states, reach, rows, row, state, name)
    return linear(columns, total[row] * gain, constant)


def _concave(states: States) -> bool:
    """Whether one class of units gains ever less, unit by unit."""
    steps = np.diff(states.worth)
    return (
        states.count.shape[1] == 1
        and bool(np.all(np.diff(states.count[:, 0]) == 1))
        and bool(np.all(steps[1:] <= steps[:-1] + 1e-15))
    )


def _useful(states: States, reach: _Reach, rows: Ints) -> tuple[Longs, Longs, Floats]:
    """States worth a column: row (K,) and state (K,), and what they gain (K,).

    Under falling gains that is what the k-th unit adds; else what a state adds to what is there anyway.
    """
    fixed, most = reach.fixed[rows], reach.most[rows]
    base = attained(states, fixed)
    row, state, gain = [], [], []
    concave = _concave(states)
    for s in range(1, len(states.worth)):
        within = np.all(most >= states.count[s], axis=1) & ~np.all(fixed >= states.count[s], axis=1)
        added = (
            np.full(len(rows), states.worth[s] - states.worth[s - 1]) if concave else states.worth[s] - base
        )
        chosen = np.flatnonzero(within & (added > 0))
        row.append(chosen)
        state.append(np.full(len(chosen), s))
        gain.append(added[chosen])
    return np.concatenate(row), np.concatenate(state), np.concatenate(gain)


def _add_states(
    composer: Composer, states: States, reach: _Reach, rows: Ints, row: Longs, state: Longs, name: str
) -> Longs:
    """Columns of the states (K,), tied to the options."""
    program, concave = composer.program, _concave(states)
    size = len(rows)
    lacking = np.maximum(0, states.count[state] - reach.fixed[rows][row])  # (K, C)
    if concave:
        lacking = np.ones_like(lacking)
    # A state that lacks one unit of one class is as integral as the units are, if it is the only one.
    alone = np.bincount(row, minlength=size)[row] == 1
    easy = concave | bool(np.all(alone & (lacking.sum(axis=1) == 1)))
    columns = program.add_columns(name, np.arange(len(row)), 0.0, 1.0, integer=not easy)
    counts = reach.start[rows + 1] - reach.start[rows]
    pair_row = np.repeat(np.arange(size), counts)
    offset = np.arange(len(pair_row)) - np.repeat(np.cumsum(counts) - counts, counts)
    option = reach.option[reach.start[rows][pair_row] + offset]
    for number in range(reach.count):
        mine = reach.classes[option] == number
        needed = lacking[:, number] > 0
        program.add_rows(
            f"{name}n{number}_", np.arange(size),
            np.r_[pair_row[mine], row[needed]],
            np.r_[composer.column[option[mine]], columns[needed]],
            np.r_[reach.amount[option[mine]], -lacking[needed, number]],
            lower=0.0,
        )  # fmt: skip
    if not concave and not alone.all():
        program.add_rows(f"{name}one_", np.arange(size), row, columns, 1.0, upper=1.0)
    return columns
