"""Needs as levels of response time: the compact form every method works on.

For one need, the candidates that answer it are sorted by response time and cut into levels:
within a level no active measure changes. What matters about a plan is only the best level it
reaches at every need, as in the radius formulation of Cornuejols, Nemhauser & Wolsey (1980) and
Garcia, Labbe & Marin (2011). Two reductions come for free: candidates that improve nothing are
left out, and needs with the same candidates in the same levels are merged into one row.

Garcia, S., Labbe, M. and Marin, A. (2011). Solving large p-median problems with a radius
formulation. INFORMS Journal on Computing 23: 546-556.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures.base import NeedMeasure, Term
from siting.response import Responses


@dataclass(frozen=True, eq=False)
class Levels:
    """R rows (merged needs) of in all L levels with in all Z candidates, for T measures.

    Attributes:
        terms: the T active measures.
        row_ptr: (R+1,) int64; row r has levels row_ptr[r]:row_ptr[r+1], best first.
        level_ptr: (L+1,) int64; level k has candidates option[level_ptr[k]:level_ptr[k+1]].
        option: (Z,) int32 option numbers, ascending within a level.
        gain: (T, L) each measure's contribution of the row when this is the best level reached.
        base: (T, R) its contribution when no level is reached. For rows of ``must`` it is a
            penalty worse than any level.
        must: (R,) True where some level must be reached.
        constant: (T,) contribution of the needs that no candidate improves.
        worst: (T,) the largest contribution of one of these needs, 0 if there is none.
    """

    terms: tuple[Term, ...]
    row_ptr: Longs
    level_ptr: Longs
    option: Ints
    gain: Floats
    base: Floats
    must: Flags
    constant: Floats
    worst: Floats

    @property
    def rows(self) -> int:
        """Number of rows R."""
        return len(self.must)


def build_levels(responses: Responses, terms: Sequence[Term]) -> Levels:
    """Cut the table into levels for the given need measures.

    Args:
        responses: the table.
        terms: measures in play; every one must be a need measure.
    """
    row, option, ms = responses.row, responses.option, responses.ms
    at, base, must = _contributions(responses, terms, row, ms)
    useful = np.any(at != base[:, row], axis=0) | must[row]
    row, option, at = row[useful], option[useful], at[:, useful]
    new_row = np.r_[True, row[1:] != row[:-1]] if len(row) else np.zeros(0, bool)
    new_level = new_row.copy()
    new_level[1:] |= np.any(at[:, 1:] != at[:, :-1], axis=0)
    level = np.cumsum(new_level) - 1
    order = np.lexsort((option, level))
    option = option[order]
    level_start = np.flatnonzero(new_level)
    needs = row[new_row]
    row_start = np.r_[np.flatnonzero(new_row), len(row)]
    row_ptr = np.asarray(np.searchsorted(level_start, row_start), dtype=np.int64)
    level_ptr = np.r_[level_start, len(row)].astype(np.int64)
    untouched = np.ones(base.shape[1], dtype=bool)
    untouched[needs] = False
    untouched[responses.unreachable] = False
    constant = base[:, untouched].sum(axis=1)
    worst = base[:, untouched].max(axis=1, initial=0.0)
    levels = Levels(
        tuple(terms),
        row_ptr,
        level_ptr,
        option,
        at[:, level_start],
        base[:, needs],
        must[needs],
        constant,
        worst,
    )
    # Contributions of merged needs add up, which is right for sums alone.
    additive = all(isinstance(term.measure, NeedMeasure) and term.measure.additive for term in terms)
    return _merge(levels) if additive else levels


def _contributions(
    responses: Responses, terms: Sequence[Term], row: Ints, ms: Ints
) -> tuple[Floats, Floats, Flags]:
    """Contribution of every pair (T, Z), of no pair (T, N), and where a pair is a must (N,)."""
    everyone = np.arange(len(responses.needs.place), dtype=np.int32)
    at, base = np.empty((len(terms), len(row))), np.empty((len(terms), len(everyone)))
    must = np.zeros(len(everyone), dtype=bool)
    # Later than twice the slowest known answer: worse than any, and still a valid relaxation.
    late = 2 * int(ms.max(initial=1))
    for number, term in enumerate(terms):
        measure = term.measure
        assert isinstance(measure, NeedMeasure)
        at[number] = np.where(term.scope[row], measure.at(term, row, ms), 0.0)
        base[number] = np.where(term.scope, measure.base(term, everyone), 0.0)
        lacking = np.isnan(base[number])
        must |= lacking
        base[number, lacking] = measure.at(term, everyone[lacking], np.full(int(lacking.sum()), late))
    must[responses.unreachable] = False
    return at, base, must


def _merge(levels: Levels) -> Levels:
    """Merge rows whose candidates fall into the same levels; their contributions add up."""
    if not levels.rows:
        return levels
    keys = _row_keys(levels)
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    rank = np.argsort(np.argsort(first))  # keep the rows in their first order
    group = rank[group]
    keep = np.sort(first)
    counts = np.diff(levels.row_ptr)
    row_of_level = np.repeat(np.arange(levels.rows), counts)
    position = np.arange(len(row_of_level)) - levels.row_ptr[row_of_level]
    row_ptr = np.r_[0, np.cumsum(counts[keep])].astype(np.int64)
    target = row_ptr[group[row_of_level]] + position
    gain = np.zeros((len(levels.terms), row_ptr[-1]))
    base = np.zeros((len(levels.terms), len(keep)))
    for number in range(len(levels.terms)):
        gain[number] = np.bincount(target, levels.gain[number], minlength=row_ptr[-1])
        base[number] = np.bincount(group, levels.base[number], minlength=len(keep))
    kept_row = np.zeros(levels.rows, dtype=bool)
    kept_row[keep] = True
    kept_level = kept_row[row_of_level]
    sizes = np.diff(levels.level_ptr)
    option = levels.option[np.repeat(kept_level, sizes)]
    level_ptr = np.r_[0, np.cumsum(sizes[kept_level])].astype(np.int64)
    return replace(
        levels,
        row_ptr=row_ptr,
        level_ptr=level_ptr,
        option=option,
        gain=gain,
        base=base,
        must=levels.must[keep],
    )


def _row_keys(levels: Levels) -> NDArray[np.uint64]:
    """(R, 3) fingerprint of the candidates of every row and their levels.

    Two sums of random 64-bit words: the chance that two different rows of a national instance
    share a fingerprint is below 1e-28.
    """
    words = np.random.default_rng(20).integers(1, 2**63, (2, int(levels.option.max()) + 1), dtype=np.uint64)
    sizes = np.diff(levels.level_ptr)
    position = np.arange(len(sizes)) - np.repeat(levels.row_ptr[:-1], np.diff(levels.row_ptr))
    depth = np.repeat(position, sizes).astype(np.uint64) * np.uint64(2) + np.uint64(1)
    starts = levels.level_ptr[levels.row_ptr[:-1]]
    keys = np.empty((levels.rows, 3), dtype=np.uint64)
    for number in range(2):
        mixed = words[number][levels.option] * depth
        mixed ^= mixed >> np.uint64(29)
        keys[:, number] = np.add.reduceat(mixed, starts)
    keys[:, 2] = levels.must
    return keys
