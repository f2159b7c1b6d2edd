"""Work in blocks on several cores: the one place that decides on how many.

Blocks are cut by the data alone and their results come back in order, so that nothing depends on
the number of threads. It pays for work that lets go of the interpreter: numba kernels with
``nogil``, and numpy on large arrays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Block = TypeVar("Block")
Answer = TypeVar("Answer")


def cores(threads: int | None = None) -> int:
    """Threads to use: those asked for, at least one; None for all cores of this machine."""
    return max(1, threads or os.cpu_count() or 1)


def in_blocks(
    work: Callable[[Block], Answer], blocks: Sequence[Block], threads: int | None = None, kernel: Any = None
) -> list[Answer]:
    """The answer of every block, in the order of the blocks.

    Args:
        work: called once per block, from any thread.
        blocks: what to work on.
        threads: see :func:`cores`.
        kernel: a compiled function that ``work`` calls. When it is not compiled yet, the first block
            is worked on by the calling thread, whose compilations are announced.
    """
    count = min(cores(threads), len(blocks))
    if count <= 1:
        return [work(block) for block in blocks]
    ahead = 1 if kernel is not None and not kernel.signatures else 0
    answers = [work(block) for block in blocks[:ahead]]
    with ThreadPoolExecutor(count) as pool:
        return answers + list(pool.map(work, blocks[ahead:]))
