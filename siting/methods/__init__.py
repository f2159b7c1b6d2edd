"""Methods: one module each with WHY, refusal(), suits() and solve(). The first that fits
and suits is chosen, else the first that fits.

Adding one is a file here and a line in the table below.
"""

from types import ModuleType

import pulp

from siting.methods import center, decomposition, exact, relaxation, set_cover
from siting.methods.plain import beyond_nearest
from siting.problem import Problem

METHODS: dict[str, ModuleType] = {
    "center": center,
    "set_cover": set_cover,
    "exact": exact,
    "decomposition": decomposition,
    "relaxation": relaxation,
}

GENERAL = ("exact", "relaxation")
"""Methods that know whatever a question may ask; the others know who answers first."""


def refusal(name: str, problem: Problem, solver: str | pulp.LpSolver) -> str | None:
    """Why a method does not fit a problem, or None."""
    beyond = None if name in GENERAL else beyond_nearest(problem)
    return beyond or METHODS[name].refusal(problem, solver)


__all__ = ["METHODS", "refusal"]
