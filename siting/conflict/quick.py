"""Whether conditions on coverage and on what is opened can be kept together, by set covering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siting.conflict.conditions import Condition, Kept
from siting.conflict.covers import Covers, Take
from siting.instance.arrays import Ints
from siting.plan import Plan

if TYPE_CHECKING:
    from siting.conflict.oracle import Oracle

ALONE, MODEST, ONE, PART = 0.05, 0.3, 3.0, 0.5
"""Seconds for a plan of one floor, for one that takes little of everything, and for what is taken of one
limit; and the share of the time left that the last may take."""

TOGETHER = 4
"""Limits of a group up to which each is looked at by itself."""


@dataclass(frozen=True)
class Asked:
    """Conditions by what they are about: coverage, limits on what is opened, and options decided."""

    floors: tuple[Condition, ...]
    limits: tuple[Condition, ...]
    required: tuple[int, ...]
    forbidden: tuple[int, ...]


class Quick:
    """Answers from floors as covers.

    Attributes:
        covers: the covers.
    """

    def __init__(self, oracle: Oracle, covers: Covers) -> None:
        self._oracle = oracle
        self.covers = covers
        self._alone: dict[Condition, Ints | None] = {}

    def decide(self, kept: Kept) -> bool | None:
        """Whether some plan keeps the conditions; None where set covering does not tell."""
        asked = self.asked(kept)
        if asked is None:
            return None
        alone = [self.alone(one) for one in asked.floors]
        union = np.concatenate([np.array(asked.required, dtype=np.int32), *alone])
        if self._keeps(union, kept):
            return True
        if self._oracle.run.over:
            return None
        found = self.modest(asked)
        if found is not None and self._keeps(found, kept):
            return True
        for take, limits in self.doubtful(asked.limits, union if found is None else found):
            if self._oracle.run.over:
                return None
            if (verdict := self.weigh(asked, take, limits, kept)) is not None:
                return verdict
        return None

    def modest(self, asked: Asked) -> Ints | None:
        """Options of a plan for floors that takes little of everything that is limited."""
        run = self._oracle.run.within(MODEST)
        take = self.covers.relative(asked.limits)
        return self.covers.least(asked.floors, (asked.required, asked.forbidden), take, run).opened

    def weigh(self, asked: Asked, take: Take, limits: Sequence[Condition], kept: Kept) -> bool | None:
        """Whether some limits are too little for the floors, or a plan under them keeps all conditions."""
        run = self._oracle.run
        least = self.covers.least(
            asked.floors,
            (asked.required, asked.forbidden),
            take,
            run.within(min(ONE, max(0.05, PART * run.left))),
        )
        if least.too_much:
            decided = [one for one in kept if one.options]
            self._oracle.refuted.append(frozenset([*asked.floors, *limits, *decided]))
            return False
        return True if least.opened is not None and self._keeps(least.opened, kept) else None

    def asked(self, kept: Kept) -> Asked | None:
        """The conditions sorted, None where some are about other things or no floor is among them."""
        ordered = sorted(kept, key=self._oracle.conditions.place.__getitem__)
        floors = tuple(one for one in ordered if self.covers.demand(one) is not None)
        limits = tuple(one for one in ordered if self.covers.limits(one))
        required, forbidden = (
            tuple(option for one in ordered if one.kind == kind for option in one.options)
            for kind in ("required", "forbidden")
        )
        others = len(ordered) - len(floors) - len(limits) - sum(bool(one.options) for one in ordered)
        return (
            None
            if others or not floors or not self.covers.fits
            else Asked(floors, limits, required, forbidden)
        )

    def plan(self, opened: Ints) -> Plan:
        """The plan that opens some options."""
        opened = np.unique(opened).astype(np.int32)
        return Plan(opened, *self.covers.responses.serve(opened))

    def alike(self, other: Quick) -> None:
        """Use what the floors of a like problem take: plans that may do for this one as well."""
        self._alone = other._alone

    def alone(self, floor: Condition) -> Ints:
        """Options of a plan for one floor that is modest in all that is limited."""
        found = self._alone.get(floor)
        if found is None:
            every = self._oracle.conditions.every
            limits = [one for one in every if self.covers.limits(one)]
            closed = self._oracle.conditions.forbidden.tolist()
            run = self._oracle.run.within(ALONE)
            found = self.covers.least([floor], ((), closed), self.covers.relative(limits), run).opened
            self._alone[floor] = found
        return np.zeros(0, dtype=np.int32) if found is None else found

    def _keeps(self, opened: Ints, kept: Kept) -> bool:
        return kept <= self._oracle.take(self.plan(opened))

    def doubtful(self, limits: Sequence[Condition], opened: Ints) -> list[tuple[Take, tuple[Condition, ...]]]:
        """What may be too little: limits, and groups of limits together, that some options exceed.

        Those that are exceeded most come first; what a plan for all floors does not exceed is enough.
        """
        groups: dict[object, list[Condition]] = {}
        for one in limits:
            groups.setdefault(one.root or one.limit, []).append(one)
        single = [(one,) for group in groups.values() if len(group) <= TOGETHER for one in group]
        several = [tuple(group) for group in groups.values() if len(group) > 1]
        column = np.isin(self.covers.option, opened)
        takes = [(self.covers.together(group), group) for group in [*single, *several]]
        used = [float(take.price[column].sum()) for take, _ in takes]
        order = sorted(range(len(takes)), key=lambda k: -used[k] / max(takes[k][0].high, 1e-9))
        return [takes[k] for k in order if used[k] > takes[k][0].high]
