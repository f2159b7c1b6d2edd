"""The pairs of one service in one scenario: who answers first today, and who could answer sooner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.errors import InstanceError
from siting.instance import Instance, Service, Settings
from siting.instance.arrays import Flags, Floats, Ints, Longs, OdTable
from siting.response.needs import Options
from siting.roads.contract import contract
from siting.roads.graph import MAX_MS, Roads
from siting.roads.pairs import Found, rows_of
from siting.roads.times import NEVER, Network, Reached, nearest, network, search

_SAMPLE = 64
"""Sites searched from to judge how many pairs there are; for no more sites than that it is exact."""


@dataclass(frozen=True, eq=False)
class Part:
    """Nearest existing facilities of one service, and what is needed to search for its pairs.

    Attributes:
        base_option, base_ms: (P,) per need of the service.
        most: how many pairs there can be.
        estimate: judges how many there are.
        find: searches; called once.
    """

    base_option: Ints
    base_ms: Ints
    most: int
    estimate: Callable[[], float]
    find: Callable[[], list[Found]]


@dataclass(frozen=True, eq=False)
class Where:
    """The needs of one part.

    Attributes:
        place: (P,) their places.
        need: (P,) their numbers.
        standard_ms: (P,) their standards.
    """

    place: Ints
    need: Ints
    standard_ms: Ints


@dataclass(frozen=True, eq=False)
class Who:
    """Options that provide a service.

    Attributes:
        option: (K,) option numbers, ascending.
        turnout: (K,) ms between call and departure.
        stays: (K,) True for existing facilities that are open whatever is decided.
        listed: (K,) True for existing facilities that stand in the table.
        every: every option in reach stands in the table, not only those that answer sooner than
            the facilities that stay.
    """

    option: Ints
    turnout: Ints
    stays: Flags
    listed: Flags
    every: bool

    @property
    def closable(self) -> Flags:
        """(K,) existing facilities that may be closed: whoever answers first without them is looked for."""
        return np.asarray(self.listed & ~self.stays)


def providers(settings: Settings, options: Options, service: Service, lost: Flags | None, every: bool) -> Who:
    """Usable options that provide a service.

    Args:
        lost: (S,) sites at which nothing serves, None for none.
    """
    turnout = np.array([t.turnout_ms.get(service.id, -1) for t in settings.types], dtype=np.int32)
    of_option = turnout[options.type]
    serves = options.usable & (of_option >= 0) & (options.period == 0)
    if lost is not None:
        serves &= ~lost[options.site]
    chosen = np.flatnonzero(serves).astype(np.int32)
    stays = (chosen < options.existing) & ~options.closable[chosen]
    return Who(chosen, of_option[chosen], stays, options.listed[chosen], every)


@dataclass(frozen=True, eq=False)
class Routes:
    """A network on which times between sites are those of the roads.

    Attributes:
        net: V nodes, fewer than the roads have.
        node: (S,) node of every site.
    """

    net: Network
    node: Ints


class Networks:
    """Routes per vehicle and scenario, in ms or metres, each made once."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._made: dict[tuple[float, int], Routes] = {}
        self._metres: dict[int, Routes] = {}

    def of(self, vehicle_factor: float, scenario: int) -> Routes:
        """Those of a vehicle in a scenario, -1 for the roads as they are."""
        key = (vehicle_factor, scenario)
        if key not in self._made:
            roads = self._instance.roads
            assert roads is not None
            factor = None if scenario < 0 else self._instance.scenarios[scenario].factor
            self._made[key] = self._routes(roads if factor is None else edited(roads, factor), vehicle_factor)
        return self._made[key]

    def distances(self, scenario: int) -> Routes:
        """Those in metres, without the roads that a scenario closes.

        Raises:
            InstanceError: some road has no length.
        """
        if scenario not in self._metres:
            roads = self._instance.roads
            if roads is None or np.any(roads.metres < 0):
                lacks = (
                    "od.csv holds no kilometres" if roads is None else "some roads have minutes without km"
                )
                what = f"the model asks for distances, but {lacks}: give every road km and kmh"
                raise InstanceError(what)
            roads = replace(roads, ms=np.maximum(1, roads.metres))
            factor = None if scenario < 0 else self._instance.scenarios[scenario].factor
            if factor is not None:
                roads = edited(roads, np.where(factor < np.inf, 1.0, np.inf))
            self._metres[scenario] = self._routes(roads, 1.0)
        return self._metres[scenario]

    def _routes(self, roads: Roads, vehicle_factor: float) -> Routes:
        """Routes without junctions; what a vehicle takes is rounded road by road before they go."""
        node = self._instance.sites.node
        terminal = np.zeros(len(roads.ids), dtype=bool)
        terminal[node] = True
        found = contract(network(roads, vehicle_factor), terminal)
        return Routes(found.net, found.place[node])


