"""Plans side by side: what another question, budget or model would change, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import PlanError
from siting.figures.assignments import option_ids
from siting.plan import Plan
from siting.result import Result
from siting.studies.changes import (
    decisions_changed,
    needs_changed,
    people_changed,
    places_changed,
    with_change,
)
from siting.studies.differences import differences

_OBJECTIVES = ("measure", "sense", "unit", "value_base", "value", "difference", "verdict")
_LIMITS = ("measure", "unit", "value_base", "value", "at_least_base", "at_least", "at_most_base", "at_most")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plans compared with the first of them, which the columns that end in ``_base`` are about.

    Every table but ``plans`` begins with a column ``plan``, the name of the plan that is compared with
    the first. Figures about people are those of summary.json: of the first scenario and the last period, a
    person counting once per service, and ``in_all`` with the weights of the services.

    Attributes:
        names: of the plans, the first being the base.
        currency: of the first plan's instance.
        minutes: what its minutes are called: ``min``, or ``equivalent min`` under a standard in kilometres.
        differs: per plan but the first, in what its question differs from that of the first.
        plans: one row per plan: status, objective, bound, gap, facilities, money, people.
        objectives: per objective its values, and whether the plan is better in it.
        people, regions, districts: people within the standard and minutes, see
            :func:`siting.studies.changes.people_changed`.
        sites: see :func:`siting.studies.changes.decisions_changed`.
        places: needs in which something changes, see :func:`siting.studies.changes.places_changed`.
        limits: what the limits are about, what the plans use of it, and what they may.
        needs: every need of the plans, see :func:`siting.studies.changes.needs_changed`, with its ``change``.
        results: the plans themselves.
    """

    names: tuple[str, ...]
    currency: str
    minutes: str
    differs: tuple[tuple[str, ...], ...]
    plans: pd.DataFrame
    objectives: pd.DataFrame
    people: pd.DataFrame
    regions: pd.DataFrame
    districts: pd.DataFrame
    sites: pd.DataFrame
    places: pd.DataFrame
    limits: pd.DataFrame
    needs: pd.DataFrame
    results: tuple[Result, ...]

    @property
    def same(self) -> bool:
        """Whether all plans open and close the same, and nobody is served otherwise."""
        return bool((self.sites["status"] == "kept").all()) and not len(self.places)


def compare(*results: Result, names: Sequence[str] = ()) -> Comparison:
    """Compare plans with the first of them.

    Plans of different instances are matched by the ids of places, services, sites and facilities;
    what differs in data, model and numbers is in ``differs``.

    Args:
        results: two or more, each with a plan.
        names: of the plans; by default ``plan 1``, ``plan 2``...

    Raises:
        PlanError: fewer than two results, one without a plan, names that do not fit, or nothing in
            common: no place and service that a plan and the first both know.
    """
    called = _names(results, names)
    base, *others = results
    tables: dict[str, list[pd.DataFrame]] = {}
    differs = []
    for name, other in zip(called[1:], others, strict=True):
        needs = with_change(needs_changed(base, other))
        if not (needs["_merge"] == "both").any():
            raise PlanError(f"{name}: has no place and service in common with {called[0]}")
        services = _services(base, other)
        found = {
            "objectives": _objectives(base, other),
            "people": people_changed(needs, None, services),
            "regions": people_changed(needs, "region", services),
            "districts": people_changed(needs, "district", services),
            "sites": decisions_changed(base, other),
            "places": places_changed(needs),
            "limits": _limits(base, other),
            "needs": needs,
        }
        for key, table in found.items():
            table.insert(0, "plan", name)
            tables.setdefault(key, []).append(table)
        differs.append(tuple(differences(base, other)))
    whole = {key: pd.concat(parts, ignore_index=True) for key, parts in tables.items()}
    plans = pd.DataFrame([_plan(name, result) for name, result in zip(called, results, strict=True)])
    minutes = "min" if base.problem.responses.layout.standard == "minutes" else "equivalent min"
    currency = base.problem.instance.settings.currency
    return Comparison(called, currency, minutes, tuple(differs), plans, results=results, **whole)


def _names(results: Sequence[Result], names: Sequence[str]) -> tuple[str, ...]:
    """A name of its own for every plan.

    Raises:
        PlanError: see :func:`compare`.
    """
    if len(results) < 2:
        raise PlanError(f"a comparison takes two plans or more, and there are {len(results)}")
    called = list(names) or [f"plan {number}" for number in range(1, len(results) + 1)]
    if len(called) != len(results):
        raise PlanError(f"there are {len(called)} names and {len(results)} plans; expected: a name for each")
    bare = [
        f"{name}: there is no plan to compare: {result.status.value}"
        for name, result in zip(called, results, strict=True)
        if result.plan is None
    ]
    if bare:
        raise PlanError(bare)
    seen: dict[str, int] = {}
    for number, name in enumerate(called):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            called[number] = f"{name} ({seen[name]})"
    return tuple(called)


