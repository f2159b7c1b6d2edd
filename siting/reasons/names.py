"""Places and recommended sites by what a planner calls them: an id or a name."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

import numpy as np

from siting.errors import ModelError
from siting.instance import LEVELS, Instance
from siting.instance.arrays import Ints, Texts
from siting.instance.decisions import Named
from siting.problem import Problem

NEAREST = 40
"""Names that are compared letter by letter with one that is unknown."""

SUGGESTED = 3
"""Names that are suggested at most."""

ALIKE = 0.6
"""Likeness from which a name is suggested, see :func:`difflib.get_close_matches`."""

LISTED = 10
"""Ids listed of places that have the same name."""

_SAME = str.maketrans(dict.fromkeys("’ʼ`´‘", "'"))
"""Apostrophes, which Ukrainian names are written with in many ways."""


def find_place(instance: Instance, place: str) -> int:
    """Index of a place, by its id or else its name, also the local one, whatever the case.

    Raises:
        ModelError: nobody knows it (names the nearest), or several places have the name (lists them).
    """
    places = instance.places
    by_id = np.flatnonzero(places.ids == place)
    if len(by_id):
        return int(by_id[0])
    named = _named((places.names, places.names_local), place)
    if len(named) == 1:
        return named[0]
    if not named:
        known = [*places.names, *places.names_local, *places.ids]
        raise ModelError(f"unknown place {place!r}{nearest(place, known)}")
    raise ModelError(
        f"{len(named)} places are called {place!r}; give the id of one: {_list(instance, named)}"
    )


def _named(names: Iterable[Texts], wanted: str) -> list[int]:
    """Ascending numbers of those of which one of the names is the one that is wanted."""
    folded = _folded(wanted)
    if not folded:
        return []
    return sorted({k for some in names for k, name in enumerate(some) if _folded(name) == folded})


def _folded(name: object) -> str:
    """A name as names are compared: case, form of accents and kind of apostrophe do not matter."""
    return unicodedata.normalize("NFC", str(name)).strip().casefold().translate(_SAME)


def _list(instance: Instance, sites: list[int]) -> str:
    """The first of some sites, each with the areas it lies in."""
    listed = ", ".join(_described(instance, k) for k in sites[:LISTED])
    return listed + (f" and {len(sites) - LISTED:,} more" if len(sites) > LISTED else "")


def _described(instance: Instance, site: int) -> str:
    """The id of a site and the areas it lies in, as far as they are known."""
    places = instance.places
    areas = [
        str(instance.areas[level].names[places.area[level][site]])
        for level in reversed(LEVELS)
        if site < len(places.ids) and len(instance.areas[level].names) and places.area[level][site] >= 0
    ]
    where = ", ".join(area for area in areas if area)
    return f"{instance.sites.ids[site]} ({where})" if where else str(instance.sites.ids[site])


def find_opened(problem: Problem, opened: Ints, sites: Iterable[Named]) -> Ints:
    """Positions in ``opened`` (K,) of recommended sites given by id, by (site id, type id), or by name.

    Raises:
        ModelError: with every one that the plan does not recommend.
    """
    instance, options = problem.instance, problem.responses.options
    where = options.site[opened]
    ids, names = instance.sites.ids[where], instance.sites.names[where]
    local = _local_names(instance)[where]
    types = np.array([kind.id for kind in problem.responses.settings.types], dtype=object)[
        options.type[opened]
    ]
    found: list[int] = []
    complaints: list[str] = []
    for named in [sites] if isinstance(sites, str) else sites:
        site, kind = (named, None) if isinstance(named, str) else named
        mine = np.flatnonzero(ids == site).tolist() or _named((names, local), site)
        mine = [k for k in mine if kind is None or types[k] == kind]
        same = list(dict.fromkeys(int(where[k]) for k in mine))
        if not mine:
            shown = site if kind is None else f"{site} ({kind})"
            complaints.append(
                f"the plan recommends no site {shown!r}{nearest(site, [*names, *local, *ids])}"
                f"{_elsewhere(instance, site)}"
            )
        elif len(same) > 1:
            listed = _list(instance, same)
            complaints.append(
                f"{len(same)} recommended sites are called {site!r}; give the id of one: {listed}"
            )
        found += mine
    if complaints:
        raise ModelError(complaints)
    return np.array(list(dict.fromkeys(found)), dtype=np.int32)


def _local_names(instance: Instance) -> Texts:
    """(S,) local names of the sites; empty for those that are no places."""
    more = len(instance.sites.ids) - len(instance.places.ids)
    return np.append(instance.places.names_local, np.full(more, "", dtype=object))


def _elsewhere(instance: Instance, site: str) -> str:
    """A pointer to the other question, where the site is there but not in the plan."""
    names = (instance.sites.names, _local_names(instance))
    known = np.any(instance.sites.ids == site) or _named(names, site)
    return "; it is not in this plan: ask why not" if known else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Words to append to a complaint about a name unknown among very many: the nearest ones.

    The names that share most pairs of letters with it (Dice's coefficient) are compared closely.
    """
    first: dict[str, str] = {}
    for one in known:
        if one:
            first.setdefault(_folded(one), str(one))
    wanted = _folded(name)
    mine = _letters(wanted)
    likeness = {}
    for folded in first:
        theirs = _letters(folded)
        likeness[folded] = -2 * len(mine & theirs) / max(1, len(mine) + len(theirs))
    closest = sorted(first, key=lambda folded: (likeness[folded], folded))[:NEAREST]
    found = difflib.get_close_matches(wanted, closest, SUGGESTED, ALIKE)
    if not found:
        return ""
    *others, last = [repr(first[folded]) for folded in found]
    return f"; did you mean {', '.join(others)}{' or ' if others else ''}{last}?"


def _letters(folded: str) -> set[str]:
    """Pairs of letters of a name, its beginning marked."""
    marked = f" {folded}"
    return {marked[k : k + 2] for k in range(len(marked) - 1)}
