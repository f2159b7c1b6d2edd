"""Points beside the roads: joined to the nearest edge or junction by a walk-in link."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siting.roads.feet import WALK_IN as WALK_IN
from siting.roads.feet import Feet, find_feet
from siting.roads.graph import MAX_MS, Roads
from siting.roads.snap import Floats, lowest_id, metres, with_nodes

Nodes = NDArray[np.int32]
Longs = NDArray[np.int64]
Texts = NDArray[np.object_]
Flags = NDArray[np.bool_]

Edges = tuple[Nodes, Nodes, Nodes, NDArray[np.int16], Nodes, Nodes]
"""Tail, head, ms, class, metres and parent of edges."""


@dataclass(frozen=True)
class Names:
    """What new nodes are called whose ids are whole numbers.

    Attributes:
        below: the first new node has the id ``below - 1``, the next ``below - 2``, and so on.
        texts: (M,) the id of each as text.
    """

    below: int
    texts: Texts

    def of(self, ids: Longs) -> Texts:
        """Ids of nodes of the graph, or of any made from it, as (K,) text."""
        found = ids.astype(str).astype(object)
        new = ids < self.below
        found[new] = self.texts[self.below - 1 - ids[new]]
        return found


@dataclass(frozen=True)
class Attached:
    """A road graph with N points joined to it by links of class :data:`WALK_IN`.

    Attributes:
        roads: the graph. Its last nodes are new: points, then feet of points on edges.
        names: of the new nodes, whose ids are whole numbers where those of the graph are.
        node: (N,) node of each point.
        snap_m: (N,) metres of the straight line from each point to the roads.
        parent: (E,) edge of the original graph that each edge is, or is a part of; -1 for links.
    """

    roads: Roads
    names: Names
    node: Nodes
    snap_m: Floats
    parent: Nodes


def attach(
    roads: Roads,
    ids: Texts,
    lat: Floats,
    lon: Floats,
    kmh: float,
    usable: Flags,
    drawn: Flags | None = None,
) -> Attached:
    """Give points nodes of their own, and link each to the nearest edge or junction.

    The ids of ``roads`` may be whole numbers, as those of OpenStreetMap are. Then those of the new
    nodes are too, counting down from the lowest there is (from 0 if none is negative), and
    ``attached.names.of(graph.ids)`` gives the ids of a graph made from this one (a part of it, or a
    simplified one) as text.

    Args:
        roads: edges sorted by (tail, head), none from a node to itself, none parallel.
        ids: (N,) ids of the points as text, new to the graph.
        lat, lon: (N,) degrees, finite.
        kmh: speed on the links.
        usable, drawn: see :func:`siting.roads.feet.find_feet`; some node must be usable.

    Returns:
        The graph with the points; see :func:`join`.
    """
    feet = find_feet(roads, lat, lon, usable, drawn)
    node = len(roads.ids) + np.arange(len(ids), dtype=np.int32)
    joined = join(with_nodes(roads, ids, lat, lon), node, feet, kmh, ids)
    names = Names(lowest_id(roads), np.concatenate((ids, joined.names.texts)))
    return replace(joined, names=names)


def join(roads: Roads, node: Nodes, feet: Feet, kmh: float, ids: Texts) -> Attached:
    """Link nodes without edges to their feet, there and back in a straight line.

    An edge is split at the feet on it, the edge back at the same. Its ms are shared out in
    proportion, at least one to each part, and so are its metres; feet nearer to each other than a
    ms share a node. A foot is called after its first point: ``p@road``.

    Args:
        roads: the graph, with the nodes.
        node: (N,) the nodes.
        feet: (N,) their feet on ``roads``.
        kmh: speed on the links; each takes at least a ms.
        ids: (N,) ids of the nodes as text.
    """
    cut = np.flatnonzero(feet.edge >= 0)
    edge, back = feet.edge[cut], feet.back[cut]
    whole = np.where(back >= 0, np.minimum(roads.ms[edge], roads.ms[back]), roads.ms[edge]).astype(np.int64)
    slot = np.clip(np.rint(feet.share[cut] * whole).astype(np.int64), 1, whole - 1)
    order = np.lexsort((slot, edge))
    new = (np.diff(edge[order], prepend=-1) != 0) | (np.diff(slot[order], prepend=-1) != 0)
    first = order[new]
    foot = len(roads.ids) + np.arange(len(first), dtype=np.int32)
    to = feet.node.copy()
    to[cut[order]] = foot[np.cumsum(new) - 1]
    called = _free(roads, ids[cut[first]] + "@road")
    grown = with_nodes(roads, called, feet.lat[cut[first]], feet.lon[cut[first]])
    snap_m = metres(grown.lat[node], grown.lon[node], grown.lat[to], grown.lon[to])
    if len(node) and WALK_IN not in roads.classes:
        grown = replace(grown, classes=(*roads.classes, WALK_IN))
    edge, back, whole, slot = edge[first], back[first], whole[first], slot[first]
    two = np.flatnonzero(back >= 0)[::-1]
    parts = (
        _split(roads, edge, slot, whole, foot),
        _split(roads, back[two], (whole - slot)[two], whole[two], foot[two]),
        _links(grown, node, to, snap_m, kmh),
    )
    linked, parent = _exchange(grown, np.concatenate((edge, back[two])), parts)
    return Attached(linked, Names(lowest_id(roads), called), node, snap_m, parent)


def _free(roads: Roads, wanted: Texts) -> Texts:
    """The wanted ids, longer where the graph has them already."""
    if roads.ids.dtype == object and len(wanted):
        taken = set(roads.ids.tolist())
        for number, name in enumerate(wanted.tolist()):
            while name in taken:
                name += "@road"
            wanted[number] = name
            taken.add(name)
    return wanted


def _split(roads: Roads, edge: Nodes, slot: Longs, whole: Longs, foot: Nodes) -> Edges:
    """Parts of edges, each cut at one or more feet.

    Args:
        roads: the graph.
        edge: (F,) the edge of each foot, those of one edge in a row and in order along it.
        slot, whole: (F,) the foot is at slot / whole of the edge, 0 < slot < whole <= ms of it.
        foot: (F,) node of the foot.
    """
    first, last = np.diff(edge, prepend=-1) != 0, np.diff(edge, append=-1) != 0
    # Rounded half up: as slots are whole and no more than the ms, so no two get the same.
    ratio, rest = np.divmod(roads.ms[edge].astype(np.int64), whole)
    at_ms = slot * ratio + (2 * slot * rest + whole) // (2 * whole)
    at_m = np.rint(slot / whole * roads.metres[edge]).astype(np.int64)
    tail = np.where(first, roads.tail[edge], np.roll(foot, 1))
    ms = at_ms - np.where(first, 0, np.roll(at_ms, 1))
    length = at_m - np.where(first, 0, np.roll(at_m, 1))
    end = edge[last]
    parent = np.concatenate((edge, end))
    length = np.concatenate((length, roads.metres[end] - at_m[last]))
    return (
        np.concatenate((tail, foot[last])).astype(np.int32),
        np.concatenate((foot, roads.head[end])).astype(np.int32),
        np.concatenate((ms, roads.ms[end] - at_ms[last])).astype(np.int32),
        roads.klass[parent],
        np.where(roads.metres[parent] < 0, -1, length).astype(np.int32),
        parent.astype(np.int32),
    )


def _links(roads: Roads, node: Nodes, to: Nodes, snap_m: Floats, kmh: float) -> Edges:
    """Edges between nodes and their feet, there and back."""
    size = 2 * len(node)
    ms = np.clip(np.rint(snap_m / kmh * 3_600), 1, MAX_MS).astype(np.int32)
    return (
        np.concatenate((node, to)),
        np.concatenate((to, node)),
        np.tile(ms, 2),
        np.full(size, roads.classes.index(WALK_IN) if size else -1, dtype=np.int16),
        np.tile(np.rint(snap_m).astype(np.int32), 2),
        np.full(size, -1, dtype=np.int32),
    )


def _exchange(roads: Roads, gone: Nodes, parts: tuple[Edges, ...]) -> tuple[Roads, Nodes]:
    """The graph without some edges and with others, still sorted, and the parents of its edges."""
    tail, head, ms, klass, length, parent = (np.concatenate(column) for column in zip(*parts, strict=True))
    size = len(roads.ids)
    order = np.lexsort((head, tail))
    stays = np.ones(len(roads.tail), dtype=bool)
    stays[gone] = False
    keys = roads.tail[stays].astype(np.int64) * size + roads.head[stays]
    place = np.searchsorted(keys, (tail.astype(np.int64) * size + head)[order])
    del keys  # as large as all the rest

    def merged(old: Nodes, new: Nodes) -> Nodes:
        return np.insert(old[stays], place, new[order])

    changed = replace(
        roads,
        tail=merged(roads.tail, tail),
        head=merged(roads.head, head),
        ms=merged(roads.ms, ms),
        klass=np.insert(roads.klass[stays], place, klass[order]),
        metres=merged(roads.metres, length),
    )
    return changed, merged(np.arange(len(stays), dtype=np.int32), parent)
