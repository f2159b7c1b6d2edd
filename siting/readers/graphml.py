"""Road graphs of networkx, as osmnx makes and saves them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance.core import Instance
from siting.instance.raw import LISTED, Report, from_frame
from siting.readers.extras import extra
from siting.readers.vector.columns import check_overrides, report_unused
from siting.readers.vector.graphml_file import LINE, parse_graphml
from siting.readers.vector.joined import Travel, features_in_words, join
from siting.readers.vector.maxspeed import first_word, kmh_of, several
from siting.readers.vector.points import Layer, read_points
from siting.roads.graph import from_networkx

if TYPE_CHECKING:
    import networkx as nx

GRAPHML = ".graphml"

_NODE = frozenset({"x", "y", "population", "name"})
_EDGE = frozenset({"travel_time", "length", "speed_kph", "maxspeed", "highway"})
_ABSENT = ("", "nan", "None")
"""How attributes without a value are written."""


def read_graphml(
    source: str | Path | nx.Graph[Any],
    *,
    places: Any = None,
    facilities: Any = None,
    candidates: Any = None,
    columns: Mapping[str, str] | None = None,
    name: str | None = None,
    settings: str | Path | Mapping[str, Any] | None = None,
) -> Instance:
    """An instance on a road graph of networkx.

    Args:
        source: a GraphML file as ``osmnx.save_graphml`` writes it, or a graph. Nodes have ``x`` and
            ``y`` in the reference system of the graph attribute ``crs`` (without one: degrees). Edges
            have ``travel_time`` in seconds; where they have none it is worked out from ``length`` in
            metres and ``speed_kph``, or ``maxspeed`` and ``highway`` as the OpenStreetMap reader does.
            Numbers may be text, as in a file.
        places, facilities, candidates, columns, name, settings: see
            :func:`siting.readers.geo.read_geo`. Without places the nodes with a ``population`` above 0
            are the demand points.

    Raises:
        InstanceError: everything that is wrong with the graph and the layers.
    """
    report = Report()
    overrides = check_overrides(columns, ("places", "facilities", "candidates"))
    with features_in_words():
        graph = _open(source, report)
        there = None if graph is None or places is not None else _populated(graph, source, report)
        given = {"places": places, "facilities": facilities, "candidates": candidates}
        layers = {
            table: read_points(one, table, overrides, report)
            for table, one in given.items()
            if one is not None
        }
        there = layers.get("places", there)
        if not report.complaints:
            report_unused(overrides, [layer.raw for layer in layers.values() if layer], report)
        travel = None if graph is None else _travel(graph, source, report)
        if there is None or travel is None or report.complaints:
            raise InstanceError(report.complaints)
        default = Path(source).stem if isinstance(source, str | Path) else "graph"
        return join(
            there,
            layers.get("facilities"),
            layers.get("candidates"),
            travel,
            name=name or default,
            settings=settings,
            report=report,
        )


def is_graph(source: Any) -> TypeGuard[str | Path | nx.Graph[Any]]:
    """Whether roads are given as a graph or the path of a GraphML file."""
    if isinstance(source, str | Path):
        return Path(source).suffix.casefold() == GRAPHML
    import networkx as nx

    return isinstance(source, nx.Graph)


def read_graph(source: str | Path | nx.Graph[Any], report: Report) -> Travel | None:
    """The roads of a graph or GraphML file; None after a complaint."""
    graph = _open(source, report)
    return None if graph is None else _travel(graph, source, report)


def _open(source: str | Path | nx.Graph[Any], report: Report) -> nx.Graph[Any] | None:
    """The graph, a copy, with its nodes in degrees, numbers for text, and what is needed only."""
    import networkx as nx  # here, since it takes a fifth of a second that most commands do not need

    where = _where(source)
    if isinstance(source, nx.Graph):
        graph: nx.Graph[Any] | None = source.copy()
    elif isinstance(source, str | Path):
        graph = parse_graphml(Path(source), _NODE | _EDGE | {"crs"}, report)
    else:
        graph = None
        report.add(where, f"must be a path or a networkx graph, not {type(source).__name__}")
    if graph is None:
        return None
    before = len(report.complaints)
    wrong: list[Complaint] = []
    for node, found in graph.nodes(data=True):
        wrong += _clean(found, _NODE, ("x", "y", "population"), where, f"node {node!r}")
    for tail, head, found in graph.edges(data=True):
        wrong += _clean(found, _EDGE, ("travel_time", "length"), where, f"edge ({tail!r}, {head!r})")
    report.complaints += wrong[:LISTED]
    if len(wrong) > LISTED:
        report.add(where, f"... and {len(wrong) - LISTED:,} more attributes that are not numbers")
    if not graph.number_of_nodes():
        report.add(where, "has no nodes")
    if len(report.complaints) == before:
        graph.graph["turned"] = _to_degrees(graph, graph.graph.get("crs"), where, report)
    return graph if len(report.complaints) == before else None


def _clean(
    found: dict[str, Any], keep: frozenset[str], numeric: tuple[str, ...], where: str, what: str
) -> list[Complaint]:
    """Leave in ``found`` what is needed and there, numbers as such; returns what is wrong with it."""
    line, wrong = found.get(LINE), []
    for key in [*found]:
        value = found[key]
        absent = value is None or (isinstance(value, str) and value.strip() in _ABSENT)
        if absent or key not in keep:
            del found[key]
        elif key in numeric:
            number = _number(value)
            if number is None:
                wrong.append(Complaint(where, f"{what}: {value!r} is no number; write e.g. 12.5", line, key))
            elif math.isnan(number):
                del found[key]
            else:
                found[key] = number
    return wrong


def _number(value: Any) -> float | None:
    """A number or the text of one; None for anything else."""
    if isinstance(value, str):
        try:
            return None if "_" in value else float(value)
        except ValueError:
            return None
    fine = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return float(value) if fine else None


def _to_degrees(graph: nx.Graph[Any], crs: Any, where: str, report: Report) -> str:
    """Reproject the nodes in place; the name of the reference system they came from, empty for degrees."""
    x, y = (np.array([value for _, value in graph.nodes(data=key, default=np.nan)]) for key in ("x", "y"))
    if crs is None or str(crs).strip() in _ABSENT:
        off = (np.abs(x) > 180) | (np.abs(y) > 90)
        if off.any():
            first = int(np.flatnonzero(off)[0])
            what = (
                f"a node at x {x[first]:.7g}, y {y[first]:.7g} is no longitude and latitude, and the graph "
                "does not say what else; set graph.graph['crs'], e.g. to 'epsg:32636', before it is saved"
            )
            report.add(where, what, column="crs")
        return ""
    pyproj = extra("pyproj", "geo")
    try:
        own, there = pyproj.CRS.from_user_input(crs), pyproj.CRS.from_user_input(4326)
        if own.equals(there, ignore_axis_order=True):
            return ""
        lon, lat = pyproj.Transformer.from_crs(own, there, always_xy=True).transform(x, y, errcheck=False)
    except (pyproj.exceptions.ProjError, TypeError, ValueError) as error:
        report.add(where, f"{crs!r} is no known coordinate reference system: {error}", column="crs")
        return ""
    for node, east, north in zip(graph.nodes, lon.tolist(), lat.tolist(), strict=True):
        graph.nodes[node].update(x=east, y=north)
    return str(own.name)


def _travel(graph: nx.Graph[Any], source: Any, report: Report) -> Travel | None:
    """The roads of a cleaned graph; None after a complaint."""
    where = _where(source)
    computed = _time_edges(graph, where, report)
    if computed is None:
        return None
    try:
        roads = from_networkx(graph)
    except InstanceError as error:
        moved = (one for one in error.complaints if isinstance(one, Complaint))
        report.complaints += [Complaint(where, one.what, one.line, one.column) for one in moved]
        return None
    turned = f", reprojected from {graph.graph['turned']}" if graph.graph["turned"] else ""
    timed = f" The time of {computed:,} edges is worked out from length and speed." if computed else ""
    file = str(source) if isinstance(source, str | Path) else "a networkx graph"
    name = Path(source).name if isinstance(source, str | Path) else file
    nodes, edges = len(roads.ids), len(roads.tail)
    said = f"roads: {name}, {nodes:,} nodes and {edges:,} directed edges{turned}.{timed}"
    return Travel(said, roads=roads, file=file)


def _time_edges(graph: nx.Graph[Any], where: str, report: Report) -> int | None:
    """Give edges without a travel time one from length and speed; how many, None after a complaint."""
    edges = [found for _, _, found in graph.edges(data=True)]
    timeless = [found for found in edges if "travel_time" not in found]
    told = len(timeless) < len(edges) or any(_speed_given(found) for found in timeless)
    lost = 0
    for found in timeless:
        found["highway"] = first_word(found.get("highway", ""))
        kmh = _kmh(found) if told else math.nan
        length = found.get("length", math.nan)
        if math.isnan(kmh) or math.isnan(length):
            lost += 1
        else:
            found["travel_time"] = max(0.001, 3.6 * length / kmh)
    for found in edges:
        found["highway"] = first_word(found.get("highway", ""))
    if not lost:
        return len(timeless)
    what = (
        f"{lost:,} of {len(edges):,} edges have neither travel_time (seconds) nor length (metres) with "
        "speed_kph or maxspeed; in osmnx: G = ox.add_edge_speeds(G); G = ox.add_edge_travel_times(G)"
    )
    report.add(where, what, column="travel_time")
    return None


def _speed_given(found: Mapping[str, Any]) -> bool:
    return "speed_kph" in found or "maxspeed" in found


def _kmh(found: Mapping[str, Any]) -> float:
    """Speed of an edge: speed_kph, of several their mean as osmnx has it; else of its class and limit."""
    speeds = [_number(word) for word in several(found.get("speed_kph", ""))]
    known = [speed for speed in speeds if speed is not None and 0 < speed <= 200]
    return sum(known) / len(known) if known else kmh_of(str(found["highway"]), found.get("maxspeed", ""))


def _populated(graph: nx.Graph[Any], source: Any, report: Report) -> Layer | None:
    """Nodes with people as places; None after a complaint."""
    where = _where(source)
    chosen = {node: found for node, found in graph.nodes(data=True) if found.get("population", 0) > 0}
    if not chosen:
        what = "no node has a population above 0; give the demand points: places=..."
        report.add(where, what, column="population")
        return None
    ids = [str(node).strip() for node in chosen]
    frame = pd.DataFrame(
        {
            "place_id": ids,
            "name": [str(found.get("name", id_)) for id_, found in zip(ids, chosen.values(), strict=True)],
            "population": [found["population"] for found in chosen.values()],
            "lat": [found.get("y", np.nan) for found in chosen.values()],
            "lon": [found.get("x", np.nan) for found in chosen.values()],
        }
    )
    raw = from_frame("places", frame, report)
    if raw is None:
        return None
    said = f"places: the {len(ids):,} nodes with a population above 0."
    return Layer(raw, frame, np.arange(len(ids)), {}, said)


def _where(source: Any) -> str:
    return str(source) if isinstance(source, str | Path) else "graph"
