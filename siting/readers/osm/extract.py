"""Everything an import needs from a file, in a few passes through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from siting.readers.osm.nodes import MAX_ID, locate
from siting.readers.osm.objects import Area, Thing, areas_of, located, tagged_nodes, tagged_relations
from siting.readers.osm.opl import read_ways
from siting.readers.osm.rules import Rule
from siting.readers.osm.segments import Segments, chains, segments
from siting.readers.osm.source import Source
from siting.readers.osm.ways import collect, way_filter, way_keys

Tag = tuple[str, str]


@dataclass(frozen=True)
class Extract:
    """What a file holds of what was asked for.

    Attributes:
        things: points and areas.
        lost: areas whose outline the file does not hold.
        segments: of all drivable ways.
        rules: how ways are driven.
        ways: number of drivable ways.
        closed: number of ways of drivable classes that cars are kept out of.
    """

    things: list[Thing]
    lost: list[Area]
    segments: Segments
    rules: list[Rule]
    ways: int
    closed: int


def read_extract(source: Source, asked: Sequence[Tag], report: Callable[[str], None]) -> Extract:
    """Read a file, in whatever order its objects stand.

    Ways come first, then the nodes that they need, so that what has no use here takes no memory:
    nodes of buildings and the like never leave C++. Roads and nodes pass through a temporary file of
    some 40 bytes for every node of a road.

    Args:
        source: the file.
        asked: tags of things.
        report: hears of every step.

    Raises:
        InstanceError: the file is damaged.
    """
    relations = tagged_relations(source, asked)
    members = sorted({ref for relation in relations for ref in relation.outer if 0 < ref < MAX_ID})
    keep = source.osmium.filter.IdFilter(members)
    around = areas_of(relations, list(read_ways(source, keep, ()))) if members else areas_of(relations, ())
    report(f"relations read: {len(relations):,} areas")
    ways = collect(read_ways(source, way_filter(source.osmium, asked), way_keys(asked)), asked)
    areas = [*ways.areas, *around]
    roads = chains(ways)
    report(f"ways read: {len(roads.rule):,} roads, {len(ways.areas):,} areas")
    points = tagged_nodes(source, asked)
    report(f"points read: {len(points):,}")
    corners = [refs for area in areas for refs in area.lines]
    nodes = locate(source, np.concatenate((roads.ids, *corners)))
    report(f"nodes of roads and areas located: {len(nodes.ids):,}")
    outlined, lost = located(areas, nodes)
    found = segments(roads, nodes)
    report(f"segments of road: {len(found.a):,}")
    return Extract([*points, *outlined], lost, found, ways.rules, len(roads.rule), ways.closed)
