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
from siting.reasons.replacement import PARTS, Replacement, chosen_anew, dropped, swapped
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
        ``drop_loss``: what dropping it costs, nobody else moved. ``swap_proof``: best, none or not looked
        for; ``runner_up``, ``runner_up_name``, ``runner_up_type``: the best other candidate in its place
        within the limits, and ``swap_cost``; empty where there is none, None where it was not looked for.
        ``removal_at_least``, ``removal_at_most``: what its removal costs with everything else chosen
        anew, and ``removal_proof``: exact, between, at least, at most, no plan (nothing else keeps the
        limits), or unknown. ``removal_drops``, ``removal_opens``, ``removal_closes``, ``removal_keeps``:
        the plan without it that loses ``removal_at_most``, by how it differs, as in
        :class:`siting.reasons.replacement.Replacement`; None where none is known.
        ``required``: the data requires it. ``forced_by``: limits that dropping it would break.
        ``binding``: limits that it takes part in and of which more would bring more.
        ``equally_good``: the runner-up, or "other sites", where that loses nothing in any objective.
        NaN where a figure is not defined or was not worked out; ``notes`` says why.

    Raises:
        ModelError: no plan, or a site that it does not recommend.
        SolverError: solving again failed.
    """
    case = case_of(result)
    problem, plan = result.problem, case.plan
    named = sites is not None
    chosen, newly = _ranked(case), result.sites["people_newly_covered"].to_numpy()
    if sites is not None:
        wanted = find_opened(problem, plan.opened, [sites] if isinstance(sites, str) else sites)
        chosen, newly = chosen[np.isin(chosen, wanted)], newly[np.isin(chosen, wanted)]
    anew = named or len(problem.responses.option) * len(chosen) <= SMALL
    deadline = time.monotonic() + (SECONDS if seconds is None else seconds)
    use = None if case.state is None else use_of(problem.responses, case.state)
    (limits, labels), notes = binding(case), _notes(case, len(chosen), anew)
    takes, least = Partakers(case, labels), bounds_without(result)
    swaps = _swaps_fit(case, len(chosen))
    rows = []
    for number, k in enumerate(chosen):
        row = _facts(case, int(k), use) | {"people_newly_covered": int(newly[number])}
        plans, lows = _exchanged(case, int(k), row, swaps), [float(least[k])]
        if anew:
            left = max(0.0, deadline - time.monotonic()) / (len(chosen) - number)
            loss = without_site(result, int(plan.opened[k]), left, progress)
            lows += [] if loss.at_least is None else [loss.at_least]
            plans += _solved(case, loss)
        row |= _removal(case, max(lows), plans)
        row["binding"] = "; ".join(takes.of(int(plan.opened[k])))
        row["equally_good"] = row["equally_good"] or (ELSEWHERE if _as_good(row, len(case.goals)) else "")
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
        *suffixed("drop_loss", None, count), "swap_proof", "runner_up", "runner_up_name", "runner_up_type",
        *suffixed("swap_cost", None, count), "removal_at_least", *suffixed("removal_at_most", None, count),
        "removal_proof", *PARTS, "forced_by", "binding", "equally_good",
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
    row = case.named(option)
    row["required"] = bool(case.result.problem.responses.options.required[option])
    row["people_uniquely_covered"] = math.nan if use is None else int(use.uniquely[k])
    row["person_minutes_saved"] = math.nan if use is None else round(float(use.saved[k]), 3)
    row["person_minutes_saved_alone"] = math.nan if use is None else round(float(use.saved_alone[k]), 3)
    row["people_reached_alone"] = math.nan if use is None else int(use.reached_alone[k])
    return row


def _exchanged(case: Case, k: int, row: dict[str, Any], swaps: bool) -> list[Replacement]:
    """Fill in drop, runner-up and limits; the plans without the k-th opened that were found by that."""
    count, exchange = len(case.goals), case.exchange
    none = "" if swaps else None
    row |= {"runner_up": none, "runner_up_name": none, "runner_up_type": none}
    row |= {"swap_proof": "none" if swaps else "not looked for", "forced_by": "", "equally_good": ""}
    row |= suffixed("drop_loss", None, count) | suffixed("swap_cost", None, count)
    if exchange is None:
        return []
    broken, found = exchange.without(k), []
    row["forced_by"] = "; ".join(str(one) for one in broken)
    if not np.isnan(exchange.drop[:, k]).any():
        lost = case.losses(exchange.drop[:, k])
        row |= suffixed("drop_loss", lost, count)
        found += [] if broken else [dropped(case, k, lost)]
    best = _runner_up(case, k) if swaps else None
    if best is not None:
        option, change = best
        lost = case.losses(change)
        runner = case.named(option)
        row |= {"swap_proof": "best", "runner_up": runner["site_id"], "runner_up_name": runner["name"]}
        row |= {"runner_up_type": runner["type"]} | suffixed("swap_cost", lost, count)
        row["equally_good"] = runner["site_id"] if max(lost) <= 0.0 else ""
        found.append(swapped(case, k, option, lost))
    return found


def _runner_up(case: Case, k: int) -> tuple[int, Floats] | None:
    """The best other candidate in place of the k-th opened, in its period, and the change."""
    assert case.exchange is not None
    among, changes = case.exchange.swaps(k, case.room)
    best = case.best(changes)
    return None if best < 0 else (int(among[best]), changes[:, best])


def _solved(case: Case, loss: Loss) -> list[Replacement]:
    """The plan that solving again has found, if any."""
    if loss.plan is None or loss.at_most is None:
        return []
    lost = case.losses(-np.array([loss.at_most, *loss.later]))
    return [chosen_anew(case, loss.plan, lost)]


def _removal(case: Case, low: float, plans: list[Replacement]) -> dict[str, Any]:
    """What removal loses between a proved bound and the best plan known, and that plan."""
    count = len(case.goals)
    low = 0.0 if abs(low) <= case.room[0] else round(low, 6)
    high, row = suffixed("removal_at_most", None, count), dict.fromkeys(PARTS)
    if plans:
        best = min(plans, key=lambda plan: plan.losses)
        high, row = suffixed("removal_at_most", list(best.losses), count), best.columns()
        low = min(low, best.losses[0])  # the last digits of sums
    elif low == math.inf:
        high["removal_at_most"] = math.inf
    most = high["removal_at_most"]
    proof = Loss(None if low == -math.inf else low, None if math.isnan(most) else most).proof
    return {
        "removal_at_least": math.nan if low == -math.inf else low,
        **high,
        "removal_proof": proof,
        **row,
    }


def _as_good(row: dict[str, Any], count: int) -> bool:
    """Whether the best plan known without the site loses nothing in any objective."""
    losses = [row[name] for name in suffixed("removal_at_most", None, count)]
    return all(loss <= 0.0 for loss in losses)
