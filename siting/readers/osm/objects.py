"""Tagged objects: nodes, closed ways and multipolygon relations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siting.readers.osm.nodes import Located
from siting.readers.osm.opl import WayLines
from siting.readers.osm.rings import Outline, outline
from siting.readers.osm.source import Source

_LABELS = ("label", "admin_centre")
"""Roles of the node that stands for a relation."""

GONE = ("disused", "abandoned", "demolished", "removed", "razed", "ruins")
"""Keys that say ``yes`` where a thing is no longer what its other tags say."""


@dataclass(frozen=True)
class Thing:
    """Something on the map.

    Attributes:
        id: ``n12``, ``w12`` or ``r12``: a node, way or relation.
        tags: all its tags.
        lat, lon: degrees; the centroid of an area.
        ring: outline of an area, None of a node.
        label: ids of the nodes that stand for it, of a relation.
    """

    id: str
    tags: Mapping[str, str]
    lat: float
    lon: float
    ring: Outline | None = None
    label: tuple[str, ...] = ()


@dataclass(frozen=True)
class Area:
    """An area before its nodes are located.

    Attributes:
        id, tags, label: as in :class:`Thing`.
        lines: node ids of the ways around it.
    """

    id: str
    tags: Mapping[str, str]
    lines: tuple[NDArray[np.int64], ...]
    label: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """An area of several ways before these are read.

    Attributes:
        id, tags, label: as in :class:`Thing`.
        outer: ids of the ways around it.
    """

    id: str
    tags: Mapping[str, str]
    outer: tuple[int, ...]
    label: tuple[str, ...]


def wanted(tags: Mapping[str, str], asked: Collection[tuple[str, str]]) -> bool:
    """Whether one of the tags is asked for, and the thing still is what they say."""
    there = any(tags.get(key) == value for key, value in asked)
    return there and not any(tags.get(key) == "yes" for key in GONE)


def tagged_nodes(source: Source, asked: Sequence[tuple[str, str]]) -> list[Thing]:
    """Nodes that have one of the tags asked for."""
    keep = source.osmium.filter.TagFilter(*asked)
    found = []
    with source.reading(source.osmium.osm.NODE) as reader:
        for node in source.osmium.OsmFileIterator(reader, keep):
            tags = dict(node.tags)
            if node.location.valid() and wanted(tags, asked):
                found.append(Thing(f"n{node.id}", tags, node.location.lat, node.location.lon))
    return found


def tagged_relations(source: Source, asked: Sequence[tuple[str, str]]) -> list[Relation]:
    """Relations of type multipolygon or boundary that have one of the tags asked for."""
    keep = source.osmium.filter.TagFilter(*asked)
    found = []
    with source.reading(source.osmium.osm.RELATION) as reader:
        for relation in source.osmium.OsmFileIterator(reader, keep):
            tags = dict(relation.tags)
            if tags.get("type") not in ("multipolygon", "boundary") or not wanted(tags, asked):
                continue
            members = [(member.type, member.ref, member.role) for member in relation.members]
            outer = tuple(ref for kind, ref, role in members if kind == "w" and role in ("outer", ""))
            label = tuple(f"n{ref}" for kind, ref, role in members if kind == "n" and role in _LABELS)
            found.append(Relation(f"r{relation.id}", tags, outer, label))
    return found


def areas_of(relations: Sequence[Relation], batches: Sequence[WayLines]) -> list[Area]:
    """Relations with the nodes of the ways around them, as far as these are known."""
    lines = {int(id_): each.refs_of(way) for each in batches for way, id_ in enumerate(each.ids)}
    return [
        Area(one.id, one.tags, tuple(lines[ref] for ref in one.outer if ref in lines), one.label)
        for one in relations
    ]


def located(areas: Sequence[Area], nodes: Located) -> tuple[list[Thing], list[Area]]:
    """Areas as things, and those none of whose nodes the file holds."""
    found, lost = [], []
    for area in areas:
        points = [nodes.known(refs) for refs in area.lines]
        points = [line for line in points if len(line[0])]
        if points:
            ring = outline(points)
            found.append(Thing(area.id, area.tags, *ring.middle(), ring, area.label))
        else:
            lost.append(area)
    return found, lost
