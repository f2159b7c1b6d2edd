"""Response times once more, by another route than the engine's.

The engine searches with its own kernels on a pruned table. Here scipy's Dijkstra runs over the
whole graph, from one extra node that leads to every open option, or from every open option where
several count, and an origin-destination table is joined by pandas.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from siting.check.graphs import SCIPY, Graphs, Search
from siting.check.needs import needs_of, options_of, services_of
from siting.errors import InstanceError
from siting.instance import Instance, Service, Settings
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.response import Layout
from siting.roads.graph import MAX_MS

_NEAR = 300_000
"""Milliseconds within which who is the least in time and distance is looked for first."""

_STRIP = 0.5
"""Degrees of latitude of the strips along which searches go."""

_SOURCES = 64
"""Nodes searched from at a time, whose ways to all others must fit into memory."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Who answers each need first.

    Attributes:
        ms: (N,) response ms, whole numbers; NaN where nobody answers.
        option: (N,) option that answers, -1 where none. Of equally fast ones the lowest number,
            unless distances count.
    """

    ms: Floats
    option: Longs


@dataclass(frozen=True, eq=False)
class Part:
    """The needs of one service in one scenario.

    Attributes:
        scenario: its number, -1 for the roads as they are.
        service: number of the service.
        needs: (T, P) needs by period, in every period at the same places.
        place: (P,) these places.
    """

    scenario: int
    service: int
    needs: Longs
    place: Ints


@dataclass(frozen=True, eq=False)
class Who:
    """Options that provide a service, (K,), and their turnout ms, (K,)."""

    option: Longs
    turnout: Longs


class Ground:
    """Needs, options and roads of an instance under settings, derived from the data alone.

    Attributes:
        instance, settings, layout, horizon_ms: what it was derived from.
        needs: N needs.
        options: M options.
        standing: (M,) existing facilities that count: all but those at excluded places.
        stays: (M,) those that no plan changes and that always count, however late.
        search: how roads are searched.
    """

    def __init__(
        self,
        instance: Instance,
        settings: Settings,
        layout: Layout | None = None,
        horizon_ms: Mapping[int, int] | None = None,
        search: Search = SCIPY,
    ) -> None:
        self.instance = instance
        self.settings = settings
        self.layout = layout or Layout()
        self.horizon_ms = horizon_ms
        self.needs = needs_of(instance, settings, self.layout)
        self.options = options_of(instance, settings, self.layout)
        self.standing = self.options.usable & (np.arange(len(self.options.site)) < self.options.existing)
        self.stays = self.standing & ~self.options.closable
        self.graphs = Graphs(instance)
        self.search = search

    @cached_property
    def latest(self) -> Floats:
        """(N,) latest response ms of every need that the model tells apart from none at all."""
        if self.horizon_ms is None:
            return np.full(len(self.needs.place), np.inf)
        by_service = [self.horizon_ms[number] for number in range(len(self.settings.services))]
        return np.array(by_service, dtype=np.float64)[self.needs.service]

    def answers(self, is_open: Flags) -> Answers:
        """Who answers each need if the options (M,) marked in ``is_open`` are open.

        Where distances count, nobody answers later than ``latest``.
        """
        for fixed, found in self._fixed:
            if np.array_equal(fixed, is_open):
                return found
        return self._search(is_open)

    @cached_property
    def _fixed(self) -> list[tuple[Flags, Answers]]:
        """Answers that no plan changes: of what stands, of all that could stand."""
        return [(some, self._search(some)) for some in (self.standing, self.options.usable)]

    def _search(self, is_open: Flags) -> Answers:
        ms = np.full(len(self.needs.place), np.nan)
        option = np.full(len(ms), -1, dtype=np.int64)
        for part in self.parts:
            for period, mine in enumerate(part.needs):
                found = self._first(part, self.who(part, is_open, period), self.latest[mine])
                ms[mine], option[mine] = found.ms, found.option
        late = ms >= MAX_MS
        ms[late], option[late] = np.nan, -1
        return Answers(ms, option)

    def between(self, option: Ints | Longs, need: Ints | Longs, limit_ms: Floats) -> Floats:
        """Response ms of an option to a need, pair by pair (K,); NaN where later than a limit (K,)."""
        result = np.full(len(need), np.nan)
        for part in self.parts:
            position = np.full(len(self.needs.place) + 1, -1)
            position[part.needs] = np.arange(len(part.place))
            there = self.options.period[option] <= self.needs.period[need]
            mine = np.flatnonzero((position[need] >= 0) & there)
            asked = np.zeros(len(self.options.site), dtype=bool)
            asked[option[mine]] = True
            longest = np.zeros(len(asked))
            np.maximum.at(longest, option[mine], limit_ms[mine])
            asking = self.who(part, asked)
            for who, table in self.tables(part, asking, part.place, longest[asking.option]):
                row = np.full(len(asked), -1)
                row[who] = np.arange(len(who))
                here = mine[row[option[mine]] >= 0]
                result[here] = table[row[option[here]], position[need[here]]]
        result[~(result <= np.minimum(limit_ms, MAX_MS - 1))] = np.nan
        return result

    def coverers(self, amount: Ints, limit_ms: Ints, classes: Ints, count: int) -> Longs:
        """(N, count) open units in time, as :meth:`siting.response.Responses.coverers` tells them."""
        found = np.zeros((len(self.needs.place), count), dtype=np.int64)
        units = np.zeros((len(amount), count))
        units[np.arange(len(amount)), classes] = amount
        for part in self.parts:
            limit, open_ = limit_ms[part.needs], self.who(part, amount > 0)
            for who, table in self.tables(part, open_, part.place, float(limit.max(initial=0))):
                for period, mine in enumerate(part.needs):
                    there = self.options.period[who] <= period
                    in_time = (table[there] <= limit[period]).astype(np.float64)
                    found[mine] += np.rint(in_time.T @ units[who[there]]).astype(np.int64)
        return found

    def near(self, source: Ints, target: Ints, limit_ms: Ints) -> tuple[Ints, Ints]:
        """Options (X,) within so many ms of a car of options; see :func:`siting.response.near.near`."""
        source, limit_ms = (column[self._beside(self.options.site[source])] for column in (source, limit_ms))
        site, node = self.options.site, self.instance.sites.node[self.options.site]
        starts, ends = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int32)]
        for first in range(0, len(source), _SOURCES):
            block = slice(first, first + _SOURCES)
            if self.instance.od is not None:
                table = self._listed(site[source[block]], site[target])
                table[site[source[block]][:, None] == site[target]] = 0.0
            elif len(target):
                longest = float(limit_ms[block].max())
                table = self.search.ways(self.graphs.vehicle(1.0), node[source[block]], node[target], longest)
            else:
                break
            table[source[block][:, None] == target] = np.inf
            one, two = np.nonzero(table <= limit_ms[block][:, None])
            starts.append(source[block][one])
            ends.append(target[two])
        pairs = pd.DataFrame({"one": np.concatenate(starts), "two": np.concatenate(ends)})
        pairs = pairs.sort_values(["one", "two"])
        return pairs["one"].to_numpy(np.int32), pairs["two"].to_numpy(np.int32)

    @cached_property
    def parts(self) -> list[Part]:
        """The needs, service by service and scenario by scenario."""
        needs = self.needs
        periods = len(self.settings.periods) if self.layout.periods else 1
        scenarios = len(self.settings.scenarios) if self.layout.scenarios else 1
        services = [number for number, _ in services_of(self.settings, self.layout)]
        parts = []
        for scenario, service in itertools.product(range(scenarios), services):
            mine = np.flatnonzero((needs.scenario == scenario) & (needs.service == service))
            by_period = mine.reshape(periods, -1)
            number = scenario if self.layout.scenarios else -1
            parts.append(Part(number, service, by_period, needs.place[by_period[0]]))
        return parts

    def who(self, part: Part, is_open: Flags, period: int | None = None) -> Who:
        """Open options that provide the service of a part, up to a period."""
        service = self.settings.services[part.service]
        turnout = np.array([t.turnout_ms.get(service.id, -1) for t in self.settings.types], dtype=np.int64)
        of_option = turnout[self.options.type]
        serves = is_open & (of_option >= 0)
        if period is not None:
            serves &= self.options.period <= period
        if part.scenario >= 0:
            serves &= ~self.instance.scenarios[part.scenario].lost[self.options.site]
        providers = np.flatnonzero(serves)
        return Who(providers, of_option[providers])

    def _first(self, part: Part, who: Who, latest: Floats) -> Answers:
        """Who of some options is the first at each place of a part."""
        if self.layout.standard != "minutes":
            return self._first_by_rule(part, who, latest)
        service = self.settings.services[part.service]
        if self.instance.od is not None:
            return self._first_by_table(service, who, part.place)
        node = self.instance.sites.node
        graph = self.graphs.vehicle(service.vehicle_factor, part.scenario)
        label, owner = self.search.spread(graph, node[self.options.site[who.option]], who.turnout, who.option)
        ms = label[node[part.place]]
        return Answers(np.where(np.isfinite(ms), ms, np.nan), owner[node[part.place]])

    def _first_by_table(self, service: Service, who: Who, place: Ints) -> Answers:
        od = self.instance.od
        assert od is not None
        rows = pd.DataFrame({"site": od.site, "place": od.place, "travel": od.ms})
        at = pd.DataFrame(
            {"site": self.options.site[who.option], "option": who.option, "turnout": who.turnout}
        )
        pairs = rows.merge(at, on="site")
        pairs["ms"] = np.rint(pairs["travel"] * service.vehicle_factor) + pairs["turnout"]
        first = pairs.sort_values(["place", "ms", "option"]).drop_duplicates("place").set_index("place")
        first = first.reindex(place)
        return Answers(first["ms"].to_numpy(np.float64), first["option"].fillna(-1).to_numpy(np.int64))

    def _first_by_rule(self, part: Part, who: Who, latest: Floats) -> Answers:
        """In equivalent ms; the first by time and the first by distance need not be the same."""
        node = self.instance.sites.node
        at, stands = node[part.place], node[self.options.site]
        car = self.graphs.vehicle(self.settings.services[part.service].vehicle_factor, part.scenario)
        time, fast = self.search.spread(car, stands[who.option], who.turnout, who.option)
        length = self.graphs.metres(part.scenario)
        metres, close = self.search.spread(length, stands[who.option], 0 * who.turnout, who.option)
        ms, fast, close = time[at], fast[at], close[at]
        equal = np.rint(metres[at] * self._per_metre(part))
        if self.layout.standard == "both":
            same = (fast >= 0) & (close >= 0)
            same[same] = stands[fast[same]] == stands[close[same]]
            late, option = np.maximum(ms, equal), fast.copy()
            rest = np.flatnonzero(~same & np.isfinite(late) & (late <= latest))
            late[rest], option[rest] = self._least(part, who, rest, late[rest], latest[rest])
        else:
            by_time = (ms < equal) if self.layout.standard == "either" else np.zeros(len(ms), dtype=bool)
            late, option = np.where(by_time, ms, equal), np.where(by_time, fast, close)
        answered = np.isfinite(late) & (late <= latest)
        return Answers(np.where(answered, late, np.nan), np.where(answered, option, -1))

    def _least(
        self, part: Part, who: Who, rest: Longs, least: Floats, latest: Floats
    ) -> tuple[Floats, Longs]:
        """Equivalent ms and option for some places (K,) of a part, option by option.

        Args:
            least, latest: (K,) ms between which the answer lies, if there is one. The search goes
                twice as far every time, since most answers are near.
        """
        best, option = np.full(len(rest), np.inf), np.full(len(rest), -1, dtype=np.int64)
        longest = min(float(latest.max(initial=0.0)), MAX_MS)
        limit, left = min(float(_NEAR), longest), np.ones(len(rest), dtype=bool)
        while left.any():
            mine = np.flatnonzero(left & (least <= limit))
            if len(mine):
                ms, by = self._searched(part, who, rest[mine], limit)
                found = ms <= limit
                best[mine[found]], option[mine[found]] = ms[found], by[found]
                left[mine[found]] = False
            if limit >= longest:
                break
            limit = min(2 * limit, longest)
        return best, option

    def _searched(self, part: Part, who: Who, rest: Longs, limit: float) -> tuple[Floats, Longs]:
        """The least equivalent ms at some places (K,) of a part, and the option; exact up to a limit."""
        node, every = self.instance.sites.node, np.arange(len(rest))
        car = self.graphs.vehicle(self.settings.services[part.service].vehicle_factor, part.scenario)
        back = self.search.spread(car.T.tocsr(), node[part.place[rest]], 0 * rest, rest)[0]
        able = back[node[self.options.site[who.option]]] <= limit
        best, option = np.full(len(rest), np.inf), np.full(len(rest), -1, dtype=np.int64)
        near = Who(who.option[able], who.turnout[able])
        for mine, table in self.tables(part, near, part.place[rest], limit, rest):
            first = np.argmin(table, axis=0)
            sooner = table[first, every] < best
            best[sooner], option[sooner] = table[first, every][sooner], mine[first[sooner]]
        return best, option

    def _per_metre(self, part: Part) -> Floats:
        """(P,) equivalent ms of a metre at every place of a part.

        Raises:
            InstanceError: the service has no distance standard.
        """
        service, places = self.settings.services[part.service], self.instance.places
        if service.distance_m is None:
            what = f"services.{service.id} has no distance standard"
            raise InstanceError(f"the model asks for distances, but {what}")
        distance = np.array([service.distance_m[kind] for kind in places.kinds])[places.kind[part.place]]
        return np.asarray(self.needs.standard_ms[part.needs[0]] / np.maximum(1, distance))

    def tables(
        self, part: Part, who: Who, place: Ints, longest: Floats | float, which: Longs | None = None
    ) -> Iterator[tuple[Longs, Floats]]:
        """Some options after others (k,), and their ms to places (P,), as (k, P).

        Args:
            longest: ways that take longer may be infinite; of each option (K,), or of all of them.
            which: positions of the places in the part, None for all of them.
        """
        sites, row = np.unique(self.options.site[who.option], return_inverse=True)
        beside = self._beside(sites)
        sites, row = sites[beside], np.argsort(beside)[row]
        order, longest = np.argsort(row, kind="stable"), np.broadcast_to(longest, len(row))
        for first in range(0, len(sites), _SOURCES):
            begin, end = np.searchsorted(row[order], [first, first + _SOURCES])
            mine = order[begin:end]
            chosen, until = sites[first : first + _SOURCES], float(longest[mine].max())
            yield (
                who.option[mine],
                self._table(part, chosen, row[mine] - first, who.turnout[mine], place, until, which),
            )

    def _table(
        self, part: Part, sites: Ints, row: Longs, turnout: Longs, place: Ints, longest: float,
        which: Longs | None,
    ) -> Floats:  # fmt: skip
        """Response ms from sites (k,) for options at sites ``row`` (m,), to places; (m, P)."""
        factor, rule = self.settings.services[part.service].vehicle_factor, self.layout.standard
        if self.instance.od is not None:
            return np.asarray(np.rint(self._listed(sites, place) * factor)[row] + turnout[:, None])
        node = self.instance.sites.node
        time = far = np.zeros((len(sites), len(place)))
        if rule != "km":
            time = self.search.ways(
                self.graphs.vehicle(factor, part.scenario), node[sites], node[place], longest
            )
        if rule == "minutes":
            return np.asarray(time[row] + turnout[:, None])
        per_metre = self._per_metre(part)[slice(None) if which is None else which]
        most = (longest + 1) / float(per_metre.min(initial=np.inf))
        far = np.rint(
            self.search.ways(self.graphs.metres(part.scenario), node[sites], node[place], most) * per_metre
        )
        if rule == "km":
            return np.asarray(far[row])
        join = np.maximum if rule == "both" else np.minimum
        return np.asarray(join(time[row] + turnout[:, None], far[row]))

    def _beside(self, site: Ints) -> Longs:
        """An order of sites (K,) in which neighbours are mostly close to each other, strip by strip."""
        strip = np.floor(self.instance.sites.lat[site] / _STRIP)
        return np.lexsort((self.instance.sites.lon[site], strip))

    def _listed(self, sites: Ints, place: Ints) -> Floats:
        """Car ms from sites to places by the table, inf where it has none; (k, P)."""
        od = self.instance.od
        assert od is not None
        table = pd.DataFrame({"site": od.site, "place": od.place, "ms": od.ms})
        table = table[table["site"].isin(sites) & table["place"].isin(place)]
        wide = table.pivot(index="site", columns="place", values="ms")
        return np.array(wide.reindex(index=sites, columns=place).fillna(np.inf).to_numpy(np.float64))
