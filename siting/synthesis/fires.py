"""Rural fires a year: the national number, spread over villages by people and remoteness."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from siting.roads.graph import Roads
from siting.roads.times import nearest, network
from siting.synthesis.chance import share_out
from siting.synthesis.plane import Flags, Floats

FIRES = 40_000
"""Published number of rural fires a year."""
THOUSANDTHS = 1_000
"""Fires are counted in thousandths, so that they add up exactly."""
REMOTE_MINUTES = 60.0
"""So many minutes from the oblast center a person has twice the fires; assumed."""


def with_fires(
    places: pd.DataFrame, programme: Flags, graph: Roads, centers: Mapping[str, str]
) -> pd.DataFrame:
    """The places with ``fires`` a year: villages of the programme share all of them, others have none.

    The share of a village is in proportion to people x (1 + minutes / 60), the minutes being those
    of a car from the oblast center.

    Args:
        places: P places, with ``town``.
        programme: (P,) which of them count.
        graph: roads, node n is place n.
        centers: town that is the center of each region.
    """
    remoteness = 1.0 + minutes_from_center(places, graph, centers) / REMOTE_MINUTES
    rural = programme & (places["kind"] == "village").to_numpy()
    weight = np.where(rural, places["population"].to_numpy() * remoteness, 0.0)
    return places.assign(fires=share_out(FIRES * THOUSANDTHS, weight) / THOUSANDTHS)


def minutes_from_center(places: pd.DataFrame, graph: Roads, centers: Mapping[str, str]) -> Floats:
    """Minutes of a car to each place from the center of its oblast, (P,)."""
    node = {town: n for n, town in reversed(list(enumerate(places["town"])))}
    region = places["region"].to_numpy()
    net = network(graph, 1.0)
    minutes = np.zeros(len(places))
    for name in np.unique(region):
        start = np.array([node[centers[name]]], dtype=np.int32)
        here = region == name
        minutes[here] = nearest(net, start, np.zeros(1, dtype=np.int32))[0][here] / 60_000
    return minutes
