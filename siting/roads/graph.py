"""The directed road graph as arrays; networkx is the interface in and out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siting.errors import Complaint, InstanceError

if TYPE_CHECKING:
    import networkx as nx

MAX_MS = 2**31 - 1
"""Longest travel time in milliseconds that int32 holds."""

MAX_METRES = 2**31 - 1
"""Longest distance in metres that int32 holds."""

_LISTED = 20


@dataclass(frozen=True)
class Roads:
    """A directed road graph of V nodes and E edges.

    Attributes:
        ids: (V,) node ids as text.
        lat, lon: (V,) degrees, WGS 84.
        tail, head: (E,) int32 node indices; a two-way road is two edges.
        ms: (E,) int32 car travel time in milliseconds, > 0.
        classes: names of road classes, may be empty.
        klass: (E,) int16 index into ``classes``, -1 where unknown.
        metres: (E,) int32 length in metres, -1 where unknown.
    """

    ids: NDArray[np.object_]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    ms: NDArray[np.int32]
    classes: tuple[str, ...]
    klass: NDArray[np.int16]
    metres: NDArray[np.int32]


def fastest(tail: NDArray[np.int32], head: NDArray[np.int32], ms: NDArray[np.int32]) -> NDArray[np.intp]:
    """Positions of the fastest of parallel edges, sorted by (tail, head); of equals the first.

    Args:
        tail, head, ms: (N,) directed edges.
    """
    order = np.lexsort((ms, head, tail))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
    return order[new]


def from_networkx(graph: nx.Graph[Any]) -> Roads:
    """Take a road graph as osmnx makes it.

    Args:
        graph: node attributes ``y`` and ``x`` (latitude and longitude in degrees) and edge
            attribute ``travel_time`` in seconds, > 0; an optional ``length`` is metres, an optional
            ``highway`` the road class. An undirected graph is a two-way street everywhere. Of
            parallel edges the fastest counts, with its own length; edges from a node to itself are
            left out.

    Returns:
        The graph with node ids as text, edges sorted by (tail, head).

    Raises:
        InstanceError: complete list of nodes and edges with missing or impossible attributes.
    """
    import networkx as nx  # here, since it takes a fifth of a second that most commands do not need

    if not isinstance(graph, nx.Graph):
        raise InstanceError(Complaint("graph", f"must be a networkx graph, not {type(graph).__name__}"))
    complaints: list[Complaint] = []
    ids = np.array([str(node).strip() for node in graph.nodes], dtype=object)
    if len(set(ids)) < len(ids):
        complaints.append(Complaint("graph", "two nodes have the same id once written as text"))
    lat = _degrees(graph, "y", 90, complaints)
    lon = _degrees(graph, "x", 180, complaints)
    index = {node: position for position, node in enumerate(graph.nodes)}
    edges = [(index[a], index[b]) for a, b in graph.edges()]
    ends = np.array(edges, dtype=np.int32).reshape(-1, 2)
    ms = _milliseconds(graph, complaints)
    metres = _metres(graph, complaints)
    if not (ends[:, 0] != ends[:, 1]).any():
        complaints.append(Complaint("graph", "has no edge between two different nodes"))
    if complaints:
        raise InstanceError(complaints)
    names = [_word(data.get("highway")) for *_, data in graph.edges(data=True)]
    classes = tuple(sorted({name for name in names if name}))
    place = {name: position for position, name in enumerate(classes)}
    klass = np.array([place.get(name, -1) for name in names], dtype=np.int16)
    tail, head = ends[:, 0], ends[:, 1]
    if not graph.is_directed():
        tail, head = np.concatenate((tail, head)), np.concatenate((head, tail))
        ms, klass, metres = np.tile(ms, 2), np.tile(klass, 2), np.tile(metres, 2)
    apart = np.flatnonzero(tail != head)
    keep = apart[fastest(tail[apart], head[apart], ms[apart])]
    return Roads(ids, lat, lon, tail[keep], head[keep], ms[keep], classes, klass[keep], metres[keep])


def to_networkx(roads: Roads) -> nx.DiGraph[str]:
    """The graph for networkx: node attributes ``y``, ``x``; edge attributes ``ms`` and
    ``travel_time`` (seconds), ``length`` (metres) where it is known, and ``highway`` where the road
    class is.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    for node, y, x in zip(roads.ids, roads.lat.tolist(), roads.lon.tolist(), strict=True):
        graph.add_node(node, y=y, x=x)
    edges = zip(
        roads.tail, roads.head, roads.ms.tolist(), roads.klass.tolist(), roads.metres.tolist(), strict=True
    )
    for tail, head, ms, klass, metres in edges:
        known: dict[str, object] = {"highway": roads.classes[klass]} if klass >= 0 else {}
        if metres >= 0:
            known["length"] = metres
        graph.add_edge(roads.ids[tail], roads.ids[head], ms=ms, travel_time=ms / 1000, **known)
    return graph


