"""What changes from one plan to another: facilities, needs, and people by service and area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from siting.figures import closed_table
from siting.figures.coverage import IN_ALL
from siting.figures.outcome import WHOLE, after
from siting.figures.view import view
from siting.instance.arrays import LEVELS
from siting.result import Result

OF_SITES = (
    "decision", "status", "facility", "site_id", "name", "type", "units_base", "units", "period_base",
    "period", "lat", "lon", *LEVELS, "cost_base", "cost",
    "people_newly_covered",
)  # fmt: skip

OF_PLACES = (
    "change", "place_id", "place", "service", "people_base", "people", "within_base", "within", "gained",
    "minutes_base", "minutes", "lat", "lon", *LEVELS,
)  # fmt: skip

STATUSES = ("dropped", "added", "changed", "kept")
"""What may happen to a decision, in the order of the table."""

_SUMS = ("people", "within", "served", "waited")
_KEPT = ("place", "lat", "lon", *LEVELS)


def decisions_changed(base: Result, other: Result) -> pd.DataFrame:
    """Every facility that either plan opens or closes, and what becomes of the decision.

    Returns:
        One row per facility and decision (``open`` or ``close``). ``status``: ``kept``, ``changed`` (as
        many units no longer, or in another period), ``dropped``, ``added``. ``units_``, ``period_`` and
        ``cost_base`` are those of the first plan; cost is that of opening, below 0 where closing saves.
        ``people_newly_covered`` as in sites.csv, of the other plan where it opens the facility.
    """
    old, new = _decisions(base), _decisions(other)
    keys = ["decision", "facility"]
    both = old.merge(new, on=keys, how="outer", suffixes=("_base", ""), indicator=True)
    there = (both["_merge"] != "left_only").to_numpy()
    for column in ("site_id", "name", "type", "lat", "lon", *LEVELS, "people_newly_covered"):
        both[column] = both[column].where(there, both[f"{column}_base"])
    moved = (both["units"] != both["units_base"]) | (both["period"] != both["period_base"])
    both["status"] = np.select(
        [both["_merge"] == "left_only", both["_merge"] == "right_only", moved], STATUSES[:3], STATUSES[3]
    )
    for column, nothing in (("units", 0), ("period", ""), ("cost", 0.0)):
        for name in (column, f"{column}_base"):
            both[name] = both[name].where(both[name].notna(), nothing)
    both = both.astype({"units": int, "units_base": int, "people_newly_covered": int})
    both["order"] = both["status"].map({status: number for number, status in enumerate(STATUSES)})
    both = both.sort_values(
        ["decision", "order", "people_newly_covered", "facility"], ascending=[False, True, False, True]
    )
    return both[list(OF_SITES)].reset_index(drop=True)


def _decisions(result: Result) -> pd.DataFrame:
    """What a plan opens and closes, one row per facility."""
    opened = result.sites.assign(decision="open")
    opened["facility"] = opened["site_id"].astype(str) + ":" + opened["type"].astype(str)
    if "units" not in opened:
        opened["units"] = 1
    if "period" not in opened:
        opened["period"] = ""
    assert result.plan is not None
    instance, closed = result.problem.instance, closed_table(result)
    site = result.problem.responses.options.site[result.plan.closed]
    place = np.where(site < len(instance.places.ids), site, -1)
    closed = closed.assign(
        decision="close", facility=closed["facility_id"], period="", cost=-closed["saving"],
        people_newly_covered=0,
        units=result.problem.responses.options.units[result.plan.closed],
        lat=instance.sites.lat[site], lon=instance.sites.lon[site],
        **{
            level: np.append(instance.areas[level].names, "")[
                np.where(place >= 0, instance.places.area[level][place], -1)
            ]
            for level in LEVELS
        },
    )  # fmt: skip
    columns = ["decision", *(one for one in OF_SITES[2:] if not one.endswith("_base"))]
    parts = [table[columns] for table in (opened, closed) if len(table)]
    found = pd.concat(parts, ignore_index=True) if parts else opened[columns]
    return found.astype({"decision": object, "facility": object, "period": object})


def needs_changed(base: Result, other: Result) -> pd.DataFrame:
    """Every need of either plan, matched by the ids of place and service.

    Returns:
        One row per need: what of it is within the standard, served, and how long it waits
        (person-minutes), under the first plan (``_base``) and the other; ``weight`` of its service.
        Names and areas are those of the other plan where it knows the place.
    """
    old, new = _needs(base), _needs(other)
    both = old.merge(new, on=["place_id", "service"], how="outer", suffixes=("_base", ""), indicator=True)
    there = (both["_merge"] != "left_only").to_numpy()
    for column in _KEPT:
        both[column] = both[column].where(there, both[f"{column}_base"])
    numbers = [f"{column}{end}" for column in (*_SUMS, "weight") for end in ("", "_base")]
    return both.fillna(dict.fromkeys(numbers, 0.0))


def _needs(result: Result) -> pd.DataFrame:
    """The needs of a plan as figures about people look at them, one row each."""
    responses, plan = result.problem.responses, result.plan
    assert plan is not None
    seen, instance, settings = view(responses), responses.instance, responses.settings
    rows = after(responses, plan).of(seen, len(responses.needs.place))
    size, whole = len(seen.need), rows.parts(np.ones(len(seen.need)))
    answered = np.bincount(rows.need, weights=np.where(rows.served, whole, 0.0), minlength=size)
    inside = np.bincount(rows.need, weights=np.where(rows.covered, whole, 0.0), minlength=size)
    waited = np.bincount(rows.need, weights=np.where(rows.served, whole * rows.minutes, 0.0), minlength=size)
    weights = responses.layout.weights(settings)
    of_service = np.array([weights.get(number, 0.0) for number in range(len(settings.services))])
    services = np.array([service.id for service in settings.services], dtype=object)
    places = instance.places
    return pd.DataFrame(
        {
            "place_id": places.ids[seen.place],
            "service": services[seen.service],
            "place": places.names[seen.place],
            "lat": places.lat[seen.place],
            "lon": places.lon[seen.place],
            **{
                level: np.append(instance.areas[level].names, "")[places.area[level][seen.place]]
                for level in LEVELS
            },
            **{
                f"{level}_id": np.append(instance.areas[level].ids, "")[places.area[level][seen.place]]
                for level in LEVELS
            },
            "weight": of_service[seen.service],
            "people": seen.people.astype(np.float64),
            "within": seen.people * inside,
            "served": seen.people * answered,
            "waited": seen.people * waited,
            "minutes": np.divide(waited, answered, out=np.full(size, np.nan), where=answered > 0),
        }
    )


def with_change(needs: pd.DataFrame) -> pd.DataFrame:
    """The needs, and what becomes of each.

    Args:
        needs: of :func:`needs_changed`.

    Returns:
        ``change``: ``gains`` or ``loses`` people within the standard (``gained``, below 0 where it
        loses), else ``sooner`` or ``later``, by minutes; ``new`` or ``gone`` where only one of the
        plans knows the place; empty where nothing changes.
    """
    gained = (needs["within"] - needs["within_base"]).to_numpy()
    gained = np.where(np.abs(gained) <= WHOLE * np.maximum(needs["people"], 1.0), 0.0, gained)
    old, new = (needs[column].fillna(np.inf).to_numpy() for column in ("minutes_base", "minutes"))
    with np.errstate(invalid="ignore"):
        moved = np.where(old == new, 0.0, new - old)
    moved = np.where(np.abs(moved) <= WHOLE, 0.0, moved)
    sides = needs["_merge"]
    change = np.select(
        [sides == "right_only", sides == "left_only", gained > 0, gained < 0, moved < 0, moved > 0],
        ["new", "gone", "gains", "loses", "sooner", "later"],
        "",
    )
    return needs.assign(change=change, gained=gained)


def places_changed(needs: pd.DataFrame) -> pd.DataFrame:
    """The needs of :func:`with_change` that change, those that win or lose most people first."""
    changed = needs[needs["change"] != ""]
    table = changed.assign(order=-changed["gained"].abs())
    table = table.sort_values(["order", "place_id", "service"], kind="stable")
    decimals = {"within_base": 2, "within": 2, "gained": 2, "minutes_base": 3, "minutes": 3}
    found: pd.DataFrame = table[list(OF_PLACES)].round(decimals)
    return found.reset_index(drop=True)


def people_changed(needs: pd.DataFrame, level: str | None, services: Sequence[str]) -> pd.DataFrame:
    """People per service, and for the services together with their weights, and what changes.

    Args:
        needs: of :func:`needs_changed`.
        level: level of areas that are told apart; None for none.
        services: ids in the order of the table.

    Returns:
        Per area and service, ``in_all`` for the services together: ``people``, ``within`` the
        standard, ``share`` and ``mean_minutes`` (of those served) under the first plan (``_base``)
        and the other; people ``gained`` where more of a place's are within than were, and ``lost``.
    """
    weighted = needs.assign(service=IN_ALL)
    for column in _SUMS:
        weighted[column] *= needs["weight"]
        weighted[f"{column}_base"] *= needs["weight_base"]
    rows = pd.concat([needs, weighted], ignore_index=True)
    change = rows["within"] - rows["within_base"]
    change = change.where(change.abs() > WHOLE * rows["people"].clip(lower=1.0), 0.0)
    rows["gained"], rows["lost"] = change.clip(lower=0), (-change).clip(lower=0)
    keys = []
    if level is not None:
        known = rows["_merge"] != "left_only"
        rows["area_id"] = rows[f"{level}_id"].where(known, rows[f"{level}_id_base"])
        rows["area"] = rows[level]
        keys = ["area_id", "area"]
    numbers = [f"{column}{end}" for column in _SUMS for end in ("_base", "")]
    rows["service"] = pd.Categorical(rows["service"], [*services, IN_ALL], ordered=True)
    found = rows.groupby([*keys, "service"], observed=True)[[*numbers, "gained", "lost"]].sum().reset_index()
    found["service"] = found["service"].astype(object)
    for end in ("_base", ""):
        found[f"share{end}"] = found[f"within{end}"] / found[f"people{end}"].where(found[f"people{end}"] > 0)
        served = found[f"served{end}"].where(found[f"served{end}"] > 0)
        found[f"mean_minutes{end}"] = found[f"waited{end}"] / served
    figures = ("people", "within", "share", "served", "mean_minutes")
    columns = [f"{column}{end}" for column in figures for end in ("_base", "")]
    decimals = {one: {"sh": 6, "me": 3}.get(one[:2], 2) for one in columns} | {"gained": 2, "lost": 2}
    table: pd.DataFrame = found[[*keys, "service", *columns, "gained", "lost"]].round(decimals)
    return table
