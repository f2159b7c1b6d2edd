"""What is known before a program is solved."""

from __future__ import annotations

from dataclasses import dataclass

from siting.plan import Plan


@dataclass(frozen=True, eq=False)
class Beginning:
    """A plan, None where none was found, and a certified bound on the first objective, None for none."""

    plan: Plan | None
    bound: float | None
