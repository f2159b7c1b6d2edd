"""scenarios.csv: slower roads in winter, and bridges over the Dnipro that are closed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from siting.errors import InstanceError
from siting.synthesis.plane import crossings, to_plane

WINTER = {"trunk": 1.1, "regional": 1.15, "district": 1.25, "local": 1.35, "street": 1.2}
"""Car minutes in winter over those of summer, by road class; assumed."""
CLOSED = {
    "Kaniv": (49.765, 31.47),
    "Cherkasy": (49.5, 32.05),
    "Kremenchuk": (49.05, 33.42),
    "Nova Kakhovka": (46.775, 33.37),
    "Antonivka": (46.667, 32.72),
}
"""Crossings of the Dnipro closed in the scenario ``bridges``: latitude and longitude in geography.json."""


def scenario_table(places: pd.DataFrame, roads: pd.DataFrame, geography: dict[str, Any]) -> pd.DataFrame:
    """scenarios.csv: scenario, from, to, class, factor; an edge without a factor is closed.

    Args:
        places, roads: of the instance.
        geography: the Dnipro and its crossings.
    """
    winter = pd.DataFrame({"scenario": "winter", "class": WINTER.keys(), "factor": WINTER.values()})
    closed = _edges_over(places, roads, geography["dnipro"])
    return pd.concat([winter, closed.assign(scenario="bridges")], ignore_index=True)


def _edges_over(places: pd.DataFrame, roads: pd.DataFrame, river: dict[str, Any]) -> pd.DataFrame:
    """The edges, from and to, that cross the river at a closed bridge; each way of two once.

    Raises:
        InstanceError: a closed bridge is not among the crossings of the river.
    """
    gates = {(lat, lon): radius for lat, lon, radius in river["crossings"]}
    missing = [name for name, where in CLOSED.items() if where not in gates]
    if missing:
        raise InstanceError(f"geography.json has no crossing of the Dnipro at {', '.join(missing)}")
    points = pd.DataFrame(to_plane(places["lat"].to_numpy(), places["lon"].to_numpy()), places["place_id"])
    ends = np.sort(roads[["from", "to"]].to_numpy(dtype=str), axis=1)
    edges = pd.DataFrame(ends, columns=["from", "to"]).drop_duplicates(ignore_index=True)
    start, end = (points.loc[edges[column]].to_numpy() for column in ("from", "to"))
    index, where = crossings(start, end, to_plane(*np.array(river["line"]).T))
    bridges = to_plane(*np.array(list(CLOSED.values())).T)
    radii = np.array([gates[place] for place in CLOSED.values()])
    away = np.linalg.norm(where[:, None] - bridges, axis=2)
    return edges.loc[np.unique(index[(away <= radii).any(axis=1)])]
