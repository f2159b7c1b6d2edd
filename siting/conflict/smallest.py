"""The smallest set of conditions that no plan keeps together.

Every plan misses some conditions; a set in conflict holds at least one that each plan misses, so it
is a hitting set of what plans miss. The smallest hitting set of the plans seen so far either is in
conflict, and then no smaller set is, or a plan keeps it, and misses something new.

Ignatiev, A., Previti, A., Liffiton, M. and Marques-Silva, J. (2015). Smallest MUS extraction with
minimal hitting set dualization. CP 2015: 173-182. For limits of mathematical programs, see Chinneck,
J. W. (2008). Feasibility and infeasibility in optimization. Springer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.conflict.conditions import Condition, Kept
from siting.conflict.oracle import Oracle
from siting.conflict.shrink import shrunk

_SINGLE = 40
_PAIRS = 100_000
"""Conditions, and pairs of the table, up to which each is looked at by itself; above, groups first."""


@dataclass(frozen=True)
class Smallest:
    """Conditions that no plan keeps together.

    Attributes:
        kept: the conditions.
        minimum: it is proved that no set of fewer conditions is in conflict.
        irreducible: it is proved that without any one of them, some plan keeps the others.
    """

    kept: Kept
    minimum: bool
    irreducible: bool


def smallest(oracle: Oracle) -> Smallest:
    """The smallest set in conflict, or the smallest found in time."""
    every = oracle.conditions.every
    for one in sorted(oracle.conditions.hopeless, key=oracle.conditions.place.__getitem__):
        return Smallest(frozenset([one]), True, True)
    single = [frozenset([one]) for one in every]
    if len(every) <= _SINGLE and len(oracle.conditions.problem.responses.option) <= _PAIRS:
        kept, minimum = _search(oracle, single)
        return Smallest(kept, minimum, minimum or _irreducible(oracle, kept))
    fewer = shrunk(oracle)
    if fewer is not None:
        return _at_most(oracle, fewer, single)
    groups: dict[object, set[Condition]] = {}
    for one in every:
        key = (one.kind, one.root) if one.root else (one.kind, one.limit)
        groups.setdefault(key, set()).add(one)
    rough, sure = _search(oracle, [frozenset(group) for group in groups.values()])
    if len(rough) == 1:
        return Smallest(rough, sure, sure)
    kept, minimum = _search(oracle, [one for one in single if one <= rough])
    return Smallest(kept, False, minimum or _irreducible(oracle, kept))


def _at_most(oracle: Oracle, found: Kept, single: Sequence[Kept]) -> Smallest:
    """A set in conflict, or a smaller one; what covers do not answer is not asked."""
    alone = all(any(one <= seen for seen in oracle.seen) for one in single)
    if len(found) == 1 or (len(found) == 2 and alone):
        return Smallest(found, True, True)
    oracle.thorough = False
    kept, minimum = _search(oracle, single)
    oracle.thorough = True
    if minimum and len(kept) <= len(found):
        return Smallest(kept, True, True)
    return Smallest(found, False, _irreducible(oracle, found))


def _search(oracle: Oracle, atoms: Sequence[Kept]) -> tuple[Kept, bool]:
    """The smallest union of atoms in conflict, and whether that is proved; at worst all of them."""
    every: Kept = frozenset().union(*atoms)
    missed = [_missing(atoms, seen) for seen in oracle.seen]
    sure = True
    while True:
        chosen = _hitting(len(atoms), missed)
        if chosen is None:
            return every, False
        kept: Kept = frozenset().union(*(atoms[number] for number in chosen))
        verdict = False if len(chosen) == len(atoms) else oracle.feasible(kept)
        if verdict is False:
            return kept, sure
        if oracle.run.over:
            return every, False
        if verdict:
            missed.append(_missing(atoms, next(seen for seen in reversed(oracle.seen) if kept <= seen)))
        else:
            sure = False
            missed.append([number for number in range(len(atoms)) if number not in chosen])


def _missing(atoms: Sequence[Kept], seen: Kept) -> list[int]:
    return [number for number, atom in enumerate(atoms) if not atom <= seen]


def _hitting(size: int, sets: Sequence[Sequence[int]]) -> list[int] | None:
    """Fewest of ``size`` numbers that meet every set; of equally few, those that come first."""
    if any(not one for one in sets):
        return None
    if not sets:
        return []
    matrix = np.zeros((len(sets), size))
    for row, one in enumerate(sets):
        matrix[row, list(one)] = 1.0
    order = 1.0 + np.arange(size) / (2.0 * size * size)
    found = milp(
        order,
        constraints=LinearConstraint(matrix, 1.0),
        integrality=np.ones(size, dtype=np.int64),
        bounds=Bounds(0, 1),
    )
    return None if found.x is None else np.flatnonzero(found.x > 0.5).tolist()


def _irreducible(oracle: Oracle, kept: Kept) -> bool:
    return all(oracle.feasible(kept - {one}) for one in sorted(kept, key=lambda one: one.label))
