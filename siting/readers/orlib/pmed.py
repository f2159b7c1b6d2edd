"""Uncapacitated p-median files: ``n m p``, then m undirected edges ``i j length``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from siting.errors import InstanceError
from siting.instance.arrays import Floats, Longs
from siting.readers.orlib.benchmark import Benchmark, check_medians, of_scale, places_table, scale_of
from siting.readers.orlib.known import in_list, in_own_file
from siting.readers.orlib.text import Numbers

MOST_NODES = 1_000_000
"""Most nodes of a network."""

_HEAD, _EDGE = 3, 3


def misfit(numbers: Numbers) -> str | None:
    """Why the numbers are no p-median file, or None."""
    if len(numbers) < _HEAD or not all(float(one).is_integer() for one in numbers.values[:_HEAD]):
        return "it begins with three whole numbers: nodes, edges, p"
    nodes, edges, _ = (int(one) for one in numbers.values[:_HEAD])
    if nodes < 1 or edges < 0 or len(numbers) != _HEAD + _EDGE * edges:
        need = f"{_HEAD + _EDGE * max(0, edges):,} numbers, and there are {len(numbers):,}"
        return f"a network of {nodes:,} nodes and {edges:,} edges takes {need}"
    return None


def benchmark(numbers: Numbers, path: Path, medians: int | None) -> Benchmark:
    """The problem as roads between places.

    Args:
        numbers: of the file, which :func:`misfit` has passed.
        path: the file.
        medians: how many to open instead of the number in the file.

    Raises:
        InstanceError: nodes that do not exist, lengths that are not above 0, a wrong p.
    """
    where = numbers.where
    nodes = numbers.whole(0, 1, "number of nodes")
    edges = numbers.whole(1, 1, "number of edges")
    if nodes > MOST_NODES:
        raise InstanceError(numbers.complaint(0, f"{nodes:,} nodes; read are up to {MOST_NODES:,}"))
    stated = medians is None
    if medians is None:
        medians = check_medians(numbers.whole(2, 1, "p"), nodes, where, numbers.line(2))
    else:
        medians = check_medians(medians, nodes, where)
    low, high, length = _network(numbers, nodes, edges)
    scale = scale_of(_longest(nodes, low, high, length), where)
    places = places_table(nodes)
    ids = places["place_id"].to_numpy()
    known = {
        "min_travel_time": in_own_file(path) or in_list(path, "pmedopt.txt"),
        "p_center": in_list(path, "kcenteropt.txt"),
    }
    alike = scale == 1 and stated
    return Benchmark(
        path,
        f"p-median problem of {nodes:,} nodes and p = {medians:,}",
        f"{len(length):,} of {edges:,} edges: of edges between the same two nodes the last counts. Both ways "
        f"are alike. Every node is a place of one person and a candidate. {of_scale(scale)} "
        "The p-center of the same network is the model p_center.",
        places,
        pd.DataFrame({"site": ids}),
        "median",
        {"new": medians},
        "min_travel_time",
        {model: one for model, one in known.items() if one is not None and alike},
        roads=pd.DataFrame({"from": ids[low - 1], "to": ids[high - 1], "minutes": length / scale}),
    )


def _network(numbers: Numbers, nodes: int, edges: int) -> tuple[Longs, Longs, Floats]:
    """Lower node, higher node and length of the edges that count.

    Raises:
        InstanceError: nodes that do not exist or have no edge, lengths that are not above 0.
    """
    tail, head, length = numbers.values[_HEAD:].reshape(edges, _EDGE).T
    complaints = []
    for column, end in enumerate((tail, head)):
        bad = ~((end >= 1) & (end <= nodes) & (end == np.floor(end)))
        complaints += numbers.refuse(bad, _HEAD + column, _EDGE, f"is no node; expected: 1 to {nodes:,}")
    complaints += numbers.refuse(
        ~(length > 0), _HEAD + 2, _EDGE, "must be > 0: the length of an edge; join nodes at the same place"
    )
    if complaints:
        raise InstanceError(complaints)
    low, high = np.minimum(tail, head).astype(np.int64), np.maximum(tail, head).astype(np.int64)
    kept = _last(low, high)
    lonely = np.setdiff1d(np.arange(1, nodes + 1), np.concatenate([low[kept], high[kept]]))
    if len(lonely):
        some = ", ".join(map(str, lonely[:5].tolist())) + (", ..." if len(lonely) > 5 else "")
        what = f"no edge leads to {len(lonely):,} of {nodes:,} nodes ({some}); expected: one at every node"
        raise InstanceError(numbers.complaint(0, what))
    return low[kept], high[kept], length[kept]


def _last(low: Longs, high: Longs) -> Longs:
    """Positions of the last of the edges between the same two nodes; none from a node to itself."""
    key = low * (int(high.max(initial=0)) + 1) + high
    _, back = np.unique(key[::-1], return_index=True)
    last: Longs = np.sort(len(key) - 1 - back)
    apart: Longs = last[low[last] != high[last]]
    return apart


def _longest(nodes: int, low: Longs, high: Longs, length: Floats) -> float:
    """No shortest way is longer: twice the longest from one node of every piece of the network."""
    graph = coo_array((length, (low - 1, high - 1)), shape=(nodes, nodes)).tocsr()
    longest, left = 0.0, np.ones(nodes, dtype=bool)
    while left.any():
        ways = np.asarray(dijkstra(graph, directed=False, indices=np.array([np.argmax(left)])))[0]
        reached = np.isfinite(ways)
        longest = max(longest, 2.0 * float(ways[reached].max()))
        left &= ~reached
    return longest
