"""The curves of a report once more: people covered by minutes, and by number of new facilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from siting.check.folder import Checked
from siting.check.needs import services_of, viewed
from siting.check.page_tables import Table
from siting.check.rounded import Near
from siting.instance.arrays import Flags, Floats, Longs

BY_SITES = "curve-sites"
"""The table of the curve by new facilities."""

MINUTES = ("minutes", "before", "share before", "after", "share after")
"""Columns of a curve by minutes."""

_FACILITIES = 256
"""New facilities that are looked at together."""


def by_minutes(checked: Checked, service: int, minutes: Sequence[float]) -> Table:
    """People of a service that are answered within so many minutes, those at the very minute included."""
    audit = checked.audit
    needs = audit.ground.needs
    mine = np.zeros(len(needs.place), dtype=bool)
    seen = viewed(needs)
    mine[seen[needs.service[seen] == service]] = True
    people = float(needs.people[mine].sum())
    before = _Answers(needs.people[mine].astype(np.float64), audit.before.ms[mine])
    kept = mine[checked.assigned.need]
    need, share = checked.assigned.need[kept], checked.assigned.share[kept]
    after = _Answers(needs.people[need] * share, checked.assigned.ms[kept])
    off = audit.rounding * float(needs.people[need].sum())
    rows = []
    for one in minutes:
        figures: list[object] = [one]
        for when, room in ((before, 0.0), (after, off)):
            within = when.within(one)
            figures += [Near(within, room), Near(within / people, room / people) if people else None]
        rows.append(((repr(float(one)),), figures))
    return Table(MINUTES, rows)


class _Answers:
    """Parts of people (X,), and the ms after which each is answered, NaN for never."""

    def __init__(self, people: Floats, ms: Floats) -> None:
        self.people, self.ms = people, ms

    def within(self, minutes: float) -> float:
        """People answered by then."""
        return math.fsum(self.people[self.ms <= round(minutes * 60_000)])


def services_by_id(checked: Checked) -> dict[str, int]:
    """Numbers of the services that count."""
    ground = checked.audit.ground
    return {ground.settings.services[n].id: n for n, _ in services_of(ground.settings, ground.layout)}


def by_sites(checked: Checked) -> Table | None:
    """Weighted people within the standard with the first k new facilities alone, k = 0 to K.

    None where a part of the plan is no plan, or more than the first to answer decides.
    """
    audit = checked.audit
    ground, count = audit.ground, len(audit.opened)
    if ground.layout.serve != "nearest" or ground.layout.closing or not count:
        return None
    needs, seen = ground.needs, viewed(ground.needs)
    weights = dict(services_of(ground.settings, ground.layout))
    weight = needs.people[seen] * np.array([weights[service] for service in needs.service[seen]])
    first = np.full(len(needs.place), count + 1)
    for start in range(0, count, _FACILITIES):
        covers = _covers(checked, np.arange(start, min(count, start + _FACILITIES)))
        found = np.where(covers.any(axis=1), start + 1 + covers.argmax(axis=1), count + 1)
        first = np.minimum(first, found)
    first[audit.before.ms <= needs.standard_ms] = 0
    total = np.cumsum(np.bincount(first[seen], weights=weight, minlength=count + 2))[:-1]
    people = float(weight.sum())
    rows = [
        (
            (str(k),),
            [k, Near(float(total[k]), 0.005), Near(total[k] / people, 0.01 / people) if people else None],
        )
        for k in range(count + 1)
    ]
    return Table(("new", "people", "share"), rows)


def _covers(checked: Checked, which: Longs) -> Flags:
    """(N, k) whether some of the new facilities, by their rows, answer each need in time."""
    audit = checked.audit
    options = audit.ground.options
    amount, classes = np.zeros(len(options.site), dtype=np.int32), np.zeros(len(options.site), dtype=np.int32)
    amount[audit.opened[which]] = 1
    classes[audit.opened[which]] = np.arange(len(which))
    standard = audit.ground.needs.standard_ms
    return np.asarray(audit.ground.coverers(amount, standard, classes, len(which)) > 0)
