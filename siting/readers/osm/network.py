"""From raw segments to the road graph of the instance: the main part, with the points joined to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.errors import Complaint, InstanceError
from siting.instance.locations import OFF_M
from siting.readers.osm.extract import Extract
from siting.readers.osm.segments import raw_roads
from siting.roads.attach import attach
from siting.roads.graph import Roads
from siting.roads.parts import strong_part, subgraph
from siting.roads.simplify import simplify

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """The largest strongly connected part of the roads, with N points joined to it.

    Attributes:
        roads: nodes that merely continue a road are merged away, but for the points; ids are text.
        snap_m: (N,) metres from each point to the roads; a point more than :data:`OFF_M` off is not
            in the graph.
        nodes, edges: of the part as it was read.
        left_nodes, left_km: nodes outside the part, and km of road, each direction of it counted half.
    """

    roads: Roads
    snap_m: Floats
    nodes: int
    edges: int
    left_nodes: int
    left_km: float


def network(
    extract: Extract,
    points: pd.DataFrame,
    kmh: float,
    where: str,
    report: Callable[[str], None],
) -> Network:
    """Join points to the roads of an extract.

    Args:
        extract: what was read.
        points: N rows with the columns id, lat and lon.
        kmh: speed on the links.
        where: the file, for the complaint.
        report: hears of every step.

    Raises:
        InstanceError: there is no road.
    """
    raw = raw_roads(extract.segments, extract.rules)
    if not len(raw.tail):
        what = (
            "holds no road that a car may drive; expected: ways with highway=* and the nodes they are made of"
        )
        raise InstanceError(Complaint(where, what))
    keep = strong_part(raw)
    if keep.sum() < 2:
        what = "no road leads to another place and back again; every road is one-way or cut off"
        raise InstanceError(Complaint(where, what))
    outside = ~(keep[raw.tail] & keep[raw.head])
    left_km = float(raw.metres[outside].sum(dtype=np.int64)) / 2_000
    main = subgraph(raw, keep)
    left_nodes, nodes, edges = len(raw.ids) - len(main.ids), len(main.ids), len(main.tail)
    del raw, outside
    report(f"main part: {nodes:,} nodes, {edges:,} edges; {left_nodes:,} nodes are outside")
    ids = points["id"].to_numpy(dtype=object)
    lat, lon = (points[column].to_numpy(np.float64) for column in ("lat", "lon"))
    joined = attach(main, ids, lat, lon, kmh, np.ones(nodes, dtype=bool))
    del main
    report(f"joined to the roads: {len(ids):,} points")
    near = np.ones(len(joined.roads.ids), dtype=bool)
    near[joined.node[joined.snap_m > OFF_M]] = False
    stays = np.zeros(len(near), dtype=bool)
    stays[joined.node] = True
    simple = simplify(subgraph(joined.roads, near), stays[near])
    report(f"simplified: {len(simple.ids):,} nodes, {len(simple.tail):,} edges")
    roads = replace(simple, ids=joined.names.of(cast(Any, simple.ids)))
    return Network(roads, joined.snap_m, nodes, edges, left_nodes, left_km)
