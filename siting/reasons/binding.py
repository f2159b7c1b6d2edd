"""Limits that keep a better plan from being built, and what one more would bring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from siting.instance.arrays import Floats
from siting.measures import OptionMeasure
from siting.reasons.changes import Case, suffixed
from siting.reasons.interchange import Interchange
from siting.reasons.revalue import MOST, Revaluation
from siting.reasons.rooms import Excess

_KeptOut = tuple[int, Floats, list[Excess]]
"""A candidate, what adding it would change, and the limits that it would break."""


def binding(case: Case) -> tuple[pd.DataFrame, set[str]]:
    """Limits that keep out a candidate that would make the plan better, alone or several together.

    Returns:
        One row per set of limits that some candidate would break, with the best such candidate, the
        largest gain first, see :class:`siting.reasons.records.Explanation`. Sets that hold another
        one with at least the same gain do not occur. No rows where that is not defined (capacities).
        And the labels of all these limits.
    """
    columns = ["limits", "lacks", "site_id", "name", "type", *suffixed("gain", None, len(case.goals))]
    found = _kept_out(case)
    rows = [
        {
            "limits": "; ".join(one.limit for one in broken),
            "lacks": "; ".join(str(one) for one in broken),
            **case.named(option),
            **suffixed("gain", [-loss + 0.0 for loss in case.losses(change)], len(case.goals)),
        }
        for option, change, broken in found
    ]
    labels = {one.limit for _, _, broken in found for one in broken}
    return pd.DataFrame(rows, columns=columns), labels


def _kept_out(case: Case) -> list[_KeptOut]:
    """Per set of limits the best candidate that it keeps out, the best first."""
    if isinstance(case.exchange, Interchange):
        found = _by_sums(case, case.exchange)
    elif isinstance(case.exchange, Revaluation) and case.may.sum() <= MOST:
        found = _by_values(case, case.exchange)
    else:
        found = []
    found = [one for one in found if one[2] and _useful(case, one[1])]
    found.sort(key=lambda one: (*(-one[1]).tolist(), one[0]))
    kept: list[_KeptOut] = []
    for one in found:
        names = {limit.limit for limit in one[2]}
        if not any({limit.limit for limit in other[2]} <= names for other in kept):
            kept.append(one)
    return kept


def _by_sums(case: Case, exchange: Interchange) -> list[_KeptOut]:
    changes, key = exchange.added, exchange.rooms.key
    options = np.flatnonzero(case.may & (exchange.rooms.broken > 0))
    order = options[np.lexsort((*(-changes[::-1, options]), key[options]))]
    first = np.r_[True, key[order][1:] != key[order][:-1]] if len(order) else np.zeros(0, dtype=bool)
    best = [int(option) for option in order[first] if _useful(case, changes[:, option])]
    return [(option, changes[:, option], exchange.rooms.with_(option)) for option in best]


def _by_values(case: Case, exchange: Revaluation) -> list[_KeptOut]:
    groups: dict[tuple[str, ...], list[_KeptOut]] = {}
    for option in np.flatnonzero(case.may):
        change, broken = exchange.add_one(int(option))
        if not np.isnan(change).any():
            names = tuple(one.limit for one in broken)
            groups.setdefault(names, []).append((int(option), change, broken))
    return [
        members[case.best(np.array([change for _, change, _ in members]).T)] for members in groups.values()
    ]


def _useful(case: Case, change: Floats) -> bool:
    """Whether the first objective that a change touches gets better."""
    return next((loss < 0 for loss in case.losses(change) if loss != 0), False)


class Partakers:
    """Which binding limits each option takes part in."""

    def __init__(self, case: Case, labels: set[str]) -> None:
        self._parts = []
        for limit in case.result.problem.limits:
            measure = limit.term.measure
            if limit.label in labels and isinstance(measure, OptionMeasure):
                self._parts.append((limit.label, measure.coefficients(limit.term) != 0.0))

    def of(self, option: int) -> list[str]:
        """Labels of the limits."""
        return [label for label, takes in self._parts if takes[option]]
