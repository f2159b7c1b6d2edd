"""How fast a car drives on a road: classes, and the words of ``maxspeed``."""

from __future__ import annotations

import re
from typing import NamedTuple


class Pace(NamedTuple):
    """Speeds of a road class in km/h.

    Attributes:
        usual: driven where no limit is given.
        most: driven at most, whatever the limit: few roads of the class are built for more.
    """

    usual: float
    most: float


CLASSES: dict[str, Pace] = {
    "motorway": Pace(110, 125),
    "motorway_link": Pace(60, 90),
    "trunk": Pace(85, 110),
    "trunk_link": Pace(50, 80),
    "primary": Pace(65, 100),
    "primary_link": Pace(45, 70),
    "secondary": Pace(60, 90),
    "secondary_link": Pace(40, 60),
    "tertiary": Pace(50, 80),
    "tertiary_link": Pace(35, 60),
    "unclassified": Pace(40, 70),
    "residential": Pace(30, 50),
    "road": Pace(30, 60),
    "living_street": Pace(10, 20),
    "service": Pace(15, 30),
    "track": Pace(15, 30),
}
"""Drivable values of ``highway``. Usual speeds are assumptions of this reader: what a car keeps up
over a stretch with its bends and crossings, not what the law allows."""

SHARE_OF_LIMIT = 0.9
"""What a car keeps up of a legal limit, assumed."""

LEAST_KMH, MOST_KMH = 5.0, 200.0
"""Limits outside this are mistakes: slower ones count as the least, faster ones as not given."""

ZONES: dict[str, float] = {
    "urban": 50,
    "rural": 90,
    "trunk": 110,
    "motorway": 130,
    "living_street": 20,
    "bicycle_road": 30,
    "walk": 7,
    "none": 130,
    "nsl_restricted": 30 * 1.609344,
    "nsl_single": 60 * 1.609344,
    "nsl_dual": 70 * 1.609344,
    "ru:urban": 60,
    "by:urban": 60,
    "de:rural": 100,
    "at:rural": 100,
    "pl:rural": 90,
    "fr:rural": 80,
    "ch:rural": 80,
    "ch:motorway": 120,
    "be:rural": 70,
}
"""Limits in km/h that are written as words, with or without the country before them; those of a
country (``ru:urban``) come before those of the word (``urban``)."""

_UNITS = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?$")
_ZONE_NUMBER = re.compile(r"(?:[a-z]{2}(?:-[a-z]+)?:)?(?:zone)?:?(\d+)$")


def limit_kmh(text: str) -> float | None:
    """The legal limit that a ``maxspeed`` states.

    Args:
        text: e.g. ``50``, ``30 mph``, ``RU:urban``, ``DE:zone30``, ``none``, ``walk``; of a list such
            as ``90;50`` or ``80|60`` the lowest counts.

    Returns:
        km/h, None where nothing can be made of it (``signals``, ``variable``).
    """
    found = [_one(part.strip()) for part in re.split(r"[;|,]", text.casefold())]
    known = [max(kmh, LEAST_KMH) for kmh in found if kmh is not None and 0 < kmh <= MOST_KMH]
    return min(known, default=None)


def _one(text: str) -> float | None:
    number = _NUMBER.match(text)
    if number:
        return float(number[1]) * _UNITS[number[2] or ""]
    zone = _ZONE_NUMBER.match(text)
    if zone:
        return float(zone[1])
    return ZONES.get(text, ZONES.get(text.rpartition(":")[2]))


def driven_kmh(highway: str, maxspeed: str | None) -> float:
    """Speed of a car in km/h on a road of a class of :data:`CLASSES`."""
    pace = CLASSES[highway]
    limit = None if maxspeed is None else limit_kmh(maxspeed)
    return pace.usual if limit is None else min(SHARE_OF_LIMIT * limit, pace.most)
