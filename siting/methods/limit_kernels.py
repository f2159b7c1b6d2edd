"""Checks of limits in the loops of the search for plans, compiled by numba."""

from __future__ import annotations

from siting.compiled import inner

ROOM = 1e-12
"""Relative room for sums of costs in doubles when a limit is compared: a cent of a milliard is more."""


@inner
def swap_fits(use, room, used, a, b):  # type: ignore[no-untyped-def]
    """Whether opening a and closing b (-1: none) keeps every limit."""
    for k in range(len(use)):
        after = used[k] + use[k, a] - (use[k, b] if b >= 0 else 0.0)
        if after > room[k] + ROOM * abs(room[k]):
            return False
    return True


@inner
def groups_fit(limits, member, amount, room, used, a, b):  # type: ignore[no-untyped-def]
    """Whether opening a and closing b (-1: none) keeps every group limit; they come after ``limits``."""
    for f in range(len(member)):
        k = limits + member[f, a]
        if k >= limits:
            freed = amount[f, b] if b >= 0 and member[f, b] == member[f, a] else 0.0
            if used[k] + amount[f, a] - freed > room[k] + ROOM * abs(room[k]):
                return False
    return True


@inner
def spend(use, member, amount, used, j, sign):  # type: ignore[no-untyped-def]
    """Add column j to what a plan uses of limits and group limits, or take it away."""
    limits = len(use)
    for k in range(limits):
        used[k] += sign * use[k, j]
    for f in range(len(member)):
        if member[f, j] >= 0:
            used[limits + member[f, j]] += sign * amount[f, j]
