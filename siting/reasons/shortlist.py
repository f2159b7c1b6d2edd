"""Which candidates may take the place of a site at all, the most promising first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.reasons.rooms import Rooms


class Shortlist:
    """Candidates grouped by the limits that keep them out, each group in the order of what they bring.

    A limit that keeps out a candidate gives way only if the site that goes takes part in it: of most
    groups nobody needs to look at a single member.
    """

    def __init__(self, rooms: Rooms, options: Ints, worth: Floats) -> None:
        """Set up.

        Args:
            rooms: the limits on openings.
            options: (X,) candidates.
            worth: (O, M) what opening each option brings, signed so that more is better.
        """
        self._free: list[Ints] = []
        self._behind: dict[int, list[tuple[set[int], Ints]]] = {}
        order = np.lexsort((options, *(-worth[::-1, options]), rooms.key[options]))
        ranked = options[order]
        ends = np.flatnonzero(np.diff(rooms.key[ranked])) + 1
        for group in np.split(ranked, ends):
            if not len(group):
                continue
            limits = rooms.breaking(int(group[0]))
            if limits:
                narrowest = min(limits, key=rooms.size)
                self._behind.setdefault(narrowest, []).append((set(limits), group))
            else:
                self._free.append(group)

    def groups(self, limits: list[int]) -> Iterator[Ints]:
        """Groups whose every limit is among those that the site that goes takes part in."""
        yield from self._free
        for number in limits:
            for needed, group in self._behind.get(number, ()):
                if needed.issubset(limits):
                    yield group