def edited(roads: Roads, factor: Floats) -> Roads:
    """The roads with car times multiplied by factor (E,), and infinite ones closed."""
    kept = np.isfinite(factor)
    ms = np.clip(np.rint(roads.ms[kept] * factor[kept]), 1, MAX_MS).astype(np.int32)
    return replace(
        roads, tail=roads.tail[kept], head=roads.head[kept], ms=ms,
        metres=roads.metres[kept], klass=roads.klass[kept],
    )  # fmt: skip


def part_from_roads(
    options: Options, routes: Routes, where: Where, who: Who, horizon: int,
    threads: int | None,
) -> Part:  # fmt: skip
    """The part by response time on the road network."""
    net, node, at = routes.net, routes.node[options.site[who.option]], routes.node[where.place]
    stays = who.stays
    label, owner = nearest(net, node[stays], who.turnout[stays])
    terminal = np.zeros(net.nodes, dtype=bool)
    terminal[at] = True
    base = np.full(len(where.place), -1, dtype=np.int32)
    has = owner[at] >= 0
    base[has] = who.option[stays][owner[at[has]]]
    within = np.full(net.nodes, horizon, dtype=np.int32)
    sooner = (label - 1).astype(np.int32)
    # What may be closed is looked for as far as it answers before what stays, however late that is.
    groups = [
        (~(stays | who.closable) | (stays & who.listed), within if who.every else np.minimum(sooner, within)),
        (who.closable, np.maximum(sooner, within) if who.every else sooner),
    ]

    def found(group: Flags, limit: Ints) -> Found:
        blocks = search(net, node[group], who.turnout[group], limit, terminal, threads)
        return Found(blocks, who.option[group], *_standing(net, at, where))

    def estimate() -> float:
        return sum(
            _estimated(net, node[group], who.turnout[group], limit, at, threads) for group, limit in groups
        )

    most = sum(int(group.sum()) for group, _ in groups) * len(where.place)
    return Part(base, label[at], most, estimate, lambda: [found(*one) for one in groups if one[0].any()])


def _estimated(net: Network, source: Ints, offset: Ints, limit: Ints, at: Ints, threads: int | None) -> float:
    """About how many pairs some sources have."""
    if not len(source):
        return 0.0
    terminal = np.zeros(net.nodes, dtype=bool)
    terminal[at] = True
    sample = np.unique(np.linspace(0, len(source) - 1, _SAMPLE).astype(int))
    blocks = search(net, source[sample], offset[sample], limit, terminal, threads)
    standing = np.bincount(at, minlength=net.nodes)
    found = sum(int(standing[block.nodes].sum()) for block in blocks)
    return found * len(source) / len(sample)


def _standing(net: Network, at: Ints, where: Where) -> tuple[Longs, Ints]:
    """Needs by node: start (V+1,) and needs (P,)."""
    start = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=net.nodes))])
    return start, where.need[np.argsort(at, kind="stable")]


def part_from_od(
    options: Options, table: OdTable, factor: float, where: Where, who: Who, horizon: int
) -> Part:
    """The part by an origin-destination table, car times multiplied by ``factor``."""
    number = np.full(int(max(table.place.max(initial=0), where.place.max(initial=0))) + 1, -1, dtype=np.int64)
    number[where.place] = np.arange(len(where.place))
    wanted = number[table.place] >= 0
    site, to = table.site[wanted], number[table.place[wanted]]
    travel = np.rint(table.ms[wanted] * factor).astype(np.int64)
    # Join the rows of the table with the options at their site.
    order = np.argsort(options.site[who.option], kind="stable")
    sites = options.site[who.option][order]
    left, right = np.searchsorted(sites, site, "left"), np.searchsorted(sites, site, "right")
    times = right - left
    pair = np.repeat(np.arange(len(site)), times)
    which = order[np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times) + left[pair]]
    at, ms = to[pair], travel[pair] + who.turnout[which]
    held = np.flatnonzero(ms < NEVER)  # what int32 cannot hold is unreachable, as on roads
    return part_of_pairs(where, who, at[held], which[held], ms[held], horizon)


