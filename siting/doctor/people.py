"""People and the areas they live in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from siting.doctor.case import Case
from siting.doctor.findings import Finding, Severity
from siting.doctor.words import many, named, share
from siting.instance import LEVELS

FEW = 10
"""With fewer places than this one of them may well hold most people."""


def no_people(case: Case) -> Iterator[Finding]:
    """Places with 0 people, or nobody at all."""
    found = np.flatnonzero(case.needed & (case.people == 0))
    if not len(found):
        return
    rows = case.rows(found, case.place_row)
    remedy = "fill in population in places.csv, or leave out the places where nobody lives"
    if case.total == 0:
        yield Finding(
            "no_people",
            Severity.ERROR,
            f"all {many(len(rows), 'place')} have 0 people: {named(rows)}",
            "every plan is as good as every other: nothing that counts people can be improved",
            "fill in population in places.csv",
            rows,
        )
        return
    yield Finding(
        "no_people",
        Severity.WARNING,
        f"{many(len(rows), 'place')} of {int(case.needed.sum()):,} with 0 people: {named(rows)}",
        "they count for nothing in shares and sums, yet a limit on the worst time includes them",
        remedy,
        rows,
    )


def giant_place(case: Case) -> Iterator[Finding]:
    """One place with more than half of all people, among ten places or more."""
    if case.needed.sum() < FEW or case.total == 0:
        return
    giant = int(np.argmax(case.people))
    people = int(case.people[giant])
    if 2 * people <= case.total:
        return
    rows = (case.place_row(giant, float(people), "people"),)
    yield Finding(
        "giant_place",
        Severity.WARNING,
        f"{named(rows)} alone holds {people:,} of {case.total:,} people ({share(people, case.total)})",
        "it counts as one point: all its people are within the standard or none, and it outweighs "
        "everything else",
        "check its population; if it is right, split it into its districts",
        rows,
    )


def places_without_area(case: Case) -> Iterator[Finding]:
    """Places without a region, district or community where others have one."""
    around = np.zeros(len(case.needed), dtype=np.int64)
    for level in LEVELS:
        area = case.instance.places.area[level].astype(np.int64)
        # A region may do without districts, as a capital does: only where neighbours have one it lacks.
        divided = np.zeros(int(around.max()) + 1, dtype=bool)
        divided[around[case.needed & (area >= 0)]] = True
        found = np.flatnonzero(case.needed & (area < 0) & divided[around])
        _, around = np.unique(around * (int(area.max()) + 2) + area + 1, return_inverse=True)
        if not len(found):
            continue
        rows = case.rows(found, case.place_row)
        people = int(case.people[found].sum())
        yield Finding(
            "places_without_area",
            Severity.WARNING,
            f"{many(len(rows), 'place')} with {people:,} people ({share(people, case.total)}) without a "
            f"{level}, where others around have one: {named(rows)}",
            f"limits and figures by {level} leave them out",
            f"fill in {level} in places.csv",
            rows,
        )
