"""Two plans or more on one map: places that gain or lose, facilities kept, dropped and added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siting.report.language import Language
from siting.report.payload import packed, service_words, short
from siting.report.plane import Plane
from siting.report.scene import EXCLUDED, NOBODY, area_names, place_names, site_names

if TYPE_CHECKING:
    from siting.result import Result
    from siting.studies.compare import Comparison

CHANGES = ("", "gains", "loses", "sooner", "later", "new", "gone")
"""What may become of a place, by the number the script knows it by."""

_STATES = {
    ("open", "kept"): 3, ("open", "changed"): 3, ("open", "dropped"): 4, ("open", "added"): 5,
    ("close", "kept"): 2, ("close", "changed"): 2, ("close", "added"): 4, ("close", "dropped"): 5,
}  # fmt: skip
"""States of a facility: what one plan closes and the other does not is dropped or added like a new one."""

_ABSENT = 255


def layers(comparison: Comparison, unit: str, language: Language) -> dict[str, Any]:
    """What the map shows: places, facilities, and per plan and service what changes; see ``map.js``."""
    needs = comparison.needs
    places = needs.drop_duplicates("place_id").set_index("place_id")
    plane = Plane.around(places["lat"].to_numpy(float), places["lon"].to_numpy(float))
    x, y = plane.project(places["lat"].to_numpy(float), places["lon"].to_numpy(float))
    region = places["region_id"].fillna(places["region_id_base"]).fillna("")
    regions = pd.Index([one for one in region.unique() if one])
    people = places[["people", "people_base"]].max(axis=1).to_numpy(float)
    names, others = places_named(comparison.results, language)
    areas = areas_named(comparison, "region", language)
    sites = _facilities(comparison, language, plane)
    return {
        "places": {
            "x": packed(np.round(x, 3), "f"),
            "y": packed(np.round(y, 3), "f"),
            "people": packed(np.minimum(people, 2**31 - 1), "I"),
            "region": packed(regions.get_indexer(pd.Index(region)), "I"),
            "name": short(np.array([names.get(one) or one for one in places.index], dtype=object)),
            "other": short(np.array([others.get(one, "") for one in places.index], dtype=object)),
        },
        "regions": short(np.array([areas.get(one) or one for one in regions], dtype=object)),
        "services": [
            _service(comparison, plan, service, places.index, sites, unit, language)
            for plan, service in pairs(comparison)
        ],
        **_packed(sites, language),
    }


def pairs(comparison: Comparison) -> list[tuple[str, str]]:
    """Every plan but the first with every service, in the order in which the page numbers them."""
    there = set(comparison.needs["service"])
    known = [one.id for result in comparison.results for one in result.problem.responses.settings.services]
    services = [one for one in dict.fromkeys(known) if one in there]
    return [(plan, service) for plan in comparison.names[1:] for service in services]


def places_named(results: tuple[Result, ...], language: Language) -> tuple[dict[str, str], dict[str, str]]:
    """Names of places by id, in this language and in the other one."""
    names: dict[str, str] = {}
    others: dict[str, str] = {}
    for result in reversed(results):
        places = result.problem.instance.places
        shown = place_names(result.problem.instance, language)
        names.update(zip(places.ids, shown, strict=True))
        other = np.where(shown == places.names, places.names_local, places.names)
        others.update(zip(places.ids, np.where(other == shown, "", other), strict=True))
    return names, others


def areas_named(comparison: Comparison, level: str, language: Language) -> dict[str, str]:
    """Names of the areas of a level by id, in this language."""
    names: dict[str, str] = {}
    for result in reversed(comparison.results):
        instance = result.problem.instance
        names.update(zip(instance.areas[level].ids, area_names(instance, level, language), strict=True))
    return names


def _facilities(comparison: Comparison, language: Language, plane: Plane) -> pd.DataFrame:
    """Existing facilities of the first plan, then those that any plan opens, by their ids."""
    base = comparison.results[0].problem
    options, facilities, sites = base.responses.options, base.instance.facilities, base.instance.sites
    old = np.flatnonzero(options.usable[: options.existing])
    at = options.site[old]
    types = np.array([kind.id for kind in base.responses.settings.types], dtype=object)
    given = facilities.names[old]
    existing = pd.DataFrame(
        {
            "facility": facilities.ids[old],
            "name": np.where(given.astype(bool), given, facilities.ids[old]),
            "type": types[options.type[old]], "lat": sites.lat[at], "lon": sites.lon[at], "fresh": False,
        }
    )  # fmt: skip
    opened = comparison.sites[comparison.sites["decision"] == "open"].drop_duplicates("facility")
    columns = ["facility", "name", "type", "lat", "lon"]
    fresh = opened[columns].assign(fresh=True)
    names = sites_named(comparison, language)
    fresh["name"] = [names.get(one) or one for one in opened["site_id"]]
    both = pd.concat([existing, fresh], ignore_index=True) if len(fresh) else existing
    east, north = plane.project(both["lat"].to_numpy(float), both["lon"].to_numpy(float))
    return both.assign(x=east, y=north)


def sites_named(comparison: Comparison, language: Language) -> dict[str, str]:
    """Names of sites by id, in this language."""
    names: dict[str, str] = {}
    for result in reversed(comparison.results):
        instance = result.problem.instance
        names.update(zip(instance.sites.ids, site_names(instance, language), strict=True))
    return names


def _packed(sites: pd.DataFrame, language: Language) -> dict[str, Any]:
    types = list(sites["type"].drop_duplicates())
    return {
        "facilities": {
            "x": packed(np.round(sites["x"].to_numpy(float), 3), "f"),
            "y": packed(np.round(sites["y"].to_numpy(float), 3), "f"),
            "type": packed([types.index(one) for one in sites["type"]], "B"),
            "state": packed(np.where(sites["fresh"], 1, 0), "B"),
            "name": short(sites["name"].to_numpy(object)),
        },
        "types": [language.named(one) for one in types],
    }


def _service(
    comparison: Comparison,
    plan: str,
    service: str,
    places: pd.Index,
    sites: pd.DataFrame,
    unit: str,
    language: Language,
) -> dict[str, Any]:
    """Answers under the first plan and another in one service, what changes, and states of facilities."""
    needs = comparison.needs
    asked = needs[(needs["plan"] == plan) & (needs["service"] == service)]
    mine = asked.set_index("place_id").reindex(places)
    decided = comparison.sites[comparison.sites["plan"] == plan]
    states = {
        facility: _STATES[decision, status]
        for facility, decision, status in decided[["facility", "decision", "status"]].to_numpy(object)
    }
    other = comparison.results[comparison.names.index(plan)]
    found = next(
        one
        for result in (comparison.results[0], other)
        for one in result.problem.responses.settings.services
        if one.id == service
    )
    settings = comparison.results[0].problem.responses.settings
    provides = {kind.id for kind in settings.types if service in kind.turnout_ms}
    types = list(sites["type"].drop_duplicates())
    title = language.say(found.title)
    several = len(comparison.names) > 2
    standards = {kind: ms / 60_000 for kind, ms in found.standard_ms.items()}
    state = [states.get(one, _ABSENT if new else 0) for one, new in sites[["facility", "fresh"]].to_numpy()]
    return {
        **service_words(f"{plan}: {title}" if several else title, standards, unit, language),
        "types": [number for number, one in enumerate(types) if one in provides],
        "states": packed(state, "B"),
        "change": packed([CHANGES.index(one) for one in mine["change"].fillna("")], "B"),
        "answered": {"before": _answered(mine, "_base"), "after": _answered(mine, "")},
    }


def _answered(mine: pd.DataFrame, end: str) -> dict[str, list[str]]:
    minutes = mine[f"minutes{end}"].to_numpy(float)
    people = mine[f"people{end}"].fillna(0).to_numpy(float)
    known = mine["_merge"].isin(["both", "left_only" if end else "right_only"]).to_numpy()
    rounded = np.minimum(np.rint(np.nan_to_num(minutes) * 10), EXCLUDED - 1)
    tenths = np.where(~known, EXCLUDED, np.where(np.isnan(minutes), NOBODY, rounded))
    inside = known & (people > 0) & (mine[f"within{end}"].to_numpy(float) >= people * (1 - 1e-9))
    return {
        "tenths": packed(tenths, "H"),
        "by": packed(np.full(len(mine), -1), "I"),
        "within": packed(inside, "B"),
    }
