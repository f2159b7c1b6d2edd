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
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from siting.compiled import inner, kernel, part
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.measures.base import NeedMeasure, Term
from siting.response import Responses
from siting.roads.sorting import sort_start

_PAIRS_PER_BLOCK = 1 << 20
"""Pairs whose contributions are in memory at a time."""


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
        need: (R,) the first need of every row, ascending.
        row: (N,) the row that every need has been merged into, -1 for one that no candidate improves.
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
    need: Ints
    row: Longs

    @property
    def rows(self) -> int:
        """Number of rows R."""
        return len(self.must)


def build_levels(responses: Responses, terms: Sequence[Term], apart: Ints | None = None) -> Levels:
    """Cut the table into levels for the given need measures.

    The contributions of the pairs are found block by block, once to see which rows are the same
    and once to write them, so that memory holds hardly more than the result.

    Args:
        responses: the table.
        terms: measures in play; every one must be a need measure.
        apart: (N,) groups; needs of different groups are not merged. None merges all that agree.
    """
    responses = responses.sooner
    base, must = without(responses, terms)
    survey = _survey(responses, terms, base, must)
    needs = np.flatnonzero(survey.pairs).astype(np.int32)
    # Contributions of merged needs add up, which is right for sums alone.
    additive = all(isinstance(term.measure, NeedMeasure) and term.measure.additive for term in terms)
    groups = must[needs] if apart is None else must[needs] + 2 * apart[needs].astype(np.uint64)
    keys = np.column_stack((survey.keys[needs], groups)) if additive else needs[:, None]
    first, group = _groups(keys)
    row_ptr = np.concatenate([[0], np.cumsum(survey.levels[needs[first]])])
    level_ptr = np.zeros(row_ptr[-1] + 1, dtype=np.int64)
    option = np.empty(survey.pairs[needs[first]].sum(), dtype=np.int32)
    gain = np.zeros((len(terms), row_ptr[-1]))
    row = np.full(len(must), -1, dtype=np.int64)
    row[needs] = group
    written = 0
    for start, stop in _blocks(responses.indptr):
        written = _write(
            responses.indptr, responses.option, _contributions(responses, terms, start, stop), base, must,
            start, stop, row, written, row_ptr, level_ptr, option, gain,
        )  # fmt: skip
    untouched = np.ones(base.shape[1], dtype=bool)
    untouched[needs] = False
    untouched[responses.unreachable] = False
    return Levels(
        tuple(terms),
        row_ptr,
        level_ptr,
        option,
        gain,
        np.array([np.bincount(group, one[needs], len(first)) for one in base]).reshape(len(base), len(first)),
        must[needs[first]],
        base[:, untouched].sum(axis=1),
        base[:, untouched].max(axis=1, initial=0.0),
        needs[first],
        row,
    )


def without(responses: Responses, terms: Sequence[Term]) -> tuple[Floats, Flags]:
    """Contribution of every need if nothing is opened (T, N), and where some pair is a must (N,)."""
    everyone = np.arange(len(responses.needs.place), dtype=np.int32)
    base = np.empty((len(terms), len(everyone)))
    must = np.zeros(len(everyone), dtype=bool)
    # Later than twice the slowest known answer: worse than any, and still a valid relaxation.
    late = 2 * int(responses.ms.max(initial=1))
    for number, term in enumerate(terms):
        measure = term.measure
        assert isinstance(measure, NeedMeasure)
        base[number] = np.where(term.scope, measure.base(term, everyone), 0.0)
        lacking = np.isnan(base[number])
        must |= lacking
        base[number, lacking] = measure.penalty(term, everyone[lacking], np.full(int(lacking.sum()), late))
    must[responses.unreachable] = False
    return base, must


def _blocks(indptr: Longs) -> list[tuple[int, int]]:
    """Consecutive needs (first, last) with about ``_PAIRS_PER_BLOCK`` pairs each."""
    goals = np.arange(0, indptr[-1], _PAIRS_PER_BLOCK)
    cuts = np.unique(np.append(np.searchsorted(indptr, goals), len(indptr) - 1))
    return list(pairwise([0, *cuts[cuts > 0].tolist()]))


def _contributions(responses: Responses, terms: Sequence[Term], start: int, stop: int) -> Floats:
    """Contribution of every pair of the needs start:stop, (T, their pairs)."""
    ends = responses.indptr[start : stop + 1]
    row = np.repeat(np.arange(start, stop, dtype=np.int32), np.diff(ends))
    ms = responses.ms[ends[0] : ends[-1]]
    at = np.empty((len(terms), len(row)))
    for number, term in enumerate(terms):
        assert isinstance(term.measure, NeedMeasure)
        at[number] = term.measure.at(term, row, ms)
        if not term.scope[start:stop].all():
            at[number, ~term.scope[row]] = 0.0
    return at


