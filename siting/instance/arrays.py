"""The parts an instance is made of: frozen arrays with stated shapes and units.

P places, S sites, F existing facilities, C candidates, V road nodes, E directed edges.
Ids become indices once, when an instance is built, and ids again once, in the writers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.object_]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEVELS = ("region", "district", "community")


class CandidateStatus(IntEnum):
    """What a solver may do with a candidate."""

    CANDIDATE = 0
    """May be opened."""
    REQUIRED = 1
    """Must be opened."""
    FORBIDDEN = 2
    """Must stay closed; kept in the data so that a planner can see it."""


@dataclass(frozen=True)
class Source:
    """Where data came from: a citation or address, its licence, and what was taken."""

    what: str
    origin: str
    licence: str


@dataclass(frozen=True)
class Service:
    """A service that places need.

    Attributes:
        id, title: key in instance.toml, and words for people.
        weight: weight of one person's need of this service in a weighted sum (1).
        vehicle_factor: travel minutes of this service's vehicle per minute of a car (1).
        standard_ms: coverage standard, the response time in ms that counts as covered,
            per kind of place.
    """

    id: str
    title: str
    weight: float
    vehicle_factor: float
    standard_ms: Mapping[str, int]


@dataclass(frozen=True)
class FacilityType:
    """A type of facility.

    Attributes:
        id, title: key in instance.toml, and words for people.
        turnout_ms: per provided service id, turnout in ms between the call and departure.
        cost: unit cost of a new one where candidates.csv gives none (currency of the instance).
        new: how many new ones are planned; None where the instance does not say.
    """

    id: str
    title: str
    turnout_ms: Mapping[str, int]
    cost: float | None
    new: int | None


@dataclass(frozen=True)
class Areas:
    """The areas of one level (region, district or community): ids and names, all (A,)."""

    ids: Texts
    names: Texts
    names_local: Texts


@dataclass(frozen=True)
class Places:
    """Demand points; place p is also site p.

    Attributes:
        ids, names, names_local: (P,) text; ``names_local`` may hold empty text.
        lat, lon: (P,) degrees, WGS 84.
        population: (P,) people.
        kind: (P,) index into ``kinds``.
        kinds: kinds of place, the keys of every service's standard.
        area: per level (P,) index into ``Instance.areas[level]``, -1 where unknown.
        synthetic: (P,) True where the place was generated, not observed.
        excluded: (P,) True where the instance excludes the place from siting; such places have
            no needs, take no sites, and are reported apart.
    """

    ids: Texts
    names: Texts
    names_local: Texts
    lat: Floats
    lon: Floats
    population: Longs
    kind: Ints
    kinds: tuple[str, ...]
    area: Mapping[str, Ints]
    synthetic: Flags
    excluded: Flags


@dataclass(frozen=True)
class Sites:
    """Locations on the network: the P places first, then the other sites in use.

    Attributes:
        ids, names: (S,) text.
        lat, lon: (S,) degrees; NaN where an origin-destination table makes them unnecessary.
        node: (S,) index of the road node, -1 for an instance with an origin-destination table.
        snap_m: (S,) metres of the straight edges that link the node of a snapped site to the road
            network; 0 unless the site was snapped.
    """

    ids: Texts
    names: Texts
    lat: Floats
    lon: Floats
    node: Ints
    snap_m: Floats


@dataclass(frozen=True)
class Facilities:
    """Existing facilities: they stay open and count.

    Attributes:
        ids, names: (F,) text.
        site: (F,) index into sites.
        type: (F,) index into ``Instance.types``.
    """

    ids: Texts
    names: Texts
    site: Ints
    type: Ints


@dataclass(frozen=True)
class Candidates:
    """Options that may be opened: one (site, facility type) pair each.

    Attributes:
        site: (C,) index into sites.
        type: (C,) index into ``Instance.types``.
        cost: (C,) in the currency of the instance.
        status: (C,) :class:`CandidateStatus`.
        capacity: (C,) people it can serve, NaN where unlimited.
    """

    site: Ints
    type: Ints
    cost: Floats
    status: Ints
    capacity: Floats


@dataclass(frozen=True)
class OdTable:
    """Known travel times site -> place; a pair that is absent is unreachable.

    Attributes:
        site, place: (N,) indices into sites and places.
        ms: (N,) car ms.
    """

    site: Ints
    place: Ints
    ms: Ints


@dataclass(frozen=True)
class Settings:
    """What instance.toml says beside the tables.

    Attributes:
        name, title, currency, notes: text.
        services, types: in file order; their ids are unique.
        sources: origin and licence of the data.
        exclude: per level, ids of the areas excluded from siting.
        parameters: numbers for model parameters, e.g. ``{"budget": 5100.0}``.
        snap_kmh: speed on the straight edges between a snapped site and the road network.
    """

    name: str
    title: str
    currency: str
    services: tuple[Service, ...]
    types: tuple[FacilityType, ...]
    sources: tuple[Source, ...] = ()
    notes: str = ""
    exclude: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    snap_kmh: float = 30.0
