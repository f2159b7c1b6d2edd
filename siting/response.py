"""Needs, options, and the response times between them: all that measures and methods see.

A need is one (place, service) pair; an option is an existing facility or a candidate. Response
time = turnout of the facility type + travel time of the service's vehicle, in integer ms.

Existing facilities stay open, so of all pairs only those matter in which a candidate answers
sooner than the nearest existing facility. The search stops there, which is what makes a national
table small: 0.8 million pairs instead of 900 million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from siting.errors import InstanceError
from siting.instance import CandidateStatus, Instance, Service, Settings
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.roads.times import NEVER, Network, nearest, network, within

BYTES_PER_PAIR = 40
"""Peak bytes per (need, option) pair while the table is built and solved (measured)."""


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
        hits = np.flatnonzero(is_open[self.option])
        needs, first = np.unique(self.row[hits], return_index=True)
        serves, ms = self.base_option.copy(), self.base_ms.copy()
        serves[needs] = self.option[hits[first]]
        ms[needs] = self.ms[hits[first]]
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


@dataclass(frozen=True)
class _Part:
    """Pairs and nearest existing facilities of one service; needs counted from its first."""

    need: Longs
    option: Ints
    ms: Ints
    base_option: Ints
    base_ms: Ints


def build_responses(
    instance: Instance, settings: Settings, horizon_ms: Mapping[int, int] | None = None
) -> Responses:
    """Compute the table.

    Args:
        instance: the data.
        settings: settings in force, usually ``instance.settings``.
        horizon_ms: per service index, the latest response of interest; None looks as far as a
            candidate still answers before the nearest existing facility.

    Raises:
        InstanceError: the table would not fit into memory; says which number reduces it.
    """
    needs, options = build_needs(instance, settings), build_options(instance)
    networks: dict[float, Network] = {}
    parts = []
    for number, service in enumerate(settings.services):
        place = needs.place[needs.service == number]
        horizon = int(NEVER) - 1 if horizon_ms is None else horizon_ms[number]
        who = _providers(settings, options, service)
        if instance.roads is None:
            parts.append(_part_from_od(instance, options, service, place, who, horizon))
            continue
        factor = service.vehicle_factor
        if factor not in networks:
            networks[factor] = network(instance.roads, factor)
        parts.append(_part_from_roads(instance, options, networks[factor], place, who, horizon))
    return _assemble(instance, settings, needs, options, parts, horizon_ms)


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
    who: tuple[Ints, Ints],
    horizon: int,
) -> _Part:
    chosen, turnout = who
    node = instance.sites.node[options.site[chosen]]
    old = chosen < options.existing
    label, owner = nearest(net, node[old], turnout[old])
    limit = np.minimum(label - 1, horizon).astype(np.int32)
    at = instance.sites.node[place]
    terminal = np.zeros(net.nodes, dtype=bool)
    terminal[at] = True
    fresh = np.flatnonzero(~old)
    _refuse_if_too_large(net, node[fresh], turnout[fresh], limit, terminal)
    indptr, reached, ms = within(net, node[fresh], turnout[fresh], limit, terminal)
    option = np.repeat(chosen[fresh], np.diff(indptr))
    need, pair = _places_at(at, reached, net.nodes)
    base = np.full(len(place), -1, dtype=np.int32)
    has = owner[at] >= 0
    base[has] = chosen[old][owner[at[has]]]
    return _Part(need, option[pair], ms[pair], base, label[at])


def _places_at(at: Ints, reached: Ints, nodes: int) -> tuple[Longs, Longs]:
    """Expand reached nodes to the places that stand there: (place number, index into reached)."""
    order = np.argsort(at, kind="stable")
    counts = np.bincount(at, minlength=nodes)
    start = np.concatenate([[0], np.cumsum(counts)])
    times = counts[reached]
    pair = np.repeat(np.arange(len(reached)), times)
    within_node = np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    return order[start[reached[pair]] + within_node], pair


def _refuse_if_too_large(net: Network, source: Ints, offset: Ints, limit: Ints, terminal: Flags) -> None:
    """Estimate the number of pairs from a sample of sources, and refuse what cannot fit."""
    room = _memory_free()
    if len(source) * int(terminal.sum()) * BYTES_PER_PAIR < room or not len(source):
        return
    sample = np.unique(np.linspace(0, len(source) - 1, 64).astype(int))
    indptr, _, _ = within(net, source[sample], offset[sample], limit, terminal)
    pairs = int(indptr[-1]) * len(source) / len(sample)
    if pairs * BYTES_PER_PAIR > room:
        raise InstanceError(
            f"the table of response times would hold about {pairs / 1e6:,.0f} million pairs and need "
            f"{pairs * BYTES_PER_PAIR / 1e9:,.1f} GB, but {room / 1e9:,.1f} GB are free: add existing "
            "facilities (pairs slower than the nearest one are left out), forbid some candidates, or "
            "use a model that only asks who is within the standard"
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
    need, option, ms = to[pair], chosen[which], travel[pair] + turnout[which]
    held = np.flatnonzero(ms < NEVER)  # what int32 cannot hold is unreachable, as on roads
    need, option, ms = need[held], option[held], ms[held]
    base_option = np.full(len(place), -1, dtype=np.int32)
    base_ms = np.full(len(place), NEVER, dtype=np.int64)
    old = option < options.existing
    sort = np.lexsort((option[old], ms[old], need[old]))
    first_need, first = np.unique(need[old][sort], return_index=True)
    base_option[first_need] = option[old][sort][first]
    base_ms[first_need] = ms[old][sort][first]
    keep = np.flatnonzero(~old & (ms < base_ms[need]) & (ms <= horizon))
    keep = keep[np.argsort(option[keep], kind="stable")]
    return _Part(
        need[keep],
        option[keep],
        ms[keep].astype(np.int32),
        base_option,
        base_ms.astype(np.int32),
    )


def _assemble(
    instance: Instance,
    settings: Settings,
    needs: Needs,
    options: Options,
    parts: list[_Part],
    horizon_ms: Mapping[int, int] | None,
) -> Responses:
    offsets = np.cumsum([0] + [len(part.base_ms) for part in parts])
    need = np.concatenate([part.need + start for part, start in zip(parts, offsets, strict=False)])
    option = np.concatenate([part.option for part in parts])
    ms = np.concatenate([part.ms for part in parts])
    order = _by_need_then_time(need, ms)
    indptr = np.zeros(len(needs.place) + 1, dtype=np.int64)
    np.cumsum(np.bincount(need, minlength=len(needs.place)), out=indptr[1:])
    return Responses(
        instance,
        settings,
        needs,
        options,
        indptr,
        option[order].astype(np.int32),
        ms[order].astype(np.int32),
        np.concatenate([part.base_option for part in parts]),
        np.concatenate([part.base_ms for part in parts]),
        horizon_ms,
    )


def _by_need_then_time(need: Longs, ms: Ints) -> NDArray[np.intp]:
    """Sort order by (need, ms, option): parts list their pairs by option, so a stable sort does it."""
    return np.argsort((need.astype(np.int64) << 31) | ms, kind="stable")
