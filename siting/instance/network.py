"""The road graph of an instance, where its sites stand on it, and origin-destination tables."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.instance.arrays import Flags, Floats, Ints, OdTable, Places, Sites
from siting.instance.coordinates import report_short_roads
from siting.instance.raw import Report
from siting.instance.references import Ids, distinct, no_pair_twice, resolve
from siting.instance.tables import Checked
from siting.roads.graph import MAX_MS, Roads, fastest


def read_roads(table: Checked, nodes: Ids, lat: Floats, lon: Floats, places: str, report: Report) -> Roads:
    """Roads from the rows of roads.csv.

    Args:
        table: N rows.
        nodes: places and junctions, (V,).
        lat, lon: (V,) degrees.
        places: name of the table of places, for complaints about coordinates.
        report: receives the complaints.

    Returns:
        The graph of the rows that are in order: two edges for a two-way row, of parallel edges
        the fastest with its own length, rows from a node to itself left out.
    """
    tail = resolve(table, "from", nodes, "place or junction", report)
    head = resolve(table, "to", nodes, "place or junction", report)
    ms = edge_ms(table, report, np.ones(table.raw.size, dtype=bool))
    report_short_roads(table, tail, head, lat, lon, places, report)
    loops = (tail == head) & (tail >= 0)
    if loops.any():
        count = int(loops.sum())
        report.warnings.append(f"{table.raw.where}: rows from a node to itself are left out: {count:,}")
    if loops.all():
        report.add(table.raw.where, "every row leads from a node to itself; expected: road edges")
    use = (tail >= 0) & (head >= 0) & ~loops & (ms > 0)
    codes, names = distinct(table.text("class"))
    tail, head, ms, klass = tail[use], head[use], ms[use], codes[use].astype(np.int16)
    metres = edge_metres(table)[use]
    back = ~table.flag("oneway")[use]
    tail, head = np.concatenate((tail, head[back])), np.concatenate((head, tail[back]))
    ms, klass = np.concatenate((ms, ms[back])), np.concatenate((klass, klass[back]))
    metres = np.concatenate((metres, metres[back]))
    keep = fastest(tail, head, ms)
    return Roads(
        nodes.ids, lat, lon, tail[keep], head[keep], ms[keep], tuple(names), klass[keep], metres[keep]
    )


def edge_metres(table: Checked) -> Ints:
    """Length of every row in metres, (N,); -1 where the row has minutes without km."""
    return np.rint(np.nan_to_num(1000 * table.number("km"), nan=-1.0)).astype(np.int32)


def edge_ms(table: Checked, report: Report, rows: Flags) -> Ints:
    """Car ms of the given rows, (N,); 0 where something is wrong with it, and for other rows."""
    km, kmh, minutes = (table.number(name) for name in ("km", "kmh", "minutes"))
    raw = table.raw
    timeless = rows & ~(raw.filled("minutes") | (raw.filled("km") & raw.filled("kmh")))
    report.rows(raw, timeless, None, lambda row: "the row has neither minutes nor both km and kmh")
    ms = np.rint(60_000 * np.where(np.isnan(minutes), 60 * km / kmh, minutes))
    ms[~rows] = np.nan
    advice = "the edge takes less than a millisecond; join its ends or give it a length"
    report.rows(raw, ms < 1, "minutes", lambda row: advice)
    too_long(table, ms, report)
    return np.where((ms >= 1) & (ms <= MAX_MS), ms, 0).astype(np.int32)


def too_long(table: Checked, ms: Floats, report: Report) -> None:
    """Complain about times that int32 milliseconds cannot hold."""

    def say(row: int) -> str:
        return f"{ms[row] / 60_000:,.0f} minutes must be <= {MAX_MS // 60_000:,} (minutes)"

    report.rows(table.raw, ms > MAX_MS, "minutes", say)


def read_od(table: Checked, sites: Ids, places: Ids, standing: Ints, report: Report) -> OdTable:
    """The origin-destination table; rows without minutes are unreachable and dropped.

    Args:
        table: N rows; those from sites at which nothing stands or may be opened are left out.
        sites, places: ids, places first among the sites.
        standing: indices of the sites of facilities and candidates.
        report: receives complaints, and warnings about sites that reach nothing or not themselves.
    """
    place = resolve(table, "to", places, "place", report)
    site = sites.find(table.text("from"))
    no_pair_twice(table, "from", "to", report)
    minutes = table.number("minutes")
    ms = np.rint(60_000 * minutes)
    too_long(table, ms, report)
    unused = (site < 0) & (table.text("from") != "")
    if unused.any():
        report.warnings.append(
            f"{table.raw.where}: rows from sites without a facility or candidate are left out: "
            f"{int(unused.sum()):,}"
        )
    use = (site >= 0) & (place >= 0) & (ms <= MAX_MS)  # NaN is not <= anything
    mute = np.setdiff1d(standing, site[use])
    if len(mute):
        report.warnings.append(
            f"{table.raw.where}: sites of facilities or candidates that reach no place: {len(mute):,}, "
            f"e.g. {sites.ids[mute[0]]!r}"
        )
    own = np.setdiff1d(standing[standing < len(places.ids)], [*mute, *site[use & (site == place)]])
    if len(own):
        report.warnings.append(
            f"{table.raw.where}: sites without a row to their own place, which they therefore do not "
            f"reach: {len(own):,}, e.g. {sites.ids[own[0]]!r}"
        )
    return OdTable(site[use], place[use], ms[use].astype(np.int32))


def report_islands(places: Places, sites: Sites, roads: Roads, where: str, report: Report) -> None:
    """Warn about places with needs on pieces of road that no road links to the piece with most people."""
    size = len(roads.ids)
    ones = np.ones(len(roads.tail), dtype=np.int8)
    matrix = coo_array((ones, (roads.tail, roads.head)), shape=(size, size))
    _, piece = connected_components(matrix, directed=True, connection="weak")
    node = sites.node[: len(places.ids)]
    known = (node >= 0) & ~places.excluded
    people = np.bincount(piece[node[known]], weights=places.population[known] + 1, minlength=1)
    apart = np.flatnonzero(known & (piece[node] != np.argmax(people)))
    if len(apart):
        count = len(np.unique(piece[node[apart]]))
        largest = apart[np.argmax(places.population[apart])]
        report.warnings.append(
            f"{where}: no road links to the main network: {len(apart):,} places with "
            f"{int(places.population[apart].sum()):,} people on {count:,} road islands; "
            f"the largest is {places.names[largest]!r}"
        )
