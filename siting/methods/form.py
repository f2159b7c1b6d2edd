"""The savings form: what max cover, p-median and every falling utility have in common.

Rows i are needs, columns j candidates, s_ij > 0 what serving i by j saves against the existing
facilities, f_j >= 0 what opening j itself takes off the objective (0 for most questions). Maximize
sum_i max(0, max over open j of s_ij) - sum of f_j over open j, subject to A y <= b. Existing facilities
vanish into the base, which is why the form is sparse. Objectives kept from earlier stages are
floors; they enter the savings with multipliers. So do limits on need measures, region by region:
floors over disjoint rows form a family, one part of the savings with a floor number per row.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures import Term
from siting.measures.levels import build_levels
from siting.measures.total_cost import TotalCost
from siting.methods.floors import Floors, gather
from siting.methods.form_kernels import count_pairs, count_survivors, transpose, write_pairs, write_survivors
from siting.methods.limits import option_limits
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


def _no_ints() -> Ints:
    return np.empty((0, 0), dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Form:
    """n rows, m columns, Z pairs, K limits, G floors; everything is to be maximized.

    Of the floors the first S are over all rows, with a part of their own each; those of the F
    families follow, with one part per family.

    Attributes:
        option: (m,) option number of every column.
        indptr: (n+1,) int64; row i has pairs indptr[i]:indptr[i+1], by decreasing saving.
        col: (Z,) int32 column of every pair.
        parts: (1+S+F, Z) savings of the objective and of the floors, non-increasing in a row.
        saving: (Z,) what plans are searched by: the first floors weigh ``HARD``, others ``worth``.
        floor: (G,) what each floor's savings must come to.
        constant: objective without any savings.
        use, room: (K, m) and (K,): use @ y <= room.
        must: (m,) columns that must be open.
        need: (n,) ascending first need of every row, None for a form that is not of needs.
        family: (F, n) int32 floor of every row in each family, counted from the first of a family;
            -1 where it is in none.
        worth: (G-S,) what a unit of each floor of a family is worth in a search for plans.
        member: (H's families, m) int32 group limit of every column, -1 where it is in none.
        amount: same shape, what it uses of that limit, >= 0.
        left: (H,) what there is of each group limit.
        outlay: (m,) what opening each column takes off the objective, >= 0.
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
    family: Ints = field(default_factory=_no_ints)
    worth: Floats = field(default_factory=lambda: np.empty(0))
    member: Ints = field(default_factory=_no_ints)
    amount: Floats = field(default_factory=lambda: np.empty((0, 0)))
    left: Floats = field(default_factory=lambda: np.empty(0))
    outlay: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        """Give families and outlays that were left out their shapes."""
        if not len(self.outlay):
            object.__setattr__(self, "outlay", np.zeros(self.columns))
        for name, width in (("family", self.rows), ("member", self.columns), ("amount", self.columns)):
            table = getattr(self, name)
            if not len(table):
                object.__setattr__(self, name, np.empty((0, width), dtype=table.dtype))

    @property
    def steady(self) -> int:
        """Number S of floors over all rows."""
        return len(self.parts) - 1 - len(self.family)

    def totals(self, savings: Floats) -> Floats:
        """(1+G,) objective and floors of savings by part and row (1+S+F, n)."""
        beyond = np.zeros(len(self.floor) - self.steady)
        for group, part in zip(self.family, savings[1 + self.steady :], strict=True):
            has = group >= 0
            beyond += np.bincount(group[has], part[has], minlength=len(beyond))
        return np.concatenate([savings[: 1 + self.steady].sum(axis=1), beyond])

    def weighted(self, savings: Floats, mu: Floats, row: Ints | None = None) -> Floats:
        """(x,) objective plus multiplied floors of savings (1+S+F, x), by row, or of pairs in ``row``."""
        total: Floats = savings[0].copy()
        for weight, part in zip(mu, savings[1 : 1 + self.steady], strict=False):
            total += weight * part
        padded = np.append(mu[self.steady :], 0.0)
        for group, part in zip(self.family, savings[1 + self.steady :], strict=True):
            total += padded[group if row is None else group[row]] * part
        return total

    def spent(self, is_open: Flags) -> Floats:
        """(H,) what a plan uses of every group limit."""
        used = np.zeros(len(self.left))
        for member, amount in zip(self.member, self.amount, strict=True):
            inside = is_open & (member >= 0)
            used += np.bincount(member[inside], amount[inside], minlength=len(used))
        return used

    def beyond(self, left: Floats) -> Flags:
        """(m,) columns that by themselves use more than there is ``left`` (H,) of a group limit."""
        most = np.append(left, np.inf)
        beyond: Flags = np.any(self.amount > most[self.member], axis=0)
        return beyond

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
    problem: Problem,
    number: int,
    kept: list[tuple[Term, bool, float]],
    keep: Ints | None = None,
    floors: Floors | None = None,
) -> Form:
    """The savings form of objective ``number``, under floors for the earlier ones.

    Args:
        problem: a problem that :func:`siting.methods.decomposition.refusal` accepts.
        number: which objective.
        kept: per earlier objective its term, whether it is maximized, and the value to keep.
        keep: options of the plan found so far, which must stay expressible.
        floors: the floors of the limits on need measures, None to gather them.
    """
    objective = problem.objectives[number]
    floors = gather(problem) if floors is None else floors
    first, outlay = parted(objective.term)
    terms = [first, *(term for term, _, _ in kept), *floors.terms]
    signs = np.array([1.0 if up else -1.0 for up in (objective.maximize, *(up for _, up, _ in kept))])
    signs = np.concatenate([signs, np.ones(len(floors.terms))])
    levels = build_levels(problem.responses, terms, floors.apart)
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
    values = np.array([sign * value for sign, (_, _, value) in zip(signs[1:], kept, strict=False)])
    limits = option_limits(problem)
    form = Form(
        wanted, indptr, col, parts, hard(parts[: 1 + len(kept)]), values - without[1 : 1 + len(kept)],
        float(without[0]), np.ascontiguousarray(limits.use[:, wanted]), limits.room,
        problem.responses.options.required[wanted], levels.need,
        member=np.ascontiguousarray(limits.member[:, wanted]),
        amount=np.ascontiguousarray(limits.amount[:, wanted]), left=limits.left, outlay=outlay[wanted],
    )  # fmt: skip
    return _with_floors(form, floors) if len(floors.value) else form


