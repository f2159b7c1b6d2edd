"""Parts of a road graph: which nodes can be reached from which, and the graph of some nodes only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from siting.roads.graph import Roads

SHARE = 100
"""A part counts as reachable if it holds one in so many of the connected nodes."""


def starts(roads: Roads) -> NDArray[np.int64]:
    """Where the edges out of each node begin, (V+1,), edges being sorted by tail."""
    found = np.zeros(len(roads.ids) + 1, dtype=np.int64)
    np.cumsum(np.bincount(roads.tail, minlength=len(roads.ids)), out=found[1:])
    return found


def connected(roads: Roads) -> NDArray[np.bool_]:
    """Nodes that have an edge, (V,)."""
    has = np.zeros(len(roads.ids), dtype=bool)
    has[roads.tail] = True
    has[roads.head] = True
    return has


def strong_part(roads: Roads) -> NDArray[np.bool_]:
    """Nodes of the largest part in which every node can be reached from every other, (V,)."""
    part, size = _strong_parts(roads)
    return np.asarray(part == np.argmax(size), dtype=np.bool_)


def reachable(roads: Roads) -> NDArray[np.bool_]:
    """Nodes from which, and to which, enough of the graph can be reached, (V,).

    Those of strongly connected parts that hold at least a hundredth of the connected nodes, or as
    many nodes as the largest part where even that holds fewer. A point that is joined to any other
    part, a broken-off stub or a trap of one-way streets, would be cut off from the rest. Graphs of
    up to a hundred nodes keep every part.
    """
    part, size = _strong_parts(roads)
    has = connected(roads)
    least = min(int(has.sum()) / SHARE, int(size.max(initial=0)))
    return np.asarray(has & (size >= least)[part], dtype=np.bool_)


def subgraph(roads: Roads, keep: NDArray[np.bool_]) -> Roads:
    """The graph of some nodes and the edges between them, both in their order.

    Args:
        roads: the graph.
        keep: (V,) nodes that stay.
    """
    inside = np.flatnonzero(keep[roads.tail] & keep[roads.head])
    number = np.cumsum(keep, dtype=np.int32) - np.int32(1)
    return replace(
        roads,
        ids=roads.ids[keep],
        lat=roads.lat[keep],
        lon=roads.lon[keep],
        tail=number[roads.tail[inside]],
        head=number[roads.head[inside]],
        ms=roads.ms[inside],
        klass=roads.klass[inside],
        metres=roads.metres[inside],
    )


def _strong_parts(roads: Roads) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Strongly connected part of every node, (V,), and how many nodes each holds."""
    size = len(roads.ids)
    ones = np.ones(len(roads.head))  # of the type scipy works with, so that it makes no copy
    matrix = csr_array((ones, roads.head, starts(roads)), shape=(size, size))
    _, part = connected_components(matrix, directed=True, connection="strong")
    return part, np.bincount(part)
