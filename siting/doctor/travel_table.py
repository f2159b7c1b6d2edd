"""The origin-destination table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from siting.doctor.case import Case
from siting.doctor.findings import Finding, Severity
from siting.doctor.words import many, named
from siting.instance.arrays import Longs


def od_rows_missing(case: Case) -> Iterator[Finding]:
    """Sites without a row to any place, or without one to the place they stand at."""
    od = case.instance.od
    if od is None:
        return
    serving = _serving(case)
    mute = np.setdiff1d(serving, od.site)
    if len(mute):
        rows = case.rows(mute, case.site_row)
        yield Finding(
            "od_rows_missing",
            Severity.WARNING,
            f"{many(len(rows), 'site')} of facilities or candidates without a row in od.csv: {named(rows)}",
            "what stands there serves nobody",
            "add their rows (from the site, to every place it reaches), or check the spelling of `from`",
            rows,
        )
    own = np.setdiff1d(serving[serving < len(case.needed)], [*mute, *od.site[od.site == od.place]])
    if len(own):
        rows = case.rows(own, case.site_row)
        yield Finding(
            "od_rows_missing",
            Severity.WARNING,
            f"{many(len(rows), 'site')} of facilities or candidates without a row to their own place in "
            f"od.csv: {named(rows)}",
            "a facility there does not serve the people around it",
            "add rows with the same id in `from` and `to`, and the minutes within the place (0 if unknown)",
            rows,
        )


def _serving(case: Case) -> Longs:
    """Sites where something serves or may be opened, ascending."""
    old, new = case.instance.facilities, case.instance.candidates
    return np.unique(np.concatenate((old.site[case.standing], new.site[case.usable])))