def _with_floors(form: Form, floors: Floors) -> Form:
    """The form under floors of families, each counted in about the unit of the objective."""
    assert form.need is not None
    steady = len(form.floor)
    family = np.ascontiguousarray(floors.group[:, form.need])
    has = np.diff(form.indptr) > 0
    top = np.zeros((len(form.parts), form.rows))
    top[:, has] = form.parts[:, form.indptr[:-1][has]]
    scale = np.ones(len(floors.value))
    for group, part in zip(family, top[1 + steady :], strict=True):
        inside = (group >= 0) & (part > 0.0)
        count = np.bincount(group[inside], minlength=len(scale))
        total = np.bincount(group[inside], part[inside], minlength=len(scale))
        worth = np.bincount(group[inside], top[0, inside], minlength=len(scale))
        # Rows that are worth nothing to the objective count as much as any other row.
        worth = np.where(worth > 0.0, worth, top[0].mean() * count)
        found = (total > 0.0) & (worth > 0.0)
        scale[found] = worth[found] / total[found]
    for group, part in zip(family, form.parts[1 + steady :], strict=True):
        part *= np.append(scale, 1.0)[group][form.row]
    floor = np.concatenate([form.floor, floors.value * scale])
    return reweighted(replace(form, floor=floor, family=family), np.zeros(len(scale)))


def reweighted(form: Form, worth: Floats) -> Form:
    """The form with other worths of the floors of families in a search for plans."""
    row, saving = form.row, hard(form.parts[: 1 + form.steady])
    if len(form.family):
        saving = saving.copy()
        for group, part in zip(form.family, form.parts[1 + form.steady :], strict=True):
            saving += np.append(worth, 0.0)[group[row]] * part
    again = replace(form, saving=saving, worth=worth)
    again.__dict__.update({key: form.__dict__[key] for key in ("row", "by_column") if key in form.__dict__})
    return again


def parted(term: Term) -> tuple[Term, Floats]:
    """An objective as a sum over needs and (M,) what opening each option adds to it."""
    measure = term.measure
    if isinstance(measure, TotalCost):
        (worth,) = measure.need_terms(term)
        return worth, measure.outlay(term)
    return term, np.zeros(len(term.responses.options.site))


def limit_rows(problem: Problem, wanted: Ints) -> tuple[Floats, Floats]:
    """Limits on options as rows use @ y <= room, one for every group limit too."""
    limits = option_limits(problem)
    grouped = np.zeros((len(limits.left), len(wanted)))
    for member, amount in zip(limits.member[:, wanted], limits.amount[:, wanted], strict=True):
        inside = np.flatnonzero(member >= 0)
        grouped[member[inside], inside] = amount[inside]
    return np.vstack([limits.use[:, wanted], grouped]), np.concatenate([limits.room, limits.left])


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
        The smaller form, the columns and the rows kept (old numbers), and (1+S+F, old rows) the
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
    total = form.totals(base)
    smaller = Form(
        form.option[columns],
        indptr,
        col,
        parts,
        hard(parts[: 1 + form.steady]),
        form.floor - total[1:],
        form.constant + float(total[0]) - float(form.outlay[opened].sum()),
        np.ascontiguousarray(form.use[:, columns]),
        form.room - form.use[:, opened].sum(axis=1),
        form.must[columns],
        None if form.need is None else form.need[rows],
        np.ascontiguousarray(form.family[:, rows]),
        form.worth,
        np.ascontiguousarray(form.member[:, columns]),
        np.ascontiguousarray(form.amount[:, columns]),
        form.left - form.spent(opened),
        form.outlay[columns],
    )
    if len(form.family):
        smaller = reweighted(smaller, form.worth)
    return smaller, columns.astype(np.int64), rows.astype(np.int64), base


def unit_of(form: Form) -> float:
    """The least two different plans can differ by, where savings are whole numbers; else 0."""
    unit, saving = 0, form.parts[0]
    if form.outlay.any():
        saving = np.concatenate([form.outlay, saving])
    for begin in range(0, len(saving) if not form.steady else 0, _BLOCK):
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
