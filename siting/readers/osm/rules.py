"""Which ways a car may drive, in which directions, and how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siting.readers.osm.speeds import CLASSES, driven_kmh

MOTOR = ("motorcar", "motor_vehicle", "vehicle", "access")
"""Keys of access for a car, the most specific first: the first that is there decides."""

CLOSED = {
    "no", "private", "agricultural", "forestry", "agricultural;forestry", "forestry;agricultural",
    "military", "psv", "bus", "taxi", "impassable",
}  # fmt: skip
"""Values of :data:`MOTOR` that keep cars out."""

OPEN = {"yes", "designated", "permissive", "official", "destination"}
"""Values that let cars in where the class does not."""

PRIVATE_SERVICE = {"parking_aisle", "driveway", "drive-through", "drive_through", "private", "slipway"}
"""Values of ``service`` that are no way to anywhere else."""

KEYS = (
    "highway", "maxspeed", "maxspeed:forward", "maxspeed:backward", "oneway", "junction", "service",
    "tracktype", "area", "route", "emergency", *MOTOR,
)  # fmt: skip
"""All keys that the rules look at."""

_FORWARD, _BACKWARD, _BOTH = {"yes", "true", "1"}, {"-1", "reverse"}, {"no", "false", "0"}
_CHANGING = {"reversible", "alternating"}


@dataclass(frozen=True)
class Rule:
    """How a way is driven: its class and the km/h each way, 0 where it is closed."""

    klass: str
    forward: float
    backward: float


def rule(tags: Mapping[str, str]) -> Rule | None:
    """The rule of a way, None where cars may not or cannot drive.

    Emergency vehicles are what this is about: ``emergency=yes`` opens a way that is closed to
    others, ``emergency=no`` closes it. Barriers and turn restrictions are not looked at.

    Args:
        tags: those of :data:`KEYS`.
    """
    highway = tags.get("highway", "")
    if highway not in CLASSES or tags.get("area") == "yes" or tags.get("route") == "ferry":
        return None
    if not _lets_in(highway, tags):
        return None
    forward, backward = _directions(highway, tags)
    if not (forward or backward):
        return None
    limit = tags.get("maxspeed")
    ahead = driven_kmh(highway, tags.get("maxspeed:forward", limit))
    back = driven_kmh(highway, tags.get("maxspeed:backward", limit))
    return Rule(highway, ahead if forward else 0.0, back if backward else 0.0)


def _lets_in(highway: str, tags: Mapping[str, str]) -> bool:
    """Whether a fire engine may be driven there."""
    emergency = tags.get("emergency")
    if emergency in OPEN or emergency == "no":
        return emergency != "no"
    access = next((tags[key] for key in MOTOR if key in tags), None)
    if access in CLOSED:
        return False
    if highway == "track":
        return _open_track(tags)
    return not (highway == "service" and tags.get("service") in PRIVATE_SERVICE)


def _open_track(tags: Mapping[str, str]) -> bool:
    """Tracks are farm and forest ways: a key of cars, or a paved one (grade1) open to all, opens them."""
    if any(tags.get(key) in OPEN for key in MOTOR[:3]):
        return True
    return tags.get("tracktype") == "grade1" and tags.get("access") in OPEN


def _directions(highway: str, tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether a way is open forward and backward; what is written comes before what is implied."""
    oneway = tags.get("oneway")
    if oneway in _CHANGING:
        return False, False
    if oneway in _BACKWARD:
        return False, True
    if oneway in _BOTH:
        return True, True
    implied = highway == "motorway" or tags.get("junction") in ("roundabout", "circular")
    return True, not (implied or oneway in _FORWARD)
