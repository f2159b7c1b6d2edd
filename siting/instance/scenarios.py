"""Scenarios: what scenarios.csv changes about the roads and the sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints, Longs, Scenario, Settings
from siting.instance.locations import Locations
from siting.instance.raw import Report
from siting.instance.references import Ids, resolve
from siting.instance.tables import Checked
from siting.roads.edits import find_edges
from siting.roads.graph import Roads


@dataclass(frozen=True)
class Ground:
    """What scenarios change.

    Attributes:
        there: (L,) everything that may be a site or the end of a road.
        chosen: (S,) the location of every site.
        standing: locations at which something stands or may be opened.
        roads: the road graph before sites were snapped to it; None if it could not be read.
        closed: (E,) its edges that road edits close.
        parent: (E',) edge of ``roads`` that each edge of the instance's graph is, or is a part of; -1
            for the links of snapped sites.
        od: an origin-destination table takes the place of roads.
        whole: all roads are in order, so that one that is not there was never written.
    """

    there: Locations
    chosen: Longs
    standing: Ints
    roads: Roads | None
    closed: Flags
    parent: Ints
    od: bool
    whole: bool


def read_scenarios(
    table: Checked | None, settings: Settings, ground: Ground, report: Report
) -> tuple[Scenario, ...]:
    """The scenarios of instance.toml with what the rows of scenarios.csv say about each.

    Args:
        table: N rows; None where there is no such table, and nothing changes.
        settings: with the scenarios.
        ground: what they change.
        report: receives complaints about unknown scenarios, sites, road classes and edges and about
            rows that are not exactly one of these, and a warning about lost sites without anything
            to lose.
    """
    if table is None:
        none = np.zeros(len(ground.chosen), dtype=bool)
        return tuple(Scenario(one.id, one.title, one.probability, None, none) for one in settings.scenarios)
    ids = Ids(one.id for one in settings.scenarios)
    which = resolve(table, "scenario", ids, "scenario of instance.toml", report, complete=True)
    _report_mixed(table, ground.od, report)
    given = table.number("factor")
    factor = np.where(np.isnan(given), np.inf, given)
    lost = _lost(table, ground, report)
    klass, ahead, back = _roads_changed(table, ground, report)
    found = []
    for number, one in enumerate(settings.scenarios):
        rows = which == number
        gone = np.isin(ground.chosen, lost[rows & (lost >= 0)])
        by_road = rows & ((klass >= 0) | (ahead >= 0) | (back >= 0))
        slower = None
        if by_road.any() and ground.roads is not None:
            own = _factors(ground.roads, klass[by_road], (ahead[by_road], back[by_road]), factor[by_road])
            slower = np.append(own, 1.0)[ground.parent]
        found.append(Scenario(one.id, one.title, one.probability, slower, gone))
    return tuple(found)


def _report_mixed(table: Checked, od: bool, report: Report) -> None:
    """Complain about rows that are not exactly one of an edge, a road class and a lost site."""
    raw = table.raw
    one_end, other_end, klass, site, factor = (
        raw.filled(name) for name in ("from", "to", "class", "site", "factor")
    )
    half = one_end != other_end
    report.rows(raw, half, "from, to", lambda row: "one end is empty; an edge has both, from and to")
    count = (one_end | other_end).astype(int) + klass + site
    what = "expected exactly one of: an edge (from and to), a road class, a lost site"
    report.rows(raw, count == 0, None, lambda row: f"the row names nothing; {what}")
    report.rows(raw, count > 1, None, lambda row: f"the row names more than one thing; {what}")
    alone = (count == 1) & site
    report.rows(
        raw,
        alone & factor,
        "factor",
        lambda row: f"{raw.cell('factor', row)!r} must be empty: a lost site has no car minutes to multiply",
    )
    report.rows(
        raw,
        (one_end | other_end | klass) & od,
        None,
        lambda row: "an od table has no roads to change; only lost sites are expected (column site)",
    )


def _lost(table: Checked, ground: Ground, report: Report) -> Ints:
    """Location of the site each row loses, (N,); -1 for none."""
    lost = resolve(table, "site", ground.there.ids, ground.there.what, report)
    idle = (lost >= 0) & ~np.isin(lost, ground.standing)
    if idle.any():
        example = ground.there.ids.ids[lost[np.argmax(idle)]]
        report.warnings.append(
            f"{table.raw.where}: lost sites at which nothing stands or may be opened: "
            f"{int(idle.sum()):,}, e.g. {example!r}"
        )
    return lost


def _roads_changed(table: Checked, ground: Ground, report: Report) -> tuple[Ints, Longs, Longs]:
    """Road class of each row, and the edges it names there and back; all (N,), -1 for none."""
    none = np.full(table.raw.size, -1, dtype=np.int32)
    if ground.od:
        return none, none.astype(np.int64), none.astype(np.int64)
    one, other = (
        resolve(table, name, ground.there.ids, ground.there.what, report) for name in ("from", "to")
    )
    if ground.roads is None:
        return none, none.astype(np.int64), none.astype(np.int64)
    klass = resolve(table, "class", Ids(ground.roads.classes), "road class", report, complete=ground.whole)
    nodes = Ids(ground.roads.ids)
    start, end = nodes.find(table.text("from")), nodes.find(table.text("to"))
    ahead, back = find_edges(ground.roads, start, end), find_edges(ground.roads, end, start)
    if ground.whole:
        names = table.text("from"), table.text("to")
        report.rows(
            table.raw,
            (one >= 0) & (other >= 0) & (ahead < 0) & (back < 0),
            "from, to",
            lambda row: (
                f"no edge of the roads joins {names[0][row]!r} and {names[1][row]!r}; every edge on the way "
                "takes a row of its own"
            ),
        )
    _warn_closed(table, ground.closed, ahead, back, report)
    return klass, ahead, back


def _warn_closed(table: Checked, closed: Flags, ahead: Longs, back: Longs, report: Report) -> None:
    """Warn about rows that name an edge which road edits close for good."""
    idle = (ahead >= 0) | (back >= 0)
    for edge in (ahead, back):
        idle[edge >= 0] &= closed[edge[edge >= 0]]
    if idle.any():
        names = table.text("from")[idle][0], table.text("to")[idle][0]
        report.warnings.append(
            f"{table.raw.where}: rows about edges that the edits close already, which change nothing: "
            f"{int(idle.sum()):,}, e.g. {names[0]!r} to {names[1]!r}"
        )


def _factors(roads: Roads, klass: Ints, edges: tuple[Longs, Longs], factor: Floats) -> Floats:
    """Factor of every edge, (E,): the product over the rows that concern it, inf where one closes it."""
    by_class = np.ones(len(roads.classes) + 1)
    np.multiply.at(by_class, klass[klass >= 0], factor[klass >= 0])
    product = by_class[roads.klass]
    for edge in edges:
        np.multiply.at(product, edge[edge >= 0], factor[edge >= 0])
    return product
