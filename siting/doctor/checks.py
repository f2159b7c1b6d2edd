"""Every check by name, and what runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from siting.doctor import choices, coordinates, money, people, reach, roads, snaps, travel_table
from siting.doctor.case import Case
from siting.doctor.complaints import findings_of
from siting.doctor.findings import Diagnosis, Finding, ordered
from siting.errors import InstanceError
from siting.instance import Instance, Settings
from siting.instance.settings import numbers as known_numbers
from siting.instance.settings import with_number
from siting.problem import Numbers, overridden
from siting.readers import read


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        run: finds what it looks for.
        brief: whether it runs before every solve too: what it finds may make the solve a waste of time.
    """

    run: Callable[[Case], Iterable[Finding]]
    brief: bool = True


CHECKS: Mapping[str, Check] = {
    "swapped_coordinates": Check(coordinates.swapped_coordinates),
    "wrong_scale": Check(coordinates.wrong_scale),
    "zero_coordinates": Check(coordinates.zero_coordinates),
    "coincident_places": Check(coordinates.coincident_places),
    "road_islands": Check(roads.road_islands),
    "one_way_traps": Check(roads.one_way_traps),
    "far_snaps": Check(snaps.far_snaps),
    "facilities_off_the_map": Check(snaps.facilities_off_the_map),
    "odd_speeds": Check(roads.odd_speeds),
    "short_roads": Check(roads.short_roads),
    "missing_lengths": Check(roads.missing_lengths, brief=False),
    "od_rows_missing": Check(travel_table.od_rows_missing),
    "no_people": Check(people.no_people),
    "giant_place": Check(people.giant_place, brief=False),
    "places_without_area": Check(people.places_without_area, brief=False),
    "services_without_provider": Check(reach.services_without_provider),
    "unreachable_demand": Check(reach.unreachable_demand),
    "turnout_beyond_standard": Check(reach.turnout_beyond_standard),
    "standards_out_of_reach": Check(reach.standards_out_of_reach, brief=False),
    "candidates_with_no_one_near": Check(reach.candidates_with_no_one_near, brief=False),
    "no_candidates": Check(choices.no_candidates),
    "more_new_than_candidates": Check(choices.more_new_than_candidates),
    "more_required_than_new": Check(choices.more_required_than_new),
    "candidates_at_excluded_places": Check(choices.candidates_at_excluded_places, brief=False),
    "odd_weights": Check(choices.odd_weights),
    "mixed_costs": Check(money.mixed_costs),
    "small_budget": Check(money.small_budget),
}
"""Every check by name, in the order of the report."""


def diagnose(instance: Instance, *, numbers: Numbers | None = None, brief: bool = False) -> Diagnosis:
    """Look at an instance.

    Args:
        instance: the data.
        numbers: what a caller sets, as for :func:`siting.problem.bind`; names that neither the
            instance nor the checks know are left to the model.
        brief: only the checks that run before every solve.

    Returns:
        The findings, errors first, with every row they are about.
    """
    given = overridden({}, numbers or {})
    settings, findings = _settings_with(instance.settings, given)
    case = Case(instance, settings, {**instance.settings.parameters, **given})
    made = {name: check for name, check in CHECKS.items() if check.brief or not brief}
    for check in made.values():
        findings += check.run(case)
    return Diagnosis(
        instance=settings.name,
        origin=instance.origin or settings.name,
        findings=ordered(findings),
        checks=tuple(made),
        snaps=snaps.find_snaps(case),
        notes=instance.warnings,
    )


def examine(source: str | Path, *, numbers: Numbers | None = None) -> Diagnosis:
    """Read an instance folder, or a bundled instance by name, and look at it.

    What the reader refuses becomes findings of severity error; nothing else can be looked at then.
    """
    try:
        instance = read(source)
    except InstanceError as error:
        return Diagnosis(str(source), str(source), findings_of(error.complaints))
    return diagnose(instance, numbers=numbers)


def _settings_with(settings: Settings, given: Mapping[str, float]) -> tuple[Settings, list[Finding]]:
    """The settings with the numbers that are theirs; what is wrong with these as findings."""
    findings: list[Finding] = []
    for name, value in given.items():
        if name in known_numbers(settings) and not name.startswith("parameters."):
            try:
                settings = with_number(settings, name, value)
            except InstanceError as error:
                findings += findings_of(error.complaints)
    return settings, findings
