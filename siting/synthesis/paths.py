"""Travel times on the tables of the generator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from siting.roads.graph import Roads
from siting.roads.times import nearest, network
from siting.synthesis.classes import CLASSES
from siting.synthesis.plane import Longs, Points


def road_graph(places: pd.DataFrame, roads: pd.DataFrame) -> Roads:
    """The road graph of a places and a roads table; node n is place n.

    Roads with an end that is not among the places are left out.
    """
    index = pd.Series(np.arange(len(places)), index=places["place_id"])
    minutes = (roads["km"] / roads["kmh"] * 60).to_numpy()
    metres = 1000 * roads["km"].to_numpy()
    ends = np.column_stack([index.reindex(roads[end]).to_numpy() for end in ("from", "to")])
    known = ~np.isnan(ends).any(axis=1)
    back = known & (roads["oneway"] == 0).to_numpy()
    klass = roads["class"].map({name: n for n, name in enumerate(CLASSES)}).to_numpy()
    return Roads(
        ids=places["place_id"].to_numpy(dtype=object),
        lat=places["lat"].to_numpy(),
        lon=places["lon"].to_numpy(),
        tail=np.concatenate([ends[known, 0], ends[back, 1]]).astype(np.int32),
        head=np.concatenate([ends[known, 1], ends[back, 0]]).astype(np.int32),
        ms=np.maximum(1, np.rint(np.concatenate([minutes[known], minutes[back]]) * 60_000)).astype(np.int32),
        classes=CLASSES,
        klass=np.concatenate([klass[known], klass[back]]).astype(np.int16),
        metres=np.rint(np.concatenate([metres[known], metres[back]])).astype(np.int32),
    )


def nearest_center(graph: Roads, points: Points, group: Longs, centers: Longs) -> Longs:
    """The center nearest by road to each node, on roads inside the node's own group.

    A node its group's roads do not join to a center takes the one nearest in a straight line, a
    node of a group without a center none (-1).

    Args:
        graph: V nodes.
        points: (V, 2) nodes on the plane.
        group: (V,) number of each node's group.
        centers: (K,) nodes.

    Returns:
        (V,) index into centers, or -1.
    """
    inside = group[graph.tail] == group[graph.head]
    roads = Roads(
        graph.ids, graph.lat, graph.lon, graph.tail[inside], graph.head[inside], graph.ms[inside],
        graph.classes, graph.klass[inside], graph.metres[inside],
    )  # fmt: skip
    start = np.zeros(len(centers), dtype=np.int32)
    owner = nearest(network(roads, 1.0), centers.astype(np.int32), start)[1].astype(np.int64)
    for node in np.flatnonzero(owner < 0):
        near = np.flatnonzero(group[centers] == group[node])
        if len(near):
            owner[node] = near[np.linalg.norm(points[centers[near]] - points[node], axis=1).argmin()]
    return owner
