"""Proxy roads between places anywhere in the world, where no road data is at hand.

The network of the instance ``ukraine`` without what is known of that country only: places are
linked as in a Gabriel graph, towns are joined by faster ways the larger they are, and speeds and
the detour are the same. Links are great circles, so that neither the antimeridian nor a pole matters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from siting.synthesis.classes import KMH, join_towns, road_km
from siting.synthesis.globe import to_globe
from siting.synthesis.links import LONGEST_KM, Links, connected, gabriel, lengths
from siting.synthesis.plane import Flags, Floats, Longs, Points

CROSSING = "crossing"
"""Class of the links longer than 40 km; no map here says whether water, or empty land, is between."""


def proxy_roads(ids: Sequence[str], lat: Floats, lon: Floats, population: Longs) -> pd.DataFrame:
    """A connected network of two-way roads between places, as roads.csv has it.

    Links of up to 40 km are those of the Gabriel graph. The pieces that leaves (islands, oases) are
    joined by their shortest links, the class ``crossing``. Ways between neighbouring towns of 15,000
    people are ``regional`` roads, of 3,000 ``district`` roads, all others ``local``.

    Args:
        ids: (N,) ids of the places.
        lat, lon: (N,) degrees, WGS 84, finite.
        population: (N,) people.

    Returns:
        from, to, km, kmh, oneway, class; sorted. Without a row for a single place.
    """
    names = np.asarray(ids, dtype=object)
    if len(names) < 2:
        return _table(names, np.empty((0, 2), dtype=np.int64), np.empty(0), np.empty(0, dtype=object))
    everywhere = to_globe(np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64))
    _, first, spot = np.unique(everywhere.round(6), axis=0, return_index=True, return_inverse=True)
    # Spots are numbered in the order of the places, so that it does not matter where on Earth they are.
    spot = np.argsort(np.argsort(first))[spot.ravel()]
    first = np.sort(first)
    points = everywhere[first]
    links = _links(points)
    classes = np.where(lengths(points, links) > LONGEST_KM, CROSSING, "local").astype(object)
    people = np.bincount(spot, weights=np.asarray(population, dtype=np.float64))
    join_towns(classes, points, links, np.arange(len(points)), people.astype(np.int64))
    # Every further place at a spot is next door to the first one there.
    more = np.setdiff1d(np.arange(len(names)), first)
    ends = np.vstack([first[links], np.column_stack([first[spot[more]], more])])
    straight = np.concatenate([lengths(points, links), np.zeros(len(more))])
    return _table(names, ends, straight, np.concatenate([classes, np.full(len(more), "local", dtype=object)]))


def _links(points: Points) -> Links:
    """Links up to 40 km, and the shortest longer ones that join the rest."""
    if len(points) < 2:
        return np.empty((0, 2), dtype=np.int64)
    links = gabriel(points)
    km = lengths(points, links)
    kept = links[(km <= LONGEST_KM) | _spanning(len(points), links, km)]
    # Next to each other within metres, points can be too close for the triangulation to tell apart.
    return connected(points, kept)


def _spanning(size: int, links: Links, km: Floats) -> Flags:
    """Which links are in the shortest spanning tree, (E,): a Gabriel graph holds all of it."""
    graph = coo_array((km, links.T.astype(np.int32)), shape=(size, size)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    keys = links[:, 0] * size + links[:, 1]
    return np.isin(keys, tree.row.astype(np.int64) * size + tree.col)


def _table(names: np.ndarray, ends: Links, straight: Floats, classes: np.ndarray) -> pd.DataFrame:
    """Links as rows of roads.csv."""
    table = pd.DataFrame(
        {
            "from": names[ends[:, 0]],
            "to": names[ends[:, 1]],
            "km": road_km(straight, classes),
            "kmh": np.array([KMH[name] for name in classes], dtype=np.float64),
            "oneway": 0,
            "class": classes,
        }
    )
    return table.sort_values(["from", "to"], ignore_index=True)
