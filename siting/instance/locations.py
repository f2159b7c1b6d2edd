"""Where facilities and candidates may stand, and where these sites are on the road graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs, Places, Sites, Texts
from siting.instance.raw import Report
from siting.instance.references import Ids
from siting.instance.tables import Checked, repeats
from siting.roads.graph import Roads
from siting.roads.snap import connected, metres, snap, with_links, with_nodes

FAR_M = 2_000
"""A site snapped farther than this is far."""

OFF_M = 50_000
"""A site snapped farther than this is not on the network at all."""


@dataclass(frozen=True)
class Locations:
    """Everything a facility or candidate may stand at: the P places first, (L,) in all.

    Attributes:
        ids, names: (L,) text.
        lat, lon: (L,) degrees, NaN where unknown.
        what: words for such a thing, e.g. ``place or junction``.
    """

    ids: Ids
    names: Texts
    lat: Floats
    lon: Floats
    what: str

    def take(self, rows: Longs) -> Locations:
        """The locations at the given rows."""
        return Locations(Ids(self.ids.ids[rows]), self.names[rows], self.lat[rows], self.lon[rows], self.what)


def find_locations(
    checked: Mapping[str, Checked], places: Places, roads: Roads | None, report: Report
) -> Locations:
    """Places, then junctions, nodes of a networkx graph and origins of an od table."""
    parts = [(places.ids, places.names, places.lat, places.lon)]
    what = ["place"]
    if "junctions" in checked:
        table = checked["junctions"]
        ids, names = table.text("junction_id"), table.text("name")
        clash = (Ids(places.ids).find(ids) >= 0) & (ids != "")
        say = "is the id of a place too; ids of places and junctions must differ"
        report.rows(table.raw, clash, "junction_id", lambda row: f"{ids[row]!r} {say}")
        parts.append((ids, np.where(names == "", ids, names), table.number("lat"), table.number("lon")))
    if "roads" in checked or "junctions" in checked:
        what.append("junction")
    if roads is not None:
        parts.append((roads.ids, roads.ids, roads.lat, roads.lon))
        what.append("node of the graph")
    if "od" in checked:
        origins = np.array(list(dict.fromkeys(checked["od"].text("from"))), dtype=object)
        nowhere = np.full(len(origins), np.nan)
        parts.append((origins, origins, nowhere, nowhere))
        what.append("origin in the od table")
    ids, names, lat, lon = (np.concatenate(column) for column in zip(*parts, strict=True))
    first = ~repeats(ids)[0]
    first[: len(places.ids)] = True  # so that site p stays place p while repeated ids are reported
    return Locations(Ids(ids[first]), names[first], lat[first], lon[first], " or ".join(what))


def stand(
    there: Locations, roads: Roads | None, snap_kmh: float, places: Checked, excluded: Flags, report: Report
) -> tuple[Sites, Roads | None]:
    """Put locations on the road graph.

    A site stands at the node that has its id; one that no node is named after gets a node of its
    own. A node without edges is then linked to the nearest node with edges, there and back in a
    straight line at ``snap_kmh``, so that to everything that follows it is a node like any other.

    Args:
        there: (S,) locations, places first.
        roads: the road graph; None with an origin-destination table.
        snap_kmh: km/h.
        places: table of the places, for complaints.
        excluded: (P,) places that may be off the network, and then stay there.
        report: receives complaints about sites more than 50 km off and about places far from the
            node that has their id, and a warning about the sites that were snapped.

    Returns:
        The sites, and the graph with the nodes and edges it took.
    """
    size = len(there.names)
    snap_m = np.zeros(size)
    if roads is None or not len(roads.tail):
        nowhere = np.full(size, -1, dtype=np.int32)
        return Sites(there.ids.ids, there.names, there.lat, there.lon, nowhere, snap_m), roads
    node = Ids(roads.ids).find(there.ids.ids)
    _report_clashes(there, node, roads, places, report)
    known = np.isfinite(there.lat) & np.isfinite(there.lon)
    off = np.flatnonzero(known & ((node < 0) | ~connected(roads)[node]))
    if len(off):
        nearest, snap_m[off] = snap(there.lat[off], there.lon[off], roads)
        _report_snaps(there, off, snap_m, places, excluded, report)
        new = np.flatnonzero(known & (node < 0))
        node[new] = len(roads.ids) + np.arange(len(new))
        roads = with_nodes(roads, there.ids.ids[new], there.lat[new], there.lon[new])
        near = snap_m[off] <= OFF_M
        straight = snap_m[off[near]]
        ms = np.maximum(1, np.rint(straight / snap_kmh * 3_600)).astype(np.int32)
        roads = with_links(roads, node[off[near]], nearest[near], ms, np.rint(straight).astype(np.int32))
    return Sites(there.ids.ids, there.names, there.lat, there.lon, node, snap_m), roads


def _report_clashes(there: Locations, node: Ints, roads: Roads, places: Checked, report: Report) -> None:
    """Complain about places that have the id of a node of the graph but lie elsewhere."""
    size = places.raw.size
    at = node[:size]
    once = there.ids.find(there.ids.ids[:size]) == np.arange(size)
    away = metres(there.lat[:size], there.lon[:size], roads.lat[at], roads.lon[at])
    report.rows(
        places.raw,
        once & (at >= 0) & (away > FAR_M),
        "place_id",
        lambda row: (
            f"{there.ids.ids[row]!r} is the id of a node of the graph {away[row] / 1000:,.1f} km away; a "
            f"place stands at the node that has its id: rename it, or move it within {FAR_M // 1000} km"
        ),
    )


def _report_snaps(
    there: Locations, off: Longs, snap_m: Floats, places: Checked, excluded: Flags, report: Report
) -> None:
    """Say which sites are off the network, how many were snapped (``off``), and which is farthest."""
    size = places.raw.size
    lost = snap_m > OFF_M

    def say(site: int) -> str:
        return (
            f"{there.names[site]!r} ({there.ids.ids[site]}) is {snap_m[site] / 1000:,.0f} km from the "
            f"nearest road and must be within {OFF_M // 1000} km; check lat and lon, or add roads"
        )

    report.rows(places.raw, lost[:size] & ~excluded, "lat, lon", say)
    for site in np.flatnonzero(lost[size:]) + size:
        report.add(places.raw.where, f"a site that is not a place: {say(int(site))}")
    farthest = off[np.argmax(snap_m[off])]
    report.warnings.append(
        f"{places.raw.where}: not on the road network and snapped to its nearest node: "
        f"{len(off):,} sites, {int((snap_m > FAR_M).sum()):,} of them over more than "
        f"{FAR_M // 1000} km; the farthest is {there.names[farthest]!r}, {snap_m[farthest] / 1000:,.1f} km"
    )
