"""How many people are covered, by minutes, and by number of new facilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siting.figures.outcome import Outcome, after, before
from siting.figures.view import view
from siting.instance.arrays import Floats, Ints
from siting.response import Responses

if TYPE_CHECKING:
    from siting.result import Result

STEPS = 240
"""Points of a curve by minutes."""

_LEAST = 0.5
"""Minutes between points are a multiple of it."""


@dataclass(frozen=True, eq=False)
class Curve:
    """People answered within so many minutes, in one service.

    Attributes:
        id, title: of the service.
        standards: in minutes, ascending.
        people: of the service.
        minutes: (T,) ascending from 0.
        within: per outcome (T,) people answered by then, those at the very minute included.
    """

    id: str
    title: str
    standards: list[float]
    people: int
    minutes: Floats
    within: dict[str, Floats]


def by_minutes(result: Result) -> list[Curve]:
    """A curve per service that counts; a figure at a standard is that of the summary if all share it."""
    responses = result.problem.responses
    assert result.plan is not None
    seen, settings, count = view(responses), responses.settings, len(responses.needs.place)
    outcomes = {
        "before": before(responses).of(seen, count),
        "after": after(responses, result.plan).of(seen, count),
    }
    found = []
    for index in responses.layout.weights(settings):
        service = settings.services[index]
        standards = sorted({ms / 60_000 for ms in service.standard_ms.values()})
        end = _end(outcomes["after"].where(seen.service[outcomes["after"].need] == index), standards[-1])
        step = _LEAST * max(1, int(np.ceil(end / STEPS / _LEAST)))
        minutes = np.arange(0, end + step, step)
        within = {
            when: _within(one, seen.service == index, seen.people, minutes) for when, one in outcomes.items()
        }
        people = int(seen.people[seen.service == index].sum())
        found.append(Curve(service.id, service.title, standards, people, minutes, within))
    return found


def _end(outcome: Outcome, standard: float) -> float:
    """Minutes a curve goes to: nearly everybody who is served, and well beyond the standard."""
    times = outcome.minutes[outcome.served]
    late = float(np.quantile(times, 0.995)) if len(times) else 0.0
    return float(np.clip(late, 1.5 * standard, 4 * standard))


def _within(outcome: Outcome, mine: np.ndarray, people: np.ndarray, minutes: Floats) -> Floats:
    """(T,) people of the needs marked in ``mine``, answered within the minutes (T,)."""
    rows = outcome.where(mine[outcome.need] & outcome.served)
    order = np.argsort(rows.ms, kind="stable")
    summed = np.concatenate([[0.0], np.cumsum(rows.parts(people)[order])])
    limit = np.rint(minutes * 60_000)
    return np.asarray(summed[np.searchsorted(rows.ms[order], limit, side="right")])


def by_sites(result: Result) -> Floats | None:
    """Weighted people within the standard with the first k new facilities in rank order, k = 0 to K.

    Exact: a need is within its standard from the first facility on that answers it in time.

    Returns:
        (K+1,) weighted people; None where more than the nearest facility decides who is covered,
        or facilities close, so that a part of the plan is no plan.
    """
    responses = result.problem.responses
    layout = responses.layout
    assert result.plan is not None
    if layout.serve != "nearest" or layout.closing or not len(result.plan.opened):
        return None
    seen = view(responses)
    rank = _rank(result, responses)
    in_time = responses.ms <= responses.needs.standard_ms[responses.row]
    listed = responses.options.listed[responses.option] & in_time
    new = (rank[responses.option] > 0) & in_time
    first = np.full(len(responses.needs.place), len(result.plan.opened) + 1)
    np.minimum.at(first, responses.row[new], rank[responses.option[new]])
    first[responses.row[listed]] = 0
    stays = (responses.base_option >= 0) & (responses.base_ms <= responses.needs.standard_ms)
    first[stays] = 0
    gained = np.bincount(first[seen.need], weights=seen.weight, minlength=len(result.plan.opened) + 2)
    return np.asarray(np.cumsum(gained)[:-1], dtype=np.float64)


def _rank(result: Result, responses: Responses) -> Ints:
    """(M,) rank of every opened option, 0 for the others."""
    assert result.plan is not None
    types = [kind.id for kind in responses.settings.types]
    options, ids = responses.options, responses.instance.sites.ids
    number = {(ids[options.site[o]], types[options.type[o]]): o for o in result.plan.opened}
    rank = np.zeros(len(options.site), dtype=np.int32)
    for row in result.sites[["site_id", "type", "rank"]].itertuples(index=False):
        rank[number[row[0], row[1]]] = row[2]
    return rank
