"""Bundled models with limits beside their own, models composed of several, and plans in siting's words."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

import numpy as np

from siting.instance import Instance
from siting.model import Model, load_model, parse_model
from siting.plan import Plan, Shares
from siting.problem import Problem, bind
from tests.catalogue.instances import Tables, numbers, tables
from tests.catalogue.measures import NEED_SUMS
from tests.catalogue.oracle import Oracle
from tests.catalogue.world import Plans

EXTRA = (
    '{ measure = "cost", at_most = %(money)s }',
    '{ measure = "sites_open", region = "n", at_most = 1 }',
    '{ measure = "sites_open", each = "region", at_most = 2 }',
    '{ measure = "share_within", region = "s", at_least = %(share)s }',
    '{ measure = "share_within", each = "kind", at_least = %(share)s }',
    '{ measure = "people_within", at_least = %(people)s }',
)
"""Limits that any model may have beside its own."""

HEAD = 'title = "t"\nquestion = "q"\nsource = "s"\n'
BY_TYPE = '[parameters]\nbusy = { unit = "of 1", each = "type", about = "busy share" }\n'
COMPOSED = {
    "backed_up_in_winter": """
        across = ["scenario"]
        maximize = { measure = "share_covered", times = 2, kind = "village" }
        then = [{ minimize = { measure = "losses", points = [[4, 0], [20, 1]] } }]
        limits = [
            { measure = "sites_open", at_most = 3 },
            { measure = "people_covered", times = 2, scenario = "winter", at_least = 20 },
        ]""",
    "closing_in_winter": """
        across = ["scenario"]
        existing = "closable"
        maximize = { measure = "worst_share", by = "kind" }
        then = [{ minimize = { measure = "cost", moving = 0.5 } }]
        limits = [
            { measure = "sites_added", each = "region", at_most = 1 },
            { measure = "sites_closed", at_most = 2 },
            { measure = "cost", payer = ["state", "partners"], at_most = 5 },
        ]""",
    "closing_with_crews": """
        existing = "closable"
        maximize = { measure = "people_covered", times = 2, minutes = 15 }
        then = [{ minimize = { measure = "travel_time", per = "fires", unserved = 30 } }]
        limits = [{ measure = "sites_added", at_most = 1 }, { measure = "cost", at_most = 9 }]""",
    "closing_for_less": """
        existing = "closable"
        minimize = { measure = "cost", moving = 0.2 }
        limits = [{ measure = "share_of_coverable", at_least = 0.6 }]""",
    "closing_the_gap": """
        existing = "closable"
        minimize = { measure = "worst_time" }
        limits = [{ measure = "sites_added", at_most = 0 }]""",
    "busy_by_type": """
        maximize = { measure = "expected_cover", busy = "$busy", crews = 2 }
        limits = [{ measure = "sites_open", at_most = 3 }, { measure = "cost", at_most = 9 }]
        """
    + BY_TYPE,
    "reliable_by_type": """
        maximize = { measure = "reliable_cover", busy = "$busy", reliability = 0.8 }
        limits = [{ measure = "sites_open", at_most = 3 }, { measure = "cost", at_most = 9 }]
        """
    + BY_TYPE,
    "near_in_winter": """
        across = ["scenario"]
        standard = "km"
        maximize = { measure = "people_within" }
        limits = [{ measure = "sites_open", at_most = 2 }]""",
    "near_by_then": """
        across = ["period"]
        standard = "either"
        maximize = { measure = "worst_share", by = "period" }
        then = [{ maximize = { measure = "people_within" } }]
        limits = [{ measure = "sites_open", each = "period", at_most = 1 }]""",
    "rollout_of_levels_in_winter": """
        services = ["policing"]
        across = ["scenario", "period"]
        maximize = { measure = "people_within" }
        limits = [
            { measure = "stranded", at_most = 0 },
            { measure = "cost", each = "period", at_most = 6 },
            { measure = "too_close", minutes = 2, at_most = 0 },
            { measure = "share_within", each = "scenario", at_least = 0.2 },
        ]""",
    "rollout_of_crews": """
        across = ["period"]
        services = ["fire_rescue"]
        maximize = { measure = "expected_cover", busy = 0.4 }
        limits = [{ measure = "units_open", each = "period", at_most = 2 }]""",
    "the_longest_waits_by_region": """
        minimize = { measure = "tail_time", tail = 0.3, unserved = 25, region = "n" }
        then = [
            { minimize = { measure = "tail_time", tail = 0.5, unserved = 25 } },
            { minimize = { measure = "cost" } },
        ]
        limits = [
            { measure = "sites_open", each = "district", at_most = 1 },
            { measure = "worst_time", service = "fire_rescue", at_most = 40 },
        ]""",
    "fewest_stranded": """
        services = ["policing"]
        minimize = { measure = "stranded" }
        then = [{ minimize = { measure = "cost" } }]
        limits = [{ measure = "people_within", at_least = 300 }, { measure = "sites_open", at_least = 2 }]""",
    "fewest_too_close": """
        minimize = { measure = "too_close", minutes = 8 }
        then = [{ maximize = { measure = "utility", per = "places", points = [[3, 2], [9, 1], [15, 0.5]] } }]
        limits = [{ measure = "sites_open", each = "type", at_least = 1, at_most = 2 }]""",
    "split_over_periods": """
        across = ["period"]
        services = ["community_officer"]
        serve = "split"
        maximize = { measure = "utility", points = [[2, 1], [9, 0]] }
        limits = [{ measure = "units_open", each = "period", at_most = 2 }]""",
    "split_in_winter": """
        across = ["scenario"]
        services = ["community_officer"]
        existing = "closable"
        serve = "split"
        minimize = { measure = "cost" }
        limits = [{ measure = "people_within", at_least = 150 }]""",
    "nobody_need_be_served": """
        services = ["community_officer"]
        serve = "split"
        minimize = { measure = "cost" }
        limits = [{ measure = "units_open", each = "region", at_least = 1 }]""",
    "one_for_each_in_winter": """
        across = ["scenario"]
        existing = "closable"
        serve = "single"
        services = ["fire_rescue"]
        maximize = { measure = "people_within" }
        limits = [
            { measure = "sites_added", at_most = 0 },
            { measure = "share_within", each = "scenario", at_least = 0.2 },
        ]""",
    "closing_for_those_who_wait": """
        across = ["scenario"]
        existing = "closable"
        minimize = { measure = "tail_time", tail = 0.4, unserved = 18 }
        then = [{ maximize = { measure = "sites_closed" } }, { minimize = { measure = "cost" } }]
        limits = [
            { measure = "sites_added", at_most = 0 },
            { measure = "worst_share", by = "region", worst = 2, at_least = 0.2 },
        ]""",
    "closing_within_both_standards": """
        standard = "both"
        existing = "closable"
        minimize = { measure = "cost" }
        then = [{ maximize = { measure = "share_of_coverable", kind = "village" } }]
        limits = [{ measure = "share_of_coverable", each = "region", at_least = 0.5 }]""",
    "rollout_of_spaced_levels": """
        across = ["period"]
        minimize = { measure = "too_close", minutes = 7 }
        then = [
            { maximize = { measure = "worst_share", by = "kind", worst = 2 } },
            { minimize = { measure = "stranded", period = "second" } },
        ]
        limits = [{ measure = "sites_open", at_least = 2, at_most = 3 }]""",
    "waiting_at_a_price": """
        maximize = { measure = "people_within" }
        then = [{ minimize = { measure = "total_cost", rate = 0.004, unserved = 25, per = "places" } }]
        limits = [{ measure = "sites_open", at_most = 3 }]""",
    "closing_at_a_price_in_winter": """
        across = ["scenario"]
        existing = "closable"
        minimize = { measure = "total_cost", rate = 0.002, unserved = 30 }
        then = [{ minimize = { measure = "sites_closed" } }]
        limits = [{ measure = "sites_closed", at_most = 2 }]""",
    "served_by_one_at_a_price": """
        services = ["policing"]
        serve = "single"
        minimize = { measure = "total_cost", rate = 0.01 }
        limits = [{ measure = "sites_open", at_most = 4 }]""",
    "split_at_a_price": """
        services = ["community_officer"]
        serve = "split"
        minimize = { measure = "total_cost", rate = 0.003, unserved = 20 }
        limits = [{ measure = "cost", at_most = 9 }]""",
    "everybody_served_by_one": """
        services = ["policing"]
        serve = "single"
        minimize = { measure = "travel_time", per = "places" }
        limits = [{ measure = "cost", at_most = 12 }]""",
}
"""Questions made up of what single models ask for."""


def text_of(name: str) -> str:
    """The model file of a bundled or a composed question."""
    return HEAD + COMPOSED[name] if name in COMPOSED else load_model(name).text


@cache
def drawn(seed: int, places: int, most: int) -> tuple[Tables, Instance]:
    """Random tables and their instance, the same for every model."""
    found = tables(np.random.default_rng(seed), places, most)
    return found, found.instance()


class Question:
    """A model on a random instance, as siting's problem and as an oracle's.

    Attributes:
        tables, instance, numbers: what is random.
        model: the question.
        oracle: of the tables.
    """

    def __init__(self, name: str, seed: int) -> None:
        rng = np.random.default_rng([seed, sum(name.encode())])
        text = text_of(name)
        raw = tomllib.loads(text)
        serve = raw.get("serve", "nearest")
        several = "period" in raw.get("across", []) or serve != "nearest"
        self.tables, self.instance = drawn(seed, 4 if serve != "nearest" else 5, 2 if several else 3)
        every = numbers(rng, self.tables)
        busy = {"type": {kind: 0.1 + 0.1 * (n % 4) for n, kind in enumerate(self.tables.settings["types"])}}
        self.numbers: dict[str, Any] = {
            key: busy.get(entry.get("each"), every.get(key)) if key == "busy" else every[key]
            for key, entry in raw.get("parameters", {}).items()
            if key in every
        }
        if rng.random() < 0.5:
            text = with_limits(text, rng, int(rng.integers(1, 3)))
        self.model: Model = parse_model(text, name, f"{name}.toml")
        self.oracle = Oracle(tomllib.loads(text), self.tables, self.numbers)

    def problem(self) -> Problem:
        """The question bound to the instance."""
        return bind(self.instance, self.model, self.given())

    def given(self) -> dict[str, Any]:
        """The numbers, for members of groups that the model knows."""
        numbers = dict(self.numbers)
        if isinstance(busy := numbers.get("busy"), dict):
            known = self.oracle.members(each := self.model.parameters["busy"].each)
            if each == "type":  # crews may be busy whether new ones may be opened or not
                provides = {key: kind["provides"] for key, kind in self.tables.settings["types"].items()}
                known = [key for key, those in provides.items() if set(those) & set(self.oracle.services)]
            numbers["busy"] = {key: value for key, value in busy.items() if key in known}
        return numbers

    def plan(self, problem: Problem, plans: Plans, which: int, shares: np.ndarray | None = None) -> Plan:
        """One of an oracle's plans in siting's words."""
        options = problem.responses.options
        count = plans.units.shape[1]
        new = np.flatnonzero(plans.units[which])
        opened = options.existing + count * plans.period[which, new] + new
        order = np.argsort(opened)
        opened, units = opened[order].astype(np.int32), plans.units[which, new][order]
        closed = np.flatnonzero(plans.closed[which]).astype(np.int32)
        if shares is None:
            return Plan(opened, *problem.responses.serve(opened, closed), units, closed)
        need, option = np.nonzero(shares > 1e-9)
        ms = self.oracle.ms[need, option].astype(np.int32)
        # An option of the oracle is a candidate, whenever it is opened.
        name = option.copy()
        late = option >= options.existing
        name[late] += count * plans.period[which, option[late] - options.existing]
        serves = np.full(len(shares), -1, dtype=np.int32)
        times = np.zeros(len(shares), dtype=np.int32)
        most = shares.argmax(axis=1)
        for i, j, to in zip(need, option, name, strict=True):
            if most[i] == j:
                serves[i], times[i] = to, self.oracle.ms[i, j]
        split = self.oracle.serve == "split"
        told = (
            Shares(need.astype(np.int32), name.astype(np.int32), shares[need, option], ms) if split else None
        )
        return Plan(opened, serves, times, units, closed, told)

    def of_oracle(self, problem: Problem, plan: Plan) -> tuple[Plans, np.ndarray | None]:
        """The other way: a plan as an oracle's, and who serves whom where that is decided."""
        options, count = problem.responses.options, len(self.oracle.options) - self.oracle.existing
        units, period = np.zeros((2, 1, count), dtype=np.int32)
        row = options.candidate[plan.opened]
        units[0, row], period[0, row] = plan.units, options.period[plan.opened]
        closed = np.zeros((1, self.oracle.existing), dtype=bool)
        closed[0, plan.closed] = True
        if self.oracle.serve == "nearest":
            return Plans(units, period, closed), None
        shares = np.zeros((len(plan.serves), len(self.oracle.options)))
        need, option, share = np.flatnonzero(plan.serves >= 0), plan.serves[plan.serves >= 0], 1.0
        if plan.shares is not None:
            need, option, share = plan.shares.need, plan.shares.option, plan.shares.share
        old = option < options.existing
        shares[need, np.where(old, option, options.existing + options.candidate[option])] = share
        return Plans(units, period, closed), shares

    def achieved(self, use: Any, plans: Plans, shares: np.ndarray | None, member: Any = None) -> float:
        """The oracle's value of one plan."""
        if shares is not None and use["measure"] in NEED_SUMS:
            return self.oracle.assigned_value(use, shares, member) + float(self.oracle.paid(use, plans)[0])
        return float(self.oracle.value(use, plans, member)[0])


def with_limits(text: str, rng: np.random.Generator, count: int) -> str:
    """A model file with some limits more."""
    chosen = rng.choice(len(EXTRA), count, replace=False)
    numbers = {
        "money": round(float(rng.uniform(4, 15)), 1),
        "share": round(float(rng.uniform(0.1, 0.8)), 2),
        "people": int(rng.integers(50, 900)),
    }
    entries = "".join(f"\n    {EXTRA[number] % numbers}," for number in chosen)
    start = text.index("[", text.index("limits ")) + 1
    return text[:start] + entries + text[start:]