def part_of_pairs(where: Where, who: Who, at: Longs, which: Longs, ms: Longs, horizon: int) -> Part:
    """The part whose pairs are all known.

    Args:
        where, who: needs and options.
        at, which, ms: (X,) position of the need in ``where`` and of the option in ``who``, and ms.
        horizon: latest ms of interest.
    """
    option, stays = who.option[which], who.stays[which]
    base_option = np.full(len(where.place), -1, dtype=np.int32)
    base_ms = np.full(len(where.place), NEVER, dtype=np.int64)
    sort = np.lexsort((option[stays], ms[stays], at[stays]))
    first_need, first = np.unique(at[stays][sort], return_index=True)
    base_option[first_need] = option[stays][sort][first]
    base_ms[first_need] = ms[stays][sort][first]
    sooner, within, closable = ms < base_ms[at], ms <= horizon, who.closable[which]
    listed = ~stays | who.listed[which]
    keep = np.flatnonzero(
        listed & np.where(who.every, within | (closable & sooner), sooner & (within | closable))
    )
    keep = keep[np.argsort(option[keep], kind="stable")]
    fresh = who.option[~who.stays | who.listed]
    ends = np.searchsorted(option[keep], fresh, "right")
    reached = Reached(0, ends, at[keep].astype(np.int32), ms[keep].astype(np.int32))
    found = Found([reached], fresh, np.arange(len(where.place) + 1), where.need)
    size = len(keep)
    return Part(base_option, base_ms.astype(np.int32), size, lambda: float(size), lambda: [found])


def part_by_distance(
    options: Options, routes: tuple[Routes, Routes], where: Where, who: Who,
    distance_m: Ints, rule: str, horizon: int, threads: int | None,
) -> Part:  # fmt: skip
    """The part in equivalent ms: a way k times the distance standard counts as k times the standard.

    Args:
        routes: in ms and in metres.
        distance_m: (P,) distance standard of each need.
        rule: ``km`` counts distance alone, ``both`` the later of it and the response time,
            ``either`` the sooner.
        horizon: latest equivalent ms of interest; whoever is farther does not count, also of those
            that stay open.
    """
    site, none = options.site[who.option], np.zeros(len(who.option), dtype=np.int32)
    # Standards differ by kind of place: search as far as any of them may need.
    most = float((horizon * (distance_m / np.maximum(1, where.standard_ms))).max(initial=0.0))
    far = int(min(np.ceil(most), float(NEVER) - 1))
    times = _all_pairs(routes[0], site, who.turnout, where, horizon, threads)
    ways = _all_pairs(routes[1], site, none, where, far, threads)
    scale = where.standard_ms / np.maximum(1, distance_m)
    equal = np.rint(ways[2] * scale[ways[0]]).astype(np.int64)
    if rule == "km":
        return _part_until(where, who, ways[0], ways[1], equal, horizon)
    keys = [a * len(site) + b for a, b, _ in (times, ways)]
    if rule == "both":
        _, one, two = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
        late = np.maximum(times[2][one], equal[two])
        return _part_until(where, who, times[0][one], times[1][one], late, horizon)
    key, value = np.concatenate(keys), np.concatenate([times[2], equal])
    sort = np.lexsort((value, key))
    first = np.r_[True, np.diff(key[sort]) != 0] if len(key) else np.zeros(0, dtype=bool)
    chosen = sort[first]
    return _part_until(where, who, key[chosen] // len(site), key[chosen] % len(site), value[chosen], horizon)


def _part_until(where: Where, who: Who, at: Longs, which: Longs, ms: Longs, horizon: int) -> Part:
    """The part of those pairs (X,) that are no farther than the horizon."""
    kept = ms <= horizon
    return part_of_pairs(where, who, at[kept], which[kept], ms[kept], horizon)


def _all_pairs(
    routes: Routes, site: Ints, offset: Ints, where: Where, horizon: int, threads: int | None
) -> tuple[Longs, Longs, Longs]:
    """Every need within the horizon of every source: positions of both (X,), and ms or metres."""
    net, node, at = routes.net, routes.node[site], routes.node[where.place]
    limit = np.full(net.nodes, horizon, dtype=np.int32)
    terminal = np.zeros(net.nodes, dtype=bool)
    terminal[at] = True
    alone = Where(where.place, np.arange(len(at), dtype=np.int32), where.standard_ms)
    blocks = search(net, node, offset, limit, terminal, threads)
    found = Found(blocks, np.arange(len(node), dtype=np.int32), *_standing(net, at, alone))
    indptr, which, ms = rows_of([found], len(at), threads)
    row = np.repeat(np.arange(len(at)), np.diff(indptr))
    return row, which.astype(np.int64), ms.astype(np.int64)
