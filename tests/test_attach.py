"""Points joined to the roads: against a dense search over every edge, and by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.roads.attach import WALK_IN, Attached, attach
from siting.roads.feet import find_feet
from siting.roads.graph import Roads, fastest, to_networkx
from siting.roads.parts import reachable, subgraph
from siting.roads.simplify import simplify
from siting.roads.snap import EARTH_M, metres

STEP = 1 / 111_195.08
"""Degrees of latitude in a metre."""

KMH = 30
Spots = list[tuple[float, float]]


def graph(spots: Spots, rows: list[tuple[int, ...]], ids: np.ndarray | None = None) -> Roads:
    """Nodes in degrees; edges of tail, head, ms, and metres (-1 unless given)."""
    columns = np.array([(*row, -1)[:4] for row in rows], dtype=np.int32).reshape(-1, 4)
    columns = columns[columns[:, 0] != columns[:, 1]]
    tail, head, ms, length = columns.T
    keep = fastest(tail, head, ms)
    if ids is None:
        ids = np.array([f"n{k}" for k in range(len(spots))], dtype=object)
    lat, lon = np.array(spots, dtype=np.float64).reshape(-1, 2).T
    klass = np.zeros(len(keep), dtype=np.int16)
    return Roads(ids, lat, lon, tail[keep], head[keep], ms[keep], ("road",), klass, length[keep])


def joined(roads: Roads, points: Spots, usable: np.ndarray | None = None, **options: object) -> Attached:
    lat, lon = np.array(points, dtype=np.float64).reshape(-1, 2).T
    names = np.array([f"p{k}" for k in range(len(points))], dtype=object)
    usable = np.ones(len(roads.ids), dtype=bool) if usable is None else usable
    return attach(roads, names, lat, lon, KMH, usable, **options)  # type: ignore[arg-type]


def both(one: int, two: int, *rest: int) -> list[tuple[int, ...]]:
    return [(one, two, *rest), (two, one, *rest)]


def edges(roads: Roads) -> dict[tuple[str, str], tuple[int, int]]:
    ids = roads.ids
    ends = zip(ids[roads.tail], ids[roads.head], strict=True)
    return dict(zip(ends, zip(roads.ms.tolist(), roads.metres.tolist(), strict=True), strict=True))


def dense(roads: Roads, point: tuple[float, float], among: np.ndarray, pieces: int = 2_000) -> float:
    """Metres from a point to the nearest of many points along every edge; too much, hardly ever."""
    best = math.inf
    share = np.linspace(0, 1, pieces + 1)
    for a, b in zip(roads.tail[among], roads.head[among], strict=True):
        ends = [np.radians((roads.lat[k], roads.lon[k])) for k in (a, b)]
        one, two = (
            np.array([math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)]) for y, x in ends
        )
        line = one + share[:, None] * (two - one)
        line /= np.linalg.norm(line, axis=1)[:, None]
        lat, lon = np.degrees(np.arcsin(line[:, 2])), np.degrees(np.arctan2(line[:, 1], line[:, 0]))
        away = metres(np.full_like(lat, point[0]), np.full_like(lon, point[1]), lat, lon)
        best = min(best, float(away.min()))
    return best


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Roads, Spots]:
    """Points and edges of any length about some spot of the earth, dateline and poles included."""
    middle = draw(st.sampled_from([(50.0, 30.0), (0.0, 180.0), (78.0, -179.99), (89.9, 10.0), (-60.0, 0.0)]))
    width = draw(st.sampled_from([0.002, 0.05, 0.6]))
    size, count = draw(st.integers(2, 9)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))

    def spots(number: int) -> Spots:
        lat = np.clip(middle[0] + width * (rng.random(number) - 0.5), -90, 90)
        stretch = width / max(math.cos(math.radians(middle[0])), 0.002)
        lon = middle[1] + stretch * (rng.random(number) - 0.5)
        return list(zip(lat.tolist(), ((lon + 180) % 360 - 180).tolist(), strict=True))

    rows: list[tuple[int, ...]] = [(0, 1, 5, 7)]
    for _ in range(draw(st.integers(1, 12))):
        a, b = rng.integers(0, size, 2).tolist()
        most = int(rng.choice([2, 4, 60_000]))
        rows.append((a, b, int(rng.integers(1, most)), int(rng.integers(-1, 900))))
        if rng.random() < 0.6:
            rows.append((b, a, int(rng.integers(1, most)), int(rng.integers(-1, 900))))
    return graph(spots(size), rows), spots(count)


@settings(deadline=None, max_examples=150)
@given(drawn(), st.booleans())
def test_nearest_of_all_edges(case: tuple[Roads, Spots], bent: bool) -> None:
    roads, points = case
    straight = np.arange(len(roads.tail)) % 3 > 0 if bent else np.ones(len(roads.tail), dtype=bool)
    lat, lon = np.array(points).T
    usable = np.ones(len(roads.ids), dtype=bool)
    feet = find_feet(roads, lat, lon, usable, straight)
    back = {(a, b): k for k, (a, b) in enumerate(zip(roads.tail, roads.head, strict=True))}
    line = np.array(
        [
            straight[k] and straight[back.get((b, a), k)]
            for k, (a, b) in enumerate(zip(roads.tail, roads.head, strict=True))
        ]
    )
    ends = np.unique(np.concatenate((roads.tail, roads.head)))
    for k, point in enumerate(points):
        here = np.full(len(ends), point[0]), np.full(len(ends), point[1])
        junction = metres(*here, roads.lat[ends], roads.lon[ends]).min()
        wanted = min(junction, dense(roads, point, np.flatnonzero(line)))
        # A foot within a metre of an end, or on an edge of a ms, is that end.
        assert feet.metres[k] <= wanted + 1.01 or roads.ms.min() == 1
        assert feet.metres[k] >= wanted - 0.001 * wanted - 0.01 - _spacing(roads)
        assert (feet.edge[k] < 0) != (feet.node[k] < 0)
        if feet.edge[k] >= 0:
            assert line[feet.edge[k]]


def _spacing(roads: Roads) -> float:
    """Half the distance in metres between the points of :func:`dense`."""
    ends = roads.tail, roads.head
    length = metres(*(part[side] for side in ends for part in (roads.lat, roads.lon)))
    return float(length.max()) / 4_000


@settings(deadline=None, max_examples=150)
@given(drawn())
def test_parts_make_up_the_whole(case: tuple[Roads, Spots]) -> None:
    """Walking along the parts of an edge takes what the edge took; nothing else changes."""
    roads, points = case
    attached = joined(roads, points)
    after = attached.roads
    keys = after.tail.astype(np.int64) * len(after.ids) + after.head
    assert (np.diff(keys) > 0).all()
    assert (after.ms >= 1).all()
    assert len(set(after.ids)) == len(after.ids)
    assert list(after.ids[: len(roads.ids)]) == list(roads.ids)
    link = attached.parent < 0
    assert (after.klass[link] == after.classes.index(WALK_IN)).all()
    assert (after.klass[~link] == 0).all()
    total = np.zeros((2, len(roads.ms)), dtype=np.int64)
    np.add.at(total[0], attached.parent[~link], after.ms[~link])
    np.add.at(total[1], attached.parent[~link], after.metres[~link])
    parts = np.bincount(attached.parent[~link], minlength=len(roads.ms))
    assert total[0].tolist() == roads.ms.tolist()
    assert total[1].tolist() == np.where(roads.metres < 0, -parts, roads.metres).tolist()
    assert (after.metres[~link] >= np.where(roads.metres < 0, -1, 0)[attached.parent[~link]]).all()
    old = dict(nx.all_pairs_dijkstra_path_length(to_networkx(roads), weight="ms"))
    new = dict(nx.all_pairs_dijkstra_path_length(to_networkx(after), weight="ms"))
    for name in roads.ids:
        assert {other: ms for other, ms in new[name].items() if other in old} == old[name]
    _assert_linked(attached, points)


def _assert_linked(attached: Attached, points: Spots) -> None:
    """Every point has one edge there and one back, straight, at the speed of walking in."""
    after, link = attached.roads, attached.parent < 0
    assert attached.node.tolist() == [after.ids.tolist().index(f"p{k}") for k in range(len(points))]
    for node, away in zip(attached.node, attached.snap_m, strict=True):
        for one, other in ((after.tail, after.head), (after.head, after.tail)):
            (edge,) = np.flatnonzero(one == node)
            to = other[edge : edge + 1]
            straight = metres(after.lat[[node]], after.lon[[node]], after.lat[to], after.lon[to])[0]
            assert link[edge]
            assert straight == away
            assert after.ms[edge] == max(1, round(away / KMH * 3600))
            assert after.metres[edge] == round(away)


def street(ms: int, length: int = -1, back: int | None = None) -> Roads:
    """Node 0 at the origin and node 1 a kilometre east of it, on the equator."""
    rows: list[tuple[int, ...]] = [(0, 1, ms, length)]
    if back != 0:
        rows.append((1, 0, back or ms, length))
    return graph([(0, 0), (0, 1_000 * STEP)], rows)


def test_split_in_proportion() -> None:
    attached = joined(street(10_000, 1_200, back=30_001), [(50 * STEP, 250 * STEP)])
    assert edges(attached.roads) == {
        ("n0", "p0@road"): (2_500, 300), ("p0@road", "n1"): (7_500, 900),
        ("n1", "p0@road"): (22_501, 900), ("p0@road", "n0"): (7_500, 300),
        ("p0", "p0@road"): (6_000, 50), ("p0@road", "p0"): (6_000, 50),
    }  # fmt: skip
    assert attached.snap_m == pytest.approx([50], rel=1e-6)
    assert attached.roads.lon[-1] == pytest.approx(250 * STEP)
    assert attached.roads.classes == ("road", WALK_IN)


def test_one_way_street_is_split_one_way() -> None:
    attached = joined(street(10_000, back=0), [(-50 * STEP, 250 * STEP)])
    assert set(edges(attached.roads)) == {
        ("n0", "p0@road"), ("p0@road", "n1"), ("p0", "p0@road"), ("p0@road", "p0")
    }  # fmt: skip
    assert set(attached.roads.metres[attached.parent >= 0]) == {-1}


def test_several_points_on_one_edge() -> None:
    """In order along it; those across from each other share a foot, which the first names."""
    points = [(50 * STEP, 700 * STEP), (20 * STEP, 200 * STEP), (-50 * STEP, 700 * STEP), (STEP, 450 * STEP)]
    attached = joined(street(10_000), points)
    after = edges(attached.roads)
    path = ["n0", "p1@road", "p3@road", "p0@road", "n1"]
    parts = [2_000, 2_500, 2_500, 3_000]
    for one, two, ms in zip(path, path[1:], parts, strict=False):
        assert after[one, two] == after[two, one] == (ms, -1)
    assert ("p2", "p0@road") in after
    assert len(attached.roads.ids) == 2 + 4 + 3
    assert len(after) == 2 * (4 + 4)
    parent = dict(zip(after, attached.parent.tolist(), strict=True))
    assert parent["n0", "p1@road"] == parent["p3@road", "p0@road"] == 0
    assert parent["n1", "p0@road"] == 1


def test_ends_are_used_where_they_are_near() -> None:
    """Beyond the end, within a metre of it, and where the edge takes a single ms."""
    attached = joined(street(10_000), [(0, -30 * STEP), (40 * STEP, 999.5 * STEP)])
    assert set(edges(attached.roads)) == {
        ("n0", "n1"), ("n1", "n0"), ("p0", "n0"), ("n0", "p0"), ("p1", "n1"), ("n1", "p1")
    }  # fmt: skip
    assert joined(street(1), [(0, 600 * STEP)]).snap_m == pytest.approx([400], rel=1e-6)
    assert joined(street(9, back=1), [(0, 300 * STEP)]).snap_m == pytest.approx([300], rel=1e-6)


def test_more_feet_than_milliseconds() -> None:
    """Three ms can be cut twice; 20 points share the two feet."""
    points = [(STEP, 45 * k * STEP) for k in range(1, 21)]
    attached = joined(street(3, back=2_000_000), points)
    assert len(attached.roads.ids) == 2 + 20 + 2
    road = attached.parent >= 0
    assert sorted(attached.roads.ms[road]) == [1, 1, 1, 666_666, 666_667, 666_667]


def test_a_point_on_the_road_takes_a_millisecond() -> None:
    attached = joined(street(10_000), [(0, 500 * STEP), (0, 0)])
    assert edges(attached.roads)["p0", "p0@road"] == (1, 0)
    assert edges(attached.roads)["p1", "n0"] == (1, 0)
    assert attached.snap_m.tolist() == [0, 0]


def test_nearest_edge_is_not_at_the_nearest_junction() -> None:
    """A long road passes the point by; its ends are far away, those of a lane are near."""
    lane = [(300 * STEP, 10_000 * STEP), (400 * STEP, 10_000 * STEP)]
    roads = graph([(0, 0), (0, 20_000 * STEP), *lane], both(0, 1, 60_000) + both(2, 3, 900) + both(0, 2, 9))
    attached = joined(roads, [(100 * STEP, 10_050 * STEP)])
    assert ("p0", "p0@road") in edges(attached.roads)
    assert attached.snap_m == pytest.approx([100], rel=1e-3)


def test_across_the_dateline_and_near_the_pole() -> None:
    roads = graph([(10, 179.99), (10, -179.99)], both(0, 1, 10_000))
    attached = joined(roads, [(10.001, -179.999)])
    assert attached.snap_m == pytest.approx([0.001 / STEP], rel=1e-3)
    assert attached.roads.lon[-1] == pytest.approx(-179.999, abs=1e-5)
    roads = graph([(89.99, 0), (89.99, 180)], both(0, 1, 10_000))  # the edge leads over the pole
    assert joined(roads, [(89.995, 90)]).snap_m == pytest.approx([0.005 / STEP], rel=1e-6)


def test_distances_are_great_circles() -> None:
    """Fifty km off at 60 degrees north, where a degree of longitude is half as long."""
    roads = graph([(60, 20), (60, 21)], both(0, 1, 10_000))
    (away,) = joined(roads, [(60.45, 20.5)]).snap_m
    assert away == pytest.approx(dense(roads, (60.45, 20.5), np.array([0]), 20_000), rel=1e-6)
    assert joined(roads, [(60.3, 21.5)]).snap_m[0] == pytest.approx(
        metres(*(np.array([x]) for x in (60.3, 21.5, 60.0, 21.0)))[0], rel=1e-12
    )


def test_unusable_nodes_and_those_without_coordinates() -> None:
    roads = graph(
        [(0, 0), (0, 100 * STEP), (math.nan, math.nan), (0, 900 * STEP), (0, 500 * STEP)],
        both(0, 1, 500) + both(1, 2, 500) + both(2, 3, 500),
    )
    assert ("p0", "n1") in edges(joined(roads, [(0, 450 * STEP)]).roads)
    usable = np.array([True, False, True, False, True])
    assert ("p0", "n0") in edges(joined(roads, [(0, 450 * STEP)], usable).roads)
    none = find_feet(roads, np.zeros(1), np.zeros(1), np.array([False, False, True, False, True]))
    assert (none.metres[0], none.node[0], none.edge[0]) == (math.inf, -1, -1)


def test_links_are_no_roads() -> None:
    """A point is joined neither to the node nor to the link of a point joined before."""
    first = joined(street(10_000), [(400 * STEP, 500 * STEP)]).roads
    usable = np.ones(len(first.ids), dtype=bool)
    new = np.array(["q"], dtype=object)
    again = attach(first, new, np.array([399 * STEP]), np.array([501 * STEP]), KMH, usable)
    assert ("q", "q@road") in edges(again.roads)
    assert again.snap_m == pytest.approx([399], rel=1e-6)
    assert again.roads.classes == first.classes


def test_names_of_feet_give_way() -> None:
    roads = street(10_000)
    roads.ids[1] = "p0@road"
    attached = joined(roads, [(0, 500 * STEP)])
    assert attached.roads.ids.tolist() == ["n0", "p0@road", "p0", "p0@road@road"]


@pytest.mark.parametrize("lowest", [7, -5])
def test_whole_number_ids(lowest: int) -> None:
    """They stay whole numbers, negative ones included, and get their names at the end."""
    ids = np.array([2**40, lowest], dtype=np.int64)
    roads = graph([(0, 0), (0, 1_000 * STEP)], both(0, 1, 10_000), ids)
    attached = joined(roads, [(0, -5 * STEP), (0, 500 * STEP)])
    assert attached.roads.ids.dtype == np.int64
    texts = attached.names.of(attached.roads.ids)
    assert texts.tolist() == [str(2**40), str(lowest), "p0", "p1", "p1@road"]
    keep = np.isin(np.arange(5), attached.node)
    less = simplify(subgraph(attached.roads, reachable(attached.roads)), keep)
    assert attached.names.of(less.ids).tolist()[-2:] == ["p1", "p1@road"]


def test_no_points() -> None:
    roads = street(10_000)
    attached = joined(roads, [])
    assert edges(attached.roads) == edges(roads)
    assert attached.roads.classes == roads.classes
    assert attached.parent.tolist() == [0, 1]


def test_a_town_against_every_edge() -> None:
    """Thousands of edges of all lengths; the distance to each by plane geometry about the point."""
    rng = np.random.default_rng(3)
    size = 3_000
    spots = np.column_stack((48 + 0.5 * rng.random(size), 24 + 0.7 * rng.random(size)))
    near = np.argsort(spots[:, 0] + 1e-3 * rng.random(size))
    rows = [row for a, b in pairwise(near) for row in both(int(a), int(b), 50_000)]
    rows += [(int(a), int(b), 90_000) for a, b in rng.integers(0, size, (200, 2))]
    roads = graph([(float(y), float(x)) for y, x in spots], rows)
    points = np.column_stack((48 + 0.5 * rng.random(300), 24 + 0.7 * rng.random(300)))
    points[:20, 1] += 1
    attached = joined(roads, [(float(y), float(x)) for y, x in points])
    for k, (lat, lon) in enumerate(points):
        scale = EARTH_M * np.radians(1)
        x = (roads.lon - lon) * math.cos(math.radians(lat)) * scale
        y = (roads.lat - lat) * scale
        ax, ay, bx, by = x[roads.tail], y[roads.tail], x[roads.head], y[roads.head]
        along = -(ax * (bx - ax) + ay * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        share = np.clip(along, 0, 1)
        best = float(np.hypot(ax + share * (bx - ax), ay + share * (by - ay)).min())
        # Over tens of km the plane is that much off, and long edges bend by tens of metres in it.
        assert attached.snap_m[k] == pytest.approx(best, rel=0.01, abs=60)
