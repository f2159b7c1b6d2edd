"""Responses for measures without a table of times: what they ask for is searched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siting.check.times import Answers, Ground
from siting.instance import Instance, Settings
from siting.instance.arrays import Floats, Ints, Longs
from siting.response import Layout, Responses


@dataclass(frozen=True, eq=False)
class Recomputed(Responses):
    """Responses whose only pairs say which needs a usable option can improve.

    Attributes:
        ground: answers what the pairs do not tell.
    """

    ground: Ground

    def coverers(self, amount: Ints, limit_ms: Ints, classes: Ints, count: int) -> Longs:
        """Open units that answer each need in time, by one search per open site."""
        return self.ground.coverers(amount, limit_ms, classes, count)

    def near(self, source: Ints, target: Ints, limit_ms: Ints) -> tuple[Ints, Ints]:
        """Pairs of options of which the second is within reach of the first, by one search per source."""
        return self.ground.near(source, target, limit_ms)


def without_table(
    instance: Instance, settings: Settings, horizon_ms: Mapping[int, int] | None, layout: Layout
) -> Recomputed:
    """Responses for measures, made as by :func:`siting.response.build_responses`."""
    ground = Ground(instance, settings, layout, horizon_ms)
    return reachable(ground, ground.answers(ground.standing))


def reachable(ground: Ground, today: Answers) -> Recomputed:
    """The responses of :func:`without_table`, knowing who answers if nothing changes."""
    base = ground.answers(ground.stays) if ground.options.closable.any() else today
    best = until(today, ground.answers(ground.options.usable), ground.latest)
    better = ~np.isnan(best.ms) & ~(best.ms >= base.ms)
    return Recomputed(
        instance=ground.instance,
        settings=ground.settings,
        layout=ground.layout,
        needs=ground.needs,
        options=ground.options,
        indptr=np.concatenate([[0], np.cumsum(better)]).astype(np.int64),
        option=best.option[better].astype(np.int32),
        ms=best.ms[better].astype(np.int32),
        base_option=base.option.astype(np.int32),
        base_ms=np.where(np.isnan(base.ms), 0, base.ms).astype(np.int32),
        horizon_ms=ground.horizon_ms,
        ground=ground,
    )


def until(base: Answers, answers: Answers, latest: Floats) -> Answers:
    """``answers`` where they are no later than ``latest`` (N,), else ``base``."""
    counts = answers.ms <= latest
    return Answers(np.where(counts, answers.ms, base.ms), np.where(counts, answers.option, base.option))
