"""Small OpenStreetMap files that tests make themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from siting.roads.snap import EARTH_M

Tags = Mapping[str, str]
Node = tuple[int, float, float, Tags]
Way = tuple[int, Sequence[int], Tags]
Relation = tuple[int, Sequence[tuple[str, int, str]], Tags]

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="tests">\n'
_KINDS = {"n": "node", "w": "way", "r": "relation"}


def xml(
    nodes: Iterable[Node] = (), ways: Iterable[Way] = (), relations: Iterable[Relation] = (), head: str = HEAD
) -> str:
    """OpenStreetMap XML.

    Args:
        nodes: id, latitude, longitude and tags.
        ways: id, node ids and tags.
        relations: id, members (``n``, ``w`` or ``r``, id, role) and tags.
        head: everything up to the first object.
    """
    lines = [head]
    for id_, lat, lon, tags in nodes:
        lines.append(f'<node id="{id_}" lat="{lat:.7f}" lon="{lon:.7f}">{_tags(tags)}</node>')
    for id_, refs, tags in ways:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        lines.append(f'<way id="{id_}">{inner}{_tags(tags)}</way>')
    for id_, members, tags in relations:
        inner = "".join(
            f'<member type="{_KINDS[kind]}" ref="{ref}" role="{role}"/>' for kind, ref, role in members
        )
        lines.append(f'<relation id="{id_}">{inner}{_tags(tags)}</relation>')
    return "\n".join([*lines, "</osm>\n"])


def write(folder: Path, *objects: Any, name: str = "small.osm", **more: Any) -> Path:
    """Write a file of what :func:`xml` takes."""
    path = folder / name
    path.write_text(xml(*objects, **more), encoding="utf-8")
    return path


def convert(path: Path, name: str) -> Path:
    """The same objects in another format, by the ending of the name."""
    import osmium

    to = path.parent / name
    with osmium.SimpleWriter(str(to), overwrite=True) as writer:
        for one in osmium.FileProcessor(str(path)):
            writer.add(one)
    return to


def square(first: int, lat: float, lon: float, side: float) -> list[Node]:
    """Four nodes around a point, without tags."""
    half = side / 2
    corners = ((-half, -half), (-half, half), (half, half), (half, -half))
    return [(first + k, lat + y, lon + x, {}) for k, (y, x) in enumerate(corners)]


def _tags(tags: Tags) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Haversine, written again."""
    y, v = math.radians(a[0]), math.radians(b[0])
    half = math.sin((v - y) / 2) ** 2
    half += math.cos(y) * math.cos(v) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(half))


def village(id_: int, lat: float, lon: float, **tags: str) -> Node:
    return id_, lat, lon, {"place": "village", "name": f"V{id_}", "population": "100"} | tags


def line(
    first: int = 1, size: int = 5, lat: float = 47.0, lon: float = 9.0, step: float = 0.01
) -> list[Node]:
    """Nodes from west to east."""
    return [(first + k, lat, lon + k * step, {}) for k in range(size)]


def road(id_: int, refs: list[int], **tags: str) -> Way:
    return id_, refs, {"highway": "primary"} | tags