def _services(base: Result, other: Result) -> list[str]:
    """Ids of the services that either plan counts, in the order of the settings."""
    tables = [result.problem.responses for result in (base, other)]
    counted = {
        table.settings.services[number].id
        for table in tables
        for number in table.layout.weights(table.settings)
    }
    known = dict.fromkeys(service.id for table in tables for service in table.settings.services)
    return [service for service in known if service in counted]


def _plan(name: str, result: Result) -> dict[str, Any]:
    """One plan in a row."""
    summary = result.summary
    in_all, first = summary["in_all"], result.achieved[0]
    kinds = summary["facilities"].values()
    return {
        "plan": name,
        "instance": summary["instance"]["name"],
        "model": summary["model"]["name"],
        "status": summary["status"],
        "measure": first.measure,
        "objective": first.value,
        "bound": np.nan if first.bound is None else first.bound,
        "gap": np.nan if first.gap is None else first.gap,
        "sites": sum(kind["new"] for kind in kinds),
        "closed": sum(kind.get("closed", 0) for kind in kinds),
        "spent": summary["money"]["spent"],
        "saved": summary["money"].get("saved", 0.0),
        "population": in_all["population"],
        "population_within_every_standard": in_all["population_within_every_standard"]["after"],
        "share_in_all": _known(in_all["after"]["share"]),
        "mean_minutes_in_all": _known(in_all["after"]["mean_minutes"]),
    }


def _known(value: float | None) -> float:
    return np.nan if value is None else value


def _objectives(base: Result, other: Result) -> pd.DataFrame:
    """The objectives of both plans, each plan valued under the other's question where that can be done."""
    old, new = ({(one.measure, one.maximize): one for one in found.achieved} for found in (base, other))
    here, there = _valued(base, other), _valued(other, base)
    rows = []
    for key in {**old, **new}:
        known = old.get(key) or new[key]
        one, two = (
            found[key].value if key in found else valued.get(key, np.nan)
            for found, valued in ((old, there), (new, here))
        )
        sense = "maximize" if known.maximize else "minimize"
        verdict = _verdict(one, two, known.maximize)
        rows.append((known.measure, sense, known.unit, one, two, two - one, verdict))
    return pd.DataFrame(rows, columns=list(_OBJECTIVES))


def _valued(asked: Result, answered: Result) -> dict[tuple[str, bool], float]:
    """The objectives of one question for the plan of another.

    Nothing where that plan says more than what is open, or its facilities are not the same options.
    """
    question, plan = asked.problem.responses, answered.plan
    assert plan is not None
    layouts = question.layout, answered.problem.responses.layout
    if any(one.serve != "nearest" for one in layouts) or layouts[0].periods != layouts[1].periods:
        return {}
    if not np.array_equal(option_ids(question), option_ids(answered.problem.responses)):
        return {}
    if not question.options.usable[plan.opened].all() or not question.options.closable[plan.closed].all():
        return {}
    if len(plan.closed) and not question.layout.closing:
        return {}
    found = Plan(plan.opened, *question.serve(plan.opened, plan.closed), plan.units, plan.closed)
    return {(goal.term.label, goal.maximize): goal.term.value(found) for goal in asked.problem.objectives}


def _verdict(one: float, two: float, maximize: bool) -> str:
    """``better``, ``worse`` or ``same``; empty where one of the values is not known."""
    if np.isnan(one) or np.isnan(two):
        return ""
    if np.isclose(one, two, rtol=1e-9, atol=0):
        return "same"
    return "better" if (two > one) == maximize else "worse"


def _limits(base: Result, other: Result) -> pd.DataFrame:
    """What the limits of either question are about, with both values and both sides."""
    columns = ["measure", "unit", "value", "at_least", "at_most"]
    tables = [
        pd.DataFrame(
            [
                (limit.term.label, limit.term.unit, limit.term.value(result.plan), limit.low, limit.high)
                for limit in result.problem.limits
                if result.plan is not None
            ],
            columns=columns,
        ).groupby(["measure", "unit"], as_index=False, sort=False).agg(
            {"value": "first", "at_least": "max", "at_most": "min"}
        )
        for result in (base, other)
    ]  # fmt: skip
    both = tables[0].merge(tables[1], on=["measure", "unit"], how="outer", suffixes=("_base", ""), sort=False)
    both = both.replace([np.inf, -np.inf], np.nan)
    return both[list(_LIMITS)]
