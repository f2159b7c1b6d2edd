"""Road edits: what edits.csv closes, slows and adds before anything stands on the roads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.instance.arrays import Flags, Ints, Longs, Places, Sites
from siting.instance.coordinates import report_short_roads
from siting.instance.locations import Locations
from siting.instance.network import edge_metres, edge_ms
from siting.instance.raw import RawTable, Report
from siting.instance.references import Ids, resolve
from siting.instance.tables import Checked
from siting.roads.edits import find_edges, with_edges, without_edges
from siting.roads.graph import MAX_MS, Roads
from siting.roads.polygons import edges_in, lines_of, parse_polygon, swapped
from siting.roads.snap import with_nodes

CLOSE, FACTOR, LINK = 0, 1, 2
"""Index of each action among the choices of the column."""

_NAMED = 10
"""Places cut off by closures that a warning names."""


@dataclass(frozen=True)
class Edited:
    """The roads under the edits.

    Attributes:
        roads: with new links and with times multiplied; closed edges are still there, so that
            nothing is snapped elsewhere because its road is closed. None without roads.
        closed: (E,) edges of ``roads`` that are closed.
        where: the table, empty if there is none.
    """

    roads: Roads | None
    closed: Flags
    where: str = ""


def read_edits(
    checked: Mapping[str, Checked], there: Locations, roads: Roads | None, whole: bool, report: Report
) -> Edited:
    """The roads under the rows of edits.csv: first links, then factors; closures win.

    Args:
        checked: tables; without edits the roads stay as they are.
        there: (L,) everything that may be the end of a road.
        roads: the graph; None with an origin-destination table, or if it could not be read.
        whole: all roads are in order, so that one that is not there was never written.
        report: receives the complaints, and a warning that sums up the edits.
    """
    table = checked.get("edits")
    if table is None or not table.raw.size:
        return Edited(roads, np.zeros(0 if roads is None else len(roads.tail), dtype=bool))
    if "od" in checked:
        what = "an od table has no roads to edit; leave the file out, or give roads instead of od"
        report.add(table.raw.where, what, table.raw.header())
        return Edited(roads, np.zeros(0, dtype=bool))
    _report_mixed(table, report)
    ends = tuple(resolve(table, name, there.ids, there.what, report) for name in ("from", "to"))
    new = _links(table, ends, there, checked["places"].raw.where, report)
    polygons = _polygons(table, report)
    if roads is None or not len(roads.tail):
        return Edited(roads, np.zeros(0, dtype=bool))
    before = roads
    roads = _linked(table, roads, there, new, report)
    row, edge = _touched(table, roads, ends, polygons, whole, report)
    ms = _multiplied(table, roads, row, edge, report)
    closed = np.zeros(len(roads.tail), dtype=bool)
    closed[edge[table.choice("action")[row] == CLOSE]] = True
    if closed.all():
        report.add(table.raw.where, "every road is closed; at least one must stay open")
    roads = replace(roads, ms=ms)
    _sum_up(table.raw.where, before, roads, closed, report)
    return Edited(roads, closed, table.raw.where)


def close(
    edited: Edited, linked: Roads | None, parent: Ints, places: Places, sites: Sites, report: Report
) -> tuple[Roads | None, Ints]:
    """Take the closed edges out of the graph on which the sites stand.

    Args:
        edited: roads before sites were snapped to them.
        linked: the same with the links of snapped sites, which stay.
        parent: (E,) edge of ``edited.roads`` that each of its edges is, or is a part of; -1 for links.
        places, sites: P and S of them.
        report: receives a warning that names places with needs that this cuts off.

    Returns:
        The graph, and the parents of the edges left.
    """
    if linked is None or edited.roads is None or not edited.closed.any():
        return linked, parent
    gone = np.append(edited.closed, False)[parent]
    left = without_edges(linked, gone)
    node = sites.node[: len(places.ids)]
    known = (node >= 0) & ~places.excluded
    cut = np.flatnonzero(known)[_main(linked, node[known], places.population[known])]
    cut = np.setdiff1d(cut, np.flatnonzero(known)[_main(left, node[known], places.population[known])])
    if len(cut):
        largest = cut[np.argsort(-places.population[cut], kind="stable")][:_NAMED]
        names = ", ".join(repr(name) for name in places.names[largest])
        more = f" and {len(cut) - _NAMED:,} more" if len(cut) > _NAMED else ""
        report.warnings.append(
            f"{edited.where}: places that closures cut off from the main network, one way or both: "
            f"{len(cut):,} with {int(places.population[cut].sum()):,} people: {names}{more}"
        )
    return left, parent[~gone]


def _main(roads: Roads, node: Ints, people: Longs) -> Flags:
    """Which nodes (N,) are on the piece of road with most people, passable there and back."""
    ones = np.ones(len(roads.tail), dtype=np.int8)
    matrix = coo_array((ones, (roads.tail, roads.head)), shape=(len(roads.ids), len(roads.ids)))
    piece = connected_components(matrix, directed=True, connection="strong")[1][node]
    return np.asarray(piece == np.argmax(np.bincount(piece, weights=people + 1.0, minlength=1)))


def _report_mixed(table: Checked, report: Report) -> None:
    """Complain about rows that do not name exactly what their action takes."""
    raw, action = table.raw, table.choice("action")
    one_end, other_end, klass, area = (raw.filled(name) for name in ("from", "to", "class", "area"))
    edge, change, link = one_end | other_end, (action == CLOSE) | (action == FACTOR), action == LINK
    half = one_end != other_end
    report.rows(raw, half, "from, to", lambda row: "one end is empty; an edge has both, from and to")
    count = edge.astype(int) + klass + area
    what = "expected exactly one of: an edge (from and to), a road class, an area"
    report.rows(raw, change & (count == 0), None, lambda row: f"the row names nothing; {what}")
    report.rows(raw, change & (count > 1), None, lambda row: f"the row names more than one thing; {what}")
    report.rows(
        raw, link & ~edge, "from, to", lambda row: "both ends are empty; expected: the ends of the new edge"
    )
    report.rows(
        raw,
        (action == FACTOR) & ~raw.filled("factor"),
        "factor",
        lambda row: "the cell is empty; expected: a number that multiplies the car minutes",
    )
    why = "only rows with the action factor multiply car minutes"
    _must_be_empty(raw, "factor", (action == CLOSE) | link, why, report)
    _must_be_empty(raw, "area", link, "a link is named by its ends", report)
    for name in ("km", "kmh", "minutes"):
        _must_be_empty(raw, name, change, "only a link brings its own length and time", report)
    one_way = table.flag("oneway") & change & ~edge
    _must_be_empty(raw, "oneway", one_way, "only an edge named by its ends has a direction", report)


def _must_be_empty(raw: RawTable, column: str, rows: Flags, why: str, report: Report) -> None:
    """Complain about cells of the given rows that hold something."""
    report.rows(
        raw,
        rows & raw.filled(column),
        column,
        lambda row: f"{raw.cell(column, row)!r} must be empty: {why}",
    )


def _links(
    table: Checked, ends: tuple[Ints, ...], there: Locations, places: str, report: Report
) -> tuple[Longs, Ints]:
    """The rows of new links that are in order, and the car ms of every row (N,)."""
    one, other = ends
    link = table.choice("action") == LINK
    ms = edge_ms(table, report, link)
    loop = link & (one == other) & (one >= 0)
    report.rows(
        table.raw,
        loop,
        "from, to",
        lambda row: f"the link leads from {there.ids.ids[one[row]]!r} to itself",
    )
    fine = link & ~loop & (one >= 0) & (other >= 0)
    tail, head = (np.where(fine, end, -1).astype(np.int32) for end in ends)
    report_short_roads(table, tail, head, there.lat, there.lon, places, report)
    return np.flatnonzero(fine & (ms > 0)), ms


def _linked(table: Checked, roads: Roads, there: Locations, new: tuple[Longs, Ints], report: Report) -> Roads:
    """The roads with the new links; an end that is not on the roads yet becomes a node."""
    rows, ms = new
    if not len(rows):
        return roads
    names = table.text("from")[rows], table.text("to")[rows]
    nodes = Ids(roads.ids)
    wanted = np.array(list(dict.fromkeys(np.concatenate(names))), dtype=object)
    lone = there.ids.find(wanted[nodes.find(wanted) < 0])
    roads = with_nodes(roads, there.ids.ids[lone], there.lat[lone], there.lon[lone])
    nodes = Ids(roads.ids)
    tail, head = (nodes.find(name) for name in names)
    words = table.text("class")[rows]
    classes = tuple(dict.fromkeys((*roads.classes, *(word for word in words if word))))
    klass = Ids(classes).find(words).astype(np.int16)
    back = ~table.flag("oneway")[rows]
    both = np.concatenate((np.arange(len(rows)), np.flatnonzero(back)))  # there, and back where allowed
    tail, head = np.concatenate((tail, head[back])), np.concatenate((head, tail[back]))
    time = ms[rows[both]]
    at = find_edges(roads, tail, head)
    idle = (at >= 0) & (roads.ms[at] <= time)
    if idle.any():
        first = int(np.argmax(idle))
        report.warnings.append(
            f"{table.raw.where}: links no faster than the road that is there already, which change "
            f"nothing: {int(idle.sum()):,}, e.g. {roads.ids[tail[first]]!r} to {roads.ids[head[first]]!r}"
        )
    metres = edge_metres(table)[rows[both]]
    own = replace(roads, tail=tail, head=head, ms=time, classes=classes, klass=klass[both], metres=metres)
    return with_edges(roads, own)


def _polygons(table: Checked, report: Report) -> dict[int, object]:
    """The polygon of every row that names one, as far as they are in order."""
    raw = table.raw
    alone = raw.filled("area") & ~(raw.filled("from") | raw.filled("to") | raw.filled("class"))
    found: dict[int, object] = {}
    faults: dict[int, str] = {}
    for row in np.flatnonzero(alone & (table.choice("action") != LINK)).tolist():
        polygon, fault = parse_polygon(table.text("area")[row])
        if fault:
            faults[row] = fault
        else:
            found[row] = polygon
    report.rows(raw, np.isin(np.arange(raw.size), list(faults)), "area", lambda row: faults[row])
    return found


def _touched(
    table: Checked,
    roads: Roads,
    ends: tuple[Ints, ...],
    polygons: dict[int, object],
    whole: bool,
    report: Report,
) -> tuple[Longs, Longs]:
    """Pairs (row, edge) of the edges that each closure or factor is about, (M,) each, by row."""
    change = table.choice("action") != LINK
    klass = resolve(table, "class", Ids(roads.classes), "road class", report, complete=whole)
    parts = _named(table, roads, change, ends, whole, report)
    for row in np.flatnonzero(change & (klass >= 0)):
        edges = np.flatnonzero(roads.klass == klass[row])
        parts.append((np.full(len(edges), row, dtype=np.int64), edges))
    for number, edges in _in_areas(table, roads, polygons, report).items():
        parts.append((np.full(len(edges), number, dtype=np.int64), edges))
    rows, found = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(rows, kind="stable")
    return rows[order], found[order]


def _named(
    table: Checked, roads: Roads, change: Flags, ends: tuple[Ints, ...], whole: bool, report: Report
) -> list[tuple[Longs, Longs]]:
    """Pairs (row, edge) of the edges named by their ends, there and back."""
    one, other = table.text("from"), table.text("to")
    oneway = table.flag("oneway")
    nodes = Ids(roads.ids)
    start, end = (np.where(change, nodes.find(names), -1).astype(np.int32) for names in (one, other))
    ahead = find_edges(roads, start, end)
    back = np.where(oneway, -1, find_edges(roads, end, start))

    def say(row: int) -> str:
        verb = ("leads from", "to") if oneway[row] else ("joins", "and")
        return (
            f"no edge of the roads {verb[0]} {one[row]!r} {verb[1]} {other[row]!r}; every edge on the way "
            "takes a row of its own"
        )

    gone = change & (ends[0] >= 0) & (ends[1] >= 0) & (ahead < 0) & (back < 0)
    report.rows(table.raw, gone & whole, "from, to", say)
    return [(np.flatnonzero(edge >= 0), edge[edge >= 0]) for edge in (ahead, back)]


def _in_areas(table: Checked, roads: Roads, polygons: dict[int, object], report: Report) -> dict[int, Longs]:
    """The edges in the polygon of each row."""
    if not polygons:
        return {}
    lines = lines_of(roads)
    found = {row: edges_in(lines, polygon) for row, polygon in polygons.items()}
    empty = [row for row, edges in found.items() if not len(edges)]
    turned = [row for row in empty if len(edges_in(lines, swapped(polygons[row])))]
    report.rows(
        table.raw,
        np.isin(np.arange(table.raw.size), turned),
        "area",
        lambda row: "no road lies in the area, but roads do once lat and lon are swapped; write lon lat",
    )
    idle = [row for row in empty if row not in turned]
    if idle:
        where, line = table.raw.row(idle[0])
        first = where if line is None else f"line {line}"
        report.warnings.append(f"{table.raw.where}: areas in which no road lies: {len(idle):,}, e.g. {first}")
    lost = ~(np.isfinite(roads.lat) & np.isfinite(roads.lon))
    unknown = int((lost[roads.tail] | lost[roads.head]).sum())
    if unknown:
        report.warnings.append(
            f"{table.raw.where}: road edges with an end of unknown coordinates, which lie in no area: "
            f"{unknown:,}"
        )
    return found


def _multiplied(table: Checked, roads: Roads, row: Longs, edge: Longs, report: Report) -> Ints:
    """Car ms of every edge, (E,), times the product of its rows in the order of the file."""
    slows = (table.choice("action")[row] == FACTOR) & np.isfinite(table.number("factor")[row])
    product = np.ones(len(roads.tail))
    np.multiply.at(product, edge[slows], table.number("factor")[row[slows]])
    ms = np.rint(roads.ms * product)
    bad = np.isin(np.arange(table.raw.size), row[slows & (ms > MAX_MS)[edge]])
    say = f"with it a road takes longer than {MAX_MS // 60_000:,} minutes; close the road instead"
    report.rows(table.raw, bad, "factor", lambda row: say)
    return np.clip(ms, 1, MAX_MS).astype(np.int32)


def _sum_up(where: str, before: Roads, roads: Roads, closed: Flags, report: Report) -> None:
    """Say how many roads the rows closed, slowed, sped up and added; two directions are one road."""
    at = find_edges(replace(before, ids=roads.ids), roads.tail, roads.head)
    was = np.where(at >= 0, before.ms[at], roads.ms)
    gone = _one_way(roads, closed)
    metres = roads.metres[gone]
    known, unknown = metres[metres >= 0], int((metres < 0).sum())
    lengths = [f"{known.sum() / 1000:,.1f} km"] * bool(len(known))
    lengths += [f"{unknown:,} of unknown length"] * bool(unknown)
    words = [f"closed {len(gone):,} ({' and '.join(lengths)})"] if len(gone) else []
    for word, chosen in (("slower", roads.ms > was), ("faster", roads.ms < was), ("new", at < 0)):
        count = len(_one_way(roads, ~closed & chosen))
        if count:
            words.append(f"{word} {count:,}")
    report.warnings.append(f"{where}: roads edited: {', '.join(words) or 'none'}")


def _one_way(roads: Roads, chosen: Flags) -> Longs:
    """Positions of chosen edges (E,), of the two directions of a road only one."""
    tail, head = roads.tail[chosen].astype(np.int64), roads.head[chosen].astype(np.int64)
    key = np.minimum(tail, head) * len(roads.ids) + np.maximum(tail, head)
    return np.flatnonzero(chosen)[np.unique(key, return_index=True)[1]]
