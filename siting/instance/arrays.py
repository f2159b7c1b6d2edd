"""The parts an instance is made of: frozen arrays with stated shapes and units.

P places, A areas, S sites, F existing facilities, C candidates, V road nodes, E directed edges.
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
        distance_m: coverage standard as a distance by road in metres, per kind of place; None
            where the service has none.
    """

    id: str
    title: str
    weight: float
    vehicle_factor: float
    standard_ms: Mapping[str, int]
    distance_m: Mapping[str, int] | None = None


@dataclass(frozen=True)
class FacilityType:
    """A type of facility.

    Attributes:
        id, title: key in instance.toml, and words for people.
        turnout_ms: per provided service id, turnout in ms between the call and departure.
        cost: unit cost of a new one where candidates.csv gives none (currency of the instance).
        new: how many new ones are planned; None where the instance does not say.
        units: most units (crews, officers) of a new one where candidates.csv gives none.
        capacity: people one unit can serve where the tables give none; None: no limit.
        saving: money saved by closing one where facilities.csv gives none; None: 0.
        payers: share of its cost each payer bears, by payer id; they sum to 1. Empty where the
            instance names no payers.
        under: id of the type above it in a hierarchy; None where it stands on its own.
        reach_ms: car ms from a facility of the type above within which one of this type must
            stand; 0 without one.
    """

    id: str
    title: str
    turnout_ms: Mapping[str, int]
    cost: float | None
    new: int | None
    units: int = 1
    capacity: float | None = None
    saving: float | None = None
    payers: Mapping[str, float] = field(default_factory=dict)
    under: str | None = None
    reach_ms: int = 0


@dataclass(frozen=True)
class Areas:
    """The areas of one level (region, district or community).

    Attributes:
        ids, names, names_local: (A,) text.
        means: (A,) money the area itself can spend, NaN where there is no limit.
    """

    ids: Texts
    names: Texts
    names_local: Texts
    means: Floats


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
        fires: (P,) fires expected there in a year.
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
    fires: Floats


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
    """Existing facilities: they count, and stay open unless a model closes closable ones.

    Attributes:
        ids, names: (F,) text.
        site: (F,) index into sites.
        type: (F,) index into ``Settings.types``.
        units: (F,) crews or officers there, >= 1.
        capacity: (F,) people one unit can serve, NaN where unlimited.
        closable: (F,) True where a model that asks about closing may close it.
        saving: (F,) money saved by closing it.
        synthetic: (F,) True where the facility was assumed, not observed.
    """

    ids: Texts
    names: Texts
    site: Ints
    type: Ints
    units: Ints
    capacity: Floats
    closable: Flags
    saving: Floats
    synthetic: Flags


@dataclass(frozen=True)
class Candidates:
    """Options that may be opened: one (site, facility type) pair each.

    Attributes:
        site: (C,) index into sites.
        type: (C,) index into ``Settings.types``.
        cost: (C,) of one unit, in the currency of the instance.
        status: (C,) :class:`CandidateStatus`.
        capacity: (C,) people one unit can serve, NaN where unlimited.
        units: (C,) most units that may be opened there, >= 1.
        replaces: (C,) index of the existing facility at the same site that opening it replaces
            (an upgrade), -1 where it replaces none.
    """

    site: Ints
    type: Ints
    cost: Floats
    status: Ints
    capacity: Floats
    units: Ints
    replaces: Ints


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
class Scenario:
    """One way the roads and sites may turn out to be.

    Attributes:
        id, title: key in instance.toml, and words for people.
        probability: as the instance was read; a number changed since stands in ``Settings``.
        factor: (E,) car time of every edge is multiplied by it, inf where the edge is closed;
            None where the roads are as they are.
        lost: (S,) True where no facility or candidate serves.
    """

    id: str
    title: str
    probability: float
    factor: Floats | None
    lost: Flags


@dataclass(frozen=True)
class Chance:
    """A scenario as instance.toml names it: its key, words for people, and its probability (> 0)."""

    id: str
    title: str
    probability: float


@dataclass(frozen=True)
class Period:
    """A stage of a plan: its key in instance.toml, words for people, and its weight (> 0)."""

    id: str
    title: str
    weight: float


@dataclass(frozen=True)
class Settings:
    """What instance.toml says beside the tables.

    Attributes:
        name, title, currency, notes: text.
        services, types: in file order; their ids are unique.
        sources: origin and licence of the data.
        exclude: per level, ids of the areas excluded from siting.
        parameters: numbers for model parameters, e.g. ``{"budget": 5100.0}``; of a parameter with
            members one per member, e.g. ``{"new.y2026": 100.0}``.
        snap_kmh: speed on the straight edges between a snapped site and the road network.
        scenarios: in file order; their probabilities sum to 1. Empty: the roads as they are.
        periods: in file order, the order of time. Empty: everything at once.
        model: the question asked where none is named: a bundled model, or a model file that the
            instance brings; empty where the instance does not say.
        published: best objective value known elsewhere, by model, in the unit of its first measure.
        translations: per language code, titles and other words of this file in that language.
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
    scenarios: tuple[Chance, ...] = ()
    periods: tuple[Period, ...] = ()
    model: str = ""
    published: Mapping[str, float] = field(default_factory=dict)
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
