"""Community police officers: where they serve, and how many more each community may have."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from siting.synthesis.chance import draw, share_out, stream
from siting.synthesis.plane import Longs

OFFICERS = 632
"""Published number of officers."""
COMMUNITIES = 383
"""Communities with officers: as many per officer as when 450 officers served 273 communities."""
RESIDENTS_PER_OFFICER = 8_000
"""When 450 officers served 3.5 million residents: 7,800 each."""
MOST = 20
"""New officers one community may have at most; assumed."""
OFFICER_COST = 0.5
"""Million UAH for one more officer: car and equipment; assumed."""
STATION = "officer_station"


def officer_stations(places: pd.DataFrame, communities: Collection[str], seed: int) -> pd.DataFrame:
    """Rows of facilities.csv, with ``units``: the officers of the communities that have some.

    The communities are drawn in proportion to their people in villages. Each has one officer; the
    others are shared out in that proportion too.

    Args:
        places: all places in the programme, with ``town`` and ``community``.
        communities: towns that are their centers.
        seed: of the draw.
    """
    centers = _centers(places, communities)
    rural = places[places["kind"] == "village"].groupby("community")["population"].sum()
    weight = rural.reindex(centers["town"], fill_value=0).to_numpy(dtype=float)
    centers, weight = centers[weight > 0], weight[weight > 0]
    drawn = draw(stream(seed, "officers"), weight, COMMUNITIES)
    return pd.DataFrame(
        {
            "facility_id": [f"o{number:04d}" for number in range(1, len(drawn) + 1)],
            "name": centers["name"].to_numpy()[drawn],
            "type": STATION,
            "site": centers["place_id"].to_numpy()[drawn],
            "origin": "synthetic",
            "units": 1 + share_out(OFFICERS - len(drawn), weight[drawn]),
        }
    )


def officer_candidates(
    places: pd.DataFrame, communities: Collection[str], stations: pd.DataFrame
) -> pd.DataFrame:
    """Rows of candidates.csv: the officers each community lacks for its residents, at most 20.

    Args:
        places, communities: as in :func:`officer_stations`.
        stations: its answer.
    """
    centers = _centers(places, communities)
    people = places.groupby("community")["population"].sum()[centers["town"]].to_numpy()
    there = stations.set_index("site")["units"].reindex(centers["place_id"], fill_value=0).to_numpy()
    lacking: Longs = -(-people // RESIDENTS_PER_OFFICER) - there
    units = np.minimum(lacking, MOST)
    rows = {"site": centers["place_id"], "type": STATION, "cost": OFFICER_COST, "units": units}
    return pd.DataFrame(rows)[units > 0]


def _centers(places: pd.DataFrame, communities: Collection[str]) -> pd.DataFrame:
    """The places at which the centers of communities stand: of a split city the first sector."""
    first = places.drop_duplicates("town")
    return first[first["town"].isin(communities)]
