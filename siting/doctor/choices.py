"""What may be opened, and how many of it; weights and vehicles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from siting.doctor.case import Case
from siting.doctor.findings import Finding, Row, Severity
from siting.doctor.words import listed, many, named
from siting.instance import CandidateStatus

SLOW, QUICK = 0.5, 5.0
"""Vehicle minutes per minute of a car; beyond these a factor is rather a speed or a percentage."""

UNEVEN = 1000.0
"""A service that weighs this much less than another decides nothing."""


def no_candidates(case: Case) -> Iterator[Finding]:
    """Nothing may be opened: at all, or of a type of which new ones are planned."""
    new = case.instance.candidates
    if not case.usable.any():
        yield Finding(
            "no_candidates",
            Severity.ERROR,
            f"none of {many(len(new.site), 'candidate')} may be opened: all are forbidden or at excluded "
            "places",
            "every plan is what stands today",
            "set the status of some rows in candidates.csv to candidate",
            case.rows(np.arange(len(new.site)), case.candidate_row),
        )
        return
    missing = [
        number
        for number, kind in enumerate(case.settings.types)
        if case.new(number) and not (case.usable & (new.type == number)).any()
    ]
    if missing:
        rows = tuple(
            Row(
                f"types.{case.settings.types[number].id}.new",
                case.settings.types[number].title,
                case.new(number),
            )
            for number in missing
        )
        yield Finding(
            "no_candidates",
            Severity.WARNING,
            f"new ones are planned of {named(rows)}, but no candidate of this type may be opened",
            "none will be opened, whatever the budget",
            "add candidates of the type to candidates.csv, or set its `new` to 0",
            rows,
        )


def more_new_than_candidates(case: Case) -> Iterator[Finding]:
    """More new facilities planned of a type than its candidates have room for."""
    new = case.instance.candidates
    for number, kind in enumerate(case.settings.types):
        planned, there = case.new(number), case.usable & (new.type == number)
        room = int(new.units[there].sum())
        if planned is None or not room or planned <= room:
            continue
        yield Finding(
            "more_new_than_candidates",
            Severity.WARNING,
            f"{planned:,.0f} new of {kind.title} are planned, but only {room:,} may be opened (at "
            f"{many(int(there.sum()), 'candidate')})",
            "at most these are opened, and there is no choice of sites",
            f"add candidates of the type, or lower types.{kind.id}.new",
            (Row(f"types.{kind.id}.new", kind.title, planned, "sites"),),
        )


def more_required_than_new(case: Case) -> Iterator[Finding]:
    """More candidates of a type required than new ones planned."""
    new = case.instance.candidates
    for number, kind in enumerate(case.settings.types):
        required = case.usable & (new.type == number) & (new.status == CandidateStatus.REQUIRED)
        must, planned = np.flatnonzero(required), case.new(number)
        if planned is None or planned >= len(must):
            continue
        yield Finding(
            "more_required_than_new",
            Severity.WARNING,
            f"{many(len(must), 'candidate')} of {kind.title} must be opened, but only {planned:,.0f} new are "
            "planned",
            "models that keep to the number of new ones have no plan",
            f"raise types.{kind.id}.new, or set the status of some to candidate",
            case.rows(must, case.candidate_row),
        )


def candidates_at_excluded_places(case: Case) -> Iterator[Finding]:
    """Candidates that exclusion has turned into forbidden ones."""
    found = np.flatnonzero(case.barred[case.instance.candidates.site])
    if len(found):
        rows = case.rows(found, case.candidate_row)
        yield Finding(
            "candidates_at_excluded_places",
            Severity.WARNING,
            f"{many(len(rows), 'candidate')} at excluded places: {named(rows)}",
            "they stay closed",
            "leave them out of candidates.csv, or their area out of [exclude] in instance.toml",
            rows,
        )


def odd_weights(case: Case) -> Iterator[Finding]:
    """Vehicle factors that look like something else; weights that decide nothing."""
    services = case.settings.services
    odd = [one for one in services if not SLOW <= one.vehicle_factor <= QUICK]
    if odd:
        rows = tuple(Row(f"services.{one.id}.vehicle_factor", one.title, one.vehicle_factor) for one in odd)
        yield Finding(
            "odd_weights",
            Severity.WARNING,
            f"vehicle factor of {listed([f'{one.title} {one.vehicle_factor:g}' for one in odd])}; "
            f"{SLOW:g} to {QUICK:g} is usual",
            "all its travel times are multiplied by it",
            "give the minutes of its vehicle per minute of a car (1.3 for a heavy fire engine), not a speed "
            "or a percentage",
            rows,
        )
    weights = [one.weight for one in services]
    small = [one for one in services if 0 < one.weight * UNEVEN < max(weights)]
    if max(weights) > 0 and not small:
        return
    rows = tuple(Row(f"services.{one.id}.weight", one.title, one.weight) for one in small or services)
    effect = "it decides nothing beside the others" if small else "nothing that is weighted can be improved"
    what = f"a thousandth of another or less: {named(rows)}" if small else "0 for every service"
    yield Finding(
        "odd_weights",
        Severity.WARNING,
        f"the weight is {what}",
        effect,
        "give the weight of one person's need against the others, e.g. 1 and 0.2; 0 to leave a service out",
        rows,
    )
