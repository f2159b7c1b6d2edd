"""From tables to a validated :class:`Instance`: every error is found before any is raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.arrays import Areas, Ints, Places, Settings
from siting.instance.coordinates import report_swaps
from siting.instance.core import Instance
from siting.instance.edits import close, read_edits
from siting.instance.locations import Locations, find_locations, stand
from siting.instance.network import read_od, read_roads, report_islands
from siting.instance.options import References, find_references, read_candidates, read_facilities
from siting.instance.order import by_id
from siting.instance.raw import RawTable, Report, from_frame
from siting.instance.references import Ids, read_areas, resolve
from siting.instance.scenarios import Ground, read_scenarios
from siting.instance.settings import parse_settings
from siting.instance.tables import Checked, check_table
from siting.roads.graph import Roads, from_networkx

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


def build_instance(
    frames: Mapping[str, pd.DataFrame],
    settings: Mapping[str, object],
    *,
    graph: nx.Graph[Any] | Roads | None = None,
    brings: Mapping[str, str] | None = None,
) -> Instance:
    """Build an instance from DataFrames; see :meth:`Instance.from_frames`.

    Complaints name a row as ``places.iloc[6]``.

    Raises:
        InstanceError: with the complete list of what is wrong.
    """
    report = Report()
    tables = {name: from_frame(name, frame, report) for name, frame in frames.items()}
    parsed, complaints = parse_settings(settings)
    report.complaints += complaints
    return assemble(tables, parsed, report, graph=graph, brings=brings)


def assemble(
    tables: Mapping[str, RawTable | None],
    settings: Settings,
    report: Report,
    *,
    graph: nx.Graph[Any] | Roads | None = None,
    brings: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    origin: str = "",
    where: str = "settings",
) -> Instance:
    """Validate tables together and build the instance.

    Args:
        tables: raw tables by name; None for one that is there but could not be read at all.
        settings: parsed; stand-ins where they were wrong.
        report: what was found wrong so far.
        graph: a networkx graph, or arrays of one, instead of roads.
        brings: see :class:`Instance`.
        files, origin: see :class:`Instance`.
        where: file named in complaints about settings.

    Raises:
        InstanceError: with everything in ``report`` and everything found here.
    """
    checked: dict[str, Checked] = {}
    for name, raw in tables.items():
        # Where roads or od name the places, nothing has to be measured on the map.
        placeless = name == "places" and ("roads" in tables or "od" in tables)
        table = None
        if raw is not None:
            raw = by_id(raw, name, [one.id for one in settings.types])
            table = check_table(raw, name, settings.currency, report, placeless=placeless)
        if table is not None:
            checked[name] = table
    _report_model(settings, brings or {}, where, report)
    _one_travel_source(tables, graph, origin, report)
    roads = None if graph is None else _take(graph, report)
    references = find_references(checked, tables, settings, report)
    broken = [name for name in tables if name not in checked]
    instance = None
    if "places" in checked:
        places, areas = _places(checked, settings, where, report)
        if not set(broken) & {"junctions", "od"} and (graph is None or roads is not None):
            instance = _join(checked, places, areas, references, roads, settings, report)
    if instance is None or report.complaints:
        raise InstanceError(_grouped(report.complaints))
    return replace(
        instance,
        files=dict(files or {}),
        origin=origin,
        warnings=tuple(report.warnings),
        brings=dict(brings or {}),
    )


def _grouped(complaints: list[Complaint]) -> list[Complaint]:
    """The complaints table by table, in the order in which the tables first occur."""
    tables = [complaint.where.partition(".iloc[")[0] for complaint in complaints]
    order = {table: number for number, table in enumerate(dict.fromkeys(tables))}
    ranks = [order[table] for table in tables]
    return [complaints[position] for position in np.argsort(ranks, kind="stable")]


def _one_travel_source(
    tables: Mapping[str, object], graph: nx.Graph[Any] | Roads | None, origin: str, report: Report
) -> None:
    """Travel times come from exactly one of roads, od and graph."""
    given = [name for name in ("roads", "od") if name in tables] + ["graph"] * (graph is not None)
    where = origin or "instance"
    if not given:
        report.add(where, "no travel times; expected one of roads, od" + ("" if origin else ", graph"))
    elif len(given) > 1:
        report.add(where, f"{' and '.join(given)} are both given; exactly one is expected")
    if graph is not None and not isinstance(graph, Roads) and "junctions" in tables:
        report.add("junctions", "must be left out: the graph brings its own nodes")


def _report_model(settings: Settings, brings: Mapping[str, str], where: str, report: Report) -> None:
    """Complain about a model file that is named but not there."""
    name = settings.model
    if name.endswith(".toml") and name not in brings:
        guess = did_you_mean(name, list(brings)) or "; put the model file beside instance.toml"
        report.add(where, f"{name!r} is no model file of the instance{guess}", column="model")


def _take(graph: nx.Graph[Any] | Roads, report: Report) -> Roads | None:
    if isinstance(graph, Roads):
        return graph
    try:
        return from_networkx(graph)
    except InstanceError as error:
        report.complaints += [one for one in error.complaints if isinstance(one, Complaint)]
        return None


def _places(
    checked: Mapping[str, Checked], settings: Settings, where: str, report: Report
) -> tuple[Places, dict[str, Areas]]:
    table = checked["places"]
    kinds = tuple(dict.fromkeys(kind for one in settings.services for kind in one.standard_ms))
    areas, area = read_areas(table, checked.get("areas"), settings, where, report)
    excluded = np.zeros(table.raw.size, dtype=bool)
    for level, ids in settings.exclude.items():
        out = np.isin(areas[level].ids.astype(str), ids)
        excluded |= np.append(out, False)[area[level]]
    places = Places(
        ids=table.text("place_id"),
        names=table.text("name"),
        names_local=table.text("name_local"),
        lat=table.number("lat"),
        lon=table.number("lon"),
        population=table.whole("population"),
        kind=resolve(table, "kind", Ids(kinds), "kind of place with a standard", report),
        kinds=kinds,
        area=area,
        synthetic=table.choice("origin") == 1,
        excluded=excluded,
        fires=np.nan_to_num(table.number("fires")),
    )
    if excluded.all():
        report.add(where, "every place is excluded; nothing is left to serve", column="exclude")
    return places, areas


def _join(
    checked: Mapping[str, Checked],
    places: Places,
    areas: Mapping[str, Areas],
    references: References,
    roads: Roads | None,
    settings: Settings,
    report: Report,
) -> Instance:
    """Resolve sites, put them on the network, and join the parts."""
    where = checked["places"].raw.where
    there = find_locations(checked, places, roads, report)
    at = {name: _at(checked, name, there, report) for name in ("facilities", "candidates")}
    if "roads" in checked:
        roads = read_roads(checked["roads"], there.ids, there.lat, there.lon, where, report)
    report_swaps(checked, roads, report)
    whole = "roads" not in checked or not report.about(checked["roads"].raw)
    edited = read_edits(checked, there, roads, whole, report)
    used = np.unique(np.concatenate(list(at.values())))
    size = len(places.ids)
    chosen = np.concatenate((np.arange(size), used[used >= size]))
    site_of = np.zeros(len(there.names), dtype=np.int32)
    site_of[chosen] = np.arange(len(chosen))
    sites, linked, parent = stand(
        there.take(chosen), edited.roads, settings.snap_kmh, checked["places"], places.excluded, report
    )
    linked, parent = close(edited, linked, parent, places, sites, report)
    if linked is not None:
        report_islands(places, sites, linked, where, report)
    od = None
    if "od" in checked:
        od = read_od(checked["od"], Ids(sites.ids), Ids(places.ids), site_of[used], report)
    site = {name: np.where(rows >= 0, site_of[rows], -1).astype(np.int32) for name, rows in at.items()}
    facilities = read_facilities(
        checked.get("facilities"), site["facilities"], references.facilities, settings
    )
    candidates = read_candidates(
        checked.get("candidates"), site["candidates"], references, facilities, settings, places, report
    )
    ground = Ground(there, chosen, used, edited.roads, edited.closed, parent, "od" in checked, whole)
    return Instance(
        settings=settings,
        areas=areas,
        places=places,
        sites=sites,
        facilities=facilities,
        candidates=candidates,
        roads=linked,
        od=od,
        scenarios=read_scenarios(checked.get("scenarios"), settings, ground, report),
    )


def _at(checked: Mapping[str, Checked], name: str, there: Locations, report: Report) -> Ints:
    """Location of every row of facilities or candidates."""
    if name not in checked:
        return np.zeros(0, dtype=np.int32)
    return resolve(checked[name], "site", there.ids, there.what, report)
