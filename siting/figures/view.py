"""One copy of every need, at which figures about people look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats, Ints, Longs
from siting.response import Responses


@dataclass(frozen=True, eq=False)
class View:
    """The V needs of one scenario and period: every (place, service) once.

    Attributes:
        need: (V,) needs, ascending.
        place, service: (V,) their indices.
        people: (V,) people of the place.
        weight: (V,) people x weight of the service, whatever the scenario and period count for.
        standard_ms: (V,) coverage standard.
    """

    need: Ints
    place: Ints
    service: Ints
    people: Longs
    weight: Floats
    standard_ms: Ints


def view(responses: Responses, scenario: int = 0, period: int | None = None) -> View:
    """The needs of a scenario, by default the first, and of a period, by default the last.

    The last period is the finished plan.
    """
    needs = responses.needs
    last = int(needs.period.max(initial=0)) if period is None else period
    need = np.flatnonzero((needs.scenario == scenario) & (needs.period == last)).astype(np.int32)
    of_service = np.zeros(len(responses.settings.services))
    for number, weight in responses.layout.weights(responses.settings).items():
        of_service[number] = weight
    service, people = needs.service[need], needs.people[need]
    return View(
        need, needs.place[need], service, people, people * of_service[service], needs.standard_ms[need]
    )
