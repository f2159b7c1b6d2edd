"""A sort for short arrays inside numba kernels, where numpy's own takes seconds to compile."""

from __future__ import annotations

from siting.compiled import inner

_RUN = 24
"""Up to this length insertion is fastest; longer arrays are merged from runs of it."""


@inner
def sort_start(keys, spare, size):  # type: ignore[no-untyped-def]
    """Sort keys[:size] in place; ``spare`` is room for as many."""
    for run in range(0, size, _RUN):
        for k in range(run + 1, min(run + _RUN, size)):
            key = keys[k]
            j = k
            while j > run and keys[j - 1] > key:
                keys[j] = keys[j - 1]
                j -= 1
            keys[j] = key
    width = _RUN
    while width < size:
        for low in range(0, size - width, 2 * width):
            middle = low + width
            high = min(middle + width, size)
            if keys[middle - 1] <= keys[middle]:
                continue
            for k in range(width):
                spare[k] = keys[low + k]
            i = 0
            j = middle
            k = low
            while i < width and j < high:
                if spare[i] <= keys[j]:
                    keys[k] = spare[i]
                    i += 1
                else:
                    keys[k] = keys[j]
                    j += 1
                k += 1
            while i < width:
                keys[k] = spare[i]
                i += 1
                k += 1
        width *= 2
