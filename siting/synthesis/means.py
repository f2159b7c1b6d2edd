"""What a community itself can spend on new facilities: an assumption by its people."""

from __future__ import annotations

import pandas as pd

MEANS_BASE, MEANS_PER_THOUSAND = 1.5, 0.15
"""Million UAH of every community, and for every 1,000 people; assumed."""


def with_means(areas: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The areas with ``means`` in million UAH: a number for communities, none for other levels."""
    people = places.groupby("community")["population"].sum()
    thousands = areas["area_id"].map(people).where(areas["level"] == "community") / 1_000
    return areas.assign(means=(MEANS_BASE + MEANS_PER_THOUSAND * thousands).round(2))
