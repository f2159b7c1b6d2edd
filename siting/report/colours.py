"""Bins and colours of response times: ends at the standards, colours that everybody tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Viridis, from its light end to its dark one (Smith and van der Walt, 2015): told apart by the
# colour-blind and in grey; light is soon, dark is late.
_VIRIDIS = ("#fde725", "#a0da39", "#4ac16d", "#1fa187", "#277f8e", "#365c8d", "#46327e", "#440154")

NEW = "#d55e00"
"""New facilities: the vermilion of Okabe and Ito, which viridis does not have."""

STATES = ("#ffffff", NEW, "#d0d0d0", "#ffffff", "#d55e00", "#0072b2")
"""Facilities: existing, new, closed; of two plans those of both, of the first only, of the other only."""

CHANGES = ("#d9d9d6", "#0072b2", "#d55e00", "#9ecbe8", "#f2c39b", "#009e73", "#7a1010")
"""Places: as they were, gain people within, lose them, sooner, later, new, gone (of Okabe and Ito)."""

NOBODY = "#000000"
EXCLUDED = "#c9c9c4"
ROAD = "#b3aea4"
LAND = "#f7f6f2"


def bins(standards: Mapping[str, float]) -> tuple[list[float], list[str]]:
    """Ends of the bins in minutes, and a colour for each bin, one more than ends.

    Every standard ends a bin, so that a bin lies on one side of each of them.
    """
    known = sorted(set(standards.values()))
    ends = {known[0] / 2, *known, 1.5 * known[-1], 2 * known[-1], 3 * known[-1]}
    ordered = _spaced(sorted(ends), set(known))
    last = len(_VIRIDIS) - 1
    return ordered, [_VIRIDIS[round(b * last / len(ordered))] for b in range(len(ordered) + 1)]


def _spaced(ends: Iterable[float], standards: set[float]) -> list[float]:
    """At most seven ends: the standards, and of the others the first."""
    ordered = list(ends)
    for end in sorted(ordered, reverse=True):
        if len(ordered) > 7 and end not in standards:
            ordered.remove(end)
    return _several(ordered)


def _several(ends: list[float]) -> list[float]:
    """No more than seven ends, where there are more standards: evenly chosen ones, both outermost kept."""
    if len(ends) <= 7:
        return ends
    return [ends[round(at * (len(ends) - 1) / 6)] for at in range(7)]
