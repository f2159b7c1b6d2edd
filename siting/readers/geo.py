"""Vector layers of places, facilities, candidates and roads: what a planner's GIS holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import InstanceError
from siting.instance.core import Instance
from siting.instance.raw import Report
from siting.readers.graphml import is_graph, read_graph
from siting.readers.vector.columns import check_overrides, report_unused
from siting.readers.vector.joined import Travel, features_in_words, join, places_of
from siting.readers.vector.lines import read_lines
from siting.readers.vector.points import read_points
from siting.synthesis.proxy import proxy_roads

LAYERS = ("places", "facilities", "candidates", "roads")


def read_geo(
    places: Any,
    *,
    facilities: Any = None,
    candidates: Any = None,
    roads: Any = None,
    od: Any = None,
    columns: Mapping[str, str] | None = None,
    name: str | None = None,
    settings: str | Path | Mapping[str, Any] | None = None,
) -> Instance:
    """An instance from vector layers.

    Each layer is the path of a GeoPackage (``file.gpkg`` or ``file.gpkg:layer``), GeoJSON, Shapefile
    (also zipped), GeoParquet, or a CSV or Parquet table with columns lat and lon; or a GeoDataFrame or
    DataFrame. Every layer is brought to WGS 84 from its own reference system; one without is refused.
    Columns are recognised by the names in :data:`siting.readers.vector.columns.OTHER_NAMES`; what was
    taken for what is in ``settings.notes``.

    Args:
        places: demand points with their population: points, or areas, of which a point inside is taken.
        facilities: existing facilities, their ``type`` a facility type of the settings.
        candidates: sites that may be opened, of each type that plans new ones where they have no
            ``type``; by default every place.
        roads: a layer of lines (see :func:`siting.readers.vector.lines.read_lines`), a GraphML file or a
            networkx graph (see :func:`siting.readers.graphml.read_graphml`).
        od: instead of roads a table of travel times, see :func:`siting.readers.od.od_frame`; facilities
            and candidates then stand at the origins of their ids. With neither, proxy roads join the
            places (:func:`siting.synthesis.proxy.proxy_roads`).
        columns: own names of columns, e.g. ``{"population": "POP2020"}`` for every layer that has it,
            ``{"facilities.name": "TITLE"}`` for one; ``"=fire_department"`` puts that in every row.
        name: of the instance; by default that of the file of places.
        settings: services and types of the planner's own, see :func:`siting.readers.question.question`.

    Raises:
        InstanceError: everything that is wrong with the layers.
    """
    report = Report()
    overrides = check_overrides(columns, LAYERS)
    if roads is not None and od is not None:
        report.add("roads", "roads and od are both given; one of them says how long it takes")
    with features_in_words():
        given = {"places": places, "facilities": facilities, "candidates": candidates}
        layers = {
            table: read_points(source, table, overrides, report, placeless=od is not None)
            for table, source in given.items()
            if source is not None or table == "places"
        }
        there = layers["places"]
        table = None if there is None else places_of(there, report)
        travel = _travel(roads, od, table, overrides, report)
        if (roads is None or is_graph(roads)) and not report.complaints:
            report_unused(overrides, [layer.raw for layer in layers.values() if layer], report)
        if there is None or travel is None or report.complaints:
            raise InstanceError(report.complaints)
        return join(
            there,
            layers.get("facilities"),
            layers.get("candidates"),
            travel,
            name=name or _stem(places),
            settings=settings,
            report=report,
        )


def _travel(
    roads: Any, od: Any, places: pd.DataFrame | None, overrides: Mapping[str, str], report: Report
) -> Travel | None:
    """How to travel; None after a complaint."""
    if od is not None:
        from siting.readers.od import od_frame

        where = str(od) if isinstance(od, str | Path) else "a frame"
        return Travel("Travel times are those of the table od.", od=od_frame(od), file=where)
    if roads is None:
        return None if places is None or report.complaints else _proxy(places)
    where = str(roads) if isinstance(roads, str | Path) else "roads"
    if is_graph(roads):
        return read_graph(roads, report)
    lines = read_lines(roads, overrides, report)
    return None if lines is None else Travel(lines.said, roads=lines.roads, nameless=True, file=where)


def _proxy(places: pd.DataFrame) -> Travel:
    """Proxy roads between the places, or, for a single place, the table of its way to itself."""
    ids = places["place_id"].to_list()
    if len(ids) == 1:
        return Travel(
            "A single place needs no road.", od=pd.DataFrame({"from": ids, "to": ids, "minutes": 0.0})
        )
    people = pd.to_numeric(places["population"], errors="coerce").fillna(0).to_numpy(np.int64)
    table = proxy_roads(ids, places["lat"].to_numpy(), places["lon"].to_numpy(), people)
    said = (
        "No roads were given: proxy roads join neighbouring places (Gabriel graph), towns by faster ways. "
        "Water and mountains are not known to them; import real roads before anything is decided."
    )
    warning = f"roads: {len(table):,} proxy roads between neighbouring places stand in for real ones"
    return Travel(said, table=table, warnings=(warning,))


def _stem(source: Any) -> str:
    """Name of an instance after its file of places."""
    return Path(str(source).partition(".gpkg:")[0]).stem if isinstance(source, str | Path) else "places"
