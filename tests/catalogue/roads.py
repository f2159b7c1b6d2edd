"""Travel times and ways by road of an oracle: networkx on graphs made from the tables."""

from __future__ import annotations

from functools import cache
from typing import Any

import networkx as nx
import numpy as np

from tests.catalogue.instances import ROAD_CLASSES, Tables


def whole_ms(ms: float) -> int:
    """Milliseconds of an edge, at least one."""
    return max(1, int(np.rint(ms)))


class Ways:
    """Shortest ways between all nodes.

    A car's minutes on an edge are rounded to ms, times the scenario's factors are rounded again, and
    times the vehicle's factor once more.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._edges = [
            (row["from"], row["to"], whole_ms(60_000 * 60 * row["km"] / row["kmh"]), row["class"], row["km"])
            for row in tables.rows("roads")
        ]
        self._nodes = [row["place_id"] for row in tables.rows("places")]
        if "junctions" in tables.frames:
            self._nodes += [row["junction_id"] for row in tables.rows("junctions")]
        assert all(row["kmh"] == ROAD_CLASSES[row["class"]] for row in tables.rows("roads"))
        self.ms = cache(self._ms)
        self.metres = cache(self._metres)

    def factor(self, tail: str, head: str, klass: str, scenario: str | None) -> float:
        """By how much an edge is slower in a scenario; infinite where it is closed."""
        product = 1.0
        for row in self._tables.rows("scenarios"):
            named = {row.get("from"), row.get("to")} == {tail, head} or row.get("class") == klass
            if row["scenario"] == scenario and named:
                product *= row.get("factor", np.inf)
        return product

    def lost(self, site: str, scenario: str | None) -> bool:
        """Whether nothing at a site serves in a scenario."""
        return any(
            row["scenario"] == scenario and row.get("site") == site for row in self._tables.rows("scenarios")
        )

    def _ms(self, scenario: str | None, vehicle: float) -> dict[str, dict[str, int]]:
        """Milliseconds of a vehicle from every node to every other one."""
        graph = self._graph()
        for tail, head, ms, klass, _ in self._edges:
            factor = self.factor(tail, head, klass, scenario)
            if np.isfinite(factor):
                slowed = ms if factor == 1 else whole_ms(ms * factor)
                graph.add_edge(tail, head, weight=whole_ms(slowed * vehicle))
        return dict(nx.all_pairs_dijkstra_path_length(graph))

    def _metres(self, scenario: str | None) -> dict[str, dict[str, int]]:
        """Metres of the shortest way by road; a closed road is no way."""
        graph = self._graph()
        for tail, head, _, klass, km in self._edges:
            if np.isfinite(self.factor(tail, head, klass, scenario)):
                graph.add_edge(tail, head, weight=int(np.rint(1000 * km)))
        return dict(nx.all_pairs_dijkstra_path_length(graph))

    def _graph(self) -> nx.DiGraph[Any]:
        graph: nx.DiGraph[Any] = nx.DiGraph()
        graph.add_nodes_from(self._nodes)
        return graph
