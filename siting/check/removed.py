"""The plans without a facility that explain.csv tells: what they lose, and whether they may be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from siting.check.changed import DECIMALS, ROOM, Choice, Losses
from siting.check.folder import Checked
from siting.check.named import Named
from siting.check.rounded import Rounded, number_of
from siting.check.sheet import FigureSheet
from siting.nested import parse_json

_PARTS = ("removal_drops", "removal_opens", "removal_closes", "removal_keeps")

_MOST = int(np.iinfo(np.int32).max)
"""Units that a number can hold."""


def each(name: str, objectives: int) -> list[str]:
    """Columns of a figure in every objective."""
    return [name if number == 0 else f"{name}_{number + 1}" for number in range(objectives)]


class Removals:
    """What is told of plans without one of the facilities each."""

    def __init__(self, checked: Checked, losses: Losses, named: Named, sheet: FigureSheet) -> None:
        self._checked, self._losses, self._named, self._sheet = checked, losses, named, sheet

    def candidates(self) -> Iterator[tuple[str, str]]:
        """Site id and type id of everything that those plans open, as far as it can be read."""
        for row in range(self._sheet.size):
            text = self._sheet.text(row, "removal_opens")
            with suppress(ValueError, TypeError):
                for site, kind, *_ in parse_json(text) if text else ():
                    yield str(site), str(kind)

    def check(self, row: int, k: int, known: Sequence[Rounded | None]) -> list[float]:
        """Compare what is told of the plan without the k-th facility.

        Args:
            row: where it is told.
            k: row of sites.csv.
            known: losses in the first objective of other plans without the facility.

        Returns:
            Losses of the plan that is told, in every objective, as they are told; empty where there is none.
        """
        checked, losses, sheet = self._checked, self._losses, self._sheet
        columns = each("removal_at_most", len(checked.audit.problem.objectives))
        low, high = sheet.number(row, "removal_at_least"), sheet.number(row, columns[0])
        _proof(sheet, row, low, high)
        told = [sheet.text(row, column) for column in _PARTS]
        if high is None or math.isinf(high):
            for column in (*_PARTS, *columns[1:]):
                sheet.expect(row, column, "")
            return []
        _least(sheet, row, low, high, known)
        choice = self._choice(told)
        if isinstance(choice, str):
            sheet.add(row, ", ".join(_PARTS), choice)
            return []
        options, mine = checked.audit.ground.options, checked.audit.opened[k]
        wrong = losses.impossible(choice)
        if options.candidate[mine] in options.candidate[choice.opened]:
            wrong.append("opens the facility itself")
        required = np.flatnonzero(options.required & (options.candidate != options.candidate[mine]))
        if not np.isin(required, choice.opened).all():
            wrong.append("leaves out what is required")
        wrong += [f"breaks {label}" for label in losses.broken(choice)]
        if wrong:
            sheet.add(row, ", ".join(_PARTS), f"the plan {', '.join(wrong)}")
        for goal, column, loss in zip(
            checked.audit.problem.objectives, columns, losses.of(choice), strict=True
        ):
            if losses.known(goal.term):
                sheet.expect(row, column, loss)
        figures = [sheet.number(row, column) for column in columns]
        return [math.nan if figure is None else figure for figure in figures]

    def _choice(self, told: Sequence[str]) -> Choice | str:
        """The choice that is told, or what is wrong with it."""
        try:
            drops, opens, closes, keeps = (parse_json(one) for one in told)
            gone = {(str(site), str(kind)) for site, kind in drops}
            fresh = [(str(site), str(kind), units, str(period)) for site, kind, units, period in opens]
        except (ValueError, TypeError):
            return "must be JSON lists of what the plan without it drops, opens, closes and keeps"
        ground, plan, named = self._checked.audit.ground, self._losses.plan, self._named.opened
        if not gone <= set(named):
            return f"drops {sorted(gone - set(named))}, which the plan does not open"
        kept = np.array([one not in gone for one in named], dtype=bool)
        choice = Choice(plan.opened[kept], plan.units[kept], plan.closed)
        periods = [one.id for one in ground.settings.periods]
        for site, kind, units, period in fresh:
            known = period in periods if ground.layout.periods else not period
            option = self._named.option(site, kind, periods.index(period) if known and period else 0)
            if option is None or not known or type(units) is not int or not 0 < units <= _MOST:
                return f"opens {[site, kind, units, period]}, which is no candidate"
            choice = choice.with_(option, units)
        closed = _closed(self._checked, plan, closes, keeps)
        return closed if isinstance(closed, str) else Choice(choice.opened, choice.units, closed)


def _proof(sheet: FigureSheet, row: int, low: float | None, high: float | None) -> None:
    """The word says what the bounds are."""
    word = "between"
    if low is None or high is None:
        word = "unknown" if low is high is None else "at most" if low is None else "at least"
    elif math.isinf(low):
        word = "no plan"
        if not math.isinf(high):
            sheet.add(row, "removal_at_most", "there is a plan, though it is proved that there is none")
    elif abs(high - low) <= ROOM * max(1.0, abs(high)):
        word = "exact"
    sheet.expect(row, "removal_proof", word)


def _least(
    sheet: FigureSheet, row: int, low: float | None, high: float, known: Sequence[Rounded | None]
) -> None:
    """No plan without the facility loses less than the proved bound, and the best known no more."""
    room = 10.0**-DECIMALS + ROOM * max(1.0, abs(high))
    if low is not None and low > high + room:
        sheet.add(row, "removal_at_least", f"{low:.12g} is more than removal_at_most, {high:.12g}")
    if math.isnan(high) or (low is not None and math.isnan(low)):
        sheet.add(row, "removal_at_least, removal_at_most", "is no number")
    for loss in known:
        if loss is not None and number_of(loss) < high - room:
            sheet.add(row, "removal_at_most", f"{high:.12g}, but another plan without it loses {loss!r}")


def _closed(checked: Checked, plan: Choice, closes: Any, keeps: Any) -> Any:
    """Facilities that close, or what is wrong."""
    ids = checked.audit.ground.instance.facilities.ids
    before = {str(ids[one]) for one in plan.closed}
    if not isinstance(closes, list) or not isinstance(keeps, list):
        return "must be lists of the ids of facilities"
    more, less = {str(one) for one in closes}, {str(one) for one in keeps}
    if more & before or not less <= before or not more <= {str(one) for one in ids}:
        return "closes or keeps a facility otherwise than the plan allows"
    return np.flatnonzero(np.isin(ids.astype(str), sorted((before - less) | more))).astype(np.int32)
