"""Every target by its name."""

from __future__ import annotations

from tests.fuzz import imports, plans, questions, tables
from tests.fuzz.engine import Target

TARGETS: dict[str, Target] = {
    one.name: one for one in (*tables.TARGETS, *questions.TARGETS, *imports.TARGETS, *plans.TARGETS)
}
