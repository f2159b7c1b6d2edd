"""The patient: an instance under the settings in force, and what several checks want to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from siting.doctor.findings import Row
from siting.doctor.lengths import Lengths, measure
from siting.doctor.lines import Lines
from siting.doctor.pieces import Pieces, find_pieces
from siting.instance import CandidateStatus, Instance, Settings
from siting.instance.arrays import Flags, Floats, Ints, Longs
from siting.roads.feet import off_links
from siting.roads.times import NEVER, Network, nearest, network

LATER = np.int64(2**62)
"""Stands for `not reached` inside a check; findings never show it."""


class Case:
    """One instance to be looked at.

    Attributes:
        instance: the data.
        settings: in force, i.e. with the numbers of the caller.
        parameters: model parameters by dotted name, those of the caller over those of the instance.
    """

    def __init__(self, instance: Instance, settings: Settings, parameters: Mapping[str, float]) -> None:
        self.instance = instance
        self.settings = settings
        self.parameters = parameters
        self.lines = Lines(instance)
        self._networks: dict[tuple[float, bool], Network] = {}
        self._arrivals: dict[int, Longs] = {}

    @cached_property
    def needed(self) -> Flags:
        """(P,) places that take part."""
        return self.instance.needed()

    @cached_property
    def people(self) -> Longs:
        """(P,) people who take part: 0 at excluded places."""
        return np.where(self.needed, self.instance.places.population, 0)

    @cached_property
    def total(self) -> int:
        """People who take part."""
        return int(self.people.sum())

    @cached_property
    def barred(self) -> Flags:
        """(S,) sites at excluded places, where nothing serves."""
        barred = np.zeros(len(self.instance.sites.ids), dtype=bool)
        barred[: len(self.needed)] = ~self.needed
        return barred

    @cached_property
    def usable(self) -> Flags:
        """(C,) candidates that may be opened."""
        new = self.instance.candidates
        return np.asarray((new.status != CandidateStatus.FORBIDDEN) & ~self.barred[new.site])

    @cached_property
    def standing(self) -> Flags:
        """(F,) existing facilities that serve."""
        return np.asarray(~self.barred[self.instance.facilities.site])

    @cached_property
    def located(self) -> Flags:
        """(S,) sites whose coordinates are known."""
        sites = self.instance.sites
        return np.isfinite(sites.lat) & np.isfinite(sites.lon)

    @cached_property
    def active(self) -> Flags:
        """(S,) sites that take part: places with needs, and wherever something serves or may serve."""
        active = np.zeros(len(self.instance.sites.ids), dtype=bool)
        active[: len(self.needed)] = self.needed
        active[self.instance.facilities.site[self.standing]] = True
        active[self.instance.candidates.site[self.usable]] = True
        return active

    def new(self, kind: int) -> float | None:
        """New facilities planned of a type; None where nobody says."""
        type_ = self.settings.types[kind]
        return self.parameters.get(f"new.{type_.id}", self.parameters.get("new", type_.new))

    @cached_property
    def real(self) -> Flags:
        """(E,) edges that are roads, not links of snapped sites to them; none without a graph."""
        roads = self.instance.roads
        return np.zeros(0, dtype=bool) if roads is None else off_links(roads)

    @cached_property
    def lengths(self) -> Lengths | None:
        """Roads of known length against straight lines; None where there are none."""
        return measure(self.instance, self.real)

    @cached_property
    def pieces(self) -> Pieces | None:
        """How the road graph hangs together; None without one or without a place on it."""
        return find_pieces(self.instance)

    def start(self, service: int) -> Longs:
        """(S,) least turnout in ms of what serves or may serve at each site; LATER where nothing does."""
        key = self.settings.services[service].id
        turnout = np.array([one.turnout_ms.get(key, -1) for one in self.settings.types], dtype=np.int64)
        start = np.full(len(self.instance.sites.ids), LATER)
        old, new = self.instance.facilities, self.instance.candidates
        for site, kind in (
            (old.site[self.standing], old.type[self.standing]),
            (new.site[self.usable], new.type[self.usable]),
        ):
            provides = turnout[kind] >= 0
            np.minimum.at(start, site[provides], turnout[kind[provides]])
        return start

    def standard(self, service: int) -> Longs:
        """(P,) coverage standard in ms of a service at each place."""
        ms = self.settings.services[service].standard_ms
        of_kind = np.array([ms[kind] for kind in self.instance.places.kinds], dtype=np.int64)
        return np.asarray(of_kind[self.instance.places.kind])

    def arrival(self, service: int) -> Longs:
        """(P,) ms until the first of everything there is or may be answers; LATER where nothing does."""
        if service not in self._arrivals:
            self._arrivals[service] = self._arrival(service, self.start(service))
        return self._arrivals[service]

    def _arrival(self, service: int, start: Longs) -> Longs:
        factor = self.settings.services[service].vehicle_factor
        size = len(self.needed)
        od = self.instance.od
        arrival = np.full(size, LATER)
        if od is not None:
            known = start[od.site] < LATER
            ms = np.rint(od.ms[known] * factor).astype(np.int64) + start[od.site[known]]
            np.minimum.at(arrival, od.place[known], ms)
            return arrival
        node = self.instance.sites.node
        source = np.flatnonzero((start < LATER) & (node >= 0))
        if len(source):
            label = self._spread(self.network(factor), node[source], start[source])
            there = node[:size] >= 0
            arrival[there] = label[node[:size][there]]
        return arrival

    def slack(self, service: int) -> Longs:
        """(S,) ms that are left, after the way, of the standard of whom a site serves best; turnout not
        taken off. Negative: nobody is within the standard of a facility there, however quick.
        """
        factor = self.settings.services[service].vehicle_factor
        standard = self.standard(service)
        home = np.flatnonzero(self.people > 0)
        slack = np.full(len(self.instance.sites.ids), -LATER)
        od = self.instance.od
        if od is not None:
            known = self.people[od.place] > 0
            left = standard[od.place[known]] - np.rint(od.ms[known] * factor).astype(np.int64)
            np.maximum.at(slack, od.site[known], left)
            return slack
        node = self.instance.sites.node
        home = home[node[home] >= 0]
        if len(home):
            # Searched backwards from all places at once; whose standard is shorter starts later.
            longest = int(standard[home].max())
            label = self._spread(self.network(factor, back=True), node[home], longest - standard[home])
            there = (node >= 0) & (label[node] < LATER)
            slack[there] = longest - label[node[there]]
        return slack

    @staticmethod
    def _spread(net: Network, source: Ints, start: Longs) -> Longs:
        """(V,) ms of the nearest source at every node, LATER where there is none."""
        offset = np.minimum(start, NEVER).astype(np.int32)
        label, _ = nearest(net, source.astype(np.int32), offset)
        return np.where(label == NEVER, LATER, label.astype(np.int64))

    def network(self, factor: float, *, back: bool = False) -> Network:
        """The road graph for a vehicle, or with every edge turned round."""
        key = (factor, back)
        if key not in self._networks:
            roads = self.instance.roads
            assert roads is not None
            if back:
                roads = replace(roads, tail=roads.head, head=roads.tail)
            self._networks[key] = network(roads, factor)
        return self._networks[key]

    def place_row(self, place: int, value: float | None = None, unit: str = "", note: str = "") -> Row:
        """The row of a place."""
        places = self.instance.places
        file, line = self.lines.of("places", place)
        return Row(str(places.ids[place]), str(places.names[place]), value, unit, note, file, line)

    def site_row(self, site: int, value: float | None = None, unit: str = "", note: str = "") -> Row:
        """The row of a site: of its place, else of its junction."""
        if site < len(self.needed):
            return self.place_row(site, value, unit, note)
        sites = self.instance.sites
        name = str(sites.ids[site])
        junction = self.lines.junctions.get(name)
        file, line = (None, None) if junction is None else self.lines.of("junctions", junction)
        return Row(name, str(sites.names[site]), value, unit, note, file, line)

    def facility_row(self, facility: int, value: float | None = None, unit: str = "", note: str = "") -> Row:
        """The row of an existing facility."""
        old = self.instance.facilities
        file, line = self.lines.of("facilities", facility)
        return Row(str(old.ids[facility]), str(old.names[facility]), value, unit, note, file, line)

    def candidate_row(
        self, candidate: int, value: float | None = None, unit: str = "", note: str = ""
    ) -> Row:
        """The row of a candidate; its id is ``site:type``."""
        new, sites = self.instance.candidates, self.instance.sites
        kind = self.settings.types[new.type[candidate]].id
        site = new.site[candidate]
        file, line = self.lines.of("candidates", candidate)
        return Row(f"{sites.ids[site]}:{kind}", str(sites.names[site]), value, unit, note, file, line)

    def rows(self, chosen: np.ndarray, make: Callable[[int], Row]) -> tuple[Row, ...]:
        """A row for every index."""
        return tuple(make(int(one)) for one in chosen)


def largest_first(chosen: np.ndarray, size: Floats | Longs) -> np.ndarray:
    """The indices by falling size; of equals the first."""
    return chosen[np.argsort(-size[chosen], kind="stable")]
