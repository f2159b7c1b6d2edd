"""In what the questions of two plans differ: data, model, numbers and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from siting.instance.arrays import Texts
from siting.instance.core import Instance
from siting.instance.settings import numbers as settings_numbers
from siting.result import Result

_LISTED = 8
"""Numbers and ids that are listed; the rest is counted."""


def differences(base: Result, other: Result) -> list[str]:
    """Sentences about whatever is not the same in the questions that two plans answer; none where all is."""
    one, two = base.problem, other.problem
    found = []
    if one.model.text != two.model.text:
        found.append(f"model: {one.model.name} against {two.model.name}{_edited(one.model, two.model)}")
    found += _layouts(base.summary["layout"], other.summary["layout"])
    found += _numbers(
        {**settings_numbers(one.responses.settings), **one.numbers},
        {**settings_numbers(two.responses.settings), **two.numbers},
    )
    if one.instance is not two.instance:
        found += _instances(one.instance, two.instance)
    if base.summary["decisions"] != other.summary["decisions"]:
        found.append("decisions: other candidates are required or forbidden")
    return found


def _edited(one: Any, two: Any) -> str:
    return " of another text" if one.name == two.name else ""


def _layouts(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    """What of the instance the models look at."""
    return [
        f"{key}: {_words(value)} against {_words(two[key])}"
        for key, value in one.items()
        if value != two[key]
    ]


def _words(value: object) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)


def _numbers(one: Mapping[str, float], two: Mapping[str, float]) -> list[str]:
    """Numbers in force that differ, or that only one of the questions knows."""
    changed = [name for name in {**one, **two} if one.get(name) != two.get(name)]
    found = [
        f"{name}: {_number(one.get(name))} against {_number(two.get(name))}" for name in changed[:_LISTED]
    ]
    if len(changed) > _LISTED:
        found.append(f"... and {len(changed) - _LISTED:,} more numbers")
    return found


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return "no limit" if np.isinf(value) else f"{value:,.10g}"


def _instances(one: Instance, two: Instance) -> list[str]:
    """What differs in the data."""
    found = []
    if one.settings.name != two.settings.name:
        found.append(f"instance: {one.settings.name} against {two.settings.name}")
    found += _ids("places", one.places.ids, two.places.ids)
    old, new = (pd.Series(the.places.population, index=the.places.ids) for the in (one, two))
    common = old.index.intersection(new.index)
    moved = old[common].to_numpy() != new[common].to_numpy()
    if moved.any():
        people = int(new[common].sum() - old[common].sum())
        found.append(f"places: {moved.sum():,} have another number of people, {people:+,} in all")
    found += _ids("existing facilities", one.facilities.ids, two.facilities.ids)
    found += _ids("candidates", _candidates(one), _candidates(two))
    if not _same_times(one, two):
        found.append("roads or travel times: not the same")
    return found


def _candidates(instance: Instance) -> Texts:
    """(C,) ``site:type`` of every candidate."""
    types = np.array([kind.id for kind in instance.settings.types], dtype=object)
    sites = instance.sites.ids[instance.candidates.site].astype(object)
    return np.asarray(sites + ":" + types[instance.candidates.type], dtype=object)


def _ids(what: str, one: Texts, two: Texts) -> list[str]:
    """What only one of the instances has."""
    found = []
    for side, mine, others in (("first", one, two), ("second", two, one)):
        alone = mine[~pd.Index(mine).isin(others)]
        if len(alone):
            some = ", ".join(map(str, alone[:3])) + (", ..." if len(alone) > 3 else "")
            found.append(f"{what}: {len(alone):,} only in the {side} ({some})")
    return found


def _same_times(one: Instance, two: Instance) -> bool:
    """Whether roads, or tables of travel times, are the same arrays."""
    if one.roads is not None and two.roads is not None:
        return all(
            np.array_equal(getattr(one.roads, key), getattr(two.roads, key)) for key in ("tail", "head", "ms")
        )
    if one.od is not None and two.od is not None:
        return all(
            np.array_equal(getattr(one.od, key), getattr(two.od, key)) for key in ("site", "place", "ms")
        )
    return False
