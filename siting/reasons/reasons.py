"""Sentences on who answers a place, and what keeps it from being covered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from siting.instance import CandidateStatus
from siting.plan import Plan
from siting.response import Responses


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a need: who serves it before and after, and the candidates that would cover it."""

    responses: Responses
    need: int
    plan: Plan
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    ways: pd.DataFrame

    @property
    def standard(self) -> float:
        """The coverage standard in minutes."""
        return float(self.responses.needs.standard_ms[self.need]) / 60_000

    @property
    def unit(self) -> str:
        """What minutes are called."""
        return "min" if self.responses.layout.standard == "minutes" else "equivalent min"


def reasons(facts: Facts) -> list[str]:
    """The sentences, from what is to what would be."""
    if facts.new is not None and facts.new["covered"]:
        return [_covered(facts)]
    found = [_served(facts)]
    turnout = _turnout_ms(facts) / 60_000
    if turnout > facts.standard:
        return [
            *found,
            f"Turnout alone takes {turnout:g} min, more than the standard of {facts.standard:g} min: no "
            "facility of any type can cover it.",
        ]
    if not len(facts.ways):
        return [*found, _no_candidate(facts), *_forbidden(facts)]
    one = len(facts.ways) == 1
    what = "1 candidate that is not opened" if one else f"{len(facts.ways):,} candidates that are not opened"
    return [*found, f"{what} would cover it.", *_best_way(facts)]


def _covered(facts: Facts) -> str:
    assert facts.new is not None
    new, old = facts.new, facts.old
    kind = "the new site" if new["new"] else "the existing facility"
    says = (
        f"It is covered: {kind} {new['name']} answers in {new['minutes']:.1f} of "
        f"{facts.standard:g} {facts.unit}"
    )
    if old is None:
        return f"{says}; before, nobody reached it."
    if old["facility"] == new["facility"]:
        return f"{says}, as before."
    return f"{says}; before, {old['name']} took {old['minutes']:.1f}."


def _served(facts: Facts) -> str:
    """Who answers, and how late."""
    new, old = facts.new, facts.old
    if new is None:
        if old is None:
            return "No road leads to it from any existing facility or recommended site."
        return f"Nobody serves it in the plan; before, {old['name']} took {old['minutes']:.1f} {facts.unit}."
    if new["minutes"] <= facts.standard:
        return f"{new['name']} answers in time, but has no room for all of its people."
    says = (
        f"{new['name']}, the nearest, answers in {new['minutes']:.1f} {facts.unit}; the standard is "
        f"{facts.standard:g}"
    )
    if old is None:
        return f"{says}; before, nobody reached it."
    if old["facility"] == new["facility"]:
        return f"{says}. The plan changes nothing here."
    return f"{says}; before, {old['name']} took {old['minutes']:.1f}."


def _turnout_ms(facts: Facts) -> float:
    """The shortest turnout of any facility type for the service."""
    settings = facts.responses.settings
    service = settings.services[facts.responses.needs.service[facts.need]].id
    found = [kind.turnout_ms[service] for kind in settings.types if service in kind.turnout_ms]
    return float(min(found, default=0))


def _no_candidate(facts: Facts) -> str:
    """What the nearest candidate would take."""
    responses = facts.responses
    row = slice(responses.indptr[facts.need], responses.indptr[facts.need + 1])
    options = responses.options
    fresh = np.flatnonzero(
        (responses.option[row] >= options.existing) & ~np.isin(responses.option[row], facts.plan.opened)
    )
    if not len(fresh):
        than = "" if facts.new is None else " or sooner than that"
        return f"No candidate that is not opened reaches it within the standard{than}."
    option, ms = int(responses.option[row][fresh[0]]), int(responses.ms[row][fresh[0]])
    name = responses.instance.sites.names[options.site[option]]
    return (
        f"No candidate that is not opened reaches it within the standard: the nearest, {name}, would take "
        f"{ms / 60_000:.1f} {facts.unit}."
    )


def _forbidden(facts: Facts) -> list[str]:
    """Whether the data forbids a candidate at the place itself."""
    instance = facts.responses.instance
    place = facts.responses.needs.place[facts.need]
    here = instance.candidates.site == place
    if not here.any():
        return ["The place itself is no candidate."]
    if np.all(instance.candidates.status[here] == CandidateStatus.FORBIDDEN):
        return ["A candidate at the place itself is forbidden in the data."]
    return []


def _best_way(facts: Facts) -> list[str]:
    """What the best candidate would do: added, or in place of another site."""
    way = facts.ways.iloc[0]
    if np.isnan(way["add_change"]) and not way["add_lacks"] and not way["swap_site_id"]:
        return []
    says = f"{way['name']} ({way['type']}, {way['minutes']:.1f} {facts.unit}) does it best"
    if not way["add_lacks"]:
        return [f"{says}: adding it keeps every limit."]
    says += f": adding it would break {way['add_lacks']}"
    if way["swap_site_id"]:
        return [f"{says}; it could stand in place of {way['swap_name'] or way['swap_site_id']}."]
    return [f"{says}, and no single site can make way for it."]
