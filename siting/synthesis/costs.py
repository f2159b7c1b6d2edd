"""What a new facility costs, in million UAH at 2021 prices: assumed steps between published points."""

from __future__ import annotations

import numpy as np
import pandas as pd

from siting.synthesis.facts import Facts
from siting.synthesis.links import mountainous
from siting.synthesis.plane import Floats, to_plane

DEPARTMENT = ((0, 2.7), (500, 3.1), (3_000, 4.1), (10_000, 6.0))
"""Fire department: least people of the place, cost."""
DEPARTMENT_IN_SECTOR = 9.0
CENTER, CENTER_AT_MOST = 12.0, 15.0
FAR, FAR_KM = 0.25, 150.0
"""Share added at this distance from the oblast center and beyond, in proportion before."""
MOUNTAINS = 0.15
"""Share added in the Carpathians."""


def candidate_table(
    places: pd.DataFrame, centers: dict[str, str], sites: set[str], facts: Facts
) -> pd.DataFrame:
    """candidates.csv: site, type, cost.

    Args:
        places: all places in the programme, with ``town`` and ``city``.
        centers: town that is the center of each region.
        sites: places where a Security Center may be opened.
        facts: where the mountains are.
    """
    factor = site_factor(places, centers, facts)
    people = places["population"].to_numpy()
    steps = DEPARTMENT[::-1]
    base = np.select([people >= least for least, _ in steps], [cost for _, cost in steps])
    base = np.where(places["city"] != "", DEPARTMENT_IN_SECTOR, base)
    ids = places["place_id"]
    departments = pd.DataFrame({"site": ids, "type": "fire_department", "cost": np.round(base * factor, 2)})
    chosen = ids.isin(sites).to_numpy()
    cost = np.round(np.minimum(CENTER * factor[chosen], CENTER_AT_MOST), 2)
    security = pd.DataFrame({"site": ids[chosen], "type": "security_center", "cost": cost})
    return pd.concat([departments, security], ignore_index=True)


def site_factor(places: pd.DataFrame, centers: dict[str, str], facts: Facts) -> Floats:
    """Cost at a place over the cost at its oblast center: 1 + distance + mountains, (N,)."""
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    node = {town: n for n, town in reversed(list(enumerate(places["town"])))}
    center = points[[node[centers[region]] for region in places["region"]]]
    away = np.linalg.norm(points - center, axis=1)
    far = FAR * np.minimum(away / FAR_KM, 1.0)
    return np.asarray(1.0 + far + MOUNTAINS * mountainous(points, facts.geography))