@dataclass(frozen=True, eq=False)
class _Survey:
    """What each need's row will hold.

    Attributes:
        pairs, levels: (N,) int64 how many pairs and levels improve it; for a must all of them.
        keys: (N, 2) uint64 fingerprint of its candidates and their levels.
    """

    pairs: Longs
    levels: Longs
    keys: NDArray[np.uint64]


def _survey(responses: Responses, terms: Sequence[Term], base: Floats, must: Flags) -> _Survey:
    """Look at every need.

    A fingerprint is two sums of random 64-bit words: the chance that two different rows of a
    national instance share one is below 1e-28.
    """
    needs, options = base.shape[1], len(responses.options.site)
    words = np.random.default_rng(20).integers(1, 2**63, (2, options), dtype=np.uint64)
    survey = _Survey(
        np.zeros(needs, dtype=np.int64),
        np.zeros(needs, dtype=np.int64),
        np.zeros((needs, 2), dtype=np.uint64),
    )
    for start, stop in _blocks(responses.indptr):
        _look(
            responses.indptr, responses.option, _contributions(responses, terms, start, stop), base, must,
            start, stop, words, survey.pairs, survey.levels, survey.keys,
        )  # fmt: skip
    return survey


def _groups(keys: NDArray[np.generic]) -> tuple[Longs, Longs]:
    """Equal rows of keys (R, K): the first of each, in order, and (R,) the number of each row's group."""
    order = np.lexsort(keys.T)
    opens = np.ones(len(order), dtype=bool)
    opens[1:] = np.any(keys[order[1:]] != keys[order[:-1]], axis=1)
    leader = order[opens]  # the sort is stable: the first of its group
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.argsort(np.argsort(leader))[np.cumsum(opens) - 1]
    return np.sort(leader), group


@kernel
def _look(indptr, option, at, base, must, start, stop, words, pairs, levels, keys):  # type: ignore[no-untyped-def]
    """Fill in the survey of the needs start:stop, whose pairs contribute ``at``."""
    offset = indptr[start]
    for need in range(start, stop):
        last = -1
        for pair in range(indptr[need], indptr[need + 1]):
            if not _counts(at, base, must, need, pair - offset):
                continue
            if last < 0 or _differ(at, last, pair - offset):
                levels[need] += 1
            last = pair - offset
            pairs[need] += 1
            depth = np.uint64(2 * levels[need] - 1)
            for word in range(2):
                mixed = words[word, option[pair]] * depth
                keys[need, word] += mixed ^ (mixed >> np.uint64(29))


@kernel
def _write(  # type: ignore[no-untyped-def]
    indptr, option, at, base, must, start, stop, row, written, row_ptr, level_ptr, option_out, gain
):
    """Write the rows that the needs start:stop open and add up what they share; ``written`` rows are there.

    Returns the number of rows written then. level_ptr[k + 1] is where level k ends.
    """
    offset = indptr[start]
    longest = 0
    for need in range(start, stop):
        longest = max(longest, indptr[need + 1] - indptr[need])
    keys = np.empty(longest, np.int64)
    spare = np.empty(longest, np.int64)
    for need in range(start, stop):
        into = row[need]
        if into < 0:
            continue
        opens = into == written
        level = row_ptr[into] - 1
        end = level_ptr[row_ptr[into]]
        last = -1
        for pair in range(indptr[need], indptr[need + 1]):
            if not _counts(at, base, must, need, pair - offset):
                continue
            if last < 0 or _differ(at, last, pair - offset):
                if opens and last >= 0:
                    _end_level(option_out, level_ptr, level, end, keys, spare)
                level += 1
                for term in range(len(at)):
                    gain[term, level] += at[term, pair - offset]
            last = pair - offset
            if opens:
                option_out[end] = option[pair]
                end += 1
        if opens:
            _end_level(option_out, level_ptr, level, end, keys, spare)
            written += 1
    return written


@inner
def _end_level(option_out, level_ptr, level, end, keys, spare):  # type: ignore[no-untyped-def]
    """Note where a level ends, and sort its options."""
    level_ptr[level + 1] = end
    begun = level_ptr[level]
    for k in range(end - begun):
        keys[k] = option_out[begun + k]
    sort_start(keys, spare, end - begun)
    for k in range(end - begun):
        option_out[begun + k] = keys[k]


@part
def _counts(at, base, must, need, pair):  # type: ignore[no-untyped-def]
    """Whether a pair improves the need in some term, or the need is a must."""
    counts = must[need]
    for term in range(len(at)):
        counts |= at[term, pair] != base[term, need]
    return counts


@part
def _differ(at, one, other):  # type: ignore[no-untyped-def]
    """Whether two pairs of a need contribute differently to some term."""
    differ = False
    for term in range(len(at)):
        differ |= at[term, one] != at[term, other]
    return differ
