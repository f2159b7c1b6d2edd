"""Why not here: who answers a place, who could, and what covering it costs elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import ModelError, did_you_mean
from siting.figures.outcome import WHOLE, Outcome, after, before
from siting.figures.view import view
from siting.instance.arrays import Ints
from siting.plan import Plan
from siting.reasons.changes import SHARED, Case, case_of
from siting.reasons.interchange import Interchange
from siting.reasons.names import find_place
from siting.reasons.reasons import Facts, reasons
from siting.reasons.records import Answer, WhyNot
from siting.reasons.removal import Loss, with_need
from siting.response import Responses
from siting.result import Progress, Result

SECONDS = 60.0
"""Seconds that solving again may take in all, where nothing else is said."""

FEW = 5
"""Candidates whose additions and swaps are valued where each takes a look at every plan."""

_WAYS = [
    "site_id", "name", "type", "minutes", "cost", "add_change", "add_lacks", "swap_site_id", "swap_name",
    "swap_change",
]  # fmt: skip


def why_not(
    result: Result,
    place: str,
    *,
    service: str | None = None,
    seconds: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> WhyNot:
    """Explain why a place is not covered, or by whom it is.

    Args:
        result: with a plan, of :func:`siting.solve` or opened again.
        place: id or name of a place, whatever the case.
        service: id of a service; None for all that the model looks at.
        seconds: wall seconds that solving again may take in all; None for 60.
        progress: called with every report while it solves again.

    Returns:
        Per service who answers before and after, why that is not in time, the candidates that would do
        it, and the price: the question is solved again with the place covered. With scenarios or
        periods all this is about the first scenario and the last period.

    Raises:
        ModelError: no plan; an unknown or ambiguous place (with the nearest name, or the ids); an
            unknown service; an excluded place.
        SolverError: solving again failed.
    """
    case = case_of(result)
    responses = result.problem.responses
    needs = _needs(responses, find_place(responses.instance, place), service)
    deadline = time.monotonic() + (SECONDS if seconds is None else seconds)
    outcomes = before(responses), after(responses, case.plan)
    answers = [
        _answer(case, int(need), outcomes, (deadline - time.monotonic()) / (len(needs) - number), progress)
        for number, need in enumerate(needs)
    ]
    where = responses.needs.place[needs[0]]
    places = responses.instance.places
    notes = [] if case.exchange is not None else [SHARED]
    if responses.layout.scenarios or responses.layout.periods:
        notes.append("This is about the first scenario and the last period.")
    return WhyNot(str(places.ids[where]), str(places.names[where]), case.goals, tuple(answers), tuple(notes))


def _needs(responses: Responses, place: int, service: str | None) -> Ints:
    """The needs of a place, of one service or all.

    Raises:
        ModelError: it is excluded, or the model does not look at the service.
    """
    settings = responses.settings
    if responses.instance.places.excluded[place]:
        name = responses.instance.places.names[place]
        raise ModelError(f"{name} lies in an area that is excluded: it is in no figure of the plan")
    seen = view(responses)
    mine = seen.need[seen.place == place]
    if service is None:
        return np.asarray(mine)
    known = [settings.services[number].id for number in responses.needs.service[mine]]
    if service not in known:
        raise ModelError(
            f"the model does not look at service {service!r}{did_you_mean(service, known)}; "
            f"it looks at {', '.join(known)}"
        )
    return np.asarray(mine[[known.index(service)]])


def _answer(
    case: Case,
    need: int,
    outcomes: tuple[Outcome, Outcome],
    seconds: float,
    progress: Callable[[Progress], None] | None,
) -> Answer:
    """Everything about one need."""
    responses = case.result.problem.responses
    service = responses.settings.services[responses.needs.service[need]]
    old, new = (_served(responses, outcome, need) for outcome in outcomes)
    covered = new is not None and new["covered"]
    pairs = _coverers(case, need)
    ways = pd.DataFrame(columns=_WAYS)
    price = None
    if not covered:
        ways = _ways(case, pairs)
        if len(ways) and responses.needs.weight[need] > 0:
            price = _price(case, need, with_need(case.result, need, max(0.0, seconds), progress))
    facts = Facts(responses, need, case.plan, old, new, ways)
    return Answer(
        service.id,
        service.title,
        int(responses.needs.people[need]),
        float(responses.needs.standard_ms[need]) / 60_000,
        old,
        new,
        tuple(reasons(facts)),
        ways,
        price,
    )


def _served(responses: Responses, outcome: Outcome, need: int) -> dict[str, Any] | None:
    """Who serves a need, or most of it; covered only if all of it is."""
    rows = np.flatnonzero((outcome.need == need) & outcome.served)
    if not len(rows):
        return None
    share = np.ones(len(rows)) if outcome.share is None else outcome.share[rows]
    main = rows[int(np.argmax(share))]
    option, instance = int(outcome.serves[main]), responses.instance
    if option < responses.options.existing:
        who = str(instance.facilities.ids[option]), str(instance.facilities.names[option])
    else:
        site = responses.options.site[option]
        who = str(instance.sites.ids[site]), str(instance.sites.names[site])
    return {
        "facility": who[0],
        "name": who[1] or who[0],
        "new": option >= responses.options.existing,
        "minutes": round(float(outcome.ms[main]) / 60_000, 3),
        "covered": bool((share * outcome.covered[rows]).sum() >= 1.0 - WHOLE),
    }


def _coverers(case: Case, need: int) -> list[tuple[int, int]]:
    """Candidates (option, ms) that are not opened and would answer a need within its standard."""
    responses = case.result.problem.responses
    row = slice(responses.indptr[need], responses.indptr[need + 1])
    option, ms = responses.option[row], responses.ms[row]
    fits = case.may[option] & (ms <= responses.needs.standard_ms[need])
    found: dict[int, tuple[int, int]] = {}
    for j, time_ms in zip(option[fits].tolist(), ms[fits].tolist(), strict=True):
        found.setdefault(int(responses.options.candidate[j]), (j, time_ms))  # once, whatever the periods
    return list(found.values())


def _ways(case: Case, pairs: list[tuple[int, int]]) -> pd.DataFrame:
    """The candidates with what adding and swapping them would do, the best first."""
    options = case.result.problem.responses.options
    few = len(pairs) if isinstance(case.exchange, Interchange) else FEW
    rows = []
    for number, (option, ms) in enumerate(pairs):
        row = {**case.named(option), "minutes": round(ms / 60_000, 3), "cost": float(options.cost[option])}
        row |= {"add_change": math.nan, "add_lacks": "", "swap_site_id": "", "swap_name": ""}
        row["swap_change"] = math.nan
        if case.exchange is not None and number < few:
            row |= _by_adding(case, option) | _by_swapping(case, option)
        rows.append(row)
    table = pd.DataFrame(rows, columns=_WAYS)
    first = np.where(table["add_lacks"] == "", table["add_change"], table["swap_change"].astype(float))
    order = np.lexsort((table["minutes"], -np.nan_to_num(first.astype(float), nan=-np.inf)))
    return table.iloc[order].reset_index(drop=True)


def _by_adding(case: Case, option: int) -> dict[str, Any]:
    assert case.exchange is not None
    change, broken = case.exchange.add_one(option)
    gain = math.nan if np.isnan(change).any() else -case.losses(change)[0] + 0.0
    return {"add_change": gain, "add_lacks": "; ".join(str(one) for one in broken)}


def _by_swapping(case: Case, option: int) -> dict[str, Any]:
    assert case.exchange is not None
    options, opened = case.result.problem.responses.options, case.plan.opened
    changes = case.exchange.swap_in(option)
    changes[:, options.required[opened]] = -np.inf
    best = case.best(changes)
    if best < 0:
        return {}
    out = case.named(int(opened[best]))
    gain = -case.losses(changes[:, best])[0] + 0.0
    return {"swap_site_id": out["site_id"], "swap_name": out["name"], "swap_change": gain}


def _price(case: Case, need: int, loss: Loss) -> dict[str, Any]:
    """What covering a need costs, and whom, everything else chosen anew."""
    price: dict[str, Any] = {"at_least": loss.at_least, "at_most": loss.at_most, "proof": loss.proof}
    price |= {"opens": (), "drops": (), "people_lost": None, "people_gained": None}
    if loss.plan is None:
        return price
    options = case.result.problem.responses.options
    old, new = options.candidate[case.plan.opened], options.candidate[loss.plan.opened]
    price["opens"] = _names(case, loss.plan.opened[~np.isin(new, old)])
    price["drops"] = _names(case, case.plan.opened[~np.isin(old, new)])
    lost, gained = _moved(case.result.problem.responses, case.plan, loss.plan, need)
    return price | {"people_lost": lost, "people_gained": gained}


def _names(case: Case, options: Ints) -> tuple[str, ...]:
    return tuple(
        f"{one['name'] or one['site_id']} ({one['type']})" for one in map(case.named, options.tolist())
    )


def _moved(responses: Responses, old: Plan, new: Plan, need: int) -> tuple[int, int]:
    """People covered by the old plan and not the new one, and the other way round, once per service.

    The need itself is in neither; of needs that several share every part counts by itself.
    """
    seen = np.zeros(len(responses.needs.place), dtype=bool)
    seen[view(responses).need] = True
    seen[need] = False
    parts = []
    for plan in (old, new):
        outcome = after(responses, plan)
        inside = outcome.parts(responses.needs.people.astype(np.float64)) * outcome.covered
        parts.append(np.bincount(outcome.need, weights=inside, minlength=len(seen)) * seen)
    change = parts[1] - parts[0]
    return round(float(-change[change < 0].sum())), round(float(change[change > 0].sum()))
