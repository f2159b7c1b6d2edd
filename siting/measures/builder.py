"""Variables of the mixed-integer program and the expressions measures make of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pulp

from siting.instance.arrays import Floats, Ints
from siting.measures.base import Term
from siting.measures.levels import Levels
from siting.response import Options


class Builder:
    """One PuLP problem: an opening variable per candidate, a reach variable per level.

    y_j in {0, 1}: candidate j is opened. z_k in [0, 1]: level k of its row, or a better one, is
    reached: z_k <= z_(k-1) + sum of y_j at level k.
    """

    def __init__(self, name: str, maximize: bool, options: Options, wanted: Ints, levels: Levels) -> None:
        """Create the variables and the rows that tie them.

        Args:
            name: name of the problem.
            maximize: direction of its objective.
            options: all options.
            wanted: (K,) option numbers that get a variable; all others stay closed.
            levels: the need rows.
        """
        self.problem = pulp.LpProblem(name, pulp.LpMaximize if maximize else pulp.LpMinimize)
        self.opening = {
            int(j): pulp.LpVariable(f"y{j}", int(options.required[j]), 1, pulp.LpInteger) for j in wanted
        }
        self._levels = levels
        self._reach = [pulp.LpVariable(f"z{k}", 0, 1) for k in range(len(levels.level_ptr) - 1)]
        self._add_rows()

    def _add_rows(self) -> None:
        levels = self._levels
        for row in range(levels.rows):
            first, last = int(levels.row_ptr[row]), int(levels.row_ptr[row + 1])
            for k in range(first, last):
                members = levels.option[levels.level_ptr[k] : levels.level_ptr[k + 1]]
                terms = [(self.opening[int(j)], 1.0) for j in members if int(j) in self.opening]
                if k > first:
                    terms.append((self._reach[k - 1], 1.0))
                terms.append((self._reach[k], -1.0))
                self.problem.addConstraint(pulp.LpAffineExpression(terms) >= 0, f"reach{k}")
            if levels.must[row]:
                self._reach[last - 1].lowBound = 1

    def over_options(self, coefficient: Floats) -> pulp.LpAffineExpression:
        """Sum of coefficient (M,) x opening variable."""
        return pulp.LpAffineExpression(
            [(variable, float(coefficient[j])) for j, variable in self.opening.items() if coefficient[j]]
        )

    def worst_of_levels(self, term: Term) -> pulp.LpAffineExpression:
        """A variable that is no smaller than what any row contributes to a need measure."""
        levels = self._levels
        number = levels.terms.index(term)
        step = self._steps(number)
        worst = pulp.LpVariable(f"worst{number}", float(levels.worst[number]))
        for row in range(levels.rows):
            first, last = int(levels.row_ptr[row]), int(levels.row_ptr[row + 1])
            reached = [(self._reach[k], -float(step[k])) for k in range(first, last) if step[k]]
            contribution = pulp.LpAffineExpression([(worst, 1.0), *reached])
            self.problem.addConstraint(
                contribution >= float(levels.base[number, row]), f"worst{number}_{row}"
            )
        return pulp.LpAffineExpression([(worst, 1.0)])

    def _steps(self, number: int) -> Floats:
        """(L,) what reaching a level adds to a term beyond the next worse one."""
        levels = self._levels
        after = np.empty(len(self._reach))
        after[:-1] = levels.gain[number, 1:]
        after[levels.row_ptr[1:] - 1] = levels.base[number]
        steps: Floats = levels.gain[number] - after
        return steps

    def over_levels(self, term: Term) -> pulp.LpAffineExpression:
        """What the plan's best levels contribute to a need measure."""
        levels = self._levels
        number = levels.terms.index(term)
        step = self._steps(number)
        constant = float(levels.constant[number] + levels.base[number].sum())
        return pulp.LpAffineExpression(
            [(self._reach[k], float(step[k])) for k in np.flatnonzero(step)], constant
        )

    def solution(self, opened: Ints) -> Floats:
        """Values of all variables, in PuLP's order, when exactly ``opened`` are open."""
        levels = self._levels
        is_open = np.zeros(int(max(levels.option.max(initial=0), opened.max(initial=0))) + 1, dtype=bool)
        is_open[opened] = True
        reached = np.zeros(len(self._reach) + 1)
        np.cumsum(
            np.add.reduceat(is_open[levels.option].astype(float), levels.level_ptr[:-1]), out=reached[1:]
        )
        counts = np.diff(levels.row_ptr)
        so_far = reached[1:] - np.repeat(reached[levels.row_ptr[:-1]], counts)
        values = {self.opening[int(j)].name: 1.0 for j in opened}
        values |= {f"z{k}": min(1.0, float(amount)) for k, amount in enumerate(so_far)}
        return np.array([values.get(variable.name, 0.0) for variable in self.problem.variables()])

    def opened(self, values: Mapping[str, float]) -> Ints:
        """Options that a solution, values by name of variable, opens.

        A candidate that no row and no objective names is no part of PuLP's problem; it is open
        where it must be.
        """
        chosen = [
            j
            for j, variable in self.opening.items()
            if values.get(variable.name, float(variable.lowBound)) > 0.5
        ]
        return np.array(sorted(chosen), dtype=np.int32)
