"""The table of response times of one instance under one model's layout.

A need is one (place, service) pair; an option is an existing facility or a candidate. Response
time = turnout of the facility type + travel time of the service's vehicle, in integer ms.

Existing facilities that stay open bound the table: of all pairs only those matter in which a
candidate answers sooner than the nearest of them. The search stops there, which is what makes a
national table small: 0.8 million pairs instead of 900 million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from siting.errors import InstanceError
from siting.instance import Instance, Settings
from siting.instance.arrays import Ints, Longs
from siting.response.layout import Layout
from siting.response.near import near
from siting.response.needs import Needs, Options, build_needs, build_options
from siting.response.parts import (
    Networks,
    Part,
    Where,
    part_by_distance,
    part_from_od,
    part_from_roads,
    providers,
)
from siting.response.periods import Rows, unrolled
from siting.roads.pairs import first_open, rows_of
from siting.roads.times import NEVER

BYTES_PER_PAIR = 100
"""Peak bytes per (need, option) pair from the table to the savings form (95 measured at 33 million pairs)."""


@dataclass(frozen=True, eq=False)
class Responses:
    """The response times of one instance under one set of settings.

    Attributes:
        instance: the data.
        settings: the settings in force (the caller's numbers applied).
        layout: what of the instance the model looks at.
        needs, options: see there.
        indptr: (N+1,) int64; need i has pairs indptr[i]:indptr[i+1].
        option: (Z,) int32 option number of each pair: candidates, and existing facilities that are
            ``options.listed``.
        ms: (Z,) int32 response time; within a need ascending, ties by option number.
        base_option: (N,) existing facility that stays and answers first, however late; -1 where none does.
        base_ms: (N,) its response time; meaningless where ``base_option`` is -1.
        horizon_ms: per service index, the latest response time looked for, or None.
    """

    instance: Instance
    settings: Settings
    layout: Layout
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
    def sooner(self) -> Responses:
        """The same without the pairs that answer no sooner than a facility that stays."""
        if not self.layout.every:
            return self
        kept = (self.base_option[self.row] < 0) | (self.ms < self.base_ms[self.row])
        ends = np.concatenate([[0], np.cumsum(kept)])
        return replace(self, indptr=ends[self.indptr], option=self.option[kept], ms=self.ms[kept])

    @cached_property
    def unreachable(self) -> Ints:
        """Needs that no existing facility and no usable candidate reaches."""
        return np.flatnonzero((self.base_option < 0) & (np.diff(self.indptr) == 0)).astype(np.int32)

    @cached_property
    def standing(self) -> Ints:
        """(M,) units open before anything is decided."""
        nothing = np.zeros(0, dtype=np.int32)
        return self.options.open_units(nothing, nothing, nothing)

    def serve(self, opened: Ints, closed: Ints | None = None) -> tuple[Ints, Ints]:
        """Who serves each need, and when, if ``opened`` joins the existing facilities.

        Args:
            opened: options newly opened.
            closed: existing facilities that are closed, None for none.

        Returns:
            (N,) option, -1 where none; (N,) response ms. The first of equally fast options
            serves, existing ones before new ones.
        """
        is_open = self.options.listed.copy()
        if closed is not None:
            is_open[closed] = False
        is_open[opened] = True
        serves, ms = self.base_option.copy(), self.base_ms.copy()
        first_open(self.indptr, self.option, self.ms, is_open, serves, ms)
        return serves, ms

    def coverers(self, amount: Ints, limit_ms: Ints, classes: Ints, count: int) -> Longs:
        """How many open units answer each need in time.

        Args:
            amount: (M,) open units of each option.
            limit_ms: (N,) latest response ms.
            classes: (M,) class of each option, 0 to ``count`` - 1.

        Returns:
            (N, count) units. Only meaningful under a layout in which every facility counts.
        """
        there = np.flatnonzero((amount[self.option] > 0) & (self.ms <= limit_ms[self.row]))
        key = self.row[there].astype(np.int64) * count + classes[self.option[there]]
        size = len(self.needs.place) * count
        found = np.bincount(key, weights=amount[self.option[there]], minlength=size)
        return found.astype(np.int64).reshape(-1, count)

    def near(self, source: Ints, target: Ints, limit_ms: Ints) -> tuple[Ints, Ints]:
        """Pairs of options of which the second is within reach of the first, see :func:`near`."""
        return near(self.instance, self.options, source, target, limit_ms)


def build_responses(
    instance: Instance,
    settings: Settings,
    horizon_ms: Mapping[int, int] | None = None,
    layout: Layout | None = None,
    threads: int | None = None,
) -> Responses:
    """Compute the table.

    Args:
        instance: the data.
        settings: settings in force, usually ``instance.settings``.
        horizon_ms: per service index, the latest response time of interest; None looks as far as a
            candidate still answers before the nearest existing facility.
        layout: what the model looks at; None for every service, in one scenario and period.
        threads: see :func:`siting.parallel.cores`; the table is the same for any number.

    Raises:
        InstanceError: the table would not fit into memory (says what reduces it), or the instance lacks
            scenarios, periods or distances that the model asks for.
    """
    layout = layout or Layout()
    needs, options = build_needs(instance, settings, layout), build_options(instance, settings, layout)
    once = replace(layout, periods=False)
    single = build_needs(instance, settings, once) if layout.periods else needs
    parts = _parts(instance, settings, once, single, options, horizon_ms, threads)
    _refuse_if_too_large(parts, horizon_ms is None, len(settings.periods) if layout.periods else 1)
    rows = Rows(
        *rows_of([found for part in parts for found in part.find()], len(single.place), threads),
        np.concatenate([part.base_option for part in parts]),
        np.concatenate([part.base_ms for part in parts]),
    )
    if layout.periods:
        rows = unrolled(rows, single, needs, options)
    return Responses(
        instance, settings, layout, needs, options,
        rows.indptr, rows.option, rows.ms, rows.base_option, rows.base_ms, horizon_ms,
    )  # fmt: skip


def _parts(
    instance: Instance, settings: Settings, layout: Layout, needs: Needs, options: Options,
    horizon_ms: Mapping[int, int] | None, threads: int | None,
) -> list[Part]:  # fmt: skip
    """One part per scenario and service, in the order of the needs."""
    networks = Networks(instance)
    parts = []
    for scenario in range(len(instance.scenarios)) if layout.scenarios else [-1]:
        lost = None if scenario < 0 else instance.scenarios[scenario].lost
        for number in layout.weights(settings):
            service = settings.services[number]
            mine = (needs.service == number) & (needs.scenario == max(0, scenario))
            chosen = np.flatnonzero(mine).astype(np.int32)
            where = Where(needs.place[chosen], chosen, needs.standard_ms[chosen])
            who = providers(settings, options, service, lost, layout.every)
            horizon = int(NEVER) - 1 if horizon_ms is None else horizon_ms[number]
            if instance.od is not None and layout.standard == "minutes":
                part = part_from_od(options, instance.od, service.vehicle_factor, where, who, horizon)
            elif layout.standard == "minutes":
                routes = networks.of(service.vehicle_factor, scenario)
                part = part_from_roads(options, routes, where, who, horizon, threads)
            else:
                distance = _distances(instance, settings, number, where.place)
                far, late = networks.distances(scenario), networks.of(service.vehicle_factor, scenario)
                part = part_by_distance(
                    options, (late, far), where, who, distance, layout.standard, horizon, threads
                )
            parts.append(part)
    return parts


def _distances(instance: Instance, settings: Settings, number: int, place: Ints) -> Ints:
    """(P,) distance standard in metres of a service at some places.

    Raises:
        InstanceError: the service has none.
    """
    service, places = settings.services[number], instance.places
    if service.distance_m is None:
        raise InstanceError(
            f"the model asks for distances, but services.{service.id} has no distance standard: "
            "add distance = { KIND = KM, ... } in instance.toml"
        )
    of_kind = np.array([service.distance_m[kind] for kind in places.kinds], dtype=np.int32)
    return np.asarray(of_kind[places.kind[place]])


def _refuse_if_too_large(parts: list[Part], unlimited: bool, periods: int) -> None:
    """Estimate the pairs of all services together, and refuse what cannot fit into memory."""
    room = _memory_free()
    copies = periods * (periods + 1) // 2
    if sum(part.most for part in parts) * copies * BYTES_PER_PAIR <= room:
        return
    pairs = sum(part.estimate() for part in parts) * copies
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
