"""Pairs found source by source, turned into rows of needs sorted by time, in linear passes.

A counting sort by need, then a sort by (time, option) within each short row: several times faster
than sorting all pairs at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from siting.compiled import kernel
from siting.parallel import in_blocks
from siting.roads.sorting import sort_start
from siting.roads.times import Reached

_PAIRS_PER_BLOCK = 1 << 20
"""Pairs whose rows one thread sorts at a time."""


@dataclass(eq=False)
class Found:
    """The pairs of one service, listed by option.

    Attributes:
        blocks: what the options' sites reach; emptied by :func:`rows_of`, to free their memory.
        option: (K,) int32 option number of every source, ascending.
        at_ptr: (V+1,) int64; at node v stand the needs need[at_ptr[v]:at_ptr[v+1]].
        need: (P,) int32 needs by node.
    """

    blocks: list[Reached]
    option: NDArray[np.int32]
    at_ptr: NDArray[np.int64]
    need: NDArray[np.int32]


def rows_of(
    found: list[Found], needs: int, threads: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """The pairs of all services by need.

    Args:
        found: per service; their needs must differ.
        needs: number N of needs.
        threads: see :func:`siting.parallel.cores`; the answer is the same for any number.

    Returns:
        indptr (N+1,) int64, option (Z,) int32 and ms (Z,) int32; within a need by ms, then option.
    """
    indptr = np.zeros(needs + 1, dtype=np.int64)
    for part in found:
        for block in part.blocks:
            _count(block.nodes, part.at_ptr, part.need, indptr)
    np.cumsum(indptr, out=indptr)
    option, ms = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.int32)
    place = indptr[:-1].copy()
    for part in found:
        part.blocks.reverse()
        while part.blocks:
            block = part.blocks.pop()
            names = part.option[block.first : block.first + len(block.ends)]
            _scatter(block.ends, block.nodes, block.ms, names, part.at_ptr, part.need, place, option, ms)
    goals = np.arange(0, len(ms), _PAIRS_PER_BLOCK)
    cuts = np.unique(np.append(np.searchsorted(indptr, goals), needs))
    blocks = list(pairwise(cuts.tolist()))
    in_blocks(lambda rows: _sort_rows(indptr, option, ms, *rows), blocks, threads, _sort_rows)
    return indptr, option, ms


@kernel
def _count(nodes, at_ptr, need, count):  # type: ignore[no-untyped-def]
    """Add one to count[i + 1] for every pair of need i."""
    for pair in range(len(nodes)):
        node = nodes[pair]
        for p in range(at_ptr[node], at_ptr[node + 1]):
            count[need[p] + 1] += 1


@kernel
def _scatter(ends, nodes, ms, names, at_ptr, need, place, option, ms_out):  # type: ignore[no-untyped-def]
    """Append the pairs of one block to the rows of their needs; ``place`` is where each row ends."""
    pair = 0
    for s in range(len(ends)):
        name = names[s]
        while pair < ends[s]:
            node = nodes[pair]
            for p in range(at_ptr[node], at_ptr[node + 1]):
                to = place[need[p]]
                option[to] = name
                ms_out[to] = ms[pair]
                place[need[p]] = to + 1
            pair += 1


@kernel
def _sort_rows(indptr, option, ms, first, last):  # type: ignore[no-untyped-def]
    """Sort the rows first:last by (ms, option)."""
    longest = 0
    for row in range(first, last):
        longest = max(longest, indptr[row + 1] - indptr[row])
    here = np.empty(longest, np.int64)
    spare = np.empty(longest, np.int64)
    for row in range(first, last):
        start = indptr[row]
        size = indptr[row + 1] - start
        for k in range(size):
            here[k] = (np.int64(ms[start + k]) << 32) | option[start + k]
        sort_start(here, spare, size)
        for k in range(size):
            option[start + k] = here[k] & 0xFFFFFFFF
            ms[start + k] = here[k] >> 32


@kernel
def first_open(indptr, option, ms, is_open, serves, arrives):  # type: ignore[no-untyped-def]
    """Where a row holds an open option, write the first one and its ms to serves and arrives (N,)."""
    for row in range(len(indptr) - 1):
        for pair in range(indptr[row], indptr[row + 1]):
            if is_open[option[pair]]:
                serves[row] = option[pair]
                arrives[row] = ms[pair]
                break
