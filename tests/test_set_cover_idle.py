"""The local search of a cover ends although sums of money in another order differ in their last digit."""

from __future__ import annotations

import numpy as np

from siting.methods.cover import Cover
from siting.methods.cover.clock import Clock
from siting.methods.cover.part import Part
from siting.methods.run import Run


def test_a_plan_that_only_rounding_makes_cheaper_is_no_progress() -> None:
    """What is fixed costs a rounding error less than nothing: the best plan looks better than itself."""
    cover = Cover(
        np.array([0, 2]), np.array([0, 1], np.int32), np.array([38.87, 50.0]), np.ones(1),
        np.zeros(1, np.int32), np.zeros(1), np.zeros(2, dtype=bool),
    )  # fmt: skip
    run = Run(seconds=60.0)
    part = Part(cover, Clock(run), np.array([True, False]), 0)
    part._base = -1e-14
    part.improve(5_000, -np.inf)
    assert part.value == 38.87
    assert run.left > 30.0
