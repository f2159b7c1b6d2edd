"""How the road graph hangs together: its main network, islands, and one-way traps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from siting.instance import Instance
from siting.instance.arrays import Flags, Ints
from siting.roads.graph import Roads
from siting.roads.parts import starts


@dataclass(frozen=True)
class Pieces:
    """Per road node how it hangs together with the main network.

    The main network is the set of nodes with most people between any two of which roads lead there
    and back.

    Attributes:
        piece: (V,) number of the piece of road, whatever the direction of its roads.
        main: number of the piece that holds the main network.
        reached: (V,) nodes that the main network leads to.
        leads: (V,) nodes that lead to the main network.
    """

    piece: Ints
    main: int
    reached: Flags
    leads: Flags


def find_pieces(instance: Instance) -> Pieces | None:
    """The pieces of the road graph; None without one, or without a place that stands on it."""
    roads, places = instance.roads, instance.places
    node = instance.sites.node[: len(places.ids)]
    known = (node >= 0) & ~places.excluded
    if roads is None or not known.any():
        return None
    people = np.zeros(len(roads.ids))
    np.add.at(people, node[known], places.population[known] + 1.0)
    matrix = _matrix(roads)
    _, strong = connected_components(matrix, directed=True, connection="strong")
    _, piece = connected_components(matrix, directed=True, connection="weak")
    core = int(np.argmax(strong == np.argmax(np.bincount(strong, weights=people))))
    turned = csr_array(matrix.T)
    return Pieces(np.asarray(piece), int(piece[core]), _reach(matrix, core), _reach(turned, core))


def _matrix(roads: Roads) -> csr_array:
    """(V, V) with an entry for every edge."""
    size = len(roads.ids)
    ones = np.ones(len(roads.head))  # of the type scipy works with, so that it makes no copy
    return csr_array((ones, roads.head, starts(roads)), shape=(size, size))


def _reach(matrix: csr_array, source: int) -> Flags:
    """(V,) nodes that edges lead to from a node."""
    order = breadth_first_order(matrix, source, directed=True, return_predecessors=False)
    reached = np.zeros(matrix.shape[0], dtype=bool)
    reached[order] = True
    return reached
