"""The savings form: what max cover, p-median and every falling utility have in common.

Rows i are needs, columns j candidates, s_ij > 0 what serving i by j saves against the existing
facilities. Maximize sum_i max(0, max over open j of s_ij) subject to A y <= b. Existing facilities
vanish into the base, which is why the form is sparse. Objectives kept from earlier stages are
floors; they enter the savings with multipliers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import OptionMeasure, Term
from siting.measures.levels import build_levels
from siting.methods.form_kernels import count_pairs, count_survivors, transpose, write_pairs, write_survivors
from siting.methods.reduce import useful_candidates
from siting.problem import Problem

_BLOCK = 1 << 20
"""Pairs that are looked at at a time."""

HARD = 1e4
"""Objective units one unit of a floor is worth while plans are searched: more than a swap gains."""


def hard(parts: Floats) -> Floats:
    """(Z,) savings with every floor weighing so much that no swap gives one up."""
    weighted: Floats = parts[0]
    if len(parts) > 1:
        weighted = parts[0] + HARD * parts[1:].sum(axis=0)
    return weighted


@dataclass(frozen=True, eq=False)
class Form:
    """n rows, m columns, Z pairs, K limits, G floors; everything is to be maximized.

    Attributes:
        option: (m,) option number of every column.
        indptr: (n+1,) int64; row i has pairs indptr[i]:indptr[i+1], by decreasing saving.
        col: (Z,) int32 column of every pair.
        parts: (1+G, Z) savings of the objective and of each floor, non-increasing in a row.
        saving: (Z,) what plans are searched by: floors weigh ``HARD`` each.
        floor: (G,) what each floor's savings must come to.
        constant: objective without any savings.
        use, room: (K, m) and (K,): use @ y <= room.
        must: (m,) columns that must be open.
        need: (n,) ascending first need of every row, None for a form that is not of needs.
    """

    option: Ints
    indptr: Longs
    col: Ints
    parts: Floats
    saving: Floats
    floor: Floats
    constant: float
    use: Floats
    room: Floats
    must: Flags
    need: Ints | None = None

    @property
    def rows(self) -> int:
        """Number of rows n."""
        return len(self.indptr) - 1

    @property
    def columns(self) -> int:
        """Number of columns m."""
        return len(self.option)

    @cached_property
    def row(self) -> Ints:
        """(Z,) row of every pair."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def by_column(self) -> tuple[Longs, Ints]:
        """Pairs by column, rows ascending: start (m+1,) and pair numbers (Z,)."""
        start, pair = np.zeros(self.columns + 1, dtype=np.int64), np.empty(len(self.col), dtype=np.int32)
        transpose(self.col, start, pair)
        return start, pair


def build_form(
    problem: Problem, number: int, kept: list[tuple[Term, bool, float]], keep: Ints | None = None
) -> Form:
    """The savings form of objective ``number``, under floors for the earlier ones.

    Args:
        problem: a problem that :func:`siting.methods.decomposition.refusal` accepts.
        number: which objective.
        kept: per earlier objective its term, whether it is maximized, and the value to keep.
        keep: options of the plan found so far, which must stay expressible.
    """
    objective = problem.objectives[number]
    terms = [objective.term, *(term for term, _, _ in kept)]
    signs = np.array([1.0 if up else -1.0 for up in (objective.maximize, *(up for _, up, _ in kept))])
    levels = build_levels(problem.responses, terms)
    wanted = useful_candidates(problem, levels, keep)
    number_of = np.full(len(problem.responses.options.site), -1, dtype=np.int32)
    number_of[wanted] = np.arange(len(wanted), dtype=np.int32)
    indptr = np.zeros(levels.rows + 1, dtype=np.int64)
    count_pairs(levels.row_ptr, levels.level_ptr, levels.option, number_of, indptr)
    col, parts = np.empty(indptr[-1], dtype=np.int32), np.empty((len(terms), indptr[-1]))
    write_pairs(
        levels.row_ptr, levels.level_ptr, levels.option, levels.gain, levels.base, signs, number_of,
        indptr, col, parts,
    )  # fmt: skip
    without = signs * (levels.constant + levels.base.sum(axis=1))
    values = np.array([sign * value for sign, (_, _, value) in zip(signs[1:], kept, strict=True)])
    use, room = limit_rows(problem, wanted)
    return Form(
        wanted, indptr, col, parts, hard(parts), values - without[1:],
        float(without[0]), use, room, problem.responses.options.required[wanted], levels.need,
    )  # fmt: skip


