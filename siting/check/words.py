"""Words for what a check finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.check.times import Ground
from siting.instance.arrays import Flags

LISTED = 20
"""Differences of one kind are listed up to here, the rest is counted."""


def listed(
    found: Sequence[int] | NDArray[np.integer[Any]], say: Callable[[int], str], more: str
) -> list[str]:
    """Words about the first 20 of some positions, and how many ``more`` there are."""
    findings = [say(int(one)) for one in found[:LISTED]]
    if len(found) > LISTED:
        findings.append(f"... and {len(found) - LISTED:,} more {more}")
    return findings


def same(one: np.ndarray, other: np.ndarray) -> Flags:
    """Elementwise equality under which NaN equals NaN."""
    return np.asarray((one == other) | ((one != one) & (other != other)))


def name_need(ground: Ground, need: int) -> str:
    """Words for a need."""
    needs, settings = ground.needs, ground.settings
    words = f"{settings.services[needs.service[need]].id} at {ground.instance.places.ids[needs.place[need]]}"
    if ground.layout.scenarios:
        words += f", {settings.scenarios[needs.scenario[need]].id}"
    if ground.layout.periods:
        words += f", {settings.periods[needs.period[need]].id}"
    return words


def name_option(ground: Ground, option: int) -> str:
    """Words for an option."""
    site = ground.instance.sites.ids[ground.options.site[option]]
    return f"{ground.settings.types[ground.options.type[option]].id} at {site}"
