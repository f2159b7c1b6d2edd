"""Security Centers that stand without a service center, and what adding one would cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from siting.synthesis.chance import draw, stream

BASIC, UPGRADE, WHOLE = "basic_center", "center_upgrade", "security_center"
WITHOUT = 16
"""Security Centers without a service center, of 31; assumed."""
UPGRADE_COST = 3.0
"""Million UAH of adding a service center; assumed, the price of a basic center in 2017."""


def without_offices(facilities: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The facilities, some Security Centers among them of the basic type.

    Those at reported places, all in Donetsk oblast, come first; the others are drawn.
    """
    centers = facilities[facilities["type"] == WHOLE]
    known = centers.index[centers["origin"] != "synthetic"]
    others = centers.index.difference(known)
    chance = stream(seed, "basic centers")
    drawn = draw(chance, np.ones(len(others)), max(0, WITHOUT - len(known)))
    basic = facilities.index.isin([*known, *others[drawn]])
    return facilities.assign(type=facilities["type"].mask(basic, BASIC))


def upgrade_candidates(facilities: pd.DataFrame, factor: pd.Series[float]) -> pd.DataFrame:
    """Rows of candidates.csv that replace each basic center by one with a service center.

    Args:
        facilities: facilities.csv.
        factor: cost at a place over that at its oblast center, by place id.
    """
    basic = facilities[facilities["type"] == BASIC]
    cost = UPGRADE_COST * factor[basic["site"]].to_numpy()
    return pd.DataFrame(
        {"site": basic["site"], "type": UPGRADE, "cost": np.round(cost, 2), "replaces": basic["facility_id"]}
    )
