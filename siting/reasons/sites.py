"""Why here: every recommended site against today, against the plan without it, and against others."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from siting.instance.arrays import Floats, Ints
from siting.instance.decisions import Named
from siting.plan import Status
from siting.reasons.binding import Partakers, binding
from siting.reasons.changes import SHARED, Case, case_of, suffixed
from siting.reasons.interchange import Interchange
from siting.reasons.names import find_opened
from siting.reasons.people import Use, use_of
from siting.reasons.records import Explanation
from siting.reasons.removal import Loss, bounds_without, without_site
from siting.reasons.revalue import MOST
from siting.result import Progress, Result

SECONDS = 60.0
"""Seconds that solving again may take in all, where nothing else is said."""

SMALL = 20_000
"""Response times x sites up to which removals are solved again for every site."""

ELSEWHERE = "other sites"
"""What is as good as a site whose removal costs nothing, where no single swap is."""


def explain(
    result: Result,
    sites: Iterable[Named] | str | None = None,
    *,
    seconds: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Explanation:
    """Explain why each recommended site is where it is.

    Args:
        result: with a plan, of :func:`siting.solve` or opened again.
        sites: sites to explain, by id, (site id, type id) or name; None for all. What removing them
            loses is solved again for sites that are named and for very small questions, else bounded.
        seconds: wall seconds that solving again may take in all; None for 60.
        progress: called with every report while it solves again.

    Returns:
        One row per site, in the order of sites.csv: ``site_id``, ``name``, ``type``;
        ``people_newly_covered``, as in sites.csv; ``people_uniquely_covered``, who are covered, and would
        not be if this site alone were dropped and nobody else moved; ``person_minutes_saved`` against
        today, over needs that somebody answered, and ``person_minutes_saved_alone`` against the plan
        without it, over needs that somebody else would answer; ``people_reached_alone``, whom nobody else
        would answer. People count once per site, person-minutes once per service.
        ``drop_loss``: what dropping it costs, nobody else moved. ``runner_up``, ``runner_up_name``,
        ``runner_up_type``: the best other candidate in its place within the limits, and ``swap_cost``;
        empty where there is none, None where it was not looked for.
        ``removal_at_least``, ``removal_at_most``: what its removal costs with everything else chosen
        anew, and ``removal_proof``: exact, between, at least, at most, no plan (nothing else keeps the
        limits), or unknown. ``required``: the data requires it. ``forced_by``: limits that dropping it
        would break. ``binding``: limits that it takes part in and of which more would bring more.
        ``equally_good``: the runner-up, or "other sites", where that loses nothing in any objective.
        NaN where a figure is not defined or was not worked out; ``notes`` says why.

    Raises:
        ModelError: no plan, or a site that it does not recommend.
        SolverError: solving again failed.
    """
    case = case_of(result)
    problem, plan = result.problem, case.plan
    named = sites is not None
    chosen = _ranked(case)
    if sites is not None:
        wanted = find_opened(problem, plan.opened, [sites] if isinstance(sites, str) else sites)
        chosen = chosen[np.isin(chosen, wanted)]
    anew = named or len(problem.responses.option) * len(chosen) <= SMALL
    deadline = time.monotonic() + (SECONDS if seconds is None else seconds)
    use = None if case.state is None else use_of(problem.responses, case.state)
    (limits, labels), notes = binding(case), _notes(case, len(chosen), anew)
    takes, least = Partakers(case, labels), bounds_without(result)
    swaps = _swaps_fit(case, len(chosen))
    rows = []
    for number, k in enumerate(chosen):
        row = _facts(case, int(k), use)
        quick = _exchanged(case, int(k), row, swaps, float(least[k]))
        loss = quick
        if anew:
            left = max(0.0, deadline - time.monotonic()) / (len(chosen) - number)
            loss = _tighter(without_site(result, int(plan.opened[k]), left, progress), quick)
        row |= _removal(case, loss)
        row["binding"] = "; ".join(takes.of(int(plan.opened[k])))
        row["equally_good"] = row["equally_good"] or _elsewhere(case, loss)
        rows.append(row)
    table = pd.DataFrame(rows, columns=_columns(case))
    if result.status is not Status.OPTIMAL:
        notes.append(
            "The plan itself is not proved best: a loss below 0 is what it may be better by without the site."
        )
    return Explanation(case.goals, table, limits, tuple(notes))


def _ranked(case: Case) -> Ints:
    """Positions of the opened options in the order of sites.csv."""
    order = {(row.site_id, row.type): rank for rank, row in enumerate(case.result.sites.itertuples())}
    keys = [case.named(int(option)) for option in case.plan.opened]
    ranks = [order[(key["site_id"], key["type"])] for key in keys]
    return np.argsort(ranks, kind="stable").astype(np.int32)


def _columns(case: Case) -> list[str]:
    count = len(case.goals)
    return [
        "site_id", "name", "type", "required", "people_newly_covered", "people_uniquely_covered",
        "person_minutes_saved", "person_minutes_saved_alone", "people_reached_alone",
        *suffixed("drop_loss", None, count), "runner_up", "runner_up_name", "runner_up_type",
        *suffixed("swap_cost", None, count), "removal_at_least", "removal_at_most", "removal_proof",
        "forced_by", "binding", "equally_good",
    ]  # fmt: skip


def _notes(case: Case, count: int, anew: bool) -> list[str]:
    notes = []
    if case.exchange is None:
        notes.append(SHARED)
    elif not _swaps_fit(case, count):
        notes.append(
            "Runners-up are not worked out for so many sites under this model, whose plans have to be valued "
            "one by one: name the sites to explain."
        )
    if not anew:
        notes.append(
            "What removing a site loses lies between a proved bound and the best swap found; name a site to "
            "have it solved again."
        )
    layout = case.result.problem.responses.layout
    if layout.scenarios or layout.periods:
        notes.append("People and person-minutes are those of the first scenario and the last period.")
    return notes


def _swaps_fit(case: Case, count: int) -> bool:
    """Whether all swaps can be valued."""
    if case.exchange is None:
        return False
    return isinstance(case.exchange, Interchange) or count * int(case.may.sum()) <= MOST


def _facts(case: Case, k: int, use: Use | None) -> dict[str, Any]:
    """What the k-th opened option is, and what it means for people."""
    option = int(case.plan.opened[k])
    newly = case.result.sites.set_index(["site_id", "type"])["people_newly_covered"] if use is None else None
    row = case.named(option)
    row["required"] = bool(case.result.problem.responses.options.required[option])
    row["people_newly_covered"] = (
        int(newly[(row["site_id"], row["type"])]) if newly is not None else int(use.newly[k])  # type: ignore[union-attr]
    )
    row["people_uniquely_covered"] = math.nan if use is None else int(use.uniquely[k])
    row["person_minutes_saved"] = math.nan if use is None else round(float(use.saved[k]), 3)
    row["person_minutes_saved_alone"] = math.nan if use is None else round(float(use.saved_alone[k]), 3)
    row["people_reached_alone"] = math.nan if use is None else int(use.reached_alone[k])
    return row


def _exchanged(case: Case, k: int, row: dict[str, Any], swaps: bool, least: float) -> Loss:
    """Fill in drop, runner-up and limits; what removal loses as far as that tells."""
    count, exchange = len(case.goals), case.exchange
    none = "" if swaps else None
    row |= {"runner_up": none, "runner_up_name": none, "runner_up_type": none}
    row |= {"forced_by": "", "equally_good": ""}
    row |= suffixed("drop_loss", None, count) | suffixed("swap_cost", None, count)
    low = None if math.isinf(least) else _clean(case, least)
    if exchange is None:
        return Loss(low, None)
    broken = exchange.without(k)
    row["forced_by"] = "; ".join(str(one) for one in broken)
    most = []
    if not np.isnan(exchange.drop[:, k]).any():
        dropped = case.losses(exchange.drop[:, k])
        row |= suffixed("drop_loss", dropped, count)
        most += [] if broken else [dropped[0]]
    best = _runner_up(case, k) if swaps else None
    if best is not None:
        option, change = best
        swapped = case.losses(change)
        runner = case.named(option)
        row |= {"runner_up": runner["site_id"], "runner_up_name": runner["name"]}
        row |= {"runner_up_type": runner["type"]} | suffixed("swap_cost", swapped, count)
        row["equally_good"] = runner["site_id"] if max(swapped) <= 0.0 else ""
        most.append(swapped[0])
    return Loss(low, min(most) if most else None)


def _runner_up(case: Case, k: int) -> tuple[int, Floats] | None:
    """The best other candidate in place of the k-th opened, in its period, and the change."""
    assert case.exchange is not None
    options = case.result.problem.responses.options
    changes = case.exchange.swap(k)
    if options.period.any():
        changes[:, options.period != options.period[case.plan.opened[k]]] = -np.inf
    best = case.best(changes)
    return None if best < 0 else (best, changes[:, best])


def _clean(case: Case, value: float) -> float:
    return 0.0 if abs(value) <= case.room[0] else round(value, 6)


def _tighter(solved: Loss, quick: Loss) -> Loss:
    """What solving again and swapping together say."""
    lows = [low for low in (solved.at_least, quick.at_least) if low is not None]
    highs = [high for high in (solved.at_most, quick.at_most) if high is not None]
    return Loss(max(lows) if lows else None, min(highs) if highs else None, solved.plan, solved.later)


def _removal(case: Case, loss: Loss) -> dict[str, Any]:
    low, high = loss.at_least, loss.at_most
    if low is not None and high is not None and low > high:  # the last digits of sums
        low = high
    return {
        "removal_at_least": math.nan if low is None else _clean(case, low),
        "removal_at_most": math.nan if high is None else _clean(case, high),
        "removal_proof": loss.proof,
    }


def _elsewhere(case: Case, loss: Loss) -> str:
    """Whether a plan without the site has been found that is as good in every objective."""
    if loss.plan is None or loss.at_most is None:
        return ""
    as_good = [value <= room for value, room in zip((loss.at_most, *loss.later), case.room, strict=True)]
    return ELSEWHERE if all(as_good) else ""
