"""Where facilities and candidates may stand, and where these sites are on the road graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs, Places, Sites, Texts
from siting.instance.raw import Report
from siting.instance.references import Ids
from siting.instance.tables import Checked, repeats
from siting.roads.attach import join
from siting.roads.feet import find_feet, off_links
from siting.roads.graph import Roads
from siting.roads.parts import connected, reachable
from siting.roads.snap import metres, with_nodes

FAR_M = 2_000
"""A site snapped farther than this is far."""

OFF_M = 50_000
"""A site snapped farther than this is not on the network at all."""

BEND = 1.1
"""A road longer than the straight line between its ends by more than a tenth is not where that line
is: already such a bow leads away from it by a fifth of its length."""


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
) -> tuple[Sites, Roads | None, Ints]:
    """Put locations on the road graph.

    A site stands at the node that has its id; one that no node is named after gets a node of its
    own. A node without edges is then linked to the nearest edge or junction of the roads from which
    enough of them can be reached, there and back in a straight line at ``snap_kmh``, so that to
    everything that follows it is a node like any other. A node that came with such a link, and with
    nothing else, counts as snapped too.

    Args:
        there: (S,) locations, places first.
        roads: the road graph; None with an origin-destination table.
        snap_kmh: km/h.
        places: table of the places, for complaints.
        excluded: (P,) places that may be off the network, and then stay there.
        report: receives complaints about sites more than 50 km off or without coordinates, and about
            places far from the node that has their id, and a warning about the snapped sites.

    Returns:
        The sites; the graph with the nodes and edges it took; and (E,) for each of its edges the
        edge of ``roads`` that it is, or is a part of, -1 for links.
    """
    snap_m = np.zeros(len(there.names))
    if roads is None or not len(roads.tail):
        nowhere = np.full(len(snap_m), -1, dtype=np.int32)
        return _sites(there, nowhere, snap_m), roads, np.zeros(0, dtype=np.int32)
    node = Ids(roads.ids).find(there.ids.ids)
    _report_clashes(there, node, roads, places, report)
    named = node >= 0
    snap_m[named] = _link_metres(roads)[node[named]]
    parent = np.arange(len(roads.tail), dtype=np.int32)
    lat, lon = np.where(named, roads.lat[node], there.lat), np.where(named, roads.lon[node], there.lon)
    known = np.isfinite(lat) & np.isfinite(lon)
    bare = ~named | ~connected(roads)[node]
    _report_nowhere(there, bare & ~known, places, report)
    off = np.flatnonzero(bare & known)
    if len(off):
        feet = find_feet(roads, lat[off], lon[off], reachable(roads), _drawn(roads))
        snap_m[off] = feet.metres
        new = off[~named[off]]
        node[new] = len(roads.ids) + np.arange(len(new))
        roads = with_nodes(roads, there.ids.ids[new], lat[new], lon[new])
        near = np.flatnonzero(feet.metres <= OFF_M)
        joined = join(roads, node[off[near]], feet.take(near), snap_kmh, there.ids.ids[off[near]])
        roads, parent, snap_m[off[near]] = joined.roads, joined.parent, joined.snap_m
    _report_snaps(there, snap_m, places, excluded, report)
    return _sites(there, node, snap_m), roads, parent


def _sites(there: Locations, node: Ints, snap_m: Floats) -> Sites:
    return Sites(there.ids.ids, there.names, there.lat, there.lon, node, snap_m)


def _drawn(roads: Roads) -> Flags:
    """Edges that run where the straight line between their ends does, as far as one can tell, (E,)."""
    one, two = roads.tail, roads.head
    straight = metres(roads.lat[one], roads.lon[one], roads.lat[two], roads.lon[two])
    return np.asarray(roads.metres <= BEND * straight + 1, dtype=np.bool_)  # lengths are rounded


def _link_metres(roads: Roads) -> Floats:
    """Length of the links that came with nodes of no other edge, (V,), 0 for other nodes."""
    found = np.zeros(len(roads.ids))
    road = off_links(roads)
    link = np.flatnonzero(~road)
    one, two = roads.tail[link], roads.head[link]
    straight = metres(roads.lat[one], roads.lon[one], roads.lat[two], roads.lon[two])
    length = np.where(np.isfinite(straight), straight, np.maximum(roads.metres[link], 0))
    found[one] = length
    found[two] = length
    found[roads.tail[road]] = 0
    found[roads.head[road]] = 0
    return found


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


def _report_nowhere(there: Locations, lost: Flags, places: Checked, report: Report) -> None:
    """Complain about places that are neither on a road nor anywhere on the map.

    Only a table without the columns is silent about that: broken and empty cells were complained about.
    """

    def say(site: int) -> str:
        return (
            f"{there.names[site]!r} ({there.ids.ids[site]}) is on no road, and without lat and lon it cannot "
            "be linked to one; add a road that leads to it, or the columns lat and lon"
        )

    if not {"lat", "lon"} & set(places.raw.columns):
        report.rows(places.raw, lost[: places.raw.size], "place_id", say)


def _report_snaps(there: Locations, snap_m: Floats, places: Checked, excluded: Flags, report: Report) -> None:
    """Say which sites are off the network, how many were snapped, and which is farthest."""
    off = np.flatnonzero(snap_m > 0)
    if not len(off):
        return
    size = places.raw.size
    lost = snap_m > OFF_M

    def say(site: int) -> str:
        if np.isinf(snap_m[site]):
            return f"{there.names[site]!r} ({there.ids.ids[site]}) is on no road, and no road has lat and lon"
        return (
            f"{there.names[site]!r} ({there.ids.ids[site]}) is {snap_m[site] / 1000:,.0f} km from the "
            f"nearest road and must be within {OFF_M // 1000} km; check lat and lon, or add roads"
        )

    report.rows(places.raw, lost[:size] & ~excluded, "lat, lon", say)
    for site in np.flatnonzero(lost[size:]) + size:
        report.add(places.raw.where, f"a site that is not a place: {say(int(site))}")
    farthest = off[np.argmax(snap_m[off])]
    report.warnings.append(
        f"{places.raw.where}: not on the road network and linked to the nearest road or junction: "
        f"{len(off):,} sites, {int((snap_m > FAR_M).sum()):,} of them over more than "
        f"{FAR_M // 1000} km; the farthest is {there.names[farthest]!r}, {snap_m[farthest] / 1000:,.1f} km"
    )
