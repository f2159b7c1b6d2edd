"""The proxy road graph: links, classes, speeds, mountains and the way into oblast centers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from siting.synthesis.classes import KMH, link_classes, road_km
from siting.synthesis.facts import Facts
from siting.synthesis.links import Links, lengths, mountainous, road_links
from siting.synthesis.plane import Floats, to_plane

DELAY_MINUTES = 1.2
"""Extra minutes of a trip into an oblast center of 100,000; grows with the root of its people.
Calibrated together with the streets between sectors, which carry the rest of the way in."""


def road_table(places: pd.DataFrame, towns: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """roads.csv: from, to, km, kmh, oneway, class, sorted.

    Args:
        places: all places; node n is place n.
        towns: named places before the split, each among the places, with ``keys`` and ``capital``.
        facts: national routes, barriers and mountains.
    """
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    links = road_links(points, facts.geography)
    # Sectors follow in order, so that the first place of a town is the town or its first sector.
    first = {town: n for n, town in reversed(list(enumerate(places["town"])))}
    towns = towns.assign(node=[first[town] for town in towns["place_id"]])
    classes = link_classes(places, links, towns, facts)
    middle = (points[links[:, 0]] + points[links[:, 1]]) / 2
    slow = np.where(mountainous(middle, facts.geography), facts.geography["carpathian_axis"]["factor"], 1.0)
    table = pd.DataFrame(
        {
            "from": places["place_id"].to_numpy()[links[:, 0]],
            "to": places["place_id"].to_numpy()[links[:, 1]],
            "km": road_km(lengths(points, links), classes),
            "kmh": np.round(np.array([KMH[name] for name in classes]) / slow, 1),
            "class": classes,
        }
    )
    table = _with_delays(table, _delays(places, links, towns))
    return table.sort_values(["from", "to"], ignore_index=True)


def _delays(places: pd.DataFrame, links: Links, towns: pd.DataFrame) -> Floats:
    """Minutes added from the first to the second end of each link, and back, (E, 2)."""
    capital = towns[towns["capital"]]
    extra = DELAY_MINUTES * np.sqrt(capital["population"] / 1e5)
    minutes = dict(zip(capital["place_id"], extra, strict=True))
    town = places["town"].to_numpy()
    entry = np.array([minutes.get(key, 0.0) for key in town])
    inside = town[links[:, 0]] == town[links[:, 1]]
    return np.where(inside[:, None], 0.0, entry[links[:, ::-1]])


def _with_delays(table: pd.DataFrame, delays: Floats) -> pd.DataFrame:
    """Write delayed links as two one-way roads, the delayed direction at a lower speed."""
    delayed = delays.any(axis=1)
    both = table.assign(oneway=0)[~delayed]
    there = table[delayed].assign(oneway=1)
    back = there.assign(**{"from": there["to"], "to": there["from"]})
    ways = [_delay(way, delays[delayed, column]) for column, way in enumerate((there, back))]
    return pd.concat([both, *ways])[["from", "to", "km", "kmh", "oneway", "class"]]


def _delay(ways: pd.DataFrame, extra: Floats) -> pd.DataFrame:
    """One-way roads, slow enough to take the extra minutes."""
    slow = ways["km"] / (ways["km"] / ways["kmh"] + extra / 60)
    return ways.assign(kmh=ways["kmh"].where(extra == 0, slow.round(2)))
