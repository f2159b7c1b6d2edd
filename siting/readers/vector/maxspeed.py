"""Speeds of roads from the words that osmnx and exports of OpenStreetMap keep of them."""

from __future__ import annotations

import math
import re

import numpy as np

from siting.readers.osm.speeds import CLASSES, SHARE_OF_LIMIT, driven_kmh, limit_kmh


def several(value: object) -> list[str]:
    """The words of a cell that may hold several: a list, the text of a list, or ``30;50``."""
    if isinstance(value, list | tuple | np.ndarray):
        return [str(one).strip() for one in value]
    text = str(value).strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].replace(",", ";")
    return [word for one in re.split(r"[;|]", text) if (word := one.strip(" '\""))]


def first_word(value: object) -> str:
    """The first of several words, empty where there is none."""
    return (several(value) or [""])[0]


def kmh_of(klass: str, maxspeed: object) -> float:
    """Car speed on a road as the OpenStreetMap reader has it, from its class and limit.

    Args:
        klass: value of ``highway``, may be empty.
        maxspeed: the limit, e.g. ``50``, ``30 mph``, ``['30', '50']``; of several the lowest counts.

    Returns:
        km/h; NaN where neither class nor limit says anything.
    """
    words = ";".join(several(maxspeed))
    if klass in CLASSES:
        return driven_kmh(klass, words)
    limit = limit_kmh(words)
    return math.nan if limit is None else SHARE_OF_LIMIT * limit
