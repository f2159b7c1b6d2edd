"""Work in blocks on several cores: the one place that decides on how many.

Blocks are cut by the data alone and their results come back in order, so that nothing depends on
the number of threads. It pays for work that lets go of the interpreter: numba kernels with
``nogil``, and numpy on large arrays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Block = TypeVar("Block")
Answer = TypeVar("Answer")


def cores(threads: int | None = None) -> int:
    """Threads to use: those asked for, at least one; None for all cores of this machine."""
    return max(1, threads or os.cpu_count() or 1)


def in_blocks(
    work: Callable[[Block], Answer], blocks: Sequence[Block], threads: int | None = None
) -> list[Answer]:
    """The answer of every block, in the order of the blocks.

    Args:
        work: called once per block, from any thread.
        blocks: what to work on.
        threads: see :func:`cores`.
    """
    count = min(cores(threads), len(blocks))
    if count <= 1:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, blocks))
