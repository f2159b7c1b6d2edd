"""The cover test under any limits: a maximal covering question for the decomposition.

Before that every limit on a number of columns is looked at alone, with all other columns open:
no plan is sooner than that allows, and often such plans fit together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siting.methods.center import counted
from siting.methods.center.bracket import Bracket, Verdict
from siting.methods.center.question import Question
from siting.methods.form import Form, hard
from siting.methods.run import Run
from siting.methods.stage import Stage

GROUP_PATIENCE = 16_000
"""Effort that is spent on one group of columns alone."""


def solve(question: Question, bracket: Bracket, run: Run) -> None:
    """Close the bracket by bisection, as far as the tests are decided."""
    bracket.offer(np.zeros(0, dtype=np.int64))
    _by_group(question, bracket, run)
    while not bracket.closed and not run.over:
        if _test(question, bracket, run, bracket.middle(bracket.high)) is Verdict.OPEN:
            return


def _by_group(question: Question, bracket: Bracket, run: Run) -> None:
    """A bound from every group of columns alone, and a plan that takes one group after another."""
    groups = question.groups()
    for free, count in groups:
        part = question.narrowed(free, ~free)
        alone = Bracket(part, replace(run, progress=None))
        counted.solve(part, alone, replace(run, progress=None), count, GROUP_PATIENCE)
        bracket.raise_to(alone.low)
    opened = np.zeros(len(question.option), dtype=bool)
    later = np.any([free for free, _ in groups], axis=0) if groups else opened.copy()
    for free, count in groups:
        later &= ~free
        part = question.narrowed(free & ~opened, opened | later)
        beside = Bracket(part, replace(run, progress=None))
        beside.raise_to(bracket.low)
        counted.solve(part, beside, replace(run, progress=None), count, GROUP_PATIENCE)
        if beside.columns is None:
            return
        opened[np.flatnonzero(free & ~opened)[beside.columns]] = True
        columns = np.flatnonzero(opened)
        if question.allows(columns):
            bracket.offer(columns)


def _test(question: Question, bracket: Bracket, run: Run, latest: int) -> Verdict:
    """Whether everybody can be answered within ``latest`` ms: a plan that covers every row says yes,
    a bound below the number of rows says no."""
    form = _form(question, latest)
    if form is None:
        bracket.refute(latest)
        return Verdict.REFUTED
    # A cover test reports rows, not minutes, and is of no use within a gap.
    stage = Stage(form, replace(run, progress=None, gap=0.0), 1.0, wanted=form.rows - 0.5)
    opened, value, bound = stage.solve(())
    if opened is not None and value > form.rows - 0.5:
        bracket.offer(question.number[opened].astype(np.int64))
        return Verdict.FOUND
    if bound < form.rows - 0.5:
        bracket.refute(latest)
        return Verdict.REFUTED
    return Verdict.OPEN


def _form(question: Question, latest: int) -> Form | None:
    """Rows that are late, columns that are not; None when nobody is in time for some row."""
    late = np.flatnonzero(question.base > latest)
    cover = question.cover(late, latest)
    if np.any(np.diff(cover.indptr) == 0):
        return None
    parts = np.ones((1, len(cover.col)))
    return Form(
        question.option, cover.indptr, cover.col, parts, hard(parts), np.zeros(0), 0.0,
        question.use, question.room, cover.must,
    )  # fmt: skip
