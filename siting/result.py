"""What a solve returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from siting.plan import Achieved, Plan, Status, Termination
from siting.problem import Problem

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Progress:
    """One report from a running solve.

    Attributes:
        phase: what is being done, for people.
        seconds: since the solve began.
        objective: number (0-based) of the objective being worked on, and its measure's name.
        incumbent: value of the best plan so far, None before the first.
        bound: certified bound so far, None before the first.
    """

    phase: str
    seconds: float
    objective: int
    measure: str
    incumbent: float | None
    bound: float | None


@dataclass(frozen=True, eq=False)
class Result:
    """A checked plan and what is proved about it.

    Attributes:
        problem: the question with every number decided.
        status: what is proved.
        termination: why the solve stopped.
        plan: the plan; None when proved infeasible or stopped before one was found.
        achieved: per objective its value, bound and gap; empty without a plan.
        method: method that was used, and ``why`` it was chosen.
        why: one sentence.
        seconds: wall seconds per phase; ``total`` is all of them.
        seed: the seed in force.
        versions: versions of siting and of the libraries that took part.
        full_coverage: new facilities with which everyone who can be covered is covered:
            ``{"sites": N, "reached": bool}``; N is an upper estimate when ``reached`` is False.
            None when the model does not maximize coverage.
        clashes: when infeasible, which limits clash and by how much.
    """

    problem: Problem
    status: Status
    termination: Termination
    plan: Plan | None
    achieved: tuple[Achieved, ...]
    method: str
    why: str
    seconds: Mapping[str, float]
    seed: int
    versions: Mapping[str, str]
    full_coverage: Mapping[str, Any] | None = None
    clashes: tuple[str, ...] = field(default=())

    @property
    def objective(self) -> float | None:
        """Value of the first objective, recomputed from the plan."""
        return self.achieved[0].value if self.achieved else None

    @property
    def bound(self) -> float | None:
        """Certified bound on the first objective."""
        return self.achieved[0].bound if self.achieved else None

    @property
    def gap(self) -> float | None:
        """Relative gap of the first objective; None without a bound."""
        return self.achieved[0].gap if self.achieved else None

    @cached_property
    def sites(self) -> pd.DataFrame:
        """Recommended new facilities, one row each, as in sites.csv."""
        from siting.figures import sites_table

        return sites_table(self)

    @cached_property
    def assignments(self) -> pd.DataFrame:
        """Who serves each need before and after, as in assignments.csv."""
        from siting.figures import assignments_table

        return assignments_table(self)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """All figures, as in summary.json."""
        from siting.figures import summary

        return summary(self)
