"""What is known of a large program while it is solved: best solution, bound, columns left undecided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import highspy
import numpy as np
from scipy import sparse

from siting.instance.arrays import Flags, Floats
from siting.methods import highs
from siting.methods.relaxation.bound import Dual, relax, tighten
from siting.methods.relaxation.cuts import with_rows
from siting.methods.relaxation.program import Minimum, Part, load, restrict
from siting.methods.run import Run
from siting.plan import PROVED_GAP, relative_gap

Tell = Callable[[float | None, float | None], None]

WHOLE = 1e-6
"""Share of the objective's unit that a bound may lie above a multiple of it and still mean that multiple."""


class Search:
    """Best solution and certified bound of a program; neither is ever taken back.

    Attributes:
        program: the program.
        run: limits in force.
        value, best: objective and (n,) values of the best solution, infinity and None without one.
        bound: certified lower bound.
        lower, upper: (n,) bounds between which the best solution lies, and every better one.
        infeasible: whether it is proved that there is no solution.
    """

    def __init__(self, program: Minimum, run: Run, tell: Tell) -> None:
        self.program = program
        self.run = run
        self.value = np.inf
        self.best: Floats | None = None
        self.lower, self.upper = program.lower, program.upper
        self.infeasible = False
        self._tell = tell
        self._unit = _unit(program)
        none = relax(program, np.zeros(len(program.row_lower)), self.lower, self.upper)
        self.bound = none.bound
        self._duals: list[Dual] = [none]

    @property
    def gap(self) -> float:
        """Relative gap between best solution and bound, infinite without a solution."""
        return np.inf if self.best is None else relative_gap(self.value, self.bound)

    @property
    def done(self) -> bool:
        """Whether time is up, the gap reached, or nothing left to find."""
        return self.run.over or self.infeasible or self.gap <= max(self.run.gap, PROVED_GAP)

    @property
    def dual(self) -> Dual:
        """The relaxation of the best bound so far."""
        return max(self._duals, key=lambda dual: dual.bound)

    def offer(self, values: Floats | None) -> bool:
        """Take a solution if it is one, and the best so far; whether it was."""
        kept = None if values is None else self.program.cleaned(np.asarray(values, dtype=np.float64))
        if kept is None:
            return False
        value = self.program.objective(kept)
        if value >= self.value:
            return False
        self.value, self.best = value, kept
        self.bound = min(self.bound, value)
        self._fix()
        self.tell()
        return True

    def prove(self, bound: float) -> None:
        """Take a lower bound on every solution that is better than the best."""
        if self._unit > 0.0 and np.isfinite(bound):
            steps = (bound - self.program.offset) / self._unit
            bound = max(bound, self.program.offset + self._unit * np.ceil(steps - WHOLE))
        if bound > self.bound:
            self.bound = min(bound, self.value)
            self.tell()

    def price(self, multipliers: Floats) -> None:
        """Take the bound of some row duals, and what it says about columns."""
        dual = relax(self.program, multipliers, self.lower, self.upper)
        self._duals = [self.dual, dual]
        self.prove(dual.bound)
        self._fix()

    def add(self, rows: sparse.csr_matrix) -> None:
        """Add rows (K, n) that must not be negative, and that every integer solution keeps."""
        self.program = with_rows(self.program, rows)
        none = np.zeros(rows.shape[0])
        self._duals = [replace(dual, multipliers=np.r_[dual.multipliers, none]) for dual in self._duals]

    def tell(self) -> None:
        """Report what is known."""
        self._tell(self.value if self.best is not None else None, self.bound)

    def solve_all(self, seconds: float) -> None:
        """Solve all that is undecided as one program: its bound holds for every better solution."""

        def tell(incumbent: float | None, bound: float | None) -> None:
            best = self.value if incumbent is None else min(self.value, incumbent)
            known = self.bound if bound is None else max(self.bound, min(bound, best))
            self._tell(best if np.isfinite(best) else None, known)

        bound = self.solve(restrict(self.program, self.lower, self.upper), seconds, tell=tell)
        self.infeasible = bound == np.inf and self.best is None
        if not self.infeasible:
            self.prove(min(bound, self.value))

    def _fix(self) -> None:
        """Tighten the bounds of columns that only worse solutions could leave."""
        if self.best is None:
            return
        room = self.value + PROVED_GAP * max(1.0, abs(self.value)) - self.dual.bound
        lower, upper = tighten(self.program, self.dual, self.lower, self.upper, room)
        # The best solution stays within, whatever was rounded: it is where programs start.
        self.lower = np.minimum(lower, self.best)
        self.upper = np.maximum(upper, self.best)

    def part(self, free: Flags, at: Floats) -> Part:
        """The program with the columns that are not free fixed at (n,) values."""
        lower, upper = np.where(free, self.lower, at), np.where(free, self.upper, at)
        return restrict(self.program, lower, upper)

    def solve(
        self,
        part: Part,
        seconds: float,
        room: float = 0.0,
        nodes: int | None = None,
        tell: Tell | None = None,
    ) -> float:
        """Solve a part and take its solution.

        Args:
            part: the part.
            seconds: time limit.
            room: absolute gap at which the part counts as solved.
            nodes: most nodes of the search tree, the same on every machine unlike seconds.
            tell: called with what HiGHS knows of the part while it works.

        Returns:
            What no solution of the part is below: infinite where it has none.
        """
        start = self._start_of(part)
        if not part.possible:
            return -np.inf if start is not None else np.inf
        if not len(part.columns):
            self.offer(part.whole(np.zeros(0)))
            return part.program.offset
        model = load(part.program)
        if not part.program.integer.any():
            found = highs.solve_linear(model, self.run, seconds)
            values = None if found is None else found[0]
            bound = None if found is None else self._proved(part, found[1])
            infeasible = model.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        else:
            if nodes is not None:
                model.setOptionValue("mip_max_nodes", nodes)
            answer = highs.solve(model, self.run, seconds, start, tell, room)
            values, bound, infeasible = answer.values, answer.bound, answer.infeasible
        if infeasible:
            # Presolve was seen to err where rows leave little room: a known solution refutes it.
            return -np.inf if start is not None else np.inf
        if values is not None:
            self.offer(part.whole(values))
        return -np.inf if bound is None else bound

    @staticmethod
    def _proved(part: Part, duals: Floats) -> float:
        """What row duals prove about a part."""
        return relax(part.program, duals, part.program.lower, part.program.upper).bound

    def _start_of(self, part: Part) -> Floats | None:
        """The best solution as a start of a part, where it lies in it."""
        if self.best is None:
            return None
        fixed = np.ones(len(self.best), dtype=bool)
        fixed[part.columns] = False
        if np.any(np.abs(part.fixed[fixed] - self.best[fixed]) > 1e-9):
            return None
        return self.best[part.columns]


def _unit(program: Minimum) -> float:
    """What objectives of solutions differ by, in whole multiples; 0 where nothing is known of it."""
    used = program.cost[program.cost != 0.0]
    whole = np.all(program.integer[program.cost != 0.0]) and np.all(np.rint(used) == used)
    if not len(used) or not whole or np.max(np.abs(used)) > 2.0**53:
        return 0.0
    return float(np.gcd.reduce(np.abs(used).astype(np.int64)))
