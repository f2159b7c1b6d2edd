"""From tables to a validated :class:`Instance`: every error is found before any is raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Areas, Candidates, CandidateStatus, Facilities, Ints, Places, Settings
from siting.instance.coordinates import report_swaps
from siting.instance.core import Instance
from siting.instance.locations import Locations, find_locations, stand
from siting.instance.network import read_od, read_roads, report_islands
from siting.instance.raw import RawTable, Report, from_frame
from siting.instance.references import Ids, no_pair_twice, read_areas, resolve
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
    graph: nx.Graph[Any] | None = None,
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
    return assemble(tables, parsed, report, graph=graph)


def assemble(
    tables: Mapping[str, RawTable | None],
    settings: Settings,
    report: Report,
    *,
    graph: nx.Graph[Any] | None = None,
    files: Mapping[str, str] | None = None,
    origin: str = "",
    where: str = "settings",
) -> Instance:
    """Validate tables together and build the instance.

    Args:
        tables: raw tables by name; None for one that is there but could not be read at all.
        settings: parsed; stand-ins where they were wrong.
        report: what was found wrong so far.
        graph: a networkx graph instead of roads.
        files, origin: see :class:`Instance`.
        where: file named in complaints about settings.

    Raises:
        InstanceError: with everything in ``report`` and everything found here.
    """
    checked: dict[str, Checked] = {}
    for name, raw in tables.items():
        table = None if raw is None else check_table(raw, name, settings.currency, report)
        if table is not None:
            checked[name] = table
    _one_travel_source(tables, graph is not None, origin, report)
    roads = None if graph is None else _take(graph, report)
    types = {name: _types(checked, name, settings, report) for name in ("facilities", "candidates")}
    broken = [name for name in tables if name not in checked]
    instance = None
    if "places" in checked:
        places, areas = _places(checked, settings, where, report)
        if not set(broken) & {"junctions", "od"} and (graph is None or roads is not None):
            instance = _join(checked, places, areas, types, roads, settings, report)
    if instance is None or report.complaints:
        raise InstanceError(_grouped(report.complaints))
    return replace(instance, files=dict(files or {}), origin=origin, warnings=tuple(report.warnings))


def _grouped(complaints: list[Complaint]) -> list[Complaint]:
    """The complaints table by table, in the order in which the tables first occur."""
    tables = [complaint.where.partition(".iloc[")[0] for complaint in complaints]
    order = {table: number for number, table in enumerate(dict.fromkeys(tables))}
    ranks = [order[table] for table in tables]
    return [complaints[position] for position in np.argsort(ranks, kind="stable")]


def _one_travel_source(tables: Mapping[str, object], graph: bool, origin: str, report: Report) -> None:
    """Travel times come from exactly one of roads, od and graph."""
    given = [name for name in ("roads", "od") if name in tables] + ["graph"] * graph
    where = origin or "instance"
    if not given:
        report.add(where, "no travel times; expected one of roads, od" + ("" if origin else ", graph"))
    elif len(given) > 1:
        report.add(where, f"{' and '.join(given)} are both given; exactly one is expected")
    if graph and "junctions" in tables:
        report.add("junctions", "must be left out: the graph brings its own nodes")


def _take(graph: nx.Graph[Any], report: Report) -> Roads | None:
    try:
        return from_networkx(graph)
    except InstanceError as error:
        report.complaints += [one for one in error.complaints if isinstance(one, Complaint)]
        return None


def _types(checked: Mapping[str, Checked], name: str, settings: Settings, report: Report) -> Ints:
    """Facility type of every row of facilities or candidates."""
    if name not in checked:
        return np.zeros(0, dtype=np.int32)
    types = Ids(type_.id for type_ in settings.types)
    return resolve(checked[name], "type", types, "facility type", report)


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
    )
    if excluded.all():
        report.add(where, "every place is excluded; nothing is left to serve", column="exclude")
    return places, areas


def _join(
    checked: Mapping[str, Checked],
    places: Places,
    areas: Mapping[str, Areas],
    types: Mapping[str, Ints],
    roads: Roads | None,
    settings: Settings,
    report: Report,
) -> Instance:
    """Resolve sites, put them on the network, and join the parts."""
    where = checked["places"].raw.where
    there = find_locations(checked, places, roads, report)
    at = {name: _at(checked, name, there, report) for name in ("facilities", "candidates")}
    report_swaps(checked, roads, report)
    if "roads" in checked:
        roads = read_roads(checked["roads"], there.ids, there.lat, there.lon, where, report)
    used = np.unique(np.concatenate(list(at.values())))
    size = len(places.ids)
    chosen = np.concatenate((np.arange(size), used[used >= size]))
    site_of = np.zeros(len(there.names), dtype=np.int32)
    site_of[chosen] = np.arange(len(chosen))
    sites, roads = stand(
        there.take(chosen), roads, settings.snap_kmh, checked["places"], places.excluded, report
    )
    if roads is not None:
        report_islands(places, sites, roads, where, report)
    od = None
    if "od" in checked:
        od = read_od(checked["od"], Ids(sites.ids), Ids(places.ids), site_of[used], report)
    return Instance(
        settings=settings,
        areas=areas,
        places=places,
        sites=sites,
        facilities=_facilities(checked.get("facilities"), site_of[at["facilities"]], types["facilities"]),
        candidates=_candidates(
            checked.get("candidates"),
            site_of[at["candidates"]],
            types["candidates"],
            settings,
            places,
            report,
        ),
        roads=roads,
        od=od,
    )


def _at(checked: Mapping[str, Checked], name: str, there: Locations, report: Report) -> Ints:
    """Location of every row of facilities or candidates."""
    if name not in checked:
        return np.zeros(0, dtype=np.int32)
    return resolve(checked[name], "site", there.ids, there.what, report)


def _facilities(table: Checked | None, site: Ints, type_: Ints) -> Facilities:
    if table is None:
        none = np.zeros(0, dtype=object)
        return Facilities(none, none, site, type_)
    return Facilities(table.text("facility_id"), table.text("name"), site, type_)


def _candidates(
    table: Checked | None, site: Ints, type_: Ints, settings: Settings, places: Places, report: Report
) -> Candidates:
    """Candidates with their costs; those at excluded places become forbidden."""
    if table is None:
        nothing = np.zeros(0)
        return Candidates(site, type_, nothing, site, nothing)
    raw = table.raw
    no_pair_twice(table, "site", "type", report)
    units = np.array([np.nan if one.cost is None else one.cost for one in settings.types] + [np.nan])
    given = table.number("cost")
    cost = np.where(np.isnan(given), units[type_], given)
    costless = np.isnan(cost) & (type_ >= 0) & ~raw.filled("cost")
    types = table.text("type")
    report.rows(
        raw, costless, "cost", lambda row: f"the cell is empty and types.{types[row]} has no cost either"
    )
    status = table.choice("status")
    out = np.append(places.excluded, False)[np.minimum(site, len(places.ids))]
    report.rows(
        raw,
        out & (status == CandidateStatus.REQUIRED),
        "status",
        lambda row: f"'required', but its place {table.text('site')[row]!r} is excluded",
    )
    status = np.where(out, CandidateStatus.FORBIDDEN, status).astype(np.int32)
    return Candidates(site, type_, cost, status, table.number("capacity"))
