"""The instance: everything known about a region before a question is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.instance.arrays import (
    Areas,
    Candidates,
    Facilities,
    OdTable,
    Places,
    Scenario,
    Settings,
    Sites,
)
from siting.roads.graph import Roads

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Instance:
    """One region's data, validated; see the parts for shapes and units.

    Attributes:
        settings: what instance.toml says.
        areas: per level (region, district, community) its areas.
        places, sites, facilities, candidates: see :mod:`siting.instance.arrays`.
        roads: the road graph, edges to snapped sites included, or None when ``od`` is given.
        od: the origin-destination table, or None when ``roads`` is given.
        files: SHA-256 of every input file by its name; empty for frames.
        origin: the folder it was read from, or empty.
        warnings: what a planner should know about the data, e.g. far snaps.
        decided: candidates whose status a planner has changed since, each with its status in the
            data; see :func:`siting.instance.decisions.decide`.
        scenarios: one for each of ``settings.scenarios``, in that order.
        brings: text of the model files that lie in its folder, by file name.
    """

    settings: Settings
    areas: Mapping[str, Areas]
    places: Places
    sites: Sites
    facilities: Facilities
    candidates: Candidates
    roads: Roads | None
    od: OdTable | None
    files: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    warnings: tuple[str, ...] = ()
    decided: Mapping[int, int] = field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = ()
    brings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_frames(
        cls,
        *,
        places: pd.DataFrame,
        candidates: pd.DataFrame,
        facilities: pd.DataFrame | None = None,
        areas: pd.DataFrame | None = None,
        junctions: pd.DataFrame | None = None,
        roads: pd.DataFrame | None = None,
        od: pd.DataFrame | None = None,
        scenarios: pd.DataFrame | None = None,
        edits: pd.DataFrame | None = None,
        graph: nx.Graph[Any] | Roads | None = None,
        settings: Mapping[str, object],
        brings: Mapping[str, str] | None = None,
    ) -> Instance:
        """Build an instance from DataFrames with the columns of instances/README.md.

        Args:
            places, candidates, facilities, areas, junctions, roads, od, scenarios, edits: tables; ids may
                be any type and are compared as text.
            graph: instead of ``roads``: a networkx graph as osmnx makes it (node attributes ``y``
                and ``x`` in degrees, edge attributes ``travel_time`` in seconds and, where known,
                ``length`` in metres; of parallel edges the fastest counts). Places whose id is a
                node id stand there; others become nodes of their own, linked to the nearest road.
                Or the arrays of such a graph, edges sorted by (tail, head) and none of them parallel,
                some of whose nodes ``junctions`` may name.
            settings: the content of instance.toml as nested dictionaries.
            brings: text of model files by file name, for ``settings["model"]`` to name one.

        Raises:
            InstanceError: with the complete list of what is wrong.
        """
        from siting.instance.build import build_instance

        frames = {
            "places": places,
            "candidates": candidates,
            "facilities": facilities,
            "areas": areas,
            "junctions": junctions,
            "roads": roads,
            "od": od,
            "scenarios": scenarios,
            "edits": edits,
        }
        given = {name: frame for name, frame in frames.items() if frame is not None}
        return build_instance(given, settings, graph=graph, brings=brings)

    def needed(self) -> np.ndarray:
        """Places that have needs: not excluded, (P,) bool."""
        return ~self.places.excluded

    def _repr_html_(self) -> str:
        """Tables and a small map, for a notebook."""
        from siting.figures.html import instance_html

        return instance_html(self)
