"""What a model file looks at, worked out from tables: needs, options, minutes, and every plan there is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.instance.arrays import Flags, Floats, Ints
from tests.catalogue.instances import AREAS, KINDS, PAYERS, PERIODS, SCENARIOS, Tables
from tests.catalogue.roads import Ways

COUNTING = ("people_covered", "share_covered", "expected_cover", "reliable_cover", "units_open")
"""Measures under which every facility counts, and a second unit at a site does more than the first."""


@dataclass(frozen=True)
class Need:
    """A service somewhere, in a scenario and a period."""

    place: Mapping[str, Any]
    service: str
    scenario: str | None
    period: int
    factor: float
    weight: float
    standard_ms: int
    distance_m: int


@dataclass(frozen=True)
class Option:
    """An existing facility or a candidate."""

    site: str
    type: str
    cost: float
    units: int
    capacity: float
    closable: bool
    saving: float
    usable: bool
    required: bool
    replaces: int
    areas: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Plans:
    """S plans over C candidates and F existing facilities.

    Attributes:
        units: (S, C) units opened.
        period: (S, C) in which period; 0 for what is not opened.
        closed: (S, F) existing facilities that are closed.
    """

    units: Ints
    period: Ints
    closed: Flags

    def __len__(self) -> int:
        return len(self.units)

    def only(self, which: Any) -> Plans:
        """Some of them."""
        return Plans(self.units[which], self.period[which], self.closed[which])


class World:
    """One model file on some tables.

    Attributes:
        raw: the model file.
        needs: scenario by scenario, period by period, service by service, places in order.
        existing: number of existing facilities, which come first among the options.
        options: existing facilities, then candidates.
        ms: (N, M) after how many ms an option answers a need, infinite where it does not.
        covers: (N, M) whether it does so within the standard, by the rule of the model.
    """

    def __init__(self, raw: Mapping[str, Any], tables: Tables, numbers: Mapping[str, Any]) -> None:
        self.raw, self.tables, self._numbers = raw, tables, numbers
        self.ways = Ways(tables)
        self.across = raw.get("across", [])
        self.serve = raw.get("serve", "nearest")
        self.closing = raw.get("existing", "stay") == "closable"
        self.uses = [goal for goal, _ in self.goals()] + list(raw.get("limits", []))
        self.every = self.serve != "nearest" or any(use["measure"] in COUNTING for use in self.uses)
        self.periods = list(PERIODS) if "period" in self.across else [None]
        self.services = self._services()
        self.needs = self._needs()
        old = [self._old(row) for row in tables.rows("facilities")]
        self.existing = len(old)
        self.options = old + [self._new(row) for row in tables.rows("candidates")]
        self.ms, metres = self._answers()
        self.covers = self._covered(metres)

    # -- the model file ---------------------------------------------------------------------

    def goals(self) -> list[tuple[Mapping[str, Any], bool]]:
        """Objectives in order, and whether each is maximized."""
        entries = [self.raw, *self.raw.get("then", [])]
        return [(one.get("maximize") or one["minimize"], "maximize" in one) for one in entries]

    def number(self, value: Any, member: str | None = None) -> float:
        """A number of the model file, or of a parameter (for a member of its group)."""
        if not isinstance(value, str):
            return float(value)
        name = value[1:]
        given = self._numbers.get(name)
        if isinstance(given, Mapping):
            return float(given[member])
        if given is not None:
            return float(given)
        if name == "new":
            return float(self.tables.settings["types"][member]["new"])
        if name == "means":
            areas = {(row["level"], row["area_id"]): row for row in self.tables.rows("areas")}
            return float(areas["community", member].get("means", math.inf))
        return float(self.raw["parameters"][name]["default"])

    def members(self, group: str | None) -> list[str | None]:
        """Of whom a limit wants one each."""
        if group is None:
            return [None]
        if group == "type":
            new = {one.type for one in self.options[self.existing :]}
            return [kind for kind in self.tables.settings["types"] if kind in new and self._may_open(kind)]
        given = {"scenario": SCENARIOS, "period": PERIODS, "payer": PAYERS, "kind": KINDS, **AREAS}
        return list(self.services) if group == "service" else list(given[group])

    # -- needs and options ------------------------------------------------------------------

    def _services(self) -> dict[str, float]:
        """Weight of every service that counts; where it is named, a weight of 0 is taken for 1."""
        every = self.tables.settings["services"]
        named = self.raw.get("services", [name for name, one in every.items() if one["weight"] > 0])
        return {name: one["weight"] or 1.0 for name, one in every.items() if name in named}

    def _needs(self) -> list[Need]:
        settings = self.tables.settings
        scenarios = SCENARIOS if "scenario" in self.across else [None]
        needs = []
        for scenario, (number, period), service, place in itertools.product(
            scenarios, enumerate(self.periods), self.services, self.tables.rows("places")
        ):
            factor = settings["scenarios"][scenario]["probability"] if scenario else 1.0
            factor *= settings["periods"][period]["weight"] if period else 1.0
            rules = settings["services"][service]
            needs.append(
                Need(
                    place, service, scenario, number, factor,
                    place["population"] * self.services[service] * factor,
                    60_000 * rules["standard"][place["kind"]],
                    round(1000 * rules["distance"][place["kind"]]),
                )
            )  # fmt: skip
        return needs

    def _areas(self, site: str) -> dict[str, str]:
        row = next((row for row in self.tables.rows("places") if row["place_id"] == site), {})
        return {level: row.get(level, "") for level in AREAS}

    def _old(self, row: Mapping[str, Any]) -> Option:
        kind = self.tables.settings["types"][row["type"]]
        return Option(
            row["site"], row["type"], 0.0, row["units"],
            row.get("capacity", kind.get("capacity", math.inf)),
            bool(row["closable"]) and self.closing,
            row.get("saving", kind.get("saving", 0.0)), True, False, -1, self._areas(row["site"]),
        )  # fmt: skip

    def _may_open(self, kind: str) -> bool:
        """Whether facilities of a type may be opened: it is named, and provides a service that counts."""
        provides = self.tables.settings["types"][kind]["provides"]
        return kind in self.raw.get("types", [kind]) and bool(set(provides) & set(self.services))

    def _new(self, row: Mapping[str, Any]) -> Option:
        kind = self.tables.settings["types"][row["type"]]
        usable = self._may_open(row["type"]) and row["status"] != "forbidden"
        usable &= not (self.every and "replaces" in row)  # it would count beside what it replaces
        ids = [one["facility_id"] for one in self.tables.rows("facilities")]
        return Option(
            row["site"], row["type"], row["cost"],
            int(row.get("units", kind.get("units", 1))) if self.every else 1,
            row.get("capacity", kind.get("capacity", math.inf)),
            False, 0.0, usable, usable and row["status"] == "required",
            ids.index(row["replaces"]) if "replaces" in row else -1, self._areas(row["site"]),
        )  # fmt: skip

    # -- who answers whom -------------------------------------------------------------------

    def _answers(self) -> tuple[Floats, Floats]:
        """(N, M) ms and metres from option to need, infinite where it does not answer."""
        ms, metres = np.full((2, len(self.needs), len(self.options)), np.inf)
        for i, need in enumerate(self.needs):
            vehicle = self.tables.settings["services"][need.service].get("vehicle_factor", 1.0)
            times, ways = self.ways.ms(need.scenario, vehicle), self.ways.metres(need.scenario)
            for j, option in enumerate(self.options):
                provides = self.tables.settings["types"][option.type]["provides"]
                lost = self.ways.lost(option.site, need.scenario)
                if lost or not option.usable or need.service not in provides:
                    continue
                to = need.place["place_id"]
                if to in times[option.site]:
                    ms[i, j] = 60_000 * provides[need.service] + times[option.site][to]
                    metres[i, j] = ways[option.site][to]
        return ms, metres

    def _covered(self, metres: Floats) -> Flags:
        standard = np.array([need.standard_ms for need in self.needs])[:, None]
        near = metres <= np.array([need.distance_m for need in self.needs])[:, None]
        soon = self.ms <= standard
        rules = {"minutes": soon, "km": near, "both": soon & near, "either": soon | near}
        return rules[self.raw.get("standard", "minutes")]

    # -- plans ------------------------------------------------------------------------------

    def plans(self) -> Plans:
        """Every plan, limits of the model or not."""
        new = self.options[self.existing :]
        shut = [(False, True) if one.closable else (False,) for one in self.options[: self.existing]]
        ways = [self._ways(one) for one in new]
        chosen = np.array(list(itertools.product(*ways)), dtype=np.int32).reshape(-1, len(new), 2)
        closed = np.array(list(itertools.product(*shut)), dtype=bool).reshape(-1, self.existing)
        one, other = np.divmod(np.arange(len(chosen) * len(closed)), len(closed))
        plans = Plans(chosen[one, :, 0], chosen[one, :, 1], closed[other])
        for facility in range(self.existing):
            upgrades = [j for j, option in enumerate(new) if option.replaces == facility]
            room = np.where(plans.closed[:, facility], 0, 1)
            plans = plans.only((plans.units[:, upgrades] > 0).sum(axis=1) <= room)
        return plans

    def _ways(self, option: Option) -> list[tuple[int, int]]:
        """(units, period) in which a candidate may be opened; (0, 0) where it need not be."""
        if not option.usable:
            return [(0, 0)]
        if option.required:
            return [(units, 0) for units in range(1, option.units + 1)]
        found = itertools.product(range(1, option.units + 1), range(len(self.periods)))
        return [(0, 0), *found]

    def open_units(self, plans: Plans, period: int) -> Ints:
        """(S, M) units open in a period; a replaced facility answers no sooner than what replaces it."""
        old = np.array([one.units for one in self.options[: self.existing]], dtype=np.int32)
        standing = np.where(plans.closed, 0, old)
        there = np.where(plans.period <= period, plans.units, 0)
        return np.concatenate([standing, there], axis=1)

    def open_by_need(self, plans: Plans) -> Ints:
        """(S, N, M) units open for every need."""
        by_period = [self.open_units(plans, period) for period in range(len(self.periods))]
        return np.stack([by_period[need.period] for need in self.needs], axis=1)

    def response(self, plans: Plans) -> Floats:
        """(S, N) ms of the first to answer, infinite where nobody does."""
        return np.where(self.open_by_need(plans) > 0, self.ms, np.inf).min(axis=2)
