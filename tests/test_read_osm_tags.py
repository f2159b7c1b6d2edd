"""OpenStreetMap: what single tags say, and outlines of areas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.readers.osm.rings import outline
from siting.readers.osm.rules import Rule, rule
from siting.readers.osm.settlements import people
from siting.readers.osm.speeds import limit_kmh
from tests.osm_files import metres

osmium = pytest.importorskip("osmium")

MPH = 1.609344


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50), ("50 mph", 50 * MPH), ("30mph", 30 * MPH), ("50 km/h", 50), ("10 knots", 18.52),
        ("RU:urban", 60), ("UA:urban", 50), ("DE:rural", 100), ("XX:rural", 90), ("urban", 50),
        ("GB:nsl_single", 60 * MPH), ("DE:zone30", 30), ("DE:zone:30", 30), ("AT:30", 30), ("zone30", 30),
        ("none", 130), ("walk", 7), ("90;30;90;30", 30), ("80|60", 60), ("50; signals", 50), ("3", 5),
        ("signals", None), ("variable", None), ("", None), ("0", None), ("999", None), ("fast", None),
        ("50.5", 50.5), ("-50", None), ("5 0", None),
    ],
)  # fmt: skip
def test_limits(text: str, kmh: float | None) -> None:
    assert limit_kmh(text) == (None if kmh is None else pytest.approx(kmh))


@given(st.text())
def test_any_limit(text: str) -> None:
    kmh = limit_kmh(text)
    assert kmh is None or 5 <= kmh <= 200


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (65, 65)),
        ({"maxspeed": "50"}, (45, 45)),
        ({"maxspeed": "none"}, (100, 100)),  # no more than what a primary road is built for
        ({"maxspeed:forward": "50", "maxspeed": "70"}, (45, 63)),
        ({"oneway": "yes"}, (65, 0)), ({"oneway": "true"}, (65, 0)), ({"oneway": "1"}, (65, 0)),
        ({"oneway": "-1"}, (0, 65)), ({"oneway": "reverse"}, (0, 65)), ({"oneway": "no"}, (65, 65)),
        ({"oneway": "reversible"}, None), ({"oneway": "alternating"}, None), ({"oneway": "what"}, (65, 65)),
        ({"junction": "roundabout"}, (65, 0)), ({"junction": "circular"}, (65, 0)),
        ({"junction": "roundabout", "oneway": "no"}, (65, 65)), ({"junction": "yes"}, (65, 65)),
        ({"highway": "motorway"}, (110, 0)), ({"highway": "motorway", "oneway": "no"}, (110, 110)),
        ({"highway": "motorway_link"}, (60, 60)),
        ({"access": "no"}, None), ({"access": "private"}, None), ({"motor_vehicle": "no"}, None),
        ({"vehicle": "forestry"}, None), ({"motorcar": "agricultural;forestry"}, None),
        ({"access": "no", "motor_vehicle": "yes"}, (65, 65)), ({"access": "yes", "motorcar": "no"}, None),
        ({"access": "no", "emergency": "yes"}, (65, 65)), ({"emergency": "no"}, None),
        ({"access": "destination"}, (65, 65)), ({"bicycle": "no"}, (65, 65)),
        ({"highway": "service"}, (15, 15)), ({"highway": "service", "service": "alley"}, (15, 15)),
        ({"highway": "service", "service": "driveway"}, None),
        ({"highway": "service", "service": "parking_aisle"}, None),
        ({"highway": "service", "service": "driveway", "emergency": "designated"}, (15, 15)),
        ({"highway": "track"}, None), ({"highway": "track", "tracktype": "grade1"}, None),
        ({"highway": "track", "motor_vehicle": "yes"}, (15, 15)),
        ({"highway": "track", "tracktype": "grade1", "access": "yes"}, (15, 15)),
        ({"highway": "track", "tracktype": "grade3", "access": "yes"}, None),
        ({"highway": "track", "motor_vehicle": "agricultural", "tracktype": "grade1"}, None),
        ({"highway": "footway"}, None), ({"highway": "construction"}, None), ({"highway": "rest_area"}, None),
        ({"area": "yes"}, None), ({"route": "ferry"}, None),
        ({"highway": "living_street", "maxspeed": "50"}, (20, 20)),
    ],
)  # fmt: skip
def test_rules(tags: Mapping[str, str], expected: tuple[float, float] | None) -> None:
    tags = {"highway": "primary"} | dict(tags)
    found = rule(tags)
    if expected is None:
        assert found is None
    else:
        assert found == Rule(tags["highway"], pytest.approx(expected[0]), pytest.approx(expected[1]))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234", 1234), ("1 234", 1234), ("1,234", 1234), ("1.234", 1234), ("1'234'567", 1234567),
        ("1\u00a0234", 1234), ("~500", 500), ("500 (2011)", 500), ("ca. 500", 500), ("12 000 (2019)", 12000),
        ("500 2011", 500), ("500-600", 500), ("500;600", 500), ("0", 0), ("12.5", 12), ("<100", 100),
        ("unknown", None), ("", None), (None, None), ("-5", None), ("99999999999", None), ("60000000", None),
    ],
)  # fmt: skip
def test_people(text: str | None, number: int | None) -> None:
    assert people(text) == number


@given(st.text())
def test_any_people(text: str) -> None:
    number = people(text)
    assert number is None or number >= 0


def test_rings_join_in_any_order_and_direction() -> None:
    corners = [(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0)]
    parts = [(0, 1), (3, 2), (1, 2), (3, 0)]
    lines = [
        (np.array([corners[k][0] for k in pair]), np.array([corners[k][1] for k in pair])) for pair in parts
    ]
    ring = outline(lines)
    assert len(ring.lat) == 1
    assert ring.middle() == pytest.approx((1, 1))
    assert ring.holds(0.5, 1.5)
    assert not ring.holds(2.5, 1.5)
    assert not ring.holds(0.5, -0.5)


def test_ring_across_the_antimeridian() -> None:
    ring = outline([(np.array([10.0, 10, 12, 12, 10]), np.array([179.0, -177, -177, 179, 179]))])
    assert ring.middle() == pytest.approx((11, -179))
    assert ring.holds(11, 179.9)
    assert ring.holds(11, -179.9)
    assert not ring.holds(11, 178)
    assert ring.reach(11, -179) == pytest.approx(metres((11, -179), (10, 179)), rel=1e-3)


def test_middle_of_a_line_and_of_several_rings() -> None:
    assert outline([(np.array([1.0, 3]), np.array([5.0, 5]))]).middle() == pytest.approx((2, 5))
    small = (np.array([0.0, 0, 1, 1, 0]), np.array([0.0, 1, 1, 0, 0]))
    large = (np.array([0.0, 0, 2, 2, 0]), np.array([10.0, 12, 12, 10, 10]))
    assert outline([small, large]).middle() == pytest.approx(((0.5 + 4) / 5, (0.5 + 44) / 5))
