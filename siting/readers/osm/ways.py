"""Ways sorted into roads, whose nodes are collected in arrays, and areas that were asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.readers.osm.objects import Area, wanted
from siting.readers.osm.opl import WayLines
from siting.readers.osm.rules import KEYS, Rule, rule
from siting.readers.osm.speeds import CLASSES

Tag = tuple[str, str]

_NO_ROAD, _CLOSED = -1, -2


@dataclass
class Ways:
    """Drivable ways as they are collected, W of them with N nodes in all.

    Attributes:
        rules: distinct rules.
        rule: per batch (W,) int32 index into ``rules``.
        size: per batch (W,) nodes of each way.
        refs: per batch (N,) int64 node ids.
        closed: number of ways of a drivable class that cars are kept out of.
        areas: ways with tags that were asked for.
    """

    rules: list[Rule] = field(default_factory=list)
    rule: list[NDArray[np.int32]] = field(default_factory=list)
    size: list[NDArray[np.int64]] = field(default_factory=list)
    refs: list[NDArray[np.int64]] = field(default_factory=list)
    closed: int = 0
    areas: list[Area] = field(default_factory=list)


def way_filter(osmium: Any, asked: Collection[Tag]) -> Any:
    """Filter of ways that may be roads or areas."""
    return osmium.filter.TagFilter(*(("highway", value) for value in CLASSES), *asked)


def way_keys(asked: Collection[Tag]) -> list[str]:
    """Keys of the tags that decide what becomes of a way."""
    return sorted({*KEYS, *(key for key, _ in asked)})


def collect(batches: Iterable[WayLines], asked: Collection[Tag]) -> Ways:
    """Sort ways into roads and areas.

    Args:
        batches: ways that passed :func:`way_filter`, with :func:`way_keys`.
        asked: tags of areas.
    """
    ways, codes_of = Ways(), dict[int, int]()
    for lines in batches:
        distinct, first, which = np.unique(lines.same, return_index=True, return_inverse=True)
        codes = np.empty(len(distinct), dtype=np.int32)
        area = np.empty(len(distinct), dtype=bool)
        for row, (same, way) in enumerate(zip(distinct.tolist(), first.tolist(), strict=True)):
            tags = lines.tags_of(way)
            area[row] = wanted(tags, asked)
            if same not in codes_of:
                codes_of[same] = _code(tags, ways.rules)
            codes[row] = codes_of[same]
        for way in np.flatnonzero(area[which]).tolist():
            ways.areas.append(Area(f"w{lines.ids[way]}", lines.tags_of(way), (lines.refs_of(way),)))
        _add_roads(lines, codes[which], ways)
    return ways


def _code(tags: Mapping[str, str], rules: list[Rule]) -> int:
    """Index of a way's rule, which joins the rules if it is new; or why it has none."""
    found = rule(tags)
    if found is None:
        return _CLOSED if tags.get("highway") in CLASSES else _NO_ROAD
    if found not in rules:
        rules.append(found)
    return rules.index(found)


def _add_roads(lines: WayLines, codes: NDArray[np.int32], ways: Ways) -> None:
    size = np.diff(lines.start)
    road = (codes >= 0) & (size > 0)
    ways.closed += int((codes == _CLOSED).sum())
    ways.rule.append(codes[road])
    ways.size.append(size[road])
    ways.refs.append(lines.refs[np.repeat(road, size)])
