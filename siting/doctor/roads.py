"""The road graph: islands, one-way traps, speeds, lengths."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from siting.doctor.case import Case, largest_first
from siting.doctor.findings import Finding, Row, Severity
from siting.doctor.lengths import ROUNDING_M
from siting.doctor.words import listed, many, named
from siting.instance.arrays import Floats, Longs
from siting.roads.snap import metres

SLOWEST, FASTEST = 3.0, 160.0
"""km/h; slower than a walk or faster than any fire engine is a wrong unit or a wrong digit."""

CRAWL = 1.0
"""km/h along the straight line, for roads of unknown length: no detour explains less."""

LEAST_FAST_M, LEAST_SLOW_M = 50, 250
"""Shorter edges say little about speed: they are rounded, or hold the delay of a gate or a crossing."""


def road_islands(case: Case) -> Iterator[Finding]:
    """Places and facilities on pieces of road that no road links to the main one."""
    pieces = case.pieces
    if pieces is None:
        return
    node, size = case.instance.sites.node, len(case.needed)
    apart = case.active & (node >= 0) & (pieces.piece[node] != pieces.main)
    places = np.flatnonzero(apart[:size])
    sites = np.flatnonzero(apart[size:]) + size
    found = np.concatenate((largest_first(places, case.people), sites))
    if not len(found):
        return
    islands = len(np.unique(pieces.piece[node[found]]))
    people = int(case.people[places].sum())
    rows = tuple(
        case.site_row(int(one), float(case.people[one]), "people")
        if one < size
        else case.site_row(int(one), note="site of a facility or candidate")
        for one in found
    )
    yield Finding(
        "road_islands",
        Severity.WARNING,
        f"{many(len(found), 'place')} with {people:,} people on {many(islands, 'road island')} without a "
        f"link to the main network: {named(rows)}",
        "only a facility on the same island can serve them; where there is none they stay unserved",
        "add the road, ferry or bridge that is missing to roads.csv, exclude their areas, or plan a "
        "candidate on each island",
        rows,
    )


def one_way_traps(case: Case) -> Iterator[Finding]:
    """Sites linked to the main network in one direction only."""
    pieces = case.pieces
    if pieces is None:
        return
    node, size = case.instance.sites.node, len(case.needed)
    here = case.active & (node >= 0) & (pieces.piece[node] == pieces.main)
    reached, leads = pieces.reached[node], pieces.leads[node]
    found = np.flatnonzero(here & ~(reached & leads))
    if not len(found):
        return
    shut = int((~reached[found] & (found < size)).sum())
    blind = int((~leads[found]).sum())

    def row(site: int) -> Row:
        ways = {(True, False): "can be reached but not left", (False, True): "can be left but not reached"}
        note = ways.get((bool(reached[site]), bool(leads[site])), "can neither be reached nor left")
        if site >= size:
            return case.site_row(site, note=note)
        return case.site_row(site, float(case.people[site]), "people", note)

    people = np.concatenate((case.people, np.zeros(len(node) - size, dtype=np.int64)))
    rows = case.rows(largest_first(found, people), row)
    effects = []
    if shut:
        effects.append(f"no facility on the main network reaches {shut:,} of them")
    if blind:
        effects.append(f"a facility at {blind:,} of them serves almost nobody, since no road leads out")
    yield Finding(
        "one_way_traps",
        Severity.WARNING,
        f"{many(len(rows), 'place')} that one-way roads link to the main network in one direction only, "
        f"or not at all: {named(rows)}",
        f"{listed(effects)} (times count from the facility to the place)",
        "check the direction of their one-way roads: set oneway to 0, or add the way back",
        rows,
    )


def odd_speeds(case: Case) -> Iterator[Finding]:
    """Roads slower than a walk or faster than any vehicle."""
    roads = case.instance.roads
    if roads is None or not len(roads.tail):
        return
    a, b = roads.tail, roads.head
    straight = np.nan_to_num(metres(roads.lat[a], roads.lon[a], roads.lat[b], roads.lon[b]))
    known = roads.metres >= 0
    length = np.where(known, roads.metres, straight)
    # A metre and a millisecond off in favour of the road, since both are rounded.
    fast = (3600 * (length - 1) / (roads.ms + 1.0) > FASTEST) & (length >= LEAST_FAST_M)
    least = np.where(known, SLOWEST, CRAWL)
    slow = (3600 * (length + 1) / np.maximum(1, roads.ms - 1) < least) & (length >= LEAST_SLOW_M)
    odd = _once(case, np.flatnonzero((fast | slow) & case.real))
    if not len(odd):
        return
    kmh = 3600 * length / roads.ms
    rows = _roads(case, odd, kmh, "km/h", np.where(known, "", "by the straight line"))
    quick, tardy = int(fast[odd].sum()), int(slow[odd].sum())
    parts = [f"{quick:,} faster than {FASTEST:g} km/h"] * bool(quick)
    parts += [f"{tardy:,} slower than {SLOWEST:g} km/h"] * bool(tardy)
    yield Finding(
        "odd_speeds",
        Severity.WARNING,
        f"{many(len(rows), 'road')} with speeds that no vehicle drives ({listed(parts)}): "
        f"from {kmh[odd].min():,.3g} to {kmh[odd].max():,.3g} km/h, e.g. {named(rows)}",
        "response times over them are too short or too long, and so is who counts as within the standard",
        "check km, kmh and minutes of these roads: kilometres (not metres), minutes (not seconds or hours)",
        rows,
    )


def short_roads(case: Case) -> Iterator[Finding]:
    """Roads shorter than the straight line between their ends."""
    lengths = case.lengths
    if lengths is None or lengths.all_swapped or not lengths.short.any():
        return
    position = np.flatnonzero(lengths.short)
    size = len(case.real)
    straight, km = np.zeros(size), np.zeros(size)
    straight[lengths.edge[position]] = lengths.straight[position] / 1000
    km[lengths.edge[position]] = lengths.km[position]
    edges = _once(case, largest_first(lengths.edge[position], straight - km))
    notes = np.full(size, "", dtype=object)
    notes[edges] = [
        f"{km[edge]:,.1f} km where the straight line is {straight[edge]:,.1f} km" for edge in edges.tolist()
    ]
    rows = _roads(case, edges, straight - km, "km too short", notes)
    lost = np.flatnonzero(lengths.misplaced[case.instance.sites.node])
    remedy = "check km of these roads and lat and lon of their ends"
    if len(lost):
        remedy += f"; all roads are too short at {named(case.rows(lost, case.site_row))}: look there first"
    yield Finding(
        "short_roads",
        Severity.WARNING,
        f"{many(len(rows), 'road')} shorter than the straight line between the ends (by more than 2 % and "
        f"{ROUNDING_M} m); the worst is {rows[0].id}, {rows[0].note}",
        "travel over them is too quick, so too many people count as within the standard",
        remedy,
        rows,
    )


def missing_lengths(case: Case) -> Iterator[Finding]:
    """Roads without km where a service has a standard in km."""
    ruled = [one.title for one in case.settings.services if one.distance_m is not None]
    if not ruled:
        return
    have = f"{listed(ruled)} {'has' if len(ruled) == 1 else 'have'} a standard in km"
    roads = case.instance.roads
    effect = "models that ask for distances (distance_rule) refuse the instance; the others are not touched"
    if roads is None:
        yield Finding(
            "missing_lengths",
            Severity.WARNING,
            f"{have}, but od.csv holds no km",
            effect,
            "give roads.csv with km and kmh instead of od.csv, or leave out `distance` in instance.toml",
        )
        return
    found = _once(case, np.flatnonzero((roads.metres < 0) & case.real))
    if len(found):
        rows = _roads(case, found, None, "", None)
        yield Finding(
            "missing_lengths",
            Severity.WARNING,
            f"{many(len(rows), 'road')} without a length, where {have}: {named(rows)}",
            effect,
            "fill in km (and kmh) of these roads, or leave out `distance` in instance.toml",
            rows,
        )


def _once(case: Case, edges: Longs) -> Longs:
    """The edges without those whose opposite comes before them: two-way roads count once."""
    roads = case.instance.roads
    assert roads is not None
    a, b = roads.tail[edges].astype(np.int64), roads.head[edges].astype(np.int64)
    _, first = np.unique(np.minimum(a, b) * len(roads.ids) + np.maximum(a, b), return_index=True)
    return np.asarray(edges[np.sort(first)])


def _roads(
    case: Case, edges: Longs, value: Floats | None, unit: str, notes: np.ndarray | None
) -> tuple[Row, ...]:
    """A row for every directed edge, named by the ids of its ends."""
    roads = case.instance.roads
    assert roads is not None
    rows = []
    for edge in edges.tolist():
        tail, head = str(roads.ids[roads.tail[edge]]), str(roads.ids[roads.head[edge]])
        file, line = case.lines.road(tail, head)
        number = None if value is None else round(float(value[edge]), 3)
        note = "" if notes is None else str(notes[edge])
        rows.append(Row(f"{tail} -> {head}", "", number, unit if value is not None else "", note, file, line))
    return tuple(rows)
