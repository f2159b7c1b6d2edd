"""Why a problem has no plan, and the smallest changes with which it has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from siting.conflict.conditions import Condition, Conditions
from siting.conflict.oracle import Oracle
from siting.conflict.places import out_of_reach
from siting.conflict.relax import Relaxation, relaxations, together, without_places
from siting.conflict.smallest import smallest
from siting.conflict.words import sentences
from siting.errors import ModelError
from siting.methods.run import Run
from siting.problem import Problem

SEARCHING = 0.6
"""Share of the time for the conflict itself; the rest is for what would solve it."""


@dataclass(frozen=True, eq=False)
class Conflict:
    """Conditions that no plan keeps together, and what would do.

    Attributes:
        members: the conditions in conflict.
        minimum: it is proved that no fewer conditions are in conflict.
        irreducible: it is proved that without any one of them, some plan keeps the others.
        relaxations: per number or decision in conflict, the smallest change that would do while all other
            limits stay; and limits that would be kept if places out of reach did not count.
        together: where no single change is enough, changes that are if all are made.
        hopeless: all limits that no plan keeps whatever else gives way, with the best that is possible.
        unreachable: needs that no option answers as a limit in conflict asks, see
            :func:`siting.conflict.places.out_of_reach`.
        seconds: wall seconds it took.
    """

    members: tuple[Condition, ...]
    minimum: bool
    irreducible: bool
    relaxations: tuple[Relaxation, ...]
    together: tuple[Relaxation, ...]
    hopeless: tuple[tuple[Condition, float], ...]
    unreachable: pd.DataFrame
    seconds: float

    @property
    def limits(self) -> tuple[str, ...]:
        """The conditions in conflict, in words."""
        return tuple(one.label for one in self.members)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What clashes and what would do, as a planner reads it."""
        return sentences(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, as in summary.json."""
        return {
            "limits": [_condition(one) for one in self.members],
            "minimum": self.minimum,
            "irreducible": self.irreducible,
            "relaxations": [_relaxation(one) for one in self.relaxations],
            "together": [_relaxation(one) for one in self.together],
            "hopeless": [{**_condition(one), "best": best} for one, best in self.hopeless],
            "unreachable": self.unreachable.to_dict("records"),
            "seconds": self.seconds,
        }


def conflict(problem: Problem, *, seconds: float = 10.0, seed: int = 0, threads: int = 1) -> Conflict:
    """Explain a problem that is proved to have no plan.

    Args:
        problem: the problem.
        seconds: wall seconds allowed; what is not proved by then is said to be so.
        seed: seed of every random choice.
        threads: threads a solver may use.

    Raises:
        ModelError: ``seconds`` is no number >= 0.
        SolverError: HiGHS failed.
    """
    if not seconds >= 0:
        raise ModelError(f"seconds must be a number >= 0, found {seconds!r}")
    run = Run(seconds, 0.0, seed, threads)
    conditions = Conditions(problem)
    oracle = Oracle(conditions, run.within(SEARCHING * seconds))
    found = smallest(oracle)
    members = sorted(found.kept, key=conditions.place.__getitem__)
    oracle.run = run
    lost = without_places(oracle, members)
    single = relaxations(oracle, found.kept)
    enough = any(one.enough is not None or one.exact for one in single)
    several = () if enough else together(oracle)
    return Conflict(
        tuple(members),
        found.minimum,
        found.irreducible,
        (*single, *lost),
        several,
        tuple(
            (one, conditions.term(one).value(conditions.simple_plans[1]))
            for one in sorted(conditions.hopeless, key=conditions.place.__getitem__)
        ),
        out_of_reach(conditions, members),
        run.spent,
    )


def _condition(one: Condition) -> dict[str, Any]:
    return {key: getattr(one, key) for key in ("label", "kind", "what", "member", "amount", "name")}


def _relaxation(one: Relaxation) -> dict[str, Any]:
    keys = ("kind", "name", "unit", "now", "enough", "needed", "possible", "exact")
    return {"labels": list(one.labels), **{key: getattr(one, key) for key in keys}, "names": list(one.names)}
