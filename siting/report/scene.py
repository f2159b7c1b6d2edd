"""What a map shows: places with their response times, facilities, and who serves whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siting.figures.outcome import after, before, wholly_covered
from siting.figures.view import view
from siting.instance import Instance
from siting.instance.arrays import Flags, Floats, Ints, Longs, Texts
from siting.report.language import Language
from siting.report.plane import Plane
from siting.report.roads import Lines, thinned
from siting.response import Responses

if TYPE_CHECKING:
    from siting.result import Result

EXISTING, NEW, CLOSED = 0, 1, 2
"""States of a facility."""

NOBODY, EXCLUDED = 65_535, 65_534
"""Instead of minutes: nobody answers, or the place is excluded from siting."""

WHEN = ("before", "after")


@dataclass(frozen=True, eq=False)
class Answered:
    """Response to every place in one service.

    Attributes:
        tenths: (P,) uint16 tenths of minutes, or :data:`NOBODY`, or :data:`EXCLUDED`.
        by: (P,) facility of the scene that answers, -1 for none.
        within: (P,) True where all of the place is answered within the standard.
    """

    tenths: np.ndarray
    by: Ints
    within: Flags


@dataclass(frozen=True, eq=False)
class ServiceScene:
    """One service on the map.

    Attributes:
        id, title: of the service.
        standards: per kind of place, the standard in minutes.
        types: indices of the facility types that provide it.
        answered: before and after.
    """

    id: str
    title: str
    standards: dict[str, float]
    types: tuple[int, ...]
    answered: dict[str, Answered]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything on the map; kilometres on one plane.

    Attributes:
        x, y: (P,) places.
        people: (P,) of each.
        region: (P,) index of its region, -1 for none.
        fx, fy: (F,) facilities.
        type, state: (F,) type, and one of the states.
        names: (F,) of facilities.
        services: those that count.
        roads: thinned, None without any.
    """

    x: Floats
    y: Floats
    people: Longs
    region: Ints
    fx: Floats
    fy: Floats
    type: Ints
    state: Ints
    names: Texts
    services: tuple[ServiceScene, ...]
    roads: Lines | None


def has_map(instance: Instance) -> bool:
    """Whether any place has coordinates."""
    return bool(np.isfinite(instance.places.lat).any() and np.isfinite(instance.places.lon).any())


def place_names(instance: Instance, language: Language) -> Texts:
    """(P,) names of the places, in the country's own language where that is wanted and known."""
    return _names(instance.places.names, instance.places.names_local, language)


def area_names(instance: Instance, level: str, language: Language) -> Texts:
    """(A,) names of the areas of a level, likewise."""
    areas = instance.areas[level]
    return _names(areas.names, areas.names_local, language)


def _names(names: Texts, local: Texts, language: Language) -> Texts:
    if not language.local:
        return names
    return np.where(local.astype(bool), local, names).astype(object)


def site_names(instance: Instance, language: Language) -> Texts:
    """(S,) names of the sites; those of places likewise."""
    names = instance.sites.names.copy()
    names[: len(instance.places.ids)] = place_names(instance, language)
    return names


def scene(result: Result, language: Language) -> Scene:
    """The scene of a result that has a plan, on a map (see :func:`has_map`)."""
    responses, plan = result.problem.responses, result.plan
    assert plan is not None
    instance, options = responses.instance, responses.options
    places, sites = instance.places, instance.sites
    plane = Plane.around(places.lat, places.lon)
    x, y = plane.project(places.lat, places.lon)
    old = np.flatnonzero(options.usable[: options.existing])
    shown = np.concatenate([old, plan.opened]).astype(np.int32)
    number = np.full(len(options.site) + 1, -1, dtype=np.int32)  # the last entry, -1, is nobody's
    number[shown] = np.arange(len(shown))
    state = np.repeat([EXISTING, NEW], [len(old), len(plan.opened)])
    state[number[plan.closed]] = CLOSED
    at = options.site[shown]
    fx, fy = plane.project(sites.lat[at], sites.lon[at])
    return Scene(
        x, y, places.population, places.area["region"], fx, fy, options.type[shown], state,
        _facility_names(instance, shown[: len(old)], options.site[plan.opened], language),
        _services(result, number, language),
        None if instance.roads is None else thinned(instance.roads, plane),
    )  # fmt: skip


def _facility_names(instance: Instance, old: Ints, fresh: Ints, language: Language) -> Texts:
    """Names of existing facilities, then of sites; one called after its place has the place's name."""
    of_site, site = site_names(instance, language), instance.facilities.site[old]
    names, ids = instance.facilities.names[old], instance.facilities.ids[old]
    given = np.where(names.astype(bool), names, ids)
    named = np.where(given == instance.sites.names[site], of_site[site], given)
    own = np.where(of_site[fresh].astype(bool), of_site[fresh], instance.sites.ids[fresh])
    return np.concatenate([named, own]).astype(object)


def _services(result: Result, number: Ints, language: Language) -> tuple[ServiceScene, ...]:
    responses, plan = result.problem.responses, result.plan
    assert plan is not None
    settings = responses.settings
    nothing = np.zeros(0, dtype=np.int32)
    count = len(responses.needs.place)
    outcomes = {
        "before": (*responses.serve(nothing), wholly_covered(before(responses), count)),
        "after": (plan.serves, plan.response_ms, wholly_covered(after(responses, plan), count)),
    }
    found = []
    for index in responses.layout.weights(settings):
        service = settings.services[index]
        answered = {when: _answered(responses, index, number, *outcomes[when]) for when in WHEN}
        types = tuple(t for t, kind in enumerate(settings.types) if service.id in kind.turnout_ms)
        standards = {kind: ms / 60_000 for kind, ms in service.standard_ms.items()}
        title = language.say(service.title)
        found.append(ServiceScene(service.id, title, standards, types, answered))
    return tuple(found)


def _answered(
    responses: Responses, service: int, number: Ints, serves: Ints, ms: Ints, within: Flags
) -> Answered:
    """Who answers each place, out of the needs of the first scenario and the last period."""
    places = responses.instance.places
    seen = view(responses)
    mine = seen.service == service
    need, place = seen.need[mine], seen.place[mine]
    tenths = np.full(len(places.ids), EXCLUDED, dtype=np.uint16)
    by = np.full(len(places.ids), -1, dtype=np.int32)
    inside = np.zeros(len(places.ids), dtype=bool)
    rounded = np.minimum(np.rint(ms[need] / 6000), EXCLUDED - 1)
    tenths[place] = np.where(serves[need] >= 0, rounded, NOBODY)
    by[place] = number[serves[need]]
    inside[place] = within[need]
    return Answered(tenths, by, inside)
