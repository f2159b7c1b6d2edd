"""Places and recommended sites by what a planner calls them: an id or a name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from siting.errors import ModelError, did_you_mean
from siting.instance import LEVELS, Instance
from siting.instance.arrays import Ints, Texts
from siting.instance.decisions import Named
from siting.problem import Problem

NEAREST = 20
"""Names that are compared letter by letter with one that is unknown."""

LISTED = 10
"""Ids listed of places that have the same name."""


def find_place(instance: Instance, place: str) -> int:
    """Index of a place, by its id or else its name, whatever the case.

    Raises:
        ModelError: nobody knows it (names the nearest), or several places have the name (lists them).
    """
    places = instance.places
    by_id = np.flatnonzero(places.ids == place)
    if len(by_id):
        return int(by_id[0])
    wanted = place.strip().casefold()
    named = [k for k, name in enumerate(places.names) if str(name).casefold() == wanted]
    if len(named) == 1:
        return named[0]
    if not named:
        raise ModelError(f"unknown place {place!r}{nearest(place, [*places.names, *places.ids])}")
    listed = ", ".join(_described(instance, k) for k in named[:LISTED])
    more = f" and {len(named) - LISTED} more" if len(named) > LISTED else ""
    raise ModelError(f"{len(named)} places are called {place!r}; give the id of one: {listed}{more}")


def _described(instance: Instance, place: int) -> str:
    """The id of a place and the areas it lies in."""
    places = instance.places
    areas = [
        str(instance.areas[level].names[places.area[level][place]])
        for level in reversed(LEVELS)
        if len(instance.areas[level].names) and places.area[level][place] >= 0
    ]
    where = ", ".join(area for area in areas if area)
    return f"{places.ids[place]} ({where})" if where else str(places.ids[place])


def find_opened(problem: Problem, opened: Ints, sites: Iterable[Named]) -> Ints:
    """Positions in ``opened`` (K,) of recommended sites given by id, by (site id, type id), or by name.

    Raises:
        ModelError: with every one that the plan does not recommend.
    """
    instance, options = problem.instance, problem.responses.options
    ids, names = instance.sites.ids[options.site[opened]], instance.sites.names[options.site[opened]]
    types = np.array([kind.id for kind in problem.responses.settings.types], dtype=object)[
        options.type[opened]
    ]
    found: list[int] = []
    complaints: list[str] = []
    for named in [sites] if isinstance(sites, str) else sites:
        site, kind = (named, None) if isinstance(named, str) else named
        mine = _matching(ids, names, site)
        mine = [k for k in mine if kind is None or types[k] == kind]
        if not mine:
            shown = site if kind is None else f"{site} ({kind})"
            complaints.append(
                f"the plan recommends no site {shown!r}{nearest(site, [*names, *ids])}"
                f"{_elsewhere(instance, site)}"
            )
        elif len({str(ids[k]) for k in mine}) > 1:
            same = ", ".join(dict.fromkeys(str(ids[k]) for k in mine))
            complaints.append(f"several recommended sites are called {site!r}; give the id of one: {same}")
        found += mine
    if complaints:
        raise ModelError(complaints)
    return np.array(list(dict.fromkeys(found)), dtype=np.int32)


def _matching(ids: Texts, names: Texts, site: str) -> list[int]:
    by_id = [k for k, one in enumerate(ids) if one == site]
    wanted = site.strip().casefold()
    return by_id or [k for k, name in enumerate(names) if str(name).casefold() == wanted]


def _elsewhere(instance: Instance, site: str) -> str:
    """A pointer to the other question, where the site is there but not in the plan."""
    wanted = site.strip().casefold()
    known = np.any(instance.sites.ids == site) or any(
        str(name).casefold() == wanted for name in instance.sites.names
    )
    return "; it is not in this plan: ask why not" if known else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Words to append to a complaint about a name unknown among very many: the nearest one.

    The names that share most pairs of letters with it (Dice's coefficient) are compared closely.
    """
    mine = _letters(name)
    first: dict[str, str] = {}
    for one in known:
        first.setdefault(str(one).casefold(), str(one))
    scored = {one: _letters(one) for one in first.values() if one}
    order = sorted(
        scored, key=lambda one: (-2 * len(mine & scored[one]) / max(1, len(mine) + len(scored[one])), one)
    )
    return did_you_mean(name, order[:NEAREST])


def _letters(name: str) -> set[str]:
    """Pairs of letters of a name, its beginning marked."""
    folded = f" {name.strip().casefold()}"
    return {folded[k : k + 2] for k in range(len(folded) - 1)}
