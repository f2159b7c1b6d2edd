"""Large mixed-integer programs: linear relaxation, restricted programs, fixing, neighbourhoods.

Branch and bound from the root is hopeless on a national program, but its linear relaxation is
nearly integral: the interior point method gives row duals, from which a bound is computed that
owes nothing to the solver, and fractional values, around which small programs find solutions.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Longs
from siting.measures.program import Arrays
from siting.methods import highs
from siting.methods.relaxation.around import Around
from siting.methods.relaxation.cuts import Covers, tightened
from siting.methods.relaxation.program import load, minimum, restrict
from siting.methods.relaxation.search import Search
from siting.methods.run import Run

SMALL_TERMS = 20_000
"""Terms of rows up to which HiGHS takes a program whole."""

PART_TERMS = 40_000
"""Terms of rows up to which HiGHS keeps a time limit of seconds, roughly."""

CORE_TERMS = 100_000
"""Terms of rows up to which HiGHS takes what is left undecided whole."""

TERM_SECONDS = 1e-4
"""Seconds per term of rows that HiGHS may work before it looks at its clock."""

PATIENCE = 6
"""Neighbourhoods in a row that give nothing before what is left is solved whole."""

FOLLOWERS = 20
"""Following columns that a neighbourhood frees at most for each of its deciding ones."""

CLOSE_SECONDS = 20.0
"""Seconds that programs after the relaxation may take when the run has no limit."""

PART_SECONDS = 4.0
"""Seconds that one restricted program may take."""

RELAX_SHARE = 0.8
"""Share of the time left that a relaxation may take: what comes after makes solutions of it."""

CUT_SHARE = 0.6
"""Share of the time left that the last relaxation may have taken for another one to follow."""

CUT_GAIN = 0.1
"""Share of the gap that a round of inequalities closes when another one follows."""

NODES = 200
"""Nodes of the search tree of one neighbourhood."""

INTEGRAL = 1e-4
"""Distance from an integer within which a value of the relaxation counts as one."""

FREED = 200
"""Deciding columns that the first neighbourhoods free."""


@dataclass(frozen=True)
class Found:
    """What is known of a program.

    Attributes:
        values: (n,) best solution, None if none was found.
        bound: certified bound in the direction of the objective, offset included; None if there is none.
        infeasible: whether it is proved that there is no solution.
    """

    values: Floats | None
    bound: float | None
    infeasible: bool


def solve_arrays(
    arrays: Arrays,
    run: Run,
    start: Floats | None,
    tell: Callable[[float | None, float | None], None],
    repair: Callable[[Floats], Floats | None] | None = None,
    seen: Callable[[Floats | None], None] = lambda values: None,
) -> Found:
    """Solve a program within the limits of the run.

    Args:
        arrays: the program; all columns have finite bounds.
        run: limits in force.
        start: (n,) a solution to begin with.
        tell: called with the best objective and the bound, in the direction of the objective.
        repair: makes a solution of (n,) fractional values, or None.
        seen: called with the best solution (n,) so far.

    Raises:
        SolverError: HiGHS failed.
    """
    sign = -1.0 if arrays.maximize else 1.0

    def turned(incumbent: float | None, bound: float | None) -> None:
        tell(*(None if x is None or not np.isfinite(x) else sign * x for x in (incumbent, bound)))
        seen(search.best)

    program = minimum(arrays)
    if not restrict(program, program.lower, program.upper).possible:
        return Found(None, None, True)
    small = program.terms <= SMALL_TERMS
    search = Search(program if small else tightened(program), run, turned)
    search.offer(start)
    if small:
        search.solve_all(run.left)
    else:
        _Large(search, repair).solve()
    bound = None if search.infeasible or not np.isfinite(search.bound) else sign * search.bound
    return Found(search.best, bound, search.infeasible)


class _Large:
    """The search on a program that is too large for branch and bound."""

    def __init__(self, search: Search, repair: Callable[[Floats], Floats | None] | None) -> None:
        self._at = search
        self._repair = repair
        self._around = Around(search.program)
        self._relaxed: Floats | None = None
        self._until = np.inf
        self._spent = 0.0  # seconds of the last relaxation

    def solve(self) -> None:
        """Relax, find a solution near the relaxation, improve it and fix columns until time is up."""
        if not self._at.done:
            self._relax()
            self._first()
            self._cut()
        if self._at.run.seconds is None:
            self._until = time.monotonic() + CLOSE_SECONDS
        self._improve()

    @property
    def _left(self) -> float:
        return min(self._at.run.left, self._until - time.monotonic())

    @property
    def _over(self) -> bool:
        return self._at.done or self._at.run.out(self._left)

    def _relax(self) -> None:
        """Linear relaxation: bound, fractional values, and what can be made of them."""
        seconds, begun = RELAX_SHARE * self._at.run.left, time.monotonic()
        found = highs.solve_interior(load(self._at.program, False), self._at.run, seconds)
        if found is not None:
            self._relaxed = np.clip(found[0], self._at.program.lower, self._at.program.upper)
            self._at.price(found[1])
        self._spent = time.monotonic() - begun
        if self._repair is not None and not self._at.run.stop.is_set():
            fractional = self._at.program.lower if self._relaxed is None else self._relaxed
            self._at.offer(self._repair(fractional.copy()))

    def _cut(self) -> None:
        """Relax again under inequalities that the relaxation breaks, while that moves the bound."""
        covers = Covers(self._at.program)
        if not covers.count or self._relaxed is None:
            return
        while not self._at.done and not self._is_small() and self._spent < CUT_SHARE * self._at.run.left:
            rows = covers.broken(self._relaxed)
            if not rows.shape[0]:
                return
            bound, room = self._at.bound, self._room
            self._at.add(rows)
            self._relax()
            self._first()
            if self._at.bound - bound <= CUT_GAIN * room:
                return

    def _first(self) -> None:
        """A solution near the relaxation: some integer columns are free, the others rounded."""
        if self._relaxed is None:
            return
        search, leads = self._at, self._around.leads
        relaxed = np.where(search.program.integer, self._relaxed, np.rint(self._relaxed))
        near = np.rint(relaxed)
        distance = np.abs(relaxed - near)
        # First the fractional columns, then those that are cheapest to move off their side.
        price = np.abs(search.dual.reduced)
        rank = np.where(distance > INTEGRAL, -1.0 - distance, np.where(leads, price, np.inf))
        order = np.argsort(rank, kind="stable")
        split = int(np.count_nonzero(rank < 0.0))
        down, up = np.floor(relaxed + INTEGRAL), np.ceil(relaxed - INTEGRAL)
        for count in (FREED, 10 * FREED, split + 10 * FREED):
            for rounded in (near, down, up):
                if self._over or self._round(order[:count], rounded):
                    break
            if self._at.best is not None:
                break
        # All that is fractional at once takes longer, and is worth it once there is something to return.
        if not self._over:
            self._round(order[: split + FREED], near)

    def _round(self, chosen: Longs, rounded: Floats) -> bool:
        """Free some columns and what follows from them, round the others; whether there is a solution."""
        search = self._at
        free = np.zeros(len(rounded), dtype=bool)
        free[chosen] = True
        free = self._around.with_followers(free, len(free)) | ~search.program.integer
        part = search.part(free, np.clip(rounded, search.lower, search.upper))
        if part.hard_terms <= PART_TERMS:
            search.solve(part, min(self._left, PART_SECONDS), 0.1 * self._room)
        return search.best is not None

    @property
    def _room(self) -> float:
        return max(0.0, self._at.value - self._at.bound) if self._at.best is not None else 0.0

    def _improve(self) -> None:
        """Neighbourhoods of the best solution; then all that is undecided, once it is little."""
        rng = np.random.default_rng(self._at.run.seed)
        sizes, failures = [FREED, FREED], 0
        while not self._over:
            undecided = self._at.program.integer & (self._at.lower < self._at.upper)
            deciding = int(np.count_nonzero(undecided & self._around.leads))
            exhausted = self._at.best is None or max(sizes) >= deciding
            if exhausted or (failures > PATIENCE and self._is_small()):
                if not self._at.run.out(self._left - TERM_SECONDS * self._core_terms()):
                    self._at.solve_all(self._left)
                return
            value = self._at.value
            guided = sizes[0] <= sizes[1]
            closed = self._neighbourhood(guided, sizes[1 - guided], undecided, rng)
            gained = self._at.value < value
            failures = 0 if gained else failures + 1
            # What was searched to its end calls for more; what was not, for less.
            sizes[1 - guided] = int(sizes[1 - guided] * (1.0 if gained else 1.5 if closed else 0.7))

    def _core_terms(self) -> int:
        return restrict(self._at.program, self._at.lower, self._at.upper).hard_terms

    def _is_small(self) -> bool:
        """Whether HiGHS can take what is left undecided whole in the time that is left."""
        terms = self._core_terms()
        return terms <= CORE_TERMS and not self._at.run.out(self._left - TERM_SECONDS * terms)

    def _neighbourhood(self, guided: bool, count: int, undecided: Flags, rng: np.random.Generator) -> bool:
        """Free some columns, solve what they make; whether it was solved to its end."""
        search, around = self._at, self._around
        assert search.best is not None
        if guided and self._relaxed is not None:
            free = self._disagreeing(undecided, count, rng)
        else:
            seeds = np.flatnonzero(undecided & around.leads)
            free = around.near(int(rng.choice(seeds)), count, undecided, rng)
        free = around.with_followers(free, FOLLOWERS * count)
        part = search.part(free, search.best)
        # A better solution is wanted here, not the proof that it is the best around.
        room = 1e-4 * self._room
        bound = search.solve(part, min(self._left, PART_SECONDS), room, NODES)
        return bool(bound >= search.value - 1.01 * room)

    def _disagreeing(self, undecided: Flags, count: int, rng: np.random.Generator) -> Flags:
        """Deciding columns on which relaxation and best solution differ, and some that are cheap to move."""
        assert self._relaxed is not None
        assert self._at.best is not None
        differs = np.abs(self._relaxed - self._at.best) > 0.1
        rank = np.abs(self._at.dual.reduced) * rng.uniform(0.5, 1.5, len(differs))
        rank = np.where(differs, rank - np.max(rank), rank)
        rank[~(undecided & self._around.leads)] = np.inf
        free = np.zeros(len(rank), dtype=bool)
        free[np.argsort(rank, kind="stable")[:count]] = True
        return free & undecided
