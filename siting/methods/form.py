"""The savings form: what max cover, p-median and every falling utility have in common.

Rows i are needs, columns j candidates, s_ij > 0 what serving i by j saves against the existing
facilities. Maximize sum_i max(0, max over open j of s_ij) subject to A y <= b. Existing facilities
vanish into the base, which is why the form is sparse. Objectives kept from earlier stages are
floors; they enter the savings with multipliers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import OptionMeasure, Term
from siting.measures.levels import build_levels
from siting.methods.reduce import useful_candidates
from siting.problem import Problem

HARD = 1e4
"""Objective units one unit of a floor is worth while plans are searched: more than a swap gains."""


def hard(parts: Floats) -> Floats:
    """(Z,) savings with every floor weighing so much that no swap gives one up."""
    weighted: Floats = parts[0] + HARD * parts[1:].sum(axis=0)
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

    @property
    def rows(self) -> int:
        """Number of rows n."""
        return len(self.indptr) - 1

    @property
    def columns(self) -> int:
        """Number of columns m."""
        return len(self.option)

    def row_of_pair(self) -> Ints:
        """(Z,) row of every pair."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.indptr))

    def by_column(self) -> tuple[Longs, Longs]:
        """Pairs by column: start (m+1,) and pair numbers (Z,)."""
        start = np.zeros(self.columns + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.col, minlength=self.columns), out=start[1:])
        return start, np.argsort(self.col, kind="stable")


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
    counts = np.diff(levels.row_ptr)
    row_of_level = np.repeat(np.arange(levels.rows), counts)
    per_level = signs[:, None] * (levels.gain - levels.base[:, row_of_level])
    sizes = np.diff(levels.level_ptr)
    number_of = np.full(len(problem.responses.options.site), -1, dtype=np.int32)
    number_of[wanted] = np.arange(len(wanted), dtype=np.int32)
    col = number_of[levels.option]
    present = col >= 0
    level_of_pair = np.repeat(np.arange(len(sizes)), sizes)[present]
    row = row_of_level[level_of_pair]
    indptr = np.zeros(levels.rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=levels.rows), out=indptr[1:])
    without = signs * (levels.constant + levels.base.sum(axis=1))
    values = np.array([sign * value for sign, (_, _, value) in zip(signs[1:], kept, strict=True)])
    use, room = limit_rows(problem, wanted)
    parts = np.ascontiguousarray(per_level[:, level_of_pair])
    return Form(
        wanted, indptr, col[present], parts, hard(parts), values - without[1:],
        float(without[0]), use, room, problem.responses.options.required[wanted],
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


def shrink(form: Form, closed: Flags, opened: Flags) -> tuple[Form, Longs, Longs, Floats]:
    """Take columns out: closed ones vanish, opened ones join the base.

    A row ends at its first opened column; what that column saves moves into the constant.

    Returns:
        The smaller form, the columns and the rows kept (old numbers), and (1+G, old rows) the
        savings per part that moved into the constant.
    """
    row = form.row_of_pair()
    is_opened = opened[form.col]
    # First opened pair of every row: everything from there on saves nothing more.
    first = np.full(form.rows, len(form.col), dtype=np.int64)
    hits = np.flatnonzero(is_opened)
    np.minimum.at(first, row[hits], hits)
    has = first < len(form.col)
    base = np.zeros((len(form.parts), form.rows))
    base[:, has] = form.parts[:, first[has]]
    keep = (np.arange(len(form.col)) < first[row]) & ~closed[form.col]
    parts = form.parts - base[:, row]
    keep &= np.any(parts > 0, axis=0)
    columns = np.flatnonzero(~closed & ~opened)
    number = np.full(form.columns, -1, dtype=np.int32)
    number[columns] = np.arange(len(columns), dtype=np.int32)
    rows = np.unique(row[keep])
    counts = np.bincount(row[keep], minlength=form.rows)[rows]
    total = base.sum(axis=1)
    smaller = Form(
        form.option[columns],
        np.r_[0, np.cumsum(counts)].astype(np.int64),
        number[form.col[keep]],
        np.ascontiguousarray(parts[:, keep]),
        hard(parts[:, keep]),
        form.floor - total[1:],
        form.constant + float(total[0]),
        np.ascontiguousarray(form.use[:, columns]),
        form.room - form.use[:, opened].sum(axis=1),
        form.must[columns],
    )
    return smaller, columns.astype(np.int64), rows.astype(np.int64), base


def restricted(form: Form, closed: Ints, opened: Ints) -> Form:
    """The form without some options, and with others made a must (option numbers)."""
    must = replace(form, must=form.must | np.isin(form.option, opened))
    smaller, _, _, _ = shrink(must, np.isin(form.option, closed), np.zeros(form.columns, dtype=bool))
    return smaller
