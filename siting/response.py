"""Needs, options, and the response times between them: all that measures and methods see.

A need is one (place, service) pair; an option is an existing facility or a candidate. Response
time = turnout of the facility type + travel time of the service's vehicle, in integer ms.

Existing facilities stay open, so of all pairs only those matter in which a candidate answers
sooner than the nearest existing facility. The search stops there, which is what makes a national
table small: 0.8 million pairs instead of 900 million.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from siting.errors import InstanceError
from siting.instance import CandidateStatus, Instance, Service, Settings
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.roads.pairs import Found, first_open, rows_of
from siting.roads.times import NEVER, Network, Reached, nearest, network, search

BYTES_PER_PAIR = 100
"""Peak bytes per (need, option) pair from the table to the savings form (95 measured at 33 million pairs)."""

_SAMPLE = 64
"""Sites searched from to judge how many pairs there are; for no more sites than that it is exact."""


@dataclass(frozen=True, eq=False)
class Needs:
    """N needs, service by service in the order of the settings, places in instance order.

    Attributes:
        place: (N,) index into places.
        service: (N,) index into ``settings.services``.
        people: (N,) people of the place.
        weight: (N,) people x weight of the service.
        standard_ms: (N,) coverage standard.
    """

    place: Ints
    service: Ints
    people: Longs
    weight: Floats
    standard_ms: Ints


@dataclass(frozen=True, eq=False)
class Options:
    """M options: the F existing facilities, then the C candidates.

    Attributes:
        existing: number F of existing facilities.
        site, type: (M,) indices into sites and types.
        cost: (M,) cost of opening, 0 for existing facilities.
        usable: (M,) False for forbidden candidates, and for whatever stands at an excluded place.
        required: (M,) True for candidates that must be opened.
    """

    existing: int
    site: Ints
    type: Ints
    cost: Floats
    usable: Flags
    required: Flags


@dataclass(frozen=True, eq=False)
class Responses:
    """The response times of one instance under one set of settings.

    Attributes:
        instance: the data.
        settings: the settings in force (the caller's numbers applied).
        needs, options: see there.
        indptr: (N+1,) int64; need i has pairs indptr[i]:indptr[i+1].
        option: (Z,) int32 option number of each pair; candidates only.
        ms: (Z,) int32 response time; within a need ascending, ties by option number.
        base_option: (N,) existing facility that answers first, -1 where none reaches the need.
        base_ms: (N,) its response time; meaningless where ``base_option`` is -1.
        horizon_ms: per service index, the latest response time looked for, or None.
    """

    instance: Instance
    settings: Settings
    needs: Needs
    options: Options
    indptr: Longs
    option: Ints
    ms: Ints
    base_option: Ints
    base_ms: Ints
    horizon_ms: Mapping[int, int] | None

    @cached_property
    def row(self) -> Ints:
        """(Z,) need of each pair."""
        counts = np.diff(self.indptr)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    @cached_property
    def unreachable(self) -> Ints:
        """Needs that no existing facility and no usable candidate reaches."""
        return np.flatnonzero((self.base_option < 0) & (np.diff(self.indptr) == 0)).astype(np.int32)

    def serve(self, opened: Ints) -> tuple[Ints, Ints]:
        """Who serves each need, and when, if ``opened`` joins the existing facilities.

        Returns:
            (N,) option, -1 where none; (N,) response ms. The first of equally fast options
            serves, existing ones before new ones.
        """
        is_open = np.zeros(len(self.options.site), dtype=bool)
        is_open[opened] = True
        serves, ms = self.base_option.copy(), self.base_ms.copy()
        first_open(self.indptr, self.option, self.ms, is_open, serves, ms)
        return serves, ms


def build_needs(instance: Instance, settings: Settings) -> Needs:
    """Needs of every place that is not excluded."""
    places = instance.places
    kept = np.flatnonzero(~places.excluded).astype(np.int32)
    count = len(settings.services)
    place = np.tile(kept, count)
    service = np.repeat(np.arange(count, dtype=np.int32), len(kept))
    people = places.population[place]
    standards = np.array([[s.standard_ms[kind] for kind in places.kinds] for s in settings.services])
    weights = np.array([s.weight for s in settings.services])
    return Needs(
        place,
        service,
        people,
        people * weights[service],
        standards[service, places.kind[place]].astype(np.int32),
    )


def build_options(instance: Instance) -> Options:
    """Existing facilities, then candidates, as one numbering."""
    facilities, candidates = instance.facilities, instance.candidates
    existing = len(facilities.site)
    site = np.concatenate([facilities.site, candidates.site]).astype(np.int32)
    excluded = np.zeros(len(instance.sites.ids), dtype=bool)
    excluded[: len(instance.places.ids)] = instance.places.excluded
    status = candidates.status
    usable = ~excluded[site]
    usable[existing:] &= status != CandidateStatus.FORBIDDEN
    required = usable.copy()
    required[:existing] = False
    required[existing:] &= status == CandidateStatus.REQUIRED
    return Options(
        existing,
        site,
        np.concatenate([facilities.type, candidates.type]).astype(np.int32),
        np.concatenate([np.zeros(existing), candidates.cost]),
        usable,
        required,
    )


@dataclass(frozen=True, eq=False)
class _Part:
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
    find: Callable[[], Found]


def build_responses(
    instance: Instance,
    settings: Settings,
    horizon_ms: Mapping[int, int] | None = None,
    threads: int | None = None,
) -> Responses:
    """Compute the table.

    Args:
        instance: the data.
        settings: settings in force, usually ``instance.settings``.
        horizon_ms: per service index, the latest response time of interest; None looks as far as a
            candidate still answers before the nearest existing facility.
        threads: see :func:`siting.parallel.cores`; the table is the same for any number.

    Raises:
        InstanceError: the table would not fit into memory; says what reduces it.
    """
    needs, options = build_needs(instance, settings), build_options(instance)
    networks: dict[float, Network] = {}
    parts = []
    for number, service in enumerate(settings.services):
        mine = np.flatnonzero(needs.service == number).astype(np.int32)
        who = _providers(settings, options, service)
        horizon = int(NEVER) - 1 if horizon_ms is None else horizon_ms[number]
        if instance.roads is None:
            parts.append(_part_from_od(instance, options, service, needs.place[mine], mine, who, horizon))
            continue
        factor = service.vehicle_factor
        if factor not in networks:
            networks[factor] = network(instance.roads, factor)
        part = _part_from_roads(
            instance, options, networks[factor], needs.place[mine], mine, who, horizon, threads
        )
        parts.append(part)
    _refuse_if_too_large(parts, horizon_ms is None)
    indptr, option, ms = rows_of([part.find() for part in parts], len(needs.place), threads)
    return Responses(
        instance,
        settings,
        needs,
        options,
        indptr,
        option,
        ms,
        np.concatenate([part.base_option for part in parts]),
        np.concatenate([part.base_ms for part in parts]),
        horizon_ms,
    )


def _providers(settings: Settings, options: Options, service: Service) -> tuple[Ints, Ints]:
    """Usable options that provide a service, and the turnout ms of each."""
    turnout = np.array([t.turnout_ms.get(service.id, -1) for t in settings.types], dtype=np.int32)
    of_option = turnout[options.type]
    chosen = np.flatnonzero(options.usable & (of_option >= 0)).astype(np.int32)
    return chosen, of_option[chosen]


def _part_from_roads(
    instance: Instance,
    options: Options,
    net: Network,
    place: Ints,
    need: Ints,
    who: tuple[Ints, Ints],
    horizon: int,
    threads: int | None,
) -> _Part:
    """The part of one service, whose needs (P,) are at ``place``."""
    chosen, turnout = who
    node = instance.sites.node[options.site[chosen]]
    old = chosen < options.existing
    label, owner = nearest(net, node[old], turnout[old])
    limit = np.minimum(label - 1, horizon).astype(np.int32)
    at = instance.sites.node[place]
    terminal = np.zeros(net.nodes, dtype=bool)
    terminal[at] = True
    base = np.full(len(place), -1, dtype=np.int32)
    has = owner[at] >= 0
    base[has] = chosen[old][owner[at[has]]]
    source, offset, option = node[~old], turnout[~old], chosen[~old]

    def find() -> Found:
        at_ptr = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=net.nodes))])
        there = need[np.argsort(at, kind="stable")]
        return Found(search(net, source, offset, limit, terminal, threads), option, at_ptr, there)

    def estimate() -> float:
        if not len(source):
            return 0.0
        sample = np.unique(np.linspace(0, len(source) - 1, _SAMPLE).astype(int))
        blocks = search(net, source[sample], offset[sample], limit, terminal, threads)
        standing = np.bincount(at, minlength=net.nodes)
        found = sum(int(standing[block.nodes].sum()) for block in blocks)
        return found * len(source) / len(sample)

    return _Part(base, label[at], len(source) * len(place), estimate, find)


def _refuse_if_too_large(parts: list[_Part], unlimited: bool) -> None:
    """Estimate the pairs of all services together, and refuse what cannot fit into memory."""
    room = _memory_free()
    if sum(part.most for part in parts) * BYTES_PER_PAIR <= room:
        return
    pairs = sum(part.estimate() for part in parts)
    if pairs * BYTES_PER_PAIR <= room:
        return
    ways = [
        "add existing facilities to facilities.csv (pairs slower than the nearest one are left out)",
        "set the status of some candidates to forbidden",
        "use a model that only asks who is within the standard" if unlimited else "lower the standards",
    ]
    raise InstanceError(
        f"the table of response times would hold about {pairs / 1e6:,.0f} million pairs and need "
        f"{pairs * BYTES_PER_PAIR / 1e9:,.1f} GB, but {room / 1e9:,.1f} GB are free: {', or '.join(ways)}"
    )


def _memory_free() -> float:
    """Bytes of memory that may be used, 80 % of what is available now."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 0.8 * 1024 * int(line.split()[1])
    except OSError:
        pass
    return 8e9


def _part_from_od(
    instance: Instance,
    options: Options,
    service: Service,
    place: Ints,
    need: Ints,
    who: tuple[Ints, Ints],
    horizon: int,
) -> _Part:
    table = instance.od
    assert table is not None
    chosen, turnout = who
    number = np.full(len(instance.places.ids), -1, dtype=np.int64)
    number[place] = np.arange(len(place))
    wanted = number[table.place] >= 0
    site, to = table.site[wanted], number[table.place[wanted]]
    travel = np.rint(table.ms[wanted] * service.vehicle_factor).astype(np.int64)
    # Join the rows of the table with the options at their site.
    order = np.argsort(options.site[chosen], kind="stable")
    sites = options.site[chosen][order]
    left, right = np.searchsorted(sites, site, "left"), np.searchsorted(sites, site, "right")
    times = right - left
    pair = np.repeat(np.arange(len(site)), times)
    which = order[np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times) + left[pair]]
    at, option, ms = to[pair], chosen[which], travel[pair] + turnout[which]
    held = np.flatnonzero(ms < NEVER)  # what int32 cannot hold is unreachable, as on roads
    at, option, ms = at[held], option[held], ms[held]
    base_option = np.full(len(place), -1, dtype=np.int32)
    base_ms = np.full(len(place), NEVER, dtype=np.int64)
    old = option < options.existing
    sort = np.lexsort((option[old], ms[old], at[old]))
    first_need, first = np.unique(at[old][sort], return_index=True)
    base_option[first_need] = option[old][sort][first]
    base_ms[first_need] = ms[old][sort][first]
    keep = np.flatnonzero(~old & (ms < base_ms[at]) & (ms <= horizon))
    keep = keep[np.argsort(option[keep], kind="stable")]
    fresh = chosen[chosen >= options.existing]
    ends = np.searchsorted(option[keep], fresh, "right")
    reached = Reached(0, ends, at[keep].astype(np.int32), ms[keep].astype(np.int32))
    found = Found([reached], fresh, np.arange(len(place) + 1), need)
    size = len(keep)
    return _Part(base_option, base_ms.astype(np.int32), size, lambda: float(size), lambda: found)