def _degrees(graph: nx.Graph[Any], key: str, limit: int, complaints: list[Complaint]) -> NDArray[np.float64]:
    """A coordinate of every node, (V,)."""
    values = np.array([_real(value) for _, value in graph.nodes(data=key)], dtype=np.float64)
    bad = np.flatnonzero(~(np.abs(values) <= limit))
    what = f"must be degrees between {-limit} and {limit}; reproject the graph to EPSG:4326"
    found = ((f"node {node!r}", value) for node, value in graph.nodes(data=key))
    complaints += _first_few(found, bad, key, what)
    return values


def _milliseconds(graph: nx.Graph[Any], complaints: list[Complaint]) -> NDArray[np.int32]:
    """Travel time of every edge in ms, (N,)."""
    key = "travel_time"
    values = [data.get(key) for *_, data in graph.edges(data=True)]
    ms = np.rint(np.array([_real(value) for value in values], dtype=np.float64) * 1000)
    bad = np.flatnonzero(~((ms >= 1) & (ms <= MAX_MS)))
    what = f"must be seconds between 0.001 and {MAX_MS // 1000:,}"
    complaints += _first_few(_edges(graph, key), bad, key, what)
    ms[bad] = 1
    return ms.astype(np.int32)


def _metres(graph: nx.Graph[Any], complaints: list[Complaint]) -> NDArray[np.int32]:
    """Length of every edge in metres, (N,), -1 where it has none."""
    key = "length"
    values = [data.get(key) for *_, data in graph.edges(data=True)]
    metres = np.rint(np.array([-1.0 if one is None else _real(one) for one in values], dtype=np.float64))
    none = np.array([one is None for one in values], dtype=bool)
    bad = np.flatnonzero(~none & ~((metres >= 0) & (metres <= MAX_METRES)))
    complaints += _first_few(
        _edges(graph, key), bad, key, f"must be metres between 0 and {MAX_METRES:,}, or left out"
    )
    metres[bad] = -1
    return metres.astype(np.int32)


def _edges(graph: nx.Graph[Any], key: str) -> Iterable[tuple[str, object]]:
    """Words for every edge, and one of its attributes."""
    for tail, head, data in graph.edges(data=True):
        yield f"edge ({tail!r}, {head!r})", data.get(key)


def _first_few(
    found: Iterable[tuple[str, object]], bad: NDArray[np.intp], key: str, what: str
) -> list[Complaint]:
    """Complaints about the first 20 bad attributes, and how many more there are."""
    if not len(bad):
        return []
    chosen = set(bad[:_LISTED].tolist())
    complaints = [
        Complaint("graph", f"{words}: {'missing' if value is None else repr(value)}; {what}", column=key)
        for position, (words, value) in enumerate(found)
        if position in chosen
    ]
    if len(bad) > _LISTED:
        complaints.append(Complaint("graph", f"... and {len(bad) - _LISTED:,} more like these", column=key))
    return complaints


def _real(value: object) -> float:
    """A number as float; NaN for anything that is not one, text included."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(value)
    return float("nan")


def _word(value: object) -> str:
    """A road class; osmnx gives a list where merged edges differ: the first counts."""
    if isinstance(value, list | tuple) and value:
        value = value[0]
    return value if isinstance(value, str) else ""
