"""The cover test where only the number of new facilities is limited: row generation.

Few rows decide whether k columns can answer everybody in time. A test asks about some rows only:
if k columns do not cover those, they do not cover all; if they do, the plan is looked at as a
whole, and the rows that it leaves farthest behind join (Contardo, Iori and Kramer 2019).

Contardo, C., Iori, M. and Kramer, R. (2019). A scalable exact algorithm for the vertex p-center
problem. Computers & Operations Research 103: 211-220.
Gonzalez, T. (1985). Clustering to minimize the maximum intercluster distance. Theoretical Computer
Science 38: 293-306.
"""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Ints, Longs
from siting.methods.center import swaps
from siting.methods.center.bracket import Bracket, Verdict
from siting.methods.center.decide import decide
from siting.methods.center.question import Question
from siting.methods.run import Run

FIRST_EFFORT = 2_000
"""Price iterations that a test may take in the first pass over the bracket."""

MORE_EFFORT = 8
"""How many times more it may take in the next one."""

SWAP_PAIRS = 20_000_000
"""Pairs that swaps may look at per time."""

MOST_EFFORT = 8_000_000
"""Effort from which a pass is the last, and asks for the covering program instead."""


def solve(question: Question, bracket: Bracket, run: Run, count: int, patience: int = MOST_EFFORT) -> None:
    """Close the bracket: tests with little effort all over it, then with more where they failed.

    Args:
        question: the question.
        bracket: what is known.
        run: limits in force.
        count: how many columns may be opened.
        patience: effort after which to leave it at that, ``MOST_EFFORT`` to leave nothing untried.
    """
    search = _Rows(question, bracket, run, count)
    search.start()
    effort = FIRST_EFFORT
    while not bracket.closed and not run.over:
        below = bracket.high
        while bracket.low < below and not bracket.closed and not run.over:
            latest = bracket.middle(below)
            verdict = search.test(latest, effort if effort < MOST_EFFORT else None)
            below = latest if verdict is Verdict.OPEN else min(below, bracket.high)
        if effort >= patience:
            return
        if effort == FIRST_EFFORT:
            search.swap()
        effort *= MORE_EFFORT


class _Rows:
    """The rows that tests ask about, and the plan that swaps start from."""

    def __init__(self, question: Question, bracket: Bracket, run: Run, count: int) -> None:
        self._question, self._bracket, self._run, self._count = question, bracket, run, count
        self._asked = np.zeros(len(question.need), dtype=bool)

    def start(self) -> None:
        """Open what answers the row farthest behind first, again and again (Gonzalez)."""
        question, bracket = self._question, self._bracket
        chosen: list[int] = []
        times = bracket.offer(np.zeros(0, dtype=np.int64))
        while len(times) and not self._run.over:
            worst = int(np.argmax(times))
            self._asked[worst] = True
            column = int(question.first[worst])
            if len(chosen) == self._count or times[worst] <= bracket.low or column in chosen or column < 0:
                return
            chosen.append(column)
            times = bracket.offer(np.array(chosen))

    def swap(self) -> None:
        """Better plans by swaps: bisection as if what they do not find did not exist, then one by one."""
        question, bracket, run = self._question, self._bracket, self._run
        floor = bracket.low
        while floor < bracket.high and not run.over:
            latest, _ = question.around((floor + bracket.high - 1) // 2)
            if not self._swapped(latest, SWAP_PAIRS):
                _, floor = question.around(latest)
        while not bracket.closed and not run.over:
            latest, _ = question.around(bracket.high - 1)
            if not self._swapped(latest, 4 * SWAP_PAIRS):
                return

    def _swapped(self, latest: int, pairs: int) -> bool:
        """Whether swaps led to a plan that answers everybody within ``latest`` ms."""
        question, bracket = self._question, self._bracket
        rows = np.flatnonzero(question.base > latest)
        cover = question.cover(rows, latest)
        chosen = self._filled()
        heavy = np.ones(len(rows))
        done = bool(swaps.improve(
            cover.indptr, cover.col, *cover.by_column, heavy, chosen, pairs, self._run.seed % 2**31
        ))  # fmt: skip
        if done:
            bracket.offer(chosen)
        else:
            hard = np.argsort(-heavy, kind="stable")[: max(8, self._count)]
            self._asked[rows[hard]] = True
        return done

    def _filled(self) -> Longs:
        """The plan at hand, with columns that answer the rows farthest behind up to the count."""
        known = self._bracket.columns
        chosen = np.zeros(0, dtype=np.int64) if known is None else known
        others = np.setdiff1d(np.arange(len(self._question.option)), chosen)
        return np.concatenate([chosen, others[: self._count - len(chosen)]])

    def test(self, latest: int, effort: int | None) -> Verdict:
        """Whether everybody can be answered within ``latest`` ms."""
        while not self._run.over:
            rows = np.flatnonzero(self._asked & (self._question.base > latest))
            verdict, columns = decide(
                self._question.cover(rows, latest),
                self._count,
                effort,
                self._run,
            )
            if verdict is Verdict.REFUTED:
                self._bracket.refute(latest)
            if columns is None:
                return verdict
            times = self._bracket.offer(columns)
            late = np.flatnonzero(times > latest)
            if not len(late):
                return Verdict.FOUND
            self._ask(late, times)
        return Verdict.OPEN

    def _ask(self, late: Longs, times: Ints) -> None:
        """The rows farthest behind join those that tests ask about."""
        more = max(8, self._count // 4)
        self._asked[late[np.argsort(-times[late], kind="stable")[:more]]] = True
