"""Columns of the mixed-integer program, and the expressions that measures make of them.

y_j is the number of units open at option j: 0 or 1 for most. z_k in [0, 1]: level k of its row, or a
better one, is reached, z_k <= z_(k-1) + sum of y_j at level k. Counts and assignments have columns
of their own, see :mod:`siting.measures.counted` and :mod:`siting.measures.assigned`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from siting.instance.arrays import Floats, Ints, Longs
from siting.measures.assigned import Assigned
from siting.measures.base import NeedMeasure, Term
from siting.measures.levels import Levels, build_levels
from siting.measures.program import Linear, Program, linear
from siting.response import Responses


@dataclass(frozen=True, eq=False)
class Rows:
    """What R rows contribute to a term: base_r + sum of step x column over the terms of the row.

    Attributes:
        need, base: (R,) need of every row, and its contribution when nothing is reached.
        row, column, step: (X,) terms.
        idle, rest: (U,) needs that no row holds, and what they contribute.
    """

    need: Ints
    base: Floats
    row: Longs
    column: Longs
    step: Floats
    idle: Ints
    rest: Floats


class Composer:
    """One program over the options of a table.

    Attributes:
        program: what is composed.
        responses: the table.
        column: (M,) column of every option, -1 where it is decided: closed, or open and not closable.
        parts: per term that will be expressed, the sums over needs it is made of.
    """

    def __init__(
        self, name: str, maximize: bool, responses: Responses, wanted: Ints, terms: Sequence[Term]
    ) -> None:
        """Create the columns of the options.

        Args:
            name: name of the problem.
            maximize: direction of its objective.
            responses: the table.
            wanted: (K,) candidates that get a column; all others stay closed.
            terms: every term that will be expressed.
        """
        options = responses.options
        self.program = Program(name, maximize)
        self.responses = responses
        self.column = np.full(len(options.site), -1, dtype=np.int64)
        decided = np.union1d(wanted, np.flatnonzero(options.closable)).astype(np.int64)
        upper = np.where(options.closable[decided], 1, options.units[decided])
        self.column[decided] = self.program.add_columns(
            "y", decided, options.required[decided].astype(float), upper, integer=True
        )
        self.parts = {term: term.measure.need_terms(term) for term in terms}
        self._need_terms = tuple(part for parts in self.parts.values() for part in parts)
        self._apart = _together([term.measure.apart(term) for term in terms])
        self._forbid_doubles()
        # Made at once: whoever serves has columns even where no expression asks for them.
        nearest = responses.layout.serve == "nearest"
        self._assigned = None if nearest else Assigned(self, self._need_terms)

    @cached_property
    def decided(self) -> Ints:
        """Options that have a column, ascending."""
        return np.flatnonzero(self.column >= 0).astype(np.int32)

    @cached_property
    def fixed(self) -> Ints:
        """(M,) units of listed existing facilities that stay open."""
        options = self.responses.options
        return np.where(options.listed & ~options.closable, options.units, 0).astype(np.int32)

    # -- options ----------------------------------------------------------------------------

    def over_options(self, coefficient: Floats, closing: Floats, per_site: bool) -> Linear:
        """Sum of coefficient (M,) x units opened, or x sites with a unit, and of closing (M,) x closed."""
        options = self.responses.options
        new = self.decided[~options.closable[self.decided]]
        used = new[coefficient[new] != 0.0]
        columns = self.site_column(used) if per_site else self.column[used]
        old = self.decided[options.closable[self.decided]]
        return linear(columns, coefficient[used]) + linear(
            self.column[old], -closing[old], float(closing[old].sum())
        )

    def site_column(self, option: Ints) -> Longs:
        """(K,) columns that are 1 where an option has any unit open."""
        columns = self.column[option]
        several = (self.responses.options.units[option] > 1) & ~self.responses.options.closable[option]
        if several.any():
            columns[several] = self._sites[option[several]]
        return columns

    @cached_property
    def _sites(self) -> Longs:
        units = self.responses.options.units
        several = self.decided[(units[self.decided] > 1) & ~self.responses.options.closable[self.decided]]
        column = np.full(len(units), -1, dtype=np.int64)
        column[several] = self.program.add_columns("site", several, 0.0, 1.0, integer=True)
        row = np.arange(len(several))
        twice, here, units_of = np.r_[row, row], np.r_[self.column[several], column[several]], units[several]
        below = np.r_[np.ones(len(row)), -units_of]
        self.program.add_rows("most", several, twice, here, below, upper=0.0)
        self.program.add_rows(
            "some", several, twice, here, np.r_[np.ones(len(row)), -np.ones(len(row))], lower=0.0
        )
        return column

    def _forbid_doubles(self) -> None:
        """A candidate is opened in one period, and a facility is replaced once, while it is not closed."""
        options = self.responses.options
        new = self.decided[self.decided >= options.existing]
        if options.period.any():
            self._at_most_one("once", new, options.candidate[new])
        upgrades = new[options.replaces[new] >= 0]
        if len(upgrades):
            self._at_most_one("replace", upgrades, options.replaces[upgrades])

    def _at_most_one(self, name: str, option: Ints, group: Ints) -> None:
        """Rows by which of the options of a group at most one is opened; a closed facility has none."""
        members, row, counts = np.unique(group, return_inverse=True, return_counts=True)
        closable = self.responses.options.closable[members] if name == "replace" else members < 0
        needed = (counts > 1) | closable
        position = np.cumsum(needed) - 1
        kept = needed[row]
        rows, columns = position[row[kept]], self.site_column(option[kept])
        values, room = np.ones(len(rows)), np.ones(int(needed.sum()))
        gone = np.flatnonzero(needed & closable)
        rows = np.r_[rows, position[gone]]
        columns = np.r_[columns, self.column[members[gone]]]
        values = np.r_[values, np.full(len(gone), -1.0)]
        room[position[gone]] = 0.0
        if len(room):
            self.program.add_rows(name, members[needed], rows, columns, values, upper=room)

    # -- needs ------------------------------------------------------------------------------

    @property
    def assigned(self) -> Assigned:
        """Columns of who serves whom, where the nearest does not."""
        assert self._assigned is not None
        return self._assigned

    @cached_property
    def levels(self) -> Levels:
        """The need rows, whose columns z are made when they are first asked for."""
        return build_levels(self.responses, self._need_terms, self._apart)

    @cached_property
    def _reach(self) -> Longs:
        """(L,) columns z of the levels, tied to the options by rows."""
        levels, program = self.levels, self.program
        count = len(levels.level_ptr) - 1
        row = np.repeat(np.arange(levels.rows), np.diff(levels.row_ptr))
        lower = np.zeros(count)
        lower[levels.row_ptr[1:][levels.must] - 1] = 1.0
        reach = program.add_columns("z", np.arange(count), lower, 1.0)
        level = np.repeat(np.arange(count), np.diff(levels.level_ptr))
        columns, here = self.column[levels.option], self.fixed[levels.option] > 0
        open_anyway = np.zeros(count)
        open_anyway[level[here]] = 1.0
        kept = columns >= 0
        follows = np.flatnonzero(np.r_[False, np.diff(row) == 0]) if count else np.zeros(0, np.int64)
        program.add_rows(
            "reach", np.arange(count),
            np.r_[level[kept], follows, np.arange(count)],
            np.r_[columns[kept], reach[follows - 1], reach],
            np.r_[np.ones(int(kept.sum()) + len(follows)), -np.ones(count)],
            lower=-open_anyway,
        )  # fmt: skip
        return reach

    def over_needs(self, term: Term) -> Linear:
        """What the plan's best levels, or its assignments, contribute to a sum over needs."""
        if self.responses.layout.serve != "nearest":
            return self.assigned.total(term)
        number = self._number(term)
        step, levels = self._steps(number), self.levels
        constant = float(levels.constant[number] + levels.base[number].sum())
        return linear(self._reach, step, constant)

    def by_group(self, term: Term, group: Ints, count: int) -> list[Linear]:
        """The same, group by group: group (N,) of every need, -1 for none."""
        if self.responses.layout.serve != "nearest":
            return self.assigned.by_group(term, group, count)
        measure, levels = term.measure, self.levels
        assert isinstance(measure, NeedMeasure)
        step = self._steps(self._number(term))
        everyone = np.arange(len(group), dtype=np.int32)
        base = np.where(term.scope, measure.base(term, everyone), 0.0)
        base[self.responses.unreachable] = 0.0
        known = group >= 0
        constant = np.bincount(group[known], base[known], minlength=count)
        of_level = np.repeat(group[levels.need], np.diff(levels.row_ptr))
        order = np.argsort(of_level, kind="stable")
        ends = np.searchsorted(of_level[order], np.arange(count + 1))
        return [
            linear(self._reach[(mine := order[ends[g] : ends[g + 1]])], step[mine], constant[g])
            for g in range(count)
        ]

    def by_row(self, term: Term) -> Rows:
        """What every row contributes to a term, for rows that were not merged."""
        measure, levels = term.measure, self.levels
        assert isinstance(measure, NeedMeasure)
        number = self._number(term)
        step = self._steps(number)
        used = np.flatnonzero(step)
        row = np.repeat(np.arange(levels.rows), np.diff(levels.row_ptr))
        untouched = term.scope.copy()
        untouched[levels.need] = False
        untouched[self.responses.unreachable] = False
        idle = np.flatnonzero(untouched).astype(np.int32)
        return Rows(
            levels.need, levels.base[number], row[used], self._reach[used], step[used],
            idle, measure.base(term, idle),
        )  # fmt: skip

    def worst(self, term: Term) -> Linear:
        """A column that is no smaller than what any row contributes to a term."""
        number, levels = self._number(term), self.levels
        low = float(levels.worst[number])
        high = max(low, float(levels.base[number].max(initial=low)))
        worst = self.program.add_columns("worst", [number], low, high)
        rows = self.by_row(term)
        every = np.arange(levels.rows)
        self.program.add_rows(
            f"worst{number}_", every,
            np.r_[rows.row, every],
            np.r_[rows.column, np.full(levels.rows, worst[0])],
            np.r_[-rows.step, np.ones(levels.rows)],
            lower=rows.base,
        )  # fmt: skip
        return linear(worst, 1.0)

    def _number(self, term: Term) -> int:
        return self.levels.terms.index(term)

    def _steps(self, number: int) -> Floats:
        """(L,) what reaching a level adds to a term beyond the next worse one."""
        levels = self.levels
        after = np.empty(levels.gain.shape[1])
        after[:-1] = levels.gain[number, 1:]
        after[levels.row_ptr[1:] - 1] = levels.base[number]
        steps: Floats = levels.gain[number] - after
        return steps

    # -- plans ------------------------------------------------------------------------------

    def units(self, values: Floats) -> Ints:
        """(M,) whole units that a solution opens at candidates and leaves at closable facilities."""
        found = np.zeros(len(self.column), dtype=np.int32)
        wanted = np.nan_to_num(values[self.column[self.decided]], nan=0.0)
        found[self.decided] = np.rint(wanted).astype(np.int32)
        return found


def _together(groups: Sequence[Ints | None]) -> Ints | None:
    """One group number for needs that are in the same group of every kind."""
    given = [group for group in groups if group is not None]
    if not given:
        return None
    _, number = np.unique(np.column_stack(given), axis=0, return_inverse=True)
    return np.asarray(number.reshape(-1).astype(np.int32))
