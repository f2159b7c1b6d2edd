"""The answers: why each recommended site, and why not a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Goal:
    """An objective: its measure, its unit, whether more is better, and what the plan achieves."""

    measure: str
    unit: str
    maximize: bool
    value: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why each recommended site is where it is.

    Attributes:
        goals: the objectives; losses and costs are in their units, > 0 is worse, in the columns without
            a number for the first, and with ``_2``, ``_3`` ... for the later ones.
        table: one row per site, see :func:`siting.reasons.explain`.
        limits: limits that keep a better plan from being built, alone or together: ``limits``, the best
            candidate that they keep out (``site_id``, ``name``, ``type``), ``lacks``, by how much it
            would break them, and what it would bring (``gain``, ``gain_2`` ...), nobody else moved.
        notes: how to read what is not there.
    """

    goals: tuple[Goal, ...]
    table: pd.DataFrame
    limits: pd.DataFrame
    notes: tuple[str, ...]

    def __len__(self) -> int:
        """Number of sites."""
        return len(self.table)

    def to_frame(self) -> pd.DataFrame:
        """The sites, one row each."""
        return self.table.copy()

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON; what is unknown is None."""
        return {
            "objectives": [asdict(goal) for goal in self.goals],
            "sites": _rows(self.table),
            "limits": _rows(self.limits),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, eq=False)
class Answer:
    """One service at a place.

    Attributes:
        service: id, and ``title`` words for people.
        title: see above.
        people: people of the place.
        standard_minutes: the coverage standard.
        before, after: id and name of the facility that serves, its minutes and whether that is within
            the standard: ``facility``, ``name``, ``minutes``, ``covered``; None where nobody serves.
        reasons: why it is not covered, or by whom it is, in sentences.
        ways: candidates that would cover it and are not opened, the best first: ``site_id``, ``name``,
            ``type``, ``minutes``, ``cost``; ``add_change`` of the first objective by adding it (> 0 is
            better), ``add_lacks`` what limits it would break; ``swap_change`` by the best swap, and
            ``swap_site_id``, ``swap_name`` of the site that it would replace.
        price: what covering it costs in the first objective, everything else chosen anew: ``at_least``,
            ``at_most``, ``proof``, ``opens`` and ``drops`` (names of sites), ``people_lost`` and
            ``people_gained`` elsewhere; None where the place is covered or there is no way.
    """

    service: str
    title: str
    people: int
    standard_minutes: float
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reasons: tuple[str, ...]
    ways: pd.DataFrame
    price: Mapping[str, Any] | None

    @property
    def covered(self) -> bool:
        """Whether the plan covers it."""
        return self.after is not None and bool(self.after["covered"])

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "service": self.service,
            "title": self.title,
            "people": self.people,
            "standard_minutes": self.standard_minutes,
            "covered": self.covered,
            "before": _plain(self.before),
            "after": _plain(self.after),
            "reasons": list(self.reasons),
            "ways": _rows(self.ways),
            "price": _plain(self.price),
        }


@dataclass(frozen=True, eq=False)
class WhyNot:
    """Why a place is covered or not, service by service.

    Attributes:
        place_id, name: the place.
        goals: the objectives that changes are counted in.
        answers: one per service.
        notes: how to read what is not there.
    """

    place_id: str
    name: str
    goals: tuple[Goal, ...]
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The candidates that would cover the place, of all services."""
        frames = [one.ways.assign(service=one.service) for one in self.answers]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON; what is unknown is None."""
        return {
            "place_id": self.place_id,
            "name": self.name,
            "objectives": [asdict(goal) for goal in self.goals],
            "services": [one.as_dict() for one in self.answers],
            "notes": list(self.notes),
        }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_plain(row) or {} for row in table.to_dict("records")]


def _plain(values: Mapping[Any, Any] | None) -> dict[str, Any] | None:
    """Values that JSON knows; what is unknown or without limit is None."""
    if values is None:
        return None
    return {str(key): _value(value) for key, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
