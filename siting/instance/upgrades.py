"""Candidates that replace an existing facility: they must be as good at the same site."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Facilities, FacilityType, Ints, Settings
from siting.instance.raw import Report
from siting.instance.tables import Checked


def report_upgrades(
    table: Checked,
    site: Ints,
    type_: Ints,
    replaces: Ints,
    facilities: Facilities,
    settings: Settings,
    report: Report,
) -> None:
    """Complain about candidates that replace a facility of another site, or would serve less or slower.

    Args:
        table: C candidates.
        site, type_: (C,) indices, -1 where unknown.
        replaces: (C,) index of the facility replaced, -1 for none.
        facilities, settings: of the instance.
        report: receives the complaints.
    """
    ids, sites = table.text("replaces"), table.text("site")
    elsewhere = np.zeros(len(site), dtype=bool)
    lack = np.full(len(site), "", dtype=object)
    for row in np.flatnonzero((replaces >= 0) & (site >= 0) & (type_ >= 0)):
        there, before = facilities.site[replaces[row]], facilities.type[replaces[row]]
        elsewhere[row] = there >= 0 and there != site[row]
        if before >= 0:
            lack[row] = _lack(settings.types[type_[row]], settings.types[before])
    report.rows(
        table.raw,
        elsewhere,
        "replaces",
        lambda row: (
            f"{ids[row]!r} does not stand at {sites[row]!r}; a candidate may only replace a facility at "
            "its own site"
        ),
    )
    report.rows(
        table.raw,
        lack != "",
        "replaces",
        lambda row: (
            f"{ids[row]!r} cannot be replaced by this type: {lack[row]}; what replaces a facility "
            "provides all its services, none with a longer turnout"
        ),
    )


def _lack(new: FacilityType, old: FacilityType) -> str:
    """What a type does worse than the one it replaces, empty if nothing."""
    found = []
    for service, ms in old.turnout_ms.items():
        if service not in new.turnout_ms:
            found.append(f"{service} is not provided")
        elif new.turnout_ms[service] > ms:
            slower = new.turnout_ms[service] / 60_000
            found.append(f"the turnout of {service} is {slower:g} minutes instead of {ms / 60_000:g}")
    return ", ".join(found)
