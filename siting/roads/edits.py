"""Changes to a road graph: edges found, added and taken out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siting.roads.graph import Roads, fastest


def find_edges(roads: Roads, tail: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.int64]:
    """Position of the edges tail -> head, (N,); -1 where there is none.

    Args:
        roads: edges sorted by (tail, head), as every graph of an instance is.
        tail, head: (N,) node indices, -1 for an unknown node.
    """
    size = len(roads.ids)
    keys = np.append(roads.tail.astype(np.int64) * size + roads.head, -1)
    wanted = tail.astype(np.int64) * size + head
    at = np.searchsorted(keys[:-1], wanted)
    return np.where((tail >= 0) & (head >= 0) & (keys[at] == wanted), at, -1)


def with_edges(roads: Roads, new: Roads) -> Roads:
    """The graph with the edges and classes of another on the same nodes; of parallel edges the
    fastest counts, of equals the older.

    Args:
        roads: the graph.
        new: its ``classes`` begin with those of the graph; its edges may come in any order.
    """
    tail, head = np.concatenate((roads.tail, new.tail)), np.concatenate((roads.head, new.head))
    ms = np.concatenate((roads.ms, new.ms))
    keep = fastest(tail, head, ms)
    return replace(
        roads,
        tail=tail[keep],
        head=head[keep],
        ms=ms[keep],
        classes=new.classes,
        klass=np.concatenate((roads.klass, new.klass))[keep],
        metres=np.concatenate((roads.metres, new.metres))[keep],
    )


def without_edges(roads: Roads, gone: NDArray[np.bool_]) -> Roads:
    """The graph without the edges where ``gone`` (E,) is True; all its nodes stay."""
    return replace(
        roads,
        tail=roads.tail[~gone],
        head=roads.head[~gone],
        ms=roads.ms[~gone],
        klass=roads.klass[~gone],
        metres=roads.metres[~gone],
    )