def limit_rows(problem: Problem, wanted: Ints) -> tuple[Floats, Floats]:
    """Limits on options as rows use @ y <= room."""
    use, room = [], []
    for limit in problem.limits:
        measure = limit.term.measure
        assert isinstance(measure, OptionMeasure)
        coefficients = measure.coefficients(limit.term)[wanted]
        if math.isfinite(limit.high):
            use.append(coefficients)
            room.append(limit.high)
        if math.isfinite(limit.low):
            use.append(-coefficients)
            room.append(-limit.low)
    return np.array(use).reshape(len(use), len(wanted)), np.array(room, dtype=np.float64)


def shrink(
    form: Form, closed: Flags, opened: Flags, cut: Floats | None = None
) -> tuple[Form, Longs, Longs, Floats]:
    """Take columns out: closed ones vanish, opened ones join the base; cut rows short.

    A row ends at its first opened column; what that column saves moves into the constant. A row
    that is cut loses the pairs that save less than its cut, and gets the most that one of them
    saves for nothing: no plan is worth less in the smaller form.

    Args:
        form: the form.
        closed, opened: (m,) columns to take out.
        cut: (n,) savings, for a form without floors.

    Returns:
        The smaller form, the columns and the rows kept (old numbers), and (1+G, old rows) the
        savings per part that moved into the constant.
    """
    end, counts = np.empty((2, form.rows), dtype=np.int64)
    below = np.full(form.rows, -np.inf) if cut is None else cut
    count_survivors(form.indptr, form.col, form.parts, closed, opened, below, end, counts)
    base = np.zeros((len(form.parts), form.rows))
    base[:, end >= 0] = form.parts[:, end[end >= 0]]
    columns, rows = np.flatnonzero(~closed & ~opened), np.flatnonzero(counts)
    number = np.full(form.columns, -1, dtype=np.int32)
    number[columns] = np.arange(len(columns), dtype=np.int32)
    indptr = np.concatenate([[0], np.cumsum(counts[rows])])
    col, parts = np.empty(indptr[-1], dtype=np.int32), np.empty((len(form.parts), indptr[-1]))
    write_survivors(form.indptr, form.col, form.parts, closed, end, number, rows, indptr, col, parts)
    total = base.sum(axis=1)
    smaller = Form(
        form.option[columns],
        indptr,
        col,
        parts,
        hard(parts),
        form.floor - total[1:],
        form.constant + float(total[0]),
        np.ascontiguousarray(form.use[:, columns]),
        form.room - form.use[:, opened].sum(axis=1),
        form.must[columns],
        None if form.need is None else form.need[rows],
    )
    return smaller, columns.astype(np.int64), rows.astype(np.int64), base


def unit_of(form: Form) -> float:
    """The least two different plans can differ by, where savings are whole numbers; else 0."""
    unit, saving = 0, form.parts[0]
    for begin in range(0, len(saving) if len(form.parts) == 1 else 0, _BLOCK):
        block = saving[begin : begin + _BLOCK]
        whole = np.rint(block)
        if np.any(np.abs(block - whole) > 1e-9):
            return 0.0
        unit = int(np.gcd(unit, np.gcd.reduce(whole.astype(np.int64))))
    return float(unit)


def restricted(form: Form, closed: Ints, opened: Ints) -> Form:
    """The form without some options, and with others made a must (option numbers)."""
    must = replace(form, must=form.must | np.isin(form.option, opened))
    smaller, _, _, _ = shrink(must, np.isin(form.option, closed), np.zeros(form.columns, dtype=bool))
    return smaller
