"""Response times once more, by another route than the engine's.

The engine searches with its own kernels on a pruned table. Here scipy's Dijkstra runs over the
whole graph, from one extra node that leads to every open option, and pandas joins an
origin-destination table. The numbers are integers far below 2**53, which float64 holds exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.instance import CandidateStatus, Instance, Service, Settings
from siting.instance.arrays import Flags, Floats, Ints, Longs, OdTable
from siting.response import Needs, Options
from siting.roads.graph import MAX_MS, Roads


@dataclass(frozen=True, eq=False)
class Answers:
    """Who answers each need first.

    Attributes:
        ms: (N,) response ms, whole numbers; NaN where nobody answers.
        option: (N,) option that answers, the lowest number of equally fast ones; -1 where none.
    """

    ms: Floats
    option: Longs


class Ground:
    """Needs, options and roads of an instance under settings, derived from the data alone.

    Attributes:
        instance, settings: what it was derived from.
        needs: N needs.
        options: M options.
        standing: (M,) existing facilities that count: all but those at excluded places.
    """

    def __init__(self, instance: Instance, settings: Settings) -> None:
        self.instance = instance
        self.settings = settings
        self.needs = _needs(instance, settings)
        self.options = _options(instance)
        self.standing = self.options.usable & (np.arange(len(self.options.site)) < self.options.existing)
        self._graphs: dict[float, csr_array] = {}

    def answers(self, is_open: Flags) -> Answers:
        """Who answers each need if the options (M,) marked in ``is_open`` are open."""
        ms = np.full(len(self.needs.place), np.nan)
        option = np.full(len(ms), -1, dtype=np.int64)
        for number, service in enumerate(self.settings.services):
            mine = np.flatnonzero(self.needs.service == number)
            providers, turnout = self._providers(service, is_open)
            if self.instance.od is not None:
                found = self._by_table(self.instance.od, service, providers, turnout, self.needs.place[mine])
            else:
                found = self._by_road(service, providers, turnout, self.needs.place[mine])
            ms[mine], option[mine] = found.ms, found.option
        late = ms >= MAX_MS
        ms[late], option[late] = np.nan, -1
        return Answers(ms, option)

    def one(self, option: int, needs: Longs) -> Floats:
        """Response ms of one option to some needs (K,); NaN where it does not answer."""
        only = np.zeros(len(self.options.site), dtype=bool)
        only[option] = True
        return self.answers(only).ms[needs]

    def _providers(self, service: Service, is_open: Flags) -> tuple[Longs, Longs]:
        """Open options that provide the service, and their turnout ms."""
        turnout = np.array([t.turnout_ms.get(service.id, -1) for t in self.settings.types], dtype=np.int64)
        of_option = turnout[self.options.type]
        providers = np.flatnonzero(is_open & (of_option >= 0))
        return providers, of_option[providers]

    def _by_table(
        self, od: OdTable, service: Service, providers: Longs, turnout: Longs, place: Ints
    ) -> Answers:
        rows = pd.DataFrame({"site": od.site, "place": od.place, "travel": od.ms})
        at = pd.DataFrame({"site": self.options.site[providers], "option": providers, "turnout": turnout})
        pairs = rows.merge(at, on="site")
        pairs["ms"] = np.rint(pairs["travel"] * service.vehicle_factor) + pairs["turnout"]
        first = pairs.sort_values(["place", "ms", "option"]).drop_duplicates("place").set_index("place")
        first = first.reindex(place)
        return Answers(first["ms"].to_numpy(np.float64), first["option"].fillna(-1).to_numpy(np.int64))

    def _by_road(self, service: Service, providers: Longs, turnout: Longs, place: Ints) -> Answers:
        node = self.instance.sites.node
        graph = self._graph(service.vehicle_factor)
        label, owner = _spread(graph, node[self.options.site[providers]], turnout, providers)
        ms = label[node[place]]
        return Answers(np.where(np.isfinite(ms), ms, np.nan), owner[node[place]])

    def _graph(self, factor: float) -> csr_array:
        if factor not in self._graphs:
            assert self.instance.roads is not None
            self._graphs[factor] = _scaled(self.instance.roads, factor)
        return self._graphs[factor]


def _needs(instance: Instance, settings: Settings) -> Needs:
    """Every service of every place that is not excluded, service by service."""
    places = instance.places
    kept = np.flatnonzero(~places.excluded).astype(np.int32)
    rows = [(kept, number, service) for number, service in enumerate(settings.services)]
    people = places.population[kept]
    standard = [
        np.array([service.standard_ms[kind] for kind in places.kinds], dtype=np.int32)[places.kind[kept]]
        for _, _, service in rows
    ]
    return Needs(
        np.concatenate([place for place, _, _ in rows]),
        np.concatenate([np.full(len(kept), number, dtype=np.int32) for _, number, _ in rows]),
        np.concatenate([people for _ in rows]),
        np.concatenate([people * service.weight for _, _, service in rows]),
        np.concatenate(standard),
    )


def _options(instance: Instance) -> Options:
    """Existing facilities, then candidates."""
    old, new = instance.facilities, instance.candidates
    outside = np.flatnonzero(instance.places.excluded)
    may = (new.status != CandidateStatus.FORBIDDEN) & ~np.isin(new.site, outside)
    must = may & (new.status == CandidateStatus.REQUIRED)
    existing = len(old.site)
    return Options(
        existing,
        np.concatenate([old.site, new.site]),
        np.concatenate([old.type, new.type]),
        np.concatenate([np.zeros(existing), new.cost]),
        np.concatenate([~np.isin(old.site, outside), may]),
        np.concatenate([np.zeros(existing, dtype=bool), must]),
    )


def _scaled(roads: Roads, factor: float) -> csr_array:
    """Travel ms of one vehicle as a sparse (V, V) matrix, of parallel edges the fastest."""
    size = len(roads.ids)
    tail, head, ms = roads.tail, roads.head, np.maximum(1.0, np.rint(roads.ms * factor))
    if not np.all(np.diff(tail.astype(np.int64) * size + head) > 0):
        order = np.lexsort((ms, head, tail))
        tail, head, ms = tail[order], head[order], ms[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        tail, head, ms = tail[first], head[first], ms[first]
    return csr_array((ms, (tail, head)), shape=(size, size))


def _spread(graph: csr_array, node: Ints, offset: Longs, number: Longs) -> tuple[Floats, Longs]:
    """Earliest time at every node from sources that start late, and the source it is due to.

    Args:
        graph: (V, V) travel ms.
        node, offset, number: (K,) where each source stands, its start in ms, and its number.

    Returns:
        (V,) ms, inf where unreached, and (V,) the lowest number of equally early sources, -1.
    """
    size = graph.shape[0]
    order = np.lexsort((number, offset, node))
    node, offset, number = node[order], offset[order], number[order]
    first = np.ones(len(node), dtype=bool)
    first[1:] = np.diff(node) != 0
    node, offset, number = node[first], offset[first], number[first]
    # scipy takes an explicit zero for a missing edge, so every start is 1 ms later meanwhile.
    joined = csr_array(
        (
            np.concatenate([graph.data, offset + 1]),
            np.concatenate([graph.indices, node]),
            np.concatenate([graph.indptr, [graph.indptr[-1] + len(node)]]),
        ),
        shape=(size + 1, size + 1),
    )
    labels, parents = dijkstra(joined, indices=[size], return_predecessors=True)
    label, before = labels[0, :size] - 1, parents[0, :size].astype(np.int64)
    parent = np.where((before < 0) | (before == size), np.arange(size), before)
    while not np.array_equal(parent, jumped := parent[parent]):
        parent = jumped
    own = np.full(size, np.iinfo(np.int64).max)
    own[node[offset == label[node]]] = number[offset == label[node]]
    owner = own[parent]
    np.minimum(owner, own, out=owner)
    _settle_ties(graph, label, owner)
    return label, np.where(np.isfinite(label), owner, -1)


def _settle_ties(graph: csr_array, label: Floats, owner: Longs) -> None:
    """Hand the lowest number along every edge that is part of some shortest path, in place."""
    tail = np.repeat(np.arange(len(label)), np.diff(graph.indptr))
    head = graph.indices
    reached = np.isfinite(label[tail])
    tight = np.flatnonzero(reached & (label[tail] + graph.data == label[head]))
    tail, head = tail[tight], head[tight]
    while True:
        lower = owner[tail] < owner[head]
        if not lower.any():
            return
        np.minimum.at(owner, head[lower], owner[tail[lower]])
