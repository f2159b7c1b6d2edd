"""Roads of known length against the straight line between their ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from siting.instance import Instance
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.instance.coordinates import SLACK
from siting.roads.snap import metres

ROUNDING_M = 100
"""Coordinates with two to four decimals put the straight line off by up to this."""


@dataclass(frozen=True)
class Lengths:
    """N road edges of known length whose ends have coordinates.

    Attributes:
        edge: (N,) number among the edges of the roads.
        tail, head: (N,) nodes.
        lat, lon: (V,) degrees of the nodes.
        km: (N,) length.
        straight: (N,) metres of the straight line between the ends.
        limit: (N,) metres beyond which the straight line contradicts the length.
        short: (N,) True where it does.
    """

    edge: Longs
    tail: Ints
    head: Ints
    lat: Floats
    lon: Floats
    km: Floats
    straight: Floats
    limit: Floats
    short: Flags

    @cached_property
    def swapped(self) -> int:
        """How many straight lines contradict the length with latitude and longitude swapped everywhere."""
        lat, lon = self.lat, self.lon
        straight = metres(lon[self.tail], lat[self.tail], lon[self.head], lat[self.head])
        return int((straight > self.limit).sum())

    @cached_property
    def misplaced(self) -> Flags:
        """(V+1,) nodes with two roads or more, all too short; the last one, for no node, is False."""
        size = len(self.lat) + 1
        one, two = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)
        _, road = np.unique(one.astype(np.int64) * size + two, return_index=True)
        count, short = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        for end in (one[road], two[road]):
            count += np.bincount(end, minlength=size)
            short += np.bincount(end[self.short[road]], minlength=size)
        return np.asarray((count >= 2) & (short == count))

    @cached_property
    def all_swapped(self) -> bool:
        """Whether a fifth of the roads are too short as things are, and hardly any once all is swapped."""
        short = int(self.short.sum())
        return bool(short >= 3 and short >= len(self.km) / 5 and self.swapped <= short / 5)


def measure(instance: Instance, real: Flags) -> Lengths | None:
    """The lengths of an instance, None where it has none.

    Args:
        instance: the data.
        real: (E,) edges that are roads, not links of snapped sites to them.
    """
    roads = instance.roads
    if roads is None:
        return None
    known = np.isfinite(roads.lat) & np.isfinite(roads.lon)
    edge = np.flatnonzero((roads.metres >= 0) & known[roads.tail] & known[roads.head] & real)
    if not len(edge):
        return None
    a, b = roads.tail[edge], roads.head[edge]
    lat, lon, km = roads.lat, roads.lon, roads.metres[edge].astype(np.float64) / 1000
    limit = np.asarray(1000 * SLACK * km + ROUNDING_M)
    straight = metres(lat[a], lon[a], lat[b], lon[b])
    return Lengths(edge, a, b, lat, lon, km, straight, limit, straight > limit)
