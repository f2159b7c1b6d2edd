"""Candidates of the police organisation: divisions under departments, sectors under divisions."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

DIVISION_FROM = 5_000
"""A town of so many people without a department may have a division; assumed."""
DIVISION_COST, SECTOR_COST = 8.0, 2.5
"""Million UAH; assumed."""


def police_candidates(
    places: pd.DataFrame, seats: Collection[str], communities: Collection[str], factor: pd.Series[float]
) -> pd.DataFrame:
    """Rows of candidates.csv: divisions in larger towns, sectors at the centers of communities.

    Args:
        places: all places in the programme, with ``town``.
        seats: towns with a police department; they need neither.
        communities: towns that are centers of communities.
        factor: cost at a place over that at its oblast center, by place id.
    """
    people = places.groupby("town", sort=False)["population"].transform("sum")
    free = places.drop_duplicates("town")
    free = free[~free["town"].isin(seats)]
    large = free.loc[people[free.index] >= DIVISION_FROM, "place_id"]
    centers = free.loc[free["town"].isin(communities), "place_id"]
    parts = (("police_division", DIVISION_COST, large), ("police_sector", SECTOR_COST, centers))
    return pd.concat(
        [
            pd.DataFrame({"site": sites, "type": kind, "cost": np.round(cost * factor[sites].to_numpy(), 2)})
            for kind, cost, sites in parts
        ],
        ignore_index=True,
    )
