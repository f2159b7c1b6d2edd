"""What plans are worth: the measures of model files, from the definitions of the papers.

Nothing of siting's measures, tables or methods is used. A measure that is not here is a KeyError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from siting.instance.arrays import Flags, Floats
from tests.catalogue.instances import AREAS, PERIODS
from tests.catalogue.world import Need, Option, Plans, World

Use = Mapping[str, Any]
"""A measure as a model file uses it."""

Member = tuple[str, str] | None
"""Group and member of a limit that is made for each of them."""


@dataclass(frozen=True, eq=False)
class Worth:
    """What serving adds up to: (N, M) by need and option, (N,) for needs nobody serves; NaN: not allowed."""

    served: Floats
    idle: Floats
    maximize: bool


class Measures(World):
    """Values of plans under the measures of one model file."""

    def value(self, use: Use, plans: Plans, member: Member = None) -> Floats:
        """(S,) value of plans under which the first to answer serves; NaN where it is undefined."""
        name = use["measure"]
        if name in OPTION_SUMS:
            return self._option_sum(use, plans, member)
        if name in ("stranded", "too_close"):
            return getattr(self, f"_{name}")(use, plans, member)
        if name in NEED_SUMS:
            worth = self.worth(use, member)
            return self._sum_of_best(worth, plans) + self._constant(use, member) + self.paid(use, plans)
        if name in COUNTS:
            return self._counted(use, plans, member)
        return getattr(self, f"_{name}")(use, plans, member)

    # -- sums over options ------------------------------------------------------------------

    def _option_sum(self, use: Use, plans: Plans, member: Member) -> Floats:
        opened, closed = OPTION_SUMS[use["measure"]](self, use, member)
        new, old = self.options[self.existing :], self.options[: self.existing]
        amount = plans.units if use["measure"] in ("cost", "units_open") else (plans.units > 0).astype(int)
        counts = np.array([self._option_counts(use, one, member) for one in new])
        total = np.zeros(len(plans))
        for j in np.flatnonzero(counts):
            there = self._period_counts(use, plans.period[:, j], member)
            total += np.where(there, opened[j] * amount[:, j], 0.0)
        for f, one in enumerate(old):
            if self._option_counts(use, one, member):
                there = self._period_counts(use, np.zeros(len(plans), dtype=int), member)
                total += np.where(plans.closed[:, f] & there, closed[f], 0.0)
        return total

    def _option_counts(self, use: Use, option: Option, member: Member) -> bool:
        filters = _filters(use, member)
        kinds = "type" not in filters or option.type in filters["type"]
        return kinds and all(option.areas[level] in filters[level] for level in AREAS if level in filters)

    def _period_counts(self, use: Use, period: Any, member: Member) -> Flags:
        filters = _filters(use, member)
        if "period" not in filters:
            return np.ones(len(period), dtype=bool)
        return np.isin(period, [PERIODS.index(one) for one in filters["period"]])

    def costs(self, use: Use, member: Member) -> tuple[list[float], list[float]]:
        """Cost of a unit of every candidate, and of closing every facility, as far as a payer bears it."""
        payers = _filters(use, member).get("payer")
        moving = self.number(use.get("moving", 0.0))
        kinds = self.tables.settings["types"]

        def borne(option: Option) -> float:
            return (
                1.0 if payers is None else sum(kinds[option.type]["payers"].get(one, 0.0) for one in payers)
            )

        opened = [one.cost * borne(one) for one in self.options[self.existing :]]
        return opened, [(moving - one.saving) * borne(one) for one in self.options[: self.existing]]

    def paid(self, use: Use, plans: Plans) -> Floats:
        """(S,) what a measure of needs counts beside them: money, of one that adds it to worth of time."""
        if use["measure"] != "total_cost":
            return np.zeros(len(plans))
        return self._option_sum({"measure": "cost"}, plans, None)

    def _stranded(self, use: Use, plans: Plans, member: Member) -> Floats:
        """New facilities from which none of the type above is within reach."""
        car, kinds = self.ways.ms(None, 1.0), self.tables.settings["types"]
        total = np.zeros(len(plans))
        for number, one in enumerate(self.options[self.existing :]):
            kind = kinds[one.type]
            if "under" not in kind or not self._option_counts(use, one, member):
                continue
            reach = car[one.site]
            above = [
                k
                for k, other in enumerate(self.options)
                if other.type == kind["under"] and reach.get(other.site, math.inf) <= 60_000 * kind["within"]
            ]
            for period in range(len(self.periods)):
                there = (plans.units[:, number] > 0) & (plans.period[:, number] == period)
                there &= self._period_counts(use, plans.period[:, number], member)
                total += there & ~(self.open_units(plans, period)[:, above] > 0).any(axis=1)
        return total

    def _too_close(self, use: Use, plans: Plans, member: Member) -> Floats:
        """Pairs of a type, one of them new, that are too near."""
        car, limit = self.ways.ms(None, 1.0), round(60_000 * self.number(use["minutes"]))
        there = self.open_units(plans, len(self.periods) - 1) > 0
        total = np.zeros(len(plans))
        for k, new in enumerate(self.options):
            for j, other in enumerate(self.options[:k]):
                counts = all(self._option_counts(use, one, member) for one in (new, other))
                if k < self.existing or not counts or new.type != other.type or new.replaces == j:
                    continue
                way = car[new.site].get(other.site, math.inf)
                back = car[other.site].get(new.site, math.inf) if j >= self.existing else math.inf
                if min(way, back) <= limit:
                    total += there[:, k] & there[:, j]
        return total

    # -- sums over needs --------------------------------------------------------------------

    def _needs_counted(self, use: Use, member: Member) -> Flags:
        """(N,) needs that the filters leave."""
        filters = _filters(use, member)

        def of(need: Need, key: str) -> Any:
            if key == "service":
                return need.service
            if key == "scenario":
                return need.scenario
            return self.periods[need.period] if key == "period" else need.place.get(key, "")

        keys = [key for key in ("service", "scenario", "period", "kind", *AREAS) if key in filters]
        return np.array([all(of(need, key) in filters[key] for key in keys) for need in self.needs])

    def _weights(self, use: Use, member: Member) -> Floats:
        counted = self._needs_counted(use, member)
        return np.where(counted, [need.weight for need in self.needs], 0.0)

    def _sizes(self, use: Use, member: Member) -> Floats:
        """(N,) weighted people, places or fires."""
        per = use.get("per", "people")
        sizes = {
            "people": [need.weight for need in self.needs],
            "places": [need.factor for need in self.needs],
            "fires": [need.place.get("fires", 0.0) * need.factor for need in self.needs],
        }
        return np.where(self._needs_counted(use, member), sizes[per], 0.0)

    def within(self, use: Use) -> Flags:
        """(N, M) whether an option answers a need soon enough."""
        if "minutes" in use:
            return self.ms <= round(60_000 * self.number(use["minutes"]))
        return self.covers

    def latest(self) -> Floats:
        """(N,) latest ms that any measure of the model tells apart."""
        standards = self.tables.settings["services"]
        longest = [60_000 * max(standards[need.service]["standard"].values()) for need in self.needs]
        result = np.zeros(len(self.needs))
        for use in self.uses:
            name = use["measure"]
            if name == "worst_time" or (name in TIMES and "unserved" not in use):
                return np.full(len(self.needs), math.inf)
            if name in (*TIMES, "tail_time"):
                result = np.maximum(result, round(60_000 * self.number(use["unserved"])))
            elif "points" in use:
                result = np.maximum(result, round(60_000 * use["points"][-1][0]))
            elif name in WITHIN and "minutes" in use:
                result = np.maximum(result, round(60_000 * self.number(use["minutes"])))
            elif name in WITHIN:
                result = np.maximum(result, longest)
        return np.where(result > 0, result, longest)

    def left_out(self) -> Flags:
        """(N,) needs that count nowhere: no existing facility ever answers, and nothing new in time."""
        standing = np.isfinite(self.ms[:, : self.existing]).any(axis=1)
        soon = np.isfinite(self.ms) & (self.ms <= self.latest()[:, None])
        return ~standing & ~(soon | self.covers).any(axis=1)

    def worth(self, use: Use, member: Member) -> Worth:
        """What serving each need contributes; needs that nothing can reach contribute nothing."""
        served, idle, maximize = NEED_SUMS[use["measure"]](self, use, member)
        out = self.left_out()
        served, idle = np.where(out[:, None], 0.0, served), np.where(out, 0.0, idle)
        counted = self._needs_counted(use, member)
        return Worth(np.where(counted[:, None], served, 0.0), np.where(counted, idle, 0.0), maximize)

    def people(self, use: Use, member: Member) -> tuple[Floats, Floats, bool]:
        """Weighted people within the standard."""
        served = np.where(self.within(use), self._weights(use, member)[:, None], 0.0)
        return served, np.zeros(len(self.needs)), True

    def share(self, use: Use, member: Member) -> tuple[Floats, Floats, bool]:
        """The same over all weighted people."""
        served, idle, _ = self.people(use, member)
        return served / (self._weights(use, member).sum() or 1.0), idle, True

    def share_of_coverable(self, use: Use, member: Member) -> tuple[Floats, Floats, bool]:
        """The same over those whom some option can cover."""
        served, idle, _ = self.people(use, member)
        return served / (served.max(axis=1).sum() or 1.0), idle, True

    def minutes(self, use: Use, member: Member) -> tuple[Floats, Floats, bool]:
        """Minutes times size."""
        latest, sizes = self.number(use.get("unserved", math.inf)), self._sizes(use, member)
        served = np.minimum(np.where(np.isfinite(self.ms), self.ms, 0.0) / 60_000, latest)
        idle = np.full(len(sizes), np.nan) if math.isinf(latest) else sizes * latest
        return sizes[:, None] * served, idle, False

    def money_of_minutes(self, use: Use, member: Member) -> tuple[Floats, Floats, bool]:
        """The same in money."""
        served, idle, maximize = self.minutes(use, member)
        rate = self.number(use["rate"])
        return rate * served, rate * idle, maximize

    def curve(self, use: Use, member: Member) -> tuple[Floats, Floats, bool]:
        """Straight lines between the points of a curve."""
        sizes, points = self._sizes(use, member), use["points"]

        def at(minutes: float) -> float:
            for (early, high), (late, low) in pairwise(points):
                if minutes <= early:
                    return float(high)
                if minutes <= late:
                    return high + (low - high) * (minutes - early) / (late - early)
            return float(points[-1][1])

        served = np.vectorize(at)(self.ms / 60_000)
        return sizes[:, None] * served, sizes * points[-1][1], use["measure"] == "utility"

    def _constant(self, use: Use, member: Member) -> float:
        """A share of nobody is 1."""
        if use["measure"] == "share_of_coverable":
            return float(not self.people(use, member)[0].any())
        return float(use["measure"] == "share_within" and not self._weights(use, member).sum())

    def _sum_of_best(self, worth: Worth, plans: Plans) -> Floats:
        return self._best(worth, plans).sum(axis=1)

    def _best(self, worth: Worth, plans: Plans) -> Floats:
        """(S, N) what needs contribute if whoever is best for them serves."""
        there = (self.open_by_need(plans) > 0) & np.isfinite(self.ms)
        worst = -math.inf if worth.maximize else math.inf
        served = np.where(there, worth.served, worst)
        best = served.max(axis=2) if worth.maximize else served.min(axis=2)
        return np.where(there.any(axis=2), best, worth.idle)

    # -- other functions of who answers first -----------------------------------------------

    def _worst_time(self, use: Use, plans: Plans, member: Member) -> Floats:
        counted = (self._weights(use, member) > 0) & ~self.left_out()
        minutes = np.where(counted, self.response(plans) / 60_000, 0.0).max(axis=1, initial=0.0)
        return np.where(np.isfinite(minutes), minutes, np.nan)

    def _tail_time(self, use: Use, plans: Plans, member: Member) -> Floats:
        """Mean of the largest minutes, one person after the other until the share is full."""
        weight = np.where(self.left_out(), 0.0, self._weights(use, member))
        minutes = np.minimum(self.response(plans) / 60_000, self.number(use["unserved"]))
        room = weight.sum() * self.number(use["tail"])
        result = np.zeros(len(plans))
        for s, row in enumerate(minutes):
            left, total = room, 0.0
            for i in sorted(range(len(row)), key=lambda i: -row[i]):
                taken = min(left, weight[i])
                total, left = total + taken * row[i], left - taken
            result[s] = total / room if room else 0.0
        return result

    def _worst_share(self, use: Use, plans: Plans, member: Member) -> Floats:
        """Mean of the smallest shares of groups in which people live."""
        people = self._best(self.worth({**use, "measure": "people_within"}, member), plans)
        weight, by = self._weights(use, member), use["by"]
        of_need = [
            {"service": one.service, "scenario": one.scenario, "period": one.period}.get(
                by, one.place.get(by)
            )
            for one in self.needs
        ]
        shares = []
        for group in sorted({one for one in of_need if one not in (None, "")}):
            mine = np.array([one == group for one in of_need])
            if weight[mine].sum() > 0:
                shares.append(people[:, mine].sum(axis=1) / weight[mine].sum())
        if not shares:
            return np.ones(len(plans))
        count = min(len(shares), int(self.number(use.get("worst", 1))))
        return np.sort(np.array(shares), axis=0)[:count].mean(axis=0)

    # -- how many answer --------------------------------------------------------------------

    def _counted(self, use: Use, plans: Plans, member: Member) -> Floats:
        """Weighted sum over needs of what the units within the standard are worth."""
        units = np.where(self.within(use), self.open_by_need(plans), 0)
        weight = self._weights(use, member)
        if use["measure"] == "share_covered":
            weight = weight / (weight.sum() or 1.0)
        return (weight * COUNTS[use["measure"]](self, use, units)).sum(axis=1)

    def _busy(self, use: Use) -> Floats:
        """(N, M) share of time that the units of an option are busy, for a need."""
        name, shape = use["busy"], (len(self.needs), len(self.options))
        group = self.raw["parameters"][name[1:]].get("each") if isinstance(name, str) else None
        if group is None:
            return np.full(shape, self.number(name))
        if group == "type":
            of_option = [self.number(name, o.type) for o in self.options]
            return np.broadcast_to(of_option, shape).copy()
        of_need = [self.number(name, need.service) for need in self.needs]
        return np.broadcast_to(np.array(of_need)[:, None], shape).copy()

    def several(self, use: Use, units: Any) -> Any:
        """Whether there are so many."""
        return units.sum(axis=2) >= self.number(use["times"])

    def one_is_free(self, use: Use, units: Any) -> Floats:
        """Chance that one is free, of at most so many that are busy alike."""
        busy, most = self._busy(use), self.number(use.get("crews", 3))
        chance = np.ones(units.shape[:2])
        for share in np.unique(busy):
            alike = np.where(busy == share, units, 0).sum(axis=2)
            there = np.minimum(alike, most)
            chance *= np.where(alike > 0, share**there, 1.0)
        return 1.0 - chance

    def reliably_free(self, use: Use, units: Any) -> Any:
        """Whether one is free with the reliability."""
        chance = 1.0 - np.prod(self._busy(use) ** units, axis=2)
        enough = chance >= self.number(use["reliability"]) - 1e-12
        return enough & (units.sum(axis=2) > 0)


def _filters(use: Use, member: Member) -> dict[str, tuple[str, ...]]:
    """Ids that count, by filter."""
    keys = ("type", "service", "kind", "payer", "scenario", "period", *AREAS)
    found = {key: (use[key],) if isinstance(use[key], str) else tuple(use[key]) for key in keys if key in use}
    return found if member is None else {**found, member[0]: (member[1],)}


def _each(opened: float, closed: float) -> Callable[[Measures, Use, Member], tuple[list[float], list[float]]]:
    """The same number for every candidate opened, and for every facility closed."""

    def numbers(measures: Measures, use: Use, member: Member) -> tuple[list[float], list[float]]:
        return [opened] * (len(measures.options) - measures.existing), [closed] * measures.existing

    return numbers


OPTION_SUMS = {
    "cost": Measures.costs,
    "sites_open": _each(1.0, 0.0),
    "units_open": _each(1.0, 0.0),
    "sites_closed": _each(0.0, 1.0),
    "sites_added": _each(1.0, -1.0),
}
NEED_SUMS = {
    "people_within": Measures.people,
    "share_within": Measures.share,
    "share_of_coverable": Measures.share_of_coverable,
    "travel_time": Measures.minutes,
    "total_cost": Measures.money_of_minutes,
    "utility": Measures.curve,
    "losses": Measures.curve,
}
COUNTS = {
    "people_covered": Measures.several,
    "share_covered": Measures.several,
    "expected_cover": Measures.one_is_free,
    "reliable_cover": Measures.reliably_free,
}
TIMES = ("travel_time", "total_cost")
"""Measures that count every minute of an answer."""

WITHIN = (
    "people_within", "share_within", "share_of_coverable", "worst_share",
    "people_covered", "share_covered", "expected_cover", "reliable_cover",
)  # fmt: skip
"""Measures that look at the coverage standard."""
