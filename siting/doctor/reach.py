"""Who can be served, and in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from siting.doctor.case import LATER, Case, largest_first
from siting.doctor.findings import Finding, Row, Severity
from siting.doctor.words import listed, many, named, share
from siting.instance.arrays import Flags, Longs


def services_without_provider(case: Case) -> Iterator[Finding]:
    """Services that no existing facility and no usable candidate provides."""
    found = [number for number in range(len(case.settings.services)) if not _provided(case, number)]
    if not found:
        return
    counted = any(case.settings.services[number].weight > 0 for number in found)
    rows = tuple(
        Row(f"services.{one.id}", one.title) for one in (case.settings.services[number] for number in found)
    )
    yield Finding(
        "services_without_provider",
        Severity.WARNING,
        f"no existing facility and no usable candidate provides {_titles(case, found)}",
        "nobody has the service, whatever is opened"
        + ("" if counted else "; its weight is 0, so only models that name it look at it"),
        "add facilities or candidates of a type that provides it, or leave the service out of instance.toml",
        rows,
    )


def unreachable_demand(case: Case) -> Iterator[Finding]:
    """Places that no existing facility and no usable candidate of a service reaches."""
    for numbers, cut in _alike(case, lambda number: case.needed & (case.arrival(number) == LATER)):
        found = largest_first(np.flatnonzero(cut), case.people)
        rows = case.rows(found, lambda one: case.place_row(one, float(case.people[one]), "people"))
        people = int(case.people[found].sum())
        yield Finding(
            "unreachable_demand",
            Severity.WARNING,
            f"{many(len(rows), 'place')} with {people:,} people ({share(people, case.total)}) that no "
            f"existing facility and no usable candidate reaches for {_titles(case, numbers)}: {named(rows)}",
            "they are never served: shares count them as missed, and a limit on the time of everybody has "
            "no plan",
            "add the roads that are missing or turn their direction, or add candidates there",
            rows,
        )


def standards_out_of_reach(case: Case) -> Iterator[Finding]:
    """Places that nothing there is or may be reaches within the standard."""
    rows: list[Row] = []
    parts = []
    for number, service in enumerate(case.settings.services):
        late = _late(case, number) if _provided(case, number) else np.zeros(0, dtype=np.int64)
        if not len(late):
            continue
        arrival, standard = case.arrival(number) / 60_000, case.standard(number) / 60_000
        for one in late.tolist():
            note = f"{service.id}: {arrival[one]:,.1f} min at best, standard {standard[one]:g} min"
            rows.append(case.place_row(one, float(case.people[one]), "people", note))
        people = int(case.people[late].sum())
        parts.append(
            f"{service.title} {many(len(late), 'place')} with {people:,} people ({share(people, case.total)})"
        )
    if parts:
        yield Finding(
            "standards_out_of_reach",
            Severity.WARNING,
            "nothing reaches some places within the standard, even with every candidate open: "
            f"{', '.join(parts)}",
            "100 % cannot be had for these services, and a model that demands it has no plan",
            "demand a smaller share, add candidates nearer to them, or check the roads there",
            tuple(sorted(rows, key=lambda row: -(row.value or 0))),
        )


def _late(case: Case, number: int) -> Longs:
    """Places, largest first, that are reached, but too late; standards below every turnout apart."""
    arrival, standard = case.arrival(number), case.standard(number)
    late = (case.people > 0) & (arrival < LATER) & (arrival > standard) & (standard >= _turnout(case, number))
    return largest_first(np.flatnonzero(late), case.people)


def turnout_beyond_standard(case: Case) -> Iterator[Finding]:
    """Kinds of place whose standard is shorter than every turnout, and types too slow for a kind."""
    places = case.instance.places
    there = [
        kind for number, kind in enumerate(places.kinds) if (case.needed & (places.kind == number)).any()
    ]
    for number, service in enumerate(case.settings.services):
        if not _provided(case, number):
            continue
        turnout = _turnout(case, number)
        kinds = [kind for kind in there if service.standard_ms[kind] < turnout]
        if not kinds:
            continue
        chosen = np.isin(places.kind, [places.kinds.index(kind) for kind in kinds])
        people = int(case.people[chosen].sum())
        rows = tuple(
            Row(f"services.{service.id}.standard.{kind}", kind, service.standard_ms[kind] / 60_000, "min")
            for kind in kinds
        )
        yield Finding(
            "turnout_beyond_standard",
            Severity.WARNING,
            f"the turnout of everything that provides {service.title} is at least {turnout / 60_000:g} min, "
            f"longer than its standard for {listed(kinds)} "
            f"({listed([f'{service.standard_ms[kind] / 60_000:g} min' for kind in kinds])})",
            f"nobody there ({people:,} people, {share(people, case.total)}) can be within the standard, "
            "however near the facility",
            f"raise services.{service.id}.standard, or lower the turnout under `provides` of its types; both "
            "are minutes",
            rows,
        )


def candidates_with_no_one_near(case: Case) -> Iterator[Finding]:
    """Candidates that have nobody within the standard of a service they provide."""
    new = case.instance.candidates
    if case.total == 0:
        return
    for number, service in enumerate(case.settings.services):
        turnout = np.array(
            [one.turnout_ms.get(service.id, -1) for one in case.settings.types], dtype=np.int64
        )
        chosen = np.flatnonzero(case.usable & (turnout[new.type] >= 0))
        if not len(chosen):
            continue
        slack = case.slack(number)[new.site[chosen]]
        lonely = chosen[turnout[new.type[chosen]] > slack]
        hopeless = chosen[turnout[new.type[chosen]] > case.standard(number)[case.people > 0].max()]
        lonely = np.setdiff1d(lonely, hopeless)  # that is the fault of the standard, not of the site
        if not len(lonely):
            continue
        rows = case.rows(lonely, case.candidate_row)
        yield Finding(
            "candidates_with_no_one_near",
            Severity.WARNING,
            f"{many(len(rows), 'candidate')} of {len(chosen):,} for {service.title} with nobody within the "
            f"standard: {named(rows)}",
            f"opening them brings nobody within the standard of {service.title}; they only make the problem "
            "larger",
            "check their site and the roads there, or leave them out of candidates.csv",
            rows,
        )


def _provided(case: Case, number: int) -> bool:
    """Whether anything provides a service or may."""
    return bool((case.start(number) < LATER).any())


def _turnout(case: Case, number: int) -> int:
    """The least turnout in ms of everything that provides a service."""
    return int(case.start(number).min())


def _titles(case: Case, numbers: Sequence[int]) -> str:
    return listed([case.settings.services[number].title for number in numbers])


def _alike(case: Case, flags: Callable[[int], Flags]) -> Iterator[tuple[list[int], Flags]]:
    """Services with the same places, and (P,) which; services that nobody provides are left out."""
    groups: dict[bytes, tuple[list[int], Flags]] = {}
    for number in range(len(case.settings.services)):
        if not _provided(case, number):
            continue
        found = flags(number)
        if found.any():
            groups.setdefault(np.packbits(found).tobytes(), ([], found))[0].append(number)
    yield from groups.values()
