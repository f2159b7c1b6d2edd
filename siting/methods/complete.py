"""The whole program of an objective, with names that say what its variables decide.

Unlike the program that siting solves itself, it has a column for every candidate that may be opened,
so whoever adds rows of their own to it loses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from siting.errors import ModelError
from siting.instance.arrays import Texts
from siting.measures import Term
from siting.measures.composer import Composer
from siting.measures.program import Arrays
from siting.methods.compose import Kept, compose
from siting.plan import Plan
from siting.problem import Problem
from siting.response import Responses
from siting.response.variables import AUXILIARY, CONSTANT, option_variables, serve_variable

MOST_TERMS = 60_000_000
"""Terms of a program beyond which it would not fit into the memory of a small computer."""

_ANY = re.compile(r"aux\.site(\d+)")


@dataclass(frozen=True, eq=False)
class Complete:
    """A program of n columns and m rows.

    Attributes:
        term: what is optimized.
        arrays: the program. Its offset is 0: the last column, fixed to 1, carries the constant.
        columns, rows: (n,) and (m,) names, all different.
        options: (n,) option that a column opens, keeps or lets serve, -1 where there is none.
        needs: (n,) need that a column is a share of, -1 where it is none.
    """

    term: Term
    arrays: Arrays
    columns: Texts
    rows: list[str]
    options: np.ndarray
    needs: np.ndarray


def complete_program(problem: Problem, number: int, kept: Kept) -> Complete:
    """The program of one objective, under every limit and rows that keep the earlier objectives.

    Args:
        problem: the question.
        number: which objective.
        kept: what the earlier ones have achieved.

    Raises:
        ModelError: the program would be too large.
    """
    responses = problem.responses
    terms = 3 * len(responses.option)
    if terms > MOST_TERMS:
        raise ModelError(
            f"the program would have about {terms / 1e6:,.0f} million terms; "
            f"programs are written up to {MOST_TERMS / 1e6:.0f} million"
        )
    composer = compose(problem, number, kept, _everything(responses))
    columns, options, needs = _columns(composer)
    return Complete(
        problem.objectives[number].term, _with_constant(composer.program.arrays()), columns,
        composer.program.row_names(), options, needs,
    )  # fmt: skip


def _everything(responses: Responses) -> Plan:
    """The plan that opens all that may be opened: none of it is left out of the program."""
    options = responses.options
    new = options.usable & (np.arange(len(options.site)) >= options.existing)
    nobody = np.full(len(responses.needs.place), -1, dtype=np.int32)
    return Plan(np.flatnonzero(new).astype(np.int32), nobody, np.zeros_like(nobody))


def _columns(composer: Composer) -> tuple[Texts, np.ndarray, np.ndarray]:
    """Name, option and need of every column, and of the constant."""
    responses = composer.responses
    names = np.array([f"{AUXILIARY}{name}" for name in composer.program.names()] + [CONSTANT], dtype=object)
    option, need = np.full((2, len(names)), -1, dtype=np.int64)
    for number, name in enumerate(names.tolist()):
        if found := _ANY.fullmatch(name):
            option[number] = int(found[1])
    at = composer.column[composer.decided]
    option[at] = composer.decided
    names[at] = option_variables(responses.instance, responses.settings, responses.layout, responses.options)[
        composer.decided
    ]
    if responses.layout.serve != "nearest":
        who = composer.assigned
        option[who.column], need[who.column] = who.option, who.need
        names[who.column] = [
            serve_variable(*pair) for pair in zip(who.need.tolist(), who.option.tolist(), strict=True)
        ]
    return names, option, need


def _with_constant(arrays: Arrays) -> Arrays:
    """The program whose constant is the cost of one more column, which is fixed to 1.

    Solvers disagree about constants in the objective of a file, but not about columns.
    """
    return replace(
        arrays,
        cost=np.r_[arrays.cost, arrays.offset],
        offset=0.0,
        lower=np.r_[arrays.lower, 1.0],
        upper=np.r_[arrays.upper, 1.0],
        integer=np.r_[arrays.integer, False],
    )
